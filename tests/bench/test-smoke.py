# SPDX-License-Identifier: GPL-2.0-only
"""A few rows of every operation really run: JSON, ns_per_page above 0, checks inside the benchmark
passed. How fast they are is not asserted. The row that issue and README name must be there."""
import json
import sys

from program import emulated, run

BASE = "impl:core/fmt:arm_64_lpae_s1/granule:4K/size:4K"
FILTERS = [
    # one case of every operation, and of every way to flush, clean, share
    rf"^(map|unmap|pair)/{BASE}/batch:(1|256|512)/pattern:warm/.*/threads:[12]$",
    rf"^(populate|alloc_free)/{BASE}/batch:(1|512)/.*/threads:1$",
    rf"^iova_to_phys/{BASE}/.*pattern:(warm|random_1G)/.*/threads:[12]$",
    rf"^(map|unmap)/{BASE}/batch:1/pattern:random_1G/",
    # every format, granule and size
    r"^pair/.*/batch:16/pattern:warm/coherent:1/flush:strict/domain:private/threads:1$",
]
FULL_FILTERS = [
    # batches that straddle tables
    rf"^(map|unmap)/{BASE}/batch:51[13]/pattern:(warm|sequential)/coherent:1/flush:strict/",
]


def rows(program, *args):
    result = run(program, "--benchmark_format=json", "--benchmark_min_time=0.001", *args)
    assert result.returncode == 0, result.stderr + result.stdout[-2000:]
    report = json.loads(result.stdout)
    assert "host_name" not in report["context"]
    assert "/" not in report["context"]["executable"]
    return report["benchmarks"]


def check(row):
    if row.get("error_occurred"):
        assert row["error_message"].startswith("skipped: "), row
        return
    assert row["ns_per_page"] > 0, row
    assert row["ns_per_page_p10"] <= row["ns_per_page"] <= row["ns_per_page_p90"], row
    assert row["samples"] >= 5 and row["pages"] > 0, row
    if row["name"].startswith("populate/"):
        assert row["map_ns_per_page"] > 0 and row["unmap_ns_per_page"] > 0, row


def counting(program):
    """Software events always; of the processor's, figures or a reason, never a 0 for want of one."""
    case = rf"--benchmark_filter=^map/{BASE}/batch:1/pattern:warm/coherent:1/.*private/threads:1$"
    for mode, software, hardware in (("all", 1, 1), ("software", 1, 0), ("none", 0, 0)):
        result = run(program, "--benchmark_format=json", "--benchmark_min_time=0.001", case,
                     f"--counters={mode}")
        report = json.loads(result.stdout)
        row, context = report["benchmarks"][0], report["context"]
        for event in ("page_faults", "context_switches", "cpu_migrations", "task_clock_ns"):
            assert (f"{event}_per_page" in row) == bool(software), (mode, row)
        assert ("counters_software" in context) == bool(software), context
        assert ("counters_hardware" in context) == bool(hardware), context
        present = context.get("counters_hardware") == "present"
        assert ("cycles_per_page" in row) == present, (context, row)
        if software:
            assert row["task_clock_ns_per_page"] > 0, row


def main(program):
    counting(program)
    seen = set()
    # Under an emulator the first filters are enough, and slow enough.
    for filters, args in ((FILTERS, []), ([] if emulated() else FULL_FILTERS, ["--matrix=full"])):
        for pattern in filters:
            found = rows(program, f"--benchmark_filter={pattern}", *args)
            assert found, pattern
            for row in found:
                check(row)
                seen.add(row["name"].split("/")[0])
    assert seen == {"map", "unmap", "pair", "populate", "iova_to_phys", "alloc_free"}, seen
    both = rows(program, rf"--benchmark_filter=^(map|unmap)/.*size:4K/batch:256/.*threads:1$")
    assert {row["name"].split("/")[0] for row in both} == {"map", "unmap"}


main(*sys.argv[1:])
