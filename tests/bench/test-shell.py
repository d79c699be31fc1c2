# SPDX-License-Identifier: GPL-2.0-only
"""bench.sh: help, and what it does not understand, without building anything."""
import subprocess
import sys
from pathlib import Path


def expect(script, status, text, *args):
    result = subprocess.run([script, *args], capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == status, (args, result)
    assert text in result.stdout + result.stderr, (args, result)


def main(root):
    script = Path(root) / "bench.sh"
    expect(script, 0, "--full", "--help")
    expect(script, 2, "--nonsense", "--nonsense")
    expect(script, 2, "--label", "--label")
    expect(script, 2, "--label", "--label", "My Host/1")


main(*sys.argv[1:])
