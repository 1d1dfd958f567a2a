"""Checks that couponhook enforces its limits, disconnects slow clients, and speaks HTTP and TLS as
a strict client expects. The tests set low limits and send handwritten bytes at a chosen speed;
tests that need no special client use Python's HTTP and TLS modules.
"""

import http.client
import socket
import ssl
import subprocess
import time
import unittest
import warnings
from contextlib import closing

from support import events
from support.case import ServiceTestCase
from support.service import PATIENCE, wait_until
from support.wire import Closed, Connection

PATH = "/notify/1900000001"


class Connections(ServiceTestCase):
    settings = {"listener.max_connections": 6, "listener.max_connections_per_address": 4}

    def is_served(self, connection) -> bool:
        try:
            return connection.post(self.platform.notify(events.redeem())).status == 204
        except (Closed, OSError):
            return False

    def connect(self):
        try:
            return Connection(self.service)
        except OSError:
            return None

    def test_one_address_gets_no_more_than_its_share(self):
        held = [self.enterContext(Connection(self.service)) for _ in range(4)]
        self.assertTrue(all(map(self.is_served, held)), "as many as are allowed are served")
        surplus = self.connect()
        self.assertFalse(surplus and self.is_served(surplus), "one more is not")
        held[0].close()
        self.enterContext(wait_until(self.connect, what="the place of the one that left"))


class TotalConnections(ServiceTestCase):
    settings = {"listener.max_connections": 3}

    is_served = Connections.is_served
    connect = Connections.connect

    def test_one_more_than_allowed_takes_the_place_of_the_one_that_is_idle_longest(self):
        held = [self.enterContext(Connection(self.service)) for _ in range(3)]
        self.assertTrue(all(map(self.is_served, held)), "as many as are allowed are served")
        surplus = self.enterContext(Connection(self.service))
        self.assertTrue(self.is_served(surplus), "one more is served too")
        self.assertEqual([self.is_served(each) for each in held], [False, True, True])

    def test_the_status_endpoint_has_places_of_its_own(self):
        for _ in range(3):
            self.enterContext(Connection(self.service))
        self.assertEqual(self.service.ask("/readyz", token=None)[0], 200)


class Sizes(ServiceTestCase):
    settings = {"listener.max_header_bytes": 2048, "listener.max_body_bytes": 8192,
                "listener.max_body_bytes_in_flight": 20000}

    def ask(self, data):
        with Connection(self.service) as connection:
            return connection.ask(data)

    def test_header_fields_above_the_limit_are_431(self):
        request = self.platform.notify(events.redeem())
        for what, headers in {"one long": {"X_Long": "x" * 4096},
                              "many": {f"X_{i}": "y" * 40 for i in range(100)}}.items():
            with self.subTest(what):
                reply = self.ask(request.having(**headers).to_bytes(PATH))
                self.assert_refused(reply, 431, "HEADERS_TOO_LARGE")

    def test_header_fields_below_the_limit_are_taken(self):
        request = self.platform.notify(events.redeem()).having(X_Long="x" * 900)
        self.assert_stored(self.ask(request.to_bytes(PATH)))

    def test_a_body_of_just_the_limit_is_read(self):
        for surplus, status in ((0, 500), (1, 413)):
            with self.subTest(surplus=surplus):
                request = self.platform.sign(b" " * (8192 + surplus))
                self.assertEqual(self.ask(request.to_bytes(PATH)).status, status)

    def test_more_body_bytes_than_may_be_in_flight_are_503_and_come_free_again(self):
        request = self.platform.sign(b" " * 8000)
        data = request.to_bytes(PATH)
        held = [self.enterContext(Connection(self.service)) for _ in range(2)]
        for connection in held:
            connection.send(data[:-1])
        time.sleep(0.3)
        reply = self.ask(data)
        self.assert_refused(reply, 503, "OVERLOADED")
        self.assertIn("retry-after", reply.headers)
        for connection in held:
            self.assertEqual(connection.ask(data[-1:]).status, 500, "those before go on")
        self.assertEqual(self.ask(data).status, 500, "there is room again")


