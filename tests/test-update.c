// SPDX-License-Identifier: GPL-2.0-only
/*
 * Permissions that change in place and what is recorded of writes: every variant against a plain
 * array, at random, with walkers that snoop and do not and with tables that are reclaimed;
 * hand-written descriptors; what is invalidated; every error; "hardware" that writes while another
 * thread reads and clears, and a neighbour that splits a block meanwhile.
 */
#include "io-pgtable-update.h"
#include "io-pgtable-walk.h"
#include "support.h"

#include <pthread.h>
#include <sched.h>

#define MAX_PAGES  16384 /* two tables of 64K */
#define OPERATIONS 3000
#define SPLITS	   200

struct page {
	bool mapped, dirty;
	int prot;
	uint64_t pa;
};

struct world {
	const struct variant *v;
	struct io_pgtable *iop;
	bool tracked, arm;
	uint64_t base, seed;
	size_t pages;
	struct page page[MAX_PAGES];
};

static unsigned long dirty_quirk(enum io_pgtable_fmt fmt)
{
	switch (fmt) {
	case ARM_64_LPAE_S1:
	case ARM_64_LPAE_S2:
		return IO_PGTABLE_QUIRK_ARM_HD;
	case AMD_IOMMU_V1:
	case AMD_IOMMU_V2:
	case INTEL_VTD_SS:
	case INTEL_VTD_FS:
	case RISCV_SV39:
	case RISCV_SV48:
	case RISCV_SV57:
	case RISCV_SV39X4:
	case RISCV_SV48X4:
	case RISCV_SV57X4:
		return IO_PGTABLE_QUIRK_DIRTY;
	default:
		return 0;
	}
}

static uint64_t iova_of(const struct world *w, size_t page)
{
	return w->base + page * w->v->granule;
}

/* What is recorded of a page that is mapped, or becomes writable. */
static bool begins_dirty(const struct world *w, int prot)
{
	return w->tracked && w->arm && (prot & IOMMU_WRITE);
}

static int random_prot(struct world *w)
{
	static const int prots[] = { RW, IOMMU_READ, RW | IOMMU_NOEXEC, IOMMU_READ | IOMMU_PRIV,
				     RW | IOMMU_PRIV };

	return prots[next_random(&w->seed) % ARRAY_SIZE(prots)];
}

static void pick(struct world *w, size_t *first, size_t *n)
{
	size_t table = table_entries(w->v);

	*first = next_random(&w->seed) % w->pages;
	*n = 1 + next_random(&w->seed) % 40;
	if (!(next_random(&w->seed) % 4)) {
		*first = *first / table * table;
		*n = table;
	}
	*n = *n < w->pages - *first ? *n : w->pages - *first;
}

static void map_some(struct world *w)
{
	uint64_t span = table_span(w->v), pa;
	int prot = random_prot(w);
	size_t first, n;

	pick(w, &first, &n);
	for (size_t i = 0; i < n; i++)
		if (w->page[first + i].mapped)
			return;
	pa = (1 + next_random(&w->seed) % 16) * 2 * span + first * w->v->granule;
	assert_int_equal(io_pgtable_map(w->iop, iova_of(w, first), pa, n * w->v->granule, prot), 0);
	for (size_t i = 0; i < n; i++)
		w->page[first + i] =
			(struct page){ true, begins_dirty(w, prot), prot, pa + i * w->v->granule };
}

static void unmap_some(struct world *w)
{
	size_t first, n, some = 0;

	pick(w, &first, &n);
	while (some < n && w->page[first + some].mapped)
		some++;
	assert_int_equal(io_pgtable_unmap(w->iop, iova_of(w, first), n * w->v->granule, NULL),
			 some * w->v->granule);
	memset(w->page + first, 0, some * sizeof(*w->page));
}

static void protect_page(const struct world *w, struct page *p, int prot)
{
	bool stays = (p->prot & IOMMU_WRITE) && (prot & IOMMU_WRITE);

	p->dirty = stays ? p->dirty : begins_dirty(w, prot);
	p->prot = prot;
}

