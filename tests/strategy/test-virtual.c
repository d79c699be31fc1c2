// SPDX-License-Identifier: GPL-2.0-only
/*
 * The virtual clock: the same program gives the same times, lines cost what they are said to, locks
 * exclude, a pause ends with a store, and every strategy keeps its promise with up to 64 CPUs.
 */
#include "model/virtual-machine.h"
#include "support.h"

static const struct virtual_costs costs = {
	.near_ns = 30,
	.die_ns = 60,
	.far_ns = 120,
	.read_ns = 10,
	.rmw_ns = 5,
	.fence_ns = 5,
	.cluster = 4,
	.die = 32,
};

static uint64_t *word;
static uint64_t ended_ps[VIRTUAL_CPUS];

static void add_hundred(void *arg)
{
	for (unsigned int i = 0; i < 100; i++) {
		virtual_rmw(word);
		word[0]++;
	}
	ended_ps[virtual_cpu()] = virtual_now_ps();
}

static uint64_t run_adders(unsigned int cpus)
{
	uint64_t last = 0;

	virtual_begin(&costs);
	word = virtual_alloc(4096);
	for (unsigned int i = 0; i < cpus; i++)
		virtual_spawn(i, add_hundred, NULL);
	virtual_run();
	assert_int_equal(word[0], 100 * cpus);
	virtual_end();
	for (unsigned int i = 0; i < cpus; i++)
		last = ended_ps[i] > last ? ended_ps[i] : last;
	return last;
}

/* Alone: the first time from memory, then 5 ns each. Together: each pays for the way. */
static void test_lines(void **state)
{
	assert_int_equal(run_adders(1), (60 + 100 * 5) * VIRTUAL_PS);
	assert_true(run_adders(4) >= 4ull * 99 * 30 * VIRTUAL_PS);
	assert_true(run_adders(64) > 16 * run_adders(4));
	assert_int_equal(run_adders(64), run_adders(64));
}

static void wait_for_word(void *arg)
{
	for (;;) {
		virtual_load(word);
		if (*word)
			break;
		virtual_pause();
	}
	ended_ps[virtual_cpu()] = virtual_now_ps();
}

static void set_word(void *arg)
{
	virtual_spend_ps(1000 * VIRTUAL_PS);
	virtual_store(word);
	*word = 1;
}

static void test_pause(void **state)
{
	struct virtual_stats stats;

	virtual_begin(&costs);
	word = virtual_alloc(4096);
	virtual_spawn(0, wait_for_word, NULL);
	virtual_spawn(1, set_word, NULL);
	virtual_run();
	stats = virtual_end();
	assert_true(ended_ps[0] >= 1000 * VIRTUAL_PS);
	assert_true(ended_ps[0] < 1200 * VIRTUAL_PS);
	assert_true(stats.accesses < 10); /* it slept */
}

/* Each strategy, with CPUs that map and unmap places of their own. */

struct load {
	struct machine *m;
	uint64_t *place; /* places of each CPU: address, or 0 while it waits */
	unsigned int cpus, finished;
	uint64_t unmaps;
};

enum { PLACES = 512, ROUNDS = 150 };

static const uint64_t window = 1ull << 36;

static void on_released(void *ctx, uint64_t iova, uint64_t size, unsigned int owner,
			uint64_t waited_ps)
{
	((struct load *)ctx)->place[(iova - window) / size] = iova;
}

static void body(void *arg)
{
	struct load *l = arg;
	uint64_t *place = &l->place[(size_t)virtual_cpu() * PLACES], ticket = 0;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		unsigned int k = i % PLACES;
		uint64_t iova = place[k];

		assert_true(iova != 0);
		place[k] = 0;
		assert_int_equal(machine_map(l->m, iova, SZ_4K), 0);
		machine_unmap(l->m, iova, SZ_4K, &ticket);
		if (l->m->info->page_at_release)
			machine_wait(l->m, ticket);
		l->unmaps++;
	}
	if (++l->finished == l->cpus)
		machine_end(l->m);
}

static double run_load(const char *name, unsigned int cpus, bool ril)
{
	struct load l = { .cpus = cpus };
	struct machine_opts o = {
		.profile = machine_profile_find("hi1620"),
		.cpus = cpus,
		.budget_page_ns = 3000,
		.queues = 1,
		.ril = ril,
		.leaf_lg2 = 12,
		.iova = window,
		.granules = cpus * PLACES,
		.maps = cpus * PLACES,
		.released = on_released,
		.ctx = &l,
	};
	double result;

	assert_int_equal(iommu_strategy_find(name, &o.kind), 0);
	virtual_begin(&o.profile->costs);
	l.place = virtual_alloc((size_t)cpus * PLACES * sizeof(*l.place));
	for (unsigned int i = 0; i < cpus * PLACES; i++)
		l.place[i] = window + i * SZ_4K;
	l.m = machine_make(&o);
	for (unsigned int i = 0; i < cpus; i++)
		virtual_spawn(i, body, &l);
	virtual_run();
	assert_int_equal(l.unmaps, cpus * ROUNDS);
	assert_int_equal(l.m->errors, 0);
	assert_int_equal(l.m->smmu->violations, 0);
	if (l.m->info->zero_exposure)
		assert_true(l.m->smmu->exposure_page_ps == 0);
	for (unsigned int i = 0; i < cpus * PLACES; i++)
		assert_true(l.place[i] != 0);
	result = l.m->smmu->exposure_page_ps + (double)vsmmu_count_syncs(l.m->smmu);
	virtual_end();
	return result;
}

static void test_strategies(void **state)
{
	for (unsigned int kind = IOMMU_STRATEGY_NONE; kind < IOMMU_STRATEGIES; kind++) {
		const char *name = iommu_strategy_describe((enum iommu_strategy_kind)kind)->name;

		for (unsigned int cpus = 1; cpus <= 64; cpus *= 4) {
			double once = run_load(name, cpus, kind & 1);

			assert_true(run_load(name, cpus, kind & 1) == once);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_pause),
		cmocka_unit_test(test_strategies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
