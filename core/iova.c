// SPDX-License-Identifier: GPL-2.0-only
/*
 * The allocator of IOVA ranges (iommu-iova.h): magazines on top of a buddy system.
 *
 * Invariants: every page is in the buddy system, in one magazine, or live; a cache has two
 * magazines of each class, and there are as many more as the depot can hold, so an exchange always
 * finds one: full ones in the depot and empty ones in spare are IOMMU_IOVA_DEPOT for each class
 * together.
 */
#include "iommu-iova.h"

#include <errno.h>
#include <string.h>

#include "core/assert.h"
#include "core/buddy.h"
#include "core/port.h"

#define CLASSES	 IOMMU_IOVA_CLASSES
#define MAGAZINE IOMMU_IOVA_MAGAZINE
#define DEPOT	 IOMMU_IOVA_DEPOT
#define REFILL	 16 /* ranges taken from the buddy system at once: a quarter of a magazine */

_Static_assert(IOMMU_IOVA_PAGES_MAX == 1u << PT_BUDDY_MAX_LG2, "the same bound");

struct magazine {
	uint32_t n;
	uint32_t page[MAGAZINE];
};

struct cache {
	struct port_lock lock __attribute__((aligned(128)));
	struct magazine *loaded[CLASSES], *previous[CLASSES];
	int64_t live_pages; /* given out here less taken back here: may be below 0 */
	uint64_t allocs, frees, hits;
};

struct iommu_iova {
	struct iommu_iova_opts opts;
	struct cache *cache;

	struct port_lock lock __attribute__((aligned(128)));
	struct pt_buddy buddy;
	struct magazine *full[CLASSES][DEPOT];
	struct magazine *spare[CLASSES * DEPOT];
	unsigned int nr_full[CLASSES];
	unsigned int nr_spare;
	int64_t live_pages; /* of what does not go through caches */
	uint64_t allocs, frees, failures;
};

static unsigned int order_of(uint64_t pages)
{
	return pages <= 1 ? 0 : port_lg2(pages - 1) + 1;
}

static struct cache *cache_of_caller(struct iommu_iova *s)
{
	int slot = io_pgtable_port_slot();

	return &s->cache[slot < 0 ? 0 : (uint32_t)slot % s->opts.caches];
}

/* With the space's lock held. */

static void put_back(struct iommu_iova *s, struct magazine *m, unsigned int order)
{
	while (m->n)
		pt_buddy_free(&s->buddy, m->page[--m->n], order);
}

/* A full magazine for the empty one, if the depot has one; otherwise a few ranges from below. */
static struct magazine *refill(struct iommu_iova *s, struct magazine *empty, unsigned int order)
{
	uint32_t page;

	if (s->nr_full[order]) {
		s->spare[s->nr_spare++] = empty;
		return s->full[order][--s->nr_full[order]];
	}
	while (empty->n < REFILL && (page = pt_buddy_alloc(&s->buddy, order)) != PT_BUDDY_NONE)
		empty->page[empty->n++] = page;
	return empty;
}

/* An empty magazine for the full one: the depot takes it, or what is in it goes down. */
static struct magazine *take_full(struct iommu_iova *s, struct magazine *m, unsigned int order)
{
	if (s->nr_full[order] == DEPOT) {
		put_back(s, m, order);
		return m;
	}
	s->full[order][s->nr_full[order]++] = m;
	return s->spare[--s->nr_spare];
}

/* With a cache's lock held. */

static bool cache_alloc(struct iommu_iova *s, struct cache *c, unsigned int order, uint32_t *page)
{
	struct magazine *m = c->loaded[order];
	bool hit = true;

	if (unlikely(!m->n)) {
		c->loaded[order] = c->previous[order];
		c->previous[order] = m;
		hit = c->loaded[order]->n;
		if (!hit) {
			port_lock(&s->lock);
			c->loaded[order] = refill(s, c->loaded[order], order);
			port_unlock(&s->lock);
		}
		m = c->loaded[order];
		if (!m->n)
			return false;
	}
	*page = m->page[--m->n];
	c->live_pages += 1 << order;
	c->allocs++;
	c->hits += hit;
	return true;
}

static void cache_free(struct iommu_iova *s, struct cache *c, unsigned int order, uint32_t page)
{
	struct magazine *m = c->loaded[order];

	if (unlikely(m->n == MAGAZINE)) {
		c->loaded[order] = c->previous[order];
		c->previous[order] = m;
		if (c->loaded[order]->n == MAGAZINE) {
			port_lock(&s->lock);
			c->loaded[order] = take_full(s, c->loaded[order], order);
			port_unlock(&s->lock);
		}
		m = c->loaded[order];
	}
	m->page[m->n++] = page;
	c->live_pages -= 1 << order;
	c->frees++;
}