static void protect_some(struct world *w)
{
	size_t first, n, some = 0, changed = 7;
	int prot = random_prot(w), err;

	pick(w, &first, &n);
	while (some < n && w->page[first + some].mapped)
		protect_page(w, &w->page[first + some++], prot);
	err = io_pgtable_protect(w->iop, iova_of(w, first), n * w->v->granule, prot, NULL,
				 &changed);
	assert_int_equal(err, some == n ? 0 : -ENOENT);
	assert_int_equal(changed, 7 + some * w->v->granule);
}

struct leaves {
	struct world *w;
	size_t first, n;
	bool set; /* or forget, if all of it is in the range */
};

static int on_leaf(const struct io_pgtable_walk_entry *e, void *ctx)
{
	struct leaves *l = ctx;
	size_t n = e->size / l->w->v->granule, at = (e->iova - l->w->base) / l->w->v->granule;

	if (e->kind != IO_PGTABLE_WALK_LEAF)
		return 0;
	if (!l->set && (at < l->first || at + n > l->first + l->n))
		return 0;
	for (size_t i = at; i < at + n; i++)
		l->w->page[i].dirty = l->set && (l->w->page[i].prot & IOMMU_WRITE);
	return 0;
}

static void over_leaves(struct world *w, size_t first, size_t n, bool set)
{
	struct leaves l = { w, first, n, set };

	assert_int_equal(io_pgtable_walk(w->iop, iova_of(w, first), n * w->v->granule, on_leaf, &l),
			 0);
}

static void set_some(struct world *w)
{
	size_t first, n;

	pick(w, &first, &n);
	over_leaves(w, first, n, true);
	assert_int_equal(io_pgtable_set_dirty(w->iop, iova_of(w, first), n * w->v->granule), 0);
}

/* What is read, the bits around it, and a second reading. */
static void read_some(struct world *w, unsigned int flags)
{
	static uint64_t bitmap[MAX_PAGES / 64 + 1];
	size_t first, n;

	pick(w, &first, &n);
	memset(bitmap, 0, sizeof(bitmap));
	assert_int_equal(io_pgtable_read_and_clear_dirty(w->iop, iova_of(w, first),
							 n * w->v->granule, flags, bitmap, NULL),
			 0);
	for (size_t i = 0; i < (n / 64 + 1) * 64; i++)
		assert_int_equal(bitmap[i / 64] >> i % 64 & 1, i < n && w->page[first + i].dirty);
	if (!flags)
		over_leaves(w, first, n, false);
}

static int check_leaf(const struct io_pgtable_walk_entry *e, void *ctx)
{
	struct world *w = ctx;
	size_t first = (e->iova - w->base) / w->v->granule, n = e->size / w->v->granule;

	for (size_t i = first; e->kind != IO_PGTABLE_WALK_TABLE && i < first + n; i++) {
		const struct page *p = &w->page[i];

		assert_int_equal(e->kind == IO_PGTABLE_WALK_LEAF, p->mapped);
		if (!p->mapped)
			continue;
		assert_int_equal(e->paddr + (i - first) * w->v->granule, p->pa);
		assert_int_equal(e->prot & RW, shown_prot(w->v, p->prot) & RW);
		assert_int_equal(e->prot & ~shown_prot(w->v, p->prot), 0);
	}
	return 0;
}

static void check(struct world *w)
{
	assert_int_equal(io_pgtable_validate(w->iop), 0);
	assert_int_equal(io_pgtable_walk(w->iop, w->base, w->pages * w->v->granule, check_leaf, w),
			 0);
}

static void step(struct world *w, unsigned int i)
{
	switch (next_random(&w->seed) % (w->tracked ? 7 : 3)) {
	case 0:
		map_some(w);
		break;
	case 1:
		unmap_some(w);
		break;
	case 2:
		protect_some(w);
		break;
	case 3:
		set_some(w);
		break;
	case 4:
		read_some(w, IO_PGTABLE_DIRTY_NO_CLEAR);
		break;
	default:
		read_some(w, 0);
	}
	if (!(i % 16))
		check(w);
}

