// SPDX-License-Identifier: GPL-2.0-only
/*
 * driver: counting invalidation callbacks. See driver.h.
 */
#include "driver.h"

#include "io-pgtable.h"

static _Thread_local struct driver_counts counts;

static void sync(void *cookie)
{
	counts.syncs++;
}

static void add_flush(uint64_t iova, size_t size, bool leaf, void *cookie)
{
	counts.ranges++;
	counts.bytes += size;
}

static void add_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf, void *cookie)
{
	counts.ranges++;
	counts.bytes += size;
}

/* No flush_pgtable: for a walker that does not snoop, the library cleans the lines itself. */
static const struct iommu_gather_ops by_range = {
	.tlb_flush_all = sync,
	.tlb_add_flush = add_flush,
	.tlb_sync = sync,
	.tlb_add_range = add_range,
};

static const struct iommu_gather_ops per_leaf = {
	.tlb_flush_all = sync,
	.tlb_add_flush = add_flush,
	.tlb_sync = sync,
};

const struct iommu_gather_ops *driver_ops(enum bench_flush flush)
{
	return flush == BENCH_FLUSH_STRICT_PER_LEAF ? &per_leaf : &by_range;
}

struct driver_counts *driver_counts(void)
{
	return &counts;
}
