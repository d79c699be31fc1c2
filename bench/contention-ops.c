// SPDX-License-Identifier: GPL-2.0-only
/*
 * contention-ops: the points of bench_contention. See contention-ops.h.
 *
 * Who synchronises with whom: the shared table, flush queue and command queue are written by thread
 * 0 before the sampler's first barrier and read by the others behind it; they are made for threads.
 * What the SMMU of the command queue would write, it reads from the doorbell that rang last. All
 * else is a worker's own.
 */
#define _DEFAULT_SOURCE
#include "contention-ops.h"

#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "iommu-flushq.h"
#include "region.h"
#include "smmu-cmdq.h"

enum {
	PAGE = 4096,
	TABLE_PAGES = 512,
	WARM_PAGES = 4096, /* 32 KiB of descriptors, as bench_map's warm */
	TABLES = 256,	   /* more than a thread keeps of the pool for itself */
	LINE_ENTRIES = 16, /* descriptors in a line of 128 bytes: the longest that there are */
	QUEUE_DEPTH = 256,
	CMDQ_SIZE_LG2 = 10,
	POLLS_BEFORE_YIELD = 1000,
};

/* What descriptors map: of a table, of a line, of what is warm. */
enum {
	TABLE_BYTES = TABLE_PAGES * PAGE,
	LINE_BYTES = LINE_ENTRIES * PAGE,
	WARM_BYTES = WARM_PAGES * PAGE,
};

static const uint64_t PA_XOR = 1ull << 47;
static const int PROT = IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE;

/* The doorbell has a line to itself, as a device's register. */
struct contention_shared {
	const struct contention_case *c;
	void *table;
	struct iommu_flushq *fq;
	void *fq_memory;
	struct smmu_cmd *ring;
	uint64_t *ready;
	struct smmu_cmdq q;
	_Alignas(128) _Atomic uint32_t prod;
};

/* A worker's operations go to nr places, stride apart, in turn, batch after batch. */
struct contention_worker {
	_Alignas(128) struct contention_shared *shared;
	unsigned int thread;
	size_t batch_ops;
	uint64_t base;
	uint64_t stride;
	size_t nr;
	size_t next;
	void *table;
	struct iommu_iotlb_gather gather;
	struct smmu_cmdq_domain domain;
	char *pages; /* CONTENTION_MPROTECT: one between two that cannot be touched */
	const char *error;
	struct contention_batches batches;
};

/**
 * struct point - how a point works
 * @group: threads t and t + 1 of a group lie @step apart, groups @group_step
 * @step: bytes
 * @group_step: bytes
 * @stride: bytes between a thread's places
 * @nr: a thread's places
 * @fixed_batch: operations in a batch, 0: any
 * @shared_table: one for all
 * @batch: do operations; returns how many were right
 */
struct point {
	unsigned int group;
	uint64_t step;
	uint64_t group_step;
	uint64_t stride;
	size_t nr;
	size_t fixed_batch;
	bool shared_table;
	size_t (*batch)(struct contention_worker *w, size_t ops);
};

static const struct point *point_of(const struct contention_shared *s);

/* The places from w->next on, up to @most of them, without going round. */
static size_t next_places(struct contention_worker *w, size_t most, uint64_t *iova)
{
	size_t n = w->nr - w->next < most ? w->nr - w->next : most;

	*iova = w->base + w->next * w->stride;
	w->next = w->next + n < w->nr ? w->next + n : 0;
	return n;
}

static struct bench_calls calls_at(const struct contention_worker *w, uint64_t iova, size_t nr,
				   size_t pages)
{
	return (struct bench_calls){
		.base = iova,
		.stride = w->stride,
		.nr = nr,
		.pgsize = PAGE,
		.pgcount = pages,
		.pa_xor = PA_XOR,
		.prot = PROT,
	};
}

static size_t batch_pairs(struct contention_worker *w, size_t ops)
{
	const struct bench_impl *impl = w->shared->c->impl;
	size_t bytes = 0;

	for (size_t left = ops; left;) {
		uint64_t iova;
		size_t n = next_places(w, left, &iova);
		struct bench_calls calls = calls_at(w, iova, n, 1);

		bytes += impl->pair(w->table, &calls);
		left -= n;
	}
	return bytes / PAGE;
}

