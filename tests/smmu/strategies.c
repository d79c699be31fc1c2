// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flush strategies that the load is run under: when to invalidate, when to wait, when to
 * release.
 */
#include <sched.h>
#include <time.h>

#include "iommu-flushq.h"
#include "iommu-iova.h"
#include "iommu-strategy.h"
#include "rig.h"

/* Each page by itself, as in 2014. */
static void strict_page(struct mapper *t, const struct mapping *m, unsigned int n)
{
	uint64_t granule = t->rig->granule;

	for (unsigned int i = 0; i < n; i++) {
		for (uint64_t at = 0; at < m[i].size; at += granule) {
			struct mapping page = { m[i].iova + at, granule, false };

			rig_unmap_begin(t->rig, &page);
			rig_unmap(t->rig, &page, NULL);
			rig_release(t->rig, page.iova, page.size);
		}
	}
}

static void strict_range(struct mapper *t, const struct mapping *m, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		rig_unmap_begin(t->rig, &m[i]);
		rig_unmap(t->rig, &m[i], NULL);
		rig_release(t->rig, m[i].iova, m[i].size);
	}
}

/* In one call, or page by page: the gather merges them, and no table is removed. */
static void gather_one(struct mapper *t, const struct mapping *m, struct iommu_iotlb_gather *gather)
{
	uint64_t granule = t->rig->granule;

	rig_unmap_begin(t->rig, m);
	if (m->blocks || next_random(&t->random) % 4) {
		rig_unmap(t->rig, m, gather);
		return;
	}
	for (uint64_t at = 0; at < m->size; at += granule)
		rig_unmap(t->rig, &(struct mapping){ m->iova + at, granule, false }, gather);
}

static void gathered(struct mapper *t, const struct mapping *m, unsigned int n)
{
	struct iommu_iotlb_gather gather;

	iommu_iotlb_gather_init(&gather);
	for (unsigned int i = 0; i < n; i++)
		gather_one(t, &m[i], &gather);
	io_pgtable_sync(t->rig->iop, &gather);
	for (unsigned int i = 0; i < n; i++)
		rig_release(t->rig, m[i].iova, m[i].size);
}

/* Flush queues. Small, so that they are full now and then; polled by the mappers. */

static void on_release(void *ctx, uint64_t iova, uint64_t size)
{
	rig_release(ctx, iova, size);
}

static uint64_t on_now(void *ctx)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void on_wait(void *ctx)
{
	sched_yield();
}

/*
 * Two caches: ranges change hands between the mappers, in magazines and through the buddy system.
 */
static void begin_space(struct rig *rig)
{
	struct iommu_iova_opts opts = {
		.base = rig->base,
		.pages = (uint32_t)(RIG_TABLES * (rig->table / rig->granule)),
		.page_lg2 = (uint32_t)__builtin_ctzll(rig->granule),
		.caches = 2,
	};

	rig->space_memory = aligned_alloc(128, iommu_iova_bytes(&opts));
	rig->space = iommu_iova_create(&opts, rig->space_memory);
	rig->owner = calloc(opts.pages, sizeof(void *));
	assert_non_null(rig->space);
	assert_non_null(rig->owner);
}

static void begin_queue(struct rig *rig, uint32_t rings, uint32_t depth,
			enum iommu_flushq_mode mode)
{
	struct iommu_flushq_opts opts = {
		.depth = depth,
		.rings = rings,
		.mode = mode,
		.timeout_ns = 2000000,
		.release = on_release,
		.now_ns = on_now,
		.wait = on_wait,
		.ctx = rig,
	};
	size_t bytes = iommu_flushq_bytes(&opts);

	rig->flushq_memory = aligned_alloc(128, bytes);
	rig->flushq = iommu_flushq_create(rig->iop, &opts, rig->flushq_memory);
	rig->flushq_rings = rings;
	assert_non_null(rig->flushq);
	begin_space(rig);
}

static void begin_per_cpu(struct rig *rig)
{
	begin_queue(rig, 4, 5, IOMMU_FLUSHQ_RANGES);
}

static void begin_single(struct rig *rig)
{
	begin_queue(rig, 1, 16, IOMMU_FLUSHQ_ALL);
}

