// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables that become blocks and leaves that become groups (io_pgtable_coalesce()): in every variant
 * that has blocks, with walkers that snoop and do not and with reclaim; what keeps a table from it;
 * two levels at once; what was written to; what is invalidated, and that the table is not freed
 * before.
 */
#include "io-pgtable-update.h"
#include "io-pgtable-walk.h"
#include "support.h"

static struct io_pgtable *iop;
static const struct variant *variant;
static uint64_t span; /* what a table of smallest pages covers */
static size_t joined;

static void set_up(const struct variant *v, unsigned long quirks, bool coherent, bool reclaim)
{
	struct io_pgtable_cfg cfg = config(v);

	test_memory_reset();
	test_memory.check_sync = true;
	cfg.mem = &identity_mem;
	cfg.quirks |= quirks;
	cfg.coherent_walk = coherent;
	cfg.reclaim = reclaim ? IO_PGTABLE_RECLAIM_ON_SYNC : IO_PGTABLE_RECLAIM_NEVER;
	iop = alloc_io_pgtable(v->fmt, &cfg, NULL);
	assert_non_null(iop);
	variant = v;
	span = table_span(v);
	joined = 0;
	recorder_reset();
}

static void tear_down(void)
{
	assert_int_equal(io_pgtable_validate(iop), 0);
	assert_int_equal(recorder.unsynced, 0);
	free_io_pgtable(iop);
	assert_int_equal(test_memory.live, 0);
}

/* Smallest pages, whatever larger ones would do. */
static void map_pages(uint64_t iova, uint64_t pa, uint64_t size, int prot)
{
	size_t mapped = 0;

	while (mapped < size)
		assert_int_equal(
			iop->ops->map_pages(iop, iova + mapped, pa + mapped, variant->granule,
					    (size - mapped) / variant->granule, prot, &mapped),
			0);
}

static void coalesce(uint64_t iova, uint64_t size)
{
	assert_int_equal(io_pgtable_coalesce(iop, iova, size, &joined), 0);
}

static int keep_leaf(const struct io_pgtable_walk_entry *e, void *ctx)
{
	if (e->kind != IO_PGTABLE_WALK_LEAF)
		return 0;
	*(struct io_pgtable_walk_entry *)ctx = *e;
	return 1;
}

static struct io_pgtable_walk_entry leaf_at(uint64_t iova)
{
	struct io_pgtable_walk_entry e = { 0 };

	assert_int_equal(io_pgtable_walk(iop, iova, 1, keep_leaf, &e), 1);
	return e;
}

static void test_formats(void **state)
{
	for (size_t i = 0; i < NR_VARIANTS * 3ul; i++) {
		const struct variant *v = &variants[i / 3];
		uint64_t before;

		if ((i % 3 == 1 && (v->traits & SNOOPS)) ||
		    (i % 3 == 2 && (v->traits & NO_RECLAIM)))
			continue;
		set_up(v, 0, i % 3 != 1, i % 3 == 2);
		map_pages(span, 3 * span, span, RW);
		before = io_pgtable_table_bytes(iop);
		coalesce(span, span);
		assert_int_equal(joined, v->sizes & span ? 1 : 0);
		assert_int_equal(before - io_pgtable_table_bytes(iop), joined * table_size(v));
		assert_int_equal(leaf_at(span).size, joined ? span : v->granule);
		assert_int_equal(leaf_at(span).prot & RW, RW);
		for (uint64_t at = 0; at < span; at += span / 4)
			assert_int_equal(io_pgtable_iova_to_phys(iop, span + at + 5),
					 3 * span + at + 5);
		coalesce(span, span);
		assert_int_equal(joined, v->sizes & span ? 1 : 0);
		assert_int_equal(io_pgtable_unmap(iop, span, span, NULL), span);
		tear_down();
	}
}

/* Each of these keeps a table as it is. */
static void test_what_is_no_block(void **state)
{
	for (int i = 0; i < 6; i++) {
		set_up(find_variant("arm_64_lpae_s1/4K"), 0, true, false);
		if (i == 0) /* the wrong alignment */
			map_pages(SZ_2M, SZ_4K, SZ_2M, RW);
		else if (i == 1) /* a hole */
			map_pages(SZ_2M, SZ_2M, SZ_2M - SZ_4K, RW);
		else
			map_pages(SZ_2M, SZ_2M, SZ_2M - (i < 4 ? SZ_4K : 0), RW);
		if (i == 2) /* one page elsewhere */
			map_pages(2 * SZ_2M - SZ_4K, SZ_1G, SZ_4K, RW);
		if (i == 3) /* another permission */
			map_pages(2 * SZ_2M - SZ_4K, 2 * SZ_2M - SZ_4K, SZ_4K, IOMMU_READ);
		/* Not all of it is in the range; or all of it. */
		coalesce(i == 4 ? SZ_2M + SZ_4K : 0, i == 4 ? SZ_1G : 2 * SZ_2M);
		assert_int_equal(joined, i == 5 ? 1 : 0);
		assert_int_equal(recorder.nr_events ? 1 : 0, i == 5 ? 1 : 0);
		tear_down();
	}
}

