# SPDX-License-Identifier: GPL-2.0-only
"""Ratios of figures that were measured side by side, with intervals over launches.

A launch gives one ratio per case, of two figures that were measured right after one another; several
launches give an interval, because the layout of memory differs from launch to launch and is the
larger error. What holds: a ratio is made of figures of one process; of one launch there is no
interval, and nothing is certain.
"""
import math
import re
import statistics

from results import SCHEMA_VERSION

PEER = "linux-6.12"
BASE = "fmt:arm_64_lpae_s1/granule:4K/size:4K"
# Two-sided 95% quantiles of Student's t by degrees of freedom; beyond the table the last one, which
# makes intervals a little too wide.
T95 = (12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
       2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
       2.052, 2.048, 2.045, 2.042)


class Ratio:
    """The geometric mean of paired ratios, and its 95% interval if there are two or more."""

    def __init__(self, ratios):
        logs = [math.log(r) for r in ratios]
        spread = statistics.variance(logs) / len(logs) if len(logs) > 1 else None
        self._set(len(logs), statistics.fmean(logs), spread, len(logs) - 1)

    @classmethod
    def unpaired(cls, ours, theirs):
        """Of two sets of times that have nothing to do with one another (Welch's interval)."""
        logs = [[math.log(ns) for ns in times] for times in (ours, theirs)]
        made = cls.__new__(cls)
        mean = statistics.fmean(logs[0]) - statistics.fmean(logs[1])
        if min(map(len, logs)) < 2:
            made._set(1, mean, None, 0)
            return made
        parts = [statistics.variance(x) / len(x) for x in logs]
        below = sum(part ** 2 / (len(x) - 1) for part, x in zip(parts, logs))
        freedom = max(1, int(sum(parts) ** 2 / below)) if below else min(map(len, logs)) - 1
        made._set(min(map(len, logs)), mean, sum(parts), freedom)
        return made

    def _set(self, n, mean, variance, freedom):
        self.n = n
        self.value = math.exp(mean)
        self.low = self.high = None
        if variance is not None:
            half = T95[min(freedom, len(T95)) - 1] * math.sqrt(variance)
            self.low, self.high = math.exp(mean - half), math.exp(mean + half)

    def interval(self):
        return "-" if self.low is None else f"{self.low:.3f}..{self.high:.3f}"

    def surely_above(self, limit):
        return self.low is not None and self.low > limit

    def verdict(self):
        """One word about a ratio of times."""
        if self.low is None or self.low <= 1 <= self.high:
            return "not told apart"
        return "faster" if self.high < 1 else "slower"

    def point(self):
        """For a chart."""
        return {"value": self.value, "low": self.low, "high": self.high}


class Figure:
    """A row of one launch. A case that was repeated counts with the median."""

    def __init__(self, rows):
        self.ns = statistics.median(row["ns_per_page"] for row in rows)
        self.dropped = statistics.fmean(row.get("dropped_share", 0) for row in rows)
        self.noisy = any(row.get("noisy", 0) for row in rows)


def split_name(name):
    """(implementation, the rest): what is compared has the same rest."""
    match = re.fullmatch(r"([^/]+)/impl:([^/]+)/(.+)", name)
    if not match:
        raise ValueError(f"{name}: not a name of bench_map")
    return match.group(2), f"{match.group(1)}/{match.group(3)}"


def read_launch(report):
    """{(implementation, case): Figure} of one report; rows that were skipped are not in it."""
    rows = {}
    for row in report["benchmarks"]:
        if row.get("error_occurred") or row.get("run_type", "iteration") != "iteration":
            continue
        if not row.get("ns_per_page", 0) > 0:
            raise ValueError(f"{row['name']}: no ns_per_page")
        rows.setdefault(split_name(row["name"]), []).append(row)
    return {key: Figure(group) for key, group in rows.items()}


def launches_of(report):
    """Those of a saved file, or the one of what bench_map wrote."""
    return [read_launch(launch) for launch in report.get("launches", [report])]


KEPT = ("name", "ns_per_page", "dropped_share", "noisy", "table_alloc_ns_per_page")


def merge(run, environment, launches, extra):
    """One results file of all launches, with what is needed to know where they come from."""
    kept = [{"benchmarks": [{key: float(f"{row[key]:.4g}") if key != "name" else row[key]
                             for key in KEPT if row.get(key)}
                            for row in launch["benchmarks"] if row.get("ns_per_page")]}
            for launch in launches]
    return {"schema_version": SCHEMA_VERSION, **run, "environment": environment, **extra,
            "launches": kept}


