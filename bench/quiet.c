// SPDX-License-Identifier: GPL-2.0-only
/*
 * quiet: the burst, and when a sample counts. See quiet.h.
 *
 * Who synchronises with whom: the fastest burst is shared by all threads, which all lower it and
 * never need it to be ordered with anything.
 */
#define _GNU_SOURCE
#include "quiet.h"

#include <stdatomic.h>
#include <sys/resource.h>

#include "clock.h"

enum {
	BURST_ROUNDS = 2400, /* about 3 us: short against a sample, long against the clock */
	CALIBRATION_BURSTS = 3000,
};

static _Atomic double fastest_ns;

/*
 * Chains that do not wait for one another: a chain of dependent instructions would leave units
 * idle, and a neighbour could use those unseen.
 */
static __attribute__((noinline)) uint64_t burst(uint64_t a)
{
	uint64_t b = a ^ 1, c = a ^ 2, d = a ^ 3, e = a ^ 4, f = a ^ 5, g = a ^ 6, h = a ^ 7;

	for (int i = 0; i < BURST_ROUNDS; i++) {
		a = a * 0x9e3779b97f4a7c15ull + 1;
		b = b * 0x9e3779b97f4a7c15ull + 1;
		c = (c ^ c >> 7) + 0x1234567;
		d = (d ^ d >> 9) + 0x1234567;
		e = (e ^ e << 5) + 0x1234567;
		f = (f ^ f << 3) + 0x1234567;
		g = (g + (g >> 11)) ^ 0x1234567;
		h = (h + (h >> 13)) ^ 0x1234567;
		/* Kept apart, so that no compiler packs chains into one vector register. */
		__asm__ volatile("" : "+r"(c), "+r"(d), "+r"(e), "+r"(f), "+r"(g), "+r"(h));
	}
	return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h;
}

static double burst_ns(void)
{
	uint64_t start = bench_clock_ns(), result = burst(start);
	double ns, best = atomic_load_explicit(&fastest_ns, memory_order_relaxed);

	__asm__ volatile("" ::"r"(result));
	ns = bench_clock_span(start, bench_clock_ns());
	while ((best == 0 || ns < best) &&
	       !atomic_compare_exchange_weak_explicit(&fastest_ns, &best, ns, memory_order_relaxed,
						      memory_order_relaxed))
		;
	return ns;
}

static bool at_full_speed(void)
{
	double ns = burst_ns();

	return ns <=
	       atomic_load_explicit(&fastest_ns, memory_order_relaxed) * (1 + QUIET_TOLERANCE);
}

static long preempted(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) ? 0 : usage.ru_nivcsw;
}

void quiet_calibrate(void)
{
	for (int i = 0; i < CALIBRATION_BURSTS; i++)
		burst_ns();
}

struct quiet_mark quiet_begin(void)
{
	struct quiet_mark mark = { .preempted = preempted() };

	mark.full_speed = at_full_speed();
	return mark;
}

bool quiet_end(const struct quiet_mark *mark)
{
	bool full_speed = at_full_speed();

	return mark->full_speed && full_speed && preempted() == mark->preempted;
}