static void test_two_levels(void **state)
{
	static const char *const names[] = { "arm_64_lpae_s1/4K", "amd_iommu_v1/4", "riscv_sv48",
					     "riscv_sv39+napot" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		uint64_t before;

		set_up(find_variant(names[i]), 0, true, false);
		before = io_pgtable_table_bytes(iop);
		map_pages(SZ_1G, 5 * SZ_1G, SZ_1G, IOMMU_READ);
		coalesce(0, 3 * SZ_1G);
		assert_int_equal(joined, 513);
		assert_int_equal(leaf_at(SZ_1G + SZ_2M).size, SZ_1G);
		assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_1G + 12345678),
				 5 * SZ_1G + 12345678);
		/* Only tables above it are left. */
		assert_true(io_pgtable_table_bytes(iop) - before <= SZ_4K);
		tear_down();
	}
}

/* Leaves of several entries join too: larger than the smallest, smaller than a block. */
static void test_groups(void **state)
{
	static const char *const names[] = { "arm_64_lpae_s1/4K+cont", "amd_iommu_v1/4",
					     "riscv_sv39+napot" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		size_t mapped = 0;

		set_up(find_variant(names[i]), 0, true, false);
		assert_int_equal(iop->ops->map_pages(iop, SZ_2M, SZ_1G, SZ_64K, 16, RW, &mapped),
				 0);
		map_pages(SZ_2M + SZ_1G / 1024, SZ_1G + SZ_1G / 1024, SZ_1G / 1024, RW);
		assert_int_equal(leaf_at(SZ_2M).size, SZ_64K);
		coalesce(SZ_2M, SZ_2M);
		assert_int_equal(joined, 1);
		assert_int_equal(leaf_at(SZ_2M).size, SZ_2M);
		assert_int_equal(leaf_at(SZ_2M).paddr, SZ_1G);
		tear_down();
	}
}

/*
 * Smallest pages become leaves of several entries, the largest that there are, and larger ones of
 * those; not where the address, a permission, a hole or the range is in the way.
 */
