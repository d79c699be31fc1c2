// SPDX-License-Identifier: GPL-2.0-only
/*
 * The root that grows and shrinks (root_changed): what hardware was told last is walked here, by
 * hand, from the root and the level that it was told. Whatever is mapped must be found that way,
 * with and without reclaim, alone and with threads that map while another trims; nothing changes
 * where nothing needs it; and what makes the first tables is tried without memory.
 */
#include <pthread.h>
#include <unistd.h>

#include "io-pgtable-walk.h"
#include "support.h"

#define FROM	 3 /* levels of the first root */
#define SIZES	 (SZ_512G - SZ_4K)
#define ABSENT	 UINT64_MAX
#define POISONED 7u

/*
 * Root and mode in one word, as the device table entry has them: stored by root_changed, read by a
 * walk.
 */
static uint64_t hardware;
static unsigned int changes;
static struct io_pgtable *iop;

static void tell(const struct io_pgtable_cfg *cfg)
{
	__atomic_store_n(&hardware, cfg->amd_iommu_v1_cfg.host_pt_root | cfg->amd_iommu_v1_cfg.mode,
			 __ATOMIC_RELEASE);
}

/*
 * AMD IOMMU specification (48882), 2.2.3: PR, NextLevel, and the size in the address of a page of
 * level 7.
 */
static uint64_t walk(uint64_t iova)
{
	uint64_t entry = __atomic_load_n(&hardware, __ATOMIC_ACQUIRE);
	unsigned int level = entry & 7;

	if (level < 6 && iova >> (12 + 9 * level))
		return ABSENT;
	entry &= ~7ull;
	while (level) {
		const uint64_t *table = (const uint64_t *)(uintptr_t)(entry & 0xffffffffff000);
		uint64_t next;

		entry = __atomic_load_n(table + (iova >> (3 + 9 * level) & 511), __ATOMIC_RELAXED);
		if (!(entry & 1))
			return ABSENT;
		next = entry >> 9 & 7;
		if (next && next != POISONED && next != level - 1)
			return ABSENT;
		if (next && next != POISONED) {
			level--;
			continue;
		}
		if (next) {
			uint64_t size = 2ull << __builtin_ctzll(~(entry | 0xfff) & 0xffffffffff000);

			return (entry & 0xffffffffff000 & ~(size - 1)) | (iova & (size - 1));
		}
		return (entry & 0xffffffffff000) | (iova & ((1ull << (3 + 9 * level)) - 1));
	}
	return ABSENT;
}

static unsigned int levels(void)
{
	return __atomic_load_n(&hardware, __ATOMIC_ACQUIRE) & 7;
}

/* Before anything is there, and never to what is there already. */
static uint64_t unmapped_yet = ABSENT;

static void on_change(const struct io_pgtable_cfg *cfg, void *cookie)
{
	unsigned int before = levels();

	assert_ptr_equal(cfg, &iop->cfg);
	tell(cfg);
	assert_int_not_equal(levels(), before);
	if (unmapped_yet != ABSENT)
		assert_int_equal(walk(unmapped_yet), ABSENT);
	changes++;
}

static const struct iommu_gather_ops driver = { .root_changed = on_change };

static void set_up(unsigned int ias, uint64_t sizes, enum io_pgtable_reclaim reclaim)
{
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap = sizes,
		.ias = ias,
		.oas = 52,
		.coherent_walk = true,
		.quirks = sizes > SZ_512G ? IO_PGTABLE_QUIRK_NO_SPLIT : 0,
		.tlb = &driver,
		.reclaim = reclaim,
	};

	test_memory_reset();
	if (!reclaim)
		cfg.mem = &identity_mem;
	iop = alloc_io_pgtable(AMD_IOMMU_V1, &cfg, NULL);
	assert_non_null(iop);
	changes = 0;
	tell(&cfg);
}

static void tear_down(void)
{
	assert_int_equal(io_pgtable_validate(iop), 0);
	free_io_pgtable(iop);
	assert_int_equal(test_memory.live, 0);
}

static void map(uint64_t iova, uint64_t pa, uint64_t size)
{
	unmapped_yet = iova + (size - 1);
	assert_int_equal(io_pgtable_map(iop, iova, pa, size, RW), 0);
	unmapped_yet = ABSENT;
	assert_int_equal(walk(iova), pa);
	assert_int_equal(walk(iova + (size - 1)), pa + (size - 1));
	assert_int_equal(io_pgtable_iova_to_phys(iop, iova + (size - 1)), pa + (size - 1));
}

static void unmap(uint64_t iova, uint64_t size)
{
	assert_int_equal(io_pgtable_unmap(iop, iova, size, NULL), size);
	assert_int_equal(walk(iova), ABSENT);
}

