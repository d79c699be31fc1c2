// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table pool, first version: arenas cut into blocks of one size, two free lists per size.
 *
 * An arena is TABLE_POOL_ARENA_BYTES of blocks at natural alignment, and directly below it, outside
 * of every block, a header with one struct block for each of them. Block and bookkeeping convert
 * into each other by arithmetic alone. A free block is never touched, but by table_pool_validate().
 *
 * Invariants: a block's state says which list it is on; blocks at or above arena->fresh were never
 * handed out and read as zero; live + cached + never handed out = all arenas.
 *
 * Who writes what: everything below the lock, by whoever holds it. Zeroing happens outside of it,
 * by the thread that already owns the block.
 */
#include "table-pool.h"

#include <errno.h>
#include <string.h>

#include "core/assert.h"
#include "core/port.h"

#define MIN_LG2	  6
#define MAX_LG2	  20
#define NR_SIZES  (MAX_LG2 - MIN_LG2 + 1)
#define HEAD_UNIT 4096

enum block_state { BLOCK_FRESH, BLOCK_LIVE, BLOCK_ZERO, BLOCK_DIRTY, NR_STATES };

struct block {
	struct block *next;
	enum block_state state;
};

struct arena {
	struct table_pool *pool;
	struct arena *next;	  /* of the same size */
	struct arena *next_fresh; /* that has fresh blocks too */
	void *base;
	uint32_t fresh; /* blocks from here on were never handed out */
	uint32_t blocks;
	uint8_t lg2;
	bool huge;
	struct block block[];
};

/*
 * One block size: its arenas, those of them with blocks that were never handed out (usually one;
 * two threads can add one each at the same time), and the blocks in each state.
 */
struct size_class {
	struct arena *arenas;
	struct arena *fresh;
	struct block *list[NR_STATES]; /* BLOCK_ZERO and BLOCK_DIRTY */
	size_t count[NR_STATES];
};

struct table_pool {
	struct port_lock lock;
	struct size_class size[NR_SIZES];
	size_t limit_bytes;
	struct table_pool_stats stats;
};

static struct table_pool default_pool;

/* Arena headers have room for a whole number of units below the blocks. */
static size_t head_bytes(unsigned int lg2)
{
	size_t bytes =
		sizeof(struct arena) + (TABLE_POOL_ARENA_BYTES >> lg2) * sizeof(struct block);

	return (bytes + HEAD_UNIT - 1) & ~(size_t)(HEAD_UNIT - 1);
}

static void *block_ptr(const struct arena *arena, const struct block *b)
{
	return (char *)arena->base + ((size_t)(b - arena->block) << arena->lg2);
}

static struct arena *arena_of(const void *ptr, unsigned int lg2)
{
	uintptr_t base = (uintptr_t)ptr & ~(uintptr_t)(TABLE_POOL_ARENA_BYTES - 1);

	return (struct arena *)(base - head_bytes(lg2));
}

/* The arena that a block's bookkeeping belongs to: the blocks begin at the next boundary. */
static struct arena *arena_of_block(const struct block *b, unsigned int lg2)
{
	uintptr_t base = ((uintptr_t)b | (TABLE_POOL_ARENA_BYTES - 1)) + 1;

	return (struct arena *)(base - head_bytes(lg2));
}

static int size_index(size_t bytes)
{
	if (bytes < TABLE_POOL_MIN_BYTES || bytes > TABLE_POOL_MAX_BYTES || (bytes & (bytes - 1)))
		return -EINVAL;
	return (int)port_lg2(bytes) - MIN_LG2;
}

static void push(struct size_class *c, struct block *b, enum block_state state)
{
	b->state = state;
	b->next = c->list[state];
	c->list[state] = b;
	c->count[state]++;
}

static struct block *pop(struct size_class *c, enum block_state state)
{
	struct block *b = c->list[state];

	if (b) {
		c->list[state] = b->next;
		c->count[state]--;
	}
	return b;
}

