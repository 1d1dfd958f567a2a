"""Checks that the couponhook commands that call WeChat Pay's APIs send the documented requests,
trust only signed replies, and save the data that they fetched. The tests run the commands as a user
types them, over real TLS, against a stand-in for WeChat Pay's APIs that is written from WeChat
Pay's documentation.
"""

import json
import shutil
import socket
import time
import unittest

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from support.pay_api import (MCHID, OTHER_MCHID, PayApi, Refusal, another_merchant,
                             make_certificate)
from support.sandbox import Sandbox
from support.service import PATIENCE, Service, free_port, run
from support.wechat_pay import Platform


def day(distance: int) -> str:
    """Returns the time that is `distance` days after now, in WeChat Pay's format."""
    return time.strftime("%Y-%m-%dT%H:%M:%S+08:00", time.gmtime(time.time() + distance * 86400))


STOCK = {
    "stock_name": "早餐满20减5", "belong_merchant": MCHID,
    "available_begin_time": day(10), "available_end_time": day(40),
    "stock_use_rule": {"max_coupons": 100, "max_amount": 50000, "max_coupons_per_user": 3,
                       "natural_person_limit": False, "prevent_api_abuse": False},
    "coupon_use_rule": {"fixed_normal_coupon": {"coupon_amount": 500, "transaction_minimum": 2000},
                        "available_merchants": [MCHID]},
    "no_cash": False, "stock_type": "NORMAL", "out_request_no": "89560002019101000121",
}
COUPON = {"openid": "o-user", "stock_id": "98065001", "out_request_no": "N-1", "appid": "wx1",
          "stock_creator_mchid": MCHID}


class OutboundTestCase(unittest.TestCase):
    """Base class: the tests of a class share one set-up (configuration, keys and store), which is
    restored before each test."""

    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service(starts=False))
        cls.api = cls.enterClassContext(PayApi(cls.service))
        cls.text = cls.service.config.read_text()
        cls.certificate = cls.service.read("wechatpay/platform_cert.pem")

    def setUp(self):
        self.service.config.write_text(self.text)
        self.service.write("wechatpay/platform_cert.pem", self.certificate)
        shutil.rmtree(self.service.folder / "wechatpay/certificates", ignore_errors=True)
        self.api.reset()

    def command(self, *arguments, **options):
        return run(*arguments, "--config", self.service.config, **options)

    def succeed(self, *arguments, **options) -> str:
        done = self.command(*arguments, **options)
        self.assertEqual(done.returncode, 0, done)
        self.assertEqual(done.stderr, "", done)
        return done.stdout

    def fail_with(self, code: int, *arguments, **options) -> str:
        done = self.command(*arguments, **options)
        self.assertEqual(done.returncode, code, done)
        self.assertNotIn("\n\n", done.stderr)
        return done.stderr


class Calls(OutboundTestCase):
    def test_a_forged_reply_is_rejected(self):
        self.api.forges = True
        self.assertIn("signature", self.fail_with(1, "stock", "show", "98065001"))

    def test_a_reply_under_an_unknown_key_is_rejected(self):
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.api.platform = Platform(key, "7" * 40, self.api.platform.api_v3_key)
        self.assertIn("not loaded", self.fail_with(1, "stock", "show", "98065001"))

    def test_a_passing_failure_is_repeated(self):
        self.api.failures = [Refusal(500, "SYSTEM_ERROR", "系统错误")] * 2
        self.succeed("stock", "show", "98065001")
        self.assertEqual(len(self.api.calls), 3)

    def test_a_refusal_is_reported_once_with_advice(self):
        self.api.failures = [Refusal(403, "NO_AUTH", "商户无权限")]
        seen = self.fail_with(1, "stock", "show", "98065001")
        self.assertEqual(seen.count("\n"), 1)
        self.assertIn("NO_AUTH", seen)
        self.assertEqual(len(self.api.calls), 1)

    def test_an_untrusted_tls_certificate_ends_it(self):
        self.service.configure("merchant.api.ca_file", "")
        seen = self.fail_with(1, "callbacks", "set", "--product", "busifavor", "--no-probe",
                              "--url", "https://pay.example.com/notify")
        self.assertIn("TLS", seen)
        self.assertEqual(self.api.calls, [])

    def test_plain_http_goes_to_loopback_only(self):
        self.service.configure("merchant.api.base_url", "http://api.example.com")
        self.assertIn("base_url", self.fail_with(2, "stock", "show", "98065001"))


