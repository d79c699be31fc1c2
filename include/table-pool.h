/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * table-pool: the allocator of page-table memory.
 *
 * Naturally aligned blocks of 64 bytes to 1 MiB out of 2 MiB-aligned arenas, each arena cut into
 * blocks of one size, of one NUMA node. Free blocks that are known to read as zero are kept apart
 * from dirty ones, so that nothing is zeroed twice; a free block is never touched, the bookkeeping
 * lies outside the arena. Each thread keeps a few free blocks at hand and takes and gives them
 * without an atomic operation. Memory goes back to the operating system when the pool is trimmed or
 * destroyed.
 *
 * Threads and forks: any thread may free what another allocated. A thread that ends leaves what it
 * had at hand to the next one. After fork() the child has a copy of every pool and of all that is
 * live in it, and may use it at once; memory that a device reads is the parent's (docs/pool.md).
 */
#ifndef TABLE_POOL_H
#define TABLE_POOL_H

#include <stdbool.h>
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
 * enum table_pool_pages - how arenas are backed
 * @TABLE_POOL_PAGES_TRANSPARENT: by transparent huge pages, if the host gives them
 * @TABLE_POOL_PAGES_EXPLICIT: by pages of the host's huge-page pool (hugetlbfs, 2 MiB), and
 *	when there are none left as above. After fork() such memory cannot be copied if that pool is
 *	empty: do not write to it in both processes
 * @TABLE_POOL_PAGES_ORDINARY: by the host's ordinary pages
 */
enum table_pool_pages {
	TABLE_POOL_PAGES_TRANSPARENT,
	TABLE_POOL_PAGES_EXPLICIT,
	TABLE_POOL_PAGES_ORDINARY,
};

/**
 * struct table_pool_opts - how a pool is made
 * @limit_bytes: arenas never take more than this, rounded down to whole arenas; 0: no limit.
 *	Bookkeeping is not in it: 1 in 512 of what the arenas take, and 6 MiB of address space
 * @plain: nothing per thread: every call takes the pool's one lock, live_peak_bytes is exact
 * @bind_node: all memory from @node (say, the device's); otherwise from the node that the caller
 *	runs on. In both cases from elsewhere rather than none
 * @node: the system's number of that node (numa_node in the device's sysfs directory)
 * @pages: how arenas are backed
 * @below_4g: all memory from addresses below 4 GiB, for tables whose addresses have 32 bits.
 *	At most 1.9 GiB, fewer where the process has something there; on bare metal, which gives its
 *	own, there is no such option
 * @line_bytes: the host's cache line, 0 to ask it; a power of two from 64. Smaller blocks are
 *	made as large, so that no two share a line; statistics count them so
 */
struct table_pool_opts {
	size_t limit_bytes;
	bool plain;
	bool bind_node;
	unsigned int node;
	enum table_pool_pages pages;
	bool below_4g;
	size_t line_bytes;
};

/**
 * struct table_pool_stats - what a pool holds and has done
 * @arena_bytes: taken from the operating system and not given back
 * @arena_peak_bytes: the most that this has been
 * @live_bytes: allocated and not freed
 * @live_peak_bytes: the most that live_bytes has been; unless the pool is plain an upper
 *	bound, which counts what threads have at hand, and each node at its own peak
 * @quarantined_bytes: of the live ones, those that wait in a gather for an invalidation
 * @cached_zero_bytes: free, known to read as zero
 * @cached_dirty_bytes: free, content unknown
 * @allocs: successful allocations
 * @frees: blocks given back
 * @failures: allocations refused, for want of memory or by the limit
 * @zeroed: blocks that had to be zeroed when they were asked for
 * @zero_skipped: zeroed blocks asked for and found zero already
 * @cross_node_frees: blocks freed on another node than they are of
 * @huge_arenas: arenas, of those there are, for which the host accepted transparent huge pages
 * @explicit_arenas: likewise, in pages of the huge-page pool
 * @nodes: NUMA nodes that are told apart
 */
