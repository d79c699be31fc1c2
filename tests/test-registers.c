// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a driver programs and what a walker reads, bit by bit: register values, start levels,
 * concatenated roots and descriptors against values worked out by hand from the Arm ARM (DDI0487,
 * D8.2, D8.3, D24.2; G8.2 for AArch32).
 */
#include "window.h"

#define WBWA  IO_PGTABLE_QUIRK_ARM_OUTER_WBWA
#define S2FWB IO_PGTABLE_QUIRK_ARM_S2FWB

struct s1_case {
	uint64_t granule;
	unsigned int ias, oas;
	bool coherent;
	unsigned long quirks;
	uint64_t tcr;
};

static void test_s1_registers(void **state)
{
	static const struct s1_case cases[] = {
		/* SH0 IS, ORGN0/IRGN0 WBWA = 0x3500; EPD1 = 1 << 23; T0SZ; TG0; IPS. */
		{ SZ_4K, 48, 48, true, 0, 0x500803510 },
		{ SZ_4K, 39, 40, true, 0, 0x200803519 },
		{ SZ_16K, 47, 44, true, 0, 0x40080b511 },
		{ SZ_64K, 42, 36, true, 0, 0x100807516 },
		{ SZ_64K, 52, 52, true, 0, 0x60080750c },
		{ SZ_4K, 32, 32, false, 0, 0x000802020 },
		/* LPA2: DS 1 << 59. */
		{ SZ_4K, 52, 52, true, 0, 0x80000060080350c },
		{ SZ_4K, 48, 52, true, 0, 0x800000600803510 },
		{ SZ_16K, 52, 48, true, 0, 0x80000050080b50c },
		/* An oas between two encodings takes the larger. */
		{ SZ_4K, 33, 33, true, 0, 0x10080351f },
		/* Through TTBR1: T1SZ, SH1, ORGN1, IRGN1 16 bits up, TG1 in 31:30, EPD0. */
		{ SZ_4K, 48, 48, true, IO_PGTABLE_QUIRK_ARM_TTBR1, 0x5b5100080 },
		{ SZ_16K, 47, 48, true, IO_PGTABLE_QUIRK_ARM_TTBR1, 0x575110080 },
		{ SZ_64K, 42, 48, true, IO_PGTABLE_QUIRK_ARM_TTBR1, 0x5f5160080 },
		/* SH OS 0x2000, and of ORGN0/IRGN0 the outer: WBWA 0x400. */
		{ SZ_4K, 32, 32, false, WBWA, 0x000802420 },
		{ SZ_4K, 48, 48, false, WBWA | IO_PGTABLE_QUIRK_ARM_TTBR1, 0x5a4100080 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct s1_case *c = &cases[i];
		bool upper = c->quirks & IO_PGTABLE_QUIRK_ARM_TTBR1;
		struct io_pgtable_cfg cfg = {
			.quirks = c->quirks,
			.pgsize_bitmap = c->granule,
			.ias = c->ias,
			.oas = c->oas,
			.coherent_walk = c->coherent,
		};
		struct io_pgtable *iop = window_make(ARM_64_LPAE_S1, &cfg);

		assert_int_equal(cfg.arm_lpae_s1_cfg.tcr, c->tcr);
		assert_int_equal(cfg.arm_lpae_s1_cfg.ttbr[upper], PA_BASE);
		assert_int_equal(cfg.arm_lpae_s1_cfg.ttbr[!upper], 0);
		assert_int_equal(cfg.arm_lpae_s1_cfg.mair[0], 0xf404ff44);
		assert_int_equal(cfg.arm_lpae_s1_cfg.mair[1], 0);
		assert_int_equal(iop->cfg.arm_lpae_s1_cfg.tcr, c->tcr);
		free_io_pgtable(iop);
	}
}

struct s2_case {
	enum io_pgtable_fmt fmt;
	uint64_t granule;
	unsigned int ias, oas;
	uint64_t vtcr;
	size_t root_bytes;
};

static void test_s2_registers(void **state)
{
	static const struct s2_case cases[] = {
		/* RES1, walk attributes 0x3500, PS << 16, TG0 << 14, SL0 << 6, T0SZ. */
		{ ARM_64_LPAE_S2, SZ_4K, 48, 48, 0x80053590, 4096 },	    /* L0 */
		{ ARM_64_LPAE_S2, SZ_4K, 43, 48, 0x80053555, 16 * 4096 },   /* L1 x 16 */
		{ ARM_64_LPAE_S2, SZ_4K, 40, 40, 0x80023558, 2 * 4096 },    /* L1 x 2 */
		{ ARM_64_LPAE_S2, SZ_4K, 39, 40, 0x80023559, 4096 },	    /* L1 */
		{ ARM_64_LPAE_S2, SZ_4K, 32, 32, 0x80003560, 64 },	    /* L1, 4 entries */
		{ ARM_64_LPAE_S2, SZ_16K, 48, 48, 0x8005b590, 2 * 16384 },  /* L1 x 2 */
		{ ARM_64_LPAE_S2, SZ_16K, 47, 48, 0x8005b591, 16384 },	    /* L1 */
		{ ARM_64_LPAE_S2, SZ_16K, 40, 40, 0x8002b558, 16 * 16384 }, /* L2 x 16 */
		{ ARM_64_LPAE_S2, SZ_16K, 36, 36, 0x8001b55c, 16384 },	    /* L2 */
		{ ARM_64_LPAE_S2, SZ_64K, 44, 44, 0x80047594, 64 },	    /* L1, 4 entries */
		{ ARM_64_LPAE_S2, SZ_64K, 46, 42, 0x80037552, 1 << 20 },    /* L2 x 16 */
		{ ARM_64_LPAE_S2, SZ_64K, 42, 42, 0x80037556, 65536 },	    /* L2 */
		{ ARM_64_LPAE_S2, SZ_64K, 52, 52, 0x8006758c, 8192 },	    /* L1 */
		/* LPA2: DS 1 << 32. */
		{ ARM_64_LPAE_S2, SZ_4K, 52, 52, 0x18006358c, 16 * 4096 },   /* L0 x 16 */
		{ ARM_64_LPAE_S2, SZ_4K, 48, 52, 0x180063590, 4096 },	     /* L0 */
		{ ARM_64_LPAE_S2, SZ_16K, 51, 52, 0x18006b58d, 16 * 16384 }, /* L1 x 16 */
		{ ARM_64_LPAE_S2, SZ_16K, 52, 52, 0x18006b5cc, 32 * 8 },     /* L0, 32 entries */
		/* AArch32: T0SZ is signed, bit 4 its sign; no PS, no TG0. */
		{ ARM_32_LPAE_S2, SZ_4K, 40, 40, 0x80003558, 2 * 4096 },
		{ ARM_32_LPAE_S2, SZ_4K, 32, 40, 0x80003540, 64 },
		{ ARM_32_LPAE_S2, SZ_4K, 30, 40, 0x80003502, 4096 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct s2_case *c = &cases[i];
		struct io_pgtable_cfg cfg = {
			.pgsize_bitmap = c->granule,
			.ias = c->ias,
			.oas = c->oas,
			.coherent_walk = true,
		};
		struct io_pgtable *iop = window_make(c->fmt, &cfg);

		assert_int_equal(cfg.arm_lpae_s2_cfg.vtcr, c->vtcr);
		assert_int_equal(cfg.arm_lpae_s2_cfg.vttbr, PA_BASE);
		assert_int_equal(io_pgtable_table_bytes(iop), c->root_bytes);
		free_io_pgtable(iop);
	}
}

static void test_s1_32_registers(void **state)
{
	static const struct {
		unsigned int ias;
		unsigned long quirks;
		uint64_t tcr;
	} cases[] = {
		{ 32, 0, 0x80803500 }, /* EAE, EPD1, walk attributes, T0SZ 0 */
		{ 31, 0, 0x80803501 },
		{ 25, 0, 0x80803507 },
		{ 32, WBWA, 0x80802400 },
		/*
		 * Through TTBR1 (G8.2, TTBCR): T1SZ 18:16, EPD0 7, IRGN1 25:24, ORGN1 27:26, SH1
		 * 29:28.
		 */
		{ 31, IO_PGTABLE_QUIRK_ARM_TTBR1, 0xb5010080 },
		{ 25, IO_PGTABLE_QUIRK_ARM_TTBR1, 0xb5070080 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		bool upper = cases[i].quirks & IO_PGTABLE_QUIRK_ARM_TTBR1;
		struct io_pgtable_cfg cfg = {
			.quirks = cases[i].quirks,
			.pgsize_bitmap = SZ_4K,
			.ias = cases[i].ias,
			.oas = 40,
			.coherent_walk = !(cases[i].quirks & WBWA),
		};
		struct io_pgtable *iop = window_make(ARM_32_LPAE_S1, &cfg);

		assert_int_equal(cfg.arm_lpae_s1_cfg.tcr, cases[i].tcr);
		assert_int_equal(cfg.arm_lpae_s1_cfg.ttbr[upper], PA_BASE);
		assert_int_equal(cfg.arm_lpae_s1_cfg.ttbr[!upper], 0);
		free_io_pgtable(iop);
	}
}

/* Nothing is left for TTBR1 where T1SZ is 0; walks that snoop have no use for OUTER_WBWA. */
static void test_refused_quirks(void **state)
{
	struct io_pgtable_cfg cfg = {
		.quirks = IO_PGTABLE_QUIRK_ARM_TTBR1,
		.pgsize_bitmap = SZ_4K,
		.ias = 32,
		.oas = 40,
		.coherent_walk = true,
	};

	assert_int_equal(io_pgtable_check_cfg(ARM_32_LPAE_S1, &cfg), -ERANGE);
	assert_int_equal(io_pgtable_check_cfg(ARM_64_LPAE_S1, &cfg), 0);
	cfg.quirks = WBWA;
	assert_int_equal(io_pgtable_check_cfg(ARM_32_LPAE_S1, &cfg), -EOPNOTSUPP);
	assert_int_equal(io_pgtable_check_cfg(ARM_64_LPAE_S1, &cfg), -EOPNOTSUPP);
	cfg.coherent_walk = false;
	assert_int_equal(io_pgtable_check_cfg(ARM_32_LPAE_S1, &cfg), 0);
	assert_int_equal(io_pgtable_check_cfg(ARM_64_LPAE_S2, &cfg), -EOPNOTSUPP);
}

struct prot_case {
	int prot;
	uint64_t s1, s2, s2_fwb;
};

/* The attribute bits of a leaf, without address and type. */
static const struct prot_case prot_cases[] = {
	/* Stage 1: nG 0x800, AF 0x400, SH 0x200/0x300, RO 0x80, unprivileged 0x40, AttrIndx. */
	/* Stage 2: MemAttr in 5:2, 0xf 0x5 0x1; with FEAT_S2FWB in use (D8.6.6) 0x6 0x5 0x1. */
	{ RW, 0xe40, 0x6d4, 0x6d4 },
	{ IOMMU_READ, 0xec0, 0x654, 0x654 },
	{ IOMMU_WRITE, 0xe40, 0x694, 0x694 },
	{ RW | IOMMU_CACHE, 0xf44, 0x7fc, 0x7d8 },
	{ RW | IOMMU_MMIO, 0xe48, 0x6c4, 0x6c4 },
	{ RW | IOMMU_MMIO | IOMMU_CACHE, 0xf48, 0x7c4, 0x7c4 },
	{ RW | IOMMU_PRIV, 0xe00, 0x6d4, 0x6d4 },
	{ RW | IOMMU_NOEXEC, 0x60000000000e40, 0x400000000006d4, 0x400000000006d4 },
	{ IOMMU_READ | IOMMU_CACHE | IOMMU_NOEXEC | IOMMU_PRIV, 0x60000000000f84, 0x4000000000077c,
	  0x40000000000758 },
};

static void test_leaf_attributes(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(prot_cases); i++) {
		for (int s2 = 0; s2 < 3; s2++) {
			struct io_pgtable_cfg cfg = {
				.quirks = s2 == 2 ? S2FWB : 0,
				.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G,
				.ias = 39,
				.oas = 48,
				.coherent_walk = true,
			};
			struct io_pgtable *iop =
				window_make(s2 ? ARM_64_LPAE_S2 : ARM_64_LPAE_S1, &cfg);
			const uint64_t attr[] = { prot_cases[i].s1, prot_cases[i].s2,
						  prot_cases[i].s2_fwb };

			assert_int_equal(
				io_pgtable_map(iop, SZ_1G, 5 * SZ_1G, SZ_1G, prot_cases[i].prot),
				0);
			assert_int_equal(desc_at(PA_BASE, 1), 5 * SZ_1G | attr[s2] | 1);
			free_io_pgtable(iop);
		}
	}
}

static uint64_t leaf_of(unsigned long quirks, unsigned int oas, int prot)
{
	struct io_pgtable_cfg cfg = {
		.quirks = quirks,
		.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G,
		.ias = 39,
		.oas = oas,
		.coherent_walk = true,
	};
	struct io_pgtable *iop = window_make(ARM_64_LPAE_S2, &cfg);
	uint64_t leaf;

	assert_int_equal(io_pgtable_map(iop, SZ_1G, 5 * SZ_1G, SZ_1G, prot), 0);
	leaf = desc_at(PA_BASE, 1);
	assert_int_equal(io_pgtable_validate(iop), 0);
	free_io_pgtable(iop);
	return leaf;
}

/* FEAT_S2FWB is one code of MemAttr, whatever else is in a leaf: dirty state, LPA2, permissions. */
static void test_forced_write_back(void **state)
{
	for (unsigned int i = 0; i < 4; i++) {
		unsigned long hd = i & 1 ? IO_PGTABLE_QUIRK_ARM_HD : 0;
		unsigned int oas = i & 2 ? 52 : 48;

		for (int prot = 0; prot < 64; prot++) {
			bool cached = (prot & IOMMU_CACHE) && !(prot & IOMMU_MMIO);

			if (prot & RW)
				assert_int_equal(leaf_of(hd | S2FWB, oas, prot),
						 leaf_of(hd, oas, prot) ^
							 (cached ? (0xf ^ 0x6) << 2 : 0));
		}
	}
}

/* Every descriptor on the way to a page and to a 2M block, secure and not. */
static void test_tables(void **state)
{
	for (int ns = 0; ns < 2; ns++) {
		struct io_pgtable_cfg cfg = {
			.quirks = ns ? IO_PGTABLE_QUIRK_ARM_NS : 0,
			.pgsize_bitmap = SZ_4K | SZ_2M,
			.ias = 48,
			.oas = 48,
			.coherent_walk = true,
		};
		uint64_t iova = 3ull << 39 | 5ull << 30 | 7ull << 21 | 9ull << 12;
		uint64_t nstable = ns ? 1ull << 63 : 0, ns_bit = ns ? 0x20 : 0;
		struct io_pgtable *iop = window_make(ARM_64_LPAE_S1, &cfg);

		assert_int_equal(io_pgtable_map(iop, iova, 0x123456789000, SZ_4K, RW), 0);
		assert_int_equal(io_pgtable_map(iop, iova + SZ_2M - 9 * SZ_4K, SZ_2M, SZ_2M, RW),
				 0);
		assert_int_equal(desc_at(PA_BASE, 3), (PA_BASE + 0x1000) | 3 | nstable);
		assert_int_equal(desc_at(PA_BASE + 0x1000, 5), (PA_BASE + 0x2000) | 3 | nstable);
		assert_int_equal(desc_at(PA_BASE + 0x2000, 7), (PA_BASE + 0x3000) | 3 | nstable);
		assert_int_equal(desc_at(PA_BASE + 0x2000, 8), SZ_2M | 0xe41 | ns_bit);
		assert_int_equal(desc_at(PA_BASE + 0x3000, 9), 0x123456789000 | 0xe43 | ns_bit);
		free_io_pgtable(iop);
	}
}

/* Output bits 51:48 of the 64K granule live in descriptor bits 15:12; runs across bit 48. */
static void test_52_bit_output(void **state)
{
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap = SZ_64K | SZ_512M | SZ_4T,
		.ias = 52,
		.oas = 52,
		.coherent_walk = true,
	};
	struct io_pgtable *iop = window_make(ARM_64_LPAE_S1, &cfg);
	uint64_t edge = 1ull << 48;

	assert_int_equal(io_pgtable_map(iop, SZ_4T, 0xfull << 48, SZ_4T, RW), 0);
	assert_int_equal(desc_at(PA_BASE, 1), 0xf000 | 0xe41);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_4T + 77), (0xfull << 48) + 77);
	assert_int_equal(io_pgtable_map(iop, 0, edge - 4 * SZ_64K, 8 * SZ_64K, RW), 0);
	for (int i = 0; i < 8; i++)
		assert_int_equal(io_pgtable_iova_to_phys(iop, i * SZ_64K + 3),
				 edge + (i - 4) * SZ_64K + 3);
	assert_int_equal(io_pgtable_validate(iop), 0);
	/* A whole leaf table at once across the edge, and a split block beyond it. */
	assert_int_equal(io_pgtable_map(iop, SZ_512M, edge - 3 * SZ_64K, SZ_512M, RW), 0);
	assert_int_equal(io_pgtable_iova_to_phys(iop, 2 * SZ_512M - 1),
			 edge - 3 * SZ_64K + SZ_512M - 1);
	assert_int_equal(io_pgtable_unmap(iop, SZ_4T + SZ_512M, SZ_64K, NULL), SZ_64K);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_4T + SZ_512M), 0);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_4T + SZ_512M + SZ_64K),
			 (0xfull << 48) + SZ_512M + SZ_64K);
	assert_int_equal(io_pgtable_iova_to_phys(iop, 2 * SZ_4T - 1), (0xfull << 48) + SZ_4T - 1);
	assert_int_equal(io_pgtable_validate(iop), 0);
	free_io_pgtable(iop);
}

