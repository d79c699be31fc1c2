// SPDX-License-Identifier: GPL-2.0-only
/*
 * The one rule, broken: a queue that releases what was queued while the last flush was running is
 * found by the software SMMU. And one that takes empty tables out after the flush has begun
 * (FLUSHQ_LATE).
 */
#include "rig.h"

#if FLUSHQ_LATE
static const enum io_pgtable_reclaim reclaim = IO_PGTABLE_RECLAIM_ON_SYNC;
#else
static const enum io_pgtable_reclaim reclaim;
#endif

static void test_found(void **state)
{
	for (unsigned int i = 0; i < nr_strategies; i++) {
		struct rig_opts opts = {
			.variant = "arm_64_lpae_s1/4K",
			.strategy = &strategies[i],
			.reclaim = reclaim,
			.model = { .threads = true, .coherent = true },
		};
		struct rig *rig;
		uint64_t found;

		if (!strategies[i].begin || strategies[i].layer) /* tests/strategy */
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
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));

	cfg.reclaim = reclaim;
	if (io_pgtable_check_cfg(ARM_64_LPAE_S1, &cfg) == -ENOSYS)
		return 77; /* no fence for all threads here */

	return cmocka_run_group_tests(tests, NULL, NULL);
}
