# SPDX-License-Identifier: GPL-2.0-only
"""What is behind the figures of bench_flush and bench_replay: samples, events and a profile of what is
measured on this host; of what is modelled there is none, and that is said."""
import json
import re
import sys
import tempfile
from pathlib import Path

from program import emulated, run

REAL = "--benchmark_filter=^flush/strategy:(gather|ticket)/clock:real/size:4K/unmap:4K/.*threads:{}/"
MODELLED = "--benchmark_filter=^flush/strategy:gather/clock:virtual/size:4K/unmap:4K/.*threads:1/"
JSON = ["--benchmark_format=json", "--benchmark_min_time=0.02"]


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def check_flush_real(bench_flush, out, threads):
    done = run(bench_flush, REAL.format(threads), f"--samples={out}", f"--max-threads={threads}", *JSON)
    assert done.returncode == 0, done
    rows = {row["name"]: row for row in json.loads(done.stdout)["benchmarks"]}
    kept = {line["name"]: line["ns_unmaps_thread"] for line in lines(out)}
    assert rows and kept.keys() == rows.keys(), (rows.keys(), kept.keys())
    for name, samples in kept.items():
        row = rows[name]
        assert {thread for _, _, thread in samples} == set(range(threads)), name
        assert {unmaps for _, unmaps, _ in samples} == {row["batch"]}, name
        assert min(ns for ns, _, _ in samples) <= row["p50_ns"] <= row["max_ns"], name
        assert abs(max(ns for ns, _, _ in samples) / row["max_ns"] - 1) < 1e-4, name
        # Unmaps that are counted take time.
        assert 0 < row["task_clock_ns_per_page"], row
        assert "page_faults_per_page" in row, row


def check_flush_modelled(bench_flush, out, scratch):
    plain = run(bench_flush, MODELLED, *JSON)
    rows = json.loads(plain.stdout)["benchmarks"]
    assert plain.returncode == 0 and rows, plain
    assert not [key for key in rows[0] if key.startswith(("task_clock", "page_faults"))], rows[0]
    for option, message in ((f"--samples={out}", "none of these cases has samples"),
                            (f"--perf-record={scratch / 'p.data'}", "nothing was timed")):
        refused = run(bench_flush, MODELLED, option, *JSON)
        if re.search("sampling is (absent|not permitted)", refused.stderr):
            continue
        assert refused.returncode == 1 and message in refused.stderr, refused
    assert [set(line) for line in lines(out)] == [{"name", "no_samples"}] * len(rows)
    stream = run(bench_flush, "--matrix=full", "--only=clock:real", f"--stream={scratch / 'rows'}",
                 f"--samples={out}")
    assert stream.returncode == 2 and "leave out --stream" in stream.stderr, stream
    assert not (scratch / "rows").exists()


def check_replay(bench_replay, top, out, threads):
    trace = str(top / "bench/traces/nvme-4k-strict.trace.xz")
    figures = out.with_suffix(".json")
    done = run(bench_replay, "--quiet", "--repeat", "3", "--threads", str(threads), "--samples", str(out),
               "--json", str(figures), trace)
    assert done.returncode == 0, done
    report = json.loads(figures.read_text())
    row, kept = report["replay"][0], lines(out)
    assert [line["name"] for line in kept] == [
        f"replay/trace:nvme-4k-strict/flush:strict/repeat:{n}" for n in (1, 2, 3)], kept
    events = row["replayed_maps"] + row["replayed_unmaps"]
    for line in kept:
        taken = sum(nr for _, nr, _ in line["ns_events_thread"])
        assert events - 64 * threads < taken <= events, (events, taken)
        assert {thread for _, _, thread in line["ns_events_thread"]} == set(range(threads))
    assert report["context"]["counters_software"], report["context"]
    assert row["task_clock_ns_per_event"] > 0 and "page_faults_per_event" in row, row
    bare = run(bench_replay, "--quiet", "--repeat", "1", "--counters", "none", "--json", "-", trace)
    assert "task_clock_ns_per_event" not in bare.stdout and "counters_" not in bare.stdout, bare.stdout


def check_replay_refused(bench_replay, top, scratch):
    trace = str(top / "bench/traces/nvme-4k-strict.trace.xz")
    for option, value in (("--samples", "x"), ("--perf-record", "x"), ("--counters", "all")):
        refused = run(bench_replay, "--strategy", "gather", "--clock", "virtual", option, value, trace)
        assert refused.returncode == 2 and f"{option} does not go with --strategy" in refused.stderr, refused
    for where in ("/dev/full", str(scratch / "nowhere/x")):
        failed = run(bench_replay, "--quiet", "--repeat", "1", "--samples", where, trace)
        assert failed.returncode == 1 and f"--samples {where}: cannot be written" in failed.stderr, failed


def main(bench_flush, bench_replay, top):
    if emulated():
        sys.exit(77)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        out = scratch / "samples.jsonl"
        for threads in (1, 2):
            check_flush_real(bench_flush, out, threads)
            check_replay(bench_replay, Path(top), out, threads)
        check_flush_modelled(bench_flush, out, scratch)
        check_replay_refused(bench_replay, Path(top), scratch)


main(*sys.argv[1:])
