#!/usr/bin/env bash
# Compares couponhook's CPU cost for one notification with the floor: the lowest possible cost,
# measured with the libraries alone.
#   tests/bench/run.sh [--rounds 5] [--no-build]
#
# Every figure is CPU time, user and system, of all threads of couponhook, in microseconds per
# request: other load on the machine changes CPU time least. For each figure the script starts a new
# couponhook with a new database. Each round also measures the floor. Slow results are no failure:
# the exit code is 0 unless a reply was wrong or a program failed.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=build/release
rounds=5
builds=true
while [ $# -gt 0 ]; do
  case "$1" in
    --rounds) rounds=${2:?--rounds needs a number}; shift 2 ;;
    --no-build) builds=false; shift ;;
    *) echo "usage: $0 [--rounds N] [--no-build]" >&2; exit 2 ;;
  esac
done
mkdir -p "$build"
work=$(realpath "$(mktemp -d "$build/bench-XXXXXX")")
. tests/bench/service.sh
trap clean_up EXIT
trap 'exit 130' INT TERM

if [ "$builds" = true ]; then build_programs; fi
bench=$build/tests/bench

# Starts a new couponhook and sends notifications to it with the program `load`. Arguments: the name
# of the figure, then options of `load`. Stores the CPU time per request in $cpu_us.
measure() {
  local name=$1 result number requests logged
  shift
  start_service
  result=$("$bench/load" --config "$config" --pid "$service" --json "$@") ||
    die "$name: replies were not as expected"
  awk '/^VmRSS/ { printf "%.1f\n", $2 / 1024 }' "/proc/$service/status" >>"$work/$name.memory"
  stop_service
  for number in cpu_us per_second p50_ms p99_ms; do
    echo "$result" | field "$number" >>"$work/$name.$number"
  done
  requests=$(echo "$result" | field requests)
  logged=$(grep -c '"event":"notification"' "$log" || true)
  echo "$((requests - logged))" >>"$work/lines.lost"
  cpu_us=$(echo "$result" | field cpu_us)
}

median() {
  sort -n "$1" | awk '{ a[NR] = $1 } END { print (a[int((NR + 1) / 2)] + a[int(NR / 2) + 1]) / 2 }'
}
# Prints the spread of a figure over all rounds: the highest value minus the lowest, in percent of
# the median.
spread() {
  sort -n "$1" | awk -v median="$(median "$1")" 'NR == 1 { low = $1 } { high = $1 }
    END { printf "%.0f", median ? 100 * (high - low) / median : 0 }'
}
divide() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.2f", a / b }'; }

cat <<'END'
CPU us of the service for each request. floor: bare libraries; alive: connections kept alive, 16 or 64;
half-dup: half of them copies; f.: forged serial, time, signature; new-conn: a full handshake for each.
END
printf '%-6s %7s | %8s %6s %8s %8s | %8s %8s %8s | %8s\n' round floor alive-16 ratio alive-64 \
  half-dup f.serial f.time f.sign new-conn
for round in $(seq "$rounds"); do
  floor=$("$bench/floor" --json --directory "$work")
  echo "$floor" | field tls_connection >>"$work/floor.connection"
  sum=$(echo "$floor" | field sum)
  echo "$sum" >>"$work/floor.sum"
  printf '%-6s %7.1f | ' "$round" "$sum"
  measure alive16 --connections 16
  ratio=$(divide "$cpu_us" "$sum")
  echo "$ratio" >>"$work/ratio"
  printf '%8.1f %6s ' "$cpu_us" "$ratio"
  measure alive64 --connections 64
  printf '%8.1f ' "$cpu_us"
  measure duplicates --connections 16 --duplicate-share 0.5
  printf '%8.1f | ' "$cpu_us"
  for forgery in serial timestamp signature; do
    measure "$forgery" --connections 16 --forged "$forgery"
    printf '%8.1f ' "$cpu_us"
  done
  measure new --connections 16 --new-connections --requests 3000
  printf '| %8.1f\n' "$cpu_us"
done

line() {
  printf '%-66s %9.2f  (spread %s %%)\n' "$1" "$(median "$work/$2")" "$(spread "$work/$2")"
}
echo
echo "Medians of $rounds rounds; spread is highest less lowest, in percent of the median"
line "floor: CPU us of one notification by bare libraries" floor.sum
line "ours: keep-alive, 16 connections, every feature on" alive16.cpu_us
line "ours / floor (goal 1.4, required 1.6)" ratio
line "ours: keep-alive, 64 connections" alive64.cpu_us
line "ours: 16 connections, half of the notifications duplicates" duplicates.cpu_us
line "ours: forged, unknown serial (goal 12)" serial.cpu_us
line "ours: forged, stale timestamp (goal 12)" timestamp.cpu_us
line "ours: forged, wrong signature (goal 35)" signature.cpu_us
line "ours: a new connection each, TLS 1.3, P-256" new.cpu_us
line "floor of that connection alone" floor.connection
line "resident memory in MB after 64 connections (goal 40)" alive64.memory
line "requests a second, 16 connections (client on the same cores)" alive16.per_second
line "latency p50 in ms, 16 connections at full load" alive16.p50_ms
line "latency p99 in ms, 16 connections at full load" alive16.p99_ms
lost=$(awk '{ sum += $1 } END { print sum + 0 }' "$work/lines.lost")
printf '%-66s %9s\n' "lines that the log dropped rather than make a request wait" "$lost"
if [ "$(spread "$work/ratio")" -gt 20 ]; then
  echo "The ratio's rounds lie more than 20 % apart: measure again on a quieter machine."
fi
