// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reclaim with one thread: table bytes come back after sweeps, by page, by block, strict and
 * gathered, with every format; a table in use stays; tables are invalidated (not leaf) and synced
 * before they are freed; cursors, scatter lists, failing allocations; the three modes.
 */
#include "core/reclaim.h"
#include "support.h"

#define ON_SYNC IO_PGTABLE_RECLAIM_ON_SYNC
#define ON_TRIM IO_PGTABLE_RECLAIM_ON_TRIM
#define NEVER	IO_PGTABLE_RECLAIM_NEVER

static struct io_pgtable *iop;
static struct iommu_iotlb_gather gather;
static size_t empty_bytes;

static void make(const struct variant *v, enum io_pgtable_reclaim mode, bool coherent,
		 const struct io_pgtable_mem *mem)
{
	struct io_pgtable_cfg cfg = config(v);

	recorder_reset();
	test_memory_reset();
	test_memory.check_sync = true;
	cfg.reclaim = mode;
	cfg.coherent_walk = coherent;
	cfg.mem = mem;
	iop = alloc_io_pgtable(v->fmt, &cfg, NULL);
	assert_non_null(iop);
	iommu_iotlb_gather_init(&gather);
	empty_bytes = io_pgtable_table_bytes(iop);
}

static void end(void)
{
	assert_int_equal(io_pgtable_validate(iop), 0);
	free_io_pgtable(iop);
	assert_int_equal(test_memory.live, 0);
}

static struct io_pgtable_reclaim_stats stats(void)
{
	struct io_pgtable_reclaim_stats s;

	io_pgtable_read_reclaim_stats(iop, &s);
	return s;
}

static void map(uint64_t iova, uint64_t size)
{
	assert_int_equal(io_pgtable_map(iop, iova, iova, size, RW), 0);
}

static void unmap(uint64_t iova, uint64_t size, struct iommu_iotlb_gather *g)
{
	assert_int_equal(io_pgtable_unmap(iop, iova, size, g), size);
}

static void sync(void)
{
	io_pgtable_sync(iop, &gather);
}

/* Page by page in, page by page out, then one more sync: for what the last unmap emptied. */
static void sweep(uint64_t base, uint64_t size, uint64_t page, bool gathered, bool backwards)
{
	for (uint64_t at = 0; at < size; at += page)
		map(base + at, page);
	for (uint64_t at = 0; at < size; at += page) {
		unmap(base + (backwards ? size - page - at : at), page, gathered ? &gather : NULL);
		if (gathered && at / page % 1000 == 999)
			sync();
	}
	sync();
	sync();
}

static void test_sweep(void **state)
{
	make(find_variant("arm_64_lpae_s1/4K"), ON_SYNC, true, NULL);
	for (int i = 0; i < 4; i++) {
		sweep((uint64_t)i * 700 * SZ_1G, SZ_1G, SZ_4K, i & 1, i & 2);
		assert_int_equal(io_pgtable_table_bytes(iop), empty_bytes);
		/* 512 of leaves, one above them, and one below the root. */
		assert_int_equal(stats().unlinked, (unsigned int)(i + 1) * 514);
	}
	assert_int_equal(stats().dropped, 0);
	assert_int_equal(stats().busy, 0);
	assert_int_equal(stats().kept, 0);
	/* One table at a time is the worst that there is: a fence for each level it empties. */
	assert_true(stats().fences <= stats().unlinked);
	end();
}

/* A gather that is never synced: half of the candidates' room is the bound. */
static void test_no_sync(void **state)
{
	make(find_variant("arm_64_lpae_s1/4K"), ON_SYNC, true, NULL);
	map(0, SZ_4K); /* keeps the tables above */
	for (uint64_t i = 1; i < 512; i++)
		map(i * SZ_2M + i * SZ_4K, SZ_4K);
	for (uint64_t i = 1; i < 512; i++)
		unmap(i * SZ_2M + i * SZ_4K, SZ_4K, &gather);
	assert_true(io_pgtable_table_bytes(iop) <= empty_bytes + (3 + 64 + 16) * SZ_4K);
	for (int i = 0; i < 10; i++)
		sync();
	assert_int_equal(io_pgtable_table_bytes(iop), empty_bytes + 3 * SZ_4K);
	assert_int_equal(stats().dropped, 0);
	end();
}

