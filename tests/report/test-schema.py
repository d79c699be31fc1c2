# SPDX-License-Identifier: GPL-2.0-only
"""tools/results-validate: every committed results file and a fresh run are valid; files of another
version, cut off or wrong say what is wrong, where, and what to do, with a status that is not 0.

Usage: test-schema.py TOP SMALL
"""
import copy
import json
import subprocess
import sys
import tempfile
from pathlib import Path

NOT_THERE = 3


def validate(top, *args):
    result = subprocess.run(
        [top / "tools/results-validate", *map(str, args)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if result.returncode == NOT_THERE:
        print("skipped: " + result.stderr.strip())
        sys.exit(77)
    assert "Traceback" not in result.stderr, result.stderr
    return result


def check_valid(top, small):
    files = sorted(top.glob("results/*/*.json")) + sorted(small.glob("*/report.json"))
    assert len(files) >= 6, files
    result = validate(top, *files)
    assert result.returncode == 0 and result.stdout.count(": valid") == len(files), result


def refused(top, path, text, words):
    path.write_text(text)
    result = validate(top, path)
    assert result.returncode == 1 and words in result.stderr, (words, result)
    assert str(path) in result.stderr and "valid\n" not in result.stdout, result


def changed(report, change):
    report = copy.deepcopy(report)
    change(report)
    return json.dumps(report)


def drop(key):
    return lambda report: report.pop(key)


def put(value, *keys):
    def change(report):
        for key in keys[:-1]:
            report = report[key]
        report[keys[-1]] = value

    return change


BAD = [
    (put(1, "schema_version"), "tools/results-validate --upgrade"),
    (drop("schema_version"), "version 1 is old"),
    (put(3, "schema_version"), "newer than 2"),
    (put("2", "schema_version"), "not a whole number"),
    (put("slow", "kind"), "kind 'slow' is none of"),
    (drop("kind"), 'no "kind"'),
    (drop("map"), "'map' is a required property"),
    (drop("environment"), "'environment' is a required"),
    (put("My Host", "label"), "label: 'My Host' does not match"),
    (put(-1, "map", 0, "ns_per_page"), "map[0].ns_per_page: -1"),
    (put(0, "map", 3, "ns_per_page"), "map[3].ns_per_page: 0"),
    (put("fast", "map", 0, "ns_per_page"), "map[0].ns_per_page: 'fast' is not of type 'number'"),
    (put("map", "map", 0, "name"), "map[0].name: 'map' does not match"),
    (put(-2, "flush", 0, "exposure_page_us"), "flush[0].exposure_page_us: -2"),
    (put("a", "environment", "host_name"), "environment.host_name"),
    (put([], "self_check", "launches"), "self_check.launches: [] "),
    (put([1, 2], "replay", 0, "timeline", "events"), "its lists have different lengths"),
]


def check_bad(top, report, folder):
    path = folder / "bad.json"
    for change, words in BAD:
        refused(top, path, changed(report, change), words)
    whole = json.dumps(report)
    refused(top, path, whole[: len(whole) // 2], "not complete or not JSON")
    refused(top, path, "", "not complete or not JSON")
    refused(top, path, "[]", "not a results file")
    result = validate(top, folder / "missing.json")
    assert result.returncode == 1 and "No such file" in result.stderr, result
    many = changed(report, lambda r: [row.pop("samples") for row in r["map"]])
    refused(top, path, many, "and more")
    # A row that failed is not a fault of the file.
    path.write_text(
        changed(report, put({"name": report["map"][0]["name"], "error": "skipped: x"}, "map", 0))
    )
    assert validate(top, path).returncode == 0


def check_upgrade(top, report, folder):
    old = dict(report)
    del old["schema_version"]
    path = folder / "old.json"
    for head in ({"version": 1}, {}):
        path.write_text(json.dumps({**head, **old}, indent=1))
        assert validate(top, path).returncode == 1
        result = validate(top, "--upgrade", path)
        assert result.returncode == 0 and "of version 2 now" in result.stdout, result
        assert json.loads(path.read_text()) == {"schema_version": 2, **old}
        assert validate(top, path).returncode == 0
    assert "already" in validate(top, "--upgrade", path).stdout
    path.write_text("{}")
    assert validate(top, "--upgrade", path).returncode == 1 and path.read_text() == "{}"


def main(top, small):
    top, small = Path(top), Path(small)
    report = json.loads((small / "one/report.json").read_text())
    with tempfile.TemporaryDirectory() as name:
        check_valid(top, small)
        check_bad(top, report, Path(name))
        check_upgrade(top, report, Path(name))
    print(f"{len(BAD)} faults found, and no others")


main(*sys.argv[1:])
