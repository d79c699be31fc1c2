// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arenas, the 2 MiB that blocks of one size are cut from, and the store of empty boxes
 * (core/pool.h).
 *
 * Invariants: an arena's header lies directly below its blocks and is found from any of them;
 * memory for as many boxes as all blocks could need is there before the blocks are. The limit is
 * reserved before the system is asked and given back if it refuses, so that two threads cannot
 * exceed it together.
 */
#include "core/pool.h"

#define HEAD_UNIT     4096
#define BOX_MAP_BYTES (2u << 20)
#define BOXES_A_MAP   (BOX_MAP_BYTES / sizeof(struct box) - 1)

_Static_assert(sizeof(struct box) == 512, "boxes fill whole cache lines");

/* In the place of the first box of a mapping. */
struct box_map {
	struct box_map *before;
	struct box_map *next_fresh;
	size_t used;
};

struct box pt_no_box;

/*
 * The header ends where the blocks begin, whatever their size; below it a byte for each block, from
 * the last to the first, if POOL_TRACK.
 */
static size_t head_bytes(unsigned int lg2)
{
	size_t bytes = sizeof(struct arena) + (POOL_TRACK ? TABLE_POOL_ARENA_BYTES >> lg2 : 0);

	return (bytes + HEAD_UNIT - 1) & ~(size_t)(HEAD_UNIT - 1);
}

uint8_t *pt_arena_live_of(const void *ptr, unsigned int lg2)
{
	struct arena *arena = pool_arena_of(ptr);

	return (uint8_t *)arena - 1 - ((size_t)((const char *)ptr - arena->base) >> lg2);
}

/*
 * Boxes that could be in use at once: all blocks in full ones, and what magazines and depots hold
 * half full.
 */
static size_t boxes_needed(const struct table_pool *pool, size_t more)
{
	size_t sets = pool_is_plain(pool) ? 1 : POOL_SLOTS + 1;

	return pool->boxes.needed + more + (sets * 5 + (size_t)2 * pool->nodes) * POOL_NR_SIZES;
}

static void put(struct box_store *store, struct box *box)
{
	box->next = store->empty;
	store->empty = box;
}

static void add_map(struct box_store *store, struct box_map *map)
{
	map->before = store->maps;
	store->maps = map;
	map->next_fresh = store->fresh;
	store->fresh = map;
	store->boxes += BOXES_A_MAP;
}

/* There is one: map_boxes() saw to that before there were blocks to put into it. */
static struct box *take_fresh_box(struct box_store *store)
{
	struct box_map *map = store->fresh;

	pt_assert(map);
	if (++map->used == BOXES_A_MAP)
		store->fresh = map->next_fresh;
	return (struct box *)map + map->used;
}

/* With the store's lock let go while the system is asked, and perhaps more than needed for it. */
static bool map_boxes(struct table_pool *pool, unsigned int node, size_t more)
{
	struct box_store *store = &pool->boxes;

	while (store->boxes < boxes_needed(pool, more)) {
		enum port_pages pages = PORT_PAGES_ORDINARY;
		struct box_map *map;

		port_unlock(&store->lock);
		map = io_pgtable_port_arena_map(0, BOX_MAP_BYTES, node, &pages);
		port_lock(&store->lock);
		if (!map)
			return false;
		add_map(store, map);
	}
	store->needed += more;
	return true;
}

static bool reserve_boxes(struct table_pool *pool, unsigned int node, size_t more)
{
	bool good;

	port_lock(&pool->boxes.lock);
	good = map_boxes(pool, node, more);
	port_unlock(&pool->boxes.lock);
	return good;
}

struct box *pt_box_get(struct table_pool *pool, unsigned int lg2)
{
	struct box_store *store = &pool->boxes;
	struct box *box;

	port_lock(&store->lock);
	box = store->empty;
	if (box)
		store->empty = box->next;
	else
		box = take_fresh_box(store);
	port_unlock(&store->lock);
	box->n = 0;
	box->capacity = box_capacity(lg2);
	return box;
}

void pt_box_put(struct table_pool *pool, struct box *box)
{
	if (box == &pt_no_box)
		return;
	port_lock(&pool->boxes.lock);
	put(&pool->boxes, box);
	port_unlock(&pool->boxes.lock);
}

/* Only where none is in use. */
void pt_boxes_unmap(struct table_pool *pool)
{
	struct box_store *store = &pool->boxes;

	for (struct box_map *map = store->maps, *before; map; map = before) {
		before = map->before;
		io_pgtable_port_arena_unmap(map, 0, BOX_MAP_BYTES);
	}
	store->maps = store->fresh = NULL;
	store->empty = NULL;
	store->boxes = 0;
}

