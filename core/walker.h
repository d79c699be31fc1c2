/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The walker: map, unmap and translate, written once and stamped per format and granule.
 *
 * Every function here is always-inline and takes the format as its first argument. PT_STAMP() makes
 * the operations of one format out of them (core/stamp.h); the format's address is a constant
 * there, so its numbers and functions fold into the code. Each operation has a straight path for
 * one smallest page of a coherent table that is already there, and hands everything else, errors
 * included, to one general function that is not inlined: the single page pays nothing for the
 * batch.
 *
 * Invariants: arguments are checked before any descriptor is touched; a new table is filled in
 * private and published once; a descriptor is cleared before its invalidation is asked for.
 */
#ifndef CORE_WALKER_H
#define CORE_WALKER_H

#include <errno.h>

#include "core/gather.h"
#include "core/group.h"
#include "core/reclaim.h"
#include "core/run.h"
#include "core/tree.h"

/* How a walk gets from a table descriptor to the table; all of them without a call. */
enum pt_walk {
	PT_WALK_GUARDED, /* page_fast; only through tables that no reclaimer has marked */
	PT_WALK_EXACT, /* the address and f->table_tag is all there is in it: page_fast, group_sizes */
	PT_WALK_MASK,	/* physical addresses are virtual ones: fast_sizes and clean_sizes */
	PT_WALK_CLEANED /* the same, only through tables that a walker is known to see */
};

static always_inline bool pt_is_exact(enum pt_walk how)
{
	return how == PT_WALK_EXACT || how == PT_WALK_GUARDED;
}

/*
 * From the root at top down to the table of level. In this shape, with top and level constants,
 * each step is one load whose address the load itself adds up: nothing but loads is on the way.
 */
static always_inline bool pt_find_from(const struct pt_format *f, const struct pt_domain *d,
				       uint64_t iova, unsigned int top, unsigned int level,
				       enum pt_walk how, pt_entry **found)
{
	pt_entry *slot = pt_root_of_iova(f, d, iova, top);

#pragma GCC unroll 8
	for (unsigned int l = top; l > 0 && l > level; l--) {
		uint64_t desc = port_load(slot), tag = f->table_tag + f->table_level * l;

		if (pt_is_exact(how) && f->table_low) {
			/* Of a marked table too: one test is all there is beside the load. */
			if (unlikely((desc - tag) << f->pa_shift & f->table_low))
				return false;
		} else {
			if (unlikely(!f->is_table(desc, l) ||
				     (how == PT_WALK_CLEANED && !(desc & f->cleaned))))
				return false;
			if (how == PT_WALK_GUARDED && unlikely(desc & f->reclaiming))
				return false;
		}
		slot = (pt_entry *)(uintptr_t)(pt_is_exact(how) ? (desc - tag) << f->pa_shift
								: f->table_pa(desc));
		slot += pt_index(f, l - 1, iova);
	}
	*found = slot;
	return true;
}

/*
 * The entry for iova at level; false if there is no table for it. how is a constant, and one that
 * the domain allows. That the walk makes no call keeps everything around it in registers.
 */
static always_inline bool pt_find(const struct pt_format *f, const struct pt_domain *d,
				  uint64_t iova, unsigned int level, enum pt_walk how,
				  pt_entry **found)
{
	unsigned int top = d->top;

	/* Not a loop: top has to become a constant before anything else is done with it. */
	if (f->max_top >= 5 && f->min_top < 5 && likely(top == 5))
		return pt_find_from(f, d, iova, 5, level, how, found);
	if (f->max_top >= 4 && f->min_top < 4 && likely(top == 4))
		return pt_find_from(f, d, iova, 4, level, how, found);
	if (f->max_top >= 3 && f->min_top < 3 && likely(top == 3))
		return pt_find_from(f, d, iova, 3, level, how, found);
	if (f->max_top >= 2 && f->min_top < 2 && likely(top == 2))
		return pt_find_from(f, d, iova, 2, level, how, found);
	if (f->max_top >= 1 && f->min_top < 1 && likely(top == 1))
		return pt_find_from(f, d, iova, 1, level, how, found);
	return pt_find_from(f, d, iova, f->min_top, level, how, found);
}

