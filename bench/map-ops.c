// SPDX-License-Identifier: GPL-2.0-only
/*
 * map-ops: the operations of bench_map for one thread. See map-ops.h.
 *
 * Invariant: of the calls of a round those before done_calls have been made, in order, and the
 * table holds exactly what that implies for the operation.
 */
#include "map-ops.h"

#include <errno.h>
#include <stdlib.h>

#include "permute.h"
#include "region.h"

enum {
	CHUNK_PAGES = 4096, /* pages per span, where a round is longer */
	DOMAINS_PER_SPAN = 64,
	CHECKS = 512, /* calls whose translations are looked up at the end */
};

static const int PROT = IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE;

/* Single pages that are never adjacent, nor in order. */
static int make_sg(struct worker *w)
{
	size_t n = w->c->batch;

	w->sg = malloc(n * sizeof(*w->sg));
	if (!w->sg)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		w->sg[i] = (struct io_pgtable_sg){
			.paddr = w->round.pa_xor + (i * 37 % n * 2 + 1) * w->round.pgsize,
			.length = w->round.pgsize,
		};
	return 0;
}

static int make_addresses(struct worker *w)
{
	w->iova = malloc(w->chunk_calls * sizeof(*w->iova));
	w->pa = malloc(w->chunk_calls * sizeof(*w->pa));
	return w->iova && w->pa ? 0 : -ENOMEM;
}

static int make_operands(struct worker *w)
{
	if (w->c->op == MAP_OP_MAP_SG)
		return make_sg(w);
	if (w->c->op == MAP_OP_IOVA_TO_PHYS_BATCH)
		return make_addresses(w);
	return 0;
}

int worker_init(struct worker *w, const struct map_case *c, unsigned int thread)
{
	size_t chunk, run;
	struct map_extent e;

	map_case_extent(c, &e);
	run = e.stride >> c->geo->size;
	if (c->domain == MAP_NEIGHBOUR)
		run /= c->threads;
	chunk = run < CHUNK_PAGES ? CHUNK_PAGES / run : 1;
	*w = (struct worker){ .c = c, .extent = e };
	w->domain = (struct bench_domain){ c->geo->fmt, map_case_pgsizes(c), c->geo->ias,
					   c->geo->oas, c->coherent,	     c->flush };
	w->round = (struct bench_calls){
		.base = e.thread_step * thread,
		.stride = e.stride,
		.nr = e.calls,
		.pgsize = (size_t)1 << c->geo->size,
		.pgcount = run,
		.pa_xor = 1ull << (c->geo->oas - 1),
		.prot = PROT,
	};
	w->chunk_calls = chunk < e.calls ? chunk : e.calls;
	w->gather = aligned_alloc(64, (c->impl->gather_bytes + 63) / 64 * 64);
	if (!w->gather)
		return -ENOMEM;
	c->impl->gather_init(w->gather);
	if (make_operands(w))
		return -ENOMEM;
	if (c->pattern != MAP_RANDOM_1G && c->pattern != MAP_RANDOM_256G)
		return 0;

	struct permute order = permute_make(e.slots, 0x5eed + thread);

	w->round.index = w->index = malloc(e.calls * sizeof(*w->index));
	if (!w->index)
		return -ENOMEM;
	for (size_t i = 0; i < e.calls; i++)
		w->index[i] = (uint32_t)permute_at(&order, i);
	return 0;
}

void worker_destroy(struct worker *w)
{
	free(w->index);
	free(w->sg);
	free(w->iova);
	free(w->pa);
	free(w->gather);
}

void worker_alloc(struct worker *w)
{
	w->table = w->c->impl->alloc(&w->domain);
	if (!w->table)
		w->error = "the table could not be allocated";
}

/* Calls @from to @to of the round. */
static struct bench_calls part(const struct worker *w, size_t from, size_t to)
{
	struct bench_calls calls = w->round;

	if (calls.index)
		calls.index += from;
	else
		calls.base += from * calls.stride;
	calls.nr = to - from;
	return calls;
}

