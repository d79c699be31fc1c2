#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""bench_replay --strategy: every strategy on every shipped trace, the same figures and the same advice
each time on the virtual clock, what is not understood, truncated traces. No speed is asserted.

Usage: test-strategy.py PART TRACES COMMAND...    PART: virtual, real
"""
import json
import os
import subprocess
import sys
import tempfile

PART, TRACES, COMMAND = sys.argv[1], sys.argv[2], sys.argv[3:]
NAMES = ["none", "strict-page", "gather", "gather-ril", "fq-percpu", "fq-single", "ticket", "epoch",
         "adaptive"]
SHIPPED = ["mixed-strict.trace.xz", "net-rx-lazy.trace.xz", "nvme-4k-strict.trace.xz",
           "nvme-buffered-strict.trace.xz"]
SAMPLE = os.path.join(TRACES, "mixed-strict-sample.perf.txt")
NO_EXPOSURE = ("strict-page", "gather", "ticket")


def run(*args, stdin=None):
    return subprocess.run([*COMMAND, *args], stdin=stdin, capture_output=True, text=True,
                          timeout=400, check=False)


def advise(*args):
    result = run("--strategy", "all", "--json", "-", "--quiet", *args)
    assert result.returncode == 0, (args, result.returncode, result.stderr[-1000:], result.stdout)
    return result.stdout


def check_row(row, budget_us, clock):
    assert "error" not in row, row
    name = row["strategy"].split()[0]
    assert row["ns_per_page"] > 0 and row["p50_ns"] <= row["p99_ns"], row
    assert row["modelled"] == (clock == "virtual") and f"clock:{clock}/" in row["name"], row
    if name == "none":
        assert row["exposure_page_us"] is None and not row["advised"], row
    elif name.startswith(NO_EXPOSURE):
        assert row["exposure_page_us"] == 0, row
    if clock == "virtual":
        assert row["release_p50_ns"] <= row["release_p99_ns"], row
        assert row["quarantine_bytes"] > 0 and row["batch"] == 1, row
    else:
        assert row["collateral_per_page"] >= 0 and row["batch"] > 1, row
        assert row["quarantine_bytes"] > 0, row
        assert not name.startswith("fq-single") or row["exposure_page_us"] > 0, row
    if name == "strict-page":
        # One invalidation and one sync a page (of 4K here).
        assert 0.99 < row["invalidations_per_page"] <= 1.01 < 2 * row["syncs_per_page"], row
    if row["advised"]:
        assert row["exposure_page_us"] <= budget_us, row


def check_trace(trace, clock, budget_us):
    rows = [row for row in trace["strategies"] if row["clock"] == clock]
    assert {row["strategy"].split()[0] for row in rows} == set(NAMES), rows
    for row in rows:
        check_row(row, budget_us, clock)
    advised = [row for row in trace["strategies"] if row["advised"]]
    assert len(advised) == 1 and advised[0]["strategy"] == trace["advice"], trace
    assert "use " + trace["advice"] in trace[max(k for k in trace if k.startswith("reason_"))]


def is_slow():
    """Under an emulator, or built with a sanitizer."""
    if len(COMMAND) > 1:
        return True
    with open(COMMAND[0], "rb") as file:
        program = file.read()
    return b"__asan_init" in program or b"__tsan_init" in program


# Small queues need few rounds to be filled.
QUICK = ("--depth", "16") if is_slow() else ()


def test_every_trace():
    names = SHIPPED[-1:] if is_slow() else SHIPPED
    args = (*QUICK, "--clock", "virtual", *(os.path.join(TRACES, name) for name in names))
    report = json.loads(advise(*args))["advice"]
    assert [t["trace"] + ".trace.xz" for t in report] == names
    for trace in report:
        check_trace(trace, "virtual", 20)
        if QUICK:
            continue
        depths = {row["name"].split("/depth:")[1].split("/")[0] for row in trace["strategies"]
                  if row["strategy"].startswith("fq-percpu")}
        assert depths == {"64", "256", "1024", "4096"}, depths
        by_name = {row["strategy"]: row for row in trace["strategies"]}
        assert by_name["gather-ril"]["invalidations_per_page"] <= \
            by_name["gather"]["invalidations_per_page"]
        assert by_name["fq-percpu depth 64"]["exposure_page_us"] < \
            by_name["fq-percpu depth 1024"]["exposure_page_us"]
    # Deterministic to the last digit, memory laid out as it may be.
    assert json.loads(advise(*args[:-len(names)], args[-1]))["advice"] == report[-1:]


def test_options():
    small = (*QUICK, "--clock", "virtual", SAMPLE)
    (trace,) = json.loads(advise("--budget", "0", *small))["advice"]
    names = {row["strategy"].split()[0] for row in trace["strategies"]}
    assert names == set(NAMES) - {"adaptive"}, names
    assert next(r for r in trace["strategies"] if r["advised"])["exposure_page_us"] == 0
    for cpus in ("1", "16") if not QUICK else ("3",):
        (trace,) = json.loads(advise("--cpus", cpus, *small))["advice"]
        assert trace["cpus"] == int(cpus)
        check_trace(trace, "virtual", 20)
    (paced,) = json.loads(advise("--pace", "trace", *small))["advice"]
    check_trace(paced, "virtual", 20)
    # At its own pace a trace takes longer, and a queue holds for longer.
    assert paced["strategies"][1]["pages_per_s"] < trace["strategies"][1]["pages_per_s"]
    (trace,) = json.loads(advise(*small, "--depth", "7"))["advice"]
    assert all("/depth:7/" in r["name"] or "/depth:0/" in r["name"] for r in trace["strategies"])
    for name in NAMES if not QUICK else NAMES[-1:]:
        result = run("--strategy", name, *small)
        assert result.returncode == 0 and name in result.stdout and "MODELLED" in result.stdout, \
            (name, result)
    result = run("--strategy", "gather", "--clock", "virtual", "--granule", "64K", SAMPLE)
    assert result.returncode == 1 and "line" in result.stderr, result


def test_usage():
    for args, text in (
            (("--strategy", "lazy", SAMPLE), "--strategy lazy: expected none, strict-page"),
            (("--strategy", "all"), "which trace"),
            (("--strategy", "all", "--budget", "-1", SAMPLE), "--budget -1: expected a number"),
            (("--strategy", "all", "--cpus", "0", SAMPLE), "--cpus 0: expected a number from 1"),
            (("--strategy", "all", "--cpus", "129", SAMPLE), "to 128"),
            (("--strategy", "all", "--depth", "0", SAMPLE), "--depth 0: expected"),
            (("--strategy", "all", "--host-profile", "abacus", SAMPLE), "expected hi1620"),
            (("--strategy", "all", "--clock", "sun", SAMPLE), "expected virtual, real, both"),
            (("--strategy", "all", "--pace", "slow", SAMPLE), "expected none, trace"),
            (("--strategy", "adaptive", "--budget", "0", SAMPLE), "adaptive needs a --budget"),
            (("--budget", "5", SAMPLE), "--budget goes with --strategy")):
        result = run(*args)
        assert result.returncode == 2 and text in result.stderr and not result.stdout, (args, result)
    assert "--strategy NAME|all" in run("--help").stdout


def test_truncated(folder):
    with open(os.path.join(TRACES, "nvme-buffered-strict.trace.xz"), "rb") as f:
        whole = f.read()
    path = os.path.join(folder, "cut.trace.xz")
    with open(path, "wb") as f:
        f.write(whole[:len(whole) // 2])
    result = run("--strategy", "all", "--clock", "virtual", path)
    assert result.returncode == 1 and "cut.trace.xz: line " in result.stderr, result
    assert not result.stdout, result
    (trace,) = json.loads(advise(*QUICK, "--clock", "virtual", "--allow-truncated", path))["advice"]
    assert trace["truncated"] is True
    result = run("--strategy", "gather", "--clock", "virtual", "--allow-truncated", path)
    assert "TRUNCATED" in result.stdout, result
    # Only maps: there is nothing to unmap.
    path = os.path.join(folder, "maps.trace")
    with open(SAMPLE, encoding="utf-8") as sample, open(path, "w", encoding="utf-8") as f:
        f.writelines([line for line in sample if "unmap" not in line][:5])
    result = run("--strategy", "all", "--clock", "virtual", path)
    assert result.returncode == 1 and "nothing is unmapped" in result.stderr, result
    full = run("--strategy", "gather", "--clock", "virtual", "--json", "/dev/full", SAMPLE)
    assert full.returncode == 1 and "cannot be written" in full.stderr, full


def write_big(path, shift):
    """2M at a time, 64 times; shift: of where it goes to."""
    with open(path, "w", encoding="utf-8") as file:
        for i in range(64):
            at, end, to = 0x40000000 + (i << 21), 0x40200000 + (i << 21), 0x80000000 + (i << 21) + shift
            file.write(f"  dd 1 [000] {10 + i / 1000:.6f}: iommu:map: IOMMU: iova=0x{at:016x} - 0x{end:016x} "
                       f"paddr=0x{to:016x} size=2097152\n")
            file.write(f"  dd 1 [000] {10 + i / 1000 + 0.0005:.6f}: iommu:unmap: IOMMU: iova=0x{at:016x} - "
                       f"0x{end:016x} size=2097152 unmapped_size=2097152\n")


def test_sizes(clock):
    """A mapping of the trace is one block where its addresses allow it, otherwise pages."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "big.trace")
        for shift, least, most in ((0, 1 / 520, 1 / 500), (4096, 0.9, 1.1)):
            write_big(path, shift)
            result = run("--strategy", "strict-page", "--clock", clock, "--json", "-", "--quiet", path)
            assert result.returncode == 0, result
            (trace,) = json.loads(result.stdout)["advice"]
            found = trace["strategies"][0]["invalidations_per_page"]
            assert least <= found <= most, (clock, shift, found)


def test_real():
    (trace,) = json.loads(advise(*QUICK, "--clock", "real", SAMPLE))["advice"]
    assert trace["threads"] >= 1
    check_trace_loosely(trace)


def check_trace_loosely(trace):
    """Which one is advised depends on the host, and on who else uses it."""
    rows = trace["strategies"]
    assert {row["strategy"].split()[0] for row in rows} == set(NAMES), rows
    for row in rows:
        check_row(row, 20, "real")


def main():
    test_sizes(PART)
    if PART == "real":
        test_real()
        return
    test_every_trace()
    test_options()
    test_usage()
    with tempfile.TemporaryDirectory() as folder:
        test_truncated(folder)


main()
