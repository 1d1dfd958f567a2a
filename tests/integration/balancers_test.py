"""Goal: the load balancer examples in deploy/ do what they say, and a rolling restart behind them
fails no request.
Method: real HAProxy and nginx with exactly these files, real replicas behind, and a client at an
address of its own.
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
#: Clients of a load that keep their connection.
KEPT_ALIVE = 2
#: How often each replica is restarted; in the ordinary form the first one is, once.
ROUNDS = 5 if LONG else 1

#: What the examples ask of couponhook.toml; addresses are those of this machine.
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
    """What holds behind each of the examples."""

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

    def test_its_restart_is_a_clean_refusal_that_a_retry_mends(self):
        service = self.enterContext(make_replica(self.settings))
        service.start()
        failures = self.restart_under_load(service)
        self.assertLessEqual(set(failures), {"503", "cut"})
        # HAProxy answers 503 once its retries are used up; but a request that is not the first of
        # its connection it drops without a reply, so that the client sends it again: once a
        # restart for each client that keeps its connection. A service that is ready again within
        # HAProxy's retries sees none of this.
        self.assertLessEqual(failures.count("cut"), KEPT_ALIVE * RESTARTS)

    def test_its_restart_refuses_nobody_where_its_sockets_are_kept_open(self):
        sockets = {name: self.enterContext(socket.create_server(("127.0.0.1", 0)))
                   for name in ("listener", "admin")}
        service = self.enterContext(Service(self.settings, sockets=sockets))
        # HAProxy answers 503 by itself once as many health checks have failed as `fall` says, which
        # a restart on a busy machine outlasts.
        self.assertEqual(self.restart_under_load(service, {"fall 3": "fall 40"}), [])


if __name__ == "__main__":
    unittest.main()
