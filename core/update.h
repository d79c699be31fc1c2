/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dirty state for who keeps it another way than io_pgtable_read_and_clear_dirty() does
 * (core/update.c).
 */
#ifndef CORE_UPDATE_H
#define CORE_UPDATE_H

#include "io-pgtable.h"

/*
 * So many bytes from iova on have been written to: a run of pages, or what the range has of a
 * block.
 */
typedef void (*pt_dirty_note)(void *ctx, uint64_t iova, uint64_t bytes);

/*
 * io_pgtable_read_and_clear_dirty() with a call for each run in the place of bits. It is left to
 * the caller to invalidate what was cleared, of which nothing lies outside of the runs. The note
 * may not use the table.
 */
int pt_dirty_each(struct io_pgtable *iop, uint64_t iova, size_t size, unsigned int flags,
		  pt_dirty_note note, void *ctx);

#endif /* CORE_UPDATE_H */
