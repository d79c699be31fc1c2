// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a hand-over to a flush queue costs: not a test, asserts nothing about speed. docs/flush.md
 * has what it printed.
 *
 * One thread unmaps pages of 4K one by one, and after each either syncs its gather or hands it to a
 * queue. The driver's callbacks and the release only count, so this is what the library itself
 * takes: what waiting for an SMMU takes, and what a queue saves of it, is not in it. In one
 * process, interleaved, medians over rounds, and the ratios to the sync of the same round.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <time.h>

#include "count-driver.h"
#include "iommu-flushq.h"
#include "support.h"

#define ROUNDS 61
#define PAGES  4096

struct way {
	const char *name;
	uint32_t depth; /* 0: no queue */
	enum iommu_flushq_mode mode;
	uint64_t timeout_ns;
	struct iommu_flushq *fq;
};

static struct way ways[] = {
	{ .name = "gather and sync" },
	{ .name = "ranges, depth 1", .depth = 1 },
	{ .name = "ranges, depth 64", .depth = 64 },
	{ .name = "ranges, depth 256", .depth = 256 },
	{ .name = "ranges, depth 1024", .depth = 1024 },
	{ .name = "ranges, depth 256, with a clock", .depth = 256, .timeout_ns = 10000000 },
	{ .name = "all, depth 256", .depth = 256, .mode = IOMMU_FLUSHQ_ALL },
};

static struct io_pgtable *iop;
static uint64_t released;

static void on_release(void *ctx, uint64_t iova, uint64_t size)
{
	released++;
}

static uint64_t on_now(void *ctx)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void make(struct way *w)
{
	const struct iommu_flushq_opts opts = {
		.depth = w->depth,
		.rings = 1,
		.mode = w->mode,
		.timeout_ns = w->timeout_ns,
		.release = on_release,
		.now_ns = on_now,
	};

	if (!w->depth)
		return;
	w->fq = iommu_flushq_create(iop, &opts, aligned_alloc(128, iommu_flushq_bytes(&opts)));
	if (!w->fq)
		abort();
}

/* ns per page; mapping them again is not counted. */
static double run(const struct way *w)
{
	struct iommu_iotlb_gather gather;
	uint64_t t;

	if (io_pgtable_map(iop, SZ_1G, SZ_4K, PAGES * SZ_4K, RW))
		abort();
	iommu_iotlb_gather_init(&gather);
	t = on_now(NULL);
	for (uint64_t at = SZ_1G; at < SZ_1G + PAGES * SZ_4K; at += SZ_4K) {
		if (iop->ops->unmap_pages(iop, at, SZ_4K, 1, &gather) != SZ_4K)
			abort();
		if (w->fq)
			iommu_flushq_queue(w->fq, &gather, at, SZ_4K);
		else
			io_pgtable_sync(iop, &gather);
	}
	return (double)(on_now(NULL) - t) / PAGES;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void print(const struct way *w, double *ns, double *ratio)
{
	struct iommu_flushq_stats stats = { 0 };

	qsort(ns, ROUNDS, sizeof(*ns), compare);
	qsort(ratio, ROUNDS, sizeof(*ratio), compare);
	if (w->fq)
		iommu_flushq_get_stats(w->fq, &stats);
	printf("%-32s %7.2f ns per page (p25 %.2f, p75 %.2f)  x %.2f  max_drained %u, flushes "
	       "%llu\n",
	       w->name, ns[ROUNDS / 2], ns[ROUNDS / 4], ns[3 * ROUNDS / 4], ratio[ROUNDS / 2],
	       stats.max_drained, (unsigned long long)stats.flushes);
}

int main(void)
{
	static double ns[ARRAY_SIZE(ways)][ROUNDS], ratio[ARRAY_SIZE(ways)][ROUNDS];
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));

	cfg.tlb = &count_driver;
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	if (!iop)
		return 1;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		make(&ways[i]);
	for (unsigned int r = 0; r < ROUNDS; r++) {
		for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
			size_t k = (i + r) % ARRAY_SIZE(ways);

			ns[k][r] = run(&ways[k]);
		}
		for (size_t i = ARRAY_SIZE(ways); i-- > 0;)
			ratio[i][r] = ns[i][r] / ns[0][r];
	}
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++)
		print(&ways[i], ns[i], ratio[i]);
	return 0;
}
