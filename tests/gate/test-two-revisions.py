#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The whole gate between two git revisions, as a pull request has it: a repository of two commits, made of
this tree as it is. In the second one freeing a table executes a few hundred instructions more, which
layer 1 must find, with status 1, in the text, the JSON and the summary for a pull request; the first one
beside itself, and the other way round, must pass. Layer 2 runs too; what it measures here is not looked
at, only that it is there. Most of the time is building: the library twice for layer 1, once for layer 2.

usage: test-two-revisions.py TOP
"""
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from support import gate, run_tests

TOP = Path(sys.argv[1])
NATIVE = gate.sides.NATIVE
CASE = "alloc_free/fmt:arm_64_lpae_s1/granule:4K"
HOT = "void free_io_pgtable(struct io_pgtable *iop)\n{\n"
PLANTED = HOT + '\tfor (int i = 0; i < 300; i++)\n\t\t__asm__ volatile("");\n'
REPO = Path(tempfile.mkdtemp(prefix="gate-")) / "tree"


def git(*words, cwd=REPO):
    name = ("-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(
        ["git", *name, *words], cwd=cwd, check=True, capture_output=True, text=True
    ).stdout


def commit(path, old, new):
    text = (REPO / path).read_text(encoding="utf-8")
    assert old in text, f"{path} has no {old!r} any more: this test has to change"
    (REPO / path).write_text(text.replace(old, new), encoding="utf-8")
    git("commit", "-qam", f"{path} changes")


def set_up():
    """What git has of this tree, with what was not committed; from a tarball, everything but build/."""
    REPO.mkdir()
    known = subprocess.run(
        ["git", "ls-files", "-z"], cwd=TOP, capture_output=True, text=True, check=False
    )
    if known.returncode == 0 and known.stdout:
        for name in filter(None, known.stdout.split("\0")):
            if (TOP / name).is_file():
                (REPO / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(TOP / name, REPO / name)
    else:
        skip = shutil.ignore_patterns("build", "node_modules")
        shutil.copytree(TOP, REPO, ignore=skip, dirs_exist_ok=True)
    git("init", "-q", "-b", "main")
    git("add", "-A")
    git("commit", "-qm", "the tree")
    commit("core/framework.c", HOT, PLANTED)


def run(*words):
    """The exit status, the text and what else it wrote."""
    done = subprocess.run(
        [REPO / "tools/gate", *words, "--arch", NATIVE, "--only", CASE, "--layer", "1"]
        + ["--json", REPO / "gate.json", "--markdown", REPO / "gate.md"],
        cwd=REPO, capture_output=True, text=True, timeout=900, check=False,
    )
    return done, json.loads((REPO / "gate.json").read_text()), (REPO / "gate.md").read_text()


def test_equal():
    done, report, _ = run("HEAD~1", "HEAD~1")
    assert done.returncode == 0 and "pass:" in done.stdout, done
    assert report["counts"][0]["states"]["same"] == report["counts"][0]["cases"] == 1, report
    assert report["base"] == report["head"] and report["base"]["label"] == "HEAD~1", report


def test_planted():
    done, report, markdown = run("HEAD~1", "HEAD")
    assert done.returncode == 1 and "regression:" in done.stdout and CASE in done.stdout, done
    row = report["counts"][0]["rows"][0]
    assert row["state"] == "worse" and row["head"] - row["base"] > 500, row
    assert CASE in markdown, markdown
    # The other way round it is a gain, which passes; nothing has to be built again.
    assert run("HEAD", "HEAD~1")[0].returncode == 0


def test_timed():
    words = ["HEAD~1", "HEAD~1", "--layer", "2", "--launches", "5", "--budget-ms", "5"]
    done = subprocess.run(
        [REPO / "tools/gate", *words, "--only", "pair/size:4K/batch:1", "--json", REPO / "gate.json"],
        cwd=REPO, capture_output=True, text=True, timeout=900, check=False,
    )
    assert done.returncode in (0, 1, 2), done
    layer = json.loads((REPO / "gate.json").read_text())["paired"]
    assert layer["launches"] >= 5 and layer["rows"], layer
    assert all(row["base_ns"] > 0 and row["ratio"]["value"] > 0 for row in layer["rows"]), layer


def test_not_touched():
    assert not git("status", "--porcelain", "--untracked-files=no")
    assert git("rev-parse", "--abbrev-ref", "HEAD").strip() == "main"


if not NATIVE or gate.counted.missing(NATIVE):
    print(f"skipped: {NATIVE and gate.counted.missing(NATIVE)}")
    sys.exit(77)
try:
    set_up()
    run_tests(globals())
finally:
    shutil.rmtree(REPO.parent, ignore_errors=True)
