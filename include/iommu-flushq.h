/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Flush queues: unmap now, wait for the invalidation later, reuse after that.
 *
 * What an unmap released, IOVAs and removed tables, is queued instead of synced for; one flush then
 * serves everything that was queued before it began, on every CPU. The one rule: nothing is
 * released before an invalidation that began after it was queued has completed. Nothing is
 * allocated, every ring is bounded, and no call pays for another CPU's ring. For a table with
 * IO_PGTABLE_RECLAIM_ON_SYNC a flush is a sync: before it begins it takes out up to
 * IOMMU_GATHER_TABLES empty tables, and frees them when it is complete, the only thing that goes
 * without having been queued.
 *
 * Who writes what, and why that is enough:
 *
 *   begun      a flusher, one at a time, by fetch-and-add, then a full fence, then it asks for the
 *              flush. Who queues clears its descriptors and hands its ranges to the driver, then a
 *              full fence, then reads begun: that is the entry's stamp. Of the two fences one comes
 *              first: either the stamp counts this flush already, and the entry waits for the next
 *              one, or the flush finds the descriptors cleared and the commands queued.
 *   completed  a flusher, store-release after the flush. Load-acquire before a release: what the
 *              device did before its last access is visible. An entry is safe when completed is
 *              above its stamp.
 *   flushing   by exchange, acquire; store-release. One flush at a time; who comes meanwhile needs
 *              the one after it, and one of those who wait for that begins it for all.
 *   a ring     its lock, held for copying at most 64 entries; never while a flush is waited for and
 *              never while something is released.
 */
#ifndef IOMMU_FLUSHQ_H
#define IOMMU_FLUSHQ_H

#include "io-pgtable.h"

