#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh [SECONDS]: libFuzzer on every target, that long each (60), starting from the corpus; needs
# clang with its runtime. What it finds is left in build/fuzz/found; inputs that reach new code are merged
# into the corpus with --merge, for committing.
set -eu
cd "$(dirname "$0")/../.."
merge=false seconds=60
for word in "$@"; do
	case $word in
	--merge) merge=true ;;
	--help | -h)
		sed -n '4,8s/^# \?//p' "$0"
		exit 0
		;;
	*[!0-9]* | '')
		echo "run.sh: $word: not understood (see --help)" >&2
		exit 2
		;;
	*) seconds=$word ;;
	esac
done
command -v clang >/dev/null || {
	echo "run.sh: clang is missing: install clang and libclang-rt-dev" >&2
	exit 1
}
build=build/fuzz
CC=clang cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo -DIO_PGTABLE_FUZZ=ON \
	-DIO_PGTABLE_ASSERT=3 -DIO_PGTABLE_BENCH=OFF -DIO_PGTABLE_HWLOC=OFF \
	-DCMAKE_C_FLAGS="-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -Wno-everything" \
	>"$build.log" 2>&1 &&
	cmake --build "$build" --target fuzz-operations fuzz-hostile >>"$build.log" 2>&1 || {
	tail -n 20 "$build.log" >&2
	echo "run.sh: the targets could not be built (all of it is in $build.log)" >&2
	exit 1
}
mkdir -p "$build/found"
for name in operations hostile; do
	corpus=tests/fuzz/corpus/$name
	mkdir -p "$build/corpus-$name"
	"$build/tests/fuzz/fuzz-$name" -max_total_time="$seconds" -max_len=512 -print_final_stats=1 \
		-artifact_prefix="$build/found/$name-" "$build/corpus-$name" "$corpus" 2>"$build/$name.log" || {
		tail -n 30 "$build/$name.log" >&2
		echo "run.sh: fuzz-$name found something: $build/found" >&2
		exit 1
	}
	grep -E 'number_of_executed_units|new_units_added' "$build/$name.log" | sed "s/^/$name /"
	$merge || continue
	"$build/tests/fuzz/fuzz-$name" -merge=1 -max_len=512 "$corpus" "$build/corpus-$name" 2>>"$build/$name.log"
done
