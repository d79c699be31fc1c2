/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Filling a table that nobody else can reach yet, with the widest stores the processor has.
 *
 * Which version that is, is decided once, when the first domain is made; the library itself is
 * compiled for the architecture's baseline. Only private tables: a walker may be reading live ones,
 * and no vendor promises that the lanes of a 32-byte store are atomic (core/run.h).
 */
#ifndef CORE_FILL_H
#define CORE_FILL_H

#include <stddef.h>
#include <stdint.h>

/* n descriptors from p on: desc, desc + step ... */
typedef void pt_fill_fn(uint64_t *p, size_t n, uint64_t desc, uint64_t step);

/* The version for this processor. */
pt_fill_fn *pt_fill_choose(void);

/* Every version that was compiled, the baseline first, ended by NULL. */
extern pt_fill_fn *const pt_fill_versions[];

#endif /* CORE_FILL_H */
