// SPDX-License-Identifier: GPL-2.0-only
/*
 * The checks of the 2014 series' self-test, for every format, granule and input size: an empty
 * table maps nothing; every page size maps and translates, also deep inside the block; an
 * overlapping map fails; part of a block can be unmapped; everything can be unmapped and mapped
 * again.
 */
#include "support.h"

static void check_empty(struct io_pgtable *iop, uint64_t top)
{
	const uint64_t at[] = { 0, 42, SZ_1G + 42, SZ_2M + 42, top / 2, top - 1 };

	for (size_t i = 0; i < ARRAY_SIZE(at); i++)
		assert_int_equal(iop->ops->iova_to_phys(iop, at[i]), 0);
}

/* Maps size at iova and looks at the start, deep inside, at the last byte and just beyond. */
static void check_block(struct io_pgtable *iop, uint64_t iova, phys_addr_t pa, uint64_t size)
{
	/* Somewhere else, if the output range has two of that size. */
	phys_addr_t other = (pa + size) >> iop->cfg.oas ? 0 : pa + size;
	size_t mapped = 0;

	assert_int_equal(iop->ops->map_pages(iop, iova, pa, size, 1, RW | IOMMU_CACHE, &mapped), 0);
	assert_int_equal(mapped, size);
	assert_int_equal(iop->ops->map_pages(iop, iova, other, size, 1, RW, &mapped), -EEXIST);
	assert_int_equal(mapped, size);
	assert_int_equal(iop->ops->iova_to_phys(iop, iova), pa);
	assert_int_equal(iop->ops->iova_to_phys(iop, iova + 42), pa + 42);
	assert_int_equal(iop->ops->iova_to_phys(iop, iova + size / 2 + size / 4 + 5),
			 pa + size / 2 + size / 4 + 5);
	assert_int_equal(iop->ops->iova_to_phys(iop, iova + size - 1), pa + size - 1);
	assert_int_equal(iop->ops->iova_to_phys(iop, iova + size), 0);
}

static void check_sizes(struct io_pgtable *iop, uint64_t top)
{
	uint64_t sizes = iop->cfg.pgsize_bitmap, granule = sizes & -sizes, iova = 0;

	for (uint64_t left = sizes; left; left &= left - 1) {
		uint64_t size = left & -left;

		if (iova + 2 * size > top)
			break;
		iova = (iova + size - 1) & ~(size - 1);
		check_block(iop, iova, size, size);
		iova += 2 * size;
	}
	/* Everything goes, and comes back. */
	iova = 0;
	for (uint64_t left = sizes; left; left &= left - 1) {
		uint64_t size = left & -left;

		if (iova + 2 * size > top)
			break;
		iova = (iova + size - 1) & ~(size - 1);
		assert_int_equal(iop->ops->unmap_pages(iop, iova, size, 1, NULL), size);
		assert_int_equal(iop->ops->iova_to_phys(iop, iova + 42), 0);
		check_block(iop, iova, size, size);
		assert_int_equal(iop->ops->unmap_pages(iop, iova, granule, size / granule, NULL),
				 size);
		assert_int_equal(iop->ops->iova_to_phys(iop, iova + 42), 0);
		iova += 2 * size;
	}
}

/* The second page of a block goes; the rest stays, and the page can be mapped elsewhere. */
static void check_part(struct io_pgtable *iop, uint64_t top)
{
	uint64_t sizes = iop->cfg.pgsize_bitmap, granule = sizes & -sizes;
	uint64_t size = (sizes & ~granule) & -(sizes & ~granule);

	if (!size || 2 * size > top)
		return;
	check_block(iop, size, size, size);
	assert_int_equal(iop->ops->unmap_pages(iop, size + granule, granule, 1, NULL), granule);
	assert_int_equal(iop->ops->iova_to_phys(iop, size + granule + 42), 0);
	assert_int_equal(iop->ops->iova_to_phys(iop, size + 42), size + 42);
	if (size > 2 * granule) { /* else the second page is the last */
		assert_int_equal(iop->ops->iova_to_phys(iop, size + 2 * granule),
				 size + 2 * granule);
		assert_int_equal(iop->ops->iova_to_phys(iop, 2 * size - 1), 2 * size - 1);
	}
	assert_int_equal(io_pgtable_map(iop, size + granule, 0, granule, RW), 0);
	assert_int_equal(iop->ops->iova_to_phys(iop, size + granule + 42), 42);
	assert_int_equal(io_pgtable_unmap(iop, size, size, NULL), size);
}

