"""Checks that reconciliation makes couponhook's ledger equal to WeChat Pay's own records, whichever
notifications were lost. The `reconcile` command and the reconciliation inside `serve` are both
tested. The sandbox (a simulated WeChat Pay) issues, redeems and refunds coupons and loses some of
the notifications; the ledger is compared with the sandbox's records.
"""

import json
import signal
import time
import unittest

from support.merchant import Merchant
from support.sandbox import Sandbox, stock_body
from support.service import LONG, PATIENCE, Service, free_port, run, wait_until

FAVOR = "/v3/marketing/favor"
APPID = "wx0000000000000001"


class BooksTestCase(unittest.TestCase):
    """Base class: starts a sandbox (a simulated WeChat Pay), and prepares a couponhook service that
    calls the sandbox's APIs."""

    #: The sandbox runs WeChat Pay's retry schedule 240 times as fast: one minute takes a quarter of
    #: a second.
    speed = 240

    def setUp(self):
        self.service = self.enterContext(Service(starts=False))
        self.service.configure("listener.port", free_port())
        notify = f"https://127.0.0.1:{self.listener_port()}/notify/1900000001"
        self.sandbox = self.enterContext(
            Sandbox(self.service, "--speed", self.speed, notify=notify))
        self.service.configure("merchant.api.base_url", self.sandbox.url)
        self.merchant = Merchant(self.service, self.sandbox)

    def listener_port(self):
        text = self.service.config.read_text()
        return int(text.split("[listener]")[1].split("port = ")[1].split("\n")[0].split("#")[0])

    def create_stock(self, **changes):
        """Creates and starts a stock (批次, a batch of coupons) of 代金券. Returns the stock's
        id."""
        created = self.merchant.post(f"{FAVOR}/coupon-stocks", stock_body(**changes)).json
        started = self.merchant.post(f"{FAVOR}/stocks/{created['stock_id']}/start",
                                     {"stock_creator_mchid": self.merchant.mchid})
        self.assertEqual(started.status, 200, started)
        return created["stock_id"]

    def issue(self, stock, count):
        return [each["coupon_id"] for each in
                self.sandbox.ask("issue", stock_id=stock, count=count)["coupons"]]

    def differences(self):
        """Returns the coupons whose history in couponhook's ledger differs from the history in the
        sandbox's records, with both histories. Amounts are left out: a flow file names none."""
        def facts(history):
            keys = ("kind", "business_key", "occurred_at")
            return sorted(({key: fact[key] for key in keys} for fact in history),
                          key=lambda fact: fact["business_key"])
        differing = []
        for coupon in self.sandbox.ask("books")["coupons"]:
            status, ledger = self.service.ask(f"/coupons/{coupon['stock_id']}/{coupon['coupon']}")
            both = [facts([] if status == 404 else ledger["history"]),
                    facts(coupon["history"])]
            if both[0] != both[1]:
                differing.append((coupon["coupon"], *both))
        return differing

    def dump(self):
        return [self.service.rows(f"SELECT * FROM {table} ORDER BY 1, 2, 3")
                for table in ("notifications", "coupon_history", "refunds")]


class Outage(BooksTestCase):
    COUPONS = 1000 if LONG else 60
    speed = 240 if LONG else 480

    def test_reconciliation_recovers_lost_notifications_and_a_long_outage(self):
        self.service.start()
        stock = self.create_stock()
        coupons = self.issue(stock, self.COUPONS)
        self.sandbox.ask("faults", lose_percent=10)
        third = len(coupons) // 3
        self.use(coupons[:third])
        self.assertEqual(self.service.stop(), 0)
        down_since = time.monotonic()
        self.use(coupons[third:2 * third])
        time.sleep(max(0.0, down_since + 12 * 60 / self.speed - time.monotonic()))
        self.service.start()
        self.use(coupons[2 * third:])
        # WeChat Pay stops repeating the notification of a redemption after eight minutes, and that
        # of a refund after a day.
        summary = self.wait_for_the_end()
        self.assertGreater(summary["lost"], 0, summary)
        self.assertGreater(summary["given_up"], 0, summary)
        self.assertNotEqual(self.differences(), [], "nothing to reconcile proves nothing")

        self.sandbox.ask("end", stock_id=stock)
        applied = [self.reconcile(stock, flow) for flow in ("use", "refund")]
        self.assertEqual(self.differences(), [])
        before = self.dump()
        again = [self.reconcile(stock, flow) for flow in ("use", "refund")]
        self.assertEqual(self.dump(), before)
        for report in again:
            self.assertEqual((report["missing"], report["differing"], report["applied"]["stored"]),
                             (0, 0, 0), report)
        if LONG:
            for report in applied:
                print({key: value for key, value in report.items() if key != "rows"}, summary)

    def use(self, coupons):
        """Redeems all these coupons and refunds a third of the payments, some partly and some in
        two parts."""
        for number, coupon in enumerate(coupons):
            self.sandbox.ask("redeem", coupon_id=coupon)
            if number % 3 == 0:
                self.sandbox.ask("refund", coupon_id=coupon, amount=1000)
            if number % 6 == 0:
                self.sandbox.ask("refund", coupon_id=coupon)

    def wait_for_the_end(self):
        def over():
            summary = self.sandbox.summary()
            return summary if summary["pending"] == 0 else None
        return wait_until(over, 120, "the end of all schedules")

    def reconcile(self, stock, flow):
        done = run("reconcile", "--stock", stock, "--flow", flow, "--apply", "--json", "--config",
                   self.service.config_for_commands(), timeout=120)
        self.assertEqual(done.returncode, 0, done)
        return json.loads(done.stdout)


