/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page tables of RISC-V, Sv39, Sv48 and Sv57, and as a second stage Sv39x4, Sv48x4 and Sv57x4:
 * encode and decode.
 *
 * Source: The RISC-V Instruction Set Manual, Volume II: Privileged Architecture, chapters
 * "Supervisor-Level ISA" (Sv39, Sv48, Sv57: page table entries) and "Hypervisor extension"
 * (two-stage address translation: U must be set, the root has four times as many entries).
 *
 * A leaf has R, a table has none of R, W, X: every level can have leaves. W without R is reserved.
 * A is always set, and D where writing is allowed: hardware never writes to a descriptor and takes
 * no fault for them; with IO_PGTABLE_QUIRK_DIRTY it sets D itself. Bits 9:8 (RSW) are software's.
 *
 * Svnapot ("Svnapot" Extension for NAPOT Translation Contiguity): N in a leaf of the lowest level,
 * with PPN[3:0] 1000, is 64K, and all 16 entries are the same. Svpbmt ("Svpbmt" Extension for
 * Page-Based Memory Types), with IO_PGTABLE_QUIRK_RISCV_PBMT: bits 62:61 of a leaf are 2 (I/O) with
 * IOMMU_MMIO, 1 (non-cacheable) without IOMMU_CACHE; elsewhere, and without the quirk, the memory's
 * own attributes (PMA) hold.
 */
#ifndef FMT_RISCV_H
#define FMT_RISCV_H

#include "core/port.h"
#include "io-pgtable.h"

#define RISCV_BIT(n) (1ull << (n))
#define RISCV_V	     RISCV_BIT(0)
#define RISCV_R	     RISCV_BIT(1)
#define RISCV_W	     RISCV_BIT(2)
#define RISCV_X	     RISCV_BIT(3)
#define RISCV_U	     RISCV_BIT(4)
#define RISCV_G	     RISCV_BIT(5)
#define RISCV_A	     RISCV_BIT(6)
#define RISCV_D	     RISCV_BIT(7)
#define RISCV_FLAGS  0xffull

#define RISCV_NC   (1ull << 61)
#define RISCV_IO   (2ull << 61)
#define RISCV_PBMT (3ull << 61)
#define RISCV_N	   RISCV_BIT(63)

/* A NAPOT leaf's entries, as a log2, and its mark in the page number. */
#define RISCV_NAPOT_LG2	 4
#define RISCV_NAPOT_SIZE (1ull << 16)
#define RISCV_NAPOT_PPN	 RISCV_BIT(13)
#define RISCV_NAPOT_MASK (0xfull << 10)

/* The page number, address bits 55:12, is in bits 53:10. */
#define RISCV_PA_SHIFT 2
#define RISCV_PPN      (((1ull << 54) - 1) & ~((1ull << 10) - 1))

/* Software bits of a table descriptor. An entry without V is nothing, whatever else it has. */
#define RISCV_CLEANED	 RISCV_BIT(8)
#define RISCV_RECLAIMING RISCV_BIT(9)
#define RISCV_SPLITTING	 RISCV_BIT(4)

/* Attributes by prot, user is U where it is set; 0 for one without reading. */
#define RISCV_ATTR(p, user)                                                                     \
	PT_IF(p, IOMMU_READ,                                                                    \
	      RISCV_V | RISCV_R | RISCV_A | PT_IF(p, IOMMU_WRITE, RISCV_W | RISCV_D) | (user) | \
		      PT_IF(~(p), IOMMU_NOEXEC, RISCV_X))
#define RISCV_FS_ATTR(p) RISCV_ATTR(p, PT_IF(~(p), IOMMU_PRIV, RISCV_U))
#define RISCV_SS_ATTR(p) RISCV_ATTR(p, RISCV_U)

/* The same where hardware records writes (Svadu; GADE, SADE): nothing has been written yet. */
#define RISCV_FS_CLEAN_ATTR(p) (RISCV_FS_ATTR(p) & ~RISCV_D)
#define RISCV_SS_CLEAN_ATTR(p) (RISCV_SS_ATTR(p) & ~RISCV_D)

/* The same with memory types. */
#define RISCV_TYPE(p, attr)                            \
	PT_IF(p, IOMMU_READ,                           \
	      (attr) | (IOMMU_MMIO & (p)    ? RISCV_IO \
			: IOMMU_CACHE & (p) ? 0        \
					    : RISCV_NC))
#define RISCV_FS_TYPE_ATTR(p)	    RISCV_TYPE(p, RISCV_FS_ATTR(p))
#define RISCV_SS_TYPE_ATTR(p)	    RISCV_TYPE(p, RISCV_SS_ATTR(p))
#define RISCV_FS_CLEAN_TYPE_ATTR(p) RISCV_TYPE(p, RISCV_FS_CLEAN_ATTR(p))
#define RISCV_SS_CLEAN_TYPE_ATTR(p) RISCV_TYPE(p, RISCV_SS_CLEAN_ATTR(p))

