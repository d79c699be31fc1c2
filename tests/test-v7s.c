// SPDX-License-Identifier: GPL-2.0-only
/*
 * ARMv7 short descriptors: descriptors and registers against values put together by hand from the
 * figures and bit numbers of DDI 0406C, B3.5.1 and B4.1 (MediaTek's bits: 9, 4, 5 for address bits
 * 32, 33, 34), what is done in place, and addresses of tables that do not fit. What a reference
 * model can see is tested in test-model and others.
 */
#include <errno.h>

#include "io-pgtable-update.h"
#include "io-pgtable-walk.h"
#include "support.h"

#define NS	 IO_PGTABLE_QUIRK_ARM_NS
#define NO_PERMS IO_PGTABLE_QUIRK_NO_PERMS
#define MTK_EXT	 (IO_PGTABLE_QUIRK_ARM_MTK_EXT | NO_PERMS)
#define MTK_TTBR (IO_PGTABLE_QUIRK_ARM_MTK_TTBR_EXT | MTK_EXT)
#define SIZES	 (SZ_4K | SZ_64K | SZ_1M | SZ_16M)

/* Tables one behind the other, at these physical addresses. */
#define MEMORY_BYTES (1u << 20)
static char memory[MEMORY_BYTES] __attribute__((aligned(MEMORY_BYTES)));
static size_t used;
static phys_addr_t base, step; /* step: added for every table behind the root */

static void *take(void *ctx, size_t size_bytes, unsigned int flags)
{
	char *p;

	used = (used + size_bytes - 1) & ~(size_bytes - 1);
	p = memory + used;
	used += size_bytes;
	assert_true(used <= MEMORY_BYTES);
	memset(p, 0, size_bytes);
	return p;
}

static void give(void *ctx, void *ptr, size_t size_bytes, unsigned int flags)
{
}

static phys_addr_t to_phys(void *ctx, const void *ptr)
{
	size_t offset = (size_t)((const char *)ptr - memory);

	return base + offset + (offset ? step : 0);
}

static void *to_virt(void *ctx, phys_addr_t pa)
{
	size_t offset = pa - base;

	return memory + (offset < MEMORY_BYTES ? offset : offset - step);
}

static const struct io_pgtable_mem mem = {
	.alloc = take,
	.free = give,
	.virt_to_phys = to_phys,
	.phys_to_virt = to_virt,
};

static struct io_pgtable_cfg configure(unsigned long quirks, unsigned int ias, unsigned int oas)
{
	used = 0;
	base = SZ_1G * 2;
	step = 0;
	return (struct io_pgtable_cfg){
		.quirks = quirks,
		.pgsize_bitmap = SIZES,
		.ias = ias,
		.oas = oas,
		.coherent_walk = true,
		.mem = &mem,
	};
}

static struct io_pgtable *open_table(struct io_pgtable_cfg *cfg)
{
	struct io_pgtable *iop = alloc_io_pgtable(ARM_V7S, cfg, NULL);

	assert_non_null(iop);
	return iop;
}

static uint32_t root_at(size_t index)
{
	return ((uint32_t *)(void *)memory)[index];
}

/* Of the first table, behind a root of 16 KiB, or of 64 KiB. */
static uint32_t page_at(const struct io_pgtable *iop, size_t index)
{
	return ((uint32_t *)(void *)(memory + (iop->cfg.ias > 32 ? SZ_64K : SZ_16K)))[index];
}

/*
 * Descriptors on the way, root first; of sections there is one only. 16 entries have the last one.
 */
struct encoding {
	unsigned long quirks;
	unsigned int ias;
	uint64_t iova, pa, size;
	int prot;
	uint32_t root, page;
};

