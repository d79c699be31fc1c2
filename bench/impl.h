/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * impl: an implementation of page tables that can be measured.
 *
 * An implementation brings whole loops, not single operations: they are stamped for it from
 * impl-loops.h around its own call, so that a timed page costs the one indirect call that a user
 * of that implementation pays, and no second one to get from the harness to it.
 * Invariants: the loops do the calls in order and nothing else; all checks are made by the caller,
 * outside of the timed part, on the totals that the loops return.
 */
#ifndef BENCH_IMPL_H
#define BENCH_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "driver.h"
#include "io-pgtable.h"

/**
 * struct bench_domain - the table that a case wants
 * @fmt: the format, an enum io_pgtable_fmt
 * @pgsize_bitmap: all sizes of the granule
 * @ias: input address bits
 * @oas: output address bits
 * @coherent: the walker snoops
 * @flush: how invalidations are done
 */
struct bench_domain {
	unsigned int fmt;
	uint64_t pgsize_bitmap;
	unsigned int ias;
	unsigned int oas;
	bool coherent;
	enum bench_flush flush;
};

/**
 * struct bench_calls - a list of calls, each of a run of pages
 * @base: iova of the first (without @index) or of index 0
 * @stride: bytes from one to the next
 * @index: which multiple of @stride each call goes to, or NULL: 0, 1, 2 ...
 * @nr: how many calls
 * @pgsize: the page or block size of all of them
 * @pgcount: pages in each
 * @pa_xor: the physical address is the iova with these bits flipped
 * @prot: IOMMU_*
 */
struct bench_calls {
	uint64_t base;
	uint64_t stride;
	const uint32_t *index;
	size_t nr;
	size_t pgsize;
	size_t pgcount;
	uint64_t pa_xor;
	int prot;
};

/**
 * struct bench_impl - an implementation
 * @name: its value of the key "impl" in benchmark names
 * @fmts: bit per format (enum io_pgtable_fmt) that it has
 * @brief: only the base geometry, with one thread
 * @bare: only what stays within tables that are there: runs of up to 256 warm or scattered pages
 * @gather_bytes: the size of its gather; a caller provides as much, aligned to 16
 * @gather_init: make that memory an empty gather
 * @alloc: a new, empty table; NULL on failure
 * @free: the table and all in it
 * @map: make the calls; returns the bytes that were mapped
 * @unmap: the same for unmap, strictly; returns the bytes that were unmapped
 * @unmap_queued: the same into a gather
 * @pair: map and unmap each run before the next; returns the bytes unmapped
 * @pair_queued: the same with a gather
 * @sync: invalidate what a gather holds
 * @translate: look up the middle of every run's first page; returns the sum of the results
 * @map_sg: make the calls, each of a scatter list of calls->pgcount single pages; returns the bytes
 *	that were mapped
 * @cursor_pair: pair, of single pages, through a cursor if there is such a thing
 * @translate_batch: look up @n addresses in calls of @batch
 * @lookup: one address
 * @reusable_bytes: table memory that it keeps for later tables
 * @tables_allocated: how many tables the calling thread has taken from a page allocator that is not
 *	part of what is measured; NULL if there is none
 * @table_alloc_ns: what one of those costs, taken and given back, if that many are taken at once
 */
struct bench_impl {
	const char *name;
	unsigned int fmts;
	bool brief;
	bool bare;
	size_t gather_bytes;
	void (*gather_init)(void *gather);
	void *(*alloc)(const struct bench_domain *domain);
	void (*free)(void *table);
	size_t (*map)(void *table, const struct bench_calls *calls);
	size_t (*unmap)(void *table, const struct bench_calls *calls);
	size_t (*unmap_queued)(void *table, const struct bench_calls *calls, void *gather);
	size_t (*pair)(void *table, const struct bench_calls *calls);
	size_t (*pair_queued)(void *table, const struct bench_calls *calls, void *gather);
	void (*sync)(void *table, void *gather);
	uint64_t (*translate)(void *table, const struct bench_calls *calls);
	size_t (*map_sg)(void *table, const struct bench_calls *calls,
			 const struct io_pgtable_sg *sg);
	size_t (*cursor_pair)(void *table, const struct bench_calls *calls);
	void (*translate_batch)(void *table, const uint64_t *iova, phys_addr_t *out, size_t n,
				size_t batch);
	phys_addr_t (*lookup)(void *table, uint64_t iova);
	size_t (*reusable_bytes)(void);
	uint64_t (*tables_allocated)(void);
	double (*table_alloc_ns)(size_t tables, unsigned int size_lg2);
};

/* All of them, ended by NULL. */
extern const struct bench_impl *const bench_impls[];

extern const struct bench_impl bench_impl_core;
extern const struct bench_impl bench_impl_bare; /* the least that this machine takes: impl-bare.c */

#endif /* BENCH_IMPL_H */
