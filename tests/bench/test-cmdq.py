# SPDX-License-Identifier: GPL-2.0-only
"""bench_cmdq: names have every key in order; every operation runs, with a thread that looks at PROD and
without, and its counters make sense; the table and the bars that are made of them, from figures that are
made up too: a bar can be missed. No speed is asserted."""
import json
import re
import sys
from pathlib import Path

from program import names, run

OPS = {"cas", "stores", "one-atomic", "two-atomics", "submit"}
FORM = re.compile(r"cmdq/op:(cas|stores|one-atomic|two-atomics|submit)/batch:([1-9][0-9]*)"
                  r"/consumer:(stopped|polling)/threads:[1-9][0-9]*")


def check_list(program):
    default = names(program, FORM, "--max-threads=4")
    full = names(program, FORM, "--max-threads=4", "--matrix=full")
    assert default < full
    assert {FORM.fullmatch(name).group(2) for name in default} == {"1", "64"}
    assert {FORM.fullmatch(name).group(2) for name in full} == {"1", "2", "4", "8", "16", "32", "64"}
    assert {name.rsplit(":", 1)[1] for name in default} == {"1", "2", "4"}
    assert not any("polling" in name for name in names(program, FORM, "--max-threads=1"))


def check_tables(found, top):
    sys.path.insert(0, str(Path(top) / "tools"))
    import cmdq  # pylint: disable=import-error,import-outside-toplevel
    table, bars = list(cmdq.tables(found))
    assert len(table[2]["body"]) == len(found)
    assert all(len(line) == len(table[2]["head"]) for line in table[2]["body"])
    assert len(bars[2]["body"]) == 4 and all(line[2] != "no data" for line in bars[2]["body"]), bars
    assert not list(cmdq.tables(None))
    made_up = [{"name": f"cmdq/op:{op}/batch:{batch}/consumer:{consumer}/threads:1",
                "ns_per_command": ns} for op, batch, consumer, ns in
               [("cas", 1, "stopped", 2), ("submit", 1, "stopped", 16), ("submit", 1, "polling", 16.1),
                ("one-atomic", 1, "polling", 17), ("stores", 64, "stopped", 1), ("submit", 64, "stopped", 6)]]
    assert [(figure and round(figure, 2), parts, met) for _, _, figure, parts, met in cmdq.bars(made_up)] == [
        (8, None, True), (8.05, 8.5, False), (6, None, True), (None, None, False)]


def main(program, top):
    check_list(program)
    result = run(program, "--benchmark_format=json", "--benchmark_min_time=0.001", "--max-threads=2")
    assert result.returncode == 0, result.stderr + result.stdout[-2000:]
    report = json.loads(result.stdout)
    assert report["context"]["executable"] == "bench_cmdq", report["context"]
    found = report["benchmarks"]
    for row in found:
        assert not row.get("error_occurred") and row["samples"] >= 5, row
        assert 0 < row["ns_per_command_p10"] <= row["ns_per_command"] <= row["ns_per_command_p90"], row
        # About units only: the rate is of all threads, the time of the slowest.
        assert 0.05 < row["commands_per_s"] * row["ns_per_command"] / 1e9 < 100, row
    assert {FORM.fullmatch(row["name"]).group(1) for row in found} == OPS
    assert run(program, "--nonsense").returncode == 2
    assert "--matrix" in run(program, "--help").stdout
    check_tables(found, top)


main(*sys.argv[1:])