static void test_into_groups(void **state)
{
	static const char *const names[] = { "arm_64_lpae_s1/4K+cont", "arm_64_lpae_s2/4K+cont",
					     "amd_iommu_v1/4", "riscv_sv39+napot" };

	for (size_t i = 0; i < ARRAY_SIZE(names) * 2; i++) {
		bool powers = i / 2 == 2; /* of two: all of them */

		set_up(find_variant(names[i / 2]), 0, i % 2, false);
		/* 16, 16, 8 pages; of other addresses; 16 of which one cannot be written to; 15 */
		map_pages(SZ_2M, SZ_1G, 40 * SZ_4K, RW);
		map_pages(SZ_2M + 64 * SZ_4K, SZ_1G + SZ_4K, 16 * SZ_4K, RW);
		map_pages(SZ_2M + 128 * SZ_4K, SZ_1G, 15 * SZ_4K, RW);
		map_pages(SZ_2M + 143 * SZ_4K, SZ_1G + 15 * SZ_4K, SZ_4K, IOMMU_READ);
		map_pages(SZ_2M + 192 * SZ_4K, SZ_1G, 15 * SZ_4K, RW);
		coalesce(SZ_2M + SZ_4K, 30 * SZ_4K); /* no 16 whole ones */
		assert_int_equal(leaf_at(SZ_2M).size, SZ_4K);
		assert_int_equal(leaf_at(SZ_2M + 8 * SZ_4K).size, powers ? 8 * SZ_4K : SZ_4K);
		assert_int_equal(leaf_at(SZ_2M + 32 * SZ_4K).size, SZ_4K);
		/* Whole ones beyond the range on either side stay what they are. */
		joined = 0;
		coalesce(SZ_2M + 128 * SZ_4K, 2 * SZ_4K);
		assert_int_equal(joined, powers);
		assert_int_equal(leaf_at(SZ_2M + 144 * SZ_4K + 48 * SZ_4K).size, SZ_4K);
		assert_int_equal(leaf_at(SZ_2M + 32 * SZ_4K).size, SZ_4K);
		coalesce(SZ_2M, SZ_64K);
		assert_int_equal(leaf_at(SZ_2M + 16 * SZ_4K).size, powers ? 8 * SZ_4K : SZ_4K);
		assert_int_equal(leaf_at(SZ_2M + 32 * SZ_4K).size, SZ_4K);
		joined = 0;
		coalesce(0, SZ_1G);
		assert_int_equal(leaf_at(SZ_2M).size, powers ? 32 * SZ_4K : SZ_64K);
		assert_int_equal(leaf_at(SZ_2M + 17 * SZ_4K).size, powers ? 32 * SZ_4K : SZ_64K);
		assert_int_equal(leaf_at(SZ_2M + 32 * SZ_4K).size, powers ? 8 * SZ_4K : SZ_4K);
		assert_int_equal(leaf_at(SZ_2M + 64 * SZ_4K).size, SZ_4K);
		assert_int_equal(leaf_at(SZ_2M + 141 * SZ_4K).size, powers ? 2 * SZ_4K : SZ_4K);
		assert_int_equal(leaf_at(SZ_2M + 143 * SZ_4K).prot & RW, IOMMU_READ);
		assert_int_equal(leaf_at(SZ_2M + 206 * SZ_4K).size, SZ_4K);
		for (uint64_t at = 0; at < 40 * SZ_4K; at += SZ_4K / 2)
			assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_2M + at), SZ_1G + at);
		assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_2M + 70 * SZ_4K),
				 SZ_1G + 7 * SZ_4K);
		assert_int_equal(joined, powers ? joined : 1);
		joined = 0;
		coalesce(0, SZ_1G);
		assert_int_equal(joined, 0);
		/* A part of one comes out again. */
		assert_int_equal(io_pgtable_unmap(iop, SZ_2M + 3 * SZ_4K, SZ_4K, NULL), SZ_4K);
		assert_int_equal(leaf_at(SZ_2M + 4 * SZ_4K).paddr, SZ_1G + 4 * SZ_4K);
		tear_down();
	}
}

/*
 * Blocks, too: 16 of 2M are one of 32M. Each entry is invalidated, as a leaf, before the new one is
 * there.
 */
static void test_into_groups_of_blocks(void **state)
{
	set_up(find_variant("arm_64_lpae_s1/4K+cont"), 0, true, false);
	map_pages(SZ_32M, SZ_1G, SZ_32M, RW);
	coalesce(SZ_32M, SZ_32M);
	assert_int_equal(joined, 17);
	assert_int_equal(leaf_at(SZ_32M + SZ_2M).size, SZ_32M);
	assert_int_equal(recorder.count[EVENT_RANGE], 17);
	assert_int_equal(recorder.count[EVENT_SYNC], 17);
	for (size_t i = 0; i < recorder.nr_events; i++) {
		const struct event *e = &recorder.event[i];

		if (e->kind == EVENT_RANGE && e->leaf) {
			assert_int_equal(e->iova, SZ_32M);
			assert_int_equal(e->size, SZ_32M);
			assert_int_equal(e->stride_lg2, 21);
			tear_down();
			return;
		}
	}
	fail_msg("the blocks were not invalidated");
}

/* One page was written to: so was the block. None was: it was not. */
static void test_dirty(void **state)
{
	for (int written = 0; written < 2; written++) {
		uint64_t bitmap[8] = { 0 };

		set_up(find_variant("riscv_sv48"), IO_PGTABLE_QUIRK_DIRTY, true, false);
		map_pages(SZ_2M, SZ_2M, SZ_2M, RW);
		if (written)
			assert_int_equal(io_pgtable_set_dirty(iop, SZ_2M + 9 * SZ_4K, SZ_4K), 0);
		coalesce(SZ_2M, SZ_2M);
		assert_int_equal(joined, 1);
		assert_int_equal(
			io_pgtable_read_and_clear_dirty(iop, SZ_2M, SZ_2M, 0, bitmap, NULL), 0);
		for (size_t i = 0; i < ARRAY_SIZE(bitmap); i++)
			assert_int_equal(bitmap[i], written ? UINT64_MAX : 0);
		tear_down();
	}
}

