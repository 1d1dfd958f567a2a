"""Base class of integration tests: each test class gets one running couponhook, a sender that signs
as WeChat Pay, and an HTTP client."""

import unittest

from support.service import Service
from support.wechat_pay import Platform
from support.wire import Client


class ServiceTestCase(unittest.TestCase):
    """Base class of integration tests. All tests of a class share one running couponhook. So each
    test uses its own notification ids, and compares couponhook's counts before and after."""

    #: Settings that a test class changes in the configuration made by `couponhook init`: a
    #: dictionary from "table.key" to the new value.
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
        """Subclasses override this method to change the configuration before couponhook starts."""

    def setUp(self):
        self.client = self.enterContext(Client(self.service))

    def post(self, request):
        return self.client.post(request)

    def assert_refused(self, reply, status: int, code: str):
        """Checks the status and the code of an error reply, and that its body has "code" and
        "message" and nothing else."""
        self.assertEqual(reply.status, status, f"got {reply}")
        self.assertEqual(reply.headers.get("content-type"), "application/json", f"got {reply}")
        self.assertEqual(reply.code, code, f"got {reply}")

    def assert_stored(self, reply):
        self.assertEqual(reply.status, 204, f"got {reply}")
        self.assertEqual(reply.body, b"", "204 has no body")