class AnnouncedBodies(ServiceTestCase):
    def test_announced_bodies_lock_no_sender_out(self):
        context = self.service.tls_context()
        for _ in range(130):
            connection = self.enterContext(Connection(self.service, context))
            head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: {2 << 20}\r\n\r\n"
            connection.send(head.encode())
        reply = self.post(self.platform.notify(events.redeem()))
        self.assertEqual(reply.status, 204, f"anyone can announce 130 bodies: {reply}")


class Pace(ServiceTestCase):
    settings = {"listener.header_timeout_ms": 600, "listener.body_timeout_ms": 600,
                "listener.idle_timeout_ms": 600, "listener.handshake_timeout_ms": 600}
    LIMIT = 0.6

    def assert_disconnected(self, trickle):
        """Sends a request one byte at a time, and expects that couponhook still closes the
        connection at the time limit."""
        begun = time.monotonic()
        with Connection(self.service) as connection:
            try:
                for byte in trickle:
                    connection.send(bytes([byte]))
                    if connection.has_data():
                        break
                    time.sleep(0.05)
                    self.assertLess(time.monotonic() - begun, 5 * PATIENCE, "it is never cut")
                self.assert_refused(connection.read_reply(), 408, "TOO_SLOW")
            except (BrokenPipeError, ConnectionResetError):
                self.fail("it is cut without a word")
        self.assertGreater(time.monotonic() - begun, self.LIMIT * 0.8, "it is cut too soon")

    def test_a_slow_header_ends_the_connection(self):
        self.assert_disconnected(b"POST /notify/1900000001 HTTP/1.1\r\nX-Trickle: " + b"x" * 1000)

    def test_a_slow_body_ends_the_connection(self):
        data = self.platform.notify(events.redeem()).to_bytes(PATH)
        head, body = data.split(b"\r\n\r\n", 1)
        begun = time.monotonic()
        with Connection(self.service) as connection:
            connection.send(head + b"\r\n\r\n")
            for byte in body:
                connection.send(bytes([byte]))
                if connection.has_data():
                    break
                time.sleep(0.05)
                self.assertLess(time.monotonic() - begun, 5 * PATIENCE, "it is never cut")
            self.assert_refused(connection.read_reply(), 408, "TOO_SLOW")

    def test_an_idle_connection_is_closed_without_a_reply(self):
        with Connection(self.service) as connection:
            self.assert_stored(connection.post(self.platform.notify(events.redeem())))
            self.assertTrue(connection.is_closed_within(3 * PATIENCE))
            self.assertEqual(connection.buffer, b"", "nothing was asked, so nothing is answered")

    def test_a_connection_that_never_asks_is_closed(self):
        with Connection(self.service) as connection:
            self.assertTrue(connection.is_closed_within(3 * PATIENCE))

    def test_a_handshake_that_never_begins_is_closed(self):
        service = self.service
        with closing(http.client.HTTPConnection(*service.address, timeout=3 * PATIENCE)) as plain:
            plain.connect()
            self.assertEqual(plain.sock.recv(1), b"", "the service closes it")

    def test_a_connection_in_use_is_not_idle(self):
        with Connection(self.service) as connection:
            for _ in range(6):
                self.assert_stored(connection.post(self.platform.notify(events.redeem())))
                time.sleep(0.25)


