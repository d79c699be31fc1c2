#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What bench_flush measured, as tables, and the bars.

    flush.py FILE    prints each bar, the figure and whether it is met; exits with 1 if one is not

FILE is what bench_flush wrote (--benchmark_out, JSON; or --stream) or a saved result. Used by report.py too. What holds:
every figure of a table is of one run; figures of the virtual clock say "modelled"; rows that were skipped
or failed are cells that say so.
"""
import argparse
import json
import sys

from figures import number
from ratios import Ratio

STRATEGIES = ["none", "strict-page", "gather", "gather-ril", "fq-percpu", "fq-single", "ticket",
              "epoch", "adaptive", "kernel-strict", "kernel-fq-percpu", "kernel-fq-single"]
NEW = ["ticket", "epoch", "adaptive"]
BOUNDS = ["none", "strict-page"]  # of every table; they have no depth
KEPT = ("ns_per_page", "p50_ns", "p99_ns", "p999_ns", "max_ns", "invalidations_per_page",
        "syncs_per_page", "exposure_page_us", "max_exposure_us", "collateral_per_page",
        "release_p10_ns", "release_p25_ns", "release_p50_ns", "release_p75_ns", "release_p90_ns",
        "release_p99_ns", "release_p999_ns", "release_max_ns", "quarantine_bytes", "max_drained", "batch", "label")
OWN = {"fq-percpu": "256", "fq-single": "32768", "ticket": "64", "epoch": "64", "adaptive": "256",
       "kernel-fq-percpu": "256", "kernel-fq-single": "32768"}
# Published, thousands of maps and unmaps a second and CPU (docs/flush.md); and 1M with 10 threads, ns.
FALL = {8: 282, 16: 115, 32: 36, 64: 11}
MANY_1M_NS = 191500


def keep(key):
    """Does a counter of a row belong into a saved file?"""
    return key in KEPT


def parse(name):
    return dict(pair.split(":", 1) for pair in name.split("/")[1:])


class Rows:
    """Rows by what they are."""

    def __init__(self, rows):
        self.rows = [(parse(row["name"]), row) for row in rows]

    def find(self, strategy, threads=1, **other):
        want = {"strategy": strategy, "threads": str(threads), "clock": "virtual", "unmap": "4K",
                "loop": "closed", "depth": OWN.get(strategy, "0")}
        if strategy == "adaptive":
            want["budget_ns"] = "5000"
        want.update(other)
        for key, row in self.rows:
            if all(key.get(k) == v for k, v in want.items()):
                return row if "ns_per_page" in row else None
        return None

    def real(self, strategy):
        """One thread, 4K, on this host's clock, at whatever depth and timeout was measured there."""
        for key, row in self.rows:
            if (key["strategy"], key["clock"], key["threads"], key["unmap"]) == (strategy, "real", "1", "4K"):
                return row if row.get("ns_per_page") else None
        return None

    def values(self, name, **where):
        found = {key[name] for key, _ in self.rows
                 if name in key and all(key.get(k) == v for k, v in where.items())}
        return sorted(found, key=int)


def rate(row):
    return 1e3 / row["ns_per_page"] if row else None


def exposure(row):
    if row is None:
        return ""
    return "unbounded" if row["exposure_page_us"] < 0 else number(row["exposure_page_us"])


def scaling_table(rows):
    threads = rows.values("threads", clock="virtual", loop="closed", unmap="4K")
    threads = [t for t in threads if t != "10"]
    body = [[s] + [number(rate(rows.find(s, t))) for t in threads] for s in STRATEGIES]
    return {"head": ["strategy"] + [f"CPUs {t}" for t in threads], "body": body, "keys": 1}


def cost_row(strategy, row):
    cells = [number(row["ns_per_page"]), number(row["p50_ns"]), number(row["p99_ns"]),
             number(row["invalidations_per_page"]), number(row["syncs_per_page"]), exposure(row)]
    collateral = row["collateral_per_page"]
    cells += ["" if collateral < 0 else number(collateral), number(row["release_p50_ns"]),
              number(row["release_p99_ns"]), number(row["quarantine_bytes"] / 1024),
              str(int(row["max_drained"]))]
    return [strategy] + cells + ([row["label"]] if row.get("label") else [""])


COST_HEAD = ["strategy", "ns/page", "p50", "p99", "inval/page", "syncs/page", "exposure us",
             "collateral", "release p50", "release p99", "held KiB", "drained", ""]


