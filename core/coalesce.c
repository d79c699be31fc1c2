// SPDX-License-Identifier: GPL-2.0-only
/*
 * The reverse of a split: a table whose leaves are what one block would map becomes that block, and
 * leaves beside one another become one of several entries (io-pgtable-update.h,
 * io_pgtable_coalesce()). Compiled once for all formats of a width.
 *
 * From the lowest level upwards, so that blocks join too. Break before make, where the format needs
 * that and for groups: while it lasts the entry has the mark of a split, which a walker takes for
 * nothing. Invariants: only tables, and groups, all of which lies in the range are touched, so
 * nobody else works below; a table is freed after the invalidation of everything that led to it;
 * what hardware recorded of writes until then holds for the block.
 */
#include "io-pgtable-update.h"

#include <errno.h>

#include "core/gather.h"
#include "core/group.h"
#include "core/narrow.h"
#include "core/reclaim.h"
#include "core/tree.h"

struct coalesce {
	struct pt_domain *d;
	uint64_t first, last; /* ia of the range */
	size_t joined;
};

/* Of a leaf's attributes, what must be the same; the rest is what hardware records. */
static uint64_t same_attr(const struct pt_domain *d, uint64_t desc, unsigned int level)
{
	const struct pt_format *f = d->format;
	uint64_t attr = f->leaf_attr(desc, level);

	if (pt_tracks_dirty(d) && pt_can_be_dirty(f, attr) && pt_is_dirty(f, attr))
		attr ^= f->dirty_flip;
	return attr;
}

/* What entry i of a table of level maps to. */
static uint64_t entry_pa(const struct pt_format *f, uint64_t desc, unsigned int level, size_t i)
{
	size_t offset = f->replicated ? i & (((size_t)1 << pt_group_lg2(f, desc, level)) - 1) : 0;

	return f->leaf_pa(desc, level) + offset * pt_span(f, level);
}

/* Are n entries from *first on, of level, those of one leaf? */
static bool is_leaf(const struct pt_domain *d, const pt_entry *first, size_t n, unsigned int level)
{
	const struct pt_format *f = d->format;
	uint64_t desc = port_load(first), pa, attr;

	if (!(desc & f->valid_bit) || f->is_table(desc, level))
		return false;
	pa = entry_pa(f, desc, level, 0);
	attr = same_attr(d, desc, level);
	if (pa & (n * pt_span(f, level) - 1))
		return false;
	for (size_t i = 1; i < n; i++) {
		desc = port_load(first + i);
		if (!(desc & f->valid_bit) || f->is_table(desc, level) ||
		    same_attr(d, desc, level) != attr ||
		    entry_pa(f, desc, level, i) != pa + i * pt_span(f, level))
			return false;
	}
	return true;
}

static bool was_written(const struct pt_domain *d, const pt_entry *table)
{
	const struct pt_format *f = d->format;

	for (size_t i = 0; pt_tracks_dirty(d) && i < pt_entries(f); i++)
		if (pt_is_dirty(f, port_load(table + i)))
			return true;
	return false;
}

/* What was written to before the table went is known now: no walker comes through it any more. */
static void note_writes(struct pt_domain *d, pt_entry *slot, const pt_entry *table)
{
	uint64_t seen = port_load(slot);

	if (was_written(d, table))
		while (!pt_is_dirty(d->format, seen) &&
		       !port_cas(slot, &seen, seen ^ d->format->dirty_flip))
			;
}

/*
 * The table of level - 1 in *slot becomes a block; where walkers may not find either, with a mark
 * in between.
 */
static void join(struct coalesce *c, pt_entry *slot, uint64_t desc, unsigned int level, uint64_t ia)
{
	struct pt_domain *d = c->d;
	const struct pt_format *f = d->format;
	pt_entry *table = pt_child(f, d, desc);
	uint64_t leaf = port_load(table), attr = same_attr(d, leaf, level - 1);
	uint64_t block = f->leaf(f->leaf_pa(leaf, level - 1), attr, level);
	struct iommu_iotlb_gather g;

	if (!pt_tree_replace(d, slot, desc, f->remaps ? block : f->splitting))
		return;
	pt_gather_init(&g);
	pt_tree_gather(d, table, level - 1, ia, &g);
	pt_gather_finish(d, &g);
	if (!f->remaps)
		port_store(slot, block);
	note_writes(d, slot, table);
	pt_clean(d, slot, sizeof(*slot));
	pt_tree_free(d, table, level - 1, 0);
	c->joined++;
}

