/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * region: what a benchmark times, and where something else may be switched on for exactly that.
 *
 * Invariants: the hook is looked at before the clock is read the first time and after it was read
 * the second time, so a region without a hook costs what two readings cost; who sets a hook takes
 * no times from the regions that ran under it.
 */
#ifndef BENCH_REGION_H
#define BENCH_REGION_H

#include <stddef.h>

#include "clock.h"

/**
 * struct region_hook - what to do around each region of a thread
 * @begin: before it
 * @end: after it
 * @arg: passed to both
 */
struct region_hook {
	void (*begin)(void *arg);
	void (*end)(void *arg);
	void *arg;
};

/* Of this thread; NULL while samples are taken. Defined in counters.c. */
extern _Thread_local const struct region_hook *region_hook;

/* For who reads the clock for the first time by itself: directly before that. */
static inline void region_enter(void)
{
	if (__builtin_expect(region_hook != NULL, 0))
		region_hook->begin(region_hook->arg);
}

static inline uint64_t region_begin(void)
{
	region_enter();
	return bench_clock_ns();
}

/* For who reads the clock for the last time by itself: directly after that. */
static inline void region_leave(void)
{
	if (__builtin_expect(region_hook != NULL, 0))
		region_hook->end(region_hook->arg);
}

static inline double region_end(uint64_t start_ns)
{
	uint64_t end_ns = bench_clock_ns();

	region_leave();
	return bench_clock_span(start_ns, end_ns);
}

#endif /* BENCH_REGION_H */
