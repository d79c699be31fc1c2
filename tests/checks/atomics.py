#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Which model covers each atomic of core/, and which aarch64 instruction it became.

usage: atomics.py TOP                    docs/ordering.md names exactly the atomics that there are
       atomics.py TOP --write COMPILER   writes docs/ordering.md, with the instructions that the
                                         compiler (aarch64-linux-gnu-gcc, say) makes of them

A new atomic has to be put under a model, or a test under the thread sanitizer, in COVER below.
"""
import collections
import os
import re
import subprocess
import sys
import tempfile

# (file, function, object), regular expressions, the first that fits: what shows that it is right.
TSAN = "TSan: "
COVER = [
    (r".*", r".*", r".*(allocs|frees|_stats|stats\.|shared$|reclaimed$|noted|dropped|unlinked|kept|"
     r"busy_tables|fences|bad_cons|bytes$|peak_bytes|table_bytes|zeroings|cross).*",
     "a counter: nothing is ordered by it"),
    (r"core/root\.c", r".*", r".*", "order-root"),
    (r"core/table-pool\.c", r"table_pool_low", r".*", TSAN + "test-threads"),
    (r".*", r".*", r".*hw\.map_last", "order-root"),
    (r"core/(tree|domain|walker|run|batch|range|gather)\..*", r".*", r".*removals.*", "order-reclaim"),
    (r"core/cursor\..*", r".*", r".*", "order-reclaim"),
    (r"core/(reclaim\.[ch]|section\.h|port-host-section\.c)", r".*", r".*", "order-reclaim"),
    (r"core/port\.h", r"port_load_acquire", r".*", "order-group"),
    (r"core/port\.h", r"port_(load|store|cas).*", r".*", "order-publish, order-reclaim"),
    (r"core/port\.h", r"port_.*lock.*", r".*", TSAN + "test-pool-threads"),
    (r"core/port\.h", r".*", r".*", "order-flushq, order-reclaim (the fences)"),
    (r"core/(tree|domain|walker|run|batch|range|gather)\..*", r".*", r".*", "order-publish"),
    (r"core/flush-queue\.c", r".*", r".*", "order-flushq"),
    (r"core/smmu-cmdq\.c", r"(advance|read_.*|smmu_cmdq_(failed|handle_error)|note_error|is_dead|look)",
     r".*", TSAN + "test-cmdq-threads"),
    (r"core/smmu-cmdq\.c", r".*", r".*", "order-cmdq"),
    (r"core/smmu-tlbi\.c", r".*", r".*", TSAN + "test-cmdq-threads, test-load"),
    (r"core/(pool.*|table-pool|biased-lock|port-host.*|fill)\..*", r".*", r".*",
     TSAN + "test-pool-threads, test-pool-nodes"),
    (r"core/iova\.c", r".*", r".*", TSAN + "test-iova"),
    (r"core/(strategy|rounds.*|adaptive)\..*", r".*", r".*", TSAN + "test-load with each strategy"),
    (r"core/assert\.h", r".*", r".*", "once per place: printed twice at worst"),
]

INTERESTING = re.compile(  # accesses and barriers
    r"^(ldar|ldapr|stlr|ldax?r|st(l)?xr|ldaxp|cas|swp|ldadd|ldset|ldclr|stadd|dmb|dsb|isb|ldr|str|"
    r"ldp|stp|ldur|stur|stset|stclr)")


def call_at(text, start):
    """The arguments of the call whose opening parenthesis is at start."""
    depth, args, current = 0, [], ""
    for i in range(start, len(text)):
        c = text[i]
        if c in "([{":
            depth += 1
            if depth == 1:
                continue
        if c in ")]}":
            depth -= 1
            if depth == 0:
                return args + [current]
        if c == "," and depth == 1:
            args.append(current)
            current = ""
        else:
            current += c
    sys.exit("atomics.py: a call does not end")


def clean(expression):
    expression = re.sub(r"\s+", " ", expression).strip().lstrip("&*")
    return re.sub(r"^\([a-z0-9_ *]+\)", "", expression)


def atomics(top):
    """(file, first and last line, function, operation, object, orders) of each."""
    found = []
    for name in sorted(os.listdir(os.path.join(top, "core"))):
        if not name.endswith((".c", ".h")):
            continue
        path = "core/" + name
        text = open(os.path.join(top, path), encoding="utf-8").read()
        for match in re.finditer(r"__atomic_(\w+)\(", text):
            operation = match.group(1)
            args = call_at(text, match.end() - 1)
            orders = [o.lower() for a in args for o in re.findall(r"__ATOMIC_(\w+)", a)]
            line = text.count("\n", 0, match.start()) + 1
            function = "?"
            for candidate in re.finditer(
                    r"^(?:static |extern )?[a-z][\w \*]*?(?:__attribute__\(\(\w+\)\) [\w \*]*?)?\b(\w+)"
                    r"\([^;{]*\)\s*\n\{|^#define (\w+)\(",
                    text[:match.start()], re.M):
                if candidate.group(1) != "__attribute__":
                    function = candidate.group(1) or candidate.group(2)
            subject = "" if "fence" in operation else clean(args[0])
            end = line + sum(a.count("\n") for a in args)
            found.append((path, line, end, function, operation.removesuffix("_n"), subject,
                          ", ".join(orders) or "as its argument"))
    return found


def cover(path, function, subject):
    for files, functions, objects, by in COVER:
        if (re.fullmatch(files, path) and re.fullmatch(functions, function) and
                re.fullmatch(objects, subject)):
            return by
    return None


def instructions(top, compiler):
    """(file, line) -> instructions, over all files of the library that are compiled."""
    seen = collections.defaultdict(collections.OrderedDict)
    sources = re.findall(r"^\t((?:core|fmt)/[a-z0-9-]+\.c)", open(
        os.path.join(top, "CMakeLists.txt"), encoding="utf-8").read(), re.M)
    objdump = re.sub(r"gcc[-0-9.]*$", "objdump", compiler)
    with tempfile.TemporaryDirectory() as work:
        for source in sources:
            output = os.path.join(work, "one.o")
            subprocess.run([compiler, "-std=gnu11", "-O2", "-g", "-mno-outline-atomics",
                            "-march=armv8.1-a", "-I" + os.path.join(top, "include"), "-I" + top,
                            "-c", os.path.join(top, source), "-o", output], check=True)
            listing = subprocess.run([objdump, "-dl", "--no-show-raw-insn", output], check=True,
                                     capture_output=True, text=True).stdout
            where = None
            for row in listing.splitlines():
                at = re.match(r"(\S*/core/[a-z0-9-]+\.[ch]):(\d+)", row)
                if at:
                    where = ("core/" + os.path.basename(at.group(1)), int(at.group(2)))
                    continue
                if re.match(r"\S+:\d+", row):
                    where = None
                    continue
                op = re.match(r"\s+[0-9a-f]+:\t(\S+)\s*(\S*)", row)
                if op and where and INTERESTING.match(op.group(1)):
                    text = op.group(1) + (" " + op.group(2) if op.group(1) in ("dmb", "dsb") else "")
                    seen[where][text] = True
    return seen


# What an operation can have become, with an order that is more than relaxed and without.
KINDS = [
    (r"load", r"(ldar|ldapr)b?$", r"(ldr|ldp|ldur)"),
    (r"store", r"stlrb?$", r"(str|stp|stur)"),
    (r"exchange", r"(swp|ldaxr|ldxr|stlxr|stxr)", r"(swp|ldxr|stxr)"),
    (r"compare_exchange", r"(cas|ldaxr|ldxr|stlxr|stxr)", r"(cas|ldxr|stxr)"),
    (r"(fetch_add|fetch_sub|add_fetch|sub_fetch)", r"(ldadd|stadd)", r"(ldadd|stadd)"),
    (r"(fetch_or|or_fetch)", r"(ldset|stset)", r"(ldset|stset)"),
    (r"(fetch_and|and_fetch)", r"(ldclr|stclr)", r"(ldclr|stclr)"),
    (r"thread_fence", r"dmb", r"dmb"),
]


def became(seen, path, line, end, operation, orders):
    """By the lines of the call, or, where the compiler names none of them, the two before and after."""
    if operation == "signal_fence":
        return "nothing: for the compiler"
    strong = re.search(r"acquire|release|acq_rel|seq_cst", orders) is not None
    for _, with_order, relaxed in [k for k in KINDS if re.fullmatch(k[0], operation)]:
        pattern = re.compile(with_order if strong else relaxed)
        for reach in (0, 2):
            texts = {re.sub(r"(ldp|ldur)$", "ldr", re.sub(r"(stp|stur)$", "str", t))
                     for at in range(line - reach, end + reach + 1)
                     for t in seen.get((path, at), {}) if pattern.match(t)}
            if texts:
                return ", ".join(sorted(texts))
    return "not in this build, or not told apart"


HEAD = """<!-- SPDX-License-Identifier: GPL-2.0-only -->
<!-- Made by tests/checks/atomics.py --write. Do not edit. -->
# Each atomic of core/, what shows that it is right, and what it became

