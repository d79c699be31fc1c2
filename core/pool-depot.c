// SPDX-License-Identifier: GPL-2.0-only
/*
 * The depot: full boxes of free blocks, and the arenas that new blocks are cut from (core/pool.h).
 *
 * Invariants: of the full boxes of a size and kind only the first may have room left; blocks at or
 * above arena->fresh were never handed out and read as zero; handed out = live + in boxes.
 */
#include "core/pool.h"

#define HEAD_UNIT     4096
#define BOX_MAP_BYTES (2u << 20)
#define BOXES_A_MAP   (BOX_MAP_BYTES / sizeof(struct box) - 1)

_Static_assert(sizeof(struct box) == 512, "boxes fill whole cache lines");

/*
 * The header ends where the blocks begin, whatever their size; below it a byte for each block, from
 * the last to the first, if POOL_TRACK.
 */
static size_t head_bytes(unsigned int lg2)
{
	size_t bytes = sizeof(struct arena) + (TABLE_POOL_ARENA_BYTES >> lg2);

	return (bytes + HEAD_UNIT - 1) & ~(size_t)(HEAD_UNIT - 1);
}

struct arena *pt_pool_arena_of(const void *ptr)
{
	uintptr_t base = (uintptr_t)ptr & ~(uintptr_t)(TABLE_POOL_ARENA_BYTES - 1);

	return (struct arena *)base - 1;
}

uint8_t *pt_pool_live_of(const void *ptr, unsigned int lg2)
{
	struct arena *arena = pt_pool_arena_of(ptr);

	return (uint8_t *)arena - 1 - ((size_t)((const char *)ptr - arena->base) >> lg2);
}

/* Boxes that could be in use at once: all blocks in full ones, and what magazines hold half full.
 */
static size_t boxes_needed(const struct table_pool *pool, size_t more)
{
	size_t sets = pool->plain ? 1 : POOL_CPU_SETS + 1;

	return pool->depot.arena_boxes + more + (sets * 4 + 2) * POOL_NR_SIZES;
}

/* With the lock let go while the operating system is asked, and perhaps more than needed for it. */
static bool map_boxes(struct table_pool *pool, size_t more)
{
	struct depot *d = &pool->depot;

	while (d->boxes < boxes_needed(pool, more)) {
		struct box *map;
		bool huge;

		port_unlock(&d->lock);
		map = io_pgtable_port_arena_map(0, BOX_MAP_BYTES, &huge);
		port_lock(&d->lock);
		if (!map)
			return false;
		/* What is left of the last one is used up first. */
		for (; d->box_next < d->box_end; d->box_next++)
			pt_depot_put_empty(pool, d->box_next);
		*(void **)map = d->box_maps;
		d->box_maps = map;
		d->box_next = map + 1;
		d->box_end = d->box_next + BOXES_A_MAP;
		d->boxes += BOXES_A_MAP;
	}
	return true;
}

struct box *pt_depot_empty_box(struct table_pool *pool)
{
	struct depot *d = &pool->depot;
	struct box *box = d->empty;

	if (box) {
		d->empty = box->next;
	} else {
		/* There is one: map_boxes() saw to that before there were blocks to put into it. */
		pt_assert(d->box_next < d->box_end);
		box = d->box_next++;
	}
	box->n = 0;
	return box;
}

void pt_depot_put_empty(struct table_pool *pool, struct box *box)
{
	box->next = pool->depot.empty;
	pool->depot.empty = box;
}

static void add_arena(struct table_pool *pool, unsigned int lg2, char *base)
{
	struct depot_size *s = &pool->depot.size[lg2 - POOL_MIN_LG2];
	struct arena *arena = (struct arena *)base - 1;

	arena->pool = pool;
	arena->base = base;
	arena->lg2 = (uint8_t)lg2;
	arena->blocks = TABLE_POOL_ARENA_BYTES >> lg2;
	arena->next = s->arenas;
	s->arenas = arena;
	arena->next_fresh = s->fresh;
	s->fresh = arena;
}

/* With the lock let go while the operating system is asked; what counts is reserved before. */
static bool map_arena(struct table_pool *pool, unsigned int lg2)
{
	size_t boxes = (TABLE_POOL_ARENA_BYTES >> lg2) / box_capacity(lg2) + 1;
	struct depot *d = &pool->depot;
	bool huge = false;
	char *base;

	/* The lock was let go in map_boxes(): what is checked after it is reserved at once. */
	if (!map_boxes(pool, boxes))
		return false;
	if (d->limit_bytes && d->arena_bytes + TABLE_POOL_ARENA_BYTES > d->limit_bytes)
		return false;
	d->arena_bytes += TABLE_POOL_ARENA_BYTES;
	d->arena_boxes += boxes;
	port_unlock(&d->lock);
	base = io_pgtable_port_arena_map(head_bytes(lg2), TABLE_POOL_ARENA_BYTES, &huge);
	port_lock(&d->lock);
	if (!base) {
		d->arena_bytes -= TABLE_POOL_ARENA_BYTES;
		d->arena_boxes -= boxes;
		return false;
	}
	add_arena(pool, lg2, base);
	d->huge_arenas += huge;
	return true;
}

/* A box of blocks that were never handed out, in order from its end. */
static struct box *take_fresh(struct table_pool *pool, unsigned int lg2)
{
	struct depot_size *s = &pool->depot.size[lg2 - POOL_MIN_LG2];
	struct arena *arena;
	struct box *box;
	size_t n;

