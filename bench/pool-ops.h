/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool-ops: the operations of bench_pool, as work for the sampler.
 */
#ifndef BENCH_POOL_OPS_H
#define BENCH_POOL_OPS_H

#include "pool-cases.h"
#include "sampler.h"

/**
 * struct pool_memory - what an operation left of the process's memory
 * @live_bytes: in blocks that were in use when it was looked at (POOL_OP_FRAGMENT)
 * @resident_bytes: that the process had more than before
 * @trimmed_bytes: the same after the backend's trim, with the same blocks in use
 * @baseline_bytes: what it had before
 */
struct pool_memory {
	double live_bytes;
	double resident_bytes;
	double trimmed_bytes;
	double baseline_bytes;
};

/**
 * struct pool_result - what a case gave
 * @sampled: time per block, page or domain
 * @memory: for the operations that look at it
 * @has_memory: whether this one did
 * @skipped: the host could not do it; NULL if it could
 */
struct pool_result {
	struct sampler_result sampled;
	struct pool_memory memory;
	bool has_memory;
	const char *skipped;
};

/**
 * pool_run() - run a case
 * @c: the case
 * @cpus: c->threads CPUs to run on
 * @budget_s: how long to take samples for
 * @result: out
 */
void pool_run(const struct pool_case *c, const unsigned int *cpus, double budget_s,
	      struct pool_result *result);

#endif /* BENCH_POOL_OPS_H */
