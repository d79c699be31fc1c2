#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""bench_replay as its user sees it: exit status, messages, and JSON that can be read.

Usage: test-replay.py TRACES DATA COMMAND...
"""
import json
import os
import subprocess
import sys
import tempfile

TRACES, DATA, COMMAND = sys.argv[1], sys.argv[2], sys.argv[3:]
failures = 0


def run(*args, stdin=None, stdout=subprocess.PIPE):
    return subprocess.run([*COMMAND, *args], stdin=stdin, stdout=stdout, stderr=subprocess.PIPE,
                          text=True, timeout=300, check=False)


def check(what, ok, result=None):
    global failures
    if ok:
        return
    failures += 1
    print("FAILED:", what)
    if result is not None:
        print("  exit status", result.returncode, "stderr:", result.stderr.strip()[:400])


def refused(what, status, text, *args, **kwargs):
    """The program must refuse: with this status, with this text on stderr, and no figures."""
    result = run(*args, **kwargs)
    check(what, result.returncode == status and text in result.stderr and not result.stdout, result)


def trace(name):
    return os.path.join(TRACES, name)


def data(name):
    return os.path.join(DATA, name)


def replay(*args):
    """One replay with JSON on stdout; returns the context and the row."""
    result = run("--repeat", "2", "--json", "-", "--quiet", *args)
    check(f"replay {args}", result.returncode == 0, result)
    report = json.loads(result.stdout) if result.returncode == 0 else {}
    rows = report.get("replay", [{}])
    check(f"one row {args}", len(rows) == 1)
    return report.get("context", {}), rows[0]


def test_timeline():
    """Points in order, which end where the replay ends; none of several threads."""
    _, row = replay("--repeat", "3", trace("mixed-strict.trace.xz"))
    line = row.get("timeline", {})
    events, mapped = line.get("events", []), line.get("mapped_bytes", [])
    check("points", 0 < len(events) <= 200 and
          {len(line[key]) for key in ("ns_per_event", "mapped_bytes", "table_bytes")} == {len(events)})
    step = events[0] if events else 0
    ops = row["replayed_maps"] + row["replayed_unmaps"]
    check("windows", step == max(row["batch_events"], 64 * -(-(ops // 64) // 200)) and
          events == list(range(step, step * len(events) + 1, step)))
    check("nearly all of it", 0 <= ops - events[-1] < step + 64)
    check("mapped at the end", abs(mapped[-1] - 4096 * (row["mapped_pages"] - row["unmapped_pages"])) <=
          4096 * 64 * step)
    check("tables", 0 < min(line["table_bytes"]) and
          max(line["table_bytes"]) <= row["table_peak_bytes"] and
          line["table_bytes"][-1] == row["table_end_bytes"])
    # Of the same size as the percentiles; not a speed, so that a busy host does not fail it.
    check("its times", 0 < min(line["ns_per_event"]) <= row["event_ns_p50_max"] and
          max(line["ns_per_event"]) >= row["event_ns_p50_min"])
    _, row = replay("--threads", "2", trace("mixed-strict.trace.xz"))
    check("no timeline of two threads", "timeline" not in row)


def test_threads():
    for threads in ("1", "2", "4"):
        context, row = replay("--threads", threads, trace("mixed-strict.trace.xz"))
        check("counts", row.get("events") == 43943 and row.get("maps") == 23322
              and row.get("unmaps") == 20621 and row.get("domains") == 2)
        check("whole", row.get("truncated") is False and row.get("threads") == int(threads))
        check("callbacks", row.get("callbacks_per_page", 0) > 0
              and row.get("syncs") == row.get("replayed_unmaps"))
        check("memory", row.get("table_peak_bytes", 0) >= 4 * 4096)
        check("clock", context.get("clock_tick_ns", 0) > 0)
        check("name", row.get("name", "").startswith("replay/trace:mixed-strict/impl:core/fmt:"))
        for series in ("map", "unmap", "event"):
            p50, p99 = row.get(series + "_ns_p50", 0), row.get(series + "_ns_p99", 0)
            if row.get(series + "_batch_events", 0) == 0:
                check(f"no {series} batches", p50 is None and p99 is None)
            else:
                check(f"{series} percentiles", 0 < p50 <= p99)


def test_every_trace():
    for name in ("nvme-4k-strict.trace.xz", "nvme-buffered-strict.trace.xz",
                 "net-rx-lazy.trace.xz", "mixed-strict-sample.perf.txt",
                 "mixed-strict-sample.trace-cmd.txt"):
        _, row = replay("--threads", "2", trace(name))
        check(name, row.get("maps", 0) + row.get("unmaps", 0) == row.get("events", -1))


def test_modes():
    buffered = trace("nvme-buffered-strict.trace.xz")
    rows = {mode: replay("--flush", mode, buffered)[1]
            for mode in ("strict", "strict-per-leaf", "queued")}
    unmapped = rows["strict"].get("unmapped_pages")
    check("ranges are fewer than leaves",
          rows["strict"].get("leaf_callbacks", 0)
          < rows["strict-per-leaf"].get("leaf_callbacks", 0))
    check("a call for each leaf", rows["strict-per-leaf"].get("leaf_callbacks") == unmapped)
    check("fewer syncs", rows["queued"].get("syncs", 1 << 60) < rows["strict"].get("syncs", 0))
    for fmt in ("arm_64_lpae_s1", "arm_64_lpae_s2", "arm_32_lpae_s1", "arm_32_lpae_s2"):
        _, row = replay("--fmt", fmt, "--coherent", "0", buffered)
        check(fmt, row.get("fmt") == fmt and row.get("coherent") is False)
    _, row = replay("--percentiles", "50,99.9", buffered)
    check("percentiles", "event_ns_p99_9" in row and "event_ns_p90" not in row)


def test_usage():
    good = trace("nvme-buffered-strict.trace.xz")
    for args, text in (
            ((), "which trace"),
            (("--nonsense", good), "--help"),
            (("--fmt", "arm_16", good), "--fmt arm_16: expected arm_32_lpae_s1"),
            (("--granule", "8K", good), "expected 4K, 16K, 64K"),
            (("--threads", "0", good), "--threads 0: expected a number from 1"),
            (("--threads", "two", good), "--threads two: expected"),
            (("--repeat", "-1", good), "--repeat -1: expected"),
            (("--coherent", "2", good), "expected a number from 0 to 1"),
            (("--flush", "never", good), "expected strict, strict-per-leaf, queued"),
            (("--on-conflict", "ask", good), "expected split, skip, fail"),
            (("--percentiles", "50,,99", good), "--percentiles"),
            (("--percentiles", "101", good), "--percentiles"),
            (("--percentiles", "50,50", good), "--percentiles"),
            (("--ias", "20", good), "there is no arm_64_lpae_s1 table"),
            (("--fmt", "arm_32_lpae_s1", "--granule", "64K", good), "there is no arm_32_lpae_s1")):
        refused(f"usage {args}", 2, text, *args)
    result = run("--help")
    check("help", result.returncode == 0 and "usage: bench_replay" in result.stdout, result)


def test_bad_traces():
    refused("foreign", 1, "not a trace of an IOMMU", data("foreign.txt"))
    refused("malformed", 1, "malformed-iova.trace: line 3: ", data("malformed-iova.trace"))
    refused("cut", 1, "cut-end.trace: line 2: ", data("cut-end.trace"))
    refused("missing", 1, "no-such.trace: cannot be opened", "no-such.trace")
    refused("granule", 1, "line 1: this event is not a multiple of the granule", "--granule", "16K",
            trace("nvme-4k-strict.trace.xz"))
    refused("conflict", 1, "is mapped already, by line", "--on-conflict", "fail",
            trace("mixed-strict.trace.xz"))
    refused("events", 1, "line 101: more than 100 events", "--max-events", "100",
            trace("mixed-strict.trace.xz"))
    refused("one bad of two", 1, "not a trace", "--quiet", "--json", "-",
            trace("nvme-buffered-strict.trace.xz"), data("foreign.txt"))


def test_truncated(folder):
    with open(trace("nvme-buffered-strict.trace.xz"), "rb") as file:
        whole = file.read()
    path = os.path.join(folder, "cut.trace.xz")
    with open(path, "wb") as file:
        file.write(whole[:len(whole) // 2])
    refused("truncated", 1, "cut.trace.xz: line ", path)
    _, row = replay("--allow-truncated", path)
    check("truncated in JSON", row.get("truncated") is True and "line" in row["truncated_why"])
    check("truncated is less", 0 < row.get("events", 0) < 2549)
    result = run("--repeat", "1", "--allow-truncated", path)
    check("truncated in the table", "TRUNCATED" in result.stdout, result)


def test_lost():
    result = run("--repeat", "1", data("lost.trace"))
    check("lost", result.returncode == 0 and "LOST EVENTS" in result.stdout, result)
    _, row = replay(data("lost.trace-cmd.txt"))
    check("lost in JSON", row.get("lost_events") == 19 and row.get("lost_markers") == 2)
    check("too few for a batch", row.get("map_ns_p50", 0) is None)


def test_output(folder):
    good = trace("nvme-buffered-strict.trace.xz")
    path = os.path.join(folder, "out.json")
    result = run("--repeat", "1", "--json", path, good)
    check("table and JSON", result.returncode == 0 and "ns per call" in result.stdout, result)
    with open(path, encoding="utf-8") as file:
        check("JSON file", len(json.load(file)["replay"]) == 1)
    refused("unwritable", 1, "cannot be written", "--quiet", "--repeat", "1", "--json",
            os.path.join(folder, "no", "such", "folder.json"), good)
    if os.path.exists("/dev/full"):
        refused("full disk", 1, "/dev/full: cannot be written", "--quiet", "--repeat", "1",
                "--json", "/dev/full", good)
        with open("/dev/full", "w", encoding="utf-8") as full:
            result = run("--repeat", "1", good, stdout=full)
            check("full stdout", result.returncode == 1 and "cannot be written" in result.stderr,
                  result)
    with open(good, "rb") as file:
        result = run("--repeat", "1", "--quiet", "--json", "-", "-", stdin=file)
    check("stdin", result.returncode == 0
          and json.loads(result.stdout)["replay"][0]["trace"] == "stdin", result)


def main():
    with tempfile.TemporaryDirectory() as folder:
        test_timeline()
        test_threads()
        test_every_trace()
        test_modes()
        test_usage()
        test_bad_traces()
        test_truncated(folder)
        test_lost()
        test_output(folder)
    print("failures:", failures)
    return 1 if failures else 0


sys.exit(main())
