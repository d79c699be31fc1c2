#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Makes the arm64 sysroot that cmake/arm64.cmake compiles against: Debian's arm64 packages, fetched
# with a private apt configuration and unpacked, not installed. The host's package system is not
# changed and no foreign architecture is added. Does nothing if the same packages are there already.
set -eu

usage="usage: tools/sysroot.sh [DIR]    (default: build/arm64-sysroot)"
case "${1-}" in
-h | --help) echo "$usage"; exit 0 ;;
-*) echo "sysroot.sh: unknown option $1; $usage" >&2; exit 2 ;;
esac

top=$(cd "$(dirname "$0")/.." && pwd)
root=$(realpath -m "${1-$top/build/arm64-sysroot}")
gcc=$(aarch64-linux-gnu-gcc -dumpversion) || {
	echo "sysroot.sh: the arm64 cross compiler is missing; install gcc-aarch64-linux-gnu" >&2
	exit 1
}
packages="libc6-dev libstdc++-${gcc%%.*}-dev libcmocka-dev libbenchmark-dev libhwloc-dev
	liblzma-dev zlib1g-dev libjemalloc-dev libpfm4-dev"

stamp=$root/.packages
[ "$(cat "$stamp" 2>/dev/null)" = "$packages" ] && exit 0

rm -rf "$root"
# shellcheck source=tools/private-apt.sh
. "$top/tools/private-apt.sh"
private_apt "$root/.apt" arm64
log=$root/.log
# shellcheck disable=SC2086
if ! { apt-get -q update && apt-get -q -y --download-only install $packages; } > "$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "sysroot.sh: apt could not fetch the arm64 packages (above)" >&2
	exit 1
fi
unpack "$root"
rm -rf "$apt" "$log"
printf '%s' "$packages" > "$stamp"
