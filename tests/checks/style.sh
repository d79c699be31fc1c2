#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# style.sh TOP: formatting, licence lines, file lengths and paths of one machine, for every tracked
# file (or every file, where this is not a git checkout).
set -eu
cd "$1"
bad=0
files=$(git ls-files -co --exclude-standard 2>/dev/null || find . -type f -not -path './build/*' | sed 's,^\./,,')
sources=$(echo "$files" | grep -E '\.(c|h|cc)$' | while read -r f; do [ -f "$f" ] && echo "$f"; done)
texts=$(echo "$files" | grep -E '\.(c|h|cc|py|sh|mjs|cmake)$|CMakeLists.txt$' | while read -r f; do [ -f "$f" ] && echo "$f"; done)

# shellcheck disable=SC2086
clang-format --dry-run -Werror $sources || bad=1
for f in $texts; do
	head -n 3 "$f" | grep -q 'SPDX-License-Identifier: GPL-2.0-only' || {
		echo "$f: no SPDX line"
		bad=1
	}
	[ "$(wc -l < "$f")" -le 800 ] || {
		echo "$f: more than 800 lines"
		bad=1
	}
done
# shellcheck disable=SC2086
if grep -nE '(^|[^a-zA-Z0-9_.$}"])/(home|root|work|Users)/' $texts; then
	echo "style.sh: paths of one machine (above)"
	bad=1
fi
[ "$bad" = 0 ] && echo "$(echo "$texts" | wc -w) files"
exit "$bad"
