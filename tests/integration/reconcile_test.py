"""Goal: what WeChat Pay's books have and no notification told is listed, and admitted once; keys are
fetched by the service itself; the doctor names what is wrong. Method: the real service and commands
against WeChat Pay's APIs played from the documentation.
"""

import csv
import io
import json
import time
import unittest

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from support import events
from support.pay_api import PayApi, make_certificate
from support.service import LONG, Service, run, wait_until
from support.wechat_pay import Platform
from support.wire import Client

STOCK = "98065001"
USE = "批次id,优惠id,优惠类型,优惠金额（元）,支付单号,消耗时间,消耗商户号,设备号"
REFUND = "批次id,优惠id,优惠金额（元）,支付单号,退款单号,退款时间,退款商户号"


def flow(header: str, rows: list) -> bytes:
    """A flow file as WeChat Pay writes it: byte order mark, backticks, a summary at the end."""
    lines = [header, *(",".join(f"`{field}" for field in row) for row in rows),
             "总条数", f"`{len(rows)}"]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def used(number: int) -> tuple:
    return (STOCK, f"98670{number:05}", "全场代金券", "5.00", f"4200{number:024}",
            "2026-03-05 07:58:41", "1900007702", "pos-1")


def refunded(number: int) -> tuple:
    return (STOCK, f"98670{number:05}", "5.00", f"4200{number:024}", f"503{number:026}",
            "2026-03-06 10:02:33", "1900007702")


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
        """Changes the set-up further before it is started."""

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

    def test_what_never_arrived_is_admitted_once(self):
        for number in range(self.COUPONS):
            if number % 10 == 0:
                continue  # withheld
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

    def test_a_torn_download_is_refused(self):
        self.api.flows["98065888", "use-flow"] = flow(USE, [used(1)])
        self.api.tears = True
        told = self.command("reconcile", "--stock", "98065888", "--flow", "use", code=1)
        self.api.tears = False
        self.assertIn("SHA-1", told)

    def test_a_users_coupons_are_asked_for(self):
        self.api.coupons["N-1"] = {
            "stock_creator_mchid": "1900000001", "stock_id": "98065999", "coupon_id": "9867099",
            "coupon_name": "代金券", "status": "USED", "description": "",
            "create_time": "2026-03-02T08:11:09+08:00", "coupon_type": "NORMAL",
            "available_begin_time": "2026-03-01T00:00:00+08:00",
            "available_end_time": "2026-04-30T23:59:59+08:00", "no_cash": False,
            "singleitem": False,
            "consume_information": {"consume_time": "2026-03-05T07:58:41+08:00",
                                    "consume_mchid": "1900007702",
                                    "transaction_id": "4200000000000000000000009999"}}
        user = ("--openid", "o-user", "--appid", "wx1")
        applied = self.reconcile(*user, "--apply")
        self.assertEqual((applied["missing"], applied["applied"]["stored"]), (1, 1), applied)
        self.assertEqual(self.reconcile(*user)["matched"], 1)
        self.assertEqual(self.service.get("/coupons/98065999/9867099")["state"], "redeemed")

    def test_the_intake_wants_the_token_and_whole_books(self):
        self.assertEqual(self.service.ask("/books", token=None, method="POST")[0], 401)
        self.assertEqual(self.service.ask("/books", method="POST")[0], 400)

    def test_bad_usage_exits_2(self):
        for arguments in ((), ("--stock", "1"), ("--openid", "o"),
                          ("--openid", "o", "--appid", "a", "--stock", "1")):
            with self.subTest(arguments):
                self.command("reconcile", *arguments, code=2)


class Keeping(RunningTestCase):
    def make_platform(self) -> Platform:
        """Another platform key, whose certificate WeChat Pay lists from now on."""
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


class Doctor(RunningTestCase):
    def test_findings_say_why_and_what_to_do(self):
        self.api.callbacks["favor"] = {"notify_url": "https://pay.example.com/elsewhere"}
        told = json.loads(self.command("doctor", "--json", code=1))
        names = {finding["name"] for finding in told["findings"]}
        self.assertLessEqual({"listener_loopback", "tls_self_signed", "development_key",
                              "callback_elsewhere"}, names)
        for finding in told["findings"]:
            self.assertTrue(finding["why"] and finding["to_do"], finding)

    def test_live_times_each_step_up_to_the_notification(self):
        self.api.on_echo = lambda given: self.client.post(self.platform.notify(
            events.Event("SECURITY_ECHO.SUCCESS", {"echo_message": given["echo_message"]},
                         original_type="security")))
        told = json.loads(self.command("doctor", "--live", "--json", "--url",
                                       "https://pay.example.com/notify/1900000001", code=1))
        self.assertEqual([step["passed"] for step in told["steps"]], [True] * 3, told["steps"])


if __name__ == "__main__":
    unittest.main()
