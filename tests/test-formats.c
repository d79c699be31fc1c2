// SPDX-License-Identifier: GPL-2.0-only
/*
 * The contract for every format and granule of the one table in support.c: what each configuration
 * and each map refuses, permissions that a format cannot express, both halves of a sign-extended
 * address space, and trees that come and go at the edges of the input range.
 */
#include "support.h"

static uint64_t last_page(const struct variant *v)
{
	return canonical(v, (1ull << v->ias) - v->granule);
}

static void test_configurations(void **state)
{
	static const struct {
		enum io_pgtable_fmt fmt;
		uint64_t sizes;
		unsigned int ias, oas;
		int err;
	} cases[] = {
		{ ARM_MALI_LPAE, SZ_4K, 49, 40, -ERANGE },
		{ ARM_MALI_LPAE, SZ_4K, 48, 41, -ERANGE },
		{ ARM_MALI_LPAE, SZ_16K, 48, 40, -EINVAL },
		{ APPLE_DART, SZ_4K, 33, 36, -ERANGE },
		{ APPLE_DART, SZ_16K, 37, 36, -ERANGE },
		{ APPLE_DART, SZ_16K, 36, 42, -ERANGE },
		{ APPLE_DART, SZ_4K | SZ_16K, 32, 36, -EINVAL },
		{ APPLE_DART2, SZ_4K, 32, 42, -EINVAL },
		{ APPLE_DART2, SZ_16K, 39, 42, -ERANGE },
		{ APPLE_DART2, SZ_16K, 36, 36, 0 },
		{ APPLE_DART2, SZ_16K, 37, 36, -ERANGE },
		{ APPLE_DART2, SZ_16K, 36, 40, -ERANGE },
		{ AMD_IOMMU_V2, SZ_4K, 47, 48, -ERANGE },
		{ AMD_IOMMU_V2, SZ_4K, 49, 48, -ERANGE },
		{ AMD_IOMMU_V2, SZ_4K, 58, 48, -ERANGE },
		{ AMD_IOMMU_V2, SZ_4K, 48, 53, -ERANGE },
		{ AMD_IOMMU_V2, SZ_4K, 48, 31, -ERANGE },
		{ AMD_IOMMU_V2, SZ_4K | SZ_16K, 48, 48, -EINVAL },
		{ AMD_IOMMU_V2, SZ_512G, 48, 48, -EINVAL },
		{ AMD_IOMMU_V2, 0, 48, 48, -EINVAL },
		{ INTEL_VTD_FS, SZ_2M | SZ_1G, 57, 52, 0 },
		{ INTEL_VTD_FS, SZ_4K, 0, 52, -ERANGE },
		{ INTEL_VTD_SS, SZ_4K, 29, 48, -ERANGE },
		{ INTEL_VTD_SS, SZ_4K, 58, 48, -ERANGE },
		{ INTEL_VTD_SS, SZ_4K, 64, 48, -ERANGE },
		{ INTEL_VTD_SS, SZ_1G, 30, 48, -ERANGE }, /* all of the input range */
		{ INTEL_VTD_SS, SZ_1G, 31, 48, 0 },
		{ RISCV_SV39, SZ_4K, 38, 48, -ERANGE },
		{ RISCV_SV39, SZ_512G, 39, 48, -EINVAL },
		{ RISCV_SV48, SZ_4K, 39, 48, -ERANGE },
		{ RISCV_SV48, SZ_512G, 48, 48, 0 },
		{ RISCV_SV48, SZ_256T, 48, 48, -EINVAL },
		{ RISCV_SV57, SZ_256T, 57, 57, -ERANGE },
		{ RISCV_SV57, SZ_256T, 57, 56, 0 },
		{ RISCV_SV39X4, SZ_4K, 42, 48, -ERANGE },
		{ RISCV_SV48X4, SZ_4K, 51, 48, -ERANGE },
		{ RISCV_SV57X4, SZ_4K, 60, 48, -ERANGE },
		{ RISCV_SV57X4, SZ_4K, 31, 48, -ERANGE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct io_pgtable_cfg cfg = {
			.pgsize_bitmap = cases[i].sizes,
			.ias = cases[i].ias,
			.oas = cases[i].oas,
			.coherent_walk = true,
		};
		struct io_pgtable *iop = alloc_io_pgtable(cases[i].fmt, &cfg, NULL);

		assert_true(!iop == (cases[i].err != 0));
		assert_int_equal(io_pgtable_check_cfg(cases[i].fmt, &cfg), cases[i].err);
		free_io_pgtable(iop);
	}
}

/* What DART, and of it ARMv7, has no bits for. */
static void test_bare(void **state)
{
	for (size_t i = 0; i < NR_VARIANTS; i++) {
		struct io_pgtable_cfg cfg = config(&variants[i]);
		int err = variants[i].traits & SNOOPS ? -EOPNOTSUPP : 0;

		cfg.coherent_walk = false;
		assert_int_equal(io_pgtable_check_cfg(variants[i].fmt, &cfg), err);
		err = variants[i].traits & NO_RECLAIM ? -EOPNOTSUPP : 0;
		cfg.coherent_walk = true;
		cfg.reclaim = IO_PGTABLE_RECLAIM_ON_SYNC;
		assert_int_equal(io_pgtable_check_cfg(variants[i].fmt, &cfg), err);
	}
}

#define F(fmt)	    (1u << (fmt))
#define ALL_FORMATS (F(IO_PGTABLE_NUM_FMTS) - 1)
#define RISCV_FORMATS                                                                        \
	(F(RISCV_SV39) | F(RISCV_SV48) | F(RISCV_SV57) | F(RISCV_SV39X4) | F(RISCV_SV48X4) | \
	 F(RISCV_SV57X4))

/*
 * A whole table at once for a walker that does not snoop, cleaned by the library itself, and one
 * but for a page.
 */
static void test_whole_tables(void **state)
{
	for (size_t i = 0; i < NR_VARIANTS; i++) {
		const struct variant *v = &variants[i];
		struct io_pgtable_cfg cfg = config(v);
		uint64_t span = table_span(v);
		struct io_pgtable *iop;

		cfg.coherent_walk = false;
		cfg.tlb = NULL;
		cfg.pgsize_bitmap = v->granule;
		if (v->traits & SNOOPS)
			continue;
		iop = alloc_io_pgtable(v->fmt, &cfg, NULL);
		assert_int_equal(io_pgtable_map(iop, 0, span, 2 * span - v->granule, RW), 0);
		for (uint64_t at = 0; at < 2 * span; at += v->granule)
			assert_int_equal(io_pgtable_iova_to_phys(iop, at + 9),
					 at < 2 * span - v->granule ? span + at + 9 : 0);
		assert_int_equal(io_pgtable_validate(iop), 0);
		free_io_pgtable(iop);
	}
}

/*
 * Every bit of the word: who takes it, with which others, with which walker. What is not here
 * nobody takes.
 */
static const struct quirk {
	unsigned int formats;
	unsigned long with;
	enum { ANY_WALKER, SNOOPING, NOT_SNOOPING } walker;
} all_quirks[sizeof(unsigned long) * 8] = {
	/* by the numbers in io-pgtable.h */
	[0] = { F(ARM_32_LPAE_S1) | F(ARM_64_LPAE_S1) | F(ARM_V7S), 0, ANY_WALKER },
	[1] = { F(ARM_V7S), 0, ANY_WALKER },
	[3] = { F(ARM_V7S), IO_PGTABLE_QUIRK_NO_PERMS, ANY_WALKER },
	[4] = { F(ARM_V7S), IO_PGTABLE_QUIRK_NO_PERMS | IO_PGTABLE_QUIRK_ARM_MTK_EXT, ANY_WALKER },
	[5] = { F(ARM_32_LPAE_S1) | F(ARM_64_LPAE_S1), 0, ANY_WALKER },
	[6] = { F(ARM_32_LPAE_S1) | F(ARM_64_LPAE_S1), 0, NOT_SNOOPING },
	[7] = { F(ARM_64_LPAE_S1) | F(ARM_64_LPAE_S2), 0, SNOOPING },
	[8] = { F(ARM_64_LPAE_S2), 0, ANY_WALKER },
	[9] = { ALL_FORMATS, 0, ANY_WALKER },
	[16] = { ALL_FORMATS, 0, ANY_WALKER },
	[17] = { F(INTEL_VTD_SS), 0, ANY_WALKER },
	[18] = { F(AMD_IOMMU_V1) | F(AMD_IOMMU_V2) | F(INTEL_VTD_SS) | F(INTEL_VTD_FS) |
			 RISCV_FORMATS,
		 0, SNOOPING },
	[19] = { RISCV_FORMATS, 0, ANY_WALKER },
};

static bool takes_quirk(const struct variant *v, unsigned int bit, bool snoops)
{
	const struct quirk *q = &all_quirks[bit];

	if (!(q->formats & F(v->fmt)) || (!snoops && (v->traits & SNOOPS)))
		return false;
	return q->walker == ANY_WALKER || snoops == (q->walker == SNOOPING);
}

static void test_quirks(void **state)
{
	for (size_t i = 0; i < NR_VARIANTS * 2; i++) {
		const struct variant *v = &variants[i / 2];

		for (unsigned int bit = 0; bit < ARRAY_SIZE(all_quirks); bit++) {
			struct io_pgtable_cfg cfg = config(v);

			/* Of 32 bits there is no upper half of all. */
			cfg.ias = v->fmt == ARM_32_LPAE_S1 ? 31 : cfg.ias;
			cfg.coherent_walk = i & 1;
			cfg.quirks |= 1ul << bit | all_quirks[bit].with;
			assert_int_equal(io_pgtable_check_cfg(v->fmt, &cfg),
					 takes_quirk(v, bit, i & 1) ? 0 : -EOPNOTSUPP);
		}
	}
}

static void test_prots(void **state)
{
	for (size_t i = 0; i < NR_VARIANTS; i++) {
		const struct variant *v = &variants[i];
		struct io_pgtable *iop = make_table(v);

		for (int prot = -1; prot <= 64; prot++) {
			bool writes_only = (prot & RW) == IOMMU_WRITE;
			bool good = prot >= 0 && prot < 64 && (prot & RW) &&
				    !(writes_only && (v->traits & NO_WRITE_ONLY));

			/* Without its table and with it. */
			for (int again = 0; again < 2; again++) {
				assert_int_equal(
					io_pgtable_map(iop, 0, v->granule, v->granule, prot),
					good ? 0 : -EINVAL);
				assert_int_equal(io_pgtable_iova_to_phys(iop, 7),
						 good ? v->granule + 7 : 0);
				assert_int_equal(io_pgtable_validate(iop), 0);
				io_pgtable_unmap(iop, 0, v->granule, NULL);
			}
			io_pgtable_trim(iop);
		}
		free_io_pgtable(iop);
	}
}

static void expect_map(struct io_pgtable *iop, uint64_t iova, uint64_t pa, size_t pgsize,
		       size_t pgcount, int err)
{
	size_t mapped = 4711;

	assert_int_equal(iop->ops->map_pages(iop, iova, pa, pgsize, pgcount, RW, &mapped), err);
	assert_int_equal(mapped, 4711 + (err ? 0 : pgsize * pgcount));
}

/* Every error with every size, before there is a table and beside one. */
static void refuse_all(struct io_pgtable *iop, const struct variant *v)
{
	uint64_t beyond = 1ull << v->ias, pa_beyond = 1ull << v->oas;

	for (uint64_t left = iop->cfg.pgsize_bitmap, size; left; left &= left - 1) {
		uint64_t last;

		size = left & -left;
		last = canonical(v, beyond - size);
		expect_map(iop, 0, 0, size, 0, -EINVAL);
		expect_map(iop, 0, 0, size * 2 + size / 2, 1, -EINVAL);
		expect_map(iop, size / 2, 0, size, 1, -EINVAL);
		expect_map(iop, 0, size / 2, size, 1, -EINVAL);
		expect_map(iop, beyond, 0, size, 1, -ERANGE);
		expect_map(iop, last, 0, size, 2, -ERANGE);
		expect_map(iop, 0, pa_beyond, size, 1, -ERANGE);
		expect_map(iop, 0, pa_beyond - size, size, 2, -ERANGE);
		expect_map(iop, 0, -size, size, 1, -ERANGE);
		expect_map(iop, 0, 0, size, SIZE_MAX, -ERANGE);
		if (!(v->traits & SIGNS)) {
			expect_map(iop, -size, 0, size, 1, -ERANGE);
			continue;
		}
		/* Beyond the positive half, and below the negative one. */
		expect_map(iop, beyond / 2, 0, size, 1, -ERANGE);
		expect_map(iop, beyond / 2 - size, 0, size, 2, -ERANGE);
		expect_map(iop, -(beyond / 2) - size, 0, size, 2, -ERANGE);
	}
	assert_int_equal(io_pgtable_map(iop, last_page(v), 0, 2 * v->granule, RW), -ERANGE);
	assert_int_equal(io_pgtable_unmap(iop, last_page(v), 2 * v->granule, NULL), 0);
}

static void test_errors(void **state)
{
	for (size_t i = 0; i < NR_VARIANTS; i++) {
		const struct variant *v = &variants[i];
		struct io_pgtable *iop = make_table(v);
		size_t root = io_pgtable_table_bytes(iop);

		refuse_all(iop, v);
		assert_int_equal(io_pgtable_table_bytes(iop), root);
		assert_int_equal(io_pgtable_map(iop, v->granule, 0, v->granule, RW), 0);
		assert_int_equal(io_pgtable_map(iop, last_page(v), 0, v->granule, RW), 0);
		refuse_all(iop, v);
		expect_map(iop, v->granule, 0, v->granule, 1, -EEXIST);
		assert_int_equal(io_pgtable_iova_to_phys(iop, last_page(v) + 5), 5);
		assert_int_equal(recorder.nr_events, 0);
		free_io_pgtable(iop);
	}
}

/* The highest output address, with each size. */
static void test_highest_output(void **state)
{
	for (size_t i = 0; i < NR_VARIANTS; i++) {
		const struct variant *v = &variants[i];
		struct io_pgtable *iop = make_table(v);

		for (uint64_t left = iop->cfg.pgsize_bitmap; left; left &= left - 1) {
			uint64_t size = left & -left, top = 1ull << v->oas;

			if (size == top)
				continue;
			expect_map(iop, 0, top - size, size, 1, 0);
			assert_int_equal(io_pgtable_iova_to_phys(iop, size - 1), top - 1);
			assert_int_equal(io_pgtable_validate(iop), 0);
			assert_int_equal(io_pgtable_unmap(iop, 0, size, NULL), size);
		}
		free_io_pgtable(iop);
	}
}

/* A gather that holds the pages on both sides of address 0 says so in two runs. */
static void test_around_zero(void **state)
{
	for (size_t i = 0; i < NR_VARIANTS * 2; i++) {
		const struct variant *v = &variants[i / 2];
		struct io_pgtable_cfg cfg = config(v);
		struct iommu_iotlb_gather gather;
		struct io_pgtable *iop;
		bool per_leaf = i & 1;

		if (!(v->traits & SIGNS))
			continue;
		cfg.tlb = per_leaf ? &per_leaf_driver : &range_driver;
		iop = alloc_io_pgtable(v->fmt, &cfg, NULL);
		assert_int_equal(io_pgtable_map(iop, -2 * SZ_4K, SZ_2M, 4 * SZ_4K, RW), -ERANGE);
		/* In pieces of which each lies in one half. */
		assert_int_equal(io_pgtable_map(iop, -SZ_4K, SZ_2M - SZ_4K, SZ_4K + SZ_2M, RW),
				 -ERANGE);
		assert_int_equal(io_pgtable_map(iop, -2 * SZ_4K, SZ_2M, 2 * SZ_4K, RW), 0);
		assert_int_equal(io_pgtable_map(iop, 0, SZ_1G, 3 * SZ_4K, RW), 0);
		assert_int_equal(io_pgtable_iova_to_phys(iop, -1ull), SZ_2M + 2 * SZ_4K - 1);
		assert_int_equal(io_pgtable_iova_to_phys(iop, 0), SZ_1G);
		assert_int_equal(io_pgtable_unmap(iop, -2 * SZ_4K, 4 * SZ_4K, NULL), 0);
		iommu_iotlb_gather_init(&gather);
		recorder_reset();
		assert_int_equal(io_pgtable_unmap(iop, -2 * SZ_4K, 2 * SZ_4K, &gather), 2 * SZ_4K);
		assert_int_equal(io_pgtable_unmap(iop, 0, 3 * SZ_4K, &gather), 3 * SZ_4K);
		io_pgtable_sync(iop, &gather);
		if (per_leaf) {
			for (uint64_t page = 0; page < 5; page++)
				assert_int_equal(recorded(page, EVENT_FLUSH)->iova,
						 (page - 2) * SZ_4K);
		} else {
			assert_int_equal(recorded(0, EVENT_RANGE)->iova, -2 * SZ_4K);
			assert_int_equal(recorded(0, EVENT_RANGE)->size, 2 * SZ_4K);
			assert_int_equal(recorded(1, EVENT_RANGE)->iova, 0);
			assert_int_equal(recorded(1, EVENT_RANGE)->size, 3 * SZ_4K);
			recorded(2, EVENT_SYNC);
		}
		free_io_pgtable(iop);
	}
}

/* What small unmaps leave is found and given back wherever it is, once. */
static void test_trim(void **state)
{
	for (size_t i = 0; i < NR_VARIANTS; i++) {
		const struct variant *v = &variants[i];
		struct io_pgtable *iop = make_table(v);
		size_t root = io_pgtable_table_bytes(iop), with;
		uint64_t at[] = { 0, canonical(v, 1ull << (v->ias - 1)), last_page(v) };

		for (size_t a = 0; a < ARRAY_SIZE(at); a++)
			assert_int_equal(io_pgtable_map(iop, at[a], v->granule, v->granule, RW), 0);
		with = io_pgtable_table_bytes(iop);
		assert_int_equal(io_pgtable_trim(iop), 0);
		for (size_t a = 0; a < ARRAY_SIZE(at); a++)
			assert_int_equal(io_pgtable_unmap(iop, at[a], v->granule, NULL),
					 v->granule);
		recorder_reset();
		assert_int_equal(io_pgtable_trim(iop), with - root);
		assert_int_equal(io_pgtable_table_bytes(iop), root);
		/* The table of the last page was said to be gone where it was. */
		if (recorder.count[EVENT_RANGE] && (v->traits & SIGNS)) {
			bool found = false;

			for (size_t e = 0; e < recorder.nr_events; e++)
				found |= recorder.event[e].iova + recorder.event[e].size == 0 &&
					 recorder.event[e].size;
			assert_true(found);
		}
		assert_int_equal(io_pgtable_validate(iop), 0);
		free_io_pgtable(iop);
	}
}

/* Blocks of the root's own level, next to each other and in a table's place. */
static void test_root_blocks(void **state)
{
	struct io_pgtable *iop = make_table(find_variant("riscv_sv48"));

	expect_map(iop, -2 * SZ_512G, 0, SZ_512G, 2, 0);
	expect_map(iop, 0, 2 * SZ_512G, SZ_512G, 2, 0);
	expect_map(iop, -SZ_512G, 0, SZ_512G, 2, -ERANGE);
	assert_int_equal(io_pgtable_iova_to_phys(iop, -1ull), 2 * SZ_512G - 1);
	assert_int_equal(io_pgtable_iova_to_phys(iop, 2 * SZ_512G - 1), 4 * SZ_512G - 1);
	/* One page out of the middle: three splits. */
	assert_int_equal(io_pgtable_unmap(iop, SZ_512G + SZ_1G, SZ_4K, NULL), SZ_4K);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_512G + SZ_1G + SZ_4K + 1),
			 3 * SZ_512G + SZ_1G + SZ_4K + 1);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_512G + SZ_1G), 0);
	assert_int_equal(io_pgtable_validate(iop), 0);
	assert_int_equal(iop->ops->unmap_pages(iop, -2 * SZ_512G, SZ_512G, 2, NULL), 2 * SZ_512G);
	assert_int_equal(iop->ops->unmap_pages(iop, 0, SZ_512G, 1, NULL), SZ_512G);
	free_io_pgtable(iop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_configurations), cmocka_unit_test(test_quirks),
		cmocka_unit_test(test_whole_tables),   cmocka_unit_test(test_bare),
		cmocka_unit_test(test_prots),	       cmocka_unit_test(test_errors),
		cmocka_unit_test(test_highest_output), cmocka_unit_test(test_around_zero),
		cmocka_unit_test(test_trim),	       cmocka_unit_test(test_root_blocks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
