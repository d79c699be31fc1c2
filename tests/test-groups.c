// SPDX-License-Identifier: GPL-2.0-only
/*
 * Leaves of several entries: the contiguous hint and Svnapot. Descriptors by hand, in the tables
 * themselves; what a part of a group costs (all of it is broken before it is made again, and
 * invalidated); that nothing else of it changes; dirty state of a group; neighbours that take the
 * same group apart at once. What random operations find is in test-model and test-update, which
 * have variants with groups.
 */
#include "io-pgtable-update.h"
#include "io-pgtable-walk.h"
#include "support.h"

#include <pthread.h>
#include <time.h>

#define PA	0x12340000ull
#define CONT	(1ull << 52)
#define NAPOT	(1ull << 63)
#define ENTRIES 512

/* A table of two or three levels, with the tables' addresses for what they are. */
struct rig {
	struct io_pgtable *iop;
	struct io_pgtable_cfg cfg;
	const uint64_t *leaves; /* the table that maps address 0 on */
};

static struct rig rig;

/* What the driver sees when it is told to invalidate. */
static unsigned int valid_at_flush, flushes;
static uint64_t flushed_bytes;

static unsigned int count_valid(const uint64_t *p, size_t n)
{
	unsigned int valid = 0;

	for (size_t i = 0; i < n; i++)
		valid += __atomic_load_n(p + i, __ATOMIC_RELAXED) & 1;
	return valid;
}

static void see_flush(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf, void *cookie)
{
	assert_true(leaf);
	if (!rig.leaves) /* there are threads */
		return;
	if (!flushes++)
		valid_at_flush = count_valid(rig.leaves + iova / SZ_4K, size / SZ_4K);
	flushed_bytes += size;
}

static const struct iommu_gather_ops seeing = { .tlb_add_range = see_flush };

static const uint64_t *table_of(uint64_t desc, enum io_pgtable_fmt fmt)
{
	uint64_t pa = fmt == RISCV_SV39 ? (desc >> 10 << 12) & ((1ull << 56) - 1)
					: desc & ((1ull << 48) - SZ_4K);

	return (const uint64_t *)(uintptr_t)pa;
}

/*
 * The table for the first 2M, of a 30-bit LPAE table or of Sv39; after something was mapped there.
 */
static const uint64_t *find_leaves(void)
{
	const uint64_t *root;

	if (rig.iop->fmt != RISCV_SV39) {
		root = table_of(rig.cfg.arm_lpae_s1_cfg.ttbr[0], rig.iop->fmt);
		return table_of(root[0], rig.iop->fmt);
	}
	root = table_of(rig.cfg.riscv_fs_cfg.fsc << 10, RISCV_SV39);
	return table_of(table_of(root[0], RISCV_SV39)[0], RISCV_SV39);
}

static void set_up(enum io_pgtable_fmt fmt, unsigned long quirks)
{
	rig = (struct rig){ .cfg = { .quirks = quirks,
				     .pgsize_bitmap = SZ_4K | SZ_64K | SZ_2M |
						      (fmt == RISCV_SV39 ? 0 : SZ_32M),
				     .ias = fmt == RISCV_SV39 ? 39 : 32,
				     .oas = 40,
				     .coherent_walk = true,
				     .tlb = &seeing } };
	rig.cfg.ias = fmt == RISCV_SV39 ? 39 : 30;
	rig.iop = alloc_io_pgtable(fmt, &rig.cfg, NULL);
	assert_non_null(rig.iop);
}

static void map_leaves(uint64_t size, int prot)
{
	assert_int_equal(io_pgtable_map(rig.iop, 0, PA, size, prot), 0);
	rig.leaves = find_leaves();
	flushes = valid_at_flush = 0;
	flushed_bytes = 0;
}

static void tear_down(void)
{
	assert_int_equal(io_pgtable_validate(rig.iop), 0);
	free_io_pgtable(rig.iop);
	rig.iop = NULL;
}

