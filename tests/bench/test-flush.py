# SPDX-License-Identifier: GPL-2.0-only
"""bench_flush: names have every key in order, none comes twice; every counter is there; the virtual clock
gives the same figures twice; tools/flush.py judges them."""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from program import run

FORM = re.compile(
    r"flush/strategy:(none|strict-page|gather|gather-ril|fq-percpu|fq-single|ticket|epoch|adaptive"
    r"|kernel-strict|kernel-fq-percpu|kernel-fq-single)/clock:(virtual|real)"
    r"/size:(4K|16K|64K|2M)/unmap:([0-9]+[KM]|51[13]p)"
    r"/layout:(contiguous|strided|random|emptying)/threads:[1-9][0-9]*/depth:[0-9]+"
    r"/timeout_us:[0-9]+/model:[a-z0-9-]+/loop:(closed|open50|open80|open95)(/budget_ns:[0-9]+)?")
COUNTERS = ("ns_per_page", "p50_ns", "p99_ns", "p999_ns", "max_ns", "invalidations_per_page",
            "syncs_per_page", "exposure_page_us", "collateral_per_page", "release_p50_ns",
            "release_p99_ns", "quarantine_bytes", "max_drained")
ONE = (r"clock:virtual/size:4K/unmap:4K/layout:contiguous/threads:(1|4)/.*hi1620(-ril)?/loop:closed"
       r"(/budget_ns:5000)?$")


def rows(program):
    result = run(program, f"--benchmark_filter={ONE}", "--benchmark_format=json")
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr
    return json.loads(result.stdout)["benchmarks"]


def check_bars(tool, listed):
    """What is there is judged; what is missing is not met; a figure that is bad is found."""
    def bars(changed):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"benchmarks": changed}, file)
            file.flush()
            result = subprocess.run([sys.executable, tool, file.name], capture_output=True, text=True,
                                    timeout=60, check=False)
        assert result.returncode == 1, result.stdout + result.stderr
        return result.stdout

    text = bars(listed)
    assert re.search(r"NOT MET .*no data +adaptive.*, 64 CPUs", text), text
    assert re.search(r"^met .*ticket's throughput, of gather's, 4 CPUs", text, re.M), text
    slow = [dict(row, ns_per_page=9e9) if "strategy:ticket/" in row["name"] else row for row in listed]
    assert re.search(r"^NOT MET .*ticket's throughput, of gather's, 4 CPUs", bars(slow), re.M)


def check_timeout(program):
    """A queue that never fills in that time is flushed by its timer."""
    def exposure(timeout_us):
        result = run(program, "--matrix=full", "--benchmark_format=json",
                     "--benchmark_filter=strategy:fq-single/clock:virtual/size:4K/unmap:4K/"
                     f"layout:contiguous/threads:1/depth:32768/timeout_us:{timeout_us}/"
                     "model:hi1620/loop:closed$")
        assert result.returncode == 0, result.stdout + result.stderr
        return json.loads(result.stdout)["benchmarks"][0]["exposure_page_us"]

    slow, fast = exposure(1000000), exposure(100)
    assert fast < 120 and slow > 5 * fast, (slow, fast)


def main(program, root):
    result = run(program, "--benchmark_list_tests")
    assert result.returncode == 0, result.stderr
    names = result.stdout.splitlines()
    assert len(set(names)) == len(names), "a name comes twice"
    for name in names:
        assert FORM.fullmatch(name), name
    first, second = rows(program), rows(program)
    assert len(first) >= 18
    for a, b in zip(first, second):
        assert a["name"] == b["name"]
        for key in COUNTERS:
            assert a[key] == b[key], (a["name"], key, a[key], b[key])
    for row in first:
        name = row["name"]
        zero = re.search("strategy:(strict-page|gather|gather-ril|ticket|kernel-strict)/", name)
        assert not zero or row["exposure_page_us"] == 0, name
        assert "strategy:none/" not in name or row["exposure_page_us"] == -1, name
    check_timeout(program)
    check_bars(Path(root) / "tools/flush.py", first)


main(*sys.argv[1:])
