// SPDX-License-Identifier: GPL-2.0-only
/*
 * What keeps a pool within bounds, ahead of need or after it: reserving, zeroing, trimming, and the
 * end of a pool (core/pool.h).
 *
 * None of it runs on anybody's fast path; each takes the locks that it needs for as long as it
 * looks at what they guard, and none while the system is asked for memory or given some back.
 */
#include <errno.h>
#include <string.h>

#include "core/pool.h"

/* The system gives a page when it is first written to: now rather than in a map. */
static void touch(char *base, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += PORT_MIN_PAGE_BYTES)
		*(volatile char *)(base + at) = 0;
}

/* With the depot's lock held: what was never handed out stays zero, and belongs to nobody yet. */
static void touch_fresh(struct depot *d, unsigned int lg2)
{
	struct depot_size *s = &d->size[lg2 - POOL_MIN_LG2];

	for (struct arena *a = s->fresh; a; a = a->next_fresh)
		touch(a->base + ((size_t)a->fresh << lg2), (size_t)(a->blocks - a->fresh) << lg2);
}

int table_pool_reserve(struct table_pool *pool, size_t size_bytes, size_t blocks)
{
	unsigned int node = pool->home < POOL_NODES ? pool->home : io_pgtable_port_node(), lg2;
	struct depot *d;
	int err = 0;

	if (misuse(size_bytes < TABLE_POOL_MIN_BYTES || size_bytes > TABLE_POOL_MAX_BYTES ||
			   (size_bytes & (size_bytes - 1)),
		   "table_pool_reserve() of a size that is not a power of two in range"))
		return -EINVAL;
	lg2 = port_lg2(size_bytes);
	if (lg2 < pool->line_lg2)
		lg2 = pool->line_lg2;
	/* What the calls themselves need, too. */
	pt_magazine_set_slow(pool);
	d = &pool->depot[node % pool->nodes];
	port_lock(&d->lock);
	while (!err && pt_depot_free_blocks(d, lg2) < blocks)
		err = pt_arena_map(pool, node % pool->nodes, lg2) ? 0 : -ENOMEM;
	touch_fresh(d, lg2);
	port_unlock(&d->lock);
	return err;
}

/* One box of dirty blocks, zeroed outside of the lock; the bytes, 0 if there is none. */
static size_t zero_box(struct table_pool *pool, unsigned int node, unsigned int lg2)
{
	struct depot *d = &pool->depot[node];
	struct box *box;
	size_t bytes;

	port_lock(&d->lock);
	box = pt_depot_take_kind(pool, node, lg2, false);
	port_unlock(&d->lock);
	if (!box)
		return 0;
	for (uint32_t i = 0; i < box->n; i++)
		memset(box->block[i], 0, (size_t)1 << lg2);
	bytes = (size_t)box->n << lg2;
	port_lock(&d->lock);
	pt_depot_give(pool, node, lg2, box, true);
	port_unlock(&d->lock);
	return bytes;
}

size_t table_pool_zero(struct table_pool *pool, size_t most_bytes)
{
	size_t done = 0;

	for (unsigned int node = 0; node < pool->nodes; node++) {
		for (unsigned int lg2 = POOL_MIN_LG2; lg2 <= POOL_MAX_LG2; lg2++) {
			size_t bytes = 1;

			while (bytes && done < most_bytes) {
				bytes = zero_box(pool, node, lg2);
				done += bytes;
			}
		}
	}
	return done;
}

/* What may go so that keep bytes stay free; of the depots, after a drain. */
static size_t spare_bytes(struct table_pool *pool, size_t keep)
{
	struct table_pool_stats stats;
	size_t unused;

	table_pool_get_stats(pool, &stats);
	unused = stats.arena_bytes - stats.live_bytes;
	return unused > keep ? unused - keep : 0;
}

static bool has_boxes(const struct magazine_set *set)
{
	for (unsigned int i = 0; i < POOL_NR_SIZES; i++)
		for (int zero = 0; zero < 2; zero++)
			if (set->mag[i].loaded[zero] != &pt_no_box || set->mag[i].spare[zero])
				return true;
	return set->away.box;
}

