// SPDX-License-Identifier: GPL-2.0-only
/*
 * AMD's v1 tables: the walker stamped with amd-v1.h's descriptors, for two to six levels.
 *
 * Source: AMD I/O Virtualization Technology (IOMMU) Specification (48882), 2.2.2.1 "Device Table
 * Entry Format": Mode (the number of levels), Host Page Table Root Pointer; HAD for dirty state.
 */
#include "fmt/amd-v1.h"

#include "core/framework.h"
#include "core/stamp.h"
#include "fmt/plain-cfg.h"

static const uint64_t attr[PT_PROT_COUNT] = PT_BY_PROT(AMD_V1_ATTR);

/* Nothing is written to yet, whether hardware records it or not. */
static const struct pt_attr_set sets[] = { { 0, attr } };

static const struct pt_format format = {
	.granule_lg2 = 12,
	.words_lg2 = 9,
	.min_top = 1,
	.max_top = 5,
	.grow_from = 2, /* three levels, 39 bits */
	.valid_bit = AMD_V1_PR,
	.table_bit = AMD_V1_PR,
	.block_bit = AMD_V1_LEAF,
	.table_tag = AMD_V1_TABLE_TAG,
	.table_level = 1ull << AMD_V1_NEXT_SHIFT,
	.table_low = AMD_V1_NEXT | 0x1ff,
	.splitting = AMD_V1_SPLITTING,
	.cleaned = AMD_V1_CLEANED,
	.reclaiming = AMD_V1_RECLAIMING,
	.dirty_mask = AMD_V1_D | AMD_V1_IW,
	.dirty_value = AMD_V1_D | AMD_V1_IW,
	.dirty_flip = AMD_V1_D,
	.perm_mask = AMD_V1_IR | AMD_V1_IW | AMD_V1_D,
	.remaps = true,
	.is_table = amd_v1_is_table,
	.leaf = amd_v1_leaf,
	.leaf_pa = amd_v1_leaf_pa,
	.leaf_attr = amd_v1_leaf_attr,
	.table = amd_v1_table,
	.table_pa = amd_v1_table_pa,
	.is_valid = amd_v1_is_valid,
	.group_lg2 = amd_v1_group_lg2,
	.group_leaf = amd_v1_group_leaf,
	.group_sizes = AMD_V1_SIZES & ~AMD_V1_SINGLES,
	.group_any = AMD_V1_NEXT,
	.replicated = true,
	.is_group = amd_v1_is_group,
	.is_larger = amd_v1_is_larger,
};

PT_STAMP(amd_v1, format);

static void fill(const struct pt_domain *d, struct io_pgtable_cfg *cfg)
{
	unsigned int top = d->hw.told_top;

	cfg->amd_iommu_v1_cfg.host_pt_root = pt_to_phys(d, pt_root_table(d, top));
	cfg->amd_iommu_v1_cfg.mode = top + 1u;
}

static const struct plain_kind kind = {
	.fmt = AMD_IOMMU_V1,
	.format = &format,
	.ops = amd_v1_ops,
	.sizes = AMD_V1_SIZES & ~AMD_V1_HUGE,
	.whole_sizes = AMD_V1_HUGE,
	.ias_min = 21,
	.ias_max = 63,
	.oas_min = 32,
	.oas_max = 52,
	.pa_bits = 52,
	.quirks = IO_PGTABLE_QUIRK_DIRTY,
	.sets = sets,
	.nr_sets = 1,
	.fill = fill,
};

PLAIN_INIT_FNS(amd_iommu_v1, kind);
