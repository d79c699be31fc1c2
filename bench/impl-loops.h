/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * impl-loops: the timed loops, to be stamped once per implementation.
 *
 * A struct impl_calls of always-inline functions is passed as a compile-time constant, so that
 * the compiler puts the implementation's own call into the loop. Invariants: apart from that call
 * an iteration is an addition, or a load from an array that is read in order, and the sum of what
 * the calls return: no branch on results, no check, nothing that grows with the batch.
 */
#ifndef BENCH_IMPL_LOOPS_H
#define BENCH_IMPL_LOOPS_H

#include "impl.h"

#define IMPL_INLINE static inline __attribute__((always_inline))

/**
 * struct impl_calls - the operations of one implementation, all always-inline
 * @map: returns the bytes that were mapped
 * @unmap: @gather is NULL for strict; returns the bytes that were unmapped
 * @translate: 0 if unmapped
 */
struct impl_calls {
	size_t (*map)(void *table, uint64_t iova, phys_addr_t pa, size_t pgsize, size_t pgcount,
		      int prot);
	size_t (*unmap)(void *table, uint64_t iova, size_t pgsize, size_t pgcount, void *gather);
	phys_addr_t (*translate)(void *table, uint64_t iova);
};

enum impl_what { IMPL_MAP = 1, IMPL_UNMAP = 2, IMPL_TRANSLATE = 4 };

IMPL_INLINE uint64_t impl_one(const struct impl_calls *f, enum impl_what what, void *table,
			      const struct bench_calls *c, uint64_t iova, void *gather)
{
	uint64_t sum = 0;

	if (what & IMPL_MAP)
		sum = f->map(table, iova, iova ^ c->pa_xor, c->pgsize, c->pgcount, c->prot);
	if (what & IMPL_UNMAP)
		sum = f->unmap(table, iova, c->pgsize, c->pgcount, gather);
	if (what & IMPL_TRANSLATE)
		sum = f->translate(table, iova | (c->pgsize >> 1));
	return sum;
}

/* The calls by value: what they point to may not change under the compiler's nose. */
IMPL_INLINE uint64_t impl_loop(const struct impl_calls *f, enum impl_what what, void *table,
			       const struct bench_calls *calls, void *gather)
{
	const struct bench_calls c = *calls;
	uint64_t sum = 0;

	if (c.index) {
		for (size_t i = 0; i < c.nr; i++)
			sum += impl_one(f, what, table, &c, c.base + c.index[i] * c.stride, gather);
	} else {
		for (size_t i = 0; i < c.nr; i++)
			sum += impl_one(f, what, table, &c, c.base + i * c.stride, gather);
	}
	return sum;
}

#endif /* BENCH_IMPL_LOOPS_H */
