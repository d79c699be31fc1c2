# SPDX-License-Identifier: GPL-2.0-only
"""What tools/gate says: the verdict and its exit status, as text, Markdown and JSON.

What holds: the three say the same; a regression outweighs what is unstable; layer 3 has no say. Of
rows beyond MOST_ROWS of a layer the text and the Markdown say how many there are; JSON has them all.
"""
import json

from results import save

PASS, REGRESSION, UNSTABLE, ERROR = 0, 1, 2, 3
WORDS = {PASS: "pass", REGRESSION: "regression", UNSTABLE: "unstable", ERROR: "error"}
VERSION = 1
MOST_ROWS = 25


def status_of(report):
    if any(layer["failed"] for layer in report["counts"]):
        return REGRESSION
    paired = report["paired"]
    if paired and paired["failed"]:
        return REGRESSION
    return UNSTABLE if paired and paired["unstable"] else PASS


def name_of(side):
    name = side["label"] + (f" ({side['commit']})" if "commit" in side else "")
    return name + (", with changes that are not committed" if side.get("changed") else "")


def tally(states):
    return ", ".join(f"{n} {state}" for state, n in states.items() if n) or "nothing"


def change_text(row):
    if "base" not in row:
        return row.get("why", "")
    change = f"{row['head'] / row['base'] - 1:+.1%}" if row["base"] else "from nothing"
    return f"{row['base']:.10g} -> {row['head']:.10g} ({change})"


def counts_table(layer):
    head = ("state", "case", "counter", "per operation")
    rows = [
        (row["state"], row["case"], row.get("counter", ""), change_text(row))
        for row in layer["rows"]
    ]
    return head, rows


def percent(value):
    return "-" if value is None else f"{100 * (value - 1):+.2f}%"


def span(ratio):
    return f"{percent(ratio['low'])}..{percent(ratio['high'])}"


def paired_table(layer):
    head = ("state", "case", "base, ns", "change", "95% interval", "A/A interval", "dropped")
    rows = [
        (
            row["state"],
            row["case"],
            f"{row['base_ns']:.4g}",
            percent(row["ratio"]["value"]),
            span(row["ratio"]),
            span(row["again"]),
            f"{row['dropped_share']:.1%}",
        )
        for row in layer["rows"]
    ]
    return head, rows


def history_table(file):
    head = ("case", "since", "ns per page", "ratio")
    rows = [
        (row["case"], row["at"], f"{row['before']:.4g} -> {row['after']:.4g}", str(row["ratio"]))
        for row in file["changes"]
    ]
    return head, rows


def blocks(report):
    """(title, sentence, (head, rows) or None) of each part, for both kinds of text."""
    for layer in report["counts"]:
        yield (
            f"Layer 1, instruction counts, {layer['architecture']} ({layer['how']})",
            f"{layer['cases']} cases of {layer['key']}; counters: {tally(layer['states'])}."
            + (
                ""
                if layer["golden"]
                else " HEAD has no golden file for this key: nothing is acknowledged."
            ),
            counts_table(layer),
        )
    paired = report["paired"]
    if paired:
        yield (
            "Layer 2, paired timing",
            f"{paired['launches']} launches, threshold {paired['threshold_percent']:g}%: "
            f"{tally(paired['states'])}.",
            paired_table(paired),
        )
    for file in (report["history"] or {}).get("files", []):
        few = file["points"] < report["history"]["min_points"]
        yield (
            f"Layer 3, history of {file['file']} (advisory)",
            f"{file['points']} saved runs: fewer than {report['history']['min_points']} say nothing."
            if few
            else f"{file['points']} saved runs, {file['series']} series, "
            f"{len(file['changes']) + file['left_out']} change points.",
            None if few else history_table(file),
        )


def columns(head, rows):
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    return ["  ".join(text.ljust(w) for text, w in zip(line, widths)).rstrip() for line in lines]


def text(report):
    lines = []
    if "base" in report:
        lines += [f"base: {name_of(report['base'])}", f"head: {name_of(report['head'])}", ""]
    for title, sentence, table in blocks(report):
        lines += [f"== {title}", sentence]
        if table and table[1]:
            lines += columns(table[0], table[1][:MOST_ROWS])
            if len(table[1]) > MOST_ROWS:
                lines.append(f"... and {len(table[1]) - MOST_ROWS} more (--json has them)")
        lines.append("")
    lines += [f"note: {note}" for note in report["notes"]]
    lines.append(closing(report))
    return "\n".join(lines) + "\n"


def closing(report):
    advice = {
        PASS: "no layer found a regression",
        REGRESSION: "if it is meant, refresh the golden file with the change (docs/gate.md); a "
        "time cannot be acknowledged, only argued for",
        UNSTABLE: "equal code did not measure as equal here: run again on a quieter host",
        ERROR: report.get("error", ""),
    }
    return f"{WORDS[report['status']]}: {advice[report['status']]}"


def cell(value):
    return value.replace("|", "\\|")


def markdown(report):
    lines = [f"### Performance gate: {WORDS[report['status']]}", "", closing(report), ""]
    if "base" in report:
        lines += [f"Base {name_of(report['base'])}, head {name_of(report['head'])}.", ""]
    for title, sentence, table in blocks(report):
        lines += [f"**{title}.** {sentence}", ""]
        if table and table[1]:
            lines.append("| " + " | ".join(table[0]) + " |")
            lines.append("| " + " | ".join("---" for _ in table[0]) + " |")
            lines += ["| " + " | ".join(map(cell, row)) + " |" for row in table[1][:MOST_ROWS]]
            if len(table[1]) > MOST_ROWS:
                lines += ["", f"... and {len(table[1]) - MOST_ROWS} more."]
            lines.append("")
    lines += [f"* {note}" for note in report["notes"]]
    return "\n".join(lines).rstrip() + "\n"


def write(report, json_path, markdown_path):
    if json_path:
        save(json_path, json.dumps({"gate": VERSION, **report}, indent=1) + "\n")
    if markdown_path:
        save(markdown_path, markdown(report))