/* Every format, walkers that do not snoop, memory that is translated; blocks and pages. */
static void test_formats(void **state)
{
	for (size_t i = 0; i < 3 * NR_VARIANTS; i++) {
		const struct variant *v = &variants[i / 3];
		uint64_t block = v->granule * (v->granule / 8);
		/* Where a table's address fits the output size. */
		bool hooks = i % 3 == 2 && v->oas >= 48;

		if (v->traits & BARE)
			continue;
		make(v, ON_SYNC, i % 3 != 1, hooks ? &offset_mem : &identity_mem);
		sweep(block, 3 * block, v->granule, false, false);
		assert_int_equal(io_pgtable_table_bytes(iop), empty_bytes);
		assert_true(stats().unlinked >= 3);
		if (largest_size(v->sizes) > block) {
			sweep(0, 5 * block, block, false, true);
			assert_int_equal(io_pgtable_table_bytes(iop), empty_bytes);
		}
		end();
	}
}

/* The table between two pages goes when both have gone; the other one keeps it. */
static void test_neighbour(void **state)
{
	make(find_variant("arm_64_lpae_s1/4K"), ON_SYNC, true, &identity_mem);
	for (uint64_t i = 0; i < 512; i += 73) {
		size_t with;

		map(0, SZ_4K);
		with = io_pgtable_table_bytes(iop);
		for (int k = 0; k < 3; k++) {
			if (i)
				map(i * SZ_4K, SZ_4K);
			if (i)
				unmap(i * SZ_4K, SZ_4K, NULL);
			sync();
			assert_int_equal(io_pgtable_table_bytes(iop), with);
			assert_int_equal(io_pgtable_iova_to_phys(iop, 5), 5);
		}
		unmap(0, SZ_4K, NULL);
		sync();
		assert_int_equal(io_pgtable_table_bytes(iop), empty_bytes);
	}
	end();
}

/* Emptied and used again in turn: it stays, and no fence is spent on it. */
static void test_ping_pong(void **state)
{
	make(find_variant("arm_64_lpae_s1/4K"), ON_SYNC, true, NULL);
	for (int i = 0; i < 100; i++) {
		map(SZ_2M, SZ_4K);
		unmap(SZ_2M, SZ_4K, NULL);
	}
	assert_int_equal(stats().fences, 0);
	assert_int_equal(stats().noted, 100);
	sync();
	assert_int_equal(io_pgtable_table_bytes(iop), empty_bytes);
	end();
}

/*
 * What the driver is told: the table's range, as one that is no leaf, then the sync, then it goes.
 */
static void test_order(void **state)
{
	const struct event *e;
	size_t i = 0;

	make(find_variant("arm_64_lpae_s1/4K"), ON_SYNC, true, &identity_mem);
	map(SZ_1G, SZ_4K); /* keeps what is above */
	map(SZ_1G + SZ_2M, SZ_4K);
	unmap(SZ_1G + SZ_2M, SZ_4K, NULL);
	recorder_reset();
	sync();
	e = recorded(i++, EVENT_RANGE);
	assert_int_equal(e->iova, SZ_1G + SZ_2M);
	assert_int_equal(e->size, SZ_2M);
	assert_int_equal(e->stride_lg2, 21);
	assert_false(e->leaf);
	recorded(i++, EVENT_SYNC);
	assert_int_equal(recorder.nr_events, i);
	assert_int_equal(recorder.count[EVENT_FREE], 1); /* not before the sync: check_sync */
	end();
}

/* The entry is cleaned after it was cleared, and before the invalidation. */
static void test_clean(void **state)
{
	size_t i = 0;

	make(find_variant("arm_64_lpae_s1/4K"), ON_SYNC, false, &identity_mem);
	map(SZ_1G, SZ_4K);
	map(SZ_1G + SZ_2M, SZ_4K);
	unmap(SZ_1G + SZ_2M, SZ_4K, NULL);
	recorder_reset();
	sync();
	assert_int_equal(recorded(i++, EVENT_CLEAN)->size, 8);
	assert_false(recorded(i++, EVENT_RANGE)->leaf);
	recorded(i++, EVENT_SYNC);
	assert_int_equal(recorder.count[EVENT_FREE], 1);
	end();
}

