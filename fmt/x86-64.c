// SPDX-License-Identifier: GPL-2.0-only
/*
 * AMD's v2 tables and Intel VT-d's first stage: one walker for both, of 4 or 5 levels, in
 * x86-64.h's descriptors. They differ in the registers.
 *
 * Source: AMD I/O Virtualization Technology (IOMMU) Specification (48882), 2.2.2.1 "Device Table
 * Entry Format", the fields GCR3 Table Root Pointer and GuestPagingMode; Intel VT-d, 9.6
 * "Scalable-Mode PASID Table Entry", the fields FSPTPTR and FSPM. Input addresses are sign-extended
 * from the highest index bit.
 */
#include "fmt/x86-64.h"

#include "core/framework.h"
#include "core/stamp.h"
#include "fmt/plain-cfg.h"

static const uint64_t attr[PT_PROT_COUNT] = PT_BY_PROT(X86_64_ATTR);
static const uint64_t attr_clean[PT_PROT_COUNT] = PT_BY_PROT(X86_64_CLEAN_ATTR);

static const struct pt_attr_set sets[] = {
	{ 0, attr },
	{ IO_PGTABLE_QUIRK_DIRTY, attr_clean },
};

static const struct pt_format format = {
	.granule_lg2 = 12,
	.words_lg2 = 9,
	.min_top = 3,
	.max_top = 4,
	.root_flip = 256,
	.valid_bit = X86_64_P,
	.table_bit = X86_64_TABLE,
	.block_bit = X86_64_PS,
	.table_tag = X86_64_TABLE_TAG,
	.splitting = X86_64_SPLITTING,
	.cleaned = X86_64_CLEANED,
	.reclaiming = X86_64_RECLAIMING,
	.dirty_mask = X86_64_D | X86_64_RW,
	.dirty_value = X86_64_D | X86_64_RW,
	.dirty_flip = X86_64_D,
	.perm_mask = X86_64_RW | X86_64_US | X86_64_D | X86_64_NX,
	.remaps = true,
	.is_table = x86_64_is_table,
	.leaf = x86_64_leaf,
	.leaf_pa = x86_64_leaf_pa,
	.leaf_attr = x86_64_leaf_attr,
	.table = x86_64_table,
	.table_pa = x86_64_table_pa,
	.is_valid = x86_64_is_valid,
};

PT_STAMP(x86_64, format);

static void fill_amd(const struct pt_domain *d, struct io_pgtable_cfg *cfg)
{
	cfg->amd_iommu_v2_cfg.gcr3 = pt_to_phys(d, d->root);
	cfg->amd_iommu_v2_cfg.guest_paging_mode = d->top - 3u;
}

static void fill_intel(const struct pt_domain *d, struct io_pgtable_cfg *cfg)
{
	cfg->intel_vtd_fs_cfg.fsptptr = pt_to_phys(d, d->root);
	cfg->intel_vtd_fs_cfg.fspm = d->top - 3u;
}

#define KIND(name, fill_registers)                                                                \
	{                                                                                         \
		.fmt = (name), .format = &format, .ops = x86_64_ops,                              \
		.sizes = 1ull << 12 | 1ull << 21 | 1ull << 30,                                    \
		.ias_only = 1ull << 48 | 1ull << 57, .ias_min = 48, .ias_max = 57, .oas_min = 32, \
		.oas_max = 52, .pa_bits = 52, .quirks = IO_PGTABLE_QUIRK_DIRTY, .sets = sets,     \
		.nr_sets = 2, .fill = (fill_registers),                                           \
	}

static const struct plain_kind amd_kind = KIND(AMD_IOMMU_V2, fill_amd);
static const struct plain_kind intel_kind = KIND(INTEL_VTD_FS, fill_intel);

PLAIN_INIT_FNS(amd_iommu_v2, amd_kind);
PLAIN_INIT_FNS(intel_vtd_fs, intel_kind);
