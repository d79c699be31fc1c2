/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of the table pool: magazines before depots before arenas.
 *
 * A box is an array of pointers to free blocks of one size and kind (known to read as zero, or
 * not). A magazine is the two boxes of each kind that a slot (a thread, or a CPU on bare metal)
 * works from; full and empty boxes change hands with a depot whole (core/pool-magazine.c). There is
 * a depot for each NUMA node (core/pool-depot.c): it keeps full boxes, and cuts new blocks from
 * arenas of its node (core/pool-arena.c). Boxes and arena headers lie outside the blocks: a free
 * block is never touched, but by validation, and by zeroing ahead of need.
 *
 * Who writes what, under which order, and why that is enough:
 *
 * | what | written by | under |
 * | --- | --- | --- |
 * | a set, its magazines, the boxes in them | its slot; whoever drains | its biased lock |
 * | a depot, its arenas, the boxes in it | anyone | the depot's lock |
 * | the store of empty boxes | anyone | its lock |
 * | pool->sets | whoever needs them first | the drain lock, release; read with acquire |
 * | pool->arena_bytes | whoever maps or unmaps | atomic add; nothing is ordered by it |
 * | an arena's pool, base, node, size | whoever maps it | before any block of it is handed out |
 *
 * Lock order: the drain lock, sets in order, depots in order, the box store. At assertion level 2
 * and above an arena also keeps whether each block is live, written by whoever allocates or frees
 * it: that is what finds a double free.
 *
 * Bounds: a magazine holds at most four boxes; a box BOX_BLOCKS blocks and, of larger ones,
 * BOX_BYTES. Memory for every box that could be needed is mapped together with an arena, so that
 * giving a block back never needs memory.
 */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include "core/assert.h"
#include "core/biased-lock.h"
#include "core/port.h"
#include "table-pool.h"

#define POOL_MIN_LG2  6
#define POOL_MAX_LG2  20
#define POOL_NR_SIZES (POOL_MAX_LG2 - POOL_MIN_LG2 + 1)

/* Blocks above 64 KiB are not kept per slot. */
#define POOL_SLOT_LG2 16
/* The smallest host page: smaller blocks share one. */
#define POOL_PAGE_LG2 12
#define POOL_SLOTS    PORT_SLOTS
#define POOL_NODES    PORT_NODES
#define BOX_BLOCKS    62
#define BOX_BYTES     (256u << 10)

/* Is it kept which blocks are live? */
#define POOL_TRACK (IO_PGTABLE_ASSERT >= 2)

struct box {
	struct box *next;
	uint32_t n;
	uint32_t capacity;
	void *block[BOX_BLOCKS];
};

struct arena {
	struct table_pool *pool;
	char *base;
	uint32_t bytes; /* of a block */
	uint32_t blocks;
	uint8_t lg2;
	uint8_t node;
	bool releasing; /* while the depot is trimmed */

	struct arena *next __attribute__((aligned(64))); /* of the same size */
	struct arena *next_fresh;			 /* that has fresh blocks too */
	uint32_t fresh; /* blocks from here on were never handed out, and read as zero */
	uint32_t idle;	/* while the depot is trimmed: how many of the others lie in it */
	enum port_pages pages;
};

/* One block size in a depot. Index [1]: known to read as zero. */
struct depot_size {
	struct arena *arenas;
	struct arena *fresh; /* those with fresh blocks: usually one */
	struct box *full[2]; /* only the first may have room left */
	size_t blocks[2];    /* in those boxes */
};

struct depot {
	struct port_lock lock __attribute__((aligned(128)));
	size_t out_bytes; /* live, or in a magazine */
	size_t out_peak_bytes;
	size_t arena_bytes;
	uint64_t arenas_by_pages[PORT_PAGES_NR];
	struct depot_size size[POOL_NR_SIZES];
};

/* Empty boxes, of all depots. */
struct box_store {
	struct port_lock lock __attribute__((aligned(128)));
	size_t needed; /* that the blocks of all arenas fill */
	size_t boxes;  /* for which there is memory */
	struct box *empty;
	struct box_map *fresh; /* with boxes that were never used, nor touched */
	struct box_map *maps;  /* all */
};

struct magazine {
	struct box *loaded[2]; /* worked from; never NULL, pt_no_box has neither block nor room */
	struct box *spare[2];
	uint64_t allocs[2]; /* [1]: that must read as zero */
	uint64_t frees;
} __attribute__((aligned(64)));

/* Freed blocks of another node, on the way there: of one node, size and kind at a time. */
struct away {
	struct box *box;
	uint8_t node;
	uint8_t lg2;
	bool zero;
};

/* A power of two in size, so that the one of a slot is found by a shift. */
struct magazine_set {
	struct biased_lock lock;
	uint8_t node; /* of the slot, when it last went to a depot */
	struct away away;
	uint64_t failures;
	uint64_t zeroed;
	uint64_t cross_node_frees;
	size_t quarantined_bytes; /* of one set alone it may wrap below zero */
	struct magazine mag[POOL_NR_SIZES];
} __attribute__((aligned(1024)));

_Static_assert(sizeof(struct magazine_set) == 1024, "see above");

