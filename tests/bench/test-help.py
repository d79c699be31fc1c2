# SPDX-License-Identifier: GPL-2.0-only
"""--help of every program, script and tool says what is there: each option in it is accepted, and each
option that is accepted is in it. Nothing is measured or built: each call ends in something that is not
understood."""
import re
import subprocess
import sys
from pathlib import Path

from program import run

POISON = "--nonsense-option"
OPTION = re.compile(r"^ {2,6}(?:\S+ )?(?:-\w(?: [A-Z]+)?, )?(--[a-z][a-z0-9_-]*)", re.M)
PROGRAMS = ("map", "pool", "contention", "cmdq", "dirty", "flush")


def start(*command):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60,
                          check=False)


def help_of(runner, *command):
    """The options that --help explains, without the benchmark library's."""
    result = runner(*command, "--help")
    assert result.returncode == 0 and not result.stderr, (command, result)
    own = re.split(r"library's\s+own\s+options", result.stdout)[0]
    found = set(OPTION.findall(own))
    assert "--help" in found, (command, result.stdout)
    return found


def options_in(*files):
    return {option for file in files for option in re.findall(r'"(--[a-z_-]+)', file.read_text())}


def check_program(program, bench, name):
    sources = [bench / f"{file}.c" for file in ("cli", f"bench-{name}")]
    sources += [bench / "flush-full.c"] if name == "flush" else []
    described = help_of(run, program)
    assert {"--matrix", "--benchmark_min_time", "--progress", "--nodes"} <= described, described
    for option in described | options_in(*sources) - {"--benchmark_filter", "--benchmark_list_tests"}:
        result = run(program, option + "=x", POISON)
        if option == "--help":
            result = run(program, option, POISON)
            assert result.returncode == 0, result
            continue
        assert result.returncode == 2, (option, result)
        known = f"unrecognized command-line flag: {option}" not in result.stderr
        assert known == (option in described), (name, option, result.stderr)


def check_env(program):
    described = help_of(run, program)
    for option in described:
        assert run(program, option).returncode == 0, option
    assert described == {"--label", "--warnings", "--help"}, described
    refused = run(program, POISON)
    assert refused.returncode == 2 and POISON in refused.stderr, refused


def check_replay(program, bench):
    table = (bench / "replay-options.c").read_text()
    accepted = set(re.findall(r'\{ "([a-z-]+)", (?:required|no)_argument', table))
    described = help_of(run, program)
    assert len(accepted) > 15 and described == {f"--{name}" for name in accepted}, (
        described ^ {f"--{name}" for name in accepted})
    for option in described - {"--help"}:
        result = run(program, option, POISON, POISON)
        assert result.returncode == 2 and f"unrecognized option '{option}'" not in result.stderr, result


def check_calibrate(program):
    assert help_of(run, program) == {"--sensitivity", "--help"}
    refused = run(program, POISON)
    assert refused.returncode == 2 and POISON in refused.stderr, refused


def check_script(script):
    """A shell script's options are the labels of its case."""
    accepted = set()
    for labels in re.findall(r"^\t(--[a-z0-9| -]+)\)", script.read_text(), re.M):
        accepted |= {word for word in labels.split(" | ") if word.startswith("--")}
    described = help_of(start, "bash" if script.name != "bundle-run.sh" else "sh", script)
    assert accepted == described, (script, accepted ^ described)
    for option in described - {"--help"}:
        result = start("sh" if script.name == "bundle-run.sh" else "bash", script, option, "dev", POISON)
        assert result.returncode == 2 and f"{option}: not understood" not in result.stderr, result


def check_python(tool, required):
    """What argparse accepts it explains, if nothing is hidden; options are not abbreviated by chance."""
    assert "SUPPRESS" not in tool.read_text(), tool
    for command, arguments in required.items():
        words = [sys.executable, tool, *command.split()]
        for option in help_of(start, *words) - {"--help"}:
            result = start(*words, *arguments, option + "=x", POISON)
            assert result.returncode == 2, (option, result)
            assert f"unrecognized arguments: {option}" not in result.stderr, (option, result)
        refused = start(*words, *arguments, POISON)
        assert refused.returncode == 2 and POISON in refused.stderr, refused


def check_small_script(script):
    result = start(script, "--help")
    assert result.returncode == 0 and "usage: " in result.stdout, result
    refused = start(script, POISON)
    assert refused.returncode == 2 and POISON in refused.stderr, refused


PYTHON_TOOLS = {
    "compare": {"": ["a", "b"]},
    "results-validate": {"": ["a"]},
    "page.py": {"": ["-o", "out", "a"]},
    "report.py": {"merge": ["a", "-o", "out"], "table": ["a"], "markdown": []},
    "advice.py": {"save": ["a", "--commit=c", "--date=d", "--command=c", "--program=p"], "quote": []},
    "flush.py": {"": ["a"]},
    "chart_inputs.py": {"": ["a"]},
    "emulated.py": {"save": ["a", "--commit=c", "--date=d", "--command=c"]},
}


def main(top, programs):
    top, programs = Path(top), Path(programs)
    bench = top / "bench"
    for name in PROGRAMS:
        check_program(str(programs / f"bench_{name}"), bench, name)
    check_env(str(programs / "bench_env"))
    check_replay(str(programs / "bench_replay"), bench)
    check_calibrate(str(programs / "flush_calibrate"))
    for script in (top / "bench.sh", top / "test.sh", top / "tools/record-trace", top / "tools/capture-traces",
                   bench / "bundle-run.sh"):
        check_script(script)
    for name, required in PYTHON_TOOLS.items():
        check_python(top / "tools" / name, required)
    for name in ("bundle.sh", "sysroot.sh", "qemu.sh", "kernel.sh"):
        check_small_script(top / "tools" / name)


main(*sys.argv[1:])
