// SPDX-License-Identifier: GPL-2.0-only
/*
 * Strategies by name: those that invalidate before they return, those with a flush queue, and the
 * way to those with rounds (core/rounds.c).
 *
 * Invariants: a release comes after the invalidation of its range is complete, except in "none";
 * every strategy answers every call, with nothing to do where it holds nothing.
 */
#include "core/strategy.h"

#include <errno.h>
#include <string.h>

#include "core/assert.h"
#include "core/gather.h"

#define MS 1000000ull

static const struct iommu_strategy_info infos[IOMMU_STRATEGIES] = {
	[IOMMU_STRATEGY_NONE] = { .name = "none" },
	[IOMMU_STRATEGY_STRICT_PAGE] = { .name = "strict-page",
					 .zero_exposure = true,
					 .no_range_commands = true },
	[IOMMU_STRATEGY_GATHER] = { .name = "gather",
				    .zero_exposure = true,
				    .no_range_commands = true },
	[IOMMU_STRATEGY_GATHER_RIL] = { .name = "gather-ril",
					.zero_exposure = true,
					.range_commands = true },
	[IOMMU_STRATEGY_FQ_PERCPU] = { .name = "fq-percpu", .depth = 256, .timeout_ns = 10 * MS },
	[IOMMU_STRATEGY_FQ_SINGLE] = { .name = "fq-single",
				       .depth = 32768,
				       .timeout_ns = 1000 * MS },
	[IOMMU_STRATEGY_TICKET] = { .name = "ticket",
				    .depth = 64,
				    .page_at_release = true,
				    .zero_exposure = true },
	[IOMMU_STRATEGY_EPOCH] = { .name = "epoch", .depth = 64 },
	[IOMMU_STRATEGY_ADAPTIVE] = { .name = "adaptive", .depth = 256, .needs_clock = true },
};

const struct iommu_strategy_info *iommu_strategy_describe(enum iommu_strategy_kind kind)
{
	return (unsigned int)kind < IOMMU_STRATEGIES ? &infos[kind] : NULL;
}

static bool is_same(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return *a == *b;
}

int iommu_strategy_find(const char *name, enum iommu_strategy_kind *kind)
{
	for (unsigned int i = 0; i < IOMMU_STRATEGIES; i++) {
		if (!is_same(infos[i].name, name))
			continue;
		*kind = (enum iommu_strategy_kind)i;
		return 0;
	}
	return -ENOENT;
}

/* Those that hold nothing. */

static void set_ticket(uint64_t *ticket, uint64_t value)
{
	if (ticket)
		*ticket = value;
}

/* What was gathered goes unseen; tables are freed with nothing invalidated either. */
static size_t unmap_none(struct iommu_strategy *s, uint64_t iova, uint64_t size, uint64_t *ticket)
{
	struct iommu_iotlb_gather gather;
	size_t bytes;

	iommu_iotlb_gather_init(&gather);
	bytes = io_pgtable_unmap(s->iop, iova, size, &gather);
	gather.nr_ranges = 0;
	if (unlikely(gather.nr_tables))
		io_pgtable_sync(s->iop, &gather);
	s->opts.release(s->opts.ctx, iova, size);
	set_ticket(ticket, 0);
	return bytes;
}

/*
 * A wait for each leaf, whatever its size; tables behind all of them, with a sync if there are more
 * ranges.
 */
static size_t unmap_page(struct iommu_strategy *s, uint64_t iova, uint64_t size, uint64_t *ticket)
{
	struct pt_domain *d = pt_domain(s->iop);
	struct iommu_iotlb_gather gather;
	size_t bytes;

	iommu_iotlb_gather_init(&gather);
	bytes = io_pgtable_unmap(s->iop, iova, size, &gather);
	port_dma_wmb();
	for (unsigned int i = 0; i < gather.nr_ranges; i++) {
		const struct iommu_gather_range *r = &gather.range[i];
		uint64_t leaf = 1ull << r->stride_lg2;

		for (uint64_t at = 0; at < r->size; at += leaf) {
			pt_emit(d, r->iova + at, leaf, r->stride_lg2, r->leaf);
			pt_tlb_sync(d);
		}
	}
	gather.nr_ranges = 0;
	io_pgtable_sync(s->iop, &gather);
	s->opts.release(s->opts.ctx, iova, size);
	set_ticket(ticket, 0);
	return bytes;
}

