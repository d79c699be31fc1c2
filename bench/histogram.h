/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * histogram: how often which time was seen, in bounded memory, whatever the number of times.
 *
 * Buckets are 1/32 of their lower bound wide: a quantile is off by at most 1.6%. Invariants: times
 * are nanoseconds, kept from 1/1024 to 2^38; what is beyond counts as the nearest that is kept. One
 * thread adds; merging is for when it no longer does.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

enum {
	HISTOGRAM_STEPS_LG2 = 5,
	HISTOGRAM_OCTAVES = 44,
	HISTOGRAM_BUCKETS = HISTOGRAM_OCTAVES << HISTOGRAM_STEPS_LG2,
};

/**
 * struct histogram - the counts; all zero is an empty one
 * @nr: of all
 * @bucket: of each
 */
struct histogram {
	uint64_t nr;
	uint32_t bucket[HISTOGRAM_BUCKETS];
};

/**
 * histogram_add() - one more
 * @h: the histogram
 * @ns: the time
 */
void histogram_add(struct histogram *h, double ns);

/**
 * histogram_merge() - all of another
 * @to: grows
 * @from: does not change
 */
void histogram_merge(struct histogram *to, const struct histogram *from);

/**
 * histogram_quantile() - a quantile
 * @h: the histogram
 * @q: 0 to 1
 *
 * Return: the middle of the bucket that it is in; 0 for an empty histogram.
 */
double histogram_quantile(const struct histogram *h, double q);

#endif /* BENCH_HISTOGRAM_H */
