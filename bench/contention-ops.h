/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * contention-ops: what one thread does at a point, in batches that are timed as a whole.
 *
 * Invariants: a batch is the same operations for every thread of a case; what it did is checked
 * after the clock was read; what threads share is made by thread 0 in step 0 of beginning and used
 * by the others from step 1 on, and goes in step 1 of ending, used by the others up to step 0.
 */
#ifndef BENCH_CONTENTION_OPS_H
#define BENCH_CONTENTION_OPS_H

#include "contention-cases.h"
#include "histogram.h"

struct contention_shared;

/**
 * struct contention_batches - batches, by what one operation in them took on average
 * @fresh: of the current sample
 * @quiet: of samples that count
 * @rest: of the others
 */
struct contention_batches {
	struct histogram fresh;
	struct histogram quiet;
	struct histogram rest;
};

struct contention_worker;

/**
 * contention_shared_make() - what the threads of a case have in common
 * @c: the case, which must outlive it
 *
 * Return: NULL if there is no memory.
 */
struct contention_shared *contention_shared_make(const struct contention_case *c);

/**
 * contention_shared_free() - and its end
 * @shared: from contention_shared_make(), or NULL
 */
void contention_shared_free(struct contention_shared *shared);

/**
 * contention_worker_make() - a thread's part
 * @shared: what it shares
 * @thread: which
 * @batch_ops: operations in a batch, a multiple of CONTENTION_ROUND
 *
 * Return: NULL if there is no memory.
 */
struct contention_worker *contention_worker_make(struct contention_shared *shared,
						 unsigned int thread, size_t batch_ops);

/**
 * contention_worker_free() - and its end
 * @w: from contention_worker_make(), or NULL
 */
void contention_worker_free(struct contention_worker *w);

/**
 * contention_begin() - make what it works with
 * @w: the worker
 * @step: 0, 1
 */
void contention_begin(struct contention_worker *w, int step);

/**
 * contention_batch() - do a batch and keep its time
 * @w: the worker
 * @ops: how many operations
 *
 * Return: nanoseconds.
 */
double contention_batch(struct contention_worker *w, size_t ops);

/**
 * contention_end() - check what is left, and take it down
 * @w: the worker
 * @step: 0, 1
 */
void contention_end(struct contention_worker *w, int step);

/**
 * contention_error() - what went wrong
 * @w: the worker
 *
 * Return: NULL if nothing did.
 */
const char *contention_error(const struct contention_worker *w);

/**
 * contention_batches() - the times that it kept
 * @w: the worker
 */
struct contention_batches *contention_batches(struct contention_worker *w);

/**
 * contention_batch_ops() - operations in its batches
 * @w: the worker
 */
size_t contention_batch_ops(const struct contention_worker *w);

/**
 * contention_fixed_batch() - the batch that a point demands
 * @c: the case
 *
 * Return: operations, or 0 if any number will do.
 */
size_t contention_fixed_batch(const struct contention_case *c);

#endif /* BENCH_CONTENTION_OPS_H */
