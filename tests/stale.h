/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Windows of input addresses: what is mapped there, page by page, and what a TLB and walk caches
 * may still hold of it.
 *
 * A page is one word: its output address plus one, and PAGE_READ_ONLY; 0: nothing. The TLB has such
 * a word for each page, and where a walk has told it the size of the leaf as well. A walk cache has
 * one bit for each table that a walk has led through. Both lose only what the driver is asked to
 * invalidate: the tables only by what is not a leaf.
 */
#ifndef TESTS_STALE_H
#define TESTS_STALE_H

#include "io-pgtable-walk.h"
#include "support.h"

#define MAX_WINDOWS    4
#define PAGE_READ_ONLY 2
#define TABLE_LEVELS   3 /* levels of table descriptors that are kept: 1 and 2 */

struct window {
	uint64_t iova;
	size_t pages;
	uint64_t *page;
	uint64_t *tlb;
	uint8_t *tlb_lg2; /* log2 of the leaf's bytes, 0: not known */
	bool *walked[TABLE_LEVELS];
};

extern struct window window[MAX_WINDOWS];
extern size_t nr_windows;

/*
 * At the bottom, across boundaries of every level, at the top, and one with room for a large block.
 */
void windows_make(const struct variant *v);
void windows_free(void);

/* The driver is asked to invalidate this. */
void stale_drop(uint64_t iova, uint64_t size, bool leaf);

/* A page is used: the TLB has it. */
void stale_use(struct window *w, size_t page);

/* The same, and the walk has found this leaf. */
void stale_walk(struct window *w, size_t page, const struct io_pgtable_walk_entry *leaf);

/*
 * Could a page of these, which are synced, still be translated as it no longer is? Its index, or
 * first + n.
 */
size_t stale_page(const struct window *w, size_t first, size_t n);

/* Is there one with another size than this leaf of the window, or a table where it is now? */
bool stale_behind_leaf(const struct window *w, const struct io_pgtable_walk_entry *leaf);

#endif /* TESTS_STALE_H */
