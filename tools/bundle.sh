#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bundle.sh COMMIT: the benchmarks for servers without compilers, as build/bundle/*.tar.gz, one for
# x86-64 and one for arm64. Called by ./bench.sh --bundle, which has installed what is needed.
#
# A bundle brings every shared library its programs need, the C library and its loader included, and
# starts the programs through that loader: Debian has no static Google Benchmark, and the server's C
# library may be older than ours. Each bundle is unpacked elsewhere and tried before it is reported.
set -euo pipefail
cd "$(dirname "$0")/.."
usage="usage: tools/bundle.sh COMMIT    (./bench.sh --bundle calls it)"
case "${1-}" in
-h | --help) echo "$usage"; exit 0 ;;
'' | -*) echo "bundle.sh: ${1:-no commit}: not understood; $usage" >&2; exit 2 ;;
esac
commit=$1
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

programs="bench_map bench_pool bench_contention bench_cmdq bench_dirty bench_flush flush_calibrate bench_env bench_replay"
licensed="libc6 libstdc++6 libgcc-s1 gcc-12-base libbenchmark1debian libhwloc15 libudev1 libcap2
	liblzma5 zlib1g libjemalloc-dev libpfm4"

find_library() { # NAME ROOT TRIPLET
	local folder
	for folder in "$2/usr/lib/$3" "$2/lib/$3" "$2/usr/lib" "$2/lib" "$2/lib64"; do
		if [ -e "$folder/$1" ]; then
			printf '%s\n' "$folder/$1"
			return 0
		fi
	done
	die "$1, which the benchmarks need, is not in the system that they were built for"
}

needed() { # FILE
	readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'
}

# Every library of the files given, and theirs in turn.
copy_libraries() { # LIBDIR ROOT TRIPLET FILE...
	local libdir=$1 root=$2 triplet=$3 file name
	shift 3
	for file in "$@"; do
		for name in $(needed "$file"); do
			[ ! -e "$libdir/$name" ] || continue
			cp -L "$(find_library "$name" "$root" "$triplet")" "$libdir/$name"
			copy_libraries "$libdir" "$root" "$triplet" "$libdir/$name"
		done
	done
}

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
	for script in report advice cmdq contention counts dirty emulated figures flush pool ratios results selfcheck; do
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

# A few cases of each program: under an emulator they take their time.
try_filter='batch:(1|512)/pattern:warm/.*private/threads:1$|op:pair/size:4K|^contention/.*threads:2$|^cmdq/.*/threads:1$|^dirty/.*written:all'
try_filter+='|^flush/strategy:(gather|ticket)/.*unmap:4K/.*threads:1/.*loop:closed$'

try_bundle() { # ARCH RUNNER
	local scratch name=io-pgtable-bench-$1
	say "trying $name"
	scratch=$(mktemp -d)
	tar -C "$scratch" -xzf "$out/$name.tar.gz"
	if ! BENCH_RUNNER=$2 "$scratch/$name/run.sh" --out "$scratch/report" --min-time 0.001 \
		--filter "$try_filter" \
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
if [ "$native" = x86_64 ]; then
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
