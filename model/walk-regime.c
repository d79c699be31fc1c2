// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which reader of registers a format has (walk.h).
 */
#include "model/walk.h"

bool walk_regime_of(enum io_pgtable_fmt fmt, const struct io_pgtable_cfg *cfg,
		    struct walk_regime *r)
{
	static void (*const of[IO_PGTABLE_NUM_FMTS])(const struct io_pgtable_cfg *cfg,
						     struct walk_regime *r) = {
		[ARM_32_LPAE_S1] = walk_arm_32_s1, [ARM_32_LPAE_S2] = walk_arm_32_s2,
		[ARM_64_LPAE_S1] = walk_arm_64_s1, [ARM_64_LPAE_S2] = walk_arm_64_s2,
		[ARM_V7S] = walk_arm_v7s,	   [AMD_IOMMU_V1] = walk_amd_v1,
		[AMD_IOMMU_V2] = walk_amd_v2,	   [ARM_MALI_LPAE] = walk_arm_mali,
		[APPLE_DART] = walk_dart_1,	   [APPLE_DART2] = walk_dart_2,
		[INTEL_VTD_SS] = walk_vtd_ss,	   [INTEL_VTD_FS] = walk_vtd_fs,
		[RISCV_SV39] = walk_riscv_fs,	   [RISCV_SV48] = walk_riscv_fs,
		[RISCV_SV57] = walk_riscv_fs,	   [RISCV_SV39X4] = walk_riscv_ss,
		[RISCV_SV48X4] = walk_riscv_ss,	   [RISCV_SV57X4] = walk_riscv_ss,
	};

	*r = (struct walk_regime){ 0 };
	if ((unsigned int)fmt >= IO_PGTABLE_NUM_FMTS || !of[fmt])
		return false;
	of[fmt](cfg, r);
	return true;
}