	if (!s->fresh && !map_arena(pool, lg2))
		return NULL;
	/* Somebody else may have used up what was mapped while the lock was let go. */
	arena = s->fresh;
	if (!arena)
		return NULL;
	n = arena->blocks - arena->fresh;
	if (n > box_capacity(lg2))
		n = box_capacity(lg2);
	box = pt_depot_empty_box(pool);
	for (box->n = 0; box->n < n; box->n++)
		box->block[box->n] = arena->base + ((arena->fresh + n - 1 - box->n) << lg2);
	arena->fresh += (uint32_t)n;
	if (arena->fresh == arena->blocks)
		s->fresh = arena->next_fresh;
	return box;
}

static struct box *take_full(struct depot_size *s, bool zero)
{
	struct box *box = s->full[zero];

	if (box) {
		s->full[zero] = box->next;
		s->blocks[zero] -= box->n;
	}
	return box;
}

struct box *pt_depot_take(struct table_pool *pool, unsigned int lg2, bool want_zero, bool *zero)
{
	struct depot_size *s = &pool->depot.size[lg2 - POOL_MIN_LG2];
	struct depot *d = &pool->depot;
	struct box *box;

	*zero = want_zero;
	box = take_full(s, want_zero);
	if (!box) {
		*zero = !want_zero;
		box = take_full(s, !want_zero);
	}
	if (!box) {
		*zero = true;
		box = take_fresh(pool, lg2);
	}
	if (!box)
		return NULL;
	d->out_bytes += box->n << lg2;
	if (d->out_bytes > d->out_peak_bytes)
		d->out_peak_bytes = d->out_bytes;
	return box;
}

/* Tops up the first box from a new one, so that no more than the first ever has room. */
static void merge(struct box *first, struct box *box, unsigned int lg2)
{
	while (box->n && first->n < box_capacity(lg2))
		first->block[first->n++] = box->block[--box->n];
}

void pt_depot_give(struct table_pool *pool, unsigned int lg2, struct box *box, bool zero)
{
	struct depot_size *s = &pool->depot.size[lg2 - POOL_MIN_LG2];

	pool->depot.out_bytes -= box->n << lg2;
	s->blocks[zero] += box->n;
	if (s->full[zero])
		merge(s->full[zero], box, lg2);
	if (!box->n) {
		pt_depot_put_empty(pool, box);
		return;
	}
	box->next = s->full[zero];
	s->full[zero] = box;
}

void pt_depot_unmap(struct table_pool *pool)
{
	void *map = pool->depot.box_maps;

	for (unsigned int i = 0; i < POOL_NR_SIZES; i++) {
		struct arena *arena = pool->depot.size[i].arenas, *next;

		for (; arena; arena = next) {
			next = arena->next;
			io_pgtable_port_arena_unmap(arena->base, head_bytes(arena->lg2),
						    TABLE_POOL_ARENA_BYTES);
		}
	}
	while (map) {
		void *before = *(void **)map;

		io_pgtable_port_arena_unmap(map, 0, BOX_MAP_BYTES);
		map = before;
	}
}

static bool reads_zero(const uint64_t *p, size_t bytes)
{
	for (size_t i = 0; i < bytes / sizeof(*p); i++)
		if (p[i])
			return false;
	return true;
}

bool pt_pool_box_is_good(const struct box *box, unsigned int lg2, bool zero)
{
	if (box->n > box_capacity(lg2))
		return false;
	for (size_t i = 0; i < box->n; i++) {
		const struct arena *arena = pt_pool_arena_of(box->block[i]);

		if (arena->lg2 != lg2 || (POOL_TRACK && *pt_pool_live_of(box->block[i], lg2)) ||
		    (zero && !reads_zero(box->block[i], (size_t)1 << lg2)))
			return false;
	}
	return true;
}

/* Bounded by the count of blocks: a loop shows as a difference. */
static bool boxes_are_good(const struct depot_size *s, unsigned int lg2, bool zero)
{
	size_t left = s->blocks[zero];

	for (const struct box *box = s->full[zero]; box; box = box->next) {
		bool first = box == s->full[zero];

		if (!box->n || box->n > left || !pt_pool_box_is_good(box, lg2, zero) ||
		    (!first && box->n < box_capacity(lg2)))
			return false;
		left -= box->n;
	}
	return !left;
}

static bool size_is_good(const struct table_pool *pool, unsigned int i, size_t *arena_bytes,
			 size_t *handed_out_bytes)
{
	const struct depot_size *s = &pool->depot.size[i];
	unsigned int lg2 = i + POOL_MIN_LG2;
	size_t fresh = 0;

	for (const struct arena *a = s->arenas; a; a = a->next) {
		if (a->pool != pool || a->lg2 != lg2 || a->fresh > a->blocks ||
		    a->blocks != TABLE_POOL_ARENA_BYTES >> lg2)
			return false;
		*arena_bytes += TABLE_POOL_ARENA_BYTES;
		*handed_out_bytes += (size_t)a->fresh << lg2;
		fresh += a->blocks - a->fresh;
	}
	for (const struct arena *a = s->fresh; a; a = a->next_fresh)
		fresh -= a->blocks - a->fresh;
	return !fresh && boxes_are_good(s, lg2, false) && boxes_are_good(s, lg2, true);
}

bool pt_depot_is_good(const struct table_pool *pool, size_t *handed_out_bytes)
{
	size_t arena_bytes = 0;

	*handed_out_bytes = 0;
	for (unsigned int i = 0; i < POOL_NR_SIZES; i++)
		if (!size_is_good(pool, i, &arena_bytes, handed_out_bytes))
			return false;
	return arena_bytes == pool->depot.arena_bytes;
}
