// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rule of rounds, broken by one (ROUNDS_EARLY, ROUNDS_LATE): the software SMMU finds it.
 */
#include "iommu-strategy.h"
#include "rig.h"

#ifndef ROUNDS_LATE
#define ROUNDS_LATE 0
#endif

static uint64_t violations(const struct strategy *s)
{
	/* Late shows only while a flush lasts, with a driver that is waited for: not coherent. */
	struct rig_opts opts = {
		.variant = "arm_64_lpae_s1/4K",
		.strategy = s,
		.model = { .threads = true,
			   .coherent = !ROUNDS_LATE,
			   .service_ns = { [MODEL_SYNC] = 20000, [MODEL_TLBI_ALL] = 20000 } },
	};
	struct rig *rig = rig_make(&opts);
	uint64_t found;

	rig_run(rig, 4000, 20000);
	found = rig_violations(rig);
	rig_free(rig);
	return found;
}

static void test_found(void **state)
{
	unsigned int runs = 0;

	for (unsigned int i = 0; i < nr_strategies; i++) {
		unsigned int kind = strategies[i].layer;

		if (kind == IOMMU_STRATEGY_ADAPTIVE ||
		    (!ROUNDS_LATE &&
		     (kind == IOMMU_STRATEGY_TICKET || kind == IOMMU_STRATEGY_EPOCH))) {
			assert_true(violations(&strategies[i]) > 0);
			runs++;
		}
	}
	assert_int_equal(runs, ROUNDS_LATE ? 1 : 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_found) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
