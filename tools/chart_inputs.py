# SPDX-License-Identifier: GPL-2.0-only
"""What a chart is drawn of where that is not in a results file as it is: ratios with their intervals.

  chart_inputs.py PEERS.json    RATIO_CHART's input (tools/charts.mjs), as JSON

The report page has the same inputs in it (page.py); plots/ is drawn of what this prints (plot.mjs).
"""
import argparse
import json
import sys

import hosts
from results import Problem, load_results


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("file", metavar="PEERS.json", help="a results file with launches")
    args = parser.parse_args()
    try:
        print(json.dumps(hosts.ratio_input(load_results(args.file))))
    except (Problem, KeyError) as problem:
        sys.exit(f"chart_inputs.py: {problem}")


if __name__ == "__main__":
    main()
