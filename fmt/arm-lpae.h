/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The long descriptors of the Arm architecture (LPAE, VMSAv8-64), both stages: encode and decode.
 *
 * Source: Arm Architecture Reference Manual DDI0487, D8.3 "Translation table descriptor formats".
 * Stage 1 and 2, and the 32-bit formats, have the same layout of type and address; what differs are
 * the attributes (a table indexed by prot) and the registers (arm-lpae-cfg.c). The 64K granule
 * keeps address bits 51:48 in descriptor bits 15:12 (FEAT_LPA); they are zero for smaller
 * addresses, so it has one encoding for every oas. With 4K and 16K more than 48 bits of input or
 * output take a layout of their own (FEAT_LPA2, DS set): bits 51:50 are in 9:8, where shareability
 * was, which is that of the walks then.
 */
#ifndef FMT_ARM_LPAE_H
#define FMT_ARM_LPAE_H

#include "core/port.h"
#include "io-pgtable.h"

#define LPAE_TYPE_MASK	3ull
#define LPAE_TYPE_BLOCK 1ull
#define LPAE_TYPE_TABLE 3ull /* and a page, at level 0 */

#define LPAE_BIT(n) (1ull << (n))
#define LPAE_AF	    LPAE_BIT(10)
#define LPAE_SH_OS  (2ull << 8)
#define LPAE_SH_IS  (3ull << 8)

/* Stage 1 leaves. */
#define LPAE_S1_ATTRINDX(n) ((uint64_t)(n) << 2)
#define LPAE_S1_NS	    LPAE_BIT(5)
#define LPAE_S1_UNPRIV	    LPAE_BIT(6) /* AP[1] */
#define LPAE_S1_RDONLY	    LPAE_BIT(7) /* AP[2] */
#define LPAE_S1_NG	    LPAE_BIT(11)
#define LPAE_DBM	    LPAE_BIT(51) /* both stages, FEAT_HAFDBS: hardware may make it writable */
#define LPAE_S1_PXN	    LPAE_BIT(53)
#define LPAE_S1_UXN	    LPAE_BIT(54)
#define LPAE_S1_NSTABLE	    LPAE_BIT(63)

/*
 * The contiguous hint, of both stages (D8.7.1): so many entries, as a log2, by granule and level.
 */
#define LPAE_CONT	   LPAE_BIT(52)
#define LPAE_CONT_SIZES_12 (1ull << 16 | 1ull << 25 | 1ull << 34)
#define LPAE_CONT_SIZES_14 (1ull << 21 | 1ull << 30)
#define LPAE_CONT_SIZES_16 (1ull << 21 | 1ull << 34)
#define LPAE_CONT_LG2_12   ((const uint8_t[]){ 4, 4, 4, 0 })
#define LPAE_CONT_LG2_14   ((const uint8_t[]){ 7, 5, 0, 0 })
#define LPAE_CONT_LG2_16   ((const uint8_t[]){ 5, 5, 0, 0 })

/* Indices into MAIR, see arm-lpae-cfg.c. */
#define LPAE_ATTR_NC	0
#define LPAE_ATTR_CACHE 1
#define LPAE_ATTR_DEV	2

/* Stage 2 leaves. XN[1:0] = 2 forbids execution at every exception level; 3 would not. */
#define LPAE_S2_MEMATTR(n) ((uint64_t)(n) << 2)
#define LPAE_S2_READ	   LPAE_BIT(6)
#define LPAE_S2_WRITE	   LPAE_BIT(7)
#define LPAE_S2_XN	   LPAE_BIT(54)
#define LPAE_MEMATTR_OIWB  0xf
#define LPAE_MEMATTR_NC	   0x5
#define LPAE_MEMATTR_DEV   0x1
/*
 * With FEAT_S2FWB in use (D8.6.6): write-back, whatever stage 1 says; the other two are the same.
 */
#define LPAE_MEMATTR_WB	   0x6

/* Software bits of a table descriptor, ignored by hardware at both stages. */
#define LPAE_CLEANED	LPAE_BIT(55)
#define LPAE_RECLAIMING LPAE_BIT(56)

