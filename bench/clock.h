/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * clock: the one clock of the benchmarks, and what reading it costs.
 *
 * Invariants: times are nanoseconds of CLOCK_MONOTONIC; bench_clock_calibrate() has run before
 * bench_clock_span(); a span that is shorter than the cost of reading the clock counts as 0, never
 * as a negative time.
 */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stdint.h>
#include <time.h>

/**
 * struct bench_clock - what the calibration found
 * @tick_ns: the smallest step between two readings that differ; 50 of them make a valid sample
 * @overhead_ns: what the pair of readings around a span adds to it
 */
struct bench_clock {
	double tick_ns;
	double overhead_ns;
};

extern struct bench_clock bench_clock;

/**
 * bench_clock_calibrate() - measure the clock; call once, before any other thread starts
 */
void bench_clock_calibrate(void);

static inline uint64_t bench_clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

/* The time from @start to @end with the cost of the readings taken off. */
static inline double bench_clock_span(uint64_t start_ns, uint64_t end_ns)
{
	double ns = (double)(end_ns - start_ns) - bench_clock.overhead_ns;

	return ns > 0 ? ns : 0;
}

#endif /* BENCH_CLOCK_H */
