// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench-pool: the program that compares allocators of table memory.
 *
 * Invariants: a row has ns_per_page or an error; a row that failed (not: was skipped) makes the
 * exit status 1; an argument that is not understood makes it 2.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "clock.h"
#include "gbench.h"
#include "pool-ops.h"
#include "quiet.h"
#include "topology.h"

static const char usage[] =
	"bench_pool - what memory for page tables costs, from the library's pool and from others\n"
	"\n"
	"  --matrix=default|full       full: every size, every number of domains\n"
	"  --benchmark_min_time=SEC    how long to take samples of each case (0.1)\n"
	"  --progress=TOTAL            show on a terminal which of TOTAL cases is running\n"
	"  --help                      this\n"
	"\n"
	"The result of a case is its counter ns_per_page: per block allocated and freed, per 4K "
	"page\n"
	"mapped and unmapped (op:populate), or per domain (op:domains). The library's own "
	"options:\n"
	"\n";

static struct cli cli = { .program = "bench_pool", .usage = usage, .budget_s = 0.1 };
static unsigned int *cpus;

static void report_memory(struct gbench_state *state, const struct pool_memory *m)
{
	gbench_counter(state, "resident_bytes", m->resident_bytes);
	gbench_counter(state, "resident_bytes_after_trim", m->trimmed_bytes);
	gbench_counter(state, "resident_bytes_before", m->baseline_bytes);
	gbench_counter(state, "live_bytes", m->live_bytes);
}

static void run_case(struct gbench_state *state, const void *arg)
{
	const struct pool_case *c = arg;
	char name[POOL_NAME_BYTES];
	struct pool_result r;

	pool_case_name(c, name);
	cli_begin(&cli, name);
	pool_run(c, cpus, cli.budget_s, &r);
	if (r.skipped) {
		gbench_skip(state, r.skipped);
		return;
	}
	if (r.sampled.error) {
		gbench_fail(state, r.sampled.error);
		return;
	}
	cli_report(state, &r.sampled);
	if (r.has_memory)
		report_memory(state, &r.memory);
}

int main(int argc, char **argv)
{
	int status = cli_init(&cli, &argc, argv);
	struct pool_case *cases;
	unsigned int nr_cpus;
	size_t nr = 0;

	if (status)
		return status;
	cpus = topology_cpus(&nr_cpus);
	cases = cpus ? pool_cases(cli.full, nr_cpus, &nr) : NULL;
	if (!cases) {
		fprintf(stderr, "bench_pool: not enough memory, or hwloc finds no CPU\n");
		return 1;
	}
	for (size_t i = 0; i < nr; i++) {
		char name[POOL_NAME_BYTES];

		pool_case_name(&cases[i], name);
		gbench_register(name, run_case, &cases[i]);
	}
	bench_clock_calibrate();
	quiet_calibrate();
	status = cli_run(&cli);
	free(cases);
	free(cpus);
	return status;
}
