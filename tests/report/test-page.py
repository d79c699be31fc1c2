# SPDX-License-Identifier: GPL-2.0-only
"""tools/page.py without a browser: the parts in order, nothing that would be fetched, data that
cannot break out of its element, what is missing says how to get it, and the bound on embedded data.

Usage: test-page.py TOP SMALL
"""
import base64
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ORDER = ["verdict", "self-check", "ratios", "plots", "tables", "counts", "environment", "raw"]


def sections(text):
    return re.findall(r'<section id="([a-z-]+)"', text)


def data_of(text):
    return json.loads(
        re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1]
    )


def check_whole(page, files):
    text = page.build(files)
    assert sections(text) == ORDER, sections(text)
    assert [report for _, report in files] == data_of(text)["run"]
    # Outside of ECharts' own text nothing names another place.
    own = text.replace(page.read_library(), "")
    assert not re.search(
        r'(?:src|href)="(?!#|data:,)|url\(|@import|https?://(?!json-schema)', own
    ), "fetches"
    assert "default-src 'none'" in text and "connect-src" not in text
    assert re.search(r"This run can see differences of [\d.]+% or more", text), "the self-check"
    for word in ("modelled", "measured", "counted"):
        assert f'<span class="tag {word}">' in text, word
    assert "emulated: counts, not time" in text
    return text


def check_emulated(page, report):
    """No verdict out of an emulator's times, and every plot of them says so on its axis."""
    report = {**report, "environment": {**report["environment"], "emulated": True}}
    text = page.build([("x.json", report)])
    verdict = text[text.index('id="verdict"') : text.index('id="self-check"')]
    assert "EMULATED" in verdict and "ns" not in re.findall(
        r"[a-z]+", re.sub(r"Modelled.*?</li>", "", verdict)
    )
    assert "on this host" not in verdict and '<span class="tag emulated">' in text
    assert "Strategies by strict-page on this host" not in text


def check_hints(page, report):
    """What was not run says how to run it."""
    bare = {
        key: value
        for key, value in report.items()
        if key not in ("flush", "self_check", "strategy_launches", "contention")
    }
    text = page.build([("x.json", bare)])
    for words in (
        "./bench.sh --peers",
        "./bench.sh --advice",
        "./bench.sh --counts",
        "No flush strategies in this run",
        "This file has no self-check",
    ):
        assert words in text, words


def check_hostile(page, report):
    """Whatever a file has in it stays text."""
    evil = "</script><script>alert(1)</script>"
    text = page.build([(evil, {**report, "commit": evil, "command": evil, "date": evil})])
    assert "<script>alert" not in text
    assert data_of(text)["run"][0]["commit"] == evil


def check_bound(page, report):
    page.EMBED_BYTES = 1000
    text = page.build([("some/file.json", report)])
    assert "too large for this page" in text and "some/file.json" in text
    assert not data_of(text)["run"][0]["map"] and "data-download" not in text.split("<script")[0]
    page.EMBED_BYTES = 16 << 20


def check_samples(page, report, small):
    """The samples beside a run's figures are in the page, up to a bound; elsewhere there is nothing to say."""
    path, name = small / "one/report.json", "samples-map.jsonl.gz"
    embedded = data_of(page.build([(str(path), report)]))["samples"]
    assert [base64.b64decode(text) for text in embedded] == [(path.parent / name).read_bytes()]
    bound, page.SAMPLES_BYTES = page.SAMPLES_BYTES, 100
    text = page.build([(str(path), report)])
    page.SAMPLES_BYTES = bound
    assert not data_of(text)["samples"] and "data-samples" not in text.split("<script")[0]
    assert f"small-run-{name}" in text and "more than is left of the" in text
    assert "<h3>Samples</h3>" not in page.build([("x.json", report)])


def check_many(page, report):
    """Tables of the first few files only; and what there is no room for is left out of the data."""
    text = page.build([(f"{i}.json", report) for i in range(page.MOST_TABLES + 2)])
    assert text.count("All figures of") == page.MOST_TABLES
    assert f"The first {page.MOST_TABLES} files" in text
    assert "Times of 1 more files" in text and text.count("<h3>Times: ") == page.hosts.MOST_TIMES


def check_without_library(page, report, top, small):
    """Where npm could fetch nothing: a page with tables, and the run goes on."""
    there, page.ECHARTS = page.ECHARTS, top / "not/there.js"
    text = page.build([("x.json", report)])
    page.ECHARTS = there
    assert "could not be had" in text and "npm ci --prefix tools" in text
    assert len(text) < 2 * len((small / "one/report.json").read_text()) + (1 << 20)


def check_help(top):
    """Every tool explains its options."""

    def run(tool, option):
        return subprocess.run(
            [top / "tools" / tool, option], capture_output=True, text=True, timeout=60, check=False
        )

    for tool, options in (
        ("page.py", ("--out", "--beside")),
        ("compare", ("--report", "--json", "--bars", "--peer", "--base")),
        ("results-validate", ("--upgrade",)),
    ):
        result = run(tool, "--help")
        assert result.returncode == 0 and all(o in result.stdout for o in options), (tool, result)
        result = run(tool, "--nonsense")
        assert result.returncode == 2 and "usage: " in result.stderr, (tool, result)


def check_refusals(top, small, folder):
    def run(*args):
        return subprocess.run(
            [sys.executable, top / "tools/page.py", "-o", folder / "out.html", *args],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    (folder / "old.json").write_text('{"version": 1, "kind": "quick"}')
    for name, words in (("old.json", "schema version 1 is old"), ("none.json", "No such file")):
        result = run(folder / name)
        assert (
            result.returncode == 1 and words in result.stderr and "Traceback" not in result.stderr
        ), result
    for out, words in (
        ("/dev/full", "No space left"),
        (folder / "old.json" / "x.html", "its folder is a file"),
    ):
        result = run(small / "one/report.json", "-o", out)
        assert result.returncode == 1 and f"cannot be written: {words}" in result.stderr, result
    assert not list(folder.glob("*.new")) and not Path("/dev/full").is_file()
    assert run(small / "one/report.json", "-o", "/dev/stdout").stdout.startswith("<!DOCTYPE html>")
    assert not (folder / "out.html").exists()


def main(top, small):
    top, small = Path(top), Path(small)
    sys.path.insert(0, str(top / "tools"))
    import page  # pylint: disable=import-error,import-outside-toplevel

    report = json.loads((small / "one/report.json").read_text())
    check_whole(page, [("one/report.json", report)])
    files = [
        (p.name, json.loads(p.read_text()))
        for p in (
            top / "results/amd-epyc-f25m17-2c/peers.json",
            top / "results/hi1620-modelled/advice.json",
            top / "results/neoverse-n1-emulated/counts.json",
        )
    ]
    text = page.build(files)
    assert "Of the project: " in text and "Which strategy for the traces" in text
    assert "Core against Linux as arm64 programs" in text and "counts what both execute" not in text
    check_emulated(page, report)
    check_hints(page, report)
    check_hostile(page, report)
    check_bound(page, report)
    check_samples(page, report, small)
    check_many(page, report)
    check_without_library(page, report, top, small)
    check_help(top)
    with tempfile.TemporaryDirectory() as name:
        check_refusals(top, small, Path(name))
    print("the page is as it should be")


main(*sys.argv[1:])
