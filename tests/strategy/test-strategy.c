// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each strategy by itself, step by step, with a driver that the test completes by hand: when
 * something is released, what was invalidated by then, who waits, and what happens at the bounds.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "iommu-strategy.h"
#include "support.h"

#define BASE  (8 * SZ_1G)
#define PAGES 512u

/* A driver: ranges and syncs are counted, and with async complete when the test says so. */
struct bench {
	struct io_pgtable *iop;
	struct iommu_strategy *s;
	void *memory;
	uint64_t leaves, syncs, wholes; /* asked for */
	uint64_t tables;		/* ranges that are not leaves only */
	uint64_t tokens, complete;
	uint64_t released, released_bytes, last_released;
	uint64_t now_ns;
	bool instantly;
};

static void on_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf, void *cookie)
{
	((struct bench *)cookie)->leaves += size >> stride_lg2;
}

static void on_sync(void *cookie)
{
	((struct bench *)cookie)->syncs++;
}

static void on_all(void *cookie)
{
	((struct bench *)cookie)->wholes++;
}

static const struct iommu_gather_ops driver = {
	.tlb_flush_all = on_all,
	.tlb_sync = on_sync,
	.tlb_add_range = on_range,
};

static uint64_t on_begin(const struct iommu_gather_range *range, unsigned int n, void *cookie)
{
	struct bench *b = cookie;

	assert_true(n <= IOMMU_STRATEGY_DRAIN_MAX);
	for (unsigned int i = 0; i < n; i++) {
		b->leaves += range[i].size >> range[i].stride_lg2;
		b->tables += !range[i].leaf;
	}
	b->syncs++;
	b->tokens++;
	if (b->instantly)
		b->complete = b->tokens;
	return b->tokens;
}

static uint64_t on_begin_all(void *cookie)
{
	struct bench *b = cookie;

	b->wholes++;
	b->tokens++;
	if (b->instantly)
		b->complete = b->tokens;
	return b->tokens;
}

static bool on_done(uint64_t token, void *cookie)
{
	return ((struct bench *)cookie)->complete >= token;
}

static void on_wait(uint64_t token, void *cookie)
{
	struct bench *b = cookie;

	if (b->complete < token)
		b->complete = token;
}

static const struct iommu_async_ops async = { on_begin, on_begin_all, on_done, on_wait };

static void on_release(void *ctx, uint64_t iova, uint64_t size)
{
	struct bench *b = ctx;

	b->released++;
	b->released_bytes += size;
	b->last_released = iova;
}

static uint64_t on_now(void *ctx)
{
	return ((struct bench *)ctx)->now_ns += 10;
}

static struct iommu_strategy_opts opts_of(struct bench *b, enum iommu_strategy_kind kind,
					  uint32_t depth)
{
	return (struct iommu_strategy_opts){
		.kind = kind,
		.depth = depth,
		.lanes = 1,
		.budget_page_ns = 1000,
		.async = &async,
		.release = on_release,
		.now_ns = on_now,
		.ctx = b,
	};
}

static struct bench *make_with(enum iommu_strategy_kind kind, uint32_t depth,
			       enum io_pgtable_reclaim reclaim)
{
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));
	struct bench *b = calloc(1, sizeof(*b));
	struct iommu_strategy_opts opts = opts_of(b, kind, depth);

	cfg.tlb = &driver;
	cfg.reclaim = reclaim;
	b->iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, b);
	assert_non_null(b->iop);
	assert_int_equal(io_pgtable_map(b->iop, BASE, SZ_4K, PAGES * SZ_4K, RW), 0);
	b->memory = aligned_alloc(128, iommu_strategy_bytes(&opts));
	b->s = iommu_strategy_create(b->iop, &opts, b->memory);
	assert_non_null(b->s);
	return b;
}

static struct bench *make(enum iommu_strategy_kind kind, uint32_t depth)
{
	return make_with(kind, depth, IO_PGTABLE_RECLAIM_NEVER);
}

