"""Checks that each fixture (a file with the content of a notification) gets the expected reply, can
be read back unchanged, and gives the right coupon state. The Python stand-in for WeChat Pay
encrypts and signs the fixtures; the events of a coupon are sent in every order.
"""

import itertools
import json
import os
import unittest
from pathlib import Path

from support import events
from support.case import ServiceTestCase
from support.wechat_pay import Event

FIXTURES = Path(os.environ.get("COUPONHOOK_FIXTURES", Path(__file__).parents[1] / "fixtures"))


def load_fixtures():
    return [(path.stem, json.loads(path.read_text())) for path in sorted(FIXTURES.glob("*.json"))]


class Fixtures(ServiceTestCase):
    def test_every_fixture_gets_its_reply_and_comes_back_unchanged(self):
        fixtures = load_fixtures()
        self.assertGreater(len(fixtures), 30, f"where are the fixtures? looked in {FIXTURES}")
        for name, fixture in fixtures:
            with self.subTest(name):
                original_type = fixture.get("original_type", "")
                event = Event(fixture["event_type"], fixture["resource"], original_type,
                              fixture.get("associated_data", original_type), fixture.get("summary"),
                              fixture.get("create_time", Event.create_time))
                reply = self.post(self.platform.notify(event, id=f"fixture-{name}"))
                self.assertEqual(reply.status, fixture.get("expect", 204), f"got {reply}")
                if reply.status != 204:
                    continue
                kept = self.service.get(f"/notifications/fixture-{name}")
                self.assertEqual(kept["resource"], fixture["resource"])
                self.assertEqual(kept["type"], fixture["event_type"])
                self.assertEqual(kept["create_time"], event.create_time)
                self.assertEqual(kept["source"], "notification")


class Story(ServiceTestCase):
    """Tests that the state of a coupon follows from its events, in whatever order the events
    arrive."""

    STOCK = "19733211"

    def send(self, *happened, ids=None):
        for event, id in zip(happened, ids or itertools.repeat(None)):
            self.assert_stored(self.post(self.platform.notify(event, id)))

    def coupon(self, coupon):
        return self.service.get(f"/coupons/{self.STOCK}/{coupon}")

    def test_issued_redeemed_and_refunded_in_every_order_ends_as_refunded(self):
        for order in itertools.permutations(range(3)):
            with self.subTest(order=order):
                coupon, transaction = events.digits("8", 18), events.digits("4200", 28)
                story = [events.issue(self.STOCK, coupon),
                         events.redeem(self.STOCK, coupon, transaction),
                         events.refund(transaction)]
                self.send(*(story[i] for i in order))
                seen = self.coupon(coupon)
                self.assertEqual(seen["state"], "refunded")
                self.assertEqual([fact["kind"] for fact in seen["history"]],
                                 ["issue", "redeem", "refund"], "told in order of occurrence")

    def test_state_follows_what_is_known_so_far(self):
        coupon, transaction = events.digits("8", 18), events.digits("4200", 28)
        for event, state in ((events.issue(self.STOCK, coupon), "issued"),
                             (events.redeem(self.STOCK, coupon, transaction), "redeemed"),
                             (events.refund(transaction), "refunded")):
            self.send(event)
            self.assertEqual(self.coupon(coupon)["state"], state, f"after {event.event_type}")

    def test_a_redemption_under_two_ids_is_applied_once(self):
        event = events.redeem(self.STOCK)
        self.send(event, event, ids=["one-redemption-a", "one-redemption-b"])
        history = self.coupon(event.resource["coupon_id"])["history"]
        self.assertEqual([fact["notification_id"] for fact in history], ["one-redemption-a"])

    def test_a_coupon_used_twice_counts_as_redeemed_until_both_are_refunded(self):
        coupon = events.digits("8", 18)
        transactions = [events.digits("4200", 28) for _ in range(2)]
        self.send(*(events.redeem(self.STOCK, coupon, each) for each in transactions))
        self.send(events.refund(transactions[0]))
        self.assertEqual(self.coupon(coupon)["state"], "redeemed", "one of two is refunded")
        self.send(events.refund(transactions[1]))
        self.assertEqual(self.coupon(coupon)["state"], "refunded", "both are refunded")

    def test_a_refund_belongs_to_every_coupon_of_its_transaction(self):
        transaction = events.digits("4200", 28)
        redeemed = [events.redeem(self.STOCK, None, transaction) for _ in range(3)]
        self.send(redeemed[0], events.refund(transaction), *redeemed[1:])
        states = [self.coupon(event.resource["coupon_id"])["state"] for event in redeemed]
        self.assertEqual(states, ["refunded"] * 3)

    def test_only_a_successful_refund_gives_a_coupon_back(self):
        transaction, refund_id = events.digits("4200", 28), events.digits("503", 29)
        event = events.redeem(self.STOCK, None, transaction)
        coupon = event.resource["coupon_id"]
        self.send(event, events.refund(transaction, refund_id, "ABNORMAL"))
        self.assertEqual(self.coupon(coupon)["state"], "redeemed", "an abnormal refund is none yet")
        self.send(events.refund(transaction, refund_id, "SUCCESS"))
        self.assertEqual(self.coupon(coupon)["state"], "refunded", "handled by hand later")

    def test_a_fact_has_its_source(self):
        event = events.redeem(self.STOCK)
        self.send(event, ids=["told-by"])
        (fact,) = self.coupon(event.resource["coupon_id"])["history"]
        consumed = event.resource["consume_information"]
        self.assertEqual(fact["notification_id"], "told-by")
        self.assertEqual(fact["occurred_at"], consumed["consume_time"])
        self.assertEqual(fact["source"], "notification")
        self.assertIn(consumed["transaction_id"], fact["business_key"])


if __name__ == "__main__":
    unittest.main()
