// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table pool's interface: arguments, zeroing, the last resort, statistics.
 *
 * Zeroing happens outside of every lock, by the thread that already owns the block. core/pool.h has
 * the structures and who writes what.
 */
#include "table-pool.h"

#include <errno.h>
#include <string.h>

#include "core/pool.h"

/* The memory of a created pool, from the default one. */
#define POOL_BYTES 4096

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
	if (c->live_bytes > c->peak_bytes)
		c->peak_bytes = c->live_bytes;
	c->zero_skipped += want_zero && zero;
	c->zeroed += want_zero && !zero;
}

static void *take(struct table_pool *pool, unsigned int lg2, bool want_zero, bool *zero)
{
	struct magazine_set *set = pt_magazine_set(pool, lg2);
	void *ptr;

	port_lock(&set->lock);
	ptr = pt_magazine_alloc(pool, set, lg2, want_zero, zero);
	if (likely(ptr != NULL)) {
		count_alloc(&set->counts, (size_t)1 << lg2, want_zero, *zero);
		if (POOL_TRACK)
			*pt_pool_live_of(ptr, lg2) = true;
	}
	port_unlock(&set->lock);
	return ptr;
}

/* Nothing in the depot and no more arenas: what other CPUs keep is used before giving up. */
static noinline void *take_last(struct table_pool *pool, unsigned int lg2, bool want_zero,
				bool *zero)
{
	void *ptr;

	pt_magazine_drain(pool);
	ptr = take(pool, lg2, want_zero, zero);
	if (!ptr) {
		port_lock(&pool->shared.lock);
		pool->shared.counts.failures++;
		port_unlock(&pool->shared.lock);
	}
	return ptr;
}

void *table_pool_alloc(struct table_pool *pool, size_t size_bytes, unsigned int flags)
{
	bool want_zero = flags & IO_PGTABLE_MEM_ZERO, zero = false;
	int lg2 = size_lg2(size_bytes);
	void *ptr;

	if (misuse(lg2 < 0, "table_pool_alloc() of a size that is not a power of two in range"))
		return NULL;
	ptr = take(pool, (unsigned int)lg2, want_zero, &zero);
	if (unlikely(!ptr))
		ptr = take_last(pool, (unsigned int)lg2, want_zero, &zero);
	if (ptr && want_zero && !zero)
		memset(ptr, 0, size_bytes);
	return ptr;
}

static bool is_ours(const struct table_pool *pool, const void *ptr, unsigned int lg2)
{
	const struct arena *arena = pt_pool_arena_of(ptr);

	return arena->pool == pool && arena->lg2 == lg2 &&
	       (!POOL_TRACK || *pt_pool_live_of(ptr, lg2));
}

void table_pool_free(struct table_pool *pool, void *ptr, size_t size_bytes, unsigned int flags)
{
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
	set = pt_magazine_set(pool, (unsigned int)lg2);
	port_lock(&set->lock);
	if (POOL_TRACK)
		*pt_pool_live_of(ptr, (unsigned int)lg2) = false;
	pt_magazine_free(pool, set, (unsigned int)lg2, ptr, flags & IO_PGTABLE_MEM_ZERO);
	set->counts.frees++;
	set->counts.live_bytes -= size_bytes;
	port_unlock(&set->lock);
}

struct table_pool *table_pool_default(void)
{
	return &default_pool;
}

struct table_pool *table_pool_create(const struct table_pool_opts *opts)
{
	struct table_pool *pool;

	_Static_assert(sizeof(*pool) <= POOL_BYTES, "a pool takes one block");
	pool = table_pool_alloc(&default_pool, POOL_BYTES, IO_PGTABLE_MEM_ZERO);
	if (pool && opts) {
		pool->depot.limit_bytes = opts->limit_bytes;
		pool->plain = opts->plain;
	}
	return pool;
}

/*
 * Every lock of a pool, for what has to be of one moment. The sets may appear while some are held:
 * what was not there then is not looked at, nor let go.
 */
struct all_sets {
	struct magazine_set *shared;
	struct magazine_set *sets;
};

static struct magazine_set *nth_set(const struct all_sets *all, unsigned int n)
{
	if (!n)
		return all->shared;
	return all->sets && n <= POOL_CPU_SETS ? &all->sets[n - 1] : NULL;
}

static struct all_sets lock_all(struct table_pool *pool)
{
	struct all_sets all = {
		.shared = &pool->shared,
		.sets = __atomic_load_n(&pool->sets, __ATOMIC_ACQUIRE),
	};
	struct magazine_set *set;

	for (unsigned int n = 0; (set = nth_set(&all, n)); n++)
		port_lock(&set->lock);
	port_lock(&pool->depot.lock);
	return all;
}

static void unlock_all(struct table_pool *pool, const struct all_sets *all)
{
	struct magazine_set *set;

	port_unlock(&pool->depot.lock);
	for (unsigned int n = 0; (set = nth_set(all, n)); n++)
		port_unlock(&set->lock);
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

/* look: also at the blocks that are kept as zero. False if something is broken. */
static bool sum_stats(const struct table_pool *pool, const struct all_sets *all,
		      struct table_pool_stats *stats, bool look)
{
	const struct depot *d = &pool->depot;
	size_t cached[2] = { 0, 0 };
	struct magazine_set *set;
	bool good = true;

	*stats = (struct table_pool_stats){
		.arena_bytes = d->arena_bytes,
		.live_peak_bytes = pool->plain ? pool->shared.counts.peak_bytes : d->out_peak_bytes,
		.huge_arenas = d->huge_arenas,
	};
	for (unsigned int n = 0; (set = nth_set(all, n)); n++) {
		add_counts(stats, &set->counts);
		good = good && pt_magazine_census(set, look, cached);
	}
	good = good && d->out_bytes == stats->live_bytes + cached[0] + cached[1];
	for (unsigned int i = 0; i < POOL_NR_SIZES; i++)
		for (int zero = 0; zero < 2; zero++)
			cached[zero] += d->size[i].blocks[zero] << (i + POOL_MIN_LG2);
	stats->cached_dirty_bytes = cached[0];
	stats->cached_zero_bytes = cached[1];
	return good;
}

void table_pool_get_stats(struct table_pool *pool, struct table_pool_stats *stats)
{
	struct all_sets all = lock_all(pool);

	sum_stats(pool, &all, stats, false);
	unlock_all(pool, &all);
}

void table_pool_destroy(struct table_pool *pool)
{
	struct table_pool_stats stats;

	if (!pool || misuse(pool == &default_pool, "the default pool cannot be destroyed"))
		return;
	table_pool_get_stats(pool, &stats);
	misuse(stats.live_bytes != 0, "a pool was destroyed with blocks in use");
	pt_magazine_unmap(pool);
	pt_depot_unmap(pool);
	table_pool_free(&default_pool, pool, POOL_BYTES, 0);
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

/* What the arenas handed out is live, or in a box of a magazine or of the depot. */
int table_pool_validate(struct table_pool *pool)
{
	struct all_sets all = lock_all(pool);
	struct table_pool_stats stats;
	size_t handed_out_bytes;
	bool good = sum_stats(pool, &all, &stats, true);

	good = good && pt_depot_is_good(pool, &handed_out_bytes) &&
	       handed_out_bytes ==
		       stats.live_bytes + stats.cached_zero_bytes + stats.cached_dirty_bytes;
	unlock_all(pool, &all);
	return good ? 0 : -EUCLEAN;
}