static const struct encoding encodings[] = {
	/* Small page: 1x, B 2, C 3, AP[1:0] 5:4, TEX 8:6, AP[2] 9, S 10, nG 11; XN is bit 0. */
	{ 0, 32, 0x12345000, 0x89abc000, SZ_4K, RW, 0x80004001, 0x89abcc72 },
	{ 0, 32, 0x12345000, 0x89abc000, SZ_4K, IOMMU_READ | IOMMU_NOEXEC, 0x80004001, 0x89abce73 },
	{ 0, 32, 0x12345000, 0xfffff000, SZ_4K, RW | IOMMU_CACHE, 0x80004001, 0xfffffc7e },
	{ 0, 32, 0x12345000, 0x89abc000, SZ_4K, RW | IOMMU_MMIO, 0x80004001, 0x89abcc36 },
	{ 0, 32, 0x12345000, 0x89abc000, SZ_4K, RW | IOMMU_PRIV, 0x80004001, 0x89abcc52 },
	{ 0, 32, 0x12345000, 0x89abc000, SZ_4K, IOMMU_WRITE, 0x80004001, 0x89abcc72 },
	{ NO_PERMS, 32, 0x12345000, 0x89abc000, SZ_4K, RW, 0x80004001, 0x89abcc42 },
	{ NO_PERMS, 32, 0x12345000, 0x89abc000, SZ_4K, IOMMU_READ | IOMMU_NOEXEC, 0x80004001,
	  0x89abcc42 },
	/* Large page: 01, TEX 14:12, XN 15. */
	{ 0, 32, 0x12340000, 0x89ab0000, SZ_64K, RW | IOMMU_CACHE | IOMMU_NOEXEC, 0x80004001,
	  0x89ab9c3d },
	{ 0, 32, 0x12340000, 0x89ab0000, SZ_64K, IOMMU_READ | IOMMU_MMIO, 0x80004001, 0x89ab0e35 },
	/* Section: 10, XN 4, AP[1:0] 11:10, TEX 14:12, AP[2] 15, S 16, nG 17. */
	{ 0, 32, 0x12300000, 0x45600000, SZ_1M, RW | IOMMU_CACHE, 0x45631c0e, 0 },
	{ 0, 32, 0xfff00000, 0xfff00000, SZ_1M, IOMMU_READ | IOMMU_NOEXEC, 0xfff39c12, 0 },
	{ NO_PERMS, 32, 0x12300000, 0x45600000, SZ_1M, IOMMU_READ, 0x45631002, 0 },
	/* Supersection: bit 18. */
	{ 0, 32, 0x12000000, 0x45000000, SZ_16M,
	  IOMMU_READ | IOMMU_MMIO | IOMMU_NOEXEC | IOMMU_PRIV, 0x45078416, 0 },
	/* Non-secure: bit 3 of tables, 19 of sections. */
	{ NS, 32, 0x12345000, 0x89abc000, SZ_4K, RW, 0x80004009, 0x89abcc72 },
	{ NS, 32, 0x12300000, 0x45600000, SZ_1M, RW | IOMMU_CACHE, 0x456b1c0e, 0 },
	{ NS, 32, 0x12000000, 0x45000000, SZ_16M, RW, 0x450f1c02, 0 },
	/* Address bits 32, 33, 34 in bits 9, 4, 5. */
	{ MTK_EXT, 32, 0x12345000, 0x789abc000, SZ_4K, RW, 0x80004001, 0x89abce72 },
	{ MTK_EXT, 34, 0x312345000, 0x189abc000, SZ_4K, RW, 0x80010001, 0x89abce42 },
	{ MTK_EXT, 34, 0x312340000, 0x389ab0000, SZ_64K, RW, 0x80010001, 0x89ab1e11 },
	{ MTK_EXT, 34, 0x312300000, 0x512300000, SZ_1M, RW | IOMMU_CACHE, 0x1233122e, 0 },
	{ MTK_EXT, 34, 0x312000000, 0x245000000, SZ_16M, RW, 0x45071012, 0 },
	/* And NS, which lies elsewhere. */
	{ MTK_EXT | NS, 32, 0x12345000, 0x789abc000, SZ_4K, RW, 0x80004009, 0x89abce72 },
	{ MTK_EXT | NS, 34, 0x312340000, 0x389ab0000, SZ_64K, RW, 0x80010009, 0x89ab1e11 },
	{ MTK_EXT | NS, 34, 0x312300000, 0x512300000, SZ_1M, RW | IOMMU_CACHE, 0x123b122e, 0 },
	{ MTK_EXT | NS, 34, 0x312000000, 0x245000000, SZ_16M, RW, 0x450f1012, 0 },
};

static void check_walk(struct io_pgtable *iop, const struct encoding *e)
{
	struct io_pgtable_stats stats;

	assert_int_equal(io_pgtable_read_stats(iop, &stats), 0);
	assert_int_equal(stats.mapped_bytes, e->size);
	assert_int_equal(stats.leaves_by_lg2[__builtin_ctzll(e->size)], 1);
	assert_int_equal(io_pgtable_validate(iop), 0);
	for (uint64_t at = 0; at < e->size; at += e->size / 32)
		assert_int_equal(io_pgtable_iova_to_phys(iop, e->iova + at + 7), e->pa + at + 7);
	assert_int_equal(io_pgtable_iova_to_phys(iop, e->iova - 1), 0);
}

