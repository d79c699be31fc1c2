/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Groups: leaves that take several entries of a table (core/format.h says which there are).
 *
 * Entries of a group are written and cleared together. Where a call covers only a part of one, or
 * changes its attributes, the whole group is broken before it is made again (core/group.c): no
 * walker may find entries of one group that differ. Invalidations go entry by entry: hardware may
 * have ignored the hint.
 */
#ifndef CORE_GROUP_H
#define CORE_GROUP_H

#include "core/domain.h"
#include "core/run.h"

/* Could this domain have groups? A constant for formats that have none. */
static always_inline bool pt_has_groups(const struct pt_format *f, const struct pt_domain *d)
{
	return f->group_lg2 && unlikely(d->groups);
}

/* Is all of the leaf that desc is a part of, at ia, in what is left up to end? */
static always_inline bool pt_group_within(const struct pt_format *f, uint64_t desc,
					  unsigned int level, uint64_t ia, uint64_t end)
{
	unsigned int lg2 = pt_group_lg2(f, desc, level);
	uint64_t bytes = pt_span(f, level) << lg2;

	return !lg2 || (!(ia & (bytes - 1)) && end - ia >= bytes);
}

static always_inline bool pt_is_group(const struct pt_format *f, const pt_entry *slot,
				      unsigned int level)
{
	uint64_t desc = port_load(slot);

	return (desc & f->valid_bit) && !f->is_table(desc, level) && pt_group_lg2(f, desc, level);
}

/*
 * For formats that look for groups: neither one nor the mark of one that another thread rewrites.
 */
static always_inline bool pt_is_single(const struct pt_format *f, uint64_t desc, unsigned int level)
{
	return (desc & f->valid_bit) && !f->is_group(desc, level);
}

/*
 * Is a run's first or last entry a single leaf, or one of at most 1 << lg2 > 1 entries? A larger one
 * may go beyond that end. If another thread has rewritten that, all of its entries were marks
 * before this one became what it is: acquiring that, no other is seen from before.
 */
static always_inline bool pt_end_is_single(const struct pt_format *f, const pt_entry *end,
					   unsigned int level)
{
	return pt_is_single(f, port_load_acquire(end), level);
}

static always_inline bool pt_end_is_within(const struct pt_format *f, const pt_entry *end,
					   unsigned int level, unsigned int lg2)
{
	uint64_t desc = port_load_acquire(end);

	return (desc & f->valid_bit) && f->is_larger && !f->is_larger(desc, level, lg2);
}

/*
 * Of n > 0 leaves from ia on, in *first to *last: so many that the last group is whole. That is no
 * other thread's then; of one that was, the rest is not seen from before (pt_end_is_within()). First
 * comes first: if it is no part of a group any more, neither is a last one of the same.
 */
static always_inline size_t pt_group_round(const struct pt_format *f, const pt_entry *first,
					   const pt_entry *last, unsigned int level, uint64_t ia,
					   size_t n)
{
	uint64_t end = (ia >> pt_shift(f, level)) + n, desc;

	(void)port_load_acquire(first);
	desc = port_load_acquire(last);
	if (!(desc & f->valid_bit) || f->is_table(desc, level))
		return n;
	return n - (size_t)(end & ((1ull << pt_group_lg2(f, desc, level)) - 1));
}

/*
 * Leaves of 1 << lg2 entries (0: single ones) for n entries from p on; any thread may be looking.
 */
static always_inline void pt_group_fill_of(const struct pt_format *f, const struct pt_domain *d,
					   pt_entry *p, size_t n, uint64_t pa, uint64_t attr,
					   unsigned int level, unsigned int lg2)
{
	uint64_t desc = lg2 ? f->group_leaf(pa, attr, level, lg2) : f->leaf(pa, attr, level);

	if (lg2 && f->replicated)
		run_fill_groups(d->wide_stores, p, n, (size_t)1 << lg2, desc,
				pt_step(f, level) << lg2);
	else
		run_fill_live(d->wide_stores, p, n, desc, pt_step(f, level));
}

/* The same, not inlined. */
void pt_group_fill(const struct pt_domain *d, pt_entry *p, size_t n, uint64_t pa, uint64_t attr,
		   unsigned int level, unsigned int lg2);

/*
 * Makes leaves with attr of 1 << lg2 entries out of the group that *slot, for ia, is a part of, and
 * that had desc; break before make. Nothing, if another thread changed it first: look again.
 */
void pt_group_rewrite(struct pt_domain *d, pt_entry *slot, uint64_t desc, unsigned int level,
		      uint64_t ia, uint64_t attr, unsigned int lg2);

/*
 * A group out of the leaves from *first on, for ia, that map what it maps; all of it is the
 * caller's range.
 */
void pt_group_join(struct pt_domain *d, pt_entry *first, unsigned int level, uint64_t ia,
		   uint64_t attr, unsigned int lg2);

/* Single leaves out of a group. */
void pt_group_split(struct pt_domain *d, pt_entry *slot, uint64_t desc, unsigned int level,
		    uint64_t ia);

/* For io_pgtable_validate(): is desc, entry i of table, one of a whole group? */
bool pt_group_validate(const struct pt_domain *d, const pt_entry *table, size_t entries, size_t i,
		       uint64_t desc, unsigned int level);

#endif /* CORE_GROUP_H */
