// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench-contention: the program that measures what sharing costs. What every such program does is
 * in program.c.
 */
#include "cli.h"
#include "contention-run.h"
#include "gbench.h"
#include "program.h"

_Static_assert((int)CONTENTION_NAME_BYTES <= (int)PROGRAM_NAME_BYTES, "a name fits");

static const char usage[] =
	"bench_contention - what mapping, unmapping and flushing cost by what threads share\n"
	"\n"
	"  --matrix=default|full       full: every number of threads, not only 1, 2, 4 ... and "
	"all\n"
	"  --benchmark_min_time=SEC    how long to take samples of each case (0.1)\n"
	"  --max-threads=N             up to N threads, instead of one for each CPU\n"
	"  --progress=TOTAL            say which of TOTAL cases is running, and the time "
	"left\n" CLI_DROPPING_USAGE "  --help                      this\n"
	"\n"
	"The result of a case is its counters ns_per_op, of the slowest thread, ops_per_s, of all\n"
	"together, and fairness, the slowest's operations of the fastest's "
	"(docs/benchmarking.md).\n"
	"Rows with more threads than cores say so. The library's own options:\n"
	"\n";

static void run(struct gbench_state *state, const void *c, const unsigned int *cpus,
		double budget_s)
{
	struct contention_result r;

	contention_run(c, cpus, budget_s, &r);
	if (!program_good(state, r.skipped, &r.sampled))
		return;
	gbench_counter(state, "ns_per_op", r.sampled.ns.median);
	gbench_counter(state, "ns_per_op_p10", r.sampled.ns.p10);
	gbench_counter(state, "ns_per_op_p90", r.sampled.ns.p90);
	gbench_counter(state, "ops_per_s", r.sampled.per_s.median);
	gbench_counter(state, "fairness", r.sampled.fairness.median);
	gbench_counter(state, "batch_ops", (double)r.batch_ops);
	gbench_counter(state, "batch_p50_ns_per_op", r.p50_ns);
	gbench_counter(state, "batch_p99_ns_per_op", r.p99_ns);
	gbench_counter(state, "ops", r.sampled.pages);
	gbench_counter(state, "samples", (double)r.sampled.samples);
	gbench_counter(state, "dropped_share", r.sampled.dropped_share);
	gbench_counter(state, "noisy", r.sampled.noisy);
	program_report_counts(state, &r.sampled.counts, r.sampled.recorded_regions, "op");
}

PROGRAM_OF(contention, usage, run);

int main(int argc, char **argv)
{
	return program_main(&program, argc, argv);
}
