/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the API calls for a table whose descriptors have 32 bits: the second kind of core/entry.h,
 * of those functions that no stamped operation leads to.
 */
#ifndef CORE_NARROW_H
#define CORE_NARROW_H

#include "core/domain.h"
#include "io-pgtable-update.h"
#include "io-pgtable-walk.h"

/* Is it one of those, and this file of the first kind? */
static always_inline bool pt_is_narrow(const struct pt_domain *d)
{
	return PT_ENTRY_BITS == 64 && unlikely(d->format->narrow);
}

int io_pgtable_coalesce_32(struct io_pgtable *iop, uint64_t iova, uint64_t size, size_t *joined);
size_t io_pgtable_trim_32(struct io_pgtable *iop);
int io_pgtable_validate_32(struct io_pgtable *iop);
int io_pgtable_protect_32(struct io_pgtable *iop, uint64_t iova, size_t size, int prot,
			  struct iommu_iotlb_gather *gather, size_t *changed);
int pt_walk_all_32(const struct pt_domain *d, io_pgtable_walk_fn *callback, void *ctx);
int io_pgtable_walk_32(struct io_pgtable *iop, uint64_t iova, uint64_t size,
		       io_pgtable_walk_fn *callback, void *ctx);
int io_pgtable_read_stats_32(struct io_pgtable *iop, struct io_pgtable_stats *stats);

#endif /* CORE_NARROW_H */
