# SPDX-License-Identifier: GPL-2.0-only
"""What differences a run can see: the same code measured against itself.

The same few cases are measured twice in each of several launches, in random order among one another
(bench_map --benchmark_repetitions=2 --benchmark_enable_random_interleaving=true). Both times it is
the same code, so what the two differ by is what this host did to them. What holds: A and B of a
pair come from one process; what two launches differ by is a figure of its own, and usually larger."""
import math
import statistics
from pathlib import Path

from ratios import Ratio
from results import load

SHARE = 0.95
MAP_KEPT = ("name", "repetition_index", "ns_per_page", "noisy")
FLUSH_KEPT = ("name", "ns_per_page", "exposure_page_us")


def kept(path, keys):
    rows = [
        row
        for row in load(path)["benchmarks"]
        if row.get("run_type", "iteration") == "iteration" and row.get("ns_per_page")
    ]
    return {
        "benchmarks": [
            {
                k: float(f"{row[k]:.4g}") if isinstance(row[k], float) else row[k]
                for k in keys
                if k in row
            }
            for row in rows
        ]
    }


def merge(folder):
    """What a run's raw files self-*.json and real-*.json become in its results file."""
    found = {}
    for name, pattern, keys in (
        ("self_check", "self-*.json", MAP_KEPT),
        ("strategy_launches", "real-*.json", FLUSH_KEPT),
    ):
        # A launch that was interrupted may have half of a pair.
        files = [path for path in sorted(Path(folder).glob(pattern)) if not load(path).get("partial")]
        if files:
            found[name] = {"launches": [kept(path, keys) for path in files]}
    return found


def pairs_of(launch):
    """{case: (A, B)} of one launch."""
    times = {}
    for row in launch["benchmarks"]:
        times.setdefault(row["name"], {})[row.get("repetition_index", 0)] = row["ns_per_page"]
    return {name: (two[0], two[1]) for name, two in times.items() if 0 in two and 1 in two}


def reach(logs):
    """What SHARE of these differences stay below, as a ratio less 1."""
    ordered = sorted(abs(log) for log in logs)
    return math.exp(ordered[math.ceil(SHARE * len(ordered)) - 1]) - 1


class SelfCheck:
    """rows: (case, median of A, median of B, Ratio); within, between: see reach(); None if not had."""

    def __init__(self, report):
        launches = [pairs_of(launch) for launch in report.get("self_check", {}).get("launches", [])]
        names = list(dict.fromkeys(name for launch in launches for name in launch))
        self.launches = len(launches)
        self.rows = []
        for name in names:
            pairs = [launch[name] for launch in launches if name in launch]
            self.rows.append(
                (
                    name,
                    statistics.median(a for a, _ in pairs),
                    statistics.median(b for _, b in pairs),
                    Ratio([a / b for a, b in pairs]),
                )
            )
        inside = [math.log(a / b) for launch in launches for a, b in launch.values()]
        across = [
            math.log(sum(one[name]) / sum(two[name]))
            for one, two in zip(launches, launches[1:])
            for name in one
            if name in two
        ]
        self.pairs = len(inside)
        self.within = reach(inside) if inside else None
        self.between = reach(across) if across else None

    def words(self):
        """Sentences; none if there was no check."""
        if self.within is None:
            return []
        quiet = sum(1 for _, _, _, r in self.rows if r.low is not None and r.low <= 1 <= r.high)
        said = [
            f"This run can see differences of {self.within:.1%} or more between two of its figures:"
            f" the same code against itself differed by less in {SHARE:.0%} of {self.pairs} pairs."
        ]
        if self.between is not None:
            said.append(
                f"Between two launches it is {self.between:.1%}: that is what two runs, or two "
                "results files of this host, must differ by."
            )
        said.append(
            f"The interval of A/A has 1 in it for {quiet} of {len(self.rows)} cases, over "
            f"{self.launches} launches."
        )
        return said
