// SPDX-License-Identifier: GPL-2.0-only
/*
 * stats: order statistics of samples. See stats.h.
 */
#include "stats.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void stats_sort(double *value, size_t nr)
{
	qsort(value, nr, sizeof(*value), compare);
}

double stats_quantile(const double *value, size_t nr, double q)
{
	double rank = q * (double)(nr - 1);
	size_t below = (size_t)rank;

	if (below + 1 >= nr)
		return value[nr - 1];
	return value[below] + (rank - (double)below) * (value[below + 1] - value[below]);
}
