// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reclaim under a hardware walker: the software SMMU's devices walk the tables while two threads
 * map and unmap pages of them. No walk meets a freed table, no table is freed while the walk cache
 * points to it, no address that is mapped faults. With the non-leaf invalidations left out, of
 * reclaimed tables or where one is made in the place of another, the checker finds it.
 *
 * And a mapper that is stopped between finding its table and writing to it, deterministically: the
 * reclaimer gives up. With its wait for sections left out the mapping is lost.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "iommu-flushq.h"
#include "iommu-strategy.h"
#include "smmu/rig.h"

#define ON_SYNC IO_PGTABLE_RECLAIM_ON_SYNC

struct pt_domain;

bool __real_pt_section_quiesce(void);
bool __wrap_pt_section_quiesce(void);

void __real_pt_reclaim_vacant(struct pt_domain *d, uint64_t ia, unsigned int level, size_t n);
void __wrap_pt_reclaim_vacant(struct pt_domain *d, uint64_t ia, unsigned int level, size_t n);

static bool no_wait, no_vacant;

void __wrap_pt_reclaim_vacant(struct pt_domain *d, uint64_t ia, unsigned int level, size_t n)
{
	if (!no_vacant)
		__real_pt_reclaim_vacant(d, ia, level, n);
}

bool __wrap_pt_section_quiesce(void)
{
	return no_wait || __real_pt_section_quiesce();
}

static uint64_t reclaimed; /* by flush queues */
static uint64_t by_rounds;

static const struct variant *variant = &variants[0]; /* arm_64_lpae_s1/4K */
static unsigned int rounds = 150;

static uint64_t load(unsigned int strategy, bool coherent, enum plant plant, uint64_t *unlinked)
{
	struct rig_opts opts = {
		.variant = variant->name,
		.strategy = &strategies[strategy],
		.plant = plant,
		.reclaim = ON_SYNC,
		.model = { .threads = true,
			   .coherent = coherent,
			   .reuse_early = true,
			   .queues = 2,
			   .pa_base = model_pa_base(variant, 0),
			   .speculate = 4 },
	};
	struct rig *rig = rig_make(&opts);
	struct io_pgtable_reclaim_stats s;
	uint64_t violations;

	rig_run(rig, plant || no_vacant ? 4000 : rounds, 20000);
	plant = no_vacant ? PLANT_SKIP_TABLES : plant; /* any that is to be found */
	if (!plant)
		rig_settle(rig);
	violations = rig_violations(rig);
	if (violations && !plant)
		fail_msg("%s, %s: %s", opts.variant, opts.strategy->name,
			 rig->model->checker.first);
	if (!plant)
		assert_int_equal(io_pgtable_validate(rig->iop), 0);
	io_pgtable_read_reclaim_stats(rig->iop, &s);
	*unlinked += s.unlinked;
	if (rig->flushq) {
		struct iommu_flushq_stats queue;

		iommu_flushq_get_stats(rig->flushq, &queue);
		reclaimed += queue.reclaimed;
	}
	if (strategies[strategy].layer >= IOMMU_STRATEGY_TICKET)
		by_rounds += rig->layer_reclaimed;
	if (!violations)
		rig_free(rig);
	return violations;
}

static void test_load(void **state)
{
	uint64_t unlinked = 0;

	for (unsigned int strategy = 0; strategy < nr_strategies; strategy++)
		for (unsigned int coherent = 0; coherent < 2; coherent++)
			assert_int_equal(load(strategy, coherent, PLANT_NONE, &unlinked), 0);
	print_message("%llu tables reclaimed, %llu of them by flush queues, %llu by rounds\n",
		      (unsigned long long)unlinked, (unsigned long long)reclaimed,
		      (unsigned long long)by_rounds);
	assert_true(unlinked > 100);
	assert_true(reclaimed > 20);
	assert_true(by_rounds > 20);
}

/*
 * A planted bug needs threads to meet at a bad moment: on a busy machine that may take more than
 * one load. Bounded: a bug that ten do not show counts as not found.
 */
static bool is_found(unsigned int strategy, enum plant plant, uint64_t *unlinked)
{
	for (int tries = 0; tries < 10; tries++)
		if (load(strategy, true, plant, unlinked))
			return true;
	return false;
}

