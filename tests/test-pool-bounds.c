// SPDX-License-Identifier: GPL-2.0-only
/*
 * What keeps a pool within bounds: reserve, zero, trim, the limit; statistics that are exact after
 * any sequence of operations (a model counts along); an operating system that refuses; how arenas
 * are backed; what a gather holds.
 */
#include <stdio.h>
#include <unistd.h>

#include "core/port.h"
#include "support.h"

/* The linker puts these in the place of the port's (--wrap). */
void *__real_io_pgtable_port_arena_map(size_t head_bytes, size_t arena_bytes, unsigned int node,
				       enum port_pages *pages);
void *__wrap_io_pgtable_port_arena_map(size_t head_bytes, size_t arena_bytes, unsigned int node,
				       enum port_pages *pages);

static unsigned int maps, refuse_from = ~0u;

void *__wrap_io_pgtable_port_arena_map(size_t head_bytes, size_t arena_bytes, unsigned int node,
				       enum port_pages *pages)
{
	if (++maps >= refuse_from)
		return NULL;
	return __real_io_pgtable_port_arena_map(head_bytes, arena_bytes, node, pages);
}

/* Whether the process holds more than the program: a sanitizer's shadow, an emulator. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(EMULATED)
#define OTHERS_MEMORY true
#else
#define OTHERS_MEMORY false
#endif

static struct table_pool *pool;

static struct table_pool_stats stats(void)
{
	struct table_pool_stats s;

	table_pool_get_stats(pool, &s);
	return s;
}

static void assert_good(void)
{
	assert_int_equal(table_pool_validate(pool), 0);
}

static void test_reserve(void **state)
{
	enum { N = 1500 };
	static void *block[N];
	unsigned int before;

	assert_int_equal(table_pool_reserve(pool, SZ_4K, N), 0);
	assert_true(stats().arena_bytes >= N * SZ_4K);
	before = maps;
	refuse_from = 0;
	for (int i = 0; i < N; i++)
		assert_non_null(block[i] = table_pool_alloc(pool, SZ_4K, IO_PGTABLE_MEM_ZERO));
	refuse_from = ~0u;
	assert_int_equal(maps, before);
	assert_good();
	for (int i = 0; i < N; i++)
		table_pool_free(pool, block[i], SZ_4K, IO_PGTABLE_MEM_ZERO);
	assert_int_equal(table_pool_reserve(pool, 100, 1), -EINVAL);
	table_pool_set_limit(pool, stats().arena_bytes);
	assert_int_equal(table_pool_reserve(pool, SZ_4K, 10000), -ENOMEM);
	assert_good();
}

/* After a reserve a map that needs that many tables works, although nothing more can be had. */
static void test_reserve_for_map(void **state)
{
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));
	struct io_pgtable_mem mem;
	struct io_pgtable *iop;

	table_pool_mem(pool, &mem);
	cfg.mem = &mem;
	cfg.pgsize_bitmap = SZ_4K;
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	assert_non_null(iop);
	assert_int_equal(table_pool_reserve(pool, SZ_4K, 1 + 1 + 512), 0);
	refuse_from = 0;
	assert_int_equal(io_pgtable_map(iop, 0, 0, SZ_1G, RW), 0);
	refuse_from = ~0u;
	free_io_pgtable(iop);
	assert_good();
}

static void test_zero(void **state)
{
	enum { N = 400 };
	static char *block[N];
	struct table_pool_stats s;

	for (int i = 0; i < N; i++) {
		block[i] = table_pool_alloc(pool, SZ_4K, 0);
		memset(block[i], i | 1, SZ_4K);
	}
	for (int i = 0; i < N; i++)
		table_pool_free(pool, block[i], SZ_4K, 0);
	s = stats();
	assert_true(s.cached_dirty_bytes >= N * SZ_4K);
	/* Bounded: a box more than asked at most. */
	assert_in_range(table_pool_zero(pool, SZ_4K), SZ_4K, 62 * SZ_4K);
	table_pool_zero(pool, SIZE_MAX);
	assert_int_equal(table_pool_zero(pool, SIZE_MAX), 0);
	assert_good();
	/* What this thread has at hand stays dirty: two boxes. */
	s = stats();
	assert_true(s.cached_dirty_bytes <= 2 * 62 * SZ_4K);
	assert_true(s.cached_zero_bytes >= (N - 2 * 62) * SZ_4K);
	assert_int_equal(s.zeroed, 0);
}

