// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the driver is told: which invalidations, of which size and kind, in which order, strictly
 * and through a gather; the gather's bounds; the order of splits and of blocks over empty tables.
 */
#include "support.h"

static const struct variant *s1_4k;
static struct iommu_iotlb_gather gather;

static void expect_range(size_t index, uint64_t iova, uint64_t size, unsigned int stride_lg2,
			 bool leaf)
{
	const struct event *e = recorded(index, EVENT_RANGE);

	assert_int_equal(e->iova, iova);
	assert_int_equal(e->size, size);
	assert_int_equal(e->stride_lg2, stride_lg2);
	assert_int_equal(e->leaf, leaf);
}

static void expect_flush(size_t index, uint64_t iova, uint64_t size, bool leaf)
{
	const struct event *e = recorded(index, EVENT_FLUSH);

	assert_int_equal(e->iova, iova);
	assert_int_equal(e->size, size);
	assert_int_equal(e->leaf, leaf);
}

static void test_strict(void **state)
{
	struct io_pgtable *iop = make_table(s1_4k);

	assert_int_equal(io_pgtable_map(iop, SZ_2M, 0, 300 * SZ_4K, RW), 0);
	assert_int_equal(recorder.nr_events, 0);
	assert_int_equal(io_pgtable_unmap(iop, SZ_2M, SZ_4K, NULL), SZ_4K);
	expect_range(0, SZ_2M, SZ_4K, 12, true);
	recorded(1, EVENT_SYNC);
	assert_int_equal(io_pgtable_unmap(iop, SZ_2M + SZ_4K, 256 * SZ_4K, NULL), 256 * SZ_4K);
	expect_range(2, SZ_2M + SZ_4K, 256 * SZ_4K, 12, true);
	recorded(3, EVENT_SYNC);
	assert_int_equal(recorder.nr_events, 4);
	/* Nothing removed, nothing said. */
	assert_int_equal(io_pgtable_unmap(iop, SZ_2M, SZ_4K, NULL), 0);
	assert_int_equal(recorder.nr_events, 4);
	free_io_pgtable(iop);
	recorded(4, EVENT_ALL);
}

static void test_per_leaf_driver(void **state)
{
	struct io_pgtable_cfg cfg = config(s1_4k);
	struct io_pgtable *iop;

	cfg.tlb = &per_leaf_driver;
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	recorder_reset();
	assert_int_equal(io_pgtable_map(iop, SZ_2M - 2 * SZ_4K, 0, 4 * SZ_4K, RW), 0);
	assert_int_equal(io_pgtable_unmap(iop, SZ_2M - 2 * SZ_4K, 4 * SZ_4K, NULL), 4 * SZ_4K);
	for (int i = 0; i < 4; i++)
		expect_flush((size_t)i, SZ_2M + (i - 2) * SZ_4K, SZ_4K, true);
	recorded(4, EVENT_SYNC);
	/* A whole table: its leaves, each with what a walk cache knows on the way there. */
	recorder_reset();
	assert_int_equal(io_pgtable_map(iop, SZ_1G, SZ_4K, SZ_2M, RW), 0);
	assert_int_equal(io_pgtable_unmap(iop, SZ_1G, SZ_2M, NULL), SZ_2M);
	assert_int_equal(recorder.count[EVENT_FLUSH], 512);
	expect_flush(0, SZ_1G, SZ_4K, false);
	expect_flush(511, SZ_1G + SZ_2M - SZ_4K, SZ_4K, false);
	recorded(512, EVENT_SYNC);
	free_io_pgtable(iop);
}

/* 1 GiB of pages and of mixed sizes goes with one cleared descriptor; no call mixes sizes. */
static void test_tree(void **state)
{
	struct io_pgtable_cfg cfg = config(s1_4k);
	struct io_pgtable *iop;
	size_t live;

	test_memory_reset();
	test_memory.check_sync = true;
	cfg.mem = &identity_mem;
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	assert_int_equal(io_pgtable_map(iop, 0, 0, SZ_4K, RW), 0);
	assert_int_equal(io_pgtable_unmap(iop, 0, SZ_4K, NULL), SZ_4K);
	live = test_memory.live;
	recorder_reset();
	assert_int_equal(io_pgtable_map(iop, SZ_1G, SZ_4K, SZ_1G, RW), 0);
	assert_int_equal(test_memory.live, live + 513);
	assert_int_equal(io_pgtable_unmap(iop, SZ_1G, SZ_1G, NULL), SZ_1G);
	expect_range(0, SZ_1G, SZ_1G, 12, false);
	recorded(1, EVENT_SYNC);
	assert_int_equal(recorder.nr_events, 2);
	assert_int_equal(recorder.count[EVENT_FREE], 513);
	assert_int_equal(test_memory.live, live);

	/* Half of it in 2M blocks. */
	recorder_reset();
	assert_int_equal(io_pgtable_map(iop, SZ_1G, SZ_1G, SZ_1G / 2, RW), 0);
	assert_int_equal(io_pgtable_map(iop, SZ_1G + SZ_1G / 2, SZ_4K, SZ_1G / 2, RW), 0);
	assert_int_equal(io_pgtable_unmap(iop, SZ_1G, SZ_1G, NULL), SZ_1G);
	expect_range(0, SZ_1G, SZ_1G / 2, 21, false);
	expect_range(1, SZ_1G + SZ_1G / 2, SZ_1G / 2, 12, false);
	recorded(2, EVENT_SYNC);
	assert_int_equal(test_memory.live, live);
	free_io_pgtable(iop);
	assert_int_equal(test_memory.live, 0);
}

