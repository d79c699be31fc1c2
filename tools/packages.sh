# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by bench.sh and test.sh: what they need of Debian, and how it gets there. The caller
# defines die and say; $install is true unless the user gave --no-install.

PACKAGES_BUILD="cmake ninja-build gcc g++ git pkg-config python3 libbenchmark-dev libhwloc-dev
	liblzma-dev zlib1g-dev libcmocka-dev libjemalloc-dev libpfm4-dev"
PACKAGES_TEST="clang-format clang-tidy valgrind xz-utils relacy-dev python3-jsonschema
	python3-yaml linux-perf parallel"
# Large, and only for one test, which is skipped without it.
PACKAGES_BROWSER="chromium"
PACKAGES_PEERS="linux-source-6.12"
PACKAGES_CROSS="gcc-aarch64-linux-gnu g++-aarch64-linux-gnu binutils qemu-user"
# What a guest of QEMU is made with; QEMU and the kernels are fetched by tools/qemu.sh and tools/kernel.sh.
PACKAGES_GUEST="cpio xz-utils python3"

missing_packages() {
	local package
	for package in "$@"; do
		dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed ||
			printf '%s ' "$package"
	done
}

# Node.js with npm, wherever it came from: both are needed only to draw plots.
node_packages() {
	command -v npm >/dev/null && command -v node >/dev/null || echo "nodejs npm"
}

# fetch_node_modules LOG: what draws plots, and tests pages, into tools/node_modules; false if it cannot be had. npm
# writes the file that is looked for last; what it left half done is not taken for the whole.
fetch_node_modules() {
	[ ! tools/node_modules/.package-lock.json -nt tools/package-lock.json ] || return 0
	# shellcheck disable=SC2046
	(install_packages $(node_packages)) && command -v npm >/dev/null &&
		npm ci --prefix tools --no-audit --no-fund >"$1" 2>&1
}

install_packages() {
	local missing run=()
	if ! command -v dpkg-query >/dev/null; then
		say "not a Debian system: make sure that these are there: $*"
		return 0
	fi
	missing=$(missing_packages "$@")
	[ -n "$missing" ] || return 0
	$install || die "missing packages (and --no-install was given): $missing"
	if [ "$(id -u)" != 0 ]; then
		command -v sudo >/dev/null ||
			die "missing packages, and neither root nor sudo to install them: $missing"
		run=(sudo)
	fi
	say "installing $missing"
	# shellcheck disable=SC2086
	"${run[@]}" apt-get -qq update >&2 &&
		"${run[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -y install \
			--no-install-recommends $missing >&2 ||
		die "the packages could not be installed: $missing"
}

# quietly LOG COMMAND...: the log is shown only if the command fails.
quietly() {
	local log=$1
	shift
	"$@" >"$log" 2>&1 || {
		tail -n 40 "$log" >&2
		die "failed: $* (all of it is in $log)"
	}
}