static size_t resident_bytes(void)
{
	unsigned long pages = 0;
	FILE *f = fopen("/proc/self/statm", "r");

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%*u %lu", &pages), 1);
	fclose(f);
	return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void test_trim(void **state)
{
	enum { N = 4096 }; /* 16 MiB */
	static char *block[N];
	struct table_pool_stats s;
	size_t before = resident_bytes();

	for (int i = 0; i < N; i++) {
		block[i] = table_pool_alloc(pool, SZ_4K, 0);
		memset(block[i], 1, SZ_4K);
	}
	/* Nothing of it is free. */
	assert_int_equal(table_pool_trim(pool, 0), 0);
	assert_good();
	for (int i = 1; i < N; i++)
		table_pool_free(pool, block[i], SZ_4K, 0);
	/* The one that is in use keeps its arena, and nothing but itself in memory. */
	table_pool_trim(pool, 4 * TABLE_POOL_ARENA_BYTES);
	assert_good();
	s = stats();
	assert_in_range(s.arena_bytes - s.live_bytes, 4 * TABLE_POOL_ARENA_BYTES - 1,
			6 * TABLE_POOL_ARENA_BYTES);
	table_pool_trim(pool, 0);
	assert_good();
	s = stats();
	assert_int_equal(s.arena_bytes, TABLE_POOL_ARENA_BYTES);
	/* Where several blocks share a page, none of it can go. */
	if (sysconf(_SC_PAGESIZE) <= 4096)
		assert_int_equal(s.cached_dirty_bytes, 0);
	if (!OTHERS_MEMORY)
		assert_in_range(resident_bytes(), 0, before + SZ_1G / 4096);
	assert_int_equal(block[0][SZ_4K - 1], 1);
	assert_int_equal(table_pool_trim(pool, 0),
			 sysconf(_SC_PAGESIZE) <= 4096 ? s.cached_zero_bytes : 0);
	table_pool_free(pool, block[0], SZ_4K, 0);
	table_pool_trim(pool, 0);
	s = stats();
	assert_int_equal(s.arena_bytes, 0);
	assert_int_equal(s.cached_dirty_bytes + s.cached_zero_bytes, 0);
	assert_true(s.arena_peak_bytes >= N * SZ_4K);
	if (!OTHERS_MEMORY)
		assert_in_range(resident_bytes(), 0, before + SZ_1G / 4096);
	/* And it goes on working. */
	assert_non_null(block[0] = table_pool_alloc(pool, SZ_4K, IO_PGTABLE_MEM_ZERO));
	assert_int_equal(block[0][0], 0);
	table_pool_free(pool, block[0], SZ_4K, IO_PGTABLE_MEM_ZERO);
	assert_good();
}

/* Lowering the limit does not take anything; what is over it goes at the next trim. */
static void test_limit_and_trim(void **state)
{
	void *block[8];

	for (int i = 0; i < 8; i++)
		assert_non_null(block[i] = table_pool_alloc(pool, 1 << 20, 0));
	table_pool_set_limit(pool, 2 * TABLE_POOL_ARENA_BYTES);
	assert_null(table_pool_alloc(pool, 1 << 20, 0));
	for (int i = 0; i < 8; i++)
		table_pool_free(pool, block[i], 1 << 20, 0);
	assert_int_equal(table_pool_trim(pool, 0), 4 * TABLE_POOL_ARENA_BYTES);
	for (int i = 0; i < 4; i++)
		assert_non_null(block[i] = table_pool_alloc(pool, 1 << 20, 0));
	assert_null(table_pool_alloc(pool, 1 << 20, 0));
	for (int i = 0; i < 4; i++)
		table_pool_free(pool, block[i], 1 << 20, 0);
	assert_good();
}

/* Each call that asks the system for memory is refused once; then everything is there again. */
static void test_refusals(void **state)
{
	for (unsigned int nth = 1; nth < 8; nth++) {
		struct table_pool *fresh;
		void *p, *q;

		maps = 0;
		refuse_from = nth;
		fresh = table_pool_create(NULL);
		if (!fresh)
			continue;
		p = table_pool_alloc(fresh, SZ_4K, 0);
		q = table_pool_alloc(fresh, SZ_64K, IO_PGTABLE_MEM_ZERO);
		assert_int_equal(table_pool_validate(fresh), 0);
		refuse_from = ~0u;
		if (!p)
			assert_non_null(p = table_pool_alloc(fresh, SZ_4K, 0));
		if (!q)
			assert_non_null(q = table_pool_alloc(fresh, SZ_64K, 0));
		table_pool_free(fresh, p, SZ_4K, 0);
		table_pool_free(fresh, q, SZ_64K, 0);
		assert_int_equal(table_pool_validate(fresh), 0);
		table_pool_destroy(fresh);
	}
	refuse_from = ~0u;
}

/* The counts of a model, after any sequence. */
static void test_model(void **state)
{
	enum { N = 700, OPERATIONS = 150000 };
	static struct {
		char *ptr;
		size_t bytes;
		char tag;
	} held[N];
	uint64_t seed = 7, allocs = 0, frees = 0;
	size_t live = 0;

	for (int i = 0; i < OPERATIONS; i++) {
		size_t n = next_random(&seed) % N;
		uint64_t what = next_random(&seed);

		if (held[n].ptr) {
			assert_int_equal(held[n].ptr[held[n].bytes - 1], held[n].tag);
			memset(held[n].ptr, 0, what % 2 ? held[n].bytes : 0);
			table_pool_free(pool, held[n].ptr, held[n].bytes,
					what % 2 ? IO_PGTABLE_MEM_ZERO : 0);
			live -= held[n].bytes;
			frees++;
			held[n].ptr = NULL;
		} else {
			held[n].bytes = 64ull << what % 11;
			held[n].ptr = table_pool_alloc(pool, held[n].bytes, what >> 20 & 1);
			assert_non_null(held[n].ptr);
			if (what >> 20 & 1)
				assert_int_equal(held[n].ptr[held[n].bytes / 2], 0);
			held[n].tag = held[n].ptr[held[n].bytes - 1] = (char)(what >> 30 | 1);
			live += held[n].bytes;
			allocs++;
		}
		if (i % 5000 == 0) {
			struct table_pool_stats s = stats();

			assert_int_equal(s.live_bytes, live);
			assert_int_equal(s.allocs, allocs);
			assert_int_equal(s.frees, frees);
			assert_true(s.live_bytes + s.cached_dirty_bytes + s.cached_zero_bytes <=
				    s.arena_bytes);
			assert_good();
			if (i % 15000 == 0)
				table_pool_trim(pool, what % (8 << 20));
			if (i % 20000 == 0)
				table_pool_zero(pool, what % (1 << 20));
			assert_good();
		}
	}
	for (size_t n = 0; n < N; n++)
		table_pool_free(pool, held[n].ptr, held[n].bytes, 0);
	memset(held, 0, sizeof(held));
	table_pool_trim(pool, 0);
	assert_int_equal(stats().arena_bytes, 0);
}

static void test_pages(void **state)
{
	for (enum table_pool_pages p = TABLE_POOL_PAGES_TRANSPARENT; p <= TABLE_POOL_PAGES_ORDINARY;
	     p++) {
		struct table_pool_opts opts = { .pages = p };
		struct table_pool *mine = table_pool_create(&opts);
		struct table_pool_stats s;
		char *block;

		assert_non_null(mine);
		/* Whether there are huge pages or not. */
		assert_non_null(block = table_pool_alloc(mine, SZ_64K, IO_PGTABLE_MEM_ZERO));
		memset(block, 1, SZ_64K);
		table_pool_get_stats(mine, &s);
		assert_true(s.huge_arenas + s.explicit_arenas <= 1);
		if (p == TABLE_POOL_PAGES_ORDINARY)
			assert_int_equal(s.huge_arenas + s.explicit_arenas, 0);
		if (p == TABLE_POOL_PAGES_TRANSPARENT)
			assert_int_equal(s.explicit_arenas, 0);
		table_pool_free(mine, block, SZ_64K, 0);
		assert_int_equal(table_pool_trim(mine, 0), TABLE_POOL_ARENA_BYTES);
		table_pool_destroy(mine);
	}
	assert_null(table_pool_create(&(struct table_pool_opts){ .pages = 17 }));
	assert_null(
		table_pool_create(&(struct table_pool_opts){ .bind_node = true, .node = 4711 }));
}

/* Where lines are longer, small blocks have one each. */
static void test_lines(void **state)
{
	struct table_pool_opts opts = { .line_bytes = 128 };
	struct table_pool *mine = table_pool_create(&opts);
	struct table_pool_stats s;
	char *block[200];

	for (int i = 0; i < 200; i++) {
		block[i] = table_pool_alloc(mine, 64, i % 2 ? IO_PGTABLE_MEM_ZERO : 0);
		assert_non_null(block[i]);
		assert_int_equal((uintptr_t)block[i] % 128, 0);
		memset(block[i], 1, 64);
	}
	assert_int_equal(table_pool_reserve(mine, 64, 300), 0);
	table_pool_get_stats(mine, &s);
	assert_int_equal(s.live_bytes, 200 * 128);
	for (int i = 0; i < 200; i++)
		table_pool_free(mine, block[i], 64, 0);
	assert_int_equal(table_pool_validate(mine), 0);
	table_pool_destroy(mine);
	assert_null(table_pool_create(&(struct table_pool_opts){ .line_bytes = 96 }));
}

/* Every size comes from below 4 GiB, more than once around; what is given back is found again. */
static void test_below_4g(void **state)
{
	enum { BLOCKS = 40 };
	struct table_pool *mine = table_pool_create(&(struct table_pool_opts){ .below_4g = true });
	char *block[BLOCKS];

	assert_non_null(mine);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < BLOCKS; i++) {
			size_t bytes = SZ_1K << (i % 11);

			block[i] = table_pool_alloc(mine, bytes, IO_PGTABLE_MEM_ZERO);
			assert_non_null(block[i]);
			assert_true((uintptr_t)block[i] + bytes <= SZ_4G);
			memset(block[i], 1, bytes);
		}
		for (int i = 0; i < BLOCKS; i++)
			table_pool_free(mine, block[i], SZ_1K << (i % 11), 0);
		assert_int_equal(table_pool_validate(mine), 0);
		assert_true(table_pool_trim(mine, 0) >= TABLE_POOL_ARENA_BYTES);
	}
	table_pool_destroy(mine);
	assert_ptr_equal(table_pool_low(), table_pool_low());
}

