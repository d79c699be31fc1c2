// SPDX-License-Identifier: GPL-2.0-only
/*
 * Table memory with a state per block and a view for a walker that does not snoop (memory.h).
 */
#include "model/memory.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define NONE UINT32_MAX

/* Aligned like the largest table, so that an offset is as aligned as the addresses made of it. */
static void *reserve(size_t bytes)
{
	const size_t align = 2u << 20;
	char *map = mmap(NULL, bytes + align, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *p = (char *)(((uintptr_t)map + align - 1) & ~(uintptr_t)(align - 1));

	if (map == MAP_FAILED)
		abort();
	if (p > map)
		munmap(map, (size_t)(p - map));
	munmap(p + bytes, (size_t)(map + align - p));
	return p;
}

void model_memory_init(struct model_memory *m, size_t bytes, uint64_t pa_base, bool coherent)
{
	memset(m, 0, sizeof(*m));
	m->units = (uint32_t)(bytes / MODEL_UNIT);
	m->base = reserve(bytes);
	m->shadow = coherent ? NULL : reserve(bytes);
	m->pa_base = pa_base ? pa_base : (uintptr_t)m->base;
	m->state = calloc(m->units, sizeof(*m->state));
	m->next = calloc(m->units, sizeof(*m->next));
	if (!m->state || !m->next)
		abort();
	for (unsigned int i = 0; i < MODEL_SIZES; i++)
		m->head[i] = m->tail[i] = NONE;
	pthread_mutex_init(&m->lock, NULL);
	for (unsigned int i = 0; i < MODEL_LINE_LOCKS; i++)
		pthread_mutex_init(&m->line[i], NULL);
}

void model_memory_fini(struct model_memory *m)
{
	munmap(m->base, (size_t)m->units * MODEL_UNIT);
	if (m->shadow)
		munmap(m->shadow, (size_t)m->units * MODEL_UNIT);
	free(m->state);
	free(m->next);
}

/* log2 of the units of a block. */
static unsigned int size_class(size_t bytes)
{
	unsigned int lg2 = 0;

	while (((size_t)MODEL_UNIT << lg2) < bytes)
		lg2++;
	if (lg2 >= MODEL_SIZES)
		abort();
	return lg2;
}

static uint32_t take_new(struct model_memory *m, unsigned int lg2)
{
	uint64_t skew = (uintptr_t)m->base / MODEL_UNIT, n = 1ull << lg2;
	uint64_t first = ((skew + m->used + n - 1) & ~(n - 1)) - skew;

	if (first + n > m->units)
		return NONE;
	m->used = (uint32_t)(first + n);
	return (uint32_t)first;
}

static uint32_t take_freed(struct model_memory *m, unsigned int lg2)
{
	uint32_t unit = m->head[lg2];

	if (unit == NONE)
		return NONE;
	m->head[lg2] = m->next[unit];
	if (m->head[lg2] == NONE)
		m->tail[lg2] = NONE;
	m->reused++;
	return unit;
}

static uint32_t take(struct model_memory *m, unsigned int lg2)
{
	uint32_t unit = m->reuse_early ? take_freed(m, lg2) : take_new(m, lg2);

	if (unit == NONE)
		unit = m->reuse_early ? take_new(m, lg2) : take_freed(m, lg2);
	return unit;
}

/* A late walker may be reading. */
static void fill_atomic(uint8_t *p, size_t bytes, uint64_t value)
{
	for (size_t i = 0; i < bytes / 8; i++)
		__atomic_store_n((uint64_t *)(void *)p + i, value, __ATOMIC_RELAXED);
}

static void set_state(struct model_memory *m, uint32_t unit, unsigned int lg2, uint8_t state)
{
	for (uint32_t i = 0; i < 1u << lg2; i++)
		__atomic_store_n(&m->state[unit + i], state, __ATOMIC_RELEASE);
}

static void *hook_alloc(void *ctx, size_t size_bytes, unsigned int flags)
{
	struct model_memory *m = ctx;
	unsigned int lg2 = size_class(size_bytes);
	size_t block = (size_t)MODEL_UNIT << lg2;
	uint32_t unit;
	uint8_t *p;

	pthread_mutex_lock(&m->lock);
	unit = take(m, lg2);
	if (unit != NONE)
		m->live_bytes += block;
	pthread_mutex_unlock(&m->lock);
	if (unit == NONE)
		return NULL;
	p = m->base + (size_t)unit * MODEL_UNIT;
	if (flags & IO_PGTABLE_MEM_ZERO)
		memset(p, 0, block);
	if (m->shadow)
		fill_atomic(m->shadow + (p - m->base), block, MODEL_UNCLEAN);
	set_state(m, unit, lg2, 1);
	return p;
}

static bool is_zero(const uint8_t *p, size_t bytes)
{
	for (size_t i = 0; i < bytes / 8; i++)
		if (__atomic_load_n((const uint64_t *)(const void *)p + i, __ATOMIC_RELAXED))
			return false;
	return true;
}

static void bad_free(struct model_memory *m, const char *what)
{
	if (m->on_bad_free)
		m->on_bad_free(m->ctx, what);
}

static void hook_free(void *ctx, void *ptr, size_t size_bytes, unsigned int flags)
{
	struct model_memory *m = ctx;
	unsigned int lg2 = size_class(size_bytes);
	size_t block = (size_t)MODEL_UNIT << lg2, offset = (size_t)((uint8_t *)ptr - m->base);
	uint32_t unit = (uint32_t)(offset / MODEL_UNIT);

	if (!__atomic_load_n(&m->state[unit], __ATOMIC_ACQUIRE)) {
		bad_free(m, "a table was freed twice");
		return;
	}
	if ((flags & IO_PGTABLE_MEM_ZERO) && !is_zero(ptr, size_bytes))
		bad_free(m, "a table freed as zero is not");
	if (m->on_free)
		m->on_free(m->ctx, m->pa_base + offset, block);
	set_state(m, unit, lg2, 0);
	fill_atomic(ptr, block, MODEL_POISON);
	pthread_mutex_lock(&m->lock);
	m->next[unit] = NONE;
	if (m->tail[lg2] == NONE)
		m->head[lg2] = unit;
	else
		m->next[m->tail[lg2]] = unit;
	m->tail[lg2] = unit;
	m->live_bytes -= block;
	m->frees++;
	pthread_mutex_unlock(&m->lock);
}

static phys_addr_t hook_virt_to_phys(void *ctx, const void *ptr)
{
	const struct model_memory *m = ctx;

	return m->pa_base + (uint64_t)((const uint8_t *)ptr - m->base);
}

static void *hook_phys_to_virt(void *ctx, phys_addr_t pa)
{
	const struct model_memory *m = ctx;

	return m->base + (pa - m->pa_base);
}

void model_memory_hooks(struct model_memory *m, struct io_pgtable_mem *hooks)
{
	*hooks = (struct io_pgtable_mem){ .alloc = hook_alloc, .free = hook_free, .ctx = m };
	if (m->pa_base != (uintptr_t)m->base) {
		hooks->virt_to_phys = hook_virt_to_phys;
		hooks->phys_to_virt = hook_phys_to_virt;
	}
}

static void clean_line(struct model_memory *m, size_t offset)
{
	pthread_mutex_t *lock = &m->line[offset / MODEL_LINE % MODEL_LINE_LOCKS];

	pthread_mutex_lock(lock);
	for (size_t i = 0; i < MODEL_LINE; i += 8) {
		uint64_t *from = (uint64_t *)(void *)(m->base + offset + i);
		uint64_t *to = (uint64_t *)(void *)(m->shadow + offset + i);

		__atomic_store_n(to, __atomic_load_n(from, __ATOMIC_ACQUIRE), __ATOMIC_RELEASE);
	}
	pthread_mutex_unlock(lock);
}

void model_memory_clean(struct model_memory *m, const void *ptr, size_t bytes)
{
	size_t first = (size_t)((const uint8_t *)ptr - m->base), end = first + bytes;

	if (!m->shadow)
		return;
	for (size_t at = first & ~(size_t)(MODEL_LINE - 1); at < end; at += MODEL_LINE)
		clean_line(m, at);
}

static uint64_t load_entry(const uint8_t *p, unsigned int entry_bytes)
{
	if (entry_bytes == 4)
		return __atomic_load_n((const uint32_t *)(const void *)p, __ATOMIC_ACQUIRE);
	return __atomic_load_n((const uint64_t *)(const void *)p, __ATOMIC_ACQUIRE);
}

enum model_read model_memory_read(struct model_memory *m, uint64_t pa, unsigned int entry_bytes,
				  uint64_t *out)
{
	uint64_t offset = pa - m->pa_base;
	uint8_t *state;

	if (offset >= (uint64_t)m->units * MODEL_UNIT || (offset & (entry_bytes - 1)))
		return MODEL_READ_OUTSIDE;
	state = &m->state[offset / MODEL_UNIT];
	if (!__atomic_load_n(state, __ATOMIC_ACQUIRE))
		return MODEL_READ_FREED;
	*out = load_entry((m->shadow ? m->shadow : m->base) + offset, entry_bytes);
	/* It may have been freed, and poisoned, just before the load. */
	if (!__atomic_load_n(state, __ATOMIC_ACQUIRE))
		return MODEL_READ_FREED;
	if (m->shadow && *out == (entry_bytes == 4 ? (uint32_t)MODEL_UNCLEAN : MODEL_UNCLEAN))
		return MODEL_READ_UNCLEAN;
	return MODEL_READ_OK;
}
