// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reclaim while other threads map beside the tables that go.
 *
 *	test-reclaim-threads [ROUNDS]
 *
 * All threads work on pages of a few tables, so that these are emptied, taken out and made again
 * all the time. What is checked: a page that was mapped translates, also right after a reclaimer
 * has been at its table; an unmapped one does not; a table that was freed is never written again,
 * and no invalidation is outstanding when it is freed (kept.h); in the end every table has come
 * back. Under TSan also that no lock is missing.
 */
#include <pthread.h>
#include <stdio.h>

#include "kept.h"

#define WORKERS 2
#define TABLES	6
#define ON_SYNC IO_PGTABLE_RECLAIM_ON_SYNC
#define ON_TRIM IO_PGTABLE_RECLAIM_ON_TRIM

static struct io_pgtable *iop;
static pthread_barrier_t barrier;
static unsigned int rounds = 5000;
static bool stop;

#define CHECK(cond) (bad += !(cond))

/* Where page i of a worker lies: all workers share all tables. */
static uint64_t place(unsigned int me, uint64_t *seed)
{
	uint64_t r = next_random(seed);

	return (r >> 32) % TABLES * SZ_2M + ((r % 500) * WORKERS % 500 + me) * SZ_4K;
}

/* One or two pages in, looked at, and out: strict, gathered, by cursor. */
static void *worker(void *arg)
{
	uintptr_t bad = 0;
	unsigned int me = (unsigned int)(uintptr_t)arg;
	uint64_t seed = me + 77;
	struct iommu_iotlb_gather gather;
	struct io_pgtable_cursor cursor;

	iommu_iotlb_gather_init(&gather);
	io_pgtable_cursor_init(&cursor, iop);
	pthread_barrier_wait(&barrier);
	for (unsigned int r = 0; r < rounds; r++) {
		uint64_t a = place(me, &seed), b = place(me, &seed), pa = r * SZ_4K;
		bool two = r % 3 == 0 && a != b, by_cursor = r % 4 == 1;
		struct iommu_iotlb_gather *g = r % 2 ? &gather : NULL;

		CHECK(!(by_cursor ? io_pgtable_cursor_map(&cursor, a, pa, RW)
				  : io_pgtable_map(iop, a, pa, SZ_4K, RW)));
		if (two)
			CHECK(!io_pgtable_map(iop, b, pa, SZ_4K, RW));
		CHECK(io_pgtable_iova_to_phys(iop, a + 5) == pa + 5);
		CHECK(!two || io_pgtable_iova_to_phys(iop, b) == pa);
		if (two)
			CHECK(io_pgtable_unmap(iop, b, SZ_4K, g) == SZ_4K);
		CHECK((by_cursor ? io_pgtable_cursor_unmap(&cursor, a, g)
				 : io_pgtable_unmap(iop, a, SZ_4K, g)) == SZ_4K);
		CHECK(!io_pgtable_iova_to_phys(iop, a));
		CHECK(!io_pgtable_unmap(iop, a, SZ_4K, g));
		if (r % 8 == 0)
			io_pgtable_sync(iop, &gather);
	}
	io_pgtable_sync(iop, &gather);
	return (void *)bad;
}

/* Runs across the end of a table, scatter lists, and blocks over tables that may be about to go. */
static void *builder(void *arg)
{
	uintptr_t bad = 0;
	uint64_t base = (TABLES - 1) * SZ_2M, seed = 5;
	struct io_pgtable_sg sg[40];

	for (size_t i = 0; i < ARRAY_SIZE(sg); i++)
		sg[i] = (struct io_pgtable_sg){ 3 * i * SZ_4K, SZ_4K };
	pthread_barrier_wait(&barrier);
	for (unsigned int r = 0; r < rounds / 4; r++) {
		uint64_t n = 1 + next_random(&seed) % 11, at = base + SZ_2M - n * SZ_4K;

		/* The last 11 pages of the shared tables are its own, and what lies behind. */
		CHECK(!io_pgtable_map(iop, at, SZ_4K, 2 * n * SZ_4K, RW));
		CHECK(io_pgtable_unmap(iop, at, 2 * n * SZ_4K, NULL) == 2 * n * SZ_4K);
		CHECK(!io_pgtable_map(iop, base + 2 * SZ_2M, 0, SZ_2M, RW));
		CHECK(io_pgtable_iova_to_phys(iop, base + 2 * SZ_2M + 9) == 9);
		CHECK(io_pgtable_unmap(iop, base + 2 * SZ_2M, SZ_2M, NULL) == SZ_2M);
		CHECK(!io_pgtable_map_sg(iop, base + 2 * SZ_2M, sg, ARRAY_SIZE(sg), RW));
		for (uint64_t i = 0; i < ARRAY_SIZE(sg); i++)
			CHECK(io_pgtable_iova_to_phys(iop, base + 2 * SZ_2M + i * SZ_4K) ==
			      3 * i * SZ_4K);
		CHECK(io_pgtable_unmap(iop, base + 2 * SZ_2M, sizeof(sg) / 16 * SZ_4K, NULL) ==
		      ARRAY_SIZE(sg) * SZ_4K);
	}
	return (void *)bad;
}

