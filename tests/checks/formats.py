#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The table of all formats in docs/formats.md, from what the library takes.

usage: formats.py TOP PROGRAM           the table is the one that is there
       formats.py TOP PROGRAM --write   puts it there

PROGRAM is tests/list-formats. What it cannot be asked is in SOURCE and ORACLE below: a new format has to
be put there.
"""
import re
import subprocess
import sys
from pathlib import Path

START, END = "<!-- formats: made by tests/checks/formats.py -->\n", "<!-- end of formats -->\n"
SOURCE = {r"ARM_(32|64)_LPAE_.*": "arm-lpae.h", "ARM_MALI_LPAE": "arm-lpae.h", "APPLE_DART2?": "apple-dart.h",
          "AMD_IOMMU_V1": "amd-v1.h", "AMD_IOMMU_V2|INTEL_VTD_FS": "x86-64.h", "INTEL_VTD_SS": "intel-vtd-ss.h", "RISCV_.*": "riscv.h", "ARM_V7S": "arm-v7s.h"}
ORACLE = {"ARM_64_LPAE_S[12]": "SMMUv3, AArch64 MMU, Linux's code", "ARM_32_LPAE_S[12]": "Linux's code",
          "INTEL_VTD_SS": "VT-d, 3 and 4 levels", "INTEL_VTD_FS": "VT-d, 4 levels",
          "RISCV_.*": "RISC-V IOMMU", "AMD_IOMMU_V1": "AMD IOMMU, 3 and 4 levels, Linux's code", "AMD_IOMMU_V2": "Linux's code",
          "ARM_MALI_LPAE|APPLE_DART2?": "none", "ARM_V7S": "Linux's code"}
TABLE_BYTES = {"ARM_V7S": 1024}  # of the others it is a page
COMMON = {"NO_WARN", "NO_SPLIT"}
HEAD = ["format", "header in `fmt/`", "levels", "pages and blocks", "input bits", "output bits", "root",
        "own quirks", "walked or judged by"]


def lookup(table, name):
    for pattern, value in table.items():
        if re.fullmatch(pattern, name):
            return value
    sys.exit(f"formats.py: {name} is not in its tables: add it")


def size(lg2):
    return f"{1 << lg2 % 10}{' KMGTP'[lg2 // 10]}"


def sizes_of(lg2s):
    """Each of them, or for many what is missing between the first and the last."""
    if len(lg2s) < 10:
        return " ".join(map(size, lg2s))
    missing = [size(lg2) for lg2 in range(lg2s[0], lg2s[-1]) if lg2 not in lg2s]
    return f"{size(lg2s[0])} to {size(lg2s[-1])}, every power of two" + (f" but {' '.join(missing)}" if missing else "")


def span(numbers):
    """Of ascending numbers: the only one, from the first to the last, or all."""
    if len(numbers) == 1:
        return str(numbers[0])
    if numbers == list(range(numbers[0], numbers[-1] + 1)):
        return f"{numbers[0]} to {numbers[-1]}"
    return ", ".join(map(str, numbers))


def root(tables, table_bytes):
    """What the roots of all input sizes are like, in tables."""
    sizes = [int(b) for _, _, b in tables]
    most = max(sizes) // table_bytes
    if most <= 1:
        return "one table" if min(sizes) == table_bytes else "one table or less"
    return f"{most} tables" if min(sizes) == max(sizes) else f"up to {most} tables"


def row(names, line):
    fmt, page, sizes, tables, low, high, quirks = re.fullmatch(
        r"(\d+) page (\d+) sizes (.*) tables (.*) output (\d+) (\d+) quirks ?(.*)", line).groups()
    name = names[int(fmt)]
    tables = [entry.split(":") for entry in tables.split()]
    return [f"`{name}`", f"`{lookup(SOURCE, name)}`", span(sorted({int(t[1]) for t in tables})),
            sizes_of([int(lg2) for lg2 in sizes.split()]), span([int(t[0]) for t in tables]),
            span(sorted({int(low), int(high)})) if low == high else f"{low} to {high}",
            root(tables, TABLE_BYTES.get(name, int(page))),
            " ".join(f"`{q}`" for q in quirks.split() if q not in COMMON), lookup(ORACLE, name)]


def table(top, program):
    header = (top / "include/io-pgtable.h").read_text(encoding="utf-8")
    names = re.findall(r"^\t([A-Z0-9_]+),$", re.search(r"enum io_pgtable_fmt \{(.*?)\}", header,
                                                       re.S).group(1), re.M)
    lines = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    rows = [row(names, line) for line in lines]
    missing = set(names[:-1]) - {r[0].strip("`") for r in rows}
    if missing:
        sys.exit(f"formats.py: {program} prints nothing about {sorted(missing)}")
    return "".join("| " + " | ".join(cells) + " |\n" for cells in [HEAD, ["---"] * len(HEAD)] + rows)


def main(top, program, write=""):
    path = Path(top) / "docs/formats.md"
    text = path.read_text(encoding="utf-8")
    before, rest = text.split(START)
    _, after = rest.split(END)
    made = before + START + table(Path(top), program) + END + after
    if write == "--write":
        path.write_text(made, encoding="utf-8")
    elif made != text:
        sys.exit("docs/formats.md is not what the library takes; run: tests/checks/formats.py . "
                 "build/release/tests/list-formats --write")


main(*sys.argv[1:])
