#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# symbols.sh LIBRARY: every global symbol has one of the public prefixes, or one that private
# headers declare and that the linker sees only because the library has more than one file.
set -eu
nm --defined-only -g "$1" | awk 'NF == 3 && $3 !~ /^__odr_asan/ { print $3 }' | sort -u > "$2"
[ -s "$2" ] || { echo "symbols.sh: no symbols in $1"; exit 1; }
if grep -vE '^(io_pgtable_|(alloc|free)_io_pgtable(_ops)?$|iommu_|table_pool_|smmu_|pt_|lpae_)' "$2"; then
	echo "symbols.sh: the symbols above have no prefix of the project"
	exit 1
fi
echo "$(wc -l < "$2") symbols"