/*
 * Without an arena there is no block, so nobody has a box in hand; a magazine may keep an empty
 * one.
 */
static void unmap_boxes_if_unused(struct table_pool *pool)
{
	struct magazine_set *sets = pt_pool_lock_all(pool), *set;
	bool used = __atomic_load_n(&pool->arena_bytes, __ATOMIC_RELAXED) || pool->boxes.needed;

	for (unsigned int n = 0; !used && (set = pt_pool_nth_set(pool, sets, n)); n++)
		used = has_boxes(set);
	if (!used)
		pt_boxes_unmap(pool);
	pt_pool_unlock_all(pool, sets);
}

/* A box of free blocks loses the memory behind them, if that can be; the bytes. */
static size_t purge_box(struct table_pool *pool, unsigned int node, unsigned int lg2, bool kind)
{
	struct depot *d = &pool->depot[node];
	bool purged = true;
	struct box *box;
	size_t bytes;

	port_lock(&d->lock);
	box = pt_depot_take_kind(pool, node, lg2, kind);
	port_unlock(&d->lock);
	if (!box)
		return 0;
	bytes = (size_t)box->n << lg2;
	for (uint32_t i = 0; i < box->n && purged; i++)
		purged = io_pgtable_port_purge(box->block[i], (size_t)1 << lg2);
	port_lock(&d->lock);
	pt_depot_give(pool, node, lg2, box, kind || purged);
	port_unlock(&d->lock);
	return purged ? bytes : 0;
}

/*
 * What lies free in arenas that stay: dirty blocks become known-zero ones, so each is taken once.
 * Those that are zero already are called dirty for that; not before one box has shown that it can
 * be done.
 */
static size_t purge_size(struct table_pool *pool, unsigned int node, unsigned int lg2)
{
	size_t bytes = purge_box(pool, node, lg2, true), done = 0;

	if (!bytes)
		bytes = purge_box(pool, node, lg2, false);
	if (!bytes)
		return 0;
	port_lock(&pool->depot[node].lock);
	pt_depot_forget_zero(pool, node, lg2);
	port_unlock(&pool->depot[node].lock);
	while ((bytes = purge_box(pool, node, lg2, false)))
		done += bytes;
	return done;
}

static size_t purge(struct table_pool *pool)
{
	size_t done = 0;

	for (unsigned int node = 0; node < pool->nodes; node++)
		for (unsigned int lg2 = POOL_PAGE_LG2; lg2 <= POOL_MAX_LG2; lg2++)
			done += purge_size(pool, node, lg2);
	return done;
}

size_t table_pool_trim(struct table_pool *pool, size_t keep_bytes)
{
	size_t done = 0, most;

	pt_pool_drain(pool);
	most = spare_bytes(pool, keep_bytes);
	for (unsigned int node = 0; node < pool->nodes; node++) {
		struct depot *d = &pool->depot[node];
		struct arena *gone, *next;

		port_lock(&d->lock);
		gone = pt_depot_release(pool, node, most);
		port_unlock(&d->lock);
		for (; gone; gone = next) {
			next = gone->next;
			pt_arena_unmap(gone);
			done += TABLE_POOL_ARENA_BYTES;
			most -= TABLE_POOL_ARENA_BYTES;
		}
	}
	unmap_boxes_if_unused(pool);
	return keep_bytes ? done : done + purge(pool);
}

void pt_pool_unmap(struct table_pool *pool)
{
	struct magazine_set *sets = pool->sets;

	for (unsigned int node = 0; node < pool->nodes; node++) {
		for (unsigned int i = 0; i < POOL_NR_SIZES; i++) {
			struct arena *a = pool->depot[node].size[i].arenas, *next;

			for (; a; a = next) {
				next = a->next;
				pt_arena_unmap(a);
			}
		}
	}
	pt_boxes_unmap(pool);
	pool->sets = NULL;
	if (sets)
		pt_magazine_unmap(sets);
}
