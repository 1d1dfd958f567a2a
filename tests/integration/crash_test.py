"""Checks that couponhook, killed at any moment, neither loses an acknowledged notification nor
stores one twice. The test kills couponhook with kill -9 while notifications arrive, examines its
store, starts couponhook again, and sends the unacknowledged notifications again.
"""

import itertools
import random
import shutil
import sqlite3
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from support import events
from support.case import ServiceTestCase
from support.service import LONG, PATIENCE
from support.wire import Client, Load

KILLS = 50 if LONG else 8
NOTIFICATIONS = 800
SEED = random.randrange(1 << 32)


class Crash(ServiceTestCase):
    def test_killed_under_load_it_keeps_what_it_acknowledged_and_applies_it_once(self):
        chance = random.Random(SEED)
        acknowledged, rest, restarts = set(), {}, []
        for kill in range(KILLS):
            with self.subTest(kill=kill, seed=SEED):
                rest |= {f"crash-{kill}-{i}": events.redeem() for i in range(NOTIFICATIONS)}
                done = self.send_and_kill(rest, chance.uniform(0.05, 0.35))
                acknowledged.update(done)
                for id in done:
                    del rest[id]
                self.check_files(acknowledged)
                restarts.append(self.service.start())
                self.assertLess(restarts[-1], 2 * PATIENCE, "seconds to be ready again")
                # Sends the notifications without a reply again. couponhook stored some of them
                # before it was killed, so these notifications are duplicates.
                rest = dict(itertools.islice(rest.items(), 100))
        self.check_counts()
        print(f"{len(acknowledged)} acknowledged over {KILLS} kills; "
              f"ready again within {max(restarts) * 1000:.0f} ms")
        self.assertGreater(len(acknowledged), KILLS, "the load was a load")

    def test_requests_in_flight_are_stored_when_sent_again(self):
        sent = {f"again-{i}": events.redeem() for i in range(NOTIFICATIONS)}
        acknowledged = self.send_and_kill(sent, 0.2)
        self.service.start()
        missing = [id for id in itertools.islice(sent, 200) if id not in set(acknowledged)]
        with Client(self.service) as client:
            for id in missing:
                self.assert_stored(client.post(self.platform.notify(sent[id], id)))
        self.check_counts()

    def send_and_kill(self, notifications, after_seconds):
        """Sends notifications for some time and then kills couponhook. Returns the ids of the
        notifications that were acknowledged until then."""
        # All requests are signed in advance. Otherwise the test would be slower than couponhook,
        # and couponhook would not be killed under full load.
        with ThreadPoolExecutor(2) as pool:
            signed = list(pool.map(
                lambda id: (id, self.platform.notify(notifications[id], id)), notifications))
        queue = iter(signed)
        load = Load(self.service, lambda: next(queue, None))
        time.sleep(after_seconds)
        self.service.kill()
        load.stop()
        self.assertLessEqual(load.statuses, {204}, "until its end it refuses nobody")
        return load.acknowledged

    def check_files(self, acknowledged):
        """Examines a copy of the store's files. The original files stay as the crash left them, so
        that couponhook itself must recover them."""
        copy = self.service.root / "copy"
        shutil.copytree(self.service.database.parent, copy)
        try:
            with closing(sqlite3.connect(copy / self.service.database.name)) as store:
                self.assertEqual(store.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
                kept = {row[0] for row in store.execute("SELECT id FROM notifications")}
                self.assertEqual(acknowledged - kept, set(), "acknowledged and lost")
                applied = [row[0] for row in store.execute(
                    "SELECT notification_id FROM coupon_history")]
                self.assertEqual(len(applied), len(set(applied)), "applied twice")
                self.assertEqual(set(applied), kept, "stored and applied are one step")
        finally:
            shutil.rmtree(copy)

    def check_counts(self):
        self.assertEqual(self.service.counts()["stored"], self.service.count_rows(),
                         "counters and rows are committed together")


if __name__ == "__main__":
    unittest.main()