class Scheduled(BooksTestCase):
    """Tests of the reconciliation that `couponhook serve` runs by itself at regular intervals."""

    def test_flows_and_recent_users_are_compared_and_missing_facts_are_stored(self):
        self.sandbox.ask("faults", lose_percent=100)
        stock = self.create_stock()
        flowing = self.issue(stock, 4)
        asked = self.sandbox.ask("issue", stock_id=stock, openid="oAsked", appid=APPID, count=2)
        known = self.sandbox.issue("66000001", openid="oNotified", appid=APPID)
        for coupon in flowing:
            self.sandbox.ask("redeem", coupon_id=coupon)
        self.sandbox.ask("refund", coupon_id=flowing[0], amount=500)
        # WeChat Pay allows five queries a minute for a flow file (CSV file with a stock's
        # redemptions or refunds); couponhook must not make more queries.
        for key, value in {"stocks": [stock], "flow_interval_s": 8, "poll_interval_s": 1,
                           "settle_s": 0, "appid": APPID,
                           "issued_file": "data/issued.csv"}.items():
            self.service.configure("merchant.reconcile." + key, value)
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        (self.service.folder / "data").mkdir(exist_ok=True)
        self.service.write("data/issued.csv", f"{now},{APPID},oAsked\nno line of it")
        self.service.start()
        self.service.wait_for_log(event="reconcile_waits", seconds=10)

        # While a stock is active, WeChat Pay has no flow file of it. So couponhook queries the
        # coupons of each known user, and finds this redemption although no notification reported
        # it.
        self.sandbox.ask("redeem", coupon_id=asked["coupons"][0]["coupon_id"])
        wait_until(lambda: self.state(stock, asked["coupons"][0]["coupon_id"]) == "redeemed", 15,
                   "the redemption that users' coupons tell of")
        self.assertEqual(self.state(stock, flowing[0]), None)

        # A notification that arrived contains a user's openid. couponhook queries the coupons of
        # this user, and finds another coupon whose notification was lost.
        self.sandbox.ask("faults", lose_percent=0)
        self.sandbox.issue("66000001", openid="oNotified", appid=APPID)
        wait_until(lambda: self.state("66000001", known["coupon_id"]) == "issued", 15,
                   "the issue that the notified user's coupons tell of")

        self.sandbox.ask("end", stock_id=stock)
        wait_until(lambda: self.differences() == [], 45, "the ledger to equal the books")
        self.assertEqual(self.state(stock, flowing[0]), "refunded")
        counts = self.service.get("/status")["reconcile"]
        self.assertEqual(counts["admitted"], counts["missing"], counts)
        self.assertEqual(counts["admitted"], 1 + 1 + 4 + 1, counts)
        seen = self.service.logs(event="reconciled")
        self.assertTrue(any("4 of them stored" in line["message"] for line in seen), seen)
        self.assertNotIn("oAsked", "\n".join(self.service.stdout), "nobody's openid is logged")
        before = self.dump()
        self.wait_for_comparison("refund flow")
        self.wait_for_comparison("recent users")
        self.assertEqual(self.dump(), before)

    def state(self, stock, coupon):
        status, ledger = self.service.ask(f"/coupons/{stock}/{coupon}")
        return ledger["state"] if status == 200 else None

    def wait_for_comparison(self, what):
        def count_comparisons():
            return sum(what in line["message"] for line in self.service.logs(event="reconciled"))
        before = count_comparisons()
        wait_until(lambda: count_comparisons() > before, 45, "another look at the " + what)

    def test_what_happened_just_now_may_still_be_notified(self):
        self.sandbox.ask("faults", lose_percent=100)
        stock = self.create_stock()
        (coupon,) = self.issue(stock, 1)
        self.sandbox.ask("redeem", coupon_id=coupon)
        self.sandbox.ask("end", stock_id=stock)
        self.service.configure("merchant.reconcile.stocks", [stock])
        self.service.start()
        self.service.wait_for_log(event="reconciled", seconds=10)
        counts = self.service.get("/status")["reconcile"]
        self.assertEqual((counts["in_books"], counts["missing"]), (1, 0), counts)
        self.assertEqual(self.state(stock, coupon), None)

    def redeem_of_users(self, count, **settings):
        """Creates a stock (批次) and one redeemed coupon for each of `count` users, and loses all
        notifications. Returns the ids of the stock and of the coupons."""
        self.sandbox.ask("faults", lose_percent=100)
        stock = self.create_stock()
        coupons = []
        for number in range(count):
            sent = self.sandbox.ask("issue", stock_id=stock, openid=f"oUser{number}", appid=APPID,
                                    count=1)["coupons"][0]["coupon_id"]
            self.sandbox.ask("redeem", coupon_id=sent)
            coupons.append(sent)
        (self.service.folder / "data").mkdir(exist_ok=True)
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.service.write("data/issued.csv",
                           "\n".join(f"{now},{APPID},oUser{n}" for n in range(count)))
        for key, value in {"issued_file": "data/issued.csv", "poll_interval_s": 1, "settle_s": 0,
                           **settings}.items():
            self.service.configure("merchant.reconcile." + key, value)
        return stock, coupons

    def test_too_many_users_for_one_poll_take_turns(self):
        stock, coupons = self.redeem_of_users(5, max_users=2)
        self.service.start()
        wait_until(lambda: all(self.state(stock, each) == "redeemed" for each in coupons), 15,
                   "every user's coupons to be asked for")
        seen = self.service.logs(event="reconciled")[-1]
        self.assertEqual(seen["level"], "warning", seen)
        self.assertIn("max_users", seen["message"])

    def test_a_user_whom_wechat_pay_refuses_does_not_block_others(self):
        stock, coupons = self.redeem_of_users(3)
        self.sandbox.ask("fail", path=f"{FAVOR}/users/oUser1/coupons", status=400,
                         code="INVALID_REQUEST", message="no such oUser1", count=1000)
        self.service.start()
        wait_until(lambda: [self.state(stock, each) for each in coupons] ==
                   ["redeemed", None, "redeemed"], 15, "the other users' coupons")
        seen = self.service.wait_for_log(event="reconciled", seconds=10)[0]["message"]
        self.assertIn("1 of 3 users skipped", seen)
        self.assertIn("INVALID_REQUEST", seen)
        self.assertNotIn("oUser1", seen, "nobody's openid is logged")
        self.assertGreater(self.service.get("/status")["reconcile"]["skipped_users"], 0)

    def test_where_every_user_is_refused_it_is_a_warning(self):
        self.redeem_of_users(2)
        self.sandbox.ask("fail", path=f"{FAVOR}/users/", status=400, code="INVALID_REQUEST",
                         count=1000)
        self.service.start()
        seen = self.service.wait_for_log(event="reconciled", seconds=10)[0]
        self.assertEqual(seen["level"], "warning", seen)
        self.assertIn("2 of 2 users skipped", seen["message"])

    def test_all_comparisons_together_keep_to_the_limit(self):
        stocks = [str(98065001 + n) for n in range(7)]
        self.service.configure("merchant.reconcile.stocks", stocks)
        self.service.start()
        use_flow = "use flow of stock"
        wait_until(lambda: len(self.waiting(use_flow)) == 5, 15, "the looks that there is room for")
        time.sleep(1.5)
        self.assertEqual(len(self.waiting(use_flow)), 5, "five in a minute")

    def waiting(self, what):
        return [line for line in self.service.logs(event="reconcile_waits")
                if what in line["message"]]

    def test_stocks_added_by_a_reload_are_compared(self):
        self.sandbox.ask("faults", lose_percent=100)
        stock = self.create_stock()
        (coupon,) = self.issue(stock, 1)
        self.sandbox.ask("redeem", coupon_id=coupon)
        self.sandbox.ask("end", stock_id=stock)
        self.service.start()
        self.service.configure("merchant.reconcile.settle_s", 0)
        self.service.configure("merchant.reconcile.stocks", [stock])
        self.service.signal(signal.SIGHUP)
        wait_until(lambda: self.state(stock, coupon) == "redeemed", 15, "the new stock's flow")

    def test_a_failure_is_logged_and_the_service_can_end(self):
        self.sandbox.ask("fail", path="/v3/marketing/favor/stocks/", status=403, code="NO_AUTH")
        self.service.configure("merchant.reconcile.stocks", ["98065001"])
        self.service.start()
        (line,) = self.service.wait_for_log(event="reconcile_failed", seconds=10)[:1]
        self.assertIn("use flow of stock 98065001", line["message"])
        self.assertIn("NO_AUTH", line["message"])
        self.assertGreater(self.service.get("/status")["reconcile"]["failures"], 0)
        begun = time.monotonic()
        self.assertEqual(self.service.stop(), 0)
        self.assertLess(time.monotonic() - begun, 3 * PATIENCE)


