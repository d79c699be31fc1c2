// SPDX-License-Identifier: GPL-2.0-only
/*
 * linux-driver: invalidation callbacks with almost nothing to do. See linux-driver.h.
 *
 * They count, per thread, what the library's do (bench/driver.c), except that a page that is added
 * to a gather only is. With LINUX_DRIVER_SILENT they count nothing, as the library's of
 * tests/counts.
 */
#include "linux-driver.h"

#ifndef LINUX_DRIVER_SILENT
static _Thread_local struct {
	u64 calls;
	u64 bytes;
} counts;
#endif

static void count(size_t size)
{
#ifndef LINUX_DRIVER_SILENT
	counts.calls++;
	counts.bytes += size;
#endif
}

static void flush_all(void *cookie)
{
	count(0);
}

static void flush_walk(unsigned long iova, size_t size, size_t granule, void *cookie)
{
	count(size);
}

/* LPAE calls this only with a gather. */
static void add_page(struct iommu_iotlb_gather *gather, unsigned long iova, size_t granule,
		     void *cookie)
{
	iommu_iotlb_gather_add_page(cookie, gather, iova, granule);
}

static void add_page_any(struct iommu_iotlb_gather *gather, unsigned long iova, size_t granule,
			 void *cookie)
{
	if (gather)
		iommu_iotlb_gather_add_page(cookie, gather, iova, granule);
	else
		count(granule);
}

static void iotlb_sync(struct iommu_domain *domain, struct iommu_iotlb_gather *gather)
{
	if (gather->pgsize)
		count(gather->end - gather->start + 1);
}

const struct iommu_domain_ops linux_driver_domain_ops = { iotlb_sync };

static const struct iommu_flush_ops lpae_ops = { flush_all, flush_walk, add_page };
static const struct iommu_flush_ops other_ops = { flush_all, flush_walk, add_page_any };

const struct iommu_flush_ops *linux_driver_ops(enum linux_fmt fmt)
{
	return fmt <= LINUX_ARM_64_LPAE_S2 ? &lpae_ops : &other_ops;
}

void linux_driver_flush_all(struct linux_table *table)
{
	flush_all(table);
}
