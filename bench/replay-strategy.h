/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * replay-strategy: a trace's mappings through a flush strategy, on either clock.
 *
 * Every thread makes its steps in the order of the trace, as fast as it can (or at the trace's
 * pace), and no further than REPLAY_WINDOW steps ahead of the slowest, so that those who meet in
 * the trace meet here. Addresses come from the recycler (iommu-iova.h) and go back when the
 * strategy releases them. With a strategy that gives the page out at its release, one ticket is
 * outstanding: an unmap is followed by a wait for the one before.
 *
 * Invariants: the virtual clock's figures are modelled and depend on nothing but the arguments; the
 * real clock's are this host's, in front of a software SMMU whose service times are the profile's.
 */
#ifndef BENCH_REPLAY_STRATEGY_H
#define BENCH_REPLAY_STRATEGY_H

#include "iommu-strategy.h"
#include "model/virtual-machine.h"
#include "replay-mappings.h"

enum { REPLAY_WINDOW = 256 };

enum replay_clock { REPLAY_VIRTUAL, REPLAY_REAL, REPLAY_CLOCKS };

/**
 * struct strategy_run - what is run
 * @kind: the strategy
 * @depth: of its queue; 0: it has none, or its own
 * @budget_ns: adaptive: the mean exposure of a page that is allowed
 * @clock: which
 * @profile: the host
 * @granule_lg2: the smallest page
 * @at_pace: the virtual clock keeps to the trace's time stamps
 */
struct strategy_run {
	enum iommu_strategy_kind kind;
	uint32_t depth;
	uint64_t budget_ns;
	enum replay_clock clock;
	const struct machine_profile *profile;
	unsigned int granule_lg2;
	bool at_pace;
};

/**
 * struct strategy_figures - what came of it; a page is a granule that was unmapped
 * @ns_per_page: what the CPUs took for mapping, unmapping and what these waited for
 * @pages_per_s: of all CPUs together
 * @unmap_ns: quantiles of an unmap (and its wait): 50%, 99%
 * @release_ns: quantiles from the unmap's beginning to the release of its address: 50%, 99%
 * @exposure_us: the mean exposure of a page; negative: unbounded (none), or not known, as
 *	nothing was invalidated while this was measured. On the real clock as flush-effect.h has it,
 *	of one mapping in 16
 * @invalidations_per_page: commands but CMD_SYNC
 * @syncs_per_page: CMD_SYNCs
 * @collateral_per_page: live translations thrown out of the IOTLB; negative: not known
 * @quarantine_bytes: the most that was unmapped and not released; negative: not known
 * @batch: unmaps that unmap_ns is an average of
 * @rounds: how often the trace was played, the warm-up included, and what is played for the
 *	collateral
 * @threads: that there were
 * @steady: each queue was filled at least twice
 * @error: what went wrong; NULL if nothing did
 */
struct strategy_figures {
	double ns_per_page;
	double pages_per_s;
	double unmap_ns[2];
	double release_ns[2];
	double exposure_us;
	double invalidations_per_page;
	double syncs_per_page;
	double collateral_per_page;
	double quarantine_bytes;
	unsigned int batch;
	unsigned int rounds;
	unsigned int threads;
	bool steady;
	const char *error;
};

/**
 * strategy_rounds() - how often to play the trace, so that queues are filled six times and a short
 * trace is not measured by a few unmaps
 * @run: the strategy
 * @m: what is mapped
 * @steady: out, that often, or at least twice
 */
unsigned int strategy_rounds(const struct strategy_run *run, const struct replay_mappings *m,
			     bool *steady);

/**
 * strategy_run_virtual() - on the virtual clock
 * @run: what
 * @m: what is mapped, with a thread for each CPU
 * @out: figures
 */
void strategy_run_virtual(const struct strategy_run *run, const struct replay_mappings *m,
			  struct strategy_figures *out);

/**
 * strategy_run_real() - on this host
 * @run: what
 * @m: what is mapped
 * @out: figures
 *
 * The SMMU's consumer takes a thread more.
 */
void strategy_run_real(const struct strategy_run *run, const struct replay_mappings *m,
		       struct strategy_figures *out);

#endif /* BENCH_REPLAY_STRATEGY_H */