class Command(BooksTestCase):
    def test_the_receiver_of_a_coupon_is_recorded_for_the_service(self):
        stock = self.create_stock()
        self.service.configure("merchant.reconcile.issued_file", "data/issued.csv")
        body = {"openid": "oSent", "stock_id": stock, "out_request_no": "N-1", "appid": APPID,
                "stock_creator_mchid": self.merchant.mchid}
        done = run("coupon", "send", "--config", self.service.config, input=json.dumps(body))
        self.assertEqual((done.returncode, done.stderr), (0, ""), done)
        file = self.service.folder / "data/issued.csv"
        _, appid, openid = file.read_text().strip().split(",")
        self.assertEqual((appid, openid), (APPID, "oSent"))
        self.assertEqual(file.stat().st_mode & 0o077, 0, "it holds people's data")

    def test_a_send_without_a_reply_is_recorded_too(self):
        stock = self.create_stock()
        self.service.configure("merchant.reconcile.issued_file", "data/issued.csv")
        self.service.configure("merchant.api.base_url", f"https://127.0.0.1:{free_port()}")
        body = {"openid": "oLost", "stock_id": stock, "out_request_no": "N-1", "appid": APPID,
                "stock_creator_mchid": self.merchant.mchid}
        done = run("coupon", "send", "--config", self.service.config, input=json.dumps(body))
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("oLost", (self.service.folder / "data/issued.csv").read_text())

    def test_columns_can_be_named_in_the_configuration(self):
        self.service.append("[merchant.reconcile.use_columns]\n"
                            "coupon_id = [\"券编号\"]\ntransaction_id = [\"订单\"]\n")
        self.service.start()
        self.service.write("flow.csv", "券编号,订单\n`8001,`4200001")
        done = run("reconcile", "--stock", "98065001", "--flow", "use", "--file",
                   self.service.folder / "flow.csv", "--config", self.service.config)
        self.assertIn("8001", done.stdout, done)

    def test_without_a_ledger_nothing_is_stored(self):
        self.service.configure("handler.events", ["COUPON.SEND"])
        self.service.configure("merchant.reconcile.stocks", ["98065001"])
        done = run("check", "--config", self.service.config)
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("reconcile.stocks", done.stderr)
        self.assertIn("COUPON.USE and REFUND.SUCCESS", done.stderr)
        self.service.configure("merchant.reconcile.stocks", [])
        self.service.start()
        self.service.write("flow.csv", "优惠id,支付单号\n`8001,`4200001")
        done = run("reconcile", "--stock", "98065001", "--flow", "use", "--file",
                   self.service.folder / "flow.csv", "--apply", "--config",
                   self.service.config_for_commands())
        self.assertEqual(done.returncode, 1, done)
        self.assertIn("no ledger handler stores COUPON.USE", done.stderr)
        self.assertIn('type "ledger"', done.stderr)
        self.assertEqual(self.service.rows("SELECT * FROM notifications"), [])

    def test_invalid_arguments_are_named(self):
        for key, value in (("stock", ["1"]), ("stocks", ["x"]), ("poll_interval_s", 0)):
            with self.subTest(key):
                text = self.service.config.read_text()
                self.service.configure(f"merchant.reconcile.{key}", value)
                done = run("check", "--config", self.service.config)
                self.assertEqual(done.returncode, 2, done)
                self.assertIn(f"reconcile.{key}", done.stderr)
                self.service.config.write_text(text)


if __name__ == "__main__":
    unittest.main()
