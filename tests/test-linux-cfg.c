// SPDX-License-Identifier: GPL-2.0-only
/*
 * Configurations as kernel drivers write them, behind io-pgtable-linux.h: what is taken, and what
 * comes back as pgsize_bitmap, ias and oas. A row is a call of a driver, its result what Linux 6.12
 * returns for it (by the rules of drivers/iommu/io-pgtable-arm.c and the others; tests/peers asks
 * that code itself). The table that comes back is used.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/linux-cfg.h"
#include "sizes.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#define BY_4K  (SZ_4K | SZ_2M | SZ_1G)
#define BY_16K (SZ_16K | SZ_32M)
#define BY_64K (SZ_64K | SZ_512M)
#define BY_V7S (SZ_4K | SZ_64K | SZ_1M | SZ_16M)
#define BY_AMD (0xffffffffff000ul & ~(1ul << 39))

#define NS    IO_PGTABLE_QUIRK_ARM_NS
#define HD    IO_PGTABLE_QUIRK_ARM_HD
#define TTBR1 IO_PGTABLE_QUIRK_ARM_TTBR1
#define WBWA  IO_PGTABLE_QUIRK_ARM_OUTER_WBWA
#define S2FWB IO_PGTABLE_QUIRK_ARM_S2FWB
#define MTK   (IO_PGTABLE_QUIRK_ARM_MTK_EXT | IO_PGTABLE_QUIRK_NO_PERMS)
#define RW    (IOMMU_READ | IOMMU_WRITE)

/* As asked, and as returned; no sizes: refused. */
struct settling {
	enum io_pgtable_fmt fmt;
	bool snoops;
	unsigned long quirks, asked;
	unsigned int ias, oas;
	unsigned long sizes;
	unsigned int returned_ias, returned_oas;
};

