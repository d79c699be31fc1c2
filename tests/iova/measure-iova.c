// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an alloc and a free of an IOVA range cost together: through magazines and past them, one
 * range at a time and 256 held, by one thread and by two. Median of rounds.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "iommu-iova.h"

#define ROUNDS 15
#define PAIRS  (1u << 18)
#define HELD   256

static struct iommu_iova *space;
static unsigned int held;

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void *pairs(void *arg)
{
	uint64_t iova[HELD];

	for (unsigned int i = 0; i < PAIRS; i += held) {
		for (unsigned int k = 0; k < held; k++)
			if (iommu_iova_alloc(space, 4096, &iova[k]))
				abort();
		for (unsigned int k = 0; k < held; k++)
			iommu_iova_free(space, iova[k], 4096);
	}
	return NULL;
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double measure(unsigned int threads)
{
	double ns[ROUNDS];

	for (unsigned int r = 0; r < ROUNDS; r++) {
		pthread_t other;
		double start = now_ns();

		if (threads == 2 && pthread_create(&other, NULL, pairs, NULL))
			abort();
		pairs(NULL);
		if (threads == 2)
			pthread_join(other, NULL);
		ns[r] = (now_ns() - start) / PAIRS;
	}
	qsort(ns, ROUNDS, sizeof(*ns), by_value);
	return ns[ROUNDS / 2];
}

int main(void)
{
	for (unsigned int caches = 0; caches <= 8; caches += 8) {
		struct iommu_iova_opts opts = { .pages = 1u << 20,
						.page_lg2 = 12,
						.caches = caches };
		void *memory = aligned_alloc(128, iommu_iova_bytes(&opts) + 128);

		space = iommu_iova_create(&opts, memory);
		if (!space)
			return 1;
		for (held = 1; held <= HELD; held *= HELD)
			for (unsigned int threads = 1; threads <= 2; threads++)
				printf("caches %u held %3u threads %u: %.1f ns per pair and "
				       "thread\n",
				       caches, held, threads, measure(threads));
		free(memory);
	}
	return 0;
}