class Tls(ServiceTestCase):
    def context(self, oldest, newest):
        context = self.service.tls_context()
        with warnings.catch_warnings():
            # Switches off Python's warning about old TLS versions, which this test uses on purpose.
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version, context.maximum_version = oldest, newest
        return context

    def test_tls_1_1_and_older_are_refused(self):
        version = ssl.TLSVersion
        for old in (version.TLSv1, version.TLSv1_1):
            with self.subTest(old.name):
                context = self.context(old, old)
                context.set_ciphers("ALL:@SECLEVEL=0")
                with self.assertRaises(ssl.SSLError) as refusal:
                    Connection(self.service, context).close()
                self.assertIn("ALERT_PROTOCOL_VERSION", refusal.exception.reason,
                              "it is the service that refuses, not this client")

    def test_tls_1_2_and_1_3_are_served_with_forward_secrecy_and_aead(self):
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            with self.subTest(version.name):
                with Connection(self.service, self.context(version, version)) as connection:
                    cipher = connection.socket.cipher()[0]
                    self.assertRegex(cipher, "GCM|CHACHA20")
                    self.assertRegex(cipher, "^(ECDHE|TLS_)")
                    self.assert_stored(connection.post(self.platform.notify(events.redeem())))

    def test_weak_cipher_suites_of_tls_1_2_are_refused(self):
        context = self.context(ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2)
        context.set_ciphers("ECDHE-ECDSA-AES128-SHA:AES128-GCM-SHA256:@SECLEVEL=0")
        with self.assertRaises(ssl.SSLError):
            Connection(self.service, context).close()

    def test_alpn_chooses_http_1_1(self):
        context = self.service.tls_context()
        context.set_alpn_protocols(["h2", "http/1.1"])
        with Connection(self.service, context) as connection:
            self.assertEqual(connection.socket.selected_alpn_protocol(), "http/1.1")

    def test_a_peer_without_alpn_is_served(self):
        with Connection(self.service) as connection:
            self.assertIsNone(connection.socket.selected_alpn_protocol())
            self.assert_stored(connection.post(self.platform.notify(events.redeem())))

    def test_a_session_is_resumed(self):
        context = self.service.tls_context()
        with Connection(self.service, context) as connection:
            self.assert_stored(connection.post(self.platform.notify(events.redeem())))
            session = connection.socket.session
        raw = socket.create_connection(self.service.address, 5)
        with context.wrap_socket(raw, server_hostname="127.0.0.1", session=session) as again:
            self.assertTrue(again.session_reused, "handshakes are the dearest part of a connection")

    def test_plain_http_on_the_tls_port_is_closed(self):
        with closing(http.client.HTTPConnection(*self.service.address, timeout=5)) as plain:
            plain.request("POST", PATH, b"")
            with self.assertRaises((http.client.HTTPException, ConnectionError)):
                plain.getresponse()


class TlsChain(ServiceTestCase):
    """Tests in which couponhook's own certificate comes from an intermediate authority, as the
    certificates of public authorities do."""

    @classmethod
    def prepare(cls, service):
        folder = service.folder / "tls"

        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

        for name in ("root", "middle", "server"):
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-out", f"{name}.key")
        (folder / "ca.ext").write_text("basicConstraints = critical, CA:TRUE\n")
        (folder / "server.ext").write_text("subjectAltName = IP:127.0.0.1\n")
        openssl("req", "-x509", "-key", "root.key", "-subj", "/CN=test root", "-out", "root.pem")
        for name, issuer, extensions in (("middle", "root", "ca.ext"),
                                         ("server", "middle", "server.ext")):
            openssl("req", "-new", "-key", f"{name}.key", "-subj", f"/CN=test {name}",
                    "-out", f"{name}.csr")
            openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{issuer}.pem",
                    "-CAkey", f"{issuer}.key", "-CAcreateserial", "-extfile", extensions,
                    "-out", f"{name}.pem")
        chain = (folder / "server.pem").read_text() + (folder / "middle.pem").read_text()
        (folder / "server.crt").write_text(chain)

    def setUp(self):
        pass  # makes no client: the base class's client trusts only a self-signed certificate

    def test_the_whole_chain_is_sent_so_that_a_client_that_trusts_the_root_connects(self):
        host, port = self.service.address
        shown = subprocess.run(
            ["openssl", "s_client", "-connect", f"{host}:{port}", "-showcerts",
             "-CAfile", str(self.service.folder / "tls" / "root.pem"), "-verify_return_error"],
            input="", capture_output=True, text=True, timeout=20, check=False).stdout
        self.assertEqual(shown.count("BEGIN CERTIFICATE"), 2, shown)
        self.assertIn("Verify return code: 0 (ok)", shown)


class Plain(ServiceTestCase):
    settings = {"listener.tls": False}

    def test_plain_http_works_where_tls_is_off(self):
        self.assertFalse(self.service.tls, "the ready line says http://")
        self.assert_stored(self.post(self.platform.notify(events.redeem())))


