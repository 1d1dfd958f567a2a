"""Checks over real TLS that a couponhook command calls every API in the source code and handles
success and error replies, and that the commands tell the user what to do about every documented
error code of WeChat Pay. The tests run the commands against the sandbox, with one row for each API
or error code; the test fails if a row for an API or code in the source code is missing.
"""

import json
import re
import time
import unittest
from pathlib import Path

from support.images import png
from support.merchant import Merchant
from support.sandbox import Sandbox, beijing_time, stock_body
from support.service import Service, run

SOURCE = Path(__file__).resolve().parents[2] / "wechatpay"
APPID = "wx0000000000000001"
URL = "https://pay.example.com/notify"


def catalogue() -> dict:
    """Returns all APIs that are listed in wechatpay/api_catalogue.cpp, as a dictionary from name to
    path."""
    text = (SOURCE / "api_catalogue.cpp").read_text()
    return dict(re.findall(r'k\w+,\s*"(\w+)",[^"]+"(/v3/[^"]+)"', text))


def documented_errors() -> dict:
    """Returns all error codes that are listed in wechatpay/error_catalogue.cpp, as a dictionary
    from code to retry advice."""
    text = (SOURCE / "error_catalogue.cpp").read_text()
    return dict(re.findall(r'\{"([A-Z_]+)",\s*Retry::k(\w+),', text))


