"""Checks how couponhook handles broken JSON in the encrypted part (resource) of a notification. If
only an unimportant field is broken, the event must be in the ledger; an unreadable resource must be
stored and marked; handlers must always get valid JSON. The tests encrypt and sign bytes that no
JSON library would write.
"""

import json
import unittest

from support import events
from support.case import ServiceTestCase
from support.service import wait_until
from support.target import Target, add_http_handler, make_secret


def resource(event, before=b"", after=b"") -> bytes:
    """Returns the event's resource (the part to be encrypted) as JSON bytes, with extra bytes at
    the start or end of the JSON object."""
    content = json.dumps(event.resource, ensure_ascii=False).encode()
    return b"{" + before + content[1:-1] + after + b"}"


class Flaws(ServiceTestCase):
    @classmethod
    def prepare(cls, service):
        cls.target = cls.enterClassContext(Target())
        add_http_handler(service, cls.target.url, make_secret())

    def notify(self, id, event, content):
        reply = self.post(self.platform.sign_json(self.platform.seal_bytes(event, content, id)))
        self.assert_stored(reply)

    def flaw(self, id):
        return self.service.rows("SELECT flaw FROM notifications WHERE id = ?", id)[0][0]

    def unreadable(self) -> int:
        return self.service.rows(
            "SELECT coalesce(sum(value), 0) FROM counters WHERE name = 'unreadable'")[0][0]

    def test_a_redemption_with_a_harmless_flaw_is_in_the_ledger(self):
        before = self.unreadable()
        flaws = {
            "surrogate": b'"remark":"\\ud83c",',
            "line-feed": b'"remark":"a\nb",',
            "nul": b'"remark":"a\x00b",',
            "utf-8": b'"remark":"\xe5\x88",',
            "twice": b'"remark":1,"remark":2,',
            "number": b'"remark":1e999,',
            "deep": b'"remark":' + b"[" * 500 + b"]" * 500 + b",",
            "escape": b'"remark":"\\x",',
        }
        for id, flaw in flaws.items():
            with self.subTest(id):
                event = events.redeem()
                self.notify(id, event, resource(event, flaw))
                self.assertRegex(self.flaw(id), "^flaw: the resource has ")
                seen = self.service.get(f"/coupons/19733211/{event.resource['coupon_id']}")
                self.assertEqual(seen["state"], "redeemed")
                self.service.get(f"/notifications/{id}")
                self.target.wait_for([id])
                sent = self.target.calls_for(id)[0].json["data"]["resource"]
                self.assertEqual(sent["coupon_id"], event.resource["coupon_id"])
                self.assertEqual(sent["consume_information"],
                                 event.resource["consume_information"])
        self.assertEqual(self.unreadable(), before)

    def test_an_ambiguous_event_is_marked_and_counted(self):
        before = self.unreadable()
        event = events.redeem()
        coupon = event.resource["coupon_id"]
        for id, content in {
            "ambiguous": resource(event, b'"coupon_id":"1",'),
            "unsound": resource(event).replace(coupon.encode(), coupon.encode() + b"\n"),
            "cut": resource(event)[:-1],
            "no-json": b"not JSON",
        }.items():
            with self.subTest(id):
                self.notify(id, event, content)
                self.assertRegex(self.flaw(id), "^unreadable: ")
                self.assertNotIn(coupon, self.flaw(id))
        self.assertEqual(self.service.ask(f"/coupons/19733211/{coupon}")[0], 404)
        self.assertEqual(self.unreadable() - before, 4)
        event = events.redeem()
        self.notify("sound", event, resource(event))
        self.assertIsNone(self.flaw("sound"))

    def test_no_control_character_is_sent(self):
        ids = []
        for code in range(0x20):
            for place in (0, 7, 20):
                text = b"x" * place + bytes([code]) + b"x" * (30 - place)
                id = f"control-{code:02x}-{place}"
                event = events.redeem()
                self.notify(id, event, resource(event, b'"remark":"' + text + b'",'))
                ids.append(id)
                for target in (f"/notifications/{id}",
                               f"/coupons/19733211/{event.resource['coupon_id']}"):
                    self.assertEqual(self.service.ask(target)[0], 200)
        listed = json.loads(self.service.ask_raw("/notifications?limit=200"))
        self.assertLessEqual(set(ids), {item["id"] for item in listed["items"]})
        for target in ("/deliveries?limit=200", "/status"):
            json.loads(self.service.ask_raw(target))
        self.target.wait_for(ids, 30)
        for call in self.target.calls:
            json.loads(call.body)
        wait_until(lambda: len(self.service.logs(id=ids[-1])) > 0, 5, "the log line")

    def test_control_characters_in_an_envelope_are_kept_sealed(self):
        for code in range(0x20):
            with self.subTest(code):
                envelope = self.platform.seal(events.redeem(), f"sealed-{code}")
                envelope["summary"] = "券" + "x" * 20 + "@" + "x" * 20
                body = json.dumps(envelope).encode().replace(b"@", bytes([code]))
                self.assert_refused(self.post(self.platform.sign(body)), 500, "ENVELOPE_INVALID")
        json.loads(self.service.ask_raw("/notifications?state=quarantined&limit=200"))


if __name__ == "__main__":
    unittest.main()
