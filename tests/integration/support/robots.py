"""A stand-in for the group robots of WeCom, DingTalk and Feishu, and for any other receiver of
alerts. It checks each request as the vendor does and keeps the messages."""

import base64
import hmac
import json
import subprocess
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from support.target import sign

#: A part of each robot's URL. It is a credential: it must be in no message, log or error.
URL_CANARY = "canary0url0credential"
PATHS = {
    "wecom": f"/cgi-bin/webhook/send?key={URL_CANARY}",
    "dingtalk": f"/robot/send?access_token={URL_CANARY}",
    "feishu": f"/open-apis/bot/v2/hook/{URL_CANARY}",
    "http": f"/alerts/{URL_CANARY}",
}
OK = {"wecom": {"errcode": 0, "errmsg": "ok"}, "dingtalk": {"errcode": 0, "errmsg": "ok"},
      "feishu": {"code": 0, "msg": "success", "data": {}}, "http": {}}


def openssl_hmac(key: str, message: str) -> str:
    """Returns the HMAC-SHA256 in base64, computed by the program openssl."""
    done = subprocess.run(
        ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key.encode().hex()}",
         "-binary"], input=message.encode(), capture_output=True, check=True)
    return base64.b64encode(done.stdout).decode()


@dataclass
class Message:
    """One request that a robot received."""
    kind: str
    text: str
    at: float
    #: JSON of the request's body.
    json: dict
    headers: dict


class Robots:
    """An HTTP server with one robot of each kind. `answers[kind]` are the next answers of a robot:
    a dictionary is the JSON body of an answer with status 200, a string is its text, an integer is
    a status without body, and None stands for no answer at all. Without entries a robot answers
    with success. The class is a context manager."""

    def __init__(self, secrets: dict):
        self.secrets = secrets
        self.answers = {kind: [] for kind in PATHS}
        self.requests = []  # every request, also those that were answered with an error
        self.faults = []
        self.lock = threading.Lock()
        self.released = threading.Event()

    def __enter__(self):
        robots = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                robots.serve(self)

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self.server.shutdown()
        self.server.server_close()

    def url(self, kind: str) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}{PATHS[kind]}"

    def serve(self, handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        target = urlsplit(handler.path)
        kind = next(kind for kind, path in PATHS.items() if urlsplit(path).path == target.path)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        given = json.loads(body)
        with self.lock:
            fault = self.check(kind, parse_qs(target.query), headers, body, given)
            if fault:
                self.faults.append(f"{kind}: {fault}")
            self.requests.append(Message(kind, self.text_of(kind, given), time.monotonic(), given,
                                         headers))
            answer = self.answers[kind].pop(0) if self.answers[kind] else OK[kind]
        if answer is None:
            self.released.wait(30)
            return
        status = answer if isinstance(answer, int) else 200
        text = json.dumps(answer) if isinstance(answer, dict) else answer
        reply = b"" if isinstance(answer, int) else text.encode()
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(reply)))
        handler.end_headers()
        handler.wfile.write(reply)

    @staticmethod
    def text_of(kind: str, given: dict) -> str:
        if kind == "http":
            return f"{given['text']}\n{given['remedy']}"
        return given["content"]["text"] if kind == "feishu" else given["text"]["content"]

    def check(self, kind, query, headers, body, given) -> str:
        """Checks a request as its vendor does. Returns what is wrong; an empty text if nothing
        is."""
        if not headers["content-type"].startswith("application/json"):
            return "Content-Type"
        secret = self.secrets.get(kind)
        now = time.time()
        if kind == "wecom":
            if query.get("key") != [URL_CANARY]:
                return "key"
            return "" if len(given["text"]["content"].encode()) <= 2048 else "too long"
        if kind == "dingtalk":
            if query.get("access_token") != [URL_CANARY]:
                return "access_token"
            (timestamp,), (signature,) = query["timestamp"], query["sign"]
            if abs(int(timestamp) / 1000 - now) > 3600 or len(timestamp) != 13:
                return "timestamp"
            right = openssl_hmac(secret, f"{timestamp}\n{secret}")
            return "" if hmac.compare_digest(signature, right) else "sign"
        if kind == "feishu":
            if abs(int(given["timestamp"]) - now) > 3600:
                return "timestamp"
            right = openssl_hmac(f"{given['timestamp']}\n{secret}", "")
            return "" if hmac.compare_digest(given["sign"], right) else "sign"
        right = sign(secret, headers["webhook-id"], headers["webhook-timestamp"], body)
        return "" if hmac.compare_digest(headers["webhook-signature"], right) else "signature"

    def of(self, kind: str) -> list:
        with self.lock:
            return [request for request in self.requests if request.kind == kind]

    def texts(self, kind: str) -> str:
        return "\n\n".join(request.text for request in self.of(kind))