static void run_random(const struct variant *v, bool tracked, bool coherent,
		       enum io_pgtable_reclaim reclaim)
{
	struct world *w = calloc(1, sizeof(*w));
	struct io_pgtable_cfg cfg = config(v);

	assert_non_null(w);
	cfg.quirks |= tracked ? dirty_quirk(v->fmt) : 0;
	cfg.coherent_walk = coherent;
	cfg.reclaim = reclaim;
	*w = (struct world){ .v = v, .tracked = tracked, .seed = 1 + v->ias + tracked };
	w->arm = dirty_quirk(v->fmt) == IO_PGTABLE_QUIRK_ARM_HD;
	w->pages = 2 * table_entries(v);
	w->base = canonical(v, (1ull << v->ias) - w->pages * v->granule);
	w->iop = alloc_io_pgtable(v->fmt, &cfg, NULL);
	assert_non_null(w->iop);
	for (unsigned int i = 0; i < test_fewer(OPERATIONS); i++)
		step(w, i);
	check(w);
	free_io_pgtable(w->iop);
	free(w);
}

static void test_random(void **state)
{
	for (size_t i = 0; i < NR_VARIANTS; i++) {
		const struct variant *v = &variants[i];
		bool tracked = dirty_quirk(v->fmt);

		run_random(v, false, true, IO_PGTABLE_RECLAIM_NEVER);
		if (v->traits & SNOOPS)
			continue;
		run_random(v, tracked, true, IO_PGTABLE_RECLAIM_NEVER);
		run_random(v, false, false, IO_PGTABLE_RECLAIM_NEVER);
		if (v->traits & NO_RECLAIM)
			continue;
		run_random(v, tracked, true, IO_PGTABLE_RECLAIM_ON_SYNC);
		run_random(v, false, false, IO_PGTABLE_RECLAIM_ON_TRIM);
	}
}

static int keep_leaf(const struct io_pgtable_walk_entry *e, void *ctx)
{
	if (e->kind == IO_PGTABLE_WALK_LEAF)
		*(struct io_pgtable_walk_entry *)ctx = *e;
	return 0;
}

static struct io_pgtable_walk_entry leaf_at(struct io_pgtable *iop, uint64_t iova)
{
	struct io_pgtable_walk_entry e = { 0 };

	assert_int_equal(io_pgtable_walk(iop, iova, 1, keep_leaf, &e), 0);
	return e;
}

/* A page, RW, at 0x123456000 (or its like in 16K); the bits of the two states by hand. */
static void test_vectors(void **state)
{
	static const struct {
		const char *name;
		uint64_t not_written, written, read_only;
	} vector[] = {
		/* DDI0487 D8.3, FEAT_HAFDBS: DBM 51, AP[2] 7 */
		{ "arm_64_lpae_s1/4K", 0x8000123456ec3, 0x8000123456e43, 0x123456ec3 },
		/* DBM 51, S2AP[1] 7 */
		{ "arm_64_lpae_s2/4K", 0x8000123456657, 0x80001234566d7, 0x123456657 },
		/* AMD 24593 5.4: D 6 */
		{ "amd_iommu_v2/4", 0x123456027, 0x123456067, 0x123456025 },
		{ "intel_vtd_fs/4", 0x123456027, 0x123456067, 0x123456025 },
		/* VT-d, second stage: A 8, D 9; 10 is the library's */
		{ "intel_vtd_ss/4", 0x123456503, 0x123456703, 0x123456501 },
		/* Privileged architecture, Sv39: D 7, PPN from bit 10 on */
		{ "riscv_sv39", 0x48d1585f, 0x48d158df, 0x48d1585b },
		{ "riscv_sv39x4", 0x48d1585f, 0x48d158df, 0x48d1585b },
	};

	for (size_t i = 0; i < ARRAY_SIZE(vector); i++) {
		const struct variant *v = find_variant(vector[i].name);
		struct io_pgtable_cfg cfg = config(v);
		struct io_pgtable *iop;
		size_t changed = 0;
		uint64_t bits = 0;

		cfg.quirks |= dirty_quirk(v->fmt);
		iop = alloc_io_pgtable(v->fmt, &cfg, NULL);
		assert_int_equal(io_pgtable_map(iop, SZ_4K, 0x123456000, SZ_4K, RW), 0);
		assert_int_equal(io_pgtable_read_and_clear_dirty(iop, SZ_4K, SZ_4K, 0, &bits, NULL),
				 0);
		assert_int_equal(leaf_at(iop, SZ_4K).desc, vector[i].not_written);
		assert_int_equal(io_pgtable_set_dirty(iop, SZ_4K, SZ_4K), 0);
		assert_int_equal(leaf_at(iop, SZ_4K).desc, vector[i].written);
		assert_int_equal(io_pgtable_protect(iop, SZ_4K, SZ_4K, IOMMU_READ, NULL, &changed),
				 0);
		assert_int_equal(leaf_at(iop, SZ_4K).desc, vector[i].read_only);
		free_io_pgtable(iop);
	}
}

