// SPDX-License-Identifier: GPL-2.0-only
/*
 * The allocator of IOVA ranges against a map of who has which page: nothing is given out twice, nor
 * outside, nor unaligned; what was cached is found before space runs out; everything comes back.
 */
#include <pthread.h>

#include "iommu-iova.h"
#include "support.h"

#define BASE	(1ull << 40)
#define THREADS 4
#define HELD	400

static struct iommu_iova *space;
static void *memory;
static uint8_t *taken; /* a byte for each page; atomic */
static struct iommu_iova_opts opts;
static uint64_t bad;

static void make(uint32_t pages, uint32_t caches)
{
	opts = (struct iommu_iova_opts){
		.base = BASE, .pages = pages, .page_lg2 = 12, .caches = caches
	};
	memory = aligned_alloc(128, iommu_iova_bytes(&opts));
	space = iommu_iova_create(&opts, memory);
	assert_non_null(space);
	taken = calloc(pages, 1);
	bad = 0;
}

static void end(void)
{
	struct iommu_iova_stats stats;

	assert_int_equal(bad, 0);
	assert_int_equal(iommu_iova_validate(space), 0);
	iommu_iova_get_stats(space, &stats);
	assert_int_equal(stats.live_pages, 0);
	assert_int_equal(stats.allocs, stats.frees);
	free(memory);
	free(taken);
}

static uint64_t rounded(uint64_t pages)
{
	return pages <= 1 ? 1 : 2ull << (63 - __builtin_clzll(pages - 1));
}

struct held {
	uint64_t iova, pages;
};

/* Errors are counted: cmocka's assertions are for one thread. */
static bool take(struct held *h, uint64_t pages)
{
	uint64_t first, n = rounded(pages);

	if (iommu_iova_alloc(space, pages * SZ_4K - 7, &h->iova))
		return false;
	h->pages = pages;
	first = (h->iova - BASE) / SZ_4K;
	if (first % n || first + n > opts.pages) {
		__atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED);
		return true;
	}
	for (uint64_t i = 0; i < n; i++)
		if (__atomic_exchange_n(&taken[first + i], 1, __ATOMIC_RELAXED))
			__atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED);
	return true;
}

static void give(struct held *h)
{
	uint64_t first = (h->iova - BASE) / SZ_4K;

	for (uint64_t i = 0; i < rounded(h->pages); i++)
		__atomic_store_n(&taken[first + i], 0, __ATOMIC_RELAXED);
	iommu_iova_free(space, h->iova, h->pages * SZ_4K - 7);
	h->pages = 0;
}

static uint64_t some_pages(uint64_t r)
{
	return 1 + (r >> 8) % (1ull << (r % 8));
}

static void test_refused(void **state)
{
	struct iommu_iova_opts o = { .base = BASE, .pages = 10, .page_lg2 = 12 };
	uint64_t iova;

	assert_true(iommu_iova_bytes(&o) > 0);
	o.pages = 0;
	assert_int_equal(iommu_iova_bytes(&o), 0);
	o.pages = IOMMU_IOVA_PAGES_MAX + 1;
	assert_int_equal(iommu_iova_bytes(&o), 0);
	o.pages = 10;
	o.base = 100;
	assert_int_equal(iommu_iova_bytes(&o), 0);
	o.base = 0 - 9 * SZ_4K;
	assert_int_equal(iommu_iova_bytes(&o), 0);
	o.base = 0 - 10 * SZ_4K;
	assert_true(iommu_iova_bytes(&o) > 0);
	make(10, 1);
	assert_int_equal(iommu_iova_alloc(space, 0, &iova), -EINVAL);
	assert_int_equal(iommu_iova_alloc(space, 11 * SZ_4K, &iova), -EINVAL);
	assert_int_equal(iommu_iova_alloc(space, 9 * SZ_4K, &iova), -ENOSPC); /* 16 */
	iommu_iova_free(space, BASE + 10 * SZ_4K, SZ_4K);
	iommu_iova_free(space, BASE + SZ_4K, 2 * SZ_4K); /* not aligned */
	iommu_iova_free(space, BASE + 1, SZ_4K);
	end();
}

