# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=sh
#
# What the guest of run.sh does (its head is made by tools/guest.sh): every line of /tests/list, a test program
# with its arguments, and then the smoke set of the bundle, in a system that has nothing but busybox. A line
# "guest: ..." for each, and one at the end that counts them.
passed=0 failed=0 skipped=0 before=$(date +%s)

# note NAME STATUS LOG
note() {
	now=$(date +%s)
	case $2 in
	0) passed=$((passed + 1)) && echo "guest: ok $1, $((now - before)) s" ;;
	77) skipped=$((skipped + 1)) && echo "guest: skipped $1" ;;
	*)
		failed=$((failed + 1))
		tail -n 30 "$3"
		echo "guest: FAILED $1 (status $2)"
		;;
	esac
	before=$now
}

page_bytes=$(sed -n 's/^KernelPageSize: *\([0-9]*\) kB/\1/p' /proc/self/smaps | head -n 1)
echo "guest: kernel $(uname -r), pages of ${page_bytes}K, $(nproc) CPUs"
export TEST_DIVISOR=100
while read -r name program arguments; do
	status=0
	# shellcheck disable=SC2086
	timeout 120 /tests/lib/ld-linux-aarch64.so.1 --library-path /tests/lib "/tests/bin/$program" \
		$arguments >/tmp/log 2>&1 </dev/null || status=$?
	note "$name" "$status" /tmp/log
done </tests/list

status=0
/bundle/run.sh --smoke --out /tmp/report >/tmp/log 2>&1 || status=$?
ls /tmp/report/map.json /tmp/report/replay-strict.json >/dev/null 2>&1 || status=99
note "bundle: run.sh --smoke" "$status" /tmp/log
grep -c '"name"' /tmp/report/map.json | sed 's/^/guest: cases of bench_map: /'
status=0
/bundle/run.sh --run bench_replay --quiet --flush strict --repeat 1 /bundle/traces/nvme-buffered-strict.trace.xz \
	>/tmp/log 2>&1 || status=$?
note "bundle: bench_replay" "$status" /tmp/log
echo "guest: $passed passed, $failed failed, $skipped skipped, pages of ${page_bytes}K"
