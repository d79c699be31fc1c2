// SPDX-License-Identifier: GPL-2.0-only
/*
 * Magazines: the boxes of free blocks that a slot works from, and what takes them from it
 * (core/pool.h).
 *
 * A slot is a thread for as long as it lives (a CPU on bare metal): nothing has to happen when it
 * ends, the next thread that gets the slot finds what was left. Two boxes of each kind, so that a
 * sequence of allocations and frees around a full or an empty box does not go to the depot each
 * time (Bonwick and Adams, "Magazines and Vmem", USENIX 2001). Invariants: loaded boxes are never
 * NULL; a set's node is that of its thread when it last went to a depot, its blocks may be of
 * others.
 */
#include "core/pool.h"

#define SETS_BYTES (128u << 10)

_Static_assert(sizeof(struct magazine_set) * POOL_SLOTS <= SETS_BYTES, "one mapping for all");

void pt_magazine_init(struct magazine_set *set, bool biased)
{
	set->lock.revoked = !biased;
	for (unsigned int i = 0; i < POOL_NR_SIZES; i++)
		set->mag[i].loaded[0] = set->mag[i].loaded[1] = &pt_no_box;
}

static noinline struct magazine_set *map_sets(struct table_pool *pool)
{
	struct magazine_set *sets, *seen;
	enum port_pages pages = PORT_PAGES_ORDINARY;
	bool biased = PORT_ASYMMETRIC && io_pgtable_port_fence_all();

	sets = io_pgtable_port_arena_map(0, SETS_BYTES, 0, &pages);
	if (!sets)
		return NULL;
	for (unsigned int s = 0; s < POOL_SLOTS; s++)
		pt_magazine_init(&sets[s], biased);
	port_lock(&pool->drain_lock);
	seen = __atomic_load_n(&pool->sets, __ATOMIC_ACQUIRE);
	if (!seen) {
		__atomic_store_n(&pool->biased, biased, __ATOMIC_RELAXED);
		__atomic_store_n(&pool->sets, sets, __ATOMIC_RELEASE);
	}
	port_unlock(&pool->drain_lock);
	if (!seen)
		return sets;
	io_pgtable_port_arena_unmap(sets, 0, SETS_BYTES);
	return seen;
}

void pt_magazine_unmap(struct magazine_set *sets)
{
	io_pgtable_port_arena_unmap(sets, 0, SETS_BYTES);
}

struct magazine_set *pt_magazine_set_slow(struct table_pool *pool)
{
	struct magazine_set *sets = __atomic_load_n(&pool->sets, __ATOMIC_ACQUIRE);
	int slot = io_pgtable_port_slot();

	if (slot < 0 || (!sets && !(sets = map_sets(pool))))
		return &pool->shared;
	return &sets[slot];
}

static void swap_boxes(struct magazine *m, bool zero)
{
	struct box *box = m->loaded[zero];

	m->loaded[zero] = m->spare[zero];
	m->spare[zero] = box;
}

/* Makes the loaded box of a kind one that has a block, if the magazine has any. */
static bool has_block(struct magazine *m, bool zero)
{
	if (m->loaded[zero]->n)
		return true;
	if (!m->spare[zero] || !m->spare[zero]->n)
		return false;
	swap_boxes(m, zero);
	return true;
}

static unsigned int node_now(const struct table_pool *pool)
{
	if (pool->home < POOL_NODES)
		return pool->home;
	return pool->nodes == 1 ? 0 : io_pgtable_port_node();
}

/* From the set's own node, or, when that has nothing and may not grow, from any. */
static struct box *take_box(struct table_pool *pool, struct magazine_set *set, unsigned int lg2,
			    bool want_zero, bool *zero)
{
	struct box *box = NULL;

	set->node = (uint8_t)node_now(pool);
	for (unsigned int i = 0; !box && i < pool->nodes; i++) {
		unsigned int node = (set->node + i) % pool->nodes;

		port_lock(&pool->depot[node].lock);
		box = pt_depot_take(pool, node, lg2, want_zero, zero, !i);
		port_unlock(&pool->depot[node].lock);
	}
	return box;
}

/* A box from a depot in place of the loaded one, which is empty. */
static bool load(struct table_pool *pool, struct magazine_set *set, unsigned int lg2,
		 bool want_zero)
{
	struct magazine *m = &set->mag[lg2 - POOL_MIN_LG2];
	bool zero;
	struct box *box = take_box(pool, set, lg2, want_zero, &zero);

	if (!box)
		return false;
	pt_box_put(pool, m->loaded[zero]);
	m->loaded[zero] = box;
	return true;
}

void *pt_magazine_alloc(struct table_pool *pool, struct magazine_set *set, unsigned int lg2,
			bool want_zero, bool *zero)
{
	struct magazine *m = &set->mag[lg2 - POOL_MIN_LG2];
	struct box *box;

	if (!has_block(m, want_zero) && !has_block(m, !want_zero) &&
	    !load(pool, set, lg2, want_zero))
		return NULL;
	*zero = has_block(m, want_zero) ? want_zero : !want_zero;
	box = m->loaded[*zero];
	m->allocs[want_zero]++;
	return box->block[--box->n];
}

/* An empty box, or one with room, in place of the loaded one. */
static void unload(struct table_pool *pool, struct magazine *m, unsigned int lg2, bool zero)
{
	if (m->spare[zero] && m->spare[zero]->n < m->spare[zero]->capacity) {
		swap_boxes(m, zero);
		return;
	}
	if (m->spare[zero])
		pt_depots_give(pool, lg2, m->spare[zero], zero);
	m->spare[zero] = m->loaded[zero] == &pt_no_box ? NULL : m->loaded[zero];
	m->loaded[zero] = pt_box_get(pool, lg2);
}

