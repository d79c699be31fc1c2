/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the two stages of RISC-V share at allocation: a kind by the level of its root.
 *
 * Source: RISC-V IOMMU Architecture Specification, process-context and device-context: the fields
 * fsc (iosatp) and iohgatp: MODE in 63:60, 8 9 10 for Sv39 Sv48 Sv57 and the same for their x4
 * forms; PPN in 43:0.
 */
#ifndef FMT_RISCV_CFG_H
#define FMT_RISCV_CFG_H

#include "io-pgtable.h"

/* MODE and PPN of a root at this level. */
#define RISCV_ATP(root_pa, top) (((uint64_t)(top) + 6) << 60 | (root_pa) >> 12)

/* Leaves of every level from 4K on, and 64K. */
#define RISCV_SIZES(top)                                                                          \
	(1ull << 12 | RISCV_NAPOT_SIZE | 1ull << 21 | 1ull << 30 | ((top) > 2 ? 1ull << 39 : 0) | \
	 ((top) > 3 ? 1ull << 48 : 0))

/* Sign-extended input addresses are all of one size. */
#define RISCV_KIND(name, pt, table_ops, top, extra, smallest, attr_sets, filled)                 \
	{                                                                                        \
		.fmt = (name), .format = &(pt), .ops = (table_ops), .sizes = RISCV_SIZES(top),   \
		.ias_min = (smallest), .ias_max = 12 + 9 * ((top) + 1) + (extra), .oas_min = 32, \
		.oas_max = 56, .pa_bits = 56, .root_extra = (extra),                             \
		.quirks = IO_PGTABLE_QUIRK_DIRTY | IO_PGTABLE_QUIRK_RISCV_PBMT,                  \
		.sets = (attr_sets), .nr_sets = 4, .fill = (filled),                             \
	}

#endif /* FMT_RISCV_CFG_H */
