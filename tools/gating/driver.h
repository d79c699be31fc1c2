/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * driver: what tools/gate loads of a revision: a shared object with the library linked into it.
 *
 * Each revision's driver is compiled against that revision's headers, so this interface is all that
 * two revisions have in common. Invariants: abi stays the first field and gate_driver() the name,
 * in every version; GATE_DRIVER_ABI changes with the structure and with what a case does, so that
 * two drivers of one version do the same work under the same name; nothing else is visible.
 */
#ifndef GATING_DRIVER_H
#define GATING_DRIVER_H

#include <stdint.h>

enum { GATE_DRIVER_ABI = 1 };

/**
 * struct gate_driver - a revision
 * @abi: GATE_DRIVER_ABI of the driver.h that it was compiled with
 * @cases: how many there are
 * @name: of a case
 * @open: a table, and what the case needs in it; NULL if that cannot be had
 * @run: @operations of the case, which leave the table as they found it; returns a sum of the
 *	results, which depends on the number of operations only
 * @close: frees what open made
 * @delay: NULL but in a copy with a planted slowdown (GATE_PLANT): from now on each run() is
 *	followed by this many rounds of a chain of dependent instructions
 */
struct gate_driver {
	uint32_t abi;
	uint32_t cases;
	const char *(*name)(uint32_t i);
	void *(*open)(uint32_t i);
	uint64_t (*run)(void *state, uint64_t operations);
	void (*close)(void *state);
	void (*delay)(uint64_t rounds);
};

/**
 * gate_driver() - the only symbol of a driver
 */
const struct gate_driver *gate_driver(void);

#endif /* GATING_DRIVER_H */