/* With the lock held; it is let go while the operating system is asked. */
static bool add_arena(struct table_pool *pool, unsigned int lg2)
{
	struct size_class *c = &pool->size[lg2 - MIN_LG2];
	size_t head = head_bytes(lg2);
	struct arena *arena;
	bool huge = false;
	char *base;

	if (pool->limit_bytes &&
	    pool->stats.arena_bytes + TABLE_POOL_ARENA_BYTES > pool->limit_bytes)
		return false;
	pool->stats.arena_bytes += TABLE_POOL_ARENA_BYTES;
	port_unlock(&pool->lock);
	base = io_pgtable_port_arena_map(head, TABLE_POOL_ARENA_BYTES, &huge);
	port_lock(&pool->lock);
	if (!base) {
		pool->stats.arena_bytes -= TABLE_POOL_ARENA_BYTES;
		return false;
	}
	arena = (struct arena *)(base - head);
	arena->pool = pool;
	arena->base = base;
	arena->lg2 = (uint8_t)lg2;
	arena->huge = huge;
	arena->blocks = TABLE_POOL_ARENA_BYTES >> lg2;
	arena->next = c->arenas;
	c->arenas = arena;
	arena->next_fresh = c->fresh;
	c->fresh = arena;
	pool->stats.huge_arenas += huge;
	return true;
}

/* A block that was never handed out. */
static struct block *take_fresh(struct size_class *c)
{
	struct arena *arena = c->fresh;
	struct block *b;

	if (!arena)
		return NULL;
	b = &arena->block[arena->fresh++];
	if (arena->fresh == arena->blocks)
		c->fresh = arena->next_fresh;
	return b;
}

/* With the lock held. *zero: does it read as zero? */
static struct block *take(struct table_pool *pool, unsigned int lg2, bool want_zero, bool *zero)
{
	struct size_class *c = &pool->size[lg2 - MIN_LG2];
	struct block *b;

	for (;;) {
		*zero = want_zero;
		b = pop(c, want_zero ? BLOCK_ZERO : BLOCK_DIRTY);
		if (b)
			return b;
		*zero = !want_zero;
		b = pop(c, want_zero ? BLOCK_DIRTY : BLOCK_ZERO);
		if (b)
			return b;
		*zero = true;
		b = take_fresh(c);
		if (b || !add_arena(pool, lg2))
			return b;
	}
}

static void count_alloc(struct table_pool *pool, size_t bytes, bool want_zero, bool zero)
{
	struct table_pool_stats *s = &pool->stats;

	s->allocs++;
	s->live_bytes += bytes;
	if (s->live_bytes > s->live_peak_bytes)
		s->live_peak_bytes = s->live_bytes;
	if (want_zero && zero)
		s->zero_skipped++;
	else if (want_zero)
		s->zeroed++;
}

void *table_pool_alloc(struct table_pool *pool, size_t size_bytes, unsigned int flags)
{
	bool want_zero = flags & IO_PGTABLE_MEM_ZERO, zero;
	int index = size_index(size_bytes);
	struct block *b;
	void *ptr;

	if (misuse(index < 0, "table_pool_alloc() of a size that is not a power of two in range"))
		return NULL;
	port_lock(&pool->lock);
	b = take(pool, (unsigned int)index + MIN_LG2, want_zero, &zero);
	if (!b) {
		pool->stats.failures++;
		port_unlock(&pool->lock);
		return NULL;
	}
	b->state = BLOCK_LIVE;
	count_alloc(pool, size_bytes, want_zero, zero);
	port_unlock(&pool->lock);

	ptr = block_ptr(arena_of_block(b, (unsigned int)index + MIN_LG2), b);
	if (want_zero && !zero)
		memset(ptr, 0, size_bytes);
	return ptr;
}

void table_pool_free(struct table_pool *pool, void *ptr, size_t size_bytes, unsigned int flags)
{
	int index = size_index(size_bytes);
	struct arena *arena;
	struct block *b;

	if (!ptr)
		return;
	if (misuse(index < 0 || ((uintptr_t)ptr & (size_bytes - 1)),
		   "table_pool_free() of a size or address that no block has"))
		return;
	arena = arena_of(ptr, (unsigned int)index + MIN_LG2);
	b = &arena->block[((uintptr_t)ptr - (uintptr_t)arena->base) >> arena->lg2];
	port_lock(&pool->lock);
	if (!misuse(arena->pool != pool || arena->lg2 != index + MIN_LG2 || b->state != BLOCK_LIVE,
		    "table_pool_free() of a block that is not live, or not of this pool and "
		    "size")) {
		push(&pool->size[index], b, flags & IO_PGTABLE_MEM_ZERO ? BLOCK_ZERO : BLOCK_DIRTY);
		pool->stats.frees++;
		pool->stats.live_bytes -= size_bytes;
	}
	port_unlock(&pool->lock);
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
	if (pool && opts)
		pool->limit_bytes = opts->limit_bytes;
	return pool;
}

