// SPDX-License-Identifier: GPL-2.0-only
/*
 * The checker (checker.h).
 */
#include "model/checker.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* The word of a page: bits 1:0 the state, 37:2 the frame (its number), 63:38 the generation. */
enum page_state { PAGE_FREE, PAGE_MAPPING, PAGE_MAPPED, PAGE_UNMAPPING };

#define FRAME_BITS 36
#define GENERATION (1ull << (2 + FRAME_BITS))

static enum page_state state_of(uint64_t word)
{
	return word & 3;
}

static uint64_t frame_of(uint64_t word)
{
	return word >> 2 & ((1ull << FRAME_BITS) - 1);
}

const char *checker_name(enum model_violation v)
{
	static const char *const name[MODEL_VIOLATIONS] = {
		[MODEL_USE_AFTER_RELEASE] = "translated after its release",
		[MODEL_WRONG_FRAME] = "translated to another frame than is mapped",
		[MODEL_LOST_MAPPING] = "mapped, and the device faulted",
		[MODEL_STALE_AT_RELEASE] = "released while the IOTLB held it",
		[MODEL_NOT_INVALIDATED] = "released without a completed invalidation",
		[MODEL_IOVA_REUSE] = "mapped again while the IOTLB held it",
		[MODEL_TABLE_REUSE] = "a table was freed while the walk cache held it",
		[MODEL_FREED_TABLE] = "a walk read a freed table",
		[MODEL_UNCLEAN_TABLE] = "a walk read a table that was never cleaned",
		[MODEL_BAD_DESCRIPTOR] = "a walk read a malformed descriptor",
		[MODEL_BREAK_BEFORE_MAKE] = "replaced while valid and cached",
		[MODEL_BAD_COMMAND] = "an unpredictable command",
		[MODEL_BAD_FREE] = "a bad free",
	};

	return name[v];
}

void checker_report(struct checker *c, enum model_violation v, uint64_t iova, uint64_t detail)
{
	__atomic_fetch_add(&c->count[v], 1, __ATOMIC_RELAXED);
	if (__atomic_fetch_add(&c->total, 1, __ATOMIC_ACQ_REL))
		return;
	snprintf(c->first, sizeof(c->first), "%s: %#" PRIx64 " (%#" PRIx64 ")", checker_name(v),
		 iova, detail);
}

uint64_t checker_total(const struct checker *c)
{
	return __atomic_load_n(&c->total, __ATOMIC_ACQUIRE);
}

struct checker_window *checker_add_window(struct checker *c, struct model_tag tag, uint64_t iova,
					  size_t pages, unsigned int granule_lg2)
{
	struct checker_window *w = &c->window[c->windows];

	if (c->windows == MODEL_CONTEXTS)
		abort();
	*w = (struct checker_window){
		.tag = tag, .iova = iova, .granule_lg2 = granule_lg2, .pages = pages
	};
	w->page = calloc(pages, sizeof(*w->page));
	if (!w->page)
		abort();
	c->windows++;
	return w;
}

void checker_fini(struct checker *c)
{
	for (unsigned int i = 0; i < c->windows; i++)
		free(c->window[i].page);
}

static struct checker_page *page_at(const struct checker_window *w, uint64_t iova)
{
	uint64_t index = (iova - w->iova) >> w->granule_lg2;

	if (index >= w->pages)
		abort(); /* the test's own mistake */
	return &w->page[index];
}

static uint64_t look(const struct checker_page *p)
{
	return __atomic_load_n(&p->word, __ATOMIC_ACQUIRE);
}

/* A page goes from one state to the next; anything else is the test's own mistake. */
static void move(struct checker_page *p, enum page_state from, enum page_state to, uint64_t frame)
{
	uint64_t word = look(p);

	if (state_of(word) != from)
		abort();
	word = (word & ~(GENERATION - 1)) | frame << 2 | to;
	if (to == PAGE_MAPPING)
		word += GENERATION;
	__atomic_store_n(&p->word, word, __ATOMIC_RELEASE);
}

static uint64_t page_bytes(const struct checker_window *w)
{
	return 1ull << w->granule_lg2;
}

void checker_map_begin(struct checker_window *w, uint64_t iova, uint64_t size, uint64_t pa)
{
	for (uint64_t at = 0; at < size; at += page_bytes(w))
		move(page_at(w, iova + at), PAGE_FREE, PAGE_MAPPING, (pa + at) >> w->granule_lg2);
}

void checker_map_end(struct checker_window *w, uint64_t iova, uint64_t size)
{
	for (uint64_t at = 0; at < size; at += page_bytes(w)) {
		struct checker_page *p = page_at(w, iova + at);

		move(p, PAGE_MAPPING, PAGE_MAPPED, frame_of(look(p)));
	}
}

void checker_unmap_begin(struct checker_window *w, uint64_t iova, uint64_t size, uint64_t seq,
			 uint64_t block_bytes, unsigned int level)
{
	uint64_t head = iova & ~(block_bytes - 1);

	for (uint64_t at = 0; at < size; at += page_bytes(w)) {
		struct checker_page *p = page_at(w, iova + at);

		p->stamp = seq;
		/* A block that begins before the window is as good as its part in it. */
		p->head = head < w->iova ? 0 : (uint32_t)((head - w->iova) >> w->granule_lg2);
		p->level = (uint8_t)level;
		move(p, PAGE_MAPPED, PAGE_UNMAPPING, frame_of(look(p)));
	}
}