/* ARM_32_LPAE_S1: the descriptors of VMSAv8-64's stage 1, and two levels are enough for 30 bits. */
static void test_contiguous_entries(void **state)
{
	set_up(ARM_32_LPAE_S1, 0);
	map_leaves(SZ_64K + SZ_4K, RW | IOMMU_CACHE);
	for (uint64_t i = 0; i < 16; i++)
		assert_int_equal(rig.leaves[i], (PA + i * SZ_4K) | CONT | 0xf47);
	assert_int_equal(rig.leaves[16], (PA + SZ_64K) | 0xf47);
	assert_int_equal(io_pgtable_iova_to_phys(rig.iop, 0x5123), PA + 0x5123);
	/* A call that asks for pages gets pages. */
	assert_int_equal(rig.iop->ops->map_pages(rig.iop, SZ_2M / 2, PA, SZ_4K, 16, RW, NULL), 0);
	assert_int_equal(rig.leaves[256] & CONT, 0);
	tear_down();
}

static void test_contiguous_blocks(void **state)
{
	const uint64_t *root;

	set_up(ARM_32_LPAE_S1, 0);
	assert_int_equal(io_pgtable_map(rig.iop, SZ_32M, SZ_32M, SZ_32M, RW | IOMMU_CACHE), 0);
	root = table_of(rig.cfg.arm_lpae_s1_cfg.ttbr[0], ARM_32_LPAE_S1);
	for (uint64_t i = 0; i < 16; i++)
		assert_int_equal(root[16 + i], (SZ_32M + i * SZ_2M) | CONT | 0xf45);
	/* One page of it: the group becomes blocks, one of these a table. */
	assert_int_equal(io_pgtable_unmap(rig.iop, SZ_32M + SZ_2M, SZ_4K, NULL), SZ_4K);
	assert_int_equal(root[16], SZ_32M | 0xf45);
	assert_int_equal(root[17] & 3, 3);
	assert_int_equal(root[31], (SZ_32M + 15 * SZ_2M) | 0xf45);
	assert_int_equal(io_pgtable_iova_to_phys(rig.iop, SZ_32M + SZ_2M), 0);
	assert_int_equal(io_pgtable_iova_to_phys(rig.iop, SZ_32M + SZ_2M + SZ_4K),
			 SZ_32M + SZ_2M + SZ_4K);
	tear_down();
}

/* The RISC-V Instruction Set Manual, Svnapot: N 63, PPN[3:0] 1000, so bits 13:10 of the entry. */
static void test_napot_entries(void **state)
{
	set_up(RISCV_SV39, 0);
	map_leaves(SZ_64K, RW);
	for (uint64_t i = 0; i < 16; i++)
		assert_int_equal(rig.leaves[i], NAPOT | PA >> 2 | 1ull << 13 | 0xdf);
	assert_int_equal(io_pgtable_iova_to_phys(rig.iop, 0x5123), PA + 0x5123);
	assert_int_equal(io_pgtable_iova_to_phys(rig.iop, 0xffff), PA + 0xffff);
	tear_down();
}

/* Svpbmt: bits 62:61 are 2 for I/O, 1 for non-cacheable. */
static void test_memory_types(void **state)
{
	static const struct {
		int prot;
		uint64_t type;
	} cases[] = { { RW | IOMMU_CACHE, 0 }, { RW, 1 }, { RW | IOMMU_MMIO, 2 } };

	set_up(RISCV_SV39, IO_PGTABLE_QUIRK_RISCV_PBMT);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(io_pgtable_map(rig.iop, i * SZ_4K, PA, SZ_4K, cases[i].prot), 0);
		assert_int_equal(find_leaves()[i], cases[i].type << 61 | PA >> 2 | 0xdf);
		assert_int_equal(
			io_pgtable_map(rig.iop, SZ_64K * (i + 1), PA, SZ_64K, cases[i].prot), 0);
		assert_int_equal(find_leaves()[16 * (i + 1)] >> 61, 4 | cases[i].type);
	}
	tear_down();
}

