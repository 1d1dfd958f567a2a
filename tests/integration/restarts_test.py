"""Checks that a restart of couponhook loses no notification, and that with socket activation no
client notices the restart. The tests stop and start couponhook while notifications arrive, over
kept and new connections. For socket activation, the test process keeps the listening sockets open,
like a service manager (systemd).
"""

import itertools
import socket
import unittest

from support import events
from support.service import LONG, Service, free_port, wait_until
from support.wechat_pay import Platform
from support.wire import RetryingLoad

RESTARTS = 20 if LONG else 4


class RestartTestCase(unittest.TestCase):
    def load(self, service) -> RetryingLoad:
        platform, numbers = Platform.of(service), itertools.count()

        def make():
            id = f"restart-{next(numbers)}"
            return id, platform.notify(events.redeem(), id)

        load = RetryingLoad(service, make)
        self.addCleanup(load.stop)
        return load

    def restart_under_load(self, service) -> RetryingLoad:
        load = self.load(service)
        for _ in range(RESTARTS):
            before = len(load.acknowledged)
            wait_until(lambda: len(load.acknowledged) > before + 30, seconds=20, what="load")
            self.assertEqual(service.stop(), 0, service.errors())
            service.start()
        load.stop()
        kept = {row[0] for row in service.rows("SELECT id FROM notifications")}
        self.assertEqual(set(load.acknowledged) - kept, set(), "acknowledged and lost")
        self.assertEqual(service.count_rows("coupon_history"), len(kept), "each applied once")
        counts = {kind: load.failures.count(kind) for kind in set(load.failures)}
        print(f"{len(load.acknowledged)} acknowledged over {RESTARTS} restarts, failures {counts}")
        return load


class OwnSocket(RestartTestCase):
    def test_a_restart_refuses_cleanly_and_a_retry_succeeds(self):
        service = self.enterContext(Service({"listener.port": free_port()}))
        load = self.restart_under_load(service)
        self.assertLessEqual(set(load.failures), {"refused"},
                             "nobody is cut off who was connected")


class PassedSocket(RestartTestCase):
    def setUp(self):
        self.sockets = {name: self.enterContext(socket.create_server(("127.0.0.1", 0)))
                        for name in ("listener", "admin")}

    def test_it_serves_at_the_sockets_it_is_given(self):
        service = self.enterContext(Service(sockets=self.sockets))
        self.assertEqual(service.address, self.sockets["listener"].getsockname())
        self.assertEqual(service.admin_address, self.sockets["admin"].getsockname())
        self.assertEqual(service.ask("/readyz", token=None)[0], 200)

    def test_the_other_listener_may_have_a_socket_of_its_own(self):
        del self.sockets["admin"]
        service = self.enterContext(Service(sockets=self.sockets))
        self.assertEqual(service.address, self.sockets["listener"].getsockname())
        self.assertEqual(service.ask("/readyz", token=None)[0], 200)

    def test_a_restart_refuses_no_client(self):
        service = self.enterContext(Service(sockets=self.sockets))
        self.assertEqual(self.restart_under_load(service).failures, [])

    def test_a_socket_without_a_known_name_is_refused_with_a_message(self):
        sockets = {"couponhook.socket": self.sockets["listener"]}
        with Service(starts=False, sockets=sockets) as service:
            service.launch()
            self.assertEqual(service.wait(), 1)
            self.assertIn("FileDescriptorName=", service.errors())


if __name__ == "__main__":
    unittest.main()
