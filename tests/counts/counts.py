#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Instructions per operation, against the golden file of this architecture, compiler and variant.

check runs count-ops once and exits with 1 if a counter of a case grew by more than 1% (and by more than
SLACK), or if cases or counters are not those of the golden file; with 77, which CTest shows as skipped,
if there is no golden file for this key or the tool that counts is not there. refresh runs it twice,
insists on the same numbers, and writes the golden file. table prints golden files side by side, in
Markdown.

x86-64 is counted by valgrind's callgrind, arm64 by the plugin tools/icount of qemu-user; from the
counts of a case those of the same number of empty operations are taken off (docs/counts.md).
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

SKIP = 77
THRESHOLD = 0.01
# Half of the last digit that a golden file keeps.
ROUNDING = 0.005
# Where code and data lie, which any change moves, decides which of them share a set of the modelled
# cache: that much of a line per operation says nothing.
SLACK = {"l1d_misses": 0.5}
BASELINE = "nothing/"
TIMEOUT_S = 900


class Skip(Exception):
    """What is missing, and is not this test's fault."""


class Broken(Exception):
    """What is wrong, in words for the user."""


def run(command):
    try:
        result = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S,
                                check=False)
    except OSError as e:
        raise Broken(f"{command[0]}: {e.strerror}") from e
    except subprocess.TimeoutExpired as e:
        raise Broken(f"{command[0]} took more than {TIMEOUT_S} s") from e
    return result


class Callgrind:
    """Counts instructions inside of counted_region(), in one output file per process."""
    counters = ["instructions"]

    def __init__(self):
        self.valgrind = shutil.which("valgrind")
        if not self.valgrind:
            raise Skip("valgrind is not there: install the package valgrind")

    def command(self, work):
        return [self.valgrind, "--tool=callgrind", "--toggle-collect=counted_region",
                f"--callgrind-out-file={work}/out.%p"]

    def results(self, work):
        found = {}
        for name in os.listdir(work):
            with open(os.path.join(work, name), encoding="utf-8") as f:
                totals = [line.split()[1] for line in f if line.startswith("totals:")]
            found[int(name.split(".")[1])] = {"instructions": sum(map(int, totals))}
        return found


class Icount:
    """Counts kinds of instructions between two markers, one line per process."""
    counters = ["instructions", "loads", "stores", "exclusive", "lse", "acquire_release", "dmb",
                "dsb", "l1d_misses"]

    def __init__(self, runner, plugin, cpu):
        self.runner = runner
        self.plugin = plugin
        self.cpu = cpu
        qemu = shutil.which(runner[0])
        if not qemu:
            raise Skip(f"{runner[0]} is not there: install the package qemu-user")
        if "-plugin" not in run([qemu, "--help"]).stdout:
            raise Skip(f"{runner[0]} was built without support for plugins")

    def command(self, work):
        return [self.runner[0], "-cpu", self.cpu, "-plugin", f"{self.plugin},out={work}/lines",
                *self.runner[1:]]

    def results(self, work):
        found = {}
        # The plugin makes the file when it is loaded.
        with open(os.path.join(work, "lines"), encoding="utf-8") as f:
            for line in f:
                pid, *fields = line.split()
                found[int(pid)] = {name: int(value) for name, value in
                                   (field.split("=") for field in fields)}
        return found


def parse_output(text):
    """count-ops' words: key, flags, and (name, pid, operations, pages) of each case."""
    key = flags = None
    cases = []
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word == "key":
            key = rest
        elif word == "flags":
            flags = rest
        elif word == "case":
            name, *numbers = rest.split()
            cases.append((name, *map(int, numbers)))
    if key is None or flags is None:
        raise Broken("count-ops did not say what it is")
    return key, flags, cases


def run_program(tool, program, argument):
    """count-ops' output and what the tool counted, by process."""
    with tempfile.TemporaryDirectory(prefix="counts-") as work:
        result = run([*tool.command(work), program, *([argument] if argument else [])])
        if result.returncode:
            if "requires API version" in result.stderr:
                raise Skip("this qemu-user does not take plugins of version 1: " +
                           result.stderr.strip())
            raise Broken(f"{os.path.basename(program)} failed ({result.returncode}):\n" +
                         result.stderr.strip())
        return parse_output(result.stdout), tool.results(work)


