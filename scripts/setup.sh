#!/bin/sh
# Installs the Debian packages that logbraid needs and this machine lacks: the one list of them.
#
#   scripts/setup.sh           what it takes to build and run the agent
#   scripts/setup.sh --tests   and the tests and benchmarks
#   scripts/setup.sh --ci      and the checks and fuzz targets of .ci/run
#
# Says what it does on stderr, says nothing and takes no time when nothing is missing.
set -eu

packages="
  g++ cmake ninja-build
  libboost1.81-dev libc-ares-dev libcli11-dev libcurl4-openssl-dev libfmt-dev
  libmaxminddb-dev libpq-dev libre2-dev libsimdjson-dev libsqlite3-dev libssl-dev libxxhash-dev
  libyaml-cpp-dev
"
tests="
  ccache libbenchmark-dev libgmock-dev libgtest-dev rapidjson-dev python3 python3-pip
  dnsmasq-base nginx-light openssl postgresql redis-server sqlite3 wrk
"
ci="clang-16 clang-format-16 clang-tidy-16 git libclang-rt-16-dev make"

say() { printf '%s\n' "logbraid: $*" >&2; }

case "${1-}" in
  "") ;;
  --tests) packages="$packages $tests" ;;
  --ci) packages="$packages $tests $ci" ;;
  -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) say "setup.sh: unknown argument $1 (--tests, --ci or none)"; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  say "this is no Debian: install what matches these packages, if it is not there yet:" $packages
  exit 0  # configuring the build names what is missing
fi

# dpkg-query complains about each package it has never heard of: those are missing, too.
installed=$(dpkg-query -W -f='${db:Status-Status} ${Package}\n' $packages 2>/dev/null |
  sed -n 's/^installed //p') || installed=""
missing=""
for package in $packages; do
  case "
$installed
" in
    *"
$package
"*) ;;
    *) missing="$missing $package" ;;
  esac
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
  as_root=""
elif command -v sudo >/dev/null; then
  as_root="sudo"
else
  say "these Debian packages are missing, and installing them takes root or sudo. As root, run:"
  say "  apt-get update && apt-get install$missing"
  exit 1
fi

say "installing Debian packages:$missing"
# Quiet unless it fails. A container's locks and questions must not stop it.
apt() {
  output=$($as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -o DPkg::Lock::Timeout=300 "$@" </dev/null 2>&1) && return
  printf '%s\n' "$output" >&2
  return 1
}
# Old package lists name files that are gone. One unreachable source need not matter, though.
apt update || say "apt-get update failed; trying with the package lists that are here"
if ! apt install -y --no-install-recommends $missing; then
  say "apt-get could not install them; its message stands above"
  exit 1
fi
