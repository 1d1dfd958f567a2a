"""Checks that the command that moves the store from SQLite to PostgreSQL copies all rows, even if
it is killed several times. The test kills the command with kill -9 as soon as PostgreSQL has some
rows, and runs it again; psql and sqlite3 count the rows.
"""

import os
import signal
import sqlite3
import subprocess
import time
import unittest
from contextlib import closing

from support import events
from support.postgres_server import PostgresServer
from support.service import BINARY, LONG, PATIENCE, Service, run
from support.wechat_pay import Platform
from support.wire import Client

ROWS = 1_000_000 if LONG else 5_000
KILLS = 3 if LONG else 2


class Migrate(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.postgres = cls.enterClassContext(PostgresServer())

    def setUp(self):
        self.service = self.enterContext(Service())
        self.platform = Platform.of(self.service)
        self.url = self.postgres.new_database()

    def receive(self, *ids):
        with Client(self.service) as client:
            for id in ids:
                reply = client.post(self.platform.notify(events.redeem(), id))
                self.assertEqual(reply.status, 204, f"got {reply}")

    def count(self, table="notifications") -> int:
        return int(self.postgres.query(self.url, f"SELECT count(*) FROM {table}"))

    def multiply(self, rows):
        """Copies the only notification in the SQLite file until the file contains `rows`
        notifications."""
        columns = ("mchid, event_type, create_time, received_at, last_seen_at, times_seen, source,"
                   " digest, envelope, resource")
        with closing(sqlite3.connect(self.service.database)) as store:
            store.execute(
                "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < "
                f"{rows}) INSERT INTO notifications (seq, id, {columns}) "
                f"SELECT 1000 + i, hex(randomblob(16)), {columns} FROM n, notifications "
                "WHERE id = 'model'")
            store.execute("UPDATE counters SET value = ? WHERE name = 'stored'", (rows,))
            store.commit()

    def migrate(self, *options, **kinds):
        return run("store", "migrate", "--config", self.service.config, *options, **kinds)

    def kill_after(self, rows):
        command = [BINARY, "store", "migrate", "--to", self.url, "--config",
                   str(self.service.config)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as moving:
            while moving.poll() is None:
                try:
                    if self.count() >= rows:
                        break
                except RuntimeError:
                    pass  # the command has not created the tables in PostgreSQL yet
                time.sleep(0.01)
            moving.send_signal(signal.SIGKILL)

    def test_killed_half_way_and_started_again_it_ends_with_equal_counts_and_sums(self):
        self.receive("model")
        self.service.stop()
        self.multiply(ROWS)
        for kill in range(KILLS):
            self.kill_after(ROWS * (kill + 1) // (KILLS + 1))
            self.assertGreater(self.count(), 0)
        before = self.count()
        begun = time.monotonic()
        done = self.migrate("--to", self.url, timeout=900)
        took = time.monotonic() - begun
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, rf"(?m)^notifications: {ROWS} rows, sum [0-9a-f]{{32}} in both$")
        self.assertRegex(done.stdout, r"(?m)^coupon_history: 1 rows, sum ")
        self.assertEqual(self.count(), ROWS)
        print(f"{before} of {ROWS} rows there after {KILLS} kills; the rest and both sums in "
              f"{took:.1f} s")
        self.service.configure("store.url", self.url)
        self.service.start()
        self.assertEqual(self.service.counts()["stored"], ROWS)
        self.receive("model", "next")
        after = self.service.counts()
        self.assertEqual(after["stored"], ROWS + 1, "the known one is a copy, the next is new")

    def test_no_service_opens_an_incomplete_store(self):
        self.receive("model")
        self.service.stop()
        self.multiply(20_000)
        self.kill_after(500)
        self.assertLess(self.count(), 20_000, "it was killed in time")
        self.service.configure("store.url", self.url)
        refused = run("serve", "--config", self.service.config)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("unfinished copy", refused.stderr)

    def test_a_store_in_use_is_not_moved(self):
        refused = self.migrate("--to", self.url)
        self.assertEqual(refused.returncode, 1)
        self.assertIn(f"in use by process {self.service.process.pid}", refused.stderr)

    def test_the_schema_is_migrated_and_dry_run_only_reports(self):
        self.service.stop()
        os.remove(self.service.database)
        seen = self.migrate("--dry-run")
        self.assertEqual(seen.returncode, 0, seen.stderr)
        self.assertIn("CREATE TABLE notifications", seen.stdout)
        self.assertRegex(seen.stdout, r"schema version 0 of \d+: \d+ steps? to take")
        self.assertFalse(self.service.database.exists())
        done = self.migrate()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, r"^schema version \d+, \d+ steps? taken\n$")
        self.assertIn(", 0 steps taken", self.migrate().stdout)
        self.service.start(timeout=20 * PATIENCE)


if __name__ == "__main__":
    unittest.main()
