# SPDX-License-Identifier: GPL-2.0-only
"""What goes wrong outside of the programs: a place that nothing can be written to, a full disk, a filter that
matches nothing, results of an old schema, files that are cut off. Each program, script and tool that
writes or reads them ends with a status that is not 0 and says which file it is and what is wrong; no
Python or Node.js trace; and what was there before is still there.

Root may write to any folder, so "not permitted" is one of the kernel's own, /sys; and what cannot be replaced
is tried with a folder in the place of the new file.

Usage: test-errors.py TOP SMALL BENCH
"""
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))
from program import can_draw, make_tree  # pylint: disable=import-error,wrong-import-position

DENIED = "/sys/not-here"
PROGRAMS = ("map", "pool", "contention", "cmdq", "dirty", "flush")
NOT_WRITTEN = ("denied", "not permitted", "Read-only", "Not a directory", "cannot be written",
               "cannot write", "is a file")
ONE_CASE = ["--benchmark_filter=^map/impl:core/fmt:arm_64_lpae_s1/granule:4K/size:4K/batch:1/pattern:warm/"
            "coherent:1/.*threads:1$", "--benchmark_min_time=0.001"]


def fails(status, words, *command, cwd=None, env=None, stdout=None):
    """It ends with that status, says at least one of words, and shows no trace of Python's or Node.js's.
    Returns what it said."""
    done = subprocess.run([str(word) for word in command], stdout=stdout or subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=120, check=False, cwd=cwd, env=env)
    assert done.returncode == status, (command, done)
    assert any(word in done.stderr for word in words), (command, words, done.stderr)
    for trace in ("Traceback", "node:internal", "    at "):
        assert trace not in done.stderr, (command, done.stderr)
    return done.stderr


def check_programs(programs, scratch):
    blocked = scratch / "file/x.json"
    for name in PROGRAMS:
        program = programs / f"bench_{name}"
        fails(1, ("match any",), program, "--benchmark_filter=no-such-case")
        for where in (DENIED, blocked):
            for option in ("--benchmark_out", "--samples"):
                said = fails(1, NOT_WRITTEN, program, f"{option}={where}", "--benchmark_out_format=json")
                assert f"{option}={where}" in said, said
    fails(1, ("is the disk full",), programs / "bench_map", *ONE_CASE, "--benchmark_out=/dev/full",
          "--benchmark_out_format=json")
    with open("/dev/full", "w", encoding="utf-8") as full:
        fails(1, ("is the disk full",), programs / "bench_map", *ONE_CASE, stdout=full)
        fails(1, ("is the disk full",), programs / "flush_calibrate", stdout=full)
    for where in (DENIED, blocked):
        said = fails(1, NOT_WRITTEN, programs / "bench_flush", "--matrix=full", "--only=clock:virtual",
                     "--only=threads:1", "--slice=1/1000000", f"--stream={where}")
        assert str(where) in said, said


def check_replay(replay, top, scratch):
    trace = top / "bench/traces/nvme-buffered-strict.trace.xz"
    for mode in ([], ["--strategy", "gather", "--clock", "virtual"]):
        for where in (DENIED, scratch / "file/x.json", "/dev/full"):
            said = fails(1, ("cannot be written",), replay, "--quiet", *mode, "--json", where, trace)
            assert str(where) in said, said


def files_of(top, scratch):
    """A results file, an old one and a cut one."""
    good = (top / "results/amd-epyc-f26m2-2c/quick.json").read_text()
    report = json.loads(good)
    del report["schema_version"]
    made = {"good": good, "old": json.dumps({"version": 1, **report}), "cut": good[:5000]}
    for name, text in made.items():
        (scratch / f"{name}.json").write_text(text)
    return {name: scratch / f"{name}.json" for name in made}


