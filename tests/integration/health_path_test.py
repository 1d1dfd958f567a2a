"""Checks the health path on couponhook's public listener: it must say whether the replica is ready,
without reasons and without a token, and be off unless it is configured.
"""

import unittest

from support import events
from support.service import Service, wait_until
from support.wechat_pay import Platform
from support.wire import Client, Connection

PATH = "/healthz"


class HealthPath(unittest.TestCase):
    def serve(self, **settings) -> Service:
        service = Service(starts=False, has_own_keys=False)
        for key, value in settings.items():
            service.configure(f"listener.{key}", value)
        service.starts = True
        self.enterContext(service)
        return service

    def ask(self, service, method="GET", path=PATH):
        """Sends a request without a body to the public listener. Returns the reply."""
        with Connection(service) as connection:
            head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            return connection.ask(head.encode())

    def test_it_says_whether_the_replica_is_ready_and_gives_no_reason(self):
        service = self.serve(health_path=PATH)
        wait_until(lambda: self.ask(service).status == 200, 10, "readiness")
        aside = service.root / "aside"
        service.database.parent.rename(aside)
        wait_until(lambda: self.ask(service).status == 503, 10, "the loss of the store")
        self.assertEqual(self.ask(service).body, b"")
        aside.rename(service.database.parent)
        wait_until(lambda: self.ask(service).status == 200, 10, "the return of the store")

    def test_it_takes_get_and_head_only(self):
        service = self.serve(health_path=PATH)
        refused = self.ask(service, "DELETE")
        self.assertEqual((refused.status, refused.headers["allow"]), (405, "GET, HEAD"))
        wait_until(lambda: self.ask(service).status == 200, 10, "readiness")
        self.assertEqual(self.ask(service, "HEAD").status, 200)

    def test_it_is_no_notification_and_no_refusal(self):
        service = self.serve(health_path=PATH)
        self.ask(service)
        with Client(service) as client:
            reply = client.post(Platform.of(service).notify(events.redeem()))
        self.assertEqual(reply.status, 204)
        counts = service.counts()
        self.assertEqual((counts["stored"], counts["rejected"].get("NOT_FOUND", 0)), (1, 0))

    def test_it_is_off_unless_it_is_configured(self):
        service = self.serve()
        self.assertEqual(self.ask(service).status, 404)


if __name__ == "__main__":
    unittest.main()
