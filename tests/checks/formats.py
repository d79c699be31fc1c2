#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The table of all formats in docs/formats.md, from what the library takes.

usage: formats.py TOP PROGRAM           the table is the one that is there
       formats.py TOP PROGRAM --write   puts it there

PROGRAM is tests/list-formats. A format has a row, and one more for quirks with which sizes, bits or tables are others.
Quirks are named as in include/io-pgtable.h. What the program cannot be asked is in SOURCE and ORACLE below: a
new format has to be put there. What all formats have is said once, below the table.
"""
import re
import subprocess
import sys
import textwrap
from pathlib import Path

START, END = "<!-- formats: made by tests/checks/formats.py -->\n", "<!-- end of formats -->\n"
SOURCE = {r"ARM_(32|64)_LPAE_.*": "arm-lpae.h", "ARM_MALI_LPAE": "arm-lpae.h", "APPLE_DART2?": "apple-dart.h",
          "AMD_IOMMU_V1": "amd-v1.h", "AMD_IOMMU_V2|INTEL_VTD_FS": "x86-64.h", "INTEL_VTD_SS": "intel-vtd-ss.h", "RISCV_.*": "riscv.h", "ARM_V7S": "arm-v7s.h"}
ORACLE = {"ARM_64_LPAE_S[12]": "SMMUv3, AArch64 MMU, Linux's code", "ARM_32_LPAE_S[12]": "Linux's code",
          "INTEL_VTD_SS": "VT-d, 3 and 4 levels", "INTEL_VTD_FS": "VT-d, 4 levels",
          "RISCV_.*": "RISC-V IOMMU", "AMD_IOMMU_V1": "AMD IOMMU, 3 and 4 levels, Linux's code", "AMD_IOMMU_V2": "Linux's code",
          "ARM_MALI_LPAE|APPLE_DART2?": "none", "ARM_V7S": "Linux's code"}
TABLE_BYTES = {"ARM_V7S": 1024}  # of the others it is a page
# As the program names them, in the order of the table.
FEATURES = {
    "non-coherent": "walkers that do not snoop", "reclaim": "emptied tables come back while the table is used",
    "groups": "leaves of several entries", "split": "part of a block can be unmapped",
    "coalesce": "`io_pgtable_coalesce()`", "protect": "`io_pgtable_protect()`", "replace": "`io_pgtable_replace()`",
    "dirty": "`io_pgtable_read_and_clear_dirty()`, with a quirk", "root-grows": "`root_changed`",
}
HEAD = ["format", "header in `fmt/`", "levels", "pages and blocks", "input bits", "output bits", "root",
        "own quirks", "features", "walked or judged by"]


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


class Probed:
    """A line of the program: a format with a smallest page, and quirks as a mask."""

    def __init__(self, line):
        match = re.fullmatch(r"(\d+) page (\d+) quirks (\w+) sizes (.*) tables (.*) output (.*) features ?(.*)",
                             line)
        if not match:
            sys.exit(f"formats.py: not a line of list-formats: {line}")
        self.fmt, self.page, self.quirks = int(match[1]), int(match[2]), int(match[3], 0)
        self.sizes = [int(lg2) for lg2 in match[4].split()]
        self.tables = [entry.split(":") for entry in match[5].split()]
        self.output = [int(bits) for bits in match[6].split()]
        self.features = match[7].split()

    def shape(self, name):
        """The cells that say what can be mapped."""
        return [span(sorted({int(t[1]) for t in self.tables})), sizes_of(self.sizes),
                span([int(t[0]) for t in self.tables]), span(self.output),
                root(self.tables, TABLE_BYTES.get(name, self.page))]


def bits_of(mask):
    return {bit for bit in range(mask.bit_length()) if mask >> bit & 1}


class Table:
    """All lines, and what is the same in all formats."""

    def __init__(self, top, lines):
        header = (top / "include/io-pgtable.h").read_text(encoding="utf-8")
        self.names = re.findall(r"^\t([A-Z0-9_]+),$", re.search(r"enum io_pgtable_fmt \{(.*?)\}", header,
                                                                re.S).group(1), re.M)
        self.quirks = {int(bit): name for name, bit in
                       re.findall(r"^#define IO_PGTABLE_QUIRK_(\w+)[\s\\]+\(1ul << (\d+)\)", header, re.M)}
        self.formats = {}
        for line in map(Probed, lines):
            self.formats.setdefault((line.fmt, line.page), []).append(line)
        missing = set(self.names[:-1]) - {self.names[fmt] for fmt, _ in self.formats}
        if missing:
            sys.exit(f"formats.py: nothing was printed about {sorted(missing)}")
        self.common_quirks = set.intersection(*map(self.own_quirks, self.formats.values()))
        self.common = set.intersection(*map(self.features_of, self.formats.values()))

    @staticmethod
    def own_quirks(lines):
        return {bit for line in lines for bit in bits_of(line.quirks)}

    @staticmethod
    def features_of(lines):
        return {feature for line in lines for feature in line.features}

    def quirk_names(self, bits):
        unknown = [bit for bit in bits if bit not in self.quirks]
        if unknown:
            sys.exit(f"formats.py: bits {unknown} are taken as quirks, and io-pgtable.h names none of them")
        return [f"`{self.quirks[bit]}`" for bit in sorted(bits)]

    def feature_names(self, features):
        unknown = features - set(FEATURES)
        if unknown:
            sys.exit(f"formats.py: {sorted(unknown)} is not in its FEATURES: add it")
        return " ".join(feature for feature in FEATURES if feature in features)

    def rows_of(self, lines):
        """The format's, and those of quirks by what they make of it."""
        plain, *others = lines
        name = self.names[plain.fmt]
        shape = plain.shape(name)
        yield [f"`{name}`", f"`{lookup(SOURCE, name)}`", *shape,
               " ".join(self.quirk_names(self.own_quirks(lines) - self.common_quirks)),
               self.feature_names(self.features_of(lines) - self.common), lookup(ORACLE, name)]
        changed = {}
        for line in others:
            if line.shape(name) != shape:
                changed.setdefault(tuple(line.shape(name)), []).append(line)
        for cells, same in changed.items():
            fewest = min((line.quirks for line in same), key=int.bit_count)
            yield [f"`{name}` with {' and '.join(self.quirk_names(bits_of(fewest)))}", "", *cells, "", "", ""]

    def text(self):
        rows = [row for lines in self.formats.values() for row in self.rows_of(lines)]
        made = "".join("| " + " | ".join(cells) + " |\n" for cells in [HEAD, ["---"] * len(HEAD)] + rows)
        words = "; ".join(f"{feature}: {what}" for feature, what in FEATURES.items())
        said = (f"All of them take the quirks {' and '.join(self.quirk_names(self.common_quirks))}, and have "
                f"{self.feature_names(self.common)}. A row `with` quirks is what those change in the row above it. "
                f"Features: {words}.")
        return f"{made}\n{textwrap.fill(said, 120, break_on_hyphens=False, break_long_words=False)}\n"


def table(top, program):
    lines = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    return Table(top, lines).text()


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