def check_tools_read(top, files, scratch):
    tools = top / "tools"
    readers = [([sys.executable, tools / "page.py", "-o", scratch / "out.html"], 1),
               ([sys.executable, tools / "report.py", "table"], 1),
               ([tools / "compare", files["good"]], 2), ([tools / "results-validate"], 1)]
    for command, status in readers:
        said = fails(status, ("is old",), *command, files["old"])
        assert "results-validate --upgrade" in said, said
        fails(status, ("not complete or not JSON",), *command, files["cut"])
        fails(status, ("No such file",), *command, scratch / "nowhere.json")
    assert not (scratch / "out.html").exists()
    if not can_draw(tools):
        print("not tried: tools/plot.mjs, for want of Node.js or of ECharts (npm ci --prefix tools)")
        return
    for name, words in (("old", "results-validate --upgrade"), ("cut", "not complete or not JSON")):
        folder = scratch / f"results-{name}"
        (folder / "host").mkdir(parents=True)
        shutil.copy(files[name], folder / "host/quick.json")
        plots = scratch / "plots"
        plots.mkdir(exist_ok=True)
        (plots / "before.svg").write_text("before")
        fails(1, (words,), "node", tools / "plot.mjs", "--results", folder, "--out", plots)
        fails(1, NOT_WRITTEN, "node", tools / "plot.mjs", "--out", DENIED)
        assert (plots / "before.svg").read_text() == "before", "a failure took the plots with it"


def check_tools_write(top, files, small, scratch):
    """To the option's argument; what cannot take an old file's place leaves that."""
    tools, old = top / "tools", scratch / "kept.json"
    raw = scratch / "raw.json"
    raw.write_text(json.dumps({"advice": [{"trace": "t", "threads": 1, "oversubscribed": False,
                                           "model": "hi1620", "strategies": []}]}))
    told = ["--commit", "0", "--date", "2000-01-01", "--command", "c", "--program", "p"]
    writers = [([sys.executable, tools / "page.py", files["good"], "-o"], 1),
               ([sys.executable, tools / "report.py", "merge", small, "-o"], 1),
               ([sys.executable, tools / "advice.py", "save", raw, *told, "--out"], 1),
               ([tools / "compare", files["good"], files["good"], "--json"], 2),
               ([tools / "compare", files["good"], files["good"], "--report"], 2)]
    old.write_text("kept")
    (scratch / "kept.json.new").mkdir()
    for command, status in writers:
        for where in (DENIED, scratch / "file/x.json", "/dev/full", old):
            said = fails(status, ("cannot be written",), *command, where)
            assert str(where) in said, said
        assert old.read_text() == "kept", command
    fails(1, NOT_WRITTEN, sys.executable, tools / "report.py", "merge", small, "--into", DENIED)
    # The upgrade is what has to be kept here: the old file stays if it cannot be.
    (scratch / "old.json.new").mkdir()
    before = files["old"].read_text()
    fails(1, ("cannot be written",), tools / "results-validate", "--upgrade", files["old"])
    assert files["old"].read_text() == before


def check_shell(top, programs, scratch):
    tree, env = make_tree(top, programs, scratch)
    run = [tree / "bench.sh", "--no-install", "--min-time", "0.001", "--label", "a-label"]
    said = fails(1, ("no case matches no-such-case",), *run, "--filter", "no-such-case", env=env)
    assert "synthetic cases" not in said, said
    # Where the figures could not be kept nothing is measured first.
    (tree / "results").symlink_to("/sys")
    said = fails(1, ("cannot write to results/a-label",), *run, "--save", env=env)
    assert "synthetic cases" not in said and "leave out --save" in said, said
    fails(2, ("no run.json in it",), *run, "--import", scratch / "nowhere", env=env)
    shutil.rmtree(tree / "build/report")
    (tree / "build/report").write_text("a file")
    fails(1, ("cannot write to build/report",), *run, env=env)


def main(top, small, programs):
    top, programs = Path(top), Path(programs)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        (scratch / "file").write_text("not a folder")
        files = files_of(top, scratch)
        check_programs(programs, scratch)
        check_replay(programs / "bench_replay", top, scratch)
        check_tools_read(top, files, scratch)
        check_tools_write(top, files, Path(small) / "one", scratch)
        check_shell(top, programs, scratch)


main(*sys.argv[1:])