/* Attributes by prot; 0 for one that gives neither permission. */
#define LPAE_MEMORY(p, mmio, cache, other) \
	(IOMMU_MMIO & (p) ? (mmio) : IOMMU_CACHE & (p) ? (cache) : (other))
#define LPAE_SH(p) (IOMMU_CACHE & (p) ? LPAE_SH_IS : LPAE_SH_OS)

#define LPAE_S1_ATTR(p)                                                                      \
	PT_IF(p, IOMMU_READ | IOMMU_WRITE,                                                   \
	      LPAE_AF | LPAE_S1_NG | LPAE_SH(p) | PT_IF(~(p), IOMMU_WRITE, LPAE_S1_RDONLY) | \
		      PT_IF(~(p), IOMMU_PRIV, LPAE_S1_UNPRIV) |                              \
		      PT_IF(p, IOMMU_NOEXEC, LPAE_S1_PXN | LPAE_S1_UXN) |                    \
		      LPAE_S1_ATTRINDX(                                                      \
			      LPAE_MEMORY(p, LPAE_ATTR_DEV, LPAE_ATTR_CACHE, LPAE_ATTR_NC)))

/* With NS, with dirty state: what is mapped writable counts as written, as in Linux. */
#define LPAE_S1_NS_ATTR(p)     PT_IF(p, IOMMU_READ | IOMMU_WRITE, LPAE_S1_ATTR(p) | LPAE_S1_NS)
#define LPAE_S1_HD_ATTR(p)     (LPAE_S1_ATTR(p) | PT_IF(p, IOMMU_WRITE, LPAE_DBM))
#define LPAE_S1_NS_HD_ATTR(p)  (LPAE_S1_NS_ATTR(p) | PT_IF(p, IOMMU_WRITE, LPAE_DBM))
#define LPAE_S2_HD_ATTR(p)     (LPAE_S2_ATTR(p) | PT_IF(p, IOMMU_WRITE, LPAE_DBM))
#define LPAE_S2_FWB_HD_ATTR(p) (LPAE_S2_FWB_ATTR(p) | PT_IF(p, IOMMU_WRITE, LPAE_DBM))

/* The same where bits 9:8 are address. */
#define LPAE_NO_SH(attr)	    ((attr) & ~LPAE_SH_IS)
#define LPAE_S1_LPA2_ATTR(p)	    LPAE_NO_SH(LPAE_S1_ATTR(p))
#define LPAE_S1_NS_LPA2_ATTR(p)	    LPAE_NO_SH(LPAE_S1_NS_ATTR(p))
#define LPAE_S1_HD_LPA2_ATTR(p)	    LPAE_NO_SH(LPAE_S1_HD_ATTR(p))
#define LPAE_S1_NS_HD_LPA2_ATTR(p)  LPAE_NO_SH(LPAE_S1_NS_HD_ATTR(p))
#define LPAE_S2_LPA2_ATTR(p)	    LPAE_NO_SH(LPAE_S2_ATTR(p))
#define LPAE_S2_HD_LPA2_ATTR(p)	    LPAE_NO_SH(LPAE_S2_HD_ATTR(p))
#define LPAE_S2_FWB_LPA2_ATTR(p)    LPAE_NO_SH(LPAE_S2_FWB_ATTR(p))
#define LPAE_S2_FWB_HD_LPA2_ATTR(p) LPAE_NO_SH(LPAE_S2_FWB_HD_ATTR(p))

/* What may change in a valid descriptor without break-before-make: no more than this (D8.16). */
#define LPAE_S1_PERM (LPAE_S1_UNPRIV | LPAE_S1_RDONLY | LPAE_DBM | LPAE_S1_PXN | LPAE_S1_UXN)
#define LPAE_S2_PERM (LPAE_S2_READ | LPAE_S2_WRITE | LPAE_DBM | LPAE_S2_XN)

