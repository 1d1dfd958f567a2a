"""Checks couponhook on a disk whose flushes (fsync) take seconds: it must acknowledge all
notifications that it can store within the time limit of a reply, stay ready, and still store the
others. A preloaded library makes flushes as slow as a test requires.
"""

import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

from support import events
from support.service import Service, run, wait_until
from support.slow_disk import SlowDisk
from support.target import Target, add_http_handler, make_secret
from support.wechat_pay import Platform
from support.wire import Client, Connection

FLUSH_MS = 1500


class SlowDiskCase(unittest.TestCase):
    def begin(self, handlers=("crm",), answer=lambda call: 204, **settings):
        self.disk = self.enterContext(SlowDisk())
        self.target = self.enterContext(Target(answer))
        service = Service({"store.maintenance_interval_s": 1, **settings}, starts=False,
                          has_own_keys=False)
        service.environment = self.disk.environment
        for name in handlers:
            add_http_handler(service, self.target.url, make_secret(), name, retry_initial_ms=20,
                             retry_max_ms=100)
        self.service = self.enterContext(service)
        self.service.start()
        self.platform = Platform.of(self.service)
        wait_until(lambda: self.service.ask("/readyz", token=None)[0] == 200, 10, "readiness")
        # Removes the flush delay at the end of the test, because the shutdown of couponhook would
        # otherwise be slow too.
        self.addCleanup(setattr, self.disk, "flush_ms", 0)

    def send(self, count, over_s, description=""):
        """Sends `count` notifications within `over_s` seconds, each on a new connection. Returns
        the reply to each notification, by notification id."""
        def post(number):
            time.sleep(number * over_s / count)
            event = events.redeem()
            event.resource["description"] = description
            id = f"slow-{number}"
            with Connection(self.service) as connection:
                return id, connection.post(self.platform.notify(event, id))

        with ThreadPoolExecutor(count) as pool:
            return dict(pool.map(post, range(count)))

    def assert_all_acknowledged(self, replies):
        refused = {id: str(reply) for id, reply in replies.items() if reply.status != 204}
        self.assertEqual(refused, {}, f"of {len(replies)}")

    def watch_readiness(self):
        """Requests /readyz again and again, like a load balancer. Returns a function that stops
        this and returns couponhook's answers."""
        over, answers = threading.Event(), []

        def ask():
            while not over.wait(0.2):
                begun = time.monotonic()
                status, body = self.service.ask("/readyz", token=None)
                answers.append((status, body["reasons"], time.monotonic() - begun))

        thread = threading.Thread(target=ask)
        thread.start()

        def stop():
            over.set()
            thread.join()
            return answers

        self.addCleanup(stop)
        return stop


class Admissions(SlowDiskCase):
    def test_all_are_acknowledged_beside_deliveries_and_it_stays_ready(self):
        self.begin(handlers=("crm", "erp", "bi"))
        self.disk.flush_ms = FLUSH_MS
        stop = self.watch_readiness()
        replies = self.send(60, over_s=6)
        answers = stop()
        self.assert_all_acknowledged(replies)
        self.assertGreater(len(answers), 5, "it was asked")
        self.assertEqual([reasons for status, reasons, _ in answers if status != 200], [])
        took = max(took for _, _, took in answers)
        self.assertLess(took, 4, "health checks give up")
        self.disk.flush_ms = 0
        wait_until(lambda: self.service.get("/status")["deliveries"]["done"] == 180, 20,
                   "the deliveries")

    def test_a_checkpoint_delays_no_reply(self):
        # SQLite copies its write-ahead log into the database file after every 16 MB (a checkpoint);
        # a checkpoint needs two more flushes.
        self.begin()
        self.disk.flush_ms = FLUSH_MS
        replies = self.send(30, over_s=4, description="x" * 400_000)
        self.assert_all_acknowledged(replies)
        self.disk.flush_ms = 0
        log = self.service.database.with_name(self.service.database.name + "-wal")
        self.assertLess(log.stat().st_size, 200_000_000)

    def test_a_purge_without_pauses_delays_no_reply(self):
        self.begin()
        self.disk.flush_ms = FLUSH_MS
        over = threading.Event()

        def purge():
            while not over.is_set():
                run("store", "purge", "--config", self.service.config, "--hurry")

        purging = threading.Thread(target=purge)
        purging.start()
        try:
            replies = self.send(20, over_s=4)
        finally:
            over.set()
            purging.join()
        self.assert_all_acknowledged(replies)


class TooSlow(SlowDiskCase):
    def test_a_commit_over_the_budget_is_503_in_time_stored_and_counted(self):
        self.begin(handlers=(), **{"listener.reply_budget_ms": 500})
        self.disk.flush_ms = 2500
        begun = time.monotonic()
        with Client(self.service) as client:
            reply = client.post(self.platform.notify(events.redeem(), "late"))
        took = time.monotonic() - begun
        self.assertEqual((reply.status, reply.code), (503, "STORE_UNAVAILABLE"))
        self.assertLess(took, 2.4, "the budget, not the disk, decides when it replies")
        status, body = wait_until(
            lambda: (asked := self.service.ask("/readyz", token=None))[0] == 503 and asked, 5,
            "a commit that takes longer than the budget to show")
        self.assertIn("store", body["reasons"][0])
        self.disk.flush_ms = 0
        wait_until(lambda: self.service.ask("/readyz", token=None)[0] == 200, 10, "its return")
        self.assertEqual(self.service.count_rows(), 1)
        with Client(self.service) as client:
            self.assertEqual(client.post(self.platform.notify(events.redeem(), "next")).status, 204)


if __name__ == "__main__":
    unittest.main()
