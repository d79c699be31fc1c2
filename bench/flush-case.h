/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flush-case: what bench_flush runs, and its names.
 *
 * Invariants: a name has every key, always in the same order, and identifies one case; what cannot
 * be run says why (flush_case_refused()), it is not left out.
 */
#ifndef BENCH_FLUSH_CASE_H
#define BENCH_FLUSH_CASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "counters.h"

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
 * @FLUSH_EMPTYING: each has its tables to itself: what it covers goes with it, what it empties is
 *	reclaimed with the next sync (IO_PGTABLE_RECLAIM_ON_SYNC)
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
 * @model: a profile's name, and what differs from it: -ril, -event, -2q, -4q, -sync63, -twice,
 *	-parallel, as many as there are: hi1620-ril-2q
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

enum { FLUSH_NAME_BYTES = 256, FLUSH_VALUE_BYTES = 16 };

/**
 * enum flush_uses - which keys mean something for a strategy; a key that means nothing has one value
 * @FLUSH_DEPTH: it holds something: depth
 * @FLUSH_TIMEOUT: a flush queue: timeout_us
 * @FLUSH_BUDGET: budget_ns
 * @FLUSH_SMMU: it invalidates: the kind of CMD_SYNC, errata
 * @FLUSH_QUEUES: each CPU uses a queue of its own, if there are several
 * @FLUSH_RIL: range commands, if the SMMU has them
 * @FLUSH_ONLY_RIL: it is range commands
 */
enum flush_uses {
	FLUSH_DEPTH = 1,
	FLUSH_TIMEOUT = 2,
	FLUSH_BUDGET = 4,
	FLUSH_SMMU = 8,
	FLUSH_QUEUES = 16,
	FLUSH_RIL = 32,
	FLUSH_ONLY_RIL = 64,
};

/**
 * struct flush_strategy - one that can be asked for
 * @name: of it
 * @depth: its own
 * @timeout_us: likewise
 * @uses: enum flush_uses
 * @virtual_only: a model of Linux's, not on this host
 */
struct flush_strategy {
	const char *name;
	uint32_t depth, timeout_us;
	unsigned int uses;
	bool virtual_only;
};

extern const struct flush_strategy flush_strategies[];
extern const unsigned int nr_flush_strategies;

/**
 * flush_case_base() - what the quick set turns around: 4K, a page at a time, hi1620, one CPU, closed loop
 * @strategy: which, with what it has by itself
 */
struct flush_case flush_case_base(unsigned int strategy);

/**
 * flush_case_value() - one key's value, as it is in the name
 * @c: the case
 * @key: the key
 * @value: out, FLUSH_VALUE_BYTES; empty if the case does not have it
 *
 * Not for strategy and model, which may be longer. Return: 0, or -ENOENT: no such key.
 */
int flush_case_value(const struct flush_case *c, const char *key, char *value);

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
 * flush_cases() - the quick set; the whole cross is flush-cross.h's
 * @max_threads: CPUs of this host, for the real clock
 * @nr: out, how many
 *
 * Return: an array for the caller to free, NULL if there is no memory.
 */
struct flush_case *flush_cases(unsigned int max_threads, size_t *nr);

enum { FLUSH_RELEASES = 8 };

extern const double flush_release_quantiles[FLUSH_RELEASES];

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
 * @release_ns: quantiles from the unmap's beginning to the release: flush_release_quantiles
 * @quarantine_bytes: the most that was unmapped and not released
 * @max_drained: the most releases inside one call
 * @batch: unmaps in one sample of op_ns
 * @violations: releases before the invalidation was complete; must be 0
 * @counts: events of the timed unmaps, real clock only: of the threads that unmap, not of the
 *	SMMU's
 * @recorded_regions: into a profile, likewise
 * @error: what went wrong, NULL if nothing did
 */
struct flush_result {
	double ns_per_page;
	double op_ns[4];
	double mean_ns, map_ns;
	double invalidations_per_page, syncs_per_page;
	double exposure_page_us, max_exposure_us;
	double collateral_per_page;
	double release_ns[FLUSH_RELEASES];
	double quarantine_bytes;
	double max_drained;
	double batch;
	double violations;
	struct counters_sum counts;
	unsigned long recorded_regions;
	const char *error;
};

/**
 * struct flush_counter - a counter of a row
 * @name: as it is reported
 * @at: where it is in struct flush_result
 */
struct flush_counter {
	const char *name;
	size_t at;
};

extern const struct flush_counter flush_counters[];
extern const unsigned int nr_flush_counters;

double flush_counter_of(const struct flush_result *r, unsigned int counter);

/**
 * flush_ops_for() - unmaps of each CPU on the virtual clock
 * @c: the case
 *
 * Fewer of large ones, and of many CPUs; but each ring is filled a few times.
 */
unsigned int flush_ops_for(const struct flush_case *c);

/**
 * flush_run() - run a case on its clock
 * @c: the case, not refused
 * @cpus: as for flush_run_real()
 * @budget_s: likewise
 * @result: out
 */
void flush_run(const struct flush_case *c, const unsigned int *cpus, double budget_s,
	       struct flush_result *result);

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
