# SPDX-License-Identifier: GPL-2.0-only
"""The parts of tools/gate: sides.py, one file per layer, summary.py."""
