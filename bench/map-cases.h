/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * map-cases: the matrix of bench_map, its names, and which part of it is run by default.
 *
 * Invariants: a name has every key, always in the same order, and identifies one case; a case that
 * is returned here makes sense on any host (whether it fits this one is decided when it runs).
 */
#ifndef BENCH_MAP_CASES_H
#define BENCH_MAP_CASES_H

#include "impl.h"

enum map_op {
	MAP_OP_MAP,
	MAP_OP_UNMAP,
	MAP_OP_PAIR,
	MAP_OP_POPULATE,
	MAP_OP_IOVA_TO_PHYS,
	MAP_OP_ALLOC_FREE,
	MAP_OP_CURSOR_PAIR,	   /* pair through a cursor */
	MAP_OP_MAP_SG,		   /* a scatter list of batch single pages */
	MAP_OP_IOVA_TO_PHYS_BATCH, /* batch addresses in one call */
	MAP_OP_NR,
};

enum map_pattern {
	MAP_WARM,
	MAP_SEQUENTIAL,
	MAP_RANDOM_1G,
	MAP_RANDOM_256G,
	MAP_PATTERN_NR,
};

enum map_domain {
	MAP_PRIVATE,   /* one domain per thread */
	MAP_SHARED,    /* one domain, every thread in tables of its own */
	MAP_NEIGHBOUR, /* one domain, neighbouring entries of the same tables */
	MAP_DOMAIN_NR,
};

/**
 * struct map_geometry - a format with a granule and one of its sizes
 * @fmt: the format, as in struct bench_domain
 * @granule: log2 of the smallest page
 * @size: log2 of the page or block
 * @ias: input address bits of the domains
 * @oas: output address bits
 */
struct map_geometry {
	unsigned char fmt;
	unsigned char granule;
	unsigned char size;
	unsigned char ias;
	unsigned char oas;
};

/**
 * struct map_case - one benchmark
 * @impl: what is measured
 * @geo: format, granule, size
 * @op: the operation
 * @batch: pages per call
 * @pattern: which pages
 * @coherent: the walker snoops
 * @flush: how invalidations are done
 * @domain: who shares a domain
 * @threads: how many threads do it at once
 */
struct map_case {
	const struct bench_impl *impl;
	const struct map_geometry *geo;
	enum map_op op;
	unsigned int batch;
	enum map_pattern pattern;
	bool coherent;
	enum bench_flush flush;
	enum map_domain domain;
	unsigned int threads;
};

/**
 * struct map_extent - how far a case reaches, for one thread
 * @thread_step: from one thread's first iova to the next's, 0 for private domains
 * @stride: bytes from one call to the next
 * @slots: how many places for a call there are
 * @calls: how many of them are used in a round
 * @table_span: bytes of iova that one leaf table covers
 */
struct map_extent {
	uint64_t thread_step;
	uint64_t stride;
	uint64_t slots;
	uint64_t calls;
	uint64_t table_span;
};

enum { MAP_NAME_BYTES = 224 };

/**
 * map_case_name() - the name
 * @c: the case
 * @name: out, MAP_NAME_BYTES
 */
void map_case_name(const struct map_case *c, char *name);

/**
 * map_case_extent() - what a case touches
 * @c: the case
 * @extent: out
 *
 * Return: false if it does not fit the address space of its format.
 */
bool map_case_extent(const struct map_case *c, struct map_extent *extent);

/**
 * map_case_pgsizes() - every page size of the granule of a case
 * @c: the case
 */
uint64_t map_case_pgsizes(const struct map_case *c);

/**
 * map_case_table_bytes() - an upper estimate of the memory it needs
 * @c: the case, which has an extent
 */
uint64_t map_case_table_bytes(const struct map_case *c);

/**
 * map_cases() - the matrix
 * @full: all of it, or the part that is run by default
 * @max_threads: CPUs
 * @nr: out, how many
 *
 * Return: an array for the caller to free, NULL if there is no memory.
 */
struct map_case *map_cases(bool full, unsigned int max_threads, size_t *nr);

#endif /* BENCH_MAP_CASES_H */
