/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whole tables with the widest vectors the processor has: filling one that nobody else can reach
 * yet, and looking at any.
 *
 * Which version that is, is decided once, when the first domain is made; the library itself is
 * compiled for the architecture's baseline. Only private tables are filled: a walker may be reading
 * live ones, and no vendor promises that the lanes of a 32-byte store are atomic (core/run.h).
 */
#ifndef CORE_FILL_H
#define CORE_FILL_H

#include "core/run.h"

/* n descriptors from p on: desc, desc + step ... */
typedef void pt_fill_fn(pt_entry *p, size_t n, uint64_t desc, uint64_t step);

/* run_bits() of n descriptors from p on. */
typedef struct run_bits pt_bits_fn(const pt_entry *p, size_t n);

/* Bit i: p[i], of at most 64, has under mask what value has. */
typedef uint64_t pt_match_fn(const pt_entry *p, unsigned int n, uint64_t mask, uint64_t value);

struct pt_vectors {
	pt_fill_fn *fill;
	/* Past the caches, in order before anything later; whole lines only; or NULL. */
	pt_fill_fn *fill_past;
	pt_bits_fn *bits;
	pt_match_fn *match;
};

/* The version for this processor. */
const struct pt_vectors *pt_vectors_choose(void);

/* Every version that was compiled, the baseline first. */
extern const struct pt_vectors pt_vectors_versions[];
extern const unsigned int pt_vectors_nr;

#endif /* CORE_FILL_H */
