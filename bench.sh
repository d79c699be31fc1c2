#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# bench.sh: from a fresh clone to figures. Installs what is missing, builds build/release, runs the
# synthetic cases and the shipped traces, prints a table, and leaves everything it was made from in
# build/report/. Nothing outside build/ changes unless --save asks for it. Every step either works
# or says what failed and ends with a status that is not 0.
set -euo pipefail
cd "$(dirname "$0")"

BUILD=build/release
REPORT=build/report
usage() {
	cat <<'END'
bench.sh - what map, unmap, translate and flush cost on this host

  ./bench.sh               install what is missing, build, run the quick set (under 3 minutes),
                           print a table, make build/report/index.html; the raw figures are in
                           build/report/report.json
  ./bench.sh --full        the whole matrix instead (takes about an hour)
  ./bench.sh --peers       Linux 6.12's own code beside the library, in one process: a table of ratios
                           with intervals over five launches, where the library loses, and which
                           bars are met, and the same by format (about 7 minutes; with --full every
                           peer and 7 launches, with --filter not by format)
  ./bench.sh --save        also keep the figures in results/LABEL/ and regenerate BENCHMARKS.md
                           and plots/ from all results
  ./bench.sh --advice      which flush strategy to use for the shipped traces, modelled: the virtual clock,
                           which gives the same figures on every host
  ./bench.sh --counts      instructions, atomics and barriers of the library and of Linux 6.12's code as
                           arm64 programs, with LSE and LL/SC atomics, counted under an emulator
                           (build/report/counts.json, and a part of the page; no times; about
                           2 minutes)
  ./bench.sh --bundle      make build/bundle/*.tar.gz: the benchmarks with everything they need, for
                           servers without compilers (x86-64 and arm64); run.sh inside runs them
  ./bench.sh --import DIR  keep what a bundle's run.sh wrote on another host, like --save

  --label NAME             the name to save under (default: made of CPU model and core count)
  --filter REGEX           only the synthetic cases that match
  --min-time SECONDS       how long to take samples of each case (0.1)
  --no-install             never install packages
  --help                   this
END
}

# Ctrl-C or SIGTERM: what was measured becomes a report that says that it is partial, and the exit
# status is 130. A signal to this script alone is passed on to the program that runs: as SIGTERM, which ends
# one that does not wait for it yet (what is started with & has SIGINT ignored until then).
interrupted=false child='' began=false
pass_on() {
	[ -z "$child" ] || kill -TERM "$child" 2>/dev/null || true
}
trap 'interrupted=true; pass_on' INT TERM

# run COMMAND...: its exit status; 130 makes the run an interrupted one and is no error. Once interrupted
# nothing is run.
run() {
	! $interrupted || return 0
	local status=0
	"$@" &
	child=$!
	! $interrupted || pass_on
	wait "$child" || status=$?
	# A signal ends the wait, not the program.
	while kill -0 "$child" 2>/dev/null; do
		status=0
		wait "$child" || status=$?
	done
	child=''
	case $status in
	0) began=true ;;
	130) began=true interrupted=true ;;
	esac
	$interrupted || return "$status"
}

# part NAME COMMAND...: the part of that name, which a run does not have that is interrupted before the first
# of its programs ends in order.
missing=()
part() {
	began=false
	$interrupted || "${@:2}"
	$began || missing+=("$1")
}

die() {
	printf 'bench.sh: %s\n' "$1" >&2
	! $interrupted || exit 130
	exit "${2:-1}"
}

say() {
	printf '== %s\n' "$1" >&2
}

need_value() {
	[ $# -ge 2 ] && [ -n "$2" ] || die "$1 needs a value (see --help)" 2
}

kind=quick save=false peers=false advice=false counts=false full=false bundle=false import='' label='' filter='' min_time='' install=true pool_command='' contention_command='' cmdq_command='' dirty_command='' flush_command='' formats_command='' other='' launches_done=''
command_line="./bench.sh${*:+ $*}"
while [ $# -gt 0 ]; do
	case $1 in
	--full) kind=full full=true ;;
	--peers) peers=true ;;
	--advice) advice=true ;;
	--counts) counts=true ;;
	--save) save=true ;;
	--bundle) bundle=true ;;
	--no-install) install=false ;;
	--import) need_value "$@" && import=$2 && shift ;;
	--label) need_value "$@" && label=$2 && shift ;;
	--filter) need_value "$@" && filter=$2 && shift ;;
	--min-time) need_value "$@" && min_time=$2 && shift ;;
	--help | -h) usage && exit 0 ;;
	*) die "$1: not understood (see --help)" 2 ;;
	esac
	shift
done
case $label in
*[!a-z0-9.-]*) die "--label $label: only a-z, 0-9, dot and dash" 2 ;;
esac

# shellcheck source=tools/packages.sh
. tools/packages.sh
# shellcheck source=tools/plots.sh
. tools/plots.sh

# What is going to be saved can be: an hour's figures are not measured first.
check_results_folder() {
	local folder=results/$label
	mkdir -p "$folder" 2>/dev/null && : 2>/dev/null >"$folder/writable" && rm -f "$folder/writable" ||
		die "cannot write to $folder, where --save keeps the figures: mend that, or leave out --save"
	rmdir "$folder" 2>/dev/null || true
}

# What an earlier run measured stays: the page shows it beside this one, if it is of the same commit.

prepare_report_folder() {
	local keep=() name
	for name in $FINISHED; do
		keep+=(! -name "$name.json")
	done
	mkdir -p "$REPORT" 2>/dev/null &&
		find "$REPORT" -maxdepth 1 -name '*.json' "${keep[@]}" -delete 2>/dev/null &&
		rm -f "$REPORT/index.html" 2>/dev/null &&
		: 2>/dev/null >"$REPORT/writable" && rm -f "$REPORT/writable" ||
		die "cannot write to $REPORT"
}

build() {
	say "building $BUILD"
	quietly "$REPORT/configure.log" cmake --preset "${BUILD#build/}"
	quietly "$REPORT/build.log" cmake --build "$BUILD" --target bench_map bench_pool \
		bench_cmdq bench_contention bench_dirty bench_env bench_flush bench_replay
}

commit() {
	local id
	id=$(git rev-parse --short=12 HEAD 2>/dev/null) || id=unknown
	if [ "$id" != unknown ] &&
		[ -n "$(git status --porcelain -- include core fmt bench model CMakeLists.txt 2>/dev/null)" ]; then
		id=$id-modified
	fi
	printf '%s\n' "$id"
}

# keep_samples NAME: of a program that has ended; without a file there is nothing to keep.
keep_samples() {
	[ ! -f "$REPORT/samples-$1.jsonl" ] || gzip -f "$REPORT/samples-$1.jsonl" ||
		die "cannot write to $REPORT (is the disk full?)"
}

run_map() {
	local args=("--matrix=$([ "$kind" = full ] && echo full || echo default)") total
	[ -z "$filter" ] || args+=("--benchmark_filter=$filter")
	total=$("$BUILD/bench/bench_map" "${args[@]}" --benchmark_list_tests | grep -c / || true)
	[ "$total" -gt 0 ] || die "no case matches $filter"
	[ -z "$min_time" ] || args+=("--benchmark_min_time=$min_time")
	map_command="bench_map ${args[*]}"
	args+=("--progress=$total")
	say "$total synthetic cases"
	run "$BUILD/bench/bench_map" "${args[@]}" "--samples=$REPORT/samples-map.jsonl" \
		"--benchmark_out=$REPORT/map.json" \
		--benchmark_out_format=json >"$REPORT/map.log" ||
		die "bench_map failed: $(grep -m 3 ERROR "$REPORT/map.log" || echo "see $REPORT/map.log")"
	keep_samples map
}

# run_other NAME SECONDS OF: bench_NAME, that long for each of the cases OF something. Leaves in $other
# what it ran.
run_other() {
	local args=("--matrix=$([ "$kind" = full ] && echo full || echo default)") total
	total=$("$BUILD/bench/bench_$1" "${args[@]}" --benchmark_list_tests | grep -c / || true)
	args+=("--benchmark_min_time=${min_time:-$2}")
	other="bench_$1 ${args[*]}"
	say "$total cases of $3"
	run "$BUILD/bench/bench_$1" "${args[@]}" "--progress=$total" "--samples=$REPORT/samples-$1.jsonl" \
		"--benchmark_out=$REPORT/$1.json" --benchmark_out_format=json >"$REPORT/$1.log" ||
		die "bench_$1 failed: $(grep -m 3 ERROR "$REPORT/$1.log" || echo "see $REPORT/$1.log")"
	keep_samples "$1"
}

# The whole cross of it takes months (docs/benchmarking.md): always the quick set.
run_flush() {
	local kind=quick
	run_other flush 0.1 "flush strategies, most of them modelled"
}

# The shipped traces under each way of flushing.
run_replay() {
	local flush
	say "traces"
	for flush in strict strict-per-leaf queued; do
		$interrupted || run "$BUILD/bench/bench_replay" --quiet --flush "$flush" --repeat 25 \
			--samples "$REPORT/samples-replay-$flush.jsonl" \
			--json "$REPORT/replay-$flush.json" bench/traces/*.xz || die "bench_replay failed"
		keep_samples "replay-$flush"
	done
}

# The same code against itself: what differences this run can see (tools/selfcheck.py); and the flush
# strategies of the real clock, which get intervals from several launches.
LAUNCHES=5
SELF_CASES='^(map|unmap|pair|iova_to_phys)/impl:core/fmt:arm_64_lpae_s1/granule:4K/size:4K/batch:(1|256)'
SELF_CASES+='/pattern:(warm|random_1G)/coherent:1/flush:strict/domain:private/threads:1$'
REAL_CASES='clock:real/size:4K/unmap:4K/.*threads:1/'

run_launches() {
	local launch
	say "the same code against itself, $LAUNCHES launches"
	for launch in $(seq "$LAUNCHES"); do
		$interrupted || run "$BUILD/bench/bench_map" "--benchmark_filter=$SELF_CASES" \
			"--benchmark_min_time=${min_time:-0.05}" --benchmark_repetitions=2 \
			--benchmark_enable_random_interleaving=true \
			"--benchmark_out=$REPORT/self-$launch.json" --benchmark_out_format=json \
			>"$REPORT/self.log" 2>&1 || die "bench_map failed: see $REPORT/self.log"
		# Whatever --min-time says: in less a deep queue is never full.
		$peers || $interrupted || run "$BUILD/bench/bench_flush" "--benchmark_filter=$REAL_CASES" \
			--benchmark_min_time=0.05 \
			"--benchmark_out=$REPORT/real-$launch.json" --benchmark_out_format=json \
			>"$REPORT/self.log" 2>&1 || die "bench_flush failed: see $REPORT/self.log"
	done
}

# Each format against LPAE and against Linux's code for it (tools/formats.py): in random order among one
# another, because neighbouring lines of the table were otherwise measured a minute apart. With peers only.
FORMAT_SIZES='(fmt:apple_dart2?/granule:16K/size:16K|fmt:[^/]+/granule:4K/size:(4K|64K))'
FORMAT_PEERS='(core|linux-6.12(-mali|-v7s|-dart|-amdv1|-amdv2)?)'
FORMAT_PEERED='(fmt:apple_dart2?/granule:16K/size:16K|fmt:(arm|amd)_[^/]+/granule:4K/size:4K)'
FORMAT_END='pattern:warm/coherent:1/flush:strict/domain:private/threads:1$'
FORMAT_CASES="^(map|unmap)/impl:core/$FORMAT_SIZES/batch:(1|16|256)/$FORMAT_END"
FORMAT_CASES+="|^pair/impl:$FORMAT_PEERS/$FORMAT_PEERED/batch:(1|256)/$FORMAT_END"
FORMAT_CASES+='|^unmap/impl:(core|linux-6.12-amdv2)/fmt:amd_iommu_v2/.*size:4K/batch:1/.*warm.*flush:queued'
FORMAT_ARGS="--benchmark_min_time=0.02 --benchmark_repetitions=3 --benchmark_enable_random_interleaving=true"

run_formats() {
	local launch
	say "format beside format, $LAUNCHES launches"
	for launch in $(seq "$LAUNCHES"); do
		# shellcheck disable=SC2086
		$interrupted || run "$BUILD/bench/bench_map" "--benchmark_filter=$FORMAT_CASES" $FORMAT_ARGS \
			"--benchmark_out=$REPORT/formats-$launch.json" --benchmark_out_format=json \
			>"$REPORT/formats.log" 2>&1 || die "bench_map failed: see $REPORT/formats.log"
	done
}

# The part of run.json that only an interrupted run has.
partial_lines() {
	$interrupted || return 0
	local names
	names=$(printf '"%s", ' ${missing[@]+"${missing[@]}"})
	[ ${#missing[@]} -gt 0 ] || names=''
	printf '  "partial": true,\n  "parts_missing": [%s],\n' "${names%, }"
	[ -z "$launches_done" ] ||
		printf '  "cases_done": %s,\n  "cases_total": %s,\n' "${launches_done%/*}" "${launches_done#*/}"
}

