#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# test.sh: proves the library correct, from a fresh clone. Installs what is missing, builds each
# preset in build/<preset> and runs its tests. The last line counts them; the status is not 0 if any
# failed. Speed is never tested here: that is what bench.sh and its gate are for.
set -euo pipefail
cd "$(dirname "$0")"

usage() {
	cat <<'END'
test.sh - build and run the tests (about 11 minutes on two cores)

  ./test.sh                every test with all assertions (dev), again under the address and
                           undefined-behaviour sanitizers (asan), the threaded ones under the
                           thread sanitizer (tsan), the optimised build (release), and clang-tidy
  ./test.sh --arm64        the suite as arm64 programs, run by qemu-user, and the library's tests once more
                           under the address and undefined-behaviour sanitizers
  ./test.sh --guest        the arm64 tests and the arm64 bundle's smoke set in Debian's arm64 kernels under QEMU,
                           with pages of 4K and of 16K (fetches QEMU 10 and the kernels into build/; about
                           10 minutes)
  ./test.sh --peers        Linux's own code in the same build: its self-tests, and random operations
                           on it and on the library, compared
  ./test.sh --oracle       QEMU's IOMMUs walk the library's tables: SMMUv3, VT-d, AMD, RISC-V (fetches
                           QEMU 10 from Debian's backports into build/qemu; under 2 minutes)
  ./test.sh --only PRESET  one of dev, asan, tsan, release, peers, arm64, arm64-asan, oracle, guest, without
                           clang-tidy

  --no-install             never install packages
  --help                   this
END
}

die() {
	printf 'test.sh: %s\n' "$1" >&2
	exit "${2:-1}"
}

say() {
	printf '== %s\n' "$1" >&2
}

presets="dev asan tsan release" tidy=true install=true
while [ $# -gt 0 ]; do
	case $1 in
	--arm64) presets="arm64 arm64-asan" tidy=false ;;
	--guest) presets=guest tidy=false ;;
	--peers) presets=peers tidy=false ;;
	--oracle) presets=oracle tidy=false ;;
	--only)
		[ $# -ge 2 ] || die "--only needs a preset (see --help)" 2
		presets=$2 tidy=false
		shift
		;;
	--no-install) install=false ;;
	--help | -h) usage && exit 0 ;;
	*) die "$1: not understood (see --help)" 2 ;;
	esac
	shift
done
case " dev asan tsan release peers arm64 arm64-asan oracle guest " in
*" ${presets%% *} "*) ;;
*) die "--only $presets: there is no such preset (see --help)" 2 ;;
esac

# shellcheck source=tools/packages.sh
. tools/packages.sh

run_tidy() {
	local log=build/tidy.log
	say "clang-tidy"
	# The test programs repeat cmocka's macros; the library and the tools are what is read closely.
	# The peers' files are not in the dev build.
	find core fmt bench model -name '*.c' -not -path 'bench/peers/*' -print0 |
		xargs -0 -P "$(nproc)" -n 4 clang-tidy -quiet -p build/dev >"$log" 2>/dev/null || {
		cat "$log"
		die "clang-tidy found something (above; all of it is in $log)"
	}
}

passed=0 failed=0 skipped=0

# run_ctest PRESET [CTEST ARGUMENTS...]: adds to the counts.
run_ctest() {
	local preset=$1 log=build/$1-tests.log line
	shift
	ctest --preset "$preset" "$@" 2>&1 | tee "$log" | grep -vE '^ +Start ' || true
	line=$(grep -E '^[0-9]+% tests passed, ' "$log") || die "ctest ran no test (see $log)"
	set -- $(echo "$line" | sed -n 's/.* \([0-9]*\) tests failed out of \([0-9]*\)/\1 \2/p')
	local skip
	skip=$(grep -cE '\*\*\*Skipped' "$log" || true)
	failed=$((failed + $1)) skipped=$((skipped + skip)) passed=$((passed + $2 - $1 - skip))
}

make_sysroot() {
	# shellcheck disable=SC2086
	install_packages $PACKAGES_CROSS
	say "arm64 sysroot"
	tools/sysroot.sh
}

# What a guest runs, and what it is run by. Without the latter its tests are skipped, and say what is missing.
make_guest() {
	# shellcheck disable=SC2086
	install_packages $PACKAGES_GUEST
	make_sysroot
	say "QEMU and kernels"
	tools/qemu.sh >build/qemu.log || say "without QEMU 10 the guest tests are skipped"
	tools/kernel.sh >build/kernel.log || say "without Debian's arm64 kernels the guest tests are skipped"
	say "building build/arm64"
	quietly build/arm64-configure.log cmake --preset arm64
	quietly build/arm64-build.log cmake --build build/arm64
	tools/bundle.sh "$(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)" arm64
}

# shellcheck disable=SC2086
install_packages $PACKAGES_BUILD $PACKAGES_TEST $(node_packages)
mkdir -p build
# shellcheck disable=SC2086
(install_packages $PACKAGES_BROWSER) || say "without $PACKAGES_BROWSER the test report-browser is skipped"
fetch_node_modules build/npm.log || say "without the packages of tools/package-lock.json tests that draw are skipped"
for preset in $presets; do
	labels=(-LE 'oracle|guest')
	if [ "$preset" = oracle ]; then
		# shellcheck disable=SC2086
		install_packages $PACKAGES_CROSS
		say "QEMU"
		tools/qemu.sh >build/qemu.log || say "without QEMU 10 the tests that need it are skipped"
		preset=dev labels=(-L oracle)
	elif [ "$preset" = guest ]; then
		make_guest
		preset=dev labels=(-L guest)
	elif [ "$preset" = arm64-asan ]; then
		# What is not of the library's code, or takes minutes there: the native asan runs those.
		labels=(-LE 'check|counts|gate|fuzz' -E '^test-(reclaim-smmu|load)$')
	elif [ "$preset" = tsan ]; then
		labels=(-L threads)
	elif [ "$preset" = peers ]; then
		labels=(-L peers)
	fi
	case $preset in
	arm64*) make_sysroot ;;
	esac
	# shellcheck disable=SC2086
	[ "$preset" != peers ] || install_packages $PACKAGES_PEERS
	say "building build/$preset"
	quietly "build/$preset-configure.log" cmake --preset "$preset"
	quietly "build/$preset-build.log" cmake --build "build/$preset"
	say "testing build/$preset"
	run_ctest "$preset" "${labels[@]}"
done
if $tidy; then
	run_tidy
	passed=$((passed + 1))
fi
printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
