/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ARMv7 short descriptors (VMSAv7): encode and decode.
 *
 * Source: ARM Architecture Reference Manual, ARMv7-A and ARMv7-R edition (DDI 0406C), B3.5.1
 * "Short-descriptor translation table format descriptors"; permissions B3.7.1, with SCTLR.AFE set:
 * AP[0] is the access flag, and AP[2:1] say read-only and unprivileged; memory B3.8.3, with TEX
 * remap: TEX[0], C and B are an index into PRRR and NMRR. Two levels: 4096 entries of 1 MiB, and
 * tables of 256 entries of 4 KiB. A leaf of 16 entries, all the same (core/group.h), is a
 * supersection (16 MiB) or a large page (64 KiB).
 *
 * A leaf's fields are at other places in a section and in a large page than in a small page, so
 * attributes are kept as the small page has them, and moved where a leaf is made or read. All bits
 * of a table descriptor have a meaning or are SBZ, but for the domain (0 here, as in Linux), which
 * a walker may check: no bit is free for software, so there is no reclaim, and a walker that does
 * not snoop has descriptors of tables cleaned each time.
 *
 * MediaTek's extension, which no document describes (Linux's io-pgtable-arm-v7s.c): output address
 * bits 32, 33, 34 in bits 9, 4, 5, where permissions and the domain would be.
 */
#ifndef FMT_ARM_V7S_H
#define FMT_ARM_V7S_H

#include "core/port.h"
#include "io-pgtable.h"

#define V7S_BIT(n) (1ull << (n))

/*
 * The type, in bits 1:0 of every descriptor; the one of a large page is a table's at the other
 * level.
 */
#define V7S_TYPE       3ull
#define V7S_TYPE_TABLE 1ull
#define V7S_TYPE_LARGE 1ull
#define V7S_TYPE_LEAF  2ull /* a section, or a small page; bit 0 is PXN or XN then */

/* A small page. */
#define V7S_XN	   V7S_BIT(0)
#define V7S_B	   V7S_BIT(2)
#define V7S_C	   V7S_BIT(3)
#define V7S_AF	   V7S_BIT(4)
#define V7S_UNPRIV V7S_BIT(5)
#define V7S_TEX(n) ((uint64_t)(n) << 6)
#define V7S_RDONLY V7S_BIT(9)
#define V7S_S	   V7S_BIT(10)
#define V7S_NG	   V7S_BIT(11)

/*
 * Sections: bits 11:4 of the above in 17:10, XN in bit 4. Large pages: TEX in 14:12, XN in bit 15.
 */
#define V7S_MOVED	    0xff0ull
#define V7S_SECTION_SHIFT   6
#define V7S_SECTION_XN	    V7S_BIT(4)
#define V7S_SECTION_SUPER   V7S_BIT(18)
#define V7S_SECTION_NS	    V7S_BIT(19)
#define V7S_LARGE_TEX_SHIFT 6
#define V7S_LARGE_XN_SHIFT  15
#define V7S_TABLE_NS	    V7S_BIT(3)

/* A fault to hardware, which ignores the rest of a descriptor of type 0. */
#define V7S_SPLITTING V7S_BIT(2)

#define V7S_GROUP_LG2 4
#define V7S_SIZES     (V7S_BIT(12) | V7S_BIT(16) | V7S_BIT(20) | V7S_BIT(24))
#define V7S_GROUPS    (V7S_BIT(16) | V7S_BIT(24))
#define V7S_MTK_PA    (V7S_BIT(9) | V7S_BIT(4) | V7S_BIT(5))
#define V7S_LOW	      0xffffffffull

/* Attributes by prot, as a small page. Without permissions there are only memory types. */
#define V7S_MEMORY(p)                     \
	(V7S_TYPE_LEAF | V7S_NG | V7S_S | \
	 ((p)&IOMMU_MMIO ? V7S_B : V7S_TEX(1) | PT_IF(p, IOMMU_CACHE, V7S_C | V7S_B)))
