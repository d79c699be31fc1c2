#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# run.sh of a bundle: measures this host without a compiler, a package or a library of it. The
# programs are started through the bundle's own loader, so the host's C library does not matter.
# What is written here has no host name and no path in it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

usage() {
	cat <<'END'
run.sh - what map, unmap, translate and flush cost on this host

  ./run.sh               the quick set; the figures go to a folder report-LABEL
  --full                 the whole matrix instead (takes about an hour)
  --label NAME           name to save under (default: made of CPU model and core count)
  --filter REGEX         only the synthetic cases that match
  --smoke                a few cases of each program, for no time at all: do they run on this host?
                         (their figures mean nothing)
  --min-time SECONDS     how long to take samples of each case (0.1)
  --out DIR              where the figures go, instead of report-LABEL
  --run PROGRAM ARG...   run one of the programs in bin/, with these arguments, and nothing else:
                         bench_replay --strategy all YOUR.trace, bench_flush --matrix=full ...
  --help                 this

To publish them, copy the folder to a clone of the project: ./bench.sh --import DIR
END
}

# Ctrl-C or SIGTERM: what was measured is kept, marked as partial, and the exit status is 130.
interrupted=false missing=''
trap 'interrupted=true' INT TERM

# ended STATUS MESSAGE: of a program that did not end well.
ended() {
	[ "$1" = 130 ] || $interrupted || die "$2"
	interrupted=true
}

die() {
	printf 'run.sh: %s\n' "$1" >&2
	! $interrupted || exit 130
	exit "${2:-1}"
}

# BENCH_RUNNER: an emulator for trying the bundle on a host of another architecture.
start() {
	program=$1
	shift
	HWLOC_PLUGINS_PATH=$here/lib ${BENCH_RUNNER-} "$here"/lib/ld-linux-*.so.* \
		--library-path "$here/lib" "$here/bin/$program" "$@"
}

# A few cases of each program: under an emulator they take their time.
smoke_filter='batch:(1|512)/pattern:warm/.*private/threads:1$|op:pair/size:4K|^contention/.*threads:2$'
smoke_filter=$smoke_filter'|^cmdq/.*/threads:1$|^dirty/.*written:all'
smoke_filter=$smoke_filter'|^flush/strategy:(gather|ticket)/.*unmap:4K/.*threads:1/.*loop:closed$'

kind=quick matrix=default label='' filter='' min_time='' out=''
command_line="./run.sh${*:+ $*}"
while [ $# -gt 0 ]; do
	case $1 in
	--full) kind=full matrix=full ;;
	--smoke) filter=$smoke_filter min_time=0.001 ;;
	--label | --filter | --min-time | --out)
		[ $# -ge 2 ] || die "$1 needs a value (see --help)" 2
		case $1 in
		--label) label=$2 ;;
		--filter) filter=$2 ;;
		--min-time) min_time=$2 ;;
		--out) out=$2 ;;
		esac
		shift ;;
	--run)
		shift
		[ $# -gt 0 ] && [ -x "$here/bin/$1" ] ||
			die "--run needs one of: $(cd "$here/bin" && echo *)" 2
		start "$@"
		exit
		;;
	--help | -h) usage && exit 0 ;;
	*) die "$1: not understood (see --help)" 2 ;;
	esac
	shift
done

json_string() {
	printf '"%s"' "$(printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g')"
}

