"""Checks that couponhook uses the client address that a trusted load balancer gives in a PROXY
protocol header or X-Forwarded-For, and ignores an address that any other client gives. The tests
build PROXY headers from the specification, send them before TLS, some byte by byte, and send
X-Forwarded-For headers that begin with forged addresses.
"""

import select
import socket
import struct
import threading
import time
import unittest
from contextlib import closing

from support import events
from support.case import ServiceTestCase
from support.service import PATIENCE, wait_until
from support.target import Target, add_http_handler, make_secret
from support.wire import Closed, Connection

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
PROXY, LOCAL = 0x21, 0x20


def version_2(source: str, command=PROXY, extensions=b"") -> bytes:
    """Returns a PROXY protocol header of version 2 (HAProxy's doc/proxy-protocol.txt, section
    2.2)."""
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    address = socket.inet_pton(family, source)
    block = address + address + struct.pack("!HH", 50000, 443) + extensions
    return SIGNATURE + struct.pack("!BBH", command, 0x21 if len(address) == 16 else 0x11,
                                   len(block)) + block


def version_1(source: str) -> bytes:
    return f"PROXY TCP{6 if ':' in source else 4} {source} {source} 50000 443\r\n".encode()


class ProxyTestCase(ServiceTestCase):
    def connect(self, prologue=b"", **options) -> Connection:
        return self.enterContext(Connection(self.service, prologue=prologue, **options))

    def peer_of(self, connection, **headers) -> str:
        """Sends a notification over this connection. Returns the client address that couponhook
        writes to its log."""
        request = self.platform.notify(events.redeem()).having(**headers)
        self.assert_stored(connection.post(request))
        request_id = request.headers["Request-ID"][:64]
        return self.service.wait_for_log(event="notification", request_id=request_id)[0]["peer"]

    def rejected(self, code: str) -> int:
        return self.service.counts()["rejected"].get(code, 0)

    def assert_closed(self, sent: bytes):
        with closing(socket.create_connection(self.service.address, 5)) as client:
            client.sendall(sent)
            try:
                self.assertEqual(client.recv(1), b"", "closed without a word")
            except ConnectionResetError:
                pass


class TrustedBalancer(ProxyTestCase):
    settings = {"listener.trusted_proxies": ["127.0.0.0/8"],
                "listener.handshake_timeout_ms": 1000}

    def test_its_header_names_the_client_address(self):
        for make in (version_1, version_2):
            for source in ("203.0.113.7", "2001:db8::7"):
                with self.subTest(make.__name__, source=source):
                    self.assertEqual(self.peer_of(self.connect(make(source))), source)

    def test_extensions_are_skipped(self):
        header = version_2("203.0.113.8", extensions=b"\x04\x02\x00" + bytes(512))
        self.assertEqual(self.peer_of(self.connect(header)), "203.0.113.8")

    def test_a_health_check_is_the_balancer_itself(self):
        self.assertEqual(self.peer_of(self.connect(version_2("203.0.113.9", LOCAL))), "127.0.0.1")

    def test_without_a_header_it_is_the_client_itself(self):
        self.assertEqual(self.peer_of(self.connect()), "127.0.0.1")

    def test_a_header_in_pieces_is_put_together(self):
        for header in (version_1("203.0.113.10"), version_2("203.0.113.10")):
            with closing(socket.create_connection(self.service.address, 5)) as client:
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                for byte in header:
                    client.sendall(bytes((byte,)))
                    time.sleep(0.002)
                with self.service.tls_context().wrap_socket(
                        client, server_hostname="127.0.0.1") as tls:
                    request = self.platform.notify(events.redeem())
                    tls.sendall(request.to_bytes("/notify/1900000001"))
                    self.assertIn(b" 204 ", tls.recv(100))
            self.service.wait_for_log(event="notification", peer="203.0.113.10",
                                      request_id=request.headers["Request-ID"])

    def test_half_a_header_is_closed_after_the_handshake_timeout(self):
        begun = time.monotonic()
        self.assert_closed(version_2("203.0.113.11")[:20])
        self.assertTrue(0.9 < time.monotonic() - begun < 2 * PATIENCE)

    def test_an_invalid_header_is_closed_and_counted(self):
        broken = {
            "version": version_2("203.0.113.1", 0x31),
            "command": version_2("203.0.113.1", 0x25),
            "longer than any": SIGNATURE + struct.pack("!BBH", PROXY, 0x11, 0xFFFF),
            "line": b"PROXY TCP4 somewhere 1 2 3\r\n",
            "line without an end": b"PROXY UNKNOWN " + b"x" * 200,
        }
        for what, sent in broken.items():
            with self.subTest(what):
                before = self.rejected("PROXY_MALFORMED")
                self.assert_closed(sent)
                self.assertEqual(self.rejected("PROXY_MALFORMED"), before + 1)


