// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scatter lists, batched translation and cursors: the same results as the single operations, for
 * every format and granule, with and without hooks, snooping and not; and what they do at the
 * edges.
 */
#include "support.h"

#define N 100

static uint64_t granule_of(const struct io_pgtable *iop)
{
	return iop->cfg.pgsize_bitmap & -iop->cfg.pgsize_bitmap;
}

/* Calls body for each variant, four ways: snooping or not, plain or translated memory. */
static void for_each_table(void (*body)(struct io_pgtable *iop, const struct variant *v))
{
	for (size_t i = 0; i < NR_VARIANTS * 4; i++) {
		const struct variant *v = &variants[i / 4];
		struct io_pgtable_cfg cfg = config(v);
		/* Translated addresses are where the process has its memory: below 48 bits. */
		bool narrow = v->oas < 48;
		struct io_pgtable *iop;

		test_memory_reset();
		test_memory.pa_offset = SZ_1G * 3;
		cfg.coherent_walk = (i & 1) || (v->traits & SNOOPS);
		cfg.mem = !(i & 2) ? NULL : narrow ? &identity_mem : &offset_mem;
		iop = alloc_io_pgtable(v->fmt, &cfg, NULL);
		assert_non_null(iop);
		recorder_reset();
		body(iop, v);
		assert_int_equal(io_pgtable_validate(iop), 0);
		free_io_pgtable(iop);
		assert_int_equal(test_memory.live, 0);
	}
}

/* Pages at scattered addresses, across a table boundary. */
static void fill_list(struct io_pgtable_sg *sg, size_t n, uint64_t page)
{
	for (size_t i = 0; i < n; i++) {
		sg[i].paddr = ((i * 37) % n * 2 + 1) * page;
		sg[i].length = page;
	}
}

static void sg_pages(struct io_pgtable *iop, const struct variant *v)
{
	uint64_t page = granule_of(iop), iova = (page / 8 - N / 2) * page;
	struct io_pgtable_sg sg[N];

	fill_list(sg, N, page);
	assert_int_equal(io_pgtable_map_sg(iop, iova, sg, N, RW), 0);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(io_pgtable_iova_to_phys(iop, iova + i * page + 3),
				 sg[i].paddr + 3);
	assert_int_equal(io_pgtable_iova_to_phys(iop, iova - 1), 0);
	assert_int_equal(io_pgtable_iova_to_phys(iop, iova + N * page), 0);
	/* Again, now with its tables there. */
	assert_int_equal(io_pgtable_unmap(iop, iova, N * page, NULL), N * page);
	assert_int_equal(io_pgtable_map_sg(iop, iova, sg, N, RW), 0);
	assert_int_equal(io_pgtable_iova_to_phys(iop, iova + (N - 1) * page), sg[N - 1].paddr);
	assert_int_equal(io_pgtable_map_sg(iop, iova - page, sg, N, RW), -EEXIST);
	assert_int_equal(io_pgtable_iova_to_phys(iop, iova - page), 0);
	assert_int_equal(io_pgtable_unmap(iop, iova, N * page, NULL), N * page);
}

static void test_sg_pages(void **state)
{
	for_each_table(sg_pages);
}

