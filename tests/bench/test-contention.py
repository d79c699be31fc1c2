# SPDX-License-Identifier: GPL-2.0-only
"""bench_contention: names have every key in order; every point runs with one thread and with several,
more than there are CPUs too, and says so; its counters make sense; the table and the plot that are made
of them. No speed is asserted."""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from program import can_draw, emulated, names, run

POINTS = {"private", "domain", "table", "line", "pool", "flushq", "flushq-single", "cmdq", "mprotect"}
FORM = re.compile(
    r"contention/point:(" + "|".join(sorted(POINTS)) + r")/impl:(core|bare|linux-[0-9.]+|host|host-untouched)"
    r"/threads:[1-9][0-9]*")


def rows(program, pattern, *args):
    result = run(program, "--benchmark_format=json", "--benchmark_min_time=0.001",
                 f"--benchmark_filter={pattern}", *args)
    assert result.returncode == 0, result.stderr + result.stdout[-2000:]
    report = json.loads(result.stdout)
    assert report["context"]["executable"] == "bench_contention", report["context"]
    return report["benchmarks"]


def check(row, cpus):
    threads = int(row["name"].rsplit(":", 1)[1])
    if row.get("error_occurred"):
        assert row["error_message"].startswith("skipped: ") and "mprotect" in row["name"], row
        return
    assert row["ns_per_op"] > 0 and row["samples"] >= 5 and row["batch_ops"] >= 16, row
    assert 0 < row["fairness"] <= 1 and (threads > 1 or row["fairness"] == 1), row
    assert 0 < row["batch_p50_ns_per_op"] <= row["batch_p99_ns_per_op"], row
    # The slowest thread's time and all threads' rate: their product is the number of threads, or as many
    # times more as the slowest is slower; medians of few samples on a busy machine: this is about units.
    product = row["ops_per_s"] * row["ns_per_op"] / 1e9
    assert 0.05 < product < 50 * threads / row["fairness"], row
    assert ("oversubscribed" in row.get("label", "")) == (threads > cpus), row


def check_list(program):
    default = names(program, FORM, "--max-threads=6")
    numbers = {name.rsplit(":", 1)[1] for name in default}
    assert numbers == {"1", "2", "4", "6"}, numbers
    full = names(program, FORM, "--max-threads=6", "--matrix=full")
    assert default < full and len(full) * 4 == len(default) * 6, (len(full), len(default))
    assert {FORM.fullmatch(name).group(1) for name in default} == POINTS
    assert len(names(program, FORM, "--max-threads=1")) * 4 == len(default)


def check_tables(found, top, scratch):
    sys.path.insert(0, str(Path(top) / "tools"))
    import contention  # pylint: disable=import-error,import-outside-toplevel
    tables = list(contention.tables(
        [{**row, "error": row["error_message"]} if row.get("error_occurred") else row
         for row in found]))
    assert len(tables) == 1 and len(tables[0][2]["body"]) == len(found), tables
    assert all(len(line) == len(tables[0][2]["head"]) for line in tables[0][2]["body"])
    assert any("oversubscribed" in line[-1] for line in tables[0][2]["body"])
    assert not list(contention.tables(None))
    if not can_draw(Path(top) / "tools"):
        return
    from results import SCHEMA_VERSION  # pylint: disable=import-error,import-outside-toplevel
    report = {"schema_version": SCHEMA_VERSION, "label": "made-up", "kind": "quick", "commit": "0", "map": [], "contention": found,
              "environment": {"cpu": "none", "cpus": 2, "emulated": False}}
    folder = Path(scratch) / "results/made-up"
    folder.mkdir(parents=True)
    (folder / "quick.json").write_text(json.dumps(report))
    subprocess.run(["node", str(Path(top) / "tools/plot.mjs"), "--results", str(folder.parent),
                    "--out", scratch], check=True, timeout=120)
    svg = (Path(scratch) / "made-up-quick-contention.svg").read_text()
    assert "a command queue" in svg, svg[:300]
    drawn = sorted(path.name for path in Path(scratch).glob("*.svg"))
    assert drawn == ["counts.svg", "made-up-quick-contention.svg"], drawn


def main(program, top):
    check_list(program)
    cpus = len(os.sched_getaffinity(0))
    found = rows(program, "/threads:[12]$", "--max-threads=2")
    # More threads than this host may have: the queues' waits give the CPU away.
    many = 2 * cpus
    points = "private|line|cmdq" if emulated() else "line|flushq|flushq-single|cmdq"
    over = rows(program, f"point:({points})/impl:core/threads:{many}$", f"--max-threads={many}")
    assert over
    found += [row for row in over if row["name"] not in {r["name"] for r in found}]
    for row in found:
        check(row, cpus)
    assert {FORM.fullmatch(row["name"]).group(1) for row in found} == POINTS
    assert run(program, "--nonsense").returncode == 2
    assert run(program, "--max-threads=0").returncode == 2
    assert run(program, "--max-threads=x").returncode == 2
    none = run(program, "--benchmark_filter=no_such_benchmark")
    assert none.returncode == 1 and "match" in none.stdout + none.stderr, none
    assert "--max-threads" in run(program, "--help").stdout
    with tempfile.TemporaryDirectory() as scratch:
        check_tables(found, top, scratch)


main(*sys.argv[1:])