class Stranger(ProxyTestCase):
    settings = {"listener.trusted_proxies": ["192.0.2.0/24"]}

    def test_a_header_from_anyone_else_is_closed_and_counted(self):
        for sent in (version_1("192.0.2.1"), version_2("192.0.2.1"),
                     version_2("192.0.2.1", LOCAL)):
            before = self.rejected("PROXY_UNTRUSTED")
            self.assert_closed(sent)
            self.assertEqual(self.rejected("PROXY_UNTRUSTED"), before + 1)
        self.service.wait_for_log(event="notification", verdict="PROXY_UNTRUSTED",
                                  peer="127.0.0.1")

    def test_x_forwarded_for_from_other_clients_is_ignored(self):
        peer = self.peer_of(self.connect(), X_Forwarded_For="203.0.113.7")
        self.assertEqual(peer, "127.0.0.1")


class PlainHttp(ProxyTestCase):
    """Tests of couponhook with plain HTTP, behind a load balancer that ends TLS."""

    settings = {"listener.tls": False, "listener.trusted_proxies": ["127.0.0.1", "10.0.0.0/8"]}

    def test_the_balancer_names_each_request_s_client(self):
        connection = self.connect()
        for source in ("203.0.113.7", "2001:db8::7", "203.0.113.8"):
            peer = self.peer_of(connection, X_Forwarded_For=source)
            self.assertEqual(peer, source, "one connection carries many clients' requests")
        self.assertEqual(self.peer_of(connection), "127.0.0.1")

    def test_only_entries_of_trusted_proxies_are_used(self):
        peer = self.peer_of(self.connect(), X_Forwarded_For="192.0.2.66, 203.0.113.7, 10.1.2.3")
        self.assertEqual(peer, "203.0.113.7")

    def test_the_last_of_several_fields_is_read_first(self):
        request = self.platform.notify(events.redeem())
        head, body = request.to_bytes("/notify/1900000001").split(b"\r\n\r\n", 1)
        forged = b"\r\nX-Forwarded-For: 192.0.2.66\r\nx-forwarded-for: 203.0.113.9\r\n\r\n"
        self.assert_stored(self.connect().ask(head + forged + body))
        self.service.wait_for_log(event="notification", peer="203.0.113.9",
                                  request_id=request.headers["Request-ID"])

    def test_a_proxy_header_is_taken_before_plain_http_too(self):
        for make in (version_1, version_2):
            self.assertEqual(self.peer_of(self.connect(make("203.0.113.12"))), "203.0.113.12")

    def test_x_forwarded_for_is_used_where_the_proxy_header_names_a_trusted_proxy(self):
        for hop, peer in (("10.0.0.5", "203.0.113.13"), ("203.0.113.14", "203.0.113.14")):
            connection = self.connect(version_2(hop))
            self.assertEqual(self.peer_of(connection, X_Forwarded_For="203.0.113.13"), peer)


