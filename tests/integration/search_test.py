"""Checks the search of couponhook's status endpoint on SQLite and PostgreSQL: it finds notifications
by every kind of identifier, and replies with their ledger, deliveries and attempts. A user is found
by the digest of the openid; no openid is in a reply, a log line or a URL that the service accepts.
"""

import hashlib
import json
import sqlite3
import unittest
from contextlib import closing
from urllib.parse import quote

from support import events
from support.service import Service, wait_until
from support.stores import PostgresStore, SqliteStore
from support.wechat_pay import Event, Platform
from support.wire import Client

OPENID = "oSearchCanary_0123456789-abc"
HANDLER = """[[handler]]
name = "crm"
type = "http"
events = ["COUPON.USE"]
url = "http://127.0.0.1:9/hook"
secret_file = "secrets/crm"
max_attempts = 1
"""


def digest_of(openid: str) -> str:
    return hashlib.sha256(openid.encode()).hexdigest()


class SearchOn:
    """The tests. A subclass for each database says how to make the store."""

    @classmethod
    def setUpClass(cls):
        service = Service(has_own_keys=False)
        service.write("secrets/crm", "whsec_" + "c" * 32)
        service.append(HANDLER)
        cls.store = cls.make_store(service)
        cls.service = cls.enterClassContext(service)
        cls.platform = Platform.of(cls.service)
        cls.fill()

    @classmethod
    def fill(cls):
        cls.stock = events.digits("7", 12)
        cls.use = events.redeem(stock=cls.stock)
        cls.coupon = cls.use.resource["coupon_id"]
        cls.payment = cls.use.resource["consume_information"]["transaction_id"]
        cls.refund = events.refund(cls.payment)
        cls.issue = events.issue(openid=OPENID)
        sent = {"use-1": cls.use, "refund-1": cls.refund, "issue-1": cls.issue,
                "other-1": Event("MEMBERCARD.ACCEPT_CARD", {"openid": OPENID, "code": "1"}),
                "unrelated-1": events.redeem(stock="1"), "unrelated-2": events.refund()}
        with Client(cls.service) as client:
            for identifier, event in sent.items():
                reply = client.post(cls.platform.notify(event, identifier))
                assert reply.status == 204, reply

    def search(self, q: str, **more):
        target = f"/search?q={quote(q, safe='')}"
        target += "".join(f"&{name}={quote(str(value))}" for name, value in more.items())
        answer = self.service.get(target)
        self.assertNotIn(OPENID, json.dumps(answer))
        return answer

    def found(self, q: str):
        """Returns the found notifications and coupons, each with the kind by which it was found."""
        items = self.search(q)["items"]
        return ({item["notification"]["id"]: item["matched"]
                 for item in items if item["kind"] == "notification"},
                {item["coupon"]["coupon"]: item["matched"]
                 for item in items if item["kind"] == "coupon"})

    def test_a_notification_id_finds_the_whole_history(self):
        def attempted():
            item = self.search("use-1")["items"][-1]
            (delivery,) = item["notification"]["deliveries"]
            return delivery["state"] == "dead" and item
        item = wait_until(attempted, 10, "the failed delivery")
        notification = item["notification"]
        self.assertEqual((notification["id"], notification["type"], notification["state"]),
                         ("use-1", "COUPON.USE", "dead"))
        (delivery,) = notification["deliveries"]
        self.assertEqual((delivery["handler"], delivery["attempts"]), ("crm", 1))
        self.assertEqual(delivery["history"][0]["outcome"], "dead")
        self.assertTrue(delivery["last_error"])
        self.assertEqual(item["fact"]["transaction_id"], self.payment)
        coupon = self.search("use-1")["items"][0]["coupon"]
        self.assertEqual(coupon, self.service.get(f"/coupons/{self.stock}/{self.coupon}"))
        self.assertEqual(self.found("use-1"),
                         ({"use-1": "notification_id"}, {self.coupon: "notification_id"}))

    def test_a_refunds_notification_shows_the_coupon_of_its_payment(self):
        self.assertEqual(self.found("refund-1"),
                         ({"refund-1": "notification_id"}, {self.coupon: "notification_id"}))

    def test_a_coupon_finds_its_redemption_and_refund(self):
        for q in (self.coupon, f"{self.stock}/{self.coupon}"):
            with self.subTest(q):
                self.assertEqual(self.found(q), ({"use-1": "coupon", "refund-1": "coupon"},
                                                 {self.coupon: "coupon"}))
        code = self.issue.resource["coupon_code"]
        self.assertEqual(self.found(code), ({"issue-1": "coupon"}, {code: "coupon"}))

    def test_a_payment_finds_redemption_and_refund(self):
        self.assertEqual(self.found(self.payment),
                         ({"use-1": "transaction_id", "refund-1": "transaction_id"},
                          {self.coupon: "transaction_id"}))

    def test_a_refund_finds_its_notification_and_coupon(self):
        self.assertEqual(self.found(self.refund.resource["refund_id"]),
                         ({"refund-1": "refund_id"}, {self.coupon: "refund_id"}))

    def test_a_stock_is_listed_page_by_page(self):
        stock = events.digits("6", 12)
        coupons = sorted(events.digits("8", 18) for _ in range(7))
        with Client(self.service) as client:
            for coupon in coupons:
                client.post(self.platform.notify(events.redeem(stock, coupon), f"of-{coupon}"))
        seen, notifications, cursor = [], [], None
        while True:
            page = self.search(stock, limit=3, **({"cursor": cursor} if cursor else {}))
            self.assertTrue(all(item["matched"] == "stock_id" for item in page["items"]))
            seen += [item["coupon"]["coupon"] for item in page["items"] if item["kind"] == "coupon"]
            notifications += [item["notification"]["id"] for item in page["items"]
                              if item["kind"] == "notification"]
            if (cursor := page["next_cursor"]) is None:
                break
        self.assertEqual(seen, coupons)
        self.assertEqual(sorted(notifications), [f"of-{coupon}" for coupon in coupons])

    def test_an_openid_is_found_by_its_digest(self):
        for digest in (digest_of(OPENID), digest_of(OPENID).upper()):
            notifications, coupons = self.found(f"openid:{digest}")
            self.assertEqual(notifications, {"issue-1": "openid", "other-1": "openid"})
            self.assertEqual(coupons, {self.issue.resource["coupon_code"]: "openid"})
        first = self.search(f"openid:{digest_of(OPENID)}", limit=1)
        second = self.search(f"openid:{digest_of(OPENID)}", limit=1, cursor=first["next_cursor"])
        self.assertEqual([item["notification"]["id"] for page in (first, second)
                          for item in page["items"] if item["kind"] == "notification"],
                         ["other-1", "issue-1"])
        self.assertIsNone(second["next_cursor"])
        self.assertEqual(self.found(f"openid:{digest_of('somebody')}"), ({}, {}))

    def test_a_plain_openid_is_refused_and_never_logged(self):
        for q in (OPENID, f"openid:{OPENID}", "openid:", "openid:" + "0" * 63):
            with self.subTest(q):
                status, body = self.service.ask(f"/search?q={q}")
                self.assertEqual((status, body["code"]), (400, "PARAM_ERROR"))
                self.assertIn("SHA-256", body["message"])
                self.assertNotIn(OPENID, json.dumps(body))
        self.assertNotIn(OPENID, "\n".join(self.service.stdout + self.service.stderr))
        for table in ("coupon_history", "notification_openids", "deliveries", "history"):
            self.assertNotIn(OPENID, self.dump(table))

    def test_what_is_in_quarantine_is_found_by_its_id(self):
        sealed = Platform(self.platform.key, self.platform.serial, b"k" * 32)
        with Client(self.service) as client:
            client.post(sealed.notify(events.redeem(), "sealed-1"))
        (item,) = self.search("sealed-1")["items"]
        self.assertEqual((item["notification"]["state"], item["fact"]), ("quarantined", None))

    def test_what_is_unknown_is_not_found(self):
        for q in ("no-such-thing", "8" * 18, "a/b", "%", "' OR 1=1 --", "券", "/", self.stock[:-1]):
            with self.subTest(q):
                self.assertEqual(self.search(q),
                                 {"items": [], "more": False, "next_cursor": None})

    def test_wrong_requests_are_refused(self):
        digest = digest_of(OPENID)
        for query in ("", "q=", "q=" + "x" * 129, "q=a%00b", "q=a%ffb", "q=a&limit=0",
                      "q=a&limit=51", "q=a&limit=x", "q=a&cursor=x", "q=a&cursor=00",
                      f"q=openid:{digest}&cursor=x"):
            with self.subTest(query):
                status, body = self.service.ask(f"/search?{query}")
                self.assertEqual((status, body["code"]), (400, "PARAM_ERROR"))
        self.assertEqual(self.service.ask("/search?q=a", token=None)[0], 401)
        self.assertEqual(self.service.ask("/search?q=a", method="POST")[0], 405)

    def test_a_coupon_with_many_redemptions_is_cut(self):
        coupon = events.digits("8", 18)
        with Client(self.service) as client:
            for i in range(55):
                client.post(self.platform.notify(events.redeem(self.stock, coupon), f"multi-{i}"))
        answer = self.search(coupon)
        self.assertTrue(answer["more"])
        self.assertEqual(len(answer["items"]), 51)
        self.assertEqual(len(answer["items"][0]["coupon"]["history"]), 55)


class OnSqlite(SearchOn, unittest.TestCase):
    @staticmethod
    def make_store(service):
        return SqliteStore(service)

    def dump(self, table: str) -> str:
        with closing(sqlite3.connect(f"file:{self.service.database}?mode=ro", uri=True)) as store:
            return str(store.execute(f"SELECT * FROM {table}").fetchall())


class OnPostgres(SearchOn, unittest.TestCase):
    @staticmethod
    def make_store(service):
        return PostgresStore(service)

    def dump(self, table: str) -> str:
        return self.store.server.query(self.store.url, f"SELECT * FROM {table}")


if __name__ == "__main__":
    unittest.main()
