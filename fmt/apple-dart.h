/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page tables of Apple's DART, both generations: encode and decode.
 *
 * Source: Apple publishes no document; these are the descriptors of Linux's io-pgtable-dart.c. Two
 * levels, one page size. A leaf may be restricted to a part of its page; here it never is: start 0
 * in bits 63:52, end 0xfff in 51:40. A table descriptor has nothing but the address and the valid
 * bit, and what hardware makes of other bits is not known: there is no software bit, so no reclaim
 * while others use the table, and none for a walker that does not snoop, which DART does.
 */
#ifndef FMT_APPLE_DART_H
#define FMT_APPLE_DART_H

#include "core/port.h"
#include "io-pgtable.h"

#define DART_BIT(n)  (1ull << (n))
#define DART_VALID   DART_BIT(0)
#define DART_SUBPAGE (0xfffull << 40)

/*
 * Of a table. Hardware's is the field of a leaf, and the hooks' addresses are below oas; without
 * hooks there is no hardware, and the process's own addresses have to fit.
 */
#define DART_TABLE_PA (((1ull << 52) - 1) & ~((1ull << 12) - 1))

/* First generation: address bits 35:12 where they are. */
#define DART1_SP_DIS   DART_BIT(1)
#define DART1_NO_WRITE DART_BIT(7)
#define DART1_NO_READ  DART_BIT(8)
#define DART1_PA       (((1ull << 36) - 1) & ~((1ull << 12) - 1))

/* Second generation: address bits 41:14 in 37:10. */
#define DART2_NO_CACHE DART_BIT(1)
#define DART2_NO_WRITE DART_BIT(2)
#define DART2_NO_READ  DART_BIT(3)
#define DART2_PA_SHIFT 4
#define DART2_PA       (((1ull << 38) - 1) & ~((1ull << 10) - 1))

#define DART1_ATTR(p)                                            \
	PT_IF(p, IOMMU_READ | IOMMU_WRITE,                       \
	      DART_VALID | DART_SUBPAGE | DART1_SP_DIS |         \
		      PT_IF(~(p), IOMMU_WRITE, DART1_NO_WRITE) | \
		      PT_IF(~(p), IOMMU_READ, DART1_NO_READ))

#define DART2_ATTR(p)                                                                \
	PT_IF(p, IOMMU_READ | IOMMU_WRITE,                                           \
	      DART_VALID | DART_SUBPAGE | PT_IF(~(p), IOMMU_CACHE, DART2_NO_CACHE) | \
		      PT_IF(~(p), IOMMU_WRITE, DART2_NO_WRITE) |                     \
		      PT_IF(~(p), IOMMU_READ, DART2_NO_READ))

static always_inline bool dart_is_table(uint64_t desc, unsigned int level)
{
	return level && (desc & DART_VALID);
}

/* The functions of one generation, which differ in where the address is. */
#define DART_FUNCTIONS(name, mask, shift)                                                         \
	static always_inline uint64_t name##_leaf(uint64_t pa, uint64_t attr, unsigned int level) \
	{                                                                                         \
		return pa >> (shift) | attr;                                                      \
	}                                                                                         \
	static always_inline uint64_t name##_leaf_pa(uint64_t desc, unsigned int level)           \
	{                                                                                         \
		return (desc & (mask)) << (shift);                                                \
	}                                                                                         \
	static always_inline uint64_t name##_leaf_attr(uint64_t desc, unsigned int level)         \
	{                                                                                         \
		return desc & ~(mask);                                                            \
	}                                                                                         \
	static always_inline uint64_t name##_table(uint64_t pa)                                   \
	{                                                                                         \
		return pa >> (shift) | DART_VALID;                                                \
	}                                                                                         \
	static always_inline uint64_t name##_table_pa(uint64_t desc)                              \
	{                                                                                         \
		return (desc & DART_TABLE_PA >> (shift)) << (shift);                              \
	}                                                                                         \
	static always_inline bool name##_is_valid(uint64_t desc, unsigned int level)              \
	{                                                                                         \
		if (level)                                                                        \
			return (desc & ~(DART_TABLE_PA >> (shift))) == DART_VALID;                \
		return (desc & DART_VALID) && (desc & DART_SUBPAGE) == DART_SUBPAGE;              \
	}

DART_FUNCTIONS(dart1, DART1_PA, 0)
DART_FUNCTIONS(dart2, DART2_PA, DART2_PA_SHIFT)

#define DART_FORMAT(name, g, shift, perms)                                                         \
	{                                                                                          \
		.granule_lg2 = (g), .words_lg2 = (g)-3, .min_top = 1, .max_top = 1,                \
		.pa_shift = (shift), .valid_bit = DART_VALID, .table_bit = DART_VALID,             \
		.table_tag = DART_VALID, .splitting = DART_BIT(1), .perm_mask = (perms),           \
		.is_table = dart_is_table, .leaf = name##_leaf, .leaf_pa = name##_leaf_pa,         \
		.leaf_attr = name##_leaf_attr, .table = name##_table, .table_pa = name##_table_pa, \
		.is_valid = name##_is_valid,                                                       \
	}

#endif /* FMT_APPLE_DART_H */