static size_t batch_tables(struct contention_worker *w, size_t ops)
{
	const struct bench_impl *impl = w->shared->c->impl;
	struct bench_calls calls = calls_at(w, w->base, ops, TABLE_PAGES);
	size_t mapped = impl->map(w->table, &calls), gone = impl->unmap(w->table, &calls);

	return (mapped < gone ? mapped : gone) / TABLE_BYTES;
}

/* Single pages, each unmapped strictly, or into a gather that goes to @fq. */
static inline __attribute__((always_inline)) size_t
pages_one_by_one(struct contention_worker *w, size_t ops, struct iommu_flushq *fq)
{
	struct iommu_iotlb_gather *gather = fq ? &w->gather : NULL;
	struct io_pgtable *iop = w->table;
	size_t bytes = 0;

	for (size_t left = ops; left;) {
		uint64_t iova;
		size_t n = next_places(w, left, &iova);

		left -= n;
		for (; n--; iova += PAGE) {
			size_t mapped = 0;

			iop->ops->map_pages(iop, iova, iova ^ PA_XOR, PAGE, 1, PROT, &mapped);
			bytes += iop->ops->unmap_pages(iop, iova, PAGE, 1, gather);
			if (fq)
				iommu_flushq_queue(fq, gather, iova, PAGE);
		}
	}
	return bytes / PAGE;
}

static size_t batch_flushq(struct contention_worker *w, size_t ops)
{
	return pages_one_by_one(w, ops, w->shared->fq);
}

static size_t batch_strict(struct contention_worker *w, size_t ops)
{
	return pages_one_by_one(w, ops, NULL);
}

/* Making a page that is in a TLB read-only takes an invalidation on all CPUs; the way back none. */
static size_t batch_mprotect(struct contention_worker *w, size_t ops)
{
	size_t bytes = (size_t)sysconf(_SC_PAGESIZE), good = 0;
	char *page = w->pages + bytes;
	bool touch = !w->shared->c->untouched;

	for (size_t i = 0; i < ops; i++) {
		if (touch)
			*(volatile char *)page = 1;
		good += !mprotect(page, bytes, PROT_READ) &&
			!mprotect(page, bytes, PROT_READ | PROT_WRITE);
	}
	return good;
}

/* One descriptor over and over: there is always a next place. */
#define EVERMORE ((size_t)1 << 40)

static const struct point points[CONTENTION_NR] = {
	[CONTENTION_PRIVATE] = { 1, 0, 0, PAGE, WARM_PAGES, 0, false, batch_pairs },
	[CONTENTION_DOMAIN] = { 1, 0, WARM_BYTES, PAGE, WARM_PAGES, 0, true, batch_pairs },
	[CONTENTION_TABLE] = { TABLE_PAGES / LINE_ENTRIES, LINE_BYTES, TABLE_BYTES, PAGE,
			       LINE_ENTRIES, 0, true, batch_pairs },
	[CONTENTION_LINE] = { 8, PAGE, LINE_BYTES, 0, EVERMORE, 0, true, batch_pairs },
	[CONTENTION_POOL] = { 1, 0, 0, TABLE_BYTES, TABLES, TABLES, false, batch_tables },
	[CONTENTION_FLUSHQ] = { 1, 0, WARM_BYTES, PAGE, WARM_PAGES, 0, true, batch_flushq },
	[CONTENTION_FLUSHQ_SINGLE] = { 1, 0, WARM_BYTES, PAGE, WARM_PAGES, 0, true, batch_flushq },
	[CONTENTION_CMDQ] = { 1, 0, 0, PAGE, WARM_PAGES, 0, false, batch_strict },
	[CONTENTION_MPROTECT] = { 1, 0, 0, 0, EVERMORE, 0, false, batch_mprotect },
};

static const struct point *point_of(const struct contention_shared *s)
{
	return &points[s->c->point];
}

size_t contention_fixed_batch(const struct contention_case *c)
{
	return points[c->point].fixed_batch;
}

/* ---- the flush queue ---- */

static void on_release(void *ctx, uint64_t iova, uint64_t size)
{
}

static void on_wait(void *ctx)
{
	sched_yield();
}

