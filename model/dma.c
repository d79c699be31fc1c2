// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices behind the modelled SMMU (dma.h).
 */
#include "model/dma.h"

#include <sched.h>
#include <stdlib.h>

void dma_device_init(struct dma_device *d, struct smmu_model *m, uint64_t seed)
{
	*d = (struct dma_device){ .smmu = m, .random = seed | 1 };
	pthread_mutex_lock(&m->lock);
	if (m->devices == MODEL_DEVICES)
		abort();
	m->device[m->devices++] = d;
	pthread_mutex_unlock(&m->lock);
}

void dma_invalidated(struct dma_device *d, const struct model_inval *inval)
{
	if (!d->walking)
		return;
	if (d->missed < DMA_MISSED)
		d->inval[d->missed] = *inval;
	d->missed++;
}

void dma_drain(struct dma_device *d)
{
	uint64_t busy = __atomic_load_n(&d->busy, __ATOMIC_ACQUIRE);

	if (!(busy & 1))
		return;
	while (__atomic_load_n(&d->busy, __ATOMIC_ACQUIRE) == busy)
		sched_yield();
}

static bool one_in(struct dma_device *d, unsigned int n)
{
	d->random = d->random * 6364136223846793005ull + 1442695040888963407ull;
	return n && (d->random >> 33) % n == 0;
}

/* From the IOTLB: true if it is there. A walk is begun if it is not, and now and then if it is. */
static bool look_up(struct dma_device *d, const struct model_context *c, uint64_t iova,
		    struct iotlb_entry *found, struct walk *w)
{
	struct smmu_model *m = d->smmu;
	struct iotlb_entry *e;

	pthread_mutex_lock(&m->lock);
	e = iotlb_find(&m->iotlb, c->tag, iova, iova);
	if (e)
		*found = *e;
	d->walking = !e || one_in(d, m->opts.speculate);
	d->missed = 0;
	if (d->walking)
		d->shortened += walk_cache_start(&m->walk_cache, c->tag, &c->regime,
						 walk_ia(&c->regime, iova), w);
	pthread_mutex_unlock(&m->lock);
	return e;
}

/* Under the lock: may what a walk found be cached? */
static bool is_fresh(const struct dma_device *d, const struct iotlb_entry *e)
{
	if (d->missed > DMA_MISSED)
		return false;
	for (unsigned int i = 0; i < d->missed; i++)
		if (iotlb_matches(e, &d->inval[i]))
			return false;
	return true;
}

static bool tables_are_fresh(const struct dma_device *d, struct model_tag tag)
{
	if (d->missed > DMA_MISSED)
		return false;
	for (unsigned int i = 0; i < d->missed; i++)
		if (!d->inval[i].leaf && model_tag_matches(&d->inval[i], tag))
			return false;
	return true;
}

static void cache(struct dma_device *d, const struct model_context *c, const struct iotlb_entry *e)
{
	struct smmu_model *m = d->smmu;
	const struct iotlb_entry *old;
	bool moved, resized;

	if (!is_fresh(d, e)) {
		d->dropped++;
		return;
	}
	old = iotlb_find(&m->iotlb, e->tag, e->iova, e->iova + ((1ull << e->size_lg2) - 1));
	moved = old && old->pa - old->iova != e->pa - e->iova;
	resized = old && old->level != e->level;
	if (moved || (resized && !c->regime.may_meet))
		checker_report(&m->checker, MODEL_BREAK_BEFORE_MAKE, e->iova, old->iova);
	else if (!old || !iotlb_has(&m->iotlb, e)) /* there may be both, also of entry_of() */
		iotlb_insert(&m->iotlb, e);
}

static enum dma_result bad_walk(struct dma_device *d, enum walk_status status, uint64_t iova,
				const struct walk *w)
{
	static const enum model_violation violation[] = {
		[WALK_INVALID] = MODEL_BAD_DESCRIPTOR,
		[WALK_OUTSIDE] = MODEL_BAD_DESCRIPTOR,
		[WALK_FREED] = MODEL_FREED_TABLE,
		[WALK_UNCLEAN] = MODEL_UNCLEAN_TABLE,
	};

	checker_report(&d->smmu->checker, violation[status], iova, w->table[w->level]);
	return DMA_BAD;
}

/*
 * A leaf of several entries may be cached as one, or the entry that was read by itself: now this,
 * now that.
 */
static struct iotlb_entry entry_of(struct dma_device *d, const struct model_context *c,
				   uint64_t iova, const struct walk *w)
{
	unsigned int size_lg2 = w->size_lg2, entry_lg2 = c->regime.level[w->level].shift;

	if (size_lg2 > entry_lg2 && one_in(d, 2))
		size_lg2 = entry_lg2;
	return (struct iotlb_entry){
		.read = w->read,
		.write = w->write,
		.tag = c->tag,
		.level = (uint8_t)w->level,
		.size_lg2 = (uint8_t)size_lg2,
		.iova = iova >> size_lg2 << size_lg2,
		.pa = w->pa + ((iova & ((1ull << w->size_lg2) - 1)) >> size_lg2 << size_lg2),
	};
}

static enum dma_result walk(struct dma_device *d, const struct model_context *c, uint64_t iova,
			    struct iotlb_entry *found, struct walk *w)
{
	struct smmu_model *m = d->smmu;
	uint64_t ia = walk_ia(&c->regime, iova);
	enum walk_status status = walk_run(&c->regime, &m->memory, ia, w);

	d->walks++;
	if (status == WALK_OK)
		*found = entry_of(d, c, iova, w);
	pthread_mutex_lock(&m->lock);
	if ((status == WALK_OK || status == WALK_FAULT) && tables_are_fresh(d, c->tag))
		walk_cache_fill(&m->walk_cache, c->tag, &c->regime, ia, w);
	if (status == WALK_OK)
		cache(d, c, found);
	d->walking = false;
	pthread_mutex_unlock(&m->lock);
	if (status == WALK_OK || status == WALK_FAULT)
		return status == WALK_OK ? DMA_OK : DMA_FAULT;
	return bad_walk(d, status, iova, w);
}

static enum dma_result translate(struct dma_device *d, const struct model_context *c, uint64_t iova,
				 struct iotlb_entry *e)
{
	struct walk w = { 0 };
	struct iotlb_entry walked;

	if (look_up(d, c, iova, e, &w)) {
		d->hits++;
		if (d->walking)
			walk(d, c, iova, &walked, &w);
		return DMA_OK;
	}
	return walk(d, c, iova, e, &w);
}

enum dma_result dma_access(struct dma_device *d, const struct model_context *c, uint64_t iova,
			   bool write)
{
	struct checker *checker = &d->smmu->checker;
	struct iotlb_entry e = { 0 };
	enum dma_result result;
	uint64_t before;

	__atomic_fetch_add(&d->busy, 1, __ATOMIC_SEQ_CST);
	before = checker_look(c->window, iova);
	result = translate(d, c, iova, &e);
	d->accesses++;
	if (result == DMA_FAULT) {
		d->faults++;
		checker_fault(checker, c->window, iova, before);
	} else if (result == DMA_OK && !(write ? e.write : e.read)) {
		result = DMA_DENIED;
	} else if (result == DMA_OK) {
		d->pa = e.pa | (iova & ((1ull << e.size_lg2) - 1));
		checker_touch(checker, c->window, iova, d->pa);
	}
	__atomic_fetch_add(&d->busy, 1, __ATOMIC_SEQ_CST);
	return result;
}
