// SPDX-License-Identifier: GPL-2.0-only
/*
 * The library and its command queue under load on the software SMMU: with no bug planted nothing is
 * found, whatever the strategy, and the load is one in which something could be.
 *
 * usage: test-load [ROUNDS]
 */
#include <errno.h>

#include "iommu-iova.h"
#include "rig.h"

#if defined(__SANITIZE_THREAD__)
static unsigned int rounds = 20;
#else
static unsigned int rounds = 80;
#endif

/* Caches were hit, walks were shortened and ran into invalidations, devices met holes. */
static void check_load(const struct rig *rig)
{
	uint64_t hits = 0, shortened = 0, faults = 0, accesses = 0;

	for (unsigned int i = 0; i < RIG_DEVICES; i++) {
		const struct dma_device *d = &rig->device[i].dma;

		accesses += d->accesses;
		hits += d->hits;
		shortened += d->shortened;
		faults += d->faults;
	}
	assert_true(accesses > 100);
	assert_true(hits > 10);
	assert_true(shortened > 10);
	assert_true(faults > 0);
	assert_true(rig->model->iotlb.invalidated > 0);
	assert_true(rig->joined > 0 || !rig->strategy->blocks ||
		    !(rig->iop->cfg.pgsize_bitmap & rig->table));
	assert_true(rig->model->memory.frees > 0 || !rig->strategy->blocks);
}

/* Addresses came back to who mapped next, through the caches too; how often is a matter of time. */
static void check_addresses(const struct rig *rig)
{
	struct iommu_iova_stats s;

	iommu_iova_get_stats(rig->space, &s);
	assert_int_equal(s.live_pages, 0);
	assert_int_equal(s.allocs, s.frees);
	assert_true(s.allocs > RIG_MAPPERS * RIG_PLACES + rounds / 8);
	assert_true(s.hits > rounds / 16);
}

static void run(const struct rig_opts *opts)
{
	struct rig *rig = rig_make(opts);

	rig_run(rig, rounds, 60000);
	assert_int_equal(rig->done, RIG_MAPPERS);
	rig_settle(rig);
	assert_int_equal(smmu_model_validate(rig->model), 0);
	if (rig_violations(rig))
		fail_msg("%s, %s: %s", opts->variant, opts->strategy->name,
			 rig->model->checker.first);
	for (unsigned int i = 0; i < RIG_MAPPERS; i++)
		assert_int_equal(rig->mapper[i].errors, 0);
	assert_int_equal(io_pgtable_validate(rig->iop), 0);
	check_load(rig);
	if (rig->space)
		check_addresses(rig);
	rig_free(rig);
}

static void test_strategies(void **state)
{
	for (unsigned int i = 0; i < nr_strategies; i++) {
		for (unsigned int coherent = 0; coherent < 2; coherent++) {
			struct rig_opts opts = {
				.variant = "arm_64_lpae_s1/4K",
				.strategy = &strategies[i],
				.model = { .threads = true,
					   .coherent = coherent,
					   .reuse_early = true,
					   .msi = i & 1,
					   .queues = 1 + (i + coherent) % 2,
					   .serial = coherent,
					   .speculate = 4 },
			};

			run(&opts);
		}
	}
}

/* With tables that are taken out by flushes of a queue (tests/reclaim has the planted bugs). */
static void test_queues_reclaim(void **state)
{
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));

	cfg.reclaim = IO_PGTABLE_RECLAIM_ON_SYNC;
	if (io_pgtable_check_cfg(ARM_64_LPAE_S1, &cfg) == -ENOSYS)
		return;
	for (unsigned int i = 0; i < nr_strategies; i++) {
		struct rig_opts opts = {
			.variant = "arm_64_lpae_s1/4K",
			.strategy = &strategies[i],
			.reclaim = cfg.reclaim,
			.model = { .threads = true,
				   .coherent = i & 1,
				   .reuse_early = true,
				   .queues = 2,
				   .speculate = 4 },
		};

		if (strategies[i].begin)
			run(&opts);
	}
}

/* Every format, granule and size, physical addresses that are not virtual ones; small caches. */
static void test_formats(void **state)
{
	for (unsigned int i = 0; i < NR_VARIANTS; i++) {
		/* A command for each of the smallest pages, or range commands. */
		struct strategy strict = strategies[1];
		struct rig_opts opts = {
			.variant = variants[i].name,
			.strategy = &strict,
			.model = { .threads = true,
				   .coherent = i % 4 < 2 || variants[i].traits & SNOOPS,
				   .pa_base = model_pa_base(&variants[i], i % 3 ? 0 : 1ull << 32),
				   .memory_bytes = 16 << 20,
				   .reuse_early = true,
				   .iotlb_sets_lg2 = 3,
				   .iotlb_ways = 2,
				   .walk_cache_lg2 = 2,
				   .queue_lg2 = 3,
				   .service_ns = { [MODEL_SYNC] = 20000 },
				   .speculate = 2 },
		};

		strict.ril =
			variants[i].granule > SZ_4K || (i % 2 && !(variants[i].traits & NARROW));
		run(&opts);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_strategies),
		cmocka_unit_test(test_queues_reclaim),
		cmocka_unit_test(test_formats),
	};

	if (argc > 1)
		rounds = (unsigned int)strtoul(argv[1], NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
