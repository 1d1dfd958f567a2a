"""Checks that couponhook never acknowledges a notification while SQLite cannot commit, and
continues as soon as SQLite can commit again. In the tests, another process locks the SQLite file,
or a resource limit stops the file from growing.
"""

import resource
import sqlite3
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager

from support import events
from support.case import ServiceTestCase
from support.service import PATIENCE, wait_until
from support.wire import Connection

BUDGET_S = 0.6


class StoreTestCase(ServiceTestCase):
    def assert_unavailable(self, reply, code="STORE_UNAVAILABLE"):
        self.assert_refused(reply, 503, code)
        self.assertRegex(reply.headers.get("retry-after", ""), r"^\d+$", "when to come again")

    def wait_until_ready(self):
        wait_until(lambda: self.service.ask("/readyz", token=None)[0] == 200, 10, "readiness")


class Locked(StoreTestCase):
    settings = {"listener.reply_budget_ms": int(BUDGET_S * 1000), "store.max_queued": 4,
                "store.max_batch": 1}

    @contextmanager
    def lock(self):
        with closing(sqlite3.connect(self.service.database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
        self.wait_until_ready()

    def test_a_commit_over_the_budget_is_503_in_time(self):
        with self.lock():
            begun = time.monotonic()
            reply = self.post(self.platform.notify(events.redeem()))
            took = time.monotonic() - begun
            self.assert_unavailable(reply)
            self.assertLess(took, BUDGET_S + 0.5 * PATIENCE, "WeChat Pay gives up at 5 s")

    def test_a_notification_refused_with_503_is_stored_once_when_sent_again(self):
        event = events.redeem()
        with self.lock():
            self.assert_unavailable(self.post(self.platform.notify(event, "again")))
        self.assert_stored(self.post(self.platform.notify(event, "again")))
        self.assertEqual(self.service.rows("SELECT count(*) FROM notifications WHERE id = 'again'"),
                         [(1,)])
        coupon = event.resource["coupon_id"]
        self.assertEqual(len(self.service.get(f"/coupons/19733211/{coupon}")["history"]), 1)

    def test_it_is_not_ready_says_why_and_becomes_ready_again(self):
        with self.lock():
            status, body = wait_until(
                lambda: (asked := self.service.ask("/readyz", token=None))[0] == 503 and asked,
                5, "the store's failure to show")
            self.assertIn("store", " ".join(body["reasons"]))
            self.assertEqual(self.service.ask("/livez", token=None)[0], 200, "it is alive")

    def test_status_answers_at_once_and_says_that_the_store_fails(self):
        with self.lock():
            wait_until(lambda: not self.service.get("/status")["store"]["ok"], 5, "store.ok: false")
            begun = time.monotonic()
            self.assertFalse(self.service.get("/status")["ready"])
            self.assertLess(time.monotonic() - begun, 0.25 * PATIENCE)

    def test_a_full_queue_is_overloaded_at_once(self):
        requests = [self.platform.notify(events.redeem()) for _ in range(12)]

        def post(request):
            with Connection(self.service) as connection:
                begun = time.monotonic()
                return connection.post(request), time.monotonic() - begun

        with self.lock(), ThreadPoolExecutor(len(requests)) as pool:
            results = list(pool.map(post, requests))
        refused = [(reply, took) for reply, took in results if reply.code == "OVERLOADED"]
        self.assertGreaterEqual(len(refused), 12 - 4 - 2, [str(reply) for reply, _ in results])
        for reply, took in refused:
            self.assert_unavailable(reply, "OVERLOADED")
            self.assertLess(took, BUDGET_S, "it does not wait for what will not come")

    def test_unsigned_requests_are_refused_as_usual(self):
        with self.lock():
            request = self.platform.notify(events.redeem()).without("Wechatpay-Serial")
            self.assert_refused(self.post(request), 401, "HEADERS_MISSING")


class Full(StoreTestCase):
    """Tests with an imitation of a full disk: a resource limit stops all files of couponhook from
    growing."""

    @contextmanager
    def no_room(self):
        pid = self.service.process.pid
        limits = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        largest = max(f.stat().st_size for f in self.service.database.parent.iterdir())
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (max(largest, 4096), limits[1]))
        try:
            yield
        finally:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)

    def large(self, id):
        event = events.redeem()
        event.resource["description"] = "x" * 200_000
        return self.platform.notify(event, id)

    def test_a_full_disk_acknowledges_nothing_and_recovers(self):
        acknowledged = []
        with self.no_room():
            for i in range(30):
                if (reply := self.post(self.large(f"full-{i}"))).status == 204:
                    acknowledged.append(f"full-{i}")
            self.assert_unavailable(reply)
            self.assertIsNone(self.service.process.poll(), "it lives on")
            self.assertTrue(self.service.logs(event="store_failed"), "the log says why")
        self.wait_until_ready()
        for i in range(30):
            self.assert_stored(self.post(self.large(f"full-{i}")))
        kept = {row[0] for row in self.service.rows("SELECT id FROM notifications")}
        self.assertEqual(set(acknowledged) - kept, set(), "acknowledged and lost")
        self.assertEqual(self.service.rows("PRAGMA integrity_check"), [("ok",)])


if __name__ == "__main__":
    unittest.main()
