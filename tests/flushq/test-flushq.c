// SPDX-License-Identifier: GPL-2.0-only
/*
 * Flush queues in one thread, with a fake clock and a driver that counts: what is refused, when a
 * flush happens, what it makes safe, what one call may release, and that everything is released
 * once. Against a model: a list of what was queued, and after how many flushes.
 */
#include "iommu-flushq.h"
#include "support.h"

#define MAX_RANGES 4096

static const struct variant *s1_4k;

struct fixture {
	struct io_pgtable *iop;
	struct iommu_flushq *fq;
	void *memory;
	uint64_t now_ns;
	unsigned int syncs, alls, ranges; /* what the driver was asked for */
	unsigned int not_leaf;		  /* of the ranges */
	unsigned int completed;
	void (*during)(void); /* called once, from inside the next flush */
	unsigned int released, in_call, max_in_call;
	unsigned int
		needs[MAX_RANGES]; /* flushes, counted from 1, that must be complete; 0: gone */
	struct iommu_iotlb_gather gather;
};

static struct fixture fix;

static void flush_hook(unsigned int *count)
{
	struct iommu_flushq_stats stats;
	void (*during)(void) = fix.during;

	++*count;
	if (fix.fq) /* takes every ring's lock: none is held */
		iommu_flushq_get_stats(fix.fq, &stats);
	fix.during = NULL;
	if (during)
		during();
	fix.completed++;
}

static void on_sync(void *cookie)
{
	flush_hook(&fix.syncs);
}

static void on_all(void *cookie)
{
	flush_hook(&fix.alls);
}

static void on_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf, void *cookie)
{
	fix.ranges++;
	fix.not_leaf += !leaf;
}

static const struct iommu_gather_ops driver = {
	.tlb_flush_all = on_all,
	.tlb_sync = on_sync,
	.tlb_add_range = on_range,
};

static void on_release(void *ctx, uint64_t iova, uint64_t size)
{
	struct iommu_flushq_stats stats;
	size_t i = iova / SZ_4K;

	assert_ptr_equal(ctx, &fix);
	assert_true(i < MAX_RANGES && fix.needs[i]);
	assert_true(fix.completed >= fix.needs[i]);
	fix.needs[i] = 0;
	fix.released++;
	fix.in_call++;
	iommu_flushq_get_stats(fix.fq, &stats);
}

static uint64_t on_now(void *ctx)
{
	return fix.now_ns;
}

static struct iommu_flushq_opts options(uint32_t depth, enum iommu_flushq_mode mode)
{
	return (struct iommu_flushq_opts){
		.depth = depth,
		.rings = 1,
		.mode = mode,
		.timeout_ns = 1000,
		.release = on_release,
		.now_ns = on_now,
		.ctx = &fix,
	};
}

static void make_with(const struct iommu_flushq_opts *opts, enum io_pgtable_reclaim reclaim)
{
	struct io_pgtable_cfg cfg = config(s1_4k);
	size_t bytes = iommu_flushq_bytes(opts);

	memset(&fix, 0, sizeof(fix));
	test_memory_reset();
	cfg.mem = &identity_mem;
	cfg.tlb = &driver;
	cfg.reclaim = reclaim;
	fix.iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	fix.memory = aligned_alloc(128, bytes); /* the sanitizer knows where it ends */
	fix.fq = iommu_flushq_create(fix.iop, opts, fix.memory);
	assert_non_null(fix.fq);
	iommu_iotlb_gather_init(&fix.gather);
}

static void make(const struct iommu_flushq_opts *opts)
{
	make_with(opts, IO_PGTABLE_RECLAIM_NEVER);
}

static void end(void)
{
	assert_int_equal(iommu_flushq_validate(fix.fq), 0);
	iommu_flushq_destroy(fix.fq);
	fix.fq = NULL;
	for (size_t i = 0; i < MAX_RANGES; i++)
		assert_int_equal(fix.needs[i], 0);
	free_io_pgtable(fix.iop);
	assert_int_equal(test_memory.live, 0);
	free(fix.memory);
}

/* Flushes that had begun when it was queued do not count: one more has to. */
static void queue(size_t i)
{
	assert_int_equal(fix.needs[i], 0);
	fix.needs[i] = fix.syncs + fix.alls + 1;
	fix.in_call = 0;
	iommu_flushq_queue(fix.fq, &fix.gather, i * SZ_4K, SZ_4K);
	if (fix.in_call > fix.max_in_call)
		fix.max_in_call = fix.in_call;
}

