#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""tools/record-trace with a tracefs that is a folder, and a perf that is a script.

usage: test-record.py TOP BENCH_REPLAY    (behind the words of an emulator, if it needs one)

The kernel fills an instance of tracefs with files when the folder is made, and empties it when it is removed:
mkdir and rmdir are scripts here that do the same. What comes out has to be read by bench_replay. Every refusal
has its reason, and leaves neither a file nor an instance.
"""
import gzip
import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NAME = "io-pgtable-record"
HEADER = "# tracer: nop\n#\n# entries-in-buffer/entries-written: 2/2   #P:1\n#\n"
EVENTS = ("  nvme-1 [000] ..... 1.000001: map: IOMMU: iova=0x00000000fe000000 - 0x00000000fe001000 "
          "paddr=0x0000000044000000 size=4096\n"
          "  nvme-1 [000] ..... 1.000009: unmap: IOMMU: iova=0x00000000fe000000 - 0x00000000fe001000 "
          "size=4096 unmapped_size=4096\n")
MKDIR = """#!/bin/sh
/bin/mkdir "$@" || exit 1
for last; do :; done
case $last in */instances/*) cp -r {template}/. "$last" ;; esac
"""
RMDIR = """#!/bin/sh
case $1 in
*/instances/*) cp "$1"/buffer_size_kb "$1"/trace_clock {seen}/ && rm -r "$1" ;;
*) /bin/rmdir "$@" ;;
esac
"""
# As perf does: what it was told, the data when the command ends, and told to end, the data a little later.
PERF = """#!/bin/sh
case $1 in
list) echo '  iommu:map    [Tracepoint event]' ;;
record)
	[ "$2" != -h ] || {{ cat {folder}/perf-help; exit; }}
	echo "$*" >{seen}/asked
	echo 'perf speaks' >&2
	while [ "$1" != -- ]; do
		[ "$1" != -o ] || data=$2
		shift
	done
	shift
	trap 'kill $!; sleep 0.3; cat {folder}/perf-data >"$data"; exit 0' TERM
	"$@" &
	: >{seen}/started
	status=0
	wait $! || status=$?
	cat {folder}/perf-data >"$data"
	exit $status ;;
script) cat {folder}/perf.txt ;;
report) cat {folder}/perf-stats ;;
esac
"""
LOST = "".join(f"  dd 7 [00{cpu}] 1.{cpu}: PERF_RECORD_LOST lost {n}\n" for cpu, n in enumerate((17, 2)))
STATS = """Aggregated stats:
           TOTAL events:        900
    LOST_SAMPLES events:          4  ( 0.0%)
iommu:map stats:
    LOST_SAMPLES events:         {}
iommu:unmap stats:
    LOST_SAMPLES events:          5
"""


def script(path, text):
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


class Host:
    """A host with a tracefs at self.tracefs; what the recording left of its instance in self.seen."""

    def __init__(self, top, folder, events=EVENTS, lost=(0, 0, 0), perf=False):
        self.tool = top / "tools/record-trace"
        self.folder, self.tracefs = folder, folder / "tracing"
        self.seen, bin_folder, template = folder / "seen", folder / "bin", folder / "template"
        for made in (self.seen, bin_folder, self.tracefs / "instances", folder / "iommu/smmu3.0",
                     *(base / f"events/iommu/{event}" for base in (self.tracefs, template)
                       for event in ("map", "unmap")), template / "per_cpu/cpu0"):
            made.mkdir(parents=True)
        for base in (self.tracefs, template):
            for event in ("map", "unmap"):
                (base / f"events/iommu/{event}/enable").write_text("0\n")
        for name in ("tracing_on", "buffer_size_kb", "trace_clock"):
            (template / name).write_text("\n")
        (template / "trace").write_text(HEADER + events)
        (template / "per_cpu/cpu0/stats").write_text(
            f"entries: 2\noverrun: {lost[0]}\ncommit overrun: {lost[1]}\nbytes: 88\ndropped events: {lost[2]}\n"
            "read events: 7\n")
        script(bin_folder / "mkdir", MKDIR.format(template=template))
        script(bin_folder / "rmdir", RMDIR.format(seen=self.seen))
        if perf:
            script(bin_folder / "perf", PERF.format(folder=folder, seen=self.seen))
            for name, text in (("perf-data", "data\n"), ("perf-help", "    --max-size <size>\n"), ("perf-stats", ""),
                               ("perf.txt", (top / "bench/traces/mixed-strict-sample.perf.txt").read_text())):
                (folder / name).write_text(text)
        (folder / "mounts").write_text(f"nodev {self.tracefs} tracefs rw 0 0\n")
        (folder / "cpuinfo").write_text("processor : 0\n\nprocessor : 1\n")
        (folder / "meminfo").write_text("MemTotal: 900000 kB\nMemAvailable: 400000 kB\n")
        self.env = {**os.environ, "PATH": f"{bin_folder}:/usr/bin:/bin", "RECORD_TRACE_PROC": str(folder),
                    "RECORD_TRACE_IOMMUS": str(folder / "iommu")}

    def run(self, *words, **options):
        return subprocess.run(["sh", str(self.tool), *map(str, words)], env=self.env, capture_output=True,
                              text=True, check=False, cwd=self.folder, **options)

    def interrupted(self, how, ready, *words):
        """What is said if it gets the signal once ready() is true."""
        with subprocess.Popen(["sh", str(self.tool), *words], env=self.env, cwd=self.folder,
                              stderr=subprocess.PIPE, text=True) as process:
            while not ready():
                assert process.poll() is None, process.stderr.read()
                time.sleep(0.01)
            time.sleep(0.2)
            process.send_signal(how)
            said = process.stderr.read()
        assert process.returncode == 0 and "ended early" in said, (process.returncode, said)

    def left(self):
        return sorted(path.name for path in self.tracefs.glob("instances/*"))

    def refused(self, status, text, *words):
        before = sorted(path.name for path in self.folder.iterdir())
        result = self.run(*words)
        assert result.returncode == status and text in result.stderr, (status, text, result)
        assert sorted(path.name for path in self.folder.iterdir()) == before and not self.left(), result


def replayed(replay, trace):
    result = subprocess.run([*replay, "--repeat", "1", trace], capture_output=True, text=True, check=False)
    assert result.returncode == 0 and "2 events: 1 maps, 1 unmaps" in result.stdout, result


def test_recorded(host, replay):
    instance = f"tracing/instances/{NAME}"
    files = ("tracing_on", "events/iommu/map/enable", "events/iommu/unmap/enable")
    result = host.run("--buffer-kb", "512", "out.trace", "--", "sh", "-c",
                      f"cat {' '.join(f'{instance}/{name}' for name in files)} >worked")
    assert result.returncode == 0 and "1 maps, 1 unmaps" in result.stderr, result
    assert (host.folder / "out.trace").read_text() == HEADER + EVENTS and not host.left()
    assert (host.folder / "worked").read_text() == "1\n1\n1\n", "it does not record while the command runs"
    assert (host.seen / "buffer_size_kb").read_text() == "512\n"
    assert (host.seen / "trace_clock").read_text() == "mono\n"
    assert (host.tracefs / "events/iommu/map/enable").read_text() == "0\n", "not the recording's own"
    replayed(replay, host.folder / "out.trace")
    host.refused(1, "is there already", "out.trace")
    assert host.run("out.gz", "--", "true").returncode == 0
    assert gzip.decompress((host.folder / "out.gz").read_bytes()).decode() == HEADER + EVENTS


def test_ended_early(host):
    host.interrupted(signal.SIGTERM, host.left, "--seconds", "600", "early.trace")
    assert (host.folder / "early.trace").exists() and not host.left()


def test_incomplete(top, folder):
    host = Host(top, folder / "lost", lost=(17, 2, 1))
    result = host.run("out.trace", "--", "true")
    assert result.returncode == 3 and " 20 events were lost" in result.stderr, result
    assert (host.folder / "out.trace").exists() and not host.left()
    host = Host(top, folder / "long", events=EVENTS * 5000)
    result = host.run("--max-mb", "1", "out.trace", "--", "true")
    assert result.returncode == 3 and "cut after 1 MiB" in result.stderr, result
    assert "events were lost" not in result.stderr, result
    text = (host.folder / "out.trace").read_text()
    assert 1000000 < len(text) <= 1 << 20 and text.endswith("4096\n"), len(text)
    maps, unmaps = text.count(": map: "), text.count(": unmap: ")
    assert maps < 5000 and f"{maps} maps, {unmaps} unmaps" in result.stderr, (maps, unmaps, result)
    host = Host(top, folder / "both", events=EVENTS * 5000, lost=(0, 0, 3))
    result = host.run("--max-mb", "1", "out.trace", "--", "true")
    assert result.returncode == 3 and "cut after 1 MiB" in result.stderr, result
    assert " 3 events were lost" in result.stderr, result


def test_refused(top, folder):
    host = Host(top, folder / "words")
    for words, text in ((("--seconds", "0", "f"), "--seconds 0: 1 to"), (("--seconds", "x", "f"), "not a number"),
                        (("--buffer-kb", "9999999", "f"), "--buffer-kb 9999999: 1 to"), ((), "which file?"),
                        (("--poison",), "--poison: not understood"), (("a", "b"), "one file only"),
                        (("--with", "magic", "f"), "--with magic"), (("--seconds",), "needs a value")):
        host.refused(2, text, *words)
    host.refused(1, "not a folder that can be written to", "nowhere/out.trace")
    host.refused(1, "more than half of the", "--buffer-kb", "100001", "f")
    assert host.run("--buffer-kb", "100000", "at-the-bound", "--", "true").returncode == 0
    (host.folder / "mounts").write_text("")
    host.refused(1, "tracefs is not mounted: mount -t tracefs", "--with", "tracefs", "out.trace")
    host.refused(1, "no such folder", "--with", "tracefs", "--tracefs", host.folder / "nowhere", "out.trace")
    empty = Host(top, folder / "empty", events="")
    empty.refused(1, "devices pass through the IOMMU", "out.trace", "--", "true")
    (empty.folder / "iommu/smmu3.0").rmdir()
    empty.refused(1, "has no IOMMU that is switched on", "out.trace", "--", "true")
    old = Host(top, folder / "old")
    (old.tracefs / "events/iommu/unmap/enable").unlink()
    old.refused(1, "has no events iommu:map and iommu:unmap", "--with", "tracefs", "out.trace")
    busy = Host(top, folder / "busy")
    (busy.tracefs / "instances" / NAME).mkdir()
    result = busy.run("out.trace")
    assert result.returncode == 1 and "another recording" in result.stderr and busy.left() == [NAME], result


def test_no_rights(top, folder):
    """As somebody who is not root; as root it becomes nobody."""
    host = Host(top, folder / "locked")
    (host.tracefs / "events").chmod(0)
    options = {}
    if not os.geteuid():
        host.tool = Path(shutil.copy(host.tool, folder))
        for path in (folder, host.folder):
            path.chmod(0o777)
        options = {"user": 65534, "group": 65534, "extra_groups": []}
    result = host.run("--with", "tracefs", "out.trace", **options)
    assert result.returncode == 1 and "run this as root" in result.stderr, result
    assert not (host.folder / "out.trace").exists() and not host.left()


def test_perf(top, folder, replay):
    host = Host(top, folder, perf=True)
    sample = (folder / "perf.txt").read_text()
    result = host.run("--with", "perf", "out.txt", "--", "true")
    assert result.returncode == 0 and "235 maps, 65 unmaps" in result.stderr, result
    assert (folder / "out.txt").read_text() == sample
    assert "--max-size=1024M " in (host.seen / "asked").read_text()
    result = host.run("--with", "perf", "failed.txt", "--", "sh", "-c", "echo spoken; echo aloud >&2; exit 7")
    assert result.returncode == 0 and "sh ended early, with status 7" in result.stderr, result
    assert result.stdout == "spoken\n" and "aloud\n" in result.stderr and "perf speaks" not in result.stderr, result
    (host.seen / "started").unlink()
    host.interrupted(signal.SIGINT, (host.seen / "started").exists, "--with", "perf", "--seconds", "600", "early.txt")
    assert (folder / "early.txt").read_text() == sample
    (host.folder / "mounts").write_text("")  # auto: no tracefs, but perf
    assert "with perf" in host.run("auto.txt", "--", "true").stderr
    (folder / "perf.txt").write_text("")
    host.refused(1, "no iommu:map event was seen", "--with", "perf", "none.txt", "--", "true")
    (folder / "perf-data").write_text("")
    host.refused(1, "perf record failed (above)", "--with", "perf", "none.txt", "--", "true")


def test_perf_incomplete(top, folder):
    """perf counts what is lost twice: where it happened, and at the end, with what was lost last."""
    host = Host(top, folder, perf=True)
    sample = (folder / "perf.txt").read_text()
    for text, stats, lost in ((LOST, "", 19), (LOST, STATS.format(14), 19), (LOST, STATS.format(16), 21),
                              ("", STATS.format(1), 6)):
        (folder / "perf.txt").write_text(sample + text)
        (folder / "perf-stats").write_text(stats)
        (folder / "out.txt").unlink(missing_ok=True)
        result = host.run("--with", "perf", "out.txt", "--", "true")
        assert result.returncode == 3 and f" {lost} events were lost" in result.stderr, (lost, result)
        assert "cut after" not in result.stderr, result
    (folder / "perf.txt").write_text(sample)
    (folder / "perf-stats").write_text("")
    (folder / "perf-data").write_text("x" * (1 << 20))
    result = host.run("--with", "perf", "--max-mb", "1", "cut.txt", "--", "true")
    assert result.returncode == 3 and "cut after 1 MiB" in result.stderr, result
    assert "--max-size=1M " in (host.seen / "asked").read_text()
    (folder / "perf-data").write_text("data\n")
    (folder / "perf-help").write_text("")
    result = host.run("--with", "perf", "old.txt", "--", "true")
    assert result.returncode == 0 and "cannot bound its file" in result.stderr, result
    assert "--max-size" not in (host.seen / "asked").read_text()


def main(top, *replay):
    top = Path(top).resolve()
    replay = [*replay[:-1], str(Path(replay[-1]).resolve())]
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        host = Host(top, work / "good")
        test_recorded(host, replay)
        test_ended_early(host)
        test_incomplete(top, work)
        test_refused(top, work)
        test_no_rights(top, work)
        test_perf(top, work / "perf", replay)
        test_perf_incomplete(top, work / "perf-incomplete")


main(*sys.argv[1:])