/* Everything that is cached goes back, from one cache after the other. */
static void noinline drain_all(struct iommu_iova *s)
{
	for (uint32_t i = 0; i < s->opts.caches; i++) {
		struct cache *c = &s->cache[i];

		port_lock(&c->lock);
		port_lock(&s->lock);
		for (unsigned int o = 0; o < CLASSES; o++) {
			put_back(s, c->loaded[o], o);
			put_back(s, c->previous[o], o);
		}
		port_unlock(&s->lock);
		port_unlock(&c->lock);
	}
	port_lock(&s->lock);
	for (unsigned int o = 0; o < CLASSES; o++) {
		while (s->nr_full[o]) {
			struct magazine *m = s->full[o][--s->nr_full[o]];

			put_back(s, m, o);
			s->spare[s->nr_spare++] = m;
		}
	}
	port_unlock(&s->lock);
}

/* Past the caches. */
static bool alloc_below(struct iommu_iova *s, unsigned int order, bool last, uint32_t *page)
{
	port_lock(&s->lock);
	*page = pt_buddy_alloc(&s->buddy, order);
	if (*page != PT_BUDDY_NONE) {
		s->live_pages += 1ll << order;
		s->allocs++;
	} else if (last) {
		s->failures++;
	}
	port_unlock(&s->lock);
	return *page != PT_BUDDY_NONE;
}

static bool alloc_cached(struct iommu_iova *s, unsigned int order, uint32_t *page)
{
	struct cache *c = cache_of_caller(s);
	bool done;

	port_lock(&c->lock);
	done = cache_alloc(s, c, order, page);
	port_unlock(&c->lock);
	return done;
}

static bool is_cached(const struct iommu_iova *s, unsigned int order)
{
	return order < CLASSES && s->opts.caches;
}

static uint64_t pages_of(const struct iommu_iova *s, uint64_t size)
{
	return ((size - 1) >> s->opts.page_lg2) + 1;
}

int iommu_iova_alloc(struct iommu_iova *space, uint64_t size, uint64_t *iova)
{
	struct iommu_iova *s = space;
	unsigned int order;
	uint32_t page;
	bool done;

	if (misuse(!size || pages_of(s, size) > s->opts.pages, "iommu_iova_alloc: the size"))
		return -EINVAL;
	order = order_of(pages_of(s, size));
	if (likely(is_cached(s, order)))
		done = alloc_cached(s, order, &page);
	else
		done = alloc_below(s, order, !s->opts.caches, &page);
	if (unlikely(!done)) {
		if (!s->opts.caches)
			return -ENOSPC;
		drain_all(s);
		if (!alloc_below(s, order, true, &page))
			return -ENOSPC;
	}
	*iova = s->opts.base + ((uint64_t)page << s->opts.page_lg2);
	return 0;
}

/* Could it have been given out? */
static bool is_range(const struct iommu_iova *s, uint64_t iova, uint64_t size)
{
	uint64_t at = iova - s->opts.base, pages;

	if (!size || at & ((1ull << s->opts.page_lg2) - 1))
		return false;
	pages = pages_of(s, size);
	if (pages > s->opts.pages)
		return false;
	at >>= s->opts.page_lg2;
	pages = 1ull << order_of(pages);
	return !(at & (pages - 1)) && at + pages <= s->opts.pages;
}

void iommu_iova_free(struct iommu_iova *space, uint64_t iova, uint64_t size)
{
	struct iommu_iova *s = space;
	unsigned int order;
	uint32_t page;

	if (misuse(!is_range(s, iova, size), "iommu_iova_free: no such range"))
		return;
	page = (uint32_t)((iova - s->opts.base) >> s->opts.page_lg2);
	order = order_of(pages_of(s, size));
	if (likely(is_cached(s, order))) {
		struct cache *c = cache_of_caller(s);

		port_lock(&c->lock);
		cache_free(s, c, order, page);
		port_unlock(&c->lock);
		return;
	}
	port_lock(&s->lock);
	pt_assert_slow(!pt_buddy_has_free(&s->buddy, page, order));
	pt_buddy_free(&s->buddy, page, order);
	s->live_pages -= 1ll << order;
	s->frees++;
	port_unlock(&s->lock);
}

/* Making and checking. */

static size_t magazines_of(const struct iommu_iova_opts *o)
{
	return o->caches ? ((size_t)o->caches * 2 + DEPOT) * CLASSES : 0;
}

