# SPDX-License-Identifier: GPL-2.0-only
"""Layer 3: where the saved results of a kind of host changed for good. Advisory: it never fails.

Every committed version of results/LABEL/KIND.json is a point of each case's series, in the order of
the commits. A change point is where Pettitt's rank test says that what follows differs from what
was before, at a level divided by the number of series looked at. What holds: only figures of one
label and kind are in a series; fewer than MIN_POINTS say nothing, and that is said.
"""
import json
import math
import statistics
from pathlib import Path

from results import ROOT, Problem

from .sides import git

KINDS = ("quick", "full")
MIN_POINTS = 8
MAX_POINTS = 400
LEVEL = 0.05
MOST_ROWS = 20


def versions(path):
    """(commit, report) of each committed version, oldest first; unreadable ones are left out."""
    commits = git("log", f"-n{MAX_POINTS}", "--format=%h", "--", path, what=f"history of {path}")
    for commit in reversed(commits.split()):
        try:
            yield commit, json.loads(git("show", f"{commit}:{path}", what=f"{path} at {commit}"))
        except (Problem, ValueError):
            continue


def series_of(reports):
    """{case: [(commit, ns per page)]} of the library's own cases."""
    series = {}
    for commit, report in reports:
        for row in report.get("map", []):
            if "/impl:core/" in row.get("name", "") and row.get("ns_per_page"):
                series.setdefault(row["name"], []).append((commit, row["ns_per_page"]))
    return series


def pettitt(values):
    """(index of the first value behind the change, the probability that there is none)."""
    n = len(values)
    best, at, total = 0, 0, 0
    for i in range(n - 1):
        total += sum((x > values[i]) - (x < values[i]) for x in values)
        if abs(total) > best:
            best, at = abs(total), i + 1
    return at, min(1.0, 2 * math.exp(-6 * best**2 / (n**3 + n**2)))


def change_of(points, level):
    """{at, before, after, ratio} of the change point of a series, or None."""
    values = [value for _, value in points]
    at, chance = pettitt(values)
    if chance >= level:
        return None
    before, after = statistics.median(values[:at]), statistics.median(values[at:])
    return {
        "at": points[at][0],
        "before": before,
        "after": after,
        "ratio": round(after / before, 4),
    }


def of_file(path):
    series = series_of(versions(path))
    longest = max(map(len, series.values()), default=0)
    usable = {name: points for name, points in series.items() if len(points) >= MIN_POINTS}
    found = []
    for name, points in usable.items():
        change = change_of(points, LEVEL / len(usable))
        if change:
            found.append({"case": name, **change})
    found.sort(key=lambda row: -abs(math.log(row["ratio"])))
    return {
        "file": path,
        "points": longest,
        "series": len(usable),
        "changes": found[:MOST_ROWS],
        "left_out": max(0, len(found) - MOST_ROWS),
    }


def layer():
    paths = sorted(
        str(path.relative_to(ROOT))
        for kind in KINDS
        for path in Path(ROOT / "results").glob(f"*/{kind}.json")
    )
    return {"min_points": MIN_POINTS, "files": [of_file(path) for path in paths]}
