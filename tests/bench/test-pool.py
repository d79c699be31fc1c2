# SPDX-License-Identifier: GPL-2.0-only
"""bench_pool: names have every key in order; every operation runs with every backend, in a page table
too, and its counters make sense; the tables made of it have the bars. No speed is asserted."""
import json
import re
import sys
from pathlib import Path

from program import emulated, names, run

FORM = re.compile(
    r"pool/backend:(pool|jemalloc|malloc|mmap)/op:(pair|burst|cold|remote|populate|domains|fragment)"
    r"/size:(64|128|256|512|1K|2K|4K|8K|16K|32K|64K|128K|1M)/zeroed:[01]/threads:[1-9][0-9]*"
    r"(/domains:[1-9][0-9]*)?")


def rows(program, pattern):
    result = run(program, "--benchmark_format=json", "--benchmark_min_time=0.001",
                 f"--benchmark_filter={pattern}")
    assert result.returncode == 0, result.stderr + result.stdout[-2000:]
    return json.loads(result.stdout)["benchmarks"]


def main(program, top):
    default = names(program, FORM)
    sanitized = b"__asan_init" in Path(program).read_bytes()
    assert "pool/backend:pool/op:pair/size:4K/zeroed:0/threads:1" in default
    assert default < names(program, FORM, "--matrix=full")
    # Emulated, the mapping of 16 GiB takes its time.
    ops = "pair|burst|remote" if emulated() else "pair|burst|cold|remote|populate|fragment"
    found = rows(program, rf"/op:({ops})/size:4K/zeroed:./threads:[12]$")
    found += rows(program, r"/op:domains/size:64/.*/domains:64$")
    for row in found:
        if row.get("error_occurred"):
            assert row["error_message"].startswith("skipped: "), row
            continue
        assert row["ns_per_page"] > 0 and row["samples"] >= 5, row
        if "op:fragment" in row["name"]:
            assert row["live_bytes"] > 0, row
        # A sanitizer's own memory comes and goes in what the process has resident.
        if "op:fragment" in row["name"] and not sanitized:
            assert row["resident_bytes"] > row["live_bytes"] / 2, row
            assert row["resident_bytes_after_trim"] <= row["resident_bytes"] + (1 << 20), row
    backends = {re.search(r"backend:(\w+)", row["name"]).group(1) for row in found}
    assert {"pool", "malloc", "mmap"} <= backends, backends
    assert run(program, "--nonsense").returncode == 2
    assert "--matrix" in run(program, "--help").stdout
    sys.path.insert(0, str(Path(top) / "tools"))
    import pool  # pylint: disable=import-error,import-outside-toplevel
    tables = list(pool.tables(found))
    assert len(tables) == 3 and len(tables[2][2]["body"]) == 5, tables
    assert not list(pool.tables([]))


main(*sys.argv[1:])
