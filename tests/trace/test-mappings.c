// SPDX-License-Identifier: GPL-2.0-only
/*
 * test-mappings: a plan without its addresses: what becomes one mapping, who maps and unmaps it and
 * when, what is there at a time.
 */
#include "support-trace.h"

#include <errno.h>
#include <string.h>

#include "replay-mappings.h"

#define PAGE	   4096ull
#define MAX_EVENTS 64

static struct trace_event events[MAX_EVENTS];
static struct trace trace;
static struct plan_opts opts;
static struct replay_plan plan;
static struct replay_mappings m;
static char msg[TRACE_MSG_BYTES];

static int setup(void **state)
{
	memset(events, 0, sizeof(events));
	memset(&plan, 0, sizeof(plan));
	memset(&m, 0, sizeof(m));
	trace = (struct trace){ .name = "made", .events = events };
	opts = (struct plan_opts){
		.nr_threads = 1, .max_domains = 8, .granule_bytes = PAGE, .ias = 48, .oas = 48
	};
	return 0;
}

static int teardown(void **state)
{
	replay_mappings_free(&m);
	replay_plan_free(&plan);
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
		.time_ns = 1000 + 10 * trace.nr_events,
		.line = trace.nr_events + 1,
		.cpu = (uint16_t)cpu,
		.kind = kind,
	};
	trace.nr_events++;
	trace.nr_kind[kind]++;
}

static int make(unsigned int threads)
{
	opts.nr_threads = 1;
	if (replay_plan_make(&trace, &opts, &plan, msg))
		fail_msg("%s", msg);
	opts.nr_threads = threads;
	return replay_mappings_make(&trace, &plan, &opts, &m);
}

static void expect_step(unsigned int thread, uint32_t i, enum trace_kind kind, uint32_t place,
			uint64_t pages, uint64_t time_ns)
{
	const struct replay_step *step;

	assert_true(i < m.nr_steps[thread]);
	step = &m.steps[thread][i];
	assert_int_equal(step->kind, kind);
	assert_int_equal(step->place, place);
	assert_int_equal(step->time_ns, time_ns);
	assert_int_equal(m.mappings[step->mapping].size_bytes, pages * PAGE);
}

/* Mapped piece by piece, unmapped at once: it is there with the last piece. */
static void test_list(void **state)
{
	add(TRACE_MAP, 0, 100, 1);
	add(TRACE_MAP, 0, 101, 2);
	add(TRACE_MAP, 0, 103, 1);
	add(TRACE_UNMAP, 1, 100, 4);
	assert_int_equal(make(2), 0);
	assert_int_equal(m.nr, 1);
	assert_int_equal(m.nr_unmaps, 1);
	assert_int_equal(m.unmapped_bytes, 4 * PAGE);
	assert_int_equal(m.nr_steps[0], 1);
	assert_int_equal(m.nr_steps[1], 1);
	expect_step(0, 0, TRACE_MAP, 0, 4, 0);
	expect_step(1, 0, TRACE_UNMAP, 1, 4, 10);
	assert_int_equal(m.span_ns, 10);
	assert_int_equal(m.mappings[0].thread, 0);
	assert_int_equal(m.mappings[0].paddr, (0x10000 + 103) * PAGE);
}

/* Mapped at once, unmapped in parts: as many mappings, all there with that map. */
static void test_parts(void **state)
{
	add(TRACE_MAP, 0, 100, 4);
	add(TRACE_UNMAP, 0, 101, 1);
	add(TRACE_UNMAP, 0, 100, 1);
	assert_int_equal(make(1), 0);
	assert_int_equal(m.nr, 3);
	assert_int_equal(m.nr_unmaps, 2);
	assert_int_equal(m.unmapped_bytes, 2 * PAGE);
	assert_int_equal(m.nr_steps[0], 5);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(m.steps[0][i].kind, TRACE_MAP);
	expect_step(0, 3, TRACE_UNMAP, 3, 1, 10);
	expect_step(0, 4, TRACE_UNMAP, 4, 1, 20);
	/* The two pages that stay are one mapping. */
	assert_true(m.mappings[2].stays);
	assert_int_equal(m.mappings[2].size_bytes, 2 * PAGE);
	assert_false(m.mappings[0].stays || m.mappings[1].stays);
}