/* A hole deep in the tree: everything before it goes, nothing after it, no table is lost. */
static void test_tree_with_hole(void **state)
{
	struct io_pgtable *iop = make_table(s1_4k);
	uint64_t hole = SZ_1G + 100 * SZ_2M + 7 * SZ_4K;

	assert_int_equal(io_pgtable_map(iop, SZ_1G, SZ_4K, SZ_1G, RW), 0);
	assert_int_equal(io_pgtable_unmap(iop, hole, SZ_4K, NULL), SZ_4K);
	assert_int_equal(io_pgtable_unmap(iop, SZ_1G, SZ_1G, NULL), hole - SZ_1G);
	assert_int_equal(io_pgtable_iova_to_phys(iop, hole - 1), 0);
	assert_int_equal(io_pgtable_iova_to_phys(iop, hole + SZ_4K), hole - SZ_1G + 2 * SZ_4K);
	assert_int_equal(io_pgtable_iova_to_phys(iop, 2 * SZ_1G - 1), SZ_1G + SZ_4K - 1);
	assert_int_equal(io_pgtable_validate(iop), 0);
	free_io_pgtable(iop);
}

static void test_deferred(void **state)
{
	struct io_pgtable_cfg cfg = config(s1_4k);
	struct io_pgtable *iop;
	size_t live;

	test_memory_reset();
	test_memory.check_sync = true;
	cfg.mem = &identity_mem;
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	assert_int_equal(io_pgtable_map(iop, 0, SZ_4K, 4 * SZ_2M, RW), 0);
	live = test_memory.live;
	recorder_reset();
	iommu_iotlb_gather_init(&gather);
	io_pgtable_sync(iop, &gather);
	assert_int_equal(recorder.nr_events, 0);

	/* Two tables, in two calls: nothing happens until the sync, then everything at once. */
	assert_int_equal(io_pgtable_unmap(iop, 0, SZ_2M, &gather), SZ_2M);
	assert_int_equal(io_pgtable_unmap(iop, SZ_2M, SZ_2M, &gather), SZ_2M);
	assert_int_equal(recorder.nr_events, 0);
	assert_int_equal(test_memory.live, live);
	assert_int_equal(io_pgtable_table_bytes(iop), live * SZ_4K);
	io_pgtable_sync(iop, &gather);
	expect_range(0, 0, 2 * SZ_2M, 12, false);
	recorded(1, EVENT_SYNC);
	assert_int_equal(test_memory.live, live - 2);

	/* Re-armed; single pages merge upwards and downwards. */
	recorder_reset();
	for (int i = 0; i < 5; i++)
		assert_int_equal(io_pgtable_unmap(iop, 2 * SZ_2M + i * SZ_4K, SZ_4K, &gather),
				 SZ_4K);
	for (int i = 511; i > 505; i--)
		assert_int_equal(io_pgtable_unmap(iop, 3 * SZ_2M + i * SZ_4K, SZ_4K, &gather),
				 SZ_4K);
	io_pgtable_sync(iop, &gather);
	expect_range(0, 2 * SZ_2M, 5 * SZ_4K, 12, true);
	expect_range(1, 3 * SZ_2M + 506 * SZ_4K, 6 * SZ_4K, 12, true);
	recorded(2, EVENT_SYNC);
	free_io_pgtable(iop);
	assert_int_equal(test_memory.live, 0);
}

