# SPDX-License-Identifier: GPL-2.0-only
"""Exit statuses: what is not understood ends with 2 and says so on stderr; a benchmark that fails
makes its row an error and the status 1, which the benchmark library alone would not do."""
import json
import resource
import subprocess
import sys
import tempfile

from program import emulated, run


def expect(status, text, *command):
    result = run(*command)
    assert result.returncode == status, (command, result.returncode, result.stderr)
    assert text in result.stdout + result.stderr, (command, result.stdout, result.stderr)


def limit_memory():
    resource.setrlimit(resource.RLIMIT_AS, (300 << 20, 300 << 20))


def failing_row(bench_map):
    """A region whose tables need 512 MiB, in a process that may have 300."""
    command = [bench_map, "--benchmark_format=json", "--benchmark_min_time=0.001",
               "--benchmark_filter=^map/.*batch:1/pattern:random_256G"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False,
                            preexec_fn=limit_memory)
    assert result.returncode == 1, result
    rows = json.loads(result.stdout)["benchmarks"]
    assert rows and all(row["error_occurred"] for row in rows), rows
    assert all(row["error_message"] for row in rows), rows


def sanitized(bench_map):
    """Sanitizers reserve more address space than the limit allows."""
    with open(bench_map, "rb") as file:
        program = file.read()
    return b"__asan_init" in program or b"__tsan_init" in program


ALLOC = "--benchmark_filter=alloc_free.*lpae_s1/granule:4K.*threads:1$"


def raw_samples(bench_map):
    """As many as the row counted and dropped, with the row's median."""
    with tempfile.NamedTemporaryFile() as file:
        result = run(bench_map, ALLOC, "--benchmark_min_time=0.01", "--benchmark_format=json",
                     f"--samples={file.name}")
        with open(file.name, encoding="utf-8") as text:
            found = {case["name"]: case["ns_pages_quiet"] for case in map(json.loads, text)}
    rows = json.loads(result.stdout)["benchmarks"]
    assert rows and set(found) == {row["name"] for row in rows}, (rows, found)
    for row in rows:
        kept = [s[0] for s in found[row["name"]] if s[2] or row["noisy"]]
        assert len(kept) == row["samples"], (row, kept)
        assert min(kept) <= row["ns_per_page"] * 1.001 and row["ns_per_page"] <= max(kept) * 1.001
        assert abs(sum(s[1] for s in found[row["name"]]) - row["pages"]) < 1, row


def main(bench_map, bench_env):
    expect(2, "--nonsense", bench_map, "--nonsense")
    expect(2, "--nonsense=1", bench_map, "--nonsense=1")
    expect(2, "--matrix=none", bench_map, "--matrix=none")
    expect(2, "--benchmark_min_time=x", bench_map, "--benchmark_min_time=x")
    expect(2, "--benchmark_min_time=-1", bench_map, "--benchmark_min_time=-1")
    expect(1, "--samples=/dev/full: cannot be written", bench_map, ALLOC, "--benchmark_min_time=0",
           "--samples=/dev/full")
    expect(1, "--samples=/nonsense/x: cannot be written: No such", bench_map, ALLOC,
           "--samples=/nonsense/x")
    expect(2, "--samples=", bench_map, "--samples=")
    raw_samples(bench_map)
    expect(2, "--counters=some", bench_map, "--counters=some")
    expect(2, "--progress=x", bench_map, "--progress=x")
    expect(1, "match", bench_map, "--benchmark_filter=no_such_benchmark")
    expect(1, "could not be written", bench_map, "--benchmark_filter=alloc_free.*threads:1$",
           "--benchmark_min_time=0", "--benchmark_out=/dev/full", "--benchmark_out_format=json")
    expect(0, "--matrix", bench_map, "--help")
    expect(0, "--benchmark_filter", bench_map, "--help")
    expect(2, "--nonsense", bench_env, "--nonsense")
    expect(0, "--label", bench_env, "--help")
    if not emulated() and not sanitized(bench_map):
        failing_row(bench_map)


main(*sys.argv[1:])
