// SPDX-License-Identifier: GPL-2.0-only
/*
 * The walk cache (walk-cache.h).
 */
#include "model/walk-cache.h"

#include <errno.h>
#include <stdlib.h>

void walk_cache_init(struct walk_cache *wc, unsigned int size_lg2)
{
	*wc = (struct walk_cache){ .size_lg2 = size_lg2 };
	wc->entry = calloc((size_t)WALK_LEVELS << size_lg2, sizeof(*wc->entry));
	if (!wc->entry)
		abort();
}

void walk_cache_fini(struct walk_cache *wc)
{
	free(wc->entry);
}

static size_t entries(const struct walk_cache *wc)
{
	return (size_t)WALK_LEVELS << wc->size_lg2;
}

/* What a table of this level covers is one entry of the level above. */
static unsigned int cover_lg2(const struct walk_regime *r, unsigned int level)
{
	return r->level[level].shift + r->level[level].bits;
}

static struct walk_cache_entry *slot_of(struct walk_cache *wc, const struct walk_regime *r,
					unsigned int level, uint64_t ia)
{
	size_t index = (size_t)(ia >> cover_lg2(r, level)) & (((size_t)1 << wc->size_lg2) - 1);

	return &wc->entry[((size_t)level << wc->size_lg2) + index];
}

static bool is_same(const struct walk_cache_entry *e, struct model_tag tag, uint64_t iova)
{
	return e->valid && e->tag.stage == tag.stage && e->tag.asid == tag.asid &&
	       e->tag.vmid == tag.vmid && e->first <= iova && iova <= e->last;
}

bool walk_cache_start(struct walk_cache *wc, struct model_tag tag, const struct walk_regime *r,
		      uint64_t ia, struct walk *w)
{
	for (unsigned int l = 0; ia <= r->ia_last && l < r->top; l++) {
		const struct walk_cache_entry *e = slot_of(wc, r, l, ia);

		if (!is_same(e, tag, walk_iova(r, ia)))
			continue;
		w->from = l;
		w->table[l] = e->pa;
		return true;
	}
	w->from = r->top;
	w->table[r->top] = walk_root(r, ia);
	return false;
}

void walk_cache_fill(struct walk_cache *wc, struct model_tag tag, const struct walk_regime *r,
		     uint64_t ia, const struct walk *w)
{
	for (unsigned int l = w->level; l < w->from; l++) {
		uint64_t cover = 1ull << cover_lg2(r, l), first = ia & ~(cover - 1);

		*slot_of(wc, r, l, ia) = (struct walk_cache_entry){
			.valid = true,
			.tag = tag,
			.first = walk_iova(r, first),
			.last = walk_iova(r, first + (cover - 1)),
			.pa = w->table[l],
		};
	}
}

unsigned int walk_cache_invalidate(struct walk_cache *wc, const struct model_inval *inval)
{
	unsigned int n = 0;

	if (inval->leaf)
		return 0;
	for (size_t i = 0; i < entries(wc); i++) {
		struct walk_cache_entry *e = &wc->entry[i];

		if (!e->valid || e->first > inval->last || inval->first > e->last ||
		    !model_tag_matches(inval, e->tag))
			continue;
		e->valid = false;
		n++;
	}
	wc->invalidated += n;
	return n;
}

bool walk_cache_holds(const struct walk_cache *wc, uint64_t pa, size_t bytes)
{
	for (size_t i = 0; i < entries(wc); i++)
		if (wc->entry[i].valid && wc->entry[i].pa - pa < bytes)
			return true;
	return false;
}

int walk_cache_validate(const struct walk_cache *wc)
{
	for (size_t i = 0; i < entries(wc); i++) {
		const struct walk_cache_entry *e = &wc->entry[i];
		uint64_t mask = e->last - e->first;

		if (!e->valid)
			continue;
		if (!e->pa || (e->pa & 63) || !mask || (mask & (mask + 1)) || (e->first & mask))
			return -EUCLEAN;
	}
	return 0;
}