/* The same addresses again, and in two domains: different mappings. */
static void test_reuse(void **state)
{
	add(TRACE_MAP, 0, 100, 1);
	add(TRACE_MAP, 1, 100, 2);
	add(TRACE_UNMAP, 0, 100, 1);
	add(TRACE_MAP, 0, 100, 1);
	add(TRACE_UNMAP, 1, 100, 2);
	add(TRACE_UNMAP, 0, 100, 1);
	assert_int_equal(make(2), 0);
	assert_int_equal(plan.nr_domains, 2);
	assert_int_equal(m.nr, 3);
	assert_int_equal(m.nr_unmaps, 3);
	assert_int_equal(m.nr_steps[0], 4);
	assert_int_equal(m.nr_steps[1], 2);
	assert_true(m.steps[0][0].mapping != m.steps[0][2].mapping);
	assert_int_equal(m.steps[0][0].mapping, m.steps[0][1].mapping);
	assert_int_equal(m.peak, 2);
	assert_int_equal(m.peak_bytes, 3 * PAGE);
}

static void test_rounding(void **state)
{
	add(TRACE_MAP, 0, 100, 3);
	add(TRACE_UNMAP, 0, 100, 3);
	assert_int_equal(make(1), 0);
	assert_int_equal(m.peak_bytes, 4 * PAGE);
}

/* Each place once, each thread's in order. */
static void test_places(void **state)
{
	bool seen[MAX_EVENTS] = { false };
	uint32_t all = 0;

	for (unsigned int i = 0; i < 20; i++) {
		add(TRACE_MAP, i % 3, 100 + 2 * i, 1);
		if (i % 4)
			add(TRACE_UNMAP, (i + 1) % 3, 100 + 2 * i, 1);
	}
	assert_int_equal(make(3), 0);
	for (unsigned int t = 0; t < 3; t++) {
		for (uint32_t i = 0; i < m.nr_steps[t]; i++) {
			const struct replay_step *step = &m.steps[t][i];

			assert_true(step->place < MAX_EVENTS && !seen[step->place]);
			seen[step->place] = true;
			assert_true(!i || step->place > m.steps[t][i - 1].place);
		}
		all += m.nr_steps[t];
	}
	assert_int_equal(all, trace.nr_events);
	assert_int_equal(m.nr, 20);
	assert_int_equal(m.nr_unmaps, 15);
}

/* Blocks where the trace's addresses, both, allow them in every piece. */
static void test_blocks(void **state)
{
	add(TRACE_MAP, 0, 1024, 512);
	add(TRACE_MAP, 0, 2048, 512);
	add(TRACE_MAP, 0, 2560, 516); /* with the one before: one mapping */
	add(TRACE_MAP, 0, 4097, 512);
	add(TRACE_MAP, 0, 8192, 512);
	events[4].paddr += PAGE;
	add(TRACE_MAP, 0, 9216, 511);
	add(TRACE_MAP, 0, 10240, 1024);
	add(TRACE_UNMAP, 0, 1024, 512);
	add(TRACE_UNMAP, 0, 2048, 1028);
	add(TRACE_UNMAP, 0, 4097, 512);
	add(TRACE_UNMAP, 0, 8192, 512);
	add(TRACE_UNMAP, 0, 9216, 511);
	add(TRACE_UNMAP, 0, 10240 + 256, 512); /* out of the middle */
	assert_int_equal(make(1), 0);
	assert_int_equal(m.nr, 8);
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(m.mappings[i].blocks, i < 2);
}

static void test_nothing(void **state)
{
	add(TRACE_MAP, 0, 100, 1);
	assert_int_equal(make(1), -ENODATA);
	assert_null(m.mappings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_list, setup, teardown),
		cmocka_unit_test_setup_teardown(test_parts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reuse, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rounding, setup, teardown),
		cmocka_unit_test_setup_teardown(test_places, setup, teardown),
		cmocka_unit_test_setup_teardown(test_blocks, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
