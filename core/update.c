// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leaves that change where they are: permissions, what hardware recorded of writes, and what they
 * map to (io-pgtable-update.h). Compiled once for all formats.
 *
 * One way over a range (over_leaves), what is done with a run of leaves of one table in a struct
 * update. Invariants: an address is never unmapped on the way, but for a split and a group that is
 * rewritten; a descriptor changes with one store, or compare-and-swap where hardware may change it
 * too; a range that is gathered has changed before.
 *
 * What hardware may write, and why a plain store does for forgetting a write: A is always set, so
 * all that is left is D, or on Arm the permission to write, and only in a leaf that does not have
 * it yet. A leaf that was seen to have it is not written by hardware until the store that takes it
 * away, so nothing can come in between and be lost; a leaf that was seen not to have it is not
 * stored to. All of it needs a walker that snoops: otherwise a line that is cleaned takes back what
 * hardware wrote beside it.
 */
#include "io-pgtable-update.h"

#include <errno.h>

#include "core/gather.h"
#include "core/group.h"
#include "core/narrow.h"
#include "core/reclaim.h"
#include "core/run.h"
#include "core/tree.h"
#include "core/update.h"
#include "core/walk.h"

/*
 * What is done: with n entries from *slot on, of a level, the first of which is for ia. Above the
 * smallest pages n is 1, and desc what was seen there: another thread may have split it since.
 * -EAGAIN: look again. group: the same with the n entries of a group.
 */
struct update {
	struct pt_domain *d;
	int (*run)(struct update *u, pt_entry *slot, uint64_t desc, size_t n, unsigned int level,
		   uint64_t ia);
	int (*group)(struct update *u, pt_entry *slot, size_t n, unsigned int level, uint64_t ia);
	struct iommu_iotlb_gather *gather;
	bool whole;	    /* only leaves that lie in the range: others are split */
	bool stops;	    /* at a hole */
	uint64_t first;	    /* ia of the range */
	uint64_t last;	    /* what is left of it ends here */
	uint64_t attr;	    /* protect, replace */
	uint64_t pa;	    /* replace: of the range */
	size_t *changed;    /* protect, replace */
	uint64_t *bitmap;   /* dirty */
	bool clear;	    /* dirty */
	pt_dirty_note note; /* dirty: in the place of bitmap and gather */
	void *ctx;	    /* its */
};

/* Where a walk has ended: at a leaf, or at a hole (desc 0). */
struct spot {
	pt_entry *slot;
	uint64_t desc;
	unsigned int level;
};

static void find(struct pt_domain *d, uint64_t ia, struct spot *s)
{
	const struct pt_format *f = d->format;

	s->level = d->top;
	s->slot = pt_root_slot(f, d, ia);
	for (;;) {
		s->desc = port_load(s->slot);
		if (!s->desc)
			return;
		if (!(s->desc & f->valid_bit)) { /* another thread splits it */
			port_cpu_relax();
			continue;
		}
		if (!f->is_table(s->desc, s->level))
			return;
		if (d->see_tables && !pt_tree_see(d, s->slot, s->desc))
			continue;
		s->level--;
		s->slot = pt_child(f, d, s->desc) + pt_index(f, s->level, ia);
	}
}

/*
 * Of the entries from ia on in one table, those of smallest pages, which all are leaves, or
 * nothing.
 */
static size_t leaves_of(const struct pt_domain *d, uint64_t ia, uint64_t last)
{
	const struct pt_format *f = d->format;
	size_t room = pt_entries(f) - pt_index(f, 0, ia);
	uint64_t wanted = ((last - ia) >> f->granule_lg2) + 1;

	return wanted < room ? (size_t)wanted : room;
}

static bool lies_within(const struct update *u, uint64_t first, uint64_t span)
{
	return pt_lies_within(u->first, u->last, first, span);
}

/*
 * Of n entries from *slot on: how many there are before a group, or before the mark of one that
 * another thread rewrites. None of these becomes a group meanwhile: that would take all of it, and
 * a part is ours.
 */
static size_t before_groups(const struct pt_domain *d, const pt_entry *slot, size_t n)
{
	const struct pt_format *f = d->format;
	struct run_bits bits;
	size_t i = 0;

	if (!d->groups)
		return n;
	/* Mostly there is neither, which one pass shows. */
	bits = d->bits(slot, n);
	if ((bits.all & f->valid_bit) && f->group_any && !(bits.any & f->group_any))
		return n;
	for (; i < n; i++) {
		uint64_t desc = port_load(slot + i);

		if (desc && (!(desc & f->valid_bit) || pt_group_lg2(f, desc, 0)))
			break;
	}
	return i;
}