struct table_pool_stats {
	size_t arena_bytes;
	size_t arena_peak_bytes;
	size_t live_bytes;
	size_t live_peak_bytes;
	size_t quarantined_bytes;
	size_t cached_zero_bytes;
	size_t cached_dirty_bytes;
	uint64_t allocs;
	uint64_t frees;
	uint64_t failures;
	uint64_t zeroed;
	uint64_t zero_skipped;
	uint64_t cross_node_frees;
	uint64_t huge_arenas;
	uint64_t explicit_arenas;
	unsigned int nodes;
};

/**
 * table_pool_create() - make a pool
 * @opts: options, or NULL for the defaults
 *
 * Return: the pool; NULL if there is no memory, no such node, or no such way of backing. Context:
 * may call the operating system.
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
 * table_pool_low() - the pool that tables of 32-bit descriptors without memory hooks use
 *
 * Its memory lies below 4 GiB. On bare metal it is table_pool_default(): what the environment gives
 * is low enough, or there are hooks.
 *
 * Return: the pool, made at the first call and never destroyed; NULL if there is no memory.
 */
struct table_pool *table_pool_low(void);

/**
 * table_pool_set_limit() - change the limit of a pool
 * @pool: the pool
 * @limit_bytes: as in table_pool_opts; arenas above a new, lower limit stay until they are trimmed
 */
void table_pool_set_limit(struct table_pool *pool, size_t limit_bytes);

/**
 * table_pool_alloc() - get a block
 * @pool: the pool
 * @size_bytes: a power of two, TABLE_POOL_MIN_BYTES to TABLE_POOL_MAX_BYTES
 * @flags: IO_PGTABLE_MEM_ZERO if it must read as zero
 *
 * Return: the block, aligned to its size; NULL if the size is wrong, memory is short or the limit
 * is reached, and no thread has one at hand. Context: any thread. Usually without a lock; a box of
 * blocks is fetched from the node's depot under a short spinlock, and when an arena has to be
 * mapped the operating system is called (with no lock held but the caller's own): who may not wait
 * for that calls table_pool_reserve() before.
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
 * table_pool_reserve() - have memory ready
 * @pool: the pool
 * @size_bytes: a block size
 * @blocks: how many
 *
 * Afterwards @blocks blocks of that size can be allocated before the operating system is asked
 * again, by whichever threads: the pages behind them are there, too. Allocations take from what is
 * reserved; a caller who may not fail reserves as much as all of them together need before it frees
 * anything. The pages are touched with the depot's lock held: not a call for when others are busy.
 *
 * Return: 0; -EINVAL (no such size); -ENOMEM, also by the limit: what could be had is kept.
 */
int table_pool_reserve(struct table_pool *pool, size_t size_bytes, size_t blocks);

/**
 * table_pool_zero() - zero free blocks ahead of need
 * @pool: the pool
 * @most_bytes: stop after about as much
 *
 * For a thread with time to spare: dirty blocks in the depots become known-zero ones. Blocks that
 * threads have at hand are left alone.
 *
 * Return: the bytes zeroed.
 */
size_t table_pool_zero(struct table_pool *pool, size_t most_bytes);

/**
 * table_pool_trim() - give unused arenas back to the operating system
 * @pool: the pool
 * @keep_bytes: as much may stay free
 *
 * Takes back what every thread has at hand, and then unmaps arenas that no block of is in use. With
 * @keep_bytes 0 also the memory behind free blocks of other arenas goes, where a block is a
 *	whole number
 * of the host's pages; the arenas stay, and lose their huge pages. Takes time in proportion to the
 * free blocks, in part with the lock of one depot held; threads that allocate meanwhile wait for it
 * when they need a new box.
 *
 * Return: the bytes given back.
 */
size_t table_pool_trim(struct table_pool *pool, size_t keep_bytes);

/**
 * table_pool_quarantine() - note that live blocks wait for an invalidation, or no longer do
 * @pool: the pool
 * @size_bytes: how much
 * @held: they wait from now on, or not any more
 *
 * Only counts (quarantined_bytes); struct io_pgtable_mem has it as a hook.
 */
void table_pool_quarantine(struct table_pool *pool, size_t size_bytes, bool held);

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