/* More runs than fit: those there go to the driver unsynced, exactly what was unmapped, once. */
static void test_range_overflow(void **state)
{
	struct io_pgtable *iop = make_table(s1_4k);
	unsigned int runs = 3 * IOMMU_GATHER_RANGES + 1;

	assert_int_equal(io_pgtable_map(iop, 0, SZ_4K, SZ_2M, RW), 0);
	iommu_iotlb_gather_init(&gather);
	for (unsigned int i = 0; i < runs; i++)
		assert_int_equal(io_pgtable_unmap(iop, 2 * i * SZ_4K, SZ_4K, &gather), SZ_4K);
	assert_int_equal(recorder.count[EVENT_RANGE], 3 * IOMMU_GATHER_RANGES);
	assert_int_equal(recorder.count[EVENT_SYNC], 0);
	io_pgtable_sync(iop, &gather);
	assert_int_equal(recorder.count[EVENT_RANGE], runs);
	for (unsigned int i = 0; i < runs; i++)
		expect_range(i, 2 * i * SZ_4K, SZ_4K, 12, true);
	recorded(runs, EVENT_SYNC);
	assert_int_equal(recorder.nr_events, runs + 1);
	free_io_pgtable(iop);
}

/* More tables than fit: one early sync, then they are released; never before. */
static void test_table_overflow(void **state)
{
	struct io_pgtable_cfg cfg = config(s1_4k);
	unsigned int tables = IOMMU_GATHER_TABLES + 3;
	struct io_pgtable *iop;
	size_t live;

	test_memory_reset();
	test_memory.check_sync = true;
	cfg.mem = &identity_mem;
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	assert_int_equal(io_pgtable_map(iop, 0, SZ_4K, 2 * tables * SZ_2M, RW), 0);
	live = test_memory.live;
	recorder_reset();
	iommu_iotlb_gather_init(&gather);
	for (unsigned int i = 0; i < tables; i++) {
		assert_int_equal(io_pgtable_unmap(iop, i * SZ_2M, SZ_2M, &gather), SZ_2M);
		assert_int_equal(recorder.count[EVENT_SYNC], i >= IOMMU_GATHER_TABLES);
		assert_int_equal(test_memory.live,
				 i >= IOMMU_GATHER_TABLES ? live - IOMMU_GATHER_TABLES : live);
	}
	io_pgtable_sync(iop, &gather);
	assert_int_equal(test_memory.live, live - tables);
	assert_int_equal(recorder.unsynced, 0);
	free_io_pgtable(iop);
	assert_int_equal(test_memory.live, 0);
}

/* Split: clear the block, invalidate all of it, sync, install; then the page like any other. */
static void test_split(void **state)
{
	struct io_pgtable_cfg cfg = config(s1_4k);
	struct io_pgtable *iop;

	test_memory_reset();
	cfg.mem = &identity_mem;
	cfg.coherent_walk = false;
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	assert_int_equal(io_pgtable_map(iop, SZ_1G, SZ_1G, SZ_1G, IOMMU_READ | IOMMU_CACHE), 0);
	recorder_reset();
	iommu_iotlb_gather_init(&gather);
	assert_int_equal(io_pgtable_unmap(iop, SZ_1G + SZ_2M, SZ_4K, &gather), SZ_4K);
	recorded(0, EVENT_CLEAN); /* the new table */
	assert_int_equal(recorder.event[0].size, SZ_4K);
	recorded(1, EVENT_CLEAN); /* the cleared block */
	expect_range(2, SZ_1G, SZ_1G, 30, true);
	recorded(3, EVENT_SYNC);
	recorded(4, EVENT_CLEAN); /* the table's descriptor */
	assert_ptr_equal(recorder.event[1].ptr, recorder.event[4].ptr);
	recorded(6, EVENT_CLEAN);
	expect_range(7, SZ_1G + SZ_2M, SZ_2M, 21, true);
	recorded(8, EVENT_SYNC);
	recorded(9, EVENT_CLEAN);
	recorded(10, EVENT_CLEAN); /* the page's own descriptor; the gather has the rest */
	assert_int_equal(recorder.nr_events, 11);
	io_pgtable_sync(iop, &gather);
	expect_range(11, SZ_1G + SZ_2M, SZ_4K, 12, true);
	recorded(12, EVENT_SYNC);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_1G + 5), SZ_1G + 5);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_1G + SZ_2M), 0);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_1G + SZ_2M + SZ_4K),
			 SZ_1G + SZ_2M + SZ_4K);
	assert_int_equal(io_pgtable_iova_to_phys(iop, 2 * SZ_1G - 1), 2 * SZ_1G - 1);
	assert_int_equal(io_pgtable_validate(iop), 0);
	free_io_pgtable(iop);
}

