/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * contention-run: runs a case of bench_contention on its threads. How samples are taken and which
 * of them count: sampler.h.
 */
#ifndef BENCH_CONTENTION_RUN_H
#define BENCH_CONTENTION_RUN_H

#include "contention-cases.h"
#include "sampler.h"

/**
 * struct contention_result - what a case gave
 * @sampled: time per operation of the slowest thread, operations a second, fairness
 * @p50_ns: of the batches of all threads, by what an operation took on average
 * @p99_ns: likewise
 * @batch_ops: operations in a batch, at least SAMPLER_MIN_TICKS clock ticks long
 * @skipped: the host could not do it; NULL if it could
 */
struct contention_result {
	struct sampler_result sampled;
	double p50_ns;
	double p99_ns;
	size_t batch_ops;
	const char *skipped;
};

/**
 * contention_run() - run a case
 * @c: the case
 * @cpus: c->threads CPUs to run on
 * @budget_s: how long to take samples for
 * @result: out
 */
void contention_run(const struct contention_case *c, const unsigned int *cpus, double budget_s,
		    struct contention_result *result);

#endif /* BENCH_CONTENTION_RUN_H */
