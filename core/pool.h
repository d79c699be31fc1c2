/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of the table pool: depot and magazines.
 *
 * The depot (core/pool-depot.c) has the arenas and, for each block size, the free blocks; one lock
 * guards it. Before it stand magazines (core/pool-magazine.c): small stacks of free blocks, a set
 * of them for each CPU, each set with a lock of its own that is taken by one CPU at a time in
 * practice.
 *
 * Bookkeeping lies outside the blocks: an arena's header directly below its first block, one struct
 * block for each block, converted into each other by arithmetic. A free block is never touched, but
 * by table_pool_validate().
 *
 * Who writes what: depot, arenas (but for pool, base, lg2, blocks and huge, which never change) and
 * struct block, under the depot's lock; a magazine set, under its own. Lock order: one set, then
 * the depot; never two sets. At assertion level 2 and above block.state is also kept while a block
 * is out of the depot, by whoever holds it, which is what finds a double free.
 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include "core/assert.h"
#include "core/port.h"
#include "table-pool.h"

#define POOL_MIN_LG2  6
#define POOL_MAX_LG2  20
#define POOL_NR_SIZES (POOL_MAX_LG2 - POOL_MIN_LG2 + 1)

/* Sizes up to 64 KiB have magazines, of at most 64 blocks and 256 KiB each. */
#define MAGAZINE_SIZES	(16 - POOL_MIN_LG2 + 1)
#define MAGAZINE_BLOCKS 64
#define MAGAZINE_BYTES	(256u << 10)
#define MAGAZINE_SETS	128

/* Is the state of blocks kept while they are out of the depot? */
#define POOL_TRACK (IO_PGTABLE_ASSERT >= 2)

enum block_state { BLOCK_FRESH, BLOCK_OUT, BLOCK_ZERO, BLOCK_DIRTY, BLOCK_CACHED, NR_BLOCK_STATES };

struct block {
	struct block *next;
	enum block_state state;
};

struct arena {
	struct table_pool *pool;
	void *base;
	uint32_t blocks;
	uint8_t lg2;
	bool huge;

	struct arena *next __attribute__((aligned(64))); /* of the same size */
	struct arena *next_fresh;			 /* that has fresh blocks too */
	uint32_t fresh; /* blocks from here on were never handed out, and read as zero */
	struct block block[];
};

/*
 * One block size: its arenas, those of them with blocks that were never handed out (usually one;
 * two threads can add one each at the same time), and the blocks in each state.
 */
struct size_class {
	struct arena *arenas;
	struct arena *fresh;
	struct block *list[NR_BLOCK_STATES]; /* BLOCK_ZERO and BLOCK_DIRTY */
	size_t count[NR_BLOCK_STATES];
};

/* What was done by those who hold a lock; the sums over all locks are the pool's statistics. */
struct pool_counts {
	uint64_t allocs;
	uint64_t frees;
	uint64_t failures;
	uint64_t zeroed;
	uint64_t zero_skipped;
	size_t live_bytes; /* of one lock alone it may wrap below zero */
};

struct depot {
	struct port_lock lock;
	size_t limit_bytes;
	size_t arena_bytes;
	size_t out_bytes; /* live, or in a magazine */
	size_t out_peak_bytes;
	uint64_t huge_arenas;
	struct pool_counts counts;
	struct size_class size[POOL_NR_SIZES];
};

/* Free blocks of one size: [1] known to read as zero, [0] not. */
struct magazine {
	uint16_t n[2];
	void *block[2][MAGAZINE_BLOCKS];
};

struct magazine_set {
	struct port_lock lock __attribute__((aligned(128)));
	struct pool_counts counts;
	struct magazine mag[MAGAZINE_SIZES];
};

struct table_pool {
	struct depot depot;
	bool plain;		   /* no magazines */
	struct magazine_set *sets; /* MAGAZINE_SETS of them, mapped when first needed */
};

/* core/pool-depot.c */

/* With the depot's lock held. Blocks that are BLOCK_OUT; *zero: does it read as zero? */
void *depot_take(struct table_pool *pool, unsigned int lg2, bool want_zero, bool *zero);
void depot_give(struct table_pool *pool, unsigned int lg2, void *ptr, bool zero);
bool depot_is_good(const struct table_pool *pool, size_t *arena_bytes, size_t *out_bytes);
void depot_unmap(struct table_pool *pool);

struct arena *pool_arena_of(const void *ptr, unsigned int lg2);
struct block *pool_block_of(const void *ptr, unsigned int lg2);
bool pool_reads_zero(const void *ptr, size_t bytes);

/* core/pool-magazine.c */

/* The calling CPU's set, NULL if there is none for this size. */
struct magazine_set *magazine_set(struct table_pool *pool, unsigned int lg2);

/* With the set's lock held. */
void *magazine_alloc(struct table_pool *pool, struct magazine_set *set, unsigned int lg2,
		     bool want_zero, bool *zero);
void magazine_free(struct table_pool *pool, struct magazine_set *set, unsigned int lg2, void *ptr,
		   bool zero);

/* Everything that magazines hold goes back to the depot. With no lock held. */
void magazine_drain(struct table_pool *pool);

/* With every lock held. */
bool magazines_are_good(const struct table_pool *pool);
void magazine_unmap(struct table_pool *pool);

#endif /* CORE_POOL_H */
