/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * permute: distinct pseudo-random numbers below a bound, in an order that does not repeat.
 *
 * A bijection of the 2^bits numbers around the bound, walked until it lands below the bound.
 * Invariant: permute_at() of different positions gives different numbers; the same seed gives the
 * same order on every host.
 */
#ifndef BENCH_PERMUTE_H
#define BENCH_PERMUTE_H

#include <stdint.h>

struct permute {
	uint64_t nr;
	uint64_t mask;
	unsigned int shift;
	uint64_t seed;
};

static inline struct permute permute_make(uint64_t nr, uint64_t seed)
{
	unsigned int bits = 1;

	while (bits < 63 && 1ull << bits < nr)
		bits++;
	return (struct permute){ nr, (1ull << bits) - 1, (bits + 1) / 2, seed };
}

/* Multiplying by an odd number and folding the upper half down are both bijections of 2^bits. */
static inline uint64_t permute_mix(const struct permute *p, uint64_t x)
{
	for (int round = 0; round < 3; round++) {
		x = (x * 0x9e3779b97f4a7c15ull + p->seed) & p->mask;
		x ^= x >> p->shift;
	}
	return x;
}

/* The number at a position below p->nr. */
static inline uint64_t permute_at(const struct permute *p, uint64_t position)
{
	uint64_t x = permute_mix(p, position);

	while (x >= p->nr)
		x = permute_mix(p, x);
	return x;
}

#endif /* BENCH_PERMUTE_H */
