"""Checks three things: reconciliation lists events in WeChat Pay's records whose notification is
missing, and stores each of them once; couponhook fetches platform certificates by itself;
`couponhook doctor` reports problems. The tests run couponhook and its commands against a stand-in
for WeChat Pay's APIs that is written from WeChat Pay's documentation.
"""

import csv
import io
import json
import os
import signal
import time
import unittest

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from support import events
from support.pay_api import MCHID, OTHER_MCHID, PayApi, another_merchant, make_certificate
from support.service import LONG, PATIENCE, Service, edit_toml, free_port, run, wait_until
from support.target import Target, add_http_handler, make_secret
from support.wechat_pay import Platform
from support.wire import Client, Connection

STOCK = "98065001"
USE = "批次id,优惠id,优惠类型,优惠金额（元）,支付单号,消耗时间,消耗商户号,设备号"
REFUND = "批次id,优惠id,优惠金额（元）,支付单号,退款单号,退款时间,退款商户号"


def flow(header: str, rows: list) -> bytes:
    """Returns a flow file (CSV file with redemptions or refunds) in WeChat Pay's format: byte order
    mark, backtick before each value, number of rows at the end."""
    lines = [header, *(",".join(f"`{field}" for field in row) for row in rows),
             "总条数", f"`{len(rows)}"]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def used(number: int) -> tuple:
    return (STOCK, f"98670{number:05}", "全场代金券", "5.00", f"4200{number:024}",
            "2026-03-05 07:58:41", "1900007702", "pos-1")


def refunded(number: int) -> tuple:
    return (STOCK, f"98670{number:05}", "5.00", f"4200{number:024}", f"503{number:026}",
            "2026-03-06 10:02:33", "1900007702")


def held(coupon: str, used=True) -> dict:
    """Returns a coupon as JSON, in the form in which WeChat Pay reports it in the list of a user's
    coupons."""
    seen = {"stock_creator_mchid": "1900000001", "stock_id": "98065999", "coupon_id": coupon,
            "coupon_name": "代金券", "status": "USED" if used else "SENDED", "description": "",
            "create_time": "2026-03-02T08:11:09+08:00", "coupon_type": "NORMAL",
            "available_begin_time": "2026-03-01T00:00:00+08:00",
            "available_end_time": "2026-04-30T23:59:59+08:00", "no_cash": False,
            "singleitem": False}
    if used:
        seen["consume_information"] = {"consume_time": "2026-03-05T07:58:41+08:00",
                                       "consume_mchid": "1900007702",
                                       "transaction_id": f"42000000000000000000{coupon:0>8}"}
    return seen