static void end(struct bench *b)
{
	assert_true(!b->s || !iommu_strategy_validate(b->s));
	iommu_strategy_destroy(b->s);
	assert_int_equal(io_pgtable_validate(b->iop), 0);
	free_io_pgtable(b->iop);
	free(b->memory);
	free(b);
}

static uint64_t unmap(struct bench *b, unsigned int page, unsigned int pages)
{
	uint64_t ticket = 0;

	assert_int_equal(iommu_strategy_unmap(b->s, BASE + page * SZ_4K, pages * SZ_4K, &ticket),
			 pages * SZ_4K);
	return ticket;
}

static void test_names(void **state)
{
	enum iommu_strategy_kind kind;

	for (unsigned int i = 0; i < IOMMU_STRATEGIES; i++) {
		const struct iommu_strategy_info *info =
			iommu_strategy_describe((enum iommu_strategy_kind)i);

		assert_int_equal(iommu_strategy_find(info->name, &kind), 0);
		assert_int_equal(kind, i);
	}
	assert_null(iommu_strategy_describe(IOMMU_STRATEGIES));
	assert_int_equal(iommu_strategy_find("gather-", &kind), -ENOENT);
	assert_int_equal(iommu_strategy_find("gather-rill", &kind), -ENOENT);
	assert_int_equal(iommu_strategy_find("", &kind), -ENOENT);
}

static void test_opts(void **state)
{
	struct bench b = { 0 };
	struct iommu_strategy_opts good = opts_of(&b, IOMMU_STRATEGY_ADAPTIVE, 0), o;
	struct iommu_async_ops half = async;

	assert_true(iommu_strategy_bytes(&good) > 0);
	o = good, o.release = NULL;
	assert_int_equal(iommu_strategy_bytes(&o), 0);
	o = good, o.now_ns = NULL;
	assert_int_equal(iommu_strategy_bytes(&o), 0);
	o = good, o.budget_page_ns = 0;
	assert_int_equal(iommu_strategy_bytes(&o), 0);
	o = good, o.lanes = 0;
	assert_int_equal(iommu_strategy_bytes(&o), 0);
	o = good, o.lanes = IOMMU_STRATEGY_LANES_MAX + 1;
	assert_int_equal(iommu_strategy_bytes(&o), 0);
	o = good, o.depth = IOMMU_STRATEGY_DEPTH_MAX + 1;
	assert_int_equal(iommu_strategy_bytes(&o), 0);
	o = good, o.kind = IOMMU_STRATEGIES;
	assert_int_equal(iommu_strategy_bytes(&o), 0);
	half.wait = NULL;
	o = good, o.async = &half;
	assert_int_equal(iommu_strategy_bytes(&o), 0);
}

/* Nothing is held: released on the way, after what the strategy does. */
static void test_at_once(void **state)
{
	static const struct {
		enum iommu_strategy_kind kind;
		uint64_t leaves, syncs;
	} expected[] = {
		{ IOMMU_STRATEGY_NONE, 0, 0 },
		{ IOMMU_STRATEGY_STRICT_PAGE, 8, 8 },
		{ IOMMU_STRATEGY_GATHER, 8, 1 },
		{ IOMMU_STRATEGY_GATHER_RIL, 8, 1 },
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(expected); i++) {
		struct bench *b = make(expected[i].kind, 0);
		uint64_t ticket = unmap(b, 4, 8);

		assert_int_equal(b->leaves, expected[i].leaves);
		assert_int_equal(b->syncs, expected[i].syncs);
		assert_int_equal(b->released_bytes, 8 * SZ_4K);
		assert_true(iommu_strategy_done(b->s, ticket));
		iommu_strategy_wait(b->s, ticket);
		assert_false(iommu_strategy_poll(b->s, 0, 0));
		end(b);
	}
}