struct table_pool {
	struct magazine_set *sets; /* POOL_SLOTS of them, mapped when first needed */
	uint8_t line_lg2;	   /* smaller blocks are made as large as a cache line */
	uint8_t slot_lg2;	   /* larger blocks go through shared; plain: all do */
	uint8_t nodes;
	uint8_t home; /* the node of every slot, or POOL_NODES: the one it runs on */
	bool biased;  /* the sets' locks; written with sets */
	bool low;     /* arenas lie below 4 GiB */
	enum port_pages pages;
	size_t limit_bytes;
	size_t arena_bytes;
	size_t arena_peak_bytes;
	size_t live_peak_bytes; /* plain pools, under the lock of shared */
	struct port_lock drain_lock;
	struct table_pool *next; /* all pools: core/pool-list.c */
	struct magazine_set *forking;
	struct box_store boxes;
	struct depot depot[POOL_NODES];
	struct magazine_set shared; /* large blocks, plain pools, threads without a slot */
};

/* Stands where a magazine has no box. */
extern struct box pt_no_box;

static inline uint32_t box_capacity(unsigned int lg2)
{
	size_t fit = BOX_BYTES >> lg2;

	return fit < 1 ? 1 : fit < BOX_BLOCKS ? (uint32_t)fit : BOX_BLOCKS;
}

static inline struct arena *pool_arena_of(const void *ptr)
{
	uintptr_t base = (uintptr_t)ptr & ~(uintptr_t)(TABLE_POOL_ARENA_BYTES - 1);

	return (struct arena *)base - 1;
}

/* Of the i-th size; of one set alone it may wrap below zero. */
static inline size_t pool_live_bytes(const struct magazine_set *set, unsigned int i)
{
	const struct magazine *m = &set->mag[i];

	return (size_t)(m->allocs[0] + m->allocs[1] - m->frees) << (i + POOL_MIN_LG2);
}

static inline bool pool_is_plain(const struct table_pool *pool)
{
	return !pool->slot_lg2;
}

/* core/pool-arena.c. The depot's lock is held, and let go while the system is asked for memory. */
bool pt_arena_map(struct table_pool *pool, unsigned int node, unsigned int lg2);
void pt_arena_unmap(struct arena *arena);
uint8_t *pt_arena_live_of(const void *ptr, unsigned int lg2);
bool pt_box_is_good(const struct box *box, unsigned int lg2, bool zero);

/* With any lock but the box store's. */
struct box *pt_box_get(struct table_pool *pool, unsigned int lg2);
void pt_box_put(struct table_pool *pool, struct box *box);
void pt_boxes_unmap(struct table_pool *pool);

/* core/pool-depot.c, with the depot's lock held */
struct box *pt_depot_take(struct table_pool *pool, unsigned int node, unsigned int lg2,
			  bool want_zero, bool *zero, bool may_map);
void pt_depot_give(struct table_pool *pool, unsigned int node, unsigned int lg2, struct box *box,
		   bool zero);
struct box *pt_depot_take_kind(struct table_pool *pool, unsigned int node, unsigned int lg2,
			       bool zero);
/* Free blocks that read as zero join those of which that is not known. */
void pt_depot_forget_zero(struct table_pool *pool, unsigned int node, unsigned int lg2);
size_t pt_depot_free_blocks(const struct depot *depot, unsigned int lg2);
struct arena *pt_depot_release(struct table_pool *pool, unsigned int node, size_t most_bytes);
bool pt_depot_is_good(const struct table_pool *pool, unsigned int node, size_t *handed_out_bytes);

/* A box that may hold blocks of several nodes, to their depots. With no depot's lock held. */
void pt_depots_give(struct table_pool *pool, unsigned int lg2, struct box *box, bool zero);

/* core/pool-magazine.c */

/* The set that serves this thread and size. */
struct magazine_set *pt_magazine_set_slow(struct table_pool *pool);

/* With the set's lock held; the fast halves are in core/table-pool.c. */
void *pt_magazine_alloc(struct table_pool *pool, struct magazine_set *set, unsigned int lg2,
			bool want_zero, bool *zero);
void pt_magazine_free(struct table_pool *pool, struct magazine_set *set, unsigned int lg2,
		      void *ptr, bool zero);
void pt_magazine_init(struct magazine_set *set, bool biased);
void pt_magazine_unmap(struct magazine_set *sets);

/* Every lock of a pool, for what has to be of one moment. */
struct magazine_set *pt_pool_nth_set(struct table_pool *pool, struct magazine_set *sets,
				     unsigned int n);
struct magazine_set *pt_pool_lock_all(struct table_pool *pool);
void pt_pool_unlock_all(struct table_pool *pool, struct magazine_set *sets);
void pt_pool_abandon_entries(struct table_pool *pool, struct magazine_set *sets);

/* Everything that magazines hold goes to the depots. With no lock held. */
void pt_pool_drain(struct table_pool *pool);

/* core/pool-bounds.c: nothing may be in use any more. */
void pt_pool_unmap(struct table_pool *pool);

/* core/pool-list.c: every pool there is, so that a fork finds none of them half changed. */
void pt_pools_add(struct table_pool *pool);
void pt_pools_remove(struct table_pool *pool);

#endif /* CORE_POOL_H */
