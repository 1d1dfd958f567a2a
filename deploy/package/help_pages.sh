#!/usr/bin/env bash
# Writes the manual page and the shell completions from the output of `couponhook --help`, so that
# they never differ from the binary. `cmake --install` runs this script.
#   deploy/package/help_pages.sh BINARY FOLDER
# writes couponhook.1, couponhook.bash, couponhook.zsh and couponhook.fish to FOLDER, which must
# exist.
set -euo pipefail

if [ $# -ne 2 ]; then
  echo "usage: $0 BINARY FOLDER" >&2
  exit 1
fi
binary=$1
folder=$2
here=$(dirname "$0")

# Prints the help of a command, and of all commands below it, as records: one a line, with tabs
# between the fields (see help_records.awk). The arguments are the words of the command.
records() {
  local help name
  help=$("$binary" "$@" --help)
  awk -v command="$*" -f "$here/help_records.awk" <<<"$help"
  for name in $(sed -n '/^Subcommands:/,$ s/^  \([a-z0-9][a-z0-9-]*\).*/\1/p' <<<"$help"); do
    records "$@" "$name"
  done
}

all=$(records)
version=$("$binary" --version)
# Takes the date from SOURCE_DATE_EPOCH, so that two builds of a release give the same file.
date=$(date --utc --date="@${SOURCE_DATE_EPOCH:-$(date +%s)}" +%Y-%m-%d)
for kind in man bash zsh fish; do
  target=$folder/couponhook.$kind
  if [ "$kind" = man ]; then target=$folder/couponhook.1; fi
  awk -F '\t' -v version="$version" -v date="$date" -f "$here/help_$kind.awk" <<<"$all" >"$target"
done
