#!/usr/bin/env bash
# Collects the files of a container image that holds nothing but couponhook.
#   deploy/package/image_files.sh BINARY FOLDER
set -euo pipefail
binary=$1
folder=$2

install -D -m 0755 "$binary" "$folder/usr/bin/couponhook"
# Copies a file to its own path, through links, so that the loader finds it by the name it asks for.
copy() { install -D -m 0755 "$(realpath "$1")" "$folder$1"; }

# ldd prints "name => /path (address)", and "/path (address)" for the loader itself.
ldd "$binary" | awk '$2 == "=>" { print $3 } $1 ~ /^\// { print $1 }' | while read -r library; do
  copy "$library"
done
# glibc loads modules for the encodings that flow files come in.
modules=$(dirname "$(realpath "$(ldd "$binary" | awk '$1 ~ /^libc\.so/ { print $3 }')")")/gconv
for module in GB18030.so GBK.so UTF-16.so; do
  copy "$modules/$module"
done
for each in "$modules/gconv-modules" "$modules"/gconv-modules.d/*; do
  install -D -m 0644 "$each" "$folder$each"
done

install -D -m 0644 /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/ca-certificates.crt"
# OpenSSL's folder of certificates and configuration.
install -d "$folder/usr/lib/ssl"
ln -sfn /etc/ssl/certs "$folder/usr/lib/ssl/certs"
ln -sfn /etc/ssl/certs/ca-certificates.crt "$folder/usr/lib/ssl/cert.pem"
echo 'couponhook:x:10001:10001::/var/lib/couponhook:/usr/sbin/nologin' >"$folder/etc/passwd"
echo 'couponhook:x:10001:' >"$folder/etc/group"
# Docker gives a new volume the owner of the folder at its place.
install -d -o 10001 -g 10001 -m 0700 "$folder/var/lib/couponhook" "$folder/etc/couponhook"
install -d -m 1777 "$folder/tmp"
