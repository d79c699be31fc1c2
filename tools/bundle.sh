#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bundle.sh COMMIT [arm64]: the benchmarks for servers without compilers, as build/bundle/*.tar.gz, one for
# x86-64 and one for arm64, or that only. Called by ./bench.sh --bundle and ./test.sh --guest, which have
# installed what is needed.
#
# A bundle brings every shared library its programs need, the C library and its loader included, and
# starts the programs through that loader: Debian has no static Google Benchmark, and the server's C
# library may be older than ours. Each bundle is unpacked elsewhere and tried before it is reported.
set -euo pipefail
cd "$(dirname "$0")/.."
usage="usage: tools/bundle.sh COMMIT [arm64]    (./bench.sh --bundle calls it)"
case "${1-}" in
-h | --help) echo "$usage"; exit 0 ;;
'' | -*) echo "bundle.sh: ${1:-no commit}: not understood; $usage" >&2; exit 2 ;;
esac
commit=$1 only=${2-}
case $only in
'' | arm64) ;;
*) echo "bundle.sh: $only: not understood; $usage" >&2; exit 2 ;;
esac
out=build/bundle
install=true

die() {
	printf 'bundle.sh: %s\n' "$1" >&2
	exit 1
}

say() {
	printf '== %s\n' "$1" >&2
}
# shellcheck source=tools/packages.sh
. tools/packages.sh
# shellcheck source=tools/libraries.sh
. tools/libraries.sh

programs="bench_map bench_pool bench_contention bench_cmdq bench_dirty bench_flush flush_calibrate bench_env bench_replay"
licensed="libc6 libstdc++6 libgcc-s1 gcc-12-base libbenchmark1debian libhwloc15 libudev1 libcap2
	liblzma5 zlib1g libjemalloc-dev libpfm4"

copy_licences() { # DIR ROOT
	local package
	for package in $licensed; do
		[ ! -f "$2/usr/share/doc/$package/copyright" ] ||
			cp -L "$2/usr/share/doc/$package/copyright" "$1/$package"
	done
}

make_bundle() { # ARCH PRESET ROOT TRIPLET STRIP
	local arch=$1 preset=$2 root=$3 triplet=$4 strip=$5 script
	local build=build/bundle-$arch name=io-pgtable-bench-$arch program
	local dir=$out/$name
	say "building $name"
	quietly "$out/$arch-configure.log" cmake --preset "$preset" -B "$build" \
		-DIO_PGTABLE_TESTS=OFF -DIO_PGTABLE_ASSERT=1
	# shellcheck disable=SC2086
	quietly "$out/$arch-build.log" cmake --build "$build" --target $programs
	rm -rf "$dir"
	mkdir -p "$dir/bin" "$dir/lib" "$dir/traces" "$dir/licences"
	for program in $programs; do
		"$strip" -o "$dir/bin/$program" "$build/bench/$program"
		copy_libraries "$dir/lib" "$root" "$triplet" "$dir/bin/$program"
	done
	compgen -G "$dir/lib/ld-linux-*" >/dev/null || cp_loader "$dir" "$root" "$triplet"
	copy_licences "$dir/licences" "$root"
	cp bench/traces/*.xz "$dir/traces/"
	for script in report advice cmdq contention counts dirty emulated figures flush formats pool ratios results selfcheck; do
		cp "tools/$script.py" "$dir/"
	done
	cp bench/bundle-run.sh "$dir/run.sh"
	chmod +x "$dir/run.sh"
	printf '%s\n' "$commit" >"$dir/COMMIT"
	tar -C "$out" --owner=0 --group=0 --sort=name -czf "$out/$name.tar.gz" "$name" ||
		die "$out/$name.tar.gz could not be written (is the disk full?)"
}

# Nothing may need the loader by name; the programs ask for it as their interpreter.
cp_loader() { # DIR ROOT TRIPLET
	local loader
	loader=$(readelf -l "$1/bin/bench_map" | sed -n 's/.*interpreter: \(.*\)\]/\1/p')
	cp -L "$(find_library "$(basename "$loader")" "$2" "$3")" "$1/lib/"
}

try_bundle() { # ARCH RUNNER
	local scratch name=io-pgtable-bench-$1
	say "trying $name"
	scratch=$(mktemp -d)
	tar -C "$scratch" -xzf "$out/$name.tar.gz"
	if ! BENCH_RUNNER=$2 "$scratch/$name/run.sh" --out "$scratch/report" --smoke \
		>"$out/$1-try.log" 2>&1; then
		tail -n 20 "$out/$1-try.log" >&2
		rm -rf "$scratch"
		die "$name does not run"
	fi
	if ! BENCH_RUNNER=$2 "$scratch/$name/run.sh" --run flush_calibrate >>"$out/$1-try.log" 2>&1 ||
		! grep -q '"flush/strategy:ticket/clock:real/' "$scratch/report/report.json"; then
		rm -rf "$scratch"
		die "$name: the flush benchmarks do not run (see $out/$1-try.log)"
	fi
	rm -rf "$scratch" "${out:?}/$name"
	say "$out/$name.tar.gz"
}

native=$(uname -m)
mkdir -p "$out" || die "cannot write to $out"
if [ "$native" = x86_64 ] && [ "$only" != arm64 ]; then
	make_bundle x86-64 release "" x86_64-linux-gnu strip
	try_bundle x86-64 ""
fi
if [ "$native" = aarch64 ]; then
	make_bundle arm64 release "" aarch64-linux-gnu strip
	try_bundle arm64 ""
else
	tools/sysroot.sh
	make_bundle arm64 arm64 "$(pwd)/build/arm64-sysroot" aarch64-linux-gnu aarch64-linux-gnu-strip
	try_bundle arm64 qemu-aarch64
fi
