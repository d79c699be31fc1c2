// SPDX-License-Identifier: GPL-2.0-only
/*
 * test-plan: from events to operations: domains, conflicts, unmaps, threads and what waits for
 * what.
 *
 * The events of a test are made in memory, in units of pages.
 */
#include "support-trace.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay-plan.h"

#define PAGE	   4096ull
#define MAX_EVENTS 64

static struct trace_event events[MAX_EVENTS];
static struct trace trace;
static struct plan_opts opts;
static char msg[TRACE_MSG_BYTES];

static int setup(void **state)
{
	memset(events, 0, sizeof(events));
	trace = (struct trace){ .name = "made", .events = events };
	opts = (struct plan_opts){
		.nr_threads = 1,
		.max_domains = 8,
		.granule_bytes = PAGE,
		.ias = 48,
		.oas = 48,
	};
	msg[0] = '\0';
	return 0;
}

static void add(enum trace_kind kind, unsigned int cpu, uint64_t page, uint64_t nr_pages)
{
	assert_true(trace.nr_events < MAX_EVENTS);
	events[trace.nr_events] = (struct trace_event){
		.iova = page * PAGE,
		.paddr = kind == TRACE_MAP ? (0x10000 + page) * PAGE : 0,
		.size_bytes = nr_pages * PAGE,
		.done_bytes = nr_pages * PAGE,
		.time_ns = trace.nr_events,
		.line = trace.nr_events + 10,
		.cpu = (uint16_t)cpu,
		.kind = kind,
	};
	trace.nr_events++;
	trace.nr_kind[kind]++;
}

static void map(unsigned int cpu, uint64_t page, uint64_t nr_pages)
{
	add(TRACE_MAP, cpu, page, nr_pages);
}

static void unmap(unsigned int cpu, uint64_t page, uint64_t nr_pages)
{
	add(TRACE_UNMAP, cpu, page, nr_pages);
}

static void make(struct replay_plan *plan)
{
	if (replay_plan_make(&trace, &opts, plan, msg))
		fail_msg("%s", msg);
}

static void refuse(int err, const char *text)
{
	struct replay_plan plan;

	assert_int_equal(replay_plan_make(&trace, &opts, &plan, msg), err);
	assert_null(plan.threads);
	if (!strstr(msg, text))
		fail_msg("\"%s\" does not say \"%s\"", msg, text);
}

static void expect_op(const struct replay_plan *plan, unsigned int thread, uint32_t i,
		      enum trace_kind kind, unsigned int domain, uint64_t page, uint64_t nr_pages)
{
	const struct replay_op *op;

	assert_true(i < plan->threads[thread].nr_ops);
	op = &plan->threads[thread].ops[i];
	assert_int_equal(op->kind, kind);
	assert_int_equal(op->domain, domain);
	assert_int_equal(op->iova, page * PAGE);
	assert_int_equal(op->size_bytes, nr_pages * PAGE);
}

static void test_pair(void **state)
{
	struct replay_plan plan;

	map(0, 16, 2);
	unmap(0, 16, 2);
	map(0, 32, 1);
	make(&plan);
	assert_int_equal(plan.nr_domains, 1);
	assert_int_equal(plan.nr_ops[TRACE_MAP], 2);
	assert_int_equal(plan.nr_ops[TRACE_UNMAP], 1);
	assert_int_equal(plan.bytes[TRACE_MAP], 3 * PAGE);
	assert_int_equal(plan.bytes[TRACE_UNMAP], 2 * PAGE);
	expect_op(&plan, 0, 1, TRACE_UNMAP, 0, 16, 2);
	assert_int_equal(plan.nr_live, 1);
	assert_int_equal(plan.live[0].iova, 32 * PAGE);
	assert_int_equal(plan.live[0].paddr, (0x10000 + 32) * PAGE);
	assert_int_equal(plan.live[0].size_bytes, PAGE);
	assert_int_equal(plan.nr_conflicts + plan.nr_orphans + plan.nr_partial, 0);
	replay_plan_free(&plan);
}

