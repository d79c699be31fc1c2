// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every error of the contract, for configurations and for operations, and that a refused call
 * changes nothing: ranges and unmaps in every variant, the others of 64-bit stage 1 with 4K
 * (test-formats has them of all).
 */
#include "support.h"

static const struct variant *s1_4k;

static void expect_cfg(enum io_pgtable_fmt fmt, struct io_pgtable_cfg cfg, int err)
{
	struct io_pgtable *iop;

	assert_int_equal(io_pgtable_check_cfg(fmt, &cfg), err);
	iop = alloc_io_pgtable(fmt, &cfg, NULL);
	assert_true(!iop == (err != 0));
	free_io_pgtable(iop);
}

static void test_cfg(void **state)
{
	struct io_pgtable_cfg good = config(s1_4k), cfg;

	expect_cfg(ARM_64_LPAE_S1, good, 0);
	assert_int_equal(io_pgtable_check_cfg(IO_PGTABLE_NUM_FMTS, &good), -EINVAL);
	assert_int_equal(io_pgtable_check_cfg((enum io_pgtable_fmt) - 1, &good), -EINVAL);
	assert_int_equal(io_pgtable_check_cfg(ARM_64_LPAE_S1, NULL), -EINVAL);
	assert_null(alloc_io_pgtable(ARM_64_LPAE_S1, NULL, NULL));
	assert_null(alloc_io_pgtable(IO_PGTABLE_NUM_FMTS, &good, NULL));

	cfg = good;
	cfg.quirks |= 1ul << 20;
	expect_cfg(ARM_64_LPAE_S1, cfg, -EOPNOTSUPP);
	cfg.quirks = IO_PGTABLE_QUIRK_ARM_NS;
	expect_cfg(ARM_64_LPAE_S1, cfg, 0);
	expect_cfg(ARM_64_LPAE_S2, cfg, -EOPNOTSUPP);
	cfg.quirks = IO_PGTABLE_QUIRK_ARM_TTBR1;
	expect_cfg(ARM_64_LPAE_S2, cfg, -EOPNOTSUPP);
	cfg.ias = 32;
	cfg.oas = 40;
	expect_cfg(ARM_32_LPAE_S1, cfg, -ERANGE); /* of all 32 bits nothing is left for TTBR1 */
	expect_cfg(ARM_32_LPAE_S2, cfg, -EOPNOTSUPP);
}

static void test_cfg_sizes(void **state)
{
	static const struct {
		uint64_t sizes;
		int err;
	} cases[] = {
		{ 0, -EINVAL },
		{ SZ_4K, 0 },
		{ SZ_2M | SZ_1G, 0 },
		{ SZ_32M, 0 },
		{ SZ_4K | SZ_16K, -EINVAL },
		{ SZ_4K | SZ_512M, -EINVAL },
		{ SZ_2M | SZ_32M, -EINVAL }, /* a group without its granule's page */
		{ SZ_16K | SZ_512M, -EINVAL },
		{ SZ_64K | SZ_32M, -EINVAL },
		{ SZ_64K | SZ_4T, -EINVAL }, /* needs a 52-bit oas */
		{ SZ_4K | 1ull << 39, -EINVAL },
		{ 1ull << 13, -EINVAL },
		{ 1, -EINVAL },
	};
	struct io_pgtable_cfg cfg = config(s1_4k);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		cfg.pgsize_bitmap = cases[i].sizes;
		expect_cfg(ARM_64_LPAE_S1, cfg, cases[i].err);
		expect_cfg(ARM_64_LPAE_S2, cfg, cases[i].err);
	}
	cfg.ias = 32;
	cfg.oas = 40;
	cfg.pgsize_bitmap = SZ_16K;
	expect_cfg(ARM_32_LPAE_S1, cfg, -EINVAL);
	cfg.pgsize_bitmap = SZ_64K | SZ_512M;
	expect_cfg(ARM_32_LPAE_S2, cfg, -EINVAL);
}