/* A descriptor on the way down; guarded: what it points to stays until this section ends. */
static always_inline uint64_t pt_load(const struct pt_format *f, struct pt_domain *d,
				      pt_entry *slot, unsigned int level, bool guarded)
{
	uint64_t desc = port_load(slot);

	while (guarded && unlikely(desc & f->reclaiming) && f->is_table(desc, level) &&
	       !pt_tree_see(d, slot, desc))
		desc = port_load(slot);
	return desc;
}

/* The level whose entries map pgsize bytes, one of the granule's sizes. */
static always_inline unsigned int pt_level(const struct pt_format *f, uint64_t pgsize)
{
	/* Also asked of sizes that are refused afterwards, 0 among them. */
	return (port_lg2(pgsize | 1) - f->granule_lg2) / pt_index_bits(f);
}

static always_inline bool pt_is_one_of(uint64_t sizes, uint64_t pgsize)
{
	return (sizes & pgsize) && !(pgsize & (pgsize - 1));
}

/* The same for any pgsize: -EINVAL if it may not be asked for. */
static always_inline int pt_level_of(const struct pt_format *f, const struct pt_domain *d,
				     uint64_t pgsize, unsigned int *level)
{
	if (!pgsize || (pgsize & (pgsize - 1)) || !(d->iop.cfg.pgsize_bitmap & pgsize))
		return -EINVAL;
	*level = pt_level(f, pgsize);
	return 0;
}

/* The bytes behind the one at ia, up to the end of the input range or of its half. */
static always_inline uint64_t pt_ia_left(const struct pt_format *f, const struct pt_domain *d,
					 uint64_t ia)
{
	return f->root_flip ? (d->ia_last - ia) & d->half_last : d->ia_last - ia;
}

static always_inline int pt_check_range(uint64_t first, uint64_t last, uint64_t bytes)
{
	return first > last || bytes - 1 > last - first ? -ERANGE : 0;
}

/* Bytes of pgcount pages; 0 if none, saturates where they do not fit. */
static always_inline uint64_t pt_bytes(uint64_t pgsize, uint64_t pgcount)
{
	uint64_t bytes;

	return __builtin_mul_overflow(pgsize, pgcount, &bytes) ? UINT64_MAX : bytes;
}

static always_inline int pt_check_map(const struct pt_format *f, const struct pt_domain *d,
				      uint64_t ia, uint64_t pa, uint64_t pgsize, uint64_t pgcount,
				      int prot, uint64_t last, unsigned int *level)
{
	uint64_t bytes = pt_bytes(pgsize, pgcount);
	int err = pt_level_of(f, d, pgsize, level);

	if (err || !pgcount || ((ia | pa) & (pgsize - 1)) || (unsigned int)prot >= PT_PROT_COUNT ||
	    !d->attr[prot])
		return -EINVAL;
	/* One page as large as all that the root reaches is an entry of the level above. */
	if (f->grow_from && pgsize > last)
		return -ERANGE;
	err = pt_check_range(ia, last, bytes);
	if (f->root_flip && !err && bytes - 1 > pt_ia_left(f, d, ia))
		err = -ERANGE;
	return err ? err : pt_check_range(pa, d->pa_last, bytes);
}

/* How many of n leaves from pa on have descriptors that differ by their size. */
static always_inline size_t pt_linear(const struct pt_format *f, uint64_t pa, unsigned int shift,
				      size_t n)
{
	uint64_t left;

	if (!f->linear_pa_lg2)
		return n;
	left = ((1ull << f->linear_pa_lg2) - (pa & ((1ull << f->linear_pa_lg2) - 1))) >> shift;
	return n < left ? n : left;
}

/* log2 of the entries that a page takes; level is that of its size. */
static always_inline unsigned int pt_group_of(const struct pt_format *f, uint64_t pgsize,
					      unsigned int level)
{
	return f->group_leaf ? port_lg2(pgsize) - pt_shift(f, level) : 0;
}

/*
 * Leaves over existing entries of one table; over tables only if nothing is mapped by them. Here
 * and below lg2 is what pt_group_of() says of the pages, n counts entries.
 */