static size_t bytes_of(const struct bench_calls *calls)
{
	return calls->nr * calls->pgcount * calls->pgsize;
}

static void check_bytes(struct worker *w, size_t got, const struct bench_calls *calls,
			const char *error)
{
	if (got != bytes_of(calls))
		w->error = error;
}

static void map_all(struct worker *w, const struct bench_calls *calls)
{
	check_bytes(w, w->c->impl->map(w->table, calls), calls, "map did not map everything");
}

static size_t unmap_some(struct worker *w, const struct bench_calls *calls)
{
	const struct bench_impl *impl = w->c->impl;

	if (w->c->flush == BENCH_FLUSH_QUEUED)
		return impl->unmap_queued(w->table, calls, w->gather);
	return impl->unmap(w->table, calls);
}

static void sync_if_queued(struct worker *w)
{
	if (w->c->flush == BENCH_FLUSH_QUEUED)
		w->c->impl->sync(w->table, w->gather);
}

static void unmap_all(struct worker *w, const struct bench_calls *calls)
{
	check_bytes(w, unmap_some(w, calls), calls, "unmap did not unmap everything");
	sync_if_queued(w);
}

static struct bench_calls next_chunk(struct worker *w)
{
	size_t to = w->done_calls + w->chunk_calls;

	if (to > w->round.nr)
		to = w->round.nr;
	return part(w, w->done_calls, to);
}

static void span_done(struct worker *w, const struct bench_calls *calls, double ns)
{
	w->span_ns = ns;
	w->span_pages = (double)(calls->nr * calls->pgcount);
	w->done_calls += calls->nr;
}

/* One way to make the calls of a span; returns the bytes that it mapped or unmapped. */
typedef size_t make_calls(struct worker *w, const struct bench_calls *calls);

/* The next chunk of the round, timed and checked. */
static struct bench_calls timed_chunk(struct worker *w, make_calls *make, const char *error)
{
	struct bench_calls calls = next_chunk(w);
	uint64_t start = region_begin();
	size_t got = make(w, &calls);
	double ns = region_end(start);

	check_bytes(w, got, &calls, error);
	sync_if_queued(w);
	span_done(w, &calls, ns);
	return calls;
}

static size_t make_map(struct worker *w, const struct bench_calls *calls)
{
	return w->c->impl->map(w->table, calls);
}

static size_t make_map_sg(struct worker *w, const struct bench_calls *calls)
{
	return w->c->impl->map_sg(w->table, calls, w->sg);
}

static size_t make_unmap(struct worker *w, const struct bench_calls *calls)
{
	return unmap_some(w, calls);
}

static size_t make_pair(struct worker *w, const struct bench_calls *calls)
{
	if (w->c->flush == BENCH_FLUSH_QUEUED)
		return w->c->impl->pair_queued(w->table, calls, w->gather);
	return w->c->impl->pair(w->table, calls);
}

static size_t make_cursor_pair(struct worker *w, const struct bench_calls *calls)
{
	return w->c->impl->cursor_pair(w->table, calls);
}

/* A new round begins when all of the last one was done; again undoes that round, if it must be. */
static void begin_round(struct worker *w,
			void (*again)(struct worker *, const struct bench_calls *))
{
	if (w->done_calls != w->round.nr)
		return;
	if (again)
		again(w, &w->round);
	w->done_calls = 0;
}

static void span_map(struct worker *w)
{
	begin_round(w, unmap_all);
	timed_chunk(w, make_map, "map did not map everything");
}

static void span_unmap(struct worker *w)
{
	begin_round(w, map_all);
	timed_chunk(w, make_unmap, "unmap did not unmap everything");
}

static void span_pair(struct worker *w)
{
	begin_round(w, NULL);
	timed_chunk(w, make_pair, "a pair did not unmap what it had mapped");
}

static void span_cursor_pair(struct worker *w)
{
	begin_round(w, NULL);
	timed_chunk(w, make_cursor_pair, "a pair did not unmap what it had mapped");
}

