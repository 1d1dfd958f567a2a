#!/usr/bin/env bash
# Builds couponhook, starts it on SQLite, and sends every fixture to it over HTTPS, twice.
#   ./deploy/quickstart.sh          leaves the service running until Ctrl-C
#   ./deploy/quickstart.sh --once   stops the service; exit 0 only if every fixture got the right reply
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/lib/packages.sh

once=false
case "${1:-}" in
  --once) once=true ;;
  "") ;;
  *) die "usage: $0 [--once]" ;;
esac

# shellcheck disable=SC2086
install_packages $BUILD_PACKAGES
say "Building (the first time takes some minutes)"
cmake --preset release -DCOUPONHOOK_TESTS=OFF >/dev/null ||
  die "cmake could not configure the build; its message is above"
cmake --build --preset release
couponhook=build/release/couponhook

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
free_port() {
  local port=$1
  while ! port_is_free "$port"; do port=$((port + 1)); done
  echo "$port"
}

mkdir -p local
directory=$(mktemp -d local/quickstart-XXXXXX)
service=
cleanup() {
  if [ -n "$service" ] && kill -TERM "$service" 2>/dev/null; then wait "$service" || true; fi
  rm -rf "$directory"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

port=$(free_port 8443)
admin_port=$(free_port 9443)
say "Making a local set-up and starting the service"
rmdir "$directory"
"$couponhook" init "$directory" --port "$port" --admin-port "$admin_port"
config=$directory/couponhook.toml
log=$directory/couponhook.log
"$couponhook" serve --config "$config" >"$log" 2>&1 &
service=$!
for _ in $(seq 100); do
  grep -q '^couponhook: notifications at' "$log" && break
  kill -0 "$service" 2>/dev/null || { cat "$log"; die "the service did not start; its output is above"; }
  sleep 0.1
done
head -n 1 "$log"

say "Replaying every fixture: each is sealed, signed and posted over HTTPS"
failed=0
"$couponhook" replay tests/fixtures --config "$config" || failed=1

say "Replaying the same files again: every one must be recognised as a duplicate"
"$couponhook" replay tests/fixtures --config "$config" || failed=1

say "What the service says of itself"
"$couponhook" status --config "$config" || failed=1
status=$("$couponhook" status --json --config "$config")
number() { printf '%s' "$status" | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }
stored=$(number stored)
duplicates=$(number duplicates)
pending=$(number pending)
fixtures=$(find tests/fixtures -name '*.json' | wc -l)

say "A coupon that was issued, redeemed and refunded, as the ledger tells it"
"$couponhook" ledger 19733211 80231900457 --config "$config" || failed=1

say "Summary"
printf '%-12s %5d requests: %d fixtures, twice\n' received "$((stored + duplicates))" "$fixtures"
printf '%-12s %5d notifications, each committed before it was acknowledged\n' stored "$stored"
printf '%-12s %5d copies recognised\n' deduplicated "$duplicates"
printf '%-12s %5d notifications, the ledger in the same transaction; %d deliveries pending\n' \
  handled "$((stored - pending))" "$pending"
printf '%-12s http://127.0.0.1:%s/ in a browser; it asks for the token in %s\n' \
  'status page' "$admin_port" "$directory/secrets/admin_token"
if [ "$stored" -ne "$fixtures" ] || [ "$duplicates" -ne "$fixtures" ]; then failed=1; fi

if [ "$failed" -ne 0 ]; then
  die "not every fixture got the reply it should; the log is above the summary, the table marks them"
fi
echo "Every fixture got the reply it should."
if [ "$once" = true ]; then exit 0; fi

cat <<END

The service goes on running until Ctrl-C. In another terminal:
  $couponhook trigger redeem --config $config
  $couponhook status --config $config
  cat $directory/secrets/admin_token      # for the status page, http://127.0.0.1:$admin_port/
  curl -H "Authorization: Bearer \$(cat $directory/secrets/admin_token)" http://127.0.0.1:$admin_port/status
END
wait "$service"