static void test_conflict_split(void **state)
{
	struct replay_plan plan;

	map(0, 16, 1);
	map(1, 16, 1);
	unmap(0, 16, 1);
	unmap(1, 16, 1);
	make(&plan);
	assert_int_equal(plan.nr_domains, 2);
	assert_int_equal(plan.nr_conflicts, 1);
	expect_op(&plan, 0, 1, TRACE_MAP, 1, 16, 1);
	/* Both fit: the older one goes first. */
	expect_op(&plan, 0, 2, TRACE_UNMAP, 0, 16, 1);
	expect_op(&plan, 0, 3, TRACE_UNMAP, 1, 16, 1);
	assert_int_equal(plan.nr_live, 0);
	replay_plan_free(&plan);
}

static void test_unmap_finds_its_domain(void **state)
{
	struct replay_plan plan;

	map(0, 16, 1);
	map(1, 14, 8);
	unmap(1, 14, 8);
	make(&plan);
	assert_int_equal(plan.nr_domains, 2);
	/* Only the second domain has all of it. */
	expect_op(&plan, 0, 2, TRACE_UNMAP, 1, 14, 8);
	assert_int_equal(plan.nr_partial, 0);
	assert_int_equal(plan.nr_live, 1);
	replay_plan_free(&plan);
}

static void test_list_stays_together(void **state)
{
	struct replay_plan plan;

	map(1, 18, 1);
	/* A scatter list whose third piece is in the way of that. */
	map(0, 16, 1);
	map(0, 17, 1);
	map(0, 18, 2);
	unmap(2, 16, 4);
	make(&plan);
	assert_int_equal(plan.nr_domains, 2);
	assert_int_equal(plan.nr_partial, 0);
	assert_int_equal(plan.nr_multi, 1);
	assert_int_equal(plan.nr_cross_cpu, 1);
	expect_op(&plan, 0, plan.threads[0].nr_ops - 1, TRACE_UNMAP, plan.threads[0].ops[1].domain,
		  16, 4);
	replay_plan_free(&plan);
}

static void test_conflict_skip(void **state)
{
	struct replay_plan plan;

	opts.on_conflict = PLAN_CONFLICT_SKIP;
	map(0, 16, 2);
	map(1, 17, 1);
	unmap(0, 16, 2);
	make(&plan);
	assert_int_equal(plan.nr_domains, 1);
	assert_int_equal(plan.nr_conflicts, 1);
	assert_int_equal(plan.nr_skipped, 1);
	assert_int_equal(plan.nr_ops[TRACE_MAP], 1);
	assert_int_equal(plan.nr_live, 0);
	replay_plan_free(&plan);
}

static void test_conflict_fail(void **state)
{
	opts.on_conflict = PLAN_CONFLICT_FAIL;
	map(0, 16, 2);
	map(1, 17, 1);
	refuse(-EEXIST, "made: line 11: 0x11000 is mapped already, by line 10");
}

static void test_max_domains(void **state)
{
	int i;

	opts.max_domains = 3;
	for (i = 0; i < 4; i++)
		map(0, 16, 1);
	refuse(-E2BIG, "line 13: this map needs more than 3 domains");
}

static void test_unmap_of_several_maps(void **state)
{
	struct replay_plan plan;

	map(0, 16, 1);
	map(0, 17, 3);
	map(0, 20, 1);
	unmap(0, 16, 5);
	make(&plan);
	assert_int_equal(plan.nr_multi, 1);
	assert_int_equal(plan.nr_ops[TRACE_UNMAP], 1);
	expect_op(&plan, 0, 3, TRACE_UNMAP, 0, 16, 5);
	assert_int_equal(plan.nr_live, 0);
	replay_plan_free(&plan);
}

static void test_orphans(void **state)
{
	struct replay_plan plan;

	unmap(0, 16, 1);
	map(0, 32, 1);
	unmap(0, 30, 2);
	make(&plan);
	assert_int_equal(plan.nr_orphans, 2);
	assert_int_equal(plan.nr_ops[TRACE_UNMAP], 0);
	assert_int_equal(plan.nr_live, 1);
	replay_plan_free(&plan);
}

