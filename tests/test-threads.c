// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads on disjoint ranges of one domain: neighbouring pages of one table, the same missing
 * tables installed by both at once, whole tables and trees taken away beside each other, with a
 * walker that snoops and with one that does not. Under TSan this shows that no lock is missing;
 * without it, that nothing is lost.
 */
#include <pthread.h>

#include "support.h"

#define THREADS 2

static struct io_pgtable *iop;
static pthread_barrier_t barrier;
static unsigned int rounds;
static uint64_t ia_last;
static unsigned long cleaned;

static void on_clean(void *ptr, size_t size, void *cookie)
{
	__atomic_fetch_add(&cleaned, size, __ATOMIC_RELAXED);
}

static const struct iommu_gather_ops clean_driver = { .flush_pgtable = on_clean };

/* Each thread returns how many of its checks failed: cmocka's assertions are for one thread. */
#define CHECK(cond) (bad += !(cond))

/* The same place in an input range that may be smaller: the threads go round in it. */
static uint64_t place(uint64_t iova)
{
	return iova & ia_last;
}

/* Every other page of the same tables, and of new ones in every round. */
static void *neighbours(void *arg)
{
	uintptr_t bad = 0, me = (uintptr_t)arg;

	for (unsigned int r = 0; r < rounds; r++) {
		uint64_t base = place((uint64_t)r * SZ_1G);

		pthread_barrier_wait(&barrier);
		for (uint64_t i = me; i < 1024; i += THREADS)
			CHECK(!io_pgtable_map(iop, base + i * SZ_4K, i * SZ_4K, SZ_4K, RW));
		for (uint64_t i = me; i < 1024; i += THREADS)
			CHECK(io_pgtable_iova_to_phys(iop, base + i * SZ_4K + 1) == i * SZ_4K + 1);
		for (uint64_t i = me; i < 1024; i += THREADS)
			CHECK(io_pgtable_unmap(iop, base + i * SZ_4K, SZ_4K, NULL) == SZ_4K);
	}
	return (void *)bad;
}

/* Adjacent trees: both threads meet in the same parents, each takes its own children away. */
static void *trees(void *arg)
{
	uintptr_t bad = 0, me = (uintptr_t)arg;
	struct iommu_iotlb_gather gather;

	iommu_iotlb_gather_init(&gather);
	for (unsigned int r = 0; r < rounds; r++) {
		uint64_t base = place((1ull << 40) + (uint64_t)(r % 5) * SZ_1G), size = 40 * SZ_2M;
		uint64_t iova = base + me * size;

		pthread_barrier_wait(&barrier);
		CHECK(!io_pgtable_map(iop, iova, SZ_4K, size, RW));
		CHECK(io_pgtable_map(iop, iova + SZ_2M, 0, SZ_4K, RW) == -EEXIST);
		CHECK(io_pgtable_iova_to_phys(iop, iova + size - 1) == SZ_4K + size - 1);
		CHECK(io_pgtable_unmap(iop, iova, size / 2, NULL) == size / 2);
		CHECK(io_pgtable_unmap(iop, iova + size / 2, size / 2, &gather) == size / 2);
		io_pgtable_sync(iop, &gather);
		CHECK(!io_pgtable_iova_to_phys(iop, iova));
	}
	return (void *)bad;
}

/* Blocks side by side, split and mapped again. */
static void *splits(void *arg)
{
	uintptr_t bad = 0, me = (uintptr_t)arg;

	for (unsigned int r = 0; r < rounds; r++) {
		uint64_t iova = place((1ull << 41) + (me + 2 * (r % 3)) * SZ_2M);

		pthread_barrier_wait(&barrier);
		CHECK(!io_pgtable_map(iop, iova, SZ_1G, SZ_2M, RW));
		CHECK(io_pgtable_unmap(iop, iova + SZ_4K, SZ_4K, NULL) == SZ_4K);
		CHECK(io_pgtable_iova_to_phys(iop, iova + 2 * SZ_4K) == SZ_1G + 2 * SZ_4K);
		CHECK(!io_pgtable_map(iop, iova + SZ_4K, 0, SZ_4K, RW));
		CHECK(io_pgtable_unmap(iop, iova, SZ_2M, NULL) == SZ_2M);
	}
	return (void *)bad;
}

