# SPDX-License-Identifier: GPL-2.0-only
"""What a run says, in sentences: the beginning of the report page.

Each sentence is (how, text); how is good, bad or empty. What holds: a sentence is made of figures
of one file; a difference whose interval has 1 in it is not called one; modelled figures are called
modelled."""
import math
import statistics

import emulated
import flush
import ratios
from figures import number
from results import partial_words
from selfcheck import SelfCheck

MODELLED_CPUS = 8


def case_row(report, op, batch):
    name = f"{op}/impl:core/" + ratios.case_of(op, batch).split("/", 1)[1]
    return next((row for row in report["map"] if row["name"] == name and "error" not in row), None)


KEY_CASES = [("map, 1 page", "map", 1), ("unmap, 1 page", "unmap", 1), ("map, 512 a call", "map", 512),
             ("unmap, 512 a call", "unmap", 512)]


def key_figures(report):
    """(name, figure, unit): what everybody looks for first."""
    if report["environment"]["emulated"]:
        return
    if report["kind"] in ("quick", "full"):
        for name, op, batch in KEY_CASES:
            row = case_row(report, op, batch)
            if row:
                yield name, number(row["ns_per_page"]), "ns a page"
    check = SelfCheck(report)
    if check.within is not None:
        yield "differences seen from", f"{check.within:.1%}", "A/A"


def host_sentences(report):
    env = report["environment"]
    if env["emulated"]:
        yield "bad", "This run was EMULATED: instructions of another architecture; its times mean nothing."
        return
    one, many = case_row(report, "map", 1), case_row(report, "map", 512)
    if one and many:
        yield "", (f"On this host ({env['cpu']}) mapping a 4K page takes {number(one['ns_per_page'])} ns by itself "
                   f"and {number(many['ns_per_page'])} ns as one of 512 in a call.")
    rows = [row for row in report["map"] if "error" not in row and "ns_per_page_p90" in row]
    wide = sum(row["ns_per_page_p90"] > 1.3 * row["ns_per_page_p10"] for row in rows)
    if rows:
        yield ("bad" if wide * 5 > len(rows) else "",
               f"{wide} of {len(rows)} figures were not quiet (a tenth of their samples is 1.3 times another "
               "tenth or more); they have a ~ beside them.")
    broken = [row for row in report["map"] if "error" in row and not row["error"].startswith("skipped")]
    if broken:
        yield "bad", f"{len(broken)} cases FAILED: {broken[0]['name']}: {broken[0]['error']}"


def strategy_sentences(report):
    rows = flush.Rows(report.get("flush") or [])
    found = [(s, row) for s in flush.STRATEGIES if s != "none" and not s.startswith("kernel")
             for row in [rows.find(s, MODELLED_CPUS)] if row]
    base = rows.find("strict-page", MODELLED_CPUS)
    strict = [(row["ns_per_page"], s) for s, row in found if row["exposure_page_us"] == 0]
    if not base or not strict:
        return
    ns, name = min(strict)
    yield "", (f"Modelled ({MODELLED_CPUS} CPUs of hi1620): {name} is the cheapest strategy that never exposes a "
               f"page, {number(ns)} ns a page against strict-page's {number(base['ns_per_page'])}.")
    loose = [(row["ns_per_page"], s, row) for s, row in found if row["exposure_page_us"] > 0]
    if loose:
        ns, name, row = min(loose, key=lambda item: item[0])
        yield "", (f"Modelled: {name} is the cheapest of all, {number(ns)} ns, and leaves a page usable for "
                   f"{number(row['exposure_page_us'])} us on average after its unmap.")


def peer_sentences(report, peer=ratios.PEER):
    launches = ratios.launches_of(report)
    found = ratios.compare_all(launches, peer)
    if not found:
        return
    mean = math.exp(statistics.fmean(math.log(c.ratio.value) for c in found.values()))
    slower = [case for case, c in found.items() if c.ratio.surely_above(1)]
    faster = [case for case, c in found.items() if c.ratio.high is not None and c.ratio.high < 1]
    bars = list(ratios.bars(launches, peer))
    yield "good" if mean < 1 else "bad", (
        f"Against {peer}'s own code in the same process the library takes {mean:.2f} of the time (geometric "
        f"mean of {len(found)} cases, {len(launches)} launches): faster for certain in {len(faster)}, slower "
        f"for certain in {len(slower)}, the rest not told apart.")
    yield "good" if all(bar[-1] for bar in bars) else "bad", f"Of the project: {ratios.summary(bars)} here."
    if slower:
        worst = max(slower, key=lambda case: found[case].ratio.value)
        yield "bad", (f"Where it loses most: {ratios.short(worst)}, {found[worst].ratio.value:.2f} "
                      f"({found[worst].ratio.interval()}).")


def advice_sentences(report):
    for trace in report["advice"]:
        yield "", (f"Modelled, trace {trace['trace']} within {trace['budget_us']} us of exposure: "
                   f"use {trace['advice']}.")


def count_sentences(report):
    yield "", emulated.summary(report)


BY_KIND = {
    "quick": (host_sentences, strategy_sentences), "full": (host_sentences, strategy_sentences),
    "peers": (peer_sentences,), "advice": (advice_sentences,),
    "counts": (count_sentences,),
}


def sentences(report):
    if report.get("partial"):
        yield "bad", partial_words(report)
    for make in BY_KIND[report["kind"]]:
        yield from make(report)
    if not report["environment"]["emulated"]:
        for text in SelfCheck(report).words()[:1]:
            yield "", text
