#!/usr/bin/env bash
# Builds the Debian package and the container image and tests both. Needs root (chroot, mount) and
# Debian's packages, about as much time as a build, and no container engine.
#   tests/packages.sh          both
#   tests/packages.sh deb      the package, in a minimal root of the Debian release that this runs on
#   tests/packages.sh image    the image: from the Dockerfile, by buildah
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/lib/packages.sh

what=${1:-all}
case "$what" in all | deb | image) ;; *) die "usage: $0 [deb | image]" ;; esac
[ "$(id -u)" -eq 0 ] || die "run as root: the tests use chroot and mount"
# shellcheck disable=SC2086
install_packages $BUILD_PACKAGES python3 lintian debootstrap dpkg-dev file buildah fakeroot

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PYTHONDONTWRITEBYTECODE=1
codename=$(. /etc/os-release && echo "$VERSION_CODENAME")
# Making the minimal root takes a minute, so it is kept for the next run.
root=local/minimal-$codename
if [ ! -e "$root/.complete" ]; then
  say "Making a minimal root of $codename"
  rm -rf "$root"
  mkdir -p local
  debootstrap --variant=minbase "$codename" "$root" >"$work/debootstrap.log" ||
    die "debootstrap failed: $(tail -n 1 "$work/debootstrap.log")"
  touch "$root/.complete"
fi

if [ "$what" != image ]; then
  say "Building the package"
  cmake --preset release >/dev/null
  cmake --build --preset release --target couponhook
  # The same binary in a package with a higher version, for the upgrade.
  for release in 1 2; do
    (cd build/release && cpack -G DEB -B "$work/$release" \
      -D CPACK_DEBIAN_PACKAGE_RELEASE="$release+$codename" >/dev/null)
  done
  first=$(echo "$work"/1/*.deb)
  next=$(echo "$work"/2/*.deb)
  ls -l "$first"
  say "lintian"
  lintian --allow-root --fail-on error "$first" && echo "lintian: no error"
  say "Installing, serving, upgrading under load and purging in a minimal root"
  # The tests of the package use a module of the integration tests, which asks for this variable.
  COUPONHOOK_ROOT=$root COUPONHOOK_DEB=$first COUPONHOOK_DEB_NEXT=$next \
    COUPONHOOK_BINARY=build/release/couponhook /usr/bin/python3 tests/packages/debian_test.py
fi

if [ "$what" != deb ]; then
  say "Building the image"
  export BUILDAH_ISOLATION=chroot STORAGE_DRIVER=vfs
  base=${COUPONHOOK_BASE:-}
  if [ -z "$base" ]; then
    # The minimal root stands in for debian:$codename-slim, which has to be downloaded.
    base=localhost/couponhook-base:$codename
    container=$(buildah from scratch)
    buildah add --quiet "$container" "$root" / >/dev/null
    buildah copy --quiet "$container" /etc/resolv.conf /etc/resolv.conf >/dev/null
    buildah commit --quiet "$container" "$base" >/dev/null
    buildah rm "$container" >/dev/null
  fi
  buildah bud --format docker --network host --build-arg BASE="$base" --tag couponhook:test .
  container=$(buildah from couponhook:test)
  buildah inspect --type image --format '{{.Docker.Config.User}} {{.Docker.Config.Healthcheck}}' couponhook:test
  mounted=$(buildah mount "$container")
  du -sh "$mounted"
  COUPONHOOK_IMAGE=$mounted /usr/bin/python3 tests/packages/image_test.py
  buildah umount "$container" >/dev/null
  buildah rm "$container" >/dev/null
fi