static void test_refused(void **state)
{
	const struct iommu_flushq_opts good = options(10, IOMMU_FLUSHQ_RANGES);
	struct iommu_flushq_opts o = good;
	static const struct iommu_gather_ops no_all = { .tlb_sync = on_sync };
	struct io_pgtable_cfg cfg = config(s1_4k);
	struct io_pgtable *iop;
	void *memory;

	o.depth = 0;
	assert_int_equal(iommu_flushq_bytes(&o), 0);
	o.depth = IOMMU_FLUSHQ_DEPTH_MAX + 1;
	assert_int_equal(iommu_flushq_bytes(&o), 0);
	o = good;
	o.rings = 0;
	assert_int_equal(iommu_flushq_bytes(&o), 0);
	o.rings = IOMMU_FLUSHQ_RINGS_MAX + 1;
	assert_int_equal(iommu_flushq_bytes(&o), 0);
	o = good;
	o.release = NULL;
	assert_int_equal(iommu_flushq_bytes(&o), 0);
	o = good;
	o.now_ns = NULL;
	assert_int_equal(iommu_flushq_bytes(&o), 0);
	o.timeout_ns = 0;
	assert_true(iommu_flushq_bytes(&o) > 0);
	o.depth = IOMMU_FLUSHQ_DEPTH_MAX;
	assert_in_range(iommu_flushq_bytes(&o), 32 * IOMMU_FLUSHQ_DEPTH_MAX,
			33 * IOMMU_FLUSHQ_DEPTH_MAX);
	cfg.tlb = &no_all;
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	o = good;
	o.mode = IOMMU_FLUSHQ_ALL;
	memory = aligned_alloc(128, iommu_flushq_bytes(&o) + 128);
	assert_null(iommu_flushq_create(iop, &o, memory));
	assert_null(iommu_flushq_create(iop, &good, (char *)memory + 64));
	free(memory);
	free_io_pgtable(iop);
}

/* Full: the call flushes; with what it makes safe at most 64 entries go inside one call. */
static void test_full(void **state)
{
	static const uint32_t depths[] = { 1, 2, 63, 64, 65, 256, 1000 };

	for (unsigned int k = 0; k < ARRAY_SIZE(depths); k++) {
		struct iommu_flushq_opts o = options(depths[k], IOMMU_FLUSHQ_RANGES);
		struct iommu_flushq_stats stats;
		uint32_t depth = depths[k], drained = depth < 63 ? depth : 63;
		size_t i;

		make(&o);
		for (i = 0; i < depth; i++)
			queue(i);
		assert_int_equal(fix.syncs, 0);
		assert_int_equal(fix.released, 0);
		queue(i++);
		assert_int_equal(fix.syncs, 1);
		assert_int_equal(fix.released, 1 + drained);
		assert_int_equal(iommu_flushq_validate(fix.fq), 0);
		/* What is left is safe, and goes with the next calls, without a flush. */
		for (unsigned int n = 0; n <= depth / 64; n++)
			queue(i++);
		assert_int_equal(fix.syncs, 1);
		assert_true(fix.released >= depth + 1);
		iommu_flushq_get_stats(fix.fq, &stats);
		assert_int_equal(stats.full, 1);
		assert_int_equal(stats.max_used, depth);
		assert_int_equal(stats.max_drained, fix.max_in_call);
		assert_true(stats.max_drained <= IOMMU_FLUSHQ_DRAIN_MAX);
		end();
	}
}

static void queue_during(void)
{
	queue(100);
}

