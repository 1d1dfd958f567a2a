"""A stand-in for WeChat Pay's APIs: an HTTPS server, written from WeChat Pay's documentation and
independent of couponhook's code.

The server checks the signature of every request, signs every reply, and records the requests, which
tests then check.
"""

import base64
import hashlib
import json
import re
import secrets
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.x509.oid import NameOID

from support.wechat_pay import Platform

MCHID = "1900000001"
OTHER_MCHID = "1900000002"
SERIAL = "3775B6A45ACD588826D15E583A95F5DD00000001"

FIELD = re.compile(r'(\w+)="([^"]*)"')


def make_certificate(key, days=365, serial=None):
    import datetime
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Tenpay.com Root CA of a test")])
    now = datetime.datetime.now(datetime.timezone.utc)
    return (x509.CertificateBuilder()
            .subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(serial or x509.random_serial_number() | 1 << 158)
            .not_valid_before(now - datetime.timedelta(days=400))
            .not_valid_after(now + datetime.timedelta(days=days))
            .sign(key, hashes.SHA256()))


def another_merchant(service) -> str:
    """Returns the couponhook configuration of a second merchant, with the keys of the first
    merchant and its own certificate folder."""
    return f"""
[[merchant]]
mchid = "{OTHER_MCHID}"
path = "/notify/{OTHER_MCHID}"
api_v3_key_files = ["secrets/api_v3_key"]
[merchant.api]
private_key_file = "secrets/apiclient_key.pem"
certificate_serial = "{SERIAL}"
base_url = "{service_api_url(service)}"
ca_file = "tls/server.crt"
certificate_directory = "wechatpay/others"
"""


def service_api_url(service) -> str:
    return re.search(r'^base_url = "([^"]+)"', service.config.read_text(), re.MULTILINE)[1]


class Refusal(Exception):
    """An error reply of WeChat Pay's APIs, in the documented form."""

    def __init__(self, status: int, code: str, message: str):
        super().__init__(code)
        self.status = status
        self.body = {"code": code, "message": message}


