// SPDX-License-Identifier: GPL-2.0-only
/*
 * test-advice: which strategy is advised, by rows that are made up.
 */
#include "support-trace.h"

#include <string.h>

#include "replay-advice.h"

static struct options opts;
static struct advice a;

static int setup(void **state)
{
	memset(&opts, 0, sizeof(opts));
	memset(&a, 0, sizeof(a));
	opts.strategy.clocks = 1u << REPLAY_VIRTUAL;
	opts.strategy.budget_us = 20;
	return 0;
}

static struct advice_row *add(enum iommu_strategy_kind kind, double ns, double exposure_us)
{
	struct advice_row *row = &a.row[a.nr_rows++];

	row->run.kind = kind;
	row->run.clock = REPLAY_VIRTUAL;
	row->run.budget_ns = kind == IOMMU_STRATEGY_ADAPTIVE ? 20000 : 0;
	row->depth = iommu_strategy_describe(kind)->depth;
	row->figures.ns_per_page = ns;
	row->figures.exposure_us = exposure_us;
	return row;
}

static bool says(const char *text)
{
	for (unsigned int i = 0; i < a.nr_lines; i++)
		if (strstr(a.line[i], text))
			return true;
	return false;
}

static void test_within_budget(void **state)
{
	struct advice_row *adaptive;

	add(IOMMU_STRATEGY_NONE, 100, -1);
	add(IOMMU_STRATEGY_GATHER, 500, 0);
	add(IOMMU_STRATEGY_FQ_PERCPU, 110, 50);
	adaptive = add(IOMMU_STRATEGY_ADAPTIVE, 125, 19);
	advice_decide(&opts, &a);
	assert_ptr_equal(a.pick, adaptive);
	assert_true(says("fq-percpu depth 256 costs 110 ns a page and exposes it for 50 us: over"));
	assert_true(says("gather, the cheapest without exposure, costs 500 ns a page and never"));
	assert_true(says("use adaptive at a budget of 20 us"));
	assert_true(says("25% more than with no invalidation at all"));
	assert_true(says("75% less than the cheapest without exposure"));
}

static void test_no_exposure(void **state)
{
	struct advice_row *ticket;

	opts.strategy.budget_us = 0;
	add(IOMMU_STRATEGY_NONE, 100, -1);
	add(IOMMU_STRATEGY_GATHER, 500, 0);
	ticket = add(IOMMU_STRATEGY_TICKET, 300, 0);
	add(IOMMU_STRATEGY_EPOCH, 200, 1);
	advice_decide(&opts, &a);
	assert_ptr_equal(a.pick, ticket);
}

/* What costs the same to 2% is decided by exposure; what costs more is not. */
static void test_near(void **state)
{
	struct advice_row *less;

	add(IOMMU_STRATEGY_FQ_PERCPU, 100, 15);
	less = add(IOMMU_STRATEGY_ADAPTIVE, 101.5, 5);
	add(IOMMU_STRATEGY_EPOCH, 103, 1);
	advice_decide(&opts, &a);
	assert_ptr_equal(a.pick, less);
}

/* Three in a row, each near the next: the last is not near the cheapest. */
static void test_near_does_not_add_up(void **state)
{
	struct advice_row *middle;

	add(IOMMU_STRATEGY_TICKET, 103, 0);
	middle = add(IOMMU_STRATEGY_ADAPTIVE, 101.5, 5);
	add(IOMMU_STRATEGY_FQ_PERCPU, 100, 15);
	advice_decide(&opts, &a);
	assert_ptr_equal(a.pick, middle);
}

/* Neither what failed, nor none, nor another clock's. */
static void test_left_out(void **state)
{
	struct advice_row *epoch;

	add(IOMMU_STRATEGY_FQ_PERCPU, 10, 1)->figures.error = "it went wrong";
	add(IOMMU_STRATEGY_NONE, 5, -1);
	add(IOMMU_STRATEGY_GATHER, 20, 0)->run.clock = REPLAY_REAL;
	epoch = add(IOMMU_STRATEGY_EPOCH, 400, 10);
	advice_decide(&opts, &a);
	assert_ptr_equal(a.pick, epoch);
	opts.strategy.clocks = 1u << REPLAY_REAL;
	advice_decide(&opts, &a);
	assert_int_equal(a.pick->run.kind, IOMMU_STRATEGY_GATHER);
}

/* Not every SMMU has range invalidation: what to do without it is said too. */
static void test_without_ranges(void **state)
{
	struct advice_row *ril;

	opts.strategy.budget_us = 0;
	ril = add(IOMMU_STRATEGY_GATHER_RIL, 100, 0);
	add(IOMMU_STRATEGY_GATHER, 300, 0);
	advice_decide(&opts, &a);
	assert_ptr_equal(a.pick, ril);
	assert_true(says("without it: gather, 300 ns a page"));
}

static void test_nothing_fits(void **state)
{
	add(IOMMU_STRATEGY_FQ_PERCPU, 100, 50);
	advice_decide(&opts, &a);
	assert_null(a.pick);
	assert_true(says("none of these keeps within the budget of 20 us"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_within_budget, setup),
		cmocka_unit_test_setup(test_no_exposure, setup),
		cmocka_unit_test_setup(test_near, setup),
		cmocka_unit_test_setup(test_near_does_not_add_up, setup),
		cmocka_unit_test_setup(test_left_out, setup),
		cmocka_unit_test_setup(test_without_ranges, setup),
		cmocka_unit_test_setup(test_nothing_fits, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
