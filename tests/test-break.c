// SPDX-License-Identifier: GPL-2.0-only
/*
 * A block that becomes a table, and the reverse, seen at the moment of its invalidation. Split,
 * there is nothing: other threads wait for the invalidation by that. Joined, in a range that is one
 * thread's, every address keeps its translation where walkers may find either; elsewhere there is
 * nothing (break before make). Of every variant.
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

/* False if the variant has no blocks. */
static bool check_variant(const struct variant *v, bool coherent)
{
	struct io_pgtable_cfg cfg = config(v);
	uint64_t page = v->granule, block = table_span(v);
	struct io_pgtable *iop;
	size_t joined = 0;

	/* No pages of several entries: those break in every format (test-groups). */
	cfg.pgsize_bitmap = page | block;
	cfg.coherent_walk = coherent;
	cfg.tlb = &driver_ops;
	if (io_pgtable_check_cfg(v->fmt, &cfg))
		return false;
	iop = alloc_io_pgtable(v->fmt, &cfg, NULL);
	assert_non_null(iop);
	assert_int_equal(io_pgtable_map(iop, BASE, BASE, block, RW), 0);

	watch(iop, BASE + block - page);
	assert_int_equal(io_pgtable_unmap(iop, BASE, page, NULL), page);
	expect_seen(false);
	assert_int_equal(io_pgtable_iova_to_phys(iop, BASE), 0);

	assert_int_equal(io_pgtable_map(iop, BASE, BASE, page, RW), 0);
	watch(iop, BASE + block - page);
	assert_int_equal(io_pgtable_coalesce(iop, BASE, block, &joined), 0);
	assert_int_equal(joined, 1);
	expect_seen(changes_in_place(v->fmt));
	free_io_pgtable(iop);
	return true;
}

static void test_every_variant(void **state)
{
	unsigned int checked = 0;

	for (size_t i = 0; i < 2ul * NR_VARIANTS; i++) {
		const struct variant *v = &variants[i / 2];

		checked += check_variant(v, i & 1);
	}
	/* All but Apple's three, which have no blocks. */
	assert_int_equal(checked, 2 * (NR_VARIANTS - 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_variant),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
