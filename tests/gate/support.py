# SPDX-License-Identifier: GPL-2.0-only
"""What the tests of tools/gate share: the program as a module, and calling it."""
import contextlib
import importlib.machinery
import importlib.util
import io
import sys
from pathlib import Path

TOP = Path(sys.argv[1])
sys.path[:0] = [str(TOP / "tools"), str(TOP / "tests/counts")]


def load_gate():
    loader = importlib.machinery.SourceFileLoader("gate", str(TOP / "tools/gate"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("gate", loader))
    loader.exec_module(module)
    return module


gate = load_gate()


def run(*words):
    """(exit status, everything printed)"""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
        try:
            status = gate.main([str(word) for word in words])
        except SystemExit as ended:
            status = ended.code or 0
    return status, out.getvalue()


def expect(got, status, *texts):
    assert got[0] == status, f"exit status {got[0]}, not {status}:\n{got[1]}"
    for text in texts:
        assert text in got[1], f"'{text}' is not in:\n{got[1]}"


def run_tests(found):
    """Every test_... of a module's names, in order."""
    for name, test in list(found.items()):
        if name.startswith("test_"):
            test()
            print(f"{name}: good")
