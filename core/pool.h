/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of the table pool: magazines before a depot before arenas.
 *
 * A box is an array of pointers to free blocks of one size and kind (known to read as zero, or
 * not). A magazine is the two boxes of each kind that a CPU works from; full and empty boxes change
 * hands with the depot whole (core/pool-magazine.c). The depot (core/pool-depot.c) keeps full boxes
 * and cuts new blocks from arenas. Boxes and arena headers lie outside the blocks: a free block is
 * never touched, but by table_pool_validate().
 *
 * Who writes what: depot and arenas (but for what never changes once the arena is there), under the
 * depot's lock; a magazine set and the boxes in it, under the set's. Lock order: one set (for statistics
 * and validation all of them, in order), then the depot. At assertion level 2 and above an arena also keeps whether each block is
 * live, written by whoever allocates or frees it: that is what finds a double free.
 *
 * Bounds: a magazine holds at most four boxes; a box BOX_BLOCKS blocks and, of larger ones,
 * BOX_BYTES. Memory for every box that could be needed is mapped together with an arena, so that
 * giving a block back never needs memory.
 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include "core/assert.h"
#include "core/port.h"
#include "table-pool.h"

#define POOL_MIN_LG2  6
#define POOL_MAX_LG2  20
#define POOL_NR_SIZES (POOL_MAX_LG2 - POOL_MIN_LG2 + 1)

/* Blocks above 64 KiB are not kept per CPU. */
#define POOL_CPU_LG2  16
#define POOL_CPU_SETS 128
#define BOX_BLOCKS    62
#define BOX_BYTES     (256u << 10)

/* Is it kept which blocks are live? */
#define POOL_TRACK (IO_PGTABLE_ASSERT >= 2)

struct box {
	struct box *next;
	size_t n;
	void *block[BOX_BLOCKS];
};

struct arena {
	struct table_pool *pool;
	char *base;
	uint32_t blocks;
	uint8_t lg2;

	struct arena *next __attribute__((aligned(64))); /* of the same size */
	struct arena *next_fresh;			 /* that has fresh blocks too */
	uint32_t fresh; /* blocks from here on were never handed out, and read as zero */
};

/* One block size in the depot. Index [1]: known to read as zero. */
struct depot_size {
	struct arena *arenas;
	struct arena *fresh; /* those with fresh blocks: usually one */
	struct box *full[2]; /* only the first may have room left */
	size_t blocks[2];    /* in those boxes */
};

/* What was done under one lock; the sums over all locks are the pool's statistics. */
struct pool_counts {
	uint64_t allocs;
	uint64_t frees;
	uint64_t failures;
	uint64_t zeroed;
	uint64_t zero_skipped;
	size_t live_bytes; /* of one lock alone it may wrap below zero */
	size_t peak_bytes; /* the most that live_bytes was: exact where there is one set only */
};

struct magazine {
	struct box *loaded[2]; /* worked from; NULL until first needed */
	struct box *spare[2];
};

struct magazine_set {
	struct port_lock lock __attribute__((aligned(128)));
	struct pool_counts counts;
	struct magazine mag[POOL_NR_SIZES];
};

struct depot {
	struct port_lock lock;
	size_t limit_bytes;
	size_t arena_bytes;
	size_t out_bytes; /* live, or in a magazine */
	size_t out_peak_bytes;
	uint64_t huge_arenas;
	size_t arena_boxes; /* that the blocks of all arenas fill */
	struct box *empty;
	struct box *box_next, *box_end; /* never used yet */
	size_t boxes;			/* for which there is memory */
	void *box_maps;			/* each begins with the address of the one before */
	struct depot_size size[POOL_NR_SIZES];
};

struct table_pool {
	struct depot depot;
	bool plain;		    /* every request goes through shared */
	struct magazine_set *sets;  /* POOL_CPU_SETS of them, mapped when first needed */
	struct magazine_set shared; /* large blocks, and plain pools */
};

static inline size_t box_capacity(unsigned int lg2)
{
	size_t fit = BOX_BYTES >> lg2;

	return fit < 1 ? 1 : fit < BOX_BLOCKS ? fit : BOX_BLOCKS;
}

/* core/pool-depot.c, all with the depot's lock held */
struct box *pt_depot_take(struct table_pool *pool, unsigned int lg2, bool want_zero, bool *zero);
void pt_depot_give(struct table_pool *pool, unsigned int lg2, struct box *box, bool zero);
struct box *pt_depot_empty_box(struct table_pool *pool);
void pt_depot_put_empty(struct table_pool *pool, struct box *box);
bool pt_depot_is_good(const struct table_pool *pool, size_t *handed_out_bytes);
void pt_depot_unmap(struct table_pool *pool);

/* Arithmetic on what never changes: no lock. */
struct arena *pt_pool_arena_of(const void *ptr);
uint8_t *pt_pool_live_of(const void *ptr, unsigned int lg2);
bool pt_pool_box_is_good(const struct box *box, unsigned int lg2, bool zero);

/* core/pool-magazine.c */

/* The set that serves this CPU and size. */
struct magazine_set *pt_magazine_set(struct table_pool *pool, unsigned int lg2);

/* With the set's lock held. */
void *pt_magazine_alloc(struct table_pool *pool, struct magazine_set *set, unsigned int lg2,
			bool want_zero, bool *zero);
void pt_magazine_free(struct table_pool *pool, struct magazine_set *set, unsigned int lg2,
		      void *ptr, bool zero);

/* Everything that magazines hold goes to the depot. With no lock held. */
void pt_magazine_drain(struct table_pool *pool);

/* Adds the bytes that a set holds, dirty and zero; false if it is broken. With its lock held. */
bool pt_magazine_census(const struct magazine_set *set, bool look, size_t bytes[2]);
void pt_magazine_unmap(struct table_pool *pool);

#endif /* CORE_POOL_H */
