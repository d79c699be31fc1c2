#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The workflow examples of docs/ci are YAML, and the commands in them are understood by this tree."""
import re
import sys
from pathlib import Path

from support import TOP, gate, run_tests

try:
    import yaml
except ImportError:
    print("skipped: python3-yaml is not there: apt-get install python3-yaml")
    sys.exit(77)

EXAMPLES = sorted(Path(TOP, "docs/ci").glob("*.yml"))


def steps(value):
    """Every command of a workflow, whichever of the two kinds it is."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("run", "script", "before_script"):
                yield from [inner] if isinstance(inner, str) else inner
            else:
                yield from steps(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from steps(inner)


def test_examples():
    assert len(EXAMPLES) == 2, EXAMPLES
    for path in EXAMPLES:
        text = "\n".join(steps(yaml.safe_load(path.read_text(encoding="utf-8"))))
        assert "./test.sh" in text and "tools/gate" in text, path


def test_gate_options():
    """With what stands for a value replaced: a renamed option must not stay in the examples."""
    for path in EXAMPLES:
        text = "\n".join(steps(yaml.safe_load(path.read_text(encoding="utf-8"))))
        found = re.findall(r"tools/gate ([^|&;\n]*)", text.replace("\\\n", " "))
        assert found, path
        for words in found:
            gate.parse([word.strip('"') for word in words.split()])


def test_programs():
    for path in EXAMPLES:
        text = "\n".join(steps(yaml.safe_load(path.read_text(encoding="utf-8"))))
        for program in re.findall(r"(?<![\w/.])(?:\./)?((?:tools/[\w.-]+)|test\.sh)", text):
            assert Path(TOP, program).exists(), (path, program)


run_tests(globals())
