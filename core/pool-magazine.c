// SPDX-License-Identifier: GPL-2.0-only
/*
 * Magazines: the boxes of free blocks that a CPU works from (core/pool.h).
 *
 * A set belongs to a CPU number, not to a thread: nothing has to happen when a thread ends, and a
 * thread that moves finds what it needs. The lock is for the case that it moves in the middle, or
 * that there are more CPUs than sets; it costs about 2 ns each way where nobody else wants it. Two
 * boxes of each kind, so that a sequence of allocations and frees around a full or an empty box
 * does not go to the depot each time (Bonwick and Adams, "Magazines and Vmem", USENIX 2001).
 */
#include "core/pool.h"

#define SETS_BYTES (256u << 10)

_Static_assert(sizeof(struct magazine_set) * POOL_CPU_SETS <= SETS_BYTES, "one mapping for all");

static noinline struct magazine_set *map_sets(struct table_pool *pool)
{
	struct magazine_set *sets, *seen = NULL;
	bool huge;

	sets = io_pgtable_port_arena_map(0, SETS_BYTES, &huge);
	if (!sets)
		return NULL;
	if (__atomic_compare_exchange_n(&pool->sets, &seen, sets, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		return sets;
	io_pgtable_port_arena_unmap(sets, 0, SETS_BYTES);
	return seen;
}

struct magazine_set *pt_magazine_set(struct table_pool *pool, unsigned int lg2)
{
	struct magazine_set *sets;

	if (lg2 > POOL_CPU_LG2 || pool->plain)
		return &pool->shared;
	sets = __atomic_load_n(&pool->sets, __ATOMIC_ACQUIRE);
	if (unlikely(!sets) && !(sets = map_sets(pool)))
		return &pool->shared;
	return &sets[io_pgtable_port_cpu() % POOL_CPU_SETS];
}

static void swap_boxes(struct magazine *m, bool zero)
{
	struct box *box = m->loaded[zero];

	m->loaded[zero] = m->spare[zero];
	m->spare[zero] = box;
}

/* Makes the loaded box of a kind one that has a block, if the magazine has any. */
static inline bool has_block(struct magazine *m, bool zero)
{
	if (likely(m->loaded[zero] && m->loaded[zero]->n))
		return true;
	if (!m->spare[zero] || !m->spare[zero]->n)
		return false;
	swap_boxes(m, zero);
	return true;
}

/* A box from the depot in place of the loaded one, which is empty. */
static noinline bool load(struct table_pool *pool, struct magazine *m, unsigned int lg2,
			  bool want_zero)
{
	struct box *box;
	bool zero;

	port_lock(&pool->depot.lock);
	box = pt_depot_take(pool, lg2, want_zero, &zero);
	if (box) {
		if (m->loaded[zero])
			pt_depot_put_empty(pool, m->loaded[zero]);
		m->loaded[zero] = box;
	}
	port_unlock(&pool->depot.lock);
	return box;
}

void *pt_magazine_alloc(struct table_pool *pool, struct magazine_set *set, unsigned int lg2,
			bool want_zero, bool *zero)
{
	struct magazine *m = &set->mag[lg2 - POOL_MIN_LG2];
	struct box *box;

	*zero = has_block(m, want_zero) ? want_zero : !want_zero;
	if (unlikely(*zero != want_zero && !has_block(m, !want_zero))) {
		if (!load(pool, m, lg2, want_zero))
			return NULL;
		*zero = has_block(m, want_zero) ? want_zero : !want_zero;
	}
	box = m->loaded[*zero];
	return box->block[--box->n];
}

/* An empty box in place of the loaded one, which is full or not there. */
static noinline void unload(struct table_pool *pool, struct magazine *m, unsigned int lg2,
			    bool zero)
{
	if (m->spare[zero] && !m->spare[zero]->n) {
		swap_boxes(m, zero);
		return;
	}
	port_lock(&pool->depot.lock);
	if (m->spare[zero])
		pt_depot_give(pool, lg2, m->spare[zero], zero);
	m->spare[zero] = m->loaded[zero];
	m->loaded[zero] = pt_depot_empty_box(pool);
	port_unlock(&pool->depot.lock);
}

void pt_magazine_free(struct table_pool *pool, struct magazine_set *set, unsigned int lg2,
		      void *ptr, bool zero)
{
	struct magazine *m = &set->mag[lg2 - POOL_MIN_LG2];
	struct box *box = m->loaded[zero];

	if (unlikely(!box || box->n == box_capacity(lg2))) {
		unload(pool, m, lg2, zero);
		box = m->loaded[zero];
	}
	box->block[box->n++] = ptr;
}

static void drain_box(struct table_pool *pool, unsigned int lg2, struct box **box, bool zero)
{
	if (*box)
		pt_depot_give(pool, lg2, *box, zero);
	*box = NULL;
}

static void drain_set(struct table_pool *pool, struct magazine_set *set)
{
	port_lock(&set->lock);
	port_lock(&pool->depot.lock);
	for (unsigned int i = 0; i < POOL_NR_SIZES; i++) {
		for (int zero = 0; zero < 2; zero++) {
			drain_box(pool, i + POOL_MIN_LG2, &set->mag[i].loaded[zero], zero);
			drain_box(pool, i + POOL_MIN_LG2, &set->mag[i].spare[zero], zero);
		}
	}
	port_unlock(&pool->depot.lock);
	port_unlock(&set->lock);
}

void pt_magazine_drain(struct table_pool *pool)
{
	struct magazine_set *sets = __atomic_load_n(&pool->sets, __ATOMIC_ACQUIRE);

	drain_set(pool, &pool->shared);
	for (unsigned int s = 0; sets && s < POOL_CPU_SETS; s++)
		drain_set(pool, &sets[s]);
}

bool pt_magazine_census(const struct magazine_set *set, bool look, size_t bytes[2])
{
	for (unsigned int i = 0; i < POOL_NR_SIZES; i++) {
		for (int zero = 0; zero < 2; zero++) {
			const struct box *box[] = { set->mag[i].loaded[zero],
						    set->mag[i].spare[zero] };

			for (int b = 0; b < 2; b++) {
				if (!box[b])
					continue;
				if (look && !pt_pool_box_is_good(box[b], i + POOL_MIN_LG2, zero))
					return false;
				bytes[zero] += box[b]->n << (i + POOL_MIN_LG2);
			}
		}
	}
	return true;
}

void pt_magazine_unmap(struct table_pool *pool)
{
	if (pool->sets)
		io_pgtable_port_arena_unmap(pool->sets, 0, SETS_BYTES);
}