/* Pieces that are adjacent become blocks; pieces of any length mix. */
static void test_sg_blocks(void **state)
{
	static struct io_pgtable_sg sg[600];
	struct io_pgtable *iop = make_table(find_variant("arm_64_lpae_s1/4K"));
	size_t before = io_pgtable_table_bytes(iop), mapped = 0;

	for (size_t i = 0; i < 512; i++)
		sg[i] = (struct io_pgtable_sg){ SZ_1G + i * SZ_4K, SZ_4K };
	assert_int_equal(io_pgtable_map_sg(iop, SZ_2M, sg, 512, RW), 0);
	/* One block of 2M: two tables, not three. */
	assert_int_equal(io_pgtable_table_bytes(iop), before + 2 * SZ_4K);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_2M + SZ_2M - 1), SZ_1G + SZ_2M - 1);
	sg[0] = (struct io_pgtable_sg){ SZ_4K, SZ_4K };
	sg[1] = (struct io_pgtable_sg){ 4 * SZ_1G, 3 * SZ_4K };
	sg[2] = (struct io_pgtable_sg){ 8 * SZ_1G, SZ_2M };
	sg[3] = (struct io_pgtable_sg){ 7 * SZ_4K, SZ_4K };
	assert_int_equal(io_pgtable_map_sg(iop, SZ_1G - 4 * SZ_4K, sg, 4, RW), 0);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_1G - 4 * SZ_4K), SZ_4K);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_1G - 1), 4 * SZ_1G + 3 * SZ_4K - 1);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_1G + SZ_4K), 8 * SZ_1G + SZ_4K);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_1G + SZ_2M), 7 * SZ_4K);
	iop->ops->map_pages(iop, 0, 0, SZ_4K, 1, RW, &mapped);
	assert_int_equal(mapped, SZ_4K);
	free_io_pgtable(iop);
}

/* The same memory may come again: the sum of the pieces may be more than there is. */
static void test_sg_repeats(void **state)
{
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));
	const struct io_pgtable_sg sg[] = { { 0, 2 * SZ_1G }, { 0, 2 * SZ_1G }, { SZ_1G, SZ_1G } };
	struct io_pgtable *iop;

	cfg.oas = 32;
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	assert_non_null(iop);
	assert_int_equal(io_pgtable_map_sg(iop, SZ_1G, sg, 3, RW), 0);
	assert_int_equal(io_pgtable_iova_to_phys(iop, 5 * SZ_1G + 7), SZ_1G + 7);
	free_io_pgtable(iop);
}

static void test_sg_errors(void **state)
{
	struct io_pgtable *iop = make_table(find_variant("arm_64_lpae_s1/4K"));
	struct io_pgtable_sg sg[3] = { { SZ_4K, SZ_4K }, { SZ_64K, SZ_4K }, { SZ_1G, SZ_4K } };
	const struct {
		size_t i;
		struct io_pgtable_sg piece;
		int err;
	} bad[] = {
		{ 1, { SZ_64K, 0 }, -EINVAL },
		{ 2, { SZ_64K + 1, SZ_4K }, -EINVAL },
		{ 0, { SZ_64K, SZ_4K + 1 }, -EINVAL },
		{ 2, { SZ_64K, -SZ_4K }, -EINVAL }, /* the sum wraps */
		{ 2, { SZ_64K, 1ull << 48 }, -ERANGE },
		{ 2, { 1ull << 48, SZ_4K }, -ERANGE },
		{ 2, { (1ull << 48) - SZ_4K, 2 * SZ_4K }, -ERANGE },
	};

	assert_int_equal(io_pgtable_map_sg(iop, 0, sg, 0, RW), -EINVAL);
	assert_int_equal(io_pgtable_map_sg(iop, 0, sg, 3, 0), -EINVAL);
	assert_int_equal(io_pgtable_map_sg(iop, 0, sg, 3, 64 | RW), -EINVAL);
	assert_int_equal(io_pgtable_map_sg(iop, 42, sg, 3, RW), -EINVAL);
	assert_int_equal(io_pgtable_map_sg(iop, (1ull << 48) - SZ_4K, sg, 3, RW), -ERANGE);
	/* With the table there and without: nothing of the list remains. */
	for (size_t i = 0; i < 2 * ARRAY_SIZE(bad); i++) {
		struct io_pgtable_sg list[3] = { sg[0], sg[1], sg[2] };

		list[bad[i / 2].i] = bad[i / 2].piece;
		assert_int_equal(io_pgtable_map_sg(iop, SZ_1G, list, 3, RW), bad[i / 2].err);
		for (int p = 0; p < 3; p++)
			assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_1G + p * SZ_4K), 0);
		assert_int_equal(io_pgtable_map(iop, SZ_1G, 0, SZ_4K, RW), 0);
		assert_int_equal(io_pgtable_unmap(iop, SZ_1G, SZ_4K, NULL), SZ_4K);
	}
	/* What was mapped for a moment was invalidated. */
	assert_int_equal(recorder.unsynced, 0);
	free_io_pgtable(iop);
}

