// SPDX-License-Identifier: GPL-2.0-only
/*
 * A block that becomes a table, and the reverse, seen at the moment of its invalidation: where walkers may find
 * either, every address keeps its translation; elsewhere there is nothing (break before make). Of every variant, for a
 * walker that snoops and one that does not.
 */
#include "io-pgtable-update.h"
#include "support.h"

#define BASE SZ_1G

/* What the driver, asked to invalidate, finds at an address that stays mapped. */
static struct {
	struct io_pgtable *iop;
	uint64_t iova;
	phys_addr_t seen;
	unsigned int calls;
} driver;

static void on_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf, void *cookie)
{
	if (!driver.iop || driver.iova - iova >= size)
		return;
	driver.seen = io_pgtable_iova_to_phys(driver.iop, driver.iova);
	driver.calls++;
}

static void on_sync(void *cookie)
{
}

static const struct iommu_gather_ops driver_ops = { .tlb_add_range = on_range,
						    .tlb_sync = on_sync };

static void watch(struct io_pgtable *iop, uint64_t iova)
{
	driver.iop = iop;
	driver.iova = iova;
	driver.seen = ~0ull;
	driver.calls = 0;
}

/* Was what stays mapped there meanwhile? It is afterwards. */
static void expect_seen(bool there)
{
	assert_true(driver.calls > 0);
	assert_int_equal(driver.seen, there ? driver.iova : 0);
	assert_int_equal(io_pgtable_iova_to_phys(driver.iop, driver.iova), driver.iova);
	assert_int_equal(io_pgtable_validate(driver.iop), 0);
	driver.iop = NULL;
}

/* False if the variant has no blocks, or not that quirk. */
static bool check_variant(const struct variant *v, bool coherent, unsigned long quirk, bool there)
{
	struct io_pgtable_cfg cfg = config(v);
	uint64_t page = v->granule, block = table_span(v);
	struct io_pgtable *iop;
	size_t joined = 0;

	/* No pages of several entries: those break in every format (test-groups). */
	cfg.pgsize_bitmap = page | block;
	cfg.coherent_walk = coherent;
	cfg.quirks |= quirk;
	cfg.tlb = &driver_ops;
	if (io_pgtable_check_cfg(v->fmt, &cfg))
		return false;
	iop = alloc_io_pgtable(v->fmt, &cfg, NULL);
	assert_non_null(iop);
	assert_int_equal(io_pgtable_map(iop, BASE, BASE, block, RW), 0);

	watch(iop, BASE + block - page);
	assert_int_equal(io_pgtable_unmap(iop, BASE, page, NULL), page);
	expect_seen(there);
	assert_int_equal(io_pgtable_iova_to_phys(iop, BASE), 0);

	assert_int_equal(io_pgtable_map(iop, BASE, BASE, page, RW), 0);
	watch(iop, BASE + block - page);
	assert_int_equal(io_pgtable_coalesce(iop, BASE, block, &joined), 0);
	assert_int_equal(joined, 1);
	expect_seen(there);
	free_io_pgtable(iop);
	return true;
}

static void test_every_variant(void **state)
{
	unsigned int checked = 0;

	for (size_t i = 0; i < 2ul * NR_VARIANTS; i++) {
		const struct variant *v = &variants[i / 2];

		checked += check_variant(v, i & 1, 0, changes_in_place(v->fmt));
	}
	/* All but Apple's three, which have no blocks. */
	assert_int_equal(checked, 2 * (NR_VARIANTS - 3));
}

/* Arm's walkers of level 2. */
static void test_level_2(void **state)
{
	for (size_t i = 0; i < 2ul * NR_VARIANTS; i++) {
		const struct variant *v = &variants[i / 2];
		bool has = v->fmt == ARM_64_LPAE_S1 || v->fmt == ARM_64_LPAE_S2;

		assert_int_equal(check_variant(v, i & 1, IO_PGTABLE_QUIRK_ARM_BBML2, true), has);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_variant),
		cmocka_unit_test(test_level_2),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
