// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench-flush: the program that compares flush strategies, under a simulated clock and on this host.
 * What every such program does is in program.c.
 */
#include "flush-machine.h"
#include "gbench.h"
#include "program.h"

_Static_assert((int)FLUSH_NAME_BYTES <= (int)PROGRAM_NAME_BYTES, "a name fits");

static const char usage[] =
	"bench_flush - what invalidation strategies cost, and expose\n"
	"\n"
	"  --matrix=default|full       full: 14000 combinations (many hours; use a filter)\n"
	"  --benchmark_min_time=SEC    how long to take samples of each case of the real clock "
	"(0.1)\n"
	"  --max-threads=N             up to N threads on the real clock, instead of one for each "
	"CPU\n"
	"  --progress=TOTAL            show on a terminal which of TOTAL cases is running\n"
	"  --help                      this\n"
	"\n"
	"Rows with clock:virtual are modelled: a simulated host and SMMU (docs/flush.md). Rows "
	"with\n"
	"clock:real are threads of this host in front of the software SMMU. exposure_page_us -1 "
	"is\n"
	"unbounded. The library's own options:\n"
	"\n";

enum { OPS = 1500, OPS_LEAST = 60, PAGES_MOST = 40000, SEED = 1 };

/* Fewer of large ones, and of many CPUs: but each ring is filled a few times. */
static unsigned int ops_for(const struct flush_case *c)
{
	unsigned int ops = OPS * 8 / (c->threads < 8 ? 8 : c->threads);
	unsigned int depth = c->depth / (flush_is_shared(c) ? c->threads : 1);

	if (ops > PAGES_MOST / c->pages)
		ops = PAGES_MOST / c->pages;
	if (ops < OPS_LEAST)
		ops = OPS_LEAST;
	if (ops < 6 * depth)
		ops = 6 * depth;
	return ops;
}

static void report(struct gbench_state *state, const struct flush_result *r)
{
	gbench_counter(state, "ns_per_page", r->ns_per_page);
	gbench_counter(state, "p50_ns", r->op_ns[0]);
	gbench_counter(state, "p99_ns", r->op_ns[1]);
	gbench_counter(state, "p999_ns", r->op_ns[2]);
	gbench_counter(state, "max_ns", r->op_ns[3]);
	gbench_counter(state, "invalidations_per_page", r->invalidations_per_page);
	gbench_counter(state, "syncs_per_page", r->syncs_per_page);
	gbench_counter(state, "exposure_page_us", r->exposure_page_us);
	gbench_counter(state, "max_exposure_us", r->max_exposure_us);
	gbench_counter(state, "collateral_per_page", r->collateral_per_page);
	gbench_counter(state, "release_p50_ns", r->release_ns[0]);
	gbench_counter(state, "release_p99_ns", r->release_ns[1]);
	gbench_counter(state, "quarantine_bytes", r->quarantine_bytes);
	gbench_counter(state, "max_drained", r->max_drained);
	gbench_counter(state, "batch", r->batch);
}

static void run(struct gbench_state *state, const void *arg, const unsigned int *cpus,
		double budget_s)
{
	const struct flush_case *c = arg;
	const char *refused = flush_case_refused(c);
	struct flush_result r;

	if (refused) {
		gbench_skip(state, refused);
		return;
	}
	if (c->clock == FLUSH_VIRTUAL)
		flush_run_virtual(c, ops_for(c), SEED, &r);
	else
		flush_run_real(c, cpus, budget_s, &r);
	if (r.error)
		gbench_fail(state, r.error);
	else
		report(state, &r);
}

static void *cases(bool full, unsigned int max_threads, size_t *nr)
{
	return flush_cases(full, max_threads, nr);
}

static void case_name(const void *c, char *name)
{
	flush_case_name(c, name);
}

/* The software SMMU's consumer is one more. Simulated CPUs need none. */
static unsigned int case_threads(const void *arg)
{
	const struct flush_case *c = arg;

	return c->clock == FLUSH_VIRTUAL ? 1 : c->threads + 1;
}

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "bench_flush",
		.usage = usage,
		.case_bytes = sizeof(struct flush_case),
		.cases = cases,
		.case_name = case_name,
		.case_threads = case_threads,
		.run = run,
	};

	return program_main(&program, argc, argv);
}
