/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flush strategies: one way to unmap, and to be told when what was unmapped may be reused, whatever
 * is done in between.
 *
 * A strategy is chosen by name at run time and made for one table. It says when the page that lay
 * behind an address may be reused, and when the address may: the second is the release hook, always
 * after a completed invalidation (but for "none"); the first is when iommu_strategy_unmap()
 * returns, or, with page_at_release, the release too. Exposure is the time from the first to the
 * completed invalidation. Nothing is allocated after creation, everything is bounded, and the
 * clock, the driver and the release are hooks, so that the same code runs on hardware, on a
 * software SMMU and under a simulated clock.
 *
 *   name         page reusable  address       what happens                            exposure
 *   none         at return      at return     nothing is invalidated: a bound, unsafe unbounded
 *   strict-page  at return      at return     one invalidation and sync a page, 2014  0
 *   gather       at return      at return     ranges by descriptor, one sync          0
 *   gather-ril   at return      at return     range commands, one sync                0
 *   fq-percpu    at return      when flushed  a flush queue for each CPU              until the
 *   flush fq-single    at return      when flushed  one for all                             until
 *   the flush ticket       when complete  when complete rounds shared by all who wait           0
 *   epoch        at return      when complete rounds begun at once, never waited for  a round or
 *   two adaptive     at return      when complete rounds as late as a budget allows       the
 *   budget
 *
 * A round (the last three) is one invalidation of what every CPU has handed over. Who writes what:
 *
 *   a lane      its lock: one for each CPU; its CPU on every unmap, whoever begins a round only if
 *               something waits in it. A post says which round took it.
 *   busy        by exchange, acquire; store-release. Who has it begins a round.
 *   begun       who has busy; a full fence lies between it and a flush of everything. Who unmaps
 *               clears descriptors, full fence, reads begun: a whole flush of a later number covers
 *               it.
 *   issued      who has busy, release, after the round's token.
 *   completed   whoever finds a round complete, by compare-and-swap upwards, release. A post is
 *   safe
 *               when the round that took it is complete, or a whole one that began after it.
 */
#ifndef IOMMU_STRATEGY_H
#define IOMMU_STRATEGY_H

#include "io-pgtable.h"

