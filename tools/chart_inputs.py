# SPDX-License-Identifier: GPL-2.0-only
"""What a chart is drawn of where that is not in a results file as it is: ratios with their intervals.

  chart_inputs.py PEERS.json...    a list of RATIO_CHART's inputs (tools/charts.mjs), one for each file

The report page has the same inputs in it (page.py); plots/ is drawn of what this prints (plot.mjs).
"""
import argparse
import json
import sys

import hosts
from results import Problem, load_results


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("files", nargs="+", metavar="PEERS.json", help="results files with launches")
    args = parser.parse_args()
    try:
        print(json.dumps([hosts.ratio_input(load_results(path)) for path in args.files]))
    except (Problem, KeyError) as problem:
        sys.exit(f"chart_inputs.py: {problem}")


if __name__ == "__main__":
    main()
