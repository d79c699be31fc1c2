// SPDX-License-Identifier: GPL-2.0-only
/*
 * Whole tables: making, publishing, taking away, splitting a block into one, checking one.
 *
 * Compiled once for every format. A table is reachable either through its parent's descriptor, or
 * from one gather, or from one thread that is building or dismantling it; it is freed only in the
 * last two states, and after the invalidation that its removal called for has been synced. The
 * recursion is as deep as the table has levels, at most six.
 */
#include "core/tree.h"

#include <errno.h>

#include "core/gather.h"
#include "core/group.h"
#include "core/narrow.h"
#include "core/reclaim.h"
#include "core/run.h"
#include "core/walk.h"

static size_t root_entries(const struct pt_domain *d)
{
	return (size_t)(d->ia_last >> d->root_shift) + 1;
}

bool noinline pt_tree_see(struct pt_domain *d, pt_entry *slot, uint64_t desc)
{
	const struct pt_format *f = d->format;

	if (unlikely(desc & f->reclaiming)) {
		uint64_t unmarked = desc & ~f->reclaiming;

		if (!port_cas(slot, &desc, unmarked))
			return false;
		__atomic_fetch_add(&d->reclaim->stats.kept, 1, __ATOMIC_RELAXED);
		desc = unmarked;
	}
	if (pt_coherent(d) || (desc & f->cleaned))
		return true;
	pt_clean_slow(d, slot, sizeof(*slot));
	/*
	 * Whoever changed it meanwhile has seen to it as well, or a reclaimer marked it: seen
	 * later.
	 */
	port_cas(slot, &desc, desc | f->cleaned);
	return true;
}

/* The table takes the place of what is expected in *slot: nothing, or the mark of a split. */
static bool publish(struct pt_domain *d, pt_entry *slot, uint64_t expected, pt_entry *table,
		    unsigned int level)
{
	const struct pt_format *f = d->format;
	uint64_t desc = f->table(pt_to_phys(d, table)) | d->table_extra | f->table_level * level;

	/* Not before the table's own contents can be seen by a walker. */
	port_dma_wmb();
	if (likely(port_cas(slot, &expected, desc))) {
		if (!pt_coherent(d))
			pt_tree_see(d, slot, desc);
		return true;
	}
	pt_table_free(d, table, pt_table_bytes(f), 0);
	return false;
}

void noinline pt_tree_fill(struct pt_domain *d, pt_entry *table, size_t index, size_t n,
			   uint64_t desc, uint64_t step)
{
	if (n == pt_entries(d->format) && d->fill_past) {
		d->fill_past(table, n, desc, step);
		return;
	}
	d->fill(table + index, n, desc, step);
	pt_clean_slow(d, table, pt_table_bytes(d->format));
}

bool pt_tree_install(struct pt_domain *d, pt_entry *slot, pt_entry *table, unsigned int level)
{
	return publish(d, slot, 0, table, level);
}

/* An empty table in *slot; or whatever somebody else put there first. */
static int make_table(struct pt_domain *d, pt_entry *slot, unsigned int level)
{
	size_t bytes = pt_table_bytes(d->format);
	pt_entry *table = pt_table_alloc(d, bytes, IO_PGTABLE_MEM_ZERO);

	if (!table)
		return -ENOMEM;
	pt_clean(d, table, bytes);
	pt_tree_install(d, slot, table, level);
	return 0;
}

int pt_tree_slot(struct pt_domain *d, uint64_t ia, unsigned int level, pt_entry **slot)
{
	const struct pt_format *f = d->format;
	pt_entry *p = pt_root_slot(f, d, ia);

	for (unsigned int l = d->top; l > level; l--) {
		uint64_t desc;

		do {
			desc = port_load(p);
			while (!desc) {
				int err;

				if (d->reclaim)
					pt_reclaim_vacant(d, ia, l, 1);
				err = make_table(d, p, l);

				if (err)
					return err;
				desc = port_load(p); /* nothing, if it was reclaimed already */
			}
			if (!f->is_table(desc, l))
				return -EEXIST;
		} while (d->see_tables && !pt_tree_see(d, p, desc));
		p = pt_child(f, d, desc) + pt_index(f, l - 1, ia);
	}
	*slot = p;
	return 0;
}

bool pt_tree_replace(struct pt_domain *d, pt_entry *slot, uint64_t desc, uint64_t with)
{
	const struct pt_format *f = d->format;
	uint64_t seen = desc;

	if (unlikely(d->hw.grows) && pt_root_holds(d, slot))
		return false;
	/* The only things that may change under us are the software bits. */
	while (!port_cas(slot, &seen, with))
		if ((seen ^ desc) & ~(f->cleaned | f->reclaiming))
			return false;
	__atomic_fetch_add(&d->removals, 1, __ATOMIC_RELEASE);
	pt_clean(d, slot, sizeof(*slot));
	return true;
}