static void test_cfg_ranges(void **state)
{
	static const struct {
		enum io_pgtable_fmt fmt;
		uint64_t sizes;
		unsigned int ias, oas;
		int err;
	} cases[] = {
		{ ARM_64_LPAE_S1, SZ_4K, 31, 48, -ERANGE },
		{ ARM_64_LPAE_S1, SZ_4K, 0, 48, -ERANGE },
		{ ARM_64_LPAE_S1, SZ_4K, 64, 48, -ERANGE },
		{ ARM_64_LPAE_S1, SZ_4K, 49, 48, 0 },
		{ ARM_64_LPAE_S1, SZ_4K | SZ_512G, 48, 52, 0 },
		{ ARM_64_LPAE_S1, SZ_16K | SZ_64G, 52, 48, 0 },
		{ ARM_64_LPAE_S1, SZ_4K, 53, 52, -ERANGE },
		{ ARM_64_LPAE_S1, SZ_16K, 52, 53, -ERANGE },
		{ ARM_64_LPAE_S1, SZ_4K | SZ_512G, 48, 48, -EINVAL },
		{ ARM_64_LPAE_S1, SZ_16K | SZ_64G, 48, 48, -EINVAL },
		/* 32 tables at level 1 are too many, level 0 needs 52 bits of output. */
		{ ARM_64_LPAE_S2, SZ_16K, 52, 48, -ERANGE },
		{ ARM_64_LPAE_S2, SZ_16K, 52, 52, 0 },
		{ ARM_64_LPAE_S2, SZ_16K, 51, 48, 0 },
		{ ARM_64_LPAE_S2, SZ_4K, 52, 48, 0 },
		{ ARM_64_LPAE_S1, SZ_64K, 52, 52, 0 },
		{ ARM_64_LPAE_S1, SZ_64K | SZ_4T, 52, 52, 0 },
		{ ARM_64_LPAE_S1, SZ_64K, 53, 52, -ERANGE },
		{ ARM_64_LPAE_S1, SZ_4K, 48, 31, -ERANGE },
		{ ARM_64_LPAE_S1, SZ_4K, 33, 33, 0 },
		{ ARM_32_LPAE_S1, SZ_4K, 33, 40, -ERANGE },
		{ ARM_32_LPAE_S1, SZ_4K, 32, 41, -ERANGE },
		{ ARM_32_LPAE_S1, SZ_4K, 24, 40, -ERANGE },
		{ ARM_32_LPAE_S2, SZ_4K, 41, 40, -ERANGE },
		{ ARM_32_LPAE_S2, SZ_4K, 40, 40, 0 },
		/* No level 0 below 44 bits, and too many tables to concatenate at level 1. */
		{ ARM_64_LPAE_S2, SZ_4K, 44, 42, -ERANGE },
		{ ARM_64_LPAE_S2, SZ_4K, 43, 42, 0 },
		{ ARM_64_LPAE_S2, SZ_4K, 44, 44, 0 },
		{ ARM_64_LPAE_S2, SZ_16K, 41, 40, -ERANGE },
		{ ARM_64_LPAE_S2, SZ_16K, 40, 40, 0 },
		{ ARM_64_LPAE_S2, SZ_64K, 47, 42, -ERANGE },
		{ ARM_64_LPAE_S2, SZ_64K, 46, 42, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct io_pgtable_cfg cfg = config(s1_4k);

		cfg.pgsize_bitmap = cases[i].sizes;
		cfg.ias = cases[i].ias;
		cfg.oas = cases[i].oas;
		expect_cfg(cases[i].fmt, cfg, cases[i].err);
	}
}

/* A block of the whole input range has no level: it is taken out, and alone it is refused. */
static void test_cfg_whole_range(void **state)
{
	struct io_pgtable_cfg cfg = config(s1_4k);
	struct io_pgtable *iop;

	cfg.ias = 30;
	cfg.oas = 40;
	iop = alloc_io_pgtable(ARM_32_LPAE_S1, &cfg, NULL);
	assert_non_null(iop);
	assert_int_equal(cfg.pgsize_bitmap, SZ_4K | SZ_2M);
	assert_int_equal(io_pgtable_map(iop, 0, SZ_1G, SZ_1G, RW), 0);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_1G - 1), 2 * SZ_1G - 1);
	assert_int_equal(iop->ops->map_pages(iop, 0, 0, SZ_1G, 1, RW, NULL), -EINVAL);
	assert_int_equal(io_pgtable_validate(iop), 0);
	free_io_pgtable(iop);
	cfg.pgsize_bitmap = SZ_1G;
	expect_cfg(ARM_32_LPAE_S1, cfg, -ERANGE);
	cfg = config(find_variant("arm_64_lpae_s1/64K"));
	cfg.ias = 42;
	cfg.pgsize_bitmap = SZ_64K | SZ_4T;
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	assert_non_null(iop);
	assert_int_equal(cfg.pgsize_bitmap, SZ_64K);
	free_io_pgtable(iop);
}