class Http(ServiceTestCase):
    def setUp(self):
        super().setUp()
        self.connection = self.enterContext(Connection(self.service))

    def test_two_requests_in_one_write_get_two_replies_in_order(self):
        good = self.platform.notify(events.redeem())
        wrong = self.platform.notify(events.redeem()).without("Wechatpay-Serial")
        self.connection.send(good.to_bytes(PATH) + wrong.to_bytes(PATH) + good.to_bytes(PATH))
        self.assertEqual([self.connection.read_reply().status for _ in range(3)], [204, 401, 204])

    def test_a_chunked_body_is_accepted(self):
        request = self.platform.notify(events.redeem())
        chunks = b"".join(
            b"%x;extension=1\r\n%s\r\n" % (len(part), part)
            for part in (request.body[i:i + 100] for i in range(0, len(request.body), 100)))
        headers = request.having(Transfer_Encoding="chunked", Content_Length=None)
        head = type(request)(b"", headers.headers).to_bytes(PATH)
        head = head.replace(b"Content-Length: 0\r\n", b"")
        self.assert_stored(self.connection.ask(head + chunks + b"0\r\nX-Trailer: 1\r\n\r\n"))

    def test_expect_100_continue_is_honoured_in_any_case(self):
        for expectation in ("100-continue", "100-Continue"):
            with self.subTest(expectation), Connection(self.service, timeout=3) as connection:
                request = self.platform.notify(events.redeem()).having(Expect=expectation)
                head, body = request.to_bytes(PATH).split(b"\r\n\r\n", 1)
                connection.send(head + b"\r\n\r\n")
                try:
                    self.assertEqual(connection.read_reply().status, 100)
                except TimeoutError:
                    self.fail("the sender waits in vain for leave to go on")
                self.assert_stored(connection.ask(body))

    def test_a_target_in_absolute_form_is_understood(self):
        # A server must accept a complete URL as the request target (RFC 9112, section 3.2.2),
        # although few clients send one.
        data = self.platform.notify(events.redeem()).to_bytes(f"https://localhost{PATH}")
        self.assert_stored(self.connection.ask(data))

    def test_expect_100_continue_is_not_answered_where_the_body_is_not_wanted(self):
        request = self.platform.notify(events.redeem()).having(Expect="100-continue")
        head = request.to_bytes("/other").split(b"\r\n\r\n")[0]
        self.assertEqual(self.connection.ask(head + b"\r\n\r\n").status, 404)

    def test_a_connection_carries_many_requests(self):
        for _ in range(300):
            reply = self.connection.post(self.platform.notify(events.redeem()))
            self.assert_stored(reply)
            self.assertFalse(reply.closes)

    def test_a_refusal_does_not_end_the_connection(self):
        wrong = self.platform.notify(events.redeem()).without("Wechatpay-Serial")
        self.assertEqual(self.connection.post(wrong).status, 401)
        self.assert_stored(self.connection.post(self.platform.notify(events.redeem())))

    def test_connection_close_is_honoured(self):
        request = self.platform.notify(events.redeem()).having(Connection="close")
        self.assertTrue(self.connection.post(request).closes)
        self.assertTrue(self.connection.is_closed_within(2))

    def test_http_1_0_gets_a_reply_and_a_closed_connection(self):
        data = self.platform.notify(events.redeem()).to_bytes(PATH)
        self.assert_stored(self.connection.ask(data.replace(b"HTTP/1.1", b"HTTP/1.0")))
        self.assertTrue(self.connection.is_closed_within(2))

    def test_http_1_0_gets_keep_alive_if_it_asked_for_it(self):
        for _ in range(2):
            request = self.platform.notify(events.redeem()).having(Connection="keep-alive")
            data = request.to_bytes(PATH).replace(b"HTTP/1.1", b"HTTP/1.0")
            self.assertEqual(self.connection.ask(data).headers["connection"], "keep-alive")

    def test_a_request_in_pieces_of_one_byte_is_read(self):
        for byte in self.platform.notify(events.redeem()).to_bytes(PATH):
            self.connection.send(bytes([byte]))
        self.assert_stored(self.connection.read_reply())

    def test_any_http_client_works(self):
        host, port = self.service.address
        with closing(http.client.HTTPSConnection(
                host, port, timeout=10, context=self.service.tls_context())) as client:
            for _ in range(3):
                request = self.platform.notify(events.redeem())
                client.request("POST", PATH, request.body, request.headers)
                reply = client.getresponse()
                self.assertEqual((reply.status, reply.read()), (204, b""))


if __name__ == "__main__":
    unittest.main()
