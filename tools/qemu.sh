#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Fetches QEMU's system emulators, version 10, from Debian's backports, and unpacks them privately:
# nothing is installed, and the qemu-user of the system stays (version 10 of that takes no
# plugins). Prints the directory; DIR/run/qemu-system-NAME starts one. Does nothing if it is there already.
set -eu

usage="usage: tools/qemu.sh [DIR]    (default: build/qemu)"
case "${1-}" in
-h | --help) echo "$usage"; exit 0 ;;
-*) echo "qemu.sh: unknown option $1; $usage" >&2; exit 2 ;;
esac

top=$(cd "$(dirname "$0")/.." && pwd)
root=$(realpath -m "${1-$top/build/qemu}")
packages="qemu-system-arm qemu-system-x86 qemu-system-riscv"
stamp=$root/.packages
if [ "$(cat "$stamp" 2>/dev/null)" = "$packages" ]; then
	echo "$root"
	exit 0
fi
rm -rf "$root"
mkdir -p "$root/run"
# shellcheck source=tools/private-apt.sh
. "$top/tools/private-apt.sh"
private_apt "$root/.apt" host backports
log=$root/.log
fetch() {
	# shellcheck disable=SC2086
	apt-get -q update && apt-get -q -y --download-only -t "$backports" install $packages
}
if ! fetch > "$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "qemu.sh: apt could not fetch QEMU from $backports (above)" >&2
	exit 1
fi
unpack "$root"
for name in aarch64 x86_64 riscv64; do
	cat > "$root/run/qemu-system-$name" <<RUN
#!/bin/sh
export LD_LIBRARY_PATH="$root/usr/lib/x86_64-linux-gnu:$root/lib/x86_64-linux-gnu"
exec "$root/usr/bin/qemu-system-$name" -L "$root/usr/share/qemu" -L "$root/usr/share/seabios" "\$@"
RUN
	chmod +x "$root/run/qemu-system-$name"
done
rm -rf "$apt"
for name in aarch64 x86_64 riscv64; do
	if ! "$root/run/qemu-system-$name" --version > "$log" 2>&1; then
		cat "$log" >&2
		echo "qemu.sh: qemu-system-$name was unpacked and does not start (above)" >&2
		exit 1
	fi
done
printf '%s' "$packages" > "$stamp"
echo "$root"
