# SPDX-License-Identifier: GPL-2.0-only
"""--perf-record writes a file that perf reads, and in it is only what was timed: of a timed unmap no map,
of a timed map no unmap, of neither what goes on between (barriers, checks). Every thread is in it. What
cannot be written, or recorded, is said, and the exit status is 1."""
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from program import emulated, run

CASE = "impl:core/fmt:arm_64_lpae_s1/granule:4K/size:4K/batch:1/pattern:warm/coherent:1/" \
       "flush:{}/domain:private/threads:{}$"
# What has a part in a region, besides the operation: the loop, the driver of it, the clock and the switch; and
# what a sanitizer adds to all of them.
AROUND = re.compile(r"timed|clock|ioctl|kernel_control|^(begin|end|region_|add_range|sync|core_|make_)|"
                    r"unknown|__(asan|ubsan|tsan|sanitizer|interceptor)")


def record(bench_map, what, flush, threads, out, min_time="0.2"):
    """How the program ended; it has recorded one case."""
    return run(bench_map, f"--benchmark_filter=^{what}/{CASE.format(flush, threads)}",
               f"--benchmark_min_time={min_time}", "--counters=none", f"--perf-record={out}")


def samples(out):
    """Pairs of thread and symbol."""
    script = subprocess.run(["perf", "script", "-i", out, "-F", "tid,ip,sym"], capture_output=True,
                            text=True, timeout=120, check=False)
    assert script.returncode == 0, script.stderr
    return [(line.split()[0], line.split()[2]) for line in script.stdout.splitlines() if line.strip()]


def check_regions(bench_map, out, what, flush, other):
    done = record(bench_map, what, flush, 1, out)
    assert done.returncode == 0 and "perf_regions=" in done.stdout, done
    told = re.search(r"([0-9]+) samples \((cycles|cpu-clock), user\) in ([0-9]+) timed regions", done.stderr)
    assert told, done.stderr
    found = [symbol for _, symbol in samples(out)]
    assert len(found) == int(told[1]), (len(found), told[0])
    operation = re.compile(f"(^|_){what}")  # which no unmap is of a map
    mine = [symbol for symbol in found if operation.search(symbol)]
    assert len(mine) * 4 > len(found), ("the region is hardly in it", found)
    assert not [symbol for symbol in found if re.search(other, symbol)], found
    strange = {symbol for symbol in found if not operation.search(symbol) and not AROUND.search(symbol)}
    assert not strange, ("neither the operation nor around it", strange)


def check_threads(bench_map, out):
    listed = run(bench_map, "--benchmark_list_tests", "--max-threads=2",
                 f"--benchmark_filter=^unmap/{CASE.format('strict', 2)}").stdout
    assert listed.strip(), "no case of two threads"
    done = run(bench_map, f"--benchmark_filter=^unmap/{CASE.format('strict', 2)}", "--max-threads=2",
               "--benchmark_min_time=0.2", f"--perf-record={out}")
    assert done.returncode == 0, done
    assert len({thread for thread, _ in samples(out)}) == 2, done.stderr


def check_refused(bench_map, scratch):
    for where, why in (("/dev/full", "is the disk full"),
                       (str(scratch / "nowhere/p.data"), "No such file or directory")):
        done = record(bench_map, "map", "strict", 1, where, "0.01")
        assert done.returncode == 1 and f"--perf-record={where}" in done.stderr, done
        assert why in done.stderr, done.stderr
    empty = run(bench_map, "--perf-record=")
    assert empty.returncode == 2 and "--perf-record=" in empty.stderr, empty


def main(bench_map):
    if emulated():
        print("an emulator has no perf_event_open")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as scratch:
        out = str(Path(scratch) / "p.data")
        first = record(bench_map, "map", "strict", 1, out, "0.05")
        if first.returncode == 1 and re.search("sampling is (absent|not permitted)", first.stderr):
            print(first.stderr)
            sys.exit(77)
        check_refused(bench_map, Path(scratch))
        if not shutil.which("perf"):
            print("perf is not installed: what is in the file was not looked at")
            sys.exit(77)
        check_regions(bench_map, out, "unmap", "strict", r"(^|_)map|fill|install")
        check_regions(bench_map, out, "map", "strict", r"(^|_)unmap")
        check_threads(bench_map, out)


main(*sys.argv[1:])
