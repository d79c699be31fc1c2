#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What bench_replay --strategy all advised, as a saved file and as a section of BENCHMARKS.md.

  advice.py save RAW --commit ID --date DAY --command TEXT --program TEXT    results/LABEL/advice.json
  advice.py quote                                       what docs/flush.md quotes of it

What holds: only the virtual clock's figures are saved, which do not depend on the host; every section
says that they are modelled.
"""
import argparse
import json
import sys
from pathlib import Path

from figures import markdown_table, number, shorten
from results import ROOT, SCHEMA_VERSION, Problem, load, save, text_of

COLUMNS = [
    ("ns per page", "ns_per_page", 1), ("unmap p50 ns", "p50_ns", 1), ("p99 ns", "p99_ns", 1),
    ("exposed us", "exposure_page_us", 1), ("release p99 us", "release_p99_ns", 1e-3),
    ("invalidations per page", "invalidations_per_page", 1), ("syncs per page", "syncs_per_page", 1),
    ("collateral per page", "collateral_per_page", 1), ("held KiB", "quarantine_bytes", 1 / 1024),
]


def saved(raw, args):
    traces = raw["advice"]
    if not traces:
        raise Problem(f"{args.raw}: no trace was done before the run was interrupted")
    if any(row["clock"] != "virtual" for trace in traces for row in trace["strategies"]):
        raise Problem("only figures of the virtual clock are saved")
    if any("error" in row for trace in traces for row in trace["strategies"]):
        raise Problem("a strategy failed")
    for trace in traces:
        del trace["threads"], trace["oversubscribed"]
        trace["strategies"] = [{k: shorten(v) for k, v in row.items()}
                               for row in trace["strategies"]]
    model = traces[0]["model"]
    partial = {key: raw[key] for key in ("partial", "cases_done", "cases_total") if key in raw}
    if partial:
        partial["parts_missing"] = []
    if partial and not args.out:
        raise Problem("the run was interrupted, and a partial one is not kept in results/: run it to its "
                      "end (--out FILE makes a file of what there is)")
    return {"schema_version": SCHEMA_VERSION, "kind": "advice", "label": f"{model}-modelled", "commit": args.commit,
            "date": args.date, "command": args.command, "advice_command": args.program,
            "environment": {"architecture": "modelled", "cpu": model, "emulated": False},
            **partial, "advice": traces}


def cell(row, field, scale):
    if field == "exposure_page_us" and row["strategy"] == "none":
        return "unbounded"
    value = row.get(field)
    return "-" if value is None else number(value * scale)


def table(trace, columns=None):
    """As the tables of report.py; the one that is advised has a mark."""
    columns = columns or COLUMNS
    body = [[f"**{row['strategy']}**" if row["advised"] else row["strategy"]] +
            [cell(row, field, scale) for _, field, scale in columns] for row in trace["strategies"]]
    return {"head": ["strategy"] + [title for title, _, _ in columns], "body": body, "keys": 1}


def reasons(trace):
    """In words, in order."""
    return [trace[k] for k in sorted(k for k in trace if k.startswith("reason_"))]


def markdown(path, report):
    """The blocks of a section."""
    model = report["environment"]["cpu"]
    yield f"## Which strategy: the shipped traces on {model}, modelled"
    rows = [("label", f"**modelled**: CPUs, cache lines and SMMU of {model} under the virtual clock "
             "([docs/flush.md](docs/flush.md)); nothing of it was measured on such a host"),
            ("commit", f"`{report['commit']}`, {report['date']}"),
            ("command", f"`{report['command']}`, which ran `{report['advice_command']}`"),
            ("figures from", f"[{path}]({path})")]
    yield "\n".join(["| | |", "| --- | --- |"] + [f"| {k} | {v} |" for k, v in rows])
    yield ("ns per page: what the CPUs take for mapping and unmapping a page, waits included; exposed: the "
           "mean time that a page may be reused and a stale translation still used; held: the most that "
           "was unmapped and not released. Every thread goes as fast as it can: at the pace of a device "
           "queues fill more slowly, and expose for longer (`--pace trace`).")
    for trace in report["advice"]:
        yield f"### {trace['trace']}, {trace['cpus']} CPUs, budget {trace['budget_us']} us: modelled"
        yield "\n".join(f"* {reason}" for reason in reasons(trace))
        yield markdown_table(table(trace))


BEGIN = "<!-- advice: made by tools/advice.py from results/, do not edit -->\n"
END = "<!-- end of advice -->"
QUOTED = ("hi1620-modelled", "net-rx-lazy")
QUOTED_COLUMNS = [column for column in COLUMNS
                  if column[1] in ("ns_per_page", "exposure_page_us", "collateral_per_page",
                                   "quarantine_bytes")]


def quoted(report):
    """The block of docs/flush.md."""
    trace = next(t for t in report["advice"] if t["trace"] == QUOTED[1])
    said = "\n".join(f"       {reason}" for reason in reasons(trace))
    return BEGIN + "\n" + markdown_table(table(trace, QUOTED_COLUMNS)) + "\n\n   It says\n\n" + \
        said + "\n\n"


def quote(results, docs):
    """docs with the block that these results make."""
    report = json.loads((Path(results) / QUOTED[0] / "advice.json").read_text())
    before, rest = docs.split(BEGIN)
    return before + quoted(report) + END + rest.split(END, 1)[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    sub = commands.add_parser("save", help="results/LABEL/advice.json from bench_replay's JSON")
    sub.add_argument("raw")
    for name in ("commit", "date", "command", "program"):
        sub.add_argument(f"--{name}", required=True)
    sub.add_argument("--results", default=ROOT / "results")
    sub.add_argument("--out", help="this file instead of one in results/")
    sub.set_defaults(save=True)
    sub = commands.add_parser("quote", help="what docs/flush.md quotes")
    sub.set_defaults(save=False)
    args = parser.parse_args()
    try:
        if not args.save:
            docs = ROOT / "docs/flush.md"
            save(docs, quote(ROOT / "results", docs.read_text()))
            return
        report = saved(load(args.raw), args)
        out = Path(args.out or Path(args.results) / report["label"] / "advice.json")
        save(out, text_of(report) + "\n")
    except (OSError, Problem) as error:
        sys.exit(f"advice.py: {error}")


if __name__ == "__main__":
    main()
