# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Sourced by bench.sh behind packages.sh: the report page, BENCHMARKS.md and plots/. What draws plots comes
# from npm; where it cannot be had, that is said, and everything else is made all the same. The caller
# defines die and say, and $REPORT, the folder of the run.

# Finished results files of a run, in the order of the page.
FINISHED="report peers advice counts"

# make_page NAME: index.html, of NAME.json, which was just made, and of what belongs to it.
make_page() {
	local beside=() name
	fetch_node_modules "$REPORT/npm.log" ||
		say "Apache ECharts cannot be fetched with npm: the page has tables instead of plots"
	for name in $FINISHED; do
		[ "$name" = "$1" ] || [ ! -f "$REPORT/$name.json" ] || beside+=(--beside "$REPORT/$name.json")
	done
	python3 tools/page.py -o "$REPORT/index.html" "${beside[@]}" "$REPORT/$1.json" ||
		die "the page could not be made"
	say "report: $REPORT/index.html"
}

# What is made from results/.
regenerate() {
	say "BENCHMARKS.md and plots/"
	if fetch_node_modules "$REPORT/npm.log" && command -v node >/dev/null; then
		node tools/plot.mjs || die "the plots could not be made"
	else
		say "plots/ is as it was: drawing needs Node.js and npm"
	fi
	python3 tools/report.py markdown || die "BENCHMARKS.md could not be made"
}
