/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * map-ops: what one thread of a bench_map case does.
 *
 * A worker goes through rounds (every call of its part of the case once) in spans (the calls that
 * are timed in one go). Invariants: only the operation itself is timed; whatever a span needs done
 * before it is done in the same thread before the clock is read; what the calls returned is
 * checked after the clock was read, and any difference ends the case with an error.
 */
#ifndef BENCH_MAP_OPS_H
#define BENCH_MAP_OPS_H

#include "map-cases.h"

/**
 * struct worker - one thread's part of a case
 * @c: the case
 * @extent: what it touches
 * @domain: what to make tables from
 * @table: the table; one for all workers unless domains are private
 * @round: all calls of a round
 * @index: backs round.index for random patterns
 * @chunk_calls: calls in a span
 * @done_calls: calls of the current round that were made
 * @sg: a scatter list of a batch of single pages (map_sg only)
 * @iova: the addresses of a span (iova_to_phys_batch only)
 * @pa: and what they translated to
 * @gather: for queued flushing, impl->gather_bytes
 * @span_ns: out, the last span
 * @map_ns: out, the part of it that mapped (populate only)
 * @span_pages: out, pages (or domains) in the last span
 * @error: what went wrong, NULL if nothing did
 */
struct worker {
	const struct map_case *c;
	struct map_extent extent;
	struct bench_domain domain;
	void *table;
	struct bench_calls round;
	uint32_t *index;
	size_t chunk_calls;
	size_t done_calls;
	struct io_pgtable_sg *sg;
	uint64_t *iova;
	phys_addr_t *pa;
	void *gather;
	double span_ns;
	double map_ns;
	double span_pages;
	const char *error;
};

/**
 * worker_init() - make a worker, no table yet
 * @w: out
 * @c: the case, which must outlive it
 * @thread: which of the case's threads
 *
 * Return: 0, or -ENOMEM.
 */
int worker_init(struct worker *w, const struct map_case *c, unsigned int thread);

/**
 * worker_alloc() - give a worker a table of its own
 * @w: the worker; sets @w->error if that fails
 */
void worker_alloc(struct worker *w);

/**
 * worker_prepare() - bring the table into the state that the first span expects
 * @w: the worker; sets @w->error
 *
 * Leaf tables exist afterwards. Context: concurrently with the other workers of the case.
 */
void worker_prepare(struct worker *w);

/**
 * worker_span() - one timed span
 * @w: the worker; sets span_ns, map_ns, span_pages, or error
 */
void worker_span(struct worker *w);

/**
 * worker_finish() - check that the table holds what it should, then empty it
 * @w: the worker; sets @w->error
 */
void worker_finish(struct worker *w);

/**
 * worker_destroy() - free what worker_init() made
 * @w: the worker
 */
void worker_destroy(struct worker *w);

#endif /* BENCH_MAP_OPS_H */
