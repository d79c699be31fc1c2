# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# Sourced by sysroot.sh, qemu.sh and kernel.sh: an apt configuration of their own, in a folder, so that
# packages can be fetched and unpacked without installing any, adding an architecture, or touching
# the host's package system. Only Debian's own archives are asked: others may have no arm64 at all.

# private_apt FOLDER arm64|host [backports]: from here on apt is the private one. "host" is what this
# host is, and knows what is installed (its state is only read), so that this is not fetched again;
# "backports" adds that suite, whose name is left in $backports.
private_apt() {
	apt=$1
	mkdir -p "$apt"/etc/apt/apt.conf.d "$apt"/etc/apt/preferences.d "$apt"/var/lib/dpkg \
		"$apt"/var/lib/apt/lists/partial "$apt"/var/cache/apt/archives/partial
	cp -r /etc/apt/sources.list* "$apt/etc/apt/" 2>/dev/null || true
	grep -L debian -r "$apt/etc/apt/" 2>/dev/null | xargs -r rm -f
	if [ "${3-}" = backports ]; then
		add_backports
	fi
	cat > "$apt/apt.conf" <<CONF
Dir "$apt/";
Dir::State::status "$apt/var/lib/dpkg/status";
Dir::Etc::trusted "/etc/apt/trusted.gpg";
Dir::Etc::trustedparts "/etc/apt/trusted.gpg.d";
APT::Install-Recommends "false";
APT::Sandbox::User "";
CONF
	if [ "$2" = host ]; then
		cp /var/lib/dpkg/status "$apt/var/lib/dpkg/status"
	else
		: > "$apt/var/lib/dpkg/status"
		cat >> "$apt/apt.conf" <<CONF
APT::Architecture "$2";
APT::Architectures { "$2"; };
CONF
	fi
	export APT_CONFIG="$apt/apt.conf"
}

# The same archives once more, with backports for the suite that they are of; others have none.
add_backports() {
	# shellcheck source=/dev/null
	suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-bookworm}")
	backports=$suite-backports
	find "$apt/etc/apt" -name '*.sources' -exec sed -i -E \
		"/^Suites:.*[ :]$suite( |\$)/s/\$/ $backports/" {} +
	for list in "$apt"/etc/apt/sources.list "$apt"/etc/apt/sources.list.d/*.list; do
		[ -f "$list" ] || continue
		sed -n "s/^\(deb .*\) $suite \(.*\)/\1 $backports \2/p" "$list" > "$list.more"
		cat "$list.more" >> "$list"
		rm "$list.more"
	done
}

# unpack FOLDER: everything that was fetched.
unpack() {
	for deb in "$apt"/var/cache/apt/archives/*.deb; do
		dpkg-deb -x "$deb" "$1"
	done
}
