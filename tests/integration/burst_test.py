"""Checks that copies of a notification that arrive at exactly the same time are stored and counted
in the ledger only once. Each of 16 connections sends a copy without its last byte; then all
connections send the last byte at the same time. The test repeats this 400 times.
"""

import unittest
from concurrent.futures import ThreadPoolExecutor

from support import events
from support.case import ServiceTestCase
from support.wire import Burst

IDS = 400
COPIES = 16


class Copies(ServiceTestCase):
    def test_of_sixteen_copies_at_once_one_is_stored_and_the_others_are_duplicates(self):
        happened = {f"burst-{i}": events.redeem() for i in range(IDS)}

        def copies_of(item):
            id, event = item
            return [self.platform.notify(event, id) for _ in range(COPIES)]

        # Signing is slow, so other threads sign the next copies meanwhile; Python can do this in
        # parallel, because signing releases the interpreter lock.
        with ThreadPoolExecutor(2) as pool, Burst(self.service, COPIES) as burst:
            for copies in pool.map(copies_of, happened.items()):
                statuses = [reply.status for reply in burst.post(copies)]
                self.assertEqual(statuses, [204] * COPIES)

        counts = self.service.counts()
        self.assertEqual((counts["stored"], counts["duplicates"], counts["conflicts"]),
                         (IDS, IDS * (COPIES - 1), 0))
        self.assertEqual(self.service.count_rows(), IDS, "rows in the store")
        self.assertEqual(self.service.rows("SELECT DISTINCT times_seen FROM notifications"),
                         [(COPIES,)], "each copy is seen")
        for id, event in happened.items():
            coupon = event.resource["coupon_id"]
            seen = self.service.get(f"/coupons/19733211/{coupon}")
            self.assertEqual([fact["notification_id"] for fact in seen["history"]], [id],
                             "the redemption is applied once")


class ConcurrentConflicts(ServiceTestCase):
    def test_of_sixteen_contents_under_one_id_at_once_one_is_stored(self):
        contents = [events.redeem() for _ in range(COPIES)]
        with Burst(self.service, COPIES) as burst:
            replies = burst.post([self.platform.notify(each, "torn") for each in contents])
        self.assertEqual([reply.status for reply in replies], [204] * COPIES)
        counts = self.service.counts()
        seen = self.service.rows("SELECT times_seen FROM notifications WHERE id = 'torn'")
        self.assertEqual(seen, [(COPIES,)])
        self.assertEqual(counts["conflicts"], COPIES - 1)
        self.assertEqual(self.service.rows(
            "SELECT count(*) FROM coupon_history WHERE notification_id = 'torn'"), [(1,)],
            "only the one that stands reaches the ledger")

    def test_two_ids_for_one_redemption_at_once_are_applied_once(self):
        event = events.redeem()
        with Burst(self.service, COPIES) as burst:
            replies = burst.post([self.platform.notify(event, f"twin-{i}") for i in range(COPIES)])
        self.assertEqual([reply.status for reply in replies], [204] * COPIES)
        seen = self.service.get(f"/coupons/19733211/{event.resource['coupon_id']}")
        self.assertEqual(len(seen["history"]), 1)


if __name__ == "__main__":
    unittest.main()
