#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# build.sh TOP WORK COMPILER: core/ and fmt/ without their host files, freestanding for arm64, and the
# images that are linked from them, WORK/driver.elf and WORK/walks.elf. WORK/sizes has the bytes of text and constants of
# core/ and of each format, as they are in the image.
set -eu
top=$1 work=$2 cc=$3
flags="-std=gnu11 -O2 -ffreestanding -nostdlib -fno-stack-protector -fno-pic -mno-outline-atomics
	-mstrict-align -Wall -Wextra -Werror -Wno-unused-parameter"
rm -rf "$work"
mkdir -p "$work"
compile() {
	# shellcheck disable=SC2086
	"$cc" $flags -I"$top/include" -I"$top" -c "$1" -o "$work/$(echo "${1#"$top"/}" | tr / -).o"
}
for source in $(sed -n 's/^\t\(\(core\|fmt\)\/[a-z0-9-]*\.c\).*/\1/p' "$top/CMakeLists.txt" |
	grep -v port-host); do
	compile "$top/$source"
done
here=$top/tests/baremetal
for source in boot.S main.c port.c driver.c mmu.c dma.c walks.c; do
	compile "$here/$source"
done
# link NAME SOURCES...: besides what every image has.
link() {
	name=$1
	shift
	objects=
	for source in boot.S main.c port.c "$@"; do
		objects="$objects $work/tests-baremetal-$source.o"
	done
	# shellcheck disable=SC2086
	"$cc" -nostdlib -static -Wl,-T,"$here/image.ld" -Wl,--build-id=none -o "$work/$name.elf" \
		"$work"/core-*.o "$work"/fmt-*.o $objects
}
link driver driver.c mmu.c dma.c
link walks walks.c
size=$(echo "$cc" | sed 's/gcc[-0-9.]*$/size/')
{
	# What is compiled a second time, for the one format with descriptors of 32 bits, is a row of its own.
	"$size" "$work"/core-*.o | awk 'NR > 1 { n[$6 ~ /-32\.c\.o$/] += $1 } END { print "core", n[0]; print "core-32", n[1] }'
	for object in "$work"/fmt-*.o; do
		name=$(basename "$object" .c.o)
		"$size" "$object" | awk -v name="${name#fmt-}" 'NR > 1 { print name, $1 }'
	done
} > "$work/sizes"
cat "$work/sizes"
