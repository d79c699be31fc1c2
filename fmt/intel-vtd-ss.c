// SPDX-License-Identifier: GPL-2.0-only
/*
 * Intel VT-d, second stage: 3, 4 or 5 levels in intel-vtd-ss.h's descriptors.
 *
 * Source: Intel Virtualization Technology for Directed I/O, 9.3 "Context Entry" and 9.6
 * "Scalable-Mode PASID Table Entry", the fields SSPTPTR and AW (1, 2, 3 for 3, 4, 5 levels).
 */
#include "fmt/intel-vtd-ss.h"

#include "core/framework.h"
#include "core/stamp.h"
#include "fmt/plain-cfg.h"

static const uint64_t attr[PT_PROT_COUNT] = PT_BY_PROT(VTD_SS_ATTR);
static const uint64_t attr_snoop[PT_PROT_COUNT] = PT_BY_PROT(VTD_SS_SNOOP_ATTR);

static const struct pt_attr_set sets[] = {
	{ 0, attr },
	{ IO_PGTABLE_QUIRK_VTD_SNOOP, attr_snoop },
	{ IO_PGTABLE_QUIRK_DIRTY, attr },
	{ IO_PGTABLE_QUIRK_VTD_SNOOP | IO_PGTABLE_QUIRK_DIRTY, attr_snoop },
};

static const struct pt_format format = {
	.granule_lg2 = 12,
	.words_lg2 = 9,
	.min_top = 2,
	.max_top = 4,
	.valid_bit = VTD_SS_VALID,
	.table_bit = VTD_SS_TABLE,
	.block_bit = VTD_SS_PS,
	.table_tag = VTD_SS_TABLE_TAG,
	.splitting = VTD_SS_SPLITTING,
	.cleaned = VTD_SS_CLEANED,
	.reclaiming = VTD_SS_RECLAIMING,
	.dirty_mask = VTD_SS_D | VTD_SS_W,
	.dirty_value = VTD_SS_D | VTD_SS_W,
	.dirty_flip = VTD_SS_D,
	.perm_mask = VTD_SS_R | VTD_SS_W | VTD_SS_D,
	.remaps = true,
	.is_table = vtd_ss_is_table,
	.leaf = vtd_ss_leaf,
	.leaf_pa = vtd_ss_leaf_pa,
	.leaf_attr = vtd_ss_leaf_attr,
	.table = vtd_ss_table,
	.table_pa = vtd_ss_table_pa,
	.is_valid = vtd_ss_is_valid,
};

PT_STAMP(vtd_ss, format);

static void fill(const struct pt_domain *d, struct io_pgtable_cfg *cfg)
{
	cfg->intel_vtd_ss_cfg.ssptptr = pt_to_phys(d, d->root);
	cfg->intel_vtd_ss_cfg.aw = d->top - 1u;
}

static const struct plain_kind kind = {
	.fmt = INTEL_VTD_SS,
	.format = &format,
	.ops = vtd_ss_ops,
	.sizes = 1ull << 12 | 1ull << 21 | 1ull << 30,
	.ias_min = 30,
	.ias_max = 57,
	.oas_min = 32,
	.oas_max = 52,
	.pa_bits = 52,
	.sets = sets,
	.nr_sets = sizeof(sets) / sizeof(sets[0]),
	.quirks = IO_PGTABLE_QUIRK_VTD_SNOOP | IO_PGTABLE_QUIRK_DIRTY,
	.fill = fill,
};

PLAIN_INIT_FNS(intel_vtd_ss, kind);
