// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arm Mali (Midgard, Bifrost) LPAE: four levels whatever ias is, in arm-lpae.h's descriptors but
 * for three things: a page has the type of a block, permissions are those of stage 2 beside the
 * attribute index of stage 1, and there is no access flag.
 *
 * Source: Arm does not publish a document of this format; these are the registers AS_TRANSTAB and
 * AS_MEMATTR, and the descriptors, that Linux's panfrost driver and io-pgtable-arm.c program.
 */
#include "core/framework.h"
#include "core/stamp.h"
#include "fmt/arm-lpae.h"
#include "fmt/plain-cfg.h"

/* AS_TRANSTAB: the mode "table", reads of tables by the inner cache, tables shared outside. */
#define TRANSTAB_ADRMODE_TABLE (3ull << 0)
#define TRANSTAB_READ_INNER    (1ull << 2)
#define TRANSTAB_SHARE_OUTER   (1ull << 4)

/*
 * AS_MEMATTR by attribute index: implementation-defined, write-allocating, implementation-defined.
 */
#define MEMATTR (0x88ull | 0x8dull << 8 | 0x88ull << 16)

#define MALI_ATTR(p)                                                      \
	PT_IF(p, IOMMU_READ | IOMMU_WRITE,                                \
	      LPAE_SH_OS | PT_IF(p, IOMMU_READ, LPAE_S2_READ) |           \
		      PT_IF(p, IOMMU_WRITE, LPAE_S2_WRITE) |              \
		      PT_IF(p, IOMMU_NOEXEC, LPAE_S1_PXN | LPAE_S1_UXN) | \
		      LPAE_S1_ATTRINDX(                                   \
			      LPAE_MEMORY(p, LPAE_ATTR_DEV, LPAE_ATTR_CACHE, LPAE_ATTR_NC)))

static const uint64_t attrs[PT_PROT_COUNT] = PT_BY_PROT(MALI_ATTR);

static const struct pt_attr_set sets[] = { { 0, attrs } };

static always_inline uint64_t mali_leaf(uint64_t pa, uint64_t attr, unsigned int level)
{
	return pa | attr | LPAE_TYPE_BLOCK;
}

static always_inline bool mali_is_valid(uint64_t desc, unsigned int level)
{
	if (level && (desc & LPAE_TYPE_MASK) == LPAE_TYPE_TABLE)
		return true;
	return level <= 2 && (desc & LPAE_TYPE_MASK) == LPAE_TYPE_BLOCK &&
	       (desc & (LPAE_S2_READ | LPAE_S2_WRITE));
}

static const struct pt_format format = {
	.granule_lg2 = 12,
	.words_lg2 = 9,
	.min_top = 3,
	.max_top = 3,
	.valid_bit = 1,
	.table_bit = 2,
	.table_tag = LPAE_TYPE_TABLE,
	.splitting = 4,
	.cleaned = LPAE_CLEANED,
	.reclaiming = LPAE_RECLAIMING,
	.perm_mask = LPAE_S2_READ | LPAE_S2_WRITE | LPAE_S1_PXN | LPAE_S1_UXN,
	.is_table = lpae_is_table,
	.leaf = mali_leaf,
	.leaf_pa = lpae_leaf_pa_12,
	.leaf_attr = lpae_leaf_attr_12,
	.table = lpae_table_12,
	.table_pa = lpae_table_pa_12,
	.is_valid = mali_is_valid,
};

PT_STAMP(mali, format);

static void fill(const struct pt_domain *d, struct io_pgtable_cfg *cfg)
{
	cfg->arm_mali_lpae_cfg.transtab = pt_to_phys(d, d->root) | TRANSTAB_READ_INNER |
					  TRANSTAB_ADRMODE_TABLE |
					  (cfg->coherent_walk ? TRANSTAB_SHARE_OUTER : 0);
	cfg->arm_mali_lpae_cfg.memattr = MEMATTR;
}

static const struct plain_kind kind = {
	.fmt = ARM_MALI_LPAE,
	.format = &format,
	.ops = mali_ops,
	.sizes = 1ull << 12 | 1ull << 21 | 1ull << 30,
	.ias_min = 32,
	.ias_max = 48,
	.oas_min = 32,
	.oas_max = 40,
	.pa_bits = 48,
	.sets = sets,
	.nr_sets = 1,
	.fill = fill,
};

PLAIN_INIT_FNS(arm_mali_lpae, kind);
