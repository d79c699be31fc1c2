// SPDX-License-Identifier: GPL-2.0-only
/*
 * AArch32 long descriptors, stage 1: the walker stamped with its granules. What it means to be this
 * format is in arm-lpae.h (descriptors) and arm-lpae-cfg.c (sizes, registers).
 */
#include "core/framework.h"
#include "core/stamp.h"
#include "fmt/arm-lpae-cfg.h"
#include "fmt/arm-lpae.h"

static const uint64_t attr[PT_PROT_COUNT] = PT_BY_PROT(LPAE_S1_ATTR);
static const uint64_t attr_ns[PT_PROT_COUNT] = PT_BY_PROT(LPAE_S1_NS_ATTR);

static const struct pt_attr_set sets[] = {
	{ 0, attr },
	{ IO_PGTABLE_QUIRK_ARM_NS, attr_ns },
};

static const struct pt_format format_4k = LPAE_FORMAT(12, 2, LPAE_S1_DIRTY);

PT_STAMP(lpae_4k, format_4k);

static const struct lpae_kind kind = {
	.fmt = ARM_32_LPAE_S1,
	.stage = 1,
	.is_32 = true,
	.ias_min = 25,
	.ias_max = 32,
	.oas_min = 32,
	.oas_max = 40,
	.granules = 1ull << 12,
	.sets = sets,
	.nr_sets = sizeof(sets) / sizeof(sets[0]),
	.quirks = IO_PGTABLE_QUIRK_ARM_NS | IO_PGTABLE_QUIRK_ARM_TTBR1 | IO_PGTABLE_QUIRK_NO_WARN |
		  IO_PGTABLE_QUIRK_NO_SPLIT | IO_PGTABLE_QUIRK_ARM_OUTER_WBWA,
};

static const struct lpae_variant variants[] = {
	{ &format_4k, lpae_4k_ops },
};

LPAE_INIT_FNS(arm_32_lpae_s1, kind, variants);
