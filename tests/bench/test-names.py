# SPDX-License-Identifier: GPL-2.0-only
"""Benchmark names: every key, always in the same order, nothing appended, no name twice; the default
set is part of the full one and reaches every value of every axis; every bar's case (tools/ratios.py) is in it, and
with peers in what ./bench.sh --peers runs; what that measures by format is what tools/formats.py looks for."""
import re
import subprocess
import sys
from pathlib import Path

from program import emulated, names

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tools"))
import formats  # pylint: disable=wrong-import-position,import-error
import ratios  # pylint: disable=wrong-import-position,import-error

FORM = re.compile(
    r"(map|unmap|pair|populate|iova_to_phys|alloc_free|cursor_pair|map_sg|iova_to_phys_batch)"
    r"/impl:[a-z0-9.-]+/fmt:(arm_(32|64)_lpae_s[12]|arm_v7s|apple_dart2?|amd_iommu_v[12]"
    r"|arm_mali_lpae|intel_vtd_[sf]s|riscv_sv(39|48|57)(x4)?)"
    r"/granule:(4K|16K|64K)"
    r"/size:(4K|16K|64K|1M|2M|32M|512M|1G)/batch:(1|16|64|256|511|512|513)"
    r"/pattern:(warm|sequential|random_1G|random_256G)/coherent:[01]"
    r"/flush:(strict|strict-per-leaf|queued)/domain:(private|shared|neighbour)/threads:[1-9][0-9]*")
BASE = ("map/impl:core/fmt:arm_64_lpae_s1/granule:4K/size:4K/batch:256/pattern:warm/coherent:1/"
        "flush:strict/domain:private/threads:1")


def axes(listed):
    """Values of each key; how many threads there are depends on the host."""
    found = {(0, name.split("/")[0]) for name in listed}
    found |= {(i, part) for name in listed for i, part in enumerate(name.split("/"))}
    return {part for part in found if not part[1].startswith("threads:")}


def bench_sh(what):
    """One of its filters, as it puts it together."""
    script = f"eval \"$(grep '^{what.split('_', maxsplit=1)[0]}_' bench.sh)\"; printf %s \"${what}\""
    return subprocess.run(["bash", "-c", script], cwd=TOP, capture_output=True, text=True, check=True,
                          timeout=10).stdout


def check_bars(program, default):
    """None can have no data for want of a case."""
    def of(impl, case):
        return case.replace("/fmt:", f"/impl:{impl}/fmt:", 1)

    cases = [case for _, _, case in ratios.bar_cases()]
    missing = [case for case in cases if of("core", case) not in default]
    assert not missing, missing
    if not any("/impl:linux" in name for name in default):
        return
    # The program that has the kernel's flags has them for the base geometry.
    wanted = {of(impl, case) for case in cases for impl in ("core", ratios.PEER)}
    wanted |= {of(f"{ratios.PEER}-kernel-flags", case) for case in cases if ratios.BASE in case}
    missing = wanted - names(program, FORM, f"--benchmark_filter={bench_sh('PEER_CASES')}")
    assert not missing, sorted(missing)[:3]


def check_formats(program):
    """One launch that has them all lacks nothing, so there is no format, page or peer that nobody looks for."""
    listed = names(program, FORM, f"--benchmark_filter={bench_sh('FORMAT_CASES')}")
    launch = ratios.read_launch({"benchmarks": [{"name": name, "ns_per_page": 1} for name in listed]})
    rows = {name: [head for head, cell in zip(formats.HEAD[1:], cells) if cell.found]
            for name, cells in formats.rows([launch])}
    assert rows == dict(formats.expected_rows()), rows
    found = {(row[0], row[1]) for row in formats.peer_rows([launch])}
    wanted = {(fmt, what) for _, fmt, cases in formats.expected_peer_rows() for what in cases}
    assert found == (wanted if any(impl != "core" for impl, _ in launch) else set()), found ^ wanted


def main(program):
    default = names(program, FORM)
    assert BASE in default
    check_bars(program, default)
    check_formats(program)
    # Registering the full matrix takes the library long: natively is enough.
    if emulated():
        return
    full = names(program, FORM, "--matrix=full")
    assert default < full, sorted(default - full)[:3]
    missing = {part for _, part in axes(full) - axes(default)}
    assert missing == {"batch:511", "batch:513"}, missing
    print(f"{len(default)} default names, {len(full)} in all")


main(*sys.argv[1:])
