"""Checks that couponhook stores every request that WeChat Pay has signed, even if it cannot be read
(quarantine). The tests send signed bodies that are not notifications, encrypted parts that no key
decrypts, and decrypted parts that contain any bytes.
"""

import json
import unittest
import uuid

from support import events
from support.case import ServiceTestCase
from support.wechat_pay import Platform


class Quarantined(ServiceTestCase):
    def quarantined(self):
        return self.service.get("/notifications?state=quarantined")["items"]

    def test_a_signed_body_that_is_no_envelope_is_500_and_kept(self):
        envelope = self.platform.seal(events.redeem())

        def without(key):
            return json.dumps({k: v for k, v in envelope.items() if k != key}).encode()

        bodies = {
            "no JSON": b"<xml><return_code>SUCCESS</return_code></xml>",
            "empty": b"",
            "no object": b"[]",
            "no id": without("id"),
            "no resource": without("resource"),
            "an id that is no text": json.dumps({**envelope, "id": 5}).encode(),
            "deep": b'{"a":' * 5000 + b"1" + b"}" * 5000,
            "no UTF-8": b'{"id":"\xff\xfe"}',
        }
        for what, body in bodies.items():
            with self.subTest(what):
                before = len(self.quarantined())
                self.assert_refused(self.post(self.platform.sign(body)), 500, "ENVELOPE_INVALID")
                kept = self.quarantined()
                self.assertEqual(len(kept) - before, 1, "it is listed in quarantine")
                self.assertEqual(kept[0]["state"], "quarantined")
                self.assertEqual(kept[0]["quarantine_reason"], "ENVELOPE_INVALID")

    def test_a_body_that_no_key_decrypts_is_500_and_kept_under_its_id(self):
        other_platform = Platform(self.platform.key, self.platform.serial, b"k" * 32)
        request = other_platform.notify(events.redeem(), id="sealed-1")
        self.assert_refused(self.post(request), 500, "DECRYPT_FAILED")
        kept = self.service.get("/notifications/sealed-1")
        self.assertEqual((kept["state"], kept["type"]), ("quarantined", "COUPON.USE"))
        sealed = self.service.rows("SELECT body FROM quarantine WHERE id = 'sealed-1'")
        self.assertEqual(sealed, [(request.body,)], "the body is kept as it came")

    def test_a_changed_ciphertext_tag_or_nonce_does_not_open(self):
        for change in ("ciphertext", "nonce", "associated_data"):
            with self.subTest(changed=change):
                envelope = self.platform.seal(events.redeem())
                text = envelope["resource"][change]
                envelope["resource"][change] = ("A" if text[0] != "A" else "B") + text[1:]
                self.assert_refused(self.post(self.platform.sign_json(envelope)), 500,
                                    "DECRYPT_FAILED")

    def test_a_ciphertext_shorter_than_its_tag_does_not_open(self):
        for ciphertext in ("", "AAAA", "!!!"):
            with self.subTest(ciphertext=ciphertext):
                envelope = self.platform.seal(events.redeem())
                envelope["resource"]["ciphertext"] = ciphertext
                reply = self.post(self.platform.sign_json(envelope))
                self.assertEqual(reply.status, 500, f"got {reply}")

    def test_copies_of_a_quarantined_body_are_kept_once(self):
        before = self.service.counts()["quarantined"]
        request = self.platform.sign(b'{"the same":"twice"}')
        self.post(request)
        self.post(self.platform.sign(request.body))
        self.assertEqual(self.service.counts()["quarantined"] - before, 1)
        self.assertEqual(self.quarantined()[0]["times_seen"], 2)

    def test_the_right_key_later_stores_the_same_id(self):
        event, id = events.redeem(), str(uuid.uuid4())
        other_platform = Platform(self.platform.key, self.platform.serial, b"k" * 32)
        self.assert_refused(self.post(other_platform.notify(event, id)), 500, "DECRYPT_FAILED")
        self.assert_stored(self.post(self.platform.notify(event, id)))
        self.assertEqual(self.service.get(f"/notifications/{id}")["resource"], event.resource)


class Plaintexts(ServiceTestCase):
    """Tests that couponhook stores and shows every correctly signed and encrypted resource,
    whatever bytes it contains, because it comes from WeChat Pay."""

    def test_a_resource_of_any_bytes_is_stored_and_shown_as_json(self):
        plaintexts = {
            "text": b"this is no JSON", "nothing": b"", "list": b"[1,2]", "null": b"null",
            "no UTF-8": b"\xff\xfe\x80", "NUL": b'{"a":"\x00"}', "cut": b'{"a":',
            "no UTF-8 in an object": b'{"a":"\xff"}', "half a surrogate pair": b'{"a":"\\ud800"}',
            "deep": b'{"a":' * 3000 + b"1" + b"}" * 3000,
        }
        for i, (what, plaintext) in enumerate(plaintexts.items()):
            with self.subTest(what):
                self.assert_stored(self.post(self.platform.sign_json(
                    self.platform.seal_bytes(events.redeem(), plaintext, f"plaintext-{i}"))))
                seen = self.service.get(f"/notifications/plaintext-{i}")
                self.assertEqual(seen["type"], "COUPON.USE")

    def test_numbers_come_back_digit_by_digit(self):
        plaintext = b'{"amount":123456789012345678901234567890,"rate":0.10}'
        self.post(self.platform.sign_json(
            self.platform.seal_bytes(events.redeem(), plaintext, "numbers")))
        seen = self.service.ask_raw("/notifications/numbers")
        self.assertIn(plaintext, seen)


if __name__ == "__main__":
    unittest.main()