static const enum io_pgtable_fmt kinds[] = { ARM_32_LPAE_S1, RISCV_SV39 };

static void check_single(size_t first, size_t n, int prot)
{
	for (size_t i = first; i < first + n; i++) {
		assert_int_equal(rig.leaves[i] & (CONT | NAPOT), 0);
		assert_int_equal(io_pgtable_iova_to_phys(rig.iop, i * SZ_4K + 7),
				 PA + i * SZ_4K + 7);
	}
}

/*
 * A part goes: no entry of the group is valid when the driver hears of it, the others come back
 * alone.
 */
static void test_part_unmapped(void **state)
{
	static const struct {
		size_t first, n;
		uint64_t flushed;
	} cases[] = {
		{ 5, 1, SZ_64K + SZ_4K },
		{ 0, 1, SZ_64K + SZ_4K },
		{ 15, 1, SZ_64K + SZ_4K },
		{ 3, 4, SZ_64K + 4 * SZ_4K },
		{ 14, 20, 2 * SZ_64K + 20 * SZ_4K }, /* two parts and a whole one between them */
	};

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
			size_t first = cases[i].first, n = cases[i].n,
			       end = (first + n + 15) & ~15ul;

			set_up(kinds[k], 0);
			map_leaves(4 * SZ_64K, RW);
			assert_int_equal(io_pgtable_unmap(rig.iop, first * SZ_4K, n * SZ_4K, NULL),
					 n * SZ_4K);
			assert_int_equal(valid_at_flush, 0);
			assert_int_equal(flushed_bytes, cases[i].flushed);
			check_single(0, first, RW);
			check_single(first + n, end - first - n, RW);
			assert_int_equal(count_valid(rig.leaves + first, n), 0);
			/* Groups that no part of was asked for are what they were. */
			for (size_t at = end; at < 64; at++)
				assert_true(rig.leaves[at] & (CONT | NAPOT));
			tear_down();
		}
	}
}

static void test_no_split(void **state)
{
	size_t changed = 0;

	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		set_up(kinds[k], IO_PGTABLE_QUIRK_NO_SPLIT);
		map_leaves(SZ_64K, RW);
		assert_int_equal(io_pgtable_unmap(rig.iop, 0, SZ_4K, NULL), 0);
		assert_int_equal(io_pgtable_unmap(rig.iop, SZ_4K, SZ_64K - SZ_4K, NULL), 0);
		assert_int_equal(io_pgtable_protect(rig.iop, 0, SZ_4K, IOMMU_READ, NULL, &changed),
				 -EBUSY);
		assert_int_equal(count_valid(rig.leaves, 16), 16);
		assert_int_equal(io_pgtable_unmap(rig.iop, 0, SZ_64K, NULL), SZ_64K);
		tear_down();
	}
}

static int keep_leaves(const struct io_pgtable_walk_entry *e, void *ctx)
{
	struct io_pgtable_walk_entry **next = ctx;

	if (e->kind == IO_PGTABLE_WALK_LEAF)
		*(*next)++ = *e;
	return 0;
}

/* All of it: broken, and made a group again. A part: single leaves. */
static void test_protect(void **state)
{
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		struct io_pgtable_walk_entry leaf[17], *next = leaf;
		size_t changed = 0;

		set_up(kinds[k], 0);
		map_leaves(2 * SZ_64K, RW);
		assert_int_equal(
			io_pgtable_protect(rig.iop, 0, SZ_64K + SZ_4K, IOMMU_READ, NULL, &changed),
			0);
		assert_int_equal(changed, SZ_64K + SZ_4K);
		assert_int_equal(valid_at_flush, 0);
		assert_int_equal(
			io_pgtable_walk(rig.iop, SZ_4K, 2 * SZ_64K - SZ_4K, keep_leaves, &next), 0);
		/* The walk began inside of the group, which is reported from its beginning. */
		assert_int_equal(next - leaf, 17);
		assert_int_equal(leaf[0].iova, 0);
		assert_int_equal(leaf[0].size, SZ_64K);
		assert_int_equal(leaf[0].paddr, PA);
		assert_int_equal(leaf[0].prot & RW, IOMMU_READ);
		assert_int_equal(leaf[1].size, SZ_4K);
		assert_int_equal(leaf[1].prot & RW, IOMMU_READ);
		assert_int_equal(leaf[2].prot & RW, RW);
		assert_true(rig.leaves[15] & (CONT | NAPOT));
		check_single(16, 16, RW);
		tear_down();
	}
}