/* Only what is live is unmapped, stretch by stretch, as an unmap stops at a hole. */
static void test_partial(void **state)
{
	struct replay_plan plan;

	map(0, 17, 2);
	map(0, 20, 1);
	unmap(0, 16, 6);
	make(&plan);
	assert_int_equal(plan.nr_partial, 1);
	assert_int_equal(plan.nr_orphans, 0);
	assert_int_equal(plan.nr_ops[TRACE_UNMAP], 2);
	expect_op(&plan, 0, 2, TRACE_UNMAP, 0, 17, 2);
	expect_op(&plan, 0, 3, TRACE_UNMAP, 0, 20, 1);
	assert_int_equal(plan.nr_live, 0);
	replay_plan_free(&plan);
}

static void test_part_of_a_mapping(void **state)
{
	struct replay_plan plan;

	map(0, 16, 8);
	unmap(0, 18, 2);
	make(&plan);
	assert_int_equal(plan.nr_live, 2);
	assert_int_equal(plan.live[0].iova, 16 * PAGE);
	assert_int_equal(plan.live[0].size_bytes, 2 * PAGE);
	assert_int_equal(plan.live[1].iova, 20 * PAGE);
	assert_int_equal(plan.live[1].paddr, (0x10000 + 20) * PAGE);
	assert_int_equal(plan.live[1].size_bytes, 4 * PAGE);
	replay_plan_free(&plan);
}

static void test_short_unmap(void **state)
{
	struct replay_plan plan;

	map(0, 16, 1);
	unmap(0, 16, 4);
	events[1].done_bytes = PAGE;
	unmap(0, 16, 1);
	events[2].done_bytes = 0;
	make(&plan);
	assert_int_equal(plan.nr_partial, 0);
	assert_int_equal(plan.nr_orphans, 1);
	expect_op(&plan, 0, 1, TRACE_UNMAP, 0, 16, 1);
	replay_plan_free(&plan);
}

static void expect_dep(const struct replay_plan *plan, unsigned int thread, uint32_t i,
		       uint32_t on_thread, uint32_t seq)
{
	const struct replay_op *op = &plan->threads[thread].ops[i];
	const struct replay_dep *dep = &plan->threads[thread].deps[op->dep_first];

	assert_int_equal(op->nr_deps, 1);
	assert_int_equal(dep->thread, on_thread);
	assert_int_equal(dep->seq, seq);
	assert_true(plan->threads[on_thread].ops[seq - 1].signals);
}

static void test_cross_cpu(void **state)
{
	struct replay_plan plan;

	opts.nr_threads = 2;
	map(0, 16, 1);	 /* thread 0, 1 */
	map(0, 32, 1);	 /* thread 0, 2 */
	unmap(1, 32, 1); /* thread 1, 1: after 0's 2 */
	unmap(3, 16, 1); /* thread 1, 2: after 0's 1, which its own 1 waited for already */
	map(2, 32, 1);	 /* thread 0, 3: after 1's 1 */
	make(&plan);
	assert_int_equal(plan.threads[0].nr_ops, 3);
	assert_int_equal(plan.threads[1].nr_ops, 2);
	assert_int_equal(plan.threads[0].ops[0].nr_deps, 0);
	expect_dep(&plan, 1, 0, 0, 2);
	assert_int_equal(plan.threads[1].ops[1].nr_deps, 0);
	expect_dep(&plan, 0, 2, 1, 1);
	assert_false(plan.threads[0].ops[0].signals);
	assert_int_equal(plan.nr_cross_cpu, 2);
	replay_plan_free(&plan);
}

/* Unmaps of two parts of one mapping may meet in one block: the second waits for the first. */
static void test_parts_are_ordered(void **state)
{
	struct replay_plan plan;

	opts.nr_threads = 3;
	map(0, 512, 512);
	unmap(1, 512, 8);
	unmap(2, 520, 8);
	make(&plan);
	expect_dep(&plan, 1, 0, 0, 1);
	expect_dep(&plan, 2, 0, 1, 1);
	replay_plan_free(&plan);
}

