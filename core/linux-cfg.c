// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the kernel makes of a driver's configuration before there is a table: SMMU drivers offer all
 * sizes that their hardware has and get those of one granule, others leave in sizes that the format
 * does not have, and AMD's driver says nothing at all.
 *
 * Source: what the allocation functions of Linux 6.12 do (drivers/iommu: io-pgtable-arm.c,
 * io-pgtable-arm-v7s.c, io-pgtable-dart.c, amd/io_pgtable.c, amd/io_pgtable_v2.c);
 * tests/peers/test-peers-cfg.c asks them. Invariant: a plan has sizes of one granule, and no group
 * of entries of a granule that would be smaller: 64K beside 4K stands for another granule here,
 * never for the contiguous hint.
 */
#include "core/linux-cfg.h"

#define BIT(n)	  (1ull << (n))
#define SIZES_4K  (BIT(12) | BIT(21) | BIT(30))
#define SIZES_V7S (BIT(12) | BIT(16) | BIT(20) | BIT(24))
#define SIZES_AMD ((BIT(52) - 1) & ~(BIT(12) - 1) & ~BIT(39))

/* Physical sizes that IPS and PS have codes for. */
#define LPAE_OAS (BIT(32) | BIT(36) | BIT(40) | BIT(42) | BIT(44) | BIT(48) | BIT(52))

/**
 * struct linux_rules - one of the kernel's formats
 * @settle: what is done with the sizes
 * @sizes: sizes that it has, or may be given; others are dropped
 * @ias_max, @oas_max: more than this is refused, before anything is clamped
 * @oas: bitmap of the output sizes that it has after clamping (to less than 64), 0: any
 */
struct linux_rules {
	bool (*settle)(const struct linux_rules *rules, struct io_pgtable_cfg *cfg,
		       size_t page_bytes, struct linux_plan *plan);
	uint64_t sizes;
	uint8_t ias_max, oas_max;
	uint64_t oas;
};

/* Of VMSAv8-64; sizes_52 with more than 48 bits of output. */
static const struct granule {
	unsigned int lg2;
	unsigned int address_bits;
	uint64_t sizes, sizes_52;
} granules[] = {
	{ 12, 48, SIZES_4K, 0 },
	{ 14, 48, BIT(14) | BIT(25), 0 },
	{ 16, 52, BIT(16) | BIT(29), BIT(42) },
};

/* The size that decides: the host's page, or the largest below it, or the smallest above. */
static uint64_t deciding_size(uint64_t sizes, uint64_t page_bytes)
{
	uint64_t below = sizes & (page_bytes - 1);

	if (sizes & page_bytes)
		return page_bytes;
	if (below)
		return BIT(63 - __builtin_clzll(below));
	return sizes & -sizes;
}

static const struct granule *choose_granule(uint64_t sizes, size_t page_bytes)
{
	uint64_t size = deciding_size(sizes, page_bytes);

	for (size_t i = 0; i < sizeof(granules) / sizeof(granules[0]); i++)
		if (size == BIT(granules[i].lg2))
			return &granules[i];
	return NULL;
}

static unsigned int at_most(unsigned int bits, unsigned int most)
{
	return bits < most ? bits : most;
}

/* There is no LPA2: this cfg has no field for DS, so its driver would program another layout. */
static bool settle_lpae(const struct linux_rules *rules, struct io_pgtable_cfg *cfg,
			size_t page_bytes, struct linux_plan *plan)
{
	const struct granule *g = choose_granule(cfg->pgsize_bitmap, page_bytes);

	if (!g)
		return false;
	cfg->pgsize_bitmap &= g->sizes | (cfg->oas > 48 ? g->sizes_52 : 0);
	cfg->ias = at_most(cfg->ias, g->address_bits);
	cfg->oas = at_most(cfg->oas, g->address_bits);
	return true;
}

/* What the library refuses is what the kernel does. */
static bool settle_nothing(const struct linux_rules *rules, struct io_pgtable_cfg *cfg,
			   size_t page_bytes, struct linux_plan *plan)
{
	return true;
}

/*
 * The library has sizes above 512G only where parts are never unmapped; linux-ops.c makes them of
 * 256G.
 */
static bool settle_amd_v1(const struct linux_rules *rules, struct io_pgtable_cfg *cfg,
			  size_t page_bytes, struct linux_plan *plan)
{
	cfg->pgsize_bitmap = rules->sizes;
	cfg->ias = cfg->oas = 52;
	plan->sizes = rules->sizes & (BIT(39) - 1);
	plan->snoops = true;
	return true;
}

/*
 * The kernel's driver knows from its command line whether there are five levels; here who asks for
 * 57 bits.
 */
static bool settle_amd_v2(const struct linux_rules *rules, struct io_pgtable_cfg *cfg,
			  size_t page_bytes, struct linux_plan *plan)
{
	bool five = cfg->ias == 57;

	cfg->pgsize_bitmap = rules->sizes;
	cfg->ias = five ? 57 : 52;
	cfg->oas = 52;
	plan->ias = five ? 57 : 48;
	plan->snoops = true;
	return true;
}

#define ANY UINT8_MAX

static const struct linux_rules all_rules[IO_PGTABLE_NUM_FMTS] = {
	[ARM_32_LPAE_S1] = { settle_lpae, SIZES_4K, 32, 40, LPAE_OAS },
	[ARM_32_LPAE_S2] = { settle_lpae, SIZES_4K, 40, 40, LPAE_OAS },
	[ARM_64_LPAE_S1] = { settle_lpae, ~0ull, ANY, ANY, LPAE_OAS },
	[ARM_64_LPAE_S2] = { settle_lpae, ~0ull, ANY, ANY, LPAE_OAS },
	[ARM_V7S] = { settle_nothing, SIZES_V7S, ANY, ANY, 0 },
	[ARM_MALI_LPAE] = { settle_lpae, SIZES_4K, 48, 40, 0 },
	[AMD_IOMMU_V1] = { settle_amd_v1, SIZES_AMD, ANY, ANY, 0 },
	[AMD_IOMMU_V2] = { settle_amd_v2, SIZES_4K, ANY, ANY, 0 },
	[APPLE_DART] = { settle_nothing, ~0ull, ANY, ANY, 0 },
	[APPLE_DART2] = { settle_nothing, ~0ull, ANY, ANY, 0 },
};

bool pt_linux_settle(enum io_pgtable_fmt fmt, struct io_pgtable_cfg *cfg, size_t page_bytes,
		     struct linux_plan *plan)
{
	const struct linux_rules *rules = &all_rules[fmt];

	if (cfg->ias > rules->ias_max || cfg->oas > rules->oas_max)
		return false;
	*plan = (struct linux_plan){ .snoops = cfg->coherent_walk };
	cfg->pgsize_bitmap &= rules->sizes;
	if (!rules->settle(rules, cfg, page_bytes, plan))
		return false;
	plan->sizes = plan->sizes ? plan->sizes : cfg->pgsize_bitmap;
	plan->ias = plan->ias ? plan->ias : cfg->ias;
	return !rules->oas || (rules->oas & BIT(cfg->oas));
}
