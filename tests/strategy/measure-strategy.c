// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the strategy layer adds to an unmap: not a test, asserts nothing about speed.
 *
 * One thread maps and unmaps pages of 4K one by one. Directly: an unmap into a gather, a sync, and
 * the release that the caller has to do anyway. Through the layer: iommu_strategy_unmap() with
 * "gather". The driver only counts, so that nothing hides the difference. Interleaved in one
 * process; the median over rounds of the ratio of the same round.
 *
 * usage: measure-strategy [BAR]    with BAR (1.05): exit status 1 if the ratio is above it
 */
#include <stdio.h>
#include <time.h>

#include "count-driver.h"
#include "iommu-strategy.h"
#include "support.h"

#define ROUNDS 201
#define PAGES  2048

static struct io_pgtable *iop;
static struct iommu_strategy *strategy;
static uint64_t released;

static __attribute__((noinline)) void on_release(void *ctx, uint64_t iova, uint64_t size)
{
	released++;
}

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void direct(uint64_t at)
{
	struct iommu_iotlb_gather gather;

	iommu_iotlb_gather_init(&gather);
	if (io_pgtable_unmap(iop, at, SZ_4K, &gather) != SZ_4K)
		abort();
	io_pgtable_sync(iop, &gather);
	on_release(NULL, at, SZ_4K);
}

static void layered(uint64_t at)
{
	if (iommu_strategy_unmap(strategy, at, SZ_4K, NULL) != SZ_4K)
		abort();
}

static double run(void (*unmap)(uint64_t at))
{
	uint64_t start;

	if (io_pgtable_map(iop, SZ_1G, SZ_4K, PAGES * SZ_4K, RW))
		abort();
	start = now_ns();
	for (uint64_t at = SZ_1G; at < SZ_1G + PAGES * SZ_4K; at += SZ_4K)
		unmap(at);
	return (double)(now_ns() - start) / PAGES;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char **argv)
{
	static double base[ROUNDS], ratio[ROUNDS];
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));
	const struct iommu_strategy_opts opts = {
		.kind = IOMMU_STRATEGY_GATHER,
		.lanes = 1,
		.release = on_release,
	};

	cfg.tlb = &count_driver;
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	if (!iop)
		return 1;
	strategy =
		iommu_strategy_create(iop, &opts, aligned_alloc(128, iommu_strategy_bytes(&opts)));
	for (unsigned int i = 0; i < ROUNDS; i++) {
		double first = run(i & 1 ? direct : layered),
		       second = run(i & 1 ? layered : direct);

		base[i] = i & 1 ? first : second;
		ratio[i] = (i & 1 ? second : first) / base[i];
	}
	qsort(base, ROUNDS, sizeof(*base), compare);
	qsort(ratio, ROUNDS, sizeof(*ratio), compare);
	printf("gather called directly %.2f ns per unmap; through the layer x %.3f (p25 %.3f, p75 "
	       "%.3f)\n",
	       base[ROUNDS / 2], ratio[ROUNDS / 2], ratio[ROUNDS / 4], ratio[3 * ROUNDS / 4]);
	return argc > 1 && ratio[ROUNDS / 2] > strtod(argv[1], NULL);
}
