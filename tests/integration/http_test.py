"""Checks that couponhook parses HTTP as RFC 9110 and RFC 9112 require, wherever another
interpretation would allow request smuggling, and that an error reply reaches a client that is still
sending. Each row of the tables is a handwritten request, sent over TLS and over plain HTTP. A
signed notification follows on the same connection in the same write: couponhook must handle it if
the connection stays open, and must not handle it if the connection closes.
"""

import socket
import time
import unittest
from dataclasses import dataclass

from support import events
from support.case import ServiceTestCase
from support.service import PATIENCE
from support.wechat_pay import SIGNED_HEADERS, Request
from support.wire import Closed, Connection

PATH = "/notify/1900000001"
SERVED, CLOSED = "the next request is served", "the connection ends"


@dataclass(frozen=True)
class Row:
    what: str
    data: bytes
    status: int
    then: str


class Shapes:
    """Builds a signed notification as HTTP bytes in the different forms that a sender may use."""

    def __init__(self, platform):
        self.platform = platform

    def post(self, target=PATH, version="HTTP/1.1", more=(), host="Host: localhost", body=None,
             method="POST", end="\r\n", **headers) -> bytes:
        """Returns a POST request with a signed notification. `more` are additional header lines;
        `headers` are changes of headers for Request.having()."""
        made = self.platform.notify(events.redeem())
        made = Request(made.body if body is None else body, made.headers)
        fields = {"Content-Length": str(len(made.body)), **made.having(**headers).headers}
        if headers.get("Content_Length", "") is None:
            del fields["Content-Length"]
        lines = [f"{method} {target} {version}", *([host] if host is not None else []),
                 *(f"{name}: {value}" for name, value in fields.items()), *more]
        return end.join([*lines, "", ""]).encode("latin-1") + made.body

    def chunked(self, trailers=(), pieces=100, extension=b"", version="HTTP/1.1", more=(),
                last=b"0", coding="Transfer-Encoding: chunked", end=b"\r\n",
                drop=()) -> bytes:
        made = self.platform.notify(events.redeem())
        sent = made.without(*drop)
        lines = [f"POST {PATH} {version}", "Host: localhost", coding,
                 *(f"{name}: {value}" for name, value in sent.headers.items()), *more]
        body = b"".join(b"%x%s%s%s\r\n" % (len(part), extension, end, part)
                        for part in (made.body[i:i + pieces]
                                     for i in range(0, len(made.body), pieces)))
        seen = [each.replace("=", ": " + made.headers.get(each[:-1], "")) for each in trailers]
        return ("\r\n".join([*lines, "", ""]).encode() + body + last + b"\r\n"
                + "".join(f"{each}\r\n" for each in seen).encode() + b"\r\n")