static void test_registers(void **state)
{
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K")), with = cfg;
	struct io_pgtable *iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	struct io_pgtable *iop_with;

	with.quirks |= IO_PGTABLE_QUIRK_ARM_HD;
	iop_with = alloc_io_pgtable(ARM_64_LPAE_S1, &with, NULL);
	/* TCR_EL1.HA 39, HD 40 */
	assert_int_equal(cfg.arm_lpae_s1_cfg.tcr ^ with.arm_lpae_s1_cfg.tcr, 3ull << 39);
	free_io_pgtable(iop);
	free_io_pgtable(iop_with);
	cfg = with = config(find_variant("arm_64_lpae_s2/4K"));
	with.quirks |= IO_PGTABLE_QUIRK_ARM_HD;
	iop = alloc_io_pgtable(ARM_64_LPAE_S2, &cfg, NULL);
	iop_with = alloc_io_pgtable(ARM_64_LPAE_S2, &with, NULL);
	/* VTCR_EL2.HA 21, HD 22 */
	assert_int_equal(cfg.arm_lpae_s2_cfg.vtcr ^ with.arm_lpae_s2_cfg.vtcr, 3ull << 21);
	free_io_pgtable(iop);
	free_io_pgtable(iop_with);
}

/* Never a page more than changed, as leaves, and synced once. */
static void test_invalidation(void **state)
{
	const struct variant *v = find_variant("intel_vtd_ss/4");
	struct io_pgtable_cfg cfg = config(v);
	struct iommu_iotlb_gather gather;
	uint64_t bitmap[3] = { 0 };
	struct io_pgtable *iop;
	size_t changed = 0;

	cfg.quirks |= IO_PGTABLE_QUIRK_DIRTY;
	iop = alloc_io_pgtable(v->fmt, &cfg, NULL);
	assert_int_equal(io_pgtable_map(iop, 0, SZ_1G + SZ_4K, 150 * SZ_4K, RW), 0);
	assert_int_equal(io_pgtable_set_dirty(iop, 3 * SZ_4K, 3 * SZ_4K), 0);
	assert_int_equal(io_pgtable_set_dirty(iop, 60 * SZ_4K, 10 * SZ_4K), 0);
	recorder_reset();
	assert_int_equal(io_pgtable_read_and_clear_dirty(iop, SZ_4K, 140 * SZ_4K, 0, bitmap, NULL),
			 0);
	assert_int_equal(bitmap[0], 7ull << 2 | 31ull << 59);
	assert_int_equal(bitmap[1], 31);
	assert_int_equal(recorder.count[EVENT_RANGE], 2);
	assert_int_equal(recorder.count[EVENT_SYNC], 1);
	assert_int_equal(recorded(0, EVENT_RANGE)->iova, 3 * SZ_4K);
	assert_int_equal(recorded(0, EVENT_RANGE)->size, 3 * SZ_4K);
	assert_true(recorded(0, EVENT_RANGE)->leaf);
	assert_int_equal(recorded(1, EVENT_RANGE)->iova, 60 * SZ_4K);
	assert_int_equal(recorded(1, EVENT_RANGE)->size, 10 * SZ_4K);
	recorder_reset();
	assert_int_equal(io_pgtable_read_and_clear_dirty(iop, 0, 150 * SZ_4K, 0, bitmap, NULL), 0);
	assert_int_equal(recorder.count[EVENT_RANGE], 0);
	iommu_iotlb_gather_init(&gather);
	assert_int_equal(io_pgtable_protect(iop, 0, 20 * SZ_4K, IOMMU_READ, &gather, &changed), 0);
	assert_int_equal(recorder.count[EVENT_RANGE], 0);
	io_pgtable_sync(iop, &gather);
	assert_int_equal(recorder.count[EVENT_RANGE], 1);
	assert_int_equal(recorded(0, EVENT_RANGE)->size, 20 * SZ_4K);
	assert_int_equal(recorder.count[EVENT_SYNC], 1);
	free_io_pgtable(iop);
}