class PayApi:
    """Serves WeChat Pay's APIs for the merchant of the couponhook `service`, and writes the
    server's address into the merchant's configuration. The class is a context manager."""

    def __init__(self, service, **settings):
        self.service = service
        self.reset()
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.merchant_key = key.public_key()
        service.write("secrets/apiclient_key.pem", key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()).decode())
        service.write("secrets/api_v2_key", secrets.token_hex(16))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(service.folder / "tls/server.crt", service.folder / "tls/server.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.origin = f"https://127.0.0.1:{self.server.server_port}"
        values = {
            "private_key_file": "secrets/apiclient_key.pem",
            "certificate_serial": SERIAL,
            "api_v2_key_file": "secrets/api_v2_key",
            "base_url": self.origin,
            "ca_file": "tls/server.crt",
            "certificate_directory": "wechatpay/certificates",
            "certificate_refresh_minutes": 60,
            **settings,
        }
        for key, value in values.items():
            service.configure(f"merchant.api.{key}", value)

    def reset(self):
        """Resets everything in this stand-in except the key that verifies the merchant's
        requests."""
        self.platform = Platform.of(self.service)
        self.certificates = [self.service.read("wechatpay/platform_cert.pem")]
        self.sealed = self.seal_certificate
        self.calls = []
        self.failures = []  # error replies for the next API calls
        self.forges = False
        self.tears = False  # True: the last byte of each downloaded file is missing
        # Seconds by which the Date header of replies is ahead of the real time.
        self.clock_ahead = 0
        self.mchids = {MCHID}
        self.callers = []
        self.on_echo = lambda given: None
        self.callbacks = {}
        self.coupons = {}
        self.busifavor = []
        self.late_s = 0  # delay of the next download in seconds; the link then has expired
        self.flows = {}  # flow files; key: (stock id, "use-flow" or "refund-flow")

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def asked(self, path: str) -> list:
        """Returns the recorded requests with this path."""
        return [call for call in self.calls if call[1] == path]

    # Methods for HTTP and for signatures

    def _handler(self):
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                api._serve(self)

            def do_POST(self):
                api._serve(self)

            def date_time_string(self, timestamp=None):
                return super().date_time_string(time.time() + api.clock_ahead)

            def log_message(self, *_):
                pass

        return Handler

    def _serve(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        target = urlsplit(handler.path)
        query = dict(parse_qsl(target.query))
        self.calls.append((handler.command, unquote(target.path), query, body))
        try:
            self._check(handler, body)
            if self.failures:
                raise self.failures.pop(0)
            status, reply = self._answer(handler.command, target.path, query, body)
        except Refusal as refusal:
            status, reply = refusal.status, refusal.body
        content = reply if isinstance(reply, bytes) else json.dumps(reply).encode()
        handler.send_response(status)
        if not isinstance(reply, bytes):
            handler.send_header("Content-Type", "application/json")
            signed = self.platform.sign(content if not self.forges else content + b" ")
            for name, value in signed.headers.items():
                if name != "Content-Type":
                    handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    def _check(self, handler, body: bytes):
        scheme, _, rest = handler.headers.get("Authorization", "").partition(" ")
        fields = dict(FIELD.findall(rest))
        if scheme != "WECHATPAY2-SHA256-RSA2048" or \
                fields.get("mchid") not in self.mchids:
            raise Refusal(401, "SIGN_ERROR", "no usable Authorization header")
        if abs(time.time() - int(fields["timestamp"])) > 300 or fields["serial_no"] != SERIAL:
            raise Refusal(401, "SIGN_ERROR", "timestamp or serial")
        message = "\n".join([handler.command, handler.path, fields["timestamp"],
                             fields["nonce_str"], body.decode(), ""])
        try:
            self.merchant_key.verify(base64.b64decode(fields["signature"]), message.encode(),
                                     padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature:
            raise Refusal(401, "SIGN_ERROR", "the signature does not hold") from None
        if handler.headers.get_all("User-Agent") is None or \
                len(handler.headers.get_all("User-Agent")) != 1:
            raise Refusal(403, "FORBIDDEN", "one User-Agent")
        self.callers.append(fields["mchid"])

    # Methods that make the answers of WeChat Pay's APIs

    def _answer(self, method: str, path: str, query: dict, body: bytes):
        given = json.loads(body) if body else query
        for pattern, answer in self.ROUTES:
            if found := re.fullmatch(pattern, f"{method} {path}"):
                return answer(self, given, *map(unquote, found.groups()))
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "no such API")

    def _certificates(self, _):
        return 200, {"data": [self.sealed(pem) for pem in self.certificates]}

    def seal_certificate(self, pem: str) -> dict:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        nonce = secrets.token_hex(6)
        sealed = AESGCM(self.platform.api_v3_key).encrypt(nonce.encode(), pem.encode(),
                                                          b"certificate")
        return {"serial_no": f"{certificate.serial_number:040X}",
                "effective_time": "2026-01-01T00:00:00+08:00",
                "expire_time": "2031-01-01T00:00:00+08:00",
                "encrypt_certificate": {
                    "algorithm": "AEAD_AES_256_GCM", "nonce": nonce,
                    "associated_data": "certificate",
                    "ciphertext": base64.b64encode(sealed).decode()}}

    def _set_callback(self, given, product):
        self.callbacks[product] = given
        return 200, {"update_time": "2026-03-01T10:00:00.000+08:00",
                     "notify_url": given["notify_url"]}

    def _get_callback(self, given, product):
        if product not in self.callbacks:
            raise Refusal(404, "RESOURCE_NOT_EXISTS", "no callback was set")
        return 200, {"mchid": given["mchid"],
                     "notify_url": self.callbacks[product]["notify_url"]}

    def _create_stock(self, _):
        return 200, {"stock_id": "98065001", "create_time": "2026-03-01T10:00:00+08:00"}

    def _switch_stock(self, given, stock, verb):
        assert given["stock_creator_mchid"] == MCHID
        return 200, {f"{verb}_time": "2026-03-01T10:00:00+08:00", "stock_id": stock}

    def _stock(self, stock):
        return {"stock_id": stock, "stock_creator_mchid": MCHID, "stock_name": "微信支付代金券批次",
                "status": "running", "create_time": "2026-03-01T10:00:00+08:00",
                "description": "", "stock_use_rule": {
                    "max_coupons": 100, "max_amount": 50000, "max_coupons_per_user": 3,
                    "fixed_normal_coupon": {"coupon_amount": 500, "transaction_minimum": 2000}},
                "available_begin_time": "2026-03-01T00:00:00+08:00",
                "available_end_time": "2026-04-30T23:59:59+08:00", "distributed_coupons": 7,
                "no_cash": False, "singleitem": False, "stock_type": "NORMAL"}

    def _show_stock(self, _, stock):
        return 200, self._stock(stock)

    def _page(self, given, items):
        # In all lists of these APIs, `offset` counts pages, not items, as WeChat Pay's
        # documentation says.
        page, limit = int(given["offset"]), int(given["limit"])
        return 200, {"total_count": len(items), "offset": page, "limit": limit,
                     "data": items[page * limit:(page + 1) * limit]}

    def _list_stocks(self, given):
        return 200, {"total_count": 12, "offset": int(given["offset"]),
                     "limit": int(given["limit"]),
                     "data": [self._stock("98065001"), self._stock("98065002")]}

    def _members(self, given, _, what):
        return self._page(given, [f"{what}-{i}" for i in range(60)])

    def _send_coupon(self, given, openid):
        key = given["out_request_no"]
        coupon = self.coupons.setdefault(key, {
            "stock_creator_mchid": given["stock_creator_mchid"], "stock_id": given["stock_id"],
            "coupon_id": str(9867041 + len(self.coupons)), "coupon_name": "微信支付代金券",
            "status": "SENDED", "description": "", "create_time": "2026-03-02T08:11:09+08:00",
            "coupon_type": "NORMAL", "no_cash": False, "singleitem": False,
            "available_begin_time": "2026-03-01T00:00:00+08:00",
            "available_end_time": "2026-04-30T23:59:59+08:00",
            "normal_coupon_information": {"coupon_amount": 500, "transaction_minimum": 2000}})
        return 200, {"coupon_id": coupon["coupon_id"]}

    def _show_coupon(self, _, openid, coupon_id):
        for coupon in self.coupons.values():
            if coupon["coupon_id"] == coupon_id:
                return 200, coupon
        raise Refusal(404, "RESOURCE_NOT_EXISTS", "查询的资源不存在")

    def _list_coupons(self, given, openid):
        return self._page(given, list(self.coupons.values()))

    def _list_busifavor(self, given, openid):
        return self._page(given, self.busifavor)

    def _flow(self, given, stock, kind):
        if (stock, kind) not in self.flows:
            raise Refusal(400, "INVALID_REQUEST", "活动未结束")
        content = self.flows[stock, kind]
        return 200, {"url": f"{self.origin}/v3/billdownload/file?token={stock}.{kind}",
                     "hash_type": "SHA1", "hash_value": hashlib.sha1(content).hexdigest()}

    def _download(self, given):
        if self.late_s:
            late, self.late_s = self.late_s, 0
            time.sleep(late)
            raise Refusal(400, "PARAM_ERROR", "the token has expired")
        stock, kind = given["token"].split(".")
        return 200, self.flows[stock, kind][:-1 if self.tears else None]

    def _echo(self, given):
        self.on_echo(given)
        return 200, {"echo_message": given["echo_message"]}

    ROUTES = (
        (r"GET /v3/certificates", _certificates),
        (r"POST /v3/marketing/(favor|busifavor)/callbacks", _set_callback),
        (r"GET /v3/marketing/(favor|busifavor)/callbacks", _get_callback),
        (r"POST /v3/marketing/favor/coupon-stocks", _create_stock),
        (r"POST /v3/marketing/favor/stocks/(\d+)/(start|pause|restart)", _switch_stock),
        (r"GET /v3/marketing/favor/stocks", _list_stocks),
        (r"GET /v3/marketing/favor/stocks/(\d+)", _show_stock),
        (r"GET /v3/marketing/favor/stocks/(\d+)/(merchants|items)", _members),
        (r"GET /v3/marketing/favor/stocks/(\d+)/((?:use|refund)-flow)", _flow),
        (r"GET /v3/billdownload/file", _download),
        (r"POST /v3/marketing/favor/users/([^/]+)/coupons", _send_coupon),
        (r"GET /v3/marketing/favor/users/([^/]+)/coupons/(\d+)", _show_coupon),
        (r"GET /v3/marketing/favor/users/([^/]+)/coupons", _list_coupons),
        (r"GET /v3/marketing/busifavor/users/([^/]+)/coupons", _list_busifavor),
        (r"POST /v3/security/echo", _echo),
    )