static void test_descriptors(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(encodings); i++) {
		const struct encoding *e = &encodings[i];
		bool more = e->quirks & IO_PGTABLE_QUIRK_ARM_MTK_EXT;
		struct io_pgtable_cfg cfg = configure(e->quirks, e->ias, more ? 35 : 32);
		struct io_pgtable *iop = open_table(&cfg);
		size_t root = e->iova >> 20, page = e->iova >> 12 & 0xff;
		unsigned int copies = e->size == SZ_16M || e->size == SZ_64K ? 16 : 1;

		assert_int_equal(io_pgtable_map(iop, e->iova, e->pa, e->size, e->prot), 0);
		for (unsigned int c = 0; c < copies; c++) {
			assert_int_equal(root_at(root + (e->page ? 0 : c)), e->root);
			if (e->page)
				assert_int_equal(page_at(iop, page + c), e->page);
		}
		check_walk(iop, e);
		assert_int_equal(io_pgtable_unmap(iop, e->iova, e->size, NULL), e->size);
		assert_int_equal(e->page ? page_at(iop, page) : root_at(root), 0);
		free_io_pgtable(iop);
	}
}

static void test_registers(void **state)
{
	struct io_pgtable_cfg cfg = configure(0, 32, 32);

	free_io_pgtable(open_table(&cfg));
	/* Shareable, inner shareable, write-back write-allocate inside and out. */
	assert_int_equal(cfg.arm_v7s_cfg.ttbr, 0x8000006a);
	assert_int_equal(cfg.arm_v7s_cfg.tcr, 0);
	/* Index 1 device, 4 and 7 normal; DS0 DS1 NS1, NOS7. Index 7 write-back write-allocate. */
	assert_int_equal(cfg.arm_v7s_cfg.prrr, 0x800b8204);
	assert_int_equal(cfg.arm_v7s_cfg.nmrr, 0x40004000);
	cfg = configure(0, 32, 32);
	cfg.coherent_walk = false;
	free_io_pgtable(open_table(&cfg));
	assert_int_equal(cfg.arm_v7s_cfg.ttbr, 0x80000002);
	cfg = configure(MTK_EXT, 34, 35);
	free_io_pgtable(open_table(&cfg));
	assert_int_equal(cfg.arm_v7s_cfg.ttbr, 0x80000000);
}

/* A walker reads all of 4096 entries, however many ias asks for. */
static void test_roots(void **state)
{
	static const struct {
		unsigned int ias;
		size_t bytes;
	} cases[] = {
		{ 21, SZ_16K }, { 31, SZ_16K }, { 32, SZ_16K }, { 33, SZ_64K }, { 34, SZ_64K }
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct io_pgtable_cfg cfg = configure(cases[i].ias > 32 ? MTK_EXT : 0, cases[i].ias,
						      cases[i].ias > 32 ? 35 : 32);
		struct io_pgtable *iop = open_table(&cfg);
		uint64_t last = (1ull << cases[i].ias) - SZ_4K;

		assert_int_equal(io_pgtable_table_bytes(iop), cases[i].bytes);
		assert_int_equal(io_pgtable_map(iop, last, SZ_1M, SZ_4K, RW), 0);
		assert_int_equal(io_pgtable_table_bytes(iop), cases[i].bytes + SZ_1K);
		assert_int_equal(io_pgtable_map(iop, last + SZ_4K, SZ_1M, SZ_4K, RW), -ERANGE);
		assert_int_equal(io_pgtable_validate(iop), 0);
		free_io_pgtable(iop);
	}
}

/* With TTBR_EXT tables may lie above 4 GiB, and descriptors and the register say where. */
static void test_high_tables(void **state)
{
	struct io_pgtable_cfg cfg = configure(MTK_TTBR, 32, 35);
	struct io_pgtable *iop;

	base = 0x480000000;
	iop = open_table(&cfg);
	assert_int_equal(cfg.arm_v7s_cfg.ttbr, 0x80000004);
	assert_int_equal(io_pgtable_map(iop, SZ_1M, SZ_1M, SZ_4K, RW), 0);
	assert_int_equal(root_at(1), 0x80004021);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_1M + 1), SZ_1M + 1);
	assert_int_equal(io_pgtable_validate(iop), 0);
	free_io_pgtable(iop);
}

