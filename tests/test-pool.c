// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table pool: alignment, zeroing, what is kept as zero, limits, statistics, misuse, threads.
 */
#include <pthread.h>

#include "support.h"

static struct table_pool *pool;

static struct table_pool_stats stats(void)
{
	struct table_pool_stats s;

	table_pool_get_stats(pool, &s);
	return s;
}

static bool reads_zero(const char *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (p[i])
			return false;
	return true;
}

static void test_sizes(void **state)
{
	for (size_t size = TABLE_POOL_MIN_BYTES; size <= TABLE_POOL_MAX_BYTES; size *= 2) {
		char *a = table_pool_alloc(pool, size, IO_PGTABLE_MEM_ZERO);
		char *b = table_pool_alloc(pool, size, 0);

		assert_non_null(a);
		assert_non_null(b);
		assert_true(a != b);
		assert_int_equal(((uintptr_t)a | (uintptr_t)b) & (size - 1), 0);
		assert_true(reads_zero(a, size));
		memset(a, 0xff, size);
		memset(b, 0xff, size);
		assert_int_equal(table_pool_validate(pool), 0);
		table_pool_free(pool, a, size, 0);
		table_pool_free(pool, b, size, 0);
	}
	assert_int_equal(stats().live_bytes, 0);
}

static void test_bad_sizes(void **state)
{
	assert_null(table_pool_alloc(pool, 0, 0));
	assert_null(table_pool_alloc(pool, 32, 0));
	assert_null(table_pool_alloc(pool, 3 * SZ_4K, 0));
	assert_null(table_pool_alloc(pool, 2 * TABLE_POOL_MAX_BYTES, 0));
	table_pool_free(pool, NULL, SZ_4K, 0);
	assert_int_equal(table_pool_validate(pool), 0);
}

/* Zero blocks serve zeroed requests first, dirty ones the others; nothing is zeroed twice. */
static void test_zero_and_dirty(void **state)
{
	const size_t size = TABLE_POOL_MAX_BYTES;
	struct table_pool_stats before, after;
	char *dirty, *clean;

	/* An arena of two blocks, and no more. */
	table_pool_set_limit(pool, TABLE_POOL_ARENA_BYTES);
	dirty = table_pool_alloc(pool, size, 0);
	clean = table_pool_alloc(pool, size, 0);
	memset(dirty, 1, size);
	memset(clean, 0, size);
	table_pool_free(pool, clean, size, IO_PGTABLE_MEM_ZERO);
	table_pool_free(pool, dirty, size, 0);
	before = stats();
	assert_int_equal(before.cached_zero_bytes, size);
	assert_int_equal(before.cached_dirty_bytes, size);
	assert_ptr_equal(table_pool_alloc(pool, size, IO_PGTABLE_MEM_ZERO), clean);
	assert_ptr_equal(table_pool_alloc(pool, size, IO_PGTABLE_MEM_ZERO), dirty);
	assert_true(reads_zero(dirty, size));
	after = stats();
	assert_int_equal(after.zero_skipped - before.zero_skipped, 1);
	assert_int_equal(after.zeroed - before.zeroed, 1);
	table_pool_free(pool, clean, size, IO_PGTABLE_MEM_ZERO);
	table_pool_free(pool, dirty, size, 0);
	assert_ptr_equal(table_pool_alloc(pool, size, 0), dirty);
	assert_ptr_equal(table_pool_alloc(pool, size, 0), clean);
	table_pool_free(pool, clean, size, 0);
	table_pool_free(pool, dirty, size, 0);
}

static void test_validate_sees(void **state)
{
	char *p = table_pool_alloc(pool, SZ_4K, IO_PGTABLE_MEM_ZERO);

	/* A block that is said to be zero and is not. */
	p[100] = 1;
	table_pool_free(pool, p, SZ_4K, IO_PGTABLE_MEM_ZERO);
	assert_int_equal(table_pool_validate(pool), -EUCLEAN);
	p[100] = 0;
	assert_int_equal(table_pool_validate(pool), 0);
}

