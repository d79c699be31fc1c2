#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What the layers say of given figures: counts, recorded launches (launches.json), histories."""
import copy
import json
import math
from pathlib import Path

from support import TOP, gate, run_tests

counted, paired, history, summary = gate.counted, gate.paired, gate.history, gate.summary
LAUNCHES = json.loads(Path(TOP, "tests/gate/launches.json").read_text(encoding="utf-8"))
OLD = {"map": {"pages": 1, "instructions": 80}, "unmap": {"pages": 1, "instructions": 1000}}


def counts(now, goldens=(None, None), base=None):
    """{case: state} of instructions."""
    head = {name: {"pages": 1, "instructions": value} for name, value in now.items()}
    return {row["case"]: row["state"] for row in counted.judged(base or OLD, head, goldens)}


def golden(**values):
    return {name: {"pages": 1, "instructions": value} for name, value in values.items()}


def test_counts():
    assert counts({"map": 80, "unmap": 1000}) == {"map": "same", "unmap": "same"}
    assert counts({"map": 81, "unmap": 1010})["map"] == "worse"
    assert counts({"map": 80, "unmap": 1010})["unmap"] == "same"
    assert counts({"map": 80, "unmap": 1010.1})["unmap"] == "worse"
    assert counts({"map": 79, "unmap": 989})["unmap"] == "better"
    assert counts({"map": 80}) == {"map": "same", "unmap": "gone"}
    assert counts({"map": 80, "unmap": 1000, "more": 5})["more"] == "new"


def test_acknowledged():
    old, now = golden(map=80, unmap=1000), {"map": 90, "unmap": 1000}
    assert counts(now, (old, golden(map=90, unmap=1000)))["map"] == "acknowledged"
    # Not refreshed; refreshed, but for less than it costs; no golden file of this compiler.
    assert counts(now, (old, old))["map"] == "worse"
    assert counts(now, (old, golden(map=85, unmap=1000)))["map"] == "worse"
    assert counts(now, (old, None))["map"] == "worse"
    # A golden file that allowed more all along acknowledges nothing.
    assert counts(now, (golden(map=90), golden(map=90)))["map"] == "worse"
    # A new file acknowledges, a case may be dropped from it.
    assert counts(now, (None, golden(map=90)))["map"] == "acknowledged"
    assert counts({"map": 80}, (old, golden(map=80)))["unmap"] == "acknowledged"
    assert counts({"map": 80}, (old, old))["unmap"] == "gone"


def states(launches, threshold):
    return {row["case"]: row["state"] for row in paired.judged(launches, threshold)}


def test_recorded_launches():
    assert set(states(LAUNCHES["equal"], 2.0).values()) == {"same"}
    assert set(states(LAUNCHES["plus4"], 2.0).values()) == {"slower"}
    assert "slower" not in states(LAUNCHES["plus4"], 8.0).values()
    assert summary.status_of({"counts": [], "paired": paired.summary(LAUNCHES["plus4"], 2.0)}) == 1
    assert summary.status_of({"counts": [], "paired": paired.summary(LAUNCHES["equal"], 2.0)}) == 0


def moved(launches, part, by):
    """A copy with by(i, log ratio) in a part of each launch."""
    found = copy.deepcopy(launches)
    for i, cases in enumerate(found):
        for case in cases:
            case[part]["log_ratio"] = by(i, case[part]["log_ratio"])
    return found


def test_unstable():
    """A/A that is off, or too wide, wins over whatever HEAD says."""
    off = moved(LAUNCHES["plus4"], "again", lambda i, log: log + math.log(1.03))
    assert set(states(off, 2.0).values()) == {"unstable"}
    wide = moved(LAUNCHES["plus4"], "again", lambda i, log: log + (0.2 if i % 2 else -0.2))
    assert set(states(wide, 2.0).values()) == {"unstable"}
    layer = paired.summary(wide, 2.0)
    assert layer["unstable"] and not layer["failed"]
    assert summary.status_of({"counts": [], "paired": layer}) == 2
    assert summary.status_of({"counts": [{"failed": True}], "paired": layer}) == 1


def test_intervals():
    """A few launches that are far off do not matter; half of them do, and make nothing certain."""
    few = moved(LAUNCHES["equal"], "head", lambda i, log: log + (0.15 if i % 7 == 0 else 0))
    assert set(states(few, 2.0).values()) == {"same"}
    half = moved(LAUNCHES["equal"], "head", lambda i, log: log + (0.15 if i % 2 else -0.05))
    assert set(states(half, 2.0).values()) == {"unclear"}
    faster = moved(LAUNCHES["equal"], "head", lambda i, log: log - 0.05)
    assert set(states(faster, 2.0).values()) == {"faster"}


def points(values):
    return [(f"c{i}", value) for i, value in enumerate(values)]


def test_change_points():
    steady = [10 + 0.1 * (i * 7 % 5) for i in range(24)]
    assert history.change_of(points(steady), 0.05) is None
    jumped = [value * (1.1 if i >= 14 else 1) for i, value in enumerate(steady)]
    found = history.change_of(points(jumped), 0.05)
    assert found["at"] == "c14" and 1.08 < found["ratio"] < 1.12, found
    lone = [value * (1.5 if i == 14 else 1) for i, value in enumerate(steady)]
    assert history.change_of(points(lone), 0.05) is None


def test_history_is_advisory():
    layer = {
        "min_points": 8,
        "files": [
            {
                "file": "f",
                "points": 20,
                "series": 1,
                "left_out": 0,
                "changes": [{"case": "c", "at": "abc", "before": 1.0, "after": 2.0, "ratio": 2.0}],
            }
        ],
    }
    report = {"counts": [], "paired": None, "history": layer, "notes": []}
    report["status"] = summary.status_of(report)
    assert report["status"] == 0
    assert "advisory" in summary.text(report) and "abc" in summary.markdown(report)


def test_words():
    layer = paired.summary(LAUNCHES["plus4"], 2.0)
    report = {
        "counts": [],
        "paired": layer,
        "history": None,
        "notes": ["a note"],
        "status": 1,
        "base": {"label": "a|b"},
        "head": {"label": "c", "commit": "abc", "changed": True},
    }
    text, words = summary.text(report), summary.markdown(report)
    assert "regression: " in text and "head: c (abc), with changes" in text and "a note" in text
    assert "### Performance gate: regression" in words and "| slower | pair/" in words
    for line in words.splitlines():
        if line.startswith("| ") and "---" not in line:
            assert line.count("|") == 8, line


run_tests(globals())