def cost_table(rows, threads, **other):
    found = [(s, rows.find(s, threads, **other)) for s in STRATEGIES]
    return {"head": COST_HEAD, "body": [cost_row(s, row) for s, row in found if row], "keys": 1}


def depth_table(rows):
    depths = rows.values("depth", clock="virtual", threads="8")
    body = []
    for strategy in STRATEGIES:
        bound = strategy in BOUNDS
        if strategy not in OWN and not bound:
            continue
        cells = []
        for depth in depths:
            row = rows.find(strategy, 8, **({} if bound else {"depth": depth}))
            cells.append(f"{number(row['ns_per_page'])}, {exposure(row)}" if row else "")
        body.append([strategy] + cells)
    return {"head": ["strategy"] + [f"depth {d}" for d in depths if d != "0"],
            "body": [[line[0]] + [c for c, d in zip(line[1:], depths) if d != "0"]
                     for line in body], "keys": 1}


def open_table(rows):
    body = []
    for strategy in STRATEGIES:
        cells = []
        for loop in ("open50", "open80", "open95"):
            row = rows.find(strategy, 8, loop=loop)
            cells += [number(row["p50_ns"]), number(row["p99_ns"]), exposure(row)] if row else [""] * 3
        body.append([strategy] + cells)
    head = [f"{load}% {what}" for load in (50, 80, 95) for what in ("p50", "p99", "exposure us")]
    return {"head": ["strategy"] + head, "body": body, "keys": 1}


BASE = "strict-page"
RATIO_CPUS = ("1", "8", "64")


def ratio_of(rows, strategy, threads, base=BASE):
    row, other = rows.find(strategy, threads), rows.find(base, threads)
    return f"{row['ns_per_page'] / other['ns_per_page']:.3f}" if row and other else ""


def ratio_table(rows, base=BASE):
    """Virtual clock: exact, so without intervals."""
    body = [[s] + [ratio_of(rows, s, cpus, base) for cpus in RATIO_CPUS] + [exposure(rows.find(s, 8))]
            for s in STRATEGIES if rows.find(s, 8)]
    return {"head": ["strategy"] + [f"CPUs {n}" for n in RATIO_CPUS] + ["exposure us, 8 CPUs"],
            "body": body if rows.find(base, 8) else [], "keys": 1}


def launches_of(report):
    return [Rows(launch["benchmarks"]) for launch in
            report.get("strategy_launches", {}).get("launches", [])]


def real_ratios(launches, base=BASE):
    """(strategy, Ratio, the most that it exposed): this host's clock, one ratio for each launch."""
    for strategy in STRATEGIES:
        pairs = [(launch.real(strategy), launch.real(base)) for launch in launches]
        pairs = [(a, b) for a, b in pairs if a and b]
        if pairs and strategy != base:
            yield (strategy, Ratio([a["ns_per_page"] / b["ns_per_page"] for a, b in pairs]),
                   exposure(max((a for a, _ in pairs), key=lambda row: row["exposure_page_us"])))


def real_ratio_table(launches, base=BASE):
    return {"head": ["strategy", "ratio", "95% interval", "", "exposure us, at most"],
            "body": [[strategy, f"{found.value:.3f}", found.interval(), found.verdict(), exposed]
                     for strategy, found, exposed in real_ratios(launches, base)], "keys": 1}


def worst_fall(rows, strategy):
    """The lowest throughput, of the highest with fewer CPUs."""
    best, worst = 0, None
    for threads in (1, 2, 4, 8, 16, 32, 64):
        now = rate(rows.find(strategy, threads))
        if now is None:
            return None
        if best:
            worst = min(worst or now / best, now / best)
        best = max(best, now)
    return worst


def ratio(a, b):
    return a / b if a is not None and b else None


