#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test.
#   tests/run.sh          the rooms' own tests under address and undefined-behaviour sanitizers; then
#                         everything as it is released: unit and integration tests
#   tests/run.sh --all    everything under both sanitizers, and under the thread sanitizer too, with the
#                         long versions of the integration tests
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/lib/packages.sh

presets="asan release"
# The server takes most of the time to build, and sanitizers double it.
small_rooms="crypto;handlers;storage;wechatpay"
sanitized_rooms=$small_rooms
case "${1:-}" in
  --all)
    presets="tsan asan release"
    sanitized_rooms="$small_rooms;server"
    export COUPONHOOK_LONG=1
    ;;
  "") ;;
  *) die "usage: $0 [--all]" ;;
esac

# shellcheck disable=SC2086
install_packages $BUILD_PACKAGES $TEST_PACKAGES

# Known answers of public SDKs live beside the project where it is developed; elsewhere the tests that
# need them say that they are skipped.
if [ -d ../shared/vectors ]; then COUPONHOOK_VECTORS=$(realpath ../shared/vectors) && export COUPONHOOK_VECTORS; fi
export ASAN_OPTIONS=detect_stack_use_after_return=0 TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

# The release build comes last, so that its closing line is the last one.
for preset in $presets; do
  say "Building $preset"
  rooms=$sanitized_rooms
  if [ "$preset" = release ]; then rooms="$small_rooms;server"; fi
  cmake --preset "$preset" -DCOUPONHOOK_TESTS=ON -DCOUPONHOOK_ROOMS="$rooms" >/dev/null
  cmake --build --preset "$preset"
  say "Testing $preset"
  ctest --test-dir "build/$preset" --output-on-failure --parallel 3 --timeout 600
done
