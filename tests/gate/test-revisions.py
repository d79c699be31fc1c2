#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Revisions are checked out in worktrees, a bounded number of them, and the checkout stays as it is."""
import subprocess
import tempfile
from pathlib import Path
from unittest import mock

from support import gate, run_tests
from results import Problem

sides = gate.sides
REPO = Path(tempfile.mkdtemp(prefix="gate-"))
COMMITS = sides.KEPT + 2


def git(*words):
    name = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    return subprocess.run(
        ["git", *name, *words], cwd=REPO, check=True, capture_output=True, text=True
    ).stdout.strip()


def set_up():
    git("init", "-q", "-b", "main")
    Path(REPO, ".gitignore").write_text("/build/\n", encoding="utf-8")
    git("add", ".gitignore")
    for i in range(COMMITS):
        Path(REPO, "file").write_text(f"{i}\n", encoding="utf-8")
        git("add", "file")
        git("commit", "-q", "-m", f"{i}")
    Path(REPO, "file").write_text("not committed\n", encoding="utf-8")


def revision(name):
    return sides.Revision(name)


def test_worktrees():
    before = git("status", "--porcelain"), git("rev-parse", "HEAD"), git("branch")
    side = revision("HEAD~1")
    assert (side.tree / "file").read_text(encoding="utf-8") == f"{COMMITS - 2}\n"
    assert revision("HEAD~1").tree == side.tree
    assert (git("status", "--porcelain"), git("rev-parse", "HEAD"), git("branch")) == before
    assert Path(REPO, "file").read_text(encoding="utf-8") == "not committed\n"
    assert side.describe() == {"label": "HEAD~1", "commit": git("rev-parse", "HEAD~1")[:12]}


def test_changed_worktree():
    side = revision("HEAD~2")
    (side.tree / "file").write_text("changed\n", encoding="utf-8")
    try:
        revision("HEAD~2")
    except Problem as problem:
        assert "was changed: remove it" in str(problem)
    else:
        raise AssertionError("a changed worktree was taken")
    (side.tree / "file").write_text(f"{COMMITS - 3}\n", encoding="utf-8")


def test_bound():
    for i in range(COMMITS):
        revision(f"HEAD~{i}")
    sides.trim()
    kept = sorted(path.parent.name for path in sides.WORK.glob("*/tree"))
    assert len(kept) == sides.KEPT, kept
    assert git("rev-parse", f"HEAD~{COMMITS - 1}")[:12] in kept
    assert len(git("worktree", "list").splitlines()) == sides.KEPT + 1


set_up()
with mock.patch.multiple(sides, ROOT=REPO, WORK=REPO / "build/gate"), mock.patch.object(
    sides.git, "__defaults__", None
):
    real_run = sides.run
    with mock.patch.object(
        sides, "run", lambda command, what, cwd=REPO: real_run(command, what, cwd)
    ):
        run_tests(globals())
