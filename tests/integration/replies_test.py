"""Checks every row of the documented table of couponhook's replies to WeChat Pay: the reply that
the sender gets, and the content of the store afterwards. The tests send one request for each row
over TLS; a Python implementation that is independent of couponhook signs and encrypts the requests.
"""

import json
import re
import time
import unittest

from support import events
from support.case import ServiceTestCase
from support.wechat_pay import SIGNED_HEADERS, Platform
from support.wire import Connection


class Accepted(ServiceTestCase):
    def test_stored_is_204_without_a_body(self):
        self.assert_stored(self.post(self.platform.notify(events.redeem(), id="stored-1")))
        self.assertEqual(self.service.get("/notifications/stored-1")["times_seen"], 1)

    def test_a_copy_encrypted_and_signed_again_is_a_duplicate(self):
        before = self.service.counts()
        event = events.redeem()
        for _ in range(3):
            self.assert_stored(self.post(self.platform.notify(event, id="copied-1")))
        after = self.service.counts()
        self.assertEqual(after["stored"] - before["stored"], 1, "one of three copies is stored")
        self.assertEqual(after["duplicates"] - before["duplicates"], 2, "the two others are not")
        self.assertEqual(after["conflicts"], before["conflicts"],
                         "only the seal differs, so this is no conflict")
        self.assertEqual(self.service.get("/notifications/copied-1")["times_seen"], 3)

    def test_the_very_same_bytes_again_are_a_duplicate(self):
        before = self.service.counts()["duplicates"]
        request = self.platform.notify(events.issue())
        self.assert_stored(self.post(request))
        self.assert_stored(self.post(request))
        self.assertEqual(self.service.counts()["duplicates"] - before, 1)

    def test_other_content_under_the_same_id_is_a_conflict_and_the_first_is_kept(self):
        before = self.service.counts()
        first, second = events.redeem(), events.redeem()
        self.assert_stored(self.post(self.platform.notify(first, id="conflict-1")))
        self.assert_stored(self.post(self.platform.notify(second, id="conflict-1")))
        after = self.service.counts()
        self.assertEqual(after["conflicts"] - before["conflicts"], 1, "the second is flagged")
        self.assertEqual(after["stored"] - before["stored"], 1, "the second is not stored")
        self.assertEqual(self.service.get("/notifications/conflict-1")["resource"], first.resource)
        coupon = second.resource["coupon_id"]
        self.assertEqual(self.service.ask(f"/coupons/19733211/{coupon}")[0], 404,
                         "the second must not reach the ledger")

    def test_a_conflict_is_kept_and_not_only_counted(self):
        for event in (events.redeem(), second := events.redeem()):
            self.post(self.platform.notify(event, id="conflict-2"))
        kept = self.service.rows(
            "SELECT c.resource FROM conflicts c JOIN notifications n ON n.seq = c.notification"
            " WHERE n.id = 'conflict-2'")
        self.assertEqual([json.loads(row[0]) for row in kept], [second.resource])

    def test_an_unknown_event_type_is_stored_and_counted(self):
        event = events.Event("COUPON.NEVER_SEEN", {"anything": [1, {"at": "all"}]})
        self.assert_stored(self.post(self.platform.notify(event, id="unknown-1")))
        self.assertEqual(self.service.get("/notifications/unknown-1")["resource"], event.resource)
        self.assertEqual(self.service.counts()["by_type"]["COUPON.NEVER_SEEN"], 1)

    def test_header_names_in_any_case_are_accepted(self):
        request = self.platform.notify(events.redeem())
        shouted = {name.upper(): value for name, value in request.headers.items()}
        self.assert_stored(self.post(type(request)(request.body, shouted)))

    def test_the_signature_type_header_may_be_absent(self):
        request = self.platform.notify(events.redeem())
        self.assert_stored(self.post(request.without("Wechatpay-Signature-Type")))

    def test_associated_data_may_be_absent_null_or_empty(self):
        for associated_data in (None, ""):
            with self.subTest(associated_data=associated_data):
                event = events.Event("COUPON.USE", events.redeem().resource,
                                     associated_data=associated_data)
                self.assert_stored(self.post(self.platform.notify(event)))
        envelope = self.platform.seal(
            events.Event("COUPON.USE", events.redeem().resource, associated_data=""))
        envelope["resource"]["associated_data"] = None
        self.assert_stored(self.post(self.platform.sign_json(envelope)))

    def test_a_megabyte_of_resource_is_stored(self):
        event = events.redeem()
        event.resource["description"] = "券" * 300_000
        self.assert_stored(self.post(self.platform.notify(event, id="large-1")))
        self.assertEqual(self.service.get("/notifications/large-1")["resource"], event.resource)