class Share(ProxyTestCase):
    settings = {"listener.max_connections_per_address": 2,
                "listener.trusted_proxies": ["127.0.0.1"]}

    def status(self, connection, **headers):
        request = self.platform.notify(events.redeem()).having(**headers)
        reply = connection.post(request)
        return reply.status

    def test_each_client_behind_a_balancer_has_a_share_of_its_own(self):
        for source in ("203.0.113.1", "203.0.113.2"):
            held = [self.connect(version_2(source)) for _ in range(3)]
            statuses = [self.status(connection) for connection in held]
            self.assertEqual(statuses, [204, 204, 503], source)

    def test_an_ipv6_client_is_its_64_bit_network(self):
        hosts = ["2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:1::3", "2001:db8:0:2::1"]
        held = [self.connect(version_2(host)) for host in hosts]
        self.assertEqual([self.status(connection) for connection in held], [204, 204, 503, 204])

    def test_the_balancer_itself_has_no_share(self):
        held = [self.connect() for _ in range(5)]
        self.assertEqual({self.status(connection) for connection in held}, {204})

    def test_a_connection_counts_for_the_client_of_its_last_request(self):
        held = [self.connect() for _ in range(3)]
        statuses = [self.status(each, X_Forwarded_For="203.0.113.20") for each in held]
        self.assertEqual(statuses, [204, 204, 503])
        self.assertEqual(self.status(held[0], X_Forwarded_For="203.0.113.21"), 204)
        self.assertEqual(self.status(self.connect(), X_Forwarded_For="203.0.113.20"), 204,
                         "the place of the one that went on with another client")


class Overload:
    """Tests that couponhook, if all its connections are busy with requests, refuses one more
    connection quickly and with 503."""

    settings = {"listener.max_connections": 2, "listener.max_refusals": 2}

    @classmethod
    def prepare(cls, service):
        cls.released = threading.Event()
        cls.target = cls.enterClassContext(Target(lambda call: cls.released.wait(10) and 204))
        add_http_handler(service, cls.target.url, make_secret(), ack="handled", timeout_ms=3800)

    def hold_all_places(self) -> list:
        """Opens as many connections as couponhook allows, each with a request that waits for a
        handler until `released` is set. Returns the connections."""
        self.released.clear()
        self.addCleanup(self.released.set)
        held = []
        # A connection is opened only when the request of the previous one has reached the handler.
        # Otherwise, if couponhook still counted connections of the previous test, it would close a
        # new connection that is idle to make room for the next one.
        for _ in range(self.settings["listener.max_connections"]):
            calls = len(self.target.calls)
            connection = self.connect()
            connection.send(self.platform.notify(events.redeem()).to_bytes(connection.path))
            wait_until(lambda: len(self.target.calls) > calls, what="the handler to be called")
            held.append(connection)
        return held

    def assert_served(self, held: list):
        self.released.set()
        for connection in held:
            self.assert_stored(connection.read_reply())

    def refused_after(self) -> float:
        begun = time.monotonic()
        with Connection(self.service) as surplus:
            reply = surplus.post(self.platform.notify(events.redeem()))
        seconds = time.monotonic() - begun
        self.assert_refused(reply, 503, "OVERLOADED")
        self.assertIn("retry-after", reply.headers)
        self.assertTrue(reply.closes)
        return seconds

    def test_one_too_many_gets_503_within_50_ms(self):
        held = self.hold_all_places()
        seconds = sorted(self.refused_after() for _ in range(10))
        print(f"503 after {seconds[5] * 1000:.1f} ms, at most {seconds[-1] * 1000:.1f} ms")
        self.assertLess(seconds[5], 0.05 * PATIENCE)
        self.assert_served(held)

    def hold_all_refusals(self) -> list:
        """Opens silent connections until couponhook's limit of connections being refused is
        reached. Returns these connections, or an empty list if couponhook closed them."""
        silent = [socket.create_connection(self.service.address, 5) for _ in range(2)]
        time.sleep(0.1)
        if not select.select(silent, [], [], 0)[0]:
            return silent
        # couponhook closed the connections, because connections that it refused earlier still
        # counted towards the limit.
        for each in silent:
            each.close()
        return []

    def test_refusals_have_a_limit_of_their_own(self):
        held = self.hold_all_places()
        silent = wait_until(self.hold_all_refusals, what="places for refusals")
        with closing(silent[0]), closing(silent[1]):
            with self.assertRaises((Closed, OSError)):
                with Connection(self.service) as surplus:
                    surplus.post(self.platform.notify(events.redeem()))
        self.assert_served(held)


class OverloadOverTls(Overload, ProxyTestCase):
    pass


class OverloadInPlainHttp(Overload, ProxyTestCase):
    settings = {**Overload.settings, "listener.tls": False}


if __name__ == "__main__":
    unittest.main()