/* A strict unmap is a gather on its stack and a sync, or less where one range is all there is. */
static size_t unmap_gather(struct iommu_strategy *s, uint64_t iova, uint64_t size, uint64_t *ticket)
{
	size_t bytes = io_pgtable_unmap(s->iop, iova, size, NULL);

	s->opts.release(s->opts.ctx, iova, size);
	set_ticket(ticket, 0);
	return bytes;
}

static size_t unmap_queue(struct iommu_strategy *s, uint64_t iova, uint64_t size, uint64_t *ticket)
{
	struct iommu_iotlb_gather gather;
	size_t bytes;

	iommu_iotlb_gather_init(&gather);
	bytes = io_pgtable_unmap(s->iop, iova, size, &gather);
	iommu_flushq_queue(s->fq, &gather, iova, size);
	if (ticket)
		*ticket = iommu_flushq_ticket(s->fq);
	return bytes;
}

static const struct {
	size_t (*unmap)(struct iommu_strategy *s, uint64_t iova, uint64_t size, uint64_t *ticket);
	bool queue, rounds;
} families[IOMMU_STRATEGIES] = {
	[IOMMU_STRATEGY_NONE] = { unmap_none, false, false },
	[IOMMU_STRATEGY_STRICT_PAGE] = { unmap_page, false, false },
	[IOMMU_STRATEGY_GATHER] = { unmap_gather, false, false },
	[IOMMU_STRATEGY_GATHER_RIL] = { unmap_gather, false, false },
	[IOMMU_STRATEGY_FQ_PERCPU] = { unmap_queue, true, false },
	[IOMMU_STRATEGY_FQ_SINGLE] = { unmap_queue, true, false },
	[IOMMU_STRATEGY_TICKET] = { pt_rounds_unmap, false, true },
	[IOMMU_STRATEGY_EPOCH] = { pt_rounds_unmap, false, true },
	[IOMMU_STRATEGY_ADAPTIVE] = { pt_rounds_unmap, false, true },
};

size_t iommu_strategy_unmap(struct iommu_strategy *s, uint64_t iova, uint64_t size,
			    uint64_t *ticket)
{
	return s->unmap(s, iova, size, ticket);
}

bool iommu_strategy_done(struct iommu_strategy *s, uint64_t ticket)
{
	if (s->rounds)
		return pt_rounds_done(s->rounds, ticket);
	return !s->fq || iommu_flushq_done(s->fq, ticket);
}

void iommu_strategy_wait(struct iommu_strategy *s, uint64_t ticket)
{
	if (s->rounds)
		pt_rounds_wait(s->rounds, ticket);
	else if (s->fq)
		iommu_flushq_wait(s->fq, ticket);
}

bool iommu_strategy_poll(struct iommu_strategy *s, uint32_t lane, uint64_t now_ns)
{
	if (misuse(lane >= s->opts.lanes, "iommu_strategy_poll: there is no such lane"))
		return false;
	if (s->rounds)
		return pt_rounds_poll(s->rounds, lane, now_ns);
	if (!s->fq || (lane && s->opts.kind == IOMMU_STRATEGY_FQ_SINGLE))
		return false;
	return iommu_flushq_poll(s->fq, lane, now_ns);
}

/* Making, ending, checking. */

static struct iommu_strategy_opts complete(const struct iommu_strategy_opts *opts)
{
	struct iommu_strategy_opts o = *opts;

	if ((unsigned int)o.kind >= IOMMU_STRATEGIES)
		return o;
	if (!o.depth)
		o.depth = infos[o.kind].depth;
	if (!o.timeout_ns)
		o.timeout_ns = infos[o.kind].timeout_ns;
	if (!o.refill_ns)
		o.refill_ns = 4000;
	return o;
}

