#!/usr/bin/env bash
# Counts the CPU instructions that couponhook executes for one notification, as the mean of 2,000
# notifications on one connection. Other load on the machine does not change this count, so the
# count shows regressions of performance.
#   tests/bench/callgrind.sh [--no-build] [--keep FILE]    FILE: the profile, for callgrind_annotate
set -euo pipefail
cd "$(dirname "$0")/../.."
build=build/release
requests=2000
builds=true
keep=
while [ $# -gt 0 ]; do
  case "$1" in
    --no-build) builds=false; shift ;;
    --keep) keep=${2:?--keep needs a file}; shift 2 ;;
    *) echo "usage: $0 [--no-build] [--keep FILE]" >&2; exit 2 ;;
  esac
done
command -v valgrind >/dev/null || { echo "valgrind is not installed" >&2; exit 1; }
mkdir -p "$build"
work=$(realpath "$(mktemp -d "$build/bench-XXXXXX")")
. tests/bench/service.sh
trap clean_up EXIT
trap 'exit 130' INT TERM

if [ "$builds" = true ]; then build_programs; fi
load=$build/tests/bench/load

# Valgrind runs only one thread of couponhook at a time. Without fair scheduling, a thread that
# polls would run all the time.
start_service valgrind --quiet --tool=callgrind --fair-sched=yes \
  --callgrind-out-file="$work/profile"
# Warm-up: the first 200 requests are not counted, because they load code, prepare SQL statements
# and allocate memory for the later requests.
"$load" --config "$config" --connections 1 --requests 200 >/dev/null
callgrind_control --zero "$service" >/dev/null 2>&1
"$load" --config "$config" --connections 1 --requests "$requests" >/dev/null
callgrind_control --dump "$service" >/dev/null 2>&1
stop_service

profile=$work/profile.1
if [ -n "$keep" ]; then cp "$profile" "$keep"; fi
awk -v requests="$requests" '/^(summary|totals):/ { total = $2 }
  END { printf "%.0f instructions/request (%d requests)\n", total / requests, requests }' "$profile"
