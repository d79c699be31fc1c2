// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one list of formats. A new format adds its line here and its enumerator in io-pgtable.h.
 */
#include "core/framework.h"
#include "fmt/arm-lpae-cfg.h"
#include "fmt/plain-cfg.h"

const struct io_pgtable_init_fns *const io_pgtable_init_table[IO_PGTABLE_NUM_FMTS] = {
	[ARM_32_LPAE_S1] = &io_pgtable_arm_32_lpae_s1_init_fns,
	[ARM_32_LPAE_S2] = &io_pgtable_arm_32_lpae_s2_init_fns,
	[ARM_64_LPAE_S1] = &io_pgtable_arm_64_lpae_s1_init_fns,
	[ARM_64_LPAE_S2] = &io_pgtable_arm_64_lpae_s2_init_fns,
	[ARM_V7S] = &io_pgtable_arm_v7s_init_fns,
	[ARM_MALI_LPAE] = &io_pgtable_arm_mali_lpae_init_fns,
	[APPLE_DART] = &io_pgtable_apple_dart_init_fns,
	[APPLE_DART2] = &io_pgtable_apple_dart2_init_fns,
	[AMD_IOMMU_V1] = &io_pgtable_amd_iommu_v1_init_fns,
	[AMD_IOMMU_V2] = &io_pgtable_amd_iommu_v2_init_fns,
	[INTEL_VTD_SS] = &io_pgtable_intel_vtd_ss_init_fns,
	[INTEL_VTD_FS] = &io_pgtable_intel_vtd_fs_init_fns,
	[RISCV_SV39] = &io_pgtable_riscv_sv39_init_fns,
	[RISCV_SV48] = &io_pgtable_riscv_sv48_init_fns,
	[RISCV_SV57] = &io_pgtable_riscv_sv57_init_fns,
	[RISCV_SV39X4] = &io_pgtable_riscv_sv39x4_init_fns,
	[RISCV_SV48X4] = &io_pgtable_riscv_sv48x4_init_fns,
	[RISCV_SV57X4] = &io_pgtable_riscv_sv57x4_init_fns,
};