/* No page comes back before its ring was flushed many times over: WARM_PAGES is above the depth. */
static const char *make_flushq(struct contention_shared *s)
{
	const struct iommu_flushq_opts opts = {
		.depth = QUEUE_DEPTH,
		.rings = s->c->point == CONTENTION_FLUSHQ ? s->c->threads : 1,
		.mode = IOMMU_FLUSHQ_RANGES,
		.release = on_release,
		.wait = on_wait,
	};
	size_t bytes = iommu_flushq_bytes(&opts);

	s->fq_memory = bytes ? aligned_alloc(128, bytes) : NULL;
	s->fq = s->fq_memory ? iommu_flushq_create(s->table, &opts, s->fq_memory) : NULL;
	return s->fq ? NULL : "the flush queue could not be made";
}

/* ---- the command queue ---- */

/* The SMMU has consumed what it was told of at the moment it is asked. */
static uint32_t read_cons(void *ctx)
{
	struct contention_shared *s = ctx;

	return atomic_load_explicit(&s->prod, memory_order_acquire);
}

static void write_prod(void *ctx, uint32_t prod)
{
	struct contention_shared *s = ctx;

	atomic_store_explicit(&s->prod, prod, memory_order_release);
}

/* Whoever is to ring may have lost its CPU, with more threads than those. */
static bool wait_for_cmdq(void *ctx, uint64_t polls)
{
	if (polls > POLLS_BEFORE_YIELD)
		sched_yield();
	return true;
}

static const struct smmu_cmdq_ops cmdq_ops = {
	.read_cons = read_cons,
	.write_prod = write_prod,
	.wait = wait_for_cmdq,
};

static const char *make_cmdq(struct contention_shared *s)
{
	size_t bytes = sizeof(*s->ring) << CMDQ_SIZE_LG2;
	struct smmu_cmdq_config config = {
		.ops = &cmdq_ops,
		.ctx = s,
		.size_lg2 = CMDQ_SIZE_LG2,
	};

	s->ring = aligned_alloc(bytes, bytes);
	s->ready = calloc((size_t)1 << CMDQ_SIZE_LG2, sizeof(*s->ready));
	if (!s->ring || !s->ready)
		return "not enough memory";
	memset(s->ring, 0, bytes);
	config.ring = s->ring;
	config.ready = s->ready;
	return smmu_cmdq_init(&s->q, &config) ? "the command queue could not be made" : NULL;
}

static void *alloc_on_cmdq(struct contention_worker *w)
{
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap = PAGE,
		.ias = 48,
		.oas = 48,
		.coherent_walk = true,
		.tlb = &smmu_cmdq_gather_ops,
	};

	w->domain = (struct smmu_cmdq_domain){
		.q = &w->shared->q,
		.stage = SMMU_STAGE_1,
		.asid = (uint16_t)(w->thread + 1),
		.granule_lg2 = 12,
	};
	return alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, &w->domain);
}

/* ---- beginning and ending ---- */

