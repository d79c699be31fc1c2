#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What tools/gate says to bad input: status 3, what was wrong, and what mends it; nothing built."""
import json
import os
import tempfile
from pathlib import Path
from unittest import mock

from support import expect, gate, run, run_tests

CACHE = """CMAKE_PROJECT_NAME:STATIC=io-pgtable
CMAKE_HOME_DIRECTORY:INTERNAL=/nowhere
CMAKE_BUILD_TYPE:STRING={0}
CMAKE_C_FLAGS:STRING={1}
"""


def build_folder(text):
    folder = tempfile.mkdtemp(prefix="gate-")
    Path(folder, "CMakeCache.txt").write_text(text, encoding="utf-8")
    return folder


def test_words():
    expect(run("--help"), 0, "--threshold", "Exit status: 0 pass, 1 regression, 2 unstable")
    expect(run(), 3, "BASE and HEAD are needed", "--help")
    expect(run("a"), 3, "BASE and HEAD are needed")
    expect(run("a", "b", "c"), 3, "BASE and HEAD are needed")
    expect(run("a", "b", "--frob"), 3, "--frob")
    for option, bad in (("--threshold", "0"), ("--launches", "4"), ("--budget-ms", "x")):
        expect(run("a", "b", option, bad), 3, option)
    expect(run("--golden", "a", "b"), 3, "at most one build folder")
    expect(run("--golden", "--layer", "2"), 3, "no other layer")


def test_revisions():
    expect(run("no-such-revision", "HEAD"), 3, "no-such-revision: not a revision", "unshallow")


def test_builds():
    expect(run("--builds", "/nonexistent", "b"), 3, "not a build folder", "cmake --preset")
    other = build_folder("CMAKE_PROJECT_NAME:STATIC=other\n")
    expect(run("--builds", other, other), 3, "a build of other")
    debug = build_folder(CACHE.format("Debug", ""))
    expect(run("--builds", debug, debug), 3, "its build type is Debug", "--preset release")
    asan = build_folder(CACHE.format("Release", "-fsanitize=address"))
    expect(run("--builds", asan, asan), 3, "built with a sanitizer")
    good = build_folder(CACHE.format("Release", ""))
    expect(run("--builds", good, good, "--layer", "1"), 3, "count-ops was not built", "--target")


def test_older_than_its_sources():
    folder = build_folder(CACHE.format("Release", ""))
    program = Path(folder, "tests/counts/count-ops")
    program.parent.mkdir(parents=True)
    program.write_text("", encoding="utf-8")
    plan = "[1/2] Building C object\n"
    with mock.patch.object(gate.sides, "run", return_value=plan):
        expect(run("--builds", folder, folder, "--layer", "1"), 3, "older than its sources")


def test_missing_tools():
    good = build_folder(CACHE.format("Release", ""))
    with mock.patch.dict(os.environ, PATH=""), mock.patch.object(gate.counted, "NATIVE", "x86_64"):
        expect(run("--builds", good, good, "--layer", "1"), 3, "install valgrind")
        assert "qemu-user" in gate.counted.missing("arm64")
    with mock.patch.object(gate.counted, "NATIVE", "arm64"):
        assert "on x86-64 only" in gate.counted.missing("x86_64")
    arm64 = build_folder(CACHE.format("Release", "") + "CMAKE_TOOLCHAIN_FILE:F=cmake/arm64.cmake\n")
    expect(run("--builds", arm64, arm64, "--layer", "2"), 3, "cannot be timed here", "--layer 1")
    expect(run("--builds", arm64, good, "--layer", "1"), 3, "different architectures")


def test_reports_of_errors():
    with tempfile.TemporaryDirectory() as folder:
        data, words = Path(folder, "gate.json"), Path(folder, "gate.md")
        status, _ = run("nothing", "HEAD", "--json", data, "--markdown", words)
        report = json.loads(data.read_text(encoding="utf-8"))
        assert status == report["status"] == 3 and report["verdict"] == "error"
        assert "not a revision" in report["error"]
        assert "gate: error" in words.read_text(encoding="utf-8")
        Path(folder, "file").write_text("", encoding="utf-8")
        expect(run("nothing", "HEAD", "--json", f"{folder}/file/x"), 3, "cannot be written")


run_tests(globals())
