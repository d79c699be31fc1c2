// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench-pool: the program that compares allocators of table memory. What every such program does is
 * in program.c.
 */
#include "cli.h"
#include "gbench.h"
#include "pool-ops.h"
#include "program.h"

_Static_assert((int)POOL_NAME_BYTES <= (int)PROGRAM_NAME_BYTES, "a name fits");

static const char usage[] =
	"bench_pool - what memory for page tables costs, from the library's pool and from others\n"
	"\n"
	"  --matrix=default|full       full: every size, every number of domains\n"
	"  --benchmark_min_time=SEC    how long to take samples of each case (0.1)\n"
	"  --max-threads=N             up to N threads, instead of one for each CPU\n"
	"  --progress=TOTAL            say which of TOTAL cases is running, and the time "
	"left\n" CLI_DROPPING_USAGE "  --help                      this\n"
	"\n"
	"The result of a case is its counter ns_per_page: per block allocated and freed, per 4K "
	"page\n"
	"mapped and unmapped (op:populate), or per domain (op:domains). The library's own "
	"options:\n"
	"\n";

static void run(struct gbench_state *state, const void *c, const unsigned int *cpus,
		double budget_s)
{
	struct pool_result r;

	pool_run(c, cpus, budget_s, &r);
	if (!program_good(state, r.skipped, &r.sampled))
		return;
	program_report(state, &r.sampled);
	if (!r.has_memory)
		return;
	gbench_counter(state, "resident_bytes", r.memory.resident_bytes);
	gbench_counter(state, "resident_bytes_after_trim", r.memory.trimmed_bytes);
	gbench_counter(state, "resident_bytes_before", r.memory.baseline_bytes);
	gbench_counter(state, "live_bytes", r.memory.live_bytes);
}

PROGRAM_OF(pool, usage, run);

int main(int argc, char **argv)
{
	return program_main(&program, argc, argv);
}
