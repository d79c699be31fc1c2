#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Turns what the benchmarks wrote into one file, a table on the terminal, and BENCHMARKS.md.

  report.py merge DIR -o FILE                  one JSON file out of a run's raw files
  report.py merge DIR --into results [--label] the same as results/LABEL/KIND.json
  report.py table FILE                         the tables for a terminal
  report.py markdown [--out FILE]              BENCHMARKS.md from results/*/*.json

What holds: the output depends on the input files only (no clock, no environment), so that a test
can compare it; figures of different files never stand in one table; nothing that names a host or
a path on it gets into a merged file.
"""
import argparse
import os
import re
import sys
from pathlib import Path

import advice
import cmdq
import contention
import counts
import dirty
import emulated
import flush
import formats
import pool
import ratios
import selfcheck
from figures import markdown_table, number, shorten
from results import (ROOT, SCHEMA_VERSION, Problem, load, load_results, partial_words, save,
                     text_of)

SIZES = {"4K": 12, "16K": 14, "64K": 16, "1M": 20, "2M": 21, "32M": 25, "512M": 29, "1G": 30}
OPS = ["map", "unmap", "pair", "populate", "iova_to_phys", "alloc_free",
       "cursor_pair", "map_sg", "iova_to_phys_batch"]
PATTERNS = ["warm", "sequential", "random_1G", "random_256G"]
FLUSHES = ["strict", "strict-per-leaf", "queued"]
DOMAINS = ["private", "shared", "neighbour"]
ORDER = {"op": OPS, "pattern": PATTERNS, "flush": FLUSHES, "domain": DOMAINS}
BASE = {"fmt": "arm_64_lpae_s1", "granule": "4K", "size": "4K", "pattern": "warm",
        "coherent": "1", "flush": "strict", "domain": "private", "threads": "1"}
# A sample in ten this much above another in ten: the figure was not quiet.
NOISY = 1.3


# ---- merging ------------------------------------------------------------------------------------

def keep(key):
    return key.startswith(("ns_per_page", "map_ns", "unmap_ns")) or key in (
        "pages", "samples", "dropped_share", "noisy")


def merge_row(row, keep=keep):
    out = {"name": row["name"]}
    if row.get("error_occurred"):
        out["error"] = row.get("error_message", "")
        return out
    for key, value in row.items():
        if keep(key) or counts.keep(key):
            out[key] = shorten(value)
    return out


def merge_partial(merged, raws, missing):
    """An interrupted run says so, and how many cases there are of how many of the parts that began."""
    partial = merged.pop("partial", False) or any(raw.get("partial") for raw in raws)
    if not partial:
        return
    merged["partial"] = True
    for key in ("cases_done", "cases_total"):
        merged[key] = sum(raw.get(key, len(raw.get("benchmarks", raw.get("replay", ()))))
                          for raw in raws)
    merged["parts_missing"] = missing


def merge(folder, label):
    folder = Path(folder)
    run = load(folder / "run.json")
    merged = {"schema_version": SCHEMA_VERSION, **run}
    if label:
        merged["label"] = label
    merged["environment"] = load(folder / "environment.json")
    raw = load(folder / "map.json")
    rows, raws = raw["benchmarks"], [raw]
    merged.update(counts.merge(raw))
    # With repetitions the library adds its own mean, median ... to the samples.
    merged["map"] = [merge_row(r) for r in rows if r.get("run_type") != "aggregate"]
    for part in (pool, contention, cmdq, dirty, flush):
        path = folder / f"{part.__name__}.json"
        if path.exists():
            raws.append(load(path))
            merged[part.__name__] = [merge_row(r, part.keep) for r in raws[-1]["benchmarks"]
                                     if r.get("run_type") != "aggregate"]
    merged["replay"] = []
    for path in sorted(folder.glob("replay-*.json")):
        raws.append(load(path))
        for row in raws[-1]["replay"]:
            merged["replay"].append({k: shorten(v) for k, v in row.items()})
    merged.update(selfcheck.merge(folder))
    merge_partial(merged, raws, merged.pop("parts_missing", []))
    return merged


def command_merge(args):
    merged = merge(args.folder, args.label)
    out = args.out
    if args.into:
        if merged.get("partial"):
            raise Problem(f"{args.folder}: the run was interrupted, and a partial one is not kept in "
                          f"{args.into}: run it to its end (-o FILE makes a file of what there is)")
        if not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", merged["label"]):
            raise Problem(f"label {merged['label']!r}: only a-z, 0-9, dot and dash")
        out = Path(args.into) / merged["label"] / f"{merged['kind']}.json"
    save(out, text_of(merged) + "\n")


# ---- tables -------------------------------------------------------------------------------------

def parse_name(name):
    op, *pairs = name.split("/")
    return {"op": op, **dict(pair.split(":", 1) for pair in pairs)}


def rank(key, value):
    if key in ORDER:
        return (ORDER[key].index(value), "")
    if value in SIZES:
        return (SIZES[value], "")
    return (int(value), "") if value.isdigit() else (0, value)


def cases(report):
    return [(parse_name(row["name"]), row) for row in report["map"]]


def cell(row, field="ns_per_page"):
    if row is None:
        return ""
    if "error" in row:
        return "skipped" if row["error"].startswith("skipped") else "ERROR"
    noisy = row["ns_per_page_p90"] > NOISY * row["ns_per_page_p10"]
    return number(row[field]) + (" ~" if noisy and field == "ns_per_page" else "")


def pivot(report, where, row_keys, col_key):
    """Rows and columns out of those cases that have the values in `where` (sets, or one value)."""
    impls = {key["impl"] for key, _ in cases(report)}
    keys = (["impl"] if len(impls) > 1 else []) + row_keys
    table, columns = {}, set()
    for key, row in cases(report):
        if all(key[k] in v if isinstance(v, (set, list)) else key[k] == v
               for k, v in where.items()):
            at = tuple(key[k] for k in keys)
            table.setdefault(at, {})[key[col_key]] = row
            columns.add(key[col_key])
    columns = sorted(columns, key=lambda c: rank(col_key, c))
    rows = sorted(table, key=lambda at: [rank(k, v) for k, v in zip(keys, at)])
    body = [list(at) + [cell(table[at].get(c)) for c in columns] for at in rows]
    names = [f"{col_key} {c}" if c.isdigit() else c for c in columns]
    return {"head": keys + names, "body": body, "keys": len(keys)}


def base_but(*free, **fixed):
    where = {k: v for k, v in BASE.items() if k not in free}
    where.update(fixed)
    return where


EDITS = {"map", "unmap", "pair"}
GEOMETRY = ["fmt", "granule", "size"]

# Title, what is measured, and the arguments of pivot().
PIVOTS = [
    ("By batch and size", "Pages (or blocks) per call, warm, one thread, strict flushing.",
     base_but(*GEOMETRY, op=EDITS), GEOMETRY + ["op"], "batch"),
    ("By pattern", "4K pages; which pages a call goes to.",
     base_but("pattern", op=EDITS), ["op", "batch"], "pattern"),
    ("By way of flushing", "4K pages; what is done about the TLB.",
     base_but("flush", "fmt", op={"unmap", "pair"}), ["fmt", "op", "batch"], "flush"),
    ("By coherence", "4K pages; coherent 0: the walker does not snoop, cache lines are cleaned.",
     base_but("coherent", "fmt", op=EDITS), ["fmt", "op", "batch"], "coherent"),
    ("By threads", "4K pages; time per page of each thread: equal numbers in a row are ideal "
     "scaling.", base_but("threads", "domain", op=EDITS, batch={"1", "16", "256"}), ["op", "batch", "domain"], "threads"),
    ("From empty and back", "Map a whole region, unmap it, free the domain: per page for all of it.",
     base_but(*GEOMETRY, "pattern", "flush", "coherent", op="populate"),
     GEOMETRY + ["coherent", "flush"], "batch"),
    ("Translation", "iova_to_phys, per address.",
     base_but(*GEOMETRY, "pattern", op="iova_to_phys"), GEOMETRY, "pattern"),
    ("Scattered work", "cursor_pair: single pages through a cursor; map_sg: scatter lists of 64 single "
     "pages; iova_to_phys_batch: 64 addresses a call.",
     base_but("fmt", "granule", "size", "pattern", "batch",
              op={"cursor_pair", "map_sg", "iova_to_phys_batch"}),
     ["op", "batch", "fmt", "granule"], "pattern"),
    ("Domains", "Allocate and free a domain, per domain.",
     base_but("fmt", "granule", "size", "threads", op="alloc_free"), ["fmt", "granule"],
     "threads"),
]

REPLAY_COLUMNS = [
    ("trace", lambda r: r["trace"]),
    ("flush", lambda r: r["flush"]),
    ("events", lambda r: str(r["events"])),
    ("pages mapped", lambda r: str(r["mapped_pages"])),
    ("map ns p50", lambda r: number(r["map_ns_p50"])),
    ("map ns p99", lambda r: number(r.get("map_ns_p99"))),
    ("unmap ns p50", lambda r: number(r["unmap_ns_p50"])),
    ("unmap ns p99", lambda r: number(r.get("unmap_ns_p99"))),
    ("callbacks per page", lambda r: number(r["callbacks_per_page"])),
    ("tables peak KiB", lambda r: str(r["table_peak_bytes"] // 1024)),
]


def replay_table(report):
    rows = sorted(report["replay"],
                  key=lambda r: (r["trace"], rank("flush", r["flush"])))
    return {"head": [title for title, _ in REPLAY_COLUMNS],
            "body": [[get(row) for _, get in REPLAY_COLUMNS] for row in rows], "keys": 2}


def tables(report, brief=False):
    for title, what, where, row_keys, col_key in PIVOTS:
        if brief and "fmt" in row_keys:
            where = {**where, "fmt": BASE["fmt"]}
            row_keys = [k for k in row_keys if k != "fmt"]
        table = pivot(report, where, row_keys, col_key)
        if table["body"]:
            yield title, what + " ns per page.", table
    yield from pool.tables(report.get("pool"))
    yield from contention.tables(report.get("contention"))
    yield from cmdq.tables(report.get("cmdq"))
    yield from dirty.tables(report.get("dirty"))
    yield from flush.tables(report.get("flush"))
    yield from counts.tables(report)
    if report["replay"]:
        yield ("Traces", "Real DMA traces replayed; ns per call.", replay_table(report))


def command_table(args):
    report = load_results(args.file)
    env = report["environment"]
    out = [f"{env['cpu']}, {env['cpus']} CPUs, {env['compiler']}, commit {report['commit']}"
           f"{', EMULATED: times mean nothing' if env['emulated'] else ''}"]
    if report.get("partial"):
        out.append(partial_words(report))
    for title, what, table in tables(report, brief=True):
        lines = [table["head"]] + table["body"]
        widths = [max(len(line[i]) for line in lines) for i in range(len(table["head"]))]
        out += ["", f"{title}. {what}"]
        for line in lines:
            out.append("  ".join(text.ljust(w) if i < table["keys"] else text.rjust(w)
                                 for i, (text, w) in enumerate(zip(line, widths))).rstrip())
    problems = [row for _, row in cases(report) if "error" in row]
    out += ["", f"~ beside a figure: its 90th percentile is over {NOISY} times its 10th."]
    out += [f"{row['name']}: {row['error']}" for row in problems]
    print("\n".join(out))


# ---- BENCHMARKS.md ------------------------------------------------------------------------------

INTRO = """<!-- SPDX-License-Identifier: GPL-2.0-only -->
<!-- Made by tools/report.py from results/. Do not edit: run ./bench.sh --save. -->
# Benchmarks

Times are nanoseconds per page (or per block of the size given), the median of many samples, by the
benchmark's own clock; `~` marks a figure whose 90th percentile is more than {noisy} times its 10th.
How they are measured, and what each word means, is in [docs/benchmarking.md](docs/benchmarking.md).
Figures are comparable within one section only: each section is one run on one host.

Each section is labelled **measured** (on the hardware that it names), **emulated** (instructions of
another architecture; its times mean nothing) or **modelled** (from a simulation). {arm64}
"""

NO_ARM64 = ("**No arm64 hardware has been measured yet**: nothing below says how fast this is on "
            "arm64.")


def is_arm64_hardware(report):
    env = report["environment"]
    return env["architecture"] in ("aarch64", "arm64") and not env["emulated"]


def host_lines(path, report):
    env = report["environment"]
    caches = ", ".join(f"L{c['level']} {c['type']} {c['bytes'] // 1024} KiB"
                       for c in env["caches"])
    thp = env["transparent_huge_pages"]
    virtual = "no" if env["hypervisor"] == "none" else f"yes ({env['hypervisor']})"
    yield "label", "emulated" if env["emulated"] else "**measured**"
    yield "host", f"{env['cpu']} ({env['cpu_id']}), {env['cores']} cores, {env['cpus']} CPUs"
    yield "virtual machine", virtual
    yield "caches", caches
    yield "system", (f"{env['architecture']}, Linux {env['kernel']}, pages of "
                     f"{env['page_bytes'] // 1024}K, transparent huge pages {thp['enabled']}, "
                     f"governor {env['governor'] or 'not visible'}, PMU {env['pmu']}")
    if "counters" in report:
        yield "events", " ".join(counts.words(report))
    if env.get("unsteady"):
        yield "unsteady", "; ".join(f"{what} {state}" for what, state in env["unsteady"].items())
    yield "build", f"{env['compiler']}, `{env['flags']}`, assertions {env['assertions']}"
    yield "libraries", ", ".join(f"{k} {v}" for k, v in env["libraries"].items())
    yield "clock", (f"{env['clock']['name']} on {env['clock']['source']}, overhead "
                    f"{number(env['clock']['overhead_ns'])} ns (subtracted)")
    yield "commit", f"`{report['commit']}`, {report['date']}"
    yield "command", f"`{report['command']}`"
    yield "figures from", f"[{path}]({path})"


COMMANDS = [("Traces", "replay_command"), ("Memory", "pool_command"),
            ("Contention", "contention_command"), ("Command queue", "cmdq_command"),
            ("Dirty state", "dirty_command"),
            ("Flush strategies", "flush_command")]


def section(path, report):
    if report["kind"] == "advice":
        yield from advice.markdown(path, report)
        return
    if report["kind"] == "counts":
        yield from emulated.markdown(path, report)
        return
    yield f"## {report['label']}, {report['kind']} set"
    yield "\n".join(["| | |", "| --- | --- |"] +
                    [f"| {key} | {value} |" for key, value in host_lines(path, report)])
    stem = f"plots/{report['label']}-{report['kind']}"
    for plot in sorted(ROOT.glob(f"{stem}-*.svg")):
        name = plot.stem.removeprefix(Path(stem).name + "-")
        yield f"![{report['label']}: {name}]({plot.relative_to(ROOT)})"
    if report["kind"] == "peers":
        yield from ratios.markdown(report)
        yield from formats.markdown(report)
        return
    said = selfcheck.SelfCheck(report).words()
    if said:
        yield "### Self-check"
        yield " ".join(said)
    for title, what, table in tables(report):
        command = report[next((c for t, c in COMMANDS if title.startswith(t)), "map_command")]
        yield f"### {title}"
        yield (f"{what} {report['environment']['cpu']}, commit `{report['commit']}`, "
               f"`{report['command']}`, which ran `{command}`.")
        yield markdown_table(table)
    skipped = [row for _, row in cases(report) if "error" in row]
    if skipped:
        yield "### Not measured"
        yield "\n".join(f"* `{row['name']}`: {row['error']}" for row in skipped)


def results():
    for path in sorted(ROOT.glob("results/*/*.json")):
        yield path.relative_to(ROOT).as_posix(), load_results(path)


