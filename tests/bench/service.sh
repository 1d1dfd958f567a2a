# shellcheck shell=bash
# Functions for the benchmark scripts in this folder, which source this file: start and stop
# couponhook with a new database, and read its figures. The caller sets $build (the build folder)
# and $work (a temporary folder on the same disk).

say() { printf '%s\n' "$*" >&2; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

service=
folder=

build_programs() {
  say "Building (the first time takes some minutes)"
  cmake --preset release -DCOUPONHOOK_TESTS=ON >"$work/cmake.log" 2>&1 ||
    { cat "$work/cmake.log" >&2; die "cmake could not configure the build"; }
  cmake --build --preset release --target couponhook bench >"$work/build.log" 2>&1 ||
    { tail -n 40 "$work/build.log" >&2; die "the build failed"; }
}

port_is_free() { ! (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }
free_port() {
  local port=$1
  while ! port_is_free "$port"; do port=$((port + 1)); done
  echo "$port"
}

# Starts couponhook with a new database and the configuration that `couponhook init` makes: it keeps
# the ledger, and writes one JSON line to the log for each request. The arguments are put before the
# command, to run couponhook under a tool such as valgrind.
start_service() {
  folder=$work/service
  rm -rf "$folder"
  "$build/couponhook" init "$folder" --port "$(free_port 18443)" \
    --admin-port "$(free_port 19443)" >/dev/null
  config=$folder/couponhook.toml
  log=$folder/couponhook.log
  : >"$log"
  "$@" "$build/couponhook" serve --config "$config" >"$log" 2>"$folder/errors" &
  service=$!
  local tries
  for tries in $(seq 600); do
    grep -q '^couponhook: notifications at' "$log" && return
    kill -0 "$service" 2>/dev/null ||
      { cat "$folder/errors" >&2; die "the service did not start"; }
    sleep 0.1
  done
  die "the service did not start within a minute"
}

stop_service() {
  kill -TERM "$service"
  wait "$service" || { cat "$folder/errors" >&2; die "the service did not end as it should"; }
  service=
}

clean_up() {
  if [ -n "$service" ] && kill -TERM "$service" 2>/dev/null; then wait "$service" || true; fi
  rm -rf "$work"
}

# Reads a line of JSON from standard input and prints the number in the field with the name $1.
field() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p"; }
