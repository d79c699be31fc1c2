/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * contention-cases: what bench_contention measures, and its names.
 *
 * Invariants: a name has every key, always in the same order, and identifies one case; what a
 * thread does at a point does not depend on how many threads there are.
 */
#ifndef BENCH_CONTENTION_CASES_H
#define BENCH_CONTENTION_CASES_H

#include "impl.h"

/**
 * enum contention_point - what the threads share; each maps and unmaps single pages but where it says
 *	otherwise
 * @CONTENTION_PRIVATE: nothing: each its own domain
 * @CONTENTION_DOMAIN: a domain; each has tables of its own in it
 * @CONTENTION_TABLE: a table; each has cache lines of its own in it, up to 32 threads to a table
 * @CONTENTION_LINE: a cache line; each has a descriptor of its own in it, 8 threads to a line
 * @CONTENTION_POOL: the table pool; each maps 256 whole tables of 512 pages, which come from
 *	the pool, and unmaps them, in a domain of its own
 * @CONTENTION_FLUSHQ: a domain with tables for each, and its flush queue, a ring for each
 * @CONTENTION_FLUSHQ_SINGLE: the same with one ring for all
 * @CONTENTION_CMDQ: a command queue, of an SMMU that has done everything at once; each its own
 *	domain
 * @CONTENTION_MPROTECT: the TLBs of an arm64 host: each makes a page of its own read-only and
 *	writable again by mprotect()
 */
enum contention_point {
	CONTENTION_PRIVATE,
	CONTENTION_DOMAIN,
	CONTENTION_TABLE,
	CONTENTION_LINE,
	CONTENTION_POOL,
	CONTENTION_FLUSHQ,
	CONTENTION_FLUSHQ_SINGLE,
	CONTENTION_CMDQ,
	CONTENTION_MPROTECT,
	CONTENTION_NR,
};

/**
 * struct contention_case - one benchmark
 * @point: what is shared
 * @impl: whose page tables; NULL for CONTENTION_MPROTECT
 * @untouched: CONTENTION_MPROTECT of a page that was never touched: the same system calls without
 *	an invalidation
 * @threads: how many do it at once
 */
struct contention_case {
	enum contention_point point;
	const struct bench_impl *impl;
	bool untouched;
	unsigned int threads;
};

enum { CONTENTION_NAME_BYTES = 96 };

/**
 * contention_case_name() - the name
 * @c: the case
 * @name: out, CONTENTION_NAME_BYTES
 */
void contention_case_name(const struct contention_case *c, char *name);

/**
 * contention_cases() - the cases
 * @full: with every number of threads, or with 1, 2, 4 ... and all
 * @max_threads: all
 * @nr: out, how many
 *
 * Return: an array for the caller to free, NULL if there is no memory.
 */
struct contention_case *contention_cases(bool full, unsigned int max_threads, size_t *nr);

#endif /* BENCH_CONTENTION_CASES_H */
