/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * subject: what is counted, as count-ops.c sees it: a page table of one implementation and the
 * operations on it. One implementation is linked into a program: subject-core.c (count-ops) or
 * subject-linux.c (count-linux).
 *
 * Invariants: an operation is one call as a driver makes it, in a function that nothing is inlined
 * into; no operation calls malloc() or the operating system once it has run before.
 */
#ifndef TESTS_COUNTS_SUBJECT_H
#define TESTS_COUNTS_SUBJECT_H

#include "io-pgtable.h"

#ifdef __has_attribute
#if __has_attribute(noipa)
#define OPAQUE __attribute__((noipa))
#endif
#endif
#ifndef OPAQUE
#define OPAQUE __attribute__((__noinline__))
#endif
#define COUNT_INLINE static inline __attribute__((__always_inline__))

#define COUNT_PROT (IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)

enum {
	LIST = 64,	      /* addresses of a batch, pieces of a scatter list */
	CALLS_PER_SYNC = 16,  /* of queued unmaps */
	POPULATE_CALLS = 512, /* of whole leaf tables */
	TAIL = 1,	      /* pages behind the block of a mixed range */
	GATHER_BYTES = 2048,  /* room for an implementation's gather */
	DIRTY_PAGES = 1024,   /* of a call that reads dirty state: two leaf tables of 4K pages */
	DIRTY_CALLS = 4,      /* of those; all their tables fill half of the modelled cache */
};

enum count_op {
	OP_NOTHING,
	OP_MAP,
	OP_UNMAP,
	OP_UNMAP_QUEUED,
	OP_PAIR,
	OP_CURSOR_PAIR,
	OP_POPULATE,
	OP_TRANSLATE,
	OP_TRANSLATE_BATCH,
	OP_MAP_SG,
	OP_MAP_RANGE,
	OP_UNMAP_RANGE,
	OP_ALLOC_FREE,
	OP_MAP_CLEAN, /* only before the next: pages that were not written to */
	OP_DIRTY_NONE,
	OP_MAP_WRITTEN, /* only before the next: pages that all were */
	OP_DIRTY_ALL,
	NR_COUNT_OPS,
};

/**
 * struct subject - one table and what the operations on it are called with
 * @table: the implementation's
 * @fmt: format
 * @page: the granule
 * @block: the next size, or 0
 * @quirks: IO_PGTABLE_QUIRK_*
 * @ias: input address bits
 * @oas: output address bits
 * @base: operation i works at @base + i * @stride
 * @stride: bytes
 * @pgsize: size of what map and unmap are called with
 * @pgcount: how many of these
 * @range_bytes: of a mixed range: a block and TAIL pages
 * @pa_flip: the physical address is the iova with these bits flipped
 * @cursor: core's
 * @gather: the implementation's, of at most GATHER_BYTES
 * @sg: a scatter list
 * @iova: a batch of addresses
 * @pa: and what they translate to
 * @dirty: what was read of dirty state, by operation
 */
struct subject {
	void *table;
	enum io_pgtable_fmt fmt;
	uint64_t page;
	uint64_t block;
	unsigned long quirks;
	unsigned int ias;
	unsigned int oas;
	uint64_t base;
	uint64_t stride;
	size_t pgsize;
	size_t pgcount;
	size_t range_bytes;
	uint64_t pa_flip;
	struct io_pgtable_cursor cursor;
	_Alignas(16) unsigned char gather[GATHER_BYTES];
	struct io_pgtable_sg sg[LIST];
	uint64_t iova[LIST];
	phys_addr_t pa[LIST];
	uint64_t dirty[DIRTY_CALLS][DIRTY_PAGES / 64];
};

typedef void (*op_fn)(struct subject *s, size_t i);

/**
 * struct count_impl - an implementation
 * @key: in the key of its golden files, with a dash behind it; empty for the library's own
 * @fmts: bit per format that it has
 * @run: its operations; NULL where it has none
 * @renew_populate: populating begins with a table that is new, because emptied tables stay
 * @open: allocate s->table and what belongs to it
 * @close: free it
 * @lookup: 0 if unmapped
 * @is_valid: the table is sound
 * @print_variant: which versions of its code this processor gets, for the key
 */
struct count_impl {
	const char *key;
	unsigned int fmts;
	op_fn run[NR_COUNT_OPS];
	bool renew_populate;
	bool (*open)(struct subject *s);
	void (*close)(struct subject *s);
	phys_addr_t (*lookup)(struct subject *s, uint64_t iova);
	bool (*is_valid)(struct subject *s);
	void (*print_variant)(void);
};

extern const struct count_impl count_impl;

/**
 * struct count_state - what an implementation has to notice
 * @counting: the counted part is being executed
 * @took_memory: memory was taken from the operating system in it
 */
struct count_state {
	bool counting;
	bool took_memory;
};

extern struct count_state count_state;

COUNT_INLINE uint64_t iova_of(const struct subject *s, size_t i)
{
	return s->base + i * s->stride;
}

#endif /* TESTS_COUNTS_SUBJECT_H */