def measure(tool, program, only):
    """Counters per operation, by case, without the loop around the operations."""
    (_, _, cases), results = run_program(tool, program, only)
    total, empty = {}, []
    for name, pid, operations, pages in cases:
        counted = results.get(pid)
        if not counted or not counted["instructions"]:
            raise Broken(f"{name}: nothing was counted")
        if name.startswith(BASELINE):
            empty.append((operations, counted))
        else:
            total[name] = (operations, pages, counted)
    if len(empty) != 2 or empty[0][0] == empty[1][0]:
        raise Broken(f"two different cases of {BASELINE} are needed")
    return {name: {"pages": pages, **{
        counter: per_operation(counter, operations, counted, empty)
        for counter in tool.counters if counter in counted}} for name, (operations, pages, counted) in total.items()}


def per_operation(counter, operations, counted, empty):
    """Without what the region itself takes: a line through two regions of empty operations."""
    (n, few), (m, many) = empty
    slope = (many[counter] - few[counter]) / (m - n)
    region = few[counter] + slope * (operations - n)
    value = round((counted[counter] - region) / operations, 2)
    return int(value) if value == int(value) else value


def golden_path(folder, key):
    return os.path.join(folder, key + ".json")


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def load_golden(path):
    """A golden file's object, every field of which is there and of the right kind."""
    try:
        with open(path, encoding="utf-8") as f:
            golden = json.load(f)
    except (ValueError, OSError) as e:
        raise Broken(f"{path}: not a golden file: {e}") from e
    if not isinstance(golden, dict) or not isinstance(golden.get("flags"), str) or \
            not isinstance(golden.get("cases"), dict) or not golden["cases"]:
        raise Broken(f"{path}: not a golden file: it needs key, flags and cases")
    if f"{golden.get('key')}.json" != os.path.basename(path):
        raise Broken(f"{path}: not a golden file: its key is {golden.get('key')}")
    for name, case in golden["cases"].items():
        if not isinstance(case, dict) or not is_number(case.get("instructions")) or \
                not all(map(is_number, case.values())) or not case.get("pages"):
            raise Broken(f"{path}: not a golden file: {name} does not have the counts of a case")
    return golden


def save_golden(path, key, flags, cases):
    """One line per case, so that a refresh reads well as a diff."""
    lines = ",\n".join(f"\t\t{json.dumps(name)}: {json.dumps(case)}"
                       for name, case in cases.items())
    head = f'\t"key": {json.dumps(key)},\n\t"flags": {json.dumps(flags)},\n'
    with open(path, "w", encoding="utf-8") as f:
        f.write(f'{{\n{head}\t"cases": {{\n{lines}\n\t}}\n}}\n')


def grew(before, value, counter):
    return value > before * (1 + THRESHOLD) + SLACK.get(counter, ROUNDING)


def shrank(before, value, counter):
    return value < before * (1 - THRESHOLD) - SLACK.get(counter, ROUNDING)


def compare(golden, now):
    """(worse, better): a line for each difference that matters."""
    worse, better = [], []
    for name in sorted(set(golden) ^ set(now)):
        worse.append(f"{name}: " + ("is not in the golden file" if name in now else
                                    "is in the golden file and was not counted"))
    for name, case in now.items():
        before_by = golden.get(name, case)
        # What either side has: a counter that is gone would otherwise pass as one that did not grow.
        for counter in dict.fromkeys([*before_by, *case]):
            before, value = before_by.get(counter), case.get(counter)
            if counter == "pages" or before is None or value is None:
                if before != value:
                    was, is_now = ("not there" if n is None else n for n in (before, value))
                    worse.append(f"{name}: {counter}: golden {was}, now {is_now}")
                continue
            change = f"{value / before - 1:+.1%}" if before else "from nothing"
            line = f"{name}: {counter} per operation {before:.10g} -> {value:.10g} ({change})"
            if grew(before, value, counter):
                worse.append(line)
            elif shrank(before, value, counter):
                better.append(line)
    return worse, better


