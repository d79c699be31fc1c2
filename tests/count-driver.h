/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A driver that only counts, for the programs that measure what is in front of a driver. Each
 * program that includes this has counters of its own; one thread.
 */
#ifndef TESTS_COUNT_DRIVER_H
#define TESTS_COUNT_DRIVER_H

#include "io-pgtable.h"

static uint64_t ranges, syncs;

static void count_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf,
			void *cookie)
{
	ranges++;
}

static void count_sync(void *cookie)
{
	syncs++;
}

static const struct iommu_gather_ops count_driver = {
	.tlb_flush_all = count_sync,
	.tlb_sync = count_sync,
	.tlb_add_range = count_range,
};

#endif /* TESTS_COUNT_DRIVER_H */
