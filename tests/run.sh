#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test.
#   tests/run.sh          everything, unit and integration tests, under address and
#                         undefined-behaviour sanitizers
#   tests/run.sh --all    the same, and everything under the thread sanitizer and as released
#   tests/run.sh --long   as released, with the long versions of the integration tests: soaks that
#                         kill, restart, migrate and purge for an hour
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/lib/packages.sh

presets="asan"
timeout_s=1200
case "${1:-}" in
  --all)
    presets="tsan asan release"
    # Debian's comes as hundreds of packages, so only here; without it one test says that it is skipped.
    command -v npm >/dev/null || TEST_PACKAGES+=" npm"
    ;;
  --long)
    presets="release"
    timeout_s=3600
    export COUPONHOOK_LONG=1
    ;;
  "") ;;
  *) die "usage: $0 [--all | --long]" ;;
esac

# shellcheck disable=SC2086
install_packages $BUILD_PACKAGES $TEST_PACKAGES

# Known answers of public SDKs live beside the project where it is developed; elsewhere the tests that
# need them say that they are skipped.
if [ -d ../shared/vectors ]; then COUPONHOOK_VECTORS=$(realpath ../shared/vectors) && export COUPONHOOK_VECTORS; fi
export ASAN_OPTIONS=detect_stack_use_after_return=0 TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

for preset in $presets; do
  say "Building $preset"
  cmake --preset "$preset" -DCOUPONHOOK_TESTS=ON >/dev/null
  cmake --build --preset "$preset"
  say "Testing $preset"
  ctest --test-dir "build/$preset" --output-on-failure --parallel 4 --timeout "$timeout_s"
done
