// SPDX-License-Identifier: GPL-2.0-only
/*
 * pool-ops: one function for each operation. See pool-ops.h.
 *
 * Who synchronises with whom: workers share the backend, which is made for threads, and the
 * handover of POOL_OP_REMOTE; all else is a worker's own. Invariants: every block is checked to be
 * there; what is timed is allocating and freeing, and writing only where the operation says so; at
 * the end of a span nothing is allocated that was not before.
 */
#include "pool-ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"
#include "handover.h"
#include "host.h"
#include "region.h"

enum {
	PAIRS = 2048,
	BURST = 256,
	COLD = 512,
	REMOTE_BATCHES = 256,
	FRAGMENT_BLOCKS = 20000,
	FRAGMENT_STEPS = 200000,
	HOST_PAGE = 4096,
	TABLE_PAGES = 512, /* 4K pages that a table of theirs holds */
};

static const uint64_t POPULATE_BYTES = 16ull << 30;

struct shared {
	const struct pool_case *c;
	struct io_pgtable_mem mem;
	struct handover handover;
	struct pool_memory memory;
};

struct pool_worker {
	_Alignas(128) struct shared *shared;
	unsigned int thread;
	void **block;
	struct io_pgtable **domain;
	const char *error;
};

static size_t size_of(const struct pool_worker *w)
{
	return (size_t)1 << w->shared->c->size_lg2;
}

static unsigned int flags_of(const struct pool_worker *w)
{
	return w->shared->c->zeroed ? IO_PGTABLE_MEM_ZERO : 0;
}

static void span_pair(struct pool_worker *w, struct sampler_span *span)
{
	const struct io_pgtable_mem mem = w->shared->mem;
	size_t bytes = size_of(w), good = 0;
	unsigned int flags = flags_of(w);
	uint64_t start = region_begin();

	for (int i = 0; i < PAIRS; i++) {
		void *ptr = mem.alloc(mem.ctx, bytes, flags);

		good += ptr != NULL;
		mem.free(mem.ctx, ptr, bytes, flags);
	}
	span->ns = region_end(start);
	span->pages = PAIRS;
	if (good != PAIRS)
		w->error = "a block could not be allocated";
}

static void touch(char *ptr, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += HOST_PAGE)
		*(volatile char *)(ptr + at) = 0;
}

static double alloc_and_free(struct pool_worker *w, size_t n, bool write)
{
	const struct io_pgtable_mem mem = w->shared->mem;
	size_t bytes = size_of(w), good = 0;
	unsigned int flags = flags_of(w);
	uint64_t start = region_begin();

	for (size_t i = 0; i < n; i++) {
		w->block[i] = mem.alloc(mem.ctx, bytes, flags);
		good += w->block[i] != NULL;
		if (write && w->block[i])
			touch(w->block[i], bytes);
	}
	for (size_t i = 0; i < n; i++)
		mem.free(mem.ctx, w->block[i], bytes, flags);
	if (good != n)
		w->error = "a block could not be allocated";
	return region_end(start);
}

static void span_burst(struct pool_worker *w, struct sampler_span *span)
{
	span->ns = alloc_and_free(w, BURST, false);
	span->pages = BURST;
}

static void trim(struct shared *s)
{
	if (s->c->backend->trim)
		s->c->backend->trim(&s->mem);
}

static void span_cold(struct pool_worker *w, struct sampler_span *span)
{
	trim(w->shared);
	span->ns = alloc_and_free(w, COLD, true);
	span->pages = COLD;
}

/* Thread 0 allocates, thread 1 frees; both are timed, the slower one counts. */
static void span_remote(struct pool_worker *w, struct sampler_span *span)
{
	const struct io_pgtable_mem mem = w->shared->mem;
	size_t bytes = size_of(w);
	unsigned int flags = flags_of(w);
	uint64_t start = region_begin();

	for (int b = 0; b < REMOTE_BATCHES; b++) {
		void **batch = w->thread ? handover_receive(&w->shared->handover)
					 : handover_next(&w->shared->handover);

		for (size_t i = 0; i < HANDOVER_BATCH; i++) {
			if (w->thread) {
				mem.free(mem.ctx, batch[i], bytes, flags);
				continue;
			}
			batch[i] = mem.alloc(mem.ctx, bytes, flags);
			if (!batch[i])
				w->error = "a block could not be allocated";
		}
		if (w->thread)
			handover_done(&w->shared->handover);
		else
			handover_send(&w->shared->handover);
	}
	span->ns = region_end(start);
	span->pages = REMOTE_BATCHES * HANDOVER_BATCH;
}

