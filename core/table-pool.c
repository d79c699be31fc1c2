// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table pool's interface: arguments, the fast halves of allocating and freeing, zeroing, the
 * last resort, and what keeps a pool within bounds.
 *
 * Zeroing happens outside of every lock, by the thread that already owns the block. core/pool.h has
 * the structures and who writes what.
 */
#include "table-pool.h"

#include <errno.h>
#include <string.h>

#include "core/pool.h"

/* The memory of a created pool, from the default one. */
#define POOL_BYTES (32u << 10)

static struct table_pool default_pool = {
	.line_lg2 = POOL_MIN_LG2,
	.slot_lg2 = POOL_SLOT_LG2,
	.nodes = 1, /* until it is first used */
	.home = POOL_NODES,
	.pages = PORT_PAGES_TRANSPARENT,
};

/* No two blocks share a cache line. */
static unsigned int block_lg2(const struct table_pool *pool, size_t bytes)
{
	unsigned int lg2 = port_lg2(bytes);

	return lg2 < pool->line_lg2 ? pool->line_lg2 : lg2;
}

static bool is_size(size_t bytes)
{
	return bytes >= TABLE_POOL_MIN_BYTES && bytes <= TABLE_POOL_MAX_BYTES &&
	       !(bytes & (bytes - 1));
}

/* The caller's own set, NULL where it has none, or not yet, or not for this size. */
static always_inline struct magazine_set *own_set(struct table_pool *pool, unsigned int lg2)
{
	struct magazine_set *sets = __atomic_load_n(&pool->sets, __ATOMIC_ACQUIRE);
	int slot = port_slot();

	return likely(lg2 <= pool->slot_lg2 && slot >= 0 && sets) ? &sets[slot] : NULL;
}

static struct magazine_set *set_of(struct table_pool *pool, unsigned int lg2)
{
	struct magazine_set *set = own_set(pool, lg2);

	if (lg2 > pool->slot_lg2)
		return &pool->shared;
	return set ? set : pt_magazine_set_slow(pool);
}

/* Under the one lock that a plain pool has. */
static void note_peak(struct table_pool *pool)
{
	size_t live = 0;

	for (unsigned int i = 0; i < POOL_NR_SIZES; i++)
		live += pool_live_bytes(&pool->shared, i);
	if (live > pool->live_peak_bytes)
		pool->live_peak_bytes = live;
}

static void *take(struct table_pool *pool, unsigned int lg2, bool want_zero, bool *zero)
{
	struct magazine_set *set = set_of(pool, lg2);
	bool locked = biased_enter(&set->lock);
	void *ptr = pt_magazine_alloc(pool, set, lg2, want_zero, zero);

	if (ptr) {
		set->zeroed += want_zero && !*zero;
		if (pool_is_plain(pool))
			note_peak(pool);
		if (POOL_TRACK)
			*pt_arena_live_of(ptr, lg2) = true;
	}
	biased_exit(&set->lock, locked);
	return ptr;
}

/* Nothing in the depots and no more arenas: what others keep is used before giving up. */
static void *take_last(struct table_pool *pool, unsigned int lg2, bool want_zero, bool *zero)
{
	struct magazine_set *set = &pool->shared;
	void *ptr;

	pt_pool_drain(pool);
	ptr = take(pool, lg2, want_zero, zero);
	if (!ptr) {
		bool locked = biased_enter(&set->lock);

		set->failures++;
		biased_exit(&set->lock, locked);
	}
	return ptr;
}

static noinline void *alloc_slow(struct table_pool *pool, size_t size_bytes, unsigned int flags)
{
	bool want_zero = flags & IO_PGTABLE_MEM_ZERO, zero = false;
	unsigned int lg2;
	void *ptr;

	if (misuse(!is_size(size_bytes),
		   "table_pool_alloc() of a size that is not a power of two in range"))
		return NULL;
	lg2 = block_lg2(pool, size_bytes);
	ptr = take(pool, lg2, want_zero, &zero);
	if (!ptr)
		ptr = take_last(pool, lg2, want_zero, &zero);
	if (want_zero && !zero && ptr)
		memset(ptr, 0, size_bytes);
	return ptr;
}