[ -n "$label" ] || label=$(start bench_env --label) || die "the programs do not run on this host"
case $label in
*[!a-z0-9.-]*) die "--label $label: only a-z, 0-9, dot and dash" 2 ;;
esac
out=${out:-report-$label}
mkdir -p "$out" && rm -f "$out"/*.json "$out"/samples-* || die "cannot write to $out"

start bench_env --warnings
start bench_env >"$out/environment.json" || die "cannot write to $out (is the disk full?)"

# keep_samples NAME: compressed, where there is a gzip.
keep_samples() {
	[ ! -f "$out/samples-$1.jsonl" ] || ! command -v gzip >/dev/null || gzip -f "$out/samples-$1.jsonl" ||
		die "cannot write to $out (is the disk full?)"
}

# measure NAME SECONDS: bench_NAME; leaves in $measured what it ran, nothing if no case matches.
measure() {
	measured=''
	name=$1
	if $interrupted; then
		missing="$missing${missing:+, }\"$name\""
		return 0
	fi
	seconds=${min_time:-$2}
	set -- "--matrix=$matrix"
	[ -z "$filter" ] || set -- "$@" "--benchmark_filter=$filter"
	total=$(start "bench_$name" "$@" --benchmark_list_tests 2>/dev/null | grep -c / || true)
	[ "$total" -gt 0 ] || return 0
	set -- "$@" "--benchmark_min_time=$seconds"
	measured="bench_$name $*"
	echo "== $total cases of bench_$name" >&2
	start "bench_$name" "$@" "--progress=$total" "--samples=$out/samples-$name.jsonl" \
		"--benchmark_out=$out/$name.json" --benchmark_out_format=json >"$out/$name.log" ||
		ended $? "bench_$name failed: see $out/$name.log"
	keep_samples "$name"
}

measure map 0.1
[ -n "$measured" ] || die "no case matches $filter"
map_command=$measured
measure pool 0.03
pool_command=$measured
measure contention 0.1
contention_command=$measured
measure cmdq 0.05
cmdq_command=$measured
measure dirty 0.05
dirty_command=$measured
matrix=default # of flush always: the whole cross of it takes months (--run bench_flush --help)
measure flush 0.1
flush_command=$measured
echo "== traces" >&2
for flush in strict strict-per-leaf queued; do
	$interrupted || start bench_replay --quiet --flush "$flush" --repeat 25 --json "$out/replay-$flush.json" \
		--samples "$out/samples-replay-$flush.jsonl" "$here"/traces/*.xz || ended $? "bench_replay failed"
	keep_samples "replay-$flush"
done
echo "== the same code against itself" >&2
self_cases='^(map|unmap|pair|iova_to_phys)/impl:core/fmt:arm_64_lpae_s1/granule:4K/size:4K/batch:(1|256)'
self_cases=$self_cases'/pattern:(warm|random_1G)/coherent:1/flush:strict/domain:private/threads:1$'
for launch in 1 2 3 4 5; do
	$interrupted || start bench_map "--benchmark_filter=$self_cases" "--benchmark_min_time=${min_time:-0.05}" \
		--benchmark_repetitions=2 --benchmark_enable_random_interleaving=true \
		"--benchmark_out=$out/self-$launch.json" --benchmark_out_format=json >"$out/self.log" 2>&1 ||
		ended $? "bench_map failed: see $out/self.log"
	# Whatever --min-time says: in less a deep queue is never full.
	$interrupted || start bench_flush '--benchmark_filter=clock:real/size:4K/unmap:4K/.*threads:1/' \
		--benchmark_min_time=0.05 "--benchmark_out=$out/real-$launch.json" \
		--benchmark_out_format=json >"$out/self.log" 2>&1 ||
		ended $? "bench_flush failed: see $out/self.log"
done
partial=''
! $interrupted || partial="  \"partial\": true,
  \"parts_missing\": [$missing],"
cat >"$out/run.json" <<END || die "cannot write to $out (is the disk full?)"
{
$partial
  "kind": "$kind",
  "label": $(json_string "$label"),
  "commit": "$(cat "$here/COMMIT")",
  "date": "$(date -u +%Y-%m-%d)",
  "command": $(json_string "$command_line"),
  "map_command": $(json_string "$map_command"),
  "pool_command": $(json_string "$pool_command"),
  "contention_command": $(json_string "$contention_command"),
  "cmdq_command": $(json_string "$cmdq_command"),
  "dirty_command": $(json_string "$dirty_command"),
  "flush_command": $(json_string "$flush_command"),
  "replay_command": "bench_replay --flush FLUSH --repeat 25 TRACE"
}
END
if command -v python3 >/dev/null; then
	{
		python3 "$here/report.py" merge "$out" -o "$out/report.json" &&
			python3 "$here/report.py" table "$out/report.json"
	} || die "the figures are in $out, and could not be merged (above)"
else
	# The library's lines are: name, three times, then counter=value.
	sed -n 's/^\([a-z_]*\/[^ ]*:[^ ]*\).* ns_per_[pageo]*=\([^ ]*\).*/\2 ns  \1/p' "$out"/*.log
fi
echo "== figures are in $out" >&2
if $interrupted; then
	echo "== interrupted: they are partial, and say so" >&2
	exit 130
fi
