#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The tests of a cross build that a guest can run: of ctest --show-only=json-v1, on stdin, a line "NAME PROGRAM
ARGUMENTS" for each that is a program of its own in FOLDER. usage: list.py FOLDER

Left out is what needs the host: checks of the tree, counts by the emulator's plugin, scripts around a
program, and what runs the emulator with options; and of the random tests what does not depend on the kernel
(hooks, walkers that do not snoop), and what takes minutes, because a guest is slow.
"""
import json
import os
import sys

HOSTS = {"check", "counts", "bench", "report", "gate", "peers", "oracle"}
# The same program again as on a host with larger pages: a guest has those.
PRETENDED = "test-pool-pages-"
SAME_ANYWHERE = ("-clean", "-hooks")
SLOW = {"test-load", "test-reclaim-smmu", "test-planted"}
READ_THE_TREE = "/tests/trace/"


def labels(test):
    return {label for prop in test.get("properties", []) if prop["name"] == "LABELS" for label in prop["value"]}


def main(folder):
    for test in json.load(sys.stdin)["tests"]:
        words = test.get("command", [])
        at = next((i for i, word in enumerate(words) if word.startswith(folder + "/")), None)
        if at is None or labels(test) & HOSTS or test["name"].startswith(PRETENDED):
            continue
        if test["name"] in SLOW or READ_THE_TREE in words[at]:
            continue
        if test["name"].startswith("test-model-") and test["name"].endswith(SAME_ANYWHERE):
            continue
        if any("/" in word and word.startswith("/") for word in words[at + 1:]) or any(" " in w for w in words[at:]):
            continue
        print(test["name"], os.path.basename(words[at]), *words[at + 1:])


main(*sys.argv[1:])