/* The upper half: iovas as a device sends them, and a range that ends at the top of all. */
static void check_ttbr1(enum io_pgtable_fmt fmt, unsigned int ias, unsigned int oas)
{
	struct io_pgtable_cfg cfg = {
		.quirks = IO_PGTABLE_QUIRK_ARM_TTBR1 | IO_PGTABLE_QUIRK_NO_WARN,
		.pgsize_bitmap = SZ_4K | SZ_2M,
		.ias = ias,
		.oas = oas,
		.coherent_walk = true,
	};
	struct io_pgtable *iop = window_make(fmt, &cfg);
	uint64_t low = ~0ull << ias;

	assert_int_equal(io_pgtable_map(iop, 0, 0, SZ_4K, RW), -ERANGE);
	assert_int_equal(io_pgtable_map(iop, low - SZ_4K, 0, SZ_4K, RW), -ERANGE);
	assert_int_equal(io_pgtable_map(iop, low, SZ_2M, SZ_4K, RW), 0);
	assert_int_equal(io_pgtable_iova_to_phys(iop, low + 9), SZ_2M + 9);
	assert_int_equal(io_pgtable_map(iop, -SZ_2M - SZ_4K, SZ_1G - SZ_4K, SZ_2M + SZ_4K, RW), 0);
	assert_int_equal(io_pgtable_iova_to_phys(iop, -1ull), SZ_1G + SZ_2M - 1);
	assert_int_equal(io_pgtable_map(iop, -SZ_4K, 0, 2 * SZ_4K, RW), -ERANGE);
	assert_int_equal(io_pgtable_unmap(iop, -SZ_2M - SZ_4K, SZ_2M + SZ_4K, NULL), SZ_2M + SZ_4K);
	assert_int_equal(io_pgtable_iova_to_phys(iop, -1ull), 0);
	assert_int_equal(io_pgtable_unmap(iop, low, SZ_4K, NULL), SZ_4K);
	free_io_pgtable(iop);
}

static void test_ttbr1(void **state)
{
	check_ttbr1(ARM_64_LPAE_S1, 39, 48);
	check_ttbr1(ARM_32_LPAE_S1, 31, 40);
	check_ttbr1(ARM_32_LPAE_S1, 25, 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_s1_registers),
		cmocka_unit_test(test_s2_registers),
		cmocka_unit_test(test_s1_32_registers),
		cmocka_unit_test(test_leaf_attributes),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_52_bit_output),
		cmocka_unit_test(test_ttbr1),
		cmocka_unit_test(test_refused_quirks),
		cmocka_unit_test(test_forced_write_back),
	};

	return cmocka_run_group_tests(tests, window_setup, window_teardown);
}
