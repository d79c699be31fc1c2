/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a configuration in the kernel's words comes back as, in types of neither side: asked of the
 * kernel's code and of io-pgtable-linux.h by the same source (cfg-outcome.c).
 */
#ifndef TESTS_PEERS_CFG_OUTCOME_H
#define TESTS_PEERS_CFG_OUTCOME_H

#include <stdbool.h>
#include <stdint.h>

enum { CFG_REGISTERS = 8 };

/**
 * struct cfg_outcome - in and out
 * @fmt: in the kernel's order
 * @quirks: in the kernel's numbers
 * @snoops: coherent_walk
 * @sizes: pgsize_bitmap
 * @ias: input address bits
 * @oas: output address bits
 * @reg: out: the fields that a driver programs, less addresses
 */
struct cfg_outcome {
	unsigned int fmt;
	unsigned long quirks;
	bool snoops;
	uint64_t sizes;
	unsigned int ias, oas;
	uint64_t reg[CFG_REGISTERS];
};

/* Makes a table and frees it. False: it was refused, and *o is as it was. */
bool kernel_outcome(struct cfg_outcome *o);
bool library_outcome(struct cfg_outcome *o);

#endif /* TESTS_PEERS_CFG_OUTCOME_H */