class RoundTrip(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service())
        cls.sandbox = cls.enterClassContext(Sandbox(cls.service))
        cls.service.configure("merchant.api.base_url", cls.sandbox.url)
        cls.config = cls.service.config_for_commands()
        cls.mchid = Merchant(cls.service, cls.sandbox).mchid
        cls.stock = cls.create_stock()
        cls.must("stock", "start", cls.stock)
        cls.coupon = cls.send("N-1")
        cls.code = cls.sandbox.issue("22000001", openid="oUser", appid=APPID)["coupon_id"]

    @classmethod
    def command(cls, *arguments):
        return run(*arguments, "--config", cls.config)

    @classmethod
    def must(cls, *arguments) -> str:
        done = cls.command(*arguments)
        if done.returncode != 0:
            raise AssertionError(done)
        return done.stdout

    @classmethod
    def write_stock(cls):
        soon = beijing_time(time.time() + 600)
        cls.service.write("stock.json", json.dumps(stock_body(available_begin_time=soon)))
        return cls.service.folder / "stock.json"

    @classmethod
    def create_stock(cls) -> str:
        return json.loads(cls.must("stock", "create", cls.write_stock(), "--json"))["stock_id"]

    @classmethod
    def write_image(cls):
        image = cls.service.folder / "logo.png"
        image.write_bytes(png(120, 120))
        return image

    @classmethod
    def write_coupon(cls, number):
        body = {"openid": "oUser", "stock_id": cls.stock, "out_request_no": number, "appid": APPID,
                "stock_creator_mchid": cls.mchid}
        cls.service.write("coupon.json", json.dumps(body))
        return cls.service.folder / "coupon.json"

    @classmethod
    def send(cls, number) -> str:
        sent = cls.must("coupon", "send", cls.write_coupon(number), "--json")
        return json.loads(sent)["coupon_id"]

    def rows(self) -> dict:
        """Returns for each of WeChat Pay's APIs the couponhook command that calls it, and a text
        that the command must print."""
        user = ("--openid", "oUser", "--appid", APPID)
        fresh, ended = self.create_stock(), self.create_stock()
        self.must("stock", "start", ended)
        self.sandbox.ask("end", stock_id=ended)
        flow = ("reconcile", "--stock", ended, "--flow")
        spent = self.send(f"N-{time.time_ns()}")
        self.sandbox.ask("redeem", coupon_id=spent)
        refunded = self.sandbox.ask("refund", coupon_id=spent)
        return {
            "certificates": (("certificates", "fetch"), "kept in"),
            "favor_callback_set": (("callbacks", "set", "--product", "favor", "--url", URL,
                                    "--no-probe"), URL),
            "favor_callback_get": (("callbacks", "get", "--product", "favor"), URL),
            "busifavor_callback_set": (("callbacks", "set", "--product", "busifavor", "--url", URL,
                                        "--no-probe"), URL),
            "busifavor_callback_get": (("callbacks", "get", "--product", "busifavor"), URL),
            "stock_create": (("stock", "create", self.write_stock()), "stock_id"),
            "stock_start": (("stock", "start", fresh), fresh),
            "stock_pause": (("stock", "pause", fresh), fresh),
            "stock_restart": (("stock", "restart", fresh), fresh),
            "stock_list": (("stock", "list", "--status", "running"), self.stock),
            "stock_show": (("stock", "show", self.stock), "满20减5"),
            "stock_merchants": (("stock", "merchants", self.stock), "1900000002"),
            "stock_items": (("stock", "items", self.stock), "soy_milk_300"),
            "use_flow": ((*flow, "use"), "0 in WeChat Pay's records"),
            "refund_flow": ((*flow, "refund"), "0 in WeChat Pay's records"),
            "flow_download": ((*flow, "use"), "0 in WeChat Pay's records"),
            "coupon_send": (("coupon", "send", self.write_coupon("N-2")), "coupon_id"),
            "coupon_show": (("coupon", "show", self.coupon, *user), "SENDED"),
            "coupon_list": (("coupon", "list", *user), self.coupon),
            "busifavor_coupon_show": (("busifavor", "show", self.code, *user), "SENDED"),
            "busifavor_coupon_list": (("busifavor", "list", *user), self.code),
            "image_upload": (("image", "upload", self.write_image()), "https://"),
            "refund_show": (("reconcile", "--refund", refunded["out_refund_no"]),
                            refunded["refund_id"]),
        }

    def order_error(self, path, code, status=400):
        """Tells the sandbox to reply with this error code to the next call whose path begins with
        `path`, up to the first "{"."""
        self.sandbox.ask("fail", path=path.split("{")[0], status=status, code=code, count=1,
                         message="ordered")

    def test_every_api_is_refused_and_answered(self):
        apis, rows = catalogue(), self.rows()
        # The API POST /v3/security/echo is not called here, because its notification needs a public
        # address; reconcile_test.py covers it.
        self.assertEqual(set(apis) - {"security_echo"}, set(rows))
        for name, (arguments, seen) in rows.items():
            with self.subTest(name):
                self.order_error(apis[name], "INVALID_REQUEST")
                refused = self.command(*arguments)
                self.assertEqual((refused.returncode, refused.stdout), (1, ""), refused)
                self.assertEqual(refused.stderr.count("\n"), 1, refused)
                self.assertIn("INVALID_REQUEST", refused.stderr)
                self.assertIn(name, refused.stderr)
                answered = self.command(*arguments)
                self.assertEqual((answered.returncode, answered.stderr), (0, ""), answered)
                self.assertIn(seen, answered.stdout)

    def test_a_list_goes_on_from_page_to_page(self):
        stock = self.create_stock()
        self.must("stock", "start", stock)
        sent = self.sandbox.ask("issue", stock_id=stock, openid="oMany", appid=APPID, count=45)
        for product, coupons in (
                ("coupon", {each["coupon_id"] for each in sent["coupons"]}),
                ("busifavor", {self.sandbox.issue("22000002", openid="oMany",
                                                  appid=APPID)["coupon_id"] for _ in range(45)})):
            with self.subTest(product):
                listed, pages, seen = [], 0, "more: --offset 0"
                while more := re.search(r"more: --offset (\d+)", seen):
                    seen = self.must(product, "list", "--openid", "oMany", "--appid", APPID,
                                     "--offset", more[1])
                    listed += [line.split()[0] for line in seen.splitlines()[1:]
                               if "more:" not in line]
                    pages += 1
                self.assertEqual((pages, len(listed)), (3, 45), seen)
                self.assertEqual(set(listed), coupons)

    def test_every_documented_error_says_what_to_do(self):
        errors = documented_errors()
        self.assertGreater(len(errors), 15)
        generic = self.refusal("NEVER_HEARD_OF")
        for code, repetition in errors.items():
            with self.subTest(code):
                if repetition == "Never":
                    seen = self.refusal(code)
                    self.assertIn(code, seen)
                    self.assertNotEqual(seen.replace(code, "NEVER_HEARD_OF"), generic)
                else:
                    self.order_error("/v3/marketing/favor/stocks/{stock_id}", code, 500)
                    self.must("stock", "show", self.stock)

    def refusal(self, code) -> str:
        """Returns the message that a command prints about this error code, without the parts that
        differ between two calls."""
        self.order_error("/v3/marketing/favor/stocks/{stock_id}", code)
        done = self.command("stock", "show", self.stock)
        self.assertEqual(done.returncode, 1, done)
        return re.sub(r"[0-9a-f-]{36}", "", done.stderr)


if __name__ == "__main__":
    unittest.main()
