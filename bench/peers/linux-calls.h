/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * linux-calls: one operation of the kernel's tables as its IOMMU core makes it, with the loop
 * around calls that stop at the end of a table, and the gather of a strict unmap.
 *
 * Invariant: always inline, so that a caller pays for the one indirect call of the kernel's and no
 * other.
 */
#ifndef BENCH_LINUX_CALLS_H
#define BENCH_LINUX_CALLS_H

#include "linux-peer.h"

#define LINUX_INLINE static inline __attribute__((always_inline))

/* One call does as much as fits one table. */
LINUX_INLINE size_t linux_map(struct linux_table *t, uint64_t iova, uint64_t pa, size_t pgsize,
			      size_t pgcount, int prot)
{
	size_t size = pgsize * pgcount, done = 0;

	do {
		size_t mapped = 0;

		t->ops->map_pages(t->ops, iova + done, pa + done, pgsize, (size - done) / pgsize,
				  prot, LINUX_GFP_ATOMIC, &mapped);
		if (!mapped)
			break;
		done += mapped;
	} while (done < size);
	return done;
}

/* AMD's tables make no callbacks: their driver adds the range of each call. */
LINUX_INLINE size_t linux_unmap_into(struct linux_table *t, uint64_t iova, size_t pgsize,
				     size_t pgcount, struct linux_gather *gather, bool amd)
{
	size_t size = pgsize * pgcount, done = 0;

	do {
		size_t gone = t->ops->unmap_pages(t->ops, iova + done, pgsize,
						  (size - done) / pgsize, amd ? NULL : gather);

		if (!gone)
			break;
		if (amd)
			linux_gather_add_range(gather, iova + done, gone);
		done += gone;
	} while (done < size);
	return done;
}

/* Without a gather strictly: one of its own, and the sync. */
LINUX_INLINE size_t linux_unmap(struct linux_table *t, uint64_t iova, size_t pgsize, size_t pgcount,
				struct linux_gather *gather, bool amd)
{
	struct linux_gather strict;
	size_t gone;

	if (gather)
		return linux_unmap_into(t, iova, pgsize, pgcount, gather, amd);
	linux_gather_init(&strict);
	gone = linux_unmap_into(t, iova, pgsize, pgcount, &strict, amd);
	linux_sync(t, &strict);
	return gone;
}

LINUX_INLINE uint64_t linux_translate(struct linux_table *t, uint64_t iova)
{
	return t->ops->iova_to_phys(t->ops, iova);
}

/* An empty gather that says that a flush queue will invalidate. */
LINUX_INLINE void linux_gather_queue(struct linux_gather *gather)
{
	linux_gather_init(gather);
	gather->queued = true;
}

#endif /* BENCH_LINUX_CALLS_H */
