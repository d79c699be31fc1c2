#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The report page: one HTML file with everything in it, out of results files.

  page.py -o OUT.html [--beside OLDER]... FILE...

Reads offline: style, script, Apache ECharts (from tools/node_modules, if it is there) and the data
are in the page, and its policy forbids it to fetch anything. Without ECharts every chart is its
table. What holds: the page depends on its inputs only; each figure is labelled measured, emulated,
modelled or counted; a part without data says how to get it; data beyond EMBED_BYTES, and samples
beyond SAMPLES_BYTES, are left out, and the page says so."""
import argparse
import base64
import re
import sys
from pathlib import Path

import advice
import emulated
import formats
import hosts
import ratios
import report as tables
import verdict
from figures import number
from markup import details, esc, json_script, pairs, table, tag, words
from results import KINDS, ROOT, Problem, load, load_results, provenance, save
from selfcheck import SelfCheck

PARTS = Path(__file__).resolve().parent / "page"
ECHARTS = ROOT / "tools/node_modules/echarts/dist/echarts.common.min.js"
GOLDEN = ROOT / "tests/counts/golden"
EMBED_BYTES = 16 << 20
SAMPLES_BYTES = 12 << 20  # of all files of samples, compressed
MOST_FILES = 64
MOST_TABLES = 8
TITLE = "io-pgtable: what map, unmap, translate and flush cost"
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'"
)


class Run:
    """A results file on the page."""

    def __init__(self, index, path, report, many):
        self.index = index
        self.path = path
        self.report = report
        self.kind = report["kind"]
        self.id = f"run{index}"
        self.title = f"{report['label']}, {self.kind}" if many else f"{self.kind} set"
        self.provenance = provenance(report)
        self.has_plots = self.kind in ("quick", "full")

    def heading(self):
        return f"<h3>{esc(self.title)} {tag(self.provenance)}</h3>"


def section(identity, title, *blocks):
    return (
        f'<section id="{identity}" aria-labelledby="{identity}-h"><h2'
        f' id="{identity}-h">{title}</h2>'
        + "\n".join(blocks)
        + "</section>"
    )


def paragraph(text, kind=""):
    return f'<p{f" class={kind}" if kind else ""}>{words(text)}</p>'


# ---- verdict, self-check ------------------------------------------------------------------------


def verdict_section(runs):
    blocks = []
    for run in runs:
        items = "".join(
            f'<li class="{how}">{words(text)}</li>' for how, text in verdict.sentences(run.report)
        )
        shown = "".join(
            f"<div><dt>{esc(name)}</dt><dd>{esc(value)} <small>{esc(unit)}</small></dd></div>"
            for name, value, unit in verdict.key_figures(run.report)
        )
        blocks += [
            run.heading() if len(runs) > 1 else "",
            f'<dl class="key">{shown}</dl>' if shown else "",
            f'<ul class="verdict">{items}</ul>',
        ]
    return section("verdict", "Verdict", *blocks)


def self_check_block(run):
    if run.provenance == "emulated":
        return paragraph(
            "Emulated: its times mean nothing, and neither would a check of them.", "missing"
        )
    check = SelfCheck(run.report)
    if check.within is None:
        return paragraph(
            (
                "This file has no self-check (it was made before there was one, or with "
                "`--filter`): run `./bench.sh` to get one."
            ),
            "missing",
        )
    body = [
        [
            ratios.short(ratios.split_name(name)[1]),
            number(a),
            number(b),
            f"{r.value:.3f}",
            r.interval(),
        ]
        for name, a, b, r in check.rows
    ]
    made = {"head": ["case", "A ns", "B ns", "A/B", "95% interval"], "body": body, "keys": 1}
    return "".join(paragraph(text) for text in check.words()) + table(
        made, "A and B are the same code, measured twice in each launch.", f"aa-{run.id}"
    )


def self_check_section(runs):
    checked = [run for run in runs if run.kind not in ("advice", "counts")]
    blocks = [
        paragraph(
            "The same code measured against itself: what differs here is this host's noise, "
            "and no smaller difference below means anything."
        )
    ]
    for run in checked:
        blocks += [run.heading() if len(checked) > 1 else "", self_check_block(run)]
    if not checked:
        blocks.append(
            paragraph(
                "Modelled figures, and counts, are the same in every run, to the last digit.",
                "missing",
            )
        )
    return section("self-check", "A/A self-check of this run", *blocks)


# ---- ratios -------------------------------------------------------------------------------------


def peer_tables(run):
    launches = ratios.launches_of(run.report)
    found = ratios.compare_all(launches, ratios.PEER)
    met = [
        [label, ratios.value_of(c), ratios.interval_of(c), limit, text]
        for label, limit, c, text, _ in ratios.bars(launches, ratios.PEER)
    ]
    yield table(
        {"head": ["case", "ratio", "95% interval", "at most", "bar"], "body": met, "keys": 1},
        f"The bars: core / {ratios.PEER} over {len(launches)} launches.",
        f"bars-{run.id}",
    )
    body = [
        [
            ratios.short(case),
            number(c.ours),
            number(c.theirs),
            f"{c.ratio.value:.3f}",
            c.ratio.interval(),
            c.ratio.verdict(),
            f"{c.dropped:.1%}",
        ]
        for case, c in found.items()
    ]
    yield table(
        {
            "head": ["case", "core ns", "Linux ns", "ratio", "95% interval", "", "dropped"],
            "body": body,
            "keys": 1,
        },
        (
            f"Every case that both have ({len(body)}); dropped: samples taken while a neighbour had"
            " the core."
        ),
        f"ratios-{run.id}",
    )


def format_tables(run):
    launches = formats.launches_of(run.report)
    for said in formats.notes(launches):
        yield paragraph(said)
    for i, (what, made) in enumerate(formats.tables(launches)):
        yield table(made, what, f"formats-{run.id}-{i}")


def strategy_tables(run):
    for title, what, made, _ in hosts.strategy_blocks(run.report):
        if made["body"]:
            yield table(made, f"{title}. {what}")


def ratio_section(runs, data):
    peers = [run for run in runs if run.kind == "peers"]
    blocks = ["<h3>Core against Linux</h3>"]
    for run in peers:
        data["ratios"].append(hosts.ratio_input(run.report))
        blocks += [
            run.heading() if len(peers) > 1 else "",
            charts("ratios", len(data["ratios"]) - 1),
            *peer_tables(run),
            *format_tables(run),
        ]
    if not peers:
        blocks.append(
            paragraph(
                (
                    "Linux's own code was not built into this run: `./bench.sh --peers` measures it"
                    " beside the library, in one process (about 4 minutes)."
                ),
                "missing",
            )
        )
    blocks.append("<h3>Strategies against strict-page</h3>")
    made = [block for run in runs if run.has_plots for block in strategy_tables(run)]
    blocks += made or [
        paragraph("No flush strategies in this run: `./bench.sh` measures them.", "missing")
    ]
    counted = [run for run in runs if run.kind == "counts"]
    for run in counted:
        blocks += [
            f"<h3>Core against Linux as arm64 programs {tag('emulated')}</h3>",
            table(emulated.instructions_table(run.report), "Instructions per page; no times."),
            table(emulated.kinds_table(run.report), "What they are, core / Linux."),
        ]
    if not counted:
        blocks.append(
            paragraph(
                "`./bench.sh --counts` counts what both execute as arm64 programs, emulated.",
                "note",
            )
        )
    traces = [run for run in runs if run.kind == "advice"]
    for run in traces:
        blocks.append(f"<h3>Which strategy for the traces {tag('modelled')}</h3>")
        for trace in run.report["advice"]:
            said = "".join(paragraph(reason) for reason in advice.reasons(trace)[-1:])
            blocks.append(
                said
                + table(
                    advice.table(trace),
                    (
                        f"Trace {trace['trace']}, {trace['cpus']} CPUs, "
                        f"budget {trace['budget_us']} us."
                    ),
                )
            )
    if not traces:
        blocks.append(
            paragraph(
                "`./bench.sh --advice` says which strategy to use for the shipped traces.", "note"
            )
        )
    return section("ratios", "Ratios", *blocks)


# ---- plots, tables ------------------------------------------------------------------------------


def charts(which, index):
    return (
        f'<div class="charts" id="{which}-{index}" data-list="{which}" data-index="{index}"></div>'
    )


def plot_section(runs, has_library):
    plotted = [run for run in runs if run.has_plots]
    blocks = [
        '<noscript><p class="warn">The plots need JavaScript; all tables are here without'
        " it.</p></noscript>"
    ]
    if not has_library:
        blocks.append(
            paragraph(
                (
                    "Apache ECharts could not be had (npm), so each plot is a table here. "
                    "`npm ci --prefix tools --omit=dev` fetches it."
                ),
                "warn",
            )
        )
    for i, run in enumerate(plotted):
        body = charts("run", run.index)
        blocks.append(body if len(plotted) == 1 else details(run.title, body, i == 0))
    if not plotted:
        blocks.append(
            paragraph("These files have no figures to plot: `./bench.sh` makes some.", "missing")
        )
    return section("plots", "Plots", *blocks)


def table_section(runs):
    blocks = []
    tabled = [run for run in runs if run.has_plots]
    if len(tabled) > MOST_TABLES:
        blocks.append(
            paragraph(
                f"The first {MOST_TABLES} files; `tools/report.py table FILE` prints those of any.",
                "note",
            )
        )
    for run in tabled[:MOST_TABLES]:
        made = [
            f"<h3>{esc(title)}</h3>" + table(t, what)
            for title, what, t in tables.tables(run.report)
        ]
        blocks.append(details(f"All figures of {run.title}", "\n".join(made)))
    return section("tables", "Tables", *blocks) if blocks else ""


def count_section(golden):
    blocks = [
        paragraph(
            "Instructions that an operation executes, exact and the same in every run. Not of this "
            "run: they are the tree's golden files, which a test holds the code to "
            "(`docs/counts.md`). arm64 was **emulated: counts, not time**."
        )
    ]
    if not golden:
        return section(
            "counts",
            "Instruction counts",
            paragraph("tests/counts/golden has no file: see `docs/counts.md`.", "missing"),
        )
    blocks.append(charts("counts", 0))
    names = list(dict.fromkeys(case for file in golden for case in file["cases"]))
    head = ["case", "pages"]
    for file in golden:
        head.append("arm64, emulated" if file["key"].startswith("aarch64") else "x86-64")
    body = [[name, *pages_and_counts(name, golden)] for name in names]
    blocks.append(
        table(
            {"head": head, "body": body, "keys": 1},
            "Instructions per operation: " + "; ".join(f"`{f['key']}`" for f in golden) + ".",
            "counts-table",
        )
    )
    return section("counts", f"Instruction counts {tag('counted')}", *blocks)


def pages_and_counts(name, golden):
    found = [file["cases"].get(name) for file in golden]
    pages = next(str(case["pages"]) for case in found if case)
    return [pages] + [str(case["instructions"]) if case else "-" for case in found]


# ---- where from ---------------------------------------------------------------------------------


def environment_section(runs):
    blocks = []
    for run in runs:
        if run.kind == "advice":
            rows = [
                ("model", run.report["environment"]["cpu"]),
                ("commit", f"`{run.report['commit']}`"),
                ("command", f"`{run.report['command']}`"),
            ]
        elif run.kind == "counts":
            rows = emulated.about(run.report)
        else:
            rows = [(k, v) for k, v in tables.host_lines(run.path, run.report) if k != "label"]
        blocks.append(run.heading() + pairs(rows, f"{run.title}: host, build and command"))
    return section("environment", "Environment", *blocks)


def samples_of(run):
    """The files of samples that bench.sh has put beside a run's figures."""
    if not run.has_plots:
        return []
    return sorted(Path(run.path).parent.glob("samples-*.jsonl.gz"))


