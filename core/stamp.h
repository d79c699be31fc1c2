/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * PT_STAMP(): the operations of one format, made of the walker's always-inline functions.
 *
 * The only thing that fmt/<name>.c needs from here. What is stamped is chosen so that a tier never
 * pays for the one behind it: one page, a run in one table, anything.
 */
#ifndef CORE_STAMP_H
#define CORE_STAMP_H

#include "core/batch.h"
#include "core/cursor.h"
#include "core/guarded.h"
#include "core/walker.h"

/*
 * Translation from a root at one level, where physical addresses are virtual ones. A level that a
 * format's root cannot be at is never chosen (core/domain.c).
 */
#define PT_STAMP_TRANSLATE(name, fmt, top)                                               \
	static phys_addr_t name##_translate_##top(struct io_pgtable *iop, uint64_t iova) \
	{                                                                                \
		if ((top) < (fmt).min_top || (top) > (fmt).max_top)                      \
			return 0;                                                        \
		return pt_translate(&(fmt), pt_domain(iop), iova, top, false);           \
	}

#define PT_OPS(name, translate)                                                         \
	{                                                                               \
		.map_pages = name##_map_pages, .unmap_pages = name##_unmap_pages,       \
		.iova_to_phys = translate, .iova_to_phys_batch = name##_batch,          \
		.map_scattered = name##_map_scattered, .cursor_map = name##_cursor_map, \
		.cursor_unmap = name##_cursor_unmap,                                    \
	}

/*
 * The operations of one format, fmt a static const struct pt_format, as name##_ops, an array by
 * the level of the root (core/domain.h, pt_layout). Three tiers,
 * each out of line from the one before: one page, a run in one table (of blocks, and where
 * the walker does not snoop: apart), anything.
 */
