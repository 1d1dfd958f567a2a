"""Checks that couponhook does not repeat a delivery only because the HTTP reply of the merchant's
system (target) has an unusual form, and that it reports a reply that it cannot parse as unreadable.
The tests send handwritten replies, each to its own http handler.
"""

import unittest

from support import events
from support.raw_target import RawTarget
from support.service import Service, wait_until
from support.target import add_http_handler, make_secret
from support.wechat_pay import Platform
from support.wire import Client

SETTINGS = {"retry_initial_ms": 20, "retry_max_ms": 50, "timeout_ms": 1000, "max_attempts": 2}

#: Replies that count as success, by name: the bytes of the reply, and True if the merchant's system
#: closes the connection after it.
ACCEPTED = {
    "no-reason": (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", False),
    "line-feeds": (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", False),
    "http-1-0": (b"HTTP/1.0 204\r\n\r\n", True),
    "http-1-0-open": (b"HTTP/1.0 204 No Content\r\n\r\n", False),
    "status-line-only": (b"HTTP/1.1 200", True),
    "until-close": (b"HTTP/1.1 200 OK\r\n\r\nall of it", True),
    "interim": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103\r\nLink: <a>\r\n\r\n"
                b"HTTP/1.1 204\r\n\r\n", False),
    "no-last-chunk-end": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n",
                          True),
    "white-space": (b"HTTP/1.1 200\t OK \r\ncontent-length :\t2\t\r\n\r\nok", False),
    "strange-line": (b"HTTP/1.1 200 OK\r\nwhat is this\r\nContent-Length: 0\r\n\r\n", False),
    # In the replies that follow, the body is incomplete or too long. Only the status line and the
    # headers count; couponhook ignores the rest of the body.
    "body-cut": (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nno more", True),
    "body-late": (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nno more", False),
    "no-length-open": (b"HTTP/1.1 200 OK\r\n\r\n", False),
    "bad-chunk": (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nwhat\r\n", False),
    "long-body": (b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + b"x" * 2000000, False),
}

UNREADABLE = {
    "ssh": (b"SSH-2.0-OpenSSH_9.2p1\r\n", False),
    "html": (b"<html>it works</html>", False),
    "tls-alert": (b"\x15\x03\x01\x00\x02\x02\x50", False),
    "no-number": (b"HTTP/1.1 OK\r\n\r\n", False),
    "four-digits": (b"HTTP/1.1 2000 OK\r\n\r\n", True),
    "cut-number": (b"HTTP/1.1 20", True),
}


class Replies(unittest.TestCase):
    def begin(self, replies: dict):
        service = Service(starts=False, has_own_keys=False)
        self.targets = {}
        for name, (reply, closes) in replies.items():
            target = self.enterContext(RawTarget(reply, closes))
            self.targets[name] = target
            add_http_handler(service, target.url, make_secret(), name=name, **SETTINGS)
        service.starts = True
        self.service = self.enterContext(service)
        with Client(self.service) as client:
            reply = client.post(Platform.of(self.service).notify(events.redeem(), "one"))
        self.assertEqual(reply.status, 204)

    def deliveries(self) -> dict:
        listed = self.service.get("/notifications/one")["deliveries"]
        return {each["handler"]: each for each in listed}

    def wait_until_all_are_over(self):
        wait_until(lambda: all(each["state"] in ("done", "dead")
                               for each in self.deliveries().values()), 20, "the end of all")
        return self.deliveries()

    def test_count_in_every_form_that_common_clients_accept(self):
        self.begin(ACCEPTED)
        for name, delivery in self.wait_until_all_are_over().items():
            with self.subTest(name):
                self.assertEqual((delivery["state"], delivery["last_error"]), ("done", ""))
                self.assertEqual(self.targets[name].requests, 1)

    def test_unreadable_replies_are_reported_at_once(self):
        self.begin(UNREADABLE)
        for name, delivery in self.wait_until_all_are_over().items():
            with self.subTest(name):
                self.assertEqual(delivery["state"], "dead")
                self.assertIn("the reply is unreadable: it begins with", delivery["last_error"])
                self.assertNotIn("took too long", delivery["last_error"])

    def test_error_replies_are_kept_in_part_and_not_logged(self):
        error = b"HTTP/1.1 422\r\nContent-Length: 5000\r\n\r\n{\"error\":\t\"no such shop\"}\x1b[2J"
        self.begin({"refuses": (error + b"x" * 4900, True), "silent": (b"", False),
                    "hangs-up": (b"", True)})
        ended = self.wait_until_all_are_over()
        seen = ended["refuses"]["last_error"]
        self.assertIn('HTTP 422: {"error": "no such shop"} [2Jxxx', seen)
        self.assertLess(len(seen), 400)
        self.assertIn("took too long", ended["silent"]["last_error"])
        self.assertIn("closed by the server", ended["hangs-up"]["last_error"])
        self.assertTrue(self.service.logs(handler="refuses"))
        self.assertNotIn("no such shop", "\n".join(self.service.stdout))


if __name__ == "__main__":
    unittest.main()