static void test_misuse(void **state)
{
	struct table_pool *other = table_pool_create(NULL);
	char *p = table_pool_alloc(pool, SZ_4K, 0);
	struct table_pool_stats before;

	/* Twice, or with the wrong size, or to the wrong pool: refused, counted once. */
	table_pool_free(other, p, SZ_4K, 0);
	table_pool_free(pool, p, 64, 0);
	table_pool_free(pool, p, SZ_4K / 2, 0);
	table_pool_free(pool, p + 64, SZ_4K, 0);
	assert_int_equal(stats().live_bytes, SZ_4K);
	table_pool_free(pool, p, SZ_4K, 0);
	/* The state of blocks that are out is kept at level 2 and above. */
	if (IO_PGTABLE_ASSERT >= 2) {
		before = stats();
		table_pool_free(pool, p, SZ_4K, 0);
		assert_int_equal(stats().frees, before.frees);
	}
	assert_int_equal(table_pool_validate(pool), 0);
	assert_int_equal(table_pool_validate(other), 0);
	table_pool_destroy(other);
	table_pool_destroy(NULL);
}

static void test_limit(void **state)
{
	struct table_pool_opts opts = { .limit_bytes = TABLE_POOL_ARENA_BYTES };
	struct table_pool *small = table_pool_create(&opts);
	void *p[4];

	p[0] = table_pool_alloc(small, 1 << 20, 0);
	p[1] = table_pool_alloc(small, 1 << 20, 0);
	p[2] = table_pool_alloc(small, 1 << 20, 0);
	assert_non_null(p[0]);
	assert_non_null(p[1]);
	assert_null(p[2]);
	assert_null(table_pool_alloc(small, SZ_4K, 0));
	table_pool_set_limit(small, 2 * TABLE_POOL_ARENA_BYTES);
	p[3] = table_pool_alloc(small, SZ_4K, 0);
	assert_non_null(p[3]);
	table_pool_free(small, p[0], 1 << 20, 0);
	table_pool_free(small, p[1], 1 << 20, 0);
	table_pool_free(small, p[3], SZ_4K, 0);
	assert_int_equal(table_pool_validate(small), 0);
	table_pool_destroy(small);
}

static void test_many(void **state)
{
	enum { N = 3000 };
	static char *block[N];
	uint64_t seed = 42;

	for (int i = 0; i < 200000; i++) {
		size_t n = next_random(&seed) % N, size = SZ_4K;

		if (n < N / 2)
			size = (size_t)64 << n % 8;
		if (block[n]) {
			assert_int_equal(block[n][0], (char)n);
			assert_int_equal(block[n][size - 1], (char)n);
			table_pool_free(pool, block[n], size, 0);
			block[n] = NULL;
		} else {
			block[n] = table_pool_alloc(pool, size, n & 1 ? IO_PGTABLE_MEM_ZERO : 0);
			assert_non_null(block[n]);
			if (n & 1)
				assert_true(reads_zero(block[n], size));
			block[n][0] = (char)n;
			block[n][size - 1] = (char)n;
		}
	}
	assert_int_equal(table_pool_validate(pool), 0);
	for (size_t n = 0; n < N; n++)
		table_pool_free(pool, block[n], n < N / 2 ? (size_t)64 << n % 8 : SZ_4K, 0);
	memset(block, 0, sizeof(block));
	assert_int_equal(stats().live_bytes, 0);
	assert_int_equal(table_pool_validate(pool), 0);
}

static void *churn(void *arg)
{
	char *held[16] = { 0 };
	uint64_t seed = (uintptr_t)arg;
	uintptr_t bad = 0;

	for (int i = 0; i < 20000; i++) {
		size_t n = next_random(&seed) % 16;

		if (held[n]) {
			bad |= held[n][5] != (char)(uintptr_t)arg;
			table_pool_free(pool, held[n], SZ_4K, 0);
			held[n] = NULL;
		} else {
			held[n] = table_pool_alloc(pool, SZ_4K, 0);
			held[n][5] = (char)(uintptr_t)arg;
		}
	}
	for (size_t n = 0; n < 16; n++)
		table_pool_free(pool, held[n], SZ_4K, 0);
	return (void *)bad;
}

