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

apt=$root/.apt
rm -rf "$root"
mkdir -p "$apt"/etc/apt/apt.conf.d "$apt"/etc/apt/preferences.d "$apt"/var/lib/dpkg \
	"$apt"/var/lib/apt/lists/partial "$apt"/var/cache/apt/archives/partial
# Only the distribution's own archive: others may have no arm64 at all.
cp -r /etc/apt/sources.list* "$apt/etc/apt/" 2>/dev/null || true
grep -L debian -r "$apt/etc/apt/" 2>/dev/null | xargs -r rm -f
: > "$apt/var/lib/dpkg/status"
cat > "$apt/apt.conf" <<CONF
Dir "$apt/";
Dir::State::status "$apt/var/lib/dpkg/status";
Dir::Etc::trusted "/etc/apt/trusted.gpg";
Dir::Etc::trustedparts "/etc/apt/trusted.gpg.d";
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Install-Recommends "false";
APT::Sandbox::User "";
CONF
export APT_CONFIG="$apt/apt.conf"
log=$root/.log
if ! { apt-get -q update && apt-get -q -y --download-only install $packages; } > "$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "sysroot.sh: apt could not fetch the arm64 packages (above)" >&2
	exit 1
fi
for deb in "$apt"/var/cache/apt/archives/*.deb; do
	dpkg-deb -x "$deb" "$root"
done
rm -rf "$apt" "$log"
printf '%s' "$packages" > "$stamp"
