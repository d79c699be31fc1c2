// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory runs out at every allocation of a set of operations, once and for good: the operation
 * fails cleanly, every translation is as before, nothing leaks, and it succeeds when memory is
 * back.
 */
#include "support.h"

#define PROBES 64

struct operation {
	const char *name;
	uint64_t sizes;
	/* What is mapped before: iova = pa. */
	struct {
		uint64_t iova, size;
	} before[3];
	bool unmap;
	uint64_t iova, pa, size;
};

static const struct operation operations[] = {
	{ "page", 0, { { 0 } }, false, SZ_1G, 0, SZ_4K },
	{ "two tables", 0, { { 0 } }, false, SZ_2M - SZ_4K, SZ_4K, SZ_2M },
	{ "gigabyte of pages", SZ_4K, { { 0 } }, false, SZ_1G - SZ_2M, SZ_4K, SZ_1G },
	{ "mixed blocks", 0, { { 0 } }, false, SZ_1G - SZ_4K, SZ_1G - SZ_4K, 2 * SZ_1G },
	{ "beside others",
	  0,
	  { { SZ_2M, SZ_4K }, { 8 * SZ_1G, SZ_1G } },
	  false,
	  SZ_2M + SZ_4K,
	  SZ_4K,
	  4 * SZ_2M },
	{ "across 512G", 0, { { 0 } }, false, (1ull << 39) - SZ_4K, 0, 2 * SZ_4K },
	{ "split 2M", 0, { { SZ_2M, SZ_2M } }, true, SZ_2M + SZ_4K, 0, SZ_4K },
	{ "split 1G twice", 0, { { SZ_1G, SZ_1G } }, true, SZ_1G + SZ_4K, 0, SZ_4K },
	{ "split at both ends",
	  0,
	  { { SZ_1G, 2 * SZ_1G } },
	  true,
	  SZ_1G + SZ_4K,
	  0,
	  2 * SZ_1G - 2 * SZ_4K },
};

static void prepare(struct io_pgtable *iop, const struct operation *op)
{
	for (size_t i = 0; i < ARRAY_SIZE(op->before); i++)
		if (op->before[i].size)
			assert_int_equal(io_pgtable_map(iop, op->before[i].iova, op->before[i].iova,
							op->before[i].size, RW),
					 0);
}

/* Translations around and inside the operation and what was there before. */
static void probe(struct io_pgtable *iop, const struct operation *op, uint64_t out[PROBES])
{
	uint64_t at[PROBES], step = op->size / 8;
	size_t n = 0;

	for (int i = -8; i < 16; i++)
		at[n++] = op->iova + (uint64_t)i * step + 5;
	for (int i = -2; i < 3; i++) {
		at[n++] = op->iova + (uint64_t)i * SZ_4K;
		at[n++] = op->iova + op->size + (uint64_t)i * SZ_4K;
		at[n++] = op->before[0].iova + (uint64_t)i * SZ_4K;
		at[n++] = op->before[0].iova + op->before[0].size + (uint64_t)i * SZ_4K;
		at[n++] = op->before[1].iova + (uint64_t)i * SZ_4K;
	}
	for (size_t i = 0; i < PROBES; i++)
		out[i] = i < n ? io_pgtable_iova_to_phys(iop, at[i]) : 0;
}

/* 0 if everything was done; otherwise the error, or for an unmap what is left. */
static int perform(struct io_pgtable *iop, const struct operation *op, size_t *unmapped)
{
	*unmapped = 0;
	if (!op->unmap)
		return io_pgtable_map(iop, op->iova, op->pa, op->size, RW);
	*unmapped = io_pgtable_unmap(iop, op->iova, op->size, NULL);
	return *unmapped == op->size ? 0 : -ENOMEM;
}

/* An unmap that stopped half way has removed exactly what it says. */
static void check_unmapped(struct io_pgtable *iop, const struct operation *op, size_t unmapped)
{
	if (unmapped)
		assert_int_equal(io_pgtable_iova_to_phys(iop, op->iova + unmapped - 1), 0);
	assert_int_equal(io_pgtable_iova_to_phys(iop, op->iova + unmapped), op->iova + unmapped);
	assert_int_equal(io_pgtable_iova_to_phys(iop, op->iova - 1), op->iova - 1);
}

/* Fails the nth allocation from here on. True if the operation got through without it. */
static bool fail_nth(const struct variant *v, const struct operation *op, size_t nth, bool forever)
{
	struct io_pgtable_cfg cfg = config(v);
	uint64_t before[PROBES], after[PROBES];
	struct io_pgtable *iop;
	size_t unmapped;
	int err;

	if (op->sizes)
		cfg.pgsize_bitmap = op->sizes;
	cfg.mem = &identity_mem;
	test_memory_reset();
	test_memory.check_sync = true;
	iop = alloc_io_pgtable(v->fmt, &cfg, NULL);
	prepare(iop, op);
	recorder_reset();
	probe(iop, op, before);
	test_memory.fail_at = nth;
	test_memory.fail_forever = forever;
	err = perform(iop, op, &unmapped);
	test_memory.fail_at = 0;
	assert_int_equal(io_pgtable_validate(iop), 0);
	assert_int_equal(recorder.unsynced, 0);
	if (err) {
		assert_int_equal(err, -ENOMEM);
		probe(iop, op, after);
		if (op->unmap)
			check_unmapped(iop, op, unmapped);
		else
			assert_memory_equal(before, after, sizeof(before));
		if (!op->unmap)
			assert_int_equal(perform(iop, op, &unmapped), 0);
		else
			assert_int_equal(io_pgtable_unmap(iop, op->iova + unmapped,
							  op->size - unmapped, NULL),
					 op->size - unmapped);
	}
	assert_int_equal(io_pgtable_validate(iop), 0);
	free_io_pgtable(iop);
	assert_int_equal(test_memory.live, 0);
	return !err;
}