/* Begun at once, released when complete, and not before. */
static void test_rounds(void **state)
{
	static const enum iommu_strategy_kind kinds[] = { IOMMU_STRATEGY_TICKET,
							  IOMMU_STRATEGY_EPOCH };

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct bench *b = make(kinds[i], 0);
		uint64_t first = unmap(b, 0, 1), second = unmap(b, 1, 1), third = unmap(b, 2, 1);
		uint64_t fourth;

		/* Two rounds under way; the third's post waits for one of them. */
		assert_int_equal(b->syncs, 2);
		assert_int_equal(b->leaves, 2);
		assert_false(iommu_strategy_done(b->s, first));
		iommu_strategy_poll(b->s, 0, 0);
		assert_int_equal(b->released, 0);
		b->complete = 1;
		assert_true(iommu_strategy_done(b->s, first));
		assert_false(iommu_strategy_done(b->s, second));
		fourth = unmap(b, 3, 1);
		assert_int_equal(b->released, 1);
		assert_int_equal(b->leaves, 4); /* the third and the fourth share one */
		assert_int_equal(b->syncs, 3);
		iommu_strategy_wait(b->s, second);
		assert_int_equal(b->released, 2);
		iommu_strategy_wait(b->s, fourth);
		assert_int_equal(b->released, 4);
		assert_int_equal(b->syncs, 3);
		assert_true(iommu_strategy_done(b->s, third));
		end(b);
	}
}

/* A lane that is full waits, and releases no more than it may. */
static void test_full(void **state)
{
	struct iommu_strategy_stats stats;
	struct bench *b = make(IOMMU_STRATEGY_EPOCH, 4);

	for (unsigned int i = 0; i < 64; i++) {
		unmap(b, i, 1);
		assert_int_equal(iommu_strategy_validate(b->s), 0);
	}
	iommu_strategy_get_stats(b->s, &stats);
	assert_int_equal(stats.queued, 64);
	assert_true(stats.full > 0);
	assert_true(stats.max_used <= 4);
	assert_true(stats.max_drained <= IOMMU_STRATEGY_DRAIN_MAX);
	assert_true(b->released >= 60);
	end(b);
}

/* Tables wait in the lane too, and their memory comes back when it is released. */
static void test_tables(void **state)
{
	static const enum iommu_strategy_kind kinds[] = { IOMMU_STRATEGY_TICKET,
							  IOMMU_STRATEGY_EPOCH,
							  IOMMU_STRATEGY_ADAPTIVE };

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct bench *b = make(kinds[i], 0);
		size_t before = io_pgtable_table_bytes(b->iop);
		uint64_t ticket = unmap(b, 0, PAGES);

		assert_int_equal(io_pgtable_table_bytes(b->iop), before);
		iommu_strategy_wait(b->s, ticket);
		assert_true(io_pgtable_table_bytes(b->iop) < before);
		assert_int_equal(b->released_bytes, PAGES * SZ_4K);
		end(b);
	}
}

/*
 * Tables that single pages have emptied wait in the same quarantine: taken out as a round begins,
 * with its ranges, given back when it is complete.
 */
static void test_emptied(void **state)
{
	struct bench *b = make_with(IOMMU_STRATEGY_EPOCH, 0, IO_PGTABLE_RECLAIM_ON_SYNC);
	struct iommu_strategy_stats stats;
	size_t before;

	for (unsigned int i = 1; i <= 3; i++)
		assert_int_equal(io_pgtable_map(b->iop, BASE + i * SZ_2M, SZ_4K, SZ_4K, RW), 0);
	before = io_pgtable_table_bytes(b->iop);
	unmap(b, 1 * PAGES, 1);
	assert_int_equal(b->tables, 0); /* noted: it may be used again at once */
	b->complete = 1;
	unmap(b, 2 * PAGES, 1);
	assert_int_equal(b->tokens, 2);
	assert_int_equal(b->tables, 1);
	iommu_strategy_poll(b->s, 0, 0);
	assert_int_equal(io_pgtable_table_bytes(b->iop), before);
	b->complete = 2;
	iommu_strategy_poll(b->s, 0, 0);
	assert_int_equal(io_pgtable_table_bytes(b->iop), before - SZ_4K);
	iommu_strategy_get_stats(b->s, &stats);
	assert_int_equal(stats.reclaimed, 1);
	/* One that a round holds when it all ends. */
	unmap(b, 3 * PAGES, 1);
	assert_int_equal(b->tables, 2);
	assert_int_equal(io_pgtable_table_bytes(b->iop), before - SZ_4K);
	iommu_strategy_destroy(b->s);
	b->s = NULL;
	assert_int_equal(io_pgtable_table_bytes(b->iop), before - 2 * SZ_4K);
	end(b);
}

