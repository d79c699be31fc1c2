/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * map-run: runs a case of bench_map on its threads. How samples are taken and which of them count:
 * sampler.h.
 */
#ifndef BENCH_MAP_RUN_H
#define BENCH_MAP_RUN_H

#include "map-cases.h"
#include "sampler.h"

/**
 * struct map_result - what a case gave
 * @sampled: time per page; its parts are mapping and unmapping (populate only)
 * @tables_per_page: tables taken from an implementation's own allocator (populate and alloc_free)
 * @table_alloc_ns: what one of those costs
 * @skipped: the host could not do it; NULL if it could
 */
struct map_result {
	struct sampler_result sampled;
	double tables_per_page;
	double table_alloc_ns;
	const char *skipped;
};

/**
 * map_run() - run a case
 * @c: the case
 * @cpus: c->threads CPUs to run on
 * @budget_s: how long to take samples for
 * @result: out
 */
void map_run(const struct map_case *c, const unsigned int *cpus, double budget_s,
	     struct map_result *result);

#endif /* BENCH_MAP_RUN_H */
