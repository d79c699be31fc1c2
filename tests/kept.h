/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For tests with threads: memory hooks that remember what was done to tables that were freed, and a
 * driver that remembers what its thread has not synced.
 *
 * Freed memory is poisoned and kept for a while, and looked at before it is used again: whoever
 * writes to a table after it was freed is found. So is a table that is freed as zero and is not,
 * and one that is freed by a thread that has asked for tables to be invalidated and not waited for
 * it. (Leaves may wait in the caller's gather: then a table that lost the race to be installed is
 * freed all the same. So use none for whole tables.)
 */
#ifndef TESTS_KEPT_H
#define TESTS_KEPT_H

#include "support.h"

extern const struct io_pgtable_mem kept_mem;
extern const struct iommu_gather_ops kept_driver;

/*
 * Tables that the calling thread has freed without an invalidation of tables, and its sync, since
 * it allocated one, or asked for another invalidation. One that nobody has seen may be: it lost the
 * race to be installed.
 */
size_t kept_unannounced(void);

/* All is forgotten, and all must have come back, unharmed: fails if not. */
void kept_end(void);

#endif /* TESTS_KEPT_H */