bool pt_tree_detach(struct pt_domain *d, pt_entry *slot, uint64_t desc)
{
	return pt_tree_replace(d, slot, desc, 0);
}

/*
 * All entries are valid. Where that may show in one bit or another, the bits of all do not say so.
 */
static bool all_valid(const struct pt_format *f, struct run_bits bits, const pt_entry *table)
{
	if (bits.all & f->valid_bit)
		return true;
	return PT_ENTRY_BITS == 32 &&
	       run_count(table, pt_entries(f), f->valid_bit) == pt_entries(f);
}

static bool no_table_in(const struct pt_format *f, struct run_bits bits)
{
	return !(bits.any & f->table_bit) || (bits.all & f->block_bit);
}

/* Could there be a table among these entries? One pass over them spares a look at each. */
static bool has_tables(const struct pt_domain *d, const pt_entry *table, size_t entries,
		       unsigned int level)
{
	return level && !no_table_in(d->format, d->bits(table, entries));
}

/* The first table from entry i on, or entries: eight at a time, most of an interior table is empty.
 */
static size_t next_table(const struct pt_format *f, const pt_entry *table, size_t i, size_t entries,
			 unsigned int level)
{
	for (; i < entries; i++) {
		uint64_t desc;

		while (i + 8 <= entries && !(run_bits(table + i, 8).any & f->table_bit))
			i += 8;
		if (i >= entries)
			break;
		desc = port_load(table + i);
		if ((desc & f->table_bit) && f->is_table(desc, level))
			return i;
	}
	return entries;
}

bool pt_tree_is_empty(struct pt_domain *d, pt_entry *table, unsigned int level)
{
	const struct pt_format *f = d->format;

	if (!has_tables(d, table, pt_entries(f), level))
		return !d->bits(table, pt_entries(f)).any;
	for (size_t i = 0; i < pt_entries(f); i++) {
		uint64_t desc = port_load(table + i);

		/* Without a mark nobody takes it out before this operation ends. */
		while (unlikely(desc & f->reclaiming) && f->is_table(desc, level) &&
		       !pt_tree_see(d, table + i, desc))
			desc = port_load(table + i);
		if (desc && (!f->is_table(desc, level) ||
			     !pt_tree_is_empty(d, pt_child(f, d, desc), level - 1)))
			return false;
	}
	return true;
}

bool pt_tree_is_full(const struct pt_domain *d, const pt_entry *table, unsigned int level)
{
	const struct pt_format *f = d->format;
	struct run_bits bits;

	if (!level)
		return all_valid(f, d->bits(table, pt_entries(f)), table);
	bits = d->bits(table, pt_entries(f));
	if (!all_valid(f, bits, table))
		return false;
	if (no_table_in(f, bits))
		return true;
	/* A reclaimer takes one of them for empty: it must not go while we look. */
	if (unlikely(bits.any & f->reclaiming))
		return false;
	for (size_t i = next_table(f, table, 0, pt_entries(f), level); i < pt_entries(f);
	     i = next_table(f, table, i + 1, pt_entries(f), level))
		if (!pt_tree_is_full(d, pt_child(f, d, port_load(table + i)), level - 1))
			return false;
	return true;
}

/*
 * The leaves of a removed tree, as "not leaf": whoever still has one of its tables in a walk cache
 * can find its leaves and cache them again, after their own invalidation, until the table is
 * forgotten. So one command has to remove both. It does for every table on the way: there is no
 * hole, so each has a leaf below it.
 */
void pt_tree_gather(struct pt_domain *d, const pt_entry *table, unsigned int level, uint64_t ia,
		    struct iommu_iotlb_gather *g)
{
	const struct pt_format *f = d->format;
	unsigned int shift = pt_shift(f, level);

	if (!has_tables(d, table, pt_entries(f), level)) {
		pt_gather_range(d, g, ia, (uint64_t)pt_entries(f) << shift, shift, false);
		return;
	}
	for (size_t i = 0; i < pt_entries(f); i++, ia += 1ull << shift) {
		uint64_t desc = port_load(table + i);

		if (f->is_table(desc, level))
			pt_tree_gather(d, pt_child(f, d, desc), level - 1, ia, g);
		else if (desc)
			pt_gather_range(d, g, ia, 1ull << shift, shift, false);
	}
}

/* The tables below this one, which have no leaf, each as what it covered; children first keeps runs
 * together. */
