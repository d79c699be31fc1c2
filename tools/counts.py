# SPDX-License-Identifier: GPL-2.0-only
"""Events that were counted in the timed regions of a run (bench/counters.h): which rows keep them, and
their table. What holds: an event that was not counted has no figure, and the run says why."""
from figures import number

HARDWARE = ["cycles", "instructions", "l1d_misses", "l2_misses", "llc_misses", "dtlb_misses",
            "stalled_slots", "stalled_frontend_cycles", "stalled_backend_cycles"]
SOFTWARE = ["page_faults", "context_switches", "cpu_migrations", "task_clock_ns"]
UNITS = ["page", "op", "command"]
PREFIX = "counters_"
BASE = "/impl:core/fmt:arm_64_lpae_s1/granule:4K/size:4K/"
OPS = ("map/", "unmap/", "pair/", "iova_to_phys/", "populate/")


def keep(key):
    event, _, unit = key.rpartition("_per_")
    return (unit in UNITS and event in HARDWARE + SOFTWARE) or key == "counters_running_share"


def merge(raw):
    """What the context of a program's report says about counting: hardware, software, libpfm4, events."""
    said = {key.removeprefix(PREFIX): value for key, value in raw.get("context", {}).items()
            if key.startswith(PREFIX)}
    return {"counters": said} if said else {}


def words(report):
    """Sentences: what was counted, and what not and why."""
    said = report.get("counters")
    if not said:
        return ["Nothing was counted in this run (it was made before there were counters, or with "
                "--counters=none)."]
    out = []
    if "hardware" in said:
        out.append(f"Processor events: {said['hardware']}." +
                   (f" Named by libpfm4 {said['libpfm4']}: {said['events']}."
                    if said["hardware"] == "present" else ""))
    out.append(f"Software events are from {said['software']}.")
    return out


def wanted(row):
    name = row["name"]
    return ("error" not in row and BASE in name and name.startswith(OPS) and
            "/coherent:1/flush:strict/domain:private/threads:1" in name and
            any(keep(key) for key in row))


def short(name):
    op, rest = name.split(BASE)
    return f"{op} {rest.split('/coherent')[0].replace('/', ' ')}"


def table(report):
    """The base cases' events per page; None if nothing was counted."""
    rows = [row for row in report.get("map", []) if wanted(row)]
    events = [e for e in HARDWARE + SOFTWARE if any(f"{e}_per_page" in row for row in rows)]
    if not events:
        return None
    body = [[short(row["name"]), number(row["ns_per_page"])] +
            [number(row.get(f"{e}_per_page")) for e in events] for row in rows]
    return {"head": ["case", "ns"] + [e.replace("_", " ") for e in events], "body": body, "keys": 1}


def tables(report):
    made = table(report)
    if made:
        yield ("Events", "Counted in the timed regions after the samples, per page. " +
               " ".join(words(report)), made)