static size_t resident_bytes(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	if (!file || fscanf(file, "%*u %lu", &pages) != 1)
		pages = 0;
	if (file)
		fclose(file);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

/* ias 48 with a root of a page, or 32 with one of 64 bytes. */
static struct io_pgtable *make_table(struct pool_worker *w)
{
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap = 1ull << 12,
		.ias = w->shared->c->size_lg2 == 12 ? 48 : 32,
		.oas = 48,
		.coherent_walk = true,
		.tlb = driver_ops(BENCH_FLUSH_STRICT),
		.mem = &w->shared->mem,
	};

	return alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
}

static void look_at_memory(struct shared *s, size_t before, double live)
{
	double trimmed;

	s->memory.baseline_bytes = (double)before;
	s->memory.live_bytes = live;
	s->memory.resident_bytes = (double)resident_bytes() - (double)before;
	trim(s);
	trimmed = (double)resident_bytes() - (double)before;
	s->memory.trimmed_bytes = trimmed > 0 ? trimmed : 0;
}

static void span_populate(struct pool_worker *w, struct sampler_span *span)
{
	const size_t step = TABLE_PAGES << 12;
	size_t before = resident_bytes(), mapped = 0, gone = 0;
	struct io_pgtable *iop = make_table(w);
	uint64_t start, end;

	if (!iop) {
		w->error = "the table could not be allocated";
		return;
	}
	start = region_begin();
	for (uint64_t at = 0; at < POPULATE_BYTES; at += step)
		iop->ops->map_pages(iop, at, at, 1 << 12, TABLE_PAGES, IOMMU_READ, &mapped);
	end = bench_clock_ns();
	for (uint64_t at = 0; at < POPULATE_BYTES; at += step)
		gone += iop->ops->unmap_pages(iop, at, 1 << 12, TABLE_PAGES, NULL);
	free_io_pgtable(iop);
	span->part_ns = bench_clock_span(start, end);
	span->ns = region_end(start);
	span->pages = (double)(POPULATE_BYTES >> 12);
	if (mapped != POPULATE_BYTES || gone != POPULATE_BYTES)
		w->error = "not everything was mapped, or unmapped";
	look_at_memory(w->shared, before, 0);
}