static void test_errors(void **state)
{
	const struct variant *v = find_variant("arm_64_lpae_s1/4K");
	struct io_pgtable_cfg cfg = config(v);
	struct io_pgtable *iop;
	uint64_t bits = 0;
	size_t n = 0;

	test_memory_reset();
	cfg.quirks |= IO_PGTABLE_QUIRK_ARM_HD;
	cfg.mem = &identity_mem;
	iop = alloc_io_pgtable(v->fmt, &cfg, NULL);
	assert_int_equal(io_pgtable_map(iop, 0, 0, SZ_2M, RW), 0);
	assert_int_equal(io_pgtable_protect(iop, 1, SZ_4K, RW, NULL, &n), -EINVAL);
	assert_int_equal(io_pgtable_protect(iop, 0, 0, RW, NULL, &n), -EINVAL);
	assert_int_equal(io_pgtable_protect(iop, 0, SZ_4K - 1, RW, NULL, &n), -EINVAL);
	assert_int_equal(io_pgtable_protect(iop, 0, SZ_2M, 0, NULL, &n), -EINVAL);
	assert_int_equal(io_pgtable_protect(iop, 0, SZ_2M, 1 << 6, NULL, &n), -EINVAL);
	assert_int_equal(io_pgtable_protect(iop, 0, SZ_2M, RW | IOMMU_CACHE, NULL, &n), -EINVAL);
	assert_int_equal(io_pgtable_protect(iop, 1ull << 48, SZ_4K, RW, NULL, &n), -ERANGE);
	assert_int_equal(io_pgtable_protect(iop, 0, ~0ull & ~(SZ_4K - 1), RW, NULL, &n), -ERANGE);
	test_memory.fail_at = 1;
	assert_int_equal(io_pgtable_protect(iop, 0, SZ_4K, IOMMU_READ, NULL, &n), -ENOMEM);
	assert_int_equal(n, 0);
	assert_int_equal(io_pgtable_read_and_clear_dirty(iop, 0, SZ_4K, 2, &bits, NULL), -EINVAL);
	assert_int_equal(io_pgtable_read_and_clear_dirty(iop, 0, 1, 0, &bits, NULL), -EINVAL);
	assert_int_equal(io_pgtable_read_and_clear_dirty(iop, 1ull << 48, SZ_4K, 0, &bits, NULL),
			 -ERANGE);
	/* Only part of the block is asked for: it says so, and goes on being so. */
	for (int again = 0; again < 2; again++) {
		bits = 0;
		assert_int_equal(
			io_pgtable_read_and_clear_dirty(iop, SZ_4K, 2 * SZ_4K, 0, &bits, NULL), 0);
		assert_int_equal(bits, 3);
	}
	assert_int_equal(io_pgtable_validate(iop), 0);
	free_io_pgtable(iop);
	assert_int_equal(test_memory.live, 0);

	cfg = config(v);
	cfg.quirks |= IO_PGTABLE_QUIRK_NO_SPLIT;
	iop = alloc_io_pgtable(v->fmt, &cfg, NULL);
	assert_int_equal(io_pgtable_map(iop, 0, 0, SZ_2M, RW), 0);
	assert_int_equal(io_pgtable_protect(iop, 0, SZ_4K, IOMMU_READ, NULL, &n), -EBUSY);
	assert_int_equal(io_pgtable_read_and_clear_dirty(iop, 0, SZ_4K, 0, &bits, NULL),
			 -EOPNOTSUPP);
	assert_int_equal(io_pgtable_set_dirty(iop, 0, SZ_4K), -EOPNOTSUPP);
	free_io_pgtable(iop);
	cfg = config(v);
	cfg.quirks |= IO_PGTABLE_QUIRK_DIRTY;
	assert_int_equal(io_pgtable_check_cfg(v->fmt, &cfg), -EOPNOTSUPP);
	/* A line that is cleaned would take back what hardware wrote. */
	for (size_t i = 0; i < NR_VARIANTS; i++) {
		cfg = config(&variants[i]);
		cfg.quirks |= dirty_quirk(variants[i].fmt);
		cfg.coherent_walk = false;
		if (dirty_quirk(variants[i].fmt))
			assert_int_equal(io_pgtable_check_cfg(variants[i].fmt, &cfg), -EOPNOTSUPP);
	}
}