static void test_sg_no_memory(void **state)
{
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));
	struct io_pgtable_sg sg[N];
	struct io_pgtable *iop;

	test_memory_reset();
	cfg.mem = &identity_mem;
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	fill_list(sg, N, SZ_4K);
	for (size_t nth = 1; nth <= 4; nth++) {
		test_memory.fail_at = nth;
		assert_int_equal(io_pgtable_map_sg(iop, nth * SZ_1G - 8 * SZ_4K, sg, N, RW),
				 -ENOMEM);
		for (int i = 0; i < N; i++)
			assert_int_equal(
				io_pgtable_iova_to_phys(iop, nth * SZ_1G + (i - 8) * SZ_4K), 0);
	}
	free_io_pgtable(iop);
	assert_int_equal(test_memory.live, 0);
}

static void batch(struct io_pgtable *iop, const struct variant *v)
{
	uint64_t page = granule_of(iop), block = page * page / 8, seed = 99, iova[N];
	phys_addr_t out[N];

	assert_int_equal(io_pgtable_map(iop, 0, 7 * page, 40 * page, RW), 0);
	assert_int_equal(io_pgtable_map(iop, block, 0, 2 * block, RW), 0);
	assert_int_equal(io_pgtable_map(iop, canonical(v, (1ull << v->ias) - page), page, page, RW),
			 0);
	for (size_t n = 0; n <= N; n += 1 + n / 3) {
		for (size_t i = 0; i < n; i++) {
			uint64_t r = next_random(&seed);

			iova[i] = r % 5 == 0   ? r
				  : r % 5 == 1 ? ~r % (1ull << v->ias) | 1ull << (v->ias - 1)
					       : r % (4 * block);
			if (r % 7 == 0)
				iova[i] = canonical(v, (1ull << v->ias) - 1 - r % (2 * page));
		}
		memset(out, 0xff, sizeof(out));
		io_pgtable_iova_to_phys_batch(iop, iova, out, n);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(out[i], io_pgtable_iova_to_phys(iop, iova[i]));
		assert_true(n == N || out[n] == ~0ull);
	}
}

static void test_batch(void **state)
{
	for_each_table(batch);
}

static void cursor(struct io_pgtable *iop, const struct variant *v)
{
	uint64_t page = granule_of(iop), table = page * page / 8;
	struct iommu_iotlb_gather gather;
	struct io_pgtable_cursor c;

	iommu_iotlb_gather_init(&gather);
	io_pgtable_cursor_init(&c, iop);
	assert_int_equal(io_pgtable_cursor_unmap(&c, 0, NULL), 0);
	/* No address is near what an empty cursor remembers, wherever it is. */
	for (int bit = v->ias; bit < 64; bit++) {
		assert_int_equal(io_pgtable_cursor_map(&c, 1ull << bit, 0, RW), -ERANGE);
		assert_int_equal(io_pgtable_cursor_map(&c, -(1ull << bit), 0, RW), -ERANGE);
		io_pgtable_cursor_init(&c, iop);
		assert_int_equal(io_pgtable_cursor_map(&c, (1ull << bit) + page, 0, RW), -ERANGE);
	}
	for (uint64_t i = 0; i < 20; i++) {
		uint64_t iova = table - 10 * page + i * page;

		assert_int_equal(io_pgtable_cursor_map(&c, iova, i * page, RW), 0);
		assert_int_equal(io_pgtable_cursor_map(&c, iova, i * page, RW), -EEXIST);
		assert_int_equal(io_pgtable_iova_to_phys(iop, iova + 5), i * page + 5);
	}
	assert_int_equal(io_pgtable_cursor_map(&c, table + 11, 0, RW), -EINVAL);
	assert_int_equal(io_pgtable_cursor_map(&c, table + 11 * page, 1, RW), -EINVAL);
	assert_int_equal(io_pgtable_cursor_map(&c, table + 11 * page, 0, IOMMU_CACHE), -EINVAL);
	assert_int_equal(io_pgtable_cursor_map(&c, table + 11 * page, 0, RW | 64), -EINVAL);
	assert_int_equal(io_pgtable_cursor_map(&c, table + 11 * page, 1ull << v->oas, RW), -ERANGE);
	assert_int_equal(io_pgtable_cursor_map(&c, 1ull << v->ias, 0, RW), -ERANGE);
	assert_int_equal(io_pgtable_cursor_unmap(&c, table + 1, NULL), 0);
	recorder_reset();
	assert_int_equal(io_pgtable_cursor_unmap(&c, table, NULL), page);
	assert_int_equal(recorder.count[EVENT_RANGE], 1);
	assert_int_equal(recorder.count[EVENT_SYNC], 1);
	assert_int_equal(io_pgtable_cursor_unmap(&c, table, NULL), 0);
	for (uint64_t i = 1; i < 10; i++)
		assert_int_equal(io_pgtable_cursor_unmap(&c, table + i * page, &gather), page);
	assert_int_equal(recorder.count[EVENT_RANGE], 1);
	io_pgtable_sync(iop, &gather);
	assert_int_equal(recorder.count[EVENT_RANGE], 2);
	assert_int_equal(io_pgtable_unmap(iop, table - 10 * page, 10 * page, NULL), 10 * page);
}

