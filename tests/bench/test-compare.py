# SPDX-License-Identifier: GPL-2.0-only
"""tools/compare and ratios.py on launches: their statistics against worked examples, what it lists as lost, which bars it finds
met, and that it refuses what it cannot compare."""
import contextlib
import importlib.machinery
import importlib.util
import io
import json
import math
import os
import sys
import tempfile


def load(top):
    sys.path.insert(0, os.path.join(top, "tools"))
    path = os.path.join(top, "tools", "compare")
    loader = importlib.machinery.SourceFileLoader("compare", path)
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("compare", loader))
    loader.exec_module(module)
    return module


def near(a, b):
    return math.isclose(a, b, rel_tol=1e-4)


def row(impl, ns, op="map", batch=1, where="fmt:arm_64_lpae_s1/granule:4K/size:4K", **more):
    name = (f"{op}/impl:{impl}/{where}/batch:{batch}/pattern:warm/coherent:1/flush:strict/"
            "domain:private/threads:1")
    return {"name": name, "run_type": "iteration", "ns_per_page": ns, **more}


def run(compare, launches, *args):
    """(status, stdout) of the tool on these launches, each a list of rows or a text."""
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for i, rows in enumerate(launches):
            files.append(os.path.join(folder, f"{i}.json"))
            with open(files[-1], "w", encoding="utf-8") as file:
                file.write(rows if isinstance(rows, str) else json.dumps({"benchmarks": rows}))
        out = io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
            status = compare.main([*args, *files])
    return status, out.getvalue()


def check_statistics(compare):
    single = compare.ratios.Ratio([0.25])
    assert near(single.value, 0.25) and single.low is None and single.interval() == "-"
    # Logarithms -ln 2, 0, ln 2: mean 0, deviation ln 2; t(2) = 4.303; half = 4.303 ln 2 / sqrt 3.
    three = compare.ratios.Ratio([0.5, 1, 2])
    assert near(three.value, 1)
    assert near(three.high, math.exp(4.303 * math.log(2) / math.sqrt(3)))
    assert near(three.low * three.high, 1)
    same = compare.ratios.Ratio([0.3] * 5)
    assert near(same.low, 0.3) and near(same.high, 0.3)
    assert same.surely_above(0.29) and not same.surely_above(0.31)
    assert not single.surely_above(0.1), "one launch proves nothing"
    # More launches than the table has rows.
    assert compare.ratios.Ratio([0.5, 2] * 40).high < 1.3


def check_table(compare):
    launches = [[row("core", 4), row("linux-6.12", 16, dropped_share=0.5),
                 row("core", 30, op="unmap"), row("linux-6.12", 20, op="unmap"),
                 row("core", 1, batch=16), row("linux-6.12", 1, batch=16, error_occurred=True)],
                [row("core", 8), row("linux-6.12", 32),
                 row("core", 30, op="unmap"), row("linux-6.12", 20, op="unmap")]]
    status, text = run(compare, launches)
    assert status == 0
    assert "2 cases, 2 launches" in text, text
    line = next(line for line in text.splitlines() if line.startswith("map "))
    assert " 6.000 " in line and " 24.000 " in line and " 0.250 " in line, line
    assert "12.5%" in line, line
    lost = text.split("== where core loses")[1]
    assert lost.startswith(": 1 of 2 cases") and "unmap" in lost and "1.500" in lost, lost
    assert "not certain" not in lost, lost
    # A loss that the launches do not agree about is said to be one.
    status, text = run(compare, [[row("core", 3), row("linux-6.12", 1)],
                                 [row("core", 1), row("linux-6.12", 2)]])
    assert "not certain" in text, text


def check_repetitions(compare):
    rows = [row("core", ns) for ns in (1, 2, 90)] + [row("linux-6.12", 4)]
    _, text = run(compare, [rows])
    assert " 0.500 " in text, "a case that was repeated counts with the median"