class Certificates(OutboundTestCase):
    def kept(self):
        return sorted(file.name for file in
                      (self.service.folder / "wechatpay/certificates").glob("*"))

    def add_certificate(self, days=365) -> str:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        certificate = make_certificate(key, days)
        self.api.certificates.append(
            certificate.public_bytes(serialization.Encoding.PEM).decode())
        return f"{certificate.serial_number:040X}"

    def test_the_first_fetch_needs_no_certificate(self):
        (self.service.folder / "wechatpay/platform_cert.pem").unlink()
        self.service.configure("merchant.platform_certificates", [])
        self.succeed("certificates", "fetch")
        self.assertEqual(self.kept(), [f"wechatpay_{self.api.platform.serial}.pem"])
        self.succeed("stock", "show", "98065001")

    def test_two_merchants_have_keys_and_folders_of_their_own(self):
        self.api.mchids.add(OTHER_MCHID)
        self.service.append(another_merchant(self.service))
        self.assertIn("--mchid", self.fail_with(2, "certificates", "fetch"))
        self.succeed("certificates", "fetch", "--mchid", OTHER_MCHID)
        others = [each.name for each in (self.service.folder / "wechatpay/others").glob("*")]
        self.assertEqual((len(others), self.kept()), (1, []))
        self.succeed("certificates", "fetch", "--mchid", MCHID)
        self.assertEqual(self.kept(), others)
        self.succeed("stock", "show", "98065001", "--mchid", OTHER_MCHID)
        self.assertEqual(self.api.callers, [OTHER_MCHID, MCHID, OTHER_MCHID])

    def test_a_damaged_file_is_rewritten(self):
        self.succeed("certificates", "fetch")
        (file,) = (self.service.folder / "wechatpay/certificates").glob("*")
        whole = file.read_text()
        file.write_text(whole[:200])
        self.succeed("certificates", "fetch")
        self.assertEqual(file.read_text(), whole)

    def test_several_are_kept_and_an_expired_one_is_not(self):
        expired = self.add_certificate(days=-1)
        new = self.add_certificate()
        seen = self.succeed("certificates", "fetch")
        self.assertIn(new, seen)
        self.assertEqual(self.kept(), sorted(
            f"wechatpay_{serial}.pem" for serial in (new, self.api.platform.serial)))
        self.assertNotIn(expired, seen)
        self.assertIn("0 new", self.succeed("certificates", "fetch"))

    def test_one_that_cannot_be_opened_changes_nothing(self):
        self.succeed("certificates", "fetch")
        before = self.kept()
        self.add_certificate()
        sealed = self.api.sealed
        self.api.sealed = lambda pem: {
            **sealed(pem), "encrypt_certificate": {**sealed(pem)["encrypt_certificate"],
                                                   "nonce": "000000000000"}}
        self.fail_with(1, "certificates", "fetch")
        self.assertEqual(self.kept(), before)

    def test_public_key_merchants_are_never_asked_for(self):
        self.service.configure("merchant.api.certificate_refresh_minutes", 0)
        seen = self.fail_with(2, "certificates", "fetch")
        self.assertIn("certificate_refresh_minutes", seen)
        self.assertIn("public key", seen)
        self.assertEqual(self.api.calls, [])


class FreshSetUp(unittest.TestCase):
    """Tests of the configuration that `couponhook init` made, without changes."""

    def test_the_steps_to_fetch_certificates_are_shown(self):
        service = self.enterContext(Service(starts=False))
        service.configure("merchant.api.base_url", f"https://127.0.0.1:{free_port()}")
        fetch = ("certificates", "fetch", "--config", service.config)
        alone = run(*fetch)
        self.assertEqual(alone.returncode, 1, alone)
        self.assertIn("couponhook sandbox", alone.stderr)
        sandbox = self.enterContext(Sandbox(service, notify="none"))
        service.configure("merchant.api.base_url", sandbox.url)
        fetched = run(*fetch)
        self.assertEqual(fetched.returncode, 0, fetched)
        self.assertIn("1 kept in", fetched.stdout)


class Ending(unittest.TestCase):
    def test_a_fetch_that_hangs_does_not_delay_the_stop(self):
        service = self.enterContext(Service(starts=False))
        silent = self.enterContext(socket.create_server(("127.0.0.1", 0)))
        service.configure("merchant.api.base_url",
                          f"https://127.0.0.1:{silent.getsockname()[1]}")
        service.start()
        self.enterContext(silent.accept()[0])
        begun = time.monotonic()
        self.assertEqual(service.stop(), 0)
        self.assertLess(time.monotonic() - begun, 2 * PATIENCE, "10 s is what a call may take")
        self.assertEqual(service.logs(event="certificates_not_fetched"), [])