/* Unmap by a block size what is a block here, a table there: all of it, up to the first hole. */
static void test_unmap_mixed(void **state)
{
	for (int coherent = 0; coherent < 2; coherent++) {
		struct io_pgtable_cfg cfg = config(s1_4k);
		struct io_pgtable *iop;

		cfg.coherent_walk = coherent;
		iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
		assert_int_equal(io_pgtable_map(iop, 0, 0, SZ_2M, RW), 0);
		assert_int_equal(io_pgtable_map(iop, SZ_2M, SZ_4K, SZ_2M, RW), 0);
		assert_int_equal(io_pgtable_map(iop, 2 * SZ_2M, 0, SZ_2M, RW), 0);
		assert_int_equal(iop->ops->unmap_pages(iop, 0, SZ_2M, 4, NULL), 3 * SZ_2M);
		assert_int_equal(io_pgtable_map(iop, 0, 0, SZ_2M, RW), 0);
		assert_int_equal(io_pgtable_map(iop, SZ_2M, SZ_4K, SZ_64K, RW), 0);
		assert_int_equal(iop->ops->unmap_pages(iop, 0, SZ_2M, 2, NULL), SZ_2M + SZ_64K);
		free_io_pgtable(iop);
	}
}

static void test_cfg_mem(void **state)
{
	struct io_pgtable_mem half = identity_mem;
	struct io_pgtable_cfg cfg = config(s1_4k);

	cfg.mem = &half;
	half.free = NULL;
	expect_cfg(ARM_64_LPAE_S1, cfg, -EINVAL);
	half = offset_mem;
	half.phys_to_virt = NULL;
	expect_cfg(ARM_64_LPAE_S1, cfg, -EINVAL);
	/* A table whose address does not fit a descriptor is refused, not truncated. */
	test_memory_reset();
	test_memory.pa_offset = 1ull << 49;
	half = offset_mem;
	assert_null(alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL));
	assert_int_equal(test_memory.live, 0);
	/* Nor is one beyond the physical size that is programmed. */
	test_memory.pa_offset = 0;
	cfg.oas = 36;
	assert_null(alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL));
	assert_int_equal(test_memory.live, 0);
}

static void test_absent_callbacks(void **state)
{
	static const struct iommu_gather_ops none;
	struct io_pgtable_cfg cfg = config(s1_4k);

	for (int i = 0; i < 4; i++) {
		struct io_pgtable *iop;

		cfg.tlb = i & 1 ? &none : NULL;
		cfg.coherent_walk = i & 2;
		iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
		assert_non_null(iop);
		assert_int_equal(io_pgtable_map(iop, 0, 0, SZ_1G, RW), 0);
		assert_int_equal(io_pgtable_unmap(iop, SZ_4K, SZ_4K, NULL), SZ_4K);
		assert_int_equal(io_pgtable_unmap(iop, SZ_2M, SZ_1G - SZ_2M, NULL), SZ_1G - SZ_2M);
		free_io_pgtable(iop);
	}
	free_io_pgtable(NULL);
}

struct map_case {
	uint64_t iova, pa;
	size_t pgsize, pgcount;
	int prot, err;
};

