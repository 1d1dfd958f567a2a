"""A client of WeChat Pay's APIs that acts as a merchant, written from WeChat Pay's documentation
and independent of couponhook's code.

Requests are signed with SHA256withRSA, PKCS#1 v1.5, over
"METHOD\\ntarget\\ntimestamp\\nnonce\\nbody\\n"; the signature is in the Authorization header.
Replies are signed in the same way as notifications.
"""

import base64
import http.client
import json
import secrets
import time
from contextlib import closing
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from support.service import PATIENCE


@dataclass(frozen=True)
class ApiReply:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return self.json["code"]

    def __str__(self):
        return f"{self.status} {self.body.decode(errors='replace')}"


class Merchant:
    """Signs requests with the merchant's API key that `couponhook init` made."""

    def __init__(self, service, sandbox):
        self.mchid = "1900000001"
        self.sandbox = sandbox
        self.key = serialization.load_pem_private_key(
            service.read("secrets/apiclient_key.pem").encode(), password=None)
        certificate = x509.load_pem_x509_certificate(
            service.read("development/apiclient_cert.pem").encode())
        self.serial = f"{certificate.serial_number:040X}"
        self.api_v3_key = service.read("secrets/api_v3_key").encode()
        platform = x509.load_pem_x509_certificate(
            service.read("wechatpay/platform_cert.pem").encode())
        #: Public keys that verify the signatures of replies, by the serial number of their
        #: certificates.
        self.platform_keys = {f"{platform.serial_number:040X}": platform.public_key()}

    def authorization(self, method: str, target: str, body: bytes, timestamp=None, **changes) -> str:
        timestamp = str(int(time.time()) if timestamp is None else timestamp)
        nonce = secrets.token_hex(16).upper()
        message = f"{method}\n{target}\n{timestamp}\n{nonce}\n".encode() + body + b"\n"
        signature = self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        parts = {
            "mchid": self.mchid, "nonce_str": nonce, "timestamp": timestamp,
            "serial_no": self.serial, "signature": base64.b64encode(signature).decode(), **changes}
        return "WECHATPAY2-SHA256-RSA2048 " + ",".join(f'{k}="{v}"' for k, v in parts.items())

    def call(self, method: str, target: str, body=None, headers=None) -> ApiReply:
        """Sends a signed request and returns the reply. `headers` replace the usual headers; the
        value None removes a header."""
        data = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        sent = {
            "Accept": "application/json", "User-Agent": "couponhook-tests",
            "Authorization": self.authorization(method, target, data), **(headers or {})}
        if body is not None:
            sent["Content-Type"] = "application/json"
        return self.sandbox.exchange(
            method, target, data, {k: v for k, v in sent.items() if v is not None})

    def get(self, target: str, **options) -> ApiReply:
        return self.call("GET", target, **options)

    def post(self, target: str, body, **options) -> ApiReply:
        return self.call("POST", target, body, **options)

    def verify(self, reply: ApiReply):
        """Checks the signature of a reply. Raises InvalidSignature unless one of the known keys of
        WeChat Pay signed the reply."""
        headers = reply.headers
        key = self.platform_keys.get(headers["wechatpay-serial"])
        if key is None:
            raise InvalidSignature("an unknown serial")
        message = (f"{headers['wechatpay-timestamp']}\n{headers['wechatpay-nonce']}\n".encode()
                   + reply.body + b"\n")
        key.verify(base64.b64decode(headers["wechatpay-signature"]), message,
                   padding.PKCS1v15(), hashes.SHA256())

    def open_certificates(self, reply: ApiReply) -> dict:
        """Decrypts the certificates in a reply of GET /v3/certificates. Returns them by serial
        number."""
        certificates = {}
        for entry in reply.json["data"]:
            sealed = entry["encrypt_certificate"]
            pem = AESGCM(self.api_v3_key).decrypt(
                sealed["nonce"].encode(), base64.b64decode(sealed["ciphertext"]),
                sealed["associated_data"].encode())
            certificates[entry["serial_no"]] = x509.load_pem_x509_certificate(pem)
        return certificates


def exchange(connection: http.client.HTTPConnection, method, target, body, headers) -> ApiReply:
    """Sends one HTTP request on this connection with exactly these headers, closes the connection,
    and returns the reply."""
    with closing(connection) as client:
        client.putrequest(method, target, skip_accept_encoding=True)
        if body or method == "POST":
            client.putheader("Content-Length", str(len(body)))
        for name, value in headers.items():
            client.putheader(name, value)
        client.endheaders(body)
        reply = client.getresponse()
        return ApiReply(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read())


def connect(address, context) -> http.client.HTTPConnection:
    """Opens an HTTP connection and returns it. `context` is the TLS context, or None for plain
    HTTP."""
    timeout = 20 * PATIENCE
    if context is None:
        return http.client.HTTPConnection(*address, timeout=timeout)
    return http.client.HTTPSConnection(*address, timeout=timeout, context=context)