static bool opts_are_good(const struct iommu_iova_opts *o)
{
	uint64_t bytes = (uint64_t)o->pages << (o->page_lg2 & 31);

	return o->pages && o->pages <= IOMMU_IOVA_PAGES_MAX && o->page_lg2 < 32 &&
	       o->caches <= IOMMU_IOVA_CACHES_MAX && !(o->base & ((1ull << o->page_lg2) - 1)) &&
	       o->base + (bytes - 1) >= o->base;
}

size_t iommu_iova_bytes(const struct iommu_iova_opts *opts)
{
	size_t bytes;

	if (!opts_are_good(opts))
		return 0;
	bytes = sizeof(struct iommu_iova) + opts->caches * sizeof(struct cache) +
		magazines_of(opts) * sizeof(struct magazine) + pt_buddy_bytes(opts->pages);
	return (bytes + 127) & ~(size_t)127; /* aligned_alloc() wants whole alignments */
}

struct iommu_iova *iommu_iova_create(const struct iommu_iova_opts *opts, void *memory)
{
	struct iommu_iova *s = memory;
	struct magazine *m;

	if (!opts_are_good(opts) || (uintptr_t)memory & 127)
		return NULL;
	memset(memory, 0, iommu_iova_bytes(opts));
	s->opts = *opts;
	s->cache = (struct cache *)(s + 1);
	m = (struct magazine *)(s->cache + opts->caches);
	for (uint32_t i = 0; i < opts->caches; i++) {
		for (unsigned int o = 0; o < CLASSES; o++) {
			s->cache[i].loaded[o] = m++;
			s->cache[i].previous[o] = m++;
		}
	}
	for (unsigned int i = 0; i < CLASSES * DEPOT && opts->caches; i++)
		s->spare[s->nr_spare++] = m++;
	pt_buddy_init(&s->buddy, opts->pages, m);
	return s;
}

static uint64_t cached_pages(struct cache *c)
{
	uint64_t n = 0;

	for (unsigned int o = 0; o < CLASSES; o++)
		n += (uint64_t)(c->loaded[o]->n + c->previous[o]->n) << o;
	return n;
}

void iommu_iova_get_stats(struct iommu_iova *space, struct iommu_iova_stats *stats)
{
	struct iommu_iova *s = space;
	int64_t live;

	memset(stats, 0, sizeof(*stats));
	port_lock(&s->lock);
	live = s->live_pages;
	stats->allocs = s->allocs;
	stats->frees = s->frees;
	stats->failures = s->failures;
	for (unsigned int o = 0; o < CLASSES; o++)
		stats->cached_pages += (uint64_t)s->nr_full[o] * MAGAZINE << o;
	port_unlock(&s->lock);
	for (uint32_t i = 0; i < s->opts.caches; i++) {
		struct cache *c = &s->cache[i];

		port_lock(&c->lock);
		live += c->live_pages;
		stats->allocs += c->allocs;
		stats->frees += c->frees;
		stats->hits += c->hits;
		stats->cached_pages += cached_pages(c);
		port_unlock(&c->lock);
	}
	stats->live_pages = (uint64_t)live;
}

static bool magazine_is_good(const struct iommu_iova *s, const struct magazine *m,
			     unsigned int order)
{
	if (m->n > MAGAZINE)
		return false;
	for (uint32_t i = 0; i < m->n; i++)
		if (m->page[i] & ((1u << order) - 1) ||
		    m->page[i] > s->opts.pages - (1u << order) ||
		    pt_buddy_has_free(&s->buddy, m->page[i], order))
			return false;
	return true;
}

int iommu_iova_validate(struct iommu_iova *space)
{
	struct iommu_iova *s = space;
	struct iommu_iova_stats stats;
	bool good = pt_buddy_is_good(&s->buddy);
	unsigned int magazines = s->nr_spare;

	for (unsigned int o = 0; o < CLASSES; o++) {
		magazines += s->nr_full[o];
		for (unsigned int i = 0; i < s->nr_full[o]; i++)
			good &= s->full[o][i]->n == MAGAZINE &&
				magazine_is_good(s, s->full[o][i], o);
		for (uint32_t i = 0; i < s->opts.caches; i++)
			good &= magazine_is_good(s, s->cache[i].loaded[o], o) &&
				magazine_is_good(s, s->cache[i].previous[o], o);
	}
	for (unsigned int i = 0; i < s->nr_spare; i++)
		good &= !s->spare[i]->n;
	iommu_iova_get_stats(s, &stats);
	good &= !s->opts.caches || magazines == CLASSES * DEPOT;
	good &= stats.live_pages + stats.cached_pages + s->buddy.free_pages == s->opts.pages;
	return good ? 0 : -EUCLEAN;
}
