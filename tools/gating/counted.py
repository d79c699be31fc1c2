# SPDX-License-Identifier: GPL-2.0-only
"""Layer 1: exact instruction counts of two sides, by tests/counts/counts.py of this checkout.

A counter of a case that grew by more than counts.THRESHOLD is a regression, unless HEAD's golden
file acknowledges it: the file has an entry for that counter which is not BASE's entry (so it was
refreshed with the change) and which the new count does not exceed by more than the threshold. A
case that is gone is a regression unless HEAD's golden file dropped it too.
"""
import shutil
import sys

from results import ROOT, Problem

from .sides import NATIVE

sys.path.insert(0, str(ROOT / "tests/counts"))
import counts  # pylint: disable=wrong-import-position,import-error

SYSROOT = ROOT / "build/arm64-sysroot"
CPU = "neoverse-n1"
CROSS = "aarch64-linux-gnu-gcc"
STATES = ("worse", "gone", "acknowledged", "better", "new", "same")
FAILING = ("worse", "gone")


def missing(arch):
    """What this host lacks for counting an architecture, with what mends it; "" if nothing."""
    if arch == "x86_64":
        if NATIVE != arch:
            return f"x86-64 is counted on x86-64 only, this is {NATIVE}"
        return "" if shutil.which("valgrind") else "valgrind is not there: apt-get install valgrind"
    if not shutil.which("qemu-aarch64"):
        return "qemu-aarch64 is not there: apt-get install qemu-user"
    if NATIVE == "arm64":
        return ""
    if not shutil.which(CROSS):
        return f"{CROSS} is not there: apt-get install gcc-aarch64-linux-gnu"
    return "" if (SYSROOT / "usr/include").exists() else "no arm64 sysroot: tools/sysroot.sh"


def counter_of(arch, folder):
    """counts.py's tool for the programs of a build folder."""
    if arch == "x86_64":
        return counts.Callgrind()
    runner = ["qemu-aarch64"] if NATIVE == arch else ["qemu-aarch64", "-L", str(SYSROOT)]
    return counts.Icount(runner, folder / "tests/counts/icount.so", CPU)


class Counted:
    """One side's counts: key and flags of its count-ops, its cases, its golden file's cases."""

    def __init__(self, side, arch, only):
        why = missing(arch)
        if why:
            raise Problem(f"layer 1, {arch}: {why}")
        program, folder = side.count_ops(arch)
        try:
            tool = counter_of(arch, folder)
            self.key, self.flags, _ = counts.run_program(tool, program, "--key")[0]
            self.cases = counts.measure(tool, program, only)
            self.golden = self.golden_of(side.tree, only)
        except (counts.Broken, counts.Skip) as error:
            raise Problem(f"layer 1, {arch}, {side.label}: {error}") from error

    def golden_of(self, tree, only):
        """Its cases; None if there is none of this compiler and these flags."""
        path = tree / f"tests/counts/golden/{self.key}.json"
        if not path.exists():
            return None
        golden = counts.load_golden(str(path))
        if golden["flags"] != self.flags:
            return None
        return {name: case for name, case in golden["cases"].items() if only in name}


def is_acknowledged(name, counter, now, base_golden, head_golden):
    entry = ((head_golden or {}).get(name) or {}).get(counter)
    before = ((base_golden or {}).get(name) or {}).get(counter)
    return entry is not None and entry != before and not counts.grew(entry, now, counter)


def state_of(name, counter, before, now, goldens):
    if counts.grew(before, now, counter):
        return "acknowledged" if is_acknowledged(name, counter, now, *goldens) else "worse"
    return "better" if counts.shrank(before, now, counter) else "same"


def judged(base, head, goldens):
    """A row for each counter of each case: {case, counter, base, head, state}."""
    rows = []
    for name in dict.fromkeys([*base, *head]):
        if name not in head:
            dropped = (
                goldens[1] is not None and name not in goldens[1] and name in (goldens[0] or {})
            )
            rows.append({"case": name, "state": "acknowledged" if dropped else "gone"})
        elif name not in base:
            rows.append({"case": name, "state": "new"})
        else:
            for counter in dict.fromkeys([*base[name], *head[name]]):
                before, now = base[name].get(counter), head[name].get(counter)
                if counter == "pages" or before is None:
                    continue
                if now is None:
                    rows.append({"case": name, "counter": counter, "state": "gone"})
                    continue
                state = state_of(name, counter, before, now, goldens)
                rows.append(
                    {"case": name, "counter": counter, "base": before, "head": now, "state": state}
                )
    return rows


def layer(arch, base, head):
    """What the layer says of two Counted."""
    if (base.key, base.flags) != (head.key, head.flags):
        raise Problem(
            f"layer 1, {arch}: {base.key} with '{base.flags}' and {head.key} with '{head.flags}' cannot "
            "be compared: build both with the same compiler, flags and assertion level, for the "
            "same processor"
        )
    rows = judged(base.cases, head.cases, (base.golden, head.golden))
    return summary(arch, head.key, rows, bool(head.golden))


def against_golden(arch, head):
    """The same of one side and its golden file, which then has nothing to acknowledge."""
    if head.golden is None:
        raise Problem(
            f"layer 1, {arch}: there is no golden file for {head.key} with flags '{head.flags}': "
            "cmake --build BUILD --target counts-refresh makes one"
        )
    rows = judged(head.golden, head.cases, (None, None))
    for row in rows:  # a case that the file does not know was forgotten
        if row["state"] == "new":
            row["state"] = "gone"
            row["why"] = "not in the golden file"
    return summary(arch, head.key, rows, True)


def summary(arch, key, rows, has_golden):
    return {
        "architecture": arch,
        "key": key,
        "how": "callgrind" if arch == "x86_64" else "emulated, QEMU plugin",
        "golden": has_golden,
        "cases": len({row["case"] for row in rows}),
        "states": {state: sum(row["state"] == state for row in rows) for state in STATES},
        "failed": any(row["state"] in FAILING for row in rows),
        "rows": sorted(
            (row for row in rows if row["state"] != "same"),
            key=lambda row: STATES.index(row["state"]),
        ),
    }
