/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * driver: the invalidation callbacks that the benchmarks give to a table.
 *
 * They stand for a driver that has almost nothing to do: each adds to counters of its thread.
 * Invariants: they live in a translation unit of their own, so that no compiler can look into them
 * from the library or from a loop; the counters are per thread, so that two threads on one domain
 * do not share a cache line through the benchmark.
 */
#ifndef BENCH_DRIVER_H
#define BENCH_DRIVER_H

#include <stdint.h>

struct iommu_gather_ops;

/**
 * enum bench_flush - how invalidations are done
 * @BENCH_FLUSH_STRICT: no gather; the driver takes ranges (tlb_add_range)
 * @BENCH_FLUSH_STRICT_PER_LEAF: no gather; the driver has tlb_add_flush only, as in 2014
 * @BENCH_FLUSH_QUEUED: into a gather that is synced later
 */
enum bench_flush {
	BENCH_FLUSH_STRICT,
	BENCH_FLUSH_STRICT_PER_LEAF,
	BENCH_FLUSH_QUEUED,
	BENCH_FLUSH_NR,
};

/**
 * struct driver_counts - what the callbacks of a thread saw
 * @ranges: invalidations by address
 * @syncs: tlb_sync and tlb_flush_all
 * @bytes: invalidated by address
 *
 * Apart: one counter for both would be a chain of two loads behind stores in every strict unmap,
 * which was the longest thing in it.
 */
struct driver_counts {
	uint64_t ranges;
	uint64_t syncs;
	uint64_t bytes;
};

/**
 * driver_ops() - the callbacks for a way of flushing
 * @flush: the way
 */
const struct iommu_gather_ops *driver_ops(enum bench_flush flush);

/**
 * driver_counts() - the calling thread's counters
 */
struct driver_counts *driver_counts(void);

#endif /* BENCH_DRIVER_H */