/* Dirty state: writable and DBM was written, not writable and DBM can be (FEAT_HAFDBS). */
#define LPAE_S1_DIRTY                                                     \
	.dirty_mask = LPAE_DBM | LPAE_S1_RDONLY, .dirty_value = LPAE_DBM, \
	.dirty_flip = LPAE_S1_RDONLY, .perm_mask = LPAE_S1_PERM
#define LPAE_S2_DIRTY                                                                    \
	.dirty_mask = LPAE_DBM | LPAE_S2_WRITE, .dirty_value = LPAE_DBM | LPAE_S2_WRITE, \
	.dirty_flip = LPAE_S2_WRITE, .perm_mask = LPAE_S2_PERM

#define LPAE_S2_ATTR_OF(p, cached)                                                                \
	PT_IF(p, IOMMU_READ | IOMMU_WRITE,                                                        \
	      LPAE_AF | LPAE_SH(p) | PT_IF(p, IOMMU_READ, LPAE_S2_READ) |                         \
		      PT_IF(p, IOMMU_WRITE, LPAE_S2_WRITE) | PT_IF(p, IOMMU_NOEXEC, LPAE_S2_XN) | \
		      LPAE_S2_MEMATTR(LPAE_MEMORY(p, LPAE_MEMATTR_DEV, cached, LPAE_MEMATTR_NC)))
#define LPAE_S2_ATTR(p)	    LPAE_S2_ATTR_OF(p, LPAE_MEMATTR_OIWB)
#define LPAE_S2_FWB_ATTR(p) LPAE_S2_ATTR_OF(p, LPAE_MEMATTR_WB)

/*
 * Where descriptors hold the address: as it is, with bits 51:48 in 15:12 (64K), with 51:50 in 9:8
 * (LPA2).
 */
enum lpae_layout { LPAE_48, LPAE_64K, LPAE_LPA2 };

/* The bits above granule in which an address and its descriptor agree. */
static always_inline uint64_t lpae_field(unsigned int granule_lg2, enum lpae_layout layout)
{
	return ((1ull << (layout == LPAE_LPA2 ? 50 : 48)) - 1) & ~((1ull << granule_lg2) - 1);
}

/* Where a descriptor holds address bits. */
static always_inline uint64_t lpae_mask(unsigned int granule_lg2, enum lpae_layout layout)
{
	uint64_t high = layout == LPAE_64K ? 0xfull << 12 : layout == LPAE_LPA2 ? 3ull << 8 : 0;

	return lpae_field(granule_lg2, layout) | high;
}

static always_inline uint64_t lpae_encode(uint64_t pa, unsigned int granule_lg2,
					  enum lpae_layout layout)
{
	if (layout == LPAE_48)
		return pa;
	if (layout == LPAE_LPA2)
		return (pa & lpae_field(granule_lg2, layout)) | (pa >> 50) << 8;
	return (pa & lpae_field(granule_lg2, layout)) | (pa >> 48) << 12;
}

static always_inline uint64_t lpae_decode(uint64_t desc, unsigned int granule_lg2,
					  enum lpae_layout layout)
{
	uint64_t pa = desc & lpae_field(granule_lg2, layout);

	if (layout == LPAE_48)
		return pa;
	if (layout == LPAE_LPA2)
		return pa | ((desc >> 8) & 3) << 50;
	return pa | ((desc >> 12) & 0xf) << 48;
}

/* One bit tells a table from a block and from nothing: no descriptor of type 2 is ever written. */
static always_inline bool lpae_is_table(uint64_t desc, unsigned int level)
{
	return level && (desc & (LPAE_TYPE_TABLE & ~LPAE_TYPE_BLOCK));
}

static always_inline uint64_t lpae_type(unsigned int level)
{
	return level ? LPAE_TYPE_BLOCK : LPAE_TYPE_TABLE;
}

