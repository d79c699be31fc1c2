// SPDX-License-Identifier: GPL-2.0-only
/*
 * histogram: buckets. See histogram.h.
 *
 * A bucket is an octave of the time in units of 1/1024 ns, and the five bits below its highest.
 */
#include "histogram.h"

static const double UNITS_PER_NS = 1024;

static unsigned int bucket_of(double ns)
{
	double units = ns * UNITS_PER_NS;
	unsigned int octave;
	uint64_t value;

	if (!(units >= 32))
		return units > 0 ? (unsigned int)units : 0;
	if (units >= (double)(1ull << 48))
		return HISTOGRAM_BUCKETS - 1;
	value = (uint64_t)units;
	octave = 63 - (unsigned int)__builtin_clzll(value) - HISTOGRAM_STEPS_LG2;
	return (octave << HISTOGRAM_STEPS_LG2) + (unsigned int)(value >> octave);
}

/* The inverse: of its middle. */
static double middle_of(unsigned int bucket)
{
	unsigned int octave = bucket >> HISTOGRAM_STEPS_LG2;
	double step = 1;

	if (octave)
		octave--;
	bucket -= octave << HISTOGRAM_STEPS_LG2;
	for (unsigned int i = 0; i < octave; i++)
		step *= 2;
	return (bucket + 0.5) * step / UNITS_PER_NS;
}

void histogram_add(struct histogram *h, double ns)
{
	h->bucket[bucket_of(ns)]++;
	h->nr++;
}

void histogram_merge(struct histogram *to, const struct histogram *from)
{
	to->nr += from->nr;
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++)
		to->bucket[i] += from->bucket[i];
}

double histogram_quantile(const struct histogram *h, double q)
{
	uint64_t rank = (uint64_t)(q * (double)h->nr), seen = 0;

	if (!h->nr)
		return 0;
	if (rank >= h->nr)
		rank = h->nr - 1;
	for (unsigned int i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += h->bucket[i];
		if (seen > rank)
			return middle_of(i);
	}
	return middle_of(HISTOGRAM_BUCKETS - 1);
}
