/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * l1d: a model of a first-level data cache, for icount: how many lines a piece of code touches that
 * it has not touched lately.
 *
 * 64 KiB in 4 ways of 64-byte lines, the size of a Neoverse N1's (its TRM, "L1 memory system"),
 * indexed by virtual address, least recently used out first, loads and stores alike, no prefetcher.
 * It is a model: a miss here is no time, and what it leaves out (DC ZVA, which touches no line in
 * it) is left out for everybody. Invariant: the same addresses in the same order give the same
 * misses.
 */
#ifndef ICOUNT_L1D_H
#define ICOUNT_L1D_H

#include <stdbool.h>
#include <stdint.h>

enum { L1D_LINE_LG2 = 6, L1D_SETS = 256, L1D_WAYS = 4 };

/* A way is empty until it was used: the clock begins at 1. Tags are line numbers plus 1. */
struct l1d {
	uint64_t tag[L1D_SETS][L1D_WAYS];
	uint64_t used[L1D_SETS][L1D_WAYS];
	uint64_t clock;
};

/* Was it a miss? */
static inline bool l1d_access(struct l1d *c, uint64_t address)
{
	uint64_t tag = (address >> L1D_LINE_LG2) + 1;
	unsigned int set = (unsigned int)(address >> L1D_LINE_LG2) % L1D_SETS, oldest = 0;

	c->clock++;
	for (unsigned int way = 0; way < L1D_WAYS; way++) {
		if (c->tag[set][way] == tag) {
			c->used[set][way] = c->clock;
			return false;
		}
		if (c->used[set][way] < c->used[set][oldest])
			oldest = way;
	}
	c->tag[set][oldest] = tag;
	c->used[set][oldest] = c->clock;
	return true;
}

#endif /* ICOUNT_L1D_H */