static bool opts_are_good(const struct iommu_strategy_opts *o)
{
	if ((unsigned int)o->kind >= IOMMU_STRATEGIES || !o->release)
		return false;
	if (!o->lanes || o->lanes > IOMMU_STRATEGY_LANES_MAX || o->depth > IOMMU_STRATEGY_DEPTH_MAX)
		return false;
	if (infos[o->kind].needs_clock && (!o->now_ns || !o->budget_page_ns))
		return false;
	return !o->async ||
	       (o->async->begin && o->async->begin_all && o->async->done && o->async->wait);
}

/* A flush is of the whole context, as in Linux. */
static struct iommu_flushq_opts queue_opts(const struct iommu_strategy_opts *o)
{
	return (struct iommu_flushq_opts){
		.depth = o->depth,
		.rings = o->kind == IOMMU_STRATEGY_FQ_SINGLE ? 1 : o->lanes,
		.mode = IOMMU_FLUSHQ_ALL,
		.timeout_ns = o->now_ns ? o->timeout_ns : 0,
		.release = o->release,
		.now_ns = o->now_ns,
		.wait = o->wait,
		.ctx = o->ctx,
	};
}

static size_t head_bytes(void)
{
	return (sizeof(struct iommu_strategy) + 127) & ~(size_t)127;
}

size_t iommu_strategy_bytes(const struct iommu_strategy_opts *opts)
{
	struct iommu_strategy_opts o = complete(opts);
	struct iommu_flushq_opts q;

	if (!opts_are_good(&o))
		return 0;
	if (families[o.kind].rounds)
		return head_bytes() + pt_rounds_bytes(&o);
	if (!families[o.kind].queue)
		return head_bytes();
	q = queue_opts(&o);
	return head_bytes() + iommu_flushq_bytes(&q);
}

struct iommu_strategy *iommu_strategy_create(struct io_pgtable *iop,
					     const struct iommu_strategy_opts *opts, void *memory)
{
	struct iommu_strategy_opts o = complete(opts);
	struct iommu_strategy *s = memory;
	void *rest = (char *)memory + head_bytes();
	struct iommu_flushq_opts q;

	if (!opts_are_good(&o) || ((uintptr_t)memory & 127))
		return NULL;
	memset(s, 0, sizeof(*s));
	s->unmap = families[o.kind].unmap;
	s->iop = iop;
	s->opts = o;
	if (families[o.kind].rounds) {
		s->rounds = pt_rounds_create(iop, &o, rest);
		return s->rounds ? s : NULL;
	}
	if (families[o.kind].queue) {
		q = queue_opts(&o);
		s->fq = iommu_flushq_create(iop, &q, rest);
		return s->fq ? s : NULL;
	}
	return s;
}

void iommu_strategy_destroy(struct iommu_strategy *s)
{
	if (!s)
		return;
	if (s->rounds)
		pt_rounds_destroy(s->rounds);
	iommu_flushq_destroy(s->fq);
}

void iommu_strategy_get_stats(struct iommu_strategy *s, struct iommu_strategy_stats *stats)
{
	struct iommu_flushq_stats q;

	memset(stats, 0, sizeof(*stats));
	if (s->rounds)
		pt_rounds_get_stats(s->rounds, stats);
	if (!s->fq)
		return;
	iommu_flushq_get_stats(s->fq, &q);
	stats->queued = q.queued;
	stats->released = q.released;
	stats->flushes = stats->whole = q.flushes;
	stats->full = q.full;
	stats->reclaimed = q.reclaimed;
	stats->max_used = q.max_used;
	stats->max_drained = q.max_drained;
}

int iommu_strategy_validate(struct iommu_strategy *s)
{
	if (s->rounds)
		return pt_rounds_are_good(s->rounds) ? 0 : -EUCLEAN;
	return s->fq ? iommu_flushq_validate(s->fq) : 0;
}