static void test_map_errors(void **state)
{
	static const struct map_case cases[] = {
		{ 0, 0, SZ_4K, 1, 0, -EINVAL },
		{ 0, 0, SZ_4K, 1, IOMMU_CACHE, -EINVAL },
		{ 0, 0, SZ_4K, 1, RW | 64, -EINVAL },
		{ 0, 0, SZ_4K, 1, -1, -EINVAL },
		{ 0, 0, SZ_4K, 0, RW, -EINVAL },
		{ 0, 0, 0, 1, RW, -EINVAL },
		{ 0, 0, SZ_64K, 1, RW, -EINVAL },
		{ 0, 0, SZ_4K | SZ_2M, 1, RW, -EINVAL },
		{ 42, 0, SZ_4K, 1, RW, -EINVAL },
		{ 0, 42, SZ_4K, 1, RW, -EINVAL },
		{ SZ_4K, 0, SZ_2M, 1, RW, -EINVAL },
		{ 0, SZ_4K, SZ_2M, 1, RW, -EINVAL },
		{ 1ull << 48, 0, SZ_4K, 1, RW, -ERANGE },
		{ (1ull << 48) - SZ_4K, 0, SZ_4K, 2, RW, -ERANGE },
		{ 0, 1ull << 48, SZ_4K, 1, RW, -ERANGE },
		{ 0, (1ull << 48) - SZ_4K, SZ_4K, 2, RW, -ERANGE },
		{ 0, 0, SZ_4K, 1ull << 37, RW, -ERANGE },
		{ 0, 0, SZ_4K, 1ull << 52, RW, -ERANGE },
		{ SZ_4K, 0, SZ_4K, SIZE_MAX, RW, -ERANGE },
		{ -SZ_4K, 0, SZ_4K, 1, RW, -ERANGE },
		{ -SZ_4K, 0, SZ_4K, 2, RW, -ERANGE },
		{ 0, -SZ_4K, SZ_4K, 2, RW, -ERANGE },
	};
	struct io_pgtable *iop = make_table(s1_4k);
	size_t bytes = io_pgtable_table_bytes(iop), mapped = 12345;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct map_case *c = &cases[i];

		assert_int_equal(iop->ops->map_pages(iop, c->iova, c->pa, c->pgsize, c->pgcount,
						     c->prot, &mapped),
				 c->err);
		assert_int_equal(mapped, 12345);
		assert_int_equal(io_pgtable_table_bytes(iop), bytes);
	}
	assert_int_equal(recorder.nr_events, 0);
	free_io_pgtable(iop);
}

/* The end of the input addresses, or of their positive half. */
static uint64_t input_end(const struct variant *v)
{
	return 1ull << (v->traits & SIGNS ? v->ias - 1 : v->ias);
}

/* In each variant, in its own units: errors of maps of map_pages are in test-formats. */
static void test_range_map_errors(void **state)
{
	for (size_t i = 0; i < NR_VARIANTS; i++) {
		const struct variant *v = &variants[i];
		uint64_t page = v->granule, end = input_end(v), out = 1ull << v->oas;
		const struct {
			uint64_t iova, pa, size;
			int prot, err;
		} cases[] = {
			{ 0, 0, 0, RW, -EINVAL },
			{ 0, 0, page + 1, RW, -EINVAL },
			{ 0, 0, page / 2, RW, -EINVAL },
			{ 1, 0, page, RW, -EINVAL },
			{ 0, page / 2, page, RW, -EINVAL },
			{ 0, 0, page, 0, -EINVAL },
			{ 0, 0, page, IOMMU_CACHE, -EINVAL },
			{ 0, 0, page, RW | 64, -EINVAL },
			{ 0, 0, end + page, RW, -ERANGE },
			{ end, 0, page, RW, -ERANGE },
			{ end - page, 0, 2 * page, RW, -ERANGE },
			{ -page, 0, 2 * page, RW, -ERANGE },
			{ page, 0, -page, RW, -ERANGE },
			{ 0, out, page, RW, -ERANGE },
			{ 0, out - page, 2 * page, RW, -ERANGE },
			/* In two steps, of which the first one alone would be good. */
			{ 0, out - table_span(v), table_span(v) + page, RW, -ERANGE },
			{ 0, -page, 2 * page, RW, -ERANGE },
		};
		struct io_pgtable *iop = make_table(v);
		size_t bytes = io_pgtable_table_bytes(iop);

		for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
			const struct io_pgtable_sg sg = { cases[c].pa, cases[c].size };

			assert_int_equal(io_pgtable_map(iop, cases[c].iova, cases[c].pa,
							cases[c].size, cases[c].prot),
					 cases[c].err);
			assert_int_equal(
				io_pgtable_map_sg(iop, cases[c].iova, &sg, 1, cases[c].prot),
				cases[c].err);
		}
		assert_int_equal(io_pgtable_map_sg(iop, 0, NULL, 0, RW), -EINVAL);
		assert_int_equal(io_pgtable_table_bytes(iop), bytes);
		assert_int_equal(recorder.nr_events, 0);
		free_io_pgtable(iop);
	}
}