/* A cursor notices that its table has gone, and that it was looked at in vain. */
static void test_cursor(void **state)
{
	struct io_pgtable_cursor c;

	make(find_variant("arm_64_lpae_s1/4K"), ON_SYNC, true, NULL);
	io_pgtable_cursor_init(&c, iop);
	for (uint64_t i = 0; i < 600; i++) {
		assert_int_equal(io_pgtable_cursor_map(&c, i * SZ_4K, i * SZ_4K, RW), 0);
		/* Not into the table that was remembered, if that has gone. */
		assert_int_equal(io_pgtable_iova_to_phys(iop, i * SZ_4K + 3), i * SZ_4K + 3);
		assert_int_equal(io_pgtable_cursor_unmap(&c, i * SZ_4K, NULL), SZ_4K);
		if (i % 3 == 0)
			sync(); /* its table is freed under it */
	}
	sync();
	assert_int_equal(io_pgtable_table_bytes(iop), empty_bytes);
	assert_true(stats().unlinked > 200);
	end();
}

static void test_scattered(void **state)
{
	struct io_pgtable_sg sg[600];

	make(find_variant("arm_64_lpae_s1/4K"), ON_SYNC, true, &identity_mem);
	for (size_t i = 0; i < ARRAY_SIZE(sg); i++)
		sg[i] = (struct io_pgtable_sg){ 2 * i * SZ_4K, SZ_4K };
	for (int k = 0; k < 3; k++) {
		assert_int_equal(io_pgtable_map_sg(iop, SZ_1G, sg, ARRAY_SIZE(sg), RW), 0);
		for (size_t i = 0; i < ARRAY_SIZE(sg); i++)
			assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_1G + i * SZ_4K),
					 2 * i * SZ_4K);
		for (size_t i = 0; i < ARRAY_SIZE(sg); i += 5)
			unmap(SZ_1G + i * SZ_4K, 5 * SZ_4K, &gather);
		sync();
		sync();
		assert_int_equal(io_pgtable_table_bytes(iop), empty_bytes);
	}
	end();
}

/* Part of a block: the table that took its place goes too; and a whole table from under others. */
static void test_splits(void **state)
{
	make(find_variant("arm_64_lpae_s1/4K"), ON_SYNC, true, &identity_mem);
	map(SZ_1G, SZ_1G);
	for (uint64_t at = 0; at < SZ_1G; at += 16 * SZ_4K)
		unmap(SZ_1G + at, 16 * SZ_4K, NULL);
	sync();
	assert_int_equal(io_pgtable_table_bytes(iop), empty_bytes);
	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(io_pgtable_map(iop, i * SZ_2M, SZ_4K, SZ_2M, RW), 0);
	for (uint64_t i = 0; i < 4; i++)
		unmap(i * SZ_2M, SZ_2M, NULL); /* the tables at once, their parent later */
	sync();
	assert_int_equal(io_pgtable_table_bytes(iop), empty_bytes);
	end();
}

/* A block over a table that is a candidate: it takes the table away itself. */
static void test_block_over_candidate(void **state)
{
	make(find_variant("arm_64_lpae_s1/4K"), ON_SYNC, true, &identity_mem);
	map(SZ_2M, SZ_4K);
	unmap(SZ_2M, SZ_4K, NULL);
	map(SZ_2M, SZ_2M);
	sync();
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_2M + 7), SZ_2M + 7);
	unmap(SZ_2M, SZ_2M, NULL);
	sync();
	assert_int_equal(io_pgtable_table_bytes(iop), empty_bytes);
	end();
}

/* Memory runs out at each allocation in turn; nothing leaks and what is empty comes back. */
static void test_faults(void **state)
{
	make(find_variant("arm_64_lpae_s1/4K"), ON_SYNC, true, &identity_mem);
	for (size_t at = 1; at <= 12; at++) {
		test_memory.fail_at = at;
		if (!io_pgtable_map(iop, SZ_1G - 2 * SZ_4K, SZ_4K, 2 * SZ_2M, RW))
			unmap(SZ_1G - 2 * SZ_4K, 2 * SZ_2M, NULL);
		test_memory.fail_at = 0;
		map(5 * SZ_1G, SZ_4K);
		unmap(5 * SZ_1G, SZ_4K, NULL);
		sync();
		sync();
		assert_int_equal(io_pgtable_validate(iop), 0);
		/*
		 * Interior tables that never had a child were emptied by nobody: they are trim's.
		 */
		io_pgtable_trim(iop);
		assert_int_equal(io_pgtable_table_bytes(iop), empty_bytes);
	}
	end();
}