/* What is queued while a flush runs is not made safe by it. */
static void test_epoch(void **state)
{
	struct iommu_flushq_opts o = options(64, IOMMU_FLUSHQ_RANGES);
	uint64_t ticket;

	make(&o);
	queue(1);
	fix.during = queue_during;
	ticket = iommu_flushq_ticket(fix.fq);
	assert_false(iommu_flushq_done(fix.fq, ticket));
	iommu_flushq_wait(fix.fq, ticket);
	assert_true(iommu_flushq_done(fix.fq, ticket));
	assert_false(iommu_flushq_done(fix.fq, iommu_flushq_ticket(fix.fq)));
	assert_false(iommu_flushq_poll(fix.fq, 0, 0));
	assert_int_equal(fix.released, 1); /* on_release() would have failed for the other */
	assert_int_equal(fix.needs[100], 2);
	/* A ticket that is served begins nothing; the entry's own does. */
	iommu_flushq_wait(fix.fq, ticket);
	assert_int_equal(fix.syncs, 1);
	iommu_flushq_wait(fix.fq, iommu_flushq_ticket(fix.fq));
	assert_int_equal(fix.syncs, 2);
	iommu_flushq_poll(fix.fq, 0, 0);
	assert_int_equal(fix.released, 2);
	end();
}

static void test_timeout(void **state)
{
	struct iommu_flushq_opts o = options(64, IOMMU_FLUSHQ_RANGES);

	make(&o);
	fix.now_ns = 5000;
	assert_false(iommu_flushq_poll(fix.fq, 0, 100000)); /* empty */
	queue(1);
	fix.now_ns = 5900;
	queue(2);
	assert_false(iommu_flushq_poll(fix.fq, 0, 5999));
	assert_int_equal(fix.syncs, 0);
	iommu_flushq_poll(fix.fq, 0, 6000); /* the older one's time */
	assert_int_equal(fix.syncs, 1);
	assert_int_equal(fix.released, 2);
	queue(3);
	iommu_flushq_poll(fix.fq, 0, 6800);
	assert_int_equal(fix.released, 2);
	/* Flushed by somebody: released at once, no matter the time. */
	iommu_flushq_wait(fix.fq, iommu_flushq_ticket(fix.fq));
	iommu_flushq_poll(fix.fq, 0, 6801);
	assert_int_equal(fix.released, 3);
	assert_int_equal(fix.syncs, 2);
	/* Many: 64 in each call. */
	for (size_t i = 0; i < 64; i++)
		queue(i);
	end();
	o.depth = 200;
	make(&o);
	for (size_t i = 0; i < 150; i++)
		queue(i);
	assert_true(iommu_flushq_poll(fix.fq, 0, 1000));
	assert_int_equal(fix.released, 64);
	assert_true(iommu_flushq_poll(fix.fq, 0, 1000));
	assert_false(iommu_flushq_poll(fix.fq, 0, 1000));
	assert_int_equal(fix.released, 150);
	assert_int_equal(fix.syncs, 1);
	end();
}

/* Removed tables stay as they are until a flush; ranges go to the driver, or not. */
static void test_tables(void **state)
{
	for (int all = 0; all < 2; all++) {
		struct iommu_flushq_opts o =
			options(64, all ? IOMMU_FLUSHQ_ALL : IOMMU_FLUSHQ_RANGES);
		size_t live, bytes;
		uint64_t before[512], *table;

		make(&o);
		assert_int_equal(io_pgtable_map(fix.iop, 0, SZ_4K, 2 * SZ_2M, RW), 0);
		live = test_memory.live;
		bytes = io_pgtable_table_bytes(fix.iop);
		assert_int_equal(io_pgtable_unmap(fix.iop, 0, SZ_2M, &fix.gather), SZ_2M);
		assert_int_equal(fix.gather.nr_tables, 1);
		table = fix.gather.table[0].ptr;
		memcpy(before, table, sizeof(before));
		queue(1);
		assert_int_equal(fix.gather.nr_tables, 0);
		assert_int_equal(fix.ranges, all ? 0 : 1);
		assert_int_equal(fix.syncs + fix.alls, 0);
		assert_int_equal(test_memory.live, live);
		assert_int_equal(io_pgtable_table_bytes(fix.iop), bytes);
		assert_memory_equal(table, before, sizeof(before)); /* not written */
		iommu_flushq_wait(fix.fq, iommu_flushq_ticket(fix.fq));
		assert_memory_equal(table, before, sizeof(before));
		iommu_flushq_poll(fix.fq, 0, 0);
		assert_int_equal(test_memory.live, live - 1);
		assert_int_equal(fix.alls, all);
		assert_int_equal(fix.syncs, !all);
		/* Shutdown with a table in the queue, and nothing else. */
		assert_int_equal(io_pgtable_unmap(fix.iop, SZ_2M, SZ_2M, &fix.gather), SZ_2M);
		iommu_flushq_queue(fix.fq, &fix.gather, 0, 0);
		assert_int_equal(test_memory.live, live - 1);
		end();
	}
}

