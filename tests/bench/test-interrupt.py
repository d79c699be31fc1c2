# SPDX-License-Identifier: GPL-2.0-only
"""Ctrl-C and SIGTERM: the programs and bench.sh end with 130 and leave a valid report that says that it
is partial, and how many cases of how many there are; such a run is not saved under results/. And the
progress that they show: on a terminal with the time left, elsewhere in plain lines."""
import gzip
import json
import os
import pty
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from program import emulated, make_tree, script

DEADLINE_S = 120


def interrupted(command, what, begun, out=os.devnull):
    """Sends a signal when begun() is true; the process and what it said."""
    with open(out, "w", encoding="utf-8") as shown, \
            subprocess.Popen(command, stdout=shown, stderr=subprocess.PIPE, text=True) as run:
        until = time.monotonic() + DEADLINE_S
        while not begun() and run.poll() is None and time.monotonic() < until:
            time.sleep(0.02)
        assert run.poll() is None, ("ended by itself", run.returncode, run.stderr.read())
        time.sleep(0.3)
        run.send_signal(what)
        said = run.communicate(timeout=DEADLINE_S)[1]
    return run.returncode, said


def check_map(bench_map, folder, what):
    out = folder / "map.json"
    out.unlink(missing_ok=True)
    status, said = interrupted(
        [bench_map, "--benchmark_min_time=0.02", f"--benchmark_out={out}",
         "--benchmark_out_format=json"], what, lambda: out.exists() and '"name"' in out.read_text())
    report = json.loads(out.read_text())
    assert status == 130, (status, said)
    assert report["partial"] is True and 0 < report["cases_done"] < report["cases_total"], report
    assert report["cases_done"] == len(report["benchmarks"]), report
    assert all(row["ns_per_page"] > 0 for row in report["benchmarks"] if "error_message" not in row)
    assert f"{report['cases_done']} of {report['cases_total']} cases" in said, said


def check_replay(bench_replay, folder, top):
    out = folder / "replay-strict.json"
    begun = time.monotonic()
    status, said = interrupted(
        [bench_replay, "--quiet", "--repeat", "1000", "--json", str(out),
         str(top / "bench/traces/net-rx-lazy.trace.xz")], signal.SIGINT,
        lambda: time.monotonic() > begun + 0.5)
    report = json.loads(out.read_text())
    assert status == 130 and "0 of 1 traces" in said, (status, said)
    assert report["partial"] is True and report["cases_total"] == 1 and not report["replay"], report


def check_strategies(bench_replay, folder, top):
    """Traces that are whole are kept."""
    out, shown = folder / "advice.json", folder / "advice.txt"
    status, said = interrupted(
        [bench_replay, "--strategy", "all", "--clock", "virtual", "--json", str(out),
         *sorted(map(str, (top / "bench/traces").glob("*.xz")))], signal.SIGINT,
        lambda: shown.exists() and shown.stat().st_size > 0, shown)
    report = json.loads(out.read_text())
    done = report["cases_done"]
    assert status == 130 and f"{done} of 4 traces are in the report" in said, (status, said)
    assert report["partial"] is True and report["cases_total"] == 4 and 0 < done < 4, report
    assert len(report["advice"]) == done, report
    assert all(trace["advice"] and len(trace["strategies"]) > 9 for trace in report["advice"]), report


def tool(top, *args):
    return subprocess.run([sys.executable, *args], cwd=top, capture_output=True, text=True, timeout=120,
                          check=False)


def check_report(top, folder):
    """What the tools make of a partial run's files."""
    report = folder / "report.json"
    merged = json.loads(report.read_text())
    assert merged["partial"] is True and merged["cases_done"] < merged["cases_total"], merged
    shown = tool(top, "tools/report.py", "table", report)
    assert shown.returncode == 0 and "This run is PARTIAL" in shown.stdout, shown
    kept = tool(top, "tools/report.py", "merge", folder, "--into", folder / "results")
    assert kept.returncode != 0 and "interrupted" in kept.stderr, kept
    assert not (folder / "results").exists()
    valid = subprocess.run([top / "tools/results-validate", report], capture_output=True, text=True,
                           timeout=60, check=False)
    assert valid.returncode in (0, 3), valid
    page = tool(top, "tools/page.py", "-o", folder / "again.html", report)
    assert page.returncode == 0 and "This run is PARTIAL" in (folder / "again.html").read_text()