#define V7S_ATTR_NO_PERMS(p) PT_IF(p, IOMMU_READ | IOMMU_WRITE, V7S_MEMORY(p))
#define V7S_ATTR(p)                                                          \
	PT_IF(p, IOMMU_READ | IOMMU_WRITE,                                   \
	      V7S_MEMORY(p) | V7S_AF | PT_IF(~(p), IOMMU_PRIV, V7S_UNPRIV) | \
		      PT_IF(~(p), IOMMU_WRITE, V7S_RDONLY) | PT_IF(p, IOMMU_NOEXEC, V7S_XN))

static always_inline unsigned int v7s_shift(unsigned int level)
{
	return level ? 20 : 12;
}

static always_inline bool v7s_is_table(uint64_t desc, unsigned int level)
{
	return level && (desc & V7S_TYPE) == V7S_TYPE_TABLE;
}

/* Of what is no table. */
static always_inline bool v7s_is_group(uint64_t desc, unsigned int level)
{
	if (level)
		return (desc & V7S_TYPE_LEAF) && (desc & V7S_SECTION_SUPER);
	return (desc & V7S_TYPE) == V7S_TYPE_LARGE;
}

static always_inline unsigned int v7s_group_lg2(uint64_t desc, unsigned int level)
{
	return v7s_is_group(desc, level) ? V7S_GROUP_LG2 : 0;
}

/* A leaf less the address: of a small page's attributes, and back. */
static always_inline uint64_t v7s_to_section(uint64_t attr)
{
	return (attr & V7S_MOVED) << V7S_SECTION_SHIFT | (attr & (V7S_B | V7S_C)) |
	       (attr & V7S_XN ? V7S_SECTION_XN : 0) | V7S_TYPE_LEAF;
}

static always_inline uint64_t v7s_of_section(uint64_t desc)
{
	return (desc >> V7S_SECTION_SHIFT & V7S_MOVED) | (desc & (V7S_B | V7S_C)) |
	       (desc & V7S_SECTION_XN ? V7S_XN : 0) | V7S_TYPE_LEAF;
}

static always_inline uint64_t v7s_to_large(uint64_t attr)
{
	return (attr & (V7S_MOVED | V7S_B | V7S_C) & ~V7S_TEX(7)) |
	       (attr & V7S_TEX(7)) << V7S_LARGE_TEX_SHIFT | (attr & V7S_XN) << V7S_LARGE_XN_SHIFT |
	       V7S_TYPE_LARGE;
}

static always_inline uint64_t v7s_of_large(uint64_t desc)
{
	return (desc & (V7S_MOVED | V7S_B | V7S_C) & ~V7S_TEX(7)) |
	       (desc >> V7S_LARGE_TEX_SHIFT & V7S_TEX(7)) | (desc >> V7S_LARGE_XN_SHIFT & V7S_XN) |
	       V7S_TYPE_LEAF;
}

/* Address bits from 32 on: where MediaTek has them. */
static always_inline uint64_t v7s_to_mtk(uint64_t pa)
{
	return (pa >> 32 & 1) << 9 | (pa >> 33 & 1) << 4 | (pa >> 34 & 1) << 5;
}

static always_inline uint64_t v7s_of_mtk(uint64_t desc)
{
	return (desc >> 9 & 1) << 32 | (desc >> 4 & 1) << 33 | (desc >> 5 & 1) << 34;
}

/*
 * The functions of one kind: ns is set in all sections, table_ns in all tables; ext is V7S_MTK_PA
 * where there is that extension, 0 otherwise. What is_valid() accepts is what the others make.
 */
