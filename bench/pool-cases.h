/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool-cases: what bench_pool measures, and its names.
 *
 * Invariants: a name has every key, always in the same order, and identifies one case.
 */
#ifndef BENCH_POOL_CASES_H
#define BENCH_POOL_CASES_H

#include "pool-backend.h"

/**
 * enum pool_op - what is done
 * @POOL_OP_PAIR: a block is allocated and freed
 * @POOL_OP_BURST: 256 are allocated, then freed
 * @POOL_OP_COLD: the same with 512 and nothing at hand: memory comes from the operating system
 *	and is written to
 * @POOL_OP_REMOTE: one thread allocates, another frees
 * @POOL_OP_POPULATE: 16 GiB of 4K pages are mapped in a page table and unmapped; per page
 * @POOL_OP_DOMAINS: a page is mapped and unmapped in each of many domains in turn; per domain
 * @POOL_OP_FRAGMENT: blocks of mixed sizes come and go at random; then nine of ten are freed
 */
enum pool_op {
	POOL_OP_PAIR,
	POOL_OP_BURST,
	POOL_OP_COLD,
	POOL_OP_REMOTE,
	POOL_OP_POPULATE,
	POOL_OP_DOMAINS,
	POOL_OP_FRAGMENT,
	POOL_OP_NR,
};

/**
 * struct pool_case - one benchmark
 * @backend: what is measured
 * @op: what is done
 * @size_lg2: log2 of the block; of the root for POOL_OP_DOMAINS
 * @zeroed: blocks must read as zero, and are given back so
 * @threads: how many do it at once
 * @domains: how many (POOL_OP_DOMAINS), 0 elsewhere
 */
struct pool_case {
	const struct pool_backend *backend;
	enum pool_op op;
	unsigned int size_lg2;
	bool zeroed;
	unsigned int threads;
	unsigned int domains;
};

enum { POOL_NAME_BYTES = 128 };

/**
 * pool_case_name() - the name
 * @c: the case
 * @name: out, POOL_NAME_BYTES
 */
void pool_case_name(const struct pool_case *c, char *name);

/**
 * pool_cases() - the cases
 * @full: every size and number of domains, or the part that is run by default
 * @max_threads: CPUs
 * @nr: out, how many
 *
 * Return: an array for the caller to free, NULL if there is no memory.
 */
struct pool_case *pool_cases(bool full, unsigned int max_threads, size_t *nr);

#endif /* BENCH_POOL_CASES_H */
