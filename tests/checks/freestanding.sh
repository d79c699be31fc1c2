#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# freestanding.sh TOP WORK COMPILER...: core/ and fmt/ without core/port-host*.c compile freestanding
# and need nothing but memcpy, memset and the port functions.
set -eu
top=$1 work=$2
shift 2
rm -rf "$work"
mkdir -p "$work"
sources=$(sed -n 's/^\t\(\(core\|fmt\)\/[a-z0-9-]*\.c\).*/\1/p' "$top/CMakeLists.txt" |
	grep -v port-host)
for source in $sources; do
	"$@" -std=gnu11 -O2 -ffreestanding -nostdlib -fno-stack-protector -Wall -Wextra -Werror \
		-Wno-unused-parameter -I"$top/include" -I"$top" -c "$top/$source" \
		-o "$work/$(echo "$source" | tr / -).o"
done
ld=$(echo "$1" | sed 's/gcc[-0-9]*$/ld/')
command -v "$ld" > /dev/null || ld=ld
"$ld" -r "$work"/*.o -o "$work/all.o"
nm -u "$work/all.o" | awk '{ print $2 }' | sort > "$work/undefined"
if grep -vxE 'memcpy|memset|io_pgtable_port_(arena_map|arena_unmap|clean|line_bytes|node|node_of|nodes|page_bytes|purge|report|slot)' "$work/undefined"; then
	echo "freestanding.sh: the symbols above are needed and are not there on bare metal"
	exit 1
fi
echo "$(echo "$sources" | wc -w) files; needs: $(tr '\n' ' ' < "$work/undefined")"
