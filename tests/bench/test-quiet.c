// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rule for which samples count (bench/quiet.h): each of its conditions alone makes a sample not
 * count. Whether one does count depends on the host, so that is only reported.
 */
#include <stdio.h>
#include <stdlib.h>

#include "clock.h"
#include "quiet.h"

static void expect(bool condition, const char *what)
{
	if (condition)
		return;
	fprintf(stderr, "test-quiet: %s\n", what);
	exit(1);
}

int main(void)
{
	struct quiet_mark mark;
	int counted = 0;

	bench_clock_calibrate();
	quiet_calibrate();
	for (int i = 0; i < 1000; i++) {
		mark = quiet_begin();
		counted += quiet_end(&mark);
		mark.full_speed = false;
		expect(!quiet_end(&mark), "a sample after a slow burst counts");
		mark = quiet_begin();
		mark.preempted--;
		expect(!quiet_end(&mark), "a sample with a preemption counts");
	}
	printf("%d of 1000 empty samples counted\n", counted);
	return 0;
}
