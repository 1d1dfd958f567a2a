#!/usr/bin/env bash
# Builds the files of a release from a tag: the source tarball, the Debian package for the Debian
# release that this runs on, the bill of materials (SPDX) and SHA256SUMS.
#   deploy/release.sh TAG FOLDER
#   deploy/release.sh --binary BUILD TAG FOLDER   packs the binary of a build folder instead of
#                                                 building the tag anew
# FOLDER must be new or empty. Run it on Debian 12 and on Debian 13, each with a folder of its own.
# All times come from the tag's commit (SOURCE_DATE_EPOCH), so that two runs give the same files.
set -euo pipefail
cd "$(dirname "$0")/.."
. deploy/lib/packages.sh

build=
if [ "${1:-}" = --binary ]; then
  [ $# -ge 2 ] || die "usage: $0 [--binary BUILD] TAG FOLDER"
  build=$(realpath "$2")
  shift 2
fi
[ $# -eq 2 ] || die "usage: $0 [--binary BUILD] TAG FOLDER"
tag=$1
folder=$(realpath -m "$2")
mkdir -p "$folder"
[ -z "$(ls -A "$folder")" ] || die "$folder is not empty; name a new folder"
commit=$(git rev-parse --verify --quiet "$tag^{commit}") || die "there is no tag $tag"
version=$(git show "$commit:CMakeLists.txt" | sed -n 's/^project(couponhook VERSION \([0-9.]*\).*/\1/p')
case "$tag" in
  v[0-9]*) [ "$tag" = "v$version" ] || die "the tag is $tag, but CMakeLists.txt says $version" ;;
esac
SOURCE_DATE_EPOCH=$(git show --no-patch --format=%ct "$commit")
export SOURCE_DATE_EPOCH
umask 022

say "Source"
tarball=$folder/couponhook-$version.tar.gz
git archive --format=tar --prefix="couponhook-$version/" "$commit" | gzip -9n >"$tarball"

if [ -z "$build" ]; then
  # shellcheck disable=SC2086
  install_packages $BUILD_PACKAGES dpkg-dev file python3
  say "Building"
  # The same path for every run: the binary's line tables hold it.
  source=/tmp/couponhook-release
  [ ! -e "$source" ] || die "$source exists; another run uses it, or remove it"
  trap 'rm -rf "$source"' EXIT
  mkdir "$source"
  tar -xzf "$tarball" -C "$source" --strip-components=1
  (cd "$source" && cmake --preset release -DCOUPONHOOK_TESTS=OFF >/dev/null &&
    cmake --build --preset release)
  build=$source/build/release
fi

say "Debian package"
(cd "$build" && rm -rf _CPack_Packages && cpack -G DEB -B "$folder" >/dev/null)
rm -rf "$folder/_CPack_Packages"

say "Bill of materials"
deploy/package/sbom.py "$version" "$tarball" "$build/couponhook" >"$folder/couponhook-$version.spdx.json"

(cd "$folder" && sha256sum -- * >SHA256SUMS)
cat "$folder/SHA256SUMS"