static void gather_tables(struct pt_domain *d, const pt_entry *table, unsigned int level,
			  uint64_t ia, struct iommu_iotlb_gather *g)
{
	const struct pt_format *f = d->format;
	unsigned int shift = pt_shift(f, level);

	if (!level)
		return;
	for (size_t i = next_table(f, table, 0, pt_entries(f), level); i < pt_entries(f);
	     i = next_table(f, table, i + 1, pt_entries(f), level)) {
		uint64_t at = ia + ((uint64_t)i << shift);

		gather_tables(d, pt_child(f, d, port_load(table + i)), level - 1, at, g);
		pt_gather_range(d, g, at, 1ull << shift, shift, false);
	}
}

static void free_tree(struct pt_domain *d, pt_entry *table, unsigned int level, unsigned int flags);

static size_t tree_bytes(const struct pt_domain *d, const pt_entry *table, unsigned int level)
{
	const struct pt_format *f = d->format;
	size_t bytes = pt_table_bytes(f);

	if (!level || (f->block_bit && !has_tables(d, table, pt_entries(f), level)))
		return bytes;
	for (size_t i = next_table(f, table, 0, pt_entries(f), level); i < pt_entries(f);
	     i = next_table(f, table, i + 1, pt_entries(f), level))
		bytes += tree_bytes(d, pt_child(f, d, port_load(table + i)), level - 1);
	return bytes;
}

void pt_tree_quarantine(struct pt_domain *d, const pt_entry *table, unsigned int level, bool held)
{
	if (d->pool)
		table_pool_quarantine(d->pool, tree_bytes(d, table, level), held);
	else if (d->mem.quarantine)
		d->mem.quarantine(d->mem.ctx, tree_bytes(d, table, level), held);
}

static void free_children(struct pt_domain *d, pt_entry *table, size_t entries, unsigned int level,
			  unsigned int flags)
{
	const struct pt_format *f = d->format;

	/* With a bit of their own no blocks look like tables: then the search is as quick. */
	if (!level || (f->block_bit && !has_tables(d, table, entries, level)))
		return;
	for (size_t i = next_table(f, table, 0, entries, level); i < entries;
	     i = next_table(f, table, i + 1, entries, level))
		free_tree(d, pt_child(f, d, port_load(table + i)), level - 1, flags);
}

static void free_tree(struct pt_domain *d, pt_entry *table, unsigned int level, unsigned int flags)
{
	const struct pt_format *f = d->format;

	free_children(d, table, pt_entries(f), level, flags);
	/* An interior table that had children is not zero, whatever its leaves are. */
	pt_table_free(d, table, pt_table_bytes(f), level ? 0 : flags);
}

void pt_tree_free(struct pt_domain *d, pt_entry *table, unsigned int level, unsigned int flags)
{
	if (unlikely(d->reclaim != NULL))
		pt_reclaim_settle(d);
	free_tree(d, table, level, flags);
}

void pt_tree_free_root(struct pt_domain *d)
{
	bool zero = run_is_empty(d->root, root_entries(d));

	if (!zero)
		free_children(d, d->root, root_entries(d), d->top, 0);
	pt_table_free(d, d->root, d->root_bytes, zero ? IO_PGTABLE_MEM_ZERO : 0);
}

static void fill_split(struct pt_domain *d, pt_entry *table, uint64_t desc, unsigned int level)
{
	const struct pt_format *f = d->format;
	uint64_t pa = f->leaf_pa(desc, level), attr = f->leaf_attr(desc, level);

	for (size_t i = 0; i < pt_entries(f); i++, pa += pt_span(f, level - 1))
		table[i] = f->leaf(pa, attr, level - 1);
	pt_clean(d, table, pt_table_bytes(f));
}

int pt_tree_split(struct pt_domain *d, pt_entry *slot, uint64_t desc, unsigned int level,
		  uint64_t ia)
{
	const struct pt_format *f = d->format;
	unsigned int shift = pt_shift(f, level);
	struct iommu_iotlb_gather g;
	pt_entry *table = pt_table_alloc(d, pt_table_bytes(f), 0);

	if (!table)
		return -ENOMEM;
	fill_split(d, table, desc, level);
	/*
	 * Break before make: no walker may find the block and the table at the same time. A mark
	 * that it takes for nothing tells other threads to wait. Where walkers could do without
	 * they need it: who has another part of the block must not come through the table before
	 * the block's invalidation, since its own, of a page, may miss a larger entry (an SMMU's
	 * TTL; VT-d's address mask).
	 */
	if (!port_cas(slot, &desc, f->splitting)) {
		pt_table_free(d, table, pt_table_bytes(f), 0);
		return 0;
	}
	pt_clean(d, slot, sizeof(*slot));
	pt_gather_init(&g);
	pt_gather_range(d, &g, ia >> shift << shift, 1ull << shift, shift, true);
	pt_gather_finish(d, &g);
	publish(d, slot, f->splitting, table, level);
	return 0;
}

