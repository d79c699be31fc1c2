/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The second-stage page tables of Intel VT-d: encode and decode.
 *
 * Source: Intel Virtualization Technology for Directed I/O, 3.7 "Second-Stage Translation" and 9.8
 * "Second-Stage Paging Entries": R, W, PS (leaf at 2M and 1G), SNP (leaves only), ADDR, and which
 * bits are ignored: 10 in every entry, 9:8 where SSADE is clear, and 61:52. With SSADE hardware
 * sets A (8) in every entry and D (9) in leaves: A is always set here, so that it finds nothing to
 * write but D, and that only with IO_PGTABLE_QUIRK_DIRTY, for which SSADE has to be set.
 *
 * No bit says that an entry is there: one that allows neither reading nor writing is not. So the
 * software bit 10 is set in every descriptor. What cannot be expressed is execution: it is never
 * allowed.
 */
#ifndef FMT_INTEL_VTD_SS_H
#define FMT_INTEL_VTD_SS_H

#include "core/port.h"
#include "io-pgtable.h"

#define VTD_SS_BIT(n) (1ull << (n))
#define VTD_SS_R      VTD_SS_BIT(0)
#define VTD_SS_W      VTD_SS_BIT(1)
#define VTD_SS_PS     VTD_SS_BIT(7)
#define VTD_SS_A      VTD_SS_BIT(8) /* with SSADE, ignored without; in tables too */
#define VTD_SS_D      VTD_SS_BIT(9) /* the same, leaves only */
#define VTD_SS_SNP    VTD_SS_BIT(11)
#define VTD_SS_PA     (((1ull << 52) - 1) & ~((1ull << 12) - 1))

/* Software bits. */
#define VTD_SS_VALID	  VTD_SS_BIT(10)
#define VTD_SS_CLEANED	  VTD_SS_BIT(52)
#define VTD_SS_RECLAIMING VTD_SS_BIT(53)
#define VTD_SS_SPLITTING  VTD_SS_BIT(54)
#define VTD_SS_TABLE	  VTD_SS_BIT(55)

/* Permissions are ANDed down the walk. */
#define VTD_SS_TABLE_TAG (VTD_SS_R | VTD_SS_W | VTD_SS_A | VTD_SS_VALID | VTD_SS_TABLE)

/* Attributes by prot. */
#define VTD_SS_ATTR(p)                                                   \
	PT_IF(p, IOMMU_READ | IOMMU_WRITE,                               \
	      VTD_SS_VALID | VTD_SS_A | PT_IF(p, IOMMU_READ, VTD_SS_R) | \
		      PT_IF(p, IOMMU_WRITE, VTD_SS_W))

#define VTD_SS_SNOOP_ATTR(p) PT_IF(p, IOMMU_READ | IOMMU_WRITE, VTD_SS_ATTR(p) | VTD_SS_SNP)

static always_inline bool vtd_ss_is_table(uint64_t desc, unsigned int level)
{
	return level && (desc & VTD_SS_TABLE);
}

static always_inline uint64_t vtd_ss_leaf(uint64_t pa, uint64_t attr, unsigned int level)
{
	return pa | attr | (level ? VTD_SS_PS : 0);
}

static always_inline uint64_t vtd_ss_leaf_pa(uint64_t desc, unsigned int level)
{
	return desc & VTD_SS_PA;
}

static always_inline uint64_t vtd_ss_leaf_attr(uint64_t desc, unsigned int level)
{
	return desc & ~(VTD_SS_PA | VTD_SS_PS);
}

static always_inline uint64_t vtd_ss_table(uint64_t pa)
{
	return pa | VTD_SS_TABLE_TAG;
}

static always_inline uint64_t vtd_ss_table_pa(uint64_t desc)
{
	return desc & VTD_SS_PA;
}

static always_inline bool vtd_ss_is_valid(uint64_t desc, unsigned int level)
{
	if (vtd_ss_is_table(desc, level))
		return (desc & (VTD_SS_TABLE_TAG | VTD_SS_PS | VTD_SS_SNP)) == VTD_SS_TABLE_TAG;
	return level <= 2 && (desc & VTD_SS_VALID) && (desc & (VTD_SS_R | VTD_SS_W)) &&
	       !(desc & VTD_SS_TABLE) && !(desc & VTD_SS_PS) == !level;
}

#endif /* FMT_INTEL_VTD_SS_H */
