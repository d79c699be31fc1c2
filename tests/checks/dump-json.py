#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Checks that the JSON of io_pgtable_dump() parses and adds up, for every format.

usage: dump-json.py TEST_WALK    runs TEST_WALK --json; exits 1 at the first thing that is wrong
"""
import json
import re
import subprocess
import sys


def check(dump):
    assert re.fullmatch(r"[a-z]+[a-z0-9_]*", dump["format"]), dump["format"]
    end, leaves = None, [0] * dump["levels"]
    for run in dump["runs"]:
        first, last = int(run["iova"], 16), int(run["last"], 16)
        assert first <= last, run
        assert end is None or first == end or first == 0, run
        end = (last + 1) % 2**64
        if run["kind"] == "leaf":
            page = int(run["page"], 16)
            assert first % page == 0 and int(run["paddr"], 16) % page == 0, run
            assert len(run["prot"]) == 6 and run["prot"].startswith("r"), run
            leaves[run["level"]] += (last + 1 - first) // page
        else:
            assert run["kind"] == "hole", run
    stats = dump["stats"]
    assert [level["level"] for level in stats] == list(range(dump["levels"]))
    assert stats[-1]["tables"] == 1
    assert leaves == [level["leaves"] for level in stats] and any(leaves)
    assert stats[0]["leaf_bytes"] == dump["granule"]
    assert dump["complete"] is True


def main():
    text = subprocess.run([sys.argv[1], "--json"], check=True, stdout=subprocess.PIPE,
                          universal_newlines=True).stdout
    decoder, dumps = json.JSONDecoder(), 0
    while text.strip():
        dump, end = decoder.raw_decode(text)
        check(dump)
        text = text[end:].lstrip()
        dumps += 1
    print(f"{dumps} dumps")
    return 0 if dumps > 20 else 1


if __name__ == "__main__":
    sys.exit(main())