/*
 * As at_leaf(). A group that is not all in the range becomes single leaves, where those are what is
 * wanted.
 */
static int at_group(struct update *u, const struct spot *s, unsigned int lg2, uint64_t *ia)
{
	const struct pt_format *f = u->d->format;
	uint64_t bytes = pt_span(f, s->level) << lg2, first = *ia & ~(bytes - 1);
	pt_entry *slot = s->slot - ((*ia - first) >> pt_shift(f, s->level));
	int err;

	if (u->whole && !lies_within(u, first, bytes)) {
		if (pt_quirk(u->d, IO_PGTABLE_QUIRK_NO_SPLIT))
			return -EBUSY;
		pt_group_split(u->d, s->slot, s->desc, s->level, *ia);
		return -EAGAIN;
	}
	err = u->group(u, slot, (size_t)1 << lg2, s->level, first);
	if (err)
		return err;
	*ia = first + (bytes - 1);
	*ia = *ia < u->last ? *ia + 1 : 0;
	return 0;
}

/* 0: go on at *ia, 0 being behind the range; -EAGAIN: look again. */
static int at_leaf(struct update *u, const struct spot *s, uint64_t *ia)
{
	struct pt_domain *d = u->d;
	uint64_t span = pt_span(d->format, s->level), first = *ia & ~(span - 1);
	unsigned int lg2 = pt_group_lg2(d->format, s->desc, s->level);
	size_t n = 1;
	int err;

	if (lg2)
		return at_group(u, s, lg2, ia);
	if (s->level && u->whole && !lies_within(u, first, span)) {
		if (pt_quirk(d, IO_PGTABLE_QUIRK_NO_SPLIT))
			return -EBUSY;
		err = pt_tree_split(d, s->slot, s->desc, s->level, *ia);
		return err ? err : -EAGAIN;
	}
	if (!s->level)
		n = before_groups(d, s->slot, leaves_of(d, *ia, u->last));
	if (!n)
		return -EAGAIN;
	err = u->run(u, s->slot, s->desc, n, s->level, first);
	if (err)
		return err;
	*ia = first + (n - 1) * span + (span - 1);
	*ia = *ia < u->last ? *ia + 1 : 0;
	return 0;
}

static int at_hole(struct update *u, const struct spot *s, uint64_t *ia)
{
	if (u->stops)
		return -ENOENT;
	*ia |= pt_span(u->d->format, s->level) - 1;
	*ia = *ia < u->last ? *ia + 1 : 0;
	return 0;
}

static int over_leaves(struct update *u, uint64_t ia)
{
	int err;

	do {
		struct spot s;

		find(u->d, ia, &s);
		err = s.desc ? at_leaf(u, &s, &ia) : at_hole(u, &s, &ia);
	} while (err == -EAGAIN || (!err && ia));
	return err;
}

/* All that the three have in common. The range is ia to last; 0 is behind every range. */
static int update(struct update *u, uint64_t iova, size_t size, uint64_t page,
		  struct iommu_iotlb_gather *gather)
{
	struct iommu_iotlb_gather own;
	struct pt_domain *d = u->d;
	uint64_t ia = iova - d->iova_base;
	int err = pt_check_input(d, ia, size, page);

	if (err)
		return err;
	u->gather = gather ? gather : &own;
	if (!gather)
		pt_gather_init_own(&own);
	u->first = ia;
	u->last = ia + (size - 1);
	if (d->reclaim)
		pt_section_enter();
	err = over_leaves(u, ia);
	if (d->reclaim)
		pt_section_exit();
	/* What was written becomes visible before it is invalidated, and before anything later. */
	pt_wmb(d);
	if (!gather)
		pt_gather_finish(d, &own);
	u->gather = NULL;
	return err;
}

/* Permissions. */

/* What becomes of a leaf, or of its attributes. */
static uint64_t permitted(const struct update *u, uint64_t desc)
{
	const struct pt_format *f = u->d->format;
	uint64_t now = (desc & ~f->perm_mask) | (u->attr & f->perm_mask);

	if (pt_tracks_dirty(u->d) && pt_can_be_dirty(f, desc) && pt_can_be_dirty(f, now) &&
	    pt_is_dirty(f, desc) != pt_is_dirty(f, now))
		now ^= f->dirty_flip;
	return now;
}

/*
 * Wide formats have their permissions where the attributes do; a narrow one has them elsewhere by
 * level.
 */
