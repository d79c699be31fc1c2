// SPDX-License-Identifier: GPL-2.0-only
/*
 * A walker that does not snoop sees what was cleaned, and nothing else: a copy of the tables'
 * memory that only flush_pgtable updates, line by line, is walked by an independent walker.
 *
 * After every operation that walker finds what the library says. And in the moment between one
 * thread's installing a table and its cleaning the descriptor, another thread that maps through it
 * makes it visible before it relies on it.
 */
#include "support.h"

#define MEMORY_BYTES (256ull << 20)
#define LINE_BYTES   64ull
#define MAX_FREE     70000

static char *memory, *shadow;
static size_t used_bytes;
static void *free_table[MAX_FREE];
static size_t nr_free;
static struct io_pgtable *iop;
static uint64_t root;
static void (*on_clean)(void);

/* Tables of 4K only: the root of 48 bits is one, too. */
static void *window_alloc(void *ctx, size_t size_bytes, unsigned int flags)
{
	char *p;

	assert_int_equal(size_bytes, SZ_4K);
	if (nr_free) {
		p = free_table[--nr_free];
	} else {
		p = memory + used_bytes;
		used_bytes += SZ_4K;
		assert_true(used_bytes <= MEMORY_BYTES);
	}
	if (flags & IO_PGTABLE_MEM_ZERO)
		memset(p, 0, SZ_4K);
	return p;
}

static void window_free(void *ctx, void *ptr, size_t size_bytes, unsigned int flags)
{
	assert_true(nr_free < MAX_FREE);
	free_table[nr_free++] = ptr;
}

static const struct io_pgtable_mem window_mem = { .alloc = window_alloc, .free = window_free };

static void clean(void *ptr, size_t size, void *cookie)
{
	size_t from = (size_t)((char *)ptr - memory), to = from + size;
	void (*then)(void) = on_clean;

	if (size == sizeof(uint64_t) && then) {
		on_clean = NULL;
		then();
	}
	from &= ~(LINE_BYTES - 1);
	to = (to + LINE_BYTES - 1) & ~(LINE_BYTES - 1);
	memcpy(shadow + from, memory + from, to - from);
}

static const struct iommu_gather_ops driver = { .flush_pgtable = clean };

/* Written from the architecture, not from the library: 4K granule, 48 bits, four levels. */
static uint64_t walk_shadow(uint64_t iova)
{
	uint64_t table = root;

	for (int shift = 39;; shift -= 9) {
		uint64_t desc, offset = table - (uintptr_t)memory + (iova >> shift & 511) * 8;

		memcpy(&desc, shadow + offset, sizeof(desc));
		if (!(desc & 1))
			return 0;
		table = desc & 0xfffffffff000;
		if (shift == 12 || !(desc & 2))
			return table | (iova & ((1ull << shift) - 1));
	}
}

static void make(void)
{
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));

	cfg.coherent_walk = false;
	cfg.mem = &window_mem;
	cfg.tlb = &driver;
	used_bytes = nr_free = 0;
	memset(shadow, 0xff, 1 << 20); /* what was never cleaned is anything */
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	assert_non_null(iop);
	root = cfg.arm_lpae_s1_cfg.ttbr[0];
}

static void test_random(void **state)
{
	struct iommu_iotlb_gather gather;
	uint64_t seed = 7;

	make();
	iommu_iotlb_gather_init(&gather);
	for (int i = 0; i < 40000; i++) {
		uint64_t r = next_random(&seed), iova = r % 2048 * SZ_4K, pa = iova + 4 * SZ_1G;
		size_t size = (1 + (r >> 20) % (r >> 60 ? 40 : 1200)) * SZ_4K;

		if (r >> 32 & 3)
			iova += SZ_1G - 2 * SZ_2M;
		if (r >> 34 & 1)
			pa = (r >> 40) % 4096 * SZ_4K;
		if (r >> 35 & 1)
			io_pgtable_map(iop, iova, pa, size, RW);
		else
			io_pgtable_unmap(iop, iova, size, r >> 36 & 1 ? NULL : &gather);
		if (!(r >> 37 & 15))
			io_pgtable_sync(iop, &gather);
		for (int q = 0; q < 20; q++) {
			uint64_t at = iova + next_random(&seed) % 1300 * SZ_4K;

			assert_int_equal(walk_shadow(at), io_pgtable_iova_to_phys(iop, at));
		}
	}
	io_pgtable_sync(iop, &gather);
	free_io_pgtable(iop);
}

static void map_beside(void)
{
	assert_int_equal(io_pgtable_map(iop, 7 * SZ_4K, 9 * SZ_4K, SZ_4K, RW), 0);
	assert_int_equal(walk_shadow(7 * SZ_4K), 9 * SZ_4K);
}

/* The race is for the table below the root, and then for each one below that. */
static void test_seen_before_cleaned(void **state)
{
	const uint64_t shared_parent[] = { 0, 1ull << 39, 1ull << 30, SZ_2M };

	for (size_t i = 0; i < ARRAY_SIZE(shared_parent); i++) {
		make();
		if (i)
			assert_int_equal(io_pgtable_map(iop, shared_parent[i], 0, SZ_4K, RW), 0);
		on_clean = map_beside;
		assert_int_equal(io_pgtable_map(iop, SZ_4K, 5 * SZ_4K, SZ_4K, RW), 0);
		assert_null(on_clean);
		assert_int_equal(walk_shadow(SZ_4K), 5 * SZ_4K);
		assert_int_equal(walk_shadow(7 * SZ_4K), 9 * SZ_4K);
		free_io_pgtable(iop);
	}
}

static int setup(void **state)
{
	memory = aligned_alloc(SZ_2M, MEMORY_BYTES);
	shadow = calloc(1, MEMORY_BYTES);
	return memory && shadow ? 0 : -1;
}

static int teardown(void **state)
{
	free(memory);
	free(shadow);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_seen_before_cleaned),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
