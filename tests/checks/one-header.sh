#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# one-header.sh CC INCLUDE: io-pgtable.h and io-pgtable-linux.h in one file are refused in words, in
# either order, and each of them compiles alone.
set -eu
compile() {
	printf '#include <%s>\n' "$@" | "$cc" -x c -std=c11 -Wall -Wextra -Werror -I "$include" -fsyntax-only - 2>&1
}
cc=$1 include=$2
for header in io-pgtable.h io-pgtable-linux.h; do
	compile $header || { echo "one-header.sh: $header does not compile alone"; exit 1; }
done
for pair in "io-pgtable.h io-pgtable-linux.h" "io-pgtable-linux.h io-pgtable.h"; do
	# shellcheck disable=SC2086
	if text=$(compile $pair); then
		echo "one-header.sh: $pair compiled in one file"
		exit 1
	fi
	case $text in
	*"include only the one whose names you use"*) ;;
	*) echo "one-header.sh: $pair: nothing says why: $text" && exit 1 ;;
	esac
done