static always_inline int pt_map_live(const struct pt_format *f, struct pt_domain *d, pt_entry *p,
				     size_t n, uint64_t ia, uint64_t pa, uint64_t attr,
				     unsigned int level, unsigned int lg2)
{
	uint64_t span = pt_span(f, level);

	if (unlikely(!run_is_empty(p, n))) {
		if (!level)
			return -EEXIST;
		for (size_t i = 0; i < n; i++) {
			uint64_t desc = pt_load(f, d, p + i, level, true);

			if (desc && (!f->is_table(desc, level) ||
				     pt_tree_drop_empty(d, p + i, desc, level, ia + i * span)))
				return -EEXIST;
		}
	}
	if (level && unlikely(d->reclaim != NULL))
		pt_reclaim_vacant(d, ia, level, n);
	if (lg2)
		pt_group_fill(d, p, n, pa, attr, level, lg2);
	else
		run_fill_live(d->wide_stores, p, n, f->leaf(pa, attr, level), span >> f->pa_shift);
	pt_clean(d, p, n * sizeof(*p));
	return 0;
}

/*
 * Leaves in a table that is not there yet: filled in private, then published. -EAGAIN when another
 * thread published one first.
 */
static always_inline int pt_map_new(const struct pt_format *f, struct pt_domain *d, pt_entry *slot,
				    size_t index, size_t n, uint64_t pa, uint64_t attr,
				    unsigned int level, unsigned int lg2)
{
	bool whole = n == pt_entries(f);
	pt_entry *table = pt_table_alloc(d, pt_table_bytes(f), whole ? 0 : IO_PGTABLE_MEM_ZERO);

	if (unlikely(!table))
		return -ENOMEM;
	if (lg2) {
		pt_group_fill(d, table + index, n, pa, attr, level, lg2);
		pt_clean(d, table, pt_table_bytes(f));
	} else if (likely(pt_coherent(d))) {
		d->fill(table + index, n, f->leaf(pa, attr, level), pt_step(f, level));
	} else {
		pt_tree_fill(d, table, index, n, f->leaf(pa, attr, level), pt_step(f, level));
	}
	return pt_tree_install(d, slot, table, level + 1) ? 0 : -EAGAIN;
}

/* One table's worth: the part of the run that lies below *slot (an entry of level + 1). */
static always_inline int pt_map_below(const struct pt_format *f, struct pt_domain *d,
				      pt_entry *slot, size_t n, uint64_t ia, uint64_t pa,
				      uint64_t attr, unsigned int level, unsigned int lg2)
{
	size_t index = pt_index(f, level, ia);
	uint64_t desc;

	do {
		desc = port_load(slot);
		if (!desc) {
			int err;

			if (unlikely(d->reclaim != NULL))
				pt_reclaim_vacant(d, ia, level + 1, 1);
			err = pt_map_new(f, d, slot, index, n, pa, attr, level, lg2);

			if (likely(err != -EAGAIN))
				return err;
			desc = port_load(slot);
		}
		if (unlikely(!f->is_table(desc, level + 1))) {
			/* Reclaimed since the other thread won the race. */
			if (d->reclaim && !desc)
				continue;
			return -EEXIST;
		}
	} while (unlikely(d->see_tables) && !pt_tree_see(d, slot, desc));
	return pt_map_live(f, d, pt_child(f, d, desc) + index, n, ia, pa, attr, level, lg2);
}

/* n leaves of one level. *done counts the bytes that are mapped, also when an error is returned. */
static always_inline int pt_map_leaves(const struct pt_format *f, struct pt_domain *d, uint64_t ia,
				       uint64_t pa, size_t n, uint64_t attr, unsigned int level,
				       unsigned int lg2, size_t *done)
{
	unsigned int shift = pt_shift(f, level);
	pt_entry *slot = NULL;
	int err = 0;

	while (n) {
		size_t run;

		if (level == d->top) {
			run = pt_linear(f, pa, shift, n);
			err = pt_map_live(f, d, pt_root_slot(f, d, ia), run, ia, pa, attr, level,
					  lg2);
		} else {
			run = pt_entries(f) - pt_index(f, level, ia);
			run = pt_linear(f, pa, shift, n < run ? n : run);
			if (!slot) {
				err = pt_tree_slot(d, ia, level + 1, &slot);
				if (err)
					break;
			}
			err = pt_map_below(f, d, slot, run, ia, pa, attr, level, lg2);
		}
		if (err)
			break;
		n -= run;
		ia += (uint64_t)run << shift;
		pa += (uint64_t)run << shift;
		*done += run << shift;
		/* The next entry of the same table, unless a table on the way there ends. */
		if (pt_index(f, level, ia))
			continue;
		slot = pt_index(f, level + 1, ia) && slot ? slot + 1 : NULL;
	}
	return err;
}

