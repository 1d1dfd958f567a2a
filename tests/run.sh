#!/usr/bin/env bash
# Installs missing packages, builds, and runs every test.
#   tests/run.sh          unit and integration tests, under the address and the
#                         undefined-behaviour sanitizer
#   tests/run.sh --unit   unit tests only, without sanitizers: the quickest first look
#   tests/run.sh --all    the same, and all tests again under the thread sanitizer and with the release
#                         preset
#   tests/run.sh --examples   all tests, with the example consumers in every language, also those that
#                         the everyday run does not install
#   tests/run.sh --long   release preset, with the long versions of the integration tests: for an hour
#                         they kill, restart, migrate and purge
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/lib/packages.sh

presets="asan"
timeout_s=1200
labels=".*"
# A machine with another Node.js than Debian's cannot install node-pg; there the tests use npm.
command -v node >/dev/null || TEST_PACKAGES+=" nodejs node-pg"
case "${1:-}" in
  --all)
    presets="tsan asan release"
    # Debian's npm consists of hundreds of packages, so only --all installs it. Without npm some
    # tests are skipped and report the reason.
    command -v npm >/dev/null || TEST_PACKAGES+=" npm"
    ;;
  --examples)
    TEST_PACKAGES+=" golang-go golang-github-mattn-go-sqlite3-dev"
    TEST_PACKAGES+=" php-mysql mariadb-server libspring-web-java libspring-web-servlet-java"
    TEST_PACKAGES+=" libspring-jdbc-java libspring-transaction-java libspring-context-java libh2-java"
    TEST_PACKAGES+=" libjackson2-databind-java libjetty9-java"
    command -v javac >/dev/null || TEST_PACKAGES+=" default-jdk-headless"
    export COUPONHOOK_EXAMPLES="php php-mysql python node go java"
    # Laravel is a package of Debian 12. Elsewhere the tests of that example are skipped.
    if [ "$(. /etc/os-release && echo "${VERSION_ID:-}")" = 12 ]; then
      TEST_PACKAGES+=" php-laravel-framework"
      COUPONHOOK_EXAMPLES+=" laravel laravel-mysql"
    fi
    ;;
  --long)
    presets="release"
    timeout_s=3600
    export COUPONHOOK_LONG=1
    ;;
  --unit)
    presets="quick"
    labels="unit"
    ;;
  "") ;;
  *) die "usage: $0 [--unit | --all | --examples | --long]" ;;
esac

# shellcheck disable=SC2086
install_packages $BUILD_PACKAGES $TEST_PACKAGES

# The tests run their own Prometheus. Installing the package would start a service.
if [ "$labels" != unit ] && ! { command -v prometheus && command -v promtool; } >/dev/null; then
  unpack_package prometheus build/packages/prometheus
fi

# Known answers of public SDKs are not part of this repository. If the folder is missing, the tests
# that need them are skipped and report the reason.
if [ -d ../shared/vectors ]; then COUPONHOOK_VECTORS=$(realpath ../shared/vectors) && export COUPONHOOK_VECTORS; fi
export ASAN_OPTIONS=detect_stack_use_after_return=0 TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

for preset in $presets; do
  say "Building $preset"
  cmake --preset "$preset" -DCOUPONHOOK_TESTS=ON >/dev/null
  cmake --build --preset "$preset"
  say "Testing $preset"
  ctest --test-dir "build/$preset" --label-regex "$labels" --output-on-failure --parallel 4 --timeout "$timeout_s"
done