class Callbacks(OutboundTestCase):
    URL = "https://pay.example.com/notify/1900000001"

    def test_what_was_set_is_what_is_got(self):
        for product in ("favor", "busifavor"):
            with self.subTest(product):
                self.succeed("callbacks", "set", "--product", product, "--url", self.URL,
                             "--no-probe")
                self.assertIn(self.URL, self.succeed("callbacks", "get", "--product", product))
                shown = json.loads(
                    self.succeed("callbacks", "get", "--product", product, "--json"))
                self.assertEqual(shown["notify_url"], self.URL)

    def test_switching_keeps_the_url(self):
        self.succeed("callbacks", "set", "--product", "favor", "--url", self.URL, "--no-probe")
        self.succeed("callbacks", "set", "--product", "favor", "--switch", "off")
        self.assertEqual(self.api.callbacks["favor"]["notify_url"], self.URL)
        self.assertIs(self.api.callbacks["favor"]["switch"], False)

    def test_every_broken_rule_is_reported_and_nothing_sent(self):
        seen = self.fail_with(2, "callbacks", "set", "--product", "favor", "--url",
                              "http://127.0.0.1/notify?x=1")
        self.assertIn("https", seen)
        self.assertIn("query", seen)
        self.assertEqual(self.api.calls, [])

    def test_an_unreachable_url_is_not_set(self):
        seen = self.fail_with(1, "callbacks", "set", "--product", "favor", "--url",
                              "https://couponhook.invalid/notify")
        self.assertIn("couponhook.invalid", seen)
        self.assertEqual(self.api.calls, [])


class Coupons(OutboundTestCase):
    def test_a_stock_is_created_from_standard_input(self):
        seen = self.succeed("stock", "create", input=json.dumps(STOCK))
        self.assertIn("98065001", seen)
        method, path, _, body = self.api.calls[0]
        self.assertEqual((method, path), ("POST", "/v3/marketing/favor/coupon-stocks"))
        self.assertEqual(json.loads(body)["stock_use_rule"]["max_amount"], 50000)

    def test_an_invalid_stock_is_reported_rule_by_rule_and_not_sent(self):
        broken = {**STOCK, "stock_name": "", "stock_type": "ODD", "no_cash": "no", "spare": 1,
                  "available_begin_time": "tomorrow"}
        self.service.write("stock.json", json.dumps(broken))
        seen = self.fail_with(2, "stock", "create", self.service.folder / "stock.json")
        for field in ("stock_name", "stock_type", "no_cash", "spare", "available_begin_time"):
            self.assertIn(f"stock create: {field}: ", seen)
        self.assertEqual(self.api.calls, [])

    def test_a_stock_is_started_paused_and_restarted(self):
        for verb in ("start", "pause", "restart"):
            with self.subTest(verb):
                self.assertIn("98065001", self.succeed("stock", verb, "98065001"))
                self.assertEqual(self.api.calls[-1][1],
                                 f"/v3/marketing/favor/stocks/98065001/{verb}")

    def test_stocks_are_listed_and_shown(self):
        listed = self.succeed("stock", "list", "--status", "running")
        self.assertIn("98065002", listed)
        self.assertIn("more: --offset 1", listed)
        self.assertEqual(self.api.calls[-1][2]["stock_creator_mchid"], MCHID)
        self.assertIn("微信支付代金券批次", self.succeed("stock", "show", "98065001"))
        self.assertEqual(json.loads(self.succeed("stock", "list", "--json"))["total_count"], 12)

    def test_members_come_page_by_page(self):
        for what in ("merchants", "items"):
            with self.subTest(what):
                first = self.succeed("stock", what, "98065001")
                self.assertIn(f"{what}-49\n", first)
                self.assertIn("more: --offset 1", first)
                second = self.succeed("stock", what, "98065001", "--offset", "1")
                self.assertIn(f"{what}-59\n", second)
                self.assertNotIn("more", second)

    def test_a_coupon_is_sent_shown_and_listed(self):
        sent = self.succeed("coupon", "send", input=json.dumps(COUPON))
        again = self.succeed("coupon", "send", input=json.dumps(COUPON))
        self.assertEqual(sent, again, "the same out_request_no is the same coupon")
        user = ("--openid", "o-user", "--appid", "wx1")
        self.assertIn("SENDED", self.succeed("coupon", "show", "9867041", *user))
        self.assertIn("9867041", self.succeed("coupon", "list", *user))
        self.assertEqual(self.api.calls[-1][2]["creator_mchid"], MCHID)

    def test_a_coupon_that_is_not_there_exits_1(self):
        seen = self.fail_with(1, "coupon", "show", "1", "--openid", "o-user", "--appid", "wx1")
        self.assertIn("RESOURCE_NOT_EXISTS", seen)

    def test_an_invalid_coupon_is_reported_rule_by_rule_and_not_sent(self):
        seen = self.fail_with(2, "coupon", "send", input=json.dumps({"stock_id": "x"}))
        for field in ("openid", "stock_id", "out_request_no"):
            self.assertIn(f"coupon send: {field}: ", seen)
        self.assertEqual(self.api.calls, [])

    def test_an_h5_link_is_made_without_a_call(self):
        link = self.succeed("h5-link", "--stock", "1", "--out-request-no", "N-1", "--merchant",
                            MCHID, "--open-id", "o-user")
        self.assertRegex(link, r"^https://action\.weixin\.qq\.com/.*sign=[0-9A-F]{64}.*"
                               r"#wechat_redirect\n$")
        self.assertEqual(self.api.calls, [])


if __name__ == "__main__":
    unittest.main()
