# SPDX-License-Identifier: GPL-2.0-only
"""What bench_dirty measured, as a table and the bar: reading and clearing dirty state, beside a loop that
loads and stores the same descriptors.

Used by report.py. What holds: every figure of the table is of one run; rows that were skipped or failed say
so.
"""
from figures import number

BAR = 3
KEPT = ("ns_per_page",)


def keep(key):
    """Does a counter of a row belong into a saved file?"""
    return key.startswith(KEPT) or key in ("pages", "samples", "dropped_share", "noisy")


def parse(name):
    """Older files know no domains with groups."""
    return {"groups": "0", **dict(pair.split(":", 1) for pair in name.split("/")[1:])}


def body_row(key, rows):
    core, loop = (rows.get(impl, {}) for impl in ("core", "loop"))
    if "ns_per_page" not in core or "ns_per_page" not in loop:
        return [key[0], key[1], "", "", "no data", f"<= {BAR}", "NOT MET"]
    ratio = core["ns_per_page"] / loop["ns_per_page"]
    noisy = " ~" if core.get("noisy") or loop.get("noisy") else ""
    return [key[0], key[1], number(loop["ns_per_page"]), number(core["ns_per_page"]) + noisy,
            f"{ratio:.2f}", f"<= {BAR}", "met" if ratio <= BAR else "NOT MET"]


def tables(rows):
    """(title, what, table) of each, in order."""
    if not rows:
        return
    cases = {}
    for row in rows:
        key = parse(row["name"])
        fmt = key["fmt"] + (" 4K and 64K" if key["groups"] == "1" else "")
        cases.setdefault((fmt, key["written"]), {})[key["impl"]] = row
    yield ("Dirty state", "Over 1 GiB of 4K pages, of which none, all or every 64th was written to, ns per page: a "
           "loop that loads and stores each descriptor, io_pgtable_read_and_clear_dirty() of a "
           "table without callbacks, so that nothing is invalidated, and the second by the first; ~: too few quiet samples. "
           "4K and 64K: the domain has pages of several entries, too.",
           {"head": ["format", "written", "loop", "core", "ratio", "bar", ""], "keys": 2,
            "body": [body_row(key, rows) for key, rows in cases.items()]})
