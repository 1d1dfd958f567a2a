"""Checks that WeChat Pay gets a connection and a prompt reply, whatever other clients do with
connections. Clients from many addresses of this machine occupy all connections of couponhook in
every way that an attacker can; then a client with signed notifications connects.
"""

import resource
import select
import socket
import ssl
import statistics
import threading
import time
import unittest
from contextlib import ExitStack

from support import events
from support.case import ServiceTestCase
from support.service import LONG, PATIENCE, wait_until
from support.target import Target, add_http_handler, make_secret
from support.wire import Closed, Connection

PATH = "/notify/1900000001"
REFUSED = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}".encode()


class From:
    """The address of the couponhook service, for a client that connects from another IP address of
    this machine."""

    def __init__(self, service, source: str):
        self.address, self.tls, self.tls_context = service.address, service.tls, service.tls_context
        self.source = (source, 0)


def client_addresses(count=5) -> list[str]:
    return [f"127.0.0.{10 + i}" for i in range(count)]


class Flood:
    """Tests that run twice: over TLS and over plain HTTP. There is a subclass for each."""

    PLACES = 40
    settings = {"listener.max_connections": PLACES, "listener.max_connections_per_address": 10,
                "listener.max_refusals": 5, "listener.threads": 2,
                "listener.reply_budget_ms": 4000}

    def setUp(self):
        super().setUp()
        self.context = self.service.tls_context()

    def connect(self, source="127.0.0.1") -> Connection:
        return self.enterContext(Connection(From(self.service, source), self.context))

    def silent(self, source: str) -> socket.socket:
        return self.enterContext(socket.create_connection(self.service.address, 15,
                                                          source_address=(source, 0)))

    def flood(self, hold, times=2):
        """Calls `hold(address)`, which opens a connection from this address, more often than the
        connection limit allows. So clients other than WeChat Pay occupy all connections."""
        for i in range(times * self.PLACES):
            try:
                hold(client_addresses()[i % 5])
            except (OSError, Closed):
                # These clients may be refused, but the client that plays WeChat Pay must not be.
                pass

    def assert_senders_are_served(self, count=15):
        for i in range(count):
            with Connection(From(self.service, "127.0.1.1"), self.context) as sender:
                reply = sender.post(self.platform.notify(events.redeem()))
                self.assertEqual(reply.status, 204, f"notification {i}: {reply}")

    def hold_with(self, data: bytes):
        def hold(source):
            connection = self.connect(source)
            connection.send(data)
        return hold

    def test_idle_connections_make_room(self):
        sender = self.connect("127.0.1.2")
        self.assert_stored(sender.post(self.platform.notify(events.redeem())))

        def hold(source):
            self.assertEqual(self.connect(source).ask(REFUSED).status, 401)

        self.flood(hold)
        self.assert_senders_are_served()
        self.assert_stored(sender.post(self.platform.notify(events.redeem())))

    def test_connections_without_a_request_make_room(self):
        self.flood(self.silent)
        self.assert_senders_are_served()

    def test_slow_headers_make_room(self):
        self.flood(self.hold_with(b"POST / HTTP/1.1\r\nHo"))
        self.assert_senders_are_served()

    def test_slow_bodies_make_room(self):
        self.flood(self.hold_with(REFUSED[:-1]))
        self.assert_senders_are_served()

    def test_connections_that_do_not_read_make_room(self):
        def hold(source):
            connection = self.connect(source)
            connection.socket.settimeout(0.02)
            for _ in range(1000):
                connection.send(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n" * 1000)

        self.flood(hold, times=1)
        self.assert_senders_are_served()

    def test_connections_that_stay_after_a_refusal_make_room(self):
        self.flood(self.hold_with(b"nonsense\r\n\r\n"))
        self.assert_senders_are_served()

    def test_an_evicted_request_gets_a_reply_with_the_reason(self):
        slow = self.connect("127.0.0.9")
        slow.send(REFUSED[:-1])
        # Makes the connections wait for over a second: couponhook closes such connections first.
        time.sleep(1.2)
        # Each connection comes from its own address. Otherwise couponhook could close another
        # connection of the same address to make room.
        for i in range(self.PLACES):
            self.connect(f"127.0.3.{i + 1}").send(REFUSED[:-1])
        self.assert_refused(slow.read_reply(), 503, "OVERLOADED")

    def test_the_one_that_is_idle_longest_goes_first(self):
        held = [self.connect(f"127.0.2.{i % 20}") for i in range(self.PLACES)]
        for connection in held[:2]:
            self.assertEqual(connection.ask(REFUSED).status, 401)
        time.sleep(0.5)  # a busy service may write a reply long before it counts the client as idle
        for connection in held[2:]:
            self.assertEqual(connection.ask(REFUSED).status, 401)
        self.assertEqual(held[0].ask(REFUSED).status, 401, "the first is in use again")
        self.assert_senders_are_served(1)
        self.assertTrue(held[1].is_closed_within(5 * PATIENCE))
        for connection in (held[0], *held[2:]):
            self.assertEqual(connection.ask(REFUSED).status, 401)

    def test_evictions_are_counted_and_logged_once(self):
        self.flood(self.silent)
        self.assert_senders_are_served(1)
        text = self.service.ask_raw("/metrics").decode()
        line, = (each for each in text.splitlines()
                 if each.startswith("couponhook_connections_evicted_total"))
        self.assertGreaterEqual(float(line.split()[1]), self.PLACES)
        self.assertEqual(len(self.service.wait_for_log(event="connections_evicted")), 1)


class FloodOverTls(Flood, ServiceTestCase):
    pass


class FloodInPlain(Flood, ServiceTestCase):
    settings = {**Flood.settings, "listener.tls": False}


class Ipv6Networks(ServiceTestCase):
    """Tests of a client that owns many IPv6 networks of 64 bits. PROXY protocol headers tell
    couponhook the client's addresses."""

    settings = {"listener.tls": False, "listener.max_connections": 40,
                "listener.max_connections_per_address": 5, "listener.max_refusals": 5,
                "listener.trusted_proxies": ["127.0.0.1"]}

    def connect(self, client: str) -> Connection:
        # A header of version 1 of the PROXY protocol, which gives the client's address.
        prologue = f"PROXY TCP6 {client} {client} 50000 443\r\n".encode()
        return Connection(self.service, prologue=prologue)

    def test_a_network_of_61_bits_does_not_keep_a_sender_out(self):
        for i in range(80):
            attacker = self.enterContext(self.connect(f"2001:db8:0:{i % 8}::{i + 1:x}"))
            attacker.send(REFUSED)
        for i in range(30):
            with self.connect("2001:db8:1::1") as sender:
                reply = sender.post(self.platform.notify(events.redeem()))
            self.assertEqual(reply.status, 204, f"notification {i}: {reply}")


class BusyPlaces(ServiceTestCase):
    settings = {"listener.max_connections": 4, "listener.max_refusals": 2}

    @classmethod
    def prepare(cls, service):
        cls.released = threading.Event()
        cls.target = cls.enterClassContext(Target(lambda call: cls.released.wait(10) and 204))
        add_http_handler(service, cls.target.url, make_secret(), ack="handled", timeout_ms=3800)

    def test_a_request_that_is_being_handled_is_never_evicted(self):
        self.addCleanup(self.released.set)
        held = [self.enterContext(Connection(self.service)) for _ in range(3)]
        for connection in held:
            connection.send(self.platform.notify(events.redeem()).to_bytes(PATH))
        wait_until(lambda: len(self.target.calls) == 3, what="handlers to be called")
        for _ in range(20):
            with Connection(self.service) as attacker:
                self.assertEqual(attacker.ask(REFUSED).status, 401, "one place goes round")
        self.released.set()
        for connection in held:
            self.assert_stored(connection.read_reply())


def raise_open_files(wanted: int) -> int:
    """Raises the limit of open files for the test process, and so for the couponhook that it
    starts. Returns the new limit."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(hard, wanted)))
    except (OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


class ManyConnections(ServiceTestCase):
    """Opens 14,000 connections to a couponhook with a limit of 10,000. TLS is used only in the long
    form of the test (COUPONHOOK_LONG=1), because so many handshakes take minutes."""

    settings = {"listener.tls": LONG}
    CONNECTIONS = 14000
    MEMORY_MAX_MB = 250 + 400 * LONG

    @classmethod
    def setUpClass(cls):
        cls.limit_before = resource.getrlimit(resource.RLIMIT_NOFILE)
        files = raise_open_files(cls.CONNECTIONS + 1000)
        cls.connections = min(cls.CONNECTIONS, files - 500)
        if cls.connections < cls.CONNECTIONS:
            print(f"only {cls.connections} connections: the limit of open files is {files}")
            # If the test can open fewer connections, couponhook's connection limit is lowered in
            # the same ratio of 14 to 10.
            cls.settings = {**cls.settings,
                            "listener.max_connections": cls.connections * 10 // 14}
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(cls.limit_before[0], hard), hard))

    def test_a_flood_locks_no_sender_out_and_takes_bounded_memory(self):
        context = self.service.tls_context()
        begun = time.monotonic()
        with ExitStack() as held:
            for i in range(self.connections):
                source = From(self.service, client_addresses()[i % 5])
                held.enter_context(Connection(source, context)).send(REFUSED)
            seconds = time.monotonic() - begun
            for i in range(30):
                with Connection(self.service, context) as sender:
                    reply = sender.post(self.platform.notify(events.redeem()))
                    self.assertEqual(reply.status, 204, f"notification {i}: {reply}")
        peak = self.service.memory_peak_mb()
        print(f"{self.connections} connections in {seconds:.1f} s, {peak:.0f} MB at most")
        self.assertLess(peak, self.MEMORY_MAX_MB * PATIENCE)


class Pipelining:
    """Tests of clients that send HTTP requests without a pause and never read a reply."""

    CLIENTS = 50
    REQUESTS = b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n" * 500

    def pump(self, clients: list, stopping: threading.Event):
        """Writes requests whenever there is room in a client's send buffer, so that the buffers of
        all clients stay full."""
        for client in clients:
            client.socket.setblocking(False)
        while not stopping.is_set() and clients:
            for client in list(clients):
                try:
                    client.socket.send(self.REQUESTS)
                except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                    pass
                except OSError:
                    clients.remove(client)
            select.select([], [client.socket for client in clients], [], 0.02)

    def test_clients_that_read_no_reply_do_not_slow_others(self):
        context = self.service.tls_context()
        clients = [self.enterContext(Connection(self.service, context))
                   for _ in range(self.CLIENTS)]
        stopping = threading.Event()
        pump = threading.Thread(target=self.pump, args=(clients, stopping))
        pump.start()
        self.addCleanup(pump.join)
        self.addCleanup(stopping.set)
        times = []
        with Connection(self.service, context) as sender:
            for _ in range(150):
                request = self.platform.notify(events.redeem()).to_bytes(PATH)
                begun = time.monotonic()
                self.assert_stored(sender.ask(request))
                times.append(time.monotonic() - begun)
                time.sleep(0.005)
        p99 = statistics.quantiles(times, n=100)[98]
        print(f"p50 {statistics.median(times) * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms")
        self.assertLess(p99, 0.1 * PATIENCE)


class PipeliningOverTls(Pipelining, ServiceTestCase):
    pass


class PipeliningInPlain(Pipelining, ServiceTestCase):
    settings = {"listener.tls": False}


if __name__ == "__main__":
    unittest.main()