/* Both take pages out of one block at once: whoever comes second finds the table, not a hole. */
static void *one_block(void *arg)
{
	uintptr_t bad = 0, me = (uintptr_t)arg;

	for (unsigned int r = 0; r < rounds; r++) {
		uint64_t iova = place((1ull << 42) + (r % 7) * SZ_2M);

		if (!me)
			CHECK(!io_pgtable_map(iop, iova, SZ_1G, SZ_2M, RW));
		pthread_barrier_wait(&barrier);
		for (uint64_t i = me; i < 512; i += THREADS)
			CHECK(io_pgtable_unmap(iop, iova + i * SZ_4K, SZ_4K, NULL) == SZ_4K);
		pthread_barrier_wait(&barrier);
		if (!me)
			for (uint64_t i = 0; i < 512; i++)
				CHECK(!io_pgtable_iova_to_phys(iop, iova + i * SZ_4K));
	}
	return (void *)bad;
}

static void run_on(const char *name, void *(*body)(void *), bool coherent)
{
	const struct variant *v = find_variant(name);
	struct io_pgtable_cfg cfg = config(v);
	pthread_t thread[THREADS];

	ia_last = (1ull << v->ias) - 1;
	cfg.tlb = &clean_driver;
	cfg.coherent_walk = coherent;
	cfg.quirks |= IO_PGTABLE_QUIRK_NO_WARN;
	iop = alloc_io_pgtable(v->fmt, &cfg, NULL);
	assert_non_null(iop);
	pthread_barrier_init(&barrier, NULL, THREADS);
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, body, (void *)i), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *bad;

		pthread_join(thread[i], &bad);
		assert_null(bad);
	}
	pthread_barrier_destroy(&barrier);
	assert_int_equal(io_pgtable_validate(iop), 0);
	free_io_pgtable(iop);
	assert_int_equal(table_pool_validate(table_pool_default()), 0);
	assert_int_equal(table_pool_validate(table_pool_low()), 0);
}

/*
 * LPAE, and with all that their contract adds: software bits of tables, shifted addresses,
 * descriptors of 32 bits (and no software bits).
 */
static void run(void *(*body)(void *), bool coherent)
{
	unsigned int all = rounds;

	run_on("arm_64_lpae_s1/4K", body, coherent);
	rounds = all / 4;
	run_on("amd_iommu_v2/5", body, coherent);
	run_on("riscv_sv48", body, coherent);
	run_on("arm_v7s", body, coherent);
	rounds = all;
}

static void test_neighbours(void **state)
{
	run(neighbours, true);
	cleaned = 0;
	run(neighbours, false);
	assert_true(cleaned > 0);
}

static void test_trees(void **state)
{
	run(trees, true);
	run(trees, false);
}

static void test_splits(void **state)
{
	run(splits, true);
	run(splits, false);
}

static void test_one_block(void **state)
{
	run(one_block, true);
	run(one_block, false);
}

/* Who asks first makes it: all at once. */
static void *asks(void *arg)
{
	pthread_barrier_wait(&barrier);
	return table_pool_low();
}

static void test_low_pool(void **state)
{
	pthread_t thread[THREADS];
	void *pool[THREADS];

	assert_int_equal(pthread_barrier_init(&barrier, NULL, THREADS), 0);
	for (unsigned int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, asks, NULL), 0);
	for (unsigned int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(thread[i], &pool[i]), 0);
	assert_int_equal(pthread_barrier_destroy(&barrier), 0);
	assert_non_null(pool[0]);
	for (unsigned int i = 1; i < THREADS; i++)
		assert_ptr_equal(pool[i], pool[0]);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_low_pool), /* before anything asks for it */
		cmocka_unit_test(test_neighbours), cmocka_unit_test(test_trees),
		cmocka_unit_test(test_splits),	   cmocka_unit_test(test_one_block),
	};

	rounds = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 0) : 200;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
