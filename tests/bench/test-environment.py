# SPDX-License-Identifier: GPL-2.0-only
"""bench_env: JSON with everything a figure depends on, and nothing that names the host or a path."""
import json
import os
import re
import socket
import sys

from program import run

KEYS = {"architecture", "cpu", "cpu_id", "hypervisor", "emulated", "kernel", "packages", "cores",
        "cpus", "numa_nodes", "caches", "page_bytes", "transparent_huge_pages",
        "huge_page_pool_2048k", "clock", "governor", "pmu", "compiler", "flags", "build_type",
        "assertions", "libraries"}


def main(program):
    result = run(program)
    assert result.returncode == 0, result.stderr
    env = json.loads(result.stdout)
    assert KEYS <= set(env), KEYS - set(env)
    assert env["pmu"] in ("present", "absent", "not permitted")
    assert env["clock"]["tick_ns"] > 0 and env["page_bytes"] >= 4096 and env["cpus"] >= 1
    assert env["libraries"]["benchmark"] and env["libraries"]["hwloc"]

    words = re.findall(r"[A-Za-z0-9.-]+", result.stdout)
    assert socket.gethostname() not in words or socket.gethostname() == "localhost"
    assert not re.search(r'(^|[\s"=])/[a-z]', result.stdout), "an absolute path"
    assert os.environ.get("HOME", "/root") not in result.stdout

    label = run(program, "--label").stdout
    assert re.fullmatch(r"[a-z0-9-]+-[0-9]+c\n", label), label


main(*sys.argv[1:])