def bars(rows):
    """(label, sign, bar, figure) of each; figure is None where a row is missing."""
    def field(row, key="exposure_page_us"):
        return row[key] if row else None

    for cpus in (1, 4, 8, 64):
        a, q = rows.find("adaptive", cpus), rows.find("fq-percpu", cpus)
        yield f"adaptive's throughput, of fq-percpu 256's, {cpus} CPUs", ">=", 0.95, ratio(rate(a), rate(q))
        yield f"and its exposure, of that one's, {cpus} CPUs", "<=", 0.10, ratio(field(a), field(q))
    for cpus in (4, 8):
        t = rows.find("ticket", cpus)
        yield f"ticket's throughput, of gather's, {cpus} CPUs", ">=", 1.5, ratio(rate(t), rate(rows.find("gather", cpus)))
        yield f"and its exposure in us, {cpus} CPUs", "<=", 0, field(t)
    for strategy in NEW:
        yield f"{strategy}: lowest throughput, of the highest with fewer CPUs, 1 to 64", ">=", 0.95, worst_fall(rows, strategy)
    first, last = (rate(rows.find("kernel-strict", n)) for n in (8, 64))
    fall, published = ratio(first, last), 8 * FALL[8] / (64 * FALL[64])
    yield "fall of Linux's queue from 8 to 64 CPUs, modelled, of published", "+-", 0.30, ratio(fall, published)
    for cpus, thousands in FALL.items():
        now = rate(rows.find("kernel-strict", cpus))
        yield f"its throughput with {cpus} CPUs, modelled, of published", "+-", 0.30, ratio(now, cpus * thousands / 1e3)
    many = rows.find("kernel-strict", 10, unmap="1M")
    yield "HiSilicon, 1M by 10 threads, modelled, of published", "+-", 0.20, ratio(field(many, "p50_ns"), MANY_1M_NS)


def is_met(sign, bar, figure):
    if figure is None:
        return False
    if sign == "+-":
        return abs(figure - 1) <= bar
    return figure >= bar if sign == ">=" else figure <= bar


def bar_table(rows):
    body = [[label, f"{sign} {bar}", "no data" if figure is None else f"{figure:.3f}",
             "met" if is_met(sign, bar, figure) else "NOT MET"]
            for label, sign, bar, figure in bars(rows)]
    return {"head": ["modelled, hi1620, 4K", "bar", "figure", ""], "body": body, "keys": 1}


def tables(listed):
    """(title, what, table) of each, in order."""
    if not listed:
        return
    rows = Rows(listed)
    yield ("Flush strategies by CPUs (modelled)", "Virtual clock, hi1620: millions of 4K maps and unmaps a "
           "second, all CPUs together, closed loop. kernel-: models of Linux's own.", scaling_table(rows))
    what = ("of 4K, closed loop; exposure: from when the page may be reused until no stale translation is; "
            "collateral: translations in use thrown out, for each page; release: from unmap to release; "
            "held: the most that waited; drained: the most releases in one call.")
    for cpus in (1, 8):
        yield (f"Flush strategies, cost and exposure, {cpus} CPU{'s' * (cpus > 1)} (modelled)",
               f"Virtual clock, hi1620, unmaps {what}", cost_table(rows, cpus))
    yield ("Flush strategies, 1M at a time (modelled)", "Virtual clock, hi1620, 1 CPU.",
           cost_table(rows, 1, unmap="1M"))
    yield ("Flush strategies by depth (modelled)", "Virtual clock, hi1620, 8 CPUs: ns per page, "
           "exposure in us. The first two have no depth: they bound the others.", depth_table(rows))
    yield ("Flush strategies at a part of their peak (modelled)", "Virtual clock, hi1620, 8 CPUs, requests "
           "at random times; ns from when a request came.", open_table(rows))
    yield ("Flush strategies on this host", f"Real clock, 1 thread in front of the software SMMU, whose service "
           f"times are settings; p50, p99: of batches; exposure: an upper bound; unmaps {what}",
           cost_table(rows, 1, clock="real"))
    yield "Flush strategies: the bars (modelled)", "Ratios of rows above.", bar_table(rows)


def read_rows(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    if text.startswith('{"name"'):
        return [json.loads(line) for line in text.splitlines()]
    report = json.loads(text)
    return report.get("flush") or report.get("benchmarks") or []


def main(path):
    rows = Rows(read_rows(path))
    missed = 0
    for label, sign, bar, figure in bars(rows):
        met = is_met(sign, bar, figure)
        missed += not met
        print(f"{'met    ' if met else 'NOT MET'} {sign:>2} {bar:<5} "
              f"{'no data' if figure is None else f'{figure:.3f}':>8}  {label}")
    return 1 if missed else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="flush.py", description="Judges the bars of a run of bench_flush.")
    parser.add_argument("file", metavar="FILE", help="a results file, or what bench_flush wrote")
    sys.exit(main(parser.parse_args().file))