static const char *map_pages_between(struct contention_worker *w)
{
	size_t bytes = (size_t)sysconf(_SC_PAGESIZE);

	/* A page of its own kind between others: no call ever splits or merges mappings. */
	w->pages = mmap(NULL, 3 * bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (w->pages == MAP_FAILED) {
		w->pages = NULL;
		return "not enough memory";
	}
	return mprotect(w->pages + bytes, bytes, PROT_READ | PROT_WRITE) ? "mprotect failed" : NULL;
}

static void make_table(struct contention_worker *w)
{
	static const struct bench_domain base = {
		.fmt = ARM_64_LPAE_S1,
		.pgsize_bitmap = 1ull << 12 | 1ull << 21 | 1ull << 30,
		.ias = 48,
		.oas = 48,
		.coherent = true,
		.flush = BENCH_FLUSH_STRICT,
	};
	const struct contention_case *c = w->shared->c;

	if (c->point == CONTENTION_MPROTECT) {
		w->error = map_pages_between(w);
		return;
	}
	w->table = c->point == CONTENTION_CMDQ ? NULL : c->impl->alloc(&base);
	if (c->point != CONTENTION_CMDQ && !w->table)
		w->error = "the table could not be allocated";
}

static void begin_shared(struct contention_worker *w)
{
	struct contention_shared *s = w->shared;

	if (point_of(s)->shared_table)
		s->table = w->table;
	if (w->error)
		return;
	if (s->c->point == CONTENTION_FLUSHQ || s->c->point == CONTENTION_FLUSHQ_SINGLE)
		w->error = make_flushq(s);
	if (s->c->point == CONTENTION_CMDQ)
		w->error = make_cmdq(s);
}

void contention_begin(struct contention_worker *w, int step)
{
	const struct point *p = point_of(w->shared);

	if (step == 0) {
		if (!w->thread || !p->shared_table)
			make_table(w);
		if (!w->thread)
			begin_shared(w);
		return;
	}
	if (p->shared_table)
		w->table = w->shared->table;
	if (w->shared->c->point == CONTENTION_CMDQ && w->shared->ready)
		w->table = alloc_on_cmdq(w);
	if (!w->table && w->shared->c->point != CONTENTION_MPROTECT) {
		w->error = "the table could not be allocated";
		return;
	}
	/* Every place once, so that its tables are there; not kept. */
	contention_batch(w, p->nr == EVERMORE ? LINE_ENTRIES : p->nr);
	memset(&w->batches, 0, sizeof(w->batches));
}

double contention_batch(struct contention_worker *w, size_t ops)
{
	uint64_t start = region_begin();
	size_t good = point_of(w->shared)->batch(w, ops);
	double ns = region_end(start);

	if (good != ops)
		w->error = "an operation did not do what it should";
	histogram_add(&w->batches.fresh, ns / (double)ops);
	return ns;
}

/* Thread 0, when no other uses them any more. */
static void end_shared(struct contention_shared *s)
{
	iommu_flushq_destroy(s->fq);
	free(s->fq_memory);
	if (s->table)
		s->c->impl->free(s->table);
	s->fq = NULL;
	s->fq_memory = NULL;
	s->table = NULL;
}

static const char *check(struct contention_worker *w)
{
	const struct contention_shared *s = w->shared;
	size_t places = w->nr == EVERMORE ? 1 : w->nr;

	for (size_t i = 0; w->table && i < places; i++)
		if (s->c->impl->lookup(w->table, w->base + i * w->stride))
			return "an unmapped page still translates";
	if (w->domain.lost || (!w->thread && s->fq && iommu_flushq_validate(s->fq)))
		return "an invalidation was lost";
	return NULL;
}

void contention_end(struct contention_worker *w, int step)
{
	bool shared_table = point_of(w->shared)->shared_table;

	if (step == 0) {
		w->error = check(w);
		return;
	}
	if (!shared_table && w->table)
		w->shared->c->impl->free(w->table);
	w->table = NULL;
	if (w->pages)
		munmap(w->pages, 3 * (size_t)sysconf(_SC_PAGESIZE));
	w->pages = NULL;
	if (!w->thread)
		end_shared(w->shared);
}

const char *contention_error(const struct contention_worker *w)
{
	return w->error;
}

struct contention_batches *contention_batches(struct contention_worker *w)
{
	return &w->batches;
}

size_t contention_batch_ops(const struct contention_worker *w)
{
	return w->batch_ops;
}

struct contention_shared *contention_shared_make(const struct contention_case *c)
{
	struct contention_shared *s = aligned_alloc(_Alignof(struct contention_shared), sizeof(*s));

	if (!s)
		return NULL;
	memset(s, 0, sizeof(*s));
	s->c = c;
	return s;
}

void contention_shared_free(struct contention_shared *shared)
{
	if (!shared)
		return;
	/* Not earlier: a table that goes with its thread flushes through the queue. */
	free(shared->ring);
	free(shared->ready);
	free(shared);
}

struct contention_worker *contention_worker_make(struct contention_shared *shared,
						 unsigned int thread, size_t batch_ops)
{
	struct contention_worker *w = aligned_alloc(_Alignof(struct contention_worker), sizeof(*w));
	const struct point *p = point_of(shared);

	if (!w)
		return NULL;
	memset(w, 0, sizeof(*w));
	w->shared = shared;
	w->thread = thread;
	w->batch_ops = batch_ops;
	w->base = thread / p->group * p->group_step + thread % p->group * p->step;
	w->stride = p->stride;
	w->nr = p->nr;
	iommu_iotlb_gather_init(&w->gather);
	return w;
}

void contention_worker_free(struct contention_worker *w)
{
	free(w);
}
