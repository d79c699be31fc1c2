# SPDX-License-Identifier: GPL-2.0-only
"""The report page in headless Chromium (browser.mjs): a page of a small run, the same without
ECharts, and one merged from all committed results. Skipped (status 77) where Chromium, Node.js or
npm's packages cannot be had.

Usage: test-browser.py TOP SMALL
"""
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))
from program import can_draw  # pylint: disable=import-error,wrong-import-position


def skip(what):
    print(f"skipped: report-browser needs {what}")
    sys.exit(77)


def main(top, small):
    top, small = Path(top), Path(small)
    chromium = shutil.which("chromium")
    if not chromium:
        skip("Chromium: apt-get install chromium")
    if not can_draw(top / "tools"):
        skip("Node.js (Debian's nodejs), and the packages of tools/package-lock.json: npm ci --prefix tools")
    sys.path.insert(0, str(top / "tools"))
    import page  # pylint: disable=import-error,import-outside-toplevel

    one = [("one/report.json", json.loads((small / "one/report.json").read_text()))]
    committed = [(p.name, json.loads(p.read_text())) for p in sorted(top.glob("results/*/*.json"))]
    with tempfile.TemporaryDirectory() as name:
        pages = [Path(name) / f"{kind}.html" for kind in ("whole", "bare", "many")]
        pages[0].write_text(page.build(one))
        pages[2].write_text(page.build(committed))
        page.ECHARTS = top / "not/there.js"
        pages[1].write_text(page.build(one))
        result = subprocess.run(
            ["node", Path(__file__).parent / "browser.mjs", top / "tools", chromium, *pages],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    print(result.stdout + result.stderr or "the pages work")
    sys.exit(result.returncode)


main(*sys.argv[1:])