/* The addresses are written for 4K, and not all of them are there in a small input range. */
static bool has_room(const struct variant *v, const struct operation *op)
{
	unsigned int bits = v->traits & SIGNS ? v->ias - 1 : v->ias;

	return v->granule == SZ_4K && (v->sizes & SZ_2M) && op->iova + op->size <= 1ull << bits &&
	       9 * SZ_1G <= 1ull << bits;
}

/*
 * Each allocation of those before the 16th; behind them, which only the long operation has, each hundredth
 * where a step is slow (test_fewer()).
 */
static size_t next_after(size_t nth)
{
	const bool slow = test_fewer(1000) < 1000;

	return nth + (slow && nth >= 16 ? 100 : 1);
}

static void fail_each(const struct variant *v, const struct operation *op)
{
	for (int forever = 0; forever < 2; forever++) {
		size_t nth = 1;

		while (!fail_nth(v, op, nth, forever))
			nth = next_after(nth);
		/* Each of them needs memory at least once. */
		assert_true(nth > 1);
	}
}

static void test_operations(void **state)
{
	size_t combinations = 0;

	for (size_t i = 0; i < NR_VARIANTS; i++) {
		for (size_t o = 0; o < ARRAY_SIZE(operations); o++) {
			/* The long one once. */
			if (!has_room(&variants[i], &operations[o]) ||
			    (operations[o].sizes && variants[i].fmt != ARM_64_LPAE_S1))
				continue;
			fail_each(&variants[i], &operations[o]);
			combinations++;
		}
	}
	assert_true(combinations > 12 * 7);
}

static void test_alloc_io_pgtable(void **state)
{
	struct table_pool *pool = table_pool_default();
	struct table_pool_stats stats;

	for (size_t i = 0; i < NR_VARIANTS; i++) {
		struct io_pgtable_cfg cfg = config(&variants[i]);

		test_memory_reset();
		cfg.mem = &identity_mem;
		test_memory.fail_at = 1;
		assert_null(alloc_io_pgtable(variants[i].fmt, &cfg, NULL));
		assert_int_equal(test_memory.live, 0);
	}
	/* The domain itself comes from the pool and is given back when the root cannot be had. */
	table_pool_get_stats(pool, &stats);
	assert_int_equal(stats.live_bytes, 0);
	assert_int_equal(table_pool_validate(pool), 0);
}

static struct io_pgtable *raced;

/* What another thread does between our allocation and our compare-and-swap. */
static void map_neighbour(void)
{
	assert_int_equal(io_pgtable_map(raced, SZ_2M + 8 * SZ_4K, SZ_1G, SZ_4K, RW), 0);
}

/* A race to install a table is lost at each level: the loser's page goes back, both maps hold. */
static void test_lost_race(void **state)
{
	for (int level = 0; level < 3; level++) {
		struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));
		size_t live;

		test_memory_reset();
		cfg.mem = &identity_mem;
		raced = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
		/* Tables above the level that is raced for are there already. */
		if (level < 2)
			assert_int_equal(io_pgtable_map(raced, level ? SZ_1G : 0, 0, SZ_4K, RW), 0);
		live = test_memory.live;
		test_memory.on_alloc = map_neighbour;
		assert_int_equal(io_pgtable_map(raced, SZ_2M, 0, 2 * SZ_4K, RW), 0);
		assert_null(test_memory.on_alloc);
		assert_int_equal(test_memory.live, live + 1 + (size_t)level);
		assert_int_equal(io_pgtable_iova_to_phys(raced, SZ_2M + SZ_4K + 1), SZ_4K + 1);
		assert_int_equal(io_pgtable_iova_to_phys(raced, SZ_2M + 8 * SZ_4K + 1), SZ_1G + 1);
		assert_int_equal(io_pgtable_validate(raced), 0);
		free_io_pgtable(raced);
		assert_int_equal(test_memory.live, 0);
	}
}

/* The library's own pool at its limit in the middle of a map. */
static void test_pool_limit(void **state)
{
	struct table_pool_opts opts = { .limit_bytes = 3 * TABLE_POOL_ARENA_BYTES };
	struct table_pool *pool = table_pool_create(&opts);
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));
	struct table_pool_stats stats;
	struct io_pgtable_mem mem;
	struct io_pgtable *iop;

	table_pool_mem(pool, &mem);
	cfg.mem = &mem;
	cfg.pgsize_bitmap = SZ_4K;
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	assert_non_null(iop);
	assert_int_equal(io_pgtable_map(iop, 0, 0, SZ_4K, RW), 0);
	/* Three arenas hold 1536 tables of 4K: 3 GiB of pages do not fit. */
	assert_int_equal(io_pgtable_map(iop, SZ_1G, 0, 4 * SZ_1G, RW), -ENOMEM);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_1G), 0);
	assert_int_equal(io_pgtable_iova_to_phys(iop, 5), 5);
	table_pool_get_stats(pool, &stats);
	assert_int_equal(stats.arena_bytes, 3 * TABLE_POOL_ARENA_BYTES);
	assert_true(stats.failures > 0);
	assert_int_equal(io_pgtable_map(iop, SZ_1G, 0, SZ_1G, RW), 0);
	assert_int_equal(io_pgtable_validate(iop), 0);
	free_io_pgtable(iop);
	assert_int_equal(table_pool_validate(pool), 0);
	table_pool_destroy(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alloc_io_pgtable),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_lost_race),
		cmocka_unit_test(test_pool_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