/* What the thread has at hand, of the kind that is wanted: nothing is saved, nothing is called. */
void *table_pool_alloc(struct table_pool *pool, size_t size_bytes, unsigned int flags)
{
	bool want_zero = flags & IO_PGTABLE_MEM_ZERO;
	unsigned int lg2 = port_lg2(size_bytes | 1);
	struct magazine_set *set = own_set(pool, lg2);

	if (likely(size_bytes == 1ull << lg2 && lg2 >= pool->line_lg2 && set) &&
	    likely(biased_try_enter(&set->lock))) {
		struct magazine *m = &set->mag[lg2 - POOL_MIN_LG2];
		struct box *box = m->loaded[want_zero];
		uint32_t n = box->n;

		if (likely(n)) {
			void *ptr = box->block[n - 1];

			box->n = n - 1;
			m->allocs[want_zero]++;
			if (POOL_TRACK)
				*pt_arena_live_of(ptr, lg2) = true;
			biased_exit(&set->lock, false);
			return ptr;
		}
		biased_exit(&set->lock, false);
	}
	return alloc_slow(pool, size_bytes, flags);
}

static always_inline bool is_ours(const struct table_pool *pool, const void *ptr, size_t size_bytes)
{
	const struct arena *arena = pool_arena_of(ptr);

	return arena->pool == pool && arena->bytes == size_bytes &&
	       (!POOL_TRACK || *pt_arena_live_of(ptr, arena->lg2));
}

static noinline void free_slow(struct table_pool *pool, void *ptr, size_t size_bytes,
			       unsigned int flags)
{
	bool zero = flags & IO_PGTABLE_MEM_ZERO, locked;
	struct magazine_set *set;
	unsigned int lg2;

	if (!ptr)
		return;
	if (misuse(!is_size(size_bytes) || ((uintptr_t)ptr & (size_bytes - 1)),
		   "table_pool_free() of a size or address that no block has"))
		return;
	lg2 = block_lg2(pool, size_bytes);
	if (misuse(!is_ours(pool, ptr, (size_t)1 << lg2),
		   "table_pool_free() of a block that is not live, or not of this pool and size"))
		return;
	set = set_of(pool, lg2);
	locked = biased_enter(&set->lock);
	if (POOL_TRACK)
		*pt_arena_live_of(ptr, lg2) = false;
	pt_magazine_free(pool, set, lg2, ptr, zero);
	biased_exit(&set->lock, locked);
}

void table_pool_free(struct table_pool *pool, void *ptr, size_t size_bytes, unsigned int flags)
{
	bool zero = flags & IO_PGTABLE_MEM_ZERO;

	/* An arena of ours has only good sizes. */
	if (likely(ptr && !((uintptr_t)ptr & (size_bytes - 1))) &&
	    likely(is_ours(pool, ptr, size_bytes))) {
		const struct arena *arena = pool_arena_of(ptr);
		struct magazine_set *set = own_set(pool, arena->lg2);

		if (likely(set) && likely(biased_try_enter(&set->lock))) {
			struct magazine *m = &set->mag[arena->lg2 - POOL_MIN_LG2];
			struct box *box = m->loaded[zero];
			uint32_t n = box->n;

			if (likely(n < box->capacity && arena->node == set->node)) {
				if (POOL_TRACK)
					*pt_arena_live_of(ptr, arena->lg2) = false;
				box->block[n] = ptr;
				box->n = n + 1;
				m->frees++;
				biased_exit(&set->lock, false);
				return;
			}
			biased_exit(&set->lock, false);
		}
	}
	free_slow(pool, ptr, size_bytes, flags);
}

static bool open_pool(struct table_pool *pool, const struct table_pool_opts *opts)
{
	static const enum port_pages pages[] = {
		[TABLE_POOL_PAGES_TRANSPARENT] = PORT_PAGES_TRANSPARENT,
		[TABLE_POOL_PAGES_EXPLICIT] = PORT_PAGES_EXPLICIT,
		[TABLE_POOL_PAGES_ORDINARY] = PORT_PAGES_ORDINARY,
	};
	unsigned int nodes = io_pgtable_port_nodes();
	size_t line = opts->line_bytes ? opts->line_bytes : io_pgtable_port_line_bytes();
	int home = opts->bind_node ? io_pgtable_port_node_of(opts->node) : POOL_NODES;

	if (home < 0 || line < TABLE_POOL_MIN_BYTES || !is_size(line) ||
	    opts->pages >= sizeof(pages) / sizeof(pages[0]))
		return false;
	pool->line_lg2 = (uint8_t)port_lg2(line);
	pool->slot_lg2 = opts->plain ? 0 : POOL_SLOT_LG2;
	pool->nodes = (uint8_t)(nodes < POOL_NODES ? nodes : POOL_NODES);
	pool->home = (uint8_t)home;
	pool->pages = pages[opts->pages];
	pool->low = opts->below_4g;
	pool->limit_bytes = opts->limit_bytes;
	pt_magazine_init(&pool->shared, false);
	pt_pools_add(pool);
	return true;
}

