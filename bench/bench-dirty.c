// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench-dirty: the program that measures what it costs to read and clear what hardware recorded of
 * writes. What every such program does is in program.c.
 */
#include "cli.h"
#include "dirty-ops.h"
#include "gbench.h"
#include "program.h"

_Static_assert((int)DIRTY_NAME_BYTES <= (int)PROGRAM_NAME_BYTES, "a name fits");

static const char usage[] =
	"bench_dirty - what it costs to read and clear what hardware recorded of writes\n"
	"\n"
	"  --matrix=default|full       full: every format that can, not one of each kind\n"
	"  --benchmark_min_time=SEC    how long to take samples of each case (0.1)\n"
	"  --max-threads=N             accepted as by the others; every case has one thread\n"
	"  --progress=TOTAL            say which of TOTAL cases is running, and the time "
	"left\n" CLI_DROPPING_USAGE "  --help                      this\n"
	"\n"
	"The result of a case is its counter ns_per_page, over 1 GiB of 4K pages of which none, "
	"all,\n"
	"or each 64th was written to; groups:1: the domain has pages of 64K that take several "
	"entries, too.\n"
	"impl:loop only loads and stores the same descriptors (docs/formats.md). The library's own "
	"options:\n"
	"\n";

static void run(struct gbench_state *state, const void *c, const unsigned int *cpus,
		double budget_s)
{
	struct sampler_result r;

	dirty_run(c, cpus, budget_s, &r);
	if (program_good(state, NULL, &r))
		program_report(state, &r);
}

PROGRAM_OF(dirty, usage, run);

int main(int argc, char **argv)
{
	return program_main(&program, argc, argv);
}
