# SPDX-License-Identifier: GPL-2.0-only
"""Several results files side by side: what of them may be compared, and the tables of it.

Used by page.py and tools/compare. What holds: times of two files are set against one another only
if nothing but the commit is different between them; ratios within each run always may be, because
both of their figures were made by the same host and build; modelled figures do not depend on the
host."""
import statistics

import flush
import ratios
from figures import number
from markup import esc, table, tag
from ratios import Ratio
from results import provenance
from selfcheck import SelfCheck

TIMES = "Times"
MOST_TIMES = 8  # on a page

# What times depend on, besides the code: the field of the environment, and what it is called.
DEPENDS = [
    ("architecture", "architecture"),
    ("cpu_id", "CPU model"),
    ("cpu", "CPU"),
    ("cpus", "number of CPUs"),
    ("hypervisor", "virtual machine"),
    ("page_bytes", "page size"),
    ("compiler", "compiler"),
    ("flags", "build flags"),
    ("build_type", "build type"),
    ("assertions", "assertion level"),
    ("governor", "governor"),
]


def reasons(one, two):
    """Why times of two results may not be compared; empty if they may."""
    if "advice" in (one["kind"], two["kind"]):
        return [] if one["kind"] == two["kind"] else ["one is modelled, the other is not"]
    if one["environment"]["emulated"] or two["environment"]["emulated"]:
        return ["emulated: its times mean nothing"]
    found = []
    for key, name in DEPENDS:
        a, b = one["environment"].get(key), two["environment"].get(key)
        if a != b and not (key == "cpu" and found and found[-1].startswith("CPU model")):
            found.append(f"{name}: {b} instead of {a}")
    if one["environment"].get("transparent_huge_pages") != two["environment"].get(
        "transparent_huge_pages"
    ):
        found.append("transparent huge pages are set differently")
    return found


def is_virtual(report):
    return report["environment"].get("hypervisor", "none") != "none"


def leaders(reports):
    """For each report the index of the first one that its times may be set against (maybe itself)."""
    found = []
    for i, report in enumerate(reports):
        same = (
            j
            for j in range(i)
            if found[j] == j
            and family(reports[j]) == family(report)
            and not reasons(reports[j], report)
        )
        found.append(next(same, i))
    return found


def family(report):
    """Kinds that have the same figures."""
    return "run" if report["kind"] in ("quick", "full") else report["kind"]


def families(reports):
    """{family: indices} of those with two or more."""
    found = {}
    for i, report in enumerate(reports):
        found.setdefault(family(report), []).append(i)
    return {name: where for name, where in found.items() if len(where) > 1}


def names_of(reports):
    """Short, and different from one another."""
    names = [f"{r['label']} {r['commit'][:8]}" for r in reports]
    return [
        name if names.count(name) == 1 else f"{name} #{names[:i + 1].count(name)}"
        for i, name in enumerate(names)
    ]


def file_table(names, reports):
    body = []
    for i, (name, report, leader) in enumerate(zip(names, reports, leaders(reports))):
        first = next(j for j, r in enumerate(reports) if family(r) == family(report))
        if leader != i:
            said = f"with {names[leader]}" + (
                ": as well as virtual machines allow" if is_virtual(report) else ""
            )
        elif first != i:
            said = f"not with {names[first]}: {'; '.join(reasons(reports[first], report))}"
        else:
            said = "the first of its kind"
        body.append([name, report["kind"], report["environment"]["cpu"], report["date"], said])
    return {
        "head": ["file", "kind", "CPU", "date", "may its times be compared?"],
        "body": body,
        "keys": 5,
    }


# ---- ratios within each run ---------------------------------------------------------------------


def peer_ratios(names, reports):
    """{cases, series} for the chart, of the bars that any of them has."""
    found = {}
    for name, report in zip(names, reports):
        for label, ratio in ratios.points(ratios.launches_of(report), ratios.PEER):
            found.setdefault(label, {})[name] = ratio
    return {
        "cases": list(found),
        "axis": f"time: core / {ratios.PEER}",
        "series": [
            {
                "name": name,
                "values": [
                    found[case][name].point() if name in found[case] else None for case in found
                ],
            }
            for name in names
        ],
    }