/* Sixteen tables and a range in one call into a ring that is one short of full. */
static void test_largest_call(void **state)
{
	struct iommu_flushq_opts o = options(1, IOMMU_FLUSHQ_ALL);
	struct iommu_flushq_stats stats;

	make(&o);
	assert_int_equal(io_pgtable_map(fix.iop, SZ_1G, SZ_4K, 64 * SZ_2M, RW), 0);
	for (unsigned int k = 0; k < 2; k++) {
		for (uint64_t i = 0; i < 16; i++)
			assert_int_equal(io_pgtable_unmap(fix.iop, SZ_1G + (32 * k + 2 * i) * SZ_2M,
							  SZ_2M, &fix.gather),
					 SZ_2M);
		assert_int_equal(fix.gather.nr_tables, 16);
		queue(k);
	}
	/* The second call found 17 entries: it released them and its own. */
	iommu_flushq_get_stats(fix.fq, &stats);
	assert_int_equal(stats.max_used, 17);
	assert_int_equal(stats.max_drained, 34);
	assert_int_equal(stats.full, 1);
	assert_int_equal(fix.released, 2);
	end();
}

/*
 * More tables in one unmap than a gather takes: synced and freed inside it, the queue's bound
 * holds.
 */
static void test_many_tables(void **state)
{
	struct iommu_flushq_opts o = options(64, IOMMU_FLUSHQ_RANGES);
	struct iommu_flushq_stats stats;
	size_t live;

	make(&o);
	assert_int_equal(io_pgtable_map(fix.iop, SZ_1G, SZ_4K, 41 * SZ_2M, RW), 0);
	live = test_memory.live;
	for (size_t i = 0; i < 60; i++)
		queue(i);
	assert_int_equal(io_pgtable_unmap(fix.iop, SZ_1G, 40 * SZ_2M, &fix.gather), 40 * SZ_2M);
	assert_int_equal(fix.syncs, 2);
	assert_int_equal(fix.gather.nr_tables, 8);
	assert_int_equal(test_memory.live, live - 32);
	assert_int_equal(fix.released, 0); /* a sync of the unmap's own is not the queue's */
	queue(60);
	queue(61);
	iommu_flushq_get_stats(fix.fq, &stats);
	assert_int_equal(stats.full, 1);
	assert_int_equal(stats.max_drained, IOMMU_FLUSHQ_DRAIN_MAX);
	end();
}

/* Empty tables: out before the flush begins, not leaf-only, back when it is complete. */

static size_t live_before;

static void in_reclaiming_flush(void)
{
	struct io_pgtable_reclaim_stats s;

	io_pgtable_read_reclaim_stats(fix.iop, &s);
	assert_true(s.unlinked > 0);
	assert_int_equal(fix.not_leaf > 0, fix.alls == 0);
	assert_int_equal(io_pgtable_iova_to_phys(fix.iop, 0), 0);
	assert_int_equal(test_memory.live, live_before);
}

static void empty_tables(unsigned int n)
{
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(io_pgtable_map(fix.iop, SZ_1G + i * SZ_2M, SZ_4K, SZ_4K, RW), 0);
	for (uint64_t i = 0; i < n; i++)
		assert_int_equal(io_pgtable_unmap(fix.iop, SZ_1G + i * SZ_2M, SZ_4K, &fix.gather),
				 SZ_4K);
}

static bool reclaim_is_refused(void)
{
	struct io_pgtable_cfg cfg = config(s1_4k);

	cfg.reclaim = IO_PGTABLE_RECLAIM_ON_SYNC;
	return io_pgtable_check_cfg(ARM_64_LPAE_S1, &cfg) == -ENOSYS;
}