class Comparison:
    """What all launches say about one figure against another."""

    def __init__(self, launches, ours, theirs):
        pairs = [(launch[ours], launch[theirs]) for launch in launches
                 if ours in launch and theirs in launch]
        self.found = bool(pairs)
        if not pairs:
            return
        self.ratio = Ratio([a.ns / b.ns for a, b in pairs])
        self.ours = statistics.median(a.ns for a, _ in pairs)
        self.theirs = statistics.median(b.ns for _, b in pairs)
        self.dropped = statistics.fmean(f.dropped for pair in pairs for f in pair)
        self.noisy = any(f.noisy for pair in pairs for f in pair)

    def line(self, name):
        return (f"{name:<66} {self.ours:9.3f} {self.theirs:9.3f} {self.ratio.value:7.3f} "
                f"{self.ratio.interval():>15} {self.dropped:7.1%}{' *' if self.noisy else ''}")


def short(case):
    """A case without the keys that have their usual value."""
    usual = {"coherent:1", "flush:strict", "domain:private", "threads:1"}
    parts = [part for part in case.split("/") if part not in usual]
    return " ".join(re.sub(r"^(fmt|size|pattern|domain):", "", part) for part in parts
                    if not part.startswith("granule:") or granule_matters(case))


def granule_matters(case):
    return "/granule:4K/" not in case


def header(peer):
    return (f"{'case':<66} {'core ns':>9} {'peer ns':>9} {'ratio':>7} {'95% interval':>15} "
            f"{'dropped':>7}\n(ratio: core / {peer}; dropped: samples taken while a neighbour had "
            f"the core;\n * too few quiet samples, all were used)")


def cases_of(launches, impl):
    """In the order of the reports."""
    return list(dict.fromkeys(case for launch in launches for name, case in launch if name == impl))


def compare_all(launches, peer):
    """{case: Comparison} of all that core and the peer have."""
    made = {case: Comparison(launches, ("core", case), (peer, case))
            for case in cases_of(launches, peer)}
    return {case: c for case, c in made.items() if c.found}


def print_table(launches, peer):
    """Returns the comparisons by case."""
    found = compare_all(launches, peer)
    if not found:
        return found
    print(f"== core vs {peer}: {len(found)} cases, {len(launches)} launches")
    print(header(peer))
    for case, comparison in found.items():
        print(comparison.line(short(case)))
    return found


def print_losses(found):
    losses = {case: c for case, c in found.items() if c.ratio.value > 1}
    print(f"\n== where core loses: {len(losses)} of {len(found)} cases")
    for case, c in sorted(losses.items(), key=lambda item: -item[1].ratio.value):
        sure = "" if c.ratio.surely_above(1) else "   (not certain)"
        print(f"{short(case):<66} {c.ratio.value:7.3f} {c.ratio.interval():>15}{sure}")


def print_other_peers(launches, peer):
    """Other formats of Linux, next to core's base format at the same granule."""
    impls = list(dict.fromkeys(impl for launch in launches for impl, _ in launch))
    for impl in impls:
        lines = []
        for case in cases_of(launches, impl):
            ours = re.sub(r"/fmt:[^/]+/", "/fmt:arm_64_lpae_s1/", case)
            comparison = Comparison(launches, ("core", ours), (impl, case))
            if comparison.found:
                lines.append(comparison.line(short(case)))
        if impl not in ("core", peer) and lines:
            print(f"\n== core's 64-bit stage 1 vs {impl}")
            print("\n".join(lines))


def case_of(op, batch, pattern="warm", flush="strict", where=BASE):
    return (f"{op}/{where}/batch:{batch}/pattern:{pattern}/coherent:1/flush:{flush}/"
            f"domain:private/threads:1")


