#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""tools/emulated.py: what it saves and refuses to save, and its section. usage: test-emulated.py TOP"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

CASE = "map/fmt:arm_64_lpae_s1/granule:4K/size:4K/batch:16"
COUNTERS = ("loads", "stores", "exclusive", "lse", "acquire_release", "dmb", "dsb", "l1d_misses")


def write(folder, key, instructions, flags="-O2", case=CASE):
    folder.mkdir(parents=True, exist_ok=True)
    counted = {"pages": 16, "instructions": instructions, **dict.fromkeys(COUNTERS, 8)}
    (folder / f"{key}.json").write_text(json.dumps({"key": key, "flags": flags, "cases": {case: counted}}))


def write_all(folder, **linux):
    for variant, arch in (("lse", "aarch64-lse"), ("llsc", "aarch64")):
        write(folder / variant, f"{arch}-gcc-12.2.0-assert1-wide-fill0", 160)
        write(folder / variant, f"{arch}-linux-6.12-gcc-12.2.0-lpae", 640, **linux)


def save(top, folder):
    out = folder / "counts.json"
    result = subprocess.run(
        [sys.executable, top / "tools/emulated.py", "save", folder, "--commit", "0", "--date", "2026-01-01",
         "--command", "./bench.sh --counts", "--out", out], capture_output=True, text=True, check=False)
    return result, out


def refused(top, folder, *texts):
    result, out = save(top, folder)
    assert result.returncode == 1 and not out.exists(), result
    for text in ("emulated.py: ", *texts):
        assert text in result.stderr, (text, result)


def test_saved(top, folder):
    write_all(folder)
    result, out = save(top, folder)
    assert result.returncode == 0, result
    report = json.loads(out.read_text())
    assert report["kind"] == "counts" and report["environment"]["emulated"] is True, report
    assert len(report["counts"]) == 4, report
    import emulated  # pylint: disable=import-error,import-outside-toplevel
    text = "\n\n".join(emulated.markdown("results/x/counts.json", report))
    assert "## arm64, emulated: counts, not time" in text, text
    assert "| map 4K x 16; stage 1, 4K | 10 | 40 | 0.250 | 10 | 40 | 0.250 |" in text, text
    assert "| 0.5 / 0.5 |" in text and " ns" not in text, text


def main(top):
    top = Path(top)
    sys.path.insert(0, str(top / "tools"))
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        test_saved(top, work / "good")
        refused(top, work / "nothing", "nothing", "are needed")
        write_all(work / "flags", flags="-O3")
        refused(top, work / "flags", "'-O2'", "'-O3'", "one build folder")
        write_all(work / "half")
        (work / "half/llsc/aarch64-linux-6.12-gcc-12.2.0-lpae.json").unlink()
        refused(top, work / "half", "there is: core")
        write_all(work / "text")
        (work / "text/lse/aarch64-lse-linux-6.12-gcc-12.2.0-lpae.json").write_text("{}")
        refused(top, work / "text", "not a file of counts.py")


main(*sys.argv[1:])
