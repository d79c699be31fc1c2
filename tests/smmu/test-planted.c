// SPDX-License-Identifier: GPL-2.0-only
/*
 * Planted bugs under every strategy, and invalidations that are missed in every format: each must
 * be found by the checker under load, or be not applicable for a reason that is printed. The tables
 * are the proof that test-load can fail.
 *
 * usage: test-planted [ROUNDS]    the most rounds that a bug may take to be found
 */
#include <stdio.h>

#include "rig.h"

static unsigned int rounds = 4000;

static const char *const plant_name[PLANTS + 1] = {
	[PLANT_NONE] = "none",
	[PLANT_DROP] = "one invalidation in 5 dropped",
	[PLANT_REORDER] = "invalidated, then cleared",
	[PLANT_NO_WAIT] = "released before the sync",
	[PLANT_SKIP_CLEAN] = "one cleaning in 13 skipped",
	[PLANT_SKIP_TABLES] = "non-leaf invalidations skipped",
	[PLANT_STRIDE] = "stride one level too large",
	[PLANT_SCALE] = "range scale one less",
	[PLANT_ASID] = "another ASID",
	[PLANT_NEVER] = "never flushed",
	[PLANT_GROUP] = "one entry of a group invalidated",
};

/* The first violation, by name; how many unmaps it took. */
static const char *find(const struct variant *v, const struct strategy *s, enum plant plant,
			uint64_t *unmaps)
{
	static char text[200];
	struct rig_opts opts = {
		.variant = v->name,
		.strategy = s,
		.plant = plant,
		.model = { .threads = true,
			   .coherent = plant != PLANT_SKIP_CLEAN,
			   .pa_base = model_pa_base(v, 0),
			   .service_ns = { [MODEL_SYNC] = 5000 },
			   .speculate = 4 },
	};
	struct rig *rig = rig_make(&opts);

	rig_run(rig, rounds, 20000);
	text[0] = 0;
	if (rig_violations(rig))
		memcpy(text, rig->model->checker.first, sizeof(rig->model->checker.first));
	*unmaps = rig->mapper[0].unmaps + rig->mapper[1].unmaps;
	rig_free(rig);
	return text[0] ? text : NULL;
}

static void test_table(void **state)
{
	unsigned int missed = 0;

	for (enum plant plant = PLANT_NONE + 1; plant < PLANTS; plant++) {
		for (unsigned int i = 0; i < nr_strategies; i++) {
			const struct strategy *s = &strategies[i];
			const char *reason = s->not_applicable(plant), *found;
			uint64_t unmaps = 0;

			if (reason) {
				printf("%-31s %-22s not applicable: %s\n", plant_name[plant],
				       s->name, reason);
				continue;
			}
			found = find(find_variant("arm_64_lpae_s1/4K"), s, plant, &unmaps);
			missed += !found;
			printf("%-31s %-22s %6llu unmaps: %s\n", plant_name[plant], s->name,
			       (unsigned long long)unmaps, found ? found : "MISSED");
		}
	}
	assert_int_equal(missed, 0);
}

/*
 * A leaf of 16 entries is unmapped for certain; commands name addresses, where range commands hide
 * strides.
 */
static bool has_sixteens(const struct variant *v)
{
	return v->sizes & 16 * v->granule;
}

static void test_formats(void **state)
{
	static const enum plant plants[] = { PLANT_DROP, PLANT_GROUP };
	unsigned int missed = 0;

	for (unsigned int i = 0; i < NR_VARIANTS * ARRAY_SIZE(plants); i++) {
		const struct variant *v = &variants[i / ARRAY_SIZE(plants)];
		enum plant plant = plants[i % ARRAY_SIZE(plants)];
		struct strategy strict = strategies[1];
		const char *found;
		uint64_t unmaps;

		if (plant == PLANT_GROUP && !has_sixteens(v))
			continue;
		strict.ril = plant != PLANT_GROUP && !(v->traits & NARROW);
		found = find(v, &strict, plant, &unmaps);
		missed += !found;
		printf("%-31s %-22s %6llu unmaps: %s\n", plant_name[plant], v->name,
		       (unsigned long long)unmaps, found ? found : "MISSED");
	}
	assert_int_equal(missed, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_table),
					    cmocka_unit_test(test_formats) };

	if (argc > 1)
		rounds = (unsigned int)strtoul(argv[1], NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
