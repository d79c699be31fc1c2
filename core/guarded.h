/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PT_STAMP_GUARDED(): the operations of one format once more, for tables that are reclaimed
 * (core/reclaim.h). A domain without reclaim has none of this in its way.
 *
 * Each operation is in a section while it holds the address of a table below the root, goes through
 * no table that is marked, and calls the driver after the section. Two tiers: a smallest page in a
 * table that is there, and everything else.
 */
#ifndef CORE_GUARDED_H
#define CORE_GUARDED_H

#include "core/batch.h"
#include "core/cursor.h"
#include "core/walker.h"

#if PT_RECLAIM

/* kind is sync or trim: on sync, tables that become empty are noted. */
#define PT_STAMP_GUARDED_UNMAP(name, fmt, kind, notes)                                          \
	static size_t name##_unmap_##kind(struct io_pgtable *iop, uint64_t iova, size_t pgsize, \
					  size_t pgcount, struct iommu_iotlb_gather *gather)    \
	{                                                                                       \
		struct pt_domain *d = pt_domain(iop);                                           \
		pt_entry *slot;                                                                 \
                                                                                                \
		if (unlikely(pgsize != pt_span(&(fmt), 0) || pgcount != 1 || !d->page_fast ||   \
			     !pt_section_begin()))                                              \
			return name##_unmap_section(iop, iova, pgsize, pgcount, gather);        \
		if (unlikely((iova & (pt_span(&(fmt), 0) - 1)) ||                               \
			     !pt_run_fits(&(fmt), d, iova, 1, 0) ||                             \
			     !pt_find(&(fmt), d, iova, 0, PT_WALK_GUARDED, &slot)))             \
			slot = NULL;                                                            \
		if (likely(pt_unmap_guarded(&(fmt), d, iova, gather, slot, notes)))             \
			return pt_span(&(fmt), 0);                                              \
		return name##_unmap_section(iop, iova, pt_span(&(fmt), 0), 1, gather);          \
	}                                                                                       \
	static size_t name##_cursor_unmap_##kind(struct io_pgtable_cursor *c, uint64_t iova,    \
						 struct iommu_iotlb_gather *gather)             \
	{                                                                                       \
		struct pt_domain *d = pt_domain(c->iop);                                        \
                                                                                                \
		if (likely(pt_cursor_unmap_guarded(&(fmt), c, d, iova, gather, notes)))         \
			return pt_span(&(fmt), 0);                                              \
		return pt_cursor_unmap_slow(c, iova, gather);                                   \
	}