static const struct settling drivers[] = {
	/* arm-smmu-v3 and arm-smmu: all that the hardware has; stage 1, with HTTU, stage 2. */
	{ ARM_64_LPAE_S1, true, 0, BY_4K | BY_16K | BY_64K, 48, 48, BY_4K, 48, 48 },
	{ ARM_64_LPAE_S1, true, 0, BY_4K | BY_64K, 48, 48, BY_4K, 48, 48 },
	{ ARM_64_LPAE_S1, true, 0, SZ_4K | SZ_64K | SZ_2M | SZ_1G, 48, 48, BY_4K, 48, 48 },
	{ ARM_64_LPAE_S1, true, 0, BY_16K | BY_64K, 47, 44, BY_16K, 47, 44 },
	{ ARM_64_LPAE_S1, true, HD, BY_4K | BY_64K, 48, 40, BY_4K, 48, 40 },
	{ ARM_64_LPAE_S2, true, 0, BY_4K | BY_16K | BY_64K, 44, 44, BY_4K, 44, 44 },
	{ ARM_64_LPAE_S2, true, 0, BY_4K | BY_64K, 40, 40, BY_4K, 40, 40 },
	/* Of Linux 6.13. */
	{ ARM_64_LPAE_S2, true, S2FWB, BY_4K | BY_64K, 40, 40, BY_4K, 40, 40 },
	/* 52 bits: of 64K only, and then the block of 4T too. */
	{ ARM_64_LPAE_S1, true, 0, BY_4K, 48, 52, BY_4K, 48, 48 },
	{ ARM_64_LPAE_S1, true, 0, BY_4K | BY_64K | SZ_4T, 52, 52, BY_4K, 48, 48 },
	{ ARM_64_LPAE_S1, true, 0, BY_16K, 52, 52, BY_16K, 48, 48 },
	{ ARM_64_LPAE_S1, true, 0, BY_64K | SZ_4T, 52, 52, BY_64K | SZ_4T, 52, 52 },
	{ ARM_64_LPAE_S1, true, 0, BY_64K | SZ_4T, 52, 48, BY_64K, 52, 48 },
	{ ARM_64_LPAE_S2, true, 0, BY_64K | SZ_4T, 60, 60, BY_64K | SZ_4T, 52, 52 },
	{ ARM_64_LPAE_S2, true, 0, BY_4K, 52, 52, BY_4K, 48, 48 },
	/* Adreno's upper half; a size that no register has a code for. */
	{ ARM_64_LPAE_S1, true, TTBR1, BY_4K | BY_64K, 48, 36, BY_4K, 48, 36 },
	{ ARM_64_LPAE_S1, false, TTBR1 | WBWA, BY_4K | BY_64K, 48, 36, BY_4K, 48, 36 },
	{ ARM_64_LPAE_S1, true, WBWA, BY_4K, 48, 36, 0, 0, 0 },
	{ ARM_64_LPAE_S1, true, 0, BY_4K, 48, 46, 0, 0, 0 },
	{ ARM_64_LPAE_S2, true, 0, BY_4K, 40, 33, 0, 0, 0 },
	/* Sizes that no granule has, or not the granule that decides. */
	{ ARM_64_LPAE_S1, true, 0, 0, 48, 48, 0, 0, 0 },
	{ ARM_64_LPAE_S1, true, 0, BY_16K | 0x800, 48, 48, 0, 0, 0 },
	{ ARM_64_LPAE_S1, true, 0, SZ_2M | SZ_1G, 48, 48, 0, 0, 0 },
	/* ipmmu-vmsa, qcom_iommu, and what AArch32 does not have. */
	{ ARM_32_LPAE_S1, false, NS, BY_4K, 32, 40, BY_4K, 32, 40 },
	{ ARM_32_LPAE_S1, false, 0, BY_V7S, 32, 40, SZ_4K, 32, 40 },
	{ ARM_32_LPAE_S1, false, 0, BY_4K | BY_16K, 32, 36, BY_4K, 32, 36 },
	{ ARM_32_LPAE_S1, false, TTBR1 | WBWA, BY_4K, 31, 40, BY_4K, 31, 40 },
	{ ARM_32_LPAE_S1, false, 0, BY_4K, 33, 40, 0, 0, 0 },
	{ ARM_32_LPAE_S1, false, 0, BY_4K, 32, 42, 0, 0, 0 },
	{ ARM_32_LPAE_S1, false, 0, BY_16K, 32, 40, 0, 0, 0 },
	{ ARM_32_LPAE_S2, true, 0, BY_4K | BY_64K, 40, 40, BY_4K, 40, 40 },
	{ ARM_32_LPAE_S2, true, 0, BY_4K, 41, 40, 0, 0, 0 },
	/* msm_iommu, mtk_iommu; what else is in the bitmap is dropped. */
	{ ARM_V7S, false, 0, BY_V7S, 32, 32, BY_V7S, 32, 32 },
	{ ARM_V7S, true, NS, BY_V7S | BY_4K | BY_64K, 32, 32, BY_V7S, 32, 32 },
	{ ARM_V7S, false, MTK, BY_V7S, 34, 35, BY_V7S, 34, 35 },
	{ ARM_V7S, false, MTK | NS, BY_V7S, 32, 35, BY_V7S, 32, 35 },
	{ ARM_V7S, false, MTK | NS, BY_V7S, 34, 35, BY_V7S, 34, 35 },
	{ ARM_V7S, false, 0, BY_V7S, 33, 32, 0, 0, 0 },
	{ ARM_V7S, false, 0, BY_V7S, 32, 33, 0, 0, 0 },
	/* panfrost. */
	{ ARM_MALI_LPAE, false, 0, SZ_4K | SZ_2M, 33, 40, SZ_4K | SZ_2M, 33, 40 },
	{ ARM_MALI_LPAE, true, 0, BY_4K | BY_64K, 48, 39, BY_4K, 48, 39 },
	{ ARM_MALI_LPAE, true, 0, BY_4K, 49, 40, 0, 0, 0 },
	{ ARM_MALI_LPAE, true, 0, BY_4K, 48, 41, 0, 0, 0 },
	/* apple-dart: t8103, t6000, t8110. */
	{ APPLE_DART, true, 0, SZ_16K, 32, 36, SZ_16K, 32, 36 },
	{ APPLE_DART, true, 0, SZ_4K, 32, 36, SZ_4K, 32, 36 },
	{ APPLE_DART2, true, 0, SZ_16K, 32, 42, SZ_16K, 32, 42 },
	{ APPLE_DART2, true, 0, SZ_16K, 36, 36, SZ_16K, 36, 36 },
	{ APPLE_DART2, true, 0, SZ_16K, 37, 36, 0, 0, 0 },
	{ APPLE_DART2, true, 0, SZ_16K, 36, 38, 0, 0, 0 },
	{ APPLE_DART, true, 0, SZ_4K | SZ_16K, 32, 36, 0, 0, 0 },
	{ APPLE_DART, false, 0, SZ_16K, 32, 36, 0, 0, 0 },
	/* AMD's says nothing; what is said does not count, but for five levels. */
	{ AMD_IOMMU_V1, false, 0, 0, 0, 0, BY_AMD, 52, 52 },
	{ AMD_IOMMU_V1, true, 0, BY_64K, 63, 32, BY_AMD, 52, 52 },
	{ AMD_IOMMU_V2, false, 0, 0, 0, 0, BY_4K, 52, 52 },
	{ AMD_IOMMU_V2, true, 0, BY_16K, 57, 48, BY_4K, 57, 52 },
};