static always_inline int pt_map_general(const struct pt_format *f, struct io_pgtable *iop,
					uint64_t iova, phys_addr_t pa, size_t pgsize,
					size_t pgcount, int prot, size_t *mapped)
{
	struct pt_domain *d = pt_domain(iop);
	uint64_t ia = iova - d->iova_base;
	unsigned int level = 0;
	size_t done = 0;
	uint64_t last =
		f->grow_from ? __atomic_load_n(&d->hw.map_last, __ATOMIC_ACQUIRE) : d->ia_last;
	int err = pt_check_map(f, d, ia, pa, pgsize, pgcount, prot, last, &level);

	/*
	 * What only hardware's root is in the way of. Whoever would like to lower it again waits
	 * for this section.
	 */
	if (f->grow_from && unlikely(err == -ERANGE) && last < d->ia_last) {
		err = pt_check_map(f, d, ia, pa, pgsize, pgcount, prot, d->ia_last, &level);
		if (!err)
			pt_root_grow(d, ia + (pgsize * pgcount - 1), pgsize);
	}
	if (!err) {
		uint64_t attr = d->attr[prot];
		unsigned int lg2 = pt_group_of(f, pgsize, level);

		/* The smallest pages apart: with a constant level the loops over them fold. */
		if (likely(!level) && likely(!lg2))
			err = pt_map_leaves(f, d, ia, pa, pgcount, attr, 0, 0, &done);
		else
			err = pt_map_leaves(f, d, ia, pa, pgcount << lg2, attr, level, lg2, &done);
		/* Cleaning ends with a barrier of its own. */
		if (likely(pt_coherent(d)))
			pt_wmb(d);
	}
	if (mapped)
		*mapped += done;
	misuse(err == -EEXIST && !pt_quirk(d, IO_PGTABLE_QUIRK_NO_WARN),
	       "map over something that is mapped");
	misuse(err == -EINVAL || err == -ERANGE, "map with arguments that cannot be mapped");
	return err;
}

static always_inline int pt_mapped(size_t *mapped, size_t bytes)
{
	if (likely(mapped != NULL))
		*mapped += bytes;
	return 0;
}

/* n entries of a table of level, from the one for iova, which is aligned: do they lie in it, and in
 * the input range? */
static always_inline bool pt_run_fits(const struct pt_format *f, const struct pt_domain *d,
				      uint64_t iova, size_t n, unsigned int level)
{
	uint64_t ia = iova - d->iova_base;

	if (unlikely(ia > d->ia_last))
		return false;
	/*
	 * In the root too iova's own index will do: iova_base ends, or begins, where a table does.
	 */
	if (unlikely(n - 1 >= pt_entries(f) - pt_index(f, level, iova)))
		return false;
	/* A table of smallest pages never lies across the end; a root may be shorter than a table.
	 */
	return !level || ((uint64_t)n << pt_shift(f, level)) - 1 <= pt_ia_left(f, d, ia);
}

/* Do bytes from pa on lie in the output range? False also for a run of pages that hardly does. */
static always_inline bool pt_pa_fits(const struct pt_domain *d, uint64_t pa, bool one,
				     uint64_t bytes, enum pt_walk how)
{
	if (one)
		return pa <= d->pa_last;
	if (pt_is_exact(how))
		return pa <= d->pa_run_last;
	/* pa_last is all ones: one comparison finds either end beyond it, and a sum that wrapped.
	 */
	return (pa | (pa + bytes - 1)) <= d->pa_last;
}