/* Page by page: no table goes but by reclaim. */
static void test_no_table_invalidation(void **state)
{
	uint64_t unlinked = 0;

	assert_true(is_found(0, PLANT_SKIP_TABLES, &unlinked));
	assert_true(unlinked > 0);
	assert_true(is_found(4, PLANT_SKIP_TABLES, &unlinked));
}

/*
 * Every format that reclaims, as it should be and with the bug above: its first variant of small
 * pages.
 */
static void test_formats(void **state)
{
	unsigned int seen = 0;

	rounds = 30;
	for (unsigned int i = 0; i < NR_VARIANTS; i++) {
		uint64_t unlinked = 0;

		variant = &variants[i];
		if (variant->traits & NO_RECLAIM || variant->granule > SZ_4K ||
		    seen >> variant->fmt & 1)
			continue;
		seen |= 1u << variant->fmt;
		assert_int_equal(load(0, i & 1, PLANT_NONE, &unlinked), 0);
		if (!unlinked)
			fail_msg("%s: no table was reclaimed", variant->name);
		if (!is_found(0, PLANT_SKIP_TABLES, &unlinked))
			fail_msg("%s: skipped invalidations of tables were not found",
				 variant->name);
	}
	variant = &variants[0];
	rounds = 150;
}

/*
 * A page is mapped where a table was taken out a moment ago, without forgetting that table first.
 */
static void test_no_vacant(void **state)
{
	uint64_t unlinked = 0;

	no_vacant = true;
	assert_true(is_found(0, PLANT_NONE, &unlinked));
	no_vacant = false;
}

/*
 * A mapper stopped in its allocation, with the address of an interior table that is empty at hand.
 */

static struct io_pgtable *iop;
static struct iommu_iotlb_gather gather;

static void *sync_twice(void *arg)
{
	for (int i = 0; i < 2; i++)
		io_pgtable_sync(iop, &gather);
	return NULL;
}

static void reclaim_meanwhile(void)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, sync_twice, NULL), 0);
	pthread_join(thread, NULL);
}

static bool survives(void)
{
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));
	struct io_pgtable_reclaim_stats s;
	bool there;

	recorder_reset();
	test_memory_reset();
	cfg.mem = &identity_mem;
	cfg.reclaim = ON_SYNC;
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	assert_non_null(iop);
	iommu_iotlb_gather_init(&gather);
	/* The block's table has no table below it: the next page there needs one. */
	assert_int_equal(io_pgtable_map(iop, SZ_1G, 0, SZ_2M, RW), 0);
	assert_int_equal(io_pgtable_unmap(iop, SZ_1G, SZ_2M, &gather), SZ_2M);
	test_memory.on_alloc = reclaim_meanwhile;
	assert_int_equal(io_pgtable_map(iop, SZ_1G, SZ_2M, SZ_4K, RW), 0);
	there = io_pgtable_iova_to_phys(iop, SZ_1G) == SZ_2M;
	io_pgtable_read_reclaim_stats(iop, &s);
	if (no_wait) { /* its memory is in no state to be looked at */
		assert_true(s.unlinked > 0);
		return there;
	}
	assert_int_equal(s.unlinked, 0);
	assert_int_equal(s.busy, 1);
	assert_int_equal(io_pgtable_validate(iop), 0);
	free_io_pgtable(iop);
	return there;
}

static void test_stopped_mapper(void **state)
{
	assert_true(survives());
}

/* In a child: it writes to a freed table, which may well be the end of the process. */
static void test_stopped_mapper_no_wait(void **state)
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		signal(SIGSEGV, SIG_DFL);
		no_wait = true;
		_exit(survives() ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_not_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_no_table_invalidation),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_no_vacant),
		cmocka_unit_test(test_stopped_mapper),
		cmocka_unit_test(test_stopped_mapper_no_wait),
	};
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));

	cfg.reclaim = ON_SYNC;
	if (io_pgtable_check_cfg(ARM_64_LPAE_S1, &cfg) == -ENOSYS)
		return 77; /* no fence for all threads here: the modes are refused */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