/* And with a flush of everything. */
static void test_emptied_whole(void **state)
{
	struct bench *b = make_with(IOMMU_STRATEGY_ADAPTIVE, 0, IO_PGTABLE_RECLAIM_ON_SYNC);
	struct iommu_strategy_stats stats;

	b->instantly = true;
	for (unsigned int i = 1; i <= 40; i++)
		assert_int_equal(io_pgtable_map(b->iop, BASE + i * SZ_2M, SZ_4K, SZ_4K, RW), 0);
	for (unsigned int i = 1; i <= 40; i++) {
		unmap(b, i * PAGES, 1);
		unmap(b, 2 * i, 1);
		if (i % 8 == 0)
			b->now_ns += 50000;
	}
	unmap(b, 256, 256);
	iommu_strategy_get_stats(b->s, &stats);
	assert_true(stats.reclaimed > 0 && stats.reclaimed <= 40);
	end(b);
}

/* As late as the budget allows, and a flush of everything when that is cheaper. */
static void test_adaptive(void **state)
{
	struct bench *b = make(IOMMU_STRATEGY_ADAPTIVE, 0);
	struct iommu_strategy_stats stats;

	b->instantly = true;
	unmap(b, 0, 1);
	assert_int_equal(b->tokens, 0);
	b->now_ns += 5000;
	unmap(b, 1, 1);
	assert_int_equal(b->tokens, 1);
	assert_int_equal(b->leaves, 2);
	assert_int_equal(b->wholes, 0);
	/* 300 leaves at a time: more than what filling the IOTLB costs. */
	for (unsigned int i = 2; i < 302; i++)
		unmap(b, i, 1);
	for (unsigned int i = 302; i < 310; i++) {
		b->now_ns += 2000;
		unmap(b, i, 1);
	}
	assert_true(b->wholes > 0);
	iommu_strategy_get_stats(b->s, &stats);
	assert_int_equal(stats.whole, b->wholes);
	end(b);
}

/* Few posts can be much: that is seen before anything of it is handed over. */
static void test_adaptive_large(void **state)
{
	struct bench *b = make(IOMMU_STRATEGY_ADAPTIVE, 0);

	b->instantly = true;
	b->now_ns += 5000;
	unmap(b, 0, 256);
	assert_int_equal(b->tokens, 1);
	assert_int_equal(b->wholes, 1);
	assert_int_equal(b->leaves, 0);
	end(b);
}

/* With a driver that waits: complete when the round has begun. */
static void test_blocking(void **state)
{
	static const enum iommu_strategy_kind kinds[] = { IOMMU_STRATEGY_TICKET,
							  IOMMU_STRATEGY_EPOCH,
							  IOMMU_STRATEGY_ADAPTIVE };

	for (unsigned int i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct bench *b = make(kinds[i], 0);
		struct iommu_strategy_opts opts = opts_of(b, kinds[i], 0);
		uint64_t ticket;

		iommu_strategy_destroy(b->s);
		opts.async = NULL;
		b->s = iommu_strategy_create(b->iop, &opts, b->memory);
		ticket = unmap(b, 0, 1);
		iommu_strategy_wait(b->s, ticket);
		assert_int_equal(b->tokens, 0);
		assert_int_equal(b->syncs + b->wholes, 1);
		assert_int_equal(b->released, 1);
		end(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),	      cmocka_unit_test(test_opts),
		cmocka_unit_test(test_at_once),	      cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_full),	      cmocka_unit_test(test_tables),
		cmocka_unit_test(test_adaptive),      cmocka_unit_test(test_adaptive_large),
		cmocka_unit_test(test_blocking),      cmocka_unit_test(test_emptied),
		cmocka_unit_test(test_emptied_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