# A build with Linux's code takes its source: what is `bare` here plays its part.
WITH_PEER = '''
trap 'kill -INT "$child"' INT TERM
"PROGRAM" "$@" &
child=$!
wait "$child"; status=$?
while kill -0 "$child" 2>/dev/null; do wait "$child"; status=$?; done
for arg; do case $arg in --benchmark_out=*) sed -i s/impl:bare/impl:linux-6.12/ "${arg#*=}" ;; esac; done
exit "$status"
'''


# Counts of an operation, after a second, of library or Linux by the program that is counted.
COUNTER = """
while [ $# -gt 0 ]; do
	case $1 in --golden) golden=$2 ;; --program) program=${2##*/} ;; esac
	shift
done
echo "$program" >>COUNTED
sleep 1
mkdir -p "$golden"
[ "$program" = count-ops ] && key=aarch64-gcc-12 || key=aarch64-gcc-12-linux-6.12
printf '{"key": "%s", "flags": "", "cases": {"map/fmt:arm_64_lpae_s1/granule:4K/size:4K/batch:1": {"pages": 1' \
	"$key" >"$golden/$key.json"
for kind in instructions loads stores exclusive lse acquire_release dmb dsb l1d_misses; do
	printf ', "%s": 7' "$kind" >>"$golden/$key.json"
done
echo '}}}' >>"$golden/$key.json"
"""


def make_shell_tree(top, programs, scratch):
    """Only bench.sh gets the signal. No peers are built, and nothing is counted."""
    tree, env = make_tree(top, programs, scratch)
    (tree / "build/peers/bench").mkdir(parents=True)
    for name, text in (("bench_env", f'exec "{programs}/bench_env" "$@"'),
                       ("bench_map", WITH_PEER.replace("PROGRAM", f"{programs}/bench_map"))):
        script(tree / "build/peers/bench" / name, text, "/bin/bash")
    (tree / "results").symlink_to(top / "results")
    os.environ["PATH"] = env["PATH"]
    return tree


def check_shell(top, tree):
    report = tree / "build/report"
    status, said = interrupted(
        [tree / "bench.sh", "--no-install", "--save", "--label", "partial-test", "--min-time", "0.02"],
        signal.SIGTERM,
        lambda: (report / "map.json").exists() and '"name"' in (report / "map.json").read_text())
    assert status == 130, (status, said)
    assert "the report is partial" in said, said
    check_report(top, report)
    assert '"parts_missing": ["pool", ' in (report / "report.json").read_text()
    assert "This run is PARTIAL" in (report / "index.html").read_text()
    assert not (top / "results/partial-test").exists()
    # The samples of what was measured, too.
    assert b'"ns_pages_quiet"' in gzip.decompress((report / "samples-map.jsonl.gz").read_bytes())
    assert 'data-samples="0"' in (report / "index.html").read_text()


def check_partial(top, report, name):
    """A finished file of an interrupted run: valid, says that it is partial, is on the page."""
    merged = json.loads((report / f"{name}.json").read_text())
    assert merged["partial"] is True and 0 < merged["cases_done"] < merged["cases_total"], merged
    valid = subprocess.run([top / "tools/results-validate", report / f"{name}.json"], capture_output=True,
                           text=True, timeout=60, check=False)
    assert valid.returncode in (0, 3), valid
    assert "This run is PARTIAL" in (report / "index.html").read_text()
    return merged


def check_shell_advice(top, tree, scratch):
    report, shown = tree / "build/report", scratch / "shown"
    saved = (top / "results/hi1620-modelled/advice.json").read_bytes()
    status, said = interrupted(
        [tree / "bench.sh", "--no-install", "--advice", "--save"], signal.SIGTERM,
        lambda: shown.exists() and shown.stat().st_size > 0, shown)
    assert status == 130 and "the report is partial" in said, (status, said)
    merged = check_partial(top, report, "advice")
    assert merged["cases_done"] == len(merged["advice"]), merged
    assert saved == (top / "results/hi1620-modelled/advice.json").read_bytes(), "a partial one was saved"
    # Before a trace is whole there is nothing to keep, and that is said: by advice.py, or before its turn.
    (report / "advice.json").unlink()
    (report / "build.log").unlink()
    status, said = interrupted([tree / "bench.sh", "--no-install", "--advice"], signal.SIGTERM,
                               (report / "build.log").exists)
    assert status == 130, (status, said)
    assert "no trace was done" in said or "interrupted before a trace was whole" in said, said
    assert not (report / "advice.json").exists()
    check_shell_advice_build(tree, report)