static void trim(unsigned int wanted)
{
	io_pgtable_trim(iop);
	assert_int_equal(levels(), wanted);
	assert_int_equal(io_pgtable_validate(iop), 0);
}

static void test_levels(void **state)
{
	static const struct {
		unsigned int ias, levels;
	} first[] = { { 21, 2 }, { 30, 2 }, { 31, 3 }, { 39, 3 }, { 40, 3 }, { 48, 3 }, { 63, 3 } };
	const struct iommu_gather_ops silent = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		set_up(first[i].ias, SZ_4K, IO_PGTABLE_RECLAIM_NEVER);
		assert_int_equal(levels(), first[i].levels);
		map((1ull << first[i].ias) - SZ_4K, SZ_4K, SZ_4K);
		assert_int_equal(changes, first[i].ias > 39);
		assert_int_equal(levels(),
				 (first[i].ias - 12 + 8) / 9 > 2 ? (first[i].ias - 4) / 9 : 2);
		tear_down();
	}
	/* Without the callback the root is where ias needs it. */
	for (size_t i = 0; i < 2; i++) {
		struct io_pgtable_cfg cfg = { .pgsize_bitmap = SZ_4K,
					      .ias = 48,
					      .oas = 48,
					      .coherent_walk = true,
					      .tlb = i ? &silent : NULL };

		iop = alloc_io_pgtable(AMD_IOMMU_V1, &cfg, NULL);
		assert_int_equal(cfg.amd_iommu_v1_cfg.mode, 4);
		free_io_pgtable(iop);
	}
}

static void test_grows(void **state)
{
	set_up(63, SIZES, IO_PGTABLE_RECLAIM_NEVER);
	map(SZ_2M, SZ_1G, SZ_4K);
	map(SZ_512G - SZ_4K, 0, SZ_4K);
	assert_int_equal(changes, 0);
	/* Half of it beyond; then what is there already; then two levels at once. */
	unmap(SZ_512G - SZ_4K, SZ_4K);
	map(SZ_512G - SZ_4K, SZ_4K, 2 * SZ_4K);
	assert_int_equal(changes, 1);
	assert_int_equal(levels(), 4);
	map(SZ_512G + SZ_2M, SZ_2M, SZ_2M);
	assert_int_equal(changes, 1);
	map(1ull << 62, 0, SZ_4K);
	assert_int_equal(changes, 2);
	assert_int_equal(levels(), 6);
	assert_int_equal(walk(SZ_2M), SZ_1G);
	/* What is refused changes nothing. */
	assert_int_equal(io_pgtable_map(iop, 1ull << 63, 0, SZ_4K, RW), -ERANGE);
	assert_int_equal(io_pgtable_unmap(iop, 1ull << 61, SZ_4K, NULL), 0);
	assert_int_equal(changes, 2);
	tear_down();
}

static void test_shrinks(void **state)
{
	set_up(63, SIZES, IO_PGTABLE_RECLAIM_NEVER);
	map(SZ_4K, SZ_4K, SZ_4K);
	map(SZ_256T, SZ_2M, SZ_4K);
	map(SZ_1T, SZ_1G, SZ_4K);
	trim(5);
	assert_int_equal(changes, 1);
	unmap(SZ_256T, SZ_4K);
	trim(4);
	assert_int_equal(walk(SZ_1T), SZ_1G);
	unmap(SZ_1T, SZ_4K);
	trim(3);
	assert_int_equal(walk(SZ_4K), SZ_4K);
	trim(3);
	assert_int_equal(changes, 3);
	/* Nothing at all is mapped, and the way down was taken out: it is made again. */
	map(SZ_256T, SZ_2M, SZ_4K);
	unmap(SZ_256T, SZ_4K);
	unmap(SZ_4K, SZ_4K);
	trim(3);
	map(SZ_1T, SZ_1G, SZ_4K);
	trim(4);
	tear_down();
}

/* Hardware's root is a table like others to an unmap of all it covers, and must stay. */
static void test_held(void **state)
{
	static const enum io_pgtable_reclaim modes[] = { IO_PGTABLE_RECLAIM_NEVER,
							 IO_PGTABLE_RECLAIM_ON_SYNC,
							 IO_PGTABLE_RECLAIM_ON_TRIM };

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		set_up(48, SIZES, modes[i]);
		map(0, 0, SZ_512G);
		assert_int_equal(io_pgtable_unmap(iop, 0, SZ_512G, NULL), SZ_512G);
		trim(3);
		assert_int_equal(changes, 0);
		map(SZ_1G, 0, SZ_4K);
		/* It need not when it is none any more. */
		map(SZ_1T, 0, SZ_4K);
		unmap(SZ_1G, SZ_4K);
		trim(4);
		map(0, 0, SZ_512G);
		unmap(0, SZ_512G);
		unmap(SZ_1T, SZ_4K);
		trim(3);
		map(SZ_1G, SZ_4K, SZ_4K);
		tear_down();
	}
}