class RunningTestCase(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = Service(starts=False)
        cls.addClassCleanup(cls.service.__exit__)
        cls.api = cls.enterClassContext(PayApi(cls.service))
        cls.prepare()
        cls.service.start()
        cls.config = cls.service.config_for_commands()

    @classmethod
    def prepare(cls):
        """Subclasses override this method to change the configuration before couponhook starts."""

    def setUp(self):
        self.platform = Platform.of(self.service)
        self.client = self.enterContext(Client(self.service))

    def command(self, *arguments, code=0):
        done = run(*arguments, "--config", self.config, timeout=60)
        self.assertEqual(done.returncode, code, done)
        return done.stdout if code == 0 else done.stdout + done.stderr

    def reconcile(self, *arguments):
        return json.loads(self.command("reconcile", *arguments, "--json"))


class Reconcile(RunningTestCase):
    COUPONS = 40

    def notify(self, event):
        self.assertEqual(self.client.post(self.platform.notify(event)).status, 204)

    def test_missing_notifications_are_stored_once(self):
        for number in range(self.COUPONS):
            if number % 10 == 0:
                continue  # for this redemption no notification is sent
            coupon, transaction = used(number)[1], used(number)[4]
            self.notify(events.redeem(stock=STOCK, coupon=coupon, transaction=transaction))
            if number % 4 == 1:
                self.notify(events.refund(transaction=transaction, refund_id=refunded(number)[4]))
        self.api.flows[STOCK, "use-flow"] = flow(USE, [used(n) for n in range(self.COUPONS)])
        self.api.flows[STOCK, "refund-flow"] = flow(
            REFUND, [refunded(n) for n in range(self.COUPONS) if n % 4 in (1, 2)])

        found = self.reconcile("--stock", STOCK, "--flow", "use")
        self.assertEqual((found["matched"], found["missing"], found["differing"]), (36, 4, 0), found)
        self.assertNotIn("applied", found)
        applied = self.reconcile("--stock", STOCK, "--flow", "use", "--apply")
        self.assertEqual(applied["applied"]["stored"], 4, applied)
        applied = self.reconcile("--stock", STOCK, "--flow", "refund", "--apply")
        self.assertEqual((applied["matched"], applied["applied"]["stored"]), (10, 10), applied)

        before = self.service.rows("SELECT * FROM notifications ORDER BY id")
        for kind in ("use", "refund"):
            again = self.reconcile("--stock", STOCK, "--flow", kind, "--apply")
            self.assertEqual((again["missing"], again["applied"]["stored"]), (0, 0), again)
        self.assertEqual(self.service.rows("SELECT * FROM notifications ORDER BY id"), before)

        withheld = self.service.get(f"/coupons/{STOCK}/{used(10)[1]}")
        self.assertEqual(withheld["state"], "refunded")
        self.assertEqual({fact["source"] for fact in withheld["history"]}, {"reconcile"})

    def test_a_file_is_compared_as_a_download_is(self):
        rows = [("98065777", *used(700)[1:])]
        (self.service.folder / "flow.csv").write_bytes(flow(USE, rows))
        arguments = ("reconcile", "--stock", "98065777", "--flow", "use", "--file",
                     self.service.folder / "flow.csv")
        table = self.command(*arguments)
        self.assertIn("1 missing", table)
        self.assertIn("--apply", table)
        report = list(csv.DictReader(io.StringIO(self.command(*arguments, "--csv"))))
        self.assertEqual([(row["finding"], row["coupon"]) for row in report],
                         [("missing", used(700)[1])])

    def test_an_incomplete_download_is_refused(self):
        self.api.flows["98065888", "use-flow"] = flow(USE, [used(1)])
        self.api.tears = True
        seen = self.command("reconcile", "--stock", "98065888", "--flow", "use", code=1)
        self.api.tears = False
        self.assertIn("SHA-1", seen)

    def test_a_users_coupons_are_asked_for(self):
        self.api.coupons = {"N-1": held("9867099")}
        user = ("--openid", "o-user", "--appid", "wx1")
        applied = self.reconcile(*user, "--apply")
        self.assertEqual((applied["missing"], applied["applied"]["stored"]), (1, 1), applied)
        self.assertEqual(self.reconcile(*user)["matched"], 1)
        self.assertEqual(self.service.get("/coupons/98065999/9867099")["state"], "redeemed")

    def test_a_users_merchant_coupons_are_asked_for(self):
        self.api.busifavor = [
            {"belong_merchant": MCHID, "stock_name": "商家券", "coupon_state": "SENDED",
             "coupon_code": f"code-{number}", "stock_id": "12051987",
             "receive_time": "2026-03-02T08:11:09+08:00", "send_request_no": f"N-{number}"}
            for number in range(25)]
        user = ("--openid", "o-user", "--appid", "wx1", "--product", "busifavor")
        applied = self.reconcile(*user, "--apply")
        self.assertEqual((applied["missing"], applied["applied"]["stored"]), (25, 25), applied)
        self.assertEqual(self.reconcile(*user)["matched"], 25)
        ledger = self.service.get("/coupons/12051987/code-24")
        self.assertEqual((ledger["state"], ledger["history"][0]["source"]),
                         ("issued", "reconcile"))

    @unittest.skipUnless(LONG, "COUPONHOOK_LONG=1: waits until a link has expired")
    def test_a_link_that_expired_meanwhile_is_asked_for_again(self):
        self.api.flows["98065444", "use-flow"] = flow(USE, [used(1)])
        self.api.late_s = 31
        found = self.reconcile("--stock", "98065444", "--flow", "use")
        self.assertEqual(found["in_books"], 1)
        path = "/v3/marketing/favor/stocks/98065444/use-flow"
        self.assertEqual(len(self.api.asked(path)), 2)

    def test_every_page_of_a_users_coupons_is_read(self):
        self.api.coupons = {str(n): held(str(9868000 + n), used=n % 2 == 0) for n in range(45)}
        self.api.calls.clear()
        found = self.reconcile("--openid", "o-many", "--appid", "wx1", "--product", "favor")
        self.assertEqual((found["in_books"], found["missing"], found["repeated"]), (23, 23, 0))
        self.assertEqual([call[2]["offset"] for call in self.api.calls], ["0", "1", "2"],
                         "a coupon that has not been redeemed needs no call of its own")

    def test_recent_facts_can_be_left_to_wechat_pay(self):
        now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 8 * 3600))
        rows = [("98065778", *used(701)[1:]), ("98065778", *used(702)[1:5], now, *used(702)[6:])]
        (self.service.folder / "flow.csv").write_bytes(flow(USE, rows))
        arguments = ("reconcile", "--stock", "98065778", "--flow", "use", "--file",
                     self.service.folder / "flow.csv", "--apply")
        settled = self.command(*arguments, "--settled")
        self.assertIn("applied: 1 stored", settled)
        self.assertIn("1 left out", settled)
        everything = self.command(*arguments)
        self.assertIn("applied: 1 stored", everything)
        self.assertNotIn("left out", everything)

    def test_facts_that_the_ledger_may_have_removed_are_excluded(self):
        def row(number, days_ago):
            then = time.gmtime(time.time() - days_ago * 86400)
            return ("98065779", *used(number)[1:5], time.strftime("%Y-%m-%d %H:%M:%S", then),
                    *used(number)[6:])
        (self.service.folder / "flow.csv").write_bytes(flow(USE, [row(703, 179), row(704, 182)]))
        forgetful = self.service.folder / "forgetful.toml"
        forgetful.write_text(
            edit_toml(self.config.read_text(), "store.retention_ledger_days", 180))
        arguments = ("reconcile", "--stock", "98065779", "--flow", "use", "--file",
                     self.service.folder / "flow.csv", "--apply", "--json", "--config", forgetful)
        done = run(*arguments)
        self.assertEqual(done.returncode, 0, done)
        report = json.loads(done.stdout)
        self.assertEqual((report["missing"], report["applied"]["stored"],
                          report["applied"]["outdated"]), (2, 1, 1), report)

    def test_a_clock_that_is_behind_excludes_nothing(self):
        ahead = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(time.time() + 9 * 3600))
        row = ("98065780", *used(705)[1:5], ahead, *used(705)[6:])
        (self.service.folder / "flow.csv").write_bytes(flow(USE, [row]))
        applied = self.command("reconcile", "--stock", "98065780", "--flow", "use", "--file",
                               self.service.folder / "flow.csv", "--apply")
        self.assertIn("applied: 1 stored", applied)

    def test_a_bad_configuration_is_not_reported_as_a_failure_of_wechat_pay(self):
        wrong = self.service.folder / "wrong.toml"
        wrong.write_text(edit_toml(self.config.read_text(), "merchant.api.private_key_file",
                                   "secrets/absent.pem"))
        done = run("reconcile", "--stock", STOCK, "--flow", "use", "--config", wrong)
        self.assertEqual(done.returncode, 2, done)
        self.assertIn("private_key_file", done.stderr)

    def test_a_long_download_shows_how_far_it_is(self):
        self.api.flows["98065555", "use-flow"] = flow(USE, [used(n) for n in range(400)])
        done = run("reconcile", "--stock", "98065555", "--flow", "use", "--json",
                   "--config", self.config)
        self.assertEqual(done.returncode, 0, done)
        self.assertRegex(done.stderr, r"downloaded bytes \d+ of \d+ \(\d+ %\)")
        self.assertEqual(json.loads(done.stdout)["in_books"], 400)

    def read_file(self, content: bytes, *arguments, stock="98065781"):
        """Runs `couponhook reconcile` on a use-flow file (CSV file with redemptions) with these
        bytes. Returns the report."""
        (self.service.folder / "flow.csv").write_bytes(content)
        return self.reconcile("--stock", stock, "--flow", "use", "--file",
                              self.service.folder / "flow.csv", *arguments)

    def test_values_that_a_spreadsheet_destroyed_are_reported_and_never_stored(self):
        before = self.service.rows("SELECT * FROM notifications ORDER BY id")
        good = ["98065781", "9867000710", "全场代金券", "5", "4200" + "1" * 24,
                "2026/3/5 7:58:41", "1900007702", "pos1"]
        for column, value in ((5, "4.2E+27"), (5, '"=""4.2E+27"""'), (5, "'4.2E+27"),
                              (5, "4200111111111110000000000000"), (2, "9.867E+09"),
                              (6, "2026/3/5 7:58"), (1, "9.8E+07"), (7, "1.9E+09")):
            with self.subTest(value):
                row = [*good[:column - 1], value, *good[column:]]
                content = f"{USE}\r\n{','.join(row)}\r\n".encode()
                found = self.read_file(content, "--apply")
                self.assertEqual((found["malformed"], found["in_books"], found["missing"]),
                                 (1, 0, 0), found)
                self.assertEqual([(p["line"], p["column"]) for p in found["problems"]],
                                 [(2, column)], found)
                arguments = ("reconcile", "--stock", "98065781", "--flow", "use", "--file",
                             self.service.folder / "flow.csv")
                self.assertIn(f"line 2, column {column}: ", self.command(*arguments))
                self.assertIn(f"line 2, column {column}: ", self.command(*arguments, "--csv"))
        self.assertEqual(self.service.rows("SELECT * FROM notifications ORDER BY id"), before)

    def test_values_that_a_spreadsheet_only_marked_are_the_same_redemption(self):
        self.notify(events.redeem(stock="98065781", coupon="9867000711",
                                  transaction="4200" + "2" * 24))
        for mark in ("`{}", "'{}", '"=""{}"""', " {} ", "{}"):
            row = [mark.format(value) for value in (
                "98065781", "9867000711", "全场代金券", "5.00", "4200" + "2" * 24,
                "2026-03-05 07:58:41", "1900007702", "pos1")]
            found = self.read_file(f"{USE}\n{','.join(row)}\n".encode(), "--apply")
            self.assertEqual((found["matched"], found["applied"]["stored"]), (1, 0), found)

    def test_a_file_is_read_in_the_forms_of_consoles_and_spreadsheets(self):
        row = ["98065782", "9867000712", "豆浆\n油条", "5.00", "4200" + "3" * 24,
               "2026-03-05 07:58:41", "1900007702", "pos1"]
        for encoding in ("utf-8", "gb18030", "utf-16", "utf-16-le", "utf-16-be"):
            for separator, end in ((",", "\r\n"), (";", "\n"), ("\t", "\r")):
                with self.subTest((encoding, separator, end)):
                    fields = [f'"{value}"' if "\n" in value else f"`{value}" for value in row]
                    lines = [USE.replace(",", separator), separator.join(fields), "总条数", "`1", ""]
                    found = self.read_file(end.join(lines).encode(encoding), stock="98065782")
                    self.assertEqual((found["in_books"], found["malformed"], found["missing"]),
                                     (1, 0, 1), found)
        self.assertIn("Excel workbook", self.refused_file(b"PK\x03\x04" + bytes(100)))
        self.assertIn("UTF-32", self.refused_file(USE.encode("utf-32")))

    def refused_file(self, content: bytes) -> str:
        (self.service.folder / "flow.csv").write_bytes(content)
        return self.command("reconcile", "--stock", STOCK, "--flow", "use", "--file",
                            self.service.folder / "flow.csv", code=1)

    def test_the_acceptance_inputs_are_read_or_refused(self):
        folder = os.environ.get("COUPONHOOK_CASES")
        if folder is None:
            self.skipTest("COUPONHOOK_CASES names no folder with cases")
        for name, expected in (("books-scientific", (0, 1)), ("flow-utf8", (1, 0)),
                               ("flow-gbk", (1, 0)), ("flow-quoted-newline", (1, 0))):
            with self.subTest(name), open(f"{folder}/{name}.csv", "rb") as case:
                found = self.read_file(case.read())
                self.assertEqual((found["in_books"], found["malformed"]), expected, found)

    def forget_coupons(self):
        self.api.coupons, self.api.busifavor = {}, []

    def test_the_use_of_a_merchant_coupon_is_reported_as_not_compared(self):
        self.addCleanup(self.forget_coupons)
        self.api.busifavor = [
            {"belong_merchant": MCHID, "stock_name": "商家券", "coupon_state": state,
             "coupon_code": f"used-{number}", "stock_id": "12051988",
             "receive_time": "2026-03-02T08:11:09+08:00",
             "use_time": "2026-03-03T08:11:09+08:00" if state == "USED" else ""}
            for number, state in enumerate(("SENDED", "USED", "USED"))]
        user = ("--openid", "o-user", "--appid", "wx1", "--product", "busifavor")
        self.reconcile(*user, "--apply")
        found = self.reconcile(*user)
        self.assertEqual((found["matched"], found["not_compared"]), (3, 2), found)
        self.assertEqual(found["compared"], "issues of merchant coupons")
        self.assertEqual([(row["finding"], row["kind"], row["coupon"]) for row in found["rows"]],
                         [("not_compared", "redeem", f"used-{n}") for n in (1, 2)])
        table = self.command("reconcile", *user)
        self.assertIn("compared: issues of merchant coupons", table)
        self.assertIn("not compared: the use of 2 merchant coupons", table)
        self.assertIn("not_compared,redeem,12051988,used-1", self.command("reconcile", *user, "--csv"))

    def test_an_invalid_coupon_of_a_user_is_reported_and_never_stored(self):
        self.addCleanup(self.forget_coupons)
        odd = held("9867099001")
        odd["consume_information"]["transaction_id"] = "4.2E+27"
        number = held("9867099002")
        number["consume_information"]["transaction_id"] = 4.2e27
        self.api.coupons = {"N-1": odd, "N-2": held("9867099003"), "N-3": number}
        self.api.busifavor = [
            {"belong_merchant": MCHID, "stock_name": "商家券", "coupon_state": "SENDED",
             "coupon_code": code, "stock_id": "12051989",
             "receive_time": "2026-03-02T08:11:09+08:00"} for code in ("1.2E+19", "good-1")]
        found = self.reconcile("--openid", "o-odd", "--appid", "wx1", "--apply")
        self.assertEqual((found["in_books"], found["malformed"], found["applied"]["stored"]),
                         (2, 3, 2), found)
        self.assertEqual(self.service.rows(
            "SELECT count(*) FROM coupon_history WHERE business_key LIKE '%E+%'"), [(0,)])

    def test_the_intake_takes_no_fact_of_another_form(self):
        def ask(resource, event_type="COUPON.USE", **more):
            entry = {"id": "reconcile-1", "event_type": event_type, "original_type": "coupon",
                     "summary": "", "create_time": "2026-03-05T07:58:41+08:00", **more}
            entry["resource"] = resource if isinstance(resource, str) else json.dumps(resource)
            body = json.dumps({"mchid": MCHID, "entries": [entry]})
            return self.service.ask("/books", method="POST", body=body)

        used = {"stock_id": "1", "coupon_id": "2", "consume_information": {"transaction_id": "3"}}
        before = self.service.count_rows()
        for resource, words in (
                ({**used, "coupon_id": "9.8E+10"}, "coupon_id"),
                ({**used, "stock_id": "'1"}, "stock_id"),
                ({**used, "consume_information": {"transaction_id": "4.2E+27"}}, "transaction_id"),
                ({**used, "consume_information": {"transaction_id": "3", "consume_time": "?"}},
                 "consume_time"),
                ({"stock_id": "1"}, "missing"),
                ("no JSON", "JSON"),
                (json.dumps(used)[:-1] + ',"remark":"a\nb"}', "control character"),
        ):
            status, seen = ask(resource)
            self.assertEqual(status, 400, seen)
            self.assertIn("entry 1", seen["message"])
            self.assertIn(words, seen["message"])
        self.assertEqual(ask({"transaction_id": "3", "refund_id": "5.03E+28"},
                             "REFUND.SUCCESS")[0], 400)
        self.assertEqual(ask({"stock_id": "1", "coupon_code": "1.2E+21"}, "COUPON.SEND")[0], 400)
        self.assertEqual(ask(used, create_time="2026/3/5 7:58")[0], 400)
        self.assertEqual(self.service.count_rows(), before)
        self.assertEqual(self.service.rows("SELECT count(*) FROM coupon_history"
                                           " WHERE coupon = '2'"), [(0,)])

    def test_a_stock_that_is_none_is_bad_usage(self):
        self.command("reconcile", "--stock", "9.8E+07", "--flow", "use", code=2)

    def test_the_intake_needs_the_token_and_valid_entries(self):
        self.assertEqual(self.service.ask("/books", token=None, method="POST")[0], 401)
        self.assertEqual(self.service.ask("/books", method="POST")[0], 400)

    def test_bad_usage_exits_2(self):
        for arguments in ((), ("--stock", "1"), ("--openid", "o"),
                          ("--stock", "1", "--flow", "use", "--settled"),
                          ("--openid", "o", "--appid", "a", "--stock", "1")):
            with self.subTest(arguments):
                self.command("reconcile", *arguments, code=2)