/* A table that a descriptor or register cannot name is no table: nothing is cut off. */
static void test_addresses_that_do_not_fit(void **state)
{
	static const struct {
		unsigned long quirks;
		unsigned int oas;
		phys_addr_t root, step; /* where it is, and how much further the table is */
	} cases[] = {
		{ 0, 32, SZ_4G, 0 },
		{ 0, 32, SZ_1G, SZ_4G },
		{ MTK_EXT, 35, SZ_4G, 0 },
		{ MTK_EXT, 35, SZ_1G, SZ_4G },
		{ MTK_TTBR, 35, 8 * SZ_4G, 0 },
		{ MTK_TTBR, 35, 7 * SZ_4G, 1 * SZ_4G },
		{ MTK_TTBR, 33, 2 * SZ_4G, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct io_pgtable_cfg cfg = configure(cases[i].quirks, 32, cases[i].oas);
		struct io_pgtable *iop;

		base = cases[i].root;
		step = cases[i].step;
		assert_int_equal(io_pgtable_check_cfg(ARM_V7S, &cfg), 0);
		iop = alloc_io_pgtable(ARM_V7S, &cfg, NULL);
		if (!step) {
			assert_null(iop);
			continue;
		}
		assert_non_null(iop);
		assert_int_equal(io_pgtable_map(iop, SZ_1M, SZ_1M, SZ_4K, RW), -ENOMEM);
		assert_int_equal(root_at(1), 0);
		assert_int_equal(io_pgtable_table_bytes(iop), SZ_16K);
		assert_int_equal(io_pgtable_map(iop, SZ_1M, SZ_1M, SZ_1M, RW), 0);
		assert_int_equal(io_pgtable_validate(iop), 0);
		free_io_pgtable(iop);
	}
}

static void test_refusals(void **state)
{
	static const struct {
		unsigned long quirks;
		uint64_t sizes;
		unsigned int ias, oas;
		int err;
	} cases[] = {
		{ 0, SIZES, 32, 32, 0 },
		{ 0, SIZES, 33, 32, -ERANGE },
		{ 0, SIZES, 20, 32, -ERANGE },
		{ 0, SIZES, 32, 31, -ERANGE },
		{ 0, SIZES, 32, 33, -ERANGE },
		{ 0, SIZES | SZ_2M, 32, 32, -EINVAL },
		{ 0, 0, 32, 32, -EINVAL },
		{ 0, SZ_16M, 24, 32, -ERANGE }, /* all of the input range */
		{ 0, SZ_16M, 25, 32, 0 },
		{ NS | NO_PERMS, SIZES, 32, 32, 0 },
		{ IO_PGTABLE_QUIRK_ARM_MTK_EXT, SIZES, 32, 32, -EOPNOTSUPP },
		{ IO_PGTABLE_QUIRK_ARM_MTK_TTBR_EXT, SIZES, 32, 32, -EOPNOTSUPP },
		{ IO_PGTABLE_QUIRK_ARM_MTK_TTBR_EXT | NO_PERMS, SIZES, 32, 32, -EOPNOTSUPP },
		{ MTK_EXT | NS, SIZES, 32, 35, 0 },
		{ MTK_TTBR | NS, SIZES, 34, 35, 0 },
		{ IO_PGTABLE_QUIRK_ARM_MTK_EXT | NS, SIZES, 32, 35, -EOPNOTSUPP },
		{ MTK_EXT, SIZES, 34, 35, 0 },
		{ MTK_EXT, SIZES, 35, 35, -ERANGE },
		{ MTK_EXT, SIZES, 34, 36, -ERANGE },
		{ MTK_EXT, SIZES, 34, 31, -ERANGE },
		{ IO_PGTABLE_QUIRK_ARM_TTBR1, SIZES, 32, 32, -EOPNOTSUPP },
		{ IO_PGTABLE_QUIRK_DIRTY, SIZES, 32, 32, -EOPNOTSUPP },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct io_pgtable_cfg cfg = configure(cases[i].quirks, cases[i].ias, cases[i].oas);

		cfg.pgsize_bitmap = cases[i].sizes;
		assert_int_equal(io_pgtable_check_cfg(ARM_V7S, &cfg), cases[i].err);
	}
}

/* One call across the 4 GiB of output where descriptors stop being address plus something. */
static void test_beyond_4g(void **state)
{
	static const uint64_t sizes[] = { SZ_4K, SZ_64K, SZ_1M, SZ_16M };
	struct io_pgtable_cfg cfg = configure(MTK_EXT, 34, 35);
	struct io_pgtable *iop = open_table(&cfg);

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (phys_addr_t edge = SZ_4G; edge <= 7 * SZ_4G; edge += SZ_4G) {
			size_t n = 12, mapped = 0;
			uint64_t iova = 3 * SZ_4G, size = sizes[i];

			assert_int_equal(iop->ops->map_pages(iop, iova, edge - 5 * size, size, n,
							     RW, &mapped),
					 0);
			assert_int_equal(mapped, n * size);
			for (uint64_t at = 0; at < n * size; at += size / 4)
				assert_int_equal(io_pgtable_iova_to_phys(iop, iova + at),
						 edge - 5 * size + at);
			assert_int_equal(io_pgtable_validate(iop), 0);
			assert_int_equal(io_pgtable_unmap(iop, iova, n * size, NULL), n * size);
		}
	}
	free_io_pgtable(iop);
}

