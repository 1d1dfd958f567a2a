"""Checks a couponhook whose SQLite files are removed, moved or replaced while it runs: it must
acknowledge no notification that would be missing after a restart, report the loss within 3 s, and
continue when the files are back. The tests examine the files after kill -9. Also checks that
couponhook purges nothing if its clock is far ahead; for this, the tests set back the times in the
store.
"""

import itertools
import sqlite3
import time
import unittest
from contextlib import closing

from support import events
from support.service import PATIENCE, Service, run, wait_until
from support.stores import PostgresStore, SqliteStore
from support.wechat_pay import Platform
from support.wire import Client, Load

DAY_MS = 86_400_000


class StorePlaceTestCase(unittest.TestCase):
    def setUp(self):
        self.service = self.enterContext(Service(has_own_keys=False))
        self.platform = Platform.of(self.service)
        self.database = self.service.database
        self.elsewhere = self.service.root / "elsewhere"

    def post(self, id):
        with Client(self.service) as client:
            return client.post(self.platform.notify(events.redeem(), id))

    def receive(self, *ids):
        for id in ids:
            self.assertEqual(self.post(id).status, 204)

    def is_ready(self):
        return self.service.ask("/readyz", token=None)[0] == 200

    def assert_lost(self):
        """Checks that couponhook has noticed the loss of its SQLite file: within 3 s it refuses a
        notification, is not ready, and names the file's path in its log."""
        begun = time.monotonic()
        reply = self.post("stray")
        self.assertEqual((reply.status, reply.code), (503, "STORE_UNAVAILABLE"))
        wait_until(lambda: not self.is_ready(), 3, "the loss to show")
        line = self.service.wait_for_log(event="store_failed", seconds=3)[0]
        self.assertIn(str(self.database), line["message"])
        self.assertRegex(line["message"], r"none of them acknowledged: \d+")
        self.assertEqual(self.post("refused").status, 503)
        return line["message"], time.monotonic() - begun

    def ids_in(self, database):
        with closing(sqlite3.connect(database)) as store:
            self.assertEqual(store.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            return {id for id, in store.execute("SELECT id FROM notifications")}


class Moved(StorePlaceTestCase):
    def test_a_removed_database_is_reported_and_nothing_more_is_acknowledged(self):
        self.receive("kept")
        self.database.unlink()
        message, _ = self.assert_lost()
        self.assertIn(f"/proc/{self.service.process.pid}/fd/", message, "where it can be had still")

    def test_a_moved_folder_is_reported_and_used_again_when_it_is_back(self):
        self.receive("kept")
        self.database.parent.rename(self.elsewhere)
        message, _ = self.assert_lost()
        self.assertIn(str(self.elsewhere / self.database.name), message)
        # couponhook checks once a second whether the store's file is back.
        time.sleep(1.5 * PATIENCE)
        self.elsewhere.rename(self.database.parent)
        self.service.wait_for_log(event="store_back")
        wait_until(self.is_ready, 5, "readiness")
        self.receive("after")
        self.service.kill()
        self.service.start()
        self.assertLessEqual({"kept", "after"}, self.ids_in(self.database))

    def test_a_database_restored_by_rename_is_refused_until_the_restart(self):
        self.receive("before")
        done = run("store", "backup", "--config", self.service.config, self.elsewhere)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.receive("after")
        self.elsewhere.rename(self.database)
        self.assert_lost()
        self.service.kill()
        self.service.start()
        self.receive("again")
        self.assertEqual(self.ids_in(self.database), {"before", "again"})

    def test_a_removed_log_takes_nothing_with_it_that_was_acknowledged(self):
        ids = [f"kept-{i}" for i in range(20)]
        self.receive(*ids)
        self.database.with_name(self.database.name + "-wal").unlink()
        message, _ = self.assert_lost()
        self.assertIn("-wal", message)
        self.service.kill()
        self.service.start()
        self.assertLessEqual(set(ids), self.ids_in(self.database))

    def test_an_idle_service_reports_it_without_requests(self):
        self.receive("kept")
        self.database.rename(self.elsewhere)
        line = self.service.wait_for_log(event="store_failed", seconds=3)[0]
        self.assertIn(str(self.elsewhere), line["message"])

    def test_under_load_all_that_was_acknowledged_is_in_the_file_that_was_moved(self):
        numbers = itertools.count()

        def make():
            id = f"load-{next(numbers)}"
            return id, self.platform.notify(events.redeem(), id)
        load = Load(self.service, make, clients=4)
        wait_until(lambda: len(load.acknowledged) > 20, 10, "the load")
        self.database.parent.rename(self.elsewhere)
        wait_until(lambda: 503 in load.statuses, 3, "the first refusal")
        load.stop()
        self.service.kill()
        lost = set(load.acknowledged) - self.ids_in(self.elsewhere / self.database.name)
        self.assertEqual(lost, set())


class ClockAhead(StorePlaceTestCase):
    """Tests of couponhook with a clock that is 200 days ahead. The tests set back all times in the
    store by 200 days, which has the same effect."""

    engine = SqliteStore

    def setUp(self):
        service = Service({"store.maintenance_interval_s": 1}, starts=False, has_own_keys=False)
        self.store = self.engine(service)
        service.starts = True
        self.service = self.enterContext(service)
        self.platform = Platform.of(service)

    def set_back(self):
        by = 200 * DAY_MS
        self.store.execute(
            f"UPDATE notifications SET received_at = received_at - {by}, "
            f"last_seen_at = last_seen_at - {by}",
            f"UPDATE clock_marks SET wall_at = wall_at - {by}")

    def test_neither_the_service_nor_the_command_purges_anything(self):
        self.receive("first", "second")
        wait_until(lambda: self.store.count("clock_marks") == 1, 5, "a mark of the right clock")
        # A running service could read the marks before the change and store a new mark after it.
        self.service.stop()
        self.set_back()
        self.service.start()
        line = self.service.wait_for_log(event="purge_refused")[0]
        self.assertRegex(line["message"], "ahead by (199|200) days")
        purge = ("store", "purge", "--config", self.service.config)
        done = run(*purge)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, "ahead by (199|200) days")
        self.assertEqual(self.store.count("notifications WHERE length(resource) > 0"), 2)
        self.assertEqual(run(*purge, "--trust-clock").returncode, 0)
        self.assertEqual(self.store.count("notifications"), 1, "the newest stays")


class ClockAheadOnPostgres(ClockAhead):
    engine = PostgresStore


if __name__ == "__main__":
    unittest.main()