class Merchants(ServiceTestCase):
    @classmethod
    def prepare(cls, service):
        service.write("secrets/second_key", "S" * 32)
        service.append('[[merchant]]\nmchid = "1900000002"\npath = "/notify/second"\n'
                       'api_v3_key_files = ["secrets/second_key"]\n'
                       'platform_certificates = ["wechatpay/platform_cert.pem"]\n')

    def setUp(self):
        super().setUp()
        self.second = Platform(self.platform.key, self.platform.serial, b"S" * 32)

    def test_each_merchant_has_its_own_path_and_key(self):
        with Connection(self.service) as connection:
            connection.path = "/notify/second"
            self.assert_stored(connection.post(self.second.notify(events.redeem(), "of-second")))
            self.assert_refused(connection.post(self.platform.notify(events.redeem())), 500,
                                "DECRYPT_FAILED")
        self.assertEqual(self.service.get("/notifications/of-second")["mchid"], "1900000002")

    def test_the_same_id_at_two_merchants_is_two_notifications(self):
        before = self.service.counts()
        self.assert_stored(self.post(self.platform.notify(events.redeem(), "of-both")))
        with Connection(self.service) as connection:
            connection.path = "/notify/second"
            self.assert_stored(connection.post(self.second.notify(events.redeem(), "of-both")))
        after = self.service.counts()
        self.assertEqual((after["stored"] - before["stored"], after["conflicts"]), (2, 0))
        for mchid in ("1900000001", "1900000002"):
            offset = self.service.get(f"/notifications/of-both?mchid={mchid}")
            self.assertEqual(offset["mchid"], mchid)


