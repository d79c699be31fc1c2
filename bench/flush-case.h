/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flush-case: what bench_flush runs, and its names.
 *
 * Invariants: a name has every key, always in the same order, and identifies one case; what cannot be
 * run says why (flush_case_refused()), it is not left out.
 */
#ifndef BENCH_FLUSH_CASE_H
#define BENCH_FLUSH_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * enum flush_clock - which time
 * @FLUSH_VIRTUAL: simulated: modelled figures
 * @FLUSH_REAL: this host's
 */
enum flush_clock { FLUSH_VIRTUAL, FLUSH_REAL };

/**
 * enum flush_layout - where the mappings lie
 * @FLUSH_CONTIGUOUS: one behind the other
 * @FLUSH_STRIDED: each in a table of its own
 * @FLUSH_RANDOM: one behind the other, used in random order
 * @FLUSH_EMPTYING: each covers whole tables, which go with it
 */
enum flush_layout { FLUSH_CONTIGUOUS, FLUSH_STRIDED, FLUSH_RANDOM, FLUSH_EMPTYING };

/**
 * struct flush_case - one benchmark
 * @strategy: by name; kernel-strict, kernel-fq-percpu, kernel-fq-single: the model of Linux's
 * @clock: which
 * @leaf_lg2: log2 of what is mapped with
 * @pages: leaves that one unmap removes
 * @layout: where they lie
 * @threads: CPUs, or threads
 * @depth: of the queue; 0: it has none
 * @timeout_us: of the queue; 0: none
 * @budget_ns: adaptive's: the mean exposure of a page; 0 elsewhere
 * @model: a profile's name, and what differs from it: hi1620-ril, -event, -2q, -4q, -sync63, -twice, -parallel
 * @load: 0: closed loop, each CPU maps and unmaps as fast as it can; otherwise arrivals at so many
 *	percent of what it then does
 */
struct flush_case {
	const char *strategy;
	enum flush_clock clock;
	unsigned int leaf_lg2;
	unsigned int pages;
	enum flush_layout layout;
	unsigned int threads;
	uint32_t depth;
	uint32_t timeout_us;
	uint32_t budget_ns;
	const char *model;
	unsigned int load;
};

enum { FLUSH_NAME_BYTES = 256 };

/**
 * flush_case_name() - the name
 * @c: the case
 * @name: out, FLUSH_NAME_BYTES
 */
void flush_case_name(const struct flush_case *c, char *name);

/**
 * flush_case_refused() - why a case cannot be run
 * @c: the case
 *
 * Return: the reason, or NULL.
 */
const char *flush_case_refused(const struct flush_case *c);

/**
 * flush_cases() - the cases
 * @full: the whole cross, or the part that is run by default
 * @max_threads: CPUs of this host, for the real clock
 * @nr: out, how many
 *
 * Return: an array for the caller to free, NULL if there is no memory.
 */
struct flush_case *flush_cases(bool full, unsigned int max_threads, size_t *nr);

/**
 * struct flush_result - the counters of a row; per page: of what one unmap removed, by leaves
 * @ns_per_page: time by pages, of all CPUs together
 * @op_ns: quantiles of one unmap (with what it waited for): 50%, 99%, 99.9%, most
 * @mean_ns: of one unmap, virtual clock only
 * @map_ns: the mean of a map, virtual clock only
 * @invalidations_per_page: TLBIs
 * @syncs_per_page: CMD_SYNCs
 * @exposure_page_us: the mean exposure of a page; -1: unbounded
 * @max_exposure_us: the longest
 * @collateral_per_page: translations still mapped that an invalidation threw out
 * @release_ns: quantiles from the unmap's beginning to the release: 50%, 99%
 * @quarantine_bytes: the most that was unmapped and not released
 * @max_drained: the most releases inside one call
 * @batch: unmaps in one sample of op_ns
 * @violations: releases before the invalidation was complete; must be 0
 * @error: what went wrong, NULL if nothing did
 */
struct flush_result {
	double ns_per_page;
	double op_ns[4];
	double mean_ns, map_ns;
	double invalidations_per_page, syncs_per_page;
	double exposure_page_us, max_exposure_us;
	double collateral_per_page;
	double release_ns[2];
	double quarantine_bytes;
	double max_drained;
	double batch;
	double violations;
	const char *error;
};

/**
 * flush_run_virtual() - run a case under the virtual clock
 * @c: the case
 * @ops: unmaps of each CPU
 * @seed: of its random numbers; the same seed gives the same result
 * @result: out
 */
void flush_run_virtual(const struct flush_case *c, unsigned int ops, uint64_t seed,
		       struct flush_result *result);

/**
 * flush_run_real() - run a case on this host, in front of the software SMMU
 * @c: the case
 * @cpus: for its threads, and one for the consumer if there are that many
 * @budget_s: how long to take samples
 * @result: out
 */
void flush_run_real(const struct flush_case *c, const unsigned int *cpus, double budget_s,
		    struct flush_result *result);

#endif /* BENCH_FLUSH_CASE_H */