def command_markdown(args):
    found = list(results())
    arm64 = "" if any(is_arm64_hardware(report) for _, report in found) else NO_ARM64
    blocks = [INTRO.format(noisy=NOISY, arm64=arm64).rstrip()]
    if not found:
        blocks.append("No results have been saved yet.")
    for path, report in found:
        blocks += section(path, report)
    save(args.out, "\n\n".join(blocks) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    sub = commands.add_parser("merge", help="one JSON file out of a run's raw files")
    sub.add_argument("folder")
    sub.add_argument("--label", help="instead of the one in run.json")
    target = sub.add_mutually_exclusive_group(required=True)
    target.add_argument("-o", "--out")
    target.add_argument("--into", help="a folder: writes LABEL/KIND.json in it")
    sub.set_defaults(run=command_merge)
    sub = commands.add_parser("table", help="tables for a terminal")
    sub.add_argument("file")
    sub.set_defaults(run=command_table)
    sub = commands.add_parser("markdown", help="BENCHMARKS.md from results/")
    sub.add_argument("--out", default=ROOT / "BENCHMARKS.md")
    sub.set_defaults(run=command_markdown)
    args = parser.parse_args()
    try:
        args.run(args)
    except Problem as problem:
        sys.exit(f"report.py: {problem}")
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    main()