/* Permissions lie at other places in each kind of leaf. */
static void test_protect(void **state)
{
	struct io_pgtable_cfg cfg = configure(NS, 32, 32);
	struct io_pgtable *iop = open_table(&cfg);
	const int now = IOMMU_READ | IOMMU_PRIV | IOMMU_NOEXEC;
	size_t changed = 0;

	assert_int_equal(io_pgtable_map(iop, 0, SZ_16M, SZ_4K, RW), 0);
	assert_int_equal(io_pgtable_map(iop, SZ_64K, SZ_16M + SZ_64K, SZ_64K, RW), 0);
	assert_int_equal(io_pgtable_map(iop, SZ_1M, SZ_1M, SZ_1M, RW), 0);
	assert_int_equal(io_pgtable_map(iop, SZ_16M, SZ_16M, SZ_16M, RW), 0);
	assert_int_equal(io_pgtable_protect(iop, 0, SZ_4K, now, NULL, &changed), 0);
	assert_int_equal(io_pgtable_protect(iop, SZ_64K, SZ_64K, now, NULL, &changed), 0);
	assert_int_equal(io_pgtable_protect(iop, SZ_1M, SZ_1M, now, NULL, &changed), 0);
	assert_int_equal(io_pgtable_protect(iop, SZ_16M, SZ_16M, now, NULL, &changed), 0);
	assert_int_equal(changed, SZ_4K + SZ_64K + SZ_1M + SZ_16M);
	assert_int_equal(page_at(iop, 0), 0x01000e53);
	for (size_t i = 16; i < 32; i++) {
		assert_int_equal(page_at(iop, i), 0x01019e11);
		assert_int_equal(root_at(i), 0x010f9412);
	}
	assert_int_equal(root_at(1), 0x001b9412);
	/* One that is taken apart keeps what it has; another memory type is another mapping. */
	assert_int_equal(io_pgtable_unmap(iop, SZ_16M + 3 * SZ_1M, SZ_1M, NULL), SZ_1M);
	assert_int_equal(root_at(16), 0x010b9412);
	assert_int_equal(root_at(19), 0);
	assert_int_equal(root_at(20), 0x014b9412);
	assert_int_equal(io_pgtable_protect(iop, SZ_1M, SZ_1M, RW | IOMMU_CACHE, NULL, &changed),
			 -EINVAL);
	assert_int_equal(io_pgtable_validate(iop), 0);
	free_io_pgtable(iop);
}