static void test_trim(void **state)
{
	for (int mode = NEVER; mode <= ON_TRIM; mode++) {
		for (int coherent = 0; coherent < 2; coherent++) {
			size_t held;

			make(find_variant("arm_64_lpae_s1/4K"), (enum io_pgtable_reclaim)mode,
			     coherent, &identity_mem);
			assert_int_equal(io_pgtable_trim(iop), 0);
			map(SZ_1G, SZ_4K);
			held = io_pgtable_table_bytes(iop);
			for (uint64_t i = 0; i < 100; i++)
				map(700 * SZ_1G + i * SZ_1G + i * SZ_2M, SZ_4K);
			for (uint64_t i = 0; i < 100; i++)
				unmap(700 * SZ_1G + i * SZ_1G + i * SZ_2M, SZ_4K, &gather);
			io_pgtable_sync(iop, &gather);
			if (mode != ON_SYNC) {
				/* 100 of leaves, 100 above, and the one that holds those. */
				assert_int_equal(io_pgtable_table_bytes(iop), held + 201 * SZ_4K);
				assert_int_equal(io_pgtable_trim(iop), 201 * SZ_4K);
			}
			io_pgtable_trim(iop);
			assert_int_equal(io_pgtable_table_bytes(iop), held);
			assert_int_equal(io_pgtable_trim(iop), 0);
			assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_1G + 1), SZ_1G + 1);
			end();
		}
	}
}

/* The descriptors on the way to an address, and a reclaimer's mark on the one of a level. */
#define MARK (1ull << 56)

static uint64_t *link_of(uint64_t iova, unsigned int level)
{
	uint64_t *table = (uint64_t *)(uintptr_t)(iop->cfg.arm_lpae_s1_cfg.ttbr[0] & ~0xfffull);

	for (unsigned int l = 3; l > level + 1; l--)
		table = (uint64_t *)(uintptr_t)(table[iova >> (12 + 9 * l) & 511] & 0xfffffffff000);
	return &table[iova >> (12 + 9 * (level + 1)) & 511];
}

static void do_map(uint64_t at)
{
	map(at, SZ_4K);
}

static void do_map_many(uint64_t at)
{
	map(at, 3 * SZ_4K);
}

static void do_map_sg(uint64_t at)
{
	struct io_pgtable_sg sg[2] = { { 0, SZ_4K }, { SZ_2M, SZ_4K } };

	assert_int_equal(io_pgtable_map_sg(iop, at, sg, 2, RW), 0);
}

static void do_unmap(uint64_t at)
{
	assert_int_equal(io_pgtable_unmap(iop, at, SZ_4K, NULL), 0);
}

static void do_unmap_many(uint64_t at)
{
	assert_int_equal(io_pgtable_unmap(iop, at, SZ_2M, NULL), 0);
}

static void do_translate(uint64_t at)
{
	assert_int_equal(io_pgtable_iova_to_phys(iop, at), 0);
}

static void do_batch(uint64_t at)
{
	phys_addr_t pa;

	io_pgtable_iova_to_phys_batch(iop, &at, &pa, 1);
	assert_int_equal(pa, 0);
}

static void do_cursor(uint64_t at)
{
	struct io_pgtable_cursor c;

	io_pgtable_cursor_init(&c, iop);
	assert_int_equal(io_pgtable_cursor_map(&c, at, 0, RW), 0);
}

/* Whatever finds a mark on its way takes it off, at every level, before it goes on. */
static void test_marks(void **state)
{
	static void (*const body[])(uint64_t at) = { do_map,   do_map_many,   do_map_sg,
						     do_unmap, do_unmap_many, do_translate,
						     do_batch, do_cursor };

	for (size_t i = 0; i < 4 * ARRAY_SIZE(body); i++) {
		uint64_t kept = 0;

		make(find_variant("arm_64_lpae_s1/4K"), i & 1 ? ON_SYNC : ON_TRIM, !(i & 2),
		     &identity_mem);
		map(SZ_1G, SZ_4K);
		for (unsigned int level = 0; level < 3; level++) {
			*link_of(SZ_1G, level) |= MARK;
			body[i / 4](SZ_1G + 16 * SZ_4K * (level + 1));
			assert_int_equal(*link_of(SZ_1G, level) & MARK, 0);
			assert_int_equal(stats().kept, ++kept);
		}
		end();
	}
}

