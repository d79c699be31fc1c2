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
. /etc/os-release
suite=${VERSION_CODENAME:-bookworm}
apt=$root/.apt
rm -rf "$root"
mkdir -p "$apt"/etc/apt/preferences.d "$apt"/var/lib/dpkg "$apt"/var/lib/apt/lists/partial \
	"$apt"/var/cache/apt/archives/partial "$root/run"
cp -r /etc/apt/sources.list* "$apt/etc/apt/" 2>/dev/null || true
# The same archives once more, with backports for a suite; others have none.
grep -L debian -r "$apt/etc/apt/" 2>/dev/null | xargs -r rm -f
find "$apt/etc/apt" -name '*.sources' -exec sed -i -E \
	"/^Suites:.*[ :]$suite( |\$)/s/\$/ $suite-backports/" {} +
for list in "$apt"/etc/apt/sources.list "$apt"/etc/apt/sources.list.d/*.list; do
	[ -f "$list" ] || continue
	sed -n "s/^\(deb .*\) $suite \(.*\)/\1 $suite-backports \2/p" "$list" > "$list.more"
	cat "$list.more" >> "$list"
	rm "$list.more"
done
# What the system has is not downloaded again; its state is only read.
cp /var/lib/dpkg/status "$apt/var/lib/dpkg/status"
cat > "$apt/apt.conf" <<CONF
Dir "$apt/";
Dir::State::status "$apt/var/lib/dpkg/status";
Dir::Etc::trusted "/etc/apt/trusted.gpg";
Dir::Etc::trustedparts "/etc/apt/trusted.gpg.d";
APT::Install-Recommends "false";
APT::Sandbox::User "";
CONF
export APT_CONFIG="$apt/apt.conf"
log=$root/.log
fetch() {
	# shellcheck disable=SC2086
	apt-get -q update && apt-get -q -y --download-only -t "$suite-backports" install $packages
}
if ! fetch > "$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "qemu.sh: apt could not fetch QEMU from $suite-backports (above)" >&2
	exit 1
fi
for deb in "$apt"/var/cache/apt/archives/*.deb; do
	dpkg-deb -x "$deb" "$root"
done
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
