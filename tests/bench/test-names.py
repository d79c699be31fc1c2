# SPDX-License-Identifier: GPL-2.0-only
"""Benchmark names: every key, always in the same order, nothing appended, no name twice; the default
set is part of the full one and reaches every value of every axis; every bar's case (tools/ratios.py) is in it, and
with peers in what ./bench.sh --peers runs."""
import re
import subprocess
import sys
from pathlib import Path

from program import emulated, names

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "tools"))
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


def peers_filter():
    """As bench.sh puts it together."""
    script = "eval \"$(grep '^PEER_CASES' bench.sh)\"; printf %s \"$PEER_CASES\""
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
    missing = wanted - names(program, FORM, f"--benchmark_filter={peers_filter()}")
    assert not missing, sorted(missing)[:3]


def main(program):
    default = names(program, FORM)
    assert BASE in default
    check_bars(program, default)
    # Registering the full matrix takes the library long: natively is enough.
    if emulated():
        return
    full = names(program, FORM, "--matrix=full")
    assert default < full, sorted(default - full)[:3]
    missing = {part for _, part in axes(full) - axes(default)}
    assert missing == {"batch:511", "batch:513"}, missing
    print(f"{len(default)} default names, {len(full)} in all")


main(*sys.argv[1:])