def sample_blocks(runs, samples):
    """A button for each file of samples that there is room for; samples: out."""
    files = [(run, path) for run in runs for path in samples_of(run)]
    if not files:
        return
    yield (
        "<h3>Samples</h3>"
        + paragraph(
            "What the medians were taken of, a line of JSON for each case, compressed"
            " (`docs/results.md` has the form)."
        )
    )
    room = SAMPLES_BYTES
    for run, path in files:
        size = path.stat().st_size
        name = f"{run.report['label']}-{path.name}"
        if size > room:
            yield paragraph(
                f"`{name}`: {size >> 10} KiB are more than is left of the"
                f" {SAMPLES_BYTES >> 20} MiB that a page has for samples; the file itself is `{path}`.",
                "warn",
            )
            continue
        room -= size
        yield (
            f'<p><button type="button" class="plain" hidden data-samples="{len(samples)}" '
            f'data-name="{esc(name)}">Download {esc(name)} ({(size + 1023) >> 10} KiB)</button></p>'
        )
        samples.append(base64.b64encode(path.read_bytes()).decode("ascii"))


def raw_section(runs, left_out, samples):
    blocks = [
        paragraph(
            f"Everything above is in these files. Up to {EMBED_BYTES >> 20} MiB of them are part of"
            " this page."
        )
    ]
    for run in runs:
        name = f"{run.report['label']}-{run.kind}.json"
        if run.index in left_out:
            blocks.append(
                paragraph(
                    (
                        f"`{name}`: too large for this page ({left_out[run.index] >> 10} KiB are"
                        " more than is left), so it has no plots here; the file itself is"
                        f" `{run.path}`."
                    ),
                    "warn",
                )
            )
        else:
            blocks.append(
                f'<p><button type="button" class="plain" hidden data-download="{run.index}" '
                f'data-name="{esc(name)}">Download {esc(name)}</button></p>'
            )
    blocks += sample_blocks(runs, samples)
    return section("raw", "Raw data", *blocks)


