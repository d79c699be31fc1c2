# SPDX-License-Identifier: GPL-2.0-only
"""tools/advice.py: what it saves and refuses to save, and its section; what docs/flush.md quotes of the
saved advice is what was saved."""
import json
import subprocess
import sys
import tempfile
from pathlib import Path


def row(strategy, clock="virtual", **more):
    return {"strategy": strategy, "clock": clock, "modelled": clock == "virtual", "advised": False,
            "ns_per_page": 123.456789, "p50_ns": 300, "p99_ns": 1136, "exposure_page_us": None,
            "release_p99_ns": 1136, "invalidations_per_page": 1.0, "syncs_per_page": 0.7432,
            "collateral_per_page": 0, "quarantine_bytes": 8192, **more}


def raw(*rows):
    return {"program": "bench_replay", "advice": [
        {"trace": "made-up", "truncated": False, "unmaps": 3, "pages": 4, "cpus": 2, "threads": 1,
         "oversubscribed": False, "budget_us": 20, "pace": "none", "model": "hi1620",
         "advice": "gather", "reason_1": "first", "reason_2": "use gather", "strategies": list(rows)}]}


def save(top, folder, content):
    path = Path(folder) / "raw.json"
    path.write_text(json.dumps(content))
    return subprocess.run(
        [sys.executable, str(Path(top) / "tools/advice.py"), "save", str(path), "--commit", "0",
         "--date", "2000-01-01", "--command", "./bench.sh", "--program", "bench_replay",
         "--results", folder], capture_output=True, text=True, timeout=60, check=False)


def check_saving(top, folder):
    good = raw(row("none"), row("gather", advised=True, exposure_page_us=0))
    result = save(top, folder, good)
    assert result.returncode == 0, result
    path = Path(folder) / "hi1620-modelled/advice.json"
    report = json.loads(path.read_text())
    assert report["kind"] == "advice" and report["label"] == "hi1620-modelled", report
    assert report["advice"][0]["strategies"][0]["ns_per_page"] == 123.5, report
    assert "threads" not in report["advice"][0], "the host's"
    path.unlink()
    for bad in (raw(row("none", clock="real")), raw(row("none", error="it went wrong"))):
        result = save(top, folder, bad)
        assert result.returncode != 0 and "advice.py: " in result.stderr, result
        assert not path.exists()
    return report


def check_section(report):
    import advice  # pylint: disable=import-error,import-outside-toplevel
    text = "\n\n".join(advice.markdown("results/x/advice.json", report))
    assert text.count("modelled") >= 3 and "unbounded" in text and "**gather**" in text, text
    assert text.index("* first") < text.index("* use gather"), text


def check_docs(top):
    """Whoever saves the advice again makes the block in docs/flush.md again."""
    import advice  # pylint: disable=import-error,import-outside-toplevel
    docs = (Path(top) / "docs/flush.md").read_text()
    assert advice.quote(Path(top) / "results", docs) == docs, \
        "docs/flush.md does not quote what was saved: tools/advice.py quote"


def main(top):
    sys.path.insert(0, str(Path(top) / "tools"))
    with tempfile.TemporaryDirectory() as folder:
        check_section(check_saving(top, folder))
    check_docs(top)


main(*sys.argv[1:])
