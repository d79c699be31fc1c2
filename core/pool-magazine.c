// SPDX-License-Identifier: GPL-2.0-only
/*
 * Magazines: the free blocks that a CPU keeps at hand (core/pool.h).
 *
 * A set belongs to a CPU number, not to a thread: nothing has to happen when a thread ends, and a
 * thread that moves finds what it needs. The lock is for the case that it moves in the middle, or
 * that there are more CPUs than sets; it costs about 2 ns each way where nobody else wants it. What
 * goes to and from the depot goes half a magazine at a time. Bound: MAGAZINE_BLOCKS and
 * MAGAZINE_BYTES of each size and kind per set; when the depot has nothing left everything comes
 * back (magazine_drain).
 */
#include "core/pool.h"

#define SETS_BYTES (2u << 20)

_Static_assert(sizeof(struct magazine_set) * MAGAZINE_SETS <= SETS_BYTES,
	       "all sets in one mapping");

static unsigned int capacity(unsigned int lg2)
{
	unsigned int fit = MAGAZINE_BYTES >> lg2;

	return fit < MAGAZINE_BLOCKS ? fit : MAGAZINE_BLOCKS;
}

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

struct magazine_set *magazine_set(struct table_pool *pool, unsigned int lg2)
{
	struct magazine_set *sets;

	if (lg2 >= POOL_MIN_LG2 + MAGAZINE_SIZES || pool->plain)
		return NULL;
	sets = __atomic_load_n(&pool->sets, __ATOMIC_ACQUIRE);
	if (unlikely(!sets) && !(sets = map_sets(pool)))
		return NULL;
	return &sets[io_pgtable_port_cpu() % MAGAZINE_SETS];
}

static void track(void *ptr, unsigned int lg2, enum block_state state)
{
	if (POOL_TRACK)
		pool_block_of(ptr, lg2)->state = state;
}

/*
 * Half an empty magazine from the depot, or what it has. Pushed in reverse, so that blocks are
 * handed out in the depot's order: neighbours are used one after the other, as they were freed.
 */
static noinline void refill(struct table_pool *pool, struct magazine *m, unsigned int lg2,
			    bool want_zero)
{
	unsigned int want = (capacity(lg2) + 1) / 2, n = 0;
	bool zero[MAGAZINE_BLOCKS];
	void *ptr[MAGAZINE_BLOCKS];

	port_lock(&pool->depot.lock);
	while (n < want && (ptr[n] = depot_take(pool, lg2, want_zero, &zero[n])))
		n++;
	port_unlock(&pool->depot.lock);
	while (n--) {
		track(ptr[n], lg2, BLOCK_CACHED);
		m->block[zero[n]][m->n[zero[n]]++] = ptr[n];
	}
}

/* The older half of one stack to the depot: the newer one is more likely to be in a cache. */
static noinline void spill(struct table_pool *pool, struct magazine *m, unsigned int lg2, bool zero)
{
	unsigned int n = (m->n[zero] + 1) / 2;

	port_lock(&pool->depot.lock);
	for (unsigned int i = 0; i < n; i++)
		depot_give(pool, lg2, m->block[zero][i], zero);
	port_unlock(&pool->depot.lock);
	m->n[zero] = (uint16_t)(m->n[zero] - n);
	for (unsigned int i = 0; i < m->n[zero]; i++)
		m->block[zero][i] = m->block[zero][i + n];
}

void *magazine_alloc(struct table_pool *pool, struct magazine_set *set, unsigned int lg2,
		     bool want_zero, bool *zero)
{
	struct magazine *m = &set->mag[lg2 - POOL_MIN_LG2];
	void *ptr;

	if (unlikely(!m->n[0] && !m->n[1]))
		refill(pool, m, lg2, want_zero);
	*zero = m->n[want_zero] ? want_zero : !want_zero;
	if (unlikely(!m->n[*zero]))
		return NULL;
	ptr = m->block[*zero][--m->n[*zero]];
	track(ptr, lg2, BLOCK_OUT);
	return ptr;
}

void magazine_free(struct table_pool *pool, struct magazine_set *set, unsigned int lg2, void *ptr,
		   bool zero)
{
	struct magazine *m = &set->mag[lg2 - POOL_MIN_LG2];

	if (unlikely(m->n[zero] == capacity(lg2)))
		spill(pool, m, lg2, zero);
	track(ptr, lg2, BLOCK_CACHED);
	m->block[zero][m->n[zero]++] = ptr;
}

void magazine_drain(struct table_pool *pool)
{
	struct magazine_set *sets = __atomic_load_n(&pool->sets, __ATOMIC_ACQUIRE);

	for (unsigned int s = 0; sets && s < MAGAZINE_SETS; s++) {
		port_lock(&sets[s].lock);
		for (unsigned int i = 0; i < MAGAZINE_SIZES; i++)
			for (int zero = 0; zero < 2; zero++)
				while (sets[s].mag[i].n[zero])
					spill(pool, &sets[s].mag[i], i + POOL_MIN_LG2, zero);
		port_unlock(&sets[s].lock);
	}
}

static bool magazine_is_good(const struct magazine *m, unsigned int lg2)
{
	for (int zero = 0; zero < 2; zero++) {
		if (m->n[zero] > capacity(lg2))
			return false;
		for (unsigned int i = 0; i < m->n[zero]; i++) {
			const void *ptr = m->block[zero][i];

			if ((POOL_TRACK && pool_block_of(ptr, lg2)->state != BLOCK_CACHED) ||
			    (zero && !pool_reads_zero(ptr, (size_t)1 << lg2)))
				return false;
		}
	}
	return true;
}

bool magazines_are_good(const struct table_pool *pool)
{
	for (unsigned int s = 0; pool->sets && s < MAGAZINE_SETS; s++)
		for (unsigned int i = 0; i < MAGAZINE_SIZES; i++)
			if (!magazine_is_good(&pool->sets[s].mag[i], i + POOL_MIN_LG2))
				return false;
	return true;
}

void magazine_unmap(struct table_pool *pool)
{
	if (pool->sets)
		io_pgtable_port_arena_unmap(pool->sets, 0, SETS_BYTES);
}