# end_if_interrupted NAME: says what that makes of NAME.json, and ends.
end_if_interrupted() {
	$interrupted || return 0
	if grep -q '"partial": true' "$REPORT/$1.json"; then
		say "interrupted: the report is partial, and says so"
	else
		say "interrupted after everything was measured: the report is whole, and is not saved"
	fi
	exit 130
}

json_string() {
	local text=${1//\\/\\\\}
	printf '"%s"' "${text//\"/\\\"}"
}

write_run() {
	cat >"$REPORT/run.json" <<END || die "cannot write to $REPORT (is the disk full?)"
{
$(partial_lines)
  "kind": "$kind",
  "label": $(json_string "$label"),
  "commit": "$(commit)",
  "date": "$(date -u +%Y-%m-%d)",
  "command": $(json_string "$command_line"),
  "map_command": $(json_string "$map_command"),
  "pool_command": $(json_string "$pool_command"),
  "contention_command": $(json_string "$contention_command"),
  "cmdq_command": $(json_string "$cmdq_command"),
  "dirty_command": $(json_string "$dirty_command"),
  "flush_command": $(json_string "$flush_command"),
  "formats_command": $(json_string "$formats_command"),
  "replay_command": "bench_replay --flush FLUSH --repeat 25 TRACE"
}
END
}

measure() {
	rm -f "$REPORT"/samples-*
	"$BUILD/bench/bench_env" >"$REPORT/environment.json" ||
		die "cannot write to $REPORT (is the disk full?)"
	"$BUILD/bench/bench_env" --warnings
	[ -n "$label" ] || label=$("$BUILD/bench/bench_env" --label)
	! $save || check_results_folder
	part map run_map
	part pool run_other pool 0.03 "table memory"
	pool_command=$other
	part contention run_other contention 0.1 "what threads share"
	contention_command=$other
	part cmdq run_other cmdq 0.05 "the command queue"
	cmdq_command=$other
	part dirty run_other dirty 0.05 "dirty state"
	dirty_command=$other
	part flush run_flush
	flush_command=$other
	part traces run_replay
	part self-check run_launches
	# A program that was ended before it waited for signals has left its file empty.
	! $interrupted || find "$REPORT" -maxdepth 1 -name '*.json' -empty -delete
	! $interrupted || [ -f "$REPORT/map.json" ] || die "interrupted before anything was measured"
	write_run
	python3 tools/report.py merge "$REPORT" -o "$REPORT/report.json" || exit 1
	python3 tools/report.py table "$REPORT/report.json"
	say "raw figures: $REPORT/report.json"
	make_page report
	end_if_interrupted report
}

# What is set side by side, in the order of the table: the implementations of the base format; and of Linux's code
# with the kernel's flags what a bar is about (tools/ratios.py; tests/bench/test-names.py compares).
PEER_CASES='impl:(core|bare|linux-6.12|linux-6.12-locked-wmb)/'
PEER_CASES+='|impl:linux-6.12-kernel-flags/.*/(batch:(1|16|256)/pattern:warm|batch:64/pattern:(warm|random_256G)'
PEER_CASES+='|batch:512/pattern:sequential)/coherent:1/flush:strict/'
PEER_CASES+='|^(map|unmap)/impl:linux-6.12-kernel-flags/.*/batch:1/pattern:random_.*/coherent:1/flush:strict/'
PEER_CASES+='|^iova_to_phys/impl:linux-6.12-kernel-flags/.*/pattern:(sequential|random_1G)/'
PEER_CASES+='|^unmap/impl:linux-6.12-kernel-flags/.*/batch:512/.*/coherent:1/flush:queued/'

# Several launches: the layout of memory differs from one to the next, and is the larger error.
measure_peers() {
	local launches=5 launch files=() formats=true
	[ -z "$filter" ] || formats=false
	[ -n "$filter" ] || { $full || filter=$PEER_CASES; }
	! $full || launches=7
	"$BUILD/bench/bench_env" >"$REPORT/environment.json" ||
		die "cannot write to $REPORT (is the disk full?)"
	"$BUILD/bench/bench_env" --warnings
	[ -n "$label" ] || label=$("$BUILD/bench/bench_env" --label)
	! $save || check_results_folder
	kind=peers
	map_command="bench_map --benchmark_filter='$filter' --benchmark_min_time=${min_time:-0.03}"
	for launch in $(seq "$launches"); do
		say "launch $launch of $launches"
		run "$BUILD/bench/bench_map" "--benchmark_filter=${filter:-.}" \
			"--benchmark_min_time=${min_time:-0.03}" \
			"--benchmark_out=$REPORT/launch-$launch.json" --benchmark_out_format=json \
			>"$REPORT/map.log" ||
			die "bench_map failed: $(grep -m 3 ERROR "$REPORT/map.log" || echo "see $REPORT/map.log")"
		! $interrupted || break
		files+=("$REPORT/launch-$launch.json")
	done
	! $interrupted || [ ${#files[@]} -gt 0 ] || die "interrupted before a launch was whole"
	launches_done=${#files[@]}/$launches
	part self-check run_launches
	if $formats; then
		part 'by format' run_formats
		formats_command="bench_map --benchmark_filter='$FORMAT_CASES' $FORMAT_ARGS"
	fi
	# A program that was ended before it waited for signals has left its file empty.
	! $interrupted || find "$REPORT" -maxdepth 1 -name 'formats-*.json' -empty -delete
	write_run
	tools/compare --bars --save "$REPORT/peers.json" --run "$REPORT/run.json" \
		--environment "$REPORT/environment.json" "${files[@]}" || [ $? = 1 ] ||
		die "the launches could not be compared"
	say "raw figures: $REPORT/peers.json"
	make_page peers
	end_if_interrupted peers
	if $save; then
		mkdir -p "results/$label" && cp "$REPORT/peers.json" "results/$label/peers.json" ||
			die "cannot write to results/$label"
		regenerate
	fi
}

advise() {
	local program="bench_replay --strategy all --clock virtual bench/traces/*.xz"
	run "$BUILD/bench/bench_replay" --strategy all --clock virtual --json "$REPORT/raw-advice.json" \
		bench/traces/*.xz || die "bench_replay failed"
	! $interrupted || [ -s "$REPORT/raw-advice.json" ] || die "interrupted before a trace was whole"
	local told=(--commit "$(commit)" --date "$(date -u +%Y-%m-%d)" --command "$command_line" --program "$program")
	python3 tools/advice.py save "$REPORT/raw-advice.json" "${told[@]}" --out "$REPORT/advice.json" ||
		{ ! $interrupted || exit 130; exit 1; }
	make_page advice
	end_if_interrupted advice
	if $save; then
		python3 tools/advice.py save "$REPORT/raw-advice.json" "${told[@]}" || exit 1
		python3 tools/advice.py quote || exit 1
		regenerate
	fi
}

# Counts are kept whole or not at all.
stop_counting() {
	! $interrupted || die "interrupted before everything was counted: nothing is kept"
}

# The library and Linux's code as arm64 programs, in one build folder for each way of doing atomics.
count_emulated() {
	local variant build folder program flags=()
	tools/sysroot.sh
	rm -rf "$REPORT/counts"
	for variant in lse llsc; do
		build=build/arm64-$variant folder=$REPORT/counts/$variant
		flags=(-march=armv8.1-a)
		[ $variant = lse ] || flags=(-march=armv8-a -mno-outline-atomics)
		say "building $build"
		quietly "$REPORT/configure.log" cmake --preset arm64 -B "$build" -DIO_PGTABLE_PEERS=ON \
			-DCMAKE_C_FLAGS="${flags[*]}"
		quietly "$REPORT/build.log" cmake --build "$build" --target count-ops count-linux icount
		for program in count-ops count-linux; do
			stop_counting
			say "counting $program, $variant"
			tests/counts/counts.py refresh --golden "$folder" --program "$build/tests/counts/$program" \
				--plugin "$build/tests/counts/icount.so" \
				--runner "qemu-aarch64|-L|build/arm64-sysroot" >&2 || die "$program could not be counted"
		done
		stop_counting
	done
	local told=(--commit "$(commit)" --date "$(date -u +%Y-%m-%d)" --command "$command_line")
	python3 tools/emulated.py save "$REPORT/counts" "${told[@]}" --out "$REPORT/counts.json" || exit 1
	say "counts, emulated: $REPORT/counts.json"
	make_page counts
	end_if_interrupted counts
	if $save; then
		python3 tools/emulated.py save "$REPORT/counts" "${told[@]}" || exit 1
		regenerate
	fi
}

# keep DIR: what a run left in DIR becomes a file in results/, and everything made from those.
keep() {
	local args=()
	[ -z "$label" ] || args=(--label "$label")
	python3 tools/report.py merge "$1" "${args[@]}" --into results || exit 1
	regenerate
}

# Read as a whole before it begins: a script that changes while it runs (a git pull) goes on as it was.
main() {
	# shellcheck disable=SC2086
	if $bundle; then
		install_packages $PACKAGES_BUILD $PACKAGES_CROSS
		prepare_report_folder
		exec tools/bundle.sh "$(commit)"
	fi
	# shellcheck disable=SC2086
	install_packages $PACKAGES_BUILD
	prepare_report_folder
	if $counts; then
		# shellcheck disable=SC2086
		install_packages $PACKAGES_CROSS $PACKAGES_PEERS
		count_emulated
		exit 0
	fi
	if $peers; then
		# shellcheck disable=SC2086
		install_packages $PACKAGES_PEERS
		BUILD=build/peers
		build
		measure_peers
		exit 0
	fi
	if [ -n "$import" ]; then
		[ -f "$import/run.json" ] || die "$import: no run.json in it" 2
		keep "$import"
		exit 0
	fi
	build
	if $advice; then
		advise
		exit 0
	fi
	measure
	! $save || keep "$REPORT"
}

main; exit
