# SPDX-License-Identifier: GPL-2.0-only
"""The one-liners of docs/results.md for many hosts do what it says: each is taken out of the document and run as it
stands, in a folder with a bundle, and what it leaves is merged by the line that the document gives for that. GNU
parallel is Debian's; srun, ssh and scp are stubs that run what they are given on this host, under the name of
another. The bundle is one of this build, with a few cases of each program.

Usage: test-fleet.py TOP SMALL BENCH
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "bench"))
from program import script  # pylint: disable=import-error,wrong-import-position

HOSTS = ["first", "second"]
# A case or two of each program; the last of two equal options counts.
FEW = {
    "bench_map": "^(map|unmap)/impl:core/fmt:arm_64_lpae_s1/granule:4K/size:4K/batch:1/pattern:warm/"
                 "coherent:1/flush:strict/domain:private/threads:1$",
    "bench_pool": "op:pair/size:4K/.*threads:1$",
    "bench_contention": "point:table/impl:core/threads:1$",
    "bench_cmdq": "batch:1/.*threads:1$",
    "bench_dirty": "written:all",
    "bench_flush": "strategy:(none|gather)/clock:real/size:4K/unmap:4K/.*threads:1/depth:0/.*loop:closed$",
}
STUBS = {
    # --nodes=N: a task on each of N nodes, which knows its number.
    "srun": '''
for arg; do case $arg in --nodes=*) nodes=${arg#*=} ;; esac; done
while case ${1-} in -*) true ;; *) false ;; esac; do shift; done
node=0
while [ "$node" -lt "$nodes" ]; do
	SLURM_NODEID=$node SLURMD_NODENAME=node$node "$@" || exit 1
	node=$((node + 1))
done
''',
    # The remote shell is a shell here, in the host's home; SHELL is set there, as sshd sets it: what GNU parallel
    # sends does nothing, and successfully, where it is not.
    "ssh": '''
while case ${1-} in -*) true ;; *) false ;; esac; do case $1 in -[oplF]) shift ;; esac; shift; done
host=$1
shift
[ "$1" != -- ] || shift
cd "$HOMES/$host" && SHELL=/bin/sh FLEET_HOST=$host exec sh -c "$*"
''',
    "scp": 'while [ $# -gt 2 ]; do shift; done\nexec cp -r "$HOMES/${1%%:*}/${1#*:}" "$2"\n',
    "uname": '[ "$*" = -n ] && [ -n "$FLEET_HOST" ] && echo "$FLEET_HOST" && exit\nexec /bin/uname "$@"\n',
}


def lines_of(top):
    """The indented blocks of the section, by the word that they begin with."""
    text = (top / "docs/results.md").read_text()
    section = text.split("### Many hosts")[1].split("\n## ")[0]
    blocks = re.findall(r"(?:^    .*\n)+", section, re.M)
    found = {re.sub(r"\n    ", "\n", b.strip()).split()[0]: re.sub(r"^    ", "", b, flags=re.M) for b in blocks}
    assert set(found) == {"srun", "parallel", "mkdir", "tools/compare"}, found
    return found


def make_bundle(top, programs, folder):
    for name in ("bin", "lib", "traces"):
        (folder / name).mkdir(parents=True)
    # Programs are started through the bundle's loader: here through nothing.
    script(folder / "lib/ld-linux-none.so.1", 'shift 2\nexec "$@"')
    for name in ("bench_env", *FEW):
        few = f'--benchmark_filter="{FEW[name]}" --benchmark_min_time=0.002' if name in FEW else ""
        script(folder / "bin" / name, f'exec "{programs / name}" "$@" {few}')
    script(folder / "bin/bench_replay", f'exec "{programs / "bench_replay"}" --repeat 2 "$@" --repeat 2')
    trace = "nvme-buffered-strict.trace.xz"
    shutil.copy(top / "bench/traces" / trace, folder / "traces")
    for tool in re.search(r"for script in ([a-z ]+);", (top / "tools/bundle.sh").read_text())[1].split():
        shutil.copy(top / f"tools/{tool}.py", folder)
    shutil.copy(top / "bench/bundle-run.sh", folder / "run.sh")
    (folder / "run.sh").chmod(0o755)
    (folder / "COMMIT").write_text("0123456789ab\n")


class Fleet:
    """A folder that all hosts see, with a bundle in it, and each host's home."""

    def __init__(self, top, programs, scratch):
        self.top, self.programs, self.scratch = top, programs, scratch
        self.lines = lines_of(top)
        stubs = scratch / "stubs"
        stubs.mkdir()
        for name, text in STUBS.items():
            script(stubs / name, text)
        self.env = {**os.environ, "HOMES": str(scratch / "homes"), "FLEET_HOST": "",
                    "PATH": f"{stubs}:{os.environ['PATH']}"}

    def run(self, which, shared, nodes=None):
        """A line of the document; what it left, by name of the host."""
        folder = self.scratch / which
        make_bundle(self.top, self.programs, folder / "io-pgtable-bench-arm64")
        (folder / "hosts.txt").write_text("".join(f"{host}\n" for host in HOSTS))
        for host in HOSTS:
            home = self.scratch / "homes" / host
            home.parent.mkdir(exist_ok=True)
            if home.is_symlink():
                home.unlink()
            if shared:
                home.symlink_to(folder)
            else:
                shutil.copytree(folder, home)
        line = self.lines[which]
        if nodes:
            line, changed = re.subn(r"--nodes=\d+", f"--nodes={nodes}", line)
            assert changed == 1, line
        done = subprocess.run(["bash", "-c", line], cwd=folder, env=self.env, capture_output=True, text=True,
                              timeout=280, check=False)
        assert done.returncode == 0, (line, done.stdout[-3000:], done.stderr[-3000:])
        assert (folder / "runs").is_dir(), ("nothing was left", line, done.stdout[-3000:], done.stderr[-3000:])
        return {path.name: path for path in (folder / "runs").iterdir()}, done

    def merge(self, which):
        """The document's own line for that, in a clone."""
        folder = self.scratch / which
        (folder / "tools").symlink_to(self.top / "tools")
        done = subprocess.run(["bash", "-c", self.lines["tools/compare"]], cwd=folder, env=self.env,
                              capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done
        return (folder / "fleet.html").read_text()


def check(runs, names):
    assert set(runs) == set(names), (runs, names)
    for folder in runs.values():
        report = json.loads((folder / "report.json").read_text())
        assert report["map"] and report["flush"] and report["replay"] and report["commit"] == "0123456789ab"
        assert list(folder.glob("samples-map.jsonl*")), list(folder.iterdir())


def main(top, small, programs):
    del small
    if not shutil.which("parallel"):
        print("skipped: report-fleet needs GNU parallel: apt-get install parallel")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as scratch:
        fleet = Fleet(Path(top), Path(programs), Path(scratch))
        runs, _ = fleet.run("srun", True, nodes=2)
        check(runs, ["0", "1"])
        runs, done = fleet.run("parallel", True)
        check(runs, HOSTS)
        assert all(re.search(rf"^{host}\t", done.stdout, re.M) for host in HOSTS), done.stdout
        runs, _ = fleet.run("mkdir", False)
        check(runs, HOSTS)
        for which in ("srun", "parallel", "mkdir"):
            page = fleet.merge(which)
            assert page.startswith("<!DOCTYPE html>") and '<section id="hosts"' in page, which


main(*sys.argv[1:])