#ifdef __cplusplus
extern "C" {
#endif

#define IOMMU_STRATEGY_DEPTH_MAX 32768u
#define IOMMU_STRATEGY_LANES_MAX 4096u
#define IOMMU_STRATEGY_DRAIN_MAX 64u /* releases inside one unmap or poll */
#define IOMMU_STRATEGY_FLIGHTS	 2u  /* rounds under way at once */

struct iommu_strategy;

/**
 * enum iommu_strategy_kind - the strategies, in the order of the table above
 * @IOMMU_STRATEGY_NONE: none
 * @IOMMU_STRATEGY_STRICT_PAGE: strict-page
 * @IOMMU_STRATEGY_GATHER: gather
 * @IOMMU_STRATEGY_GATHER_RIL: gather-ril
 * @IOMMU_STRATEGY_FQ_PERCPU: fq-percpu
 * @IOMMU_STRATEGY_FQ_SINGLE: fq-single
 * @IOMMU_STRATEGY_TICKET: ticket
 * @IOMMU_STRATEGY_EPOCH: epoch
 * @IOMMU_STRATEGY_ADAPTIVE: adaptive
 * @IOMMU_STRATEGIES: how many
 */
enum iommu_strategy_kind {
	IOMMU_STRATEGY_NONE,
	IOMMU_STRATEGY_STRICT_PAGE,
	IOMMU_STRATEGY_GATHER,
	IOMMU_STRATEGY_GATHER_RIL,
	IOMMU_STRATEGY_FQ_PERCPU,
	IOMMU_STRATEGY_FQ_SINGLE,
	IOMMU_STRATEGY_TICKET,
	IOMMU_STRATEGY_EPOCH,
	IOMMU_STRATEGY_ADAPTIVE,
	IOMMU_STRATEGIES,
};

/**
 * struct iommu_strategy_info - what a strategy is
 * @name: as in the table above
 * @depth: of a queue or lane, if none is asked for; 0: it holds nothing
 * @timeout_ns: how long something may wait for a flush, if nothing is asked for
 * @page_at_release: the page may be reused when its address is released, not when the unmap returns
 * @zero_exposure: nothing stale can be used once a page may be reused
 * @range_commands: the driver is to use range commands, if it can
 * @no_range_commands: it is not to
 * @needs_clock: now_ns and budget_page_ns are required
 */
struct iommu_strategy_info {
	const char *name;
	uint32_t depth;
	uint64_t timeout_ns;
	bool page_at_release;
	bool zero_exposure;
	bool range_commands;
	bool no_range_commands;
	bool needs_clock;
};

/**
 * struct iommu_async_ops - a driver that need not be waited for
 * @begin: queue the invalidation of @n ranges, at most IOMMU_STRATEGY_DRAIN_MAX, and a sync behind
 *	them; return a token. What was handed to tlb_add_range before, by any thread, is covered too
 * @begin_all: the same for every entry of the context
 * @done: is the sync of a token complete? Tokens complete in the order in which they were
 *	given out, so an older one's answer may be a newer one's; errors are the driver's to make up
 *	for before it says so
 * @wait: wait until it is
 *
 * Called with the table's cookie. Context: begin and begin_all by one thread at a time, with no
 * lock held; done and wait by any thread.
 */
struct iommu_async_ops {
	uint64_t (*begin)(const struct iommu_gather_range *range, unsigned int n, void *cookie);
	uint64_t (*begin_all)(void *cookie);
	bool (*done)(uint64_t token, void *cookie);
	void (*wait)(uint64_t token, void *cookie);
};

/**
 * struct iommu_strategy_opts - how a strategy is made
 * @kind: which
 * @depth: entries that a queue or lane takes before it is full, up to IOMMU_STRATEGY_DEPTH_MAX; 0:
 *	the strategy's own
 * @lanes: CPUs: how many per-CPU queues or lanes, 1 to IOMMU_STRATEGY_LANES_MAX. Who unmaps uses
 *	that of its CPU (its thread, on a host), modulo this
 * @timeout_ns: flush queues: how long an entry waits for a flush once somebody polls; 0: the
 *	strategy's own
 * @budget_page_ns: adaptive: the mean exposure of a page that is allowed
 * @refill_ns: adaptive: what it costs the devices if everything is thrown out of the IOTLB; 0: 4000
 * @async: optional: rounds are begun and not waited for; otherwise by the table's tlb_add_range,
 *	tlb_sync and tlb_flush_all. A table that is reclaimed needs those two of its own beside it
 * @release: the addresses may be reused (the page too, with page_at_release). With no lock held, by
 *	whoever unmaps, waits, polls or destroys; must not use the strategy
 * @now_ns: a clock that does not go back; required by flush queues with a timeout, and by adaptive
 * @wait: optional: called over and over while another thread is waited for
 * @ctx: passed to the hooks
 */
struct iommu_strategy_opts {
	enum iommu_strategy_kind kind;
	uint32_t depth;
	uint32_t lanes;
	uint64_t timeout_ns;
	uint64_t budget_page_ns;
	uint64_t refill_ns;
	const struct iommu_async_ops *async;
	void (*release)(void *ctx, uint64_t iova, uint64_t size);
	uint64_t (*now_ns)(void *ctx);
	void (*wait)(void *ctx);
	void *ctx;
};

/**
 * struct iommu_strategy_stats - what a strategy holds and has done
 * @queued: entries that were held back; 0 for those that hold nothing
 * @released: of these, those that went
 * @flushes: flushes, or rounds
 * @whole: of the rounds, those of the whole context
 * @full: unmaps that found their queue or lane full, and waited
 * @max_used: the most entries that one queue or lane has held
 * @max_drained: the most that one call has released
 * @reclaimed: empty tables that were noted (IO_PGTABLE_RECLAIM_ON_SYNC), waited for a flush or
 *	round, and went
 * @sync_ns: adaptive: what a round takes, measured
 * @leaf_ns: adaptive: and a leaf more
 */
struct iommu_strategy_stats {
	uint64_t queued;
	uint64_t released;
	uint64_t flushes;
	uint64_t whole;
	uint64_t full;
	uint64_t reclaimed;
	uint32_t max_used;
	uint32_t max_drained;
	uint64_t sync_ns;
	uint64_t leaf_ns;
};

/**
 * iommu_strategy_describe() - what a strategy is
 * @kind: which, below IOMMU_STRATEGIES
 *
 * Return: a constant; NULL if there is no such strategy.
 */
const struct iommu_strategy_info *iommu_strategy_describe(enum iommu_strategy_kind kind);

/**
 * iommu_strategy_find() - a strategy by name
 * @name: as in the table
 * @kind: out
 *
 * Return: 0, or -ENOENT.
 */
int iommu_strategy_find(const char *name, enum iommu_strategy_kind *kind);

/**
 * iommu_strategy_bytes() - how much memory a strategy takes
 * @opts: how it is to be made
 *
 * Return: bytes, a multiple of 128, all that it will ever use; 0 if @opts cannot be had (a bound,
 * no release, a clock or a budget missing).
 */
size_t iommu_strategy_bytes(const struct iommu_strategy_opts *opts);

/**
 * iommu_strategy_create() - make a strategy for one table
 * @iop: the table
 * @opts: how; copied
 * @memory: iommu_strategy_bytes() bytes, aligned to 128, until iommu_strategy_destroy()
 *
 * Return: the strategy, at @memory; NULL if @opts cannot be had, @memory is not aligned, or the
 * table has callbacks but not those that are needed. Context: one thread.
 */
struct iommu_strategy *iommu_strategy_create(struct io_pgtable *iop,
					     const struct iommu_strategy_opts *opts, void *memory);

/**
 * iommu_strategy_destroy() - invalidate and release everything, and end a strategy
 * @s: the strategy, or NULL
 *
 * Before free_io_pgtable(). Context: no other thread uses it, or will.
 */
void iommu_strategy_destroy(struct iommu_strategy *s);

/**
 * iommu_strategy_unmap() - unmap a range, and have it invalidated as the strategy does
 * @s: the strategy
 * @iova: first input address, a multiple of the smallest page
 * @size: bytes, likewise; what is released, whatever was mapped
 * @ticket: out, may be NULL: for iommu_strategy_wait()
 *
 * Releases at most IOMMU_STRATEGY_DRAIN_MAX entries, this one perhaps among them. Waits for the
 * driver in strict-page and the gathers; in the others only if the queue or lane is full.
 *
 * Return: the bytes unmapped. Context: any number of threads, as io_pgtable_unmap().
 */
size_t iommu_strategy_unmap(struct iommu_strategy *s, uint64_t iova, uint64_t size,
			    uint64_t *ticket);

/**
 * iommu_strategy_done() - is what a ticket stands for invalidated?
 * @s: the strategy
 * @ticket: from iommu_strategy_unmap()
 *
 * Return: true if so; for "none" always. It may still wait to be released: iommu_strategy_wait() or
 * iommu_strategy_poll() does that. Context: any thread.
 */
bool iommu_strategy_done(struct iommu_strategy *s, uint64_t ticket);

/**
 * iommu_strategy_wait() - wait until iommu_strategy_done()
 * @s: the strategy
 * @ticket: from iommu_strategy_unmap()
 *
 * One flush or round serves all who wait. Releases all of the ticket's lane up to it, in order (in
 * a flush queue the ring is left to later calls). Context: any thread that may wait for the driver.
 */
void iommu_strategy_wait(struct iommu_strategy *s, uint64_t ticket);

/**
 * iommu_strategy_poll() - release what is safe in one queue or lane, flush what has waited too long
 * @s: the strategy
 * @lane: which, below opts.lanes
 * @now_ns: the time, by the clock of now_ns
 *
 * For a timer. Return: true if there is more that could be released now. Context: any thread that
 * may wait for the driver.
 */
bool iommu_strategy_poll(struct iommu_strategy *s, uint32_t lane, uint64_t now_ns);

/**
 * iommu_strategy_get_stats() - read the statistics
 * @s: the strategy
 * @stats: out; sums over lanes, each of one moment
 */
void iommu_strategy_get_stats(struct iommu_strategy *s, struct iommu_strategy_stats *stats);

/**
 * iommu_strategy_validate() - check every invariant
 * @s: the strategy; lanes are locked in turn
 *
 * io_pgtable_validate() of a table that reclaims needs more: iommu_strategy_destroy(), as rounds
 * under way may hold its tables.
 *
 * Return: 0, or -EUCLEAN.
 */
int iommu_strategy_validate(struct iommu_strategy *s);

#ifdef __cplusplus
}
#endif

#endif /* IOMMU_STRATEGY_H */