static uint64_t permitted_leaf(const struct update *u, uint64_t desc, unsigned int level)
{
	if (PT_ENTRY_BITS == 32) {
		const struct pt_format *f = u->d->format;
		uint64_t attr = permitted(u, f->leaf_attr(desc, level));

		return f->leaf(f->leaf_pa(desc, level), attr, level);
	}
	return permitted(u, desc);
}

static int protect_one(struct update *u, pt_entry *slot, unsigned int level)
{
	const struct pt_format *f = u->d->format;
	uint64_t desc = port_load(slot);

	do {
		if (!desc)
			return -ENOENT;
		if ((f->leaf_attr(desc, level) ^ u->attr) & ~f->perm_mask)
			return -EINVAL;
	} while (!port_cas(slot, &desc, permitted_leaf(u, desc, level)));
	return 0;
}

static int protect_run(struct update *u, pt_entry *slot, uint64_t desc, size_t n,
		       unsigned int level, uint64_t ia)
{
	unsigned int shift = pt_shift(u->d->format, level);
	size_t done = 0;
	int err = 0;

	/* All of a block lies in the range, so nobody else splits it. */
	while (done < n && !(err = protect_one(u, slot + done, level)))
		done++;
	if (done) {
		pt_clean(u->d, slot, done * sizeof(*slot));
		pt_gather_range(u->d, u->gather, ia, (uint64_t)done << shift, shift, true);
		*u->changed += done << shift;
	}
	return err;
}

static int protect_group(struct update *u, pt_entry *slot, size_t n, unsigned int level,
			 uint64_t ia)
{
	const struct pt_format *f = u->d->format;
	uint64_t desc = port_load(slot), attr = f->leaf_attr(desc, level);

	if ((attr ^ u->attr) & ~f->perm_mask)
		return -EINVAL;
	pt_group_rewrite(u->d, slot, desc, level, ia, permitted(u, attr), port_lg2(n));
	*u->changed += n << pt_shift(f, level);
	return 0;
}

int io_pgtable_protect(struct io_pgtable *iop, uint64_t iova, size_t size, int prot,
		       struct iommu_iotlb_gather *gather, size_t *changed)
{
	struct pt_domain *d = pt_domain(iop);
	struct update u = {
		.d = d,
		.run = protect_run,
		.group = protect_group,
		.whole = true,
		.stops = true,
		.changed = changed,
	};

	if ((unsigned int)prot >= PT_PROT_COUNT || !d->attr[prot])
		return -EINVAL;
	u.attr = d->attr[prot];
	if (pt_is_narrow(d))
		return io_pgtable_protect_32(iop, iova, size, prot, gather, changed);
	return update(&u, iova, size, iop->cfg.pgsize_bitmap & -iop->cfg.pgsize_bitmap, gather);
}

#if PT_ENTRY_BITS == 64 /* no narrow format has what the rest needs */

/* Another place. */

static int replace_run(struct update *u, pt_entry *slot, uint64_t desc, size_t n,
		       unsigned int level, uint64_t ia)
{
	const struct pt_format *f = u->d->format;
	unsigned int shift = pt_shift(f, level);
	uint64_t pa = u->pa + (ia - u->first);
	size_t done = 0;

	if (pa & (pt_span(f, level) - 1)) {
		int err = pt_quirk(u->d, IO_PGTABLE_QUIRK_NO_SPLIT)
				  ? -EBUSY
				  : pt_tree_split(u->d, slot, desc, level, ia);

		return err ? err : -EAGAIN;
	}
	for (; done < n && port_load(slot + done); done++, pa += 1ull << shift)
		port_store(slot + done, f->leaf(pa, u->attr, level));
	if (done) {
		pt_clean(u->d, slot, done * sizeof(*slot));
		pt_gather_range(u->d, u->gather, ia, (uint64_t)done << shift, shift, true);
		*u->changed += done << shift;
	}
	return done < n ? -ENOENT : 0;
}

/* Its entries are replaced one by one, so they have to be single ones. */
static int replace_group(struct update *u, pt_entry *slot, size_t n, unsigned int level,
			 uint64_t ia)
{
	if (pt_quirk(u->d, IO_PGTABLE_QUIRK_NO_SPLIT))
		return -EBUSY;
	pt_group_split(u->d, slot, port_load(slot), level, ia);
	return -EAGAIN;
}