/* Translates what is nobody's, where tables come and go; and trims, if that is the mode. */
static void *reader(void *arg)
{
	uintptr_t bad = 0;
	uint64_t seed = 99, iova[8], turn = 0;
	phys_addr_t pa[8];

	pthread_barrier_wait(&barrier);
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		for (size_t i = 0; i < ARRAY_SIZE(iova); i++)
			iova[i] = next_random(&seed) % TABLES * SZ_2M + 500 * SZ_4K;
		io_pgtable_iova_to_phys_batch(iop, iova, pa, ARRAY_SIZE(iova));
		for (size_t i = 0; i < ARRAY_SIZE(iova); i++)
			CHECK(!pa[i] && !io_pgtable_iova_to_phys(iop, iova[i]));
		/* Now and then: who frees a table waits for a trim that looks at it. */
		if (iop->cfg.reclaim == ON_TRIM && turn++ % 64 == 0)
			io_pgtable_trim(iop);
	}
	return (void *)bad;
}

static void run(enum io_pgtable_reclaim mode, bool coherent)
{
	static void *(*const body[])(void *) = { worker, worker, builder, reader };
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));
	struct io_pgtable_reclaim_stats s;
	pthread_t thread[ARRAY_SIZE(body)];
	size_t before;

	cfg.tlb = &kept_driver;
	cfg.reclaim = mode;
	cfg.coherent_walk = coherent;
	cfg.mem = &kept_mem;
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	assert_non_null(iop);
	before = io_pgtable_table_bytes(iop);
	stop = false;
	pthread_barrier_init(&barrier, NULL, ARRAY_SIZE(body));
	for (size_t i = 0; i < ARRAY_SIZE(body); i++)
		assert_int_equal(pthread_create(&thread[i], NULL, body[i], (void *)i), 0);
	for (size_t i = 0; i < ARRAY_SIZE(body); i++) {
		void *bad;

		if (i == ARRAY_SIZE(body) - 1)
			__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
		pthread_join(thread[i], &bad);
		assert_null(bad);
	}
	pthread_barrier_destroy(&barrier);
	io_pgtable_read_reclaim_stats(iop, &s);
	printf("noted %llu, dropped %llu, unlinked %llu, kept %llu, busy %llu, fences %llu\n",
	       (unsigned long long)s.noted, (unsigned long long)s.dropped,
	       (unsigned long long)s.unlinked, (unsigned long long)s.kept,
	       (unsigned long long)s.busy, (unsigned long long)s.fences);
	assert_int_equal(io_pgtable_validate(iop), 0);
	io_pgtable_trim(iop);
	io_pgtable_read_reclaim_stats(iop, &s);
	assert_true(s.unlinked > 0);
	assert_int_equal(io_pgtable_table_bytes(iop), before);
	free_io_pgtable(iop);
	kept_end();
}

static void test_on_sync(void **state)
{
	run(ON_SYNC, true);
}

static void test_on_sync_clean(void **state)
{
	run(ON_SYNC, false);
}

static void test_on_trim(void **state)
{
	run(ON_TRIM, true);
}

static void test_on_trim_clean(void **state)
{
	run(ON_TRIM, false);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_on_sync),
		cmocka_unit_test(test_on_sync_clean),
		cmocka_unit_test(test_on_trim),
		cmocka_unit_test(test_on_trim_clean),
	};
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));

	cfg.reclaim = ON_SYNC;
	if (io_pgtable_check_cfg(ARM_64_LPAE_S1, &cfg) == -ENOSYS)
		return 77; /* no fence for all threads here: the modes are refused */
	if (argc > 1)
		rounds = (unsigned int)atoi(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
