# SPDX-License-Identifier: GPL-2.0-only
"""What bench_pool measured, as tables: a column for each backend, and the bars.

Used by report.py. What holds: every figure of a table is of one run; a ratio is made of two of its
rows; rows that were skipped or failed are cells that say so.
"""
from figures import number

OPS = ["pair", "burst", "cold", "remote", "populate", "domains", "fragment"]
BACKENDS = ["pool", "jemalloc", "malloc", "mmap"]
SIZES = ["64", "128", "256", "512", "1K", "2K", "4K", "8K", "16K", "32K", "64K", "128K", "256K",
         "512K", "1M"]
KEPT = ("ns_per_page", "resident_", "live_bytes", "dropped_share", "noisy")


def keep(row):
    """Does a counter of a row belong into a saved file?"""
    return row.startswith(KEPT) or row in ("pages", "samples")


def parse(name):
    return dict(pair.split(":", 1) for pair in name.split("/")[1:])


def rank(key):
    return (OPS.index(key["op"]), SIZES.index(key["size"]), key["zeroed"], int(key["threads"]),
            int(key.get("domains", 0)))


def cell(row, field="ns_per_page"):
    if row is None:
        return ""
    if "error" in row:
        return "skipped" if row["error"].startswith("skipped") else "ERROR"
    return number(row[field]) + (" ~" if row.get("noisy") else "")


def by_case(rows):
    found = {}
    for row in rows:
        key = parse(row["name"])
        backend = key.pop("backend")
        found.setdefault(tuple(sorted(key.items())), {})[backend] = row
    return sorted(((dict(at), row) for at, row in found.items()), key=lambda item: rank(item[0]))


def time_table(rows):
    cases = by_case(rows)
    backends = [b for b in BACKENDS if any(b in row for _, row in cases)]
    body = [[key["op"] + (f" of {key['domains']}" if "domains" in key else ""), key["size"],
             key["zeroed"], key["threads"]] + [cell(row.get(b)) for b in backends]
            for key, row in cases]
    return {"head": ["op", "size", "zeroed", "threads"] + backends, "body": body, "keys": 4}


def mib(row, field):
    return f"{row[field] / 2**20:.1f}" if field in row else ""


def memory_table(rows):
    body = []
    for key, row in by_case(rows):
        for backend in BACKENDS:
            r = row.get(backend, {})
            if "resident_bytes" in r:
                body.append([key["op"], backend, mib(r, "resident_bytes_before"),
                             mib(r, "live_bytes"), mib(r, "resident_bytes"),
                             mib(r, "resident_bytes_after_trim")])
    return {"head": ["op", "backend", "before", "in use", "more resident", "and after trim"],
            "body": body, "keys": 2}


def find(rows, backend, op, zeroed="0", threads="1", size="4K"):
    name = f"pool/backend:{backend}/op:{op}/size:{size}/zeroed:{zeroed}/threads:{threads}"
    row = next((row for row in rows if row["name"] == name), None)
    return row if row and "error" not in row else None


def bars(rows):
    """(label, bar, figure, met) of each; figure is None where a row is missing."""
    def ratio(a, b, scale=1.0, field="ns_per_page"):
        return scale * a[field] / b[field] if a and b else None

    one, two = find(rows, "pool", "pair"), find(rows, "pool", "pair", threads="2")
    populate = find(rows, "pool", "populate")
    rest = (populate["resident_bytes_after_trim"] / populate["resident_bytes_before"]
            if populate else None)
    wanted = [
        ("warm 4K pair, of jemalloc's", "<=", 0.35, ratio(one, find(rows, "jemalloc", "pair"))),
        ("the same zeroed, of jemalloc and memset", "<=", 0.12,
         ratio(find(rows, "pool", "pair", "1"), find(rows, "jemalloc", "pair", "1"))),
        ("throughput of two threads, of one's", ">=", 1.9, ratio(one, two, 2.0)),
        ("producer and consumer: throughput, of jemalloc's", ">=", 2.0,
         ratio(find(rows, "jemalloc", "remote", threads="2"),
               find(rows, "pool", "remote", threads="2"))),
        ("resident after 16 GiB and trim(0), more than before", "<=", 0.01, rest),
    ]
    for label, sign, bar, value in wanted:
        met = value is not None and (value <= bar if sign == "<=" else value >= bar)
        yield label, f"{sign} {bar}", value, met


def bar_table(rows):
    body = [[label, bar, "no data" if value is None else f"{value:.3f}",
             "met" if met else "NOT MET"] for label, bar, value, met in bars(rows)]
    return {"head": ["case", "bar", "figure", ""], "body": body, "keys": 1}


def tables(rows):
    """(title, what, table) of each, in order."""
    if not rows:
        return
    yield ("Memory for tables", "Allocators behind one interface; ns per block allocated and freed, per "
           "4K page mapped and unmapped (populate), per domain (domains); ~: too few quiet samples.",
           time_table(rows))
    yield ("Memory for tables: what stays", "MiB resident in the process: before, more with nothing or "
           "(fragment) one block of ten in use, and more after giving back what can be.",
           memory_table(rows))
    yield "Memory for tables: the bars", "Ratios of rows above.", bar_table(rows)
