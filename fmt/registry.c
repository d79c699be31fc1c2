// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one list of formats, with their names. A new format adds its line here and its enumerator in
 * io-pgtable.h.
 */
#include "core/framework.h"
#include "fmt/arm-lpae-cfg.h"
#include "fmt/plain-cfg.h"
#include "io-pgtable-walk.h"

#define FORMATS(F)                        \
	F(ARM_32_LPAE_S1, arm_32_lpae_s1) \
	F(ARM_32_LPAE_S2, arm_32_lpae_s2) \
	F(ARM_64_LPAE_S1, arm_64_lpae_s1) \
	F(ARM_64_LPAE_S2, arm_64_lpae_s2) \
	F(ARM_V7S, arm_v7s)               \
	F(ARM_MALI_LPAE, arm_mali_lpae)   \
	F(APPLE_DART, apple_dart)         \
	F(APPLE_DART2, apple_dart2)       \
	F(AMD_IOMMU_V1, amd_iommu_v1)     \
	F(AMD_IOMMU_V2, amd_iommu_v2)     \
	F(INTEL_VTD_SS, intel_vtd_ss)     \
	F(INTEL_VTD_FS, intel_vtd_fs)     \
	F(RISCV_SV39, riscv_sv39)         \
	F(RISCV_SV48, riscv_sv48)         \
	F(RISCV_SV57, riscv_sv57)         \
	F(RISCV_SV39X4, riscv_sv39x4)     \
	F(RISCV_SV48X4, riscv_sv48x4)     \
	F(RISCV_SV57X4, riscv_sv57x4)

#define INIT_FNS(fmt, name) [fmt] = &io_pgtable_##name##_init_fns,
#define NAME(fmt, name)	    [fmt] = #name,

const struct io_pgtable_init_fns *const io_pgtable_init_table[IO_PGTABLE_NUM_FMTS] = { FORMATS(
	INIT_FNS) };

const char *io_pgtable_fmt_name(enum io_pgtable_fmt fmt)
{
	static const char *const names[IO_PGTABLE_NUM_FMTS] = { FORMATS(NAME) };

	return (unsigned int)fmt < IO_PGTABLE_NUM_FMTS ? names[fmt] : NULL;
}
