# SPDX-License-Identifier: GPL-2.0-only
"""bench_flush: names have every key in order, none comes twice; every counter is there; the virtual clock
gives the same figures twice; tools/flush.py judges them. The whole cross has as many combinations as the rule
in docs/benchmarking.md says; any part of it can be streamed to a file, stopped and gone on with."""
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
    r"/size:(4K|16K|64K|2M)/unmap:([0-9]+[KMG]|51[13]p)"
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


def select(program, *more, **values):
    """The rows of a part of the cross."""
    only = [f"--only={key}:{value}" for key, value in values.items()]
    result = run(program, "--matrix=full", "--benchmark_format=json", *only, *more)
    assert result.returncode == 0, result.stdout[-2000:] + result.stderr
    return json.loads(result.stdout)["benchmarks"]


def check_timeout(program):
    """A queue that never fills in that time is flushed by its timer."""
    def exposure(timeout_us, strategy):
        row, = select(program, strategy=strategy, clock="virtual", size="4K", unmap="4K",
                      layout="contiguous", threads=1, depth=32768, timeout_us=timeout_us,
                      model="hi1620", loop="closed")
        return row["exposure_page_us"]

    for strategy in ("fq-single", "kernel-fq-single"):
        slow, fast = exposure(1000000, strategy), exposure(100, strategy)
        assert fast < 120 and slow > 5 * fast, (strategy, slow, fast)


def check_errata(program):
    """Linux's model does what errata ask for: everything twice, or a SYNC after 63 commands."""
    def commands(model):
        row, = select(program, strategy="kernel-strict", clock="virtual", size="4K", unmap="1M",
                      layout="contiguous", threads=1, model=model, loop="closed")
        return round(256 * row["invalidations_per_page"]), round(256 * row["syncs_per_page"])

    assert commands("hi1620") == (256, 1)
    assert commands("hi1620-sync63") == (256, 5)
    assert commands("hi1620-twice") == (512, 8)


def check_real(program):
    """What the software SMMU can be; what is exposed and thrown out is known there too."""
    base = {"clock": "real", "size": "4K", "unmap": "4K", "layout": "contiguous", "threads": 1,
            "depth": "0,64", "timeout_us": "0,10000", "model": "hi1620", "loop": "closed"}

    def measured(**other):
        return select(program, "--benchmark_min_time=0.02", **{**base, **other})

    for other in ({"strategy": "gather,epoch", "model": "hi1620,hi1620-event,hi1620-2q,hi1620-sync63,hi1620-twice"},
                  {"strategy": "gather-ril,ticket", "model": "hi1620-ril"},
                  {"strategy": "gather,epoch,fq-percpu", "layout": "strided,random,emptying", "unmap": "16K,2M"},
                  {"strategy": "strict-page,adaptive", "size": "64K,2M", "unmap": "2M"},
                  {"strategy": "none,ticket", "loop": "open50,open95"}):
        for row in measured(**other):
            assert row["collateral_per_page"] >= 0 and row["p50_ns"] > 0, row
            assert row["release_p10_ns"] <= row["release_p99_ns"] <= row["release_max_ns"], row
    row, = measured(strategy="fq-percpu")
    assert row["collateral_per_page"] > 0, row
    assert 0 < row["exposure_page_us"] <= row["max_exposure_us"] <= row["release_max_ns"] / 1e3 * 1.04, row
    once, twice = measured(strategy="gather", model="hi1620,hi1620-twice")
    assert abs(once["invalidations_per_page"] - 1) < 0.2 and abs(twice["invalidations_per_page"] - 2) < 0.4


def expected_count(real_threads):
    """The rule in docs/benchmarking.md, by itself."""
    unmaps = sum(len({2 ** i for i in range(0, 23 - size)} | {511, 512, 513}) for size in (12, 14, 16, 21))
    layouts, threads, depths, timeouts, loops, budgets = 4, 8, 6, 3, 4, 3
    sync, queues, errata = 2, 3, 3
    smmu = sync * errata
    strict = 3 * smmu * queues  # strict-page, gather, gather-ril
    fq = depths * timeouts * smmu * queues
    rounds = depths * smmu * 2  # with range commands, and without
    library = 1 + strict + 2 * fq + rounds * (2 + budgets)
    kernel = smmu * queues * 2 + 2 * fq
    return unmaps * layouts * loops * (threads * (library + kernel) + real_threads * library)


def check_count(program):
    for cpus, real in ((1, 1), (2, 2), (6, 4)):
        result = run(program, "--matrix=full", "--count", f"--max-threads={cpus}")
        assert result.returncode == 0, result.stderr
        assert int(result.stdout.split()[0]) == expected_count(real), (result.stdout, expected_count(real))
    names = run(program, "--matrix=full", "--benchmark_list_tests", "--slice=5/4999").stdout.splitlines()
    assert len(names) > 1000 and len(set(names)) == len(names), len(names)
    for name in names:
        assert FORM.fullmatch(name), name


def check_messages(program):
    for args, words in (
            (["--matrix=full"], "too many for one report"),
            (["--matrix=full", "--only=depht:1"], "no such key; there are strategy clock"),
            (["--matrix=full", "--only=depth:7", "--count"], "no combination has this"),
            (["--matrix=full", "--only=depth", "--count"], "not KEY:VALUE"),
            (["--matrix=full", "--slice=3/2", "--count"], "not K/N"),
            (["--matrix=full", "--host-profile=grace", "--count"], "no such profile"),
            (["--matrix=full", "--benchmark_filter=(", "--count"], "--benchmark_filter=("),
            (["--only=depth:64"], "are for --matrix=full")):
        result = run(program, *args)
        assert result.returncode == 2 and words in result.stderr, (args, result.stderr)


def check_stream(program, folder):
    """Rows are those of the library's report; stopped and gone on with it is the same file."""
    part = ["--matrix=full", "--only=strategy:gather,epoch", "--only=clock:virtual", "--only=size:4K",
            "--only=unmap:4K,2M", "--only=layout:emptying,random", "--only=threads:4", "--only=depth:0,64",
            "--only=model:hi1620", "--only=loop:closed"]
    path = Path(folder) / "rows"

    def stream(*more, status=0):
        result = run(program, *part, *more, f"--stream={path}")
        assert result.returncode == status, result.stderr
        return result.stderr

    said = stream()
    whole = path.read_text(encoding="utf-8")
    listed = [json.loads(line) for line in whole.splitlines()]
    assert len(listed) == 8 and "[8/8]" in said, said
    result = run(program, *part, "--benchmark_format=json")
    for row, other in zip(listed, json.loads(result.stdout)["benchmarks"]):
        assert all(row[key] == float(f"{other[key]:.10g}") for key in COUNTERS), (row, other)
    path.write_text(whole[:-200], encoding="utf-8")
    assert "going on behind row 7" in stream()
    assert path.read_text(encoding="utf-8") == whole
    assert "not where this selection has it" in stream("--only=layout:strided", status=1)
    assert path.read_text(encoding="utf-8") == whole
    path.write_text("something else\n", encoding="utf-8")
    assert "no file of --stream" in stream(status=1)
    assert path.read_text(encoding="utf-8") == "something else\n"


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
    check_errata(program)
    check_real(program)
    check_count(program)
    check_messages(program)
    with tempfile.TemporaryDirectory() as folder:
        check_stream(program, folder)
    check_bars(Path(root) / "tools/flush.py", first)


main(*sys.argv[1:])
