#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The whole program on a build and a planted one: +1% of instructions is status 1, no less is.

usage: test-planted.py TOP BUILD    a Release build, with count-ops and count-ops-planted
"""
import json
import os
import sys
import tempfile
from pathlib import Path
from unittest import mock

from support import expect, gate, run, run_tests

BUILD = Path(sys.argv[2])
CASE = "alloc_free/fmt:arm_64_lpae_s1/granule:4K"
WORDS = ("--layer", "1", "--only", CASE)


def plant(hundredths):
    """HEAD's count-ops is the planted one: count_ops() is called for BASE, then for HEAD."""
    real, calls = gate.sides.Build.count_ops, []

    def second_is_planted(side, arch):
        calls.append(side)
        program, folder = real(side, arch)
        return (program if len(calls) == 1 else f"{program}-planted"), folder

    return mock.patch.multiple(gate.sides.Build, count_ops=second_is_planted), mock.patch.dict(
        os.environ, COUNTS_PLANT=str(hundredths)
    )


def planted(hundredths, *words):
    patch, env = plant(hundredths)
    with patch, env:
        return run("--builds", BUILD, BUILD, *WORDS, *words)


def instructions():
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "gate.json")
        expect(planted(40000, "--json", report), 1)
        return json.loads(report.read_text(encoding="utf-8"))["counts"][0]["rows"][0]["base"]


def test_equal():
    expect(run("--builds", BUILD, BUILD, *WORDS), 0, "1 same", "pass:")
    expect(run("--golden", BUILD, "--only", CASE), 0, "the golden file", "pass:")


def test_planted():
    before = instructions()
    expect(planted(round(before * 1.05)), 1, "1 worse", CASE, "regression:", "golden file")
    expect(planted(round(before * 0.8)), 0, "1 same", "pass:")


def test_not_written():
    """A verdict that a workflow would not get to see is no pass."""
    for option, where in (("--json", "/dev/full"), ("--markdown", "/sys/not-here")):
        got = run("--golden", BUILD, "--only", CASE, option, where)
        expect(got, 3, f"{where}: cannot be written")


def test_nothing_chosen():
    expect(run("--builds", BUILD, BUILD, "--layer", "1", "--only", "nothing-is"), 3, "no case")


if gate.counted.missing(gate.sides.Build(BUILD).arch):
    print("skipped: " + gate.counted.missing(gate.sides.Build(BUILD).arch))
    sys.exit(77)
if not list(
    (gate.sides.ROOT / "tests/counts/golden").glob(
        gate.counted.counts.run([str(BUILD / "tests/counts/count-ops"), "--key"]).stdout.split()[1]
        + ".json"
    )
):
    print("skipped: there is no golden file for this compiler")
    sys.exit(77)
run_tests(globals())