/* Four pages from 0 on are mapped: none of these removes any. */
static void refuse_unmaps(struct io_pgtable *iop, const struct variant *v)
{
	uint64_t page = v->granule, end = input_end(v);

	assert_int_equal(iop->ops->unmap_pages(iop, 42, page, 1, NULL), 0);
	assert_int_equal(iop->ops->unmap_pages(iop, page / 2, page, 1, NULL), 0);
	assert_int_equal(iop->ops->unmap_pages(iop, 0, page, 0, NULL), 0);
	assert_int_equal(iop->ops->unmap_pages(iop, 0, 0, 1, NULL), 0);
	assert_int_equal(iop->ops->unmap_pages(iop, 0, page / 2, 2, NULL), 0);
	assert_int_equal(iop->ops->unmap_pages(iop, 0, 3 * page, 1, NULL), 0);
	assert_int_equal(iop->ops->unmap_pages(iop, 0, page, SIZE_MAX, NULL), 0);
	assert_int_equal(iop->ops->unmap_pages(iop, 0, page, end / page + 1, NULL), 0);
	assert_int_equal(iop->ops->unmap_pages(iop, end, page, 1, NULL), 0);
	assert_int_equal(iop->ops->unmap_pages(iop, -page, page, 2, NULL), 0);
	assert_int_equal(io_pgtable_unmap(iop, 0, 0, NULL), 0);
	assert_int_equal(io_pgtable_unmap(iop, 0, page + 1, NULL), 0);
	assert_int_equal(io_pgtable_unmap(iop, 1, page, NULL), 0);
	assert_int_equal(io_pgtable_unmap(iop, 0, end + page, NULL), 0);
	assert_int_equal(recorder.nr_events, 0);
	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(io_pgtable_iova_to_phys(iop, i * page), (4 + i) * page);
}

static void test_unmap_errors(void **state)
{
	for (size_t i = 0; i < NR_VARIANTS; i++) {
		const struct variant *v = &variants[i];
		struct io_pgtable *iop = make_table(v);
		uint64_t page = v->granule;

		assert_int_equal(io_pgtable_map(iop, 0, 4 * page, 4 * page, RW), 0);
		refuse_unmaps(iop, v);
		/* A hole at once, a hole later, and the pages beyond it untouched. */
		assert_int_equal(io_pgtable_unmap(iop, 4 * page, page, NULL), 0);
		assert_int_equal(io_pgtable_unmap(iop, 2 * table_span(v), page, NULL), 0);
		assert_int_equal(io_pgtable_unmap(iop, page, page, NULL), page);
		assert_int_equal(io_pgtable_unmap(iop, 0, 4 * page, NULL), page);
		assert_int_equal(io_pgtable_iova_to_phys(iop, 2 * page), 6 * page);
		assert_int_equal(io_pgtable_unmap(iop, 2 * page, 100 * page, NULL), 2 * page);
		free_io_pgtable(iop);
	}
}

/* Mapped stays mapped when map_pages fails; nothing stays when the range map does. */
static void test_partial_map(void **state)
{
	for (size_t i = 0; i < NR_VARIANTS; i++) {
		const struct variant *v = &variants[i];
		struct io_pgtable *iop = make_table(v);
		uint64_t page = v->granule, at = table_span(v), first = at - 8 * page;
		size_t mapped = page;

		assert_int_equal(io_pgtable_map(iop, at, 3 * at, page, RW), 0);
		assert_int_equal(iop->ops->map_pages(iop, first, page, page, 16, RW, &mapped),
				 -EEXIST);
		assert_int_equal(mapped, 9 * page);
		assert_int_equal(io_pgtable_iova_to_phys(iop, first), page);
		assert_int_equal(io_pgtable_iova_to_phys(iop, at - page), 8 * page);
		assert_int_equal(io_pgtable_unmap(iop, first, 8 * page, NULL), 8 * page);

		recorder_reset();
		assert_int_equal(io_pgtable_map(iop, first, 16 * page, 16 * page, RW), -EEXIST);
		for (uint64_t n = 0; n < 16; n++)
			assert_int_equal(io_pgtable_iova_to_phys(iop, first + n * page),
					 n == 8 ? 3 * at : 0);
		/* What had been mapped for a moment is invalidated. */
		assert_int_equal(recorder.count[EVENT_RANGE], 1);
		assert_int_equal(recorder.count[EVENT_SYNC], 1);
		assert_int_equal(io_pgtable_validate(iop), 0);
		free_io_pgtable(iop);
	}
}

