# SPDX-License-Identifier: GPL-2.0-only
"""What is compared: two revisions, two builds, or the checkout; and building what of it is run.

What holds: everything is made below build/gate, in worktrees of its own for revisions; the checkout,
its branch and its index stay as they are. At most KEPT revisions are kept there, those used last.
"""
import os
import platform
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

from results import ROOT, Problem

WORK = ROOT / "build/gate"
GATING = ROOT / "tools/gating"
KEPT = 6
BUILD_TIMEOUT_S = 1200
RELEASE = ("-DCMAKE_BUILD_TYPE=Release", "-DCMAKE_C_FLAGS_RELEASE=-O2 -g")
SANITIZER = "-fsanitize"
NATIVE = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine())


def run(command, what, cwd=ROOT):
    """Standard output; a Problem that says what was tried if it fails."""
    try:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=BUILD_TIMEOUT_S,
            check=False,
        )
    except OSError as error:
        raise Problem(f"{what}: {command[0]}: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise Problem(f"{what}: took more than {BUILD_TIMEOUT_S} s") from error
    if done.returncode:
        last = (done.stdout + done.stderr).strip().splitlines()[-25:]
        raise Problem(f"{what} failed:\n  " + "\n  ".join(last))
    return done.stdout


def git(*words, what):
    return run(["git", *words], what).strip()


def configured(folder, source, options):
    run(
        ["cmake", "-G", "Ninja", "-S", source, "-B", folder, *options],
        f"configuring {source}",
    )


def built(folder, *targets):
    run(["cmake", "--build", folder, "--target", *targets], f"building {folder}")


class Side:
    """label: what the user called it. tree: its sources. work: where its programs are made."""

    arch = None  # of a build, which has only one

    def __init__(self, label, tree, work):
        self.label = label
        self.tree = Path(tree)
        self.work = Path(work)
        self.options = RELEASE

    def describe(self):
        return {"label": self.label}

    def count_ops(self, arch):
        """(the program, its build folder)"""
        folder = self.work / f"counts-{arch}"
        # Nothing else of the tree is built; the libraries of a foreign arm64 are this checkout's.
        preset, options = "release", []
        if arch != NATIVE:
            preset, options = "arm64", [f"-DARM64_SYSROOT={ROOT}/build/arm64-sysroot"]
        if not (self.tree / "tests/counts/count-ops.c").exists():
            raise Problem(f"{self.label}: too old for layer 1: it has no tests/counts")
        run(
            ["cmake", "--preset", preset, "-B", folder, "-DIO_PGTABLE_BENCH=OFF", *options],
            f"configuring {self.label} for {arch}",
            cwd=self.tree,
        )
        built(folder, "count-ops", *(["icount"] if arch == "arm64" else []))
        return folder / "tests/counts/count-ops", folder

    def driver(self, of="own", plant=False):
        """The shared object for layer 2; of="this" takes this checkout's cases."""
        own = self.tree / "tools/gating/driver.c"
        source = own if of == "own" and own.exists() else GATING / "driver.c"
        folder = self.work / f"driver{'-plant' if plant else ''}"
        configured(
            folder,
            GATING,
            [
                *self.options,
                f"-DGATE_TREE={self.tree}",
                f"-DGATE_DRIVER={source}",
                f"-DGATE_PLANT={'ON' if plant else 'OFF'}",
            ],
        )
        built(folder, "gate-driver")
        return folder / "gate-driver.so"


class Revision(Side):
    """A commit, in a worktree of its own."""

    def __init__(self, name):
        try:
            self.commit = git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", what=name)
        except Problem as error:
            raise Problem(
                f"{name}: not a revision of this repository (a shallow clone has only the last "
                "commits: git fetch --unshallow)"
            ) from error
        work = WORK / self.commit[:12]
        super().__init__(name, work / "tree", work)
        self.check_out()

    def check_out(self):
        if self.tree.exists():
            status = run(["git", "status", "--porcelain"], "git status", cwd=self.tree)
            at = run(["git", "rev-parse", "HEAD"], "git rev-parse", cwd=self.tree).strip()
            if at != self.commit or status:
                raise Problem(
                    f"{self.tree} was changed: remove it (git worktree remove --force {self.tree})"
                )
        else:
            git("worktree", "prune", what="git worktree prune")
            self.work.mkdir(parents=True, exist_ok=True)
            git(
                "worktree",
                "add",
                "--detach",
                self.tree,
                self.commit,
                what=f"checking out {self.label}",
            )
        os.utime(self.work)

    def describe(self):
        return {"label": self.label, "commit": self.commit[:12]}


class Checkout(Side):
    """This checkout as it is, with what was not committed."""

    def __init__(self, name="."):
        super().__init__(name, ROOT, WORK / "checkout")

    def describe(self):
        commit = git("rev-parse", "--short=12", "HEAD", what="git rev-parse")
        changed = git("status", "--porcelain", "--untracked-files=no", what="git status")
        return {"label": "the checkout", "commit": commit, "changed": bool(changed)}


def cache_of(folder):
    """CMake's cache of a build folder."""
    try:
        text = (Path(folder) / "CMakeCache.txt").read_text(encoding="utf-8")
    except OSError as error:
        raise Problem(
            f"{folder}: not a build folder (no CMakeCache.txt): cmake --preset release"
        ) from error
    return dict(re.findall(r"^(\w+):\w+=(.*)$", text, re.MULTILINE))


class Build(Side):
    """A folder that the user built; only the driver of layer 2 is made elsewhere."""

    def __init__(self, name):
        self.folder = Path(name).resolve()
        cache = cache_of(name)
        if cache.get("CMAKE_PROJECT_NAME") != "io-pgtable":
            raise Problem(
                f"{name}: a build of {cache.get('CMAKE_PROJECT_NAME')}, not of io-pgtable"
            )
        build_type = cache.get("CMAKE_BUILD_TYPE")
        if build_type != "Release":
            raise Problem(
                f"{name}: its build type is {build_type or 'not set'}; what is compared is what "
                "ships: cmake --preset release"
            )
        flags = cache.get("CMAKE_C_FLAGS", "")
        if SANITIZER in flags:
            raise Problem(f"{name}: built with a sanitizer ({flags}): its counts mean nothing")
        work = WORK / f"build-{sha256(str(self.folder).encode()).hexdigest()[:12]}"
        super().__init__(name, cache["CMAKE_HOME_DIRECTORY"], work)
        self.arch = "arm64" if "arm64" in cache.get("CMAKE_TOOLCHAIN_FILE", "") else NATIVE
        self.options = [
            f"-D{key}={cache.get(key, '')}"
            for key in (
                "CMAKE_BUILD_TYPE",
                "CMAKE_C_COMPILER",
                "CMAKE_C_FLAGS",
                "CMAKE_C_FLAGS_RELEASE",
            )
        ]

    def describe(self):
        return {"label": self.label}

    def count_ops(self, arch):
        program = self.folder / "tests/counts/count-ops"
        again = f"cmake --build {self.label} --target count-ops"
        if not program.exists():
            raise Problem(f"{self.label}: count-ops was not built: {again}")
        plan = run(["cmake", "--build", self.folder, "--target", "count-ops", "--", "-n"], again)
        if "no work to do" not in plan:
            raise Problem(f"{self.label}: older than its sources: {again}")
        return program, self.folder


def launcher():
    """gate-launch of this checkout; configured with this checkout's library, which it does not use."""
    folder = WORK / "launcher"
    configured(
        folder, GATING, [*RELEASE, f"-DGATE_TREE={ROOT}", f"-DGATE_DRIVER={GATING}/driver.c"]
    )
    built(folder, "gate-launch")
    return folder / "gate-launch"


def trim():
    """Of the revisions in build/gate, those that were used last stay."""
    found = [path for path in WORK.glob("?" * 12) if (path / "tree").is_dir()]
    for path in sorted(found, key=lambda p: p.stat().st_mtime)[:-KEPT]:
        git("worktree", "remove", "--force", path / "tree", what=f"removing {path}")
        shutil.rmtree(path, ignore_errors=True)
