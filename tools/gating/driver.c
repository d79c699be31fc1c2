// SPDX-License-Identifier: GPL-2.0-only
/*
 * driver: the cases of the gate, on the library that this file is linked with. See driver.h.
 *
 * Uses no more of the library than what a driver calls, so that this file also compiles against the
 * headers of older revisions. Invariants: every case ends with the table as it began; a run is only
 * calls of the library, through iop->ops where a driver goes through it, and a sum of what they
 * return; the callbacks are out of the compiler's sight of the loops.
 */
#include "driver.h"

#include <stdbool.h>
#include <stdlib.h>

#include "io-pgtable.h"

#define VISIBLE __attribute__((visibility("default")))
#define KIB(n)	((uint64_t)(n) << 10)
#define MIB(n)	((uint64_t)(n) << 20)

enum {
	LEAF = 512,	/* entries of a table */
	TRANSLATED = 8, /* leaf tables that translate looks into */
	CALLS_PER_SYNC = 16,
	RW = IOMMU_READ | IOMMU_WRITE,
};

static const uint64_t BASE = 1ull << 40, PA_FLIP = 1ull << 47;

struct state {
	struct io_pgtable *iop;
	struct iommu_iotlb_gather gather;
	const struct gate_case *c;
	uint64_t operations; /* since it was opened: where the next run goes on */
};

/**
 * struct gate_case - a row of the table below
 * @name: for the report
 * @mapped: leaf tables that are full from open to close; the operations are behind them
 * @run: the operations
 */
struct gate_case {
	const char *name;
	unsigned int mapped;
	uint64_t (*run)(struct state *s, uint64_t from, uint64_t operations);
};

struct counts {
	uint64_t syncs;
	uint64_t bytes;
};

static struct counts counts;

static void sync_all(void *cookie)
{
	counts.syncs++;
}

static void add_flush(uint64_t iova, size_t size, bool leaf, void *cookie)
{
	counts.bytes += size;
}

static void add_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf, void *cookie)
{
	counts.bytes += size;
}

static const struct iommu_gather_ops callbacks = {
	.tlb_flush_all = sync_all,
	.tlb_add_flush = add_flush,
	.tlb_sync = sync_all,
	.tlb_add_range = add_range,
};

static inline size_t map_run(struct io_pgtable *iop, uint64_t iova, size_t pgsize, size_t pgcount)
{
	size_t mapped = 0;

	iop->ops->map_pages(iop, iova, iova ^ PA_FLIP, pgsize, pgcount, RW, &mapped);
	return mapped;
}

/* Pairs of a run of pages in a leaf table that stays, as its first page is not in any of them. */
static inline uint64_t pairs(struct state *s, uint64_t from, uint64_t operations, size_t pgsize,
			     size_t pgcount, uint64_t places)
{
	struct io_pgtable *iop = s->iop;
	uint64_t sum = 0;

	for (uint64_t i = from; i < from + operations; i++) {
		uint64_t iova = BASE + (i % places + 1) * pgcount * pgsize;

		sum += map_run(iop, iova, pgsize, pgcount);
		sum += iop->ops->unmap_pages(iop, iova, pgsize, pgcount, NULL);
	}
	return sum;
}

static uint64_t run_page(struct state *s, uint64_t from, uint64_t operations)
{
	return pairs(s, from, operations, KIB(4), 1, LEAF - 1);
}

static uint64_t run_pages(struct state *s, uint64_t from, uint64_t operations)
{
	return pairs(s, from, operations, KIB(4), 64, LEAF / 64 - 1);
}

static uint64_t run_block(struct state *s, uint64_t from, uint64_t operations)
{
	return pairs(s, from, operations, MIB(2), 1, LEAF - 1);
}