struct table_pool *table_pool_default(void)
{
	static uint32_t state; /* 0, 1: being opened, 2: open */
	static const struct table_pool_opts none;
	uint32_t seen = __atomic_load_n(&state, __ATOMIC_ACQUIRE);

	if (likely(seen == 2))
		return &default_pool;
	seen = 0;
	if (__atomic_compare_exchange_n(&state, &seen, 1, false, __ATOMIC_ACQUIRE,
					__ATOMIC_ACQUIRE)) {
		open_pool(&default_pool, &none);
		__atomic_store_n(&state, 2, __ATOMIC_RELEASE);
	}
	for (unsigned int polls = 0; __atomic_load_n(&state, __ATOMIC_ACQUIRE) != 2; polls++)
		port_lock_wait(polls);
	return &default_pool;
}

struct table_pool *table_pool_create(const struct table_pool_opts *opts)
{
	static const struct table_pool_opts none;
	struct table_pool *pool;

	_Static_assert(sizeof(*pool) <= POOL_BYTES, "a pool takes one block");
	pool = table_pool_alloc(table_pool_default(), POOL_BYTES, IO_PGTABLE_MEM_ZERO);
	if (pool && !open_pool(pool, opts ? opts : &none)) {
		table_pool_free(&default_pool, pool, POOL_BYTES, 0);
		return NULL;
	}
	return pool;
}

#if __STDC_HOSTED__
struct table_pool *table_pool_low(void)
{
	static struct table_pool *low;
	static const struct table_pool_opts opts = { .below_4g = true };
	struct table_pool *pool = __atomic_load_n(&low, __ATOMIC_ACQUIRE), *first = NULL;

	if (likely(pool != NULL))
		return pool;
	pool = table_pool_create(&opts);
	/* Who comes second gives his back. */
	if (!pool || __atomic_compare_exchange_n(&low, &first, pool, false, __ATOMIC_ACQ_REL,
						 __ATOMIC_ACQUIRE))
		return pool;
	table_pool_destroy(pool);
	return first;
}
#else
struct table_pool *table_pool_low(void)
{
	return table_pool_default();
}
#endif

void table_pool_destroy(struct table_pool *pool)
{
	struct table_pool_stats stats;

	if (!pool || misuse(pool == &default_pool, "the default pool cannot be destroyed"))
		return;
	table_pool_get_stats(pool, &stats);
	misuse(stats.live_bytes != 0, "a pool was destroyed with blocks in use");
	pt_pools_remove(pool);
	pt_pool_unmap(pool);
	table_pool_free(&default_pool, pool, POOL_BYTES, 0);
}

void table_pool_set_limit(struct table_pool *pool, size_t limit_bytes)
{
	__atomic_store_n(&pool->limit_bytes, limit_bytes, __ATOMIC_RELAXED);
}

static void *hook_alloc(void *ctx, size_t size_bytes, unsigned int flags)
{
	return table_pool_alloc(ctx, size_bytes, flags);
}

static void hook_free(void *ctx, void *ptr, size_t size_bytes, unsigned int flags)
{
	table_pool_free(ctx, ptr, size_bytes, flags);
}

static void hook_quarantine(void *ctx, size_t size_bytes, bool held)
{
	table_pool_quarantine(ctx, size_bytes, held);
}

void table_pool_mem(struct table_pool *pool, struct io_pgtable_mem *mem)
{
	*mem = (struct io_pgtable_mem){
		.alloc = hook_alloc,
		.free = hook_free,
		.quarantine = hook_quarantine,
		.ctx = pool,
	};
}

void table_pool_quarantine(struct table_pool *pool, size_t size_bytes, bool held)
{
	struct magazine_set *set = set_of(pool, POOL_MIN_LG2);
	bool locked = biased_enter(&set->lock);

	set->quarantined_bytes += held ? size_bytes : -size_bytes;
	biased_exit(&set->lock, locked);
}
