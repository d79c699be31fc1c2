// SPDX-License-Identifier: GPL-2.0-only
/*
 * A depot: full boxes of the free blocks of one NUMA node, and its arenas (core/pool.h).
 *
 * Invariants: every block in a depot's boxes is of an arena of that depot; of the full boxes of a
 * size and kind only the first may have room left; blocks at or above arena->fresh were never
 * handed out and read as zero; handed out = live, in a magazine, or on the way home from another
 * node.
 */
#include "core/pool.h"

/* A box of blocks that were never handed out, in order from its end. */
static struct box *take_fresh(struct table_pool *pool, unsigned int node, unsigned int lg2,
			      bool may_map)
{
	struct depot_size *s = &pool->depot[node].size[lg2 - POOL_MIN_LG2];
	struct arena *arena;
	struct box *box;
	size_t n;

	if (!s->fresh && (!may_map || !pt_arena_map(pool, node, lg2)))
		return NULL;
	/* Somebody else may have used up what was mapped while the lock was let go. */
	arena = s->fresh;
	if (!arena)
		return NULL;
	box = pt_box_get(pool, lg2);
	n = arena->blocks - arena->fresh;
	if (n > box->capacity)
		n = box->capacity;
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

static struct box *went_out(struct depot *d, unsigned int lg2, struct box *box)
{
	if (!box)
		return NULL;
	d->out_bytes += (size_t)box->n << lg2;
	if (d->out_bytes > d->out_peak_bytes)
		d->out_peak_bytes = d->out_bytes;
	return box;
}

struct box *pt_depot_take(struct table_pool *pool, unsigned int node, unsigned int lg2,
			  bool want_zero, bool *zero, bool may_map)
{
	struct depot *d = &pool->depot[node];
	struct depot_size *s = &d->size[lg2 - POOL_MIN_LG2];
	struct box *box;

	*zero = want_zero;
	box = take_full(s, want_zero);
	if (!box) {
		*zero = !want_zero;
		box = take_full(s, !want_zero);
	}
	if (!box) {
		*zero = true;
		box = take_fresh(pool, node, lg2, may_map);
	}
	return went_out(d, lg2, box);
}

struct box *pt_depot_take_kind(struct table_pool *pool, unsigned int node, unsigned int lg2,
			       bool zero)
{
	struct depot *d = &pool->depot[node];

	return went_out(d, lg2, take_full(&d->size[lg2 - POOL_MIN_LG2], zero));
}

/* Tops up the first box from a new one, so that no more than the first ever has room. */
static void merge(struct box *first, struct box *box)
{
	while (box->n && first->n < first->capacity)
		first->block[first->n++] = box->block[--box->n];
}

static void insert(struct table_pool *pool, struct depot_size *s, struct box *box, bool zero)
{
	s->blocks[zero] += box->n;
	if (s->full[zero])
		merge(s->full[zero], box);
	if (!box->n) {
		pt_box_put(pool, box);
		return;
	}
	box->next = s->full[zero];
	s->full[zero] = box;
}

void pt_depot_give(struct table_pool *pool, unsigned int node, unsigned int lg2, struct box *box,
		   bool zero)
{
	struct depot *d = &pool->depot[node];

	d->out_bytes -= (size_t)box->n << lg2;
	insert(pool, &d->size[lg2 - POOL_MIN_LG2], box, zero);
}

void pt_depot_forget_zero(struct table_pool *pool, unsigned int node, unsigned int lg2)
{
	struct depot_size *s = &pool->depot[node].size[lg2 - POOL_MIN_LG2];
	struct box *box;

	while ((box = take_full(s, true)))
		insert(pool, s, box, false);
}

/* Takes the blocks of node out of the box. */
static void sort_out(struct table_pool *pool, unsigned int node, unsigned int lg2, struct box *box,
		     bool zero)
{
	struct box *of_node = pt_box_get(pool, lg2);
	uint32_t kept = 0;

	for (uint32_t i = 0; i < box->n; i++) {
		void *block = box->block[i];

		if (pool_arena_of(block)->node == node)
			of_node->block[of_node->n++] = block;
		else
			box->block[kept++] = block;
	}
	box->n = kept;
	port_lock(&pool->depot[node].lock);
	pt_depot_give(pool, node, lg2, of_node, zero);
	port_unlock(&pool->depot[node].lock);
}

void pt_depots_give(struct table_pool *pool, unsigned int lg2, struct box *box, bool zero)
{
	if (box == &pt_no_box)
		return;
	if (pool->nodes == 1) {
		port_lock(&pool->depot[0].lock);
		pt_depot_give(pool, 0, lg2, box, zero);
		port_unlock(&pool->depot[0].lock);
		return;
	}
	while (box->n)
		sort_out(pool, pool_arena_of(box->block[0])->node, lg2, box, zero);
	pt_box_put(pool, box);
}

size_t pt_depot_free_blocks(const struct depot *d, unsigned int lg2)
{
	const struct depot_size *s = &d->size[lg2 - POOL_MIN_LG2];
	size_t blocks = s->blocks[0] + s->blocks[1];

	for (const struct arena *a = s->fresh; a; a = a->next_fresh)
		blocks += a->blocks - a->fresh;
	return blocks;
}

/* How many blocks of each arena lie in the depot's boxes. */
static void count_idle(struct depot_size *s)
{
	for (struct arena *a = s->arenas; a; a = a->next)
		a->idle = 0;
	for (int zero = 0; zero < 2; zero++)
		for (const struct box *box = s->full[zero]; box; box = box->next)
			for (uint32_t i = 0; i < box->n; i++)
				pool_arena_of(box->block[i])->idle++;
}

/* Takes arenas that nothing is used of out of the lists, and marks them; at most most_bytes. */
static struct arena *unlink_idle(struct depot *d, struct depot_size *s, size_t *most_bytes)
{
	struct arena **next = &s->arenas, *gone = NULL, *a;

	while ((a = *next)) {
		a->releasing = a->idle == a->fresh && *most_bytes >= TABLE_POOL_ARENA_BYTES;
		if (!a->releasing) {
			next = &a->next;
			continue;
		}
		*next = a->next;
		a->next = gone;
		gone = a;
		*most_bytes -= TABLE_POOL_ARENA_BYTES;
		d->arena_bytes -= TABLE_POOL_ARENA_BYTES;
		d->arenas_by_pages[a->pages]--;
	}
	for (next = &s->fresh; (a = *next);)
		if (a->releasing)
			*next = a->next_fresh;
		else
			next = &a->next_fresh;
	return gone;
}

/* Drops the blocks of marked arenas from the boxes of one kind. */
static void filter(struct table_pool *pool, struct depot_size *s, bool zero)
{
	struct box *box = s->full[zero], *next;

	s->full[zero] = NULL;
	s->blocks[zero] = 0;
	for (; box; box = next) {
		uint32_t kept = 0;

		next = box->next;
		for (uint32_t i = 0; i < box->n; i++)
			if (!pool_arena_of(box->block[i])->releasing)
				box->block[kept++] = box->block[i];
		box->n = kept;
		insert(pool, s, box, zero);
	}
}

struct arena *pt_depot_release(struct table_pool *pool, unsigned int node, size_t most_bytes)
{
	struct depot *d = &pool->depot[node];
	struct arena *all = NULL;

	for (unsigned int i = 0; i < POOL_NR_SIZES; i++) {
		struct depot_size *s = &d->size[i];
		struct arena *gone, *last;

		count_idle(s);
		gone = unlink_idle(d, s, &most_bytes);
		if (!gone)
			continue;
		filter(pool, s, false);
		filter(pool, s, true);
		for (last = gone; last->next; last = last->next)
			;
		last->next = all;
		all = gone;
	}
	return all;
}

/* Bounded by the count of blocks: a loop shows as a difference. */
static bool boxes_are_good(const struct depot_size *s, unsigned int node, unsigned int lg2,
			   bool zero)
{
	size_t left = s->blocks[zero];

	for (const struct box *box = s->full[zero]; box; box = box->next) {
		bool first = box == s->full[zero];

		if (!box->n || box->n > left || !pt_box_is_good(box, lg2, zero) ||
		    (!first && box->n < box->capacity))
			return false;
		for (uint32_t i = 0; i < box->n; i++)
			if (pool_arena_of(box->block[i])->node != node)
				return false;
		left -= box->n;
	}
	return !left;
}

static bool size_is_good(const struct table_pool *pool, unsigned int node, unsigned int i,
			 size_t *arena_bytes, size_t *handed_out_bytes)
{
	const struct depot_size *s = &pool->depot[node].size[i];
	unsigned int lg2 = i + POOL_MIN_LG2;
	size_t fresh = 0;

	for (const struct arena *a = s->arenas; a; a = a->next) {
		if (a->pool != pool || a->lg2 != lg2 || a->bytes != 1u << lg2 || a->node != node ||
		    a->fresh > a->blocks || a->blocks != TABLE_POOL_ARENA_BYTES >> lg2)
			return false;
		*arena_bytes += TABLE_POOL_ARENA_BYTES;
		*handed_out_bytes += (size_t)a->fresh << lg2;
		fresh += a->blocks - a->fresh;
	}
	for (const struct arena *a = s->fresh; a; a = a->next_fresh)
		fresh -= a->blocks - a->fresh;
	return !fresh && boxes_are_good(s, node, lg2, false) && boxes_are_good(s, node, lg2, true);
}

/* Adds to *handed_out_bytes. */
bool pt_depot_is_good(const struct table_pool *pool, unsigned int node, size_t *handed_out_bytes)
{
	size_t arena_bytes = 0;

	for (unsigned int i = 0; i < POOL_NR_SIZES; i++)
		if (!size_is_good(pool, node, i, &arena_bytes, handed_out_bytes))
			return false;
	return arena_bytes == pool->depot[node].arena_bytes;
}