/* Pages that need the entries of a level, wherever they lie. */
static void test_huge(void **state)
{
	set_up(63, SIZES | SZ_1T | SZ_256T, IO_PGTABLE_RECLAIM_NEVER);
	map(0, SZ_1T, SZ_1T);
	assert_int_equal(levels(), 4);
	unmap(0, SZ_1T);
	trim(3);
	map(SZ_1T, SZ_1T, SZ_1T);
	unmap(SZ_1T, SZ_1T);
	assert_int_equal(levels(), 4);
	map(0, SZ_256T, SZ_256T);
	assert_int_equal(levels(), 5);
	trim(5);
	unmap(0, SZ_256T);
	trim(3);
	tear_down();
}

static void test_no_memory(void **state)
{
	struct io_pgtable_cfg cfg = { .pgsize_bitmap = SZ_4K,
				      .ias = 63,
				      .oas = 48,
				      .coherent_walk = true,
				      .tlb = &driver,
				      .mem = &identity_mem };
	size_t needed;

	set_up(63, SZ_4K, IO_PGTABLE_RECLAIM_NEVER);
	needed = test_memory.allocs;
	assert_int_equal(needed, 4); /* of levels 6 to 3 */
	tear_down();
	for (size_t i = 1; i <= needed; i++) {
		test_memory_reset();
		test_memory.fail_at = i;
		assert_null(alloc_io_pgtable(AMD_IOMMU_V1, &cfg, NULL));
		assert_int_equal(test_memory.live, 0);
	}
	/* To grow takes none; to shrink may, and then does not. */
	set_up(63, SZ_4K, IO_PGTABLE_RECLAIM_NEVER);
	test_memory.fail_forever = true;
	test_memory.fail_at = 1;
	assert_int_equal(io_pgtable_map(iop, SZ_256T, 0, SZ_4K, RW), -ENOMEM);
	assert_int_equal(levels(), 5);
	io_pgtable_trim(iop);
	assert_int_equal(io_pgtable_validate(iop), 0);
	test_memory.fail_at = 0;
	test_memory.fail_forever = false;
	trim(3);
	tear_down();
}

/* A place of each region: the root has to be of 3, 4, 5 and 6 levels for it. */
static uint64_t place(uint64_t random)
{
	static const uint64_t region[] = { 0, SZ_1T, SZ_256T, 1ull << 60 };

	return region[random & 3] + (random >> 2 & 7) * SZ_1G + (random >> 5 & 15) * SZ_4K;
}

static void random_operations(enum io_pgtable_reclaim reclaim)
{
	uint64_t at[24], state = 7 + reclaim, nr = 0, shrunk = 0;

	set_up(63, SIZES, reclaim);
	for (uint64_t n = test_fewer(20000); n; n--) {
		uint64_t random = next_random(&state), iova = place(random >> 8), i = random >> 40;
		unsigned int before = levels();

		if (nr == ARRAY_SIZE(at) || (nr && random % 5 < 2)) {
			unmap(at[i % nr], SZ_4K);
			at[i % nr] = at[nr - 1];
			nr--;
		} else if (walk(iova) == ABSENT) {
			map(iova, iova & (SZ_256T - 1), SZ_4K);
			at[nr++] = iova;
		}
		if (!(random >> 20 & 7))
			io_pgtable_trim(iop);
		shrunk += levels() < before;
		for (i = 0; i < nr; i++)
			assert_int_equal(walk(at[i]), at[i] & (SZ_256T - 1));
	}
	assert_true(shrunk);
	while (nr)
		unmap(at[--nr], SZ_4K);
	trim(3);
	tear_down();
}

static void test_random(void **state)
{
	random_operations(IO_PGTABLE_RECLAIM_NEVER);
	random_operations(IO_PGTABLE_RECLAIM_ON_SYNC);
	random_operations(IO_PGTABLE_RECLAIM_ON_TRIM);
}

static pthread_t trimmer;
static unsigned int delay_us;

static void *trims(void *arg)
{
	io_pgtable_trim(iop);
	return NULL;
}

/*
 * In the middle of a map that has found the root large enough; by its end the trim may wait for it.
 */
static void start_trim(void)
{
	assert_int_equal(pthread_create(&trimmer, NULL, trims, NULL), 0);
	usleep(delay_us);
}