void table_pool_destroy(struct table_pool *pool)
{
	if (!pool || misuse(pool == &default_pool, "the default pool cannot be destroyed"))
		return;
	misuse(pool->stats.live_bytes != 0, "a pool was destroyed with blocks in use");
	for (unsigned int i = 0; i < NR_SIZES; i++) {
		struct arena *arena = pool->size[i].arenas, *next;

		for (; arena; arena = next) {
			next = arena->next;
			io_pgtable_port_arena_unmap(arena->base, head_bytes(arena->lg2),
						    TABLE_POOL_ARENA_BYTES);
		}
	}
	table_pool_free(&default_pool, pool, 2048, 0);
}

void table_pool_set_limit(struct table_pool *pool, size_t limit_bytes)
{
	port_lock(&pool->lock);
	pool->limit_bytes = limit_bytes;
	port_unlock(&pool->lock);
}

static size_t cached_bytes(const struct table_pool *pool, enum block_state state)
{
	size_t bytes = 0;

	for (unsigned int i = 0; i < NR_SIZES; i++)
		bytes += pool->size[i].count[state] << (i + MIN_LG2);
	return bytes;
}

void table_pool_get_stats(struct table_pool *pool, struct table_pool_stats *stats)
{
	port_lock(&pool->lock);
	*stats = pool->stats;
	stats->cached_zero_bytes = cached_bytes(pool, BLOCK_ZERO);
	stats->cached_dirty_bytes = cached_bytes(pool, BLOCK_DIRTY);
	port_unlock(&pool->lock);
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

static bool reads_zero(const uint64_t *p, size_t bytes)
{
	for (size_t i = 0; i < bytes / sizeof(*p); i++)
		if (p[i])
			return false;
	return true;
}

/* Blocks on a list, bounded by the count: a loop shows as a difference. */
static bool list_is_good(const struct size_class *c, enum block_state state, unsigned int lg2)
{
	const struct block *b = c->list[state];
	size_t n = 0;

	for (; b && n <= c->count[state]; b = b->next, n++)
		if (b->state != state ||
		    (state == BLOCK_ZERO &&
		     !reads_zero(block_ptr(arena_of_block(b, lg2), b), (size_t)1 << lg2)))
			return false;
	return n == c->count[state];
}

/* Adds what the arenas of one size hold by state; false if a header is broken. */
static bool census(const struct table_pool *pool, unsigned int i, size_t *arena_bytes,
		   size_t *live_bytes)
{
	const struct size_class *c = &pool->size[i];
	size_t count[NR_STATES] = { 0 }, fresh = 0;

	for (const struct arena *a = c->arenas; a; a = a->next) {
		if (a->pool != pool || a->lg2 != i + MIN_LG2 || a->fresh > a->blocks)
			return false;
		fresh += a->blocks - a->fresh;
		*arena_bytes += TABLE_POOL_ARENA_BYTES;
		for (uint32_t n = 0; n < a->blocks; n++) {
			if (a->block[n].state >= NR_STATES ||
			    (n >= a->fresh) != (a->block[n].state == BLOCK_FRESH))
				return false;
			count[a->block[n].state]++;
		}
	}
	for (const struct arena *a = c->fresh; a; a = a->next_fresh)
		fresh -= a->blocks - a->fresh;
	*live_bytes += count[BLOCK_LIVE] << (i + MIN_LG2);
	return !fresh && count[BLOCK_ZERO] == c->count[BLOCK_ZERO] &&
	       count[BLOCK_DIRTY] == c->count[BLOCK_DIRTY] &&
	       list_is_good(c, BLOCK_ZERO, i + MIN_LG2) &&
	       list_is_good(c, BLOCK_DIRTY, i + MIN_LG2);
}

int table_pool_validate(struct table_pool *pool)
{
	size_t arena_bytes = 0, live_bytes = 0;
	bool good = true;

	port_lock(&pool->lock);
	for (unsigned int i = 0; good && i < NR_SIZES; i++)
		good = census(pool, i, &arena_bytes, &live_bytes);
	good = good && arena_bytes == pool->stats.arena_bytes &&
	       live_bytes == pool->stats.live_bytes &&
	       pool->stats.allocs - pool->stats.frees <=
		       pool->stats.live_bytes / TABLE_POOL_MIN_BYTES;
	port_unlock(&pool->lock);
	return good ? 0 : -EUCLEAN;
}
