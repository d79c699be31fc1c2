# SPDX-License-Identifier: GPL-2.0-only
"""Runs a program that may need an emulator (BENCH_RUNNER, its words separated by |)."""
import os
import subprocess


def run(*command, timeout=300):
    runner = [part for part in os.environ.get("BENCH_RUNNER", "").split("|") if part]
    return subprocess.run(runner + list(command), capture_output=True, text=True, timeout=timeout,
                          check=False)


def emulated():
    return bool(os.environ.get("BENCH_RUNNER"))


def names(program, form, *args):
    """What the program would run: each name once, and of that form."""
    result = run(program, "--benchmark_list_tests", *args)
    assert result.returncode == 0, result.stderr
    listed = result.stdout.splitlines()
    for name in listed:
        assert form.fullmatch(name), name
    assert len(set(listed)) == len(listed), "a name comes twice"
    return set(listed)
