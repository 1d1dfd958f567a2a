#!/bin/sh
# Creates notification.json: one notification, signed by the openssl command line and encrypted by
# Python's cryptography package, so the test data does not depend on couponhook's code. The private
# key is deleted.
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out certificate.pem -sha256 \
  -days 36500 -subj "/CN=couponhook test vectors" 2>/dev/null
openssl x509 -in certificate.pem -noout -pubkey >public_key.pem
openssl x509 -in certificate.pem -noout -serial | cut -d= -f2 >serial

/usr/bin/python3 - "$work" <<'PYTHON'
import base64, json, pathlib, sys
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

work = pathlib.Path(sys.argv[1])
key, nonce, associated_data = "a-published-key-for-tests-only-0", "tests-only-0", "coupon"
plaintext = json.dumps({"stock_id": "9865888", "coupon_id": "98674556", "status": "USED"})
sealed = AESGCM(key.encode()).encrypt(nonce.encode(), plaintext.encode(), associated_data.encode())
body = json.dumps({
    "id": "11111111-2222-4333-8444-555555555555",
    "create_time": "2023-11-15T06:13:20+08:00",
    "event_type": "COUPON.USE",
    "resource_type": "encrypt-resource",
    "summary": "代金券核销通知",
    "resource": {
        "original_type": "coupon",
        "algorithm": "AEAD_AES_256_GCM",
        "ciphertext": base64.b64encode(sealed).decode(),
        "associated_data": associated_data,
        "nonce": nonce,
    },
}, ensure_ascii=False)
vector = {
    "timestamp": "1700000000",
    "nonce": "0123456789abcdefghijklmnopqrstuv",
    "serial": (work / "serial").read_text().strip(),
    "public_key_id": "PUB_KEY_ID_0000000000000000000000000001",
    "api_v3_key": key,
    "plaintext": plaintext,
    "body": body,
    "certificate_pem": (work / "certificate.pem").read_text(),
    "public_key_pem": (work / "public_key.pem").read_text(),
}
message = f"{vector['timestamp']}\n{vector['nonce']}\n{body}\n"
(work / "message").write_bytes(message.encode())
(work / "vector.json").write_text(json.dumps(vector, ensure_ascii=False))
PYTHON

openssl dgst -sha256 -sign key.pem -out signature message

/usr/bin/python3 - "$work" "$folder" <<'PYTHON'
import base64, json, pathlib, sys

work, folder = map(pathlib.Path, sys.argv[1:])
vector = json.loads((work / "vector.json").read_text())
vector["signature"] = base64.b64encode((work / "signature").read_bytes()).decode()
(folder / "notification.json").write_text(
    json.dumps(vector, ensure_ascii=False, indent=2) + "\n")
PYTHON
