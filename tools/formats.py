# SPDX-License-Identifier: GPL-2.0-only
"""The bars by format: what a descriptor costs in each format, of what it costs in 64-bit LPAE stage 1, and
a format's operations beside Linux's code for the same format.

Of launches of their own (bench.sh --peers), in which all of these cases run in random order among one
another, several times. What holds: a ratio is made of two medians of one launch; nothing that was measured
is left out, a bar that is missed says so, and what should have been measured and was not is named and counts as
not met."""
import re
from pathlib import Path

import ratios
from ratios import BASE, Comparison, Ratio, case_of, markdown_rows, verdict
from results import load

KEY = "format_launches"
OPS = ("map", "unmap")
DESCRIPTORS = (1, 16, 256)
# Ratios to LPAE that are allowed, by descriptors a call writes: single pages, and batches.
LIMITS = {1: 1.30, 16: 1.20, 256: 1.20}
# Operation, pages, flush, ratio to Linux that is allowed, and whether of all formats that Linux has.
PEER_BARS = (
    ("pair", 1, "strict", 0.70, None),
    ("pair", 256, "strict", 0.25, None),
    # Neither makes a callback then: Linux's AMD v2 never does, and the library's go into the gather.
    ("unmap", 1, "queued", 1.00, "amd_iommu_v2"),
)
# What there should be: the formats of core by their smallest page, those with a page of several entries, and Linux's
# code by the formats that it has. tests/bench/test-names.py compares with what bench_map has.
FORMATS = {
    "4K": ("arm_32_lpae_s1", "arm_32_lpae_s2", "arm_64_lpae_s1", "arm_64_lpae_s2", "arm_mali_lpae", "arm_v7s",
           "amd_iommu_v1", "amd_iommu_v2", "intel_vtd_ss", "intel_vtd_fs", "riscv_sv39", "riscv_sv48", "riscv_sv57",
           "riscv_sv39x4", "riscv_sv48x4", "riscv_sv57x4"),
    "16K": ("apple_dart", "apple_dart2"),
}
GROUPS = {"64K": ("amd_iommu_v1", "arm_v7s", "riscv_sv48")}
PEERS = {
    "linux-6.12": ("arm_32_lpae_s1", "arm_32_lpae_s2", "arm_64_lpae_s1", "arm_64_lpae_s2"),
    "linux-6.12-mali": ("arm_mali_lpae",),
    "linux-6.12-v7s": ("arm_v7s",),
    "linux-6.12-dart": ("apple_dart", "apple_dart2"),
    "linux-6.12-amdv1": ("amd_iommu_v1",),
    "linux-6.12-amdv2": ("amd_iommu_v2",),
}
UNITS = {"K": 10, "M": 20, "G": 30, "T": 40}


def merge(folder):
    """What a run's raw files formats-*.json become in its results file: a median of each case."""
    files = [path for path in sorted(Path(folder).glob("formats-*.json")) if not load(path).get("partial")]
    return {KEY: {"launches": [{"benchmarks": list(medians(load(path)))} for path in files]}} if files else {}


def medians(report):
    for (impl, case), figure in ratios.read_launch(report).items():
        op, rest = case.split("/", 1)
        row = {"name": f"{op}/impl:{impl}/{rest}", "ns_per_page": float(f"{figure.ns:.4g}")}
        if figure.dropped:
            row["dropped_share"] = float(f"{figure.dropped:.4g}")
        if figure.noisy:
            row["noisy"] = 1
        yield row


def launches_of(report):
    return [ratios.read_launch(launch) for launch in report.get(KEY, {}).get("launches", ())]


def bytes_of(size):
    return int(size[:-1]) << UNITS[size[-1]]


def geometries(launches):
    """(format, keys of a geometry, descriptors a page) of all that core has, the base first."""
    found = dict.fromkeys(re.match(r"\w+/(fmt:[^/]+/granule:[^/]+/size:[^/]+)/", case).group(1)
                          for case in ratios.cases_of(launches, "core") if case.split("/")[0] in OPS)
    for where in sorted(found, key=lambda w: (w != BASE, w)):
        fmt, granule, size = (part.split(":")[1] for part in where.split("/"))
        yield fmt, where, bytes_of(size) // bytes_of(granule), size