static void test_several_deps(void **state)
{
	const struct replay_op *op;
	struct replay_plan plan;

	opts.nr_threads = 3;
	map(0, 16, 1);
	map(1, 17, 1);
	map(0, 18, 1);
	unmap(2, 16, 3);
	make(&plan);
	op = &plan.threads[2].ops[0];
	/* One for each of the two threads, the later one where there are two. */
	assert_int_equal(op->nr_deps, 2);
	assert_int_equal(plan.threads[2].deps[0].thread, 0);
	assert_int_equal(plan.threads[2].deps[0].seq, 2);
	assert_int_equal(plan.threads[2].deps[1].thread, 1);
	assert_int_equal(plan.threads[2].deps[1].seq, 1);
	replay_plan_free(&plan);
}

static void test_does_not_fit(void **state)
{
	map(0, 16, 1);
	map(0, 17, 1);
	opts.granule_bytes = 65536;
	refuse(-EINVAL, "line 10: this event is not a multiple of the granule, 65536 bytes");
	opts.granule_bytes = PAGE;
	opts.ias = 16;
	refuse(-ERANGE, "line 10: an IOVA");
	opts.ias = 48;
	opts.oas = 28;
	refuse(-ERANGE, "line 10: a physical address");
	opts.oas = 48;
	opts.nr_threads = 0;
	refuse(-EINVAL, "out of bounds");
}

/* However many threads: the same operations in all, and every dependency points backwards. */
static void check_threads(const struct trace *shipped, unsigned int nr_threads)
{
	const struct replay_thread *thread;
	const struct replay_op *op;
	uint64_t nr_ops[TRACE_NR_KINDS] = { 0 };
	struct replay_plan plan;
	unsigned int i, d;
	uint32_t n;

	opts.nr_threads = nr_threads;
	assert_int_equal(replay_plan_make(shipped, &opts, &plan, msg), 0);
	for (i = 0; i < nr_threads; i++) {
		thread = &plan.threads[i];
		for (n = 0; n < thread->nr_ops; n++) {
			op = &thread->ops[n];
			nr_ops[op->kind]++;
			assert_int_equal(shipped->events[op->event].cpu % nr_threads, i);
			for (d = 0; d < op->nr_deps; d++) {
				const struct replay_dep *dep = &thread->deps[op->dep_first + d];

				assert_int_not_equal(dep->thread, i);
				assert_true(plan.threads[dep->thread].ops[dep->seq - 1].event <
					    op->event);
			}
		}
	}
	assert_int_equal(nr_ops[TRACE_MAP], 23322);
	assert_int_equal(nr_ops[TRACE_UNMAP], 20383);
	assert_int_equal(plan.nr_domains, 2);
	assert_int_equal(plan.nr_orphans, 240);
	assert_int_equal(plan.nr_partial, 2);
	assert_int_equal(plan.nr_live, 255);
	replay_plan_free(&plan);
}

static void test_shipped(void **state)
{
	const struct trace_opts trace_opts = { 0 };
	struct trace shipped;
	unsigned int nr_threads;

	assert_int_equal(
		trace_load(&trace_opts, TRACES_DIR "/mixed-strict.trace.xz", &shipped, msg), 0);
	/* Two devices, the NVMe drive and the network card, recorded together. */
	for (nr_threads = 1; nr_threads <= 4; nr_threads++)
		check_threads(&shipped, nr_threads);
	trace_free(&shipped);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_pair),
		TEST(test_conflict_split),
		TEST(test_unmap_finds_its_domain),
		TEST(test_list_stays_together),
		TEST(test_conflict_skip),
		TEST(test_conflict_fail),
		TEST(test_max_domains),
		TEST(test_unmap_of_several_maps),
		TEST(test_orphans),
		TEST(test_partial),
		TEST(test_part_of_a_mapping),
		TEST(test_short_unmap),
		TEST(test_cross_cpu),
		TEST(test_parts_are_ordered),
		TEST(test_several_deps),
		TEST(test_does_not_fit),
		TEST(test_shipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