def check(args, tool):
    key, flags, _ = run_program(tool, args.program, "--key")[0]
    path = golden_path(args.golden, key)
    again = f"To make one: {args.refresh_command}"
    if not os.path.exists(path):
        raise Skip(f"there is no golden file for {key}. {again}")
    golden = load_golden(path)
    if golden["flags"] != flags:
        raise Skip(f"the golden file for {key} is of flags '{golden['flags']}', this build is of "
                   f"'{flags}'. {again}")
    now = measure(tool, args.program, args.only)
    worse, better = compare({name: case for name, case in golden["cases"].items()
                             if args.only in name}, now)
    for line in worse:
        print(f"worse: {line}")
    for line in better:
        print(f"better: {line}")
    if better or worse:
        print(f"If that is meant, refresh the golden file: {args.refresh_command}")
    print(f"{key}: {len(now)} cases, {len(worse)} worse, {len(better)} better by more than "
          f"{THRESHOLD:.0%}")
    return 1 if worse else 0


def refresh(args, tool):
    key, flags, _ = run_program(tool, args.program, "--key")[0]
    first, second = (measure(tool, args.program, args.only) for _ in range(2))
    if first != second:
        for name, case in first.items():
            if case != second.get(name):
                print(f"{name}: {case}, then {second.get(name)}")
        raise Broken("two runs differ (above): the golden file was not written")
    path = golden_path(args.golden, key)
    os.makedirs(args.golden, exist_ok=True)
    # With --only the other cases stay as they are.
    kept = load_golden(path)["cases"] if args.only and os.path.exists(path) else {}
    save_golden(path, key, flags, {**kept, **first})
    print(f"{path}: {len(first)} cases, the same in two runs")
    return 0


def cell(case, counter):
    if not case or counter not in case:
        return "|"
    value = f" {case[counter]:.1f} |"
    return value if case["pages"] == 1 else f"{value[:-2]} ({case[counter] / case['pages']:.2f}) |"


def table(args):
    files = [load_golden(path) for path in args.file]
    names = dict.fromkeys(name for golden in files for name in golden["cases"] if args.only in name)
    print("| case |" + "".join(f" {label} |" for label in
                               args.label or [golden["key"] for golden in files]))
    print("| --- |" + " --- |" * len(files))
    for name in names:
        print(f"| {name} |" + "".join(cell(golden["cases"].get(name), args.counter)
                                      for golden in files))
    return 0


def parse_arguments(words):
    parser = argparse.ArgumentParser(description="counts instructions per operation")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("check", "refresh"):
        sub = commands.add_parser(name)
        sub.add_argument("--program", required=True, help="count-ops")
        sub.add_argument("--golden", required=True, help="folder of the golden files")
        sub.add_argument("--plugin", help="icount.so: count under qemu-user")
        sub.add_argument("--runner", default="qemu-aarch64", help="qemu-user's words, by |")
        sub.add_argument("--cpu", default="neoverse-n1", help="that qemu-user pretends to be")
        sub.add_argument("--only", default="", help="cases whose names contain this")
        sub.add_argument("--refresh-command", default="counts.py refresh", help="for messages")
    sub = commands.add_parser("table")
    sub.add_argument("--counter", default="instructions")
    sub.add_argument("--only", default="", help="cases whose names contain this")
    sub.add_argument("--label", action="append", help="heading of a column, once per file")
    sub.add_argument("file", nargs="+")
    return parser.parse_args(words)


def main(words):
    args = parse_arguments(words)
    try:
        if args.command == "table":
            return table(args)
        if args.plugin:
            tool = Icount(args.runner.split("|"), args.plugin, args.cpu)
        else:
            tool = Callgrind()
        return check(args, tool) if args.command == "check" else refresh(args, tool)
    except Skip as e:
        print(f"skipped: {e}")
        return SKIP
    except (Broken, OSError) as e:
        print(f"counts.py: {e}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
