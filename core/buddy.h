/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Free blocks of a space of pages, as bitmaps: a buddy system whose bookkeeping never touches the
 * pages.
 *
 * For each order a bitmap of the blocks of 1 << order pages that are free, and above it summaries,
 * a bit for each word that is not 0: the lowest free block is found in a few steps. Two buddies are
 * never both free: they would be one block of the next order. Not synchronised: the owner's lock is
 * around every call.
 */
#ifndef CORE_BUDDY_H
#define CORE_BUDDY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PT_BUDDY_MAX_LG2 24 /* pages; four levels of 64 */
#define PT_BUDDY_LEVELS	 4
#define PT_BUDDY_NONE	 UINT32_MAX

struct pt_buddy {
	uint32_t pages;
	uint32_t free_pages;
	unsigned int top;  /* the largest order */
	uint32_t nonempty; /* orders that have a free block */
	uint64_t *bits[PT_BUDDY_MAX_LG2 + 1][PT_BUDDY_LEVELS];
};

/* Memory for the bitmaps of so many pages, up to 1 << PT_BUDDY_MAX_LG2. */
size_t pt_buddy_bytes(uint32_t pages);

/* All pages are free. */
void pt_buddy_init(struct pt_buddy *b, uint32_t pages, void *memory);

/* The first page of 1 << order, aligned to as many, lowest first; or PT_BUDDY_NONE. */
uint32_t pt_buddy_alloc(struct pt_buddy *b, unsigned int order);
void pt_buddy_free(struct pt_buddy *b, uint32_t page, unsigned int order);

/* Is any of these pages free? */
bool pt_buddy_has_free(const struct pt_buddy *b, uint32_t page, unsigned int order);

bool pt_buddy_is_good(const struct pt_buddy *b);

#endif /* CORE_BUDDY_H */