/*
 * What of the table, of level, for ia, could be leaves of several entries becomes such: the largest
 * ones first. One that is part of a larger one already begins where that begins, or has another
 * address.
 */
static void join_groups(struct coalesce *c, pt_entry *table, size_t entries, unsigned int level,
			uint64_t ia)
{
	struct pt_domain *d = c->d;
	const struct pt_format *f = d->format;
	uint64_t sizes = d->iop.cfg.pgsize_bitmap & f->group_sizes, span = pt_span(f, level);

	for (unsigned int lg2 = pt_index_bits(f) - 1u; lg2; lg2--) {
		size_t n = (size_t)1 << lg2;

		for (size_t i = 0; (sizes & span << lg2) && i + n <= entries; i += n) {
			uint64_t desc = port_load(table + i), at = ia + i * span;

			if (pt_lies_within(c->first, c->last, at, span << lg2) &&
			    is_leaf(d, table + i, n, level) && pt_group_lg2(f, desc, level) < lg2) {
				pt_group_join(d, table + i, level, at, same_attr(d, desc, level),
					      lg2);
				c->joined++;
			}
		}
	}
}

/* Everything below table, of level, that begins at ia and is part of the range. */
static void below(struct coalesce *c, pt_entry *table, unsigned int level, uint64_t ia);

static void at_entry(struct coalesce *c, pt_entry *slot, unsigned int level, uint64_t ia)
{
	struct pt_domain *d = c->d;
	const struct pt_format *f = d->format;
	uint64_t desc = port_load(slot), span = pt_span(f, level);

	if (!f->is_table(desc, level))
		return;
	while (d->see_tables && !pt_tree_see(d, slot, desc)) {
		desc = port_load(slot);
		if (!f->is_table(desc, level))
			return;
	}
	if (level > 1)
		below(c, pt_child(f, d, desc), level - 1, ia);
	if ((d->iop.cfg.pgsize_bitmap & span) && pt_lies_within(c->first, c->last, ia, span) &&
	    !(d->hw.grows && pt_root_holds(d, slot)) &&
	    is_leaf(d, pt_child(f, d, desc), pt_entries(f), level - 1))
		join(c, slot, desc, level, ia);
	else if (d->groups)
		join_groups(c, pt_child(f, d, desc), pt_entries(f), level - 1, ia);
}

static void below(struct coalesce *c, pt_entry *table, unsigned int level, uint64_t ia)
{
	const struct pt_format *f = c->d->format;
	uint64_t span = pt_span(f, level);

	for (size_t i = 0; i < pt_entries(f); i++, ia += span)
		if (ia <= c->last && ia + (span - 1) >= c->first)
			at_entry(c, table + i, level, ia);
}

int io_pgtable_coalesce(struct io_pgtable *iop, uint64_t iova, uint64_t size, size_t *joined)
{
	struct pt_domain *d = pt_domain(iop);
	const struct pt_format *f = d->format;
	uint64_t ia = iova - d->iova_base, span = pt_span(f, d->top);
	struct coalesce c = { .d = d, .first = ia, .last = ia + (size - 1) };
	int err = pt_check_input(d, ia, size, pt_span(f, 0));

	if (err)
		return err;
	if (pt_is_narrow(d))
		return io_pgtable_coalesce_32(iop, iova, size, joined);
	if (d->reclaim)
		pt_section_enter();
	for (ia &= ~(span - 1); d->top; ia += span) {
		at_entry(&c, pt_root_slot(f, d, ia), d->top, ia);
		if (c.last - ia < span)
			break;
	}
	if (d->groups && !f->root_flip) /* where there is one, groups are below the root */
		join_groups(&c, pt_root_slot(f, d, 0), d->root_bytes / sizeof(*d->root), d->top, 0);
	if (d->reclaim)
		pt_section_exit();
	pt_wmb(d);
	*joined += c.joined;
	return 0;
}