/*
 * Pages of one size into one table that is there, empty where they go; false: another case, nothing
 * was done. Only for sizes that the domain has for this walk. Where n is a constant 1 the loops
 * fold into one test and store, where level is a constant the shifts do.
 */
static always_inline bool pt_map_run(const struct pt_format *f, struct pt_domain *d, uint64_t iova,
				     uint64_t pa, size_t n, int prot, unsigned int level,
				     enum pt_walk how)
{
	uint64_t attr, span = pt_span(f, level);
	pt_entry *slot;
	bool one = __builtin_constant_p(n) && n == 1;

	if (unlikely(((iova | pa) & (span - 1)) || !pt_run_fits(f, d, iova, n, level)))
		return false;
	if (unlikely(!pt_pa_fits(d, pa, one, n * span, how) || (unsigned int)prot >= PT_PROT_COUNT))
		return false;
	attr = d->attr[prot];
	if (unlikely(!attr || !pt_find(f, d, iova, level, how, &slot)))
		return false;
	if (one) {
		if (unlikely(port_load(slot)))
			return false;
		port_store(slot, f->leaf(pa, attr, level));
	} else {
		if (unlikely(pt_linear(f, pa, pt_shift(f, level), n) < n || !run_is_empty(slot, n)))
			return false;
		run_fill_live(d->wide_stores, slot, n, f->leaf(pa, attr, level),
			      span >> f->pa_shift);
	}
	/* Cleaning ends with a barrier of its own. */
	if (how == PT_WALK_CLEANED)
		pt_clean_slow(d, slot, n * sizeof(*slot));
	else
		pt_wmb(d);
	return true;
}

/* Are entries with these bits leaves, all of them? In doubt they are not. */
static always_inline bool pt_are_leaves(const struct pt_format *f, struct run_bits bits,
					unsigned int level)
{
	return (bits.all & f->valid_bit) &&
	       (!level || !(bits.any & f->table_bit) || (bits.all & f->block_bit));
}

/* Clears the leaves from *slot on, at most n and up to the first that is none; how many. */
static always_inline size_t pt_clear_leaves(const struct pt_format *f, struct pt_domain *d,
					    pt_entry *slot, size_t n, unsigned int level)
{
	struct run_bits bits = run_bits(slot, n);

	if (unlikely(!(bits.all & f->valid_bit)))
		n = run_count(slot, n, f->valid_bit);
	if (level && unlikely(bits.any & f->table_bit) && !(bits.all & f->block_bit))
		for (size_t i = 0; i < n; i++)
			if (f->is_table(port_load(slot + i), level))
				n = i;
	run_clear_live(d->wide_stores, slot, n);
	pt_clean(d, slot, n * sizeof(*slot));
	return n;
}

/* Consecutive leaves from *slot on, no further than end and the end of the table. */
static always_inline uint64_t pt_unmap_leaves(const struct pt_format *f, struct pt_domain *d,
					      pt_entry *slot, uint64_t ia, uint64_t end,
					      unsigned int level, struct iommu_iotlb_gather *g,
					      bool guarded)
{
	unsigned int shift = pt_shift(f, level);
	size_t most = (end - ia) >> shift, n;

	if (level != d->top && most > pt_entries(f) - pt_index(f, level, ia))
		most = pt_entries(f) - pt_index(f, level, ia);
	if (pt_has_groups(f, d))
		most = pt_group_round(f, slot, slot + (most - 1), level, ia, most);
	n = pt_clear_leaves(f, d, slot, most, level);
	if (guarded && level != d->top)
		pt_reclaim_cleared(d, slot, level, ia);
	pt_gather_range(d, g, ia, (uint64_t)n << shift, shift, true);
	return (uint64_t)n << shift;
}

/* The whole tree below *slot, if it has no hole: one descriptor is cleared. 0 if it has. */
static always_inline uint64_t pt_unmap_tree(const struct pt_format *f, struct pt_domain *d,
					    pt_entry *slot, uint64_t desc, uint64_t ia,
					    unsigned int level, struct iommu_iotlb_gather *g,
					    bool guarded)
{
	pt_entry *table = pt_child(f, d, desc);

	if (!pt_tree_is_full(d, table, level - 1) || !pt_tree_detach(d, slot, desc))
		return 0;
	if (guarded && level != d->top)
		pt_reclaim_cleared(d, slot, level, ia);
	pt_tree_gather(d, table, level - 1, ia, g);
	pt_gather_table(d, g, table, level - 1);
	return pt_span(f, level);
}