def embed(runs):
    """(data of each run, {index: bytes} of those that there was no room for); the small first."""
    sizes = {run.index: len(json_script(run.report)) for run in runs}
    room, kept, left_out = EMBED_BYTES, {}, {}
    for run in sorted(runs, key=lambda r: sizes[r.index]):
        if sizes[run.index] <= room:
            room -= sizes[run.index]
            kept[run.index] = run.report
        else:
            left_out[run.index] = sizes[run.index]
            kept[run.index] = {
                key: value
                for key, value in run.report.items()
                if key in ("schema_version", "kind", "label", "commit", "environment")
            }
            kept[run.index]["map"] = []
    return [kept[run.index] for run in runs], left_out


# ---- the whole ----------------------------------------------------------------------------------

NAV = [
    ("verdict", "Verdict"),
    ("hosts", "Side by side"),
    ("self-check", "Self-check"),
    ("ratios", "Ratios"),
    ("plots", "Plots"),
    ("tables", "Tables"),
    ("counts", "Instruction counts"),
    ("environment", "Environment"),
    ("raw", "Raw data"),
]


def script_of(library):
    """charts.mjs and page.mjs as one module; ECharts before it."""
    own = (ROOT / "tools/charts.mjs").read_text() + (PARTS / "page.mjs").read_text()
    own = re.sub(r"^export ", "", own, flags=re.M)
    if "</script" in own.lower():
        raise Problem("tools/charts.mjs or page.mjs ends its own script element")
    return (
        f"<script>{library}</script>" if library else ""
    ) + f'<script type="module">{own}</script>'


