#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""counts.py must fail when it should, and only then. usage: test-counts.py (counts.py's options)

Golden files are made of what one case really counts, and then doctored: a counter moved by more and
by less than the threshold, a case too few, an unknown key, other flags, text that is not a golden
file. Also: a tool that is missing, too old or too new, and a program that does not do what it
should.
"""
import contextlib
import copy
import io
import json
import os
import sys
import tempfile
from unittest import mock

import counts

ONLY = "alloc_free"


class Bench:
    """counts.py with the options of this build, a folder of its own, and one case."""

    def __init__(self, words, folder):
        self.words = words
        self.folder = folder
        status, text = self.run("refresh")
        if status == counts.SKIP:
            print(text)
            sys.exit(counts.SKIP)
        assert status == 0, text
        [name] = os.listdir(folder)
        self.path = os.path.join(folder, name)
        self.golden = counts.load_golden(self.path)
        self.names = sorted(self.golden["cases"])
        assert self.names and all(ONLY in name for name in self.names)

    def run(self, command, *more):
        """(exit status, everything printed)"""
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            status = counts.main([command, *self.words, "--golden", self.folder, "--only", ONLY,
                                  *more])
        return status, out.getvalue()

    def check(self, golden):
        """check against this golden object, or text."""
        with open(self.path, "w", encoding="utf-8") as f:
            f.write(golden if isinstance(golden, str) else json.dumps(golden))
        return self.run("check")

    def tool_counters(self):
        return [name for name in self.golden["cases"][self.names[0]] if name != "pages"]

    def scaled(self, factor):
        """The golden object with the first case's instructions multiplied."""
        golden = copy.deepcopy(self.golden)
        golden["cases"][self.names[0]]["instructions"] *= factor
        return golden


def expect(got, status, *texts):
    assert got[0] == status, f"exit status {got[0]}, not {status}:\n{got[1]}"
    for text in texts:
        assert text in got[1], f"'{text}' is not in:\n{got[1]}"


def test_thresholds(bench):
    first = bench.names[0]
    expect(bench.check(bench.golden), 0, "0 worse, 0 better")
    expect(bench.check(bench.scaled(1 / 1.005)), 0, "0 worse, 0 better")
    expect(bench.check(bench.scaled(1 / 1.02)), 1, f"worse: {first}: instructions", "(+2.0%)",
           "1 worse, 0 better", "refresh the golden file")
    expect(bench.check(bench.scaled(1.02)), 0, f"better: {first}", "0 worse, 1 better",
           "refresh the golden file")
    golden = bench.scaled(1 / 1.02)
    golden["cases"][bench.names[1]]["instructions"] *= 1.5
    expect(bench.check(golden), 1, "1 worse, 1 better")


def test_cases(bench):
    golden = copy.deepcopy(bench.golden)
    first = bench.names[0]
    del golden["cases"][first]
    expect(bench.check(golden), 1, f"{first}: is not in the golden file")
    golden["cases"][first] = bench.golden["cases"][first]
    golden["cases"][ONLY + "/gone"] = bench.golden["cases"][first]
    expect(bench.check(golden), 1, f"{ONLY}/gone: is in the golden file and was not counted")
    golden = copy.deepcopy(bench.golden)
    golden["cases"][first]["pages"] = 7
    expect(bench.check(golden), 1, "pages: golden 7, now 1")
    golden = copy.deepcopy(bench.golden)
    golden["cases"][first]["more"] = 0
    expect(bench.check(golden), 1, f"worse: {first}: more: golden 0, now not there", "1 worse, 0 better")
    counter = bench.tool_counters()[-1]
    if counter != "instructions":  # which load_golden() insists on
        del golden["cases"][first]["more"], golden["cases"][first][counter]
        expect(bench.check(golden), 1, f"worse: {first}: {counter}: golden not there, now", "1 worse, 0 better")


def test_unknown_key(bench):
    os.rename(bench.path, os.path.join(bench.folder, "vax-pcc-1.json"))
    expect(bench.run("check", "--refresh-command", "make it so"), counts.SKIP, "no golden file",
           bench.golden["key"], "make it so")
    os.rename(os.path.join(bench.folder, "vax-pcc-1.json"), bench.path)
    expect(bench.check({**bench.golden, "flags": "-O7"}), counts.SKIP, "-O7",
           bench.golden["flags"])


