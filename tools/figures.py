# SPDX-License-Identifier: GPL-2.0-only
"""How a figure is written, in every table and file."""


def number(value):
    if value is None:
        return "-"
    if value >= 1000:
        return f"{value:.0f}"
    return f"{value:.3g}" if value >= 0.1 else f"{value:.2g}"


def shorten(value):
    """Four digits are more than any of these figures has."""
    if isinstance(value, dict):
        return {key: [shorten(v) for v in series] for key, series in value.items()}
    if isinstance(value, float):
        value = float(f"{value:.4g}")
        return int(value) if value.is_integer() else value
    return value


def markdown_table(table):
    """{head, body, keys}: the first keys columns say what a row is."""
    keys = table["keys"]
    lines = [table["head"], ["---"] * keys + ["---:"] * (len(table["head"]) - keys)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines + table["body"])
