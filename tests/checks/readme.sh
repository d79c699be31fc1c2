#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# readme.sh TOP WORK BUILD [CFLAGS]: the README's example program compiles as printed and prints what
# the README says it prints.
set -eu
top=$1 work=$2 build=$3
mkdir -p "$work"
awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$top/README.md" > "$work/example.c"
awk '/^```output$/ { on = 1; next } /^```$/ { on = 0 } on' "$top/README.md" > "$work/expected"
[ -s "$work/example.c" ] && [ -s "$work/expected" ] || { echo "readme.sh: no example in README.md"; exit 1; }
# shellcheck disable=SC2046,SC2086
cc -Wall -Werror ${4-} -I"$top/include" "$work/example.c" "$build/libio-pgtable.a" $(sed -n "s/^Libs:.*-lio-pgtable//p" "$build/io-pgtable.pc") -o "$work/example"
"$work/example" > "$work/printed"
diff "$work/expected" "$work/printed"
echo "the example prints what it says"