static struct io_pgtable_cfg asked(const struct settling *s)
{
	return (struct io_pgtable_cfg){ .quirks = s->quirks,
					.pgsize_bitmap = s->asked,
					.ias = s->ias,
					.oas = s->oas,
					.coherent_walk = s->snoops };
}

static void expect_returned(const struct settling *s, const struct io_pgtable_cfg *cfg)
{
	assert_int_equal(cfg->pgsize_bitmap, s->sizes);
	assert_int_equal(cfg->ias, s->returned_ias);
	assert_int_equal(cfg->oas, s->returned_oas);
	assert_int_equal(cfg->coherent_walk, s->snoops);
}

/* Two pages of each size that was promised, not at the bottom. */
static void use(struct io_pgtable_ops *ops, const struct io_pgtable_cfg *cfg)
{
	unsigned long base = cfg->quirks & TTBR1 ? ~0ul << cfg->ias : 0;

	for (unsigned long left = cfg->pgsize_bitmap; left; left &= left - 1) {
		unsigned long size = left & -left, at = base + size;
		size_t mapped = 0;

		/*
		 * Two of the largest may be all that there is, and more than AMD v2's positive
		 * half.
		 */
		if (size > 1ul << (cfg->ias - 3) || size > 1ul << (cfg->oas - 2))
			continue;
		assert_int_equal(ops->map_pages(ops, at, size, size, 2, RW, GFP_KERNEL, &mapped),
				 0);
		assert_int_equal(mapped, 2 * size);
		assert_int_equal(ops->iova_to_phys(ops, at + 2 * size - 1), 3 * size - 1);
		assert_int_equal(ops->unmap_pages(ops, at, size, 2, NULL), 2 * size);
		assert_int_equal(ops->iova_to_phys(ops, at), 0);
	}
}

static void test_drivers(void **state)
{
	/* With larger pages of the host others win. */
	if (sysconf(_SC_PAGESIZE) != SZ_4K)
		skip();
	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
		struct io_pgtable_cfg cfg = asked(&drivers[i]);
		struct io_pgtable_ops *ops = alloc_io_pgtable_ops(drivers[i].fmt, &cfg, NULL);

		if (!ops != !drivers[i].sizes)
			fail_msg("row %zu: %s", i, ops ? "taken" : "refused");
		if (!ops)
			continue;
		expect_returned(&drivers[i], &cfg);
		use(ops, &cfg);
		free_io_pgtable_ops(ops);
	}
}