/* A block takes the place of a table, and a whole table is unmapped, while a reclaimer looks. */
static void test_marks_below(void **state)
{
	make(find_variant("arm_64_lpae_s1/4K"), ON_SYNC, true, &identity_mem);
	map(SZ_1G, SZ_4K);
	unmap(SZ_1G, SZ_4K, NULL);
	*link_of(SZ_1G, 0) |= MARK;
	map(SZ_1G, SZ_1G);
	unmap(SZ_1G, SZ_1G, NULL);
	for (uint64_t at = 0; at < 4 * SZ_2M; at += SZ_4K)
		map(SZ_1G + at, SZ_4K);
	*link_of(SZ_1G, 0) |= MARK;
	unmap(SZ_1G, 4 * SZ_2M, NULL);
	sync();
	assert_int_equal(io_pgtable_table_bytes(iop), empty_bytes);
	end();
}

/* The library calls in the middle of a round, when other tables are marked and were waited for. */
static uint64_t in_round;

static void on_clean_in_round(void *ptr, size_t size, void *cookie)
{
	uint64_t at = in_round;

	in_round = 0;
	if (at)
		map(at, SZ_4K);
}

static void test_kept_in_round(void **state)
{
	const struct iommu_gather_ops ops = { .flush_pgtable = on_clean_in_round };
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));

	test_memory_reset();
	cfg.reclaim = ON_SYNC;
	cfg.coherent_walk = false;
	cfg.mem = &identity_mem;
	cfg.tlb = &ops;
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	assert_non_null(iop);
	empty_bytes = io_pgtable_table_bytes(iop);
	for (uint64_t i = 0; i < 8; i++)
		map(i * SZ_2M, SZ_4K);
	for (uint64_t i = 0; i < 8; i++)
		unmap(i * SZ_2M, SZ_4K, &gather);
	sync(); /* all are noted before this one */
	in_round = 7 * SZ_2M + SZ_4K;
	sync();
	assert_int_equal(in_round, 0);
	assert_int_equal(io_pgtable_iova_to_phys(iop, 7 * SZ_2M + SZ_4K), 7 * SZ_2M + SZ_4K);
	assert_int_equal(stats().kept, 1);
	assert_int_equal(stats().unlinked, 7);
	unmap(7 * SZ_2M + SZ_4K, SZ_4K, NULL);
	sync();
	assert_int_equal(io_pgtable_table_bytes(iop), empty_bytes);
	end();
}

/* The walker: candidates that no table can have, a round or a sync that is under way. */
static void test_validate(void **state)
{
	struct pt_reclaim *r;

	make(find_variant("arm_64_lpae_s1/4K"), ON_SYNC, true, NULL);
	r = pt_domain(iop)->reclaim;
	map(SZ_1G, SZ_4K);
	unmap(SZ_1G, SZ_4K, &gather);
	map(2 * SZ_1G, SZ_4K);
	unmap(2 * SZ_1G, SZ_4K, &gather);
	assert_int_equal(r->nr, 2);
	assert_int_equal(io_pgtable_validate(iop), 0);
	r->candidate[1].ia -= SZ_1G; /* twice */
	assert_int_equal(io_pgtable_validate(iop), -EUCLEAN);
	r->candidate[1].ia += SZ_1G + SZ_4K;
	assert_int_equal(io_pgtable_validate(iop), -EUCLEAN);
	r->candidate[1].ia -= SZ_4K;
	r->candidate[1].level = 3; /* the root */
	assert_int_equal(io_pgtable_validate(iop), -EUCLEAN);
	r->candidate[1].level = 0;
	r->pending++;
	assert_int_equal(io_pgtable_validate(iop), -EUCLEAN);
	r->pending--;
	r->rounds++;
	assert_int_equal(io_pgtable_validate(iop), -EUCLEAN);
	r->rounds--;
	sync();
	sync();
	end();
}

static void test_cfg(void **state)
{
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));

	cfg.reclaim = (enum io_pgtable_reclaim)3;
	assert_int_equal(io_pgtable_check_cfg(ARM_64_LPAE_S1, &cfg), -EINVAL);
	cfg.reclaim = ON_TRIM;
	assert_int_equal(io_pgtable_check_cfg(ARM_64_LPAE_S1, &cfg), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_no_sync),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_neighbour),
		cmocka_unit_test(test_ping_pong),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_cursor),
		cmocka_unit_test(test_scattered),
		cmocka_unit_test(test_splits),
		cmocka_unit_test(test_block_over_candidate),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_trim),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_marks_below),
		cmocka_unit_test(test_kept_in_round),
		cmocka_unit_test(test_validate),
		cmocka_unit_test(test_cfg),
	};
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));

	cfg.reclaim = ON_SYNC;
	if (io_pgtable_check_cfg(ARM_64_LPAE_S1, &cfg) == -ENOSYS)
		return 77; /* no fence for all threads here: the modes are refused */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