/* What depends on the granule and the layout: addresses, and up to which level there are blocks. */
#define LPAE_FUNCTIONS(key, g, layout, block_levels)                                              \
	static always_inline bool lpae_is_valid_##key(uint64_t desc, unsigned int level)          \
	{                                                                                         \
		if (level && (desc & LPAE_TYPE_MASK) == LPAE_TYPE_TABLE)                          \
			return true;                                                              \
		return level <= (block_levels) && (desc & LPAE_TYPE_MASK) == lpae_type(level) &&  \
		       (desc & LPAE_AF) && (!(desc & LPAE_CONT) || LPAE_CONT_LG2_##g[level]);     \
	}                                                                                         \
	static always_inline unsigned int lpae_group_lg2_##key(uint64_t desc, unsigned int level) \
	{                                                                                         \
		return desc & LPAE_CONT && level < 4 ? LPAE_CONT_LG2_##g[level] : 0;              \
	}                                                                                         \
	static always_inline uint64_t lpae_leaf_##key(uint64_t pa, uint64_t attr,                 \
						      unsigned int level)                         \
	{                                                                                         \
		return lpae_encode(pa, g, layout) | attr | lpae_type(level);                      \
	}                                                                                         \
	static always_inline uint64_t lpae_group_leaf_##key(uint64_t pa, uint64_t attr,           \
							    unsigned int level, unsigned int lg2) \
	{                                                                                         \
		return lpae_leaf_##key(pa, attr, level) | LPAE_CONT;                              \
	}                                                                                         \
	static always_inline uint64_t lpae_leaf_pa_##key(uint64_t desc, unsigned int level)       \
	{                                                                                         \
		return lpae_decode(desc, g, layout);                                              \
	}                                                                                         \
	static always_inline uint64_t lpae_leaf_attr_##key(uint64_t desc, unsigned int level)     \
	{                                                                                         \
		return desc & ~(lpae_mask(g, layout) | LPAE_TYPE_MASK | LPAE_CONT);               \
	}                                                                                         \
	static always_inline uint64_t lpae_table_##key(uint64_t pa)                               \
	{                                                                                         \
		return lpae_encode(pa, g, layout) | LPAE_TYPE_TABLE;                              \
	}                                                                                         \
	static always_inline uint64_t lpae_table_pa_##key(uint64_t desc)                          \
	{                                                                                         \
		return lpae_decode(desc, g, layout);                                              \
	}

LPAE_FUNCTIONS(12, 12, LPAE_48, 2)
LPAE_FUNCTIONS(14, 14, LPAE_48, 1)
LPAE_FUNCTIONS(16, 16, LPAE_64K, 2)
LPAE_FUNCTIONS(12_lpa2, 12, LPAE_LPA2, 3)
LPAE_FUNCTIONS(14_lpa2, 14, LPAE_LPA2, 2)

/* One granule of one stage: the structure that the walker is stamped with. */
#define LPAE_FORMAT_OF(key, g, linear, top, ...)                                        \
	{                                                                               \
		.granule_lg2 = (g), .words_lg2 = (g)-3, .max_top = (top),               \
		.linear_pa_lg2 = (linear), .valid_bit = 1, .splitting = 4,              \
		.table_tag = LPAE_TYPE_TABLE, .table_bit = 2, .cleaned = LPAE_CLEANED,  \
		.reclaiming = LPAE_RECLAIMING, __VA_ARGS__, .is_table = lpae_is_table,  \
		.leaf = lpae_leaf_##key, .leaf_pa = lpae_leaf_pa_##key,                 \
		.leaf_attr = lpae_leaf_attr_##key, .table = lpae_table_##key,           \
		.table_pa = lpae_table_pa_##key, .is_valid = lpae_is_valid_##key,       \
		.group_lg2 = lpae_group_lg2_##key, .group_leaf = lpae_group_leaf_##key, \
		.group_sizes = LPAE_CONT_SIZES_##g, .group_any = LPAE_CONT,             \
	}
#define LPAE_FORMAT(g, top, dirty) LPAE_FORMAT_OF(g, g, (g) == 16 ? 48 : 0, top, dirty)
#define LPAE_LPA2_FORMAT(g, top, dirty) \
	LPAE_FORMAT_OF(g##_lpa2, g, LPAE_LPA2_LINEAR_LG2, top, dirty)

/* How a format says that its layout is LPA2's. */
#define LPAE_LPA2_LINEAR_LG2 50

#endif /* FMT_ARM_LPAE_H */