def check_bars(compare):
    def launch(core):
        return [row(impl, ns, op=op, batch=batch)
                for op, batch in (("map", 1), ("unmap", 1), ("pair", 1), ("map", 16))
                for impl, ns in (("core", core), ("linux-6.12", 10))]

    status, text = run(compare, [launch(3), launch(3)], "--bars")
    assert status == 1, "bars without data are not met"
    bars = {line[:48].strip(): line for line in text.split("== the bars")[1].splitlines()}
    assert bars["map 1 page"].endswith(" met")
    assert bars["map 16"].endswith("NOT MET")
    assert bars["map 256"].endswith("no data")
    status, text = run(compare, [launch(3), launch(3.8)], "--bars")
    assert "met, not certain" in text, text
    # All of them, also those that are not single-threaded.
    everything = []
    for _, limit, case in compare.ratios.bar_cases():
        for impl, ns in (("core", limit * 0.9), ("linux-6.12", 1)):
            name = case.replace("/fmt", f"/impl:{impl}/fmt", 1)
            everything.append({"name": name, "ns_per_page": ns})
            shared = name.replace("private/threads:1", "shared/threads:2")
            everything.append({"name": shared, "ns_per_page": ns})
    status, text = run(compare, [everything], "--bars")
    assert status == 0 and "NOT MET" not in text and "no data" not in text, text
    check_every_bar(compare, everything)
    for item in everything:
        if "/impl:core/" in item["name"] and "threads:2" in item["name"]:
            item["ns_per_page"] *= 2
    status, text = run(compare, [everything], "--bars")
    assert status == 1 and text.count("NOT MET") == 1, text


def check_every_bar(compare, everything):
    """None vanishes for want of data, and none of another granule or stage is met by more than 20%."""
    labels = [label for label, _, _ in compare.ratios.bar_cases()]
    assert len(labels) == len(set(labels)) == 4 * 19, len(labels)
    for name in ("", "stage 2: ", "16K: ", "64K: "):
        assert name + "random pages in 256 GiB, map" in labels and name + "unmap 512, queued" in labels, name
    limits = {label: limit for label, limit, _ in compare.ratios.bar_cases()}
    assert limits["map 1 page"] == 0.35 and near(limits["16K: map 1 page"], 0.42)
    assert near(limits["64K: 16 TiB of 512M blocks from empty"], 0.3)
    two = compare.ratios.case_of("pair", 1).replace("private/threads:1", "shared/threads:2")
    matter = [case for _, _, case in compare.ratios.bar_cases()] + [two]
    for case in matter:
        rest = [item for item in everything if item["name"] != case.replace("/fmt", "/impl:core/fmt", 1)]
        assert len(rest) == len(everything) - 1, case
        status, text = run(compare, [rest], "--bars")
        assert status == 1 and "no data" in text, (case, text)
        assert " of 77 bars met, " in text and text.endswith(" not measured\n"), text


def check_flags(compare):
    """Linux with the kernel's flags beside both others, where it was measured; where it was not, that is said."""
    launch = [row("core", 1), row("linux-6.12", 4), row("linux-6.12-kernel-flags", 5)]
    launch += [row(impl, 1, op="unmap") for impl in ("linux-6.12", "linux-6.12-kernel-flags")]

    def text(rows):
        launches = [compare.ratios.read_launch({"benchmarks": rows})] * 2
        return "\n".join(compare.ratios.flag_blocks(launches, compare.ratios.PEER))

    made = text(launch)
    assert "| map 1 page | 1.000 | 4.000 | 5.000 | 1.250 | 0.200 | 0.200..0.200 |" in made, made
    assert made.count("\n| ") == 3, "a row per case that has all three"
    assert "No figures of `linux-6.12-kernel-flags`" in text(launch[:2])
    report = {"schema_version": 2, "kind": "peers", "launches": [{"benchmarks": launch[:2]}]}
    assert "No figures of `linux-6.12-kernel-flags`" in "\n".join(compare.ratios.markdown(report))


GROUPED = "fmt:amd_iommu_v1/granule:4K/size:64K"
DART = "fmt:apple_dart/granule:16K/size:16K"


def format_launch(amd, dart, linux, queued=1):
    """What LPAE takes 2, 1 and 0.5 for, by descriptors a call writes; three repetitions of one."""
    base = [row("core", ns, op=op, batch=batch)
            for op in ("map", "unmap") for batch, ns in ((1, 2), (16, 1), (256, 0.5))]
    rows = base + [row("core", dart * (i - 1) if i < 3 else 99, where=DART) for i in (2, 2, 3)]
    # 64K is 16 descriptors.
    rows += [row("core", amd * 16, where=GROUPED), row("core", 8, batch=16, where=GROUPED)]
    rows += [row(impl, ns, op="pair", where=DART) for impl, ns in (("core", 1), ("linux-6.12-dart", linux))]
    v2 = "fmt:amd_iommu_v2/granule:4K/size:4K"
    for impl, ns in (("core", queued), ("linux-6.12-amdv2", 1)):
        rows.append(row(impl, ns, op="unmap", where=v2))
        rows[-1]["name"] = rows[-1]["name"].replace("flush:strict", "flush:queued")
    return rows


