# SPDX-License-Identifier: GPL-2.0-only
"""Results files: reading, writing and their version. What one looks like: results/schema.json.

What holds: a file is either read whole and of the version that these tools know, or a Problem says
what is wrong with it and what to do; nothing is written half (a new file takes the old one's
place)."""
import contextlib
import json
import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = ROOT / "results/schema.json"
SCHEMA_VERSION = 2
KINDS = ("quick", "full", "peers", "advice", "counts")


class Problem(Exception):
    """Something the user can do something about."""


def load(path):
    """JSON, whatever it is."""
    try:
        return json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise Problem(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise Problem(f"{path}: not complete or not JSON (was the disk full?): {error}") from error


def save(path, text):
    path = Path(path)
    if path.exists() and not path.is_file():  # a pipe, /dev/stdout: nothing to put in its place
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise Problem(f"{path}: cannot be written: {error.strerror}") from error
        return
    new = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new.write_text(text, encoding="utf-8")
        os.replace(new, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            new.unlink()
        why = "its folder is a file" if isinstance(error, FileExistsError) else error.strerror
        raise Problem(f"{path}: cannot be written: {why}") from error


def version_of(report):
    """Files of before there was a schema_version are of version 1."""
    return report.get("schema_version", 1)


def check_version(path, report):
    if not isinstance(report, dict) or "kind" not in report:
        raise Problem(f'{path}: not a results file (no "kind"): was it made by bench.sh?')
    version = version_of(report)
    if not isinstance(version, int) or isinstance(version, bool):
        raise Problem(f"{path}: schema_version {version!r} is not a whole number")
    if version < SCHEMA_VERSION:
        raise Problem(
            f"{path}: schema version {version} is old, these tools read {SCHEMA_VERSION}: "
            f"tools/results-validate --upgrade {path}"
        )
    if version > SCHEMA_VERSION:
        raise Problem(
            f"{path}: schema version {version} is newer than {SCHEMA_VERSION}, which these "
            "tools read: use those of the commit that made it, or a later one"
        )
    if report["kind"] not in KINDS:
        raise Problem(f"{path}: kind {report['kind']!r} is none of {', '.join(KINDS)}")


def load_results(path):
    """A results file of the version that these tools know."""
    report = load(path)
    check_version(path, report)
    return report


def upgrade(text):
    """Version 1 to 2: "version", which peers' files did not have, became "schema_version". The rest of
    the text stays as it is, so that a diff shows what happened."""
    rest = re.sub(r'\A\{\s*"version": 1,', "{", text)
    return re.sub(r"\A\{", f'{{\n  "schema_version": {SCHEMA_VERSION},', rest)


def provenance(report):
    """What the figures of a host's run are; modelled figures inside it are labelled themselves."""
    if report["kind"] == "advice":
        return "modelled"
    return "emulated" if report["environment"]["emulated"] else "measured"


def partial_words(report):
    """What an interrupted run is, as a sentence."""
    missing = report.get("parts_missing", [])
    return (f"This run is PARTIAL: it was interrupted; {report['cases_done']} of "
            f"{report['cases_total']} cases of the parts that began are here" +
            (f", and nothing of {', '.join(missing)}." if missing else "."))


def is_row_list(value):
    return isinstance(value, list) and value and all(isinstance(row, dict) for row in value)


def text_of(value, indent=""):
    """JSON that a diff of two runs can be read from: a row (an object without objects) a line."""
    inner = indent + "  "
    if isinstance(value, dict) and any(
        is_row_list(v) or isinstance(v, dict) for v in value.values()
    ):
        parts = [f"{inner}{json.dumps(k)}: {text_of(v, inner)}" for k, v in value.items()]
        return "{\n" + ",\n".join(parts) + f"\n{indent}}}"
    if is_row_list(value):
        return "[\n" + ",\n".join(inner + text_of(row, inner) for row in value) + f"\n{indent}]"
    return json.dumps(value)