static void queued(struct mapper *t, const struct mapping *m, unsigned int n)
{
	struct rig *rig = t->rig;
	struct iommu_iotlb_gather gather;

	iommu_iotlb_gather_init(&gather);
	for (unsigned int i = 0; i < n; i++) {
		gather_one(t, &m[i], &gather);
		iommu_flushq_queue(rig->flushq, &gather, m[i].iova, m[i].size);
	}
	if (next_random(&t->random) % 16 == 0)
		iommu_flushq_wait(rig->flushq, iommu_flushq_ticket(rig->flushq));
	iommu_flushq_poll(rig->flushq, (uint32_t)(next_random(&t->random) % rig->flushq_rings),
			  on_now(rig));
}

static void end_queue(struct rig *rig)
{
	iommu_flushq_wait(rig->flushq, iommu_flushq_ticket(rig->flushq));
	for (uint32_t i = 0; i < rig->flushq_rings; i++)
		while (iommu_flushq_poll(rig->flushq, i, 0))
			;
	assert_int_equal(iommu_flushq_validate(rig->flushq), 0);
	assert_int_equal(iommu_iova_validate(rig->space), 0);
}

/*
 * The library's own strategies: with a driver that is waited for, and, if coherent, with one that
 * is not.
 */

static void begin_layer(struct rig *rig)
{
	struct iommu_strategy_opts opts = {
		.kind = (enum iommu_strategy_kind)rig->strategy->layer,
		.lanes = 2,
		.timeout_ns = 2000000,
		.budget_page_ns = 40000,
		.refill_ns = 100000,
		.async = rig->model->opts.coherent ? &rig_async_ops : NULL,
		.release = on_release,
		.now_ns = on_now,
		.wait = on_wait,
		.ctx = rig,
	};
	uint32_t depth = iommu_strategy_describe(opts.kind)->depth;

	opts.depth = depth ? 5 : 0;
	rig->flushq_rings = opts.lanes;
	rig->flushq_memory = aligned_alloc(128, iommu_strategy_bytes(&opts));
	rig->layer = iommu_strategy_create(rig->iop, &opts, rig->flushq_memory);
	assert_non_null(rig->layer);
	begin_space(rig);
}

/*
 * A page is used again when its strategy says so: the checker knows releases only, which come
 * later.
 */
static void layered(struct mapper *t, const struct mapping *m, unsigned int n)
{
	struct rig *rig = t->rig;
	uint64_t ticket = 0;

	for (unsigned int i = 0; i < n; i++) {
		rig_unmap_begin(rig, &m[i]);
		if (iommu_strategy_unmap(rig->layer, m[i].iova, m[i].size, &ticket) != m[i].size)
			t->errors++;
	}
	if (n &&
	    (rig->strategy->layer == IOMMU_STRATEGY_TICKET || next_random(&t->random) % 16 == 0)) {
		iommu_strategy_wait(rig->layer, ticket);
		if (!iommu_strategy_done(rig->layer, ticket))
			t->errors++;
	}
	iommu_strategy_poll(rig->layer, (uint32_t)(next_random(&t->random) % rig->flushq_rings),
			    on_now(rig));
}

static void end_layer(struct rig *rig)
{
	struct iommu_strategy_stats stats;
	unsigned int polls = 0;

	do {
		for (uint32_t i = 0; i < rig->flushq_rings; i++)
			iommu_strategy_poll(rig->layer, i, UINT64_MAX);
		iommu_strategy_get_stats(rig->layer, &stats);
	} while (stats.queued != stats.released && ++polls < 1000000);
	assert_int_equal(stats.queued, stats.released);
	assert_true(stats.max_drained <= IOMMU_STRATEGY_DRAIN_MAX);
	assert_int_equal(iommu_strategy_validate(rig->layer), 0);
	assert_int_equal(iommu_iova_validate(rig->space), 0);
	rig->layer_reclaimed = stats.reclaimed;
}

static const char *all_mode_not_applicable(enum plant plant)
{
	if (plant == PLANT_SKIP_TABLES || plant == PLANT_STRIDE || plant == PLANT_SCALE)
		return "the whole context is flushed, no ranges are sent";
	return NULL;
}