def framing_rows(make: Shapes) -> list[Row]:
    """Returns requests that test at which byte the body of a request ends (RFC 9112, section 6)."""
    head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\n".encode()

    def length(value: str) -> bytes:
        return head + f"Content-Length: {value}\r\n\r\n".encode() + b"abcd"

    def coding(*lines: str) -> bytes:
        return head + "".join(f"{each}\r\n" for each in lines).encode() + b"\r\n0\r\n\r\n"

    def chunks(data: bytes) -> bytes:
        return head + b"Transfer-Encoding: chunked\r\n\r\n" + data

    made = make.platform.notify(events.redeem())
    doubled = [f"Content-Length: {len(made.body)}"]
    kept_open = ["Connection: keep-alive"]
    rows = [
        Row("chunks", make.chunked(), 204, SERVED),
        Row("chunks of one byte", make.chunked(pieces=1), 204, SERVED),
        Row("extensions", make.chunked(extension=b' ; a ;b = "q\\"d" ;c=d'), 204, SERVED),
        Row("coding in capitals", make.chunked(coding="transfer-encoding: CHUNKED"), 204, SERVED),
        Row("more than one zero at the end", make.chunked(last=b"000"), 204, SERVED),
        Row("HTTP/1.0 with chunks", make.chunked(version="HTTP/1.0"), 204, CLOSED),
        Row("HTTP/1.0 with chunks, to be kept open",
            make.chunked(version="HTTP/1.0", more=kept_open), 204, CLOSED),
        Row("HTTP/1.0", make.post(version="HTTP/1.0"), 204, CLOSED),
        Row("HTTP/1.0, to be kept open", make.post(version="HTTP/1.0", more=kept_open), 204,
            SERVED),
        Row("length and chunks", make.chunked(more=["Content-Length: 5"]), 400, CLOSED),
        Row("HTTP/1.0 with length and chunks",
            make.chunked(version="HTTP/1.0", more=["Content-Length: 5"]), 400, CLOSED),
        Row("the same length twice",
            head + "".join(f"{n}: {v}\r\n" for n, v in made.headers.items()).encode()
            + f"{doubled[0]}\r\n{doubled[0]}\r\n\r\n".encode() + made.body, 204, SERVED),
        Row("two lengths", make.post(more=["Content-Length: 5"]), 400, CLOSED),
        Row("two lengths, the last right", head + b"Content-Length: 5\r\nContent-Length: 4\r\n\r\n"
            + b"abcd", 400, CLOSED),
        Row("two notations of a length", head + b"Content-Length: 4\r\nContent-Length: 04\r\n\r\n"
            + b"abcd", 400, CLOSED),
        Row("no body announced", head + b"\r\n", 401, SERVED),
    ]
    for value in ("+4", "-4", "-0", "4 4", "4,5", "4;", "0x4", "4.0", "", "four", "\u0664", "4\t4",
                  "18446744073709551620", "9" * 40):
        rows.append(Row(f"length {value!r}", head + b"Content-Length: " + value.encode()
                        + b"\r\n\r\nabcd", 400, CLOSED))
    for lines in (("Transfer-Encoding: chunked, chunked",), ("Transfer-Encoding: chunked",) * 2,
                  ("Transfer-Encoding: gzip, chunked",), ("Transfer-Encoding: chunked, gzip",),
                  ("Transfer-Encoding: gzip", "Transfer-Encoding: chunked"),
                  ("Transfer-Encoding: identity",), ("Transfer-Encoding: \x0bchunked",),
                  ("Transfer-Encoding: chunked;q=1",), ("Transfer-Encoding: 'chunked'",),
                  ("Transfer-Encoding:", "Content-Length: 4"), ("Transfer-Encoding: xchunked",),
                  ("Transfer-Encoding: ,chunked",), ("Transfer-Encoding : chunked",),
                  ("Transfer-Encoding:\r\n chunked",), ("Transfer-Encoding: chu\r\n nked",)):
        rows.append(Row(f"coding {lines!r}", coding(*lines), 400, CLOSED))
    for data in (b"g\r\n", b"-1\r\n", b"+1\r\nx\r\n", b"0x1\r\nx\r\n", b" 1\r\nx\r\n", b"\r\n",
                 b";a\r\n", b"1 \r\nx\r\n", b"1\r\nxy\r\n", b"1\r\nx\n0\r\n", b"1\nx\n0\n\n",
                 b"1;a\nx\r\n0\r\n\r\n", b"1\r\r\nx\r\n", b"1;=\r\nx\r\n", b"1;a=\r\nx\r\n",
                 b'1;a="b\r\nx\r\n', b"1;a\x00\r\nx\r\n", b"1\rx", b"0\n", b"0\r\n\n",
                 b"0\r\nX: 1\n\r\n", b"0\r\nX\r\n\r\n", b"0\r\n X: 1\r\n\r\n",
                 b"0\r\nX: 1\r\n 2\r\n\r\n", b"0\r\nX : 1\r\n\r\n", b"1,1\r\nx\r\n",
                 b"fffffffffffffffff\r\n", b"10000000000000001\r\nx\r\n", b"\x85\xb9\r\n"):
        rows.append(Row(f"chunks {data!r}", chunks(data), 400, CLOSED))
    for data in (b"ffffffffffffffff\r\n", b"fffffffffffffff\r\n", b"200001\r\n"):
        rows.append(Row(f"chunks {data!r}", chunks(data), 413, CLOSED))
    return rows