/* The host's page, the largest smaller one, the smallest larger one. */
static void test_host_pages(void **state)
{
	static const struct {
		size_t page_bytes;
		unsigned long asked, sizes;
	} rows[] = {
		{ SZ_4K, BY_4K | BY_16K | BY_64K, BY_4K },
		{ SZ_16K, BY_4K | BY_16K | BY_64K, BY_16K },
		{ SZ_64K, BY_4K | BY_16K | BY_64K, BY_64K },
		{ SZ_16K, BY_4K | BY_64K, BY_4K },
		{ SZ_64K, BY_4K | BY_16K, BY_16K },
		{ SZ_64K, BY_4K, BY_4K },
		{ SZ_4K, BY_16K | BY_64K, BY_16K },
		{ SZ_16K, BY_64K, BY_64K },
		{ SZ_16K, SZ_2M | BY_64K, BY_64K },
		{ SZ_16K, 0x2000 | BY_64K, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct io_pgtable_cfg cfg = { .pgsize_bitmap = rows[i].asked,
					      .ias = 48,
					      .oas = 48 };
		struct linux_plan plan;
		bool taken = pt_linux_settle(ARM_64_LPAE_S1, &cfg, rows[i].page_bytes, &plan);

		assert_int_equal(taken, rows[i].sizes != 0);
		if (!taken)
			continue;
		assert_int_equal(cfg.pgsize_bitmap, rows[i].sizes);
		assert_int_equal(plan.sizes, rows[i].sizes);
	}
}

/*
 * AMD v1's sizes above 512G are made of 256G: whole, in part, and what has none or more than there
 * is.
 */
static void test_huge(void **state)
{
	struct io_pgtable_cfg cfg = { .amd.nid = -1 };
	struct io_pgtable_ops *ops = alloc_io_pgtable_ops(AMD_IOMMU_V1, &cfg, NULL);
	size_t mapped = 0;

	assert_non_null(ops);
	assert_int_equal(cfg.amd.mode, 5);
	assert_int_equal(ops->map_pages(ops, SZ_4T, SZ_1T, SZ_1T, 3, RW, GFP_KERNEL, &mapped), 0);
	assert_int_equal(mapped, 3 * SZ_1T);
	assert_int_equal(ops->iova_to_phys(ops, SZ_4T + 3 * SZ_1T - 1), 4 * SZ_1T - 1);
	assert_int_equal(ops->unmap_pages(ops, SZ_4T + SZ_1T, SZ_1T, 1, NULL), SZ_1T);
	assert_int_equal(ops->iova_to_phys(ops, SZ_4T + SZ_1T), 0);
	assert_int_equal(ops->iova_to_phys(ops, SZ_4T + 2 * SZ_1T), 3 * SZ_1T);
	mapped = 0;
	assert_int_equal(ops->map_pages(ops, 0, 0, SZ_1T / 2, 1, RW, GFP_KERNEL, &mapped), -EINVAL);
	assert_int_equal(ops->map_pages(ops, 0, 0, 3 * SZ_1T, 1, RW, GFP_KERNEL, &mapped), -EINVAL);
	/* Aligned to 256G is not enough. */
	assert_int_equal(ops->map_pages(ops, SZ_1T / 4, SZ_1T, SZ_1T, 1, RW, GFP_KERNEL, &mapped),
			 -EINVAL);
	/* 2^24 of 2^40 would be no page at all. */
	assert_int_equal(ops->map_pages(ops, 0, 0, SZ_1T, 1ul << 24, RW, GFP_KERNEL, &mapped),
			 -EINVAL);
	assert_int_equal(mapped, 0);
	free_io_pgtable_ops(ops);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drivers),
		cmocka_unit_test(test_host_pages),
		cmocka_unit_test(test_huge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
