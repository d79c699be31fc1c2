/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * dirty-ops: what bench_dirty measures, and its names: reading and clearing what hardware recorded
 * of writes, over 1 GiB of 4K pages, beside a loop that loads and stores the same descriptors.
 *
 * Invariant: a name has every key, always in the same order, and identifies one case.
 */
#ifndef BENCH_DIRTY_OPS_H
#define BENCH_DIRTY_OPS_H

#include <stdbool.h>

#include "io-pgtable.h"
#include "sampler.h"

/**
 * enum dirty_impl - who goes over the descriptors
 * @DIRTY_LOOP: a loop that loads each and stores what it loaded, one by one
 * @DIRTY_CORE: io_pgtable_read_and_clear_dirty(), without callbacks
 */
enum dirty_impl { DIRTY_LOOP, DIRTY_CORE, DIRTY_IMPL_NR };

/**
 * struct dirty_case - one benchmark
 * @impl: who
 * @format: index of the format, and of whether the domain has pages of several entries too
 * @every: one page of so many was written to before; 0: none
 * @threads: always 1
 */
struct dirty_case {
	enum dirty_impl impl;
	unsigned int format;
	unsigned int every;
	unsigned int threads;
};

enum { DIRTY_NAME_BYTES = 96 };

/**
 * dirty_case_name() - the name
 * @c: the case
 * @name: out, DIRTY_NAME_BYTES
 */
void dirty_case_name(const struct dirty_case *c, char *name);

/**
 * dirty_cases() - the cases
 * @full: every format; otherwise one of each kind of bits, with and without groups
 * @max_threads: CPUs
 * @nr: out, how many
 *
 * Return: an array for the caller to free, NULL if there is no memory.
 */
struct dirty_case *dirty_cases(bool full, unsigned int max_threads, size_t *nr);

/**
 * dirty_run() - run a case
 * @c: the case
 * @cpus: one CPU to run on
 * @budget_s: how long to take samples for
 * @result: out, times per page
 */
void dirty_run(const struct dirty_case *c, const unsigned int *cpus, double budget_s,
	       struct sampler_result *result);

#endif /* BENCH_DIRTY_OPS_H */