def trailer_rows(make: Shapes) -> list[Row]:
    """Returns requests with trailers (fields after the last chunk of the body), which must not be
    treated as headers (RFC 9110, section 6.5.1)."""
    signature = "Wechatpay-Signature"
    return [
        Row("a trailer", make.chunked(["X-Trailer: 1"]), 204, SERVED),
        Row("a signature in a trailer", make.chunked([f"{signature}="], drop=[signature]), 401,
            SERVED),
        Row("a nonce in a trailer", make.chunked(["Wechatpay-Nonce="], drop=["Wechatpay-Nonce"]),
            401, SERVED),
        Row("a second signature in a trailer", make.chunked([f"{signature}: AAAA"]), 204, SERVED),
        Row("Connection in a trailer", make.chunked(["Connection: close"]), 204, SERVED),
        Row("a second Host in a trailer", make.chunked(["Host: other"]), 204, SERVED),
        Row("Content-Length in a trailer", make.chunked(["Content-Length: 7"]), 204, SERVED),
        Row("Transfer-Encoding in a trailer", make.chunked(["Transfer-Encoding: gzip"]), 204,
            SERVED),
        Row("Expect in a trailer", make.chunked(["Expect: 100-continue"]), 204, SERVED),
        Row("trailers without an end", make.chunked(["X-T: " + "x" * 900] * 30), 431, CLOSED),
    ]


def target_rows(make: Shapes) -> list[Row]:
    """Returns requests with different forms of the request target, which is usually a path (RFC
    9112, section 3.2)."""
    rows = []
    for target in (PATH, f"http://h{PATH}", f"HTTPS://h:8443{PATH}", f"http://[::1]{PATH}",
                   f"http://other.example:{PATH}", f"{PATH}?a=b", f"{PATH}?"):
        rows.append(Row(f"target {target}", make.post(target), 204, SERVED))
    for target in ("http://h", f"http://h?x={PATH}", f"http://h/?x={PATH}", f"/?u=http://h{PATH}",
                   f"/a?b://c{PATH}", f"/x{PATH}", f"/.{PATH}", f"/..{PATH}", f"/a/..{PATH}",
                   f"/{PATH}", f"{PATH}/", f"{PATH}/.", f"{PATH}%20", f"{PATH}%00", f"{PATH};a",
                   "/%6eotify/1900000001", "/notify%2f1900000001", "/notify//1900000001",
                   "/NOTIFY/1900000001", "/notify/./1900000001", "/notify\\1900000001"):
        rows.append(Row(f"target {target}", make.post(target, body=b"", Content_Length=None), 404,
                        SERVED))
    for target in (f"a?b://c{PATH}", f"a#b://c{PATH}", f"://c{PATH}", f"1a://c{PATH}",
                   f"h{PATH}", f"http://{PATH}", f"http://?{PATH}",
                   f"http://u@h{PATH}", f"http://u:p@h{PATH}", f"http://h h{PATH}",
                   f"http://h:8a{PATH}", f"http://[::1{PATH}", f"http://a/b@c:x?{PATH}#f",
                   f"ftp://h{PATH}", f"http:{PATH}", f"{PATH}#f", "*", "localhost:443", "?a",
                   f"\t{PATH}", f"{PATH}\x7f"):
        rows.append(Row(f"target {target!r}", make.post(target), 400, CLOSED))
    rows += [
        Row("CONNECT", b"CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n", 404, SERVED),
        Row("CONNECT to a path", f"CONNECT {PATH} HTTP/1.1\r\nHost: h\r\n\r\n".encode(), 400,
            CLOSED),
        Row("OPTIONS *", b"OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", 404, SERVED),
        Row("a long target", make.post("/" + "x" * 20000), 414, CLOSED),
        Row("a target without an end", b"GET /" + b"x" * 20000, 414, CLOSED),
    ]
    return rows


