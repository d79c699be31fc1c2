# SPDX-License-Identifier: GPL-2.0-only
"""How a figure is written, in every table."""


def number(value):
    if value is None:
        return "-"
    if value >= 1000:
        return f"{value:.0f}"
    return f"{value:.3g}" if value >= 0.1 else f"{value:.2g}"