static void span_map_sg(struct worker *w)
{
	struct bench_calls calls;

	begin_round(w, unmap_all);
	calls = timed_chunk(w, make_map_sg, "map_sg did not map everything");
	for (size_t i = 0; i < calls.pgcount && !w->error; i++)
		if (w->c->impl->lookup(w->table, calls.base + i * calls.pgsize) != w->sg[i].paddr)
			w->error = "a page of a scatter list translates wrongly";
}

/* From nothing to nothing: what unmap leaves of the tables goes with the domain, timed too. */
static void span_populate(struct worker *w)
{
	uint64_t start, mapped, end;
	size_t got, gone;

	worker_alloc(w);
	if (w->error)
		return;
	start = region_begin();
	got = w->c->impl->map(w->table, &w->round);
	mapped = bench_clock_ns();
	gone = unmap_some(w, &w->round);
	sync_if_queued(w);
	w->c->impl->free(w->table);
	end = bench_clock_ns();
	region_leave();
	w->table = NULL;
	check_bytes(w, got, &w->round, "map did not map everything");
	check_bytes(w, gone, &w->round, "unmap did not unmap everything");
	w->map_ns = bench_clock_span(start, mapped);
	w->span_ns = w->map_ns + bench_clock_span(mapped, end);
	w->span_pages = (double)(w->round.nr * w->round.pgcount);
}

/* What a loop over impl->translate must have added up to. */
static uint64_t expected_sum(const struct bench_calls *c)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < c->nr; i++) {
		uint64_t iova = c->base + (c->index ? c->index[i] : i) * c->stride;

		sum += (iova | c->pgsize >> 1) ^ c->pa_xor;
	}
	return sum;
}

static void span_translate(struct worker *w)
{
	struct bench_calls calls;
	uint64_t start, sum;
	double ns;

	if (w->done_calls == w->round.nr)
		w->done_calls = 0;
	calls = next_chunk(w);
	start = region_begin();
	sum = w->c->impl->translate(w->table, &calls);
	ns = region_end(start);
	if (sum != expected_sum(&calls))
		w->error = "iova_to_phys returned a wrong address";
	span_done(w, &calls, ns);
}

static void span_translate_batch(struct worker *w)
{
	struct bench_calls calls;
	uint64_t start;
	double ns;

	if (w->done_calls == w->round.nr)
		w->done_calls = 0;
	calls = next_chunk(w);
	for (size_t i = 0; i < calls.nr; i++)
		w->iova[i] = calls.base + calls.index[i] * calls.stride;
	start = region_begin();
	w->c->impl->translate_batch(w->table, w->iova, w->pa, calls.nr, w->c->batch);
	ns = region_end(start);
	for (size_t i = 0; i < calls.nr; i++)
		if (w->pa[i] != (w->iova[i] ^ calls.pa_xor))
			w->error = "a batch returned a wrong address";
	span_done(w, &calls, ns);
}

static void span_alloc_free(struct worker *w)
{
	const struct bench_impl *impl = w->c->impl;
	uint64_t start = region_begin();

	for (int i = 0; i < DOMAINS_PER_SPAN; i++) {
		void *table = impl->alloc(&w->domain);

		if (!table)
			w->error = "the table could not be allocated";
		impl->free(table);
	}
	w->span_ns = region_end(start);
	w->span_pages = DOMAINS_PER_SPAN;
}

/* One call into every leaf table and out again, so that later spans find the table there. */
static void touch_tables(struct worker *w)
{
	struct bench_calls calls = w->round;
	uint64_t end = calls.base + w->extent.slots * calls.stride;

	calls.index = NULL;
	calls.pgcount = 1;
	if (calls.stride < w->extent.table_span)
		calls.stride = w->extent.table_span;
	calls.nr = (end - calls.base + calls.stride - 1) / calls.stride;
	map_all(w, &calls);
	unmap_all(w, &calls);
}

static void prepare_map(struct worker *w)
{
	touch_tables(w);
}

static void prepare_unmap(struct worker *w)
{
	touch_tables(w);
	map_all(w, &w->round);
}