def line_rows(make: Shapes) -> list[Row]:
    """Returns requests with different request lines, HTTP versions and line ends (RFC 9112,
    sections 2 and 3)."""
    rows = [Row(f"version {version}", make.post(version=version), 505, CLOSED)
            for version in ("HTTP/1.2", "HTTP/1.9", "HTTP/2.0", "HTTP/3.0", "HTTP/0.9")]
    rows += [Row(f"version {version!r}", make.post(version=version), 400, CLOSED)
             for version in ("HTTP/1.10", "HTTP/11.1", "http/1.1", "HTTP/1", "HTTP/1.", "HTTP/ 1.1",
                             "HTTP/1,1", "HTTP/1.1 ", "HTTP/1.1\t", "HTTPS/1.1", "HTTP/x.1", "")]
    rows += [
        Row("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, CLOSED),
        Row("HTTP/0.9", f"GET {PATH}\r\n".encode(), 400, CLOSED),
        Row("no HTTP", b"what is this?\r\n\r\n", 400, CLOSED),
        Row("empty lines before it", b"\r\n\r\n" + make.post(), 204, SERVED),
        Row("bare line feeds", make.post(end="\n"), 400, CLOSED),
        Row("a bare carriage return", make.post(end="\r"), 400, CLOSED),
        Row("a carriage return before it", b"\r" + make.post(), 400, CLOSED),
        Row("a blank before it", b" " + make.post(), 400, CLOSED),
        Row("two blanks", make.post(method="POST "), 400, CLOSED),
        Row("a tab for a blank", make.post().replace(b" HTTP", b"\tHTTP", 1), 400, CLOSED),
        Row("no method", make.post(method=""), 400, CLOSED),
        Row("a method that is no token", make.post(method="PO(ST"), 400, CLOSED),
        Row("a NUL in the method", make.post(method="PO\0ST"), 400, CLOSED),
        Row("a method in small letters", make.post(method="post", body=b"", Content_Length=None),
            405, SERVED),
    ]
    return rows


def field_rows(make: Shapes) -> list[Row]:
    """Returns requests with valid and invalid header fields (RFC 9112, section 5; RFC 9110,
    sections 5, 7.2 and 7.6.1)."""
    def more(*lines: str) -> bytes:
        return make.post(more=lines)

    rows = [Row(f"{lines!r}", more(*lines), 400, CLOSED) for lines in (
        ("X-Fold: a\r\n b",), ("X-Fold: a\r\n\tb",), ("X-Fold:\r\n b",), ("X-Fold: a\r\n \r\n b",),
        ("Connection: keep-alive\r\n close",), (" X: a",), ("\tX: a",),
        ("X : a",), ("X\t: a",), (": a",), ("X",), ("X Y: a",), ("X(: a",), ("X\x00: a",),
        ("X: a\x00b",), ("X: a\rb",), ("X: a\x0bb",), ("X: a\x7fb",), ("X: \x1b[0m",),
        ("X\xe9: a",), ("X: a\nY: b",), ("\x00",))]
    rows += [Row(f"{lines!r}", more(*lines), 204, SERVED) for lines in (
        ("X:",), ("X: ",), ("X:a",), ("X:  a \t ",), ("X: a\tb",), ("X: \xe9",), ("!#$%&'*+-.^_`|~: 1",),
        ("X: 1", "X: 2"), ("Connection: keep-alive",), ("Connection: x, keep-alive",),
        ("Proxy-Connection: close",), ("X-Connection: close",), ("Upgrade: h2c",),
        ("Request-ID: 2",))]
    rows += [Row(f"{lines!r}", more(*lines), 204, CLOSED) for lines in (
        ("Connection: close",), ("Connection: Close",), ("Connection: x , CLOSE , y",),
        ("Connection: keep-alive", "Connection: close"), ("Connection: close, keep-alive",),
        ("Connection: ,close",))]
    rows += [
        Row("many fields", more(*(f"X-{i}: 1" for i in range(80))), 204, SERVED),
        Row("too many fields", more(*(f"X{i}:" for i in range(1000))), 431, CLOSED),
        Row("a long field", more("X: " + "x" * 20000), 431, CLOSED),
        Row("a field without an end", f"GET {PATH} HTTP/1.1\r\nX: ".encode() + b"x" * 20000, 431,
            CLOSED),
    ]
    for host in ("", " ", "localhost:", "localhost:8443", "[::1]", "[::1]:8443", "1.2.3.4",
                 "a_b.example", "xn--fiq.example", "%41", "A,B"):
        rows.append(Row(f"Host {host!r}", make.post(host=f"Host: {host}"), 204, SERVED))
    for host in ("a b/c@d", "a/b", "u@h", "a b", "a:b", "a:1:2", "[::1", "::1", "[g]", "[]",
                 "a?b", "a#b", "h\xe9", "%4", "%zz", "[::1]x", "a\\b", "a\tb", "<a>", "h:-1"):
        rows.append(Row(f"Host {host!r}", make.post(host=f"Host: {host}"), 400, CLOSED))
    rows += [
        Row("no Host", make.post(host=None), 400, CLOSED),
        Row("no Host in HTTP/1.0",
            make.post(host=None, version="HTTP/1.0", more=["Connection: keep-alive"]), 204, SERVED),
        Row("two Hosts", make.post(more=["Host: other"]), 400, CLOSED),
        Row("one Host twice", make.post(more=["Host: localhost"]), 400, CLOSED),
        Row("two Hosts in HTTP/1.0", make.post(version="HTTP/1.0", more=["Host: b"]), 400, CLOSED),
        Row("Expect in HTTP/1.0", make.post(version="HTTP/1.0", Expect="100-continue"), 204,
            CLOSED),
    ]
    return rows


def doubled_rows(make: Shapes) -> list[Row]:
    """Returns requests in which a header that matters for security occurs twice."""
    def doubled(name: str, first: str | None, second: str | None) -> bytes:
        made = make.platform.notify(events.redeem())
        value = made.headers[name]
        lines = [f"POST {PATH} HTTP/1.1", "Host: x", f"Content-Length: {len(made.body)}",
                 f"{name}: {value if first is None else first}",
                 *(f"{n}: {v}" for n, v in made.headers.items() if n != name),
                 f"{name.lower()}: {value if second is None else second}"]
        return "\r\n".join([*lines, "", ""]).encode() + made.body

    rows = []
    for name in (*SIGNED_HEADERS, "Wechatpay-Signature-Type"):
        rows.append(Row(f"{name} twice", doubled(name, None, None), 204, SERVED))
        for first, second in ((None, "x"), ("x", None), (None, ""), ("", None)):
            rows.append(Row(f"{name} {first!r} and {second!r}", doubled(name, first, second), 400,
                            CLOSED))
    return rows


class Table:
    """Tests that run twice: over TLS and over plain HTTP. There is a subclass for each."""

    def replies(self, data: bytes) -> tuple[list[int], bool]:
        """Sends the bytes over one connection. Returns the statuses of the replies, and True if the
        service closed the connection."""
        statuses = []
        with Connection(self.service, timeout=10) as connection:
            connection.send(data)
            try:
                while len(statuses) < 2:
                    reply = connection.read_reply()
                    if reply.status != 100:
                        statuses.append(reply.status)
            except (Closed, ConnectionError):
                return statuses, True
            return statuses, False

    def check(self, rows: list[Row]):
        stored = self.service.counts()["stored"]
        for row in rows:
            with self.subTest(row.what):
                following = self.platform.notify(events.redeem()).to_bytes(PATH)
                statuses, ended = self.replies(row.data + following)
                expected = [row.status, 204] if row.then == SERVED else [row.status]
                self.assertEqual((statuses, ended), (expected, row.then == CLOSED),
                                 f"{row.then} after {row.data[:200]!r}")
                stored += expected.count(204)
        self.assertEqual(self.service.counts()["stored"], stored, "what was refused is not stored")

    def test_framing(self):
        self.check(framing_rows(Shapes(self.platform)))

    def test_trailers(self):
        self.check(trailer_rows(Shapes(self.platform)))

    def test_targets(self):
        self.check(target_rows(Shapes(self.platform)))

    def test_request_lines(self):
        self.check(line_rows(Shapes(self.platform)))

    def test_fields(self):
        self.check(field_rows(Shapes(self.platform)))

    def test_doubled_fields(self):
        self.check(doubled_rows(Shapes(self.platform)))

    def test_what_is_malformed_is_answered_at_once(self):
        """Checks that couponhook refuses a malformed request without waiting for more bytes,
        because no further bytes could make the request valid."""
        head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        for data in (head + b"5\nabcde\n", head + b"5\n", head + b"0\n", head + b"x", head + b"5\rx",
                     head + b"0\r\nX: 1\n", b"GET / HTTP/1.1\nHost: x\n\n", b"\x16\x03\x01",
                     b"GET / HTTP/1.1\r\nHost: x\n", b"GET\0", b"GET / HTTP/1.1\rH"):
            with self.subTest(data[-20:]), Connection(self.service) as connection:
                begun = time.monotonic()
                self.assert_refused(connection.ask(data), 400, "MALFORMED")
                self.assertLess(time.monotonic() - begun, 2 * PATIENCE, "timeouts are 5 s")

    def test_a_refusal_says_which_rule_was_broken(self):
        for data, word in ((b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "Host"),
                           (b"GET / HTTP/1.1\r\nHost: a\r\n b: c\r\n\r\n", "folded"),
                           (b"GET / HTTP/1.2\r\nHost: a\r\n\r\n", "1.1")):
            with Connection(self.service) as connection:
                self.assertIn(word, connection.ask(data).body.decode())

    def test_a_refusal_reaches_a_sender_that_writes_on(self):
        """The client sends its whole request before it reads the reply, as most clients do, and
        must still get the error reply."""
        for what, start, status in (
                ("announced", f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 12000000\r\n\r\n",
                 413),
                ("chunked", f"POST {PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "B71B00\r\n", 413),
                ("unknown path", "POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: 2000000\r\n\r\n",
                 404),
                ("malformed", f"POST {PATH} HTTP/1.1\r\nContent-Length: 12000000\r\n\r\n", 400)):
            for _ in range(3):
                with self.subTest(what), Connection(self.service) as connection:
                    connection.send(start.encode())
                    for _ in range(120):
                        connection.send(b"x" * 100000)
                    self.assertEqual(connection.read_reply().status, status)
                    self.assertTrue(connection.is_closed_within(5 * PATIENCE))


class OverTls(Table, ServiceTestCase):
    pass


class InPlain(Table, ServiceTestCase):
    settings = {"listener.tls": False}


class LingeringClose(ServiceTestCase):
    """Tests that couponhook, after it refused a request, reads the rest of the request for a
    limited time and up to a limited number of bytes."""

    settings = {"listener.tls": False}

    def test_a_sender_that_never_stops_is_disconnected(self):
        with Connection(self.service) as connection:
            connection.send(f"POST {PATH} HTTP/1.1\r\nHost: x\r\n"
                            "Content-Length: 99999999999\r\n\r\n".encode())
            begun = time.monotonic()
            with self.assertRaises(OSError):
                while time.monotonic() - begun < 30 * PATIENCE:
                    connection.send(b"x" * 1000)
                    time.sleep(0.01)
            self.assertLess(time.monotonic() - begun, 15 * PATIENCE)

    def test_a_sender_that_sends_without_end_is_disconnected(self):
        with socket.create_connection(self.service.address, 15 * PATIENCE) as client:
            client.sendall(f"POST {PATH} HTTP/1.1\r\nHost: x\r\n"
                           "Content-Length: 99999999999\r\n\r\n".encode())
            with self.assertRaises(ConnectionError):
                for _ in range(400):
                    client.sendall(b"x" * 1000000)


class PathsTestCase(ServiceTestCase):
    def refused(self, method: str, target: str, times=1):
        with Connection(self.service) as connection:
            for _ in range(times):
                connection.ask(f"{method} {target} HTTP/1.1\r\nHost: x\r\n\r\n".encode())

    def lines(self, text: str) -> list[str]:
        return [line for line in list(self.service.stdout) if text in line]

    def settle(self):
        """Waits until couponhook has written all earlier log lines."""
        request = self.platform.notify(events.redeem())
        self.assert_stored(self.post(request))
        self.service.wait_for_log(event="notification", request_id=request.headers["Request-ID"])


class UnknownPaths(PathsTestCase):
    """Tests that couponhook writes one log line about many 404 or 405 replies for a path, not one
    line for each request."""

    def test_each_path_has_one_line_a_minute(self):
        for _ in range(3):
            self.refused("POST", "/notify/1900000009", 5)
            self.refused("POST", "/notify/1900000008?secret=42")
        self.refused("GET", PATH, 5)
        self.settle()
        line, = self.service.logs(event="refused", path="/notify/1900000009")
        self.assertEqual((line["verdict"], line["method"], line["peer"]),
                         ("NOT_FOUND", "POST", "127.0.0.1"))
        self.service.logs(event="refused", path="/notify/1900000008")[0]
        self.assertEqual(self.lines("secret"), [], "a query may hold anything")
        line, = self.service.logs(event="refused", path=PATH)
        self.assertEqual(line["verdict"], "METHOD_NOT_ALLOWED")

    def test_a_path_is_bounded_and_harmless(self):
        for target in ("/long/" + "x" * 4000, '/quote"},{"a', "/bytes/\xff\x80"):
            self.refused("GET", target)
        self.refused("M" * 2000, "/method")
        self.settle()
        for path in ("/long", "/quote", "/bytes", "/method"):
            line, = self.lines(path)
            self.assertLess(len(line), 700)
            self.assertTrue(line.isascii())
        self.assertEqual(self.service.logs(event="refused", a=""), [])


class Scan(PathsTestCase):
    def test_a_scan_of_many_paths_fills_no_log(self):
        with Connection(self.service) as connection:
            for i in range(1000):
                connection.ask(f"GET /scan/{i} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        self.settle()
        self.assertLess(len(self.lines("/scan/")), 100)
        self.assertGreater(len(self.lines("/scan/")), 0)


if __name__ == "__main__":
    unittest.main()
