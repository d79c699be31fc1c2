# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by bundle.sh and tests/guest/run.sh: the shared libraries that programs need, from the system that
# they were built for. The caller defines die.

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
