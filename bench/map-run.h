/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * map-run: runs a case of bench_map on its threads and sums up the samples.
 *
 * A sample is the same number of spans in every thread, from one barrier to the next. Invariants:
 * all workers are between the same two barriers at any time; a sample is at least 50 clock ticks
 * of timed work per thread, with several threads at least 20 us, so that the barrier's skew does
 * not matter; the slowest thread of a sample counts, as the one that the others would wait for; a
 * sample counts only if every thread had its core to itself (quiet.h). Sampling goes on for up to
 * four times the budget until enough samples count; if not even five do, all are used and the
 * result says so.
 */
#ifndef BENCH_MAP_RUN_H
#define BENCH_MAP_RUN_H

#include "map-cases.h"

/**
 * struct map_summary - quantiles of a series of samples
 */
struct map_summary {
	double p10;
	double median;
	double p90;
};

/**
 * struct map_result - what a case gave
 * @ns_per_page: time per page, see the file's comment
 * @map_ns_per_page: the mapping part of it (populate only)
 * @unmap_ns_per_page: the unmapping part of it (populate only)
 * @pages: pages in all samples, all threads
 * @samples: how many counted
 * @dropped_share: how many of those taken did not, as a share
 * @noisy: too few would have counted, so all did
 * @tables_per_page: tables taken from an implementation's own allocator (populate and alloc_free)
 * @table_alloc_ns: what one of those costs
 * @skipped: the host could not do it; NULL if it could
 * @error: it went wrong; NULL if it did not
 */
struct map_result {
	struct map_summary ns_per_page;
	struct map_summary map_ns_per_page;
	struct map_summary unmap_ns_per_page;
	double pages;
	size_t samples;
	double dropped_share;
	bool noisy;
	double tables_per_page;
	double table_alloc_ns;
	const char *skipped;
	const char *error;
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
