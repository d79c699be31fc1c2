#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Counts per operation of core and of Linux's code as arm64 programs under an emulator, as a saved file
and as a section of BENCHMARKS.md.

  emulated.py save FOLDER --commit ID --date DAY --command TEXT [--out FILE]
                      FOLDER/VARIANT/*.json, made by tests/counts/counts.py refresh: lse, llsc

What holds: counts only, never a time; core and Linux of one variant were compiled with the same flags
by the same compiler, or nothing is saved.
"""
import argparse
import sys
from pathlib import Path

from figures import markdown_table, number
from results import ROOT, SCHEMA_VERSION, Problem, load, save, text_of

LABEL = "neoverse-n1-emulated"
CPU = "Neoverse N1 (QEMU user mode)"
VARIANTS = {"lse": "LSE", "llsc": "LL/SC"}
LINUX = "linux-6.12"
KINDS = [("loads", "loads"), ("stores", "stores"), ("acquire, release", "acquire_release"),
         ("DMB", "dmb"), ("DSB", "dsb"), ("L1D misses, modelled", "l1d_misses")]


def read_variant(folder):
    """{impl: golden file} of a variant: one of core and one of Linux, of the same flags."""
    found = {}
    for path in sorted(Path(folder).glob("*.json")):
        golden = load(path)
        if not isinstance(golden, dict) or not {"key", "flags", "cases"} <= set(golden):
            raise Problem(f"{path}: not a file of counts.py refresh (no key, flags, cases)")
        found[LINUX if LINUX in golden["key"] else "core"] = golden
    if set(found) != {"core", LINUX}:
        raise Problem(f"{folder}: counts of core and of {LINUX} are needed, there is: "
                      f"{', '.join(sorted(found)) or 'nothing'}")
    core, linux = found["core"], found[LINUX]
    if core["flags"] != linux["flags"] or compiler_of(core) != compiler_of(linux):
        raise Problem(f"{folder}: core is of '{core['flags']}' by {compiler_of(core)}, Linux of "
                      f"'{linux['flags']}' by {compiler_of(linux)}: build both in one build folder")
    return found


def compiler_of(golden):
    words = golden["key"].split("-")
    at = next((i for i, word in enumerate(words) if word in ("gcc", "clang")), None)
    return "unknown" if at is None else " ".join(words[at:at + 2])


def saved(args):
    rows, flags, compilers = [], {}, set()
    for variant in VARIANTS:
        found = read_variant(Path(args.folder) / variant)
        flags[variant] = found["core"]["flags"]
        compilers.add(compiler_of(found["core"]))
        rows += [{"name": name, "impl": impl, "variant": variant, **case}
                 for impl, golden in found.items() for name, case in golden["cases"].items()]
    if len(compilers) != 1:
        raise Problem(f"{args.folder}: the variants are of several compilers: {', '.join(sorted(compilers))}")
    return {"schema_version": SCHEMA_VERSION, "kind": "counts", "label": LABEL, "commit": args.commit,
            "date": args.date, "command": args.command,
            "environment": {"architecture": "aarch64", "cpu": CPU, "emulated": True,
                            "compiler": compilers.pop(), **{f"flags_{v}": f for v, f in flags.items()}},
            "counts": rows}


def short(name):
    op, *rest = name.split("/")
    pairs = dict(part.split(":", 1) for part in rest)
    stage = {"arm_64_lpae_s1": "stage 1", "arm_64_lpae_s2": "stage 2"}.get(pairs["fmt"], pairs["fmt"])
    words = [op, pairs.get("size", ""), f"x {pairs['batch']}" if pairs.get("batch", "1") != "1" else "",
             pairs.get("flush", "")]
    return f"{' '.join(word for word in words if word)}; {stage}, {pairs['granule']}"


def by_case(report):
    """{name: {(variant, impl): row}}, in the file's order."""
    cases = {}
    for row in report["counts"]:
        cases.setdefault(row["name"], {})[row["variant"], row["impl"]] = row
    return cases


def per_page(row, counter):
    return None if row is None else row[counter] / row["pages"]


def figure(value):
    return "-" if value is None else number(value) if value else "0"


def instructions_table(report):
    body = []
    for name, rows in by_case(report).items():
        line = [short(name)]
        for variant in VARIANTS:
            core, linux = (per_page(rows.get((variant, impl)), "instructions") for impl in ("core", LINUX))
            line += [figure(core), figure(linux), f"{core / linux:.3f}" if core and linux else "-"]
        body.append(line)
    heads = [f"{impl}{', ' if impl else ''}{words}" for words in VARIANTS.values()
             for impl in ("core", "Linux", "ratio")]
    return {"head": ["case"] + heads, "body": body, "keys": 1}


def kinds_table(report):
    """What both execute, in pairs core / Linux; the atomics of each build."""
    body = []
    for name, rows in by_case(report).items():
        if ("lse", LINUX) not in rows:
            continue

        def pair(counter, variant="lse", rows=rows):
            return " / ".join(figure(per_page(rows[variant, impl], counter)) for impl in ("core", LINUX))

        body.append([short(name), pair("lse"), pair("exclusive", "llsc")] +
                    [pair(counter) for _, counter in KINDS])
    return {"head": ["case, core / Linux", "LSE atomics", "exclusives (LL/SC build)"] +
                    [title for title, _ in KINDS], "body": body, "keys": 1}


def summary(report):
    """A sentence: between which ratios of instructions the operations are."""
    found = by_case(report).values()
    ratios = sorted(rows["lse", "core"]["instructions"] / rows["lse", LINUX]["instructions"]
                    for rows in found if ("lse", LINUX) in rows)
    fewer = sum(ratio < 1 for ratio in ratios)
    return (f"Emulated, counts and no times: in {fewer} of {len(ratios)} operations the library executes fewer arm64 "
            f"instructions than Linux's code; core / Linux is {ratios[0]:.3f} to {ratios[-1]:.3f}.")


def about(report):
    """What was counted: rows of name and value."""
    env = report["environment"]
    flags = "; ".join(f"{words}: `{env[f'flags_{v}']}`" for v, words in VARIANTS.items())
    return [("processor", env["cpu"]), ("build", f"{env['compiler']}, {flags}; assertions 1"),
            ("commit", f"`{report['commit']}`, {report['date']}"), ("command", f"`{report['command']}`")]


def markdown(path, report):
    """The blocks of a section."""
    yield "## arm64, emulated: counts, not time"
    rows = [("label", "**emulated**: instructions that an emulated arm64 processor executed; nothing here is a time, "
             "and nothing was measured on arm64 hardware"), *about(report),
            ("figures from", f"[{path}]({path})")]
    yield "\n".join(["| | |", "| --- | --- |"] + [f"| {k} | {v} |" for k, v in rows])
    yield ("The library and Linux 6.12's code, unmodified, compiled with the same flags and counted by the same plugin "
           "between the same markers ([docs/counts.md](docs/counts.md), with what makes it fair and what does not). "
           "Everything is per page; without pages (ranges, domains) per operation.")
    yield "### Instructions: emulated counts"
    yield markdown_table(instructions_table(report))
    yield "### Kinds of instructions, and lines touched: emulated counts"
    yield ("LSE atomics, loads, stores and the rest are of the LSE build, load- and store-exclusives of the LL/SC build. Misses "
           "are of a model of a 64 KiB cache, without a prefetcher.")
    yield markdown_table(kinds_table(report))


def command_save(args):
    report = saved(args)
    save(args.out or ROOT / "results" / LABEL / "counts.json", text_of(report) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    sub = commands.add_parser("save", help="a results file out of a run's counts")
    sub.add_argument("folder", help="with a folder for each variant: " + ", ".join(VARIANTS))
    for name in ("commit", "date", "command"):
        sub.add_argument(f"--{name}", required=True, dest=name)
    sub.add_argument("--out", help=f"instead of results/{LABEL}/counts.json")
    sub.set_defaults(run=command_save)
    args = parser.parse_args()
    try:
        args.run(args)
    except Problem as problem:
        sys.exit(f"emulated.py: {problem}")


if __name__ == "__main__":
    main()
