#!/usr/bin/env bash
# Makes the set-up of the compose circle: that of `couponhook init`, changed so that the containers
# reach each other. The service `setup` of compose.yaml runs this script.
set -euo pipefail
folder=${1:-/etc/couponhook}
if [ -e "$folder/ready" ]; then exit 0; fi

# An interrupted first start leaves an incomplete set-up.
find "$folder" -mindepth 1 -delete
couponhook init "$folder"

# One certificate for all names in the circle.
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 3650 -subj /CN=couponhook \
  -addext 'subjectAltName=DNS:localhost,DNS:haproxy,DNS:sandbox,DNS:couponhook-a,DNS:couponhook-b,IP:127.0.0.1' \
  -keyout "$folder/tls/server.key" -out "$folder/tls/server.crt" 2>/dev/null

sed -i \
  -e 's|^address = "127.0.0.1".*|address = "0.0.0.0"|' \
  -e '/^\[admin\]/a tls_certificate = "tls/server.crt"\ntls_private_key = "tls/server.key"' \
  -e '/^\[listener\]/a trusted_proxies = ["172.30.17.5"]\ndrain_delay_ms = 3000' \
  -e 's|^url = "sqlite:.*|url = "postgresql://couponhook:development@postgres:5432/couponhook"|' \
  -e 's|^base_url = .*|base_url = "https://sandbox:8444"|' \
  "$folder/couponhook.toml"
touch "$folder/ready"
