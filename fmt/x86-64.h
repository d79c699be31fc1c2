/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The long-mode page tables of x86-64, as AMD's IOMMU walks them for guest-virtual addresses ("v2")
 * and Intel's for its first stage: encode and decode.
 *
 * Source: AMD64 Architecture Programmer's Manual vol. 2 (24593), 5.3 "Long-Mode Page Translation"
 * and 5.4 "Page-Translation-Table Entry Fields" (P, R/W, U/S, A, D, PS, NX); Intel Virtualization
 * Technology for Directed I/O, 9.7 "First-Stage Paging Entries", which are the same but for bit 10
 * (EA), left 0 here.
 *
 * A is always set, and D where writing is allowed, so that hardware never writes to a descriptor;
 * with IO_PGTABLE_QUIRK_DIRTY it sets D itself. There is no write-only. What software may use in
 * every entry are bits 9 and 11 and those from 52 on.
 */
#ifndef FMT_X86_64_H
#define FMT_X86_64_H

#include "core/port.h"
#include "io-pgtable.h"

#define X86_64_BIT(n) (1ull << (n))
#define X86_64_P      X86_64_BIT(0)
#define X86_64_RW     X86_64_BIT(1)
#define X86_64_US     X86_64_BIT(2)
#define X86_64_A      X86_64_BIT(5)
#define X86_64_D      X86_64_BIT(6)
#define X86_64_PS     X86_64_BIT(7)
#define X86_64_NX     X86_64_BIT(63)
#define X86_64_PA     (((1ull << 52) - 1) & ~((1ull << 12) - 1))

/* Software bits. An entry without P is nothing to hardware, whatever else it has. */
#define X86_64_TABLE	  X86_64_BIT(9)
#define X86_64_CLEANED	  X86_64_BIT(11)
#define X86_64_RECLAIMING X86_64_BIT(52)
#define X86_64_SPLITTING  X86_64_BIT(53)

#define X86_64_TABLE_TAG (X86_64_P | X86_64_RW | X86_64_US | X86_64_A | X86_64_TABLE)

/* Attributes by prot; 0 for one without reading. */
#define X86_64_ATTR(p)                                                            \
	PT_IF(p, IOMMU_READ,                                                      \
	      X86_64_P | X86_64_A | PT_IF(p, IOMMU_WRITE, X86_64_RW | X86_64_D) | \
		      PT_IF(~(p), IOMMU_PRIV, X86_64_US) | PT_IF(p, IOMMU_NOEXEC, X86_64_NX))

/* The same where hardware records writes: nothing has been written yet. */
#define X86_64_CLEAN_ATTR(p) (X86_64_ATTR(p) & ~X86_64_D)

static always_inline bool x86_64_is_table(uint64_t desc, unsigned int level)
{
	return level && (desc & X86_64_TABLE);
}

static always_inline uint64_t x86_64_leaf(uint64_t pa, uint64_t attr, unsigned int level)
{
	return pa | attr | (level ? X86_64_PS : 0);
}

static always_inline uint64_t x86_64_leaf_pa(uint64_t desc, unsigned int level)
{
	return desc & X86_64_PA;
}

static always_inline uint64_t x86_64_leaf_attr(uint64_t desc, unsigned int level)
{
	return desc & ~(X86_64_PA | X86_64_PS);
}

static always_inline uint64_t x86_64_table(uint64_t pa)
{
	return pa | X86_64_TABLE_TAG;
}

static always_inline uint64_t x86_64_table_pa(uint64_t desc)
{
	return desc & X86_64_PA;
}

/* Blocks of 2M and 1G. */
static always_inline bool x86_64_is_valid(uint64_t desc, unsigned int level)
{
	if (x86_64_is_table(desc, level))
		return (desc & (X86_64_TABLE_TAG | X86_64_PS)) == X86_64_TABLE_TAG;
	return level <= 2 && (desc & X86_64_P) && (desc & X86_64_A) && !(desc & X86_64_TABLE) &&
	       !(desc & X86_64_PS) == !level;
}

#endif /* FMT_X86_64_H */