static void test_cursor(void **state)
{
	for_each_table(cursor);
}

/* The remembered table is taken away by others, in each way there is; nothing writes to it. */
static void test_cursor_stale(void **state)
{
	for (int way = 0; way < 3; way++) {
		struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));
		struct io_pgtable_cursor c;
		struct io_pgtable *iop;

		test_memory_reset();
		cfg.mem = &identity_mem;
		iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
		io_pgtable_cursor_init(&c, iop);
		assert_int_equal(io_pgtable_cursor_map(&c, SZ_1G + SZ_4K, 0, RW), 0);
		assert_int_equal(io_pgtable_cursor_unmap(&c, SZ_1G + SZ_4K, NULL), SZ_4K);
		if (way == 0) { /* a block replaces the empty table */
			assert_int_equal(io_pgtable_map(iop, SZ_1G, 0, SZ_2M, RW), 0);
			assert_int_equal(io_pgtable_cursor_map(&c, SZ_1G + SZ_4K, 0, RW), -EEXIST);
			assert_int_equal(io_pgtable_unmap(iop, SZ_1G, SZ_2M, NULL), SZ_2M);
		} else if (way == 1) { /* the whole table is unmapped */
			assert_int_equal(io_pgtable_map(iop, SZ_1G, SZ_4K, SZ_2M, RW), 0);
			assert_int_equal(io_pgtable_unmap(iop, SZ_1G, SZ_2M, NULL), SZ_2M);
		} else { /* with the tree above it */
			assert_int_equal(io_pgtable_map(iop, SZ_1G, SZ_4K, SZ_1G, RW), 0);
			assert_int_equal(io_pgtable_unmap(iop, SZ_1G, SZ_1G, NULL), SZ_1G);
		}
		assert_int_equal(io_pgtable_cursor_unmap(&c, SZ_1G + SZ_4K, NULL), 0);
		assert_int_equal(io_pgtable_cursor_map(&c, SZ_1G + SZ_4K, SZ_2M, RW), 0);
		assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_1G + SZ_4K), SZ_2M);
		assert_int_equal(io_pgtable_validate(iop), 0);
		free_io_pgtable(iop);
		assert_int_equal(test_memory.live, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sg_pages),     cmocka_unit_test(test_sg_blocks),
		cmocka_unit_test(test_sg_errors),    cmocka_unit_test(test_sg_repeats),
		cmocka_unit_test(test_sg_no_memory), cmocka_unit_test(test_batch),
		cmocka_unit_test(test_cursor),	     cmocka_unit_test(test_cursor_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
