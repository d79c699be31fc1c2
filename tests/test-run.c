// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs of descriptors: every wide version does what the scalar loop does, for each length and
 * alignment, and touches nothing beside its run. Built for descriptors of either width.
 */
#include "core/fill.h"
#include "core/run.h"
#include "support.h"

#define N     80
#define GUARD ((pt_entry)0x5a5a5a5a5a5a5a5aull)
#define ONES  ((pt_entry)~0ull)
#define DESC  0x123456789000703ull
#define STEP  0x1000ull

static pt_entry table[N] __attribute__((aligned(64)));

static void prepare(void)
{
	for (size_t i = 0; i < N; i++)
		table[i] = GUARD;
}

static void expect(size_t first, size_t n, uint64_t desc, uint64_t step)
{
	for (size_t i = 0; i < N; i++)
		assert_int_equal(table[i], i < first || i >= first + n
						   ? GUARD
						   : (pt_entry)(desc + (i - first) * step));
}

static void fill_wide(pt_entry *p, size_t n, uint64_t desc, uint64_t step)
{
	run_fill_live(port_wide_stores(), p, n, desc, step);
}

static void fill_scalar(pt_entry *p, size_t n, uint64_t desc, uint64_t step)
{
	run_fill_live(false, p, n, desc, step);
}

/* What it does to descriptors that are all the same is what a fill with the others would do. */
static void flip(bool wide, pt_entry *p, size_t n, uint64_t desc)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (pt_entry)(desc ^ 0x81);
	run_flip_live(wide, p, n, 0x81);
}

static void flip_wide(pt_entry *p, size_t n, uint64_t desc, uint64_t step)
{
	flip(port_wide_stores(), p, n, desc);
}

static void flip_scalar(pt_entry *p, size_t n, uint64_t desc, uint64_t step)
{
	flip(false, p, n, desc);
}

static void clear_wide(pt_entry *p, size_t n, uint64_t desc, uint64_t step)
{
	run_clear_live(port_wide_stores(), p, n);
}

static void clear_scalar(pt_entry *p, size_t n, uint64_t desc, uint64_t step)
{
	run_clear_live(false, p, n);
}

static struct run_bits run_bits_inline(const pt_entry *p, size_t n)
{
	return run_bits(p, n);
}

static void check_fill(pt_fill_fn *fill, uint64_t desc, uint64_t step)
{
	for (size_t first = 0; first < 9; first++)
		for (size_t n = 0; first + n <= N; n++) {
			prepare();
			fill(table + first, n, desc, step);
			expect(first, n, desc, step);
		}
}

static void test_fill(void **state)
{
	check_fill(fill_scalar, DESC, STEP);
	check_fill(fill_wide, DESC, STEP);
	check_fill(pt_vectors_versions[0].fill, DESC, STEP);
	check_fill(pt_vectors_choose()->fill, DESC, STEP);
	check_fill(pt_vectors_choose()->fill, DESC, 1ull << 42);
}

/* Groups of each size, of entries that are the same, in each place that is aligned to them. */
static void check_groups(bool wide)
{
	for (size_t one = 2; one <= N / 2; one *= 2)
		for (size_t first = 0; first < N; first += one)
			for (size_t n = one; first + n <= N; n += one) {
				prepare();
				run_fill_groups(wide, table + first, n, one, DESC, STEP);
				for (size_t i = 0; i < N; i++)
					assert_int_equal(
						table[i],
						i < first || i >= first + n
							? GUARD
							: (pt_entry)(DESC +
								     (i - first) / one * STEP));
			}
}

static void test_groups(void **state)
{
	check_groups(false);
	check_groups(port_wide_stores());
}

/* Past the caches whole lines of 64 bytes are filled, each from where it begins. */
static void test_fill_past(void **state)
{
	const size_t line = 64 / sizeof(pt_entry);

	for (unsigned int v = 0; v < pt_vectors_nr; v++)
		for (size_t first = 0; pt_vectors_versions[v].fill_past && first < N; first += line)
			for (size_t n = line; first + n <= N; n += line) {
				prepare();
				pt_vectors_versions[v].fill_past(table + first, n, DESC, STEP);
				expect(first, n, DESC, STEP);
			}
}

static void test_flip(void **state)
{
	check_fill(flip_scalar, DESC, 0);
	check_fill(flip_wide, DESC, 0);
}

static void test_clear(void **state)
{
	check_fill(clear_scalar, 0, 0);
	check_fill(clear_wide, 0, 0);
}

static void expect_bits(const pt_entry *p, size_t n, uint64_t all, uint64_t any)
{
	pt_bits_fn *const version[] = { run_bits_inline, pt_vectors_versions[0].bits,
					pt_vectors_choose()->bits };

	for (size_t i = 0; i < sizeof(version) / sizeof(version[0]); i++) {
		struct run_bits bits = version[i](p, n);

		assert_int_equal(bits.all, all);
		assert_int_equal(bits.any, any);
	}
}

/* One bit more or less anywhere is seen, at every place of every run. */
static void test_bits(void **state)
{
	for (size_t first = 0; first < 5; first++) {
		for (size_t n = 1; n < 40; n++) {
			for (size_t odd = 0; odd < n; odd++) {
				memset(table, 0, sizeof(table));
				table[first + odd] = 8;
				expect_bits(table + first, n, n == 1 ? 8 : 0, 8);
				assert_false(run_is_empty(table + first, n));
				assert_int_equal(run_count(table + first, n, 8), odd ? 0 : 1);
				memset(table, 0xff, sizeof(table));
				table[first + odd] = ONES ^ 1;
				expect_bits(table + first, n, ONES ^ 1, n == 1 ? ONES ^ 1 : ONES);
				table[first + odd] = 0;
				assert_int_equal(run_count(table + first, n, 8), odd);
			}
		}
	}
	memset(table, 0, sizeof(table));
	table[0] = table[41] = 1;
	assert_true(run_is_empty(table + 1, 40));
	assert_true(run_is_empty(table + 1, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fill),	  cmocka_unit_test(test_groups),
		cmocka_unit_test(test_fill_past), cmocka_unit_test(test_flip),
		cmocka_unit_test(test_clear),	  cmocka_unit_test(test_bits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