/*
 * Hardware may record a write in any entry; of the group it is one write, and no entry forgets
 * alone.
 */
static void test_dirty(void **state)
{
	static const struct {
		enum io_pgtable_fmt fmt;
		unsigned long quirk;
		uint64_t flip;
	} cases[] = {
		{ RISCV_SV39, IO_PGTABLE_QUIRK_DIRTY, 1ull << 7 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint64_t bitmap = 0, *entry;

		set_up(cases[i].fmt, cases[i].quirk);
		map_leaves(2 * SZ_64K, RW);
		entry = (uint64_t *)(uintptr_t)rig.leaves + 11;
		*entry ^= cases[i].flip;
		assert_int_equal(io_pgtable_validate(rig.iop), 0);
		/* A part reads it and cannot forget it. */
		assert_int_equal(io_pgtable_read_and_clear_dirty(rig.iop, SZ_4K, 3 * SZ_4K, 0,
								 &bitmap, NULL),
				 0);
		assert_int_equal(bitmap, 7);
		bitmap = 0;
		assert_int_equal(
			io_pgtable_read_and_clear_dirty(rig.iop, 0, 2 * SZ_64K, 0, &bitmap, NULL),
			0);
		assert_int_equal(bitmap, 0xffff);
		bitmap = 0;
		assert_int_equal(
			io_pgtable_read_and_clear_dirty(rig.iop, 0, 2 * SZ_64K, 0, &bitmap, NULL),
			0);
		assert_int_equal(bitmap, 0);
		/* Split, it is remembered of every part. */
		*entry ^= cases[i].flip;
		assert_int_equal(io_pgtable_unmap(rig.iop, 0, SZ_4K, NULL), SZ_4K);
		assert_int_equal(
			io_pgtable_read_and_clear_dirty(rig.iop, 0, 2 * SZ_64K, 0, &bitmap, NULL),
			0);
		assert_int_equal(bitmap, 0xfffe);
		tear_down();
	}
}

/* A group that is not whole, or whose entries differ. */
static void test_validate(void **state)
{
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		uint64_t *entry;

		set_up(kinds[k], 0);
		map_leaves(SZ_64K, RW);
		entry = (uint64_t *)(uintptr_t)rig.leaves;
		for (size_t i = 0; i < 16; i++) {
			uint64_t was = entry[i];

			entry[i] = 0;
			assert_int_equal(io_pgtable_validate(rig.iop), -EUCLEAN);
			entry[i] = was ^ 1ull << 20;
			assert_int_equal(io_pgtable_validate(rig.iop), -EUCLEAN);
			entry[i] = was;
		}
		tear_down();
	}
}

/*
 * Another thread works on its part of what it finds in the middle of a rewrite: every entry a mark.
 * It has to wait, and what it did has to be there afterwards. The driver's callback of the first
 * thread is that moment.
 */
static const struct neighbour {
	const char *name;
	int (*act)(void);
	uint64_t page;	   /* that it changes */
	phys_addr_t after; /* where that goes, 0: nowhere */
	bool replaces;	   /* only where formats can */
} * neighbour;

static pthread_t neighbour_thread;
static struct io_pgtable_cursor cursor;

/* The group is at 64K, single pages lie before it; the first thread unmaps page 17. */
static int unmap_one(void)
{
	return io_pgtable_unmap(rig.iop, 19 * SZ_4K, SZ_4K, NULL) != SZ_4K;
}