class Refused(ServiceTestCase):
    """Tests that couponhook stores nothing of a request that WeChat Pay has not signed."""

    def setUp(self):
        super().setUp()
        self.kept_before = self.kept()

    def tearDown(self):
        self.assertEqual(self.kept(), self.kept_before, "nothing unverified touches the store")
        super().tearDown()

    def kept(self):
        tables = ("notifications", "conflicts", "quarantine", "coupon_history", "refunds",
                  "deliveries")
        return {table: self.service.count_rows(table) for table in tables}

    def rejected(self, code):
        return self.service.counts()["rejected"].get(code, 0)

    def assert_rejected(self, request, code):
        before = self.rejected(code)
        reply = self.post(request)
        self.assert_refused(reply, 401, code)
        self.assertEqual(self.rejected(code) - before, 1, f"{code} is counted once")
        return reply

    def test_one_missing_header_is_headers_missing(self):
        for name in SIGNED_HEADERS:
            with self.subTest(missing=name):
                request = self.platform.notify(events.redeem())
                self.assert_rejected(request.without(name), "HEADERS_MISSING")

    def test_an_empty_header_is_a_missing_one(self):
        for name in SIGNED_HEADERS:
            with self.subTest(empty=name):
                request = self.platform.notify(events.redeem()).having(**{name: "  "})
                self.assert_rejected(request, "HEADERS_MISSING")

    def test_all_headers_missing_names_the_proxy(self):
        request = self.platform.notify(events.redeem()).without(*SIGNED_HEADERS)
        reply = self.assert_rejected(request, "HEADERS_MISSING")
        self.assertIn("proxy", json.loads(reply.body)["message"])

    def test_one_missing_header_is_named_without_a_hint_at_the_proxy(self):
        request = self.platform.notify(events.redeem()).without("Wechatpay-Nonce")
        reply = self.assert_rejected(request, "HEADERS_MISSING")
        message = json.loads(reply.body)["message"]
        self.assertNotIn("proxy", message)
        self.assertIn("Wechatpay-Nonce", message)
        self.assertNotIn("Wechatpay-Serial", message)

    def test_a_timestamp_outside_the_tolerance_is_invalid(self):
        for skew in (-310, 310, -86400, 86400):
            with self.subTest(skew=skew):
                request = self.platform.notify(events.redeem(), timestamp=int(time.time()) + skew)
                reply = self.assert_rejected(request, "TIMESTAMP_INVALID")
                offset = re.search(r"is (\d+) s (behind|ahead of)", json.loads(reply.body)["message"])
                self.assertAlmostEqual(int(offset[1]), abs(skew), delta=5)
                self.assertEqual(offset[2], "behind" if skew < 0 else "ahead of")

    def test_a_timestamp_that_is_no_number_is_invalid(self):
        now = str(int(time.time()))
        for text in ("soon", now + ".0", "+" + now, "-" + now, "0x65", now + "z", "9" * 40):
            with self.subTest(timestamp=text):
                request = self.platform.notify(events.redeem(), timestamp=text)
                self.assert_rejected(request, "TIMESTAMP_INVALID")

    def test_an_unknown_serial_is_refused(self):
        for serial in ("5157F09EFDC096DE15EBE81A47057A7232F1B8E1", "PUB_KEY_ID_01142321", "x"):
            with self.subTest(serial=serial):
                request = self.platform.notify(events.redeem()).having(Wechatpay_Serial=serial)
                self.assert_rejected(request, "SERIAL_UNKNOWN")

    def test_a_signature_by_another_key_is_invalid(self):
        request = self.platform.notify(events.redeem())
        other = self.platform.notify(events.redeem())
        signature = other.headers["Wechatpay-Signature"]
        self.assert_rejected(request.having(Wechatpay_Signature=signature), "SIGNATURE_INVALID")

    def test_any_change_to_what_is_signed_is_a_wrong_signature(self):
        request = self.platform.notify(events.redeem())
        other_time = str(int(request.headers["Wechatpay-Timestamp"]) - 1)
        changed = {
            "body": type(request)(request.body + b" ", request.headers),
            "nonce": request.having(Wechatpay_Nonce="A" * 32),
            "timestamp": request.having(Wechatpay_Timestamp=other_time),
            "empty body": type(request)(b"", request.headers),
        }
        for what, copy in changed.items():
            with self.subTest(changed=what):
                self.assert_rejected(copy, "SIGNATURE_INVALID")

    def test_invalid_base64_is_a_wrong_signature(self):
        for signature in ("no base64!", "AAAA", "=" * 344, "A" * 4096):
            with self.subTest(signature=signature[:12]):
                request = self.platform.notify(events.redeem())
                self.assert_rejected(request.having(Wechatpay_Signature=signature),
                                     "SIGNATURE_INVALID")

    def test_an_unknown_signature_type_is_refused(self):
        request = self.platform.notify(events.redeem())
        self.assert_rejected(request.having(Wechatpay_Signature_Type="WECHATPAY2-SM2-WITH-SM3"),
                             "SIGNATURE_INVALID")

    def test_a_probe_gets_the_same_reply_and_is_counted_apart(self):
        before = self.service.counts()
        request = self.platform.notify(events.redeem())
        signature = request.headers["Wechatpay-Signature"]
        probe = "WECHATPAY/SIGNTEST/" + signature[19:]
        probed = self.post(request.having(Wechatpay_Signature=probe))
        wrong = self.post(request.having(Wechatpay_Signature=signature[::-1]))
        self.assert_refused(probed, 401, "SIGNATURE_INVALID")
        self.assertEqual(probed.body, wrong.body, "a probe must not be told from a wrong signature")
        after = self.service.counts()
        self.assertEqual(after["probes"] - before["probes"], 1)
        self.assertEqual(after["rejected"].get("SIGNATURE_INVALID", 0)
                         - before["rejected"].get("SIGNATURE_INVALID", 0), 1,
                         "the probe is not among the rejected")


