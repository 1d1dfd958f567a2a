"""The base of the tests: one service for each class, with a platform and a client for it."""

import unittest

from support.service import Service
from support.wechat_pay import Platform
from support.wire import Client


class ServiceTestCase(unittest.TestCase):
    """Tests of one class share a service, so each uses ids of its own and compares counts."""

    #: What differs from a fresh `couponhook init`: "table.key" to value.
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
        """Changes the set-up further before it is started."""

    def setUp(self):
        self.client = self.enterContext(Client(self.service))

    def post(self, request):
        return self.client.post(request)

    def assert_refused(self, reply, status: int, code: str):
        """An error reply is {"code","message"} and nothing else."""
        self.assertEqual(reply.status, status, f"got {reply}")
        self.assertEqual(reply.headers.get("content-type"), "application/json", f"got {reply}")
        self.assertEqual(reply.code, code, f"got {reply}")

    def assert_stored(self, reply):
        self.assertEqual(reply.status, 204, f"got {reply}")
        self.assertEqual(reply.body, b"", "204 has no body")
