// SPDX-License-Identifier: GPL-2.0-only
/*
 * VMSAv8-64, stage 1: the walker stamped with its granules. What it means to be this format
 * is in arm-lpae.h (descriptors) and arm-lpae-cfg.c (sizes, registers).
 */
#include "core/framework.h"
#include "core/stamp.h"
#include "fmt/arm-lpae-cfg.h"
#include "fmt/arm-lpae.h"

static const uint64_t attr[PT_PROT_COUNT] = PT_BY_PROT(LPAE_S1_ATTR);
static const uint64_t attr_ns[PT_PROT_COUNT] = PT_BY_PROT(LPAE_S1_NS_ATTR);
static const uint64_t attr_hd[PT_PROT_COUNT] = PT_BY_PROT(LPAE_S1_HD_ATTR);
static const uint64_t attr_ns_hd[PT_PROT_COUNT] = PT_BY_PROT(LPAE_S1_NS_HD_ATTR);

static const uint64_t lpa2[PT_PROT_COUNT] = PT_BY_PROT(LPAE_S1_LPA2_ATTR);
static const uint64_t lpa2_ns[PT_PROT_COUNT] = PT_BY_PROT(LPAE_S1_NS_LPA2_ATTR);
static const uint64_t lpa2_hd[PT_PROT_COUNT] = PT_BY_PROT(LPAE_S1_HD_LPA2_ATTR);
static const uint64_t lpa2_ns_hd[PT_PROT_COUNT] = PT_BY_PROT(LPAE_S1_NS_HD_LPA2_ATTR);

static const struct pt_attr_set sets[] = {
	{ 0, attr },
	{ IO_PGTABLE_QUIRK_ARM_NS, attr_ns },
	{ IO_PGTABLE_QUIRK_ARM_HD, attr_hd },
	{ IO_PGTABLE_QUIRK_ARM_NS | IO_PGTABLE_QUIRK_ARM_HD, attr_ns_hd },
};

static const struct pt_attr_set lpa2_sets[] = {
	{ 0, lpa2 },
	{ IO_PGTABLE_QUIRK_ARM_NS, lpa2_ns },
	{ IO_PGTABLE_QUIRK_ARM_HD, lpa2_hd },
	{ IO_PGTABLE_QUIRK_ARM_NS | IO_PGTABLE_QUIRK_ARM_HD, lpa2_ns_hd },
};

static const struct pt_format format_4k = LPAE_FORMAT(12, 3, LPAE_S1_DIRTY);
static const struct pt_format format_16k = LPAE_FORMAT(14, 3, LPAE_S1_DIRTY);
static const struct pt_format format_64k = LPAE_FORMAT(16, 2, LPAE_S1_DIRTY);
static const struct pt_format format_4k_lpa2 = LPAE_LPA2_FORMAT(12, 4, LPAE_S1_DIRTY);
static const struct pt_format format_16k_lpa2 = LPAE_LPA2_FORMAT(14, 3, LPAE_S1_DIRTY);

PT_STAMP(lpae_4k, format_4k);
PT_STAMP(lpae_16k, format_16k);
PT_STAMP(lpae_64k, format_64k);
PT_STAMP(lpae_4k_lpa2, format_4k_lpa2);
PT_STAMP(lpae_16k_lpa2, format_16k_lpa2);

static const struct lpae_kind kind = {
	.fmt = ARM_64_LPAE_S1,
	.stage = 1,
	.is_32 = false,
	.ias_min = 32,
	.ias_max = 52,
	.oas_min = 32,
	.oas_max = 52,
	.granules = 1ull << 12 | 1ull << 14 | 1ull << 16,
	.sets = sets,
	.lpa2_sets = lpa2_sets,
	.nr_sets = sizeof(sets) / sizeof(sets[0]),
	.quirks = IO_PGTABLE_QUIRK_ARM_NS | IO_PGTABLE_QUIRK_ARM_TTBR1 | IO_PGTABLE_QUIRK_NO_WARN |
		  IO_PGTABLE_QUIRK_NO_SPLIT | IO_PGTABLE_QUIRK_ARM_HD |
		  IO_PGTABLE_QUIRK_ARM_OUTER_WBWA,
};

static const struct lpae_variant variants[] = {
	{ &format_4k, lpae_4k_ops },
	{ &format_16k, lpae_16k_ops },
	{ &format_64k, lpae_64k_ops },
	{ &format_4k_lpa2, lpae_4k_lpa2_ops },
	{ &format_16k_lpa2, lpae_16k_lpa2_ops },
};

LPAE_INIT_FNS(arm_64_lpae_s1, kind, variants);
