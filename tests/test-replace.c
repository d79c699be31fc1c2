// SPDX-License-Identifier: GPL-2.0-only
/*
 * io_pgtable_replace(): every variant at random against a plain array, blocks and parts of blocks;
 * that a walk at any moment finds the old page or the new one; what is invalidated; every error,
 * and formats that cannot.
 */
#include "io-pgtable-update.h"
#include "io-pgtable-walk.h"
#include "support.h"

#include <pthread.h>

#define PAGES 2048

static uint64_t expected[PAGES]; /* plus one; 0: nothing */

static void check(struct io_pgtable *iop)
{
	for (uint64_t i = 0; i < PAGES; i++)
		assert_int_equal(io_pgtable_iova_to_phys(iop, i * SZ_4K + 9),
				 expected[i] ? expected[i] + 8 : 0);
	assert_int_equal(io_pgtable_validate(iop), 0);
	assert_int_equal(recorder.unsynced, 0);
}

static void do_replace(struct io_pgtable *iop, uint64_t *seed)
{
	uint64_t first = next_random(seed) % PAGES, n = 1 + next_random(seed) % 700, good = 0;
	uint64_t pa = (1 + next_random(seed) % 4) * SZ_1G + first * SZ_4K;
	size_t replaced = 0;
	int err;

	if (next_random(seed) % 2)
		pa += SZ_4K * (next_random(seed) % 64);
	n = n < PAGES - first ? n : PAGES - first;
	while (good < n && expected[first + good])
		good++;
	err = io_pgtable_replace(iop, first * SZ_4K, pa, n * SZ_4K, RW, NULL, &replaced);
	assert_int_equal(err, good < n ? -ENOENT : 0);
	assert_int_equal(replaced, good * SZ_4K);
	for (uint64_t i = 0; i < good; i++)
		expected[first + i] = pa + i * SZ_4K + 1;
}

static void test_at_random(void **state)
{
	uint64_t seed = 5;

	for (size_t v = 0; v < NR_VARIANTS * 2ul; v++) {
		struct io_pgtable_cfg cfg = config(&variants[v / 2]);
		struct io_pgtable *iop;

		if (!changes_in_place(variants[v / 2].fmt))
			continue;
		memset(expected, 0, sizeof(expected));
		recorder_reset();
		cfg.coherent_walk = v % 2;
		iop = alloc_io_pgtable(variants[v / 2].fmt, &cfg, NULL);
		for (int k = 0; k < 60; k++) {
			uint64_t first = next_random(&seed) % PAGES, n = next_random(&seed) % 600;

			if (next_random(&seed) % 3 == 0)
				first &= ~511ull;
			for (n = n < PAGES - first ? n : PAGES - first; n; n--)
				if (!io_pgtable_map(iop, first * SZ_4K, SZ_1G + first * SZ_4K,
						    n * SZ_4K, RW))
					break;
			for (uint64_t i = 0; i < n; i++)
				expected[first + i] = SZ_1G + (first + i) * SZ_4K + 1;
			do_replace(iop, &seed);
			first = next_random(&seed) % (PAGES - 4);
			for (uint64_t i = first; i < first + 4; i++) {
				if (expected[i])
					io_pgtable_unmap(iop, i * SZ_4K, SZ_4K, NULL);
				expected[i] = 0;
			}
			check(iop);
		}
		free_io_pgtable(iop);
	}
}

/* A block that stays aligned stays a block, and is one store. */
static void test_blocks(void **state)
{
	struct io_pgtable_cfg cfg = config(find_variant("riscv_sv48"));
	struct io_pgtable *iop = alloc_io_pgtable(RISCV_SV48, &cfg, NULL);
	struct io_pgtable_stats stats;
	size_t replaced = 0;

	recorder_reset();
	assert_int_equal(io_pgtable_map(iop, SZ_2M, SZ_2M, 2 * SZ_2M, RW), 0);
	assert_int_equal(
		io_pgtable_replace(iop, SZ_2M, SZ_1G, 2 * SZ_2M, IOMMU_READ, NULL, &replaced), 0);
	assert_int_equal(io_pgtable_read_stats(iop, &stats), 0);
	assert_int_equal(stats.leaves[1], 2);
	assert_int_equal(recorder.count[EVENT_RANGE], 1);
	assert_int_equal(recorded(0, EVENT_RANGE)->size, 2 * SZ_2M);
	assert_true(recorded(0, EVENT_RANGE)->leaf);
	assert_int_equal(recorder.count[EVENT_SYNC], 1);
	assert_int_equal(io_pgtable_iova_to_phys(iop, 2 * SZ_2M), SZ_1G + SZ_2M);
	/* One page further it cannot be. */
	assert_int_equal(io_pgtable_replace(iop, SZ_2M, SZ_1G + SZ_4K, SZ_2M, RW, NULL, &replaced),
			 0);
	assert_int_equal(replaced, 3 * SZ_2M);
	assert_int_equal(io_pgtable_read_stats(iop, &stats), 0);
	assert_int_equal(stats.leaves[0], 512);
	free_io_pgtable(iop);
}

