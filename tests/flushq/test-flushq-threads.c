// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flush queues and threads: one flush serves all who waited before it began, and nobody who came
 * later; many threads queue, poll and wait, and each range is released once, after a flush that
 * began after it was queued.
 */
#include <pthread.h>
#include <sched.h>

#include "iommu-flushq.h"
#include "support.h"

#define WAITERS 3
#define THREADS 4
#define PAGES	256

static struct io_pgtable *iop;
static struct iommu_flushq *fq;
static void *memory;

/* The driver: counts flushes begun and completed; the test may hold one up. */
static uint64_t begun, completed, hold, is_held;

static uint64_t get(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_SEQ_CST);
}

static void set(uint64_t *p, uint64_t v)
{
	__atomic_store_n(p, v, __ATOMIC_SEQ_CST);
}

static void on_sync(void *cookie)
{
	uint64_t nr = __atomic_add_fetch(&begun, 1, __ATOMIC_SEQ_CST);

	set(&is_held, 1);
	while (get(&hold))
		sched_yield();
	set(&is_held, 0);
	/* One at a time. */
	if (get(&completed) != nr - 1)
		abort();
	set(&completed, nr);
}

static void on_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf, void *cookie)
{
}

static const struct iommu_gather_ops driver = { .tlb_sync = on_sync, .tlb_add_range = on_range };

/* Each page: flushes begun when it was queued, plus 1; 0: not queued. */
static uint64_t queued_at[THREADS][PAGES];
static uint64_t bad;

static void on_release(void *ctx, uint64_t iova, uint64_t size)
{
	uint64_t page = iova / SZ_4K, *at = &queued_at[page / PAGES][page % PAGES];

	if (!get(at) || get(&completed) < get(at))
		__atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED);
	set(at, 0);
}

static uint64_t on_now(void *ctx)
{
	return 0;
}

static void on_wait(void *ctx)
{
	sched_yield();
}

static void make(uint32_t depth, uint32_t rings)
{
	struct iommu_flushq_opts opts = {
		.depth = depth,
		.rings = rings,
		.timeout_ns = 1,
		.release = on_release,
		.now_ns = on_now,
		.wait = on_wait,
	};
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));

	cfg.tlb = &driver;
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	memory = aligned_alloc(128, iommu_flushq_bytes(&opts));
	fq = iommu_flushq_create(iop, &opts, memory);
	assert_non_null(fq);
	begun = completed = bad = 0;
}

static void end(void)
{
	assert_int_equal(iommu_flushq_validate(fq), 0);
	iommu_flushq_destroy(fq);
	free_io_pgtable(iop);
	free(memory);
	assert_int_equal(bad, 0);
}

static uint64_t waiting;

static void *wait_for(void *ticket)
{
	__atomic_fetch_add(&waiting, 1, __ATOMIC_SEQ_CST);
	iommu_flushq_wait(fq, *(uint64_t *)ticket);
	return NULL;
}

static void test_shared(void **state)
{
	pthread_t first, early[WAITERS], late[WAITERS];
	uint64_t ticket, later;
	struct iommu_flushq_stats stats;

	make(64, 1);
	waiting = 0;
	hold = 1;
	ticket = iommu_flushq_ticket(fq);
	pthread_create(&first, NULL, wait_for, &ticket);
	while (!get(&is_held))
		sched_yield();
	later = iommu_flushq_ticket(fq);
	assert_true(later > ticket);
	for (unsigned int i = 0; i < WAITERS; i++) {
		pthread_create(&early[i], NULL, wait_for, &ticket);
		pthread_create(&late[i], NULL, wait_for, &later);
	}
	while (get(&waiting) < 1 + 2 * WAITERS)
		sched_yield();
	assert_false(iommu_flushq_done(fq, ticket));
	set(&hold, 0);
	pthread_join(first, NULL);
	for (unsigned int i = 0; i < WAITERS; i++) {
		pthread_join(early[i], NULL);
		pthread_join(late[i], NULL);
	}
	/* One for the early ones, and one more for all the late ones. */
	assert_int_equal(completed, 2);
	assert_true(iommu_flushq_done(fq, later));
	iommu_flushq_get_stats(fq, &stats);
	assert_int_equal(stats.flushes, 2);
	assert_int_equal(stats.shared, 2 * WAITERS - 1);
	end();
}

static void queue_one(uintptr_t me, uint64_t page)
{
	struct iommu_iotlb_gather gather;
	uint64_t *at = &queued_at[me][page];

	if (get(at))
		return;
	iommu_iotlb_gather_init(&gather);
	/* A flush that has begun by now is too early. */
	set(at, get(&begun) + 1);
	iommu_flushq_queue(fq, &gather, (me * PAGES + page) * SZ_4K, SZ_4K);
}

static void *churn(void *arg)
{
	uintptr_t me = (uintptr_t)arg;
	uint64_t random = me + 1;

	for (unsigned int i = 0; i < 20000; i++) {
		uint64_t r = next_random(&random);

		if (r % 64 == 0) {
			uint64_t ticket = iommu_flushq_ticket(fq);

			iommu_flushq_wait(fq, ticket);
			if (!iommu_flushq_done(fq, ticket))
				__atomic_fetch_add(&bad, 1, __ATOMIC_RELAXED);
		} else if (r % 16 == 1) {
			iommu_flushq_poll(fq, (uint32_t)(r >> 8) % 2, r >> 9 & 1);
		} else {
			queue_one(me, (r >> 8) % PAGES);
		}
	}
	return NULL;
}

static void test_churn(void **state)
{
	static const uint32_t depth[] = { 1, 7, 100 };

	for (unsigned int k = 0; k < ARRAY_SIZE(depth); k++) {
		pthread_t thread[THREADS];
		struct iommu_flushq_stats stats;

		make(depth[k], 2);
		for (uintptr_t i = 0; i < THREADS; i++)
			pthread_create(&thread[i], NULL, churn, (void *)i);
		for (unsigned int i = 0; i < THREADS; i++)
			pthread_join(thread[i], NULL);
		iommu_flushq_get_stats(fq, &stats);
		assert_in_range(stats.max_drained, 1, IOMMU_FLUSHQ_DRAIN_MAX);
		assert_true(stats.full > 0 || depth[k] == 100);
		end();
		for (unsigned int i = 0; i < THREADS; i++)
			for (unsigned int p = 0; p < PAGES; p++)
				assert_int_equal(queued_at[i][p], 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_shared),
		cmocka_unit_test(test_churn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