static void span_domains(struct pool_worker *w, struct sampler_span *span)
{
	unsigned int nr = w->shared->c->domains, rounds = 4096 / nr;
	uint64_t start = region_begin();
	size_t gone = 0;

	for (unsigned int round = 0; round < rounds; round++)
		for (unsigned int i = 0; i < nr; i++) {
			struct io_pgtable *iop = w->domain[i];
			size_t mapped = 0;

			iop->ops->map_pages(iop, 1 << 21, 0, 1 << 12, 1, IOMMU_READ, &mapped);
			gone += iop->ops->unmap_pages(iop, 1 << 21, 1 << 12, 1, NULL);
		}
	span->ns = region_end(start);
	span->pages = (double)rounds * nr;
	if (gone != ((size_t)rounds * nr) << 12)
		w->error = "a page could not be mapped";
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* 64 bytes to 64K, the small ones more often; by place, so that it need not be stored. */
static size_t mixed_size(size_t place)
{
	static const unsigned char lg2[] = { 12, 12, 12, 12, 6, 10, 12, 12, 9, 12, 14, 16 };

	return (size_t)1 << lg2[place % sizeof(lg2)];
}

static void toggle(struct pool_worker *w, size_t place)
{
	const struct io_pgtable_mem *mem = &w->shared->mem;
	size_t bytes = mixed_size(place);

	if (w->block[place]) {
		mem->free(mem->ctx, w->block[place], bytes, 0);
		w->block[place] = NULL;
		return;
	}
	w->block[place] = mem->alloc(mem->ctx, bytes, 0);
	if (!w->block[place])
		w->error = "a block could not be allocated";
	else
		touch(w->block[place], bytes);
}

static void span_fragment(struct pool_worker *w, struct sampler_span *span)
{
	size_t before = resident_bytes(), live = 0;
	uint64_t seed = 0x5eed, start = region_begin();

	for (int i = 0; i < FRAGMENT_STEPS && !w->error; i++)
		toggle(w, next_random(&seed) % FRAGMENT_BLOCKS);
	span->ns = region_end(start);
	span->pages = FRAGMENT_STEPS;
	for (size_t i = 0; i < FRAGMENT_BLOCKS; i++) {
		if (w->block[i] && next_random(&seed) % 10)
			toggle(w, i);
		live += w->block[i] ? mixed_size(i) : 0;
	}
	look_at_memory(w->shared, before, (double)live);
	for (size_t i = 0; i < FRAGMENT_BLOCKS; i++)
		if (w->block[i])
			toggle(w, i);
	trim(w->shared);
}

static void (*const spans[POOL_OP_NR])(struct pool_worker *w, struct sampler_span *span) = {
	[POOL_OP_PAIR] = span_pair,	    [POOL_OP_BURST] = span_burst,
	[POOL_OP_COLD] = span_cold,	    [POOL_OP_REMOTE] = span_remote,
	[POOL_OP_POPULATE] = span_populate, [POOL_OP_DOMAINS] = span_domains,
	[POOL_OP_FRAGMENT] = span_fragment,
};

static void begin(void *worker, int step)
{
	struct pool_worker *w = worker;
	unsigned int domains = w->shared->c->domains;

	if (step == 0)
		return;
	w->block = calloc(FRAGMENT_BLOCKS, sizeof(*w->block));
	w->domain = calloc(domains + 1, sizeof(void *));
	if (!w->block || !w->domain) {
		w->error = "not enough memory";
		return;
	}
	for (unsigned int i = 0; i < domains && !w->error; i++) {
		w->domain[i] = make_table(w);
		/* So that its tables are there. */
		if (!w->domain[i] || io_pgtable_map(w->domain[i], 0, 0, 1 << 12, IOMMU_READ) ||
		    io_pgtable_map(w->domain[i], 3 << 20, 0, 1 << 12, IOMMU_READ))
			w->error = "a domain could not be made";
	}
}

static void span(void *worker, struct sampler_span *span)
{
	struct pool_worker *w = worker;

	spans[w->shared->c->op](w, span);
}

static void end(void *worker, int step)
{
	struct pool_worker *w = worker;

	if (step == 0)
		return;
	for (unsigned int i = 0; w->domain && i < w->shared->c->domains; i++)
		free_io_pgtable(w->domain[i]);
	free(w->domain);
	free(w->block);
}

static const char *error(const void *worker)
{
	return ((const struct pool_worker *)worker)->error;
}

static const struct sampler_work work = {
	.begin = begin,
	.span = span,
	.end = end,
	.error = error,
};

/* The largest thing that any of them needs is the populate's tables, on pages of their own. */
static const char *why_skip(void)
{
	return host_available_bytes() < 512ull << 20 ? "needs 512 MiB of memory" : NULL;
}

void pool_run(const struct pool_case *c, const unsigned int *cpus, double budget_s,
	      struct pool_result *result)
{
	struct pool_worker *workers = aligned_alloc(128, c->threads * sizeof(*workers));
	void **worker = calloc(c->threads, sizeof(*worker));
	struct shared *shared = aligned_alloc(128, sizeof(*shared));

	memset(result, 0, sizeof(*result));
	result->sampled.error = "not enough memory";
	result->skipped = why_skip();
	if (!result->skipped && workers && worker && shared) {
		memset(shared, 0, sizeof(*shared));
		shared->c = c;
		for (unsigned int i = 0; i < c->threads; i++) {
			workers[i] = (struct pool_worker){ .shared = shared, .thread = i };
			worker[i] = &workers[i];
		}
		if (!c->backend->open(&shared->mem)) {
			sampler_run(&work, worker, cpus, c->threads, budget_s, &result->sampled);
			c->backend->close(&shared->mem);
		}
		result->memory = shared->memory;
		result->has_memory = c->op == POOL_OP_POPULATE || c->op == POOL_OP_FRAGMENT;
	}
	free(shared);
	free(worker);
	free(workers);
}
