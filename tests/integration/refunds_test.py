"""Checks refunds in money from end to end: the sandbox (a simulated WeChat Pay) redeems and refunds
coupons, couponhook's ledger derives states and sums, and `reconcile --refund` adds what no
notification reported. All calls go over TLS.
"""

import json
import unittest

from support.merchant import Merchant
from support.sandbox import Sandbox, stock_body
from support.service import Service, run, wait_until

FAVOR = "/v3/marketing/favor"


class Refunds(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.service = cls.enterClassContext(Service())
        cls.sandbox = cls.enterClassContext(Sandbox(cls.service, "--speed", 240))
        cls.service.configure("merchant.api.base_url", cls.sandbox.url)
        cls.config = cls.service.config_for_commands()
        merchant = Merchant(cls.service, cls.sandbox)
        cls.stock = merchant.post(f"{FAVOR}/coupon-stocks", stock_body()).json["stock_id"]
        merchant.post(f"{FAVOR}/stocks/{cls.stock}/start", {"stock_creator_mchid": merchant.mchid})

    def setUp(self):
        self.lose(0)

    def lose(self, percent):
        self.sandbox.ask("faults", lose_percent=percent)

    def redeem(self):
        coupon = self.sandbox.ask("issue", stock_id=self.stock, count=1)["coupons"][0]["coupon_id"]
        self.sandbox.ask("redeem", coupon_id=coupon, total=3000)
        return coupon

    def ledger(self, coupon):
        status, ledger = self.service.ask(f"/coupons/{self.stock}/{coupon}")
        return ledger if status == 200 else {"state": None, "history": []}

    def wait_for_facts(self, coupon, count):
        wait_until(lambda: len(self.ledger(coupon)["history"]) == count, 20, f"{count} facts")
        return self.ledger(coupon)

    def command(self, *arguments, code=0):
        done = run(*arguments, "--config", self.config)
        self.assertEqual(done.returncode, code, done)
        return done.stdout if code == 0 else done.stderr

    def reconcile(self, number, *options):
        return json.loads(self.command("reconcile", "--refund", number, "--json", *options))

    def test_parts_then_the_rest(self):
        coupon = self.redeem()
        first = self.sandbox.ask("refund", coupon_id=coupon, amount=1000)
        ledger = self.wait_for_facts(coupon, 2)
        self.assertEqual(ledger["state"], "partly_refunded")
        self.assertEqual(ledger["refunds"], {
            "count": 1, "without_amounts": 0, "order_total": 3000, "refund": 1000,
            "payer_refund": 833, "coupon_refund": 167})
        printed = self.command("ledger", self.stock, coupon)
        self.assertIn("partly_refunded", printed)
        self.assertIn("refunded 10.00 of 30.00 yuan: 8.33 to the payer, 1.67 to coupons", printed)
        self.sandbox.ask("refund", coupon_id=coupon)
        ledger = self.wait_for_facts(coupon, 3)
        self.assertEqual((ledger["state"], ledger["refunds"]["coupon_refund"]), ("refunded", 500))
        found = self.reconcile(first["out_refund_no"])
        self.assertEqual((found["differing"], found["missing"]), (1, 0), found)
        self.assertIn("share of coupon", found["rows"][0]["differences"])
        applied = self.reconcile(first["out_refund_no"], "--apply")
        self.assertEqual(applied["applied"]["stored"], 1, applied)
        self.assertEqual(self.reconcile(first["out_refund_no"], "--apply")["matched"], 1)

    def test_a_lost_refund_of_a_coupon_whose_redemption_was_lost(self):
        self.lose(100)
        coupon = self.redeem()
        made = self.sandbox.ask("refund", coupon_id=coupon, amount=600, payer_amount=500)
        number = made["out_refund_no"]
        self.assertEqual(self.reconcile(number)["missing"], 1)
        self.assertEqual(self.ledger(coupon)["state"], None, "without --apply nothing is stored")
        self.assertEqual(self.reconcile(number, "--apply")["applied"]["stored"], 1)
        ledger = self.ledger(coupon)
        self.assertEqual(ledger["state"], "partly_refunded")
        self.assertEqual(ledger["refunds"]["coupon_share"], 100)
        (fact,) = ledger["history"]
        self.assertEqual((fact["source"], fact["out_refund_no"]), ("reconcile", number))
        self.assertEqual(fact["coupon_share"], {"amount": 500, "refund_amount": 100})
        again = self.reconcile(number, "--apply")
        self.assertEqual((again["matched"], again["applied"]["stored"]), (1, 0), again)

    def test_a_refund_that_failed_returns_nothing(self):
        coupon = self.redeem()
        made = self.sandbox.ask("refund", coupon_id=coupon, status="ABNORMAL",
                                out_refund_no="RF-failed@1")
        self.assertEqual(self.wait_for_facts(coupon, 2)["state"], "redeemed")
        self.assertNotIn("refunds", self.ledger(coupon))
        printed = self.command("reconcile", "--refund", "RF-failed@1", "--apply")
        self.assertIn(f"{made['refund_id']} of transaction", printed)
        self.assertIn("ABNORMAL, so nothing", printed)
        self.assertIn("0 in WeChat Pay's records, 0 in the store", printed)

    def test_an_unknown_refund_says_which_number_is_meant(self):
        refused = self.command("reconcile", "--refund", "RF-nobody", code=1)
        self.assertIn("RESOURCE_NOT_EXISTS", refused)
        self.assertIn("out_refund_no", refused)

    def test_wrong_usage_is_refused_before_asking(self):
        self.assertIn("64", self.command("reconcile", "--refund", "a b", code=2))
        self.assertIn("--refund", self.command("reconcile", "--refund", "1", "--stock", "1",
                                               "--flow", "use", code=2))
        self.assertIn("--refund", self.command("reconcile", "--sub-mchid", "1", code=2))


if __name__ == "__main__":
    unittest.main()
