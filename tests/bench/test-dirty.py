# SPDX-License-Identifier: GPL-2.0-only
"""bench_dirty: names have every key in order; every format runs and reads what was written (the program
checks that itself); the table that is made of it, and of figures that are made up: a bar can be missed. No
speed is asserted."""
import json
import re
import sys
from pathlib import Path

from program import names, run

FORM = re.compile(r"dirty/impl:(core|loop)/fmt:[a-z0-9_]+/groups:[01]/written:(none|all|64th)/threads:1")


def main(program, top):
    default, full = names(program, FORM), names(program, FORM, "--matrix=full")
    assert default < full, (len(default), len(full))
    # Whatever has groups is there with and without, and has all its rows.
    for fmt in ("amd_iommu_v1", "riscv_sv48", "arm_64_lpae_s1"):
        for groups in "01":
            assert sum(f"/fmt:{fmt}/groups:{groups}/" in name for name in default) == 6, (fmt, groups)
    result = run(program, "--benchmark_format=json", "--benchmark_min_time=0.001", "--matrix=full")
    assert result.returncode == 0, result.stderr + result.stdout[-2000:]
    found = json.loads(result.stdout)["benchmarks"]
    for row in found:
        assert not row.get("error_occurred") and row["ns_per_page"] > 0 and row["samples"] >= 5, row
    assert {row["name"] for row in found} == full
    assert run(program, "--nonsense").returncode == 2
    assert "--matrix" in run(program, "--help").stdout
    sys.path.insert(0, str(Path(top) / "tools"))
    import dirty  # pylint: disable=import-error,import-outside-toplevel
    (title, _, table), = dirty.tables(found)
    assert title == "Dirty state" and len(table["body"]) * 2 == len(found), table
    assert all(len(line) == len(table["head"]) for line in table["body"])
    assert ["amd_iommu_v1 4K and 64K", "64th"] in [line[:2] for line in table["body"]], table
    assert not list(dirty.tables(None))
    made_up = [{"name": f"dirty/impl:{impl}/fmt:x/written:64th/threads:1", "ns_per_page": ns}
               for impl, ns in (("core", 3.1), ("loop", 1))]
    assert next(dirty.tables(made_up))[2]["body"][0][4:] == ["3.10", "<= 3", "NOT MET"]
    grouped = [{**row, "name": row["name"].replace("/written", "/groups:1/written")} for row in made_up]
    assert [line[0] for line in next(dirty.tables(made_up + grouped))[2]["body"]] == ["x", "x 4K and 64K"]
    assert next(dirty.tables(made_up[:1]))[2]["body"][0][-1] == "NOT MET"


main(*sys.argv[1:])
