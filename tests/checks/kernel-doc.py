#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Checks that every public symbol has kernel-doc that names each parameter and member.

usage: kernel-doc.py HEADER...    exits 1 and names what is missing
"""
import re
import sys

DOC = re.compile(r"/\*\*\n \* (?:struct |enum )?(\w+)(?:\(\))? - (.*?)\*/", re.S)
FUNCTION = re.compile(r"^[a-z][\w \*]*?\b(\w+)\(([^;{}]*)\);", re.M)
AGGREGATE = re.compile(r"^(struct|enum) (\w+) \{\n(.*?)^\};", re.M | re.S)


def names_in(text):
    """The names that a documentation comment explains, also 'first, second: both'."""
    found = set()
    for line in re.findall(r"^ \* ((?:@\w+(?:, )?)+):", text, re.M):
        found.update(re.findall(r"@(\w+)", line))
    return found


def parameters(text):
    text = re.sub(r"\s+", " ", text).strip()
    return [] if text in ("", "void") else [re.search(r"(\w+)$", p).group(1)
                                             for p in text.split(",")]


def members(kind, body):
    body = re.sub(r"/\*.*?\*/", "", body, flags=re.S)
    if kind == "enum":
        return re.findall(r"^\t(\w+)", body, re.M)
    top = [re.sub(r"\s+", " ", m) for m in re.findall(r"^\t(?!\t)([^{}]*?);", body, re.M | re.S)]
    found = []
    for member in top:
        pointer = re.match(r".*?\(\*(\w+)\)\(", member)
        if pointer:
            found.append(pointer.group(1))
            continue
        for part in re.sub(r"\[.*?\]", "", member).split(","):
            found.append(re.search(r"(\w+)$", part.strip()).group(1))
    found += re.findall(r"^\t+\} (\w+)(?:\[\w+\])?;", body, re.M)
    return found


def check(path):
    with open(path, encoding="utf-8") as f:
        text = f.read()
    docs = {m.group(1): m.group(2) for m in DOC.finditer(text)}
    wanted = [(m.group(1), parameters(m.group(2))) for m in FUNCTION.finditer(text)]
    wanted += [(m.group(2), members(m.group(1), m.group(3))) for m in AGGREGATE.finditer(text)]
    bad = 0
    for name, parts in wanted:
        if name not in docs:
            print(f"{path}: {name} has no kernel-doc")
            bad += 1
            continue
        for part in parts:
            if part not in names_in(" * \n" + docs[name]):
                print(f"{path}: the kernel-doc of {name} does not explain @{part}")
                bad += 1
    return len(wanted), bad


def main():
    total = bad = 0
    for path in sys.argv[1:]:
        found, missing = check(path)
        total += found
        bad += missing
    print(f"{total} public symbols, {bad} gaps")
    return 1 if bad or not total else 0


if __name__ == "__main__":
    sys.exit(main())