/* Pages, large and small, become a section; parts of it become pages again. */
static void test_coalesce_and_split(void **state)
{
	struct io_pgtable_cfg cfg = configure(NS, 32, 32);
	struct io_pgtable *iop = open_table(&cfg);
	size_t joined = 0;

	assert_int_equal(io_pgtable_map(iop, SZ_16M, SZ_1M, SZ_1M / 2, RW | IOMMU_NOEXEC), 0);
	for (uint64_t at = SZ_1M / 2; at < SZ_1M; at += SZ_4K)
		assert_int_equal(
			io_pgtable_map(iop, SZ_16M + at, SZ_1M + at, SZ_4K, RW | IOMMU_NOEXEC), 0);
	assert_int_equal(page_at(iop, 0) & 3, 1);
	assert_int_equal(page_at(iop, 255) & 3, 3);
	assert_int_equal(io_pgtable_coalesce(iop, SZ_16M, SZ_1M, &joined), 0);
	assert_int_equal(joined, 1);
	assert_int_equal(root_at(16), 0x001b1c12);
	assert_int_equal(io_pgtable_table_bytes(iop), SZ_16K);
	assert_int_equal(io_pgtable_unmap(iop, SZ_16M + SZ_4K, SZ_4K, NULL), SZ_4K);
	assert_int_equal(root_at(16) & 0x3ff, 9);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_16M + SZ_4K), 0);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_16M + 2 * SZ_4K), SZ_1M + 2 * SZ_4K);
	assert_int_equal(io_pgtable_validate(iop), 0);
	/* Whole, of both kinds: the table goes, in one step. */
	assert_int_equal(io_pgtable_unmap(iop, SZ_16M, SZ_4K, NULL), SZ_4K);
	assert_int_equal(io_pgtable_unmap(iop, SZ_16M + 2 * SZ_4K, 254 * SZ_4K, NULL), 254 * SZ_4K);
	assert_int_equal(io_pgtable_map(iop, 2 * SZ_16M, SZ_1M, SZ_64K, RW), 0);
	for (uint64_t at = SZ_64K; at < SZ_1M; at += SZ_4K)
		assert_int_equal(io_pgtable_map(iop, 2 * SZ_16M + at, SZ_1M + at, SZ_4K, RW), 0);
	assert_int_equal(io_pgtable_unmap(iop, 2 * SZ_16M, SZ_1M, NULL), SZ_1M);
	assert_int_equal(root_at(32), 0);
	free_io_pgtable(iop);
}

/* Without hooks all of it lies below 4 GiB, more than an arena of it. */
static void test_own_memory(void **state)
{
	struct io_pgtable_cfg cfg = configure(0, 32, 32);
	struct io_pgtable *iop;

	cfg.mem = NULL;
	iop = open_table(&cfg);
	for (uint64_t iova = 0; iova < SZ_4G; iova += SZ_1M)
		assert_int_equal(io_pgtable_map(iop, iova, iova ^ SZ_1G, SZ_4K, RW), 0);
	assert_int_equal(io_pgtable_table_bytes(iop), SZ_16K + 4096 * SZ_1K);
	for (uint64_t iova = 0; iova < SZ_4G; iova += SZ_1M)
		assert_int_equal(io_pgtable_iova_to_phys(iop, iova + 5), (iova ^ SZ_1G) + 5);
	assert_int_equal(io_pgtable_validate(iop), 0);
	assert_int_equal(io_pgtable_unmap(iop, 0, SZ_4K, NULL), SZ_4K);
	assert_int_equal(io_pgtable_trim(iop), SZ_1K);
	assert_null(iop->cfg.mem);
	free_io_pgtable(iop);
}

/* A domain fits, the pool that its tables would come from does not. */
static void test_no_low_pool(void **state)
{
	static void *held[1024];
	struct table_pool *pool = table_pool_default();
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap = SIZES, .ias = 32, .oas = 32, .coherent_walk = true
	};
	void *small = table_pool_alloc(pool, 512, 0);
	struct io_pgtable *iop;
	size_t n = 0;

	assert_non_null(small);
	table_pool_set_limit(pool, SZ_2M);
	while (n < ARRAY_SIZE(held) && (held[n] = table_pool_alloc(pool, SZ_4K, 0)))
		n++;
	assert_true(n < ARRAY_SIZE(held));
	table_pool_free(pool, small, 512, 0);
	assert_null(alloc_io_pgtable(ARM_V7S, &cfg, NULL));
	table_pool_set_limit(pool, 0);
	while (n)
		table_pool_free(pool, held[--n], SZ_4K, 0);
	iop = alloc_io_pgtable(ARM_V7S, &cfg, NULL);
	assert_non_null(iop);
	free_io_pgtable(iop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_low_pool), /* before anything makes it */
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_registers),
		cmocka_unit_test(test_roots),
		cmocka_unit_test(test_high_tables),
		cmocka_unit_test(test_addresses_that_do_not_fit),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_beyond_4g),
		cmocka_unit_test(test_protect),
		cmocka_unit_test(test_coalesce_and_split),
		cmocka_unit_test(test_own_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
