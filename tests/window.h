/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Table memory at physical addresses that are known: what a driver would program, and what a walker
 * would read, can be compared with values written by hand. Tables come one behind the other, each
 * at its natural alignment, the root first; nothing is reused.
 */
#ifndef TESTS_WINDOW_H
#define TESTS_WINDOW_H

#include "support.h"

/* The hooks translate by this, so that registers do not depend on where the process's memory is. */
#define PA_BASE (SZ_1G * 2)

/* A table whose root is at PA_BASE; cfg gets the hooks and loses its callbacks. */
struct io_pgtable *window_make(enum io_pgtable_fmt fmt, struct io_pgtable_cfg *cfg);

/* The descriptor at an index of the table at a physical address. */
uint64_t desc_at(uint64_t table_pa, size_t index);

/* It is what was put together by hand from the source, which is printed if not. */
void expect_desc(uint64_t table_pa, size_t index, uint64_t desc, const char *source);

/* What section numbers are of: they differ by issue. */
#define ARM_ARM "ARM DDI 0487L.a, "

int window_setup(void **state);
int window_teardown(void **state);

#endif /* TESTS_WINDOW_H */
