# SPDX-License-Identifier: GPL-2.0-only
"""tools/plots.sh, as bench.sh uses it, where nothing can be fetched: the page has tables, what
could not be had is said, and the status is 0. And --beside: what is of another commit stays out of
the page.

Usage: test-plots.py TOP SMALL
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SCRIPT = """set -euo pipefail
REPORT=run install=false
die() { printf '%s\\n' "$1" >&2; exit 1; }
say() { printf '== %s\\n' "$1" >&2; }
. tools/packages.sh
. tools/plots.sh
"$@"
"""


def copy_tree(top, scratch):
    """The tools without what npm fetched, and what they read."""
    shutil.copytree(
        top / "tools",
        scratch / "tools",
        ignore=shutil.ignore_patterns("node_modules", "__pycache__"),
    )
    shutil.copytree(top / "tests/counts/golden", scratch / "tests/counts/golden")
    shutil.copytree(top / "results", scratch / "results")
    (scratch / "run").mkdir()


def commands(scratch, *broken):
    """A folder with the few commands that the script needs; broken ones are there and fail."""
    path = scratch / "bin"
    path.mkdir()
    for name in ("bash", "grep", "tail"):
        (path / name).symlink_to(shutil.which(name))
    (path / "python3").symlink_to(sys.executable)
    (path / "dpkg-query").symlink_to(shutil.which("false"))
    for name in broken:
        (path / name).write_text("#!/bin/sh\necho no network >&2\nexit 1\n")
        (path / name).chmod(0o755)
    return {**os.environ, "PATH": str(path), "PYTHONDONTWRITEBYTECODE": "1"}


def run(scratch, env, *words):
    result = subprocess.run(
        [shutil.which("bash"), "-c", SCRIPT, "bash", *words],
        cwd=scratch,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in result.stderr, result.stderr
    return result


def check_nothing_to_draw_with(top, report, *broken):
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        copy_tree(top, scratch)
        env = commands(scratch, *broken)
        (scratch / "run/report.json").write_text(json.dumps(report))
        result = run(scratch, env, "make_page", "report")
        assert result.returncode == 0, result
        assert "the page has tables instead of plots" in result.stderr, result
        text = (scratch / "run/index.html").read_text()
        assert "could not be had" in text and 'id="run-0"' in text
        result = run(scratch, env, "regenerate")
        assert result.returncode == 0 and "plots/ is as it was" in result.stderr, result
        assert (scratch / "BENCHMARKS.md").exists()
        (scratch / "run/report.json").write_text("{")
        result = run(scratch, env, "make_page", "report")
        assert result.returncode == 1 and "not complete" in result.stderr, result


def check_beside(top, report, advice):
    """The page of report.json has advice.json on it only if both are of one commit."""
    for commits, there in (
        (("aaaa", "aaaa"), True),
        (("aaaa", "bbbb"), False),
        (("aaaa-modified", "aaaa-modified"), False),
    ):
        with tempfile.TemporaryDirectory() as name:
            files = [Path(name) / "report.json", Path(name) / "advice.json"]
            for path, content, commit in zip(files, (report, advice), commits):
                path.write_text(json.dumps({**content, "commit": commit}))
            out = Path(name) / "out.html"
            subprocess.run(
                [sys.executable, top / "tools/page.py", "-o", out, "--beside", files[1], files[0]],
                check=True,
                timeout=60,
            )
            assert ("Which strategy for the traces" in out.read_text()) == there, commits


def main(top, small):
    top, small = Path(top), Path(small)
    report = json.loads((small / "one/report.json").read_text())
    check_nothing_to_draw_with(top, report)
    check_nothing_to_draw_with(top, report, "node", "npm")
    check_beside(top, report, json.loads((top / "results/hi1620-modelled/advice.json").read_text()))
    print("without npm there is a page")


main(*sys.argv[1:])