/* As much from ia on as one table allows; 0 at a hole. */
static always_inline uint64_t pt_unmap_step(const struct pt_format *f, struct pt_domain *d,
					    uint64_t ia, uint64_t end, struct iommu_iotlb_gather *g,
					    bool guarded)
{
	pt_entry *slot = pt_root_slot(f, d, ia);

	for (unsigned int l = d->top;;) {
		uint64_t span = pt_span(f, l), desc = port_load(slot), done;
		bool whole = !(ia & (span - 1)) && end - ia >= span;

		if (!desc)
			return 0;
		if (unlikely(!(desc & f->valid_bit))) {
			/* Another thread splits this block: there is a table after its sync. */
			port_cpu_relax();
			continue;
		}
		if (!f->is_table(desc, l)) {
			if (pt_has_groups(f, d) && !pt_group_within(f, desc, l, ia, end)) {
				if (pt_quirk(d, IO_PGTABLE_QUIRK_NO_SPLIT))
					return 0;
				pt_group_split(d, slot, desc, l, ia);
				continue;
			}
			if (whole)
				return pt_unmap_leaves(f, d, slot, ia, end, l, g, guarded);
			if (pt_quirk(d, IO_PGTABLE_QUIRK_NO_SPLIT) ||
			    pt_tree_split(d, slot, desc, l, ia))
				return 0;
			continue;
		}
		if (guarded && unlikely(desc & f->reclaiming) && !pt_tree_see(d, slot, desc))
			continue;
		if (whole) {
			done = pt_unmap_tree(f, d, slot, desc, ia, l, g, guarded);
			if (done)
				return done;
		}
		slot = pt_child(f, d, desc) + pt_index(f, l - 1, ia);
		l--;
	}
}

/* Invalidates leaves of one size: now, or when the gather is synced. */
static always_inline void pt_flush_leaves(struct pt_domain *d, uint64_t iova, uint64_t bytes,
					  unsigned int stride_lg2,
					  struct iommu_iotlb_gather *gather)
{
	if (gather) {
		pt_gather_range(d, gather, iova - d->iova_base, bytes, stride_lg2, true);
		return;
	}
	port_dma_wmb();
	pt_emit(d, iova, bytes, stride_lg2, true);
	pt_tlb_sync(d);
}

/*
 * Leaves of one size from one table that is there, but not all of it: the bytes that were unmapped,
 * or 0 for another case, then nothing was done. Sizes, n and level as in pt_map_run().
 */
static always_inline size_t pt_unmap_run(const struct pt_format *f, struct pt_domain *d,
					 uint64_t iova, size_t n, struct iommu_iotlb_gather *gather,
					 unsigned int level, enum pt_walk how)
{
	unsigned int shift = pt_shift(f, level);
	pt_entry *slot;

	if (unlikely((iova & (pt_span(f, level) - 1)) || !pt_run_fits(f, d, iova, n, level) ||
		     n == pt_entries(f) || !pt_find(f, d, iova, level, how, &slot)))
		return 0;
	if (__builtin_constant_p(n) && n == 1) {
		uint64_t desc = port_load(slot);

		if (unlikely(!desc || f->is_table(desc, level)))
			return 0;
		if (f->is_group && unlikely(!pt_is_single(f, desc, level)))
			return 0;
		port_store(slot, 0);
	} else {
		/* A group that is not whole in the run is at one of its ends. */
		if (f->is_group && d->groups &&
		    unlikely(!pt_end_is_single(f, slot, level) ||
			     !pt_end_is_single(f, slot + (n - 1), level)))
			return 0;
		if (unlikely(!pt_are_leaves(f, run_bits(slot, n), level)))
			return 0;
		run_clear_live(d->wide_stores, slot, n);
		pt_clean(d, slot, n * sizeof(*slot));
	}
	pt_flush_leaves(d, iova, (uint64_t)n << shift, shift, gather);
	return n << shift;
}