/* All of it, in every size and from every number of pages; the last is found wherever it lies. */
static void test_exhausted(void **state)
{
	static const uint32_t sizes[] = { 1, 2, 3, 63, 64, 65, 1000, 4096, 5000 };

	for (unsigned int k = 0; k < 2 * ARRAY_SIZE(sizes); k++) {
		uint32_t pages = sizes[k / 2];
		struct held *h = calloc(pages, sizeof(*h));
		struct held large;

		make(pages, k & 1 ? 3 : 0);
		for (unsigned int round = 0; round < 2; round++) {
			for (uint32_t i = 0; i < pages; i++)
				assert_true(take(&h[i], 1));
			assert_int_equal(iommu_iova_alloc(space, 1, &large.iova), -ENOSPC);
			for (uint32_t i = 0; i < pages; i++)
				if (h[i * 7ull % pages].pages)
					give(&h[i * 7ull % pages]);
			for (uint32_t i = 0; i < pages; i++)
				if (h[i].pages)
					give(&h[i]);
			assert_int_equal(iommu_iova_validate(space), 0);
		}
		/* Single pages lie in magazines, and go back for one large range. */
		assert_true(take(&large, pages & -pages));
		give(&large);
		end();
		free(h);
	}
}

static void *churn(void *arg)
{
	struct held *h = calloc(HELD, sizeof(*h));
	uint64_t random = 1 + (uintptr_t)arg;

	for (unsigned int i = 0; i < 30000; i++) {
		uint64_t r = next_random(&random);
		struct held *one = &h[(r >> 32) % HELD];

		if (one->pages)
			give(one);
		else
			take(one, some_pages(r));
	}
	for (unsigned int i = 0; i < HELD; i++)
		if (h[i].pages)
			give(&h[i]);
	free(h);
	return NULL;
}

/* Enough space, and too little of it; a cache each, shared ones, none. */
static void test_churn(void **state)
{
	static const struct {
		uint32_t pages, caches;
	} v[] = { { 1u << 18, 8 }, { 3000, 8 }, { 10000, 2 }, { 20000, 0 } };

	for (unsigned int k = 0; k < ARRAY_SIZE(v); k++) {
		pthread_t thread[THREADS];
		struct iommu_iova_stats stats;

		make(v[k].pages, v[k].caches);
		for (uintptr_t i = 0; i < THREADS; i++)
			assert_int_equal(pthread_create(&thread[i], NULL, churn, (void *)i), 0);
		for (unsigned int i = 0; i < THREADS; i++)
			pthread_join(thread[i], NULL);
		iommu_iova_get_stats(space, &stats);
		assert_true((stats.failures > 0) == (v[k].pages == 3000) || v[k].caches < 8);
		assert_true(!v[k].caches == !stats.hits);
		end();
	}
}

/*
 * One thread frees what another allocates: whole magazines go through the depot, up to its bound.
 */
static void test_depot(void **state)
{
	struct iommu_iova_stats stats;
	static struct held h[6000];

	make(1u << 16, 1);
	for (unsigned int round = 0; round < 3; round++) {
		for (unsigned int i = 0; i < ARRAY_SIZE(h); i++)
			assert_true(take(&h[i], 4));
		for (unsigned int i = 0; i < ARRAY_SIZE(h); i++)
			give(&h[i]);
		iommu_iova_get_stats(space, &stats);
		assert_in_range(stats.cached_pages / 4, IOMMU_IOVA_DEPOT * IOMMU_IOVA_MAGAZINE,
				(IOMMU_IOVA_DEPOT + 2) * IOMMU_IOVA_MAGAZINE);
		assert_int_equal(iommu_iova_validate(space), 0);
	}
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_exhausted),
		cmocka_unit_test(test_churn),
		cmocka_unit_test(test_depot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