def read_library():
    """ECharts, or nothing where npm could not fetch it."""
    if not ECHARTS.is_file():
        return ""
    text = ECHARTS.read_text(encoding="utf-8")
    return re.sub(r"</(?=script)", "<\\/", text, flags=re.I)


def about(runs):
    """Which files these are: by label, then what was made at which commit."""
    by_label = {}
    for run in runs:
        by_label.setdefault(run.report["label"], []).append(
            f"{run.kind} at {run.report['commit']} of {run.report['date']}"
        )
    said = [f"{label}: {', '.join(what)}" for label, what in by_label.items()]
    return "; ".join(said[:4]) + (f" and {len(said) - 4} more" if len(said) > 4 else "")


def build(files):
    """The page's text; files: (path, report) of each."""
    runs = [Run(i, path, report, len(files) > 1) for i, (path, report) in enumerate(files)]
    golden = [load(path) for path in sorted(GOLDEN.glob("*.json"))]
    embedded, left_out = embed(runs)
    library = read_library()
    data = {"run": embedded, "ratios": [], "counts": [{"counts": golden}], "samples": []}
    sections = [
        verdict_section(runs),
        hosts.section(runs, data, section, charts),
        self_check_section(runs),
        ratio_section(runs, data),
        plot_section(runs, bool(library)),
        table_section(runs),
        count_section(golden),
        environment_section(runs),
        raw_section(runs, left_out, data["samples"]),
    ]
    body = "\n".join(sections)
    links = "".join(
        f'<li><a href="#{identity}">{name}</a></li>'
        for identity, name in NAV
        if f'<section id="{identity}"' in body
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{esc(TITLE)}</title>
<link rel="icon" href="data:,">
<style>{(PARTS / "page.css").read_text()}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the figures</a>
<header class="top"><div><h1>{esc(TITLE)}</h1><p>{esc(about(runs))}</p></div>
<button type="button" class="plain" id="theme" hidden>Dark</button></header>
<nav aria-label="Parts of the report"><ul>{links}</ul></nav>
<main id="main" tabindex="-1">
{body}
</main>
<footer>Made by tools/page.py of io-pgtable. Labels: {tag("measured")} on the hardware that is named;
{tag("modelled")} by a simulation; {tag("emulated")} instructions of another architecture, times mean nothing;
{tag("counted")} instructions, not time.</footer>
<script type="application/json" id="data">{json_script(data)}</script>
{script_of(library)}
</body>
</html>
"""


def read_all(paths):
    if len(paths) > MOST_FILES:
        raise Problem(f"{len(paths)} files: a page takes at most {MOST_FILES}")
    return [(str(path), load_results(path)) for path in paths]


def belongs(older, newest):
    """Was an older file made of the same commit, with nothing modified?"""
    commit = newest["commit"]
    return older["commit"] == commit and not commit.endswith(("-modified", "unknown"))


def read_beside(paths, newest):
    """Those of paths that belong to it; a file of another version was made by another commit."""
    for path in paths:
        try:
            report = load_results(path)
        except Problem:
            continue
        if belongs(report, newest):
            yield str(path), report


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("files", nargs="+", metavar="FILE", help="results files")
    parser.add_argument("-o", "--out", required=True, help="the page")
    parser.add_argument(
        "--beside",
        action="append",
        default=[],
        metavar="OLDER",
        help="also this file, if it is of the same commit as FILE",
    )
    args = parser.parse_args()
    try:
        files = read_all(args.files)
        files += read_beside(args.beside, files[0][1])
        files.sort(key=lambda item: KINDS.index(item[1]["kind"]))
        save(args.out, build(files))
    except Problem as problem:
        sys.exit(f"page.py: {problem}")


if __name__ == "__main__":
    main()
