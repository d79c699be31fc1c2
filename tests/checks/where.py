#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Checks that what docs/where.md and CONTRIBUTING.md name is there: files, and the words in them.

`path` and `path: name` in backquotes; a path with a placeholder (capital letters) or a space is none.
usage: where.py [TOP]    exits 1 and names each that is not there
"""
import re
import sys
from pathlib import Path

FOLDERS = ("core/", "fmt/", "include/", "bench/", "model/", "tests/", "tools/", "results/", "docs/", "plots/")


def named(text):
    """(path, name or None) of everything in backquotes that looks like a place."""
    for quoted in re.findall(r"`([^`\n]+)`", text):
        path, _, name = quoted.partition(": ")
        if path.startswith(FOLDERS) and not re.search(r"[A-Z *<{]|\.\.\.", path):
            yield path, name or None


def wrong(top, document):
    for path, name in named((top / document).read_text(encoding="utf-8")):
        place = top / path
        if not place.exists():
            yield f"{document}: {path} is not there"
        elif name and not re.search(rf"\b{re.escape(name)}\b", place.read_text(encoding="utf-8")):
            yield f"{document}: {path} has no {name}"


def main(top):
    documents = ("docs/where.md", "CONTRIBUTING.md")
    found = [words for document in documents for words in wrong(top, document)]
    places = sum(len(list(named((top / d).read_text(encoding="utf-8")))) for d in documents)
    print("\n".join([*found, f"{places} places, {len(found)} of them not there"]))
    return 1 if found or places < 60 else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else ".")))
