/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the framework finds the formats: the table that fmt/registry.c defines. core/ knows no format
 * by name; a build without one leaves its entry NULL.
 */
#ifndef CORE_FRAMEWORK_H
#define CORE_FRAMEWORK_H

#include "io-pgtable.h"

/**
 * struct io_pgtable_init_fns - how tables of one format are made and ended
 * @check: 0, or why this configuration cannot be had (io_pgtable_check_cfg)
 * @alloc: makes a table of a configuration that @check accepted and fills in its registers; NULL if
 *	there is no memory
 * @free: ends a table, after the whole TLB context was invalidated
 */
struct io_pgtable_init_fns {
	int (*check)(const struct io_pgtable_cfg *cfg);
	struct io_pgtable *(*alloc)(struct io_pgtable_cfg *cfg, void *cookie);
	void (*free)(struct io_pgtable *iop);
};

extern const struct io_pgtable_init_fns *const io_pgtable_init_table[IO_PGTABLE_NUM_FMTS];

#endif /* CORE_FRAMEWORK_H */
