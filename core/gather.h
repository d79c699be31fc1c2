/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of struct iommu_iotlb_gather: how unmap adds to it and when it spills.
 *
 * Invariants: a run is added only after its descriptors were cleared; no two runs of a gather could
 * be merged at the time the later one was added; a removed table is added after the runs that lay
 * in it, which are not leaf; tables are released only after a tlb_sync that follows the
 * invalidation of every run gathered before them. The structure belongs to one thread; nothing in
 * it is shared.
 */
#ifndef CORE_GATHER_H
#define CORE_GATHER_H

#include "core/domain.h"

/* core/gather.c */
void pt_gather_new_range(struct pt_domain *d, struct iommu_iotlb_gather *g, uint64_t iova,
			 uint64_t size, unsigned int stride_lg2, bool leaf);
void pt_gather_table(struct pt_domain *d, struct iommu_iotlb_gather *g, void *table,
		     unsigned int level);
/*
 * Hands all that is gathered to the driver, unsynced; the tables stay in g. (emit false: the caller
 * will flush everything, the ranges need not go.) Both ends of a gather
 * pass through here: the sync that follows at once, and the hand-over to a flush queue. So this is
 * the last moment at which a sync's work may grow.
 */
void pt_gather_close(struct pt_domain *d, struct iommu_iotlb_gather *g, bool emit);

/*
 * The halves of pt_gather_finish(), for who flushes by itself: begin takes out empty tables that
 * were noted (how many: for pt_reclaim_synced() after the flush) and closes g; then an invalidation
 * begins and completes; then end releases the tables of g.
 */
unsigned int pt_gather_begin(struct pt_domain *d, struct iommu_iotlb_gather *g, bool emit);
void pt_gather_end(struct pt_domain *d, struct iommu_iotlb_gather *g);
void pt_gather_finish(struct pt_domain *d, struct iommu_iotlb_gather *g);
void pt_emit_slow(const struct pt_domain *d, uint64_t iova, uint64_t size, unsigned int stride_lg2,
		  bool leaf);

/* Hands one run to the driver; the cleared descriptors come first for any observer. */
static always_inline void pt_emit(const struct pt_domain *d, uint64_t iova, uint64_t size,
				  unsigned int stride_lg2, bool leaf)
{
	if (likely(d->tlb_add_range != NULL))
		d->tlb_add_range(iova, size, stride_lg2, leaf, d->iop.cookie);
	else
		pt_emit_slow(d, iova, size, stride_lg2, leaf);
}

static always_inline void pt_tlb_sync(const struct pt_domain *d)
{
	if (likely(d->tlb_sync != NULL))
		d->tlb_sync(d->iop.cookie);
}

static always_inline void pt_gather_init(struct iommu_iotlb_gather *g)
{
	g->nr_ranges = 0;
	g->nr_tables = 0;
	g->queued = false;
	g->internal = false;
}

/* Of a strict unmap: the statistics say nothing of what waits while a call lasts. */
static always_inline void pt_gather_init_own(struct iommu_iotlb_gather *g)
{
	pt_gather_init(g);
	g->internal = true;
}

/* Extends r by an adjacent run of the same kind. Scattered pages fail the first two comparisons. */
static always_inline bool pt_gather_merge(struct iommu_gather_range *r, uint64_t iova,
					  uint64_t size, unsigned int stride_lg2, bool leaf)
{
	bool behind = r->iova + r->size == iova, before = iova + size == r->iova;

	if (likely(!behind && !before))
		return false;
	if (r->stride_lg2 != stride_lg2 || r->leaf != leaf)
		return false;
	if (before)
		r->iova = iova;
	r->size += size;
	return true;
}

static always_inline void pt_gather_range(struct pt_domain *d, struct iommu_iotlb_gather *g,
					  uint64_t ia, uint64_t size, unsigned int stride_lg2,
					  bool leaf)
{
	uint64_t iova = ia + d->iova_base;

	if (likely(g->nr_ranges) &&
	    pt_gather_merge(&g->range[g->nr_ranges - 1], iova, size, stride_lg2, leaf))
		return;
	pt_gather_new_range(d, g, iova, size, stride_lg2, leaf);
}

#endif /* CORE_GATHER_H */
