// SPDX-License-Identifier: GPL-2.0-only
/*
 * The walk with a callback, and the statistics that are made of it; compiled once for all formats.
 *
 * It only reads. Whatever the descriptors are, it ends: a descriptor that is not valid ends it, the
 * level falls with each step down, and no more tables are followed than the domain has (so that one
 * that is reached twice, or through a loop, is noticed), each at its natural alignment.
 */
#include "core/walk.h"

#include <errno.h>
#include <string.h>

#include "core/narrow.h"

struct walk {
	const struct pt_domain *d;
	io_pgtable_walk_fn *callback;
	void *ctx;
	size_t bytes_left; /* tables that may still be followed */
	uint64_t attr;	   /* the last one decoded, and what it was: neighbours are mostly alike */
	int prot;
};

int pt_prot_of_attr(const struct pt_domain *d, uint64_t attr)
{
	int granted = 0, common = PT_PROT_COUNT - 1;
	uint64_t other = attr; /* the same page, written to and not */
	bool found = false;

	if (pt_tracks_dirty(d) && pt_can_be_dirty(d->format, attr))
		other = attr ^ d->format->dirty_flip;
	for (int prot = 0; prot < PT_PROT_COUNT; prot++) {
		if (!d->attr[prot] || (d->attr[prot] != attr && d->attr[prot] != other))
			continue;
		granted |= prot & (IOMMU_READ | IOMMU_WRITE);
		common &= prot;
		found = true;
	}
	return found ? granted | common : -1;
}

static int prot_of(struct walk *w, uint64_t desc, unsigned int level)
{
	uint64_t attr = w->d->format->leaf_attr(desc, level);

	if (attr != w->attr) {
		int prot = pt_prot_of_attr(w->d, attr);

		w->attr = attr;
		w->prot = prot < 0 ? 0 : prot;
	}
	return w->prot;
}

static const pt_entry *entry_of(const struct walk *w, const pt_entry *table, unsigned int level,
				uint64_t ia)
{
	const struct pt_format *f = w->d->format;

	if (level == w->d->top)
		return pt_root_slot(f, w->d, ia);
	return table + pt_index(f, level, ia);
}

static int report(struct walk *w, enum io_pgtable_walk_kind kind, unsigned int level, uint64_t ia,
		  uint64_t desc)
{
	const struct pt_format *f = w->d->format;
	bool leaf = kind == IO_PGTABLE_WALK_LEAF;
	uint64_t size = pt_span(f, level) << (leaf ? pt_group_lg2(f, desc, level) : 0);
	struct io_pgtable_walk_entry e = {
		.kind = kind,
		.level = level,
		.prot = leaf ? prot_of(w, desc, level) : 0,
		.iova = (ia & ~(size - 1)) + w->d->iova_base,
		.size = size,
		.paddr = leaf ? f->leaf_pa(desc, level) & ~(size - 1) : f->table_pa(desc),
		.desc = desc,
	};

	return w->callback(&e, w->ctx);
}

static int report_hole(struct walk *w, unsigned int level, uint64_t ia, uint64_t last)
{
	struct io_pgtable_walk_entry e = {
		.kind = IO_PGTABLE_WALK_HOLE,
		.level = level,
		.iova = ia + w->d->iova_base,
		.size = last - ia + 1,
	};

	return w->callback(&e, w->ctx);
}

/*
 * May the table be followed? As io_pgtable_validate() has it; what is left of the bytes goes down.
 */
static bool may_follow(struct walk *w, const pt_entry *table)
{
	size_t bytes = pt_table_bytes(w->d->format);

	if (!table || ((uintptr_t)table & (bytes - 1)) || bytes > w->bytes_left)
		return false;
	w->bytes_left -= bytes;
	return true;
}

static int walk_table(struct walk *w, const pt_entry *table, unsigned int level, uint64_t ia,
		      uint64_t last);

/* A leaf of several entries is reported once: of it end is the last address. */
static uint64_t end_of(const struct walk *w, uint64_t desc, unsigned int level, uint64_t ia)
{
	const struct pt_format *f = w->d->format;
	uint64_t size = pt_span(f, level);

	if (f->is_valid(desc, level) && !f->is_table(desc, level))
		size <<= pt_group_lg2(f, desc, level);
	return ia | (size - 1);
}

