#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Fetches Debian's arm64 kernels, to boot under QEMU: that of the host's suite with pages of 4K, and that
# of its backports with pages of 16K (Debian has none of 64K), and a static busybox for their
# initramfs. Nothing is installed. Prints the directory: DIR/4k and DIR/16k have boot/vmlinuz-* and
# lib/modules/*, DIR/busybox is busybox. Does nothing if they are there already.
set -eu

usage="usage: tools/kernel.sh [DIR]    (default: build/kernels)"
case "${1-}" in
-h | --help) echo "$usage"; exit 0 ;;
-*) echo "kernel.sh: unknown option $1; $usage" >&2; exit 2 ;;
esac

top=$(cd "$(dirname "$0")/.." && pwd)
root=$(realpath -m "${1-$top/build/kernels}")
wanted="linux-image-arm64 linux-image-arm64-16k busybox-static"
stamp=$root/.packages
if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
	echo "$root"
	exit 0
fi
rm -rf "$root"
mkdir -p "$root"
# shellcheck source=tools/private-apt.sh
. "$top/tools/private-apt.sh"
private_apt "$root/.apt" arm64 backports
log=$root/.log

fail() {
	tail -n 20 "$log" >&2
	echo "kernel.sh: $1 (above)" >&2
	exit 1
}

# The package that a metapackage stands for.
image_of() {
	apt-cache depends --important "$1" | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1
}

# fetch PACKAGE FOLDER: that package alone.
fetch() {
	rm -f "$apt"/var/cache/apt/archives/*.deb
	[ -n "$1" ] && (cd "$apt/var/cache/apt/archives" && apt-get -q download "$1") >> "$log" 2>&1 ||
		fail "apt could not fetch ${1:-the package of $2}"
	mkdir -p "$2"
	unpack "$2"
}

apt-get -q update > "$log" 2>&1 || fail "apt could not read the package lists"
fetch "$(image_of linux-image-arm64)" "$root/4k"
fetch "$(image_of linux-image-arm64-16k)" "$root/16k"
fetch busybox-static "$root/busybox-static"
mv "$root/busybox-static/bin/busybox" "$root/busybox" 2>/dev/null ||
	mv "$root/busybox-static/usr/bin/busybox" "$root/busybox"
rm -rf "$root/busybox-static" "$apt" "$log"
printf '%s' "$wanted" > "$stamp"
echo "$root"