#define PT_STAMP(name, fmt)                                                                        \
	static tail_called int name##_map_general(struct io_pgtable *iop, uint64_t iova,           \
						  phys_addr_t pa, size_t pgsize, size_t pgcount,   \
						  int prot, size_t *mapped)                        \
	{                                                                                          \
		return pt_map_general(&(fmt), iop, iova, pa, pgsize, pgcount, prot, mapped);       \
	}                                                                                          \
	static tail_called int name##_map_clean(struct io_pgtable *iop, uint64_t iova,             \
						phys_addr_t pa, size_t pgsize, size_t pgcount,     \
						int prot, size_t *mapped)                          \
	{                                                                                          \
		struct pt_domain *d = pt_domain(iop);                                              \
                                                                                                   \
		if (likely(pt_is_one_of(d->clean_sizes, pgsize)) &&                                \
		    likely(pt_map_run(&(fmt), d, iova, pa, pgcount, prot,                          \
				      pt_level(&(fmt), pgsize), PT_WALK_CLEANED)))                 \
			return pt_mapped(mapped, pgsize * pgcount);                                \
		return name##_map_general(iop, iova, pa, pgsize, pgcount, prot, mapped);           \
	}                                                                                          \
	static tail_called int name##_map_groups(struct io_pgtable *iop, uint64_t iova,            \
						 phys_addr_t pa, size_t pgsize, size_t pgcount,    \
						 int prot, size_t *mapped)                         \
	{                                                                                          \
		struct pt_domain *d = pt_domain(iop);                                              \
                                                                                                   \
		port_stays_in_memory(mapped);                                                      \
		if (likely(pt_map_groups(&(fmt), d, iova, pa, pgsize, pgcount, prot, 0)))          \
			return pt_mapped(mapped, pgsize * pgcount);                                \
		return name##_map_general(iop, iova, pa, pgsize, pgcount, prot, mapped);           \
	}                                                                                          \
	static tail_called int name##_map_blocks(struct io_pgtable *iop, uint64_t iova,            \
						 phys_addr_t pa, size_t pgsize, size_t pgcount,    \
						 int prot, size_t *mapped)                         \
	{                                                                                          \
		struct pt_domain *d = pt_domain(iop);                                              \
		unsigned int level = pt_level(&(fmt), pgsize);                                     \
                                                                                                   \
		if (likely(pt_is_one_of(d->fast_sizes, pgsize)) &&                                 \
		    likely(pgcount == 1                                                            \
				   ? pt_map_run(&(fmt), d, iova, pa, 1, prot, level, PT_WALK_MASK) \
				   : pt_map_run(&(fmt), d, iova, pa, pgcount, prot, level,         \
						PT_WALK_MASK)))                                    \
			return pt_mapped(mapped, pgsize * pgcount);                                \
		if ((fmt).is_group && pt_is_one_of(d->group_sizes, pgsize) &&                      \
		    pt_map_groups(&(fmt), d, iova, pa, pgsize, pgcount, prot, level))              \
			return pt_mapped(mapped, pgsize * pgcount);                                \
		return name##_map_clean(iop, iova, pa, pgsize, pgcount, prot, mapped);             \
	}                                                                                          \
	static tail_called int name##_map_run(struct io_pgtable *iop, uint64_t iova,               \
					      phys_addr_t pa, size_t pgsize, size_t pgcount,       \
					      int prot, size_t *mapped)                            \
	{                                                                                          \
		struct pt_domain *d = pt_domain(iop);                                              \
                                                                                                   \
		port_stays_in_memory(mapped);                                                      \
		if (likely(pt_map_run(&(fmt), d, iova, pa, pgcount, prot, 0, PT_WALK_EXACT)))      \
			return pt_mapped(mapped, pgcount * pt_span(&(fmt), 0));                    \
		return name##_map_general(iop, iova, pa, pt_span(&(fmt), 0), pgcount, prot,        \
					  mapped);                                                 \
	}                                                                                          \
	static int name##_map_pages(struct io_pgtable *iop, uint64_t iova, phys_addr_t pa,         \
				    size_t pgsize, size_t pgcount, int prot, size_t *mapped)       \
	{                                                                                          \
		struct pt_domain *d = pt_domain(iop);                                              \
                                                                                                   \
		if (unlikely(pgsize != pt_span(&(fmt), 0) || !d->page_fast))                       \
			return pt_is_small_group(&(fmt), d, pgsize)                                \
				       ? name##_map_groups(iop, iova, pa, pgsize, pgcount, prot,   \
							   mapped)                                 \
				       : name##_map_blocks(iop, iova, pa, pgsize, pgcount, prot,   \
							   mapped);                                \
		if (pgcount != 1)                                                                  \
			return name##_map_run(iop, iova, pa, pgsize, pgcount, prot, mapped);       \
		if (likely(pt_map_run(&(fmt), d, iova, pa, 1, prot, 0, PT_WALK_EXACT)))            \
			return pt_mapped(mapped, pt_span(&(fmt), 0));                              \
		return name##_map_general(iop, iova, pa, pt_span(&(fmt), 0), 1, prot, mapped);     \
	}                                                                                          \
	static tail_called size_t name##_unmap_general(struct io_pgtable *iop, uint64_t iova,      \
						       size_t pgsize, size_t pgcount,              \
						       struct iommu_iotlb_gather *gather)          \
	{                                                                                          \
		return pt_unmap_general(&(fmt), iop, iova, pgsize, pgcount, gather, false);        \
	}                                                                                          \
	static tail_called size_t name##_unmap_groups(struct io_pgtable *iop, uint64_t iova,       \
						      size_t pgsize, size_t pgcount,               \
						      struct iommu_iotlb_gather *gather)           \
	{                                                                                          \
		size_t done =                                                                      \
			pt_unmap_groups(&(fmt), pt_domain(iop), iova, pgsize, pgcount, gather, 0); \
                                                                                                   \
		return likely(done) ? done                                                         \
				    : name##_unmap_general(iop, iova, pgsize, pgcount, gather);    \
	}                                                                                          \
	static tail_called size_t name##_unmap_blocks(struct io_pgtable *iop, uint64_t iova,       \
						      size_t pgsize, size_t pgcount,               \
						      struct iommu_iotlb_gather *gather)           \
	{                                                                                          \
		struct pt_domain *d = pt_domain(iop);                                              \
		unsigned int level = pt_level(&(fmt), pgsize);                                     \
		size_t done = 0;                                                                   \
                                                                                                   \
		if (likely(pgcount == 1) && likely(pt_is_one_of(d->fast_sizes, pgsize)))           \
			done = pt_unmap_run(&(fmt), d, iova, 1, gather, level, PT_WALK_MASK);      \
		else if (likely(pt_is_one_of(d->fast_sizes | d->clean_sizes, pgsize)))             \
			done = pt_unmap_run(&(fmt), d, iova, pgcount, gather, level,               \
					    PT_WALK_MASK);                                         \
		else if ((fmt).is_group && pt_is_one_of(d->group_sizes, pgsize))                   \
			done = pt_unmap_groups(&(fmt), d, iova, pgsize, pgcount, gather, level);   \
		return likely(done) ? done                                                         \
				    : name##_unmap_general(iop, iova, pgsize, pgcount, gather);    \
	}                                                                                          \
	static tail_called size_t name##_unmap_run(struct io_pgtable *iop, uint64_t iova,          \
						   size_t pgsize, size_t pgcount,                  \
						   struct iommu_iotlb_gather *gather)              \
	{                                                                                          \
		size_t done = pt_unmap_run(&(fmt), pt_domain(iop), iova, pgcount, gather, 0,       \
					   PT_WALK_EXACT);                                         \
                                                                                                   \
		return likely(done) ? done                                                         \
				    : name##_unmap_general(iop, iova, pt_span(&(fmt), 0), pgcount, \
							   gather);                                \
	}                                                                                          \
	static size_t name##_unmap_pages(struct io_pgtable *iop, uint64_t iova, size_t pgsize,     \
					 size_t pgcount, struct iommu_iotlb_gather *gather)        \
	{                                                                                          \
		struct pt_domain *d = pt_domain(iop);                                              \
                                                                                                   \
		if (unlikely(pgsize != pt_span(&(fmt), 0) || !d->page_fast))                       \
			return pt_is_small_group(&(fmt), d, pgsize)                                \
				       ? name##_unmap_groups(iop, iova, pgsize, pgcount, gather)   \
				       : name##_unmap_blocks(iop, iova, pgsize, pgcount, gather);  \
		if (pgcount != 1)                                                                  \
			return name##_unmap_run(iop, iova, pgsize, pgcount, gather);               \
		if (likely(pt_unmap_run(&(fmt), d, iova, 1, gather, 0, PT_WALK_EXACT)))            \
			return pt_span(&(fmt), 0);                                                 \
		return name##_unmap_general(iop, iova, pt_span(&(fmt), 0), 1, gather);             \
	}                                                                                          \
	PT_STAMP_TRANSLATE(name, fmt, 0)                                                           \
	PT_STAMP_TRANSLATE(name, fmt, 1)                                                           \
	PT_STAMP_TRANSLATE(name, fmt, 2)                                                           \
	PT_STAMP_TRANSLATE(name, fmt, 3)                                                           \
	PT_STAMP_TRANSLATE(name, fmt, 4)                                                           \
	PT_STAMP_TRANSLATE(name, fmt, 5)                                                           \
	static phys_addr_t name##_translate_hooks(struct io_pgtable *iop, uint64_t iova)           \
	{                                                                                          \
		phys_addr_t pa;                                                                    \
                                                                                                   \
		pt_batch_group(&(fmt), pt_domain(iop), &iova, &pa, 1, false);                      \
		return pa;                                                                         \
	}                                                                                          \
	static void name##_batch(struct io_pgtable *iop, const uint64_t *iova, phys_addr_t *out,   \
				 size_t n)                                                         \
	{                                                                                          \
		pt_translate_batch(&(fmt), pt_domain(iop), iova, out, n, false);                   \
	}                                                                                          \
	static size_t name##_map_scattered(struct io_pgtable *iop, uint64_t iova,                  \
					   const struct io_pgtable_sg *sg, size_t n, int prot)     \
	{                                                                                          \
		struct pt_domain *d = pt_domain(iop);                                              \
                                                                                                   \
		return d->page_fast                                                                \
			       ? pt_map_scattered(&(fmt), d, iova, sg, n, prot, PT_WALK_EXACT)     \
			       : 0;                                                                \
	}                                                                                          \
	static int name##_cursor_map(struct io_pgtable_cursor *c, uint64_t iova, phys_addr_t pa,   \
				     int prot)                                                     \
	{                                                                                          \
		struct pt_domain *d = pt_domain(c->iop);                                           \
                                                                                                   \
		if (likely(pt_cursor_map(&(fmt), c, d, iova, pa, prot)))                           \
			return 0;                                                                  \
		return pt_cursor_map_slow(c, iova, pa, prot);                                      \
	}                                                                                          \
	static size_t name##_cursor_unmap(struct io_pgtable_cursor *c, uint64_t iova,              \
					  struct iommu_iotlb_gather *gather)                       \
	{                                                                                          \
		struct pt_domain *d = pt_domain(c->iop);                                           \
                                                                                                   \
		if (likely(pt_cursor_unmap(&(fmt), c, d, iova, gather)))                           \
			return pt_span(&(fmt), 0);                                                 \
		return pt_cursor_unmap_slow(c, iova, gather);                                      \
	}                                                                                          \
	PT_STAMP_GUARDED(name, fmt)                                                                \
	static const struct io_pgtable_ops name##_ops[PT_NR_OPS] = {                               \
		[0] = PT_OPS(name, name##_translate_0),                                            \
		[1] = PT_OPS(name, name##_translate_1),                                            \
		[2] = PT_OPS(name, name##_translate_2),                                            \
		[3] = PT_OPS(name, name##_translate_3),                                            \
		[4] = PT_OPS(name, name##_translate_4),                                            \
		[5] = PT_OPS(name, name##_translate_5),                                            \
		[PT_OPS_HOOKS] = PT_OPS(name, name##_translate_hooks),                             \
		PT_OPS_GUARDED(name)                                                               \
	}

#endif /* CORE_STAMP_H */