int io_pgtable_replace(struct io_pgtable *iop, uint64_t iova, phys_addr_t paddr, size_t size,
		       int prot, struct iommu_iotlb_gather *gather, size_t *replaced)
{
	struct pt_domain *d = pt_domain(iop);
	struct update u = {
		.d = d,
		.run = replace_run,
		.group = replace_group,
		.whole = true,
		.stops = true,
		.pa = paddr,
		.changed = replaced,
	};

	if (!d->format->remaps)
		return -EOPNOTSUPP;
	if ((unsigned int)prot >= PT_PROT_COUNT || !d->attr[prot] ||
	    (paddr & (pt_span(d->format, 0) - 1)))
		return -EINVAL;
	if (size && (paddr > d->pa_last || size - 1 > d->pa_last - paddr))
		return -ERANGE;
	u.attr = d->attr[prot];
	return update(&u, iova, size, iop->cfg.pgsize_bitmap & -iop->cfg.pgsize_bitmap, gather);
}

/* What was written to. */

static uint64_t ones(size_t n)
{
	return n < 64 ? (1ull << n) - 1 : ~0ull;
}

/* Sets n <= 64 bits of a bitmap from bit at on, those that are set in bits. */
static void add_bits(uint64_t *bitmap, uint64_t at, uint64_t bits)
{
	unsigned int shift = at % 64;

	bitmap[at / 64] |= bits << shift;
	if (shift && bits >> (64 - shift))
		bitmap[at / 64 + 1] |= bits >> (64 - shift);
}

static void add_many_bits(uint64_t *bitmap, uint64_t at, uint64_t n)
{
	for (uint64_t now; n; n -= now, at += now) {
		now = n < 64 ? n : 64;
		add_bits(bitmap, at, ones(now));
	}
}

/* Takes the lowest run of ones out of bits: how many there are, from bit *from on. */
static unsigned int take_run(uint64_t *bits, unsigned int *from)
{
	uint64_t rest;
	unsigned int n;

	*from = (unsigned int)__builtin_ctzll(*bits);
	rest = ~(*bits >> *from);
	n = rest ? (unsigned int)__builtin_ctzll(rest) : 64;
	*bits &= ~(ones(n) << *from);
	return n;
}

/* Changes the leaves whose bits are set, and gathers them, one run at a time. */
static void forget(struct update *u, pt_entry *slot, uint64_t bits, unsigned int level, uint64_t ia)
{
	const struct pt_format *f = u->d->format;
	unsigned int shift = pt_shift(f, level);

	while (bits) {
		unsigned int from, n = take_run(&bits, &from);

		run_flip_live(u->d->wide_stores, slot + from, n, f->dirty_flip);
		pt_clean(u->d, slot + from, n * sizeof(*slot));
		if (!u->note)
			pt_gather_range(u->d, u->gather, ia + ((uint64_t)from << shift),
					(uint64_t)n << shift, shift, true);
	}
}

/* The part of so many bytes that lies in the range. */
static void note_bytes(struct update *u, uint64_t bytes, uint64_t ia)
{
	unsigned int lg2 = u->d->format->granule_lg2;
	uint64_t end = ia + (bytes - 1);

	ia = ia < u->first ? u->first : ia;
	end = end > u->last ? u->last : end;
	if (u->note)
		u->note(u->ctx, ia + u->d->iova_base, end - ia + 1);
	else
		add_many_bits(u->bitmap, (ia - u->first) >> lg2, ((end - ia) >> lg2) + 1);
}

/* The smallest pages from ia on whose bits are set. */
static void note_pages(struct update *u, uint64_t bits, uint64_t ia)
{
	unsigned int lg2 = u->d->format->granule_lg2;

	if (!u->note)
		add_bits(u->bitmap, (ia - u->first) >> lg2, bits);
	while (u->note && bits) {
		unsigned int from, n = take_run(&bits, &from);

		u->note(u->ctx, ia + u->d->iova_base + ((uint64_t)from << lg2), (uint64_t)n << lg2);
	}
}

/*
 * A block that goes beyond the range stays as it is: what was recorded of the rest would be lost.
 */
static void dirty_block(struct update *u, pt_entry *slot, uint64_t desc, unsigned int level,
			uint64_t ia)
{
	if (!pt_is_dirty(u->d->format, desc))
		return;
	note_bytes(u, pt_span(u->d->format, level), ia);
	if (u->clear && lies_within(u, ia, pt_span(u->d->format, level)))
		forget(u, slot, 1, level, ia);
}

