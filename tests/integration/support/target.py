"""A stand-in for the merchant's own system (target), to which couponhook delivers events, and
checks of the requests that it received."""

import base64
import hashlib
import hmac
import json
import secrets
import ssl
import tempfile
import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from support.authority import Authority
from support.service import wait_until


def make_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def sign(secret: str, id: str, timestamp: str, body: bytes) -> str:
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def server_tls(authority: Authority, host: str) -> ssl.SSLContext:
    """Returns the TLS context of an HTTPS server with a certificate for this host name."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile("w") as chain:
        chain.write("".join(authority.issue(host)))
        chain.flush()
        context.load_cert_chain(chain.name)
    return context


@dataclass
class Call:
    """One request that the stand-in for the merchant's system received: a delivery."""
    path: str
    headers: dict
    body: bytes
    id: str = ""
    json: dict = field(default_factory=dict)
    #: TCP port of the client, which identifies the connection of the request.
    client_port: int = 0

    @property
    def coupon(self) -> str:
        resource = self.json["data"]["resource"]
        return resource.get("coupon_id") or resource.get("coupon_code") or ""


class Target:
    """A stand-in for the merchant's system: an HTTP server that replies to each delivery with the
    result of `answer(call)`: a status, or (status, headers). It records all deliveries in order.
    With `tls`, a server's TLS context, it serves HTTPS. The class is a context manager."""

    def __init__(self, answer=lambda call: 204, port=0, tls=None):
        self.answer = answer
        self.tls = tls
        self.calls = []
        self.running = Counter()
        self.most_at_once = defaultdict(int)
        self.lock = threading.Lock()
        self.port = port
        self.server = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    @property
    def url(self) -> str:
        return (f"https://localhost:{self.port}/hook" if self.tls else
                f"http://127.0.0.1:{self.port}/hook")

    def start(self):
        target = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                target.serve(self)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_address[1]
        if self.tls:
            # The TLS handshake of a connection runs at the first read, on the connection's own
            # thread, so that a slow client does not delay others.
            self.server.socket = self.tls.wrap_socket(self.server.socket, server_side=True,
                                                      do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        """Stops the server from listening: later connections are refused."""
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def serve(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        call = Call(handler.path, headers, body, headers.get("webhook-id", ""), json.loads(body),
                    handler.client_address[1])
        with self.lock:
            self.calls.append(call)
            self.running[call.id] += 1
            self.most_at_once[call.id] = max(self.most_at_once[call.id], self.running[call.id])
        try:
            answer = self.answer(call)
        finally:
            with self.lock:
                self.running[call.id] -= 1
        status, extra = answer if isinstance(answer, tuple) else (answer, {})
        handler.send_response(status)
        for name, value in extra.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    def ids(self) -> Counter:
        with self.lock:
            return Counter(call.id for call in self.calls)

    def calls_for(self, id: str) -> list:
        with self.lock:
            return [call for call in self.calls if call.id == id]

    def wait_for(self, ids, seconds=10.0) -> Counter:
        """Waits until a delivery of each notification in this list of ids has arrived. Returns the
        number of deliveries for each id."""
        wanted = set(ids)
        wait_until(lambda: wanted <= self.ids().keys(), seconds, f"{len(wanted)} calls")
        return self.ids()


def handler_table(name: str, kind: str, **settings) -> str:
    """Returns the text of a [[handler]] table for couponhook's configuration file."""
    lines = [f'[[handler]]\nname = "{name}"\ntype = "{kind}"', 'events = ["*"]']
    lines += [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
    return "\n".join(lines) + "\n"


def add_http_handler(service, target_url: str, secrets_text: str, name="crm", **settings):
    """Adds an http handler with this URL to the configuration of a couponhook service, which must
    not be running yet."""
    service.write(f"secrets/{name}", secrets_text)
    service.append(handler_table(name, "http", url=target_url, secret_file=f"secrets/{name}",
                                 **settings))
