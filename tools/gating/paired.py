# SPDX-License-Identifier: GPL-2.0-only
"""Layer 2: paired timing of two drivers in one process, over several launches.

A launch (launch.c) gives for each case a ratio HEAD:BASE and a ratio of a copy of BASE to BASE, the
A/A run. Over the launches each has a trimmed geometric mean and a 95% interval. What holds: a
case whose A/A interval is not within the threshold is unstable and says nothing else; it regressed
only if its whole interval is beyond the threshold. Launches are added, up to twice as many, for as
long as an A/A interval is too wide; that looks at A/A only, never at HEAD.
"""
import contextlib
import json
import os
import random
import shutil
import statistics
import subprocess
import tempfile
from pathlib import Path

from ratios import Ratio
from results import Problem

LAUNCHES = 20
BUDGET_MS = 25
TRIM = 0.2
THRESHOLD = 2.0
ABI_STATUS = 4
TIMEOUT_S = 600
PAGE, MOST_PAGES = 4096, 64
STATES = ("slower", "unstable", "faster", "unclear", "same")
ASLR = Path("/proc/sys/kernel/randomize_va_space")


def environment():
    """The libraries' thread-local data are of the kind that needs room set aside at the start."""
    return {**os.environ, "GLIBC_TUNABLES": "glibc.rtld.optional_static_tls=4096"}


def launch(program, drivers, options):
    """One launch's cases."""
    command = [str(word) for word in (program, *drivers, *options)]
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
            env=environment(),
        )
    except subprocess.TimeoutExpired as error:
        raise Problem(f"layer 2: a launch took more than {TIMEOUT_S} s") from error
    except OSError as error:
        raise Problem(f"layer 2: {program}: {error.strerror}") from error
    if done.returncode == ABI_STATUS:
        raise Problem(
            f"layer 2: {done.stderr.strip()}: the revisions' own drivers cannot be compared; "
            "--driver this compiles this checkout's against both"
        )
    if done.returncode:
        raise Problem(f"layer 2: {done.stderr.strip() or f'a launch ended with {done.returncode}'}")
    try:
        return json.loads(done.stdout)["cases"]
    except (ValueError, KeyError) as error:
        raise Problem(f"layer 2: a launch's output is not complete: {error}") from error


def is_quiet(again, threshold):
    limit = 1 + threshold / 100
    return again.low is not None and again.low > 1 / limit and again.high < limit


def state_of(head, again, threshold):
    """One word for a case. "unclear": the interval contains the threshold, which passes."""
    limit = 1 + threshold / 100
    if not is_quiet(again, threshold):
        return "unstable"
    if head.surely_above(limit):
        return "slower"
    if head.high < 1 / limit:
        return "faster"
    return "unclear" if head.high > limit or head.low < 1 / limit else "same"


class Trimmed(Ratio):
    """The mean of ratios without the TRIM highest and lowest, and its 95% interval from the
    winsorized variance (Tukey and McLaughlin): in some launches one driver's memory lies badly, by 15%."""

    def __init__(self, logs):  # pylint: disable=super-init-not-called
        n, cut = len(logs), int(TRIM * len(logs))
        ordered = sorted(logs)
        kept = ordered[cut : n - cut]
        winsorized = [kept[0]] * cut + kept + [kept[-1]] * cut
        variance = statistics.variance(winsorized) / (n * (1 - 2 * TRIM) ** 2)
        self._set(n, statistics.fmean(kept), variance, len(kept) - 1)


def ratios_of(rows):
    """HEAD against the mean of the two copies of BASE, and A/A, over the launches of a case."""
    again = [row["again"]["log_ratio"] for row in rows]
    head = [row["head"]["log_ratio"] - log / 2 for row, log in zip(rows, again)]
    return Trimmed(head), Trimmed(again)


def rounded(ratio):
    return {key: None if value is None else round(value, 5) for key, value in ratio.point().items()}


def judged(launches, threshold):
    """A row for each case of the launches."""
    found = []
    for name in dict.fromkeys(row["name"] for cases in launches for row in cases):
        rows = [row for cases in launches for row in cases if row["name"] == name]
        head, again = ratios_of(rows)
        found.append(
            {
                "case": name,
                "state": state_of(head, again, threshold),
                "ratio": rounded(head),
                "again": rounded(again),
                "base_ns": float(
                    f"{statistics.median(r['base_ns_per_operation'] for r in rows):.4g}"
                ),
                "dropped_share": round(
                    statistics.fmean(r["head"]["dropped_share"] for r in rows), 4
                ),
                "noisy_launches": sum(r["head"]["noisy"] or r["again"]["noisy"] for r in rows),
            }
        )
    return found


def summary(launches, threshold):
    rows = judged(launches, threshold)
    states = {state: sum(row["state"] == state for row in rows) for state in STATES}
    return {
        "threshold_percent": threshold,
        "launches": len(launches),
        "states": states,
        "failed": states["slower"] > 0,
        "unstable": states["unstable"] > 0,
        "rows": rows,
    }


def notes():
    try:
        if ASLR.read_text(encoding="ascii").strip() == "0":
            return [
                "kernel.randomize_va_space is 0: launches differ in layout less than they should"
            ]
    except OSError:
        pass
    return []


@contextlib.contextmanager
def copies(base, head, seed):
    """Base, head and base again, each a file of its own: the same one is loaded only once. And new ones for
    each launch: a copy's code stays in the same physical pages for as long as it is there, and one that lies
    badly would be slow in every launch. So they are made in random order, each
    behind something of random size that keeps pages taken, while those of the launch before still are."""
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="gate-") as folder:
        wanted = [(base, "base"), (head, "head"), (base, "again")]
        paths = [f"{folder}/{name}.so" for _, name in wanted]
        order = list(zip(wanted, paths))
        chance.shuffle(order)
        for (path, name), copy in order:
            Path(folder, f"{name}.ballast").write_bytes(bytes(PAGE * chance.randrange(MOST_PAGES)))
            shutil.copyfile(path, copy)
        yield paths


def layer(program, base, head, threshold=THRESHOLD, nr=LAUNCHES, more=(), seed=1, tell=None):
    """Launches, and what they say. base and head are drivers; more is options of gate-launch."""
    launches = []
    with contextlib.ExitStack() as before:
        while len(launches) < 2 * nr:
            at = seed + len(launches)
            with contextlib.ExitStack() as now:
                drivers = now.enter_context(copies(base, head, at))
                before.close()
                launches.append(launch(program, drivers, ["--seed", at, *more]))
                before.push(now.pop_all())
            if not launches[0]:
                raise Problem("layer 2: no case has that in its name (--only)")
            if tell:
                tell(len(launches))
            if len(launches) >= nr and not summary(launches, threshold)["unstable"]:
                break
    return summary(launches, threshold)