def check_shell_advice_build(tree, report):
    """A signal during the build is not lost: nothing is run after it."""
    (tree / "slow").mkdir()
    script(tree / "slow/cmake", f"touch '{tree}/building'; sleep 1")
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{tree}/slow:{before}"
    status, said = interrupted([tree / "bench.sh", "--no-install", "--advice"], signal.SIGTERM,
                               (tree / "building").exists)
    os.environ["PATH"] = before
    assert status == 130 and "interrupted before a trace was whole" in said, (status, said)
    assert not (report / "raw-advice.json").exists()


def check_shell_counts(top, tree):
    """What was not counted to its end is not kept; what was is, and is on the page."""
    report, counted = tree / "build/report", tree / "counted"
    (tree / "tests").unlink()
    (tree / "tests/counts").mkdir(parents=True)
    (tree / "tests/counts/golden").symlink_to(top / "tests/counts/golden")
    script(tree / "tests/counts/counts.py", COUNTER.replace("COUNTED", f"'{counted}'"))
    script(tree / "tools/sysroot.sh", "exit 0")
    command = [tree / "bench.sh", "--no-install", "--counts"]
    status, said = interrupted([*command, "--save"], signal.SIGTERM, counted.exists)
    assert status == 130 and "interrupted before everything was counted" in said, (status, said)
    assert counted.read_text() == "count-ops\n", counted.read_text()
    assert not (report / "counts.json").exists()
    whole = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
    assert whole.returncode == 0, whole
    assert "as arm64 programs" in (report / "index.html").read_text()
    assert json.loads((report / "counts.json").read_text())["counts"]


PEERS = ["--peers", "--no-install", "--save", "--label", "partial-test", "--min-time", "0.3", "--filter",
         "^(map|unmap)/impl:(core|bare)/fmt:arm_64_lpae_s1/granule:4K/"
         "size:4K/batch:(1|16)/pattern:warm/coherent:1/.*threads:1$"]


def check_shell_peers(top, tree):
    report = tree / "build/report"
    status, said = interrupted([tree / "bench.sh", *PEERS], signal.SIGTERM,
                               lambda: (report / "launch-2.json").exists())
    assert status == 130 and "the report is partial" in said, (status, said)
    merged = check_partial(top, report, "peers")
    assert merged["cases_total"] == 5 and merged["parts_missing"] == ["self-check"], merged
    assert merged["cases_done"] == len(merged["launches"]), merged
    assert not (top / "results/partial-test").exists()
    (report / "peers.json").unlink()
    (report / "launch-1.json").unlink()
    status, said = interrupted([tree / "bench.sh", *PEERS], signal.SIGTERM,
                               lambda: (report / "launch-1.json").exists())
    assert status == 130 and "interrupted before a launch was whole" in said, (status, said)
    assert not (report / "peers.json").exists()


CASES = ["--benchmark_filter=^map/impl:core/.*size:4K/batch:(1|16)/pattern:warm/.*threads:1$",
         "--benchmark_min_time=0.005"]


def check_progress(bench_map):
    listed = subprocess.run([bench_map, *CASES, "--benchmark_list_tests"], capture_output=True, text=True,
                            timeout=60, check=True)
    total = len(listed.stdout.splitlines())
    assert total > 12, listed.stdout
    command = [bench_map, *CASES, f"--progress={total}"]
    plain = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert f"bench_map: case 1 of {total}\n" in plain.stderr, plain.stderr
    assert " s left\n" in plain.stderr and "\r" not in plain.stderr, plain.stderr
    assert plain.stderr.count(": case ") <= 10, plain.stderr
    master, slave = pty.openpty()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=slave) as run:
        os.close(slave)
        said = b""
        try:
            while chunk := os.read(master, 65536):
                said += chunk
        except OSError:  # how a terminal says that nobody is left
            pass
        assert run.wait(60) == 0
    assert f"\r\x1b[K[1/{total}] map/".encode() in said and b" s left] map/" in said, said
    os.close(master)


def main(top, programs):
    if emulated():
        sys.exit(77)
    top, programs = Path(top), Path(programs)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        for what in (signal.SIGINT, signal.SIGTERM):
            check_map(str(programs / "bench_map"), scratch, what)
        check_replay(str(programs / "bench_replay"), scratch, top)
        check_progress(str(programs / "bench_map"))
        check_strategies(str(programs / "bench_replay"), scratch, top)
        tree = make_shell_tree(top, programs, scratch)
        check_shell(top, tree)
        check_shell_advice(top, tree, scratch)
        check_shell_peers(top, tree)
        check_shell_counts(top, tree)


main(*sys.argv[1:])