/* Tables that a gather holds are counted until the sync, with all that hangs below them. */
static void test_quarantine(void **state)
{
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));
	struct iommu_iotlb_gather gather;
	struct io_pgtable_mem mem;
	struct io_pgtable *iop;

	table_pool_mem(pool, &mem);
	cfg.mem = &mem;
	cfg.pgsize_bitmap = SZ_4K;
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	assert_int_equal(io_pgtable_map(iop, 0, 0, SZ_1G + SZ_2M, RW), 0);
	iommu_iotlb_gather_init(&gather);
	assert_int_equal(io_pgtable_unmap(iop, SZ_1G, SZ_2M, &gather), SZ_2M);
	assert_int_equal(stats().quarantined_bytes, SZ_4K);
	assert_int_equal(io_pgtable_unmap(iop, 0, SZ_1G, &gather), SZ_1G);
	assert_int_equal(stats().quarantined_bytes, SZ_4K + 513 * SZ_4K);
	io_pgtable_sync(iop, &gather);
	assert_int_equal(stats().quarantined_bytes, 0);
	free_io_pgtable(iop);
	assert_good();
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
	assert_good();
	assert_int_equal(stats().live_bytes, 0);
	table_pool_destroy(pool);
	return 0;
}

#define OWN(f)	 cmocka_unit_test_setup_teardown(f, make_pool, end_pool)
#define PLAIN(f) cmocka_unit_test_setup_teardown(f, make_plain_pool, end_pool)

int main(void)
{
	const struct CMUnitTest tests[] = {
		OWN(test_trim),		  PLAIN(test_trim),	     OWN(test_reserve),
		PLAIN(test_reserve),	  OWN(test_reserve_for_map), OWN(test_zero),
		OWN(test_limit_and_trim), OWN(test_refusals),	     OWN(test_model),
		PLAIN(test_model),	  OWN(test_pages),	     OWN(test_lines),
		OWN(test_quarantine),	  OWN(test_below_4g),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