static int unmap_by_cursor(void)
{
	return io_pgtable_cursor_unmap(&cursor, 19 * SZ_4K, NULL) != SZ_4K;
}

static int unmap_run(void)
{
	return io_pgtable_unmap(rig.iop, 15 * SZ_4K, 2 * SZ_4K, NULL) != 2 * SZ_4K;
}

static int protect_run(void)
{
	size_t changed = 0;

	return io_pgtable_protect(rig.iop, 15 * SZ_4K, 2 * SZ_4K, IOMMU_READ, NULL, &changed) ||
	       changed != 2 * SZ_4K;
}

static int replace_run(void)
{
	size_t replaced = 0;

	return io_pgtable_replace(rig.iop, 15 * SZ_4K, SZ_1G + 15 * SZ_4K, 2 * SZ_4K, RW, NULL,
				  &replaced) ||
	       replaced != 2 * SZ_4K;
}

static int dirty_run(void)
{
	uint64_t bitmap = 0;

	return io_pgtable_set_dirty(rig.iop, 15 * SZ_4K, 2 * SZ_4K) ||
	       io_pgtable_read_and_clear_dirty(rig.iop, 15 * SZ_4K, 2 * SZ_4K, 0, &bitmap, NULL) ||
	       bitmap != 3;
}

static int dirty_part(void)
{
	uint64_t bitmap = 0;

	return io_pgtable_set_dirty(rig.iop, 20 * SZ_4K, 2 * SZ_4K) ||
	       io_pgtable_read_and_clear_dirty(rig.iop, 20 * SZ_4K, 2 * SZ_4K, 0, &bitmap, NULL) ||
	       bitmap != 3;
}

static const struct neighbour neighbours[] = {
	{ "unmap_one", unmap_one, 19, 0, false },
	{ "unmap_by_cursor", unmap_by_cursor, 19, 0, false },
	{ "unmap_run", unmap_run, 16, 0, false },
	{ "protect_run", protect_run, 16, PA + 16 * SZ_4K, false },
	{ "replace_run", replace_run, 16, SZ_1G + 16 * SZ_4K, true },
	{ "dirty_run", dirty_run, 16, PA + 16 * SZ_4K, true },
	{ "dirty_part", dirty_part, 20, PA + 20 * SZ_4K, true },
};

static void *run_neighbour(void *arg)
{
	return (void *)(intptr_t)neighbour->act();
}

static void meet(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf, void *cookie)
{
	static bool met;
	const struct timespec enough = { .tv_nsec = 3000000 };

	/* The first is that of the rewrite; the neighbour's own come here too. */
	if (size != SZ_64K || __atomic_exchange_n(&met, true, __ATOMIC_RELAXED))
		return;
	assert_int_equal(pthread_create(&neighbour_thread, NULL, run_neighbour, NULL), 0);
	nanosleep(&enough, NULL);
	__atomic_store_n(&met, false, __ATOMIC_RELAXED);
}

static const struct iommu_gather_ops meeting = { .tlb_add_range = meet };