/* A split where the range begins at the first input address, which is also the number 0. */
static void test_splits_at_zero(void **state)
{
	for (size_t i = 0; i < NR_VARIANTS; i++) {
		const struct variant *v = &variants[i];
		uint64_t table = table_span(v);
		uint64_t base = v->traits & SIGNS ? canonical(v, 1ull << (v->ias - 1)) : 0;
		struct io_pgtable *iop = make_table(v);
		size_t changed = 0;

		assert_int_equal(io_pgtable_map(iop, base, table, table, RW), 0);
		assert_int_equal(
			io_pgtable_protect(iop, base, v->granule, IOMMU_READ, NULL, &changed), 0);
		assert_int_equal(changed, v->granule);
		assert_int_equal(leaf_at(iop, base).prot & RW, shown_prot(v, IOMMU_READ));
		assert_int_equal(leaf_at(iop, base + v->granule).prot & RW, RW);
		free_io_pgtable(iop);
	}
}

/* Each page is written once or more, in an order of its own; whoever reads finds every one. */
#define HW_PAGES 1000

static void *hardware(void *arg)
{
	uint64_t seed = 9;

	for (unsigned int i = 0; i < HW_PAGES * 8; i++) {
		uint64_t page = i < HW_PAGES ? i : next_random(&seed) % HW_PAGES;

		assert_int_equal(io_pgtable_set_dirty(arg, page * SZ_4K, SZ_4K), 0);
	}
	return NULL;
}

static void test_while_hardware_writes(void **state)
{
	static const char *const names[] = { "arm_64_lpae_s1/4K", "riscv_sv48" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct variant *v = find_variant(names[i]);
		struct io_pgtable_cfg cfg = config(v);
		uint64_t bitmap[HW_PAGES / 64 + 1] = { 0 };
		struct io_pgtable *iop;
		pthread_t thread;

		cfg.tlb = NULL;
		cfg.quirks |= dirty_quirk(v->fmt);
		iop = alloc_io_pgtable(v->fmt, &cfg, NULL);
		assert_int_equal(io_pgtable_map(iop, 0, SZ_1G + SZ_4K, HW_PAGES * SZ_4K, RW), 0);
		assert_int_equal(
			io_pgtable_read_and_clear_dirty(iop, 0, HW_PAGES * SZ_4K, 0, bitmap, NULL),
			0);
		memset(bitmap, 0, sizeof(bitmap));
		assert_int_equal(pthread_create(&thread, NULL, hardware, iop), 0);
		for (unsigned int k = 0; k < 200; k++)
			assert_int_equal(io_pgtable_read_and_clear_dirty(iop, 0, HW_PAGES * SZ_4K,
									 0, bitmap, NULL),
					 0);
		pthread_join(thread, NULL);
		assert_int_equal(
			io_pgtable_read_and_clear_dirty(iop, 0, HW_PAGES * SZ_4K, 0, bitmap, NULL),
			0);
		for (unsigned int page = 0; page < HW_PAGES; page++)
			assert_true(bitmap[page / 64] >> page % 64 & 1);
		free_io_pgtable(iop);
	}
}

