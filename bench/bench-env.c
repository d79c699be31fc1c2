// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench-env: prints the environment of a measurement as JSON, or the label of this host.
 */
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "environment.h"
#include "steadiness.h"

static const char usage[] =
	"bench_env - what a measurement on this host depends on\n"
	"\n"
	"  bench_env            print it as JSON\n"
	"  bench_env --label    print a short name for this kind of host\n"
	"  bench_env --warnings say on stderr what here makes times unsteady, and "
	"what to do\n"
	"  bench_env --warnings=DIR   the same of a system whose proc and sys are in "
	"DIR\n"
	"  bench_env --help     this\n";

int main(int argc, char **argv)
{
	char label[128];

	if (argc == 1) {
		bench_clock_calibrate();
		return environment_print(stdout) ? 1 : 0;
	}
	if (argc == 2 && strcmp(argv[1], "--label") == 0) {
		environment_label(label, sizeof(label));
		return puts(label) < 0 || fflush(stdout) ? 1 : 0;
	}
	if (argc == 2 && strcmp(argv[1], "--warnings") == 0) {
		steadiness_warn("", "bench_env");
		return 0;
	}
	if (argc == 2 && strncmp(argv[1], "--warnings=", 11) == 0) {
		steadiness_warn(argv[1] + 11, "bench_env");
		return 0;
	}
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(usage, stdout);
		return 0;
	}
	fprintf(stderr, "bench_env: %s: not understood (see --help)\n", argv[1]);
	return 2;
}
