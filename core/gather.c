// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gather: what unmaps have removed, until the driver has invalidated it (core/gather.h has the
 * invariants, io-pgtable.h the bounds).
 */
#include "core/gather.h"

#include "core/reclaim.h"
#include "core/tree.h"

/*
 * A driver without tlb_add_range gets one call per leaf, as in 2014. Where iovas are sign-extended,
 * a run may have been merged across address 0: then it is two for the driver.
 */
void noinline pt_emit_slow(const struct pt_domain *d, uint64_t iova, uint64_t size,
			   unsigned int stride_lg2, bool leaf)
{
	uint64_t stride = 1ull << stride_lg2;

	if (d->tlb_add_range) {
		bool wraps = iova + (size - 1) < iova;

		d->tlb_add_range(iova, wraps ? -iova : size, stride_lg2, leaf, d->iop.cookie);
		if (wraps)
			d->tlb_add_range(0, iova + size, stride_lg2, leaf, d->iop.cookie);
		return;
	}
	if (!d->tlb_add_flush)
		return;
	for (uint64_t done = 0; done < size; done += stride)
		d->tlb_add_flush(iova + done, stride, leaf, d->iop.cookie);
}

/* Hands every run to the driver, without waiting for the invalidation. */
static void emit_ranges(struct pt_domain *d, struct iommu_iotlb_gather *g)
{
	if (!g->nr_ranges)
		return;
	port_dma_wmb();
	for (unsigned int i = 0; i < g->nr_ranges; i++) {
		const struct iommu_gather_range *r = &g->range[i];

		if (likely(d->tlb_add_run != NULL))
			d->tlb_add_run(r->iova, r->size, r->stride_lg2, r->leaf, d->iop.cookie);
		else
			pt_emit_slow(d, r->iova, r->size, r->stride_lg2, r->leaf);
	}
	g->nr_ranges = 0;
	g->queued = true;
}

static void release_tables(struct pt_domain *d, struct iommu_iotlb_gather *g)
{
	for (unsigned int i = 0; i < g->nr_tables; i++) {
		if (!g->internal)
			pt_tree_quarantine(d, g->table[i].ptr, g->table[i].level, false);
		pt_tree_free(d, g->table[i].ptr, g->table[i].level, g->table[i].flags);
	}
	g->nr_tables = 0;
}

void pt_gather_close(struct pt_domain *d, struct iommu_iotlb_gather *g, bool emit)
{
	if (emit)
		emit_ranges(d, g);
}

unsigned int pt_gather_begin(struct pt_domain *d, struct iommu_iotlb_gather *g, bool emit)
{
	unsigned int reclaimed = 0;

	/*
	 * Only where the sync follows: until then mappers next to these tables sync by themselves.
	 */
	if (unlikely(d->reclaim != NULL))
		reclaimed = pt_reclaim_unlink(d, g);
	pt_gather_close(d, g, emit);
	return reclaimed;
}

void pt_gather_end(struct pt_domain *d, struct iommu_iotlb_gather *g)
{
	g->queued = false;
	release_tables(d, g);
}

void pt_gather_finish(struct pt_domain *d, struct iommu_iotlb_gather *g)
{
	unsigned int reclaimed = pt_gather_begin(d, g, true);

	if (g->queued)
		pt_tlb_sync(d);
	if (unlikely(reclaimed))
		pt_reclaim_synced(d, reclaimed);
	pt_gather_end(d, g);
}

void noinline pt_gather_new_range(struct pt_domain *d, struct iommu_iotlb_gather *g, uint64_t iova,
				  uint64_t size, unsigned int stride_lg2, bool leaf)
{
	pt_assert(g->nr_ranges <= IOMMU_GATHER_RANGES);
	for (unsigned int i = g->nr_ranges; i-- > 0;)
		if (pt_gather_merge(&g->range[i], iova, size, stride_lg2, leaf))
			return;
	if (g->nr_ranges == IOMMU_GATHER_RANGES)
		emit_ranges(d, g);
	g->range[g->nr_ranges++] = (struct iommu_gather_range){
		.iova = iova,
		.size = size,
		.stride_lg2 = (uint8_t)stride_lg2,
		.leaf = leaf,
	};
}

void pt_gather_table(struct pt_domain *d, struct iommu_iotlb_gather *g, void *table,
		     unsigned int level)
{
	if (g->nr_tables == IOMMU_GATHER_TABLES)
		pt_gather_finish(d, g);
	if (!g->internal)
		pt_tree_quarantine(d, table, level, true);
	g->table[g->nr_tables].ptr = table;
	g->table[g->nr_tables].level = level;
	g->table[g->nr_tables].flags = 0;
	g->nr_tables++;
}

void iommu_iotlb_gather_init(struct iommu_iotlb_gather *gather)
{
	pt_gather_init(gather);
}

void io_pgtable_sync(struct io_pgtable *iop, struct iommu_iotlb_gather *gather)
{
	pt_gather_finish(pt_domain(iop), gather);
}
