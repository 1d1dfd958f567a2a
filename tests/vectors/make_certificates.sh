#!/bin/sh
# Creates certificates.json: a reply of GET /v3/certificates with two platform certificates, one of
# them expired. The openssl command line makes and signs the certificates, and Python's cryptography
# package encrypts them, so the test data does not depend on couponhook's code. The private keys are
# deleted.
set -eu
export TZ=UTC
folder=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

make_certificate() { # arguments: name, validity in days
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.pem" -sha256 -days "$2" \
    -subj "/CN=couponhook test vectors $1" 2>/dev/null
  openssl x509 -in "$1.pem" -noout -serial | cut -d= -f2 >"$1.serial"
}
make_certificate live 36500
make_certificate short 1

/usr/bin/python3 - "$work" <<'PYTHON'
import base64, json, pathlib, sys
from cryptography import x509
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

work = pathlib.Path(sys.argv[1])
key = "a-published-key-for-tests-only-0"

def entry(name, nonce):
    pem = (work / f"{name}.pem").read_text()
    sealed = AESGCM(key.encode()).encrypt(nonce.encode(), pem.encode(), b"certificate")
    return {
        "serial_no": (work / f"{name}.serial").read_text().strip(),
        "effective_time": "2023-09-19T23:15:58+08:00",
        "expire_time": "2028-09-17T23:15:58+08:00",
        "encrypt_certificate": {
            "algorithm": "AEAD_AES_256_GCM",
            "nonce": nonce,
            "associated_data": "certificate",
            "ciphertext": base64.b64encode(sealed).decode(),
        },
    }

def expiry(name):
    return int(x509.load_pem_x509_certificate((work / f"{name}.pem").read_bytes())
               .not_valid_after.timestamp())

body = json.dumps({"data": [entry("live", "tests-only-1"), entry("short", "tests-only-2")]})
now = expiry("short") + 3600
vector = {
    "evaluate_at_unix": now,
    "before_expiry_unix": now - 7200,
    "api_v3_key": key,
    "nonce": "0123456789abcdefghijklmnopqrstuv",
    "live_serial": (work / "live.serial").read_text().strip(),
    "live_pem": (work / "live.pem").read_text(),
    "short_serial": (work / "short.serial").read_text().strip(),
    "body": body,
}
for name, at in (("signature", now), ("signature_before_expiry", now - 7200)):
    (work / name).write_bytes(f"{at}\n{vector['nonce']}\n{body}\n".encode())
(work / "vector.json").write_text(json.dumps(vector))
PYTHON

for message in signature signature_before_expiry; do
  openssl dgst -sha256 -sign live.key -out "$message.bin" "$message"
done

/usr/bin/python3 - "$work" "$folder" <<'PYTHON'
import base64, json, pathlib, sys

work, folder = map(pathlib.Path, sys.argv[1:])
vector = json.loads((work / "vector.json").read_text())
for name in ("signature", "signature_before_expiry"):
    vector[name] = base64.b64encode((work / f"{name}.bin").read_bytes()).decode()
(folder / "certificates.json").write_text(json.dumps(vector, indent=2) + "\n")
PYTHON