static bool stop;

/* Never nothing, never anything else. */
static void *watch(void *iop)
{
	uint64_t looks = 0;

	for (; !__atomic_load_n(&stop, __ATOMIC_RELAXED); looks++) {
		phys_addr_t pa = io_pgtable_iova_to_phys(iop, SZ_4K);

		if (pa != SZ_1G + SZ_4K && pa != 2 * SZ_1G + SZ_4K)
			return NULL;
	}
	return (void *)(uintptr_t)(looks + 1);
}

static void test_while_walked(void **state)
{
	struct io_pgtable_cfg cfg = config(find_variant("amd_iommu_v2/4"));
	struct io_pgtable *iop;
	pthread_t thread;
	size_t replaced = 0;
	void *good;

	cfg.tlb = NULL;
	iop = alloc_io_pgtable(AMD_IOMMU_V2, &cfg, NULL);
	assert_int_equal(io_pgtable_map(iop, 0, SZ_1G, 64 * SZ_4K, RW), 0);
	stop = false;
	assert_int_equal(pthread_create(&thread, NULL, watch, iop), 0);
	for (uint64_t i = 0; i < 300000; i++)
		(void)io_pgtable_replace(iop, SZ_4K, (1 + i % 2) * SZ_1G + SZ_4K, SZ_4K, RW, NULL,
					 &replaced);
	assert_int_equal(replaced, 300000 * SZ_4K);
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, &good);
	assert_non_null(good);
	free_io_pgtable(iop);
}

static void test_errors(void **state)
{
	struct io_pgtable_cfg cfg = config(find_variant("amd_iommu_v2/4"));
	struct io_pgtable *iop;
	size_t n = 0;

	cfg.quirks = IO_PGTABLE_QUIRK_NO_SPLIT;
	cfg.oas = 40;
	iop = alloc_io_pgtable(AMD_IOMMU_V2, &cfg, NULL);
	assert_int_equal(io_pgtable_map(iop, SZ_2M, SZ_2M, SZ_2M, RW), 0);
	assert_int_equal(io_pgtable_replace(iop, SZ_2M, 0, 0, RW, NULL, &n), -EINVAL);
	assert_int_equal(io_pgtable_replace(iop, SZ_2M + 1, 0, SZ_4K, RW, NULL, &n), -EINVAL);
	assert_int_equal(io_pgtable_replace(iop, SZ_2M, 1, SZ_4K, RW, NULL, &n), -EINVAL);
	assert_int_equal(io_pgtable_replace(iop, SZ_2M, 0, SZ_4K, IOMMU_WRITE, NULL, &n), -EINVAL);
	assert_int_equal(io_pgtable_replace(iop, SZ_2M, 0, SZ_4K, 64, NULL, &n), -EINVAL);
	assert_int_equal(io_pgtable_replace(iop, SZ_2M, 1ull << 40, SZ_4K, RW, NULL, &n), -ERANGE);
	assert_int_equal(
		io_pgtable_replace(iop, SZ_2M, (1ull << 40) - SZ_4K, 2 * SZ_4K, RW, NULL, &n),
		-ERANGE);
	assert_int_equal(io_pgtable_replace(iop, 1ull << 47, 0, SZ_4K, RW, NULL, &n), -ERANGE);
	assert_int_equal(io_pgtable_replace(iop, 0, 0, SZ_4K, RW, NULL, &n), -ENOENT);
	assert_int_equal(io_pgtable_replace(iop, SZ_2M, 0, SZ_4K, RW, NULL, &n), -EBUSY);
	assert_int_equal(io_pgtable_replace(iop, SZ_2M, SZ_4K, SZ_2M, RW, NULL, &n), -EBUSY);
	assert_int_equal(n, 0);
	free_io_pgtable(iop);
	for (size_t i = 0; i < NR_VARIANTS; i++) {
		if (changes_in_place(variants[i].fmt))
			continue;
		iop = make_table(&variants[i]);
		assert_int_equal(io_pgtable_replace(iop, 0, 0, variants[i].granule, RW, NULL, &n),
				 -EOPNOTSUPP);
		free_io_pgtable(iop);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_random),
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_while_walked),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
