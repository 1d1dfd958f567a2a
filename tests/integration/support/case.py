"""Base class of integration tests: one service for each class, with a platform and a client."""

import unittest

from support.service import Service
from support.wechat_pay import Platform
from support.wire import Client


class ServiceTestCase(unittest.TestCase):
    """Base class. All tests of a class share a service, so each test uses its own ids and compares
    counts."""

    #: Settings that differ from those of a new `couponhook init`: "table.key" to value.
    settings: dict = {}
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        service = Service(cls.settings)
        cls.prepare(service)
        cls.service = cls.enterClassContext(service)
        cls.platform = Platform.of(cls.service)

    @classmethod
    def prepare(cls, service):
        """Changes the set-up before the service starts; for subclasses."""

    def setUp(self):
        self.client = self.enterContext(Client(self.service))

    def post(self, request):
        return self.client.post(request)

    def assert_refused(self, reply, status: int, code: str):
        """Checks an error reply: its body has "code" and "message" and nothing else."""
        self.assertEqual(reply.status, status, f"got {reply}")
        self.assertEqual(reply.headers.get("content-type"), "application/json", f"got {reply}")
        self.assertEqual(reply.code, code, f"got {reply}")

    def assert_stored(self, reply):
        self.assertEqual(reply.status, 204, f"got {reply}")
        self.assertEqual(reply.body, b"", "204 has no body")
