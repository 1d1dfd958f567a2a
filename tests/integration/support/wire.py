"""HTTP/1.1 clients over plain sockets and TLS, with which tests decide which bytes are sent and
when."""

import json
import select
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from support.service import PATIENCE
from support.wechat_pay import Request


class Closed(Exception):
    """Raised if the service closed the connection before it sent a complete reply."""


@dataclass(frozen=True)
class Reply:
    status: int
    headers: dict
    body: bytes

    @property
    def code(self) -> str:
        """Returns the "code" in the body of an error reply; empty for a reply without a body."""
        return json.loads(self.body)["code"] if self.body else ""

    @property
    def closes(self) -> bool:
        return self.headers.get("connection", "").lower() == "close"

    def __str__(self):
        return f"{self.status} {self.body.decode(errors='replace')}"


class Connection:
    """One connection to couponhook's listener. The class is a context manager.

    `service` is any object with `address`, `tls`, `tls_context()` and `source` (the client's IP
    address or None). The bytes `prologue` are sent before the TLS handshake.
    """

    def __init__(self, service, context: ssl.SSLContext | None = None, timeout=15.0,
                 prologue=b""):
        self.path = "/notify/1900000001"
        self.socket = socket.create_connection(
            service.address, timeout * PATIENCE, source_address=service.source)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if prologue:
            self.socket.sendall(prologue)
        if service.tls:
            try:
                context = context or service.tls_context()
                self.socket = context.wrap_socket(self.socket, server_hostname="127.0.0.1")
            except OSError:
                self.socket.close()
                raise
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def send(self, data: bytes):
        self.socket.sendall(data)

    def post(self, request: Request) -> Reply:
        self.send(request.to_bytes(self.path))
        return self.read_reply()

    def ask(self, data: bytes) -> Reply:
        self.send(data)
        return self.read_reply()

    def read_reply(self) -> Reply:
        head = self._read_until(b"\r\n\r\n").decode()
        status_line, *lines = head.rstrip("\r\n").split("\r\n")
        headers = {}
        for line in lines:
            name, value = line.split(":", 1)
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length", "0"))
        while len(self.buffer) < length:
            self._receive()
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return Reply(int(status_line.split(" ")[1]), headers, body)

    def is_closed_within(self, seconds: float) -> bool:
        """Waits up to this many seconds until the service closes the connection, and returns True
        if it does. Received bytes are kept for read_reply()."""
        previous = self.socket.gettimeout()
        self.socket.settimeout(seconds)
        try:
            while True:
                self._receive()
        except (Closed, ConnectionError):
            return True
        except TimeoutError:
            return False
        finally:
            self.socket.settimeout(previous)

    def has_data(self) -> bool:
        return bool(select.select([self.socket], [], [], 0)[0])

    def _read_until(self, end: bytes) -> bytes:
        while end not in self.buffer:
            self._receive()
        found, self.buffer = self.buffer.split(end, 1)
        return found + end

    def _receive(self):
        try:
            data = self.socket.recv(65536)
        except ssl.SSLEOFError:
            data = b""
        if not data:
            raise Closed(f"closed after {self.buffer!r}")
        self.buffer += data


class Client:
    """Client that uses one connection for several requests. It opens a new connection if the last
    reply said that the service closes the old one."""

    def __init__(self, service):
        self.service = service
        self.connection = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None

    def is_open(self) -> bool:
        """Returns true if the client has a connection that the service has not closed."""
        return self.connection is not None and not self.connection.has_data()

    def connect(self):
        """Opens a connection to the service unless one is open."""
        if self.connection is not None and not self.is_open():
            self.close()
        if self.connection is None:
            self.connection = Connection(self.service)

    def post(self, request: Request) -> Reply:
        if self.connection is None:
            self.connection = Connection(self.service)
        try:
            reply = self.connection.post(request)
        except (OSError, Closed):
            self.close()
            raise
        if reply.closes:
            self.close()
        return reply


class Burst:
    """Sends copies of a notification over several connections at the same time: first all bytes of
    each copy except the last byte, then the last bytes of all copies together."""

    def __init__(self, service, connections: int):
        context = service.tls_context() if service.tls else None
        self.connections = [Connection(service, context) for _ in range(connections)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for connection in self.connections:
            connection.close()

    def post(self, requests: list[Request]) -> list[Reply]:
        """Sends one request on each of the connections. Returns the replies in the order of the
        requests."""
        pairs = zip(self.connections, requests, strict=True)
        prepared = [(each, request.to_bytes(each.path)) for each, request in pairs]
        for connection, data in prepared:
            connection.send(data[:-1])
        for connection, data in prepared:
            connection.send(data[-1:])
        return [connection.read_reply() for connection in self.connections]


class Load:
    """Load for tests: several clients that send the requests that `make` returns, each client one
    after the other, until stop() is called.

    `make` returns a tag and a request. `acknowledged` contains the tags of requests that got the
    reply 204, `refused` the tags of requests that got another status, and `cut` the tags of
    requests whose connection closed without a reply. A client stops when its connection closes.
    """

    def __init__(self, service, make, clients=4):
        self.service = service
        self.make = make
        self.acknowledged, self.refused, self.cut = [], [], []
        self.statuses = set()
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(clients)
        self._runs = [self._pool.submit(self._run) for _ in range(clients)]

    def _run(self):
        with Client(self.service) as client:
            while not self._stopping.is_set() and (made := self.make()) is not None:
                tag, request = made
                was_open = client.is_open()
                try:
                    status = client.post(request).status
                except (OSError, Closed):
                    if was_open:
                        self.cut.append(tag)
                    return
                self.statuses.add(status)
                (self.acknowledged if status == 204 else self.refused).append(tag)

    def stop(self):
        """Stops the clients, and waits for the replies to the requests that are already sent."""
        self._stopping.set()
        for run in self._runs:
            run.result()
        self._pool.shutdown()


class RetryingLoad:
    """Load for tests: several clients that send the notifications that `make` returns, each
    notification again and again until it is acknowledged.

    `acknowledged` contains the tags of the acknowledged notifications. `failures` contains the
    result of every other attempt: "refused" if nothing listened, "unconnected" if the connection
    closed before the request was sent, "cut" if the connection closed before the reply, or the HTTP
    status. `alive` is the number of clients that keep their connection; `fresh` is the number of
    clients that open a new connection for each notification.
    """

    def __init__(self, service, make, alive=2, fresh=2):
        self.service = service
        self.make = make
        self.acknowledged, self.failures = [], []
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(alive + fresh)
        self._runs = [self._pool.submit(self._run, i < alive) for i in range(alive + fresh)]

    def _run(self, keeps_alive):
        with Client(self.service) as client:
            while not self._stopping.is_set() and (made := self.make()) is not None:
                tag, request = made
                while (outcome := self._attempt(client, request)) != "204":
                    self.failures.append(outcome)
                    if self._stopping.is_set():
                        return
                    time.sleep(0.05)
                self.acknowledged.append(tag)
                if not keeps_alive:
                    client.close()

    @staticmethod
    def _attempt(client, request) -> str:
        try:
            client.connect()
        except ConnectionRefusedError:
            return "refused"
        except (OSError, Closed):
            return "unconnected"
        try:
            return str(client.post(request).status)
        except (OSError, Closed):
            return "cut"

    def stop(self):
        """Stops sending requests, and waits for the replies to the requests that are already
        sent."""
        self._stopping.set()
        self.finish()

    def finish(self):
        """Waits until `make` has no more notifications and all notifications are acknowledged."""
        for run in self._runs:
            run.result()
        self._pool.shutdown()
