# SPDX-License-Identifier: GPL-2.0-only
"""Ctrl-C and SIGTERM: the programs and bench.sh end with 130 and leave a valid report that says that it
is partial, and how many cases of how many there are; such a run is not saved under results/. And the
progress that they show: on a terminal with the time left, elsewhere in plain lines."""
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from program import emulated

DEADLINE_S = 120


def interrupted(command, what, begun):
    """Sends a signal when begun() is true; the process and what it said."""
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as run:
        until = time.monotonic() + DEADLINE_S
        while not begun() and run.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        assert run.poll() is None, ("ended by itself", run.returncode, run.stderr.read())
        time.sleep(0.3)
        run.send_signal(what)
        said = run.communicate(timeout=DEADLINE_S)[1]
    return run.returncode, said


def check_map(bench_map, folder, what):
    out = folder / "map.json"
    out.unlink(missing_ok=True)
    status, said = interrupted(
        [bench_map, "--benchmark_min_time=0.02", f"--benchmark_out={out}",
         "--benchmark_out_format=json"], what, lambda: out.exists() and '"name"' in out.read_text())
    report = json.loads(out.read_text())
    assert status == 130, (status, said)
    assert report["partial"] is True and 0 < report["cases_done"] < report["cases_total"], report
    assert report["cases_done"] == len(report["benchmarks"]), report
    assert all(row["ns_per_page"] > 0 for row in report["benchmarks"] if "error_message" not in row)
    assert f"{report['cases_done']} of {report['cases_total']} cases" in said, said


def check_replay(bench_replay, folder, top):
    out = folder / "replay-strict.json"
    begun = time.monotonic()
    status, said = interrupted(
        [bench_replay, "--quiet", "--repeat", "1000", "--json", str(out),
         str(top / "bench/traces/net-rx-lazy.trace.xz")], signal.SIGINT,
        lambda: time.monotonic() > begun + 0.5)
    report = json.loads(out.read_text())
    assert status == 130 and "0 of 1 traces" in said, (status, said)
    assert report["partial"] is True and report["cases_total"] == 1 and not report["replay"], report


def tool(top, *args):
    return subprocess.run([sys.executable, *args], cwd=top, capture_output=True, text=True, timeout=120,
                          check=False)


def check_report(top, folder):
    """What the tools make of a partial run's files."""
    report = folder / "report.json"
    merged = json.loads(report.read_text())
    assert merged["partial"] is True and merged["cases_done"] < merged["cases_total"], merged
    shown = tool(top, "tools/report.py", "table", report)
    assert shown.returncode == 0 and "This run is PARTIAL" in shown.stdout, shown
    kept = tool(top, "tools/report.py", "merge", folder, "--into", folder / "results")
    assert kept.returncode != 0 and "interrupted" in kept.stderr, kept
    assert not (folder / "results").exists()
    valid = subprocess.run([top / "tools/results-validate", report], capture_output=True, text=True,
                           timeout=60, check=False)
    assert valid.returncode in (0, 3), valid
    page = tool(top, "tools/page.py", "-o", folder / "again.html", report)
    assert page.returncode == 0 and "This run is PARTIAL" in (folder / "again.html").read_text()


def check_shell(top, programs, scratch):
    """bench.sh in a tree of its own, with the programs as they are built; only it gets the signal."""
    tree, stubs = scratch / "tree", scratch / "stubs"
    (tree / "build/release").mkdir(parents=True)
    (tree / "build/release/bench").symlink_to(programs)
    (tree / "bench").symlink_to(top / "bench")
    (tree / "results").symlink_to(top / "results")
    (tree / "tests").symlink_to(top / "tests")
    shutil.copytree(top / "tools", tree / "tools", ignore=shutil.ignore_patterns("node_modules"))
    shutil.copy(top / "bench.sh", tree)
    stubs.mkdir()
    for name, text in (("cmake", "exit 0"), ("dpkg-query", "echo installed"), ("npm", "exit 1")):
        (stubs / name).write_text(f"#!/bin/sh\n{text}\n")
        (stubs / name).chmod(0o755)
    report = tree / "build/report"
    os.environ["PATH"] = f"{stubs}:{os.environ['PATH']}"
    status, said = interrupted(
        [tree / "bench.sh", "--no-install", "--save", "--label", "partial-test", "--min-time", "0.02"],
        signal.SIGTERM,
        lambda: (report / "map.json").exists() and '"name"' in (report / "map.json").read_text())
    assert status == 130, (status, said)
    assert "the report is partial" in said, said
    check_report(top, report)
    assert '"parts_missing": ["pool", ' in (report / "report.json").read_text()
    assert "This run is PARTIAL" in (report / "index.html").read_text()
    assert not (top / "results/partial-test").exists()


CASES = ["--benchmark_filter=^map/impl:core/.*size:4K/batch:(1|16)/pattern:warm/.*threads:1$",
         "--benchmark_min_time=0.005"]


def check_progress(bench_map):
    listed = subprocess.run([bench_map, *CASES, "--benchmark_list_tests"], capture_output=True, text=True,
                            timeout=60, check=True)
    total = len(listed.stdout.splitlines())
    assert total > 12, listed.stdout
    command = [bench_map, *CASES, f"--progress={total}"]
    plain = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert f"bench_map: case 1 of {total}\n" in plain.stderr, plain.stderr
    assert " s left\n" in plain.stderr and "\r" not in plain.stderr, plain.stderr
    assert plain.stderr.count(": case ") <= 10, plain.stderr
    master, slave = pty.openpty()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=slave) as run:
        os.close(slave)
        said = b""
        try:
            while chunk := os.read(master, 65536):
                said += chunk
        except OSError:  # how a terminal says that nobody is left
            pass
        assert run.wait(60) == 0
    assert f"\r\x1b[K[1/{total}] map/".encode() in said and b" s left] map/" in said, said
    os.close(master)


def main(top, programs):
    if emulated():
        sys.exit(77)
    top, programs = Path(top), Path(programs)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        for what in (signal.SIGINT, signal.SIGTERM):
            check_map(str(programs / "bench_map"), scratch, what)
        check_replay(str(programs / "bench_replay"), scratch, top)
        check_progress(str(programs / "bench_map"))
        check_shell(top, programs, scratch)


main(*sys.argv[1:])