static void test_threads(void **state)
{
	pthread_t thread[4];

	for (uintptr_t i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, churn, (void *)(i + 1)), 0);
	for (size_t i = 0; i < 4; i++) {
		void *bad;

		pthread_join(thread[i], &bad);
		assert_null(bad);
	}
	assert_int_equal(stats().live_bytes, 0);
	assert_int_equal(table_pool_validate(pool), 0);
}

/* What one CPU has in its magazines is used when another finds the pool at its limit. */
static void *free_blocks(void *arg)
{
	void **block = arg;

	for (int i = 0; i < 20; i++)
		table_pool_free(pool, block[i], SZ_64K, 0);
	return NULL;
}

static void test_drain(void **state)
{
	struct table_pool_stats before;
	void *block[32];
	pthread_t thread;

	table_pool_set_limit(pool, TABLE_POOL_ARENA_BYTES);
	for (int i = 0; i < 32; i++)
		assert_non_null(block[i] = table_pool_alloc(pool, SZ_64K, 0));
	assert_null(table_pool_alloc(pool, SZ_64K, 0));
	/* Freed by a thread that ends; wherever it ran, they can be had again. */
	assert_int_equal(pthread_create(&thread, NULL, free_blocks, block), 0);
	pthread_join(thread, NULL);
	before = stats();
	assert_int_equal(before.live_bytes, 12 * SZ_64K);
	assert_int_equal(before.cached_dirty_bytes + before.cached_zero_bytes, 20 * SZ_64K);
	assert_int_equal(table_pool_validate(pool), 0);
	for (int i = 0; i < 20; i++)
		assert_non_null(block[i] = table_pool_alloc(pool, SZ_64K, 0));
	assert_null(table_pool_alloc(pool, SZ_64K, 0));
	assert_int_equal(stats().failures, 2);
	for (int i = 0; i < 32; i++)
		table_pool_free(pool, block[i], SZ_64K, 0);
	assert_int_equal(table_pool_validate(pool), 0);
}

/* Through more blocks than magazines hold, both ways, in every size: nothing is lost on the way. */
static void test_depot_traffic(void **state)
{
	static void *block[200];

	for (size_t size = TABLE_POOL_MIN_BYTES; size <= SZ_64K; size *= 2) {
		for (int round = 0; round < 3; round++) {
			for (size_t i = 0; i < 200; i++) {
				block[i] = table_pool_alloc(pool, size, IO_PGTABLE_MEM_ZERO);
				assert_true(reads_zero(block[i], size));
				*(uint64_t *)block[i] = i % 2;
			}
			for (size_t i = 0; i < 200; i++)
				table_pool_free(pool, block[i], size,
						i % 2 ? 0 : IO_PGTABLE_MEM_ZERO);
			assert_int_equal(table_pool_validate(pool), 0);
		}
	}
	assert_int_equal(stats().live_bytes, 0);
}

static int make_pool(void **state)
{
	pool = table_pool_create(NULL);
	return pool ? 0 : -1;
}

static int make_plain_pool(void **state)
{
	struct table_pool_opts opts = { .plain = true };

	pool = table_pool_create(&opts);
	return pool ? 0 : -1;
}

static int end_pool(void **state)
{
	assert_int_equal(table_pool_validate(pool), 0);
	table_pool_destroy(pool);
	return 0;
}

#define CACHED(f) cmocka_unit_test_setup_teardown(f, make_pool, end_pool)
#define PLAIN(f)  cmocka_unit_test_setup_teardown(f, make_plain_pool, end_pool)
#define BOTH(f)	  CACHED(f), PLAIN(f)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_sizes),	  BOTH(test_bad_sizes), PLAIN(test_zero_and_dirty),
		BOTH(test_validate_sees), BOTH(test_misuse),	BOTH(test_limit),
		BOTH(test_many),	  BOTH(test_threads),	BOTH(test_drain),
		BOTH(test_depot_traffic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