static const char *page_not_applicable(enum plant plant)
{
	if (plant == PLANT_SKIP_TABLES)
		return "a single page never removes a table (reclaim does: test-reclaim-smmu)";
	if (plant == PLANT_STRIDE)
		return "a run of one page has no stride of its own";
	if (plant == PLANT_SCALE)
		return "no range commands";
	return NULL;
}

static const char *no_ril_not_applicable(enum plant plant)
{
	return plant == PLANT_SCALE ? "no range commands" : NULL;
}

/* Leaf by leaf, without range commands; tables go with their leaves. */
static const char *leaf_not_applicable(enum plant plant)
{
	if (plant == PLANT_STRIDE)
		return "a run of one leaf has no stride of its own";
	return no_ril_not_applicable(plant);
}

/* With range commands; in one call each. */
static const char *whole_calls_not_applicable(enum plant plant)
{
	if (plant == PLANT_STRIDE)
		return "whole tables go with their leaves, and the rest is not aligned";
	return NULL;
}

static const char *all_applicable(enum plant plant)
{
	return NULL;
}

const struct strategy strategies[] = {
	{ .name = "strict per page", .unmap = strict_page, .not_applicable = page_not_applicable },
	{ .name = "strict range",
	  .blocks = true,
	  .unmap = strict_range,
	  .not_applicable = no_ril_not_applicable },
	{ .name = "gathered",
	  .blocks = true,
	  .unmap = gathered,
	  .not_applicable = no_ril_not_applicable },
	{ .name = "gathered, RIL",
	  .ril = true,
	  .blocks = true,
	  .unmap = gathered,
	  .not_applicable = all_applicable },
	{ .name = "flush queue per CPU",
	  .ril = true,
	  .blocks = true,
	  .unmap = queued,
	  .begin = begin_per_cpu,
	  .end = end_queue,
	  .not_applicable = all_applicable },
	{ .name = "flush queue, single",
	  .blocks = true,
	  .unmap = queued,
	  .begin = begin_single,
	  .end = end_queue,
	  .not_applicable = all_mode_not_applicable },
	{ .name = "strict-page",
	  .layer = IOMMU_STRATEGY_STRICT_PAGE,
	  .blocks = true,
	  .unmap = layered,
	  .begin = begin_layer,
	  .end = end_layer,
	  .not_applicable = leaf_not_applicable },
	{ .name = "gather",
	  .layer = IOMMU_STRATEGY_GATHER,
	  .blocks = true,
	  .unmap = layered,
	  .begin = begin_layer,
	  .end = end_layer,
	  .not_applicable = no_ril_not_applicable },
	{ .name = "gather-ril",
	  .layer = IOMMU_STRATEGY_GATHER_RIL,
	  .ril = true,
	  .blocks = true,
	  .unmap = layered,
	  .begin = begin_layer,
	  .end = end_layer,
	  .not_applicable = whole_calls_not_applicable },
	{ .name = "fq-percpu",
	  .layer = IOMMU_STRATEGY_FQ_PERCPU,
	  .blocks = true,
	  .unmap = layered,
	  .begin = begin_layer,
	  .end = end_layer,
	  .not_applicable = all_mode_not_applicable },
	{ .name = "fq-single",
	  .layer = IOMMU_STRATEGY_FQ_SINGLE,
	  .blocks = true,
	  .unmap = layered,
	  .begin = begin_layer,
	  .end = end_layer,
	  .not_applicable = all_mode_not_applicable },
	{ .name = "ticket",
	  .layer = IOMMU_STRATEGY_TICKET,
	  .ril = true,
	  .blocks = true,
	  .unmap = layered,
	  .begin = begin_layer,
	  .end = end_layer,
	  .not_applicable = whole_calls_not_applicable },
	{ .name = "epoch",
	  .layer = IOMMU_STRATEGY_EPOCH,
	  .ril = true,
	  .blocks = true,
	  .unmap = layered,
	  .begin = begin_layer,
	  .end = end_layer,
	  .not_applicable = whole_calls_not_applicable },
	{ .name = "adaptive",
	  .layer = IOMMU_STRATEGY_ADAPTIVE,
	  .ril = true,
	  .blocks = true,
	  .unmap = layered,
	  .begin = begin_layer,
	  .end = end_layer,
	  .not_applicable = whole_calls_not_applicable },
};

const unsigned int nr_strategies = ARRAY_SIZE(strategies);