static int walk_entry(struct walk *w, uint64_t desc, unsigned int level, uint64_t ia, uint64_t last)
{
	const struct pt_format *f = w->d->format;
	const pt_entry *child;
	int err;

	if (!f->is_valid(desc, level))
		return -EUCLEAN;
	if (!f->is_table(desc, level))
		return report(w, IO_PGTABLE_WALK_LEAF, level, ia, desc);
	child = pt_child(f, w->d, desc);
	if (!may_follow(w, child))
		return -EUCLEAN;
	err = report(w, IO_PGTABLE_WALK_TABLE, level, ia, desc);
	return err ? err : walk_table(w, child, level - 1, ia, last);
}

/* From ia to last, which lie in one table (or in the root). */
static int walk_table(struct walk *w, const pt_entry *table, unsigned int level, uint64_t ia,
		      uint64_t last)
{
	uint64_t span = pt_span(w->d->format, level), hole = ia, end;
	int err = 0;

	for (; !err; ia = end + 1) {
		uint64_t desc = port_load(entry_of(w, table, level, ia));

		end = desc ? end_of(w, desc, level, ia) : ia | (span - 1);
		end = end < last ? end : last;
		if (desc) {
			if (hole < ia)
				err = report_hole(w, level, hole, ia - 1);
			if (!err)
				err = walk_entry(w, desc, level, ia, end);
			hole = end + 1;
		}
		if (end == last)
			break;
	}
	if (!err && hole <= last)
		err = report_hole(w, level, hole, last);
	return err;
}

static int walk_range(const struct pt_domain *d, uint64_t ia, uint64_t last,
		      io_pgtable_walk_fn *callback, void *ctx)
{
	struct walk w = { .d = d, .callback = callback, .ctx = ctx };

	w.bytes_left = __atomic_load_n(&d->table_bytes, __ATOMIC_RELAXED) - d->root_bytes;
	return walk_table(&w, d->root, d->top, ia, last);
}

int io_pgtable_walk(struct io_pgtable *iop, uint64_t iova, uint64_t size,
		    io_pgtable_walk_fn *callback, void *ctx)
{
	const struct pt_domain *d = pt_domain(iop);
	uint64_t ia = iova - d->iova_base;
	int err = pt_check_input(d, ia, size, 1);

	if (err)
		return err;
	if (pt_is_narrow(d))
		return io_pgtable_walk_32(iop, iova, size, callback, ctx);
	return walk_range(d, ia, ia + (size - 1), callback, ctx);
}

int pt_walk_all(const struct pt_domain *d, io_pgtable_walk_fn *callback, void *ctx)
{
	int err;

	if (pt_is_narrow(d))
		return pt_walk_all_32(d, callback, ctx);
	err = walk_range(d, 0, d->half_last, callback, ctx);
	if (!err && d->half_last < d->ia_last)
		err = walk_range(d, d->half_last + 1, d->ia_last, callback, ctx);
	return err;
}

static int count(const struct io_pgtable_walk_entry *e, void *ctx)
{
	struct io_pgtable_stats *stats = ctx;

	if (e->kind == IO_PGTABLE_WALK_LEAF) {
		stats->leaves[e->level]++;
		stats->leaves_by_lg2[port_lg2(e->size)]++;
		stats->mapped_bytes += e->size;
	} else if (e->kind == IO_PGTABLE_WALK_TABLE) {
		stats->tables[e->level - 1]++;
	}
	return 0;
}

int io_pgtable_read_stats(struct io_pgtable *iop, struct io_pgtable_stats *stats)
{
	const struct pt_domain *d = pt_domain(iop);
	int err;

	if (pt_is_narrow(d))
		return io_pgtable_read_stats_32(iop, stats);
	memset(stats, 0, sizeof(*stats));
	err = pt_walk_all(d, count, stats);
	stats->tables[d->top]++;
	stats->table_bytes = d->root_bytes;
	for (unsigned int level = 0; level <= d->top; level++) {
		stats->leaf_bytes[level] = pt_span(d->format, level);
		if (level < d->top)
			stats->table_bytes += stats->tables[level] * pt_table_bytes(d->format);
	}
	return err;
}
