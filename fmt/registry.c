// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one list of formats. A new format adds its line here and its enumerator in io-pgtable.h.
 */
#include "core/framework.h"
#include "fmt/arm-lpae-cfg.h"

const struct io_pgtable_init_fns *const io_pgtable_init_table[IO_PGTABLE_NUM_FMTS] = {
	[ARM_32_LPAE_S1] = &io_pgtable_arm_32_lpae_s1_init_fns,
	[ARM_32_LPAE_S2] = &io_pgtable_arm_32_lpae_s2_init_fns,
	[ARM_64_LPAE_S1] = &io_pgtable_arm_64_lpae_s1_init_fns,
	[ARM_64_LPAE_S2] = &io_pgtable_arm_64_lpae_s2_init_fns,
};