/* Blocks into each other: every combination of what is there and what is asked for. */
static void test_exist(void **state)
{
	struct io_pgtable *iop = make_table(s1_4k);

	assert_int_equal(io_pgtable_map(iop, 0, 0, SZ_1G, RW), 0);
	assert_int_equal(io_pgtable_map(iop, 0, 0, SZ_1G, RW), -EEXIST);
	assert_int_equal(io_pgtable_map(iop, SZ_2M, 0, SZ_2M, RW), -EEXIST);
	assert_int_equal(io_pgtable_map(iop, SZ_2M + SZ_4K, 0, SZ_4K, RW), -EEXIST);
	assert_int_equal(io_pgtable_map(iop, SZ_1G + SZ_2M + SZ_4K, 0, SZ_4K, RW), 0);
	assert_int_equal(io_pgtable_map(iop, SZ_1G + SZ_2M, 0, SZ_2M, RW), -EEXIST);
	assert_int_equal(io_pgtable_map(iop, SZ_1G, 0, SZ_1G, RW), -EEXIST);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_1G + SZ_2M + SZ_4K + 3), 3);
	assert_int_equal(io_pgtable_iova_to_phys(iop, 7), 7);
	free_io_pgtable(iop);
}

/* The range map takes the largest blocks that both addresses allow. */
static void test_block_choice(void **state)
{
	struct io_pgtable *iop = make_table(s1_4k);
	size_t root = io_pgtable_table_bytes(iop);

	assert_int_equal(io_pgtable_map(iop, SZ_1G, SZ_1G, SZ_1G, RW), 0);
	assert_int_equal(io_pgtable_table_bytes(iop), root + SZ_4K);
	assert_int_equal(io_pgtable_unmap(iop, SZ_1G, SZ_1G, NULL), SZ_1G);
	/* 4K up to the next 2M, 2M blocks, 4K again: tables of levels 2, 3 and 3. */
	assert_int_equal(io_pgtable_map(iop, 4 * SZ_1G - SZ_2M - SZ_4K, SZ_1G - SZ_2M - SZ_4K,
					2 * SZ_2M + 2 * SZ_4K, RW),
			 0);
	assert_int_equal(io_pgtable_table_bytes(iop), root + 5 * SZ_4K);
	assert_int_equal(io_pgtable_iova_to_phys(iop, 4 * SZ_1G), SZ_1G);
	assert_int_equal(io_pgtable_iova_to_phys(iop, 4 * SZ_1G + SZ_2M + 5), SZ_1G + SZ_2M + 5);
	/* Not alike modulo 2M: pages only. */
	assert_int_equal(io_pgtable_map(iop, 8 * SZ_1G, SZ_4K, 2 * SZ_2M, RW), 0);
	assert_int_equal(io_pgtable_table_bytes(iop), root + 8 * SZ_4K);
	free_io_pgtable(iop);
}

static int setup(void **state)
{
	s1_4k = find_variant("arm_64_lpae_s1/4K");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cfg),
		cmocka_unit_test(test_cfg_sizes),
		cmocka_unit_test(test_cfg_ranges),
		cmocka_unit_test(test_cfg_whole_range),
		cmocka_unit_test(test_unmap_mixed),
		cmocka_unit_test(test_cfg_mem),
		cmocka_unit_test(test_absent_callbacks),
		cmocka_unit_test(test_map_errors),
		cmocka_unit_test(test_range_map_errors),
		cmocka_unit_test(test_unmap_errors),
		cmocka_unit_test(test_partial_map),
		cmocka_unit_test(test_exist),
		cmocka_unit_test(test_block_choice),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
