// SPDX-License-Identifier: GPL-2.0-only
/* See kept.h. */
#include <pthread.h>

#include "kept.h"

#define POISON 0xdead0000dead0fffull
#define KEPT   64

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
	uint64_t *ptr;
	size_t bytes;
} kept[KEPT];
static size_t nr_freed, written_late, freed_early, live;
static __thread size_t unsynced, unannounced;
static __thread bool announced;

static bool is_poison(const uint64_t *p, size_t bytes)
{
	for (size_t i = 0; i < bytes / sizeof(*p); i++)
		if (__atomic_load_n(p + i, __ATOMIC_RELAXED) != POISON)
			return false;
	return true;
}

/* What was kept there is given back for good. */
static void forget(size_t i)
{
	if (kept[i].ptr)
		written_late += !is_poison(kept[i].ptr, kept[i].bytes);
	free(kept[i].ptr);
	kept[i].ptr = NULL;
}

static void *kept_alloc(void *ctx, size_t bytes, unsigned int flags)
{
	uint64_t *p = aligned_alloc(bytes, bytes);

	announced = false;
	for (size_t i = 0; p && i < bytes / sizeof(*p); i++)
		p[i] = flags & IO_PGTABLE_MEM_ZERO ? 0 : POISON;
	__atomic_fetch_add(&live, p != NULL, __ATOMIC_RELAXED);
	return p;
}

static void kept_free(void *ctx, void *ptr, size_t bytes, unsigned int flags)
{
	size_t bad = 0, i;
	uint64_t *p = ptr;

	for (i = 0; i < bytes / sizeof(*p); i++) {
		bad |= (flags & IO_PGTABLE_MEM_ZERO) && p[i];
		p[i] = POISON;
	}
	unannounced += !announced;
	pthread_mutex_lock(&lock);
	written_late += bad;
	freed_early += unsynced != 0;
	i = nr_freed++ % KEPT;
	forget(i);
	kept[i].ptr = p;
	kept[i].bytes = bytes;
	pthread_mutex_unlock(&lock);
	__atomic_fetch_sub(&live, 1, __ATOMIC_RELAXED);
}

const struct io_pgtable_mem kept_mem = { .alloc = kept_alloc, .free = kept_free };

static void on_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf, void *cookie)
{
	unsynced += !leaf;
	announced = false;
}

static void on_sync(void *cookie)
{
	announced |= unsynced != 0;
	unsynced = 0;
}

static void on_clean(void *ptr, size_t size, void *cookie)
{
}

const struct iommu_gather_ops kept_driver = {
	.tlb_flush_all = on_sync,
	.tlb_sync = on_sync,
	.tlb_add_range = on_range,
	.flush_pgtable = on_clean,
};

size_t kept_unannounced(void)
{
	return unannounced;
}

void kept_end(void)
{
	for (size_t i = 0; i < KEPT; i++)
		forget(i);
	assert_int_equal(written_late, 0);
	assert_int_equal(freed_early, 0);
	assert_int_equal(live, 0);
	written_late = freed_early = 0;
}