def test_malformed(bench):
    case = bench.golden["cases"][bench.names[0]]
    bad = ["", "{", "[]", '"text"', "{}", '{"key": 1}',
           {**bench.golden, "key": "vax-pcc-1"}, {**bench.golden, "key": None},
           {**bench.golden, "cases": {}}, {**bench.golden, "cases": [1]},
           {**bench.golden, "cases": {"a": 1}},
           {**bench.golden, "cases": {"a": {**case, "instructions": "12"}}},
           {**bench.golden, "cases": {"a": {"pages": 1}}},
           {**bench.golden, "cases": {"a": {**case, "pages": 0}}}]
    for golden in bad:
        expect(bench.check(golden), 1, "not a golden file")


def test_missing_tool(bench):
    with mock.patch.dict(os.environ, PATH=""):
        expect(bench.run("check"), counts.SKIP, "install the package")
        expect(bench.run("refresh"), counts.SKIP, "install the package")


def test_other_qemu(bench):
    """One that is built without plugins, and one that speaks only later versions."""
    qemu = os.path.join(bench.folder, "qemu")

    def pretend(text):
        with open(qemu, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\n" + text)
        os.chmod(qemu, 0o755)
        return bench.run("check", "--plugin", "icount.so", "--runner", qemu + "|-L|sysroot")

    expect(pretend("echo usage"), counts.SKIP, "without support for plugins")
    expect(pretend('[ "$1" = --help ] && echo -plugin && exit\n'
                   "echo 'icount.so requires API version 1, but' >&2\nexit 1"),
           counts.SKIP, "does not take plugins of version 1")
    expect(pretend('[ "$1" = --help ] && echo -plugin && exit\nexit 1'), 1, "failed (1)")
    os.remove(qemu)


def test_broken_program(bench):
    words, program = bench.words, os.path.join(bench.folder, "program")
    bench.words = words + ["--program", program]
    expect(bench.run("check"), 1, "counts.py: ")
    bench.words = words
    # Something that answers, and counts nothing.
    with mock.patch.object(counts.Callgrind, "results", return_value={}), \
            mock.patch.object(counts.Icount, "results", return_value={}):
        expect(bench.run("check"), 1, "nothing was counted")
    # Empty operations that are not there, and counts that are not the same twice.
    with mock.patch.object(counts, "BASELINE", "neither/"):
        expect(bench.run("refresh"), 1, "two different cases")
    real, calls = counts.measure, []

    def drifting(*args):
        calls.append(real(*args))
        calls[-1][bench.names[0]]["instructions"] += len(calls)
        return calls[-1]

    with mock.patch.object(counts, "measure", drifting):
        expect(bench.run("refresh"), 1, "two runs differ", "was not written")


def test_refresh_some(bench):
    """--only leaves the other cases as they are."""
    golden = copy.deepcopy(bench.golden)
    golden["cases"]["other"] = {"pages": 1, "instructions": 5}
    del golden["cases"][bench.names[0]]
    expect(bench.check(golden), 1)
    expect(bench.run("refresh"), 0)
    assert counts.load_golden(bench.path)["cases"] == {**bench.golden["cases"],
                                                       "other": golden["cases"]["other"]}


def test_table(bench):
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert counts.main(["table", "--label", "a", "--label", "b", bench.path, bench.path]) == 0
    rows = out.getvalue().splitlines()
    assert rows[0] == "| case | a | b |" and len(rows) == 2 + len(bench.names), rows


def main(words):
    with tempfile.TemporaryDirectory(prefix="counts-") as folder:
        bench = Bench(words, folder)
        for test in (test_thresholds, test_cases, test_unknown_key, test_malformed,
                     test_missing_tool, test_other_qemu, test_broken_program, test_refresh_some,
                     test_table):
            counts.save_golden(bench.path, bench.golden["key"], bench.golden["flags"],
                               bench.golden["cases"])
            test(bench)
            print(f"{test.__name__}: good")


if __name__ == "__main__":
    main(sys.argv[1:])