#define V7S_FUNCTIONS(name, ns, table_ns, ext)                                                    \
	static always_inline uint64_t name##_address(uint64_t pa)                                 \
	{                                                                                         \
		return (pa & V7S_LOW) | ((ext) ? v7s_to_mtk(pa) : 0);                             \
	}                                                                                         \
	static always_inline uint64_t name##_leaf(uint64_t pa, uint64_t attr, unsigned int level) \
	{                                                                                         \
		return name##_address(pa) | (level ? v7s_to_section(attr) | (ns) : attr);         \
	}                                                                                         \
	static always_inline uint64_t name##_group_leaf(uint64_t pa, uint64_t attr,               \
							unsigned int level, unsigned int lg2)     \
	{                                                                                         \
		return level ? name##_leaf(pa, attr, level) | V7S_SECTION_SUPER                   \
			     : name##_address(pa) | v7s_to_large(attr);                           \
	}                                                                                         \
	static always_inline uint64_t name##_leaf_pa(uint64_t desc, unsigned int level)           \
	{                                                                                         \
		unsigned int lg2 = v7s_shift(level) + v7s_group_lg2(desc, level);                 \
                                                                                                  \
		return (desc & V7S_LOW & ~0ull << lg2) | ((ext) ? v7s_of_mtk(desc) : 0);          \
	}                                                                                         \
	static always_inline uint64_t name##_leaf_attr(uint64_t desc, unsigned int level)         \
	{                                                                                         \
		desc &= ~(ext);                                                                   \
		if (level)                                                                        \
			return v7s_of_section(desc);                                              \
		return v7s_is_group(desc, 0) ? v7s_of_large(desc) : desc & 0xfff;                 \
	}                                                                                         \
	static always_inline uint64_t name##_table(uint64_t pa)                                   \
	{                                                                                         \
		return name##_address(pa) | V7S_TYPE_TABLE | (table_ns);                          \
	}                                                                                         \
	static always_inline uint64_t name##_table_pa(uint64_t desc)                              \
	{                                                                                         \
		return (desc & V7S_LOW & ~0x3ffull) | ((ext) ? v7s_of_mtk(desc) : 0);             \
	}                                                                                         \
	static always_inline bool name##_is_valid(uint64_t desc, unsigned int level)              \
	{                                                                                         \
		uint64_t pa = name##_leaf_pa(desc, level), attr = name##_leaf_attr(desc, level);  \
                                                                                                  \
		if (!(desc & V7S_TYPE))                                                           \
			return false;                                                             \
		if (v7s_is_table(desc, level))                                                    \
			return desc == name##_table(name##_table_pa(desc));                       \
		if (v7s_is_group(desc, level))                                                    \
			return desc == name##_group_leaf(pa, attr, level, V7S_GROUP_LG2);         \
		return desc == name##_leaf(pa, attr, level);                                      \
	}

V7S_FUNCTIONS(v7s, 0, 0, 0)
V7S_FUNCTIONS(v7s_ns, V7S_SECTION_NS, V7S_TABLE_NS, 0)
V7S_FUNCTIONS(v7s_mtk, 0, 0, V7S_MTK_PA)
V7S_FUNCTIONS(v7s_mtk_ns, V7S_SECTION_NS, V7S_TABLE_NS, V7S_MTK_PA)

/* One kind: the structure that the walker is stamped with. */
#define V7S_FORMAT(name, linear, table_ns, perms)                                                \
	{                                                                                        \
		.granule_lg2 = 12, .words_lg2 = 7, .min_top = 1, .max_top = 1, .narrow = true,   \
		.linear_pa_lg2 = (linear), .valid_bit = V7S_TYPE, .table_bit = V7S_TYPE_TABLE,   \
		.block_bit = V7S_TYPE_LEAF, .table_tag = V7S_TYPE_TABLE | (table_ns),            \
		.splitting = V7S_SPLITTING, .perm_mask = (perms), .is_table = v7s_is_table,      \
		.leaf = name##_leaf, .leaf_pa = name##_leaf_pa, .leaf_attr = name##_leaf_attr,   \
		.table = name##_table, .table_pa = name##_table_pa, .is_valid = name##_is_valid, \
		.group_lg2 = v7s_group_lg2, .group_leaf = name##_group_leaf,                     \
		.group_sizes = V7S_GROUPS, .replicated = true, .is_group = v7s_is_group,         \
	}

#endif /* FMT_ARM_V7S_H */
