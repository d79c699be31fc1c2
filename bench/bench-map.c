// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench-map: the program. Registers the cases, runs what the filter matches, reports.
 *
 * Invariants: a row has ns_per_page or an error; a row that failed (not: was skipped) makes the
 * exit status 1; an argument that is not understood makes it 2.
 */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"
#include "clock.h"
#include "gbench.h"
#include "map-run.h"
#include "quiet.h"
#include "topology.h"

static const char usage[] =
	"bench_map - what mapping, unmapping and translating cost\n"
	"\n"
	"  --matrix=default|full       which cases to register; full is the whole cross product\n"
	"  --benchmark_min_time=SEC    how long to take samples of each case (0.1)\n"
	"  --progress=TOTAL            show on a terminal which of TOTAL cases is running\n"
	"  --help                      this\n"
	"\n"
	"The result of a case is its counter ns_per_page (docs/benchmarking.md); the times that "
	"the\n"
	"library prints are those of the whole case, set-up and samples together. The library's "
	"own\n"
	"options:\n"
	"\n";

static struct cli cli = { .program = "bench_map", .usage = usage, .budget_s = 0.1 };
static unsigned int *cpus;

static void report_populate(struct gbench_state *state, const struct map_result *r)
{
	gbench_counter(state, "map_ns_per_page", r->sampled.part_ns.median);
	gbench_counter(state, "unmap_ns_per_page", r->sampled.rest_ns.median);
}

static void report_tables(struct gbench_state *state, const struct map_result *r)
{
	gbench_counter(state, "tables_per_page", r->tables_per_page);
	gbench_counter(state, "table_alloc_ns", r->table_alloc_ns);
	gbench_counter(state, "table_alloc_ns_per_page", r->tables_per_page * r->table_alloc_ns);
}

static void run_case(struct gbench_state *state, const void *arg)
{
	const struct map_case *c = arg;
	struct map_result r;
	char name[MAP_NAME_BYTES];

	map_case_name(c, name);
	cli_begin(&cli, name);
	map_run(c, cpus, cli.budget_s, &r);
	if (r.skipped) {
		gbench_skip(state, r.skipped);
		return;
	}
	if (r.sampled.error) {
		gbench_fail(state, r.sampled.error);
		return;
	}
	cli_report(state, &r.sampled);
	if (r.tables_per_page > 0)
		report_tables(state, &r);
	if (c->op == MAP_OP_POPULATE)
		report_populate(state, &r);
}

static struct map_case *register_cases(unsigned int nr_cpus)
{
	char name[MAP_NAME_BYTES];
	size_t nr;
	struct map_case *cases = map_cases(cli.full, nr_cpus, &nr);

	for (size_t i = 0; cases && i < nr; i++) {
		map_case_name(&cases[i], name);
		gbench_register(name, run_case, &cases[i]);
	}
	return cases;
}

int main(int argc, char **argv)
{
	struct map_case *cases;
	unsigned int nr_cpus;
	int status = cli_init(&cli, &argc, argv);

	if (status)
		return status;
	cpus = topology_cpus(&nr_cpus);
	cases = cpus ? register_cases(nr_cpus) : NULL;
	if (!cases) {
		fprintf(stderr, "bench_map: not enough memory, or hwloc finds no CPU\n");
		return 1;
	}
	bench_clock_calibrate();
	quiet_calibrate();
	status = cli_run(&cli);
	free(cases);
	free(cpus);
	return status;
}
