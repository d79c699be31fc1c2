// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table pool's interface: which of magazines and depot serves a request, zeroing, statistics.
 *
 * Zeroing happens outside of every lock, by the thread that already owns the block. core/pool.h has
 * the structures and who writes what.
 */
#include "table-pool.h"

#include <errno.h>
#include <string.h>

#include "core/pool.h"

static struct table_pool default_pool;

static int size_lg2(size_t bytes)
{
	if (bytes < TABLE_POOL_MIN_BYTES || bytes > TABLE_POOL_MAX_BYTES || (bytes & (bytes - 1)))
		return -EINVAL;
	return (int)port_lg2(bytes);
}

static void count_alloc(struct pool_counts *c, size_t bytes, bool want_zero, bool zero)
{
	c->allocs++;
	c->live_bytes += bytes;
	c->zero_skipped += want_zero && zero;
	c->zeroed += want_zero && !zero;
}

static void *take_depot(struct table_pool *pool, unsigned int lg2, bool want_zero, bool *zero)
{
	void *ptr;

	port_lock(&pool->depot.lock);
	ptr = depot_take(pool, lg2, want_zero, zero);
	if (ptr)
		count_alloc(&pool->depot.counts, (size_t)1 << lg2, want_zero, *zero);
	port_unlock(&pool->depot.lock);
	return ptr;
}

static void *take_magazine(struct table_pool *pool, struct magazine_set *set, unsigned int lg2,
			   bool want_zero, bool *zero)
{
	void *ptr;

	port_lock(&set->lock);
	ptr = magazine_alloc(pool, set, lg2, want_zero, zero);
	if (likely(ptr != NULL))
		count_alloc(&set->counts, (size_t)1 << lg2, want_zero, *zero);
	port_unlock(&set->lock);
	return ptr;
}

/* Nothing in the depot and no more arenas: what other CPUs keep is used before giving up. */
static noinline void *take_last(struct table_pool *pool, unsigned int lg2, bool want_zero,
				bool *zero)
{
	void *ptr;

	magazine_drain(pool);
	ptr = take_depot(pool, lg2, want_zero, zero);
	if (!ptr) {
		port_lock(&pool->depot.lock);
		pool->depot.counts.failures++;
		port_unlock(&pool->depot.lock);
	}
	return ptr;
}

void *table_pool_alloc(struct table_pool *pool, size_t size_bytes, unsigned int flags)
{
	bool want_zero = flags & IO_PGTABLE_MEM_ZERO, zero = false;
	int lg2 = size_lg2(size_bytes);
	struct magazine_set *set;
	void *ptr;

	if (misuse(lg2 < 0, "table_pool_alloc() of a size that is not a power of two in range"))
		return NULL;
	set = magazine_set(pool, (unsigned int)lg2);
	if (likely(set != NULL))
		ptr = take_magazine(pool, set, (unsigned int)lg2, want_zero, &zero);
	else
		ptr = take_depot(pool, (unsigned int)lg2, want_zero, &zero);
	if (unlikely(!ptr))
		ptr = take_last(pool, (unsigned int)lg2, want_zero, &zero);
	if (ptr && want_zero && !zero)
		memset(ptr, 0, size_bytes);
	return ptr;
}

static bool is_ours(const struct table_pool *pool, const void *ptr, unsigned int lg2)
{
	const struct arena *arena = pool_arena_of(ptr, lg2);

	if (arena->pool != pool || arena->lg2 != lg2)
		return false;
	return !POOL_TRACK || pool_block_of(ptr, lg2)->state == BLOCK_OUT;
}

void table_pool_free(struct table_pool *pool, void *ptr, size_t size_bytes, unsigned int flags)
{
	bool zero = flags & IO_PGTABLE_MEM_ZERO;
	int lg2 = size_lg2(size_bytes);
	struct magazine_set *set;

	if (!ptr)
		return;
	if (misuse(lg2 < 0 || ((uintptr_t)ptr & (size_bytes - 1)),
		   "table_pool_free() of a size or address that no block has"))
		return;
	if (misuse(!is_ours(pool, ptr, (unsigned int)lg2),
		   "table_pool_free() of a block that is not live, or not of this pool and size"))
		return;
	set = magazine_set(pool, (unsigned int)lg2);
	if (likely(set != NULL)) {
		port_lock(&set->lock);
		magazine_free(pool, set, (unsigned int)lg2, ptr, zero);
		set->counts.frees++;
		set->counts.live_bytes -= size_bytes;
		port_unlock(&set->lock);
		return;
	}
	port_lock(&pool->depot.lock);
	depot_give(pool, (unsigned int)lg2, ptr, zero);
	pool->depot.counts.frees++;
	pool->depot.counts.live_bytes -= size_bytes;
	port_unlock(&pool->depot.lock);
}

struct table_pool *table_pool_default(void)
{
	return &default_pool;
}

struct table_pool *table_pool_create(const struct table_pool_opts *opts)
{
	struct table_pool *pool;

