// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one rule, broken: a queue that releases what was queued while the last flush was running is
 * found by the software SMMU.
 */
#include "rig.h"

static void test_found(void **state)
{
	for (unsigned int i = 0; i < nr_strategies; i++) {
		struct rig_opts opts = {
			.variant = "arm_64_lpae_s1/4K",
			.strategy = &strategies[i],
			.model = { .threads = true, .coherent = true },
		};
		struct rig *rig;
		uint64_t found;

		if (!strategies[i].begin)
			continue;
		rig = rig_make(&opts);
		rig_run(rig, 4000, 20000);
		found = rig_violations(rig);
		rig_free(rig);
		assert_true(found > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_found) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