/* The same of a leaf of several entries. */
static void test_group_dirty(void **state)
{
	for (int written = 0; written < 2; written++) {
		uint64_t bitmap = 0;

		set_up(find_variant("riscv_sv39+napot"), IO_PGTABLE_QUIRK_DIRTY, true, false);
		map_pages(SZ_2M, SZ_2M, SZ_64K, RW);
		if (written)
			assert_int_equal(io_pgtable_set_dirty(iop, SZ_2M + 9 * SZ_4K, SZ_4K), 0);
		coalesce(SZ_2M, SZ_64K);
		assert_int_equal(joined, 1);
		assert_int_equal(
			io_pgtable_read_and_clear_dirty(iop, SZ_2M, SZ_64K, 0, &bitmap, NULL), 0);
		assert_int_equal(bitmap, written ? 0xffff : 0);
		tear_down();
	}
}

/* What led to the table is invalidated, not as leaves, before the block is there. */
static void test_order(void **state)
{
	set_up(find_variant("arm_64_lpae_s2/4K"), 0, true, false);
	map_pages(SZ_2M, SZ_2M, SZ_2M, RW);
	coalesce(SZ_2M, SZ_2M);
	assert_int_equal(recorder.count[EVENT_RANGE], 1);
	assert_int_equal(recorded(0, EVENT_RANGE)->iova, SZ_2M);
	assert_int_equal(recorded(0, EVENT_RANGE)->size, SZ_2M);
	assert_false(recorded(0, EVENT_RANGE)->leaf);
	assert_int_equal(recorder.count[EVENT_SYNC], 1);
	tear_down();
}

static void on_root(const struct io_pgtable_cfg *cfg, void *cookie)
{
}

/*
 * The table that hardware starts from is joined as far as it goes without becoming an entry of the
 * next one.
 */
static void test_first_table(void **state)
{
	const uint64_t tera = SZ_512G * 2, all = 256 * tera;
	struct io_pgtable_cfg cfg = config(find_variant("amd_iommu_v1/6"));
	struct iommu_gather_ops driver = range_driver;

	driver.root_changed = on_root;
	for (int grows = 0; grows < 2; grows++) {
		size_t mapped = 0;

		cfg.quirks |= IO_PGTABLE_QUIRK_NO_SPLIT;
		cfg.pgsize_bitmap |= 2 * all - tera;
		cfg.tlb = grows ? &driver : NULL;
		iop = alloc_io_pgtable(AMD_IOMMU_V1, &cfg, NULL);
		assert_non_null(iop);
		assert_int_equal(iop->ops->map_pages(iop, 0, all, tera, 256, RW, &mapped), 0);
		joined = 0;
		coalesce(0, all);
		assert_int_equal(joined, grows ? 2 : 1);
		assert_int_equal(leaf_at(tera).size, grows ? all / 2 : all);
		for (uint64_t at = 0; at < all; at += tera / 2)
			assert_int_equal(io_pgtable_iova_to_phys(iop, at + 5), all + at + 5);
		assert_int_equal(io_pgtable_validate(iop), 0);
		free_io_pgtable(iop);
	}
}

static void test_errors(void **state)
{
	set_up(find_variant("arm_64_lpae_s1/4K"), 0, true, false);
	assert_int_equal(io_pgtable_coalesce(iop, 0, 0, &joined), -EINVAL);
	assert_int_equal(io_pgtable_coalesce(iop, 1, SZ_4K, &joined), -EINVAL);
	assert_int_equal(io_pgtable_coalesce(iop, 0, SZ_4K + 1, &joined), -EINVAL);
	assert_int_equal(io_pgtable_coalesce(iop, 1ull << 48, SZ_4K, &joined), -ERANGE);
	assert_int_equal(io_pgtable_coalesce(iop, (1ull << 48) - SZ_4K, 2 * SZ_4K, &joined),
			 -ERANGE);
	/* All there is, and the end of it. */
	map_pages((1ull << 48) - SZ_2M, SZ_2M, SZ_2M, RW);
	coalesce(0, 1ull << 48);
	assert_int_equal(joined, 1);
	tear_down();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_formats),	    cmocka_unit_test(test_what_is_no_block),
		cmocka_unit_test(test_two_levels),  cmocka_unit_test(test_groups),
		cmocka_unit_test(test_into_groups), cmocka_unit_test(test_into_groups_of_blocks),
		cmocka_unit_test(test_group_dirty), cmocka_unit_test(test_dirty),
		cmocka_unit_test(test_order),	    cmocka_unit_test(test_first_table),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