def ratio_input(report):
    """What RATIO_CHART is drawn of, of one file of peers."""
    return {**peer_ratios(["core"], [report]), "provenance": provenance(report)}


def point_cell(point):
    if point is None:
        return "-"
    inside = "" if point["low"] is None else f" ({point['low']:.3f}..{point['high']:.3f})"
    return f"{point['value']:.3f}{inside}"


def table_of_points(points):
    body = [
        [case] + [point_cell(s["values"][i]) for s in points["series"]]
        for i, case in enumerate(points["cases"])
    ]
    return {"head": ["case"] + [s["name"] for s in points["series"]], "body": body, "keys": 1}


def strategy_table(names, reports, base):
    rows = [flush.Rows(report.get("flush") or []) for report in reports]
    body = [[s] + [flush.ratio_of(r, s, "8", base) or "-" for r in rows] for s in flush.STRATEGIES]
    return {
        "head": ["strategy"] + names,
        "body": [row for row in body if set(row[1:]) != {"-"}],
        "keys": 1,
    }


def strategy_blocks(report, base=flush.BASE):
    """(title, what, table, no points) of the strategies of one run, by one of them."""
    launches = [] if report["environment"]["emulated"] else flush.launches_of(report)
    yield (
        f"Strategies by {base} on this host",
        (
            "Unmaps of 4K by one thread in front of the software SMMU, whose "
            f"service times are settings; ratio of times over {len(launches)} launches."
        ),
        flush.real_ratio_table(launches, base),
        None,
    )
    yield (
        f"Strategies by {base}, modelled",
        (
            "Virtual clock, hi1620, unmaps of 4K; ratio of times by CPUs, and "
            "exposure. No intervals: it is the same in every run."
        ),
        flush.ratio_table(flush.Rows(report.get("flush") or []), base),
        None,
    )


def strategy_points(names, reports, base):
    """{cases, series} for the chart, of this host's clock."""
    by_run = [
        {s: found.point() for s, found, _ in flush.real_ratios(flush.launches_of(r), base)}
        for r in reports
    ]
    cases = [s for s in flush.STRATEGIES if any(s in found for found in by_run)]
    return {
        "cases": cases,
        "axis": f"time: strategy / {base}",
        "series": [
            {"name": name, "values": [found.get(case) for case in cases]}
            for name, found in zip(names, by_run)
        ],
    }


WITHIN = [
    ("map of 512, by map of 1 (a page)", ("map", 512, {}), ("map", 1, {})),
    ("strict unmap of 512, by of 1 (a page)", ("unmap", 512, {}), ("unmap", 1, {})),
    (
        "a page random in 1 GiB, by a warm one: map",
        ("map", 1, {"pattern": "random_1G"}),
        ("map", 1, {}),
    ),
    (
        "pair: two threads' own tables in a domain, by one",
        ("pair", 1, {"domain": "shared", "threads": 2}),
        ("pair", 1, {}),
    ),
]


def time_of(report, op, batch, change):
    keys = {"pattern": "warm", "domain": "private", "threads": 1, **change}
    case = (
        f"{op}/impl:core/{ratios.BASE}/batch:{batch}/pattern:{keys['pattern']}/coherent:1/flush:strict/"
        f"domain:{keys['domain']}/threads:{keys['threads']}"
    )
    return next(
        (row["ns_per_page"] for row in report["map"] if row["name"] == case and "error" not in row),
        None,
    )


def within_table(names, reports):
    body = []
    for label, ours, theirs in WITHIN:
        cells = []
        for report in reports:
            a, b = time_of(report, *ours), time_of(report, *theirs)
            cells.append(f"{a / b:.3f}" if a and b else "-")
        body.append([label] + cells)
    return {"head": ["ratio of two figures of one run"] + names, "body": body, "keys": 1}


# ---- times, where nothing but the commit is different --------------------------------------------


def launch_times(report):
    """{case: times} over launches, of core."""
    found = {}
    for launch in ratios.launches_of(report):
        for (impl, case), figure in launch.items():
            if impl == "core":
                found.setdefault(case, []).append(figure.ns)
    return found


def run_times(report):
    """{case: [time]} of core."""
    named = [(*ratios.split_name(row["name"]), row) for row in report["map"] if "error" not in row]
    return {case: [row["ns_per_page"]] for impl, case, row in named if impl == "core"}


