// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rule of rounds, broken by one (ROUNDS_EARLY, ROUNDS_LATE; of reclaimed tables
 * ROUNDS_TABLES_EARLY): the software SMMU finds it.
 */
#include <errno.h>

#include "iommu-strategy.h"
#include "rig.h"

#ifndef ROUNDS_LATE
#define ROUNDS_LATE 0
#endif
#ifdef ROUNDS_TABLES_EARLY
#define TABLES true
#else
#define TABLES false
#endif

static uint64_t violations(const struct strategy *s)
{
	/* Late shows only while a flush lasts, with a driver that is waited for: not coherent. */
	struct rig_opts opts = {
		.variant = "arm_64_lpae_s1/4K",
		.strategy = s,
		.reclaim = TABLES ? IO_PGTABLE_RECLAIM_ON_SYNC : IO_PGTABLE_RECLAIM_NEVER,
		.model = { .threads = true,
			   .coherent = !ROUNDS_LATE,
			   .reuse_early = TABLES,
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

static bool can_reclaim(void)
{
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));

	cfg.reclaim = IO_PGTABLE_RECLAIM_ON_SYNC;
	return io_pgtable_check_cfg(ARM_64_LPAE_S1, &cfg) != -ENOSYS;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_found) };

	if (TABLES && !can_reclaim())
		return 77;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
