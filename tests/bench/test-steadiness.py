# SPDX-License-Identifier: GPL-2.0-only
"""What makes times unsteady is said, each with what to do about it (bench_env --warnings, of systems made
up here), and is in the environment; the share of dropped samples is said at the end of a run; a case
without a figure can end in an error; threads stay on one NUMA node unless asked."""
import json
import os
import re
import sys
import tempfile
from pathlib import Path

from program import emulated, run

CPU = "sys/devices/system/cpu"
GOOD = {f"{CPU}/cpu0/cpufreq/scaling_governor": "performance", f"{CPU}/intel_pstate/no_turbo": "1",
        f"{CPU}/cpufreq/boost": "0", f"{CPU}/smt/active": "0",
        "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never",
        "proc/sys/kernel/randomize_va_space": "0", "proc/loadavg": "0.10 0.90 0.90 1/100 5"}
# (file, what is in it, what is warned of, how it is, part of what to do)
BAD = [
    (f"{CPU}/cpu0/cpufreq/scaling_governor", "powersave", "governor powersave", "cpupower"),
    (f"{CPU}/intel_pstate/no_turbo", "0", "turbo on", "no_turbo"),
    (f"{CPU}/cpufreq/boost", "1", "turbo on", "boost"),
    (f"{CPU}/smt/active", "1", "SMT on", "smt/control"),
    ("sys/kernel/mm/transparent_hugepage/enabled", "always madvise [never]", "huge pages never",
     "echo madvise"),
    ("proc/sys/kernel/randomize_va_space", "2", "ASLR on", "setarch -R"),
    ("proc/loadavg", "0.50 0.10 0.10 1/100 5", "load 0.5 on", "end what else"),
]


def warnings(bench_env, system):
    """But for the one of virtual machines, which is this machine's."""
    with tempfile.TemporaryDirectory() as root:
        for name, text in system.items():
            path = Path(root) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text + "\n")
        result = run(bench_env, f"--warnings={root}")
    assert result.returncode == 0 and not result.stdout, result
    return [line for line in result.stderr.splitlines() if "virtual machine" not in line]


def check_warnings(bench_env):
    assert not warnings(bench_env, GOOD), warnings(bench_env, GOOD)
    assert not warnings(bench_env, {}), "what cannot be found out is warned of"
    for name, text, state, mend in BAD:
        said = warnings(bench_env, {**GOOD, name: text})
        assert len(said) == 1, (name, said)
        assert re.fullmatch(rf"bench_env: warning: {state}.* \(.*{mend}.*\)", said[0]), said
    env = json.loads(run(bench_env).stdout)
    assert ("virtual machine" in env["unsteady"]) == (
        env["emulated"] or env["hypervisor"] not in ("none", "unknown")), env


def check_end(bench_map, bench_contention):
    case = "--benchmark_filter=^map/impl:core/.*size:4K/batch:1/pattern:warm/.*threads:1$"
    said = run(bench_map, case, "--benchmark_min_time=0.005").stderr
    assert re.search(r"bench_map: [0-9.]+% of the samples were disturbed", said), said
    # More threads than CPUs: each waits for one that has none. How many more it takes is chance.
    for times in (8, 16, 32, 64, 64, 64):
        crowd = many_threads(times * len(os.sched_getaffinity(0)))
        result = run(bench_contention, *crowd, "--noisy=fail")
        if check_failing(result):
            break
    else:
        raise AssertionError("no case was disturbed")
    for _ in range(6):
        kept = run(bench_contention, *crowd)
        assert kept.returncode == 0, kept
        if any(row.get("noisy") for row in json.loads(kept.stdout)["benchmarks"]):
            break
    assert re.search(r"bench_contention: [0-9]+ of [0-9]+ cases had fewer than five", kept.stderr), kept


def many_threads(n):
    return [f"--benchmark_filter=point:(line|table)/impl:core/threads:{n}$", f"--max-threads={n}",
            "--benchmark_min_time=0.001", "--benchmark_format=json"]


def check_failing(result):
    """The rows that have no figure; a run has an error if, and only if, it has such rows."""
    rows = json.loads(result.stdout)["benchmarks"]
    failed = [row for row in rows if row.get("error_message", "").startswith("no figure: of ")]
    assert rows and result.returncode == (1 if failed else 0), result
    assert all("--benchmark_min_time" in row["error_message"] for row in failed), failed
    assert all(row["noisy"] == 0 for row in rows if "error_message" not in row), rows
    return failed


def threads(bench_map, *args):
    listed = run(bench_map, "--benchmark_list_tests", *args).stdout
    return max(int(number) for number in re.findall(r"threads:([0-9]+)$", listed, re.M))


def check_nodes(bench_map):
    os.environ["HWLOC_SYNTHETIC"] = "numa:2 core:3 pu:2"
    assert threads(bench_map) == 6 and threads(bench_map, "--nodes=one") == 6
    assert threads(bench_map, "--nodes=all") == 12
    del os.environ["HWLOC_SYNTHETIC"]


def main(bench_env, bench_map, bench_contention):
    check_warnings(bench_env)
    check_nodes(bench_map)
    if not emulated():
        check_end(bench_map, bench_contention)


main(*sys.argv[1:])
