"""Checks that a crash at any point of a database transaction neither loses an acknowledged
notification nor stores one twice. A special couponhook binary kills itself before the insert,
before the commit or after the commit. Then couponhook is restarted without the crash, and the test
sends the notification again, as WeChat Pay does. The tests run with SQLite and with PostgreSQL.
"""

import os
import unittest

from support import events
from support.service import Service
from support.stores import PostgresStore, SqliteStore
from support.wechat_pay import Platform
from support.wire import Client, Closed


class CrashPoints(unittest.TestCase):
    engine = SqliteStore

    def die_at(self, point: str):
        """Sends one notification to a couponhook that kills itself at this point of the
        transaction. Returns the service, which is not running any more."""
        service = self.enterContext(Service(starts=False))
        self.store = self.engine(service)
        service.start()
        service.stop()
        # couponhook was started once before without a crash point. So the transactions that create
        # the store are done, and are not counted here.
        os.environ["COUPONHOOK_CRASH_POINT"] = point
        os.environ["COUPONHOOK_CRASH_TRANSACTION"] = "1"
        try:
            service.start()
            platform = Platform.of(service)
            event = events.redeem()
            with self.assertRaises((OSError, Closed), msg="it died before it could reply"):
                with Client(service) as client:
                    client.post(platform.notify(event, "point-1"))
            self.assertEqual(service.wait(), -9, "killed")
        finally:
            del os.environ["COUPONHOOK_CRASH_POINT"], os.environ["COUPONHOOK_CRASH_TRANSACTION"]
        return service, platform, event

    def check(self, point: str, kept: int):
        service, platform, event = self.die_at(point)
        self.assertEqual(self.store.count("notifications"), kept, "rows after the crash")
        self.assertEqual(self.store.count("coupon_history"), kept, "ledger after the crash")
        service.start()
        with Client(service) as client:
            self.assertEqual(client.post(platform.notify(event, "point-1")).status, 204)
        counts = service.counts()
        self.assertEqual((counts["stored"], counts["duplicates"]), (1, kept))
        self.assertEqual(self.store.count("coupon_history"), 1, "applied once")
        self.assertEqual(self.store.damages(), [])

    def test_before_the_insert_nothing_is_kept_and_the_next_copy_is_new(self):
        self.check("before_insert", kept=0)

    def test_before_the_commit_nothing_is_kept_and_the_next_copy_is_new(self):
        self.check("before_commit", kept=0)

    def test_after_the_commit_it_is_kept_and_the_next_copy_is_a_duplicate(self):
        self.check("after_commit", kept=1)


class CrashPointsOnPostgres(CrashPoints):
    engine = PostgresStore


if __name__ == "__main__":
    unittest.main()
