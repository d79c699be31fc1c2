# SPDX-License-Identifier: GPL-2.0-only
"""HTML out of the tables and sentences that the terminal and BENCHMARKS.md get as well.

What holds: every text that comes out of a results file is escaped; a table has a caption, a header
cell for each column and row, and a region that the keyboard can scroll.
"""
import html
import json
import re

LONG_ROWS = 24


def esc(text):
    return html.escape(str(text), quote=True)


def words(text):
    """Text with Markdown's `code`, **bold** and [links](to) in it."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", str(text))
    text = re.sub(r"`([^`]*)`", r"<code>\1</code>", esc(text))
    return re.sub(r"\*\*([^*]*)\*\*", r"<strong>\1</strong>", text)


def tag(kind):
    return f'<span class="tag {esc(kind)}">{esc(kind)}</span>'


def marks(cell):
    """The class of a cell that says good or bad."""
    if cell in ("NOT MET", "ERROR", "slower"):
        return ' class="bad"'
    return ' class="good"' if cell in ("met", "faster") else ""


def row_of(cells, keys):
    parts = []
    for i, cell in enumerate(cells):
        if i < keys:
            wide = " wide" if len(cell) > 30 else ""
            parts.append(f'<th scope="row" class="k{wide}">{words(cell)}</th>')
        else:
            parts.append(f"<td{marks(cell)}>{words(cell)}</td>")
    return "<tr>" + "".join(parts) + "</tr>"


def table(made, caption, identity=""):
    """{head, body, keys} of report.py; sortable."""
    keys = made["keys"]
    head = "".join(
        f'<th scope="col"{" class=k" if i < keys else ""}>{esc(name)}</th>'
        for i, name in enumerate(made["head"])
    )
    body = "\n".join(row_of(cells, keys) for cells in made["body"])
    long = " long" if len(made["body"]) > LONG_ROWS else ""
    name = f' id="{esc(identity)}"' if identity else ""
    plain = re.sub(r"[`*]", "", caption)
    return (
        f'<div class="scroll{long}" tabindex="0" role="region" aria-label="{esc(plain)}">'
        f'<table class="sortable"{name}><caption>{words(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def pairs(rows, caption):
    """(name, text) of each; not sortable."""
    body = "\n".join(f'<tr><th scope="row">{esc(k)}</th><td>{words(v)}</td></tr>' for k, v in rows)
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{esc(caption)}">'
        f'<table class="pairs"><caption>{esc(caption)}</caption><tbody>{body}</tbody></table></div>'
    )


def details(summary, body, is_open=False):
    return f"<details{' open' if is_open else ''}><summary>{esc(summary)}</summary>{body}</details>"


def json_script(value):
    """JSON that cannot end its script element, whatever is in it."""
    text = json.dumps(value, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