BARS = (
    ("map 1 page", 0.35, "map", 1, "warm", "strict"),
    ("unmap 1 page, strict", 0.40, "unmap", 1, "warm", "strict"),
    ("pair, 1 page", 0.33, "pair", 1, "warm", "strict"),
    ("pair through a cursor", 0.24, "cursor_pair", 1, "warm", "strict"),
    ("map 16", 0.27, "map", 16, "warm", "strict"),
    ("unmap 16, strict", 0.16, "unmap", 16, "warm", "strict"),
    ("map 256", 0.18, "map", 256, "warm", "strict"),
    ("unmap 256, strict", 0.06, "unmap", 256, "warm", "strict"),
    ("unmap 512, queued", 0.25, "unmap", 512, "warm", "queued"),
    ("1 GiB of pages from empty", 0.12, "populate", 512, "sequential", "strict"),
    ("random pages in 1 GiB, map", 0.45, "map", 1, "random_1G", "strict"),
    ("random pages in 1 GiB, unmap", 0.45, "unmap", 1, "random_1G", "strict"),
    ("random pages in 256 GiB, map", 0.60, "map", 1, "random_256G", "strict"),
    ("random pages in 256 GiB, unmap", 0.60, "unmap", 1, "random_256G", "strict"),
    ("iova_to_phys, sequential in 1 GiB", 0.35, "iova_to_phys", 1, "sequential", "strict"),
    ("iova_to_phys, random in 1 GiB", 0.42, "iova_to_phys", 1, "random_1G", "strict"),
    ("scatter list of 64 pages", 0.12, "map_sg", 64, "warm", "strict"),
    ("batch of 64 random in 256 GiB", 0.30, "iova_to_phys_batch", 64, "random_256G", "strict"),
)
# The same bars hold for each of these, with this much room. What goes by 64 GiB of 2M blocks are as many (32768)
# blocks of the granule's level 2.
GEOMETRIES = (
    # name, pages, blocks, what the blocks are together, room
    ("", BASE, BASE.replace("size:4K", "size:2M"), "64 GiB of 2M blocks", 1),
    ("stage 2: ", "fmt:arm_64_lpae_s2/granule:4K/size:4K", "fmt:arm_64_lpae_s2/granule:4K/size:2M",
     "64 GiB of 2M blocks", 1.2),
    ("16K: ", "fmt:arm_64_lpae_s1/granule:16K/size:16K", "fmt:arm_64_lpae_s1/granule:16K/size:32M",
     "1 TiB of 32M blocks", 1.2),
    ("64K: ", "fmt:arm_64_lpae_s1/granule:64K/size:64K", "fmt:arm_64_lpae_s1/granule:64K/size:512M",
     "16 TiB of 512M blocks", 1.2),
)
BLOCK_BAR = (0.25, "populate", 512, "sequential", "strict")
THREADS_BAR = 1.9


def verdict(comparison, limit):
    """What to print, and whether the bar counts as met."""
    if not comparison.found:
        return "no data", False
    if comparison.ratio.value > limit:
        return "NOT MET", False
    if comparison.ratio.high is not None and comparison.ratio.high > limit:
        return "met, not certain", True
    return "met", True


def scaling(launches):
    """Throughput of two threads with tables of their own in one domain, over that of one."""
    one = case_of("pair", 1)
    two = one.replace("domain:private/threads:1", "domain:shared/threads:2")
    comparison = Comparison(launches, ("core", one), ("core", two))
    if comparison.found:
        comparison.ratio = Ratio([2 * launch["core", one].ns / launch["core", two].ns
                                  for launch in launches
                                  if ("core", one) in launch and ("core", two) in launch])
    return comparison


def bar_cases():
    """(label, limit, case) of every bar that is a ratio to the peer."""
    for name, pages, blocks, what, room in GEOMETRIES:
        for label, limit, *rest in BARS:
            yield name + label, limit * room, case_of(*rest, pages)
        limit, *rest = BLOCK_BAR
        yield f"{name}{what} from empty", limit * room, case_of(*rest, blocks)


def bars(launches, peer):
    """(label, limit as text, comparison, verdict, met) of every bar; one without data is not met."""
    for label, limit, case in bar_cases():
        comparison = Comparison(launches, ("core", case), (peer, case))
        yield (label, f"{limit:.3f}", comparison, *verdict(comparison, limit))
    threads = scaling(launches)
    enough = threads.found and threads.ratio.value >= THREADS_BAR
    words = ("met" if enough else "NOT MET") if threads.found else "no data"
    if threads.found and threads.noisy:
        words += " (on a busy machine)"
    yield "2 threads, disjoint ranges of one domain", f">= {THREADS_BAR}", threads, words, enough


def summary(found_bars):
    """How many are met, and how many of the others were not measured."""
    met = sum(bar[-1] for bar in found_bars)
    unknown = sum(not bar[2].found for bar in found_bars)
    return f"{met} of {len(found_bars)} bars met" + (f", {unknown} not measured" if unknown else "")


def points(launches, peer):
    """(label, Ratio) of the bars of the base format that are ratios to the peer: for charts."""
    for label, *rest in BARS:
        comparison = Comparison(launches, ("core", case_of(*rest[1:])), (peer, case_of(*rest[1:])))
        if comparison.found:
            yield label, comparison.ratio


def value_of(comparison):
    return f"{comparison.ratio.value:.3f}" if comparison.found else "-"


def interval_of(comparison):
    return comparison.ratio.interval() if comparison.found else "-"