/*
 * A stage's sets, from its attributes and those that are not written to yet, without and with
 * types.
 */
#define RISCV_SETS(plain, clean, typed, clean_typed)                                      \
	{                                                                                 \
		{ 0, plain }, { IO_PGTABLE_QUIRK_DIRTY, clean },                          \
			{ IO_PGTABLE_QUIRK_RISCV_PBMT, typed },                           \
		{                                                                         \
			IO_PGTABLE_QUIRK_DIRTY | IO_PGTABLE_QUIRK_RISCV_PBMT, clean_typed \
		}                                                                         \
	}

static always_inline bool riscv_is_table(uint64_t desc, unsigned int level)
{
	return level && (desc & (RISCV_V | RISCV_R)) == RISCV_V;
}

static always_inline uint64_t riscv_leaf(uint64_t pa, uint64_t attr, unsigned int level)
{
	return pa >> RISCV_PA_SHIFT | attr;
}

static always_inline uint64_t riscv_leaf_pa(uint64_t desc, unsigned int level)
{
	/* Of a NAPOT leaf less the mark, which is where N gets shifted to. */
	return ((desc & RISCV_PPN) & ~(desc >> 63 << 13)) << RISCV_PA_SHIFT;
}

static always_inline uint64_t riscv_leaf_attr(uint64_t desc, unsigned int level)
{
	return desc & ~(RISCV_PPN | RISCV_N);
}

static always_inline bool riscv_is_group(uint64_t desc, unsigned int level)
{
	return desc & RISCV_N;
}

static always_inline unsigned int riscv_group_lg2(uint64_t desc, unsigned int level)
{
	return !level && (desc & RISCV_N) ? RISCV_NAPOT_LG2 : 0;
}

static always_inline uint64_t riscv_group_leaf(uint64_t pa, uint64_t attr, unsigned int level,
					       unsigned int lg2)
{
	return riscv_leaf(pa, attr, level) | RISCV_N | RISCV_NAPOT_PPN;
}

static always_inline uint64_t riscv_table(uint64_t pa)
{
	return pa >> RISCV_PA_SHIFT | RISCV_V;
}

static always_inline uint64_t riscv_table_pa(uint64_t desc)
{
	return (desc & RISCV_PPN) << RISCV_PA_SHIFT;
}

/* In a table descriptor D, A and U are reserved, and G would hold for all below. */
static always_inline bool riscv_is_valid(uint64_t desc, unsigned int level)
{
	if (desc << 3 >> 57)
		return false;
	if ((desc & RISCV_N) && (level || (desc & RISCV_NAPOT_MASK) != RISCV_NAPOT_PPN))
		return false;
	if (riscv_is_table(desc, level))
		return (desc & RISCV_FLAGS) == RISCV_V && !(desc >> 54);
	return (desc & RISCV_PBMT) != RISCV_PBMT && (desc & RISCV_V) && (desc & RISCV_R) &&
	       (desc & RISCV_A) && !(desc & RISCV_G) && (!(desc & RISCV_D) || (desc & RISCV_W));
}

/* The structure that the walker is stamped with; one level for its root. */
#define RISCV_FORMAT(top, flip)                                                                 \
	{                                                                                       \
		.granule_lg2 = 12, .words_lg2 = 9, .min_top = (top), .max_top = (top),          \
		.pa_shift = RISCV_PA_SHIFT, .root_flip = (flip), .valid_bit = RISCV_V,          \
		.table_bit = RISCV_V, .block_bit = RISCV_R, .table_tag = RISCV_V,               \
		.table_low = 0xfff, .splitting = RISCV_SPLITTING, .cleaned = RISCV_CLEANED,     \
		.reclaiming = RISCV_RECLAIMING, .dirty_mask = RISCV_D | RISCV_W,                \
		.dirty_value = RISCV_D | RISCV_W, .dirty_flip = RISCV_D,                        \
		.perm_mask = RISCV_R | RISCV_W | RISCV_X | RISCV_U | RISCV_D, .remaps = true,   \
		.is_table = riscv_is_table, .leaf = riscv_leaf, .leaf_pa = riscv_leaf_pa,       \
		.leaf_attr = riscv_leaf_attr, .table = riscv_table, .table_pa = riscv_table_pa, \
		.is_valid = riscv_is_valid, .group_lg2 = riscv_group_lg2,                       \
		.group_leaf = riscv_group_leaf, .group_sizes = RISCV_NAPOT_SIZE,                \
		.group_any = RISCV_N, .replicated = true, .is_group = riscv_is_group,           \
	}

#endif /* FMT_RISCV_H */
