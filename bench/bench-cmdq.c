// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench-cmdq: the program that measures what it costs to put commands into the SMMUv3 command
 * queue. What every such program does is in program.c.
 */
#include "cli.h"
#include "cmdq-ops.h"
#include "gbench.h"
#include "program.h"

_Static_assert((int)CMDQ_NAME_BYTES <= (int)PROGRAM_NAME_BYTES, "a name fits");

static const char usage[] =
	"bench_cmdq - what it costs to submit to the SMMUv3 command queue, without waiting\n"
	"\n"
	"  --matrix=default|full       full: batches of 1, 2, 4 ... 64, not only 1 and 64\n"
	"  --benchmark_min_time=SEC    how long to take samples of each case (0.1)\n"
	"  --max-threads=N             up to N threads, instead of one for each CPU\n"
	"  --progress=TOTAL            say which of TOTAL cases is running, and the time "
	"left\n" CLI_DROPPING_USAGE "  --help                      this\n"
	"\n"
	"The result of a case is its counter ns_per_command, of the slowest thread. Beside submit "
	"are\n"
	"the least that its parts can be: cas, stores, and both with a doorbell. With "
	"consumer:polling\n"
	"another thread looks at PROD without a pause (docs/cmdq.md). The library's own options:\n"
	"\n";

static void run(struct gbench_state *state, const void *c, const unsigned int *cpus,
		double budget_s)
{
	struct sampler_result r;

	cmdq_run(c, cpus, budget_s, &r);
	if (!program_good(state, NULL, &r))
		return;
	gbench_counter(state, "ns_per_command", r.ns.median);
	gbench_counter(state, "ns_per_command_p10", r.ns.p10);
	gbench_counter(state, "ns_per_command_p90", r.ns.p90);
	gbench_counter(state, "commands_per_s", r.per_s.median);
	gbench_counter(state, "commands", r.pages);
	gbench_counter(state, "samples", (double)r.samples);
	gbench_counter(state, "dropped_share", r.dropped_share);
	gbench_counter(state, "noisy", r.noisy);
	program_report_counts(state, &r.counts, r.recorded_regions, "command");
}

PROGRAM_OF(cmdq, usage, run);

int main(int argc, char **argv)
{
	return program_main(&program, argc, argv);
}