static void test_reclaim(void **state)
{
	for (int all = 0; all < 2 && !reclaim_is_refused(); all++) {
		struct iommu_flushq_opts o =
			options(64, all ? IOMMU_FLUSHQ_ALL : IOMMU_FLUSHQ_RANGES);
		struct iommu_flushq_stats stats;

		make_with(&o, IO_PGTABLE_RECLAIM_ON_SYNC);
		assert_int_equal(io_pgtable_map(fix.iop, 8 * SZ_1G, 0, SZ_4K, RW), 0);
		empty_tables(3);
		queue(1);
		live_before = test_memory.live;
		/* The first flush after a table was noted leaves it: it may be used again soon. */
		iommu_flushq_wait(fix.fq, iommu_flushq_ticket(fix.fq));
		assert_int_equal(test_memory.live, live_before);
		fix.during = in_reclaiming_flush;
		iommu_flushq_wait(fix.fq, iommu_flushq_ticket(fix.fq));
		assert_null(fix.during);
		assert_int_equal(test_memory.live, live_before - 4); /* with the one above them */
		iommu_flushq_get_stats(fix.fq, &stats);
		assert_int_equal(stats.reclaimed, 4);
		assert_int_equal(stats.flushes, 2);
		assert_int_equal(io_pgtable_validate(fix.iop), 0);
		end();
	}
}

/*
 * What one call releases at most: its own, those of a full ring, and tables that the flush took
 * out.
 */
static void test_reclaim_bound(void **state)
{
	struct iommu_flushq_opts o = options(200, IOMMU_FLUSHQ_RANGES);
	struct iommu_flushq_stats stats;

	if (reclaim_is_refused())
		return;
	make_with(&o, IO_PGTABLE_RECLAIM_ON_SYNC);
	assert_int_equal(io_pgtable_map(fix.iop, 8 * SZ_1G, 0, SZ_4K, RW), 0);
	empty_tables(40);
	iommu_flushq_wait(fix.fq, iommu_flushq_ticket(fix.fq));
	for (size_t i = 0; i < 201; i++)
		queue(i);
	iommu_flushq_get_stats(fix.fq, &stats);
	assert_int_equal(stats.full, 1);
	assert_int_equal(stats.reclaimed, IOMMU_GATHER_TABLES);
	assert_int_equal(stats.max_drained, IOMMU_FLUSHQ_DRAIN_MAX);
	assert_int_equal(fix.max_in_call, IOMMU_FLUSHQ_DRAIN_MAX - IOMMU_GATHER_TABLES);
	/* By a timer: the rest goes with the next flushes. */
	fix.in_call = 0;
	queue(300);
	fix.now_ns += o.timeout_ns;
	iommu_flushq_poll(fix.fq, 0, fix.now_ns);
	iommu_flushq_get_stats(fix.fq, &stats);
	assert_int_equal(stats.reclaimed, 2 * IOMMU_GATHER_TABLES);
	assert_int_equal(stats.max_drained, IOMMU_FLUSHQ_DRAIN_MAX);
	end();
}

static void test_random(void **state)
{
	uint64_t random = 3;

	for (unsigned int round = 0; round < 300; round++) {
		struct iommu_flushq_opts o =
			options(1 + (uint32_t)(next_random(&random) % 200), round & 1);
		struct iommu_flushq_stats stats;
		size_t next = 0;

		make(&o);
		for (unsigned int i = 0; i < 500; i++) {
			uint64_t r = next_random(&random);

			fix.now_ns += r % 50;
			if (r >> 8 & 15) {
				while (fix.needs[next])
					next = (next + 1) % MAX_RANGES;
				queue(next);
			} else if (r >> 12 & 1) {
				iommu_flushq_poll(fix.fq, 0, fix.now_ns);
			} else {
				iommu_flushq_wait(fix.fq, iommu_flushq_ticket(fix.fq));
			}
			next = (next + 1) % MAX_RANGES;
			assert_int_equal(iommu_flushq_validate(fix.fq), 0);
		}
		iommu_flushq_get_stats(fix.fq, &stats);
		assert_true(stats.max_used <= o.depth);
		assert_int_equal(stats.released, fix.released);
		assert_true(fix.max_in_call <= IOMMU_FLUSHQ_DRAIN_MAX);
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refused),	      cmocka_unit_test(test_full),
		cmocka_unit_test(test_epoch),	      cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_tables),	      cmocka_unit_test(test_largest_call),
		cmocka_unit_test(test_many_tables),   cmocka_unit_test(test_reclaim),
		cmocka_unit_test(test_reclaim_bound), cmocka_unit_test(test_random),
	};

	s1_4k = find_variant("arm_64_lpae_s1/4K");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