class Http(ServiceTestCase):
    settings = {"listener.max_body_bytes": 4096, "listener.header_timeout_ms": 400,
                "listener.body_timeout_ms": 400}

    def ask(self, data: bytes):
        with Connection(self.service) as connection:
            return connection.ask(data)

    def test_a_large_body_is_413_before_it_is_read(self):
        head = b"POST /notify/1900000001 HTTP/1.1\r\nHost: x\r\nContent-Length: 5000\r\n\r\n"
        self.assert_refused(self.ask(head), 413, "BODY_TOO_LARGE")

    def test_a_large_chunked_body_is_413(self):
        head = b"POST /notify/1900000001 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        self.assert_refused(self.ask(head + b"1388\r\n" + b"x" * 5000), 413, "BODY_TOO_LARGE")

    def test_an_unknown_path_is_404(self):
        for path in ("/", "/notify", "/notify/1900000002", "/notify/1900000001/", "/status"):
            with self.subTest(path=path):
                request = self.platform.notify(events.redeem())
                self.assert_refused(self.ask(request.to_bytes(path)), 404, "NOT_FOUND")

    def test_another_method_is_405_and_says_what_is_allowed(self):
        for method in ("GET", "PUT", "DELETE", "OPTIONS"):
            with self.subTest(method=method):
                request = self.platform.notify(events.redeem())
                reply = self.ask(request.to_bytes("/notify/1900000001", method))
                self.assert_refused(reply, 405, "METHOD_NOT_ALLOWED")
                self.assertEqual(reply.headers["allow"], "POST")

    def test_malformed_http_is_400(self):
        start = b"POST /notify/1900000001 HTTP/1.1\r\nHost: x\r\n"
        malformed = {
            "no HTTP": b"what is this?\r\n\r\n",
            "no host": b"POST /notify/1900000001 HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
            "two hosts": start + b"Host: y\r\nContent-Length: 0\r\n\r\n",
            "header without colon": start + b"nonsense\r\n\r\n",
            "space before colon": start + b"Content-Length : 4\r\n\r\nabcd",
            "length that is no number": start + b"Content-Length: four\r\n\r\n",
            "negative length": start + b"Content-Length: -1\r\n\r\n",
            "two lengths": start + b"Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde",
            "length and chunks":
                start + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "a coding of unknown length": start + b"Transfer-Encoding: gzip\r\n\r\nabc",
            "chunks that are not the last coding":
                start + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
            "chunk size that is no number":
                start + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
        }
        for what, data in malformed.items():
            with self.subTest(what):
                self.assert_refused(self.ask(data), 400, "MALFORMED")

    def test_empty_lines_before_a_request_are_passed_over(self):
        for lines in (b"\r\n", b"\r\n\r\n", b"\n"):
            with self.subTest(lines), Connection(self.service) as connection:
                for _ in range(2):
                    connection.send(lines)
                    self.assert_stored(connection.post(self.platform.notify(events.redeem())))

    def test_a_refusal_reaches_a_sender_that_is_still_sending(self):
        for path, length, status in (("/unknown", 4000, 404), ("/notify/1900000001", 1 << 30, 413)):
            with self.subTest(path), Connection(self.service) as connection:
                head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
                connection.send(head.encode())
                for _ in range(100):
                    connection.send(b"x" * 30)
                    time.sleep(0.001)
                    if connection.has_data():
                        break
                self.assertEqual(connection.read_reply().status, status)

    def test_a_slow_header_is_408(self):
        self.assert_refused(self.ask(b"POST /notify/1900000001 HTTP/1.1\r\nHo"), 408, "TOO_SLOW")

    def test_a_slow_body_is_408(self):
        data = self.platform.notify(events.redeem()).to_bytes("/notify/1900000001")
        self.assert_refused(self.ask(data[:-5]), 408, "TOO_SLOW")


class SuccessStatus(ServiceTestCase):
    settings = {"listener.success_status": 200}

    def test_success_is_200_where_configured_so(self):
        first = self.platform.notify(events.redeem(), id="two-hundred")
        for what in ("stored", "duplicate"):
            with self.subTest(what):
                reply = self.post(first)
                self.assertEqual((reply.status, reply.body), (200, b""), f"got {reply}")

    def test_refusals_keep_their_status(self):
        request = self.platform.notify(events.redeem()).without("Wechatpay-Serial")
        self.assert_refused(self.post(request), 401, "HEADERS_MISSING")


if __name__ == "__main__":
    unittest.main()
