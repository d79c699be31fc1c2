# SPDX-License-Identifier: GPL-2.0-only
"""What bench_contention measured, as a table: a row for each point, implementation and number of
threads.

Used by report.py. What holds: every figure of the table is of one run; rows that were skipped or failed
say so; a row whose threads had no core each says that.
"""
from figures import number

POINTS = ["private", "domain", "table", "line", "pool", "flushq", "flushq-single", "cmdq", "mprotect"]
KEPT = ("ns_per_op", "batch_")


def keep(key):
    """Does a counter of a row belong into a saved file?"""
    return key.startswith(KEPT) or key in ("label", "ops_per_s", "fairness", "ops", "samples",
                                           "dropped_share", "noisy")


def parse(name):
    return dict(pair.split(":", 1) for pair in name.split("/")[1:])


def one_thread(rows):
    """Operations a second of each point and implementation alone."""
    return {(key["point"], key["impl"]): row["ops_per_s"]
            for key, row in ((parse(row["name"]), row) for row in rows)
            if key["threads"] == "1" and "error" not in row}


def remark(row):
    words = [row["label"]] if row.get("label") else []
    return ", ".join(words + ["too few quiet samples"] * bool(row.get("noisy")))


def body_row(key, row, alone):
    head = [key["point"], key["impl"], key["threads"]]
    if "error" in row:
        skipped = row["error"].startswith("skipped")
        return head + ["skipped" if skipped else "ERROR"] + [""] * 6 + [row["error"] if not skipped else ""]
    base = alone.get((key["point"], key["impl"]))
    return head + [
        number(row["ns_per_op"]), number(row["batch_p50_ns_per_op"]),
        number(row["batch_p99_ns_per_op"]), str(row["batch_ops"]),
        f"{row['ops_per_s'] / 1e6:.2f}", f"{row['ops_per_s'] / base:.2f}" if base else "",
        f"{row['fairness']:.2f}", remark(row)]


def tables(rows):
    """(title, what, table) of each, in order."""
    if not rows:
        return
    alone = one_thread(rows)
    keyed = sorted(((parse(row["name"]), row) for row in rows),
                   key=lambda item: (POINTS.index(item[0]["point"]), item[0]["impl"] != "core",
                                     item[0]["impl"], int(item[0]["threads"])))
    yield ("Contention", "By what the threads share; an operation is a map and an unmap of one 4K page "
           "(pool: of a whole table). ns: the slowest thread's time per operation; p50, p99: of batches of "
           "that many operations; M/s: of all threads together, and x that of one; fairness: slowest "
           "thread's operations, of the fastest's. cmdq: of an SMMU that takes no time. mprotect: the "
           "host's own TLBs, not an SMMU's.",
           {"head": ["point", "impl", "threads", "ns", "p50", "p99", "batch", "M/s", "x one", "fairness",
                     ""],
            "body": [body_row(key, row, alone) for key, row in keyed], "keys": 3})