/* The word of an invalidation: bits 1:0 the queue, 5:2 the level. */
#define TLBI_ANY 15u

static uint64_t tlbi_word(const struct model_inval *inval, uint64_t seq, unsigned int queue)
{
	uint64_t level = inval->level == MODEL_ANY_LEVEL ? TLBI_ANY : inval->level;

	return seq << 6 | level << 2 | queue;
}

static bool is_complete(const struct checker *c, uint64_t tlbi)
{
	return tlbi >> 6 <= __atomic_load_n(&c->synced[tlbi & 3], __ATOMIC_ACQUIRE);
}

static bool is_for(const struct checker *c, const struct checker_page *p, uint64_t tlbi)
{
	unsigned int level = tlbi >> 2 & 15;

	return tlbi >> 6 > p->stamp && (level == TLBI_ANY || level == p->level) &&
	       is_complete(c, tlbi);
}

/*
 * Is the last invalidation that named page `named` one for page p, and complete? If it is not
 * complete it may be another thread's, and the one before it counts (read second: it is written
 * first).
 */
static bool is_named(const struct checker *c, const struct checker_page *p,
		     const struct checker_page *named)
{
	for (unsigned int q = 0; q < MODEL_QUEUES; q++)
		if (is_for(c, p, __atomic_load_n(&named->tlbi[q], __ATOMIC_ACQUIRE)) ||
		    is_for(c, p, __atomic_load_n(&named->earlier[q], __ATOMIC_ACQUIRE)))
			return true;
	return false;
}

/* An invalidation that began after the unmap did, and is complete. */
static bool is_invalidated(const struct checker *c, const struct checker_window *w,
			   const struct checker_page *p)
{
	return __atomic_load_n(&w->all_done, __ATOMIC_ACQUIRE) > p->stamp || is_named(c, p, p) ||
	       is_named(c, p, &w->page[p->head]);
}

void checker_release(struct checker *c, struct checker_window *w, uint64_t iova, uint64_t size)
{
	for (uint64_t at = 0; at < size; at += page_bytes(w)) {
		struct checker_page *p = page_at(w, iova + at);

		if (!is_invalidated(c, w, p))
			checker_report(c, MODEL_NOT_INVALIDATED, iova + at, p->stamp);
		move(p, PAGE_UNMAPPING, PAGE_FREE, frame_of(look(p)));
	}
}

static void cover(struct checker *c, struct checker_window *w, const struct model_inval *inval,
		  uint64_t tlbi)
{
	uint64_t last_iova = w->iova + ((w->pages << w->granule_lg2) - 1);
	uint64_t first = inval->first > w->iova ? inval->first : w->iova;
	uint64_t last = inval->last < last_iova ? inval->last : last_iova;

	if (first > last)
		return;
	for (uint64_t i = (first - w->iova) >> w->granule_lg2;
	     i <= (last - w->iova) >> w->granule_lg2; i++) {
		struct checker_page *p = &w->page[i];
		unsigned int queue = tlbi & 3;
		uint64_t old = __atomic_load_n(&p->tlbi[queue], __ATOMIC_RELAXED);

		if (is_complete(c, old))
			__atomic_store_n(&p->earlier[queue], old, __ATOMIC_RELEASE);
		__atomic_store_n(&p->tlbi[queue], tlbi, __ATOMIC_RELEASE);
	}
}

void checker_invalidated(struct checker *c, const struct model_inval *inval, uint64_t seq,
			 unsigned int queue)
{
	for (unsigned int i = 0; i < c->windows; i++) {
		struct checker_window *w = &c->window[i];

		if (!model_tag_matches(inval, w->tag))
			continue;
		if (!inval->first && inval->last == UINT64_MAX)
			w->all_pending[queue] = seq;
		else
			cover(c, w, inval, tlbi_word(inval, seq, queue));
	}
}

void checker_sync(struct checker *c, uint64_t seq, unsigned int queue)
{
	__atomic_store_n(&c->synced[queue], seq, __ATOMIC_RELEASE);
	for (unsigned int i = 0; i < c->windows; i++) {
		struct checker_window *w = &c->window[i];

		if (w->all_pending[queue] > w->all_done)
			__atomic_store_n(&w->all_done, w->all_pending[queue], __ATOMIC_RELEASE);
	}
}

uint64_t checker_look(const struct checker_window *w, uint64_t iova)
{
	return look(page_at(w, iova));
}

void checker_touch(struct checker *c, const struct checker_window *w, uint64_t iova, uint64_t pa)
{
	uint64_t word = checker_look(w, iova);

	if (state_of(word) == PAGE_FREE)
		checker_report(c, MODEL_USE_AFTER_RELEASE, iova, pa);
	else if (frame_of(word) != pa >> w->granule_lg2)
		checker_report(c, MODEL_WRONG_FRAME, iova, pa);
}

void checker_fault(struct checker *c, const struct checker_window *w, uint64_t iova,
		   uint64_t before)
{
	if (state_of(before) == PAGE_MAPPED && checker_look(w, iova) == before)
		checker_report(c, MODEL_LOST_MAPPING, iova, before);
}