/*
 * Nothing is mapped beyond the lowest root when the trim looks first; something may be when it
 * looks again.
 */
static void in_the_middle(void)
{
	struct io_pgtable_cfg cfg = { .pgsize_bitmap = SIZES | SZ_1T,
				      .ias = 48,
				      .oas = 52,
				      .coherent_walk = true,
				      .quirks = IO_PGTABLE_QUIRK_NO_SPLIT,
				      .reclaim = IO_PGTABLE_RECLAIM_ON_TRIM,
				      .tlb = &driver,
				      .mem = &identity_mem };

	test_memory_reset();
	iop = alloc_io_pgtable(AMD_IOMMU_V1, &cfg, NULL);
	assert_non_null(iop);
	tell(&cfg);
	map(0, 0, SZ_4K);
	map(SZ_1T, 0, SZ_1T);
	unmap(SZ_1T, SZ_1T);
	test_memory.on_alloc = start_trim;
	assert_int_equal(io_pgtable_map(iop, 2 * SZ_1T, SZ_1G, SZ_4K, RW), 0);
	assert_int_equal(pthread_join(trimmer, NULL), 0);
	assert_int_equal(walk(2 * SZ_1T), SZ_1G);
	trim(4);
	unmap(2 * SZ_1T, SZ_4K);
	trim(3);
	tear_down();
}

/*
 * From a map that ends while the trim waits for it to one that the trim does not wait for to the
 * end.
 */
static void test_in_the_middle(void **state)
{
	for (delay_us = 10; delay_us < 4000; delay_us += delay_us / 16 + 1)
		in_the_middle();
}

#define THREADS 3
#define ENOUGH	16 /* changes of the root */
static bool over;

/* cmocka's assertions are for one thread. */
static void on_change_by_any(const struct io_pgtable_cfg *cfg, void *cookie)
{
	tell(cfg);
	__atomic_fetch_add(&changes, 1, __ATOMIC_RELAXED);
}

/*
 * The first thread trims; the others map pages of their own, now and then beyond the lowest root.
 */
static void *worker(void *arg)
{
	uintptr_t me = (uintptr_t)arg, bad = 0;
	uint64_t state = me + 1;

	if (!me) {
		while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE))
			io_pgtable_trim(iop);
		return NULL;
	}
	/* The one that trims waits for the others' operations each time: slow beside them. */
	for (uint64_t n = 2000000; n && __atomic_load_n(&changes, __ATOMIC_RELAXED) < ENOUGH; n--) {
		uint64_t random = next_random(&state);
		uint64_t iova =
			place(random >> 20 & 31 ? random & ~3ull : random) + me * (SZ_2M / 4);

		bad += io_pgtable_map(iop, iova, iova & (SZ_256T - 1), SZ_4K, RW) != 0;
		for (unsigned int looks = next_random(&state) & 7; looks; looks--)
			bad += walk(iova) != (iova & (SZ_256T - 1));
		bad += io_pgtable_iova_to_phys(iop, iova) != (iova & (SZ_256T - 1));
		bad += io_pgtable_unmap(iop, iova, SZ_4K, NULL) != SZ_4K;
	}
	return (void *)bad;
}

static void threads(enum io_pgtable_reclaim reclaim)
{
	static const struct iommu_gather_ops ops = { .root_changed = on_change_by_any };
	struct io_pgtable_cfg cfg = { .pgsize_bitmap = SIZES,
				      .ias = 63,
				      .oas = 52,
				      .coherent_walk = true,
				      .reclaim = reclaim,
				      .tlb = &ops };
	pthread_t thread[THREADS];

	iop = alloc_io_pgtable(AMD_IOMMU_V1, &cfg, NULL);
	assert_non_null(iop);
	tell(&cfg);
	over = false;
	changes = 0;
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&thread[i], NULL, worker, (void *)i), 0);
	for (unsigned int i = THREADS; i-- > 0;) {
		void *bad;

		if (!i)
			__atomic_store_n(&over, true, __ATOMIC_RELEASE);
		assert_int_equal(pthread_join(thread[i], &bad), 0);
		assert_null(bad);
	}
	assert_true(changes > 2);
	trim(3);
	tear_down();
}

static void test_threads(void **state)
{
	threads(IO_PGTABLE_RECLAIM_ON_TRIM);
	threads(IO_PGTABLE_RECLAIM_ON_SYNC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_levels),	cmocka_unit_test(test_grows),
		cmocka_unit_test(test_shrinks), cmocka_unit_test(test_held),
		cmocka_unit_test(test_huge),	cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_random),	cmocka_unit_test(test_in_the_middle),
		cmocka_unit_test(test_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