	_Static_assert(sizeof(*pool) <= 2048, "a pool takes one 2 KiB block");
	pool = table_pool_alloc(&default_pool, 2048, IO_PGTABLE_MEM_ZERO);
	if (pool && opts) {
		pool->depot.limit_bytes = opts->limit_bytes;
		pool->plain = opts->plain;
	}
	return pool;
}

/* Every lock of a pool, for what has to be of one moment. */
static void lock_all(struct table_pool *pool)
{
	for (unsigned int s = 0; pool->sets && s < MAGAZINE_SETS; s++)
		port_lock(&pool->sets[s].lock);
	port_lock(&pool->depot.lock);
}

static void unlock_all(struct table_pool *pool)
{
	port_unlock(&pool->depot.lock);
	for (unsigned int s = 0; pool->sets && s < MAGAZINE_SETS; s++)
		port_unlock(&pool->sets[s].lock);
}

static void add_counts(struct table_pool_stats *stats, const struct pool_counts *c)
{
	stats->allocs += c->allocs;
	stats->frees += c->frees;
	stats->failures += c->failures;
	stats->zeroed += c->zeroed;
	stats->zero_skipped += c->zero_skipped;
	stats->live_bytes += c->live_bytes;
}

static void add_cached(struct table_pool_stats *stats, const struct table_pool *pool)
{
	for (unsigned int i = 0; i < POOL_NR_SIZES; i++) {
		stats->cached_zero_bytes += pool->depot.size[i].count[BLOCK_ZERO]
					    << (i + POOL_MIN_LG2);
		stats->cached_dirty_bytes += pool->depot.size[i].count[BLOCK_DIRTY]
					     << (i + POOL_MIN_LG2);
	}
	for (unsigned int s = 0; pool->sets && s < MAGAZINE_SETS; s++) {
		for (unsigned int i = 0; i < MAGAZINE_SIZES; i++) {
			const struct magazine *m = &pool->sets[s].mag[i];

			stats->cached_zero_bytes += (size_t)m->n[1] << (i + POOL_MIN_LG2);
			stats->cached_dirty_bytes += (size_t)m->n[0] << (i + POOL_MIN_LG2);
		}
	}
}

static void sum_stats(const struct table_pool *pool, struct table_pool_stats *stats)
{
	*stats = (struct table_pool_stats){
		.arena_bytes = pool->depot.arena_bytes,
		.live_peak_bytes = pool->depot.out_peak_bytes,
		.huge_arenas = pool->depot.huge_arenas,
	};
	add_counts(stats, &pool->depot.counts);
	for (unsigned int s = 0; pool->sets && s < MAGAZINE_SETS; s++)
		add_counts(stats, &pool->sets[s].counts);
	add_cached(stats, pool);
}

void table_pool_get_stats(struct table_pool *pool, struct table_pool_stats *stats)
{
	lock_all(pool);
	sum_stats(pool, stats);
	unlock_all(pool);
}

void table_pool_destroy(struct table_pool *pool)
{
	struct table_pool_stats stats;

	if (!pool || misuse(pool == &default_pool, "the default pool cannot be destroyed"))
		return;
	sum_stats(pool, &stats);
	misuse(stats.live_bytes != 0, "a pool was destroyed with blocks in use");
	magazine_unmap(pool);
	depot_unmap(pool);
	table_pool_free(&default_pool, pool, 2048, 0);
}

void table_pool_set_limit(struct table_pool *pool, size_t limit_bytes)
{
	port_lock(&pool->depot.lock);
	pool->depot.limit_bytes = limit_bytes;
	port_unlock(&pool->depot.lock);
}

static void *hook_alloc(void *ctx, size_t size_bytes, unsigned int flags)
{
	return table_pool_alloc(ctx, size_bytes, flags);
}

static void hook_free(void *ctx, void *ptr, size_t size_bytes, unsigned int flags)
{
	table_pool_free(ctx, ptr, size_bytes, flags);
}

void table_pool_mem(struct table_pool *pool, struct io_pgtable_mem *mem)
{
	*mem = (struct io_pgtable_mem){ .alloc = hook_alloc, .free = hook_free, .ctx = pool };
}

/* Live blocks, those in magazines and those in the depot make up what the arenas gave out. */
int table_pool_validate(struct table_pool *pool)
{
	struct table_pool_stats stats;
	size_t arena_bytes, out_bytes, listed = 0;
	bool good;

	lock_all(pool);
	sum_stats(pool, &stats);
	for (unsigned int i = 0; i < POOL_NR_SIZES; i++)
		listed += (pool->depot.size[i].count[BLOCK_ZERO] +
			   pool->depot.size[i].count[BLOCK_DIRTY])
			  << (i + POOL_MIN_LG2);
	good = depot_is_good(pool, &arena_bytes, &out_bytes) && magazines_are_good(pool) &&
	       arena_bytes == stats.arena_bytes && out_bytes == pool->depot.out_bytes &&
	       stats.live_bytes + stats.cached_zero_bytes + stats.cached_dirty_bytes ==
		       out_bytes + listed;
	unlock_all(pool);
	return good ? 0 : -EUCLEAN;
}
