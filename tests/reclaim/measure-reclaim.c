// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the modes of reclaim cost: not a test, asserts nothing about speed.
 * docs/adr/0005-reclaim-by-sections.md has what it printed.
 *
 * In one process, interleaved, medians over rounds, and the ratios to "never" of the same round:
 * a page mapped and unmapped where a live neighbour keeps the table, and where none does; a sweep
 * over 64 MiB page by page. The driver's callbacks do nothing.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <time.h>

#include "support.h"

#define ROUNDS 61
#define PAIRS  20000
#define MODES  3

static struct io_pgtable *table[MODES];
static struct iommu_iotlb_gather gather;

static void on_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf, void *cookie)
{
}

static void on_sync(void *cookie)
{
}

static const struct iommu_gather_ops driver = { .tlb_add_range = on_range, .tlb_sync = on_sync };

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double pairs(struct io_pgtable *iop, uint64_t iova, struct iommu_iotlb_gather *g)
{
	double t = now_ns();

	for (unsigned int i = 0; i < PAIRS; i++) {
		size_t mapped = 0;

		if (iop->ops->map_pages(iop, iova, SZ_2M, SZ_4K, 1, RW, &mapped) ||
		    iop->ops->unmap_pages(iop, iova, SZ_4K, 1, g) != SZ_4K)
			abort();
	}
	t = now_ns() - t;
	if (g)
		io_pgtable_sync(iop, g);
	return t / PAIRS;
}

/* A neighbour is mapped at 1 GiB. */
static double neighbour_strict(struct io_pgtable *iop)
{
	return pairs(iop, SZ_1G + 9 * SZ_4K, NULL);
}

static double neighbour_gathered(struct io_pgtable *iop)
{
	return pairs(iop, SZ_1G + 9 * SZ_4K, &gather);
}

static double alone(struct io_pgtable *iop)
{
	return pairs(iop, 2 * SZ_1G, NULL);
}

static double sweep(struct io_pgtable *iop)
{
	uint64_t base = 4 * SZ_1G, size = 64 << 20;
	double t = now_ns();

	for (uint64_t at = 0; at < size; at += SZ_4K)
		iop->ops->map_pages(iop, base + at, at, SZ_4K, 1, RW, NULL);
	for (uint64_t at = 0; at < size; at += SZ_4K)
		iop->ops->unmap_pages(iop, base + at, SZ_4K, 1, NULL);
	return (now_ns() - t) / (double)(size / SZ_4K);
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int main(void)
{
	static const struct {
		const char *name;
		double (*body)(struct io_pgtable *iop);
	} row[] = {
		{ "pair, live neighbour, strict", neighbour_strict },
		{ "pair, live neighbour, gathered", neighbour_gathered },
		{ "pair, alone in its table, strict", alone },
		{ "sweep, per page in and out", sweep },
	};
	static const char *const name[] = { "never", "on-sync", "on-trim" };
	static double ns[ARRAY_SIZE(row)][MODES][ROUNDS], ratio[ARRAY_SIZE(row)][MODES][ROUNDS];

	iommu_iotlb_gather_init(&gather);
	for (int m = 0; m < MODES; m++) {
		struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));

		cfg.tlb = &driver;
		cfg.reclaim = (enum io_pgtable_reclaim)m;
		table[m] = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
		if (!table[m] || io_pgtable_map(table[m], SZ_1G, 0, SZ_4K, RW))
			return 77;
	}
	for (unsigned int r = 0; r < ROUNDS; r++)
		for (size_t i = 0; i < ARRAY_SIZE(row); i++) {
			for (unsigned int k = 0; k < MODES; k++)
				ns[i][(k + r) % MODES][r] = row[i].body(table[(k + r) % MODES]);
			for (unsigned int m = 0; m < MODES; m++)
				ratio[i][m][r] = ns[i][m][r] / ns[i][0][r];
		}
	for (size_t i = 0; i < ARRAY_SIZE(row); i++)
		for (unsigned int m = 0; m < MODES; m++) {
			qsort(ns[i][m], ROUNDS, sizeof(double), compare);
			qsort(ratio[i][m], ROUNDS, sizeof(double), compare);
			printf("%-34s %-8s %7.2f ns  x %.3f (p25 %.3f, p75 %.3f)\n",
			       m ? "" : row[i].name, name[m], ns[i][m][ROUNDS / 2],
			       ratio[i][m][ROUNDS / 2], ratio[i][m][ROUNDS / 4],
			       ratio[i][m][3 * ROUNDS / 4]);
		}
	return 0;
}
