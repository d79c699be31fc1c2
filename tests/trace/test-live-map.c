// SPDX-License-Identifier: GPL-2.0-only
/*
 * test-live-map: the spans of an address space, against a plain array of pages.
 */
#include "support-trace.h"

#include <string.h>

#include "live-map.h"

#define NR_PAGES 512u
#define NR_STEPS 200000u

static uint32_t seed = 12345;

static uint32_t below(uint32_t limit)
{
	seed = seed * 1664525u + 1013904223u;
	return (uint32_t)(((uint64_t)seed * limit) >> 32);
}

/* The first span that has a page of [start, last], from the array: page -> its span's start + 1. */
static uint32_t model_find(const uint32_t *owner, uint32_t start, uint32_t last)
{
	uint32_t page;

	for (page = start; page <= last; page++)
		if (owner[page])
			return owner[page];
	return 0;
}

static void check_find(const struct live_map *map, const uint32_t *owner, uint32_t start,
		       uint32_t last)
{
	uint32_t pos = live_map_find(map, start, last);
	uint32_t expected = model_find(owner, start, last);

	if (!expected) {
		assert_int_equal(pos, LIVE_NONE);
		return;
	}
	assert_int_not_equal(pos, LIVE_NONE);
	assert_int_equal(live_map_at(map, pos)->start, expected - 1);
}

static void test_random(void **state)
{
	uint32_t owner[NR_PAGES] = { 0 }, step, start, last, page, pos;
	struct live_span span;
	struct live_map map;

	live_map_init(&map);
	for (step = 0; step < NR_STEPS; step++) {
		start = below(NR_PAGES);
		last = start + below(NR_PAGES - start < 20 ? NR_PAGES - start : 20);
		check_find(&map, owner, start, last);
		pos = live_map_find(&map, start, last);
		if (pos == LIVE_NONE) {
			span = (struct live_span){ .start = start, .last = last, .paddr = step };
			assert_int_equal(live_map_add(&map, &span), 0);
			for (page = start; page <= last; page++)
				owner[page] = start + 1;
		} else if (below(2)) {
			span = *live_map_at(&map, pos);
			live_map_remove(&map, span.start);
			for (page = (uint32_t)span.start; page <= span.last; page++)
				owner[page] = 0;
		}
	}
	/* Removed nodes are used again: there are never more than pages. */
	assert_true(map.nr_nodes <= NR_PAGES);
	live_map_free(&map);
}

static void test_ends_of_the_space(void **state)
{
	struct live_span low = { .start = 0, .last = 4095 };
	struct live_span high = { .start = UINT64_MAX - 4095, .last = UINT64_MAX };
	struct live_map map;

	live_map_init(&map);
	assert_int_equal(live_map_find(&map, 0, UINT64_MAX), LIVE_NONE);
	assert_int_equal(live_map_add(&map, &high), 0);
	assert_int_equal(live_map_add(&map, &low), 0);
	assert_int_equal(live_map_at(&map, live_map_find(&map, 0, UINT64_MAX))->start, 0);
	assert_int_equal(live_map_at(&map, live_map_find(&map, 4096, UINT64_MAX))->start,
			 high.start);
	assert_int_equal(live_map_find(&map, 4096, high.start - 1), LIVE_NONE);
	live_map_remove(&map, 12345);
	live_map_remove(&map, high.start);
	assert_int_equal(live_map_find(&map, 4096, UINT64_MAX), LIVE_NONE);
	live_map_free(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_ends_of_the_space),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