def print_bars(launches, peer):
    """Returns whether all are met."""
    print(f"\n== the bars (ratio core / {peer})")
    print(f"{'case':<48} {'at most':>7} {'ratio':>7} {'95% interval':>15}")
    all_bars = list(bars(launches, peer))
    for label, limit, comparison, text, _ in all_bars:
        print(f"{label:<48} {limit:>7} {value_of(comparison):>7} "
              f"{interval_of(comparison):>15}  {text}")
    print(summary(all_bars))
    return all(bar[-1] for bar in all_bars)


def markdown_rows(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "| --- |" + " ---: |" * (len(head) - 2) + " --- |"
    for row in rows:
        yield "| " + " | ".join(row) + " |"


def floor_blocks(launches, peer):
    """What the machine allows (bench/impl-bare.c), and Linux with the library's barrier."""
    rows = []
    for case in cases_of(launches, "bare"):
        bare = Comparison(launches, ("bare", case), (peer, case))
        core = Comparison(launches, ("core", case), ("bare", case))
        barrier = Comparison(launches, (f"{peer}-locked-wmb", case), (peer, case))
        if bare.found and core.found:
            rows.append((f"`{short(case)}`", f"{core.theirs:.3f}", f"{core.ours:.3f}",
                         value_of(bare), value_of(core), value_of(barrier)))
    if not rows:
        return
    yield "### How near to what this machine allows"
    yield ("`bare` is the least that the operation takes behind an indirect call: the loads of the walk, "
           "a look at the entries, the stores, the barrier or the callbacks, and no check of anything "
           "(`bench/impl-bare.c`; its runs are not unrolled, so core can be below it). A bar below "
           "bare / Linux cannot be met here. The last column is Linux's own code "
           "with the barrier that the library uses on this processor instead of the kernel's.")
    yield "\n".join(markdown_rows(("case", "bare ns", "core ns", "bare / Linux", "core / bare",
                                   "Linux, other barrier / Linux"), rows))


def flag_blocks(launches, peer):
    """Linux with the kernel's flags instead of the library's, for the bars that it was measured for."""
    flags = f"{peer}-kernel-flags"
    rows = []
    for label, _, case in bar_cases():
        kernel = Comparison(launches, (flags, case), (peer, case))
        core = Comparison(launches, ("core", case), (flags, case))
        if kernel.found and core.found:
            rows.append((label, f"{core.ours:.3f}", f"{kernel.theirs:.3f}", f"{kernel.ours:.3f}",
                         value_of(kernel), value_of(core), interval_of(core)))
    yield "### Linux with the kernel's flags"
    if not rows:
        yield f"No figures of `{flags}` in this file."
        return
    yield (f"`{peer}`, which the bars are about, is built with the very flags of core; `{flags}` is the same code "
           "with those that the kernel is built with ([docs/peers.md](docs/peers.md)).")
    yield "\n".join(markdown_rows(("case", "core ns", "Linux ns", "kernel's flags ns", "kernel's flags / Linux",
                                   "core / kernel's flags", "95% interval"), rows))


def markdown(report, peer=PEER):
    """The blocks of BENCHMARKS.md for a saved file."""
    launches = launches_of(report)
    found = compare_all(launches, peer)
    all_bars = list(bars(launches, peer))
    yield "### Core vs Linux"
    yield (f"Ratio core / {peer}, the kernel's own code in the same process, cases interleaved, over "
           f"{len(launches)} launches; the interval is of 95%. {summary(all_bars)}. How the two are kept alike is in [docs/peers.md](docs/peers.md).")
    yield "\n".join(markdown_rows(
        ("case", "core ns", "Linux ns", "ratio", "95% interval", "at most", "bar"),
        ((label, f"{c.ours:.3f}" if c.found else "-", f"{c.theirs:.3f}" if c.found else "-",
          value_of(c), interval_of(c), limit, text) for label, limit, c, text, _ in all_bars)))
    losses = sorted((c.ratio.value, case) for case, c in found.items() if c.ratio.value > 1)[::-1]
    yield "### Where core loses"
    yield (f"{len(losses)} of {len(found)} cases have a ratio above 1; where the interval has 1 in "
           "it, that is not certain.")
    if losses:
        yield "\n".join(markdown_rows(
            ("case", "ratio", "95% interval", ""),
            ((f"`{short(case)}`", f"{value:.3f}", interval_of(found[case]),
              "" if found[case].ratio.surely_above(1) else "not certain") for value, case in losses)))
    yield from floor_blocks(launches, peer)
    yield from flag_blocks(launches, peer)
    rest = statistics.geometric_mean(c.ratio.value for c in found.values())
    dropped = statistics.fmean(c.dropped for c in found.values())
    yield (f"Over all {len(found)} cases the geometric mean of the ratios is {rest:.3f}. "
           f"{dropped:.1%} of the samples were dropped because a neighbour had the core.")