#define PT_STAMP_GUARDED(name, fmt)                                                              \
	static tail_called int name##_map_section(struct io_pgtable *iop, uint64_t iova,         \
						  phys_addr_t pa, size_t pgsize, size_t pgcount, \
						  int prot, size_t *mapped)                      \
	{                                                                                        \
		struct pt_domain *d = pt_domain(iop);                                            \
		int ret;                                                                         \
                                                                                                 \
		pt_section_enter();                                                              \
		if (pgsize == pt_span(&(fmt), 0) && d->page_fast &&                              \
		    pt_map_run(&(fmt), d, iova, pa, pgcount, prot, 0, PT_WALK_GUARDED))          \
			ret = pt_mapped(mapped, pgcount * pt_span(&(fmt), 0));                   \
		else                                                                             \
			ret = name##_map_general(iop, iova, pa, pgsize, pgcount, prot, mapped);  \
		pt_section_exit();                                                               \
		return ret;                                                                      \
	}                                                                                        \
	static int name##_map_guarded(struct io_pgtable *iop, uint64_t iova, phys_addr_t pa,     \
				      size_t pgsize, size_t pgcount, int prot, size_t *mapped)   \
	{                                                                                        \
		struct pt_domain *d = pt_domain(iop);                                            \
		bool done;                                                                       \
                                                                                                 \
		if (unlikely(pgsize != pt_span(&(fmt), 0) || pgcount != 1 || !d->page_fast ||    \
			     !pt_section_begin()))                                               \
			return name##_map_section(iop, iova, pa, pgsize, pgcount, prot, mapped); \
		done = pt_map_run(&(fmt), d, iova, pa, 1, prot, 0, PT_WALK_GUARDED);             \
		pt_section_end();                                                                \
		if (likely(done))                                                                \
			return pt_mapped(mapped, pt_span(&(fmt), 0));                            \
		return name##_map_section(iop, iova, pa, pt_span(&(fmt), 0), 1, prot, mapped);   \
	}                                                                                        \
	static tail_called size_t name##_unmap_section(struct io_pgtable *iop, uint64_t iova,    \
						       size_t pgsize, size_t pgcount,            \
						       struct iommu_iotlb_gather *gather)        \
	{                                                                                        \
		struct iommu_iotlb_gather own, *g = gather ? gather : &own;                      \
		size_t done;                                                                     \
                                                                                                 \
		if (!gather)                                                                     \
			pt_gather_init_own(&own);                                                \
		pt_section_enter();                                                              \
		done = pt_unmap_general(&(fmt), iop, iova, pgsize, pgcount, g, true);            \
		pt_section_exit();                                                               \
		pt_reclaim_end(pt_domain(iop), g, !gather);                                      \
		return done;                                                                     \
	}                                                                                        \
	PT_STAMP_GUARDED_UNMAP(name, fmt, sync, true)                                            \
	PT_STAMP_GUARDED_UNMAP(name, fmt, trim, false)                                           \
	static phys_addr_t name##_translate_guarded(struct io_pgtable *iop, uint64_t iova)       \
	{                                                                                        \
		struct pt_domain *d = pt_domain(iop);                                            \
		phys_addr_t pa;                                                                  \
                                                                                                 \
		pt_section_enter();                                                              \
		if (likely(!d->translated))                                                      \
			pa = pt_translate(&(fmt), d, iova, d->top, true);                        \
		else                                                                             \
			pt_batch_group(&(fmt), d, &iova, &pa, 1, true);                          \
		pt_section_exit();                                                               \
		return pa;                                                                       \
	}                                                                                        \
	static void name##_batch_guarded(struct io_pgtable *iop, const uint64_t *iova,           \
					 phys_addr_t *out, size_t n)                             \
	{                                                                                        \
		pt_translate_batch(&(fmt), pt_domain(iop), iova, out, n, true);                  \
	}                                                                                        \
	static size_t name##_map_scattered_guarded(struct io_pgtable *iop, uint64_t iova,        \
						   const struct io_pgtable_sg *sg, size_t n,     \
						   int prot)                                     \
	{                                                                                        \
		struct pt_domain *d = pt_domain(iop);                                            \
		size_t done;                                                                     \
                                                                                                 \
		if (!d->page_fast)                                                               \
			return 0;                                                                \
		pt_section_enter();                                                              \
		done = pt_map_scattered(&(fmt), d, iova, sg, n, prot, PT_WALK_GUARDED);          \
		pt_section_exit();                                                               \
		return done;                                                                     \
	}                                                                                        \
	static int name##_cursor_map_guarded(struct io_pgtable_cursor *c, uint64_t iova,         \
					     phys_addr_t pa, int prot)                           \
	{                                                                                        \
		struct pt_domain *d = pt_domain(c->iop);                                         \
                                                                                                 \
		if (likely(pt_cursor_map_guarded(&(fmt), c, d, iova, pa, prot)))                 \
			return 0;                                                                \
		return pt_cursor_map_slow(c, iova, pa, prot);                                    \
	}

#define PT_OPS_GUARDED_ONE(name, kind)                                               \
	{                                                                            \
		.map_pages = name##_map_guarded, .unmap_pages = name##_unmap_##kind, \
		.iova_to_phys = name##_translate_guarded,                            \
		.iova_to_phys_batch = name##_batch_guarded,                          \
		.map_scattered = name##_map_scattered_guarded,                       \
		.cursor_map = name##_cursor_map_guarded,                             \
		.cursor_unmap = name##_cursor_unmap_##kind,                          \
	}

#define PT_OPS_GUARDED(name)                            \
	[PT_OPS_SYNC] = PT_OPS_GUARDED_ONE(name, sync), \
	[PT_OPS_TRIM] = PT_OPS_GUARDED_ONE(name, trim),

#else

#define PT_STAMP_GUARDED(name, fmt)
#define PT_OPS_GUARDED(name)

#endif

#endif /* CORE_GUARDED_H */
