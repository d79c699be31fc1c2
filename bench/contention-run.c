// SPDX-License-Identifier: GPL-2.0-only
/*
 * contention-run: the threads of a case of bench_contention, as work for the sampler. See
 * contention-run.h.
 */
#include "contention-run.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "contention-ops.h"
#include "topology.h"

enum {
	FIRST_BATCH = 16,
	MOST_BATCH = 1 << 20,
	TRIES = 9,
};

/*
 * A batch that is found too short later, because this try was disturbed, would be one tick short.
 */
static const double MARGIN = 1.5;

static void begin(void *worker, int step)
{
	contention_begin(worker, step);
}

static void span(void *worker, struct sampler_span *span)
{
	span->pages = (double)contention_batch_ops(worker);
	span->ns = contention_batch(worker, contention_batch_ops(worker));
}

static void end(void *worker, int step)
{
	contention_end(worker, step);
}

static const char *error(const void *worker)
{
	return contention_error(worker);
}

static void keep(void *worker, bool counts)
{
	struct contention_batches *b = contention_batches(worker);

	histogram_merge(counts ? &b->quiet : &b->rest, &b->fresh);
	memset(&b->fresh, 0, sizeof(b->fresh));
}

static const struct sampler_work work = {
	.begin = begin,
	.span = span,
	.end = end,
	.error = error,
	.keep = keep,
	.together = true,
};

static double shortest_ns(struct contention_worker *w, size_t ops)
{
	double least = contention_batch(w, ops);

	for (int i = 1; i < TRIES; i++) {
		double ns = contention_batch(w, ops);

		least = ns < least ? ns : least;
	}
	return least;
}

/* How many operations last 50 ticks for a thread that is alone: with others they last longer. */
static size_t find_batch(const struct contention_case *c, unsigned int cpu)
{
	const struct contention_case alone = { c->point, c->impl, c->untouched, 1 };
	struct contention_shared *shared = contention_shared_make(&alone);
	struct contention_worker *w =
		shared ? contention_worker_make(shared, 0, FIRST_BATCH) : NULL;
	size_t ops = FIRST_BATCH;

	if (w) {
		topology_pin(cpu);
		contention_begin(w, 0);
		contention_begin(w, 1);
		while (ops < MOST_BATCH && !contention_error(w) &&
		       shortest_ns(w, ops) < MARGIN * SAMPLER_MIN_TICKS * bench_clock.tick_ns)
			ops *= 2;
		contention_end(w, 0);
		contention_end(w, 1);
	}
	contention_worker_free(w);
	contention_shared_free(shared);
	return ops;
}

static const char *why_skip(const struct contention_case *c)
{
#ifndef __aarch64__
	if (c->point == CONTENTION_MPROTECT)
		return "only arm64 invalidates the TLBs of all CPUs by broadcast";
#endif
	return NULL;
}

static void percentiles(void *const *worker, unsigned int threads, struct contention_result *r)
{
	struct histogram *all = calloc(1, sizeof(*all));

	for (unsigned int i = 0; all && i < threads; i++) {
		struct contention_batches *b = contention_batches(worker[i]);

		histogram_merge(all, &b->quiet);
		if (r->sampled.noisy)
			histogram_merge(all, &b->rest);
	}
	if (!all) {
		r->sampled.error = "not enough memory";
		return;
	}
	r->p50_ns = histogram_quantile(all, 0.5);
	r->p99_ns = histogram_quantile(all, 0.99);
	free(all);
}

void contention_run(const struct contention_case *c, const unsigned int *cpus, double budget_s,
		    struct contention_result *result)
{
	struct contention_shared *shared;
	bool good = true;
	void **worker;

	memset(result, 0, sizeof(*result));
	result->sampled.error = "not enough memory";
	result->skipped = why_skip(c);
	if (result->skipped)
		return;
	result->batch_ops = contention_fixed_batch(c);
	if (!result->batch_ops)
		result->batch_ops = find_batch(c, cpus[0]);
	shared = contention_shared_make(c);
	worker = calloc(c->threads, sizeof(*worker));
	for (unsigned int i = 0; shared && worker && i < c->threads; i++) {
		worker[i] = contention_worker_make(shared, i, result->batch_ops);
		good = good && worker[i];
	}
	if (shared && worker && good) {
		sampler_run(&work, worker, cpus, c->threads, budget_s, &result->sampled);
		if (!result->sampled.error)
			percentiles(worker, c->threads, result);
	}
	for (unsigned int i = 0; worker && i < c->threads; i++)
		contention_worker_free(worker[i]);
	free(worker);
	contention_shared_free(shared);
}
