"""Checks that the load balancer examples in deploy/ work as described, and that no request fails
while the replicas of couponhook behind a load balancer are restarted one after the other. The tests
run real HAProxy and nginx with the example files, real replicas behind them, and a client with its
own IP address.
"""

import itertools
import socket
import unittest

from support import events
from support.balancer import Balancer, HAProxy, Nginx
from support.replicas import make_replica, stop_without_delay
from support.service import LONG, Service, wait_until
from support.wechat_pay import Platform
from support.wire import Connection, RetryingLoad

RESTARTS = 20 if LONG else 2
REPLICAS = 3 if LONG else 2
#: Number of clients that use one connection for several requests.
KEPT_ALIVE = 2
#: Number of restarts of each replica in the long form of the test (COUPONHOOK_LONG=1). The short
#: form restarts only the first replica, once.
ROUNDS = 5 if LONG else 1

#: Settings in couponhook.toml that the load balancer examples require, with the addresses of this
#: machine.
PASSTHROUGH = {
    "listener.trusted_proxies": ["127.0.0.1"],
    "listener.drain_delay_ms": 3000 if LONG else 1800,
    "admin.tls_certificate": "tls/server.crt",
    "admin.tls_private_key": "tls/server.key",
}
TERMINATION = {**PASSTHROUGH, "listener.tls": False}
NGINX = {"listener.tls": False, "listener.trusted_proxies": ["127.0.0.1"],
         "listener.drain_delay_ms": 1000}


class BalancerTestCase(unittest.TestCase):
    def load(self, balancer) -> RetryingLoad:
        platform, numbers = Platform.of(balancer.services[0]), itertools.count()

        def make():
            id = f"balanced-{self.id()}-{next(numbers)}"[-64:]
            return id, platform.notify(events.redeem(), id)

        load = RetryingLoad(balancer, make, alive=KEPT_ALIVE)
        self.addCleanup(load.stop)
        return load

    def wait_for_progress(self, load, count=20):
        before = len(load.acknowledged)
        wait_until(lambda: len(load.acknowledged) > before + count, seconds=20, what="load")

    def assert_kept(self, load, services):
        load.stop()
        kept = {row[0] for service in services
                for row in service.rows("SELECT id FROM notifications")}
        self.assertEqual(set(load.acknowledged) - kept, set(), "acknowledged and lost")
        counts = {kind: load.failures.count(kind) for kind in set(load.failures)}
        print(f"{len(load.acknowledged)} acknowledged, failures {counts}")


class Example:
    """Tests that every load balancer example must pass; each subclass tests one example."""

    kind, example, settings = None, None, None

    @classmethod
    def setUpClass(cls):
        cls.services = []
        for _ in range(REPLICAS):
            service = make_replica(cls.settings, *cls.services[:1])
            cls.enterClassContext(service).start()
            cls.services.append(service)
        cls.addClassCleanup(stop_without_delay, cls.services)
        cls.balancer = cls.enterClassContext(cls.kind(cls.example, cls.services))

    def test_the_client_s_address_comes_through_and_a_forged_one_does_not(self):
        platform = Platform.of(self.services[0])
        request = platform.notify(events.redeem()).having(X_Forwarded_For="203.0.113.66")
        with Connection(self.balancer) as connection:
            reply = connection.post(request)
        self.assertEqual(reply.status, 204, f"the Wechatpay headers came through: {reply}")
        lines = wait_until(lambda: [
            line for service in self.services
            for line in service.logs(request_id=request.headers["Request-ID"])])
        self.assertEqual(lines[0]["peer"], Balancer.CLIENT)

    def test_a_rolling_restart_fails_no_request(self):
        load = self.load(self.balancer)
        for service in self.services * ROUNDS if LONG else self.services[:1]:
            self.wait_for_progress(load)
            self.assertEqual(service.stop(), 0, service.errors())
            service.start()
            self.until_used_again(service)
        self.assert_kept(load, self.services)
        self.assertEqual(load.failures, [])

    def until_used_again(self, service):
        before = len(service.logs(event="notification"))
        wait_until(lambda: len(service.logs(event="notification")) > before, seconds=20,
                   what="the balancer to use it again")


class HAProxyPassthrough(Example, BalancerTestCase):
    kind, example, settings = HAProxy, "haproxy/tls-passthrough.cfg", PASSTHROUGH


class HAProxyTermination(Example, BalancerTestCase):
    kind, example, settings = HAProxy, "haproxy/tls-termination.cfg", TERMINATION


class NginxTermination(Example, BalancerTestCase):
    kind, example, settings = Nginx, "nginx/couponhook.conf", NGINX


class SingleReplica(BalancerTestCase):
    settings = {**TERMINATION, "listener.drain_delay_ms": 0}

    def restart_under_load(self, service, changes=None):
        balancer = self.enterContext(HAProxy("haproxy/tls-termination.cfg", [service], changes))
        load = self.load(balancer)
        for _ in range(RESTARTS):
            self.wait_for_progress(load)
            self.assertEqual(service.stop(), 0, service.errors())
            service.start()
        self.assert_kept(load, [service])
        return load.failures

    def test_its_restart_refuses_cleanly_and_a_retry_succeeds(self):
        service = self.enterContext(make_replica(self.settings))
        service.start()
        failures = self.restart_under_load(service)
        self.assertLessEqual(set(failures), {"503", "cut"})
        # After its last retry, HAProxy replies 503 to the first request of a connection. For a
        # later request of the connection, HAProxy closes the connection without a reply, so that
        # the client sends the request again. So each restart of couponhook may close each kept
        # connection once. If couponhook is ready again before HAProxy's last retry, no client
        # notices the restart.
        self.assertLessEqual(failures.count("cut"), KEPT_ALIVE * RESTARTS)

    def test_its_restart_refuses_no_client_where_its_sockets_are_kept_open(self):
        sockets = {name: self.enterContext(socket.create_server(("127.0.0.1", 0)))
                   for name in ("listener", "admin")}
        service = self.enterContext(Service(self.settings, sockets=sockets))
        # HAProxy itself replies 503 after `fall` failed health checks in a row. On a busy machine a
        # restart of couponhook can take longer than that, so the test raises `fall`.
        self.assertEqual(self.restart_under_load(service, {"fall 3": "fall 40"}), [])


if __name__ == "__main__":
    unittest.main()
