/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table-pool: the allocator of page-table memory.
 *
 * Naturally aligned blocks of 64 bytes to 1 MiB out of 2 MiB-aligned arenas, each arena cut into
 * blocks of one size. Free blocks that are known to read as zero are kept apart from dirty ones, so
 * that nothing is zeroed twice; a free block is never touched, the bookkeeping lies outside the
 * arena. Each CPU keeps a few free blocks at hand, behind a lock that only it takes in practice.
 * Memory goes back to the operating system when the pool is destroyed.
 */
#ifndef TABLE_POOL_H
#define TABLE_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "io-pgtable.h"

#ifdef __cplusplus
extern "C" {
#endif

#define TABLE_POOL_MIN_BYTES   64u
#define TABLE_POOL_MAX_BYTES   (1u << 20)
#define TABLE_POOL_ARENA_BYTES (2u << 20)

struct table_pool;

/**
 * struct table_pool_opts - how a pool is made
 * @limit_bytes: arenas never take more than this, rounded down to whole arenas; 0: no limit.
 *	Bookkeeping is not in it: 1 in 512 of what the arenas take, and 4 MiB of address space
 * @plain: no per-CPU magazines: every call takes the pool's one lock, live_peak_bytes is exact
 */
struct table_pool_opts {
	size_t limit_bytes;
	bool plain;
};

/**
 * struct table_pool_stats - what a pool holds and has done
 * @arena_bytes: taken from the operating system
 * @live_bytes: allocated and not freed
 * @live_peak_bytes: the most that live_bytes has been, with magazines including what they held
 * @cached_zero_bytes: free, known to read as zero
 * @cached_dirty_bytes: free, content unknown
 * @allocs: successful allocations
 * @frees: blocks given back
 * @failures: allocations refused, for want of memory or by the limit
 * @zeroed: blocks that had to be zeroed
 * @zero_skipped: zeroed blocks asked for and found zero already
 * @huge_arenas: arenas for which the host accepted huge pages
 */
struct table_pool_stats {
	size_t arena_bytes;
	size_t live_bytes;
	size_t live_peak_bytes;
	size_t cached_zero_bytes;
	size_t cached_dirty_bytes;
	uint64_t allocs;
	uint64_t frees;
	uint64_t failures;
	uint64_t zeroed;
	uint64_t zero_skipped;
	uint64_t huge_arenas;
};

/**
 * table_pool_create() - make a pool
 * @opts: options, or NULL for the defaults
 *
 * Return: the pool, NULL if there is no memory. Context: may call the operating system.
 */
struct table_pool *table_pool_create(const struct table_pool_opts *opts);

/**
 * table_pool_destroy() - return all memory of a pool to the operating system
 * @pool: the pool, or NULL; no block of it may be in use
 */
void table_pool_destroy(struct table_pool *pool);

/**
 * table_pool_default() - the pool that tables without memory hooks use
 *
 * Return: the pool, made at the first call and never destroyed; NULL if there is no memory.
 */
struct table_pool *table_pool_default(void);

/**
 * table_pool_set_limit() - change the limit of a pool
 * @pool: the pool
 * @limit_bytes: as in table_pool_opts; arenas above a new, lower limit stay until they are
 * destroyed
 */
void table_pool_set_limit(struct table_pool *pool, size_t limit_bytes);

/**
 * table_pool_alloc() - get a block
 * @pool: the pool
 * @size_bytes: a power of two, TABLE_POOL_MIN_BYTES to TABLE_POOL_MAX_BYTES
 * @flags: IO_PGTABLE_MEM_ZERO if it must read as zero
 *
 * Return: the block, aligned to its size; NULL if the size is wrong, memory is short or the limit
 * is reached, and no CPU has one at hand. Context: any thread; a short spinlock inside, held longer
 * when an arena has to be mapped: callers that may not wait for that reserve by allocating before.
 */
void *table_pool_alloc(struct table_pool *pool, size_t size_bytes, unsigned int flags);

/**
 * table_pool_free() - give a block back
 * @pool: the pool
 * @ptr: the block, or NULL
 * @size_bytes: the size it was allocated with
 * @flags: IO_PGTABLE_MEM_ZERO if it reads as zero
 *
 * A block of another pool or size is reported as misuse and left alone; so is one that is not live,
 * at assertion level 2 and above.
 * Context: any thread, also another than the one that allocated.
 */
void table_pool_free(struct table_pool *pool, void *ptr, size_t size_bytes, unsigned int flags);

/**
 * table_pool_get_stats() - read the statistics
 * @pool: the pool
 * @stats: out; the numbers are of one moment
 */
void table_pool_get_stats(struct table_pool *pool, struct table_pool_stats *stats);

/**
 * table_pool_mem() - the memory hooks that make a table use this pool
 * @pool: the pool; must outlive the table
 * @mem: out, identity between physical and virtual addresses
 */
void table_pool_mem(struct table_pool *pool, struct io_pgtable_mem *mem);

/**
 * table_pool_validate() - check every list, count and free block of a pool
 * @pool: the pool; other threads are held off meanwhile
 *
 * Return: 0, or -EUCLEAN. Reads every block that is kept as zero: slow.
 */
int table_pool_validate(struct table_pool *pool);

#ifdef __cplusplus
}
#endif

#endif /* TABLE_POOL_H */
