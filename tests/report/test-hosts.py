# SPDX-License-Identifier: GPL-2.0-only
"""tools/compare on several results files: which times it sets against one another and why not, its
numbers against worked ones, the merged page, and what it refuses.

Usage: test-hosts.py TOP SMALL
"""
import copy
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path


def compare(top, *args):
    result = subprocess.run(
        [sys.executable, top / "tools/compare", *map(str, args)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in result.stderr, result.stderr
    return result


def check_reasons(hosts, report):
    other = copy.deepcopy(report)
    assert hosts.reasons(report, other) == []
    other["commit"] = "something else"
    assert hosts.reasons(report, other) == [], "commits are what is compared"
    for key, value, words in (
        ("cpu_id", "another", "CPU model"),
        ("flags", "-O0", "build flags"),
        ("hypervisor", "another", "virtual machine"),
        ("cpus", 128, "number of CPUs"),
        ("compiler", "another", "compiler"),
        ("emulated", True, "emulated"),
        ("page_bytes", 65536, "page size"),
        ("architecture", "aarch64", "architecture"),
        ("transparent_huge_pages", {}, "huge pages"),
    ):
        other = copy.deepcopy(report)
        other["environment"][key] = value
        found = hosts.reasons(report, other)
        assert len(found) == 1 and words in found[0], (key, found)
    other = copy.deepcopy(report)
    other["environment"]["cpus"] = 128
    assert hosts.leaders([report, other, report, other]) == [
        0,
        1,
        0,
        1,
    ], "groups of what can be compared"
    assert hosts.reasons(report, {"kind": "advice"}) == ["one is modelled, the other is not"]


def check_statistics(ratios, hosts):
    # Logarithms 0, 2 and 0, 0, 0: means 1 and 0; variances 2/2 and 0; one degree of freedom.
    made = ratios.Ratio.unpaired([1, math.exp(2)], [1, 1, 1])
    assert math.isclose(made.value, math.e) and math.isclose(
        made.high, math.exp(1 + 12.706), rel_tol=1e-4
    )
    assert made.verdict() == "not told apart"
    assert ratios.Ratio.unpaired([2, 2.01, 1.99], [1, 1.01, 0.99]).verdict() == "slower"
    one = ratios.Ratio.unpaired([2], [1])
    assert one.low is None and hosts.time_word(one, None) == "one launch each: not told apart"
    assert hosts.time_word(one, 0.1) == "slower" and hosts.time_word(one, 1.5) == "within the noise"
    half = ratios.Ratio.unpaired([1], [2])
    assert (
        hosts.time_word(half, 0.1) == "faster" and hosts.time_word(half, 1.2) == "within the noise"
    )


def check_self_check(selfcheck):
    def row(name, index, ns):
        return {"name": name, "repetition_index": index, "ns_per_page": ns}

    launches = [
        {"benchmarks": [row("x", 0, a), row("x", 1, b)]} for a, b in ((1, 1), (1.1, 1), (1, 1.2))
    ]
    check = selfcheck.SelfCheck({"self_check": {"launches": launches}})
    assert math.isclose(check.within, 0.2) and check.pairs == 3
    assert math.isclose(check.between, 0.05, abs_tol=1e-9), check.between
    assert "differences of 20.0% or more" in check.words()[0]
    assert selfcheck.SelfCheck({}).words() == []


def check_side_by_side(top, small, folder):
    one, two = small / "one/report.json", small / "two/report.json"
    result = compare(top, one, two, "--json", folder / "out.json")
    assert result.returncode == 0, result
    assert "Times: small-run ba987654 by small-run 01234567" in result.stdout, result.stdout
    tables = {t["title"].split(":")[0]: t for t in json.loads((folder / "out.json").read_text())}
    a, b = (
        {
            row["name"]: row["ns_per_page"]
            for row in json.loads(p.read_text())["map"]
            if "/impl:core/" in row["name"]
        }
        for p in (one, two)
    )
    assert len(tables["Times"]["body"]) == len(a)
    for cells, name in zip(tables["Times"]["body"], a):
        assert math.isclose(float(cells[3]), b[name] / a[name], abs_tol=6e-4), (cells, name)
    # Of an emulated run nothing measured is shown, its modelled figures are.
    other = json.loads(two.read_text())
    other["environment"]["emulated"] = True
    (folder / "emulated.json").write_text(json.dumps(other))
    result = compare(top, one, folder / "emulated.json", "--json", folder / "out.json")
    assert "not with small-run 01234567: emulated: its times mean nothing" in result.stdout, result
    columns = {t["title"]: len(t["head"]) for t in json.loads((folder / "out.json").read_text())}
    assert columns == {
        "Files": 5,
        "Within each run": 2,
        "Strategies by strict-page, modelled": 3,
        "Strategies by strict-page, each on its own host": 2,
    }, columns
    # Another CPU: ratios stay, times go.
    other = json.loads(two.read_text())
    other["environment"]["cpu_id"] = "another"
    (folder / "other.json").write_text(json.dumps(other))
    result = compare(top, one, folder / "other.json")
    assert (
        result.returncode == 0
        and "not with small-run 01234567: CPU model: another instead of" in result.stdout
    ), result
    assert "== Within each run" in result.stdout and "== Times" not in result.stdout


def check_strategies(top, small, folder):
    """Of one file, by any of them."""
    one = small / "one/report.json"
    result = compare(top, one, "--base", "gather", "--json", folder / "one.json")
    assert result.returncode == 0, result
    tables = {t["title"]: t for t in json.loads((folder / "one.json").read_text())}
    ns = {
        row["name"].split("/")[1]: row["ns_per_page"]
        for row in json.loads(one.read_text())["flush"]
        if "/depth:0/" in row["name"]
        or "strategy:ticket" in row["name"]
        and "/depth:64/" in row["name"]
    }
    body = {cells[0]: cells for cells in tables["Strategies by gather, modelled"]["body"]}
    want = ns["strategy:ticket"] / ns["strategy:gather"]
    assert math.isclose(float(body["ticket"][2]), want, abs_tol=6e-4), (body, want)
    result = compare(top, one)
    assert "== Strategies by strict-page on this host" in result.stdout, result
    launches = json.loads(one.read_text())["strategy_launches"]["launches"]
    times = [
        {row["name"].split("/")[1]: row["ns_per_page"] for row in launch["benchmarks"]}
        for launch in launches
    ]
    mean = math.exp(
        sum(math.log(t["strategy:fq-percpu"] / t["strategy:strict-page"]) for t in times)
        / len(times)
    )
    line = next(line for line in result.stdout.splitlines() if line.startswith("fq-percpu"))
    assert math.isclose(float(line.split()[1]), mean, abs_tol=6e-4) and ".." in line, (line, mean)


def check_hosts_page(top, small, folder):
    files = sorted(top.glob("results/*/*.json")) + [
        small / "one/report.json",
        small / "two/report.json",
    ]
    out = folder / "fleet.html"
    result = compare(top, "--report", out, *files)
    assert result.returncode == 0, result
    text = out.read_text()
    assert "&amp;#" not in text, "escaped twice"
    assert '<section id="hosts"' in text and "Core against Linux, each on its own host" in text
    for path in files:
        assert json.loads(path.read_text())["label"] in text


def check_refusals(top, small, folder):
    one = small / "one/report.json"
    (folder / "cut.json").write_text(one.read_text()[:500])
    (folder / "new.json").write_text(
        json.dumps({**json.loads(one.read_text()), "schema_version": 99})
    )
    for args, words in (
        (tuple([one] * 65), "65 files: at most 64"),
        ((one, folder / "cut.json"), "not complete"),
        ((one, folder / "new.json"), "newer than"),
        ((one, small / "one/map.json"), "do not mix"),
        ((one, folder / "none.json"), "No such file"),
        ((top / "results/hi1620-modelled/advice.json",), "neither"),
        ((small / "one/map.json", "--report", folder / "x.html"), "need results"),
        ((one, one, "--report", folder / "cut.json" / "x.html"), "cannot be written"),
    ):
        result = compare(top, *args)
        assert result.returncode == 2 and words in result.stderr, (args, result)


def main(top, small):
    top, small = Path(top), Path(small)
    sys.path.insert(0, str(top / "tools"))
    import hosts  # pylint: disable=import-error,import-outside-toplevel
    import ratios  # pylint: disable=import-error,import-outside-toplevel
    import selfcheck  # pylint: disable=import-error,import-outside-toplevel

    check_reasons(hosts, json.loads((small / "one/report.json").read_text()))
    check_statistics(ratios, hosts)
    check_self_check(selfcheck)
    with tempfile.TemporaryDirectory() as name:
        check_side_by_side(top, small, Path(name))
        check_strategies(top, small, Path(name))
        check_hosts_page(top, small, Path(name))
        check_refusals(top, small, Path(name))
    print("hosts are compared where they can be")


main(*sys.argv[1:])
