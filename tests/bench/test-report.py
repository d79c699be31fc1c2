# SPDX-License-Identifier: GPL-2.0-only
"""BENCHMARKS.md and plots/ are exactly what the scripts make of the committed results; the scripts
refuse what is not complete; no result names a host or a path. Drawing needs node and the packages of
tools/package.json; without them that part is skipped (status 77)."""
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from program import can_draw


def run(*command):
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=120,
                          check=False)


def check_results(root):
    for path in root.glob("results/*/*.json"):
        report = json.loads(path.read_text())
        assert path.parent.name == report["label"] and path.stem == report["kind"], path
        assert report["commit"] and report["command"] and report["environment"], path
        assert not re.search(r'"host_?name"|"/(home|root|work|tmp|usr)/', path.read_text()), path


def check_markdown(root, scratch):
    lock = (root / "tools/package-lock.json").read_text()
    assert '"resolved"' not in lock and "://" not in lock, "an address in package-lock.json"
    made = scratch / "BENCHMARKS.md"
    result = run(sys.executable, root / "tools/report.py", "markdown", "--out", made)
    assert result.returncode == 0, result.stderr
    assert made.read_bytes() == (root / "BENCHMARKS.md").read_bytes(), \
        "BENCHMARKS.md is not what tools/report.py makes of results/"


def check_refusals(root, scratch):
    broken = scratch / "broken"
    broken.mkdir()
    (broken / "run.json").write_text('{"kind": "quick"')
    for args in (["merge", broken, "-o", scratch / "out.json"], ["table", scratch / "missing.json"]):
        result = run(sys.executable, root / "tools/report.py", *args)
        assert result.returncode != 0 and "report.py: " in result.stderr, result
        assert "Traceback" not in result.stderr, result.stderr


def check_plots(root, scratch):
    if not can_draw(root / "tools"):
        print("skipped: plots need node, and npm ci --prefix tools")
        return False
    result = run("node", root / "tools/plot.mjs", "--out", scratch / "plots")
    assert result.returncode == 0, result.stderr
    made = {p.name: p.read_bytes() for p in (scratch / "plots").glob("*.svg")}
    there = {p.name: p.read_bytes() for p in (root / "plots").glob("*.svg")}
    assert set(made) == set(there), set(made) ^ set(there)
    for name, svg in made.items():
        assert svg == there[name], f"plots/{name} is not what tools/plot.mjs makes of results/"
    return True


def main(root):
    root = Path(root)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        check_results(root)
        check_markdown(root, scratch)
        check_refusals(root, scratch)
        drawn = check_plots(root, scratch)
    sys.exit(0 if drawn else 77)


main(*sys.argv[1:])
