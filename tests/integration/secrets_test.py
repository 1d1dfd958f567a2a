"""Checks that couponhook shows no secret and no personal data in its logs, on the console, in lists
and on the status page. The test sends requests of all kinds and then searches all output of
couponhook for every secret.
"""

import json
import unittest

from support import events
from support.case import ServiceTestCase
from support.service import run
from support.wechat_pay import SIGNED_HEADERS, Platform, Request
from support.wire import Connection

OPENID = "oSecretOpenidOfAPerson000001"
PLAINTEXT = "只有商家自己知道的内容-known-to-the-merchant-only"


class Secrets(ServiceTestCase):
    settings = {"log.level": "debug", "listener.body_timeout_ms": 300}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sent = []
        cls.send_all_kinds()

    @classmethod
    def send(cls, request: Request):
        with Connection(cls.service) as connection:
            connection.post(request)
        cls.sent.append(request)

    @classmethod
    def send_all_kinds(cls):
        platform = cls.platform
        other_platform = Platform(platform.key, platform.serial, b"k" * 32)
        event = events.issue(openid=OPENID)
        event.resource["attach_info"] = {"act_code": PLAINTEXT}
        for id in ("stored", "stored"):
            cls.send(platform.notify(event, id))
        cls.send(platform.notify(events.issue(openid=OPENID), "stored"))
        unreadable = events.Event("COUPON.USE", {"openid": OPENID, "note": PLAINTEXT})
        cls.send(platform.notify(unreadable, "unreadable"))
        cls.send(platform.notify(events.Event("COUPON.NEW", {"openid": OPENID}), "unknown"))
        cls.send(other_platform.notify(event, "sealed"))
        cls.send(platform.sign(json.dumps({"id": 1, "openid": OPENID, "note": PLAINTEXT}).encode()))
        cls.send(platform.sign(f"{OPENID} {PLAINTEXT}".encode()))
        good = platform.notify(event, "refused")
        for name in SIGNED_HEADERS:
            cls.send(good.without(name))
        cls.send(good.having(Wechatpay_Serial="unknown"))
        cls.send(good.having(Wechatpay_Timestamp="1"))
        cls.send(good.having(Wechatpay_Signature=good.headers["Wechatpay-Signature"][::-1]))
        cls.send(good.having(Wechatpay_Signature="WECHATPAY/SIGNTEST/" + "A" * 325))
        with Connection(cls.service) as connection:
            connection.send(platform.notify(event, "slow").to_bytes(connection.path)[:-10])
            connection.read_reply()

    def secrets(self):
        yield "the APIv3 key", self.platform.api_v3_key.decode()
        yield "the admin token", self.service.token()
        yield "an openid", OPENID
        yield "a resource's plaintext", PLAINTEXT
        yield "a resource's plaintext, escaped", json.dumps(PLAINTEXT)[1:13]
        yield "the APIv2 key", self.service.read("secrets/api_v2_key")
        for name in ("development/platform_key.pem", "secrets/apiclient_key.pem", "tls/server.key"):
            yield name, self.service.read(name).split("\n")[1]
        for i, request in enumerate(self.sent):
            if signature := request.headers.get("Wechatpay-Signature"):
                yield f"signature {i}", signature[20:60]
            if b"ciphertext" in request.body:
                yield f"ciphertext {i}", json.loads(request.body)["resource"]["ciphertext"][:40]

    def assert_holds_no_secret(self, what, text):
        found = [name for name, secret in self.secrets() if secret in text]
        self.assertEqual(found, [], f"in {what}")

    def test_every_request_leaves_a_log_line(self):
        self.service.wait_for_log(len(self.sent), event="notification")

    def test_a_log_line_has_only_fields_of_the_allow_list(self):
        allowed = {"time", "level", "event", "verdict", "id", "event_type", "mchid", "serial",
                   "request_id", "peer", "detail", "body_bytes", "duration_us",
                   "body_sha256", "content_encoding", "hop", "proxies"}
        self.service.wait_for_log(len(self.sent), event="notification")
        for line in self.service.logs(event="notification"):
            self.assertEqual(set(line) - allowed, set(), line)

    def test_an_audit_line_has_only_fields_of_the_allow_list(self):
        self.service.ask("/log", method="POST", body='{"level":"debug"}')
        allowed = {"time", "level", "event", "by", "from", "action", "target", "reason", "result"}
        for line in self.service.wait_for_log(event="audit"):
            self.assertEqual(set(line), allowed)

    def test_the_log_and_the_console_hold_no_secret(self):
        self.service.wait_for_log(len(self.sent), event="notification")
        self.assert_holds_no_secret("the log", "\n".join(self.service.stdout))
        self.assert_holds_no_secret("stderr", "\n".join(self.service.stderr))

    def test_status_and_what_is_not_opened_hold_no_secret(self):
        for path in ("/status", "/notifications?state=quarantined", "/readyz", "/audit"):
            with self.subTest(path):
                text = json.dumps(self.service.ask(path)[1], ensure_ascii=False)
                self.assert_holds_no_secret(path, text)

    def test_the_list_on_the_console_is_without_content(self):
        self.service.configure("admin.port", self.service.admin_address[1])
        listed = run("notifications", "--config", self.service.config)
        self.assertIn("stored", listed.stdout, listed.stderr)
        self.assert_holds_no_secret("notifications", listed.stdout + listed.stderr)

    def test_what_is_quarantined_is_shown_without_its_content(self):
        text = json.dumps(self.service.get("/notifications/sealed"), ensure_ascii=False)
        self.assert_holds_no_secret("a quarantined notification", text)

    def test_error_replies_hold_no_secret(self):
        for request in self.sent:
            reply = self.post(request)
            self.assert_holds_no_secret("a reply", reply.body.decode())

    def test_check_prints_no_secret(self):
        checked = run("check", "--config", self.service.config)
        self.assert_holds_no_secret("check", checked.stdout + checked.stderr)

    def test_a_wrong_key_file_is_not_quoted(self):
        self.service.write("secrets/next_key", PLAINTEXT)
        self.service.configure("merchant.api_v3_key_files", ["secrets/next_key"])
        checked = run("check", "--config", self.service.config)
        self.assertEqual(checked.returncode, 2, checked)
        self.assert_holds_no_secret("check", checked.stdout + checked.stderr)

    def test_secret_files_are_their_owners_alone(self):
        for name in ("secrets/api_v3_key", "secrets/api_v2_key", "secrets/admin_token",
                     "secrets/apiclient_key.pem", "tls/server.key", "development/platform_key.pem",
                     "data/couponhook.db"):
            with self.subTest(name):
                mode = (self.service.folder / name).stat().st_mode
                self.assertEqual(mode & 0o077, 0, f"{name} has mode {mode & 0o777:o}")

    def test_a_log_line_cannot_be_forged(self):
        forged = 'x","verdict":"STORED","id":"forged'
        self.post(self.platform.notify(events.redeem()).having(
            Wechatpay_Serial=forged, Request_ID='"}\\u000a{"event":"forged"}'))
        line = self.service.wait_for_log(verdict="SERIAL_UNKNOWN", serial=forged)[-1]
        self.assertNotIn("id", line)


if __name__ == "__main__":
    unittest.main()