/* The last page, block and two blocks of the input range, and nothing beyond. */
static void check_top(struct io_pgtable *iop, uint64_t top)
{
	uint64_t sizes = iop->cfg.pgsize_bitmap, granule = sizes & -sizes;
	uint64_t size = (sizes & ~granule) & -(sizes & ~granule);

	assert_int_equal(io_pgtable_map(iop, top - granule, granule, granule, RW), 0);
	assert_int_equal(iop->ops->iova_to_phys(iop, top - 1), 2 * granule - 1);
	assert_int_equal(iop->ops->iova_to_phys(iop, top), 0);
	assert_int_equal(io_pgtable_unmap(iop, top - granule, granule, NULL), granule);
	assert_int_equal(io_pgtable_map(iop, top, 0, granule, RW), -ERANGE);
	assert_int_equal(io_pgtable_map(iop, top - granule, 0, 2 * granule, RW), -ERANGE);
	if (!size || size > top / 2)
		return;
	assert_int_equal(io_pgtable_map(iop, top - 2 * size, 0, 2 * size, RW), 0);
	assert_int_equal(iop->ops->iova_to_phys(iop, top - 1), 2 * size - 1);
	assert_int_equal(io_pgtable_unmap(iop, top - 2 * size, 2 * size, NULL), 2 * size);
}

static void run_with(const struct variant *v, unsigned int ias, unsigned int oas,
		     const struct io_pgtable_mem *mem, bool coherent)
{
	/* The end of the input range, or of its positive half. */
	uint64_t top = 1ull << (v->traits & SIGNS ? ias - 1 : ias);
	struct io_pgtable_cfg cfg = config(v);
	struct io_pgtable *iop;

	cfg.ias = ias;
	cfg.oas = oas;
	if (oas <= 48)
		cfg.pgsize_bitmap &= ~SZ_4T;
	cfg.mem = mem;
	cfg.coherent_walk = coherent;
	test_memory_reset();
	/* Somewhere else than where the process has it; lower, because an arm64 process has its memory
	 * right below 2^48, and a descriptor has no bits for more. */
	test_memory.pa_offset = -(SZ_1G * 7);
	recorder_reset();
	iop = alloc_io_pgtable(v->fmt, &cfg, NULL);
	assert_non_null(iop);
	check_empty(iop, top);
	check_sizes(iop, top);
	check_part(iop, top);
	check_top(iop, top);
	check_empty(iop, top);
	assert_int_equal(io_pgtable_validate(iop), 0);
	free_io_pgtable(iop);
	assert_int_equal(recorder.count[EVENT_ALL], 1);
	assert_int_equal(test_memory.live, 0);
}

/* Each tier of the code: snooping or not, with memory of one's own, and translated too. */
static void run(const struct variant *v, unsigned int ias, unsigned int oas)
{
	run_with(v, ias, oas, &identity_mem, true);
	if (!(v->traits & SNOOPS))
		run_with(v, ias, oas, &identity_mem, false);
	if (oas >= 48)
		run_with(v, ias, oas, &offset_mem, true);
}

static void test_every_ias(void **state)
{
	for (size_t i = NR_LPAE_VARIANTS; i < NR_VARIANTS; i++)
		run(&variants[i], variants[i].ias, variants[i].oas);
	for (size_t i = 0; i < NR_LPAE_VARIANTS; i++) {
		unsigned int last = variants[i].fmt == ARM_32_LPAE_S1	? 32
				    : variants[i].fmt == ARM_32_LPAE_S2 ? 40
									: 48;

		for (unsigned int ias = 32; ias <= last; ias++)
			run(&variants[i], ias, last == 48 ? 48 : 40);
	}
}

static void test_52_bits(void **state)
{
	const struct variant *v = find_variant("arm_64_lpae_s1/64K");

	for (unsigned int ias = 49; ias <= 52; ias++)
		run(v, ias, 52);
}

static void test_32_bit_small(void **state)
{
	for (unsigned int ias = 25; ias < 32; ias++) {
		run(find_variant("arm_32_lpae_s1/4K"), ias, 32);
		run(find_variant("arm_32_lpae_s2/4K"), ias, 36);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_ias),
		cmocka_unit_test(test_52_bits),
		cmocka_unit_test(test_32_bit_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
