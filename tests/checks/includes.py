#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Checks that #include directives point downwards only.

The rules are those of docs/design.md: a folder may include what its row below names, nothing else.
usage: includes.py [TOP]    exits 1 and names each line that breaks a rule
"""
import os
import re
import sys

FREESTANDING = {"stdbool.h", "stddef.h", "stdint.h", "stdarg.h", "limits.h", "stdatomic.h"}
# The only files of core/ that an operating system may be seen in.
HOST_FILES = "core/port-host"
# Errors are numbers and memory functions are what a freestanding compiler itself calls.
CORE_LIBC = FREESTANDING | {"errno.h", "string.h"}

DIRECTIVE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')


def public(top):
    return set(os.listdir(os.path.join(top, "include")))


def allowed(path, quoted, name, headers):
    """True if the file at path may include name."""
    folder = path.split("/")[0]
    if folder == "include":
        return name in FREESTANDING if not quoted else name in headers
    if folder == "core":
        if not quoted:
            return name in CORE_LIBC or path.startswith(HOST_FILES)
        return name.startswith("core/") or name in headers
    if folder == "fmt":
        if not quoted:
            return name in CORE_LIBC
        if path.endswith(".c"):
            return name.startswith(("core/", "fmt/")) or name in headers
        # A format's header is data and a few inlines.
        return name in headers or name == "core/port.h"
    if folder == "model":
        # It may look into core/, but a walker of its own is the point of it.
        return name not in ("core/walker.h", "core/tree.h") and not name.startswith("fmt/")
    if folder == "bench":
        return not quoted or name in headers or "/" not in name or name.startswith("model/")
    return True


def main():
    top = sys.argv[1] if len(sys.argv) > 1 else "."
    headers = public(top)
    checked = bad = 0
    for folder in ("include", "core", "fmt", "bench", "model"):
        for root, _, files in os.walk(os.path.join(top, folder)):
            for file in sorted(files):
                if not file.endswith((".c", ".h", ".cc")):
                    continue
                path = os.path.relpath(os.path.join(root, file), top)
                checked += 1
                with open(os.path.join(top, path), encoding="utf-8") as f:
                    for number, line in enumerate(f, 1):
                        m = DIRECTIVE.match(line)
                        if m and not allowed(path, m.group(1) == '"', m.group(2), headers):
                            print(f"{path}:{number}: may not include {m.group(2)}")
                            bad += 1
    if not checked:
        print(f"includes.py: no sources below {top}")
        return 1
    print(f"{checked} files, {bad} includes against the rules")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
