/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Cursors: single pages without the walk, as long as they stay in one table.
 *
 * A cursor holds the address of a table of level 0. It may be used only while no table was removed
 * from the domain since it was looked up. A table can be removed by unmapping all of what it
 * covers, which is never disjoint from a page that is mapped or unmapped through the cursor at the
 * same time: the check before each use is enough, and what it does not see is a caller's bug. Or it
 * is reclaimed: then check and use are in one section, and the count is increased before the
 * reclaimer waits for sections (core/reclaim.c).
 */
#ifndef CORE_CURSOR_H
#define CORE_CURSOR_H

#include "core/walker.h"

/* core/cursor.c: anything that is not a plain page in the remembered table; looks the table up. */
int pt_cursor_map_slow(struct io_pgtable_cursor *c, uint64_t iova, phys_addr_t pa, int prot);
size_t pt_cursor_unmap_slow(struct io_pgtable_cursor *c, uint64_t iova,
			    struct iommu_iotlb_gather *gather);

/* The remembered entry for iova, NULL if it is not in the remembered table or that may be gone. */
static always_inline pt_entry *pt_cursor_slot(const struct pt_format *f,
					      const struct io_pgtable_cursor *c,
					      const struct pt_domain *d, uint64_t iova)
{
	uint64_t offset = iova - c->first;

	if (unlikely(offset >= pt_span(f, 1) || (offset & (pt_span(f, 0) - 1)) ||
		     c->removals != __atomic_load_n(&d->removals, __ATOMIC_ACQUIRE)))
		return NULL;
	return (pt_entry *)c->slots + (offset >> f->granule_lg2);
}

static always_inline bool pt_cursor_map(const struct pt_format *f,
					const struct io_pgtable_cursor *c, struct pt_domain *d,
					uint64_t iova, uint64_t pa, int prot)
{
	pt_entry *slot = pt_cursor_slot(f, c, d, iova);
	uint64_t attr;

	if (unlikely(!slot || (unsigned int)prot >= PT_PROT_COUNT || (pa & (pt_span(f, 0) - 1)) ||
		     pa > d->pa_last))
		return false;
	attr = d->attr[prot];
	if (unlikely(!attr || port_load(slot)))
		return false;
	port_store(slot, f->leaf(pa, attr, 0));
	pt_wmb(d);
	return true;
}

static always_inline bool pt_cursor_unmap(const struct pt_format *f,
					  const struct io_pgtable_cursor *c, struct pt_domain *d,
					  uint64_t iova, struct iommu_iotlb_gather *gather)
{
	pt_entry *slot = pt_cursor_slot(f, c, d, iova);
	uint64_t desc;

	if (unlikely(!slot))
		return false;
	desc = port_load(slot);
	if (unlikely(!desc) || (f->is_group && unlikely(!pt_is_single(f, desc, 0))))
		return false;
	port_store(slot, 0);
	pt_flush_leaves(d, iova, pt_span(f, 0), f->granule_lg2, gather);
	return true;
}

#if PT_RECLAIM
static always_inline bool pt_cursor_map_guarded(const struct pt_format *f,
						const struct io_pgtable_cursor *c,
						struct pt_domain *d, uint64_t iova, uint64_t pa,
						int prot)
{
	bool done;

	if (unlikely(!pt_section_begin()))
		return false;
	done = pt_cursor_map(f, c, d, iova, pa, prot);
	pt_section_end();
	return done;
}

static always_inline bool pt_cursor_unmap_guarded(const struct pt_format *f,
						  const struct io_pgtable_cursor *c,
						  struct pt_domain *d, uint64_t iova,
						  struct iommu_iotlb_gather *gather, bool notes)
{
	if (unlikely(!pt_section_begin()))
		return false;
	return pt_unmap_guarded(f, d, iova, gather, pt_cursor_slot(f, c, d, iova), notes);
}
#endif

#endif /* CORE_CURSOR_H */
