// SPDX-License-Identifier: GPL-2.0-only
/*
 * The depot: arenas cut into blocks of one size, and two free lists per size (core/pool.h).
 *
 * Invariants: a block's state says which list it is on; blocks at or above arena->fresh were never
 * handed out and read as zero; out + listed + fresh = all blocks.
 */
#include "core/pool.h"

#define HEAD_UNIT 4096

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

struct arena *pool_arena_of(const void *ptr, unsigned int lg2)
{
	uintptr_t base = (uintptr_t)ptr & ~(uintptr_t)(TABLE_POOL_ARENA_BYTES - 1);

	return (struct arena *)(base - head_bytes(lg2));
}

struct block *pool_block_of(const void *ptr, unsigned int lg2)
{
	struct arena *arena = pool_arena_of(ptr, lg2);

	return &arena->block[((uintptr_t)ptr - (uintptr_t)arena->base) >> lg2];
}

/* The arena that a block's bookkeeping belongs to: the blocks begin at the next boundary. */
static struct arena *arena_of_block(const struct block *b, unsigned int lg2)
{
	uintptr_t base = ((uintptr_t)b | (TABLE_POOL_ARENA_BYTES - 1)) + 1;

	return (struct arena *)(base - head_bytes(lg2));
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
	struct depot *d = &pool->depot;
	struct size_class *c = &d->size[lg2 - POOL_MIN_LG2];
	size_t head = head_bytes(lg2);
	struct arena *arena;
	bool huge = false;
	char *base;

	if (d->limit_bytes && d->arena_bytes + TABLE_POOL_ARENA_BYTES > d->limit_bytes)
		return false;
	d->arena_bytes += TABLE_POOL_ARENA_BYTES;
	port_unlock(&d->lock);
	base = io_pgtable_port_arena_map(head, TABLE_POOL_ARENA_BYTES, &huge);
	port_lock(&d->lock);
	if (!base) {
		d->arena_bytes -= TABLE_POOL_ARENA_BYTES;
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
	d->huge_arenas += huge;
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

static struct block *take_block(struct table_pool *pool, unsigned int lg2, bool want_zero,
				bool *zero)
{
	struct size_class *c = &pool->depot.size[lg2 - POOL_MIN_LG2];
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

void *depot_take(struct table_pool *pool, unsigned int lg2, bool want_zero, bool *zero)
{
	struct block *b = take_block(pool, lg2, want_zero, zero);
	struct depot *d = &pool->depot;

	if (!b)
		return NULL;
	b->state = BLOCK_OUT;
	d->out_bytes += (size_t)1 << lg2;
	if (d->out_bytes > d->out_peak_bytes)
		d->out_peak_bytes = d->out_bytes;
	return block_ptr(arena_of_block(b, lg2), b);
}

void depot_give(struct table_pool *pool, unsigned int lg2, void *ptr, bool zero)
{
	push(&pool->depot.size[lg2 - POOL_MIN_LG2], pool_block_of(ptr, lg2),
	     zero ? BLOCK_ZERO : BLOCK_DIRTY);
	pool->depot.out_bytes -= (size_t)1 << lg2;
}

void depot_unmap(struct table_pool *pool)
{
	for (unsigned int i = 0; i < POOL_NR_SIZES; i++) {
		struct arena *arena = pool->depot.size[i].arenas, *next;

		for (; arena; arena = next) {
			next = arena->next;
			io_pgtable_port_arena_unmap(arena->base, head_bytes(arena->lg2),
						    TABLE_POOL_ARENA_BYTES);
		}
	}
}

bool pool_reads_zero(const void *ptr, size_t bytes)
{
	const uint64_t *p = ptr;

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
		     !pool_reads_zero(block_ptr(arena_of_block(b, lg2), b), (size_t)1 << lg2)))
			return false;
	return n == c->count[state];
}

/* Counts the blocks of one arena by state; false if its header is broken. */
static bool count_arena(const struct arena *a, size_t count[NR_BLOCK_STATES])
{
	if (a->fresh > a->blocks || a->blocks != TABLE_POOL_ARENA_BYTES >> a->lg2)
		return false;
	for (uint32_t n = 0; n < a->blocks; n++) {
		if (a->block[n].state >= NR_BLOCK_STATES ||
		    (n >= a->fresh) != (a->block[n].state == BLOCK_FRESH))
			return false;
		count[a->block[n].state]++;
	}
	return true;
}

static bool class_is_good(const struct table_pool *pool, unsigned int i, size_t *arena_bytes,
			  size_t *out_bytes)
{
	const struct size_class *c = &pool->depot.size[i];
	size_t count[NR_BLOCK_STATES] = { 0 }, fresh = 0;

	for (const struct arena *a = c->arenas; a; a = a->next) {
		if (a->pool != pool || a->lg2 != i + POOL_MIN_LG2 || !count_arena(a, count))
			return false;
		*arena_bytes += TABLE_POOL_ARENA_BYTES;
	}
	for (const struct arena *a = c->fresh; a; a = a->next_fresh)
		fresh += a->blocks - a->fresh;
	*out_bytes += (count[BLOCK_OUT] + count[BLOCK_CACHED]) << (i + POOL_MIN_LG2);
	return fresh == count[BLOCK_FRESH] && count[BLOCK_ZERO] == c->count[BLOCK_ZERO] &&
	       count[BLOCK_DIRTY] == c->count[BLOCK_DIRTY] &&
	       list_is_good(c, BLOCK_ZERO, i + POOL_MIN_LG2) &&
	       list_is_good(c, BLOCK_DIRTY, i + POOL_MIN_LG2);
}

bool depot_is_good(const struct table_pool *pool, size_t *arena_bytes, size_t *out_bytes)
{
	*arena_bytes = *out_bytes = 0;
	for (unsigned int i = 0; i < POOL_NR_SIZES; i++)
		if (!class_is_good(pool, i, arena_bytes, out_bytes))
			return false;
	return true;
}
