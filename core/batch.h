/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Batches of work that is scattered: translating many addresses, and mapping many single pages at
 * addresses that have nothing to do with each other.
 *
 * The loads of one walk depend on each other, those of different walks do not. A batch goes level
 * by level, all walks of a group at once, so that a group waits about as long as one walk.
 */
#ifndef CORE_BATCH_H
#define CORE_BATCH_H

#include "core/walker.h"

/* Walks under way at once: more than any processor has misses outstanding, few enough for L1. */
#define PT_BATCH 32

/* One level of n walks: those that end get their result, the others move on to their next entry. */
static always_inline size_t pt_batch_level(const struct pt_format *f, struct pt_domain *d,
					   pt_entry **slot, const uint64_t **iova,
					   phys_addr_t **out, size_t n, unsigned int level,
					   bool guarded)
{
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t desc = pt_load(f, d, slot[i], level, guarded), at = *iova[i];
		pt_entry *child;

		if (!level || !f->is_table(desc, level)) {
			*out[i] = pt_leaf_phys(f, desc, level, at);
			continue;
		}
		child = pt_child(f, d, desc);
		if (unlikely(d->translated) && !child) { /* a hook that knows no such table */
			*out[i] = 0;
			continue;
		}
		slot[left] = child + pt_index(f, level - 1, at);
		port_prefetch(slot[left]);
		iova[left] = iova[i];
		out[left++] = out[i];
	}
	return left;
}

/* One group of at most PT_BATCH. */
static always_inline void pt_batch_group(const struct pt_format *f, struct pt_domain *d,
					 const uint64_t *iova, phys_addr_t *result, size_t n,
					 bool guarded)
{
	const uint64_t *at[PT_BATCH];
	pt_entry *slot[PT_BATCH];
	phys_addr_t *out[PT_BATCH];
	size_t left = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t ia = iova[i] - d->iova_base;

		if (unlikely(ia > d->ia_last)) {
			result[i] = 0;
			continue;
		}
		slot[left] = pt_root_slot(f, d, ia);
		at[left] = iova + i;
		out[left++] = result + i;
	}
#pragma GCC unroll 8
	for (unsigned int up = 0; up <= f->max_top; up++)
		if (f->max_top - up <= f->min_top || f->max_top - up <= d->top)
			left = pt_batch_level(f, d, slot, at, out, left, f->max_top - up, guarded);
}

static always_inline void pt_translate_batch(const struct pt_format *f, struct pt_domain *d,
					     const uint64_t *iova, phys_addr_t *out, size_t n,
					     bool guarded)
{
	for (size_t done = 0; done < n; done += PT_BATCH) {
		if (guarded)
			pt_section_enter();
		pt_batch_group(f, d, iova + done, out + done,
			       n - done < PT_BATCH ? n - done : PT_BATCH, guarded);
		if (guarded)
			pt_section_exit();
	}
}

/*
 * Single pages of a scatter list into one table that is there: how many, from the start of the
 * list, were mapped. Stops at whatever is not a plain page: a longer piece, two pieces that could
 * be one block, an entry in use, a bad address. The caller has checked that all of it lies below
 * ia_last.
 */
static always_inline size_t pt_map_scattered(const struct pt_format *f, struct pt_domain *d,
					     uint64_t iova, const struct io_pgtable_sg *sg,
					     size_t n, int prot, enum pt_walk how)
{
	uint64_t page = pt_span(f, 0), attr;
	pt_entry *slot;
	size_t room = pt_entries(f) - pt_index(f, 0, iova), i;

	if ((unsigned int)prot >= PT_PROT_COUNT || !d->attr[prot])
		return 0;
	if (!pt_find(f, d, iova, 0, how, &slot))
		return 0;
	attr = d->attr[prot];
	for (i = 0; i < n && i < room; i++) {
		uint64_t pa = sg[i].paddr;

		if (sg[i].length != page || (pa & (page - 1)) || pa > d->pa_last ||
		    (i + 1 < n && sg[i + 1].paddr == pa + page) || port_load(slot + i))
			break;
		port_store(slot + i, f->leaf(pa, attr, 0));
	}
	pt_wmb(d);
	return i;
}

#endif /* CORE_BATCH_H */