static void test_in_the_middle(void **state)
{
	static const enum io_pgtable_fmt fmts[] = { ARM_64_LPAE_S1, RISCV_SV39, AMD_IOMMU_V1 };

	for (size_t i = 0; i < ARRAY_SIZE(fmts) * ARRAY_SIZE(neighbours); i++) {
		enum io_pgtable_fmt fmt = fmts[i / ARRAY_SIZE(neighbours)];
		struct io_pgtable_cfg cfg = { .pgsize_bitmap = SZ_4K | SZ_64K,
					      .ias = 39,
					      .oas = 40,
					      .coherent_walk = true,
					      .tlb = &meeting };
		void *failed;

		neighbour = &neighbours[i % ARRAY_SIZE(neighbours)];
		if (neighbour->replaces && fmt == ARM_64_LPAE_S1)
			continue;
		cfg.quirks = fmt == ARM_64_LPAE_S1 ? 0 : IO_PGTABLE_QUIRK_DIRTY;
		rig.leaves = NULL;
		rig.iop = alloc_io_pgtable(fmt, &cfg, NULL);
		assert_non_null(rig.iop);
		for (uint64_t page = 0; page < 16; page++)
			assert_int_equal(
				io_pgtable_map(rig.iop, page * SZ_4K, PA + page * SZ_4K, SZ_4K, RW),
				0);
		assert_int_equal(io_pgtable_map(rig.iop, SZ_64K, PA + SZ_64K, SZ_64K, RW), 0);
		io_pgtable_cursor_init(&cursor, rig.iop);
		assert_int_equal(io_pgtable_cursor_map(&cursor, 2 * SZ_64K, PA, RW), 0);
		assert_int_equal(io_pgtable_unmap(rig.iop, 17 * SZ_4K, SZ_4K, NULL), SZ_4K);
		pthread_join(neighbour_thread, &failed);
		if (failed)
			print_error("%s, format %d\n", neighbour->name, fmt);
		assert_null(failed);
		assert_int_equal(io_pgtable_iova_to_phys(rig.iop, neighbour->page * SZ_4K),
				 neighbour->after);
		assert_int_equal(io_pgtable_iova_to_phys(rig.iop, 17 * SZ_4K), 0);
		assert_int_equal(io_pgtable_iova_to_phys(rig.iop, 31 * SZ_4K), PA + 31 * SZ_4K);
		tear_down();
	}
}

#define THREADS 4
#define ROUNDS	2000

static pthread_barrier_t barrier;

/* Each takes its own pages out of the same groups. */
static void *take_apart(void *arg)
{
	uint64_t me = (uint64_t)(uintptr_t)arg;

	for (int r = 0; r < ROUNDS; r++) {
		pthread_barrier_wait(&barrier);
		for (uint64_t page = me * 4; page < me * 4 + 4; page += 2)
			assert_int_equal(io_pgtable_unmap(rig.iop, page * SZ_4K, SZ_4K, NULL),
					 SZ_4K);
		/* What is not ours to unmap may be away for as long as the others take. */
		pthread_barrier_wait(&barrier);
		for (uint64_t page = me * 4; page < me * 4 + 4; page++)
			assert_int_equal(io_pgtable_iova_to_phys(rig.iop, page * SZ_4K),
					 page & 1 ? PA + page * SZ_4K : 0);
		pthread_barrier_wait(&barrier);
	}
	return NULL;
}

static void test_threads(void **state)
{
	for (size_t k = 0; k < ARRAY_SIZE(kinds); k++) {
		pthread_t thread[THREADS];

		set_up(kinds[k], 0);
		pthread_barrier_init(&barrier, NULL, THREADS + 1);
		for (uintptr_t i = 0; i < THREADS; i++)
			assert_int_equal(pthread_create(&thread[i], NULL, take_apart, (void *)i),
					 0);
		for (int r = 0; r < ROUNDS; r++) {
			assert_int_equal(io_pgtable_map(rig.iop, 0, PA, SZ_64K, RW), 0);
			for (int i = 0; i < 3; i++)
				pthread_barrier_wait(&barrier);
			assert_int_equal(io_pgtable_validate(rig.iop), 0);
			for (uint64_t page = 1; page < 16; page += 2)
				assert_int_equal(
					io_pgtable_unmap(rig.iop, page * SZ_4K, SZ_4K, NULL),
					SZ_4K);
		}
		for (size_t i = 0; i < THREADS; i++)
			pthread_join(thread[i], NULL);
		pthread_barrier_destroy(&barrier);
		tear_down();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contiguous_entries),
		cmocka_unit_test(test_contiguous_blocks),
		cmocka_unit_test(test_napot_entries),
		cmocka_unit_test(test_memory_types),
		cmocka_unit_test(test_part_unmapped),
		cmocka_unit_test(test_no_split),
		cmocka_unit_test(test_protect),
		cmocka_unit_test(test_dirty),
		cmocka_unit_test(test_validate),
		cmocka_unit_test(test_in_the_middle),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
