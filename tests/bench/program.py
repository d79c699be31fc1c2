# SPDX-License-Identifier: GPL-2.0-only
"""Runs a program that may need an emulator (BENCH_RUNNER, its words separated by |); and bench.sh in a tree
where it can leave what it likes."""
import os
import shutil
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


def can_draw(tools):
    """Are the packages of tools/package.json there? test.sh fetches them, before the tests, which share them."""
    return bool(shutil.which("node")) and (tools / "node_modules/.package-lock.json").is_file()


def script(path, text, shell="/bin/sh"):
    path.write_text(f"#!{shell}\n{text}\n")
    path.chmod(0o755)


def make_tree(top, programs, scratch):
    """A tree with bench.sh and what it needs, the programs as they are built, and the environment in which
    nothing is built, installed or fetched."""
    tree, stubs = scratch / "tree", scratch / "stubs"
    (tree / "build/release").mkdir(parents=True)
    (tree / "build/release/bench").symlink_to(programs)
    for name in ("bench", "tests", "docs"):
        (tree / name).symlink_to(top / name)
    shutil.copytree(top / "tools", tree / "tools", ignore=shutil.ignore_patterns("node_modules"))
    shutil.copy(top / "bench.sh", tree)
    stubs.mkdir()
    for name, text in (("cmake", "exit 0"), ("dpkg-query", "echo installed"), ("npm", "exit 1")):
        script(stubs / name, text)
    return tree, {**os.environ, "PATH": f"{stubs}:{os.environ['PATH']}"}
