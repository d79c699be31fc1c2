/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ranges of IOVAs, given out and taken back: so that a strategy that holds addresses back pays for
 * holding them.
 *
 * Sizes are rounded up to powers of two of pages. Small ones are kept by each CPU in magazines that
 * change hands with a depot whole; below that is a buddy system on bitmaps. Nothing is allocated
 * after creation, everything is bounded.
 *
 * Who writes what: a cache, its lock, which in practice one CPU takes; the depot and the buddy
 * system, one lock, taken inside a cache's and never the other way round. A range that is freed on
 * one thread and given out on another goes through one of the locks, so what the first did to it is
 * visible to the second.
 */
#ifndef IOMMU_IOVA_H
#define IOMMU_IOVA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define IOMMU_IOVA_PAGES_MAX  (1u << 24)
#define IOMMU_IOVA_CACHES_MAX 4096u
#define IOMMU_IOVA_CLASSES    6u  /* 1, 2, 4 to 32 pages are cached */
#define IOMMU_IOVA_MAGAZINE   63u /* ranges in a magazine */
#define IOMMU_IOVA_DEPOT      32u /* full magazines of each class in the depot */

struct iommu_iova;

/**
 * struct iommu_iova_opts - how an allocator is made
 * @base: the first address, a multiple of the page
 * @pages: how many pages there are, 1 to IOMMU_IOVA_PAGES_MAX
 * @page_lg2: log2 of the bytes of a page
 * @caches: 0, or one for each CPU: who allocates uses that of its CPU (of its thread, on a
 *	host that tells threads apart), modulo this
 */
struct iommu_iova_opts {
	uint64_t base;
	uint32_t pages;
	uint32_t page_lg2;
	uint32_t caches;
};

/**
 * struct iommu_iova_stats - what an allocator holds and has done
 * @live_pages: given out, with what rounding up costs
 * @cached_pages: free, in magazines
 * @allocs: ranges given out
 * @frees: ranges taken back
 * @hits: of the allocations, those that a CPU's magazines served
 * @failures: allocations refused for want of space
 */
struct iommu_iova_stats {
	uint64_t live_pages;
	uint64_t cached_pages;
	uint64_t allocs;
	uint64_t frees;
	uint64_t hits;
	uint64_t failures;
};

/**
 * iommu_iova_bytes() - how much memory an allocator takes
 * @opts: how it is to be made
 *
 * Return: bytes, a multiple of 128, all that it will ever use: about a quarter of a byte for each
 * page and 3 KiB for each cache; 0 if @opts cannot be had.
 */
size_t iommu_iova_bytes(const struct iommu_iova_opts *opts);

/**
 * iommu_iova_create() - make an allocator with everything free
 * @opts: how; copied
 * @memory: iommu_iova_bytes() bytes, aligned to 128; the caller's again when it is no longer used
 *
 * Return: the allocator, at @memory; NULL if @opts cannot be had or @memory is not aligned.
 */
struct iommu_iova *iommu_iova_create(const struct iommu_iova_opts *opts, void *memory);

/**
 * iommu_iova_alloc() - get a range
 * @space: the allocator
 * @size: bytes, rounded up to a power of two of pages
 * @iova: out: its first address; less the base, a multiple of the rounded size
 *
 * Return: 0; -EINVAL (@size 0, or more than there ever was); -ENOSPC: not even with what was in
 * magazines, which go back for that. Context: any thread; short spinlocks.
 */
int iommu_iova_alloc(struct iommu_iova *space, uint64_t size, uint64_t *iova);

/**
 * iommu_iova_free() - give a range back
 * @space: the allocator
 * @iova: from iommu_iova_alloc()
 * @size: as it was asked for
 *
 * A range that cannot have been given out is reported as misuse and left alone. Context: any
 * thread; short spinlocks.
 */
void iommu_iova_free(struct iommu_iova *space, uint64_t iova, uint64_t size);

/**
 * iommu_iova_get_stats() - read the statistics
 * @space: the allocator
 * @stats: out; sums over caches, each of one moment
 */
void iommu_iova_get_stats(struct iommu_iova *space, struct iommu_iova_stats *stats);

/**
 * iommu_iova_validate() - check every invariant
 * @space: the allocator; no other thread is in a call on it
 *
 * Return: 0, or -EUCLEAN. Looks at every page: slow.
 */
int iommu_iova_validate(struct iommu_iova *space);

#ifdef __cplusplus
}
#endif

#endif /* IOMMU_IOVA_H */