/* Is this one of the domain's groups of smallest pages? */
static always_inline bool pt_is_small_group(const struct pt_format *f, const struct pt_domain *d,
					    uint64_t pgsize)
{
	return f->is_group && (d->group_sizes & (pt_span(f, 1) - 1) & pgsize) &&
	       !(pgsize & (pgsize - 1));
}

/* Sizes of the groups of a level; a constant for the smallest pages. */
static always_inline uint64_t pt_group_sizes(const struct pt_format *f, unsigned int level)
{
	return f->group_sizes & (pt_span(f, level + 1) - 1) & ~(pt_span(f, level) - 1);
}

static always_inline bool pt_has_one_group(const struct pt_format *f, unsigned int level)
{
	return !(pt_group_sizes(f, level) & (pt_group_sizes(f, level) - 1));
}

/* As pt_group_of(), of a size that is a group's: a constant where the level has only one. */
static always_inline unsigned int pt_group_only(const struct pt_format *f, uint64_t pgsize,
						unsigned int level)
{
	if (__builtin_constant_p(level) && pt_has_one_group(f, level))
		pgsize = pt_group_sizes(f, level);
	return (unsigned int)__builtin_ctzll(pgsize) - pt_shift(f, level);
}

/* Do pages that take n entries in all lie in one table that is there? */
static always_inline bool pt_groups_fit(const struct pt_format *f, const struct pt_domain *d,
					uint64_t iova, uint64_t pgsize, size_t n,
					unsigned int level, pt_entry **slot)
{
	return !(iova & (pgsize - 1)) && pt_run_fits(f, d, iova, n, level) &&
	       pt_find(f, d, iova, level, PT_WALK_EXACT, slot);
}

/* As pt_map_run(), pgcount pages of several entries each: one of group_sizes, of this level. */
static always_inline bool pt_map_groups(const struct pt_format *f, struct pt_domain *d,
					uint64_t iova, uint64_t pa, uint64_t pgsize, size_t pgcount,
					int prot, unsigned int level)
{
	enum pt_walk how = level ? PT_WALK_MASK : PT_WALK_EXACT;
	unsigned int lg2 = pt_group_only(f, pgsize, level);
	size_t n = pgcount << lg2;
	pt_entry *slot;
	uint64_t attr;

	if (!f->is_group)
		return false;
	/* Also of so many pages that n is not theirs. */
	if (unlikely(pgcount > pt_entries(f) || (pa & (pgsize - 1)) ||
		     (unsigned int)prot >= PT_PROT_COUNT))
		return false;
	attr = d->attr[prot];
	if (unlikely(!attr || !pt_pa_fits(d, pa, false, pgcount * pgsize, how) ||
		     pt_linear(f, pa, pt_shift(f, level), n) < n ||
		     !pt_groups_fit(f, d, iova, pgsize, n, level, &slot) || !run_is_empty(slot, n)))
		return false;
	run_fill_groups(d->wide_stores, slot, n, (size_t)1 << lg2,
			f->group_leaf(pa, attr, level, lg2), pgsize >> f->pa_shift);
	pt_wmb(d);
	return true;
}

/*
 * As pt_unmap_run(), but all or nothing, so that what is left is pages of this size. A larger group
 * that is not whole in them is another case.
 */
static always_inline size_t pt_unmap_groups(const struct pt_format *f, struct pt_domain *d,
					    uint64_t iova, uint64_t pgsize, size_t pgcount,
					    struct iommu_iotlb_gather *gather, unsigned int level)
{
	unsigned int shift = pt_shift(f, level), lg2 = pt_group_only(f, pgsize, level);
	size_t n = pgcount << lg2;
	pt_entry *slot;

	if (unlikely(pgcount > pt_entries(f) || n == pt_entries(f) ||
		     !pt_groups_fit(f, d, iova, pgsize, n, level, &slot) ||
		     (!pt_has_one_group(f, level) &&
		      (!pt_end_is_within(f, slot, level, lg2) ||
		       !pt_end_is_within(f, slot + (n - 1), level, lg2))) ||
		     !pt_are_leaves(f, run_bits(slot, n), level)))
		return 0;
	run_clear_live(d->wide_stores, slot, n);
	pt_flush_leaves(d, iova, (uint64_t)n << shift, shift, gather);
	return n << shift;
}