class Cell:
    """One operation of a format, of so many descriptors."""

    def __init__(self, launches, where, op, descriptors, each):
        ours = ("core", case_of(op, descriptors // each, where=where)) if descriptors % each == 0 else None
        self.found = False
        self.base = where == BASE
        self.limit = LIMITS[descriptors]
        comparison = Comparison(launches, ours, ("core", case_of(op, descriptors)))
        if not comparison.found:
            return
        comparison.ratio = Ratio([launch[ours].ns / each / launch["core", case_of(op, descriptors)].ns
                                  for launch in launches
                                  if ours in launch and ("core", case_of(op, descriptors)) in launch])
        self.found = True
        self.ns = comparison.ours / each
        self.ratio = comparison.ratio
        self.verdict, self.met = verdict(comparison, self.limit)

    def text(self):
        if not self.found:
            return "-"
        if self.base:
            return f"{self.ns:.3f} ns"
        mark = {"met": "", "met, not certain": " ?", "NOT MET": " MISSED"}[self.verdict]
        interval = "" if self.ratio.low is None else f" ({self.ratio.low:.2f}..{self.ratio.high:.2f})"
        return f"{self.ratio.value:.2f}{interval}{mark}"


def name_of(fmt, size):
    return f"{fmt} {size}"


def rows(launches):
    """(name, cells by operation and descriptors) of each format."""
    for fmt, where, each, size in geometries(launches):
        cells = [Cell(launches, where, op, n, each) for op in OPS for n in DESCRIPTORS]
        if any(cell.found for cell in cells):
            yield name_of(fmt, size), cells


def peer_rows(launches):
    """(format, what, limit, comparison, verdict, met) of each format that Linux has."""
    return sorted(unsorted_peer_rows(launches), key=lambda row: row[:2])


def case_in_words(op, batch, flush):
    return f"{op} {batch}" + ("" if flush == "strict" else f", {flush}")


def unsorted_peer_rows(launches):
    for impl in dict.fromkeys(name for launch in launches for name, _ in launch if name != "core"):
        for op, batch, flush, limit, only in PEER_BARS:
            for case in ratios.cases_of(launches, impl):
                fmt = re.search(r"/fmt:([^/]+)/", case).group(1)
                where = re.match(r"\w+/(fmt:[^/]+/granule:[^/]+/size:[^/]+)/", case).group(1)
                if case != case_of(op, batch, flush=flush, where=where) or only not in (None, fmt):
                    continue
                comparison = Comparison(launches, ("core", case), (impl, case))
                if comparison.found:
                    yield (fmt, case_in_words(op, batch, flush), limit, comparison, *verdict(comparison, limit))


HEAD = ["format, page"] + [f"{op} {n}" for op in OPS for n in DESCRIPTORS]


def expected_rows():
    """(row of the first table, its cells' heads)"""
    for fmts, granule, size in [(fmts, size, size) for size, fmts in FORMATS.items()] + \
                               [(fmts, "4K", size) for size, fmts in GROUPS.items()]:
        each = bytes_of(size) // bytes_of(granule)
        for fmt in fmts:
            yield name_of(fmt, size), [f"{op} {n}" for op in OPS for n in DESCRIPTORS if n % each == 0]


def expected_peer_rows():
    """(Linux's code, format, what it is compared in)"""
    for impl, fmts in PEERS.items():
        for fmt in fmts:
            yield impl, fmt, [case_in_words(op, batch, flush) for op, batch, flush, _, only in PEER_BARS
                              if only in (None, fmt)]


BASE_NAME = name_of(*(part.split(":")[1] for part in BASE.split("/")[::2]))


def cells_of(launches):
    """{(row, what): is its bar met} of both tables; None: it was not measured, and should have been."""
    wanted = [(row, what) for row, heads in expected_rows() for what in heads]
    wanted += [(fmt, what) for _, fmt, cases in expected_peer_rows() for what in cases]
    found = dict.fromkeys(wanted)
    for name, cells in rows(launches):
        found.update({(name, head): cell.met for head, cell in zip(HEAD[1:], cells) if cell.found})
    found.update({row[:2]: row[-1] for row in peer_rows(launches)})
    return found


def absent(launches):
    """What was not measured, in words: whole rows, and whole peers, once."""
    lacking = {bar for bar, met in cells_of(launches).items() if met is None}
    for name, heads in expected_rows():
        left = [head for head in heads if (name, head) in lacking]
        if left:
            yield name if left == heads else f"{name}: {', '.join(left)}"
    for impl, fmts in PEERS.items():
        cases = {fmt: what for name, fmt, what in expected_peer_rows() if name == impl}
        left = {fmt: [what for what in cases[fmt] if (fmt, what) in lacking] for fmt in fmts}
        if left == cases:
            yield f"{impl} ({', '.join(fmts)})"
            continue
        for fmt in fmts:
            if left[fmt]:
                yield f"{impl} ({fmt}: {'; '.join(left[fmt])})"


def tally(launches):
    """(met, not measured, all) of both tables. What the others are measured by is no bar."""
    met = [met for (row, _), met in cells_of(launches).items() if row != BASE_NAME]
    return met.count(True), met.count(None), len(met)


def missed(launches):
    """What is missed, in words."""
    for name, cells in rows(launches):
        for head, cell in zip(HEAD[1:], cells):
            if cell.found and not cell.base and not cell.met:
                yield f"{name}: {head}: {cell.ratio.value:.2f} of LPAE's, at most {cell.limit:.2f}"
    for fmt, what, limit, comparison, _, met in peer_rows(launches):
        if not met:
            yield f"{fmt}: {what}: {comparison.ratio.value:.2f} of Linux's, at most {limit:.2f}"


def tables(launches):
    """(what it is, {head, body, keys}) for the terminal's, the document's and the page's tables."""
    if not launches:
        return
    yield (f"Core, {len(launches)} launches: time per descriptor written, of that of arm_64_lpae_s1 with 4K "
           "(first row) in the same launch, with its 95% interval; columns are descriptors a call writes. "
           f"At most {LIMITS[1]:.2f} for one, {LIMITS[16]:.2f} for more. A page of 64K is 16 descriptors; "
           "amd_iommu_v1, arm_v7s and riscv_sv48 are measured in domains that have such pages. ?: the interval "
           "goes beyond the bar."), {
        "head": HEAD, "keys": 1,
        "body": [[name, *(cell.text() for cell in cells)] for name, cells in rows(launches)]}
    body = [[fmt, what, f"{c.ours:.3f}", f"{c.theirs:.3f}", f"{c.ratio.value:.3f}", c.ratio.interval(),
             f"{limit:.2f}", text] for fmt, what, limit, c, text, _ in peer_rows(launches)]
    if body:
        yield ("Core beside Linux's own code for the same format, ns per page. Queued: neither makes a callback "
               "in what is timed but once for the whole of it."), {
            "head": ["format", "case", "core ns", "Linux ns", "ratio", "95% interval", "at most", "bar"],
            "keys": 2, "body": body}


def summary(launches):
    met, lacking, total = tally(launches)
    return f"{met} of {total} bars by format met" + (f", {lacking} not measured." if lacking else ".")


def notes(launches):
    """Paragraphs before the tables."""
    if launches:
        yield summary(launches)
        lacking = list(absent(launches))
        if lacking:
            yield f"Not measured, and should have been: {', '.join(lacking)}."


def print_tables(launches):
    """Returns whether all bars are met."""
    for what, table in tables(launches):
        print(f"\n== by format: {what}")
        lines = [table["head"]] + table["body"]
        widths = [max(len(line[i]) for line in lines) for i in range(len(table["head"]))]
        for line in lines:
            print("  ".join(text.ljust(w) for text, w in zip(line, widths)).rstrip())
    for line in missed(launches):
        print(f"missed: {line}")
    for line in absent(launches):
        print(f"not measured: {line}")
    print(summary(launches))
    met, _, total = tally(launches)
    return 0 < total == met


def markdown(report):
    """The blocks of BENCHMARKS.md for a saved file."""
    launches = launches_of(report)
    if not launches:
        return
    yield "### By format"
    said, *more = notes(launches)
    yield f"{said} `{report['formats_command']}`, {len(launches)} launches."
    yield from more
    for what, table in tables(launches):
        yield what
        yield "\n".join(markdown_rows(table["head"], table["body"]))
