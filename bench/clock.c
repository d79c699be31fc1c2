// SPDX-License-Identifier: GPL-2.0-only
/*
 * clock: calibration.
 *
 * Two readings in a row give both numbers: their smallest non-zero difference is a tick as this
 * process sees it (never less than the true one), their median is the overhead. The median, not
 * the mean: an interrupt during the calibration must not be subtracted from every sample.
 */
#include "clock.h"

#include "stats.h"

struct bench_clock bench_clock;

enum { NR_READINGS = 4001, NR_WARM_UP = 1000 };

void bench_clock_calibrate(void)
{
	static double diff[NR_READINGS];
	double tick = 0;

	for (int i = -NR_WARM_UP; i < NR_READINGS; i++) {
		uint64_t start = bench_clock_ns();
		double ns = (double)(bench_clock_ns() - start);

		if (i >= 0)
			diff[i] = ns;
		if (ns > 0 && (tick == 0 || ns < tick))
			tick = ns;
	}
	bench_clock.tick_ns = tick > 0 ? tick : 1000;
	stats_sort(diff, NR_READINGS);
	bench_clock.overhead_ns = stats_quantile(diff, NR_READINGS, 0.5);
}
