// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench-map: the program that measures what mapping, unmapping and translating cost. What every
 * such program does is in program.c.
 */
#include "cli.h"
#include "gbench.h"
#include "map-run.h"
#include "program.h"

_Static_assert((int)MAP_NAME_BYTES <= (int)PROGRAM_NAME_BYTES, "a name fits");

static const char usage[] =
	"bench_map - what mapping, unmapping and translating cost\n"
	"\n"
	"  --matrix=default|full       which cases to register; full is the whole cross product\n"
	"  --benchmark_min_time=SEC    how long to take samples of each case (0.1)\n"
	"  --max-threads=N             up to N threads, instead of one for each CPU\n"
	"  --progress=TOTAL            say which of TOTAL cases is running, and the time "
	"left\n" CLI_DROPPING_USAGE "  --help                      this\n"
	"\n"
	"The result of a case is its counter ns_per_page (docs/benchmarking.md); the times that "
	"the\n"
	"library prints are those of the whole case, set-up and samples together. The library's "
	"own\n"
	"options:\n"
	"\n";

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

static void run(struct gbench_state *state, const void *of, const unsigned int *cpus,
		double budget_s)
{
	const struct map_case *c = of;
	struct map_result r;

	map_run(c, cpus, budget_s, &r);
	if (!program_good(state, r.skipped, &r.sampled))
		return;
	program_report(state, &r.sampled);
	if (r.tables_per_page > 0)
		report_tables(state, &r);
	if (c->op == MAP_OP_POPULATE)
		report_populate(state, &r);
}

PROGRAM_OF(map, usage, run);

int main(int argc, char **argv)
{
	return program_main(&program, argc, argv);
}
