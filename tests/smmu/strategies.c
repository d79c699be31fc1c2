// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flush strategies that the load is run under: when to invalidate, when to wait, when to
 * release.
 */
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

static const char *page_not_applicable(enum plant plant)
{
	if (plant == PLANT_SKIP_TABLES)
		return "a single page never removes a table";
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
};

const unsigned int nr_strategies = ARRAY_SIZE(strategies);