/*
 * The second half of a block is unmapped, which splits it, while the first is written to and read:
 * from when the split's mark stands where the block was, until some time after it.
 */
static struct {
	struct io_pgtable *iop;
	/* Of the splits: which one may begin, has begun, is looked at, has ended. */
	unsigned int turn, marked, seen, done;
} neighbour;

static void wait_for(const unsigned int *turn, unsigned int i)
{
	while (__atomic_load_n(turn, __ATOMIC_ACQUIRE) < i)
		sched_yield();
}

static void spin(uint64_t times)
{
	for (volatile uint64_t i = 0; i < times; i++)
		;
}

static void on_split(void *cookie)
{
	unsigned int i = __atomic_load_n(&neighbour.turn, __ATOMIC_RELAXED);

	__atomic_store_n(&neighbour.marked, i, __ATOMIC_RELEASE);
	wait_for(&neighbour.seen, i);
	spin(2000);
}

static const struct iommu_gather_ops split_driver = { .tlb_sync = on_split };

static void *split(void *arg)
{
	for (unsigned int i = 1; i <= SPLITS; i++) {
		wait_for(&neighbour.turn, i);
		io_pgtable_unmap(neighbour.iop, SZ_2M / 2, SZ_2M / 2, NULL);
		__atomic_store_n(&neighbour.done, i, __ATOMIC_RELEASE);
	}
	return NULL;
}

static void test_while_a_neighbour_splits(void **state)
{
	const struct variant *v = find_variant("intel_vtd_ss/4");
	struct io_pgtable_cfg cfg = config(v);
	uint64_t seed = 3;
	pthread_t thread;

	cfg.tlb = &split_driver;
	cfg.quirks |= IO_PGTABLE_QUIRK_DIRTY;
	assert_int_equal(pthread_create(&thread, NULL, split, NULL), 0);
	for (unsigned int i = 1; i <= SPLITS; i++) {
		struct io_pgtable *iop = alloc_io_pgtable(v->fmt, &cfg, NULL);
		uint64_t bitmap[4] = { 0 };

		neighbour.iop = iop;
		assert_int_equal(io_pgtable_map(iop, 0, SZ_1G, SZ_2M, RW), 0);
		__atomic_store_n(&neighbour.turn, i, __ATOMIC_RELEASE);
		wait_for(&neighbour.marked, i);
		__atomic_store_n(&neighbour.seen, i, __ATOMIC_RELEASE);
		spin(next_random(&seed) % 3000);
		assert_int_equal(io_pgtable_set_dirty(iop, 0, SZ_2M / 2), 0);
		assert_int_equal(
			io_pgtable_read_and_clear_dirty(iop, 0, SZ_2M / 2, 0, bitmap, NULL), 0);
		for (int word = 0; word < 4; word++)
			assert_true(!~bitmap[word]);
		wait_for(&neighbour.done, i);
		assert_int_equal(io_pgtable_validate(iop), 0);
		free_io_pgtable(iop);
	}
	pthread_join(thread, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_registers),
		cmocka_unit_test(test_invalidation),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_splits_at_zero),
		cmocka_unit_test(test_while_hardware_writes),
		cmocka_unit_test(test_while_a_neighbour_splits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
