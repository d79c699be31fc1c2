# SPDX-License-Identifier: GPL-2.0-only
"""What bench_cmdq measured, as a table and the bars: what a submit to the SMMUv3 command queue costs.

Used by report.py. What holds: every figure of a table is of one run; a ratio is made of two of its
rows; rows that were skipped or failed say so.
"""
from figures import number

OPS = {"cas": "compare-and-swap", "stores": "16-byte stores to the ring",
       "one-atomic": "compare-and-swap, stores, doorbell",
       "two-atomics": "and a second compare-and-swap behind it", "submit": "submit"}
KEPT = ("ns_per_command", "commands_per_s")


def keep(key):
    """Does a counter of a row belong into a saved file?"""
    return key.startswith(KEPT) or key in ("label", "commands", "samples", "dropped_share", "noisy")


def parse(name):
    return dict(pair.split(":", 1) for pair in name.split("/")[1:])


def rank(key):
    return (int(key["batch"]), key["consumer"] != "stopped", list(OPS).index(key["op"]),
            int(key["threads"]))


def find(rows, op, batch=1, consumer="stopped"):
    name = f"cmdq/op:{op}/batch:{batch}/consumer:{consumer}/threads:1"
    row = next((row for row in rows if row["name"] == name), None)
    return row["ns_per_command"] if row and "error" not in row else None


def bars(rows):
    """(label, bar, figure, the same of the parts alone, met) of each; a figure is None where a row is missing."""
    for batch, op, most in ((1, "cas", 8), (64, "stores", 6)):
        unit = find(rows, op, batch)
        for consumer in ("stopped", "polling"):
            figure, parts = (ns / unit if ns and unit else None
                             for ns in (find(rows, what, batch, consumer) for what in ("submit", "one-atomic")))
            yield (f"submit {batch}, SMMU {consumer}, in {OPS[op].split(' to ')[0]}", f"<= {most}", figure,
                   parts, figure is not None and figure <= most)


def ratio(value):
    return "no data" if value is None else f"{value:.2f}"


def body_row(key, row):
    head = [key["batch"], key["consumer"], OPS[key["op"]], key["threads"]]
    if "error" in row:
        skipped = row["error"].startswith("skipped")
        return head + ["skipped" if skipped else "ERROR", "", ""]
    noisy = " ~" if row.get("noisy") else ""
    return head + [number(row["ns_per_command"]) + noisy, number(row["ns_per_command_p10"]),
                   number(row["ns_per_command_p90"])]


def tables(rows):
    """(title, what, table) of each, in order."""
    if not rows:
        return
    keyed = sorted(((parse(row["name"]), row) for row in rows), key=lambda item: rank(item[0]))
    yield ("Command queue", "ns per command put into the SMMUv3 command queue without waiting, of the slowest "
           "thread, and the least that its parts can be. The doorbell is a store to memory; polling: another "
           "thread looks at PROD without a pause; ~: too few quiet samples.",
           {"head": ["batch", "SMMU", "what", "threads", "ns", "p10", "p90"],
            "body": [body_row(key, row) for key, row in keyed], "keys": 4})
    yield ("Command queue: the bars", "Ratios of rows above. Parts alone: a compare-and-swap, the stores and the "
           "doorbell, which no queue does without; what the two differ by there is the measurement's error.",
           {"head": ["case", "bar", "figure", "parts alone", ""], "keys": 1,
            "body": [[label, bar, ratio(value), ratio(parts), "met" if met else "NOT MET"]
                     for label, bar, value, parts, met in bars(rows)]})
