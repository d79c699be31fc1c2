/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract between a format and the walker: what a format is.
 *
 * A format is one static const struct pt_format of numbers and small always-inline functions. The
 * hot operations are stamped with its address as a constant (core/walker.h), so that every number
 * folds and every function is inlined; the cold ones (core/tree.c) reach the same structure through
 * the domain. Nothing in core/ knows any particular format.
 *
 * Levels count upwards from the leaf: level 0 holds the smallest pages, level l + 1 points to
 * tables of level l. (The Arm documents count the other way: their level is 3 - l.)
 *
 * Invariants a format keeps: a descriptor is 64 bits, or 32 (core/entry.h); empty is 0 and nothing
 * else is (splitting is not valid, and is there only while one thread splits a block, rewrites a
 * group or joins); at level 0 all non-empty descriptors are leaves; the leaves of consecutive
 * addresses, and so the groups of one size, differ by the size they map >> pa_shift, within an
 * aligned output region of 1 << linear_pa_lg2 bytes (0: everywhere).
 *
 * A leaf of several entries, a group (the contiguous hint, Svnapot, AMD's and ARMv7's replicated
 * entries), is 1 << group_lg2 of them, aligned in their table, of one level. Either they are all
 * the same (replicated; leaf_pa is then the address of the whole), or each is the leaf of its own
 * part with one thing in addition (leaf_attr does not show it). A group is whole whenever no thread
 * rewrites it, and only core/group.c changes a part of it.
 *
 * Input addresses that hardware sign-extends: the lower half of the address space is the second
 * half of what core/ counts as input addresses (core/domain.h, iova_base), and root_flip takes the
 * highest index bit back. No range lies across the two halves. Fields that a format leaves 0 cost
 * it nothing.
 */
#ifndef CORE_FORMAT_H
#define CORE_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

#include "core/port.h"

/* The prot arguments that exist: IOMMU_READ to IOMMU_PRIV. */
#define PT_PROT_COUNT 64

struct pt_format {
	uint8_t granule_lg2;   /* log2 of the smallest page */
	uint8_t words_lg2;     /* log2 of the 8-byte words of a table below the root */
	uint8_t max_top;       /* the highest level that a root can be at */
	uint8_t min_top;       /* the lowest */
	uint8_t grow_from;     /* where it is until more is needed (core/root.h), or 0 */
	uint8_t linear_pa_lg2; /* see above */
	uint8_t pa_shift;      /* a descriptor holds addresses shifted right by this */
	uint64_t root_flip;    /* exclusive-or of an index into the root, see above */
	uint64_t
		valid_bit; /* set in every descriptor that is valid; if it is several, one of them is */
	uint64_t table_bit;   /* set in every table descriptor; best in no block */
	uint64_t block_bit;   /* set in every block and in no table; 0: there is no such bit */
	uint64_t table_tag;   /* a table descriptor less the address, where there is no extra */
	uint64_t table_level; /* and less this times the level that the descriptor is at */
	/*
	 * Of what is left then, shifted by pa_shift, a table has none of these bits, anything else
	 * some, and so does a table with a mark (cleaned, reclaiming); 0: not so.
	 */
	uint64_t table_low;
	uint64_t splitting;   /* neither empty nor valid: a block is being made a table */
	uint64_t cleaned;     /* software bit of a table descriptor: a walker can see it; 0: none */
	uint64_t reclaiming;  /* another, in no leaf: the table may be about to go; 0: no reclaim */
	uint64_t dirty_mask;  /* a leaf was written to if these bits of it ... */
	uint64_t dirty_value; /* ... are these; mask 0: no way to tell */
	uint64_t dirty_flip;  /* this is changed when hardware writes, and back to forget it */
	uint64_t perm_mask;   /* attributes that may be changed in place, dirty_flip among them */
	bool remaps; /* so may all of a leaf, also by a table: walkers need no break before make */
	bool narrow; /* descriptors have 32 bits, and there are two levels */

	bool (*is_table)(uint64_t desc, unsigned int level);
	uint64_t (*leaf)(uint64_t pa, uint64_t attr, unsigned int level);
	uint64_t (*leaf_pa)(uint64_t desc, unsigned int level);
	uint64_t (*leaf_attr)(uint64_t desc, unsigned int level);
	uint64_t (*table)(uint64_t pa);
	uint64_t (*table_pa)(uint64_t desc);
	bool (*is_valid)(uint64_t desc, unsigned int level); /* well-formed leaf or table */