/* Whole leaf tables: made, and released by a sync after every few. */
static uint64_t run_table(struct state *s, uint64_t from, uint64_t operations)
{
	struct io_pgtable *iop = s->iop;
	uint64_t sum = 0;

	for (uint64_t i = 0; i < operations; i++) {
		uint64_t iova = BASE + (i % CALLS_PER_SYNC + 1) * MIB(2);

		sum += map_run(iop, iova, KIB(4), LEAF);
		sum += iop->ops->unmap_pages(iop, iova, KIB(4), LEAF, &s->gather);
		if (i % CALLS_PER_SYNC == CALLS_PER_SYNC - 1)
			io_pgtable_sync(iop, &s->gather);
	}
	io_pgtable_sync(iop, &s->gather);
	return sum;
}

/* A block and a page, of any length that comes: the entry that picks the sizes itself. */
static uint64_t run_range(struct state *s, uint64_t from, uint64_t operations)
{
	const size_t bytes = MIB(2) + KIB(4);
	uint64_t sum = 0;

	for (uint64_t i = from; i < from + operations; i++) {
		uint64_t iova = BASE + (i % 32 + 1) * MIB(4);

		sum += (uint64_t)io_pgtable_map(s->iop, iova, iova ^ PA_FLIP, bytes, RW);
		sum += io_pgtable_unmap(s->iop, iova, bytes, NULL);
	}
	return sum;
}

/* Not in order, each page as often as any other. */
static uint64_t run_translate(struct state *s, uint64_t from, uint64_t operations)
{
	struct io_pgtable *iop = s->iop;
	uint64_t sum = 0;

	for (uint64_t i = from; i < from + operations; i++) {
		uint64_t page = i * 1237 % ((uint64_t)TRANSLATED * LEAF);

		sum += iop->ops->iova_to_phys(iop, BASE + page * KIB(4) + 8) != 0;
	}
	return sum;
}

static const struct gate_case cases[] = {
	{ "pair/size:4K/batch:1", 0, run_page },
	{ "pair/size:4K/batch:64", 0, run_pages },
	{ "pair/size:2M/batch:1", 1, run_block },
	{ "pair/size:4K/batch:512/flush:queued", 1, run_table },
	{ "pair/range:2M+4K", 1, run_range },
	{ "iova_to_phys/size:4K", TRANSLATED, run_translate },
};

static const char *driver_name(uint32_t i)
{
	return cases[i].name;
}

static void driver_close(void *state)
{
	struct state *s = state;

	free_io_pgtable(s->iop);
	free(s);
}

static bool fill(struct state *s)
{
	for (unsigned int t = 0; t < s->c->mapped; t++)
		if (map_run(s->iop, BASE + t * MIB(2), KIB(4), LEAF) != MIB(2))
			return false;
	/* The page that keeps the leaf table. */
	return s->c->mapped || map_run(s->iop, BASE, KIB(4), 1) == KIB(4);
}

static void *driver_open(uint32_t i)
{
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap = KIB(4) | MIB(2) | MIB(1024),
		.ias = 48,
		.oas = 48,
		.coherent_walk = true,
		.tlb = &callbacks,
	};
	struct state *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->c = &cases[i];
	iommu_iotlb_gather_init(&s->gather);
	s->iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	if (!s->iop) {
		free(s);
		return NULL;
	}
	if (!fill(s)) {
		driver_close(s);
		return NULL;
	}
	return s;
}

#ifdef GATE_PLANT
static uint64_t delay_rounds;

static void driver_delay(uint64_t rounds)
{
	delay_rounds = rounds;
}

static void after_run(void)
{
	for (uint64_t i = 0; i < delay_rounds; i++)
		__asm__ volatile("" : "+r"(i));
}

#define DELAY driver_delay
#else
static inline void after_run(void)
{
}

#define DELAY NULL
#endif

static uint64_t driver_run(void *state, uint64_t operations)
{
	struct state *s = state;
	uint64_t sum = s->c->run(s, s->operations, operations);

	s->operations += operations;
	after_run();
	return sum;
}

static const struct gate_driver driver = {
	.abi = GATE_DRIVER_ABI,
	.cases = sizeof(cases) / sizeof(cases[0]),
	.name = driver_name,
	.open = driver_open,
	.run = driver_run,
	.close = driver_close,
	.delay = DELAY,
};

VISIBLE const struct gate_driver *gate_driver(void)
{
	return &driver;
}
