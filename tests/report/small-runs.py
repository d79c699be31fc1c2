# SPDX-License-Identifier: GPL-2.0-only
"""Makes two small but real runs, as bench.sh makes large ones, into SMALL/one and SMALL/two: the
results files that the other tests of this folder read. Their figures mean nothing, and no test
looks at a speed.

Usage: small-runs.py TOP BENCH SMALL
"""
import json
import shutil
import subprocess
import sys
from pathlib import Path

BASE = "arm_64_lpae_s1/granule:4K/size:4K"
MAP = f"^(map|unmap|pair)/impl:core/fmt:{BASE}/batch:(1|16|256|512)/pattern:(warm|random_1G)/coherent:1/"
SELF = f"^(map|unmap)/impl:core/fmt:{BASE}/batch:1/pattern:warm/coherent:1/flush:strict/domain:private/threads:1$"
FLUSH = "clock:virtual/size:4K/unmap:4K/.*/threads:8/depth:(0|64|256)/.*model:hi1620/loop:closed"
REAL = "strategy:(none|strict-page|fq-percpu)/clock:real/size:4K/unmap:4K/.*threads:1/"


def run(*command, out=None):
    result = subprocess.run(
        [str(word) for word in command], capture_output=True, text=True, timeout=300, check=False
    )
    assert result.returncode == 0, (command, result.stdout[-2000:], result.stderr[-2000:])
    if out:
        out.write_text(result.stdout)


def bench(program, cases, out, *more):
    run(
        program,
        f"--benchmark_filter={cases}",
        "--benchmark_min_time=0.002",
        f"--benchmark_out={out}",
        "--benchmark_out_format=json",
        *more,
    )


def small_run(top, programs, folder, commit):
    folder.mkdir(parents=True)
    run(programs / "bench_env", out=folder / "environment.json")
    samples = folder / "samples-map.jsonl"
    bench(programs / "bench_map", MAP, folder / "map.json", f"--samples={samples}")
    run("gzip", samples)
    bench(programs / "bench_flush", FLUSH, folder / "flush.json")
    bench(programs / "bench_contention", "impl:core", folder / "contention.json", "--max-threads=2")
    for launch in (1, 2, 3):
        bench(
            programs / "bench_map",
            SELF,
            folder / f"self-{launch}.json",
            "--benchmark_repetitions=2",
            "--benchmark_enable_random_interleaving=true",
        )
        bench(programs / "bench_flush", REAL, folder / f"real-{launch}.json")
    run(
        programs / "bench_replay",
        "--quiet",
        "--flush",
        "strict",
        "--repeat",
        "3",
        "--json",
        folder / "replay-strict.json",
        top / "bench/traces/net-rx-lazy.trace.xz",
        top / "bench/traces/nvme-buffered-strict.trace.xz",
    )
    (folder / "run.json").write_text(
        json.dumps(
            {
                "kind": "quick",
                "label": "small-run",
                "commit": commit,
                "date": "2000-01-01",
                "command": "tests/report/small-runs.py",
                "map_command": f"bench_map --benchmark_filter='{MAP}'",
                "contention_command": "bench_contention",
                "flush_command": "bench_flush",
                "replay_command": "bench_replay",
            }
        )
    )
    run(sys.executable, top / "tools/report.py", "merge", folder, "-o", folder / "report.json")


def main(top, programs, small):
    small = Path(small)
    shutil.rmtree(small, ignore_errors=True)
    for name, commit in (("one", "0123456789ab"), ("two", "ba9876543210")):
        small_run(Path(top), Path(programs), small / name, commit)


main(*sys.argv[1:])
