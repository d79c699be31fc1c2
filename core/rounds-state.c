// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rounds: making, counting, checking (core/rounds.h).
 */
#include <string.h>

#include "core/rounds.h"

static uint32_t capacity_of(const struct iommu_strategy_opts *o)
{
	return o->depth - 1 + CALL_MAX;
}

size_t pt_rounds_bytes(const struct iommu_strategy_opts *opts)
{
	size_t bytes =
		sizeof(struct pt_rounds) +
		opts->lanes * (sizeof(struct lane) + capacity_of(opts) * sizeof(struct post));

	return (bytes + 127) & ~(size_t)127;
}

static bool can_invalidate(const struct io_pgtable *iop, const struct iommu_strategy_opts *opts)
{
	const struct iommu_gather_ops *tlb = iop->cfg.tlb;

	/*
	 * What a round begins with async are ranges of leaves; tables that are reclaimed go by tlb.
	 */
	if (opts->async && iop->cfg.reclaim &&
	    !(tlb && tlb->tlb_sync && (tlb->tlb_add_range || tlb->tlb_add_flush)))
		return false;
	if (opts->async || !tlb)
		return true;
	return tlb->tlb_sync && (tlb->tlb_flush_all || opts->kind != IOMMU_STRATEGY_ADAPTIVE);
}

struct pt_rounds *pt_rounds_create(struct io_pgtable *iop, const struct iommu_strategy_opts *opts,
				   void *memory)
{
	struct pt_rounds *r = memory;
	struct post *post;

	if (!can_invalidate(iop, opts))
		return NULL;
	memset(r, 0, sizeof(*r));
	r->d = pt_domain(iop);
	r->opts = *opts;
	r->adaptive = opts->kind == IOMMU_STRATEGY_ADAPTIVE;
	if (r->adaptive)
		pt_adaptive_init(&r->policy, opts);
	r->capacity = capacity_of(opts);
	r->lane = (struct lane *)(r + 1);
	post = (struct post *)(r->lane + opts->lanes);
	for (uint32_t i = 0; i < opts->lanes; i++, post += r->capacity) {
		memset(&r->lane[i], 0, sizeof(r->lane[i]));
		r->lane[i].post = post;
	}
	return r;
}

void pt_rounds_get_stats(struct pt_rounds *r, struct iommu_strategy_stats *stats)
{
	for (uint32_t i = 0; i < r->opts.lanes; i++) {
		struct lane *l = &r->lane[i];

		port_lock(&l->lock);
		stats->queued += l->queued;
		stats->released += l->released;
		stats->full += l->full;
		if (l->max_used > stats->max_used)
			stats->max_used = l->max_used;
		if (l->max_drained > stats->max_drained)
			stats->max_drained = l->max_drained;
		port_unlock(&l->lock);
	}
	stats->flushes = load(&r->issued);
	while (__atomic_exchange_n(&r->busy, 1, __ATOMIC_ACQUIRE))
		pause(r);
	stats->whole = r->wholes;
	stats->reclaimed = r->reclaimed;
	stats->sync_ns = r->policy.sync_ns >> 4;
	stats->leaf_ns = r->policy.leaf_ns >> 4;
	__atomic_store_n(&r->busy, 0, __ATOMIC_RELEASE);
}

static bool lane_is_good(const struct pt_rounds *r, const struct lane *l)
{
	uint64_t begun = load(&r->begun);

	if (l->used > r->capacity || l->first >= r->capacity || l->pending > l->used ||
	    l->queued - l->released != l->used)
		return false;
	for (uint32_t i = 0; i < l->used; i++) {
		const struct post *p = &l->post[slot(r, l->first + i)];
		bool pending = i >= l->used - l->pending;

		if (p->stamp > begun || p->round > begun || pending != !p->round)
			return false;
	}
	return true;
}

bool pt_rounds_are_good(struct pt_rounds *r)
{
	bool good = load(&r->completed) <= load(&r->begun) && load(&r->whole) <= load(&r->begun);

	for (uint32_t i = 0; i < r->opts.lanes && good; i++) {
		port_lock(&r->lane[i].lock);
		good = lane_is_good(r, &r->lane[i]);
		port_unlock(&r->lane[i].lock);
	}
	return good;
}