static bool reserve_limit(struct table_pool *pool)
{
	size_t bytes =
		__atomic_add_fetch(&pool->arena_bytes, TABLE_POOL_ARENA_BYTES, __ATOMIC_RELAXED);
	size_t limit = __atomic_load_n(&pool->limit_bytes, __ATOMIC_RELAXED);
	size_t peak = __atomic_load_n(&pool->arena_peak_bytes, __ATOMIC_RELAXED);

	if (limit && bytes > limit) {
		__atomic_fetch_sub(&pool->arena_bytes, TABLE_POOL_ARENA_BYTES, __ATOMIC_RELAXED);
		return false;
	}
	while (bytes > peak &&
	       !__atomic_compare_exchange_n(&pool->arena_peak_bytes, &peak, bytes, false,
					    __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	return true;
}

static void add_arena(struct table_pool *pool, unsigned int node, unsigned int lg2, char *base,
		      enum port_pages pages)
{
	struct depot *d = &pool->depot[node];
	struct depot_size *s = &d->size[lg2 - POOL_MIN_LG2];
	struct arena *arena = pool_arena_of(base);

	arena->pool = pool;
	arena->base = base;
	arena->bytes = 1u << lg2;
	arena->lg2 = (uint8_t)lg2;
	arena->node = (uint8_t)node;
	arena->blocks = TABLE_POOL_ARENA_BYTES >> lg2;
	arena->pages = pages;
	arena->next = s->arenas;
	s->arenas = arena;
	arena->next_fresh = s->fresh;
	s->fresh = arena;
	d->arena_bytes += TABLE_POOL_ARENA_BYTES;
	d->arenas_by_pages[pages]++;
}

static size_t boxes_of(unsigned int lg2)
{
	return (TABLE_POOL_ARENA_BYTES >> lg2) / box_capacity(lg2) + 1;
}

static void give_back(struct table_pool *pool, unsigned int lg2)
{
	port_lock(&pool->boxes.lock);
	pool->boxes.needed -= boxes_of(lg2);
	port_unlock(&pool->boxes.lock);
	__atomic_fetch_sub(&pool->arena_bytes, TABLE_POOL_ARENA_BYTES, __ATOMIC_RELAXED);
}

static void *map_arena(const struct table_pool *pool, size_t head, unsigned int node,
		       enum port_pages *pages)
{
#if __STDC_HOSTED__
	if (pool->low)
		return io_pgtable_port_arena_map_low(head, TABLE_POOL_ARENA_BYTES, node, pages);
#endif
	return io_pgtable_port_arena_map(head, TABLE_POOL_ARENA_BYTES, node, pages);
}

bool pt_arena_map(struct table_pool *pool, unsigned int node, unsigned int lg2)
{
	struct depot *d = &pool->depot[node];
	enum port_pages pages = pool->pages;
	char *base = NULL;

	if (!reserve_limit(pool))
		return false;
	port_unlock(&d->lock);
	if (reserve_boxes(pool, node, boxes_of(lg2))) {
		base = map_arena(pool, head_bytes(lg2), node, &pages);
		if (!base)
			give_back(pool, lg2);
	} else {
		__atomic_fetch_sub(&pool->arena_bytes, TABLE_POOL_ARENA_BYTES, __ATOMIC_RELAXED);
	}
	port_lock(&d->lock);
	if (!base)
		return false;
	add_arena(pool, node, lg2, base, pages);
	return true;
}

/* One that is in no depot any more. */
void pt_arena_unmap(struct arena *arena)
{
	give_back(arena->pool, arena->lg2);
	io_pgtable_port_arena_unmap(arena->base, head_bytes(arena->lg2), TABLE_POOL_ARENA_BYTES);
}

static bool reads_zero(const uint64_t *p, size_t bytes)
{
	for (size_t i = 0; i < bytes / sizeof(*p); i++)
		if (p[i])
			return false;
	return true;
}

bool pt_box_is_good(const struct box *box, unsigned int lg2, bool zero)
{
	if (box->n > box->capacity || (box != &pt_no_box && box->capacity != box_capacity(lg2)))
		return false;
	for (size_t i = 0; i < box->n; i++) {
		const struct arena *arena = pool_arena_of(box->block[i]);

		if (arena->lg2 != lg2 || (POOL_TRACK && *pt_arena_live_of(box->block[i], lg2)) ||
		    (zero && !reads_zero(box->block[i], (size_t)1 << lg2)))
			return false;
	}
	return true;
}
