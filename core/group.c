// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cold half of groups (core/group.h), compiled once for all formats.
 *
 * While a group is rewritten all of its entries are marks that a walker takes for nothing and that
 * tell other threads to wait, as in a split (core/tree.c). Who changes the first entry from a leaf
 * of the group to the mark rewrites; whoever comes too late finds the mark or a leaf of another
 * kind, and looks again. No thread makes the same group anew meanwhile: for that it would need all
 * of the range, and a part is the other's.
 */
#include "core/group.h"

#include "core/gather.h"
#include "core/run.h"

static pt_entry *first_of(const pt_entry *slot, unsigned int lg2)
{
	return (pt_entry *)((uintptr_t)slot & ~((sizeof(*slot) << lg2) - 1));
}

/* Hardware may change a leaf until it is gone. */
static uint64_t exchange(pt_entry *slot, uint64_t desc)
{
	uint64_t seen = port_load(slot);

	while (!port_cas(slot, &seen, desc))
		;
	return seen;
}

void noinline pt_group_fill(const struct pt_domain *d, pt_entry *p, size_t n, uint64_t pa,
			    uint64_t attr, unsigned int level, unsigned int lg2)
{
	pt_group_fill_of(d->format, d, p, n, pa, attr, level, lg2);
}

/*
 * All n entries are marks: invalidates what they were, and makes them leaves of 1 << lg2 entries.
 */
static void remake(struct pt_domain *d, pt_entry *first, size_t n, unsigned int level, uint64_t ia,
		   uint64_t pa, uint64_t attr, bool dirty, unsigned int lg2)
{
	const struct pt_format *f = d->format;
	unsigned int shift = pt_shift(f, level);
	struct iommu_iotlb_gather g;

	pt_clean(d, first, n * sizeof(*first));
	pt_gather_init(&g);
	pt_gather_range(d, &g, ia, (uint64_t)n << shift, shift, true);
	/* Its barrier is also between the marks and the leaves: pt_end_is_within() relies on it. */
	pt_gather_finish(d, &g);
	if (dirty && pt_tracks_dirty(d) && pt_can_be_dirty(f, attr) && !pt_is_dirty(f, attr))
		attr ^= f->dirty_flip;
	pt_group_fill(d, first, n, pa, attr, level, lg2);
	pt_clean(d, first, n * sizeof(*first));
	pt_wmb(d);
}

void pt_group_rewrite(struct pt_domain *d, pt_entry *slot, uint64_t desc, unsigned int level,
		      uint64_t ia, uint64_t attr, unsigned int lg2)
{
	const struct pt_format *f = d->format;
	unsigned int old = f->group_lg2(desc, level);
	size_t n = (size_t)1 << old;
	pt_entry *first = first_of(slot, old);
	uint64_t seen = port_load(first), bytes = (uint64_t)n << pt_shift(f, level);
	bool dirty;

	do {
		if (!(seen & f->valid_bit) || f->is_table(seen, level) ||
		    f->group_lg2(seen, level) != old)
			return;
	} while (!port_cas(first, &seen, f->splitting));
	dirty = pt_is_dirty(f, seen);
	for (size_t i = 1; i < n; i++)
		dirty |= pt_is_dirty(f, exchange(first + i, f->splitting));
	remake(d, first, n, level, ia & ~(bytes - 1), f->leaf_pa(seen, level), attr, dirty, lg2);
}

void pt_group_join(struct pt_domain *d, pt_entry *first, unsigned int level, uint64_t ia,
		   uint64_t attr, unsigned int lg2)
{
	const struct pt_format *f = d->format;
	size_t n = (size_t)1 << lg2;
	uint64_t pa = f->leaf_pa(port_load(first), level);
	bool dirty = false;

	for (size_t i = 0; i < n; i++)
		dirty |= pt_is_dirty(f, exchange(first + i, f->splitting));
	remake(d, first, n, level, ia, pa, attr, dirty, lg2);
}

void noinline pt_group_split(struct pt_domain *d, pt_entry *slot, uint64_t desc, unsigned int level,
			     uint64_t ia)
{
	pt_group_rewrite(d, slot, desc, level, ia, d->format->leaf_attr(desc, level), 0);
}

/* Whoever is the first of its group answers for all of them, the others for themselves. */
bool pt_group_validate(const struct pt_domain *d, const pt_entry *table, size_t entries, size_t i,
		       uint64_t desc, unsigned int level)
{
	const struct pt_format *f = d->format;
	size_t n = (size_t)1 << f->group_lg2(desc, level), first = i & ~(n - 1);
	uint64_t step = f->replicated ? 0 : pt_step(f, level);
	uint64_t same = ~(pt_tracks_dirty(d) ? f->dirty_flip : 0);

	if (!d->groups || first + n > entries)
		return false;
	if (i != first)
		return !((desc ^ (port_load(table + first) + (i - first) * step)) & same);
	if (f->leaf_pa(desc, level) & ((pt_span(f, level) * n) - 1))
		return false;
	while (--n)
		if ((port_load(table + first + n) ^ (desc + n * step)) & same)
			return false;
	return true;
}