static always_inline size_t pt_unmap_general(const struct pt_format *f, struct io_pgtable *iop,
					     uint64_t iova, size_t pgsize, size_t pgcount,
					     struct iommu_iotlb_gather *gather, bool guarded)
{
	struct pt_domain *d = pt_domain(iop);
	uint64_t ia = iova - d->iova_base, first = ia, bytes = pt_bytes(pgsize, pgcount), end;
	struct iommu_iotlb_gather own, *g = gather ? gather : &own;
	unsigned int level;

	if (misuse(pt_level_of(f, d, pgsize, &level) || !pgcount || (ia & (pgsize - 1)) ||
			   pt_check_range(ia, d->ia_last, bytes) ||
			   (f->root_flip && bytes - 1 > pt_ia_left(f, d, ia)),
		   "unmap with arguments that cannot have been mapped"))
		return 0;
	if (!gather)
		pt_gather_init_own(&own);
	end = ia + bytes;
	while (ia < end) {
		uint64_t done = pt_unmap_step(f, d, ia, end, g, guarded);

		if (!done)
			break;
		ia += done;
	}
	if (!gather)
		pt_gather_finish(d, &own);
	return ia - first;
}

#if PT_RECLAIM
/*
 * The same for one smallest page, in a section that ends here. notes: tables that become empty are
 * noted. The callbacks come after the section.
 */
static always_inline bool pt_unmap_guarded(const struct pt_format *f, struct pt_domain *d,
					   uint64_t iova, struct iommu_iotlb_gather *gather,
					   pt_entry *slot, bool notes)
{
	uint64_t desc = likely(slot != NULL) ? port_load(slot) : 0;

	if (unlikely(!desc) || (f->is_group && unlikely(!pt_is_single(f, desc, 0)))) {
		pt_section_end();
		return false;
	}
	port_store(slot, 0);
	if (notes && unlikely(!pt_reclaim_is_live(f, slot))) {
		pt_reclaim_last(d, slot, iova - d->iova_base, gather);
		return true;
	}
	pt_section_end();
	if (notes && pt_reclaim_waits(d))
		pt_reclaim_flush(d, iova - d->iova_base, pt_span(f, 0), f->granule_lg2, gather);
	else
		pt_flush_leaves(d, iova, pt_span(f, 0), f->granule_lg2, gather);
	return true;
}
#endif

/* What a leaf of level says about ia; nothing, if it is empty. */
static always_inline phys_addr_t pt_leaf_phys(const struct pt_format *f, uint64_t desc,
					      unsigned int level, uint64_t ia)
{
	unsigned int lg2;

	if (unlikely(!(desc & f->valid_bit)))
		return 0;
	lg2 = pt_shift(f, level) + (f->replicated ? f->group_lg2(desc, level) : 0);
	return f->leaf_pa(desc, level) | (ia & ((1ull << lg2) - 1));
}

/*
 * top is the level of the root, d->top: as a constant it takes the place of a shift and a
 * comparison for each level. Of tables whose physical addresses are their virtual ones.
 */
static always_inline phys_addr_t pt_translate(const struct pt_format *f, struct pt_domain *d,
					      uint64_t iova, unsigned int top, bool guarded)
{
	pt_entry *slot;

	if (unlikely(iova - d->iova_base > d->ia_last))
		return 0;
	slot = pt_root_of_iova(f, d, iova, top);
#pragma GCC unroll 8
	for (unsigned int l = top; l > 0; l--) {
		uint64_t desc = pt_load(f, d, slot, l, guarded);

		if (unlikely(!f->is_table(desc, l)))
			return pt_leaf_phys(f, desc, l, iova);
		slot = (pt_entry *)(uintptr_t)f->table_pa(desc);
		slot += pt_index(f, l - 1, iova);
	}
	return pt_leaf_phys(f, port_load(slot), 0, iova);
}

#endif /* CORE_WALKER_H */