	/* Groups; without group_lg2 there are none. */
	unsigned int (*group_lg2)(uint64_t desc, unsigned int level); /* of any leaf: 0 if single */
	uint64_t (*group_leaf)(uint64_t pa, uint64_t attr, unsigned int level, unsigned int lg2);
	uint64_t group_sizes; /* what they can map; no other sizes */
	/*
	 * Bits of which a leaf of level 0 has some if, and only if, it is one; 0: there are none.
	 */
	uint64_t group_any;
	bool replicated;
	/*
	 * Is this leaf a group? For the fast tiers: domains that have groups do without them if it
	 * is absent.
	 */
	bool (*is_group)(uint64_t desc, unsigned int level);
	/*
	 * Could it be one of more than 1 << lg2 > 1 entries? Where a level has groups of several
	 * sizes.
	 */
	bool (*is_larger)(uint64_t desc, unsigned int level, unsigned int lg2);
};

/*
 * A leaf's attributes under some quirks: [PT_PROT_COUNT], by prot, 0: refused, the same ones in all
 * sets of a format. An array of these has every combination of the quirks that matter to it, 0
 * first, all of them last.
 */
struct pt_attr_set {
	unsigned long quirks;
	const uint64_t *attr;
};

/* A table of PT_PROT_COUNT constants m(prot), for an attr. */
#define PT_BY_PROT_4(m, p) m(p), m((p) + 1), m((p) + 2), m((p) + 3)
#define PT_BY_PROT_16(m, p)                                                     \
	PT_BY_PROT_4(m, p), PT_BY_PROT_4(m, (p) + 4), PT_BY_PROT_4(m, (p) + 8), \
		PT_BY_PROT_4(m, (p) + 12)
#define PT_BY_PROT(m)                                                            \
	{                                                                        \
		PT_BY_PROT_16(m, 0), PT_BY_PROT_16(m, 16), PT_BY_PROT_16(m, 32), \
			PT_BY_PROT_16(m, 48)                                     \
	}
#define PT_IF(p, bits, value) ((bits) & (p) ? (value) : 0)

/* Of a leaf that can be written to: whatever has been recorded, or that it has been. */
static always_inline bool pt_can_be_dirty(const struct pt_format *f, uint64_t desc)
{
	return f->dirty_mask && !(((desc & f->dirty_mask) ^ f->dirty_value) & ~f->dirty_flip);
}

static always_inline bool pt_is_dirty(const struct pt_format *f, uint64_t desc)
{
	return f->dirty_mask && (desc & f->dirty_mask) == f->dirty_value;
}

/* log2 of the entries of a table below the root; a word has one that is wide, or two. */
static always_inline uint8_t pt_index_bits(const struct pt_format *f)
{
	return f->words_lg2 + (PT_ENTRY_BITS == 32);
}

static always_inline unsigned int pt_shift(const struct pt_format *f, unsigned int level)
{
	return f->granule_lg2 + level * pt_index_bits(f);
}

/* log2 of the entries that a leaf takes. */
static always_inline unsigned int pt_group_lg2(const struct pt_format *f, uint64_t desc,
					       unsigned int level)
{
	return f->group_lg2 ? f->group_lg2(desc, level) : 0;
}

/* What one entry of a level covers, in bytes. */
static always_inline uint64_t pt_span(const struct pt_format *f, unsigned int level)
{
	return 1ull << pt_shift(f, level);
}

/* By how much the leaves of consecutive addresses differ. */
static always_inline uint64_t pt_step(const struct pt_format *f, unsigned int level)
{
	return pt_span(f, level) >> f->pa_shift;
}

/* Entries of a table below the root. */
static always_inline size_t pt_entries(const struct pt_format *f)
{
	return (size_t)1 << pt_index_bits(f);
}

static always_inline size_t pt_table_bytes(const struct pt_format *f)
{
	return pt_entries(f) * sizeof(pt_entry);
}

static always_inline size_t pt_index(const struct pt_format *f, unsigned int level, uint64_t ia)
{
	return (ia >> pt_shift(f, level)) & (pt_entries(f) - 1);
}

#endif /* CORE_FORMAT_H */
