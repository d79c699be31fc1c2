#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""gate-launch on stub drivers. usage: test-launch.py TOP GATE-LAUNCH FOLDER-OF-STUBS"""
import shutil
import sys
import tempfile
from pathlib import Path

from support import gate, run_tests
from results import Problem

LAUNCH, STUBS = sys.argv[2], Path(sys.argv[3])
WORK = Path(tempfile.mkdtemp(prefix="gate-"))


def stub(name, copy=""):
    """A copy of its own: the same file is loaded once only."""
    return Path(shutil.copyfile(STUBS / f"gate-stub-{name}.so", WORK / f"{name}{copy}.so"))


def launch(head, *options):
    drivers = (stub("good"), head, stub("good", "-again"))
    return gate.paired.launch(LAUNCH, drivers, ["--budget-ms", 5, *options])


def refused(head, *texts, options=()):
    try:
        launch(head, *options)
    except Problem as problem:
        assert all(text in str(problem) for text in texts), problem
        return
    raise AssertionError(f"{head} was not refused")


def test_cases():
    cases = launch(stub("good", "-head"))
    assert [case["name"] for case in cases] == ["first/case:1", "second/case:2"]
    for case in cases:
        assert case["base_ns_per_operation"] > 0
        for part in (case["head"], case["again"]):
            assert part["groups"] > 0 and 0 <= part["dropped_share"] <= 1
    assert len(launch(stub("good", "-head"), "--only", "second")) == 1
    assert not launch(stub("good", "-head"), "--only", "nothing")


def test_refusals():
    refused(stub("abi"), "version 2, this gate speaks 1", "--driver this")
    refused(stub("cases"), "other cases than the base", "--driver this")
    refused(stub("wrong"), "results are not those of the base")
    refused(stub("none"), "it has no gate_driver()")
    refused(WORK / "missing.so", "missing.so")
    refused(stub("good", "-head"), "GATE_PLANT", options=("--plant", 4))
    refused(stub("good", "-head"), "not understood", options=("--frob", 4))
    refused(stub("good", "-head"), "not understood", options=("--plant", "-4"))


def test_plant():
    head = stub("delay")
    for only, planted in (((), [True, True]), (("--plant-only", "second/case:2"), [False, True])):
        cases = launch(head, "--plant", 50, *only)
        assert [case["planted"] for case in cases] == planted, cases
    assert not any(case["planted"] for case in launch(head))


def test_layer():
    """Launches are added, at most twice as many, while A/A is not quiet; an empty choice is an error."""
    good = stub("good", "-head")
    with_noise = dict(threshold=0.0001, nr=5, more=("--budget-ms", 5))
    layer = gate.paired.layer(LAUNCH, good, good, **with_noise)
    assert layer["unstable"] and layer["launches"] == 10, layer
    try:
        gate.paired.layer(LAUNCH, good, good, nr=5, more=("--only", "nothing"))
    except Problem as problem:
        assert "no case" in str(problem)
    else:
        raise AssertionError("no case, and no error")


run_tests(globals())
shutil.rmtree(WORK)
