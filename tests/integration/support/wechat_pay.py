"""Encrypts and signs notifications as WeChat Pay does; written from WeChat Pay's documentation and
independent of couponhook's code.

Notifications are signed with SHA256withRSA, PKCS#1 v1.5, over "timestamp\\nnonce\\nbody\\n". A part
of the body is encrypted with AES-256-GCM and the APIv3 key; the ciphertext and the tag that
follows it are in Base64.
"""

import base64
import json
import os
import secrets
import time
import uuid
from dataclasses import dataclass, field, replace

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError as missing:
    raise SystemExit("these tests need Debian's package python3-cryptography") from missing

SIGNED_HEADERS = (
    "Wechatpay-Timestamp", "Wechatpay-Nonce", "Wechatpay-Serial", "Wechatpay-Signature")


@dataclass(frozen=True)
class Event:
    """A coupon event before it is encrypted."""

    event_type: str
    resource: dict
    original_type: str = "coupon"
    associated_data: str | None = "coupon"
    summary: str | None = None
    create_time: str = "2026-03-05T07:58:42+08:00"


@dataclass(frozen=True)
class Request:
    """Headers and body of a notification, before they are written to a connection as a POST
    request."""

    body: bytes
    headers: dict = field(default_factory=dict)

    def having(self, **headers) -> "Request":
        """Returns a copy of the request with changed headers. In the names of headers, underscores
        stand for dashes; the value None removes a header."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {**self.headers, **named}
        return replace(self, headers={k: v for k, v in kept.items() if v is not None})

    def without(self, *names) -> "Request":
        return replace(self, headers={k: v for k, v in self.headers.items() if k not in names})

    def to_bytes(self, path: str, method="POST") -> bytes:
        headers = {"Host": "localhost", "Content-Length": str(len(self.body)), **self.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + self.body


class Platform:
    """A sender that encrypts and signs notifications as WeChat Pay does, with one signing key.
    Thread-safe."""

    def __init__(self, key, serial: str, api_v3_key: bytes):
        self.key = key
        self.serial = serial
        self.api_v3_key = api_v3_key

    @classmethod
    def of(cls, service) -> "Platform":
        """Returns a sender whose notifications a couponhook accepts that was set up by `couponhook
        init`."""
        key = serialization.load_pem_private_key(
            service.read("development/platform_key.pem").encode(), password=None)
        certificate = x509.load_pem_x509_certificate(
            service.read("wechatpay/platform_cert.pem").encode())
        api_v3_key = service.read("secrets/api_v3_key").encode()
        return cls(key, f"{certificate.serial_number:040X}", api_v3_key)

    def seal(self, event: Event, id: str | None = None) -> dict:
        """Returns the body of a notification (the envelope) with the event encrypted inside. Each
        call uses a new nonce."""
        return self.seal_bytes(event, json.dumps(event.resource, ensure_ascii=False).encode(), id)

    def seal_bytes(self, event: Event, plaintext: bytes, id: str | None = None) -> dict:
        """Returns the body of a notification (the envelope) in which the bytes `plaintext` are
        encrypted instead of the event's own data."""
        nonce = secrets.token_hex(6)
        associated_data = (event.associated_data or "").encode()
        ciphertext = AESGCM(self.api_v3_key).encrypt(nonce.encode(), plaintext, associated_data)
        resource = {
            "original_type": event.original_type,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": base64.b64encode(ciphertext).decode(),
            "nonce": nonce,
        }
        if event.associated_data is not None:
            resource["associated_data"] = event.associated_data
        envelope = {
            "id": id or str(uuid.uuid4()),
            "create_time": event.create_time,
            "resource_type": "encrypt-resource",
            "event_type": event.event_type,
            "resource": resource,
        }
        if event.summary is not None:
            envelope["summary"] = event.summary
        return envelope

    def sign(self, body: bytes, timestamp: int | str | None = None) -> Request:
        """Signs a body. Returns a request with this body and the signature headers."""
        timestamp = str(int(time.time()) if timestamp is None else timestamp)
        nonce = secrets.token_hex(16).upper()
        message = f"{timestamp}\n{nonce}\n".encode() + body + b"\n"
        signature = self.key.sign(message, padding.PKCS1v15(), hashes.SHA256())
        return Request(body, {
            "Content-Type": "application/json",
            "Wechatpay-Timestamp": timestamp,
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Serial": self.serial,
            "Wechatpay-Signature": base64.b64encode(signature).decode(),
            "Wechatpay-Signature-Type": "WECHATPAY2-SHA256-RSA2048",
            "Request-ID": f"{os.urandom(20).hex().upper()}-0",
        })

    def sign_json(self, envelope, **options) -> Request:
        return self.sign(json.dumps(envelope, ensure_ascii=False).encode(), **options)

    def notify(self, event: Event, id: str | None = None, **options) -> Request:
        """Returns a correctly encrypted and signed notification of this event."""
        return self.sign_json(self.seal(event, id), **options)