static int dirty_run(struct update *u, pt_entry *slot, uint64_t desc, size_t n, unsigned int level,
		     uint64_t ia)
{
	const struct pt_format *f = u->d->format;

	if (level) {
		dirty_block(u, slot, desc, level, ia);
		return 0;
	}
	for (size_t i = 0; i < n; i += 64) {
		size_t now = n - i < 64 ? n - i : 64;
		uint64_t at = ia + ((uint64_t)i << f->granule_lg2);
		uint64_t bits =
			u->d->match(slot + i, (unsigned int)now, f->dirty_mask, f->dirty_value);

		if (!bits)
			continue;
		note_pages(u, bits, at);
		if (u->clear)
			forget(u, slot + i, bits, 0, at);
	}
	return 0;
}

/*
 * Still an entry of a leaf of n entries? Who has only a part of the range of one does not keep
 * others from it.
 */
static bool is_of_group(const struct pt_format *f, uint64_t desc, size_t n, unsigned int level)
{
	return (desc & f->valid_bit) && !f->is_table(desc, level) &&
	       (size_t)1 << pt_group_lg2(f, desc, level) == n;
}

/* Hardware may record a write to any part of a group in any of its entries. */
static int dirty_group(struct update *u, pt_entry *slot, size_t n, unsigned int level, uint64_t ia)
{
	const struct pt_format *f = u->d->format;
	unsigned int shift = pt_shift(f, level);
	bool clear = u->clear && lies_within(u, ia, n << shift), any = false;

	for (size_t i = 0; i < n; i++) {
		uint64_t desc = port_load(slot + i);

		if (!is_of_group(f, desc, n, level))
			return -EAGAIN;
		if (!pt_is_dirty(f, desc))
			continue;
		any = true;
		/* All of it is in the range: nobody else rewrites it. */
		if (clear)
			forget(u, slot + i, 1, level, ia + (i << shift));
	}
	if (any)
		note_bytes(u, n << shift, ia);
	return 0;
}

static int read_dirty(struct update *u, uint64_t iova, size_t size, unsigned int flags,
		      struct iommu_iotlb_gather *gather)
{
	u->run = dirty_run;
	u->group = dirty_group;
	u->clear = !(flags & IO_PGTABLE_DIRTY_NO_CLEAR);
	if (!pt_tracks_dirty(u->d))
		return -EOPNOTSUPP;
	if (flags & ~IO_PGTABLE_DIRTY_NO_CLEAR)
		return -EINVAL;
	return update(u, iova, size, pt_span(u->d->format, 0), gather);
}

int io_pgtable_read_and_clear_dirty(struct io_pgtable *iop, uint64_t iova, size_t size,
				    unsigned int flags, uint64_t *bitmap,
				    struct iommu_iotlb_gather *gather)
{
	struct update u = { .d = pt_domain(iop), .bitmap = bitmap };

	return read_dirty(&u, iova, size, flags, gather);
}

int pt_dirty_each(struct io_pgtable *iop, uint64_t iova, size_t size, unsigned int flags,
		  pt_dirty_note note, void *ctx)
{
	struct update u = { .d = pt_domain(iop), .note = note, .ctx = ctx };

	return read_dirty(&u, iova, size, flags, NULL);
}

static int set_run(struct update *u, pt_entry *slot, uint64_t desc, size_t n, unsigned int level,
		   uint64_t ia)
{
	const struct pt_format *f = u->d->format;

	for (size_t i = 0; i < n; i++) {
		if (!level)
			desc = port_load(slot + i);
		while (pt_can_be_dirty(f, desc) && !pt_is_dirty(f, desc) &&
		       !port_cas(slot + i, &desc, desc ^ f->dirty_flip))
			if (level) /* it may be a table by now */
				return -EAGAIN;
	}
	return 0;
}

static int set_group(struct update *u, pt_entry *slot, size_t n, unsigned int level, uint64_t ia)
{
	const struct pt_format *f = u->d->format;

	for (size_t i = 0; i < n; i++) {
		uint64_t desc = port_load(slot + i);

		do {
			if (!is_of_group(f, desc, n, level))
				return -EAGAIN;
			if (!pt_can_be_dirty(f, desc) || pt_is_dirty(f, desc))
				break;
		} while (!port_cas(slot + i, &desc, desc ^ f->dirty_flip));
	}
	return 0;
}

int io_pgtable_set_dirty(struct io_pgtable *iop, uint64_t iova, size_t size)
{
	struct pt_domain *d = pt_domain(iop);
	struct update u = { .d = d, .run = set_run, .group = set_group };

	if (!pt_tracks_dirty(d))
		return -EOPNOTSUPP;
	return update(&u, iova, size, pt_span(d->format, 0), NULL);
}

#endif
