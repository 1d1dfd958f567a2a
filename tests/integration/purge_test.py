"""Checks that rows of the store that are older than the retention times are removed, by the purge
command and by couponhook itself, and that arriving notifications are not delayed meanwhile. The
tests change the times of rows in the store, and run with SQLite and with PostgreSQL.
"""

import itertools
import json
import subprocess
import time
import unittest

from support import events
from support.case import ServiceTestCase
from support.service import BINARY, LONG, PATIENCE, run, wait_until
from support.stores import PostgresStore, SqliteStore
from support.wire import Connection, Load

DAY_MS = 86_400_000


class PurgeTestCase(ServiceTestCase):
    engine = SqliteStore

    @classmethod
    def prepare(cls, service):
        cls.store = cls.engine(service)

    def receive(self, *ids):
        for id in ids:
            self.assert_stored(self.post(self.platform.notify(events.redeem(), id)))

    def make_old(self, days, id):
        """Makes the notification `id` and all notifications before it this many days old. The
        earlier ones must not be younger, because rows are stored in the order of arrival."""
        received = int(time.time() * 1000) - days * DAY_MS
        self.store.execute(
            f"UPDATE notifications SET received_at = {received} WHERE received_at > {received} "
            f"AND seq <= (SELECT seq FROM notifications WHERE id = '{id}')")

    def purge(self, *options, code=0):
        done = run("store", "purge", "--config", self.service.config, *options)
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stdout if code == 0 else done.stderr

    def payload_of(self, id):
        return self.service.get(f"/notifications/{id}")["resource"]


class ByCommand(PurgeTestCase):
    def test_it_purges_old_data_beside_a_running_service(self):
        self.receive("gone", "empty", "young")
        self.make_old(31, "empty")
        self.make_old(181, "gone")
        counted = json.loads(self.purge("--dry-run", "--json"))
        self.assertEqual(self.service.ask("/notifications/gone")[0], 200, "it only counted")
        self.assertEqual(counted["payloads"], 1)
        stored, rows = self.service.counts()["stored"], self.store.count("notifications")
        seen = self.purge()
        self.assertIn(f"emptied 1 payloads and removed {counted['notifications']} notifications",
                      seen)
        self.assertEqual(self.store.count("notifications"), rows - counted["notifications"])
        self.assertEqual(self.service.ask("/notifications/gone")[0], 404)
        self.assertFalse(self.payload_of("empty"))
        self.assertTrue(self.payload_of("young"))
        self.assertEqual(self.service.counts()["stored"], stored, "totals are history")

    def test_a_copy_of_an_emptied_notification_is_a_duplicate(self):
        event = events.redeem()
        self.assert_stored(self.post(self.platform.notify(event, "copy")))
        self.receive("newer")
        self.make_old(31, "copy")
        self.purge()
        before = self.service.counts()
        self.assert_stored(self.post(self.platform.notify(event, "copy")))
        after = self.service.counts()
        self.assertEqual(after["duplicates"], before["duplicates"] + 1)
        self.assertEqual(after["conflicts"], before["conflicts"])

    def test_before_needs_a_kind_and_keeps_ids_that_may_come_again(self):
        self.receive("first", "second", "third")
        self.make_old(5, "first")
        for options in (("--before", "2020-01-01"), ("--before", "yesterday", "--what", "payloads"),
                        ("--before", "2999-01-01", "--what", "notifications")):
            with self.subTest(options):
                self.assertIn("--before", self.purge(*options, code=2))
        day = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 3 * 86400))
        seen = json.loads(self.purge("--before", day, "--what", "payloads", "--json"))
        self.assertGreaterEqual(seen["payloads"], 1)
        self.assertFalse(self.payload_of("first"))
        self.assertTrue(self.payload_of("second"))
        self.assertIn("quarantine", self.purge("--what", "everything", code=2))


class ByItself(PurgeTestCase):
    settings = {"store.maintenance_interval_s": 1}

    def test_the_service_purges_and_says_so(self):
        self.receive("gone", "empty", "young")
        self.make_old(31, "empty")
        self.make_old(181, "gone")
        wait_until(lambda: self.service.ask("/notifications/gone")[0] == 404, 10, "the purge")
        wait_until(lambda: not self.payload_of("empty"), 10, "the payload to go")
        self.assertTrue(self.payload_of("young"))
        # couponhook may remove the payloads of notifications in an earlier purge round than the
        # whole notification.
        wait_until(lambda: any("1 notifications" in line["message"]
                               for line in self.service.logs(event="purged")),
                   what="the log line about the purge")


class UnderLoad(PurgeTestCase):
    """Tests that couponhook accepts notifications without delay while it purges a large number of
    old rows."""

    ROWS = 1_000_000 if LONG else 3_000

    def test_no_receipt_fails_or_waits_long(self):
        self.receive("model")
        columns = ("event_type, create_time, received_at, last_seen_at, times_seen, source, digest,"
                   " envelope, resource")
        old = columns.replace("received_at, last_seen_at",
                              f"received_at - {181 * DAY_MS}, last_seen_at")
        self.store.execute(
            "DELETE FROM notifications WHERE id <> 'model'",
            f"INSERT INTO notifications (seq, id, mchid, {columns}) "
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {self.ROWS}) "
            f"SELECT 1000000 + i, 'old-' || i, mchid, {old} "
            "FROM n, notifications WHERE id = 'model'",
            "UPDATE notifications SET seq = 3000000 WHERE id = 'model'")
        self.store.number_next_row_after(3_000_000)
        numbers = itertools.count()
        slowest = [0.0]

        def make():
            id = f"load-{next(numbers)}"
            return id, self.platform.notify(events.redeem(), id)
        load = Load(self.service, make, clients=2)
        with Connection(self.service) as probe:
            purge = subprocess.Popen(
                [BINARY, "store", "purge", "--config", str(self.service.config)],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            sent = 0
            while purge.poll() is None:
                request = self.platform.notify(events.redeem(), f"probe-{sent}")
                begun = time.monotonic()
                self.assert_stored(probe.post(request))
                slowest.append(time.monotonic() - begun)
                sent += 1
        load.stop()
        self.assertEqual(purge.returncode, 0)
        self.assertEqual(load.statuses | {204}, {204}, "no receipt fails")
        self.assertEqual(self.store.count("notifications WHERE seq < 2000000"), 0)
        slowest.sort()
        print(f"{self.ROWS} rows purged under load; of {sent} probes p99 "
              f"{slowest[int(0.99 * len(slowest))] * 1000:.1f} ms, worst {slowest[-1] * 1000:.0f} ms")
        self.assertLess(slowest[-1], 1.0 * PATIENCE, "the reply budget is 4 s")


class ByCommandOnPostgres(ByCommand):
    engine = PostgresStore


class ByItselfOnPostgres(ByItself):
    engine = PostgresStore


class UnderLoadOnPostgres(UnderLoad):
    engine = PostgresStore


if __name__ == "__main__":
    unittest.main()