class Delivering(RunningTestCase):
    """Tests that handlers get a redemption only once if both a notification and reconciliation with
    WeChat Pay's records report it."""

    @classmethod
    def prepare(cls):
        cls.target, cls.awaited = (cls.enterClassContext(Target()) for _ in range(2))
        add_http_handler(cls.service, cls.target.url, make_secret())
        add_http_handler(cls.service, cls.awaited.url, make_secret(), "awaited", ack="handled")

    def test_it_is_delivered_once_whichever_comes_first(self):
        def coupon(number):
            return events.redeem(stock=STOCK, coupon=used(number)[1], transaction=used(number)[4])
        notified = coupon(1)
        self.assertEqual(self.client.post(self.platform.notify(notified)).status, 204)
        (self.service.folder / "flow.csv").write_bytes(flow(USE, [used(1), used(2)]))
        applied = self.reconcile("--stock", STOCK, "--flow", "use", "--file",
                                 self.service.folder / "flow.csv", "--apply")
        self.assertEqual((applied["matched"], applied["applied"]["stored"]), (1, 1), applied)
        for target in (self.target, self.awaited):
            wait_until(lambda: len(target.calls) == 2, 10, "both redemptions")
            self.assertEqual([call.id.startswith("reconcile-") for call in target.calls],
                             [False, True])

        # The notification of a redemption that reconciliation has stored arrives late. Its id is
        # WeChat Pay's and differs from the id that reconciliation made.
        begun = time.monotonic()
        self.assertEqual(self.client.post(self.platform.notify(coupon(2))).status, 204)
        self.assertLess(time.monotonic() - begun, 2 * PATIENCE, "there is nobody to wait for")
        self.assertEqual(self.client.post(self.platform.notify(coupon(3))).status, 204)
        for target in (self.target, self.awaited):
            wait_until(lambda: any(call.coupon == used(3)[1] for call in target.calls), 10,
                       "the redemption after it")
            self.assertEqual(len(target.calls), 3, target.calls)


