/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AMD's own page tables (v1, host translations): encode and decode.
 *
 * Source: AMD I/O Virtualization Technology (IOMMU) Specification (48882), 2.2.3 "I/O Page Tables
 * for Host Translations". An entry says which level the table is at that it points to (NextLevel;
 * no level is ever skipped here), 0 for a page of the level's own size, 7 for one whose size is
 * encoded in the address: of 2^(13 + n) bytes the bits from 12 on are n ones and a zero. Such a
 * page takes several entries, all the same (core/group.h); every power of two from 4K on is there
 * but 512G, which hardware gets wrong, and the highest level has none. (What is larger than 512G
 * could not be split without such pages: it is there only where nothing is split.) Permissions are
 * ANDed down the walk, so tables grant both. Bits 8:7 and 4:1 are ignored. A is always set, in
 * tables too: hardware that records accesses (HAD) finds nothing to write.
 */
#ifndef FMT_AMD_V1_H
#define FMT_AMD_V1_H

#include "core/port.h"
#include "io-pgtable.h"

#define AMD_V1_BIT(n) (1ull << (n))
#define AMD_V1_PR     AMD_V1_BIT(0)
#define AMD_V1_A      AMD_V1_BIT(5)
#define AMD_V1_D      AMD_V1_BIT(6)
#define AMD_V1_FC     AMD_V1_BIT(60)
#define AMD_V1_IR     AMD_V1_BIT(61)
#define AMD_V1_IW     AMD_V1_BIT(62)

#define AMD_V1_NEXT_SHIFT 9
#define AMD_V1_NEXT	  (7ull << AMD_V1_NEXT_SHIFT)
#define AMD_V1_ADDRESS	  (((1ull << 52) - 1) & ~((1ull << 12) - 1))
#define AMD_V1_RESERVED	  (0x7full << 52)

/* Ignored by hardware: one for all leaves, two for tables. An entry without PR is nothing. */
#define AMD_V1_LEAF	  AMD_V1_BIT(1)
#define AMD_V1_CLEANED	  AMD_V1_BIT(2)
#define AMD_V1_RECLAIMING AMD_V1_BIT(3)
#define AMD_V1_SPLITTING  AMD_V1_BIT(4)

#define AMD_V1_TABLE_TAG (AMD_V1_PR | AMD_V1_A | AMD_V1_IR | AMD_V1_IW)

/*
 * Highest of the levels that have leaves; all sizes; those that one entry maps; those beyond 512G.
 */
#define AMD_V1_LEAF_TOP 4
#define AMD_V1_SIZES	(((1ull << 52) - 1) & ~((1ull << 12) - 1) & ~(1ull << 39))
#define AMD_V1_SINGLES	(1ull << 12 | 1ull << 21 | 1ull << 30 | 1ull << 48)
#define AMD_V1_HUGE	(AMD_V1_SIZES & ~((1ull << 39) - 1))

/* Attributes by prot: accesses are coherent whatever is asked for, as in Linux. */
#define AMD_V1_ATTR(p)                                                                           \
	PT_IF(p, IOMMU_READ | IOMMU_WRITE,                                                       \
	      AMD_V1_PR | AMD_V1_A | AMD_V1_LEAF | AMD_V1_FC | PT_IF(p, IOMMU_READ, AMD_V1_IR) | \
		      PT_IF(p, IOMMU_WRITE, AMD_V1_IW))

static always_inline unsigned int amd_v1_shift(unsigned int level)
{
	return 12 + 9 * level;
}

static always_inline bool amd_v1_is_table(uint64_t desc, unsigned int level)
{
	return level && (desc & (AMD_V1_NEXT | AMD_V1_PR)) ==
				((uint64_t)level << AMD_V1_NEXT_SHIFT | AMD_V1_PR);
}

static always_inline bool amd_v1_is_group(uint64_t desc, unsigned int level)
{
	/* Where there are no tables one test does. */
	return level ? (desc & AMD_V1_NEXT) == AMD_V1_NEXT : desc & AMD_V1_NEXT;
}

static always_inline unsigned int amd_v1_group_lg2(uint64_t desc, unsigned int level)
{
	unsigned int lg2;

	if (!amd_v1_is_group(desc, level) || level > AMD_V1_LEAF_TOP)
		return 0;
	lg2 = 1 + (unsigned int)__builtin_ctzll(~(desc >> amd_v1_shift(level)));
	return lg2 < 9 ? lg2 : 0;
}

/* So many ones say so in a group, and are a mere address elsewhere. */
static always_inline bool amd_v1_is_larger(uint64_t desc, unsigned int level, unsigned int lg2)
{
	uint64_t ones = (1ull << (amd_v1_shift(level) + lg2)) - (1ull << amd_v1_shift(level));

	return (desc & ones) == ones;
}

static always_inline uint64_t amd_v1_leaf(uint64_t pa, uint64_t attr, unsigned int level)
{
	return pa | attr;
}

static always_inline uint64_t amd_v1_group_leaf(uint64_t pa, uint64_t attr, unsigned int level,
						unsigned int lg2)
{
	uint64_t size = 1ull << (amd_v1_shift(level) + lg2);

	return ((pa | (size - 1)) & ~(size >> 1) & AMD_V1_ADDRESS) | attr | AMD_V1_NEXT;
}

static always_inline uint64_t amd_v1_leaf_pa(uint64_t desc, unsigned int level)
{
	unsigned int lg2 = amd_v1_group_lg2(desc, level);
	uint64_t offset = lg2 ? (1ull << (amd_v1_shift(level) + lg2)) - 1 : 0;

	return desc & AMD_V1_ADDRESS & ~offset;
}

static always_inline uint64_t amd_v1_leaf_attr(uint64_t desc, unsigned int level)
{
	return desc & ~(AMD_V1_ADDRESS | AMD_V1_NEXT);
}

static always_inline uint64_t amd_v1_table(uint64_t pa)
{
	return pa | AMD_V1_TABLE_TAG;
}

static always_inline uint64_t amd_v1_table_pa(uint64_t desc)
{
	return desc & AMD_V1_ADDRESS;
}

static always_inline bool amd_v1_is_valid(uint64_t desc, unsigned int level)
{
	unsigned int lg2 = amd_v1_group_lg2(desc, level);
	uint64_t attr = amd_v1_leaf_attr(desc, level);

	if (!(desc & AMD_V1_PR) || !(desc & AMD_V1_A) || (desc & AMD_V1_RESERVED))
		return false;
	if (amd_v1_is_table(desc, level))
		return (desc & AMD_V1_TABLE_TAG) == AMD_V1_TABLE_TAG && !(desc & AMD_V1_LEAF);
	if (level > AMD_V1_LEAF_TOP || !(desc & AMD_V1_LEAF) || !(desc & (AMD_V1_IR | AMD_V1_IW)))
		return false;
	if (lg2)
		return desc == amd_v1_group_leaf(amd_v1_leaf_pa(desc, level), attr, level, lg2);
	return !(desc & AMD_V1_NEXT) && (AMD_V1_SINGLES & 1ull << amd_v1_shift(level));
}

#endif /* FMT_AMD_V1_H */