def check_formats(compare):
    def tables(*launches):
        with tempfile.TemporaryDirectory() as folder:
            for i, rows in enumerate(launches):
                with open(os.path.join(folder, f"formats-{i}.json"), "w", encoding="utf-8") as file:
                    json.dump({"benchmarks": rows}, file)
            report = {"formats_command": "x", **compare.formats.merge(folder)}
        made = compare.formats.launches_of(report)
        by_format, peers = (table["body"] for _, table in compare.formats.tables(made))
        return (made, {line[0]: line[1:] for line in by_format},
                {(line[0], line[1]): line[-1] for line in peers},
                "\n".join(compare.formats.markdown(report)))

    good = format_launch(1.1, 2.5, 2)
    made, by_format, peers, text = tables(good, good)
    assert list(by_format) == ["arm_64_lpae_s1 4K", "amd_iommu_v1 64K", "apple_dart 16K"], by_format
    assert by_format["arm_64_lpae_s1 4K"] == ["2.000 ns", "1.000 ns", "0.500 ns"] * 2, by_format
    assert by_format["amd_iommu_v1 64K"] == ["-", "1.10 (1.10..1.10)", "1.00 (1.00..1.00)"] + ["-"] * 3
    assert by_format["apple_dart 16K"][0] == "1.25 (1.25..1.25)", "the median of the repetitions"
    assert peers == {("apple_dart", "pair 1"): "met", ("amd_iommu_v2", "unmap 1, queued"): "met"}, peers
    assert compare.formats.tally(made) == (5, 130, 135), compare.formats.tally(made)
    assert compare.formats.summary(made) == "5 of 135 bars by format met, 130 not measured." and "5 of 135" in text, text
    made, by_format, peers, _ = tables(format_launch(1.3, 2.5, 1.4, 1.1), format_launch(1.3, 2.8, 1.4, 1.1))
    assert by_format["amd_iommu_v1 64K"][1] == "1.30 (1.30..1.30) MISSED", by_format
    assert by_format["apple_dart 16K"][0].endswith("MISSED"), by_format
    assert set(peers.values()) == {"NOT MET"}, peers
    assert len(list(compare.formats.missed(made))) == 4 and "1 of 135" in compare.formats.summary(made)
    _, by_format, _, _ = tables(format_launch(1.1, 2.3, 2), format_launch(1.1, 2.7, 2))
    assert by_format["apple_dart 16K"][0].endswith(" ?"), by_format
    # A saved file with them.
    report = {"schema_version": 2, "kind": "peers", "launches": [{"benchmarks": [row("core", 1), row("linux-6.12", 9)]}],
              "format_launches": {"launches": [{"benchmarks": format_launch(1.3, 2, 2)}]}}
    status, text = run(compare, [json.dumps(report)], "--bars")
    assert status == 1 and "missed: amd_iommu_v1 64K: map 16: 1.30 of LPAE's, at most 1.20" in text, text
    assert "not measured: linux-6.12-v7s (arm_v7s)" in text, text


def check_refusals(compare):
    assert run(compare, ["{"])[0] == 2, "not JSON"
    assert run(compare, ["{}"])[0] == 2, "not a report"
    assert run(compare, [[row("core", 1)]])[0] == 2, "no peer"
    assert run(compare, [[row("core", 0), row("linux-6.12", 1)]])[0] == 2, "no time"
    assert run(compare, [[{"name": "x", "ns_per_page": 1}]])[0] == 2, "not a name"
    assert run(compare, [[row("core", 1), row("linux-6.12", 1)]], "--peer", "other")[0] == 2


def main(top):
    compare = load(top)
    check_statistics(compare)
    check_table(compare)
    check_repetitions(compare)
    check_bars(compare)
    check_flags(compare)
    check_formats(compare)
    check_refusals(compare)
    print("compare computes what it should")


main(*sys.argv[1:])
