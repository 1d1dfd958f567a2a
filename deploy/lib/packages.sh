# Debian packages that couponhook needs, and functions that install these packages. Other scripts
# read this file with the command `.`.

# Debian packages for the build, except Boost: choose_boost chooses the package of Boost.
BUILD_PACKAGES="g++ cmake ninja-build libssl-dev rapidjson-dev libspdlog-dev libsqlite3-dev
  libpq-dev libcli11-dev libtomlplusplus-dev prometheus-cpp-dev libc-ares-dev
  libhiredis-dev librabbitmq-dev librdkafka-dev zlib1g-dev"
# Additional Debian packages for the tests: an independent implementation of the protocol, servers
# and tools.
TEST_PACKAGES="libgtest-dev libgmock-dev python3 python3-cryptography openssl sqlite3 postgresql
  curl ca-certificates haproxy nginx redis-server redis-tools rabbitmq-server python3-pika kcat
  chromium chromium-driver python3-prometheus-client python3-jsonschema
  php-cli php-sqlite3 python3-flask"

say() { printf '\n== %s\n' "$*"; }
die() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "packages are missing and this is neither root nor a user with sudo; run as root: $*"
  fi
}

is_installed() { [[ $(dpkg-query -W -f='${Status}' "$1" 2>/dev/null) == *"ok installed"* ]]; }

# Unpacks a Debian package into a folder without installing it, so that its service does not start on
# this machine. Does nothing if the package is unpacked there already.
#   unpack_package PACKAGE FOLDER
unpack_package() {
  local package=$1 folder=$2
  [ ! -e "$folder/.complete" ] || return 0
  command -v apt-get >/dev/null || die "$package is missing and there is no apt-get; install it"
  say "Unpacking $package into $folder"
  rm -rf "$folder"
  mkdir -p "$folder"
  # The package lists may be missing or too old for the download.
  (cd "$folder" && apt-get download -qq "$package") >/dev/null 2>&1 ||
    { as_root apt-get update -qq && (cd "$folder" && apt-get download -qq "$package") >/dev/null; } ||
    die "apt-get could not download $package; its own message is above"
  dpkg-deb -x "$folder"/*.deb "$folder"
  rm "$folder"/*.deb
  touch "$folder/.complete"
}

# Prints the version number of boost/version.hpp, such as 108100 for 1.81; 0 if Boost is not
# installed.
installed_boost() {
  local version
  version=$(sed -n 's/^#define BOOST_VERSION \([0-9]*\).*/\1/p' /usr/include/boost/version.hpp 2>/dev/null)
  echo "${version:-0}"
}

# Prints the name of the Boost package to install. Debian 12 has a package of Boost 1.81 beside its
# default, 1.74. Debian 13's default is newer than 1.81.
choose_boost() {
  case $(apt-cache policy libboost1.81-dev) in
    *"Candidate: 1"*) echo libboost1.81-dev ;;
    *) echo libboost-dev ;;
  esac
}

# Installs those of the packages given as arguments that are missing. Never removes a package.
install_packages() {
  local missing="" package boost
  for package in "$@"; do
    is_installed "$package" || missing="$missing $package"
  done
  boost=$(installed_boost)
  if [ -z "$missing" ] && [ "$boost" -ge 108100 ]; then
    return 0
  fi
  command -v apt-get >/dev/null ||
    die "these packages are missing and there is no apt-get:$missing; install them or use the Dockerfile"
  if [ "$boost" -gt 0 ] && [ "$boost" -lt 108100 ]; then
    die "Boost $((boost / 100000)).$((boost / 100 % 1000)) is installed for development, couponhook needs 1.81, \
and Debian's packages of the two cannot stand side by side. Remove the old one with \
'apt-get remove libboost$((boost / 100000)).$((boost / 100 % 1000))-dev', or build in a container: \
docker build -t couponhook ."
  fi
  say "Installing Debian packages"
  as_root apt-get update -qq
  if [ "$boost" -eq 0 ]; then missing="$missing $(choose_boost)"; fi
  echo "$missing" | tr -s ' \n' ' '
  echo
  # shellcheck disable=SC2086 # $missing is a list of package names
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-remove \
    --no-install-recommends $missing >/dev/null ||
    die "apt-get could not install:$missing; its own message is above"
}
