/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The checker: what each page of a context's window may be used for now, and what was done against
 * it.
 *
 * A page is free, mapped (or being mapped) to one frame, or being unmapped; the program under test
 * says when (through smmu.h), a device's accesses are compared with it. In addition each page
 * remembers the last invalidation that covered it, and the last complete one before that, so that a
 * release without one is found even when nothing stale happened to be cached. A command without a
 * range names one address and covers the block that translates it; a command with a level covers
 * leaves of that level only.
 *
 * Who writes what: word, stamp, head, level: the thread that owns the page's range, word with
 * release and read by devices with acquire; tlbi, earlier, all_*: consumers, under the SMMU's lock,
 * and read by owners with acquire; synced: its queue's consumer, with release, before the SYNC
 * completes. An owner that has waited for the SYNC sees them. The counts are relaxed atomics.
 */
#ifndef MODEL_CHECKER_H
#define MODEL_CHECKER_H

#include "model/iotlb.h"

#define MODEL_QUEUES   4
#define MODEL_CONTEXTS 4

enum model_violation {
	MODEL_USE_AFTER_RELEASE, /* a device translated an address after its release */
	MODEL_WRONG_FRAME,	 /* or reached a frame that is no longer, or never was, there */
	MODEL_LOST_MAPPING,	 /* a mapped address faulted */
	MODEL_STALE_AT_RELEASE,	 /* an address was released while the IOTLB held it */
	MODEL_NOT_INVALIDATED,	 /* or with no completed invalidation since its unmap began */
	MODEL_IOVA_REUSE,	 /* an address was mapped while the IOTLB still held it */
	MODEL_TABLE_REUSE,	 /* a table was freed while the walk cache pointed to it */
	MODEL_FREED_TABLE,	 /* a walk read a freed table */
	MODEL_UNCLEAN_TABLE,	 /* a walk read a table that nobody cleaned */
	MODEL_BAD_DESCRIPTOR,	 /* a walk read something that the format does not have */
	MODEL_BREAK_BEFORE_MAKE, /* a valid translation replaced a valid one that was cached */
	MODEL_BAD_COMMAND,	 /* an unpredictable command */
	MODEL_BAD_FREE,		 /* a table was freed twice, or as zero when it was not */
	MODEL_VIOLATIONS,
};

struct checker_page {
	uint64_t word;	/* state, frame, generation */
	uint64_t stamp; /* the SMMU's sequence number when its unmap began */
	/* Of each queue, the last invalidation that named it, as sequence, level, queue; and one
	 * before that was complete: the last may be another thread's, that nobody waited for. */
	uint64_t tlbi[MODEL_QUEUES], earlier[MODEL_QUEUES];
	uint32_t head; /* the first page of the block that it was mapped by */
	uint8_t level; /* of that leaf */
};

struct checker_window {
	struct model_tag tag;
	uint64_t iova;
	unsigned int granule_lg2;
	size_t pages;
	struct checker_page *page;
	uint64_t all_done;		    /* the last completed invalidation of everything */
	uint64_t all_pending[MODEL_QUEUES]; /* one that no SYNC has completed yet */
};

struct checker {
	struct checker_window window[MODEL_CONTEXTS];
	unsigned int windows;
	uint64_t synced[MODEL_QUEUES]; /* sequence numbers up to here are complete */
	uint64_t count[MODEL_VIOLATIONS];
	uint64_t total;
	char first[160]; /* the first one, in words */
};

const char *checker_name(enum model_violation v);
void checker_report(struct checker *c, enum model_violation v, uint64_t iova, uint64_t detail);
uint64_t checker_total(const struct checker *c);

struct checker_window *checker_add_window(struct checker *c, struct model_tag tag, uint64_t iova,
					  size_t pages, unsigned int granule_lg2);
void checker_fini(struct checker *c);

/* By the owner of the range. */
void checker_map_begin(struct checker_window *w, uint64_t iova, uint64_t size, uint64_t pa);
void checker_map_end(struct checker_window *w, uint64_t iova, uint64_t size);
/* The range lies in one block of block_bytes, a leaf of this level. */
void checker_unmap_begin(struct checker_window *w, uint64_t iova, uint64_t size, uint64_t seq,
			 uint64_t block_bytes, unsigned int level);
void checker_release(struct checker *c, struct checker_window *w, uint64_t iova, uint64_t size);

/* By consumers. */
void checker_invalidated(struct checker *c, const struct model_inval *inval, uint64_t seq,
			 unsigned int queue);
void checker_sync(struct checker *c, uint64_t seq, unsigned int queue);

/* By devices: what the page was before an access; then what the access found. */
uint64_t checker_look(const struct checker_window *w, uint64_t iova);
void checker_touch(struct checker *c, const struct checker_window *w, uint64_t iova, uint64_t pa);
void checker_fault(struct checker *c, const struct checker_window *w, uint64_t iova,
		   uint64_t before);

#endif /* MODEL_CHECKER_H */