`order-*` are models of `tests/ordering`, checked by relacy under C11's memory model with bugs planted
in them (`ctest --preset dev -L ordering`); TSan is the suite under the thread sanitizer (`./test.sh`), which
knows what is ordered and what is not, but only of the executions that happen. The instructions are of
{compiler}, `-O2 -march=armv8.1-a -mno-outline-atomics`, found by the debug
information: in whatever it was inlined into, so there may be several. The fences of core/port.h
are of builds for the thread sanitizer and other processors: on arm64 they are `dmb` and `dsb`, written out in it.
`check-atomics` fails when this table and the code differ.

| file | function | operation | of | order | shown by | aarch64 |
| --- | --- | --- | --- | --- | --- | --- |
"""


def key(row):
    return tuple(cell.strip() for cell in row)[:6]


def rows_of(found, seen):
    rows, uncovered = [], []
    for path, line, end, function, operation, subject, orders in found:
        by = cover(path, function, subject)
        if by is None:
            uncovered.append(f"{path}:{line}: {operation} of {subject} in {function}")
            continue
        rows.append([path, function, operation, f"`{subject}`" if subject else "", orders, by,
                     became(seen, path, line, end, operation, orders)])
    if uncovered:
        sys.exit("atomics.py: nothing covers these; COVER in it has to say what does:\n" +
                 "\n".join(uncovered))
    merged = collections.OrderedDict()
    for row in rows:
        merged.setdefault(key(row), row)
    return list(merged.values())


def main():
    if len(sys.argv) not in (2, 4) or (len(sys.argv) == 4 and sys.argv[2] != "--write"):
        sys.exit(__doc__)
    top, doc = sys.argv[1], os.path.join(sys.argv[1], "docs", "ordering.md")
    found = atomics(top)
    if len(sys.argv) == 4:
        compiler = sys.argv[3]
        rows = rows_of(found, instructions(top, compiler))
        version = subprocess.run([compiler, "--version"], check=True, capture_output=True,
                                 text=True).stdout.splitlines()[0]
        with open(doc, "w", encoding="utf-8") as out:
            out.write(HEAD.format(compiler=version))
            out.writelines("| " + " | ".join(row) + " |\n" for row in rows)
        print(f"{len(found)} atomics, {len(rows)} rows")
        return
    want = {key(row) for row in rows_of(found, {})}
    have = {key(line.strip()[1:-1].split("|")) for line in open(doc, encoding="utf-8")
            if line.startswith("| core/")}
    for row in sorted(want - have):
        print("not in docs/ordering.md:", " | ".join(row))
    for row in sorted(have - want):
        print("not in the code:", " | ".join(row))
    if want != have:
        sys.exit("atomics.py: make it again: tests/checks/atomics.py . --write aarch64-linux-gnu-gcc")
    print(f"{len(found)} atomics, {len(have)} rows")


main()