#ifdef __cplusplus
extern "C" {
#endif

#define IOMMU_FLUSHQ_DEPTH_MAX 32768u
#define IOMMU_FLUSHQ_RINGS_MAX 4096u
#define IOMMU_FLUSHQ_DRAIN_MAX 64u /* entries released inside one call */

struct iommu_flushq;

/**
 * enum iommu_flushq_mode - what a flush invalidates
 * @IOMMU_FLUSHQ_RANGES: exactly what was unmapped: ranges go to the driver when they are queued,
 *	unsynced, and a flush is a tlb_sync, which has to cover what any thread handed over. Nothing
 *	is thrown out that was not unmapped, and a device loses access soon; a command for every
 *	range
 * @IOMMU_FLUSHQ_ALL: the whole context, once for all that is queued: a flush is a tlb_flush_all
 */
enum iommu_flushq_mode {
	IOMMU_FLUSHQ_RANGES,
	IOMMU_FLUSHQ_ALL,
};

/**
 * struct iommu_flushq_opts - how a queue is made
 * @depth: entries that a ring takes before it is full, 1 to IOMMU_FLUSHQ_DEPTH_MAX. An entry is a
 *	range of IOVAs or a removed table (with all below it)
 * @rings: 1, or one for each CPU: who queues uses that of its CPU (of its thread, on a host that
 *	tells threads apart), modulo this
 * @mode: enum iommu_flushq_mode
 * @timeout_ns: how long an entry may wait for a flush, once somebody polls; 0: for ever
 * @release: the IOVAs may be reused. Called by whoever queues, polls or destroys, with no lock
 *	held, after the invalidation; it may take the caller's own locks, must not use the queue
 * @now_ns: a clock that does not go back; required with @timeout_ns. Called once for each ring and
 *	flush, when the first entry after it is queued
 * @wait: optional: called over and over while another thread's flush is waited for
 * @ctx: passed to them
 */
struct iommu_flushq_opts {
	uint32_t depth;
	uint32_t rings;
	enum iommu_flushq_mode mode;
	uint64_t timeout_ns;
	void (*release)(void *ctx, uint64_t iova, uint64_t size);
	uint64_t (*now_ns)(void *ctx);
	void (*wait)(void *ctx);
	void *ctx;
};

/**
 * struct iommu_flushq_stats - what a queue holds and has done
 * @queued: entries that came
 * @released: entries that went
 * @full: calls that found their ring full, and flushed themselves
 * @flushes: flushes completed
 * @shared: waits that another thread's flush served
 * @reclaimed: empty tables taken out and freed by flushes (IO_PGTABLE_RECLAIM_ON_SYNC)
 * @max_used: the most entries that one ring has held
 * @max_drained: the most entries and reclaimed tables that one call has released:
 *	IOMMU_FLUSHQ_DRAIN_MAX at most, except for iommu_flushq_destroy(), which does not count
 */
struct iommu_flushq_stats {
	uint64_t queued;
	uint64_t released;
	uint64_t full;
	uint64_t flushes;
	uint64_t shared;
	uint64_t reclaimed;
	uint32_t max_used;
	uint32_t max_drained;
};

/**
 * iommu_flushq_bytes() - how much memory a queue takes
 * @opts: how it is to be made
 *
 * Return: bytes, a multiple of 128, all that the queue will ever use; 0 if @opts cannot be had (a
 * bound, no release, a timeout without a clock).
 */
size_t iommu_flushq_bytes(const struct iommu_flushq_opts *opts);

/**
 * iommu_flushq_create() - make a queue for one table
 * @iop: the table; its tlb callbacks do the invalidations
 * @opts: how; copied
 * @memory: iommu_flushq_bytes() bytes, aligned to 128, until iommu_flushq_destroy()
 *
 * Return: the queue, at @memory; NULL if @opts cannot be had, @memory is not aligned, or the table
 * has callbacks but not the one that the mode needs. Context: one thread.
 */
struct iommu_flushq *iommu_flushq_create(struct io_pgtable *iop,
					 const struct iommu_flushq_opts *opts, void *memory);

/**
 * iommu_flushq_destroy() - flush, release everything, and end a queue
 * @fq: the queue, or NULL
 *
 * Before free_io_pgtable(). Context: no other thread uses the queue, or will.
 */
void iommu_flushq_destroy(struct iommu_flushq *fq);

/**
 * iommu_flushq_queue() - hand over what an unmap removed
 * @fq: the queue
 * @gather: what was gathered, of the queue's table; empty and usable again afterwards
 * @iova: the range to release, all of it unmapped, or anything with @size 0
 * @size: its bytes; 0: nothing is released for it (tables still are, and tickets count it)
 *
 * Takes the place of io_pgtable_sync(). Releases up to IOMMU_FLUSHQ_DRAIN_MAX entries of its ring
 * that are safe by now. When the ring is full it waits for a flush, which makes its own entries
 * safe too: they are released at once, with as many of the ring's as the bound allows, and nothing
 * is queued. A gather that was full before (IOMMU_GATHER_TABLES) has synced then already.
 *
 * Context: any number of threads, as io_pgtable_unmap(); waits for the driver's sync if full.
 */
void iommu_flushq_queue(struct iommu_flushq *fq, struct iommu_iotlb_gather *gather, uint64_t iova,
			uint64_t size);

/**
 * iommu_flushq_poll() - release what is safe in one ring, flush if an entry has waited too long
 * @fq: the queue
 * @ring: which, below the number of rings
 * @now_ns: the time, by the clock of now_ns
 *
 * For a timer, of each CPU or one for all that goes from ring to ring. Releases at most
 * IOMMU_FLUSHQ_DRAIN_MAX entries.
 *
 * Return: true if more entries of the ring could be released now: call again. Context: any thread
 * that may wait for the driver's sync.
 */
bool iommu_flushq_poll(struct iommu_flushq *fq, uint32_t ring, uint64_t now_ns);

/**
 * iommu_flushq_ticket() - a name for everything that was queued so far
 * @fq: the queue
 *
 * Return: the ticket, for what this thread has queued, and what others have and this thread knows
 * of. Tickets only grow; the later of two serves for both. Context: any thread.
 */
uint64_t iommu_flushq_ticket(struct iommu_flushq *fq);

/**
 * iommu_flushq_done() - is everything before a ticket invalidated?
 * @fq: the queue
 * @ticket: from iommu_flushq_ticket()
 *
 * Return: true if so: it may still lie in a ring, but no device can use it. Context: any thread.
 */
bool iommu_flushq_done(const struct iommu_flushq *fq, uint64_t ticket);

/**
 * iommu_flushq_wait() - wait until iommu_flushq_done()
 * @fq: the queue
 * @ticket: from iommu_flushq_ticket()
 *
 * Begins a flush if none serves, or waits for one that another thread has begun: at most the rest
 * of one and all of the next. However many wait, one flush serves all whose tickets are older than
 * it. Releases nothing that was queued. Context: any thread that may wait for the driver's sync.
 */
void iommu_flushq_wait(struct iommu_flushq *fq, uint64_t ticket);

/**
 * iommu_flushq_get_stats() - read the statistics
 * @fq: the queue
 * @stats: out; sums over rings, each ring's of one moment
 */
void iommu_flushq_get_stats(struct iommu_flushq *fq, struct iommu_flushq_stats *stats);

/**
 * iommu_flushq_validate() - check every invariant
 * @fq: the queue; each ring is locked in turn
 *
 * Return: 0, or -EUCLEAN.
 */
int iommu_flushq_validate(struct iommu_flushq *fq);

#ifdef __cplusplus
}
#endif

#endif /* IOMMU_FLUSHQ_H */