static void test_no_split(void **state)
{
	struct io_pgtable_cfg cfg = config(s1_4k);
	struct io_pgtable *iop;

	cfg.quirks |= IO_PGTABLE_QUIRK_NO_SPLIT;
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	assert_int_equal(io_pgtable_map(iop, 0, 0, 2 * SZ_2M, RW), 0);
	recorder_reset();
	assert_int_equal(io_pgtable_unmap(iop, SZ_4K, SZ_4K, NULL), 0);
	assert_int_equal(io_pgtable_unmap(iop, 0, SZ_4K, NULL), 0);
	assert_int_equal(recorder.nr_events, 0);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_4K), SZ_4K);
	/* Whole blocks go, a part of the next one does not. */
	assert_int_equal(io_pgtable_unmap(iop, 0, SZ_2M + SZ_4K, NULL), SZ_2M);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_2M), SZ_2M);
	free_io_pgtable(iop);
}

/* A block over an empty table: clear, invalidate the tables (not leaf), sync, install. */
static void test_block_over_empty_table(void **state)
{
	struct io_pgtable_cfg cfg = config(s1_4k);
	struct io_pgtable *iop;

	test_memory_reset();
	test_memory.check_sync = true;
	cfg.mem = &identity_mem;
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	assert_int_equal(io_pgtable_map(iop, SZ_1G + SZ_4K, 0, SZ_4K, RW), 0);
	assert_int_equal(io_pgtable_map(iop, SZ_1G, 0, SZ_1G, RW), -EEXIST);
	assert_int_equal(io_pgtable_unmap(iop, SZ_1G + SZ_4K, SZ_4K, NULL), SZ_4K);
	recorder_reset();
	assert_int_equal(io_pgtable_map(iop, SZ_1G, 0, SZ_1G, RW), 0);
	expect_range(0, SZ_1G, SZ_2M, 21, false);
	expect_range(1, SZ_1G, SZ_1G, 30, false);
	recorded(2, EVENT_SYNC);
	assert_int_equal(recorder.nr_events, 3);
	assert_int_equal(recorder.count[EVENT_FREE], 2);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_1G + SZ_2M + 1), SZ_2M + 1);
	free_io_pgtable(iop);
	assert_int_equal(test_memory.live, 0);
}

/* A walker that does not snoop: what was written is cleaned, once, before anything is told. */
static void test_non_coherent(void **state)
{
	struct io_pgtable_cfg cfg = config(s1_4k);
	struct io_pgtable *iop;

	cfg.coherent_walk = false;
	recorder_reset();
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	recorded(0, EVENT_CLEAN);
	assert_int_equal(recorder.event[0].size, SZ_4K);
	recorder_reset();
	/* Three tables and their descriptors; the leaves are cleaned with their table. */
	assert_int_equal(io_pgtable_map(iop, SZ_4K, 0, 8 * SZ_4K, RW), 0);
	assert_int_equal(recorder.count[EVENT_CLEAN], 6);
	recorder_reset();
	assert_int_equal(io_pgtable_map(iop, SZ_64K, 0, 8 * SZ_4K, RW), 0);
	assert_int_equal(recorder.nr_events, 1);
	assert_int_equal(recorded(0, EVENT_CLEAN)->size, 64);
	recorder_reset();
	assert_int_equal(io_pgtable_unmap(iop, SZ_64K, 8 * SZ_4K, NULL), 8 * SZ_4K);
	assert_int_equal(recorded(0, EVENT_CLEAN)->size, 64);
	expect_range(1, SZ_64K, 8 * SZ_4K, 12, true);
	recorded(2, EVENT_SYNC);
	recorder_reset();
	assert_int_equal(io_pgtable_unmap(iop, SZ_4K, SZ_4K, NULL), SZ_4K);
	assert_int_equal(recorded(0, EVENT_CLEAN)->size, 8);
	assert_int_equal(recorder.nr_events, 3);
	/* A whole table: its descriptor is cleaned before the invalidation, nothing else is. */
	assert_int_equal(io_pgtable_map(iop, SZ_2M, SZ_4K, SZ_2M, RW), 0);
	recorder_reset();
	assert_int_equal(io_pgtable_unmap(iop, SZ_2M, SZ_2M, NULL), SZ_2M);
	assert_int_equal(recorded(0, EVENT_CLEAN)->size, 8);
	expect_range(1, SZ_2M, SZ_2M, 12, false);
	recorded(2, EVENT_SYNC);
	assert_int_equal(recorder.nr_events, 3);
	free_io_pgtable(iop);
}

static int setup(void **state)
{
	s1_4k = find_variant("arm_64_lpae_s1/4K");
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strict),
		cmocka_unit_test(test_per_leaf_driver),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_tree_with_hole),
		cmocka_unit_test(test_deferred),
		cmocka_unit_test(test_range_overflow),
		cmocka_unit_test(test_table_overflow),
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_no_split),
		cmocka_unit_test(test_block_over_empty_table),
		cmocka_unit_test(test_non_coherent),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
