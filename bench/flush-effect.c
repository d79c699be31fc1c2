// SPDX-License-Identifier: GPL-2.0-only
/*
 * flush-effect: bookkeeping of what the software SMMU did, and when. See flush-effect.h.
 */
#include "flush-effect.h"

#include <errno.h>
#include <stdlib.h>

#include "clock.h"

int flush_effect_init(struct flush_effect *e, uint32_t nr, unsigned int queues)
{
	e->nr = nr;
	e->place = calloc(nr, sizeof(*e->place));
	if (!e->place)
		return -ENOMEM;
	for (unsigned int i = 0; i < queues; i++) {
		e->queue[i].named = malloc(nr * sizeof(*e->queue[i].named));
		if (!e->queue[i].named)
			return -ENOMEM;
	}
	return 0;
}

void flush_effect_fini(struct flush_effect *e)
{
	free(e->place);
	for (unsigned int i = 0; i < MODEL_QUEUES; i++)
		free(e->queue[i].named);
}

static void name_part(struct flush_effect *e, struct flush_effect_queue *q, uint32_t at,
		      uint64_t first, uint64_t last)
{
	struct flush_place *p = &e->place[at];
	uint64_t begin = e->base + at * e->step, end = begin + (e->size - 1), n;
	uint32_t left = __atomic_load_n(&p->left, __ATOMIC_ACQUIRE);

	if (!left || first > end || last < begin)
		return;
	begin = first > begin ? first : begin;
	end = last < end ? last : end;
	n = ((end - begin) >> e->granule_lg2) + 1;
	left = left > n ? left - (uint32_t)n : 0;
	__atomic_store_n(&p->left, left, __ATOMIC_RELAXED);
	if (!left)
		q->named[q->nr_named++] = at;
}

/* One address is one descriptor. */
static void on_invalidates(void *ctx, unsigned int queue, const struct model_inval *inval)
{
	struct flush_effect *e = ctx;
	struct flush_effect_queue *q = &e->queue[queue];
	uint64_t leaf = (1ull << e->leaf_lg2) - 1, first = inval->first, last = inval->last;

	if (!first && last == UINT64_MAX) {
		q->whole_ns = bench_clock_ns();
		return;
	}
	if (first == last) {
		first &= ~leaf;
		last |= leaf;
	}
	if (last < e->base)
		return;
	first = first < e->base ? e->base : first;
	for (uint64_t at = (first - e->base) / e->step;
	     at <= (last - e->base) / e->step && at < e->nr; at++)
		name_part(e, q, (uint32_t)at, first, last);
}

static void on_synced(void *ctx, unsigned int queue)
{
	struct flush_effect *e = ctx;
	struct flush_effect_queue *q = &e->queue[queue];
	uint64_t now;

	if (!q->nr_named && !q->whole_ns)
		return;
	now = bench_clock_ns();
	while (q->nr_named)
		__atomic_store_n(&e->place[q->named[--q->nr_named]].clean_ns, now,
				 __ATOMIC_RELEASE);
	if (q->whole_ns) {
		struct flush_whole *w = &q->ring[q->head % FLUSH_WHOLES];

		__atomic_store_n(&w->began_ns, q->whole_ns, __ATOMIC_RELAXED);
		__atomic_store_n(&w->done_ns, now, __ATOMIC_RELAXED);
		__atomic_store_n(&q->head, q->head + 1, __ATOMIC_RELEASE);
		q->whole_ns = 0;
	}
}

static void on_went(void *ctx, const struct iotlb_entry *entry)
{
	struct flush_effect *e = ctx;
	uint64_t at = (entry->iova - e->base) / e->step;

	if (entry->iova >= e->base && at < e->nr &&
	    __atomic_load_n(&e->place[at].mapped, __ATOMIC_ACQUIRE))
		__atomic_store_n(&e->collateral, e->collateral + 1, __ATOMIC_RELAXED);
}

void flush_effect_hooks(struct flush_effect *e, struct model_opts *opts)
{
	opts->invalidates = on_invalidates;
	opts->synced = on_synced;
	opts->went = on_went;
	opts->effect_ctx = e;
}

void flush_effect_mapped(struct flush_effect *e, uint32_t place)
{
	__atomic_store_n(&e->place[place].mapped, 1, __ATOMIC_RELEASE);
}

void flush_effect_unmaps(struct flush_effect *e, uint32_t place)
{
	struct flush_place *p = &e->place[place];

	__atomic_store_n(&p->mapped, 0, __ATOMIC_RELEASE);
	__atomic_store_n(&p->clean_ns, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&p->left, (uint32_t)(e->size >> e->granule_lg2), __ATOMIC_RELEASE);
}

/*
 * The completion of the first one of a queue that began at this time or later; UINT64_MAX: not
 * known.
 */
static uint64_t whole_after(const struct flush_effect_queue *q, uint64_t ns)
{
	uint64_t head = __atomic_load_n(&q->head, __ATOMIC_ACQUIRE);
	uint64_t from = head > FLUSH_WHOLES / 2 ? head - FLUSH_WHOLES / 2 : 0, to = head;

	while (from < to) {
		uint64_t middle = from + (to - from) / 2;

		if (__atomic_load_n(&q->ring[middle % FLUSH_WHOLES].began_ns, __ATOMIC_RELAXED) <
		    ns)
			from = middle + 1;
		else
			to = middle;
	}
	if (from == head)
		return UINT64_MAX;
	return __atomic_load_n(&q->ring[from % FLUSH_WHOLES].done_ns, __ATOMIC_RELAXED);
}

uint64_t flush_effect_exposure(const struct flush_effect *e, uint32_t place, uint64_t reusable_ns,
			       uint64_t now_ns)
{
	uint64_t clean = __atomic_load_n(&e->place[place].clean_ns, __ATOMIC_ACQUIRE);
	uint64_t end = clean && clean < now_ns ? clean : now_ns;

	for (unsigned int i = 0; i < MODEL_QUEUES; i++) {
		uint64_t whole = whole_after(&e->queue[i], reusable_ns);

		end = whole < end ? whole : end;
	}
	return end > reusable_ns ? end - reusable_ns : 0;
}

uint64_t flush_effect_collateral(const struct flush_effect *e)
{
	return __atomic_load_n(&e->collateral, __ATOMIC_RELAXED);
}
