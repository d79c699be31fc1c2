/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stats: order statistics of samples.
 *
 * Invariant: stats_quantile() is given what stats_sort() sorted, and at least one value.
 */
#ifndef BENCH_STATS_H
#define BENCH_STATS_H

#include <stddef.h>

/**
 * stats_sort() - sort ascending
 * @value: the samples
 * @nr: how many
 */
void stats_sort(double *value, size_t nr);

/**
 * stats_quantile() - a quantile, interpolated between neighbours
 * @value: sorted samples
 * @nr: how many, not 0
 * @q: 0 to 1; 0.5 is the median
 */
double stats_quantile(const double *value, size_t nr, double q);

#endif /* BENCH_STATS_H */