/* Every place that may be asked for, in the largest calls that stay within the thread's part. */
static struct bench_calls whole_part(const struct worker *w)
{
	struct bench_calls calls = w->round;
	size_t run = 512;

	while (w->extent.slots % run)
		run /= 2;
	calls.index = NULL;
	calls.pgcount = run;
	calls.stride *= run;
	calls.nr = w->extent.slots / run;
	return calls;
}

static void prepare_translate(struct worker *w)
{
	struct bench_calls calls = whole_part(w);

	map_all(w, &calls);
}

static void prepare_nothing(struct worker *w)
{
}

/* Looks at calls @from to @to: they are mapped to the right place, or not at all. */
static void check_calls(struct worker *w, size_t from, size_t to, bool mapped)
{
	size_t step = (to - from) / CHECKS + 1;

	for (size_t i = from; i < to && !w->error; i += step) {
		struct bench_calls c = part(w, i, i + 1);
		uint64_t iova = c.base + (c.index ? c.index[0] * c.stride : 0);
		uint64_t last = iova + c.pgcount * c.pgsize - 1;

		if (w->c->impl->lookup(w->table, iova) != (mapped ? iova ^ c.pa_xor : 0) ||
		    w->c->impl->lookup(w->table, last) != (mapped ? last ^ c.pa_xor : 0))
			w->error = mapped ? "a mapped page translates wrongly"
					  : "an unmapped page still translates";
	}
}

static void finish_map(struct worker *w)
{
	struct bench_calls calls = part(w, 0, w->done_calls);

	check_calls(w, 0, w->done_calls, true);
	check_calls(w, w->done_calls, w->round.nr, false);
	unmap_all(w, &calls);
	check_calls(w, 0, w->round.nr, false);
}

static void finish_unmap(struct worker *w)
{
	struct bench_calls calls = part(w, w->done_calls, w->round.nr);

	check_calls(w, 0, w->done_calls, false);
	check_calls(w, w->done_calls, w->round.nr, true);
	unmap_all(w, &calls);
	check_calls(w, 0, w->round.nr, false);
}

static void finish_pair(struct worker *w)
{
	check_calls(w, 0, w->round.nr, false);
}

static void finish_translate(struct worker *w)
{
	struct bench_calls calls = whole_part(w);

	unmap_all(w, &calls);
	check_calls(w, 0, w->round.nr, false);
}

/* Its pages went to other addresses than a map's: only the ends are looked at. */
static void finish_map_sg(struct worker *w)
{
	struct bench_calls calls = part(w, 0, w->done_calls);

	unmap_all(w, &calls);
	check_calls(w, 0, w->round.nr, false);
}

struct steps {
	void (*prepare)(struct worker *w);
	void (*span)(struct worker *w);
	void (*finish)(struct worker *w);
};

static const struct steps steps[MAP_OP_NR] = {
	[MAP_OP_MAP] = { prepare_map, span_map, finish_map },
	[MAP_OP_UNMAP] = { prepare_unmap, span_unmap, finish_unmap },
	[MAP_OP_PAIR] = { prepare_map, span_pair, finish_pair },
	[MAP_OP_POPULATE] = { prepare_nothing, span_populate, prepare_nothing },
	[MAP_OP_IOVA_TO_PHYS] = { prepare_translate, span_translate, finish_translate },
	[MAP_OP_ALLOC_FREE] = { prepare_nothing, span_alloc_free, prepare_nothing },
	[MAP_OP_CURSOR_PAIR] = { prepare_map, span_cursor_pair, finish_pair },
	[MAP_OP_MAP_SG] = { prepare_map, span_map_sg, finish_map_sg },
	[MAP_OP_IOVA_TO_PHYS_BATCH] = { prepare_translate, span_translate_batch, finish_translate },
};

void worker_prepare(struct worker *w)
{
	steps[w->c->op].prepare(w);
}

void worker_span(struct worker *w)
{
	steps[w->c->op].span(w);
}

void worker_finish(struct worker *w)
{
	steps[w->c->op].finish(w);
}
