// SPDX-License-Identifier: GPL-2.0-only
/*
 * flush-effect: a place is clean when all of it was named and a CMD_SYNC behind that is complete,
 * or an invalidation of everything that began after the unmap had returned; until then it is
 * exposed. What goes while it is mapped is collateral.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "clock.h"
#include "flush-effect.h"

#define BASE   (1ull << 36)
#define STEP   0x4000ull
#define LATER  (1000ull * 1000000000) /* than anything here takes */
#define PLACES 4

static struct flush_effect *e;
static struct model_opts opts;

static int setup(void **state)
{
	static struct flush_effect effect;

	effect = (struct flush_effect){
		.base = BASE, .step = STEP, .size = 0x2000, .granule_lg2 = 12, .leaf_lg2 = 12
	};
	e = &effect;
	opts = (struct model_opts){ 0 };
	assert_int_equal(flush_effect_init(e, PLACES, 1), 0);
	flush_effect_hooks(e, &opts);
	return 0;
}

static int teardown(void **state)
{
	flush_effect_fini(e);
	return 0;
}

static void invalidate(uint64_t first, uint64_t last)
{
	const struct model_inval inval = { .first = first, .last = last };

	opts.invalidates(opts.effect_ctx, 0, &inval);
}

static void sync(void)
{
	opts.synced(opts.effect_ctx, 0);
}

static uint64_t exposure(uint32_t place, uint64_t reusable_ns)
{
	return flush_effect_exposure(e, place, reusable_ns, reusable_ns + LATER);
}

static void test_named(void **state)
{
	uint64_t begin = bench_clock_ns(), at = BASE + STEP;

	flush_effect_unmaps(e, 1);
	invalidate(at, at);
	sync();
	assert_int_equal(exposure(1, begin), LATER); /* half of it */
	invalidate(at + 0x1000, at + 0x1000);
	assert_int_equal(exposure(1, begin), LATER); /* not synced */
	sync();
	assert_true(exposure(1, begin) < LATER);
	assert_int_equal(exposure(1, begin + LATER), 0);
	/*
	 * Anew, by a range that goes beyond it on both sides; a neighbour that is mapped does not
	 * mind.
	 */
	flush_effect_unmaps(e, 1);
	assert_int_equal(exposure(1, begin), LATER);
	invalidate(at - 0x3000, at + 0x5fff);
	sync();
	assert_true(exposure(1, begin) < LATER);
	flush_effect_unmaps(e, 2);
	assert_int_equal(exposure(2, begin), LATER);
}

static void test_whole(void **state)
{
	uint64_t begin = bench_clock_ns();

	flush_effect_unmaps(e, 3);
	invalidate(0, UINT64_MAX);
	assert_int_equal(exposure(3, begin), LATER);
	sync();
	assert_true(exposure(3, begin) < LATER);
	/* It had begun before the page could be reused: that does not count. */
	assert_int_equal(exposure(3, begin + LATER), LATER);
}

static void test_collateral(void **state)
{
	struct iotlb_entry entry = { .iova = BASE + 2 * STEP + 0x1000, .size_lg2 = 12 };

	opts.went(opts.effect_ctx, &entry);
	assert_int_equal(flush_effect_collateral(e), 0);
	flush_effect_mapped(e, 2);
	opts.went(opts.effect_ctx, &entry);
	assert_int_equal(flush_effect_collateral(e), 1);
	flush_effect_unmaps(e, 2);
	opts.went(opts.effect_ctx, &entry);
	entry.iova = BASE - 0x1000;
	opts.went(opts.effect_ctx, &entry);
	assert_int_equal(flush_effect_collateral(e), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_named, setup, teardown),
		cmocka_unit_test_setup_teardown(test_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(test_collateral, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