static void send_away(struct table_pool *pool, struct away *away)
{
	if (away->box)
		pt_depots_give(pool, away->lg2, away->box, away->zero);
	away->box = NULL;
}

/* A block of another node goes back there, with others of its kind. */
static void free_away(struct table_pool *pool, struct magazine_set *set, unsigned int lg2,
		      void *ptr, bool zero)
{
	unsigned int node = pool_arena_of(ptr)->node;
	struct away *away = &set->away;

	if (away->box && (away->node != node || away->lg2 != lg2 || away->zero != zero ||
			  away->box->n == away->box->capacity))
		send_away(pool, away);
	if (!away->box)
		*away = (struct away){ pt_box_get(pool, lg2), (uint8_t)node, (uint8_t)lg2, zero };
	away->box->block[away->box->n++] = ptr;
	set->cross_node_frees++;
}

void pt_magazine_free(struct table_pool *pool, struct magazine_set *set, unsigned int lg2,
		      void *ptr, bool zero)
{
	struct magazine *m = &set->mag[lg2 - POOL_MIN_LG2];
	struct box *box;

	m->frees++;
	/* The thread may have moved since it last looked. */
	if (pool_arena_of(ptr)->node != set->node)
		set->node = (uint8_t)node_now(pool);
	if (pool_arena_of(ptr)->node != set->node) {
		free_away(pool, set, lg2, ptr, zero);
		return;
	}
	if (m->loaded[zero]->n == m->loaded[zero]->capacity)
		unload(pool, m, lg2, zero);
	box = m->loaded[zero];
	box->block[box->n++] = ptr;
}

struct magazine_set *pt_pool_nth_set(struct table_pool *pool, struct magazine_set *sets,
				     unsigned int n)
{
	if (!n)
		return &pool->shared;
	return sets && n <= POOL_SLOTS ? &sets[n - 1] : NULL;
}

static void lock_sets(struct table_pool *pool, struct magazine_set *sets)
{
	unsigned int nr = sets ? POOL_SLOTS : 0;

	biased_revoke(&pool->shared.lock);
	for (unsigned int n = 0; n < nr; n++)
		biased_revoke(&sets[n].lock);
	if (PORT_ASYMMETRIC)
		io_pgtable_port_fence_all();
	biased_take(&pool->shared.lock);
	for (unsigned int n = 0; n < nr; n++)
		biased_take(&sets[n].lock);
	for (unsigned int node = 0; node < pool->nodes; node++)
		port_lock(&pool->depot[node].lock);
	port_lock(&pool->boxes.lock);
}

/* Sets appear under the drain lock: none do until all is unlocked. Returns the sets. */
struct magazine_set *pt_pool_lock_all(struct table_pool *pool)
{
	struct magazine_set *sets;

	port_lock(&pool->drain_lock);
	sets = __atomic_load_n(&pool->sets, __ATOMIC_ACQUIRE);
	lock_sets(pool, sets);
	return sets;
}

/* In the child of a fork, all locked: of those who were about to enter nobody is there. */
void pt_pool_abandon_entries(struct table_pool *pool, struct magazine_set *sets)
{
	struct magazine_set *set;

	for (unsigned int n = 0; (set = pt_pool_nth_set(pool, sets, n)); n++)
		biased_abandon(&set->lock);
}

void pt_pool_unlock_all(struct table_pool *pool, struct magazine_set *sets)
{
	bool biased = __atomic_load_n(&pool->biased, __ATOMIC_RELAXED);
	struct magazine_set *set;

	port_unlock(&pool->boxes.lock);
	for (unsigned int node = pool->nodes; node-- > 0;)
		port_unlock(&pool->depot[node].lock);
	for (unsigned int n = 0; (set = pt_pool_nth_set(pool, sets, n)); n++)
		biased_give(&set->lock, biased && n);
	port_unlock(&pool->drain_lock);
}

static void drain_set(struct table_pool *pool, struct magazine_set *set)
{
	for (unsigned int i = 0; i < POOL_NR_SIZES; i++) {
		struct magazine *m = &set->mag[i];
		unsigned int lg2 = i + POOL_MIN_LG2;

		for (int zero = 0; zero < 2; zero++) {
			if (m->spare[zero])
				pt_depots_give(pool, lg2, m->spare[zero], zero);
			pt_depots_give(pool, lg2, m->loaded[zero], zero);
			m->loaded[zero] = &pt_no_box;
			m->spare[zero] = NULL;
		}
	}
	send_away(pool, &set->away);
}

void pt_pool_drain(struct table_pool *pool)
{
	struct magazine_set *sets = pt_pool_lock_all(pool), *set;

	/* The depots' locks are taken again for each box. */
	port_unlock(&pool->boxes.lock);
	for (unsigned int node = pool->nodes; node-- > 0;)
		port_unlock(&pool->depot[node].lock);
	for (unsigned int n = 0; (set = pt_pool_nth_set(pool, sets, n)); n++)
		drain_set(pool, set);
	for (unsigned int node = 0; node < pool->nodes; node++)
		port_lock(&pool->depot[node].lock);
	port_lock(&pool->boxes.lock);
	pt_pool_unlock_all(pool, sets);
}