def noise_of(one, two):
    """What two launches of these hosts differ by, of their self-checks; None if neither has one."""
    known = [c for c in (SelfCheck(one).between, SelfCheck(two).between) if c is not None]
    return max(known) if known else None


def time_word(ratio, noise):
    if ratio.low is not None:
        return ratio.verdict()
    if noise is None:
        return "one launch each: not told apart"
    if abs(ratio.value - 1) <= noise or abs(1 / ratio.value - 1) <= noise:
        return "within the noise"
    return "faster" if ratio.value < 1 else "slower"


def time_table(one, two):
    """Two's times by one's, case by case."""
    of = launch_times if one["kind"] == "peers" else run_times
    before, after, noise = of(one), of(two), noise_of(one, two)
    body = []
    for case in before:
        if case in after:
            ratio = Ratio.unpaired(after[case], before[case])
            body.append(
                [
                    ratios.short(case),
                    number(statistics.median(before[case])),
                    number(statistics.median(after[case])),
                    f"{ratio.value:.3f}",
                    ratio.interval(),
                    time_word(ratio, noise),
                ]
            )
    return {
        "head": ["case", "first ns", "this ns", "ratio", "95% interval", ""],
        "body": body,
        "keys": 1,
    }


def not_emulated(names, reports):
    """Times of an emulator mean nothing, and so do their ratios."""
    kept = [(n, r) for n, r in zip(names, reports) if not r["environment"]["emulated"]]
    return [n for n, _ in kept], [r for _, r in kept]


def run_blocks(names, reports, base):
    """Of runs of the quick or the full set."""
    real = not_emulated(names, reports)
    yield "Within each run", "No intervals: one launch each.", within_table(*real), None
    points = strategy_points(*real, base)
    yield (
        f"Strategies by {base}, each on its own host",
        "One thread in front of the software SMMU; ratios within each run.",
        table_of_points(points),
        points,
    )
    yield (
        f"Strategies by {base}, modelled",
        "8 CPUs; the same on every host: a difference is the commit's.",
        strategy_table(names, reports, base),
        None,
    )


def blocks_of(names, reports, base=flush.BASE):
    """(title, what, table, points for the chart or None) of each, in order."""
    if len(reports) == 1:
        yield from strategy_blocks(reports[0], base)
        return
    yield "Files", "Whether times may be set against one another.", file_table(names, reports), None
    for kind, where in families(reports).items():
        some, called = [reports[i] for i in where], [names[i] for i in where]
        if kind == "peers":
            points = peer_ratios(*not_emulated(called, some))
            yield (
                "Core against Linux, each on its own host",
                (
                    "Ratios within each run may be compared between "
                    "any hosts; the interval is of 95% over launches."
                ),
                table_of_points(points),
                points,
            )
        if kind == "run":
            yield from run_blocks(called, some, base)
        for i, leader in enumerate(leaders(some)):
            if kind != "advice" and leader != i:
                yield (
                    f"{TIMES}: {called[i]} by {called[leader]}",
                    "Nothing but the commit differs between the two.",
                    time_table(some[leader], some[i]),
                    None,
                )


def section(runs, data, make_section, charts):
    """The part of the page; empty if there are not two files of a kind."""
    reports = [run.report for run in runs]
    if not families(reports):
        return ""
    made = [
        "<p>Absolute figures are compared only between runs of the same kind of host and build;"
        f" ratios within a run, and {tag('modelled')} figures, between any.</p>"
    ]
    nr_times = 0
    for title, what, rows, points in blocks_of(names_of(reports), reports):
        nr_times += title.startswith(TIMES)
        if not rows["body"] or nr_times > MOST_TIMES:
            continue
        made.append(f"<h3>{esc(title)}</h3>")
        if points and points["cases"]:
            data["ratios"].append({**points, "provenance": "measured"})
            made.append(charts("ratios", len(data["ratios"]) - 1))
        made.append(table(rows, what))
    if nr_times > MOST_TIMES:
        made.append(
            f"<p class=note>Times of {nr_times - MOST_TIMES} more files: tools/compare prints"
            " them.</p>"
        )
    return make_section("hosts", "Side by side", *made)