int pt_tree_drop_empty(struct pt_domain *d, pt_entry *slot, uint64_t desc, unsigned int level,
		       uint64_t ia)
{
	const struct pt_format *f = d->format;
	unsigned int shift = pt_shift(f, level);
	pt_entry *table = pt_child(f, d, desc);
	struct iommu_iotlb_gather g;

	if (!pt_tree_is_empty(d, table, level - 1) || !pt_tree_detach(d, slot, desc))
		return -EEXIST;
	pt_gather_init(&g);
	gather_tables(d, table, level - 1, ia, &g);
	pt_gather_range(d, &g, ia, 1ull << shift, shift, false);
	pt_gather_finish(d, &g);
	pt_tree_free(d, table, level - 1, IO_PGTABLE_MEM_ZERO);
	return 0;
}

/* What io_pgtable_validate() has found so far. */
struct census {
	size_t table_bytes;
	uint64_t attr; /* that was good: neighbours are mostly alike */
	bool bad;
};

static bool attr_is_good(const struct pt_domain *d, uint64_t attr, struct census *c)
{
	if (attr == c->attr)
		return true;
	if (pt_prot_of_attr(d, attr) < 0)
		return false;
	c->attr = attr;
	return true;
}

static bool leaf_is_good(const struct pt_domain *d, uint64_t desc, unsigned int level,
			 struct census *c)
{
	const struct pt_format *f = d->format;
	uint64_t pa = f->leaf_pa(desc, level);

	return pa <= d->pa_last && !(pa & (pt_span(f, level) - 1)) &&
	       attr_is_good(d, f->leaf_attr(desc, level), c);
}

/*
 * A walk may take for a table what has none of table_low (core/walker.h): that is right, for marked
 * ones as well.
 */
static bool low_bits_are_good(const struct pt_format *f, uint64_t desc, unsigned int level)
{
	uint64_t tag = f->table_tag + f->table_level * level, low = f->table_low >> f->pa_shift;

	if (!level || !low)
		return true;
	if (f->is_table(desc, level))
		return !(((desc & ~(f->cleaned | f->reclaiming)) - tag) & low) &&
		       (f->reclaiming & low);
	return (desc - tag) & low;
}

static bool any_bits_are_good(const struct pt_format *f, uint64_t desc, unsigned int level)
{
	return level || !f->group_any || !(desc & f->group_any) == !pt_group_lg2(f, desc, level);
}

static void validate_table(const struct pt_domain *d, const pt_entry *table, size_t entries,
			   unsigned int level, struct census *c)
{
	const struct pt_format *f = d->format;

	for (size_t i = 0; i < entries && !c->bad; i++) {
		uint64_t desc = port_load(table + i);
		const pt_entry *child;

		if (!desc)
			continue;
		if (!f->is_valid(desc, level) || !f->is_table(desc, level)) {
			c->bad = !f->is_valid(desc, level) || !low_bits_are_good(f, desc, level) ||
				 !any_bits_are_good(f, desc, level) ||
				 !leaf_is_good(d, desc, level, c) ||
				 (pt_group_lg2(f, desc, level) &&
				  !pt_group_validate(d, table, entries, i, desc, level));
			continue;
		}
		child = pt_child(f, d, desc);
		c->table_bytes += pt_table_bytes(f);
		/* A loop or a table reached twice makes the sum too large. */
		c->bad = !child || !low_bits_are_good(f, desc, level) ||
			 ((uintptr_t)child & (pt_table_bytes(f) - 1)) ||
			 (desc & d->table_extra) != d->table_extra ||
			 (desc & f->reclaiming) || /* only while a round is under way */
			 c->table_bytes > d->table_bytes;
		if (!c->bad)
			validate_table(d, child, pt_entries(f), level - 1, c);
	}
}

int io_pgtable_validate(struct io_pgtable *iop)
{
	const struct pt_domain *d = pt_domain(iop);
	struct census c = { .table_bytes = d->root_bytes };

	if (pt_is_narrow(d))
		return io_pgtable_validate_32(iop);
	validate_table(d, d->root, root_entries(d), d->top, &c);
	if (c.bad || c.table_bytes != d->table_bytes || !pt_reclaim_validate(d) ||
	    !pt_root_validate(d))
		return -EUCLEAN;
	return 0;
}