class Keeping(RunningTestCase):
    def make_platform(self) -> Platform:
        """Makes another signing key of WeChat Pay, and adds its certificate to the list that the
        stand-in's certificate API returns."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        certificate = make_certificate(key)
        self.api.certificates.append(
            certificate.public_bytes(serialization.Encoding.PEM).decode())
        return Platform(key, f"{certificate.serial_number:040X}", self.platform.api_v3_key)

    @classmethod
    def prepare(cls):
        cls.service.configure("merchant.platform_certificates", [])

    def test_a_service_without_a_certificate_fetches_its_first(self):
        wait_until(lambda: self.service.ask("/readyz")[0] == 200, 10, "the first certificate")
        reply = self.client.post(self.platform.notify(events.redeem()))
        self.assertEqual(reply.status, 204, reply)

    @unittest.skipUnless(LONG, "COUPONHOOK_LONG=1: waits for the minute between two fetches")
    def test_an_unknown_serial_causes_one_fetch_a_minute(self):
        kept = self.service.folder / "wechatpay/certificates"
        wait_until(lambda: list(kept.glob("*.pem")), 10, "the first fetch")
        new = self.make_platform()
        begun = time.monotonic()
        while self.client.post(new.notify(events.redeem())).status != 204:
            self.assertLess(time.monotonic() - begun, 75, "the new key is never loaded")
            time.sleep(0.5)
        fetches = len(self.api.asked("/v3/certificates"))
        self.assertEqual(fetches, 2, "one at the start, one for however many unknown serials")
        self.assertEqual(len(list(kept.glob("*.pem"))), 2)


class Reloading(RunningTestCase):
    @classmethod
    def prepare(cls):
        cls.service.configure("merchant.platform_certificates", [])

    def test_a_merchant_that_comes_with_a_reload_gets_its_certificates(self):
        kept = self.service.folder / "wechatpay/certificates"
        wait_until(lambda: list(kept.glob("*.pem")), 15, "the first merchant's own certificates")
        before = self.api.callers.count(MCHID)
        self.api.mchids.add(OTHER_MCHID)
        self.service.append(another_merchant(self.service))
        self.service.signal(signal.SIGHUP)
        self.service.wait_for_log(event="reloaded")
        request = self.platform.notify(events.redeem())
        wait_until(lambda: self.post_to(OTHER_MCHID, request).status == 204, 15,
                   "the new merchant's key")
        self.assertIn(OTHER_MCHID, self.api.callers)
        self.assertEqual(self.api.callers.count(MCHID), before,
                         "who was there is not asked for again")

    def post_to(self, mchid, request):
        with Connection(self.service) as connection:
            connection.path = f"/notify/{mchid}"
            return connection.post(request)


class Restarting(RunningTestCase):
    @classmethod
    def prepare(cls):
        cls.service.configure("merchant.platform_certificates", [])

    def test_stored_certificates_are_used_while_wechat_pay_is_down(self):
        kept = self.service.folder / "wechatpay/certificates"
        wait_until(lambda: list(kept.glob("*.pem")), 10, "the first fetch")
        self.assertEqual(self.service.stop(), 0)
        self.service.configure("merchant.api.base_url", f"https://127.0.0.1:{free_port()}")
        self.service.start()
        self.service.wait_for_log(event="certificates_not_fetched", seconds=10)
        with Client(self.service) as client:
            reply = client.post(self.platform.notify(events.redeem()))
        self.assertEqual(reply.status, 204, reply)


class PublicKey(RunningTestCase):
    ID = "PUB_KEY_ID_0000000000000000000000000001"

    @classmethod
    def prepare(cls):
        key = Platform.of(cls.service).key.public_key()
        cls.service.write("wechatpay/pub_key.pem", key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode())
        cls.service.configure("merchant.platform_certificates", [])
        cls.service.configure("merchant.api.certificate_refresh_minutes", 0)
        cls.service.append('[[merchant.platform_public_key]]\n'
                           f'id = "{cls.ID}"\nfile = "wechatpay/pub_key.pem"')

    def test_such_a_merchant_is_never_asked_for_certificates(self):
        platform = Platform(self.platform.key, self.ID, self.platform.api_v3_key)
        self.assertEqual(self.client.post(platform.notify(events.redeem())).status, 204)
        unknown = self.client.post(self.platform.notify(events.redeem()))
        self.assertEqual((unknown.status, unknown.code), (401, "SERIAL_UNKNOWN"))
        self.assertEqual(self.service.get("/status")["unknown_serials"], [
            {"mchid": MCHID, "serial": self.platform.serial, "requests": 1}])
        self.service.signal(signal.SIGHUP)
        self.service.wait_for_log(event="reloaded")
        time.sleep(2.5)  # couponhook checks once a second whether a fetch is due
        self.assertEqual(self.api.calls, [])


class Doctor(RunningTestCase):
    def setUp(self):
        super().setUp()
        self.api.reset()

    def doctor(self, environment=None, more="", **changes) -> dict:
        """Runs `couponhook doctor` with these settings changed, and with the text `more` added to
        the configuration. Returns the reported problems (findings) by name."""
        text = f"{self.config.read_text()}\n{more}"
        for setting, value in changes.items():
            text = edit_toml(text, setting, value)
        broken = self.service.folder / "broken.toml"
        broken.write_text(text)
        done = run("doctor", "--json", "--config", broken, timeout=60,
                   env={**os.environ, **(environment or {})})
        return {finding["name"]: finding for finding in json.loads(done.stdout)["findings"]}

    def test_findings_say_why_and_what_to_do(self):
        found = self.doctor()
        self.assertLessEqual({"listener_loopback", "tls_self_signed", "development_key"},
                             set(found))
        for finding in found.values():
            self.assertTrue(finding["why"] and finding["to_do"], finding)

    def certificate(self, key, **options) -> str:
        """Writes a certificate for this key into the folder of WeChat Pay's platform certificates.
        Returns the name of the file."""
        pem = make_certificate(key, **options).public_bytes(serialization.Encoding.PEM)
        self.service.write("wechatpay/wrong.pem", pem.decode())
        return "wechatpay/wrong.pem"

    def merchant_key(self):
        return serialization.load_pem_private_key(
            self.service.read("secrets/apiclient_key.pem").encode(), password=None)

    def test_settings_that_are_wrong_are_named(self):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        alone = {"merchant.api.certificate_directory": ""}
        for name, changes in {
                "v2_key_as_v3": {"merchant.api.api_v2_key_file": "secrets/api_v3_key"},
                "tolerance_wide": {"merchant.timestamp_tolerance_s": 3600},
                "no_platform_key": {"merchant.platform_certificates": [], **alone},
                "service_silent": {"admin.port": free_port()},
                "no_ledger": {"handler.type": "exec", "handler.command": ["true"]},
                "api_fails": {"merchant.api.base_url": f"https://127.0.0.1:{free_port()}"},
                "proxies_unknown": {"listener.tls": False}}.items():
            with self.subTest(name):
                self.assertIn(name, self.doctor(**changes))
        for name, certificate in {
                "merchant_certificate_as_platform": (self.merchant_key(), {}),
                "certificates_expired": (key, {"days": -1}),
                "certificates_expire": (key, {"days": 10})}.items():
            with self.subTest(name):
                file = self.certificate(certificate[0], **certificate[1])
                self.assertIn(name, self.doctor(**{"merchant.platform_certificates": [file],
                                                   **alone}))

    def test_files_that_are_wrong_are_named(self):
        file = self.service.folder / "secrets/apiclient_key.pem"
        self.addCleanup(file.chmod, 0o600)
        file.chmod(0o644)
        self.assertIn("private_key_readable", self.doctor())
        pem = self.merchant_key().public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        self.service.write("wechatpay/wrong_pub.pem", pem.decode())
        self.assertIn("merchant_key_as_platform", self.doctor(
            more='[[merchant.platform_public_key]]\n'
                 'id = "PUB_KEY_ID_01"\nfile = "wechatpay/wrong_pub.pem"'))

    def test_settings_at_wechat_pay_are_compared(self):
        def set_url(url):
            self.api.callbacks["favor"] = {"notify_url": url}
        right = f"https://127.0.0.1:{self.service.address[1]}/notify/{MCHID}"
        other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        for name, wrong in {
                "callback_unset": lambda: None,
                "callback_unfit": lambda: set_url(right + "?from=wechat"),
                "callback_elsewhere": lambda: set_url(right + "/elsewhere"),
                "callback_tls": lambda: set_url(right),
                "clock_wrong": lambda: setattr(self.api, "clock_ahead", 400),
                "clock_drifts": lambda: setattr(self.api, "clock_ahead", -40),
                "serial_not_loaded": lambda: setattr(
                    self.api, "platform", Platform(other, "6FFF", self.platform.api_v3_key))}.items():
            with self.subTest(name):
                self.api.reset()
                wrong()
                self.assertIn(name, self.doctor())

    def test_testing_the_url_causes_no_finding(self):
        self.api.callbacks["favor"] = {
            "notify_url": f"https://127.0.0.1:{self.service.address[1]}/notify/{MCHID}"}
        before = self.service.counts()
        trusted = {"SSL_CERT_FILE": str(self.service.folder / "tls/server.crt")}
        for _ in range(2):
            found = self.doctor(trusted)
            self.assertFalse({"callback_tls", "callback_unanswered", "headers_stripped",
                              "signatures_refused"} & set(found), found)
        after = self.service.counts()
        self.assertEqual(after["probes"], before["probes"] + 2)
        self.assertEqual(after["rejected"], before["rejected"])

    def test_live_times_each_step_up_to_the_notification(self):
        self.api.on_echo = lambda given: self.client.post(self.platform.notify(
            events.Event("SECURITY_ECHO.SUCCESS", {"echo_message": given["echo_message"]},
                         original_type="security")))
        seen = json.loads(self.command("doctor", "--live", "--json", "--url",
                                       "https://pay.example.com/notify/1900000001", code=1))
        self.assertEqual([step["passed"] for step in seen["steps"]], [True] * 3, seen["steps"])


if __name__ == "__main__":
    unittest.main()
