#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh 4k|16k: boots a Debian arm64 kernel with pages of that size under QEMU, from an initramfs with the
# arm64 test programs (build/arm64) and the arm64 bundle (build/bundle), and runs them there. Exit status 77,
# which CTest shows as skipped, where QEMU, the kernel, the programs or the bundle are not there; all of it is
# made by ./test.sh --guest. Printed: a line for each test, and how many; fewer than were given are a failure.
set -euo pipefail
cd "$(dirname "$0")/../.."

SECONDS_MOST=${GUEST_SECONDS:-540}
TESTS=build/arm64/tests

die() {
	printf 'guest: %s\n' "$1" >&2
	exit "${2:-1}"
}

skip() {
	printf 'skipped: %s\n' "$1"
	exit 77
}

# shellcheck source=tools/libraries.sh
. tools/libraries.sh
# shellcheck source=tools/guest.sh
. tools/guest.sh

case ${1-} in
4k | 16k) pages=$1 ;;
-h | --help) echo "usage: tests/guest/run.sh 4k|16k    (./test.sh --guest calls it)" && exit 0 ;;
*) die "which pages? 4k or 16k" 2 ;;
esac
missing=$(guest_needs "$pages")
[ -z "$missing" ] || skip "$missing"
[ -x $TESTS/test-contract ] || skip "the arm64 tests are not built: ./test.sh --guest"
bundle=build/bundle/io-pgtable-bench-arm64.tar.gz
[ -f $bundle ] || skip "$bundle is not there: ./bench.sh --bundle"

work=$(mktemp -d build/guest.XXXXXX)
trap 'rm -rf "$work"' EXIT
root=$work/root
guest_root "$root" tests/guest/init.sh
mkdir -p "$root/tests/bin" "$root/tests/lib"
tar -C "$root" -xzf $bundle
mv "$root"/io-pgtable-bench-arm64 "$root/bundle"

# "NAME PROGRAM ARGUMENTS" of CTest's tests that are a program of the library's, without the emulator.
ctest --preset arm64 --show-only=json-v1 | python3 tests/guest/list.py "$PWD/$TESTS" >"$root/tests/list"
while read -r _ program _; do
	[ -f "$root/tests/bin/$program" ] ||
		aarch64-linux-gnu-strip -o "$root/tests/bin/$program" "$(find $TESTS -type f -name "$program" | head -n 1)"
done <"$root/tests/list"
copy_libraries "$root/tests/lib" build/arm64-sysroot aarch64-linux-gnu "$root"/tests/bin/*

tests=$(wc -l <"$root/tests/list")
[ "$tests" -gt 0 ] || die "no test for the guest: ctest --preset arm64 --show-only=json-v1 | tests/guest/list.py"
echo "guest: $tests tests, pages of $pages"
ended=true
guest_boot "$pages" "$root" "$work/log" "$SECONDS_MOST" "" -nic none || ended=false
tr -d '\r' <"$work/log" >"$work/text"
last=$(grep -a '^guest: .* passed, ' "$work/text" | tail -n 1 || true)
if ! $ended || [ -z "$last" ]; then
	tail -n 40 "$work/text" "$work/log.qemu"
	die "the guest did not get to its end within $SECONDS_MOST s (above)"
fi
cat "$work/text"
case $last in
*" 0 failed, "*"pages of ${pages%k}K") ;;
*) die "$last" ;;
esac
# Every line of the list, and the two of the bundle (init.sh).
noted=$(echo "$last" | awk '{ print $2 + $6 }')
[ "$noted" -eq "$((tests + 2))" ] || die "$noted of $((tests + 2)) tests were run or skipped: $last"
