/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A producer for one SMMUv3 command queue (IHI0070 3.5 and 4.1.2), for any number of threads.
 *
 * The ring is memory that the caller gives; registers are reached through hooks only, so the same
 * code drives hardware, an emulated SMMU or a test. Submitting takes no lock. It waits for space,
 * and for another producer only if that one was alone until now: until its batch is written and
 * rung, or for 1024 looks if it was preempted on the way (with SMMU_CMDQ_NOWAIT too). Nothing here
 * allocates, and every wait has a bound.
 *
 * A position counts every command ever put into the queue, in 64 bits: it never wraps, its low bits
 * are the ring's index and wrap bit. That is what waiters share.
 *
 * Who writes what, and why that is enough:
 *
 *   head        any producer, by compare-and-swap, acquire and release. Whoever moves it from a to
 *   b owns
 *               the slots a to b - 1. Bit 62 (MET) says that producers have met lately.
 *               While it is clear, a producer that is handed slots when everything before them is
 *               rung is alone: it rings, stores rung, and leaves, without another atomic operation.
 *               Who finds one not rung yet sets the bit with its slots, and waits for rung before
 *               it relies on nobody. While it is set, the top bit says that a thread is publishing;
 *               taken and given back by compare-and-swap, or or and and, acquire and release. Who
 *               takes it publishes; who finds it taken leaves: the publisher gives it back later,
 *               acquires this one's access to head, and so the look at ready[] that follows sees
 *               this one's batch. A producer that is handed slots while nobody publishes, and all
 *               before them is rung, takes it in the same step.
 *   ring[i]     the owner of the slot, plain stores, before it stores ready[] or rings; and whoever
 *   recovers
 *               from an error, while the SMMU is stopped at that command.
 *   ready[i]    the owner of the first slot of a batch, store-release of the batch's end. Ends only
 *               grow, so an old one cannot be taken for a new one.
 *   published   the publisher, or a lone producer, store-release before the doorbell; anyone reads
 *   it as a hint. The publisher load-acquires
 *               ready[] on the way, so the doorbell is ordered after every command it covers, and
 *               after what their owners did before (cleared descriptors).
 *   rung        whoever rang, store-release behind the doorbell; load-acquired before the next
 *   one's: two
 *               writes of PROD are ordered by it, or by head. A publisher that finds it behind
 *               published knows that a lone producer is between the two, and leaves the doorbell to
 *               that one.
 *   calm        the publisher, while it is; ordered by head.
 *   done        anyone who has read CMDQ_CONS, by compare-and-swap upwards, release. A producer
 *               load-acquires it before it writes to a slot again, a waiter before it goes on. It
 *               is read before CONS, so a late reader computes a position that is too low, never
 *               too high.
 *   *msi_word   the SMMU. A waiter load-acquires it; slots are free only by CONS, which may move
 *               later than the word.
 *   recovering  whoever handles an error, by exchange, acquire and release; error[] and nr_errors
 *               are written under it, nr_errors with release, before the SMMU is started again.
 *   dead        set once, under recovering.
 */
#ifndef SMMU_CMDQ_H
#define SMMU_CMDQ_H

#include "io-pgtable.h"
#include "smmu-cmd.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The register fields hold an index and a wrap bit in 20 bits (SMMU_CMDQ_PROD.WR, 6.3). */
#define SMMU_CMDQ_MIN_LG2 1
#define SMMU_CMDQ_MAX_LG2 19

#define SMMU_CMDQ_BATCH_MAX  64
#define SMMU_CMDQ_ERRORS_MAX 16

/* Errata, for smmu_cmdq_config.errata. */
#define SMMU_CMDQ_SYNC_63    (1u << 0) /* never more than 63 commands without a CMD_SYNC */
#define SMMU_CMDQ_TLBI_TWICE (1u << 1) /* every TLBI: TLBI, SYNC, the same TLBI, SYNC */

/* For smmu_cmdq_submit(). */
#define SMMU_CMDQ_SYNC	 (1u << 0) /* a CMD_SYNC behind the commands */
#define SMMU_CMDQ_NOWAIT (1u << 1) /* -EAGAIN instead of waiting for space */

/**
 * enum smmu_cmdq_code - why the SMMU stopped (CMDQ_CONS.ERR, IHI0070 7.1)
 * @SMMU_CERROR_NONE: it did not
 * @SMMU_CERROR_ILL: illegal command
 * @SMMU_CERROR_ABT: abort on fetching it
 * @SMMU_CERROR_ATC_INV_SYNC: a CMD_SYNC found that an earlier ATC_INV had timed out
 */
enum smmu_cmdq_code {
	SMMU_CERROR_NONE = 0,
	SMMU_CERROR_ILL = 1,
	SMMU_CERROR_ABT = 2,
	SMMU_CERROR_ATC_INV_SYNC = 3,
};

/**
 * struct smmu_cmdq_error - one error that was found
 * @position: of the command that the SMMU stopped at
 * @cmd: that command, as it was
 * @code: enum smmu_cmdq_code, or another value that the SMMU gave
 * @fatal: the queue was given up
 */
struct smmu_cmdq_error {
	uint64_t position;
	struct smmu_cmd cmd;
	uint8_t code;
	bool fatal;
};

/**
 * struct smmu_cmdq_ops - how the queue reaches the SMMU
 * @read_cons: returns SMMU_CMDQ_CONS. Acquire: what the SMMU did before it wrote the register is
 *	visible after the call (as after Linux's readl()).
 * @write_prod: sets SMMU_CMDQ_PROD. Release: the commands are visible to the SMMU first. The queue
 *	has executed a dma_wmb; a relaxed store to a device register is enough. One call at a time.
 * @ring_written: optional: @count commands from slot @index on were written (never around the end
 *	of the ring). For an SMMU that does not snoop: clean the cache lines.
 * @error_active: optional: does GERROR.CMDQ_ERR differ from GERRORN.CMDQ_ERR? Asked only when
 *	CMDQ_CONS.ERR is not 0. Without it errors are not recovered from: waits time out.
 * @ack_error: toggle GERRORN.CMDQ_ERR and leave its other bits alone: the SMMU goes on at
 *	CMDQ_CONS. Required with @error_active. Release, as @write_prod.
 * @report: optional: an error was found, and recovered from if it is not fatal. May be called by
 *	any thread that submits or waits.
 * @wait: optional: called after the @polls-th look (from 0) of a wait for space or for completion:
 *	pause, yield, WFE, read a clock. Returning false ends the wait with -ETIMEDOUT. Absent: the
 *	CPU's pause hint.
 *
 * Context of all: any thread that is in a call on the queue, with no lock held but that @ack_error
 * and @error_active are called one at a time. They must not call into the same queue.
 */
struct smmu_cmdq_ops {
	uint32_t (*read_cons)(void *ctx);
	void (*write_prod)(void *ctx, uint32_t prod);
	void (*ring_written)(void *ctx, uint32_t index, uint32_t count);
	bool (*error_active)(void *ctx);
	void (*ack_error)(void *ctx);
	void (*report)(void *ctx, const struct smmu_cmdq_error *error);
	bool (*wait)(void *ctx, uint64_t polls);
};

/**
 * struct smmu_cmdq_config - what a queue is made from
 * @ops: hooks, must outlive the queue
 * @ctx: passed to them
 * @ring: 1 << @size_lg2 commands, aligned to their size in bytes, at least 32 (CMDQ_BASE, 6.3)
 * @ready: 1 << @size_lg2 words for the queue's own use
 * @size_lg2: log2 of the number of commands, SMMU_CMDQ_MIN_LG2 to SMMU_CMDQ_MAX_LG2; at least 3
 *	with SMMU_CMDQ_SYNC_63
 * @errata: SMMU_CMDQ_SYNC_63, SMMU_CMDQ_TLBI_TWICE
 * @sync: how a CMD_SYNC signals. SMMU_SYNC_IRQ needs the MSI fields.
 * @msi_attr: MSIAttr of the MSI's write
 * @msi_shareability: MSH of it
 * @msi_address: of @msi_word, as the SMMU addresses it
 * @msi_word: where the MSI is written: it holds the low half of the position behind the CMD_SYNC
 * @max_polls: looks at most in one wait; 0: 1 << 20
 * @max_retries: times that the SMMU may stop at one command before the queue is given up; 0: 8
 * @first_position: where positions begin, below 1 << 62, the low bits as in CMDQ_CONS; 0 for a new
 *	queue
 */
struct smmu_cmdq_config {
	const struct smmu_cmdq_ops *ops;
	void *ctx;
	struct smmu_cmd *ring;
	uint64_t *ready;
	unsigned int size_lg2;
	unsigned int errata;
	enum smmu_sync_signal sync;
	unsigned int msi_attr;
	unsigned int msi_shareability;
	uint64_t msi_address;
	uint32_t *msi_word;
	uint64_t max_polls;
	unsigned int max_retries;
	uint64_t first_position;
};

/**
 * struct smmu_cmdq - a command queue
 * @config: private, as given to smmu_cmdq_init(), never written after it
 * @size: private, commands in the ring
 * @batch_max: private, commands in one submit
 * @head: private, the position that the next producer gets; bit 63: a thread is publishing; bit 62:
 *	producers have met
 * @published: private, the position that the SMMU may consume up to
 * @rung: private, the position that CMDQ_PROD was written for; below @published only inside a turn
 * @calm: private, turns since producers met last
 * @done: private, the SMMU has consumed up to here
 * @dead: private, given up after too many errors
 * @recovering: private, a thread handles an error
 * @retries: private, errors in a row at one position
 * @nr_errors: private, found so far; the last SMMU_CMDQ_ERRORS_MAX are in @error
 * @bad_cons: private, values of CMDQ_CONS that lay outside of what had been published
 * @error: private, the last errors
 */
/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): the lines are apart on purpose. */
struct smmu_cmdq {
	struct smmu_cmdq_config config;
	uint32_t size;
	unsigned int batch_max;

	uint64_t __attribute__((aligned(128))) head;

	uint64_t __attribute__((aligned(128))) published;
	uint64_t rung;
	uint64_t calm;

	uint64_t __attribute__((aligned(128))) done;
	uint32_t dead;
	uint32_t recovering;
	unsigned int retries;
	uint64_t nr_errors;
	uint64_t bad_cons;
	struct smmu_cmdq_error error[SMMU_CMDQ_ERRORS_MAX];
};

/**
 * struct smmu_cmdq_ticket - where a batch went
 * @first: position of its first command
 * @end: position behind its last one (behind its CMD_SYNC, if it has one)
 */
struct smmu_cmdq_ticket {
	uint64_t first;
	uint64_t end;
};

/**
 * smmu_cmdq_init() - make an empty queue
 * @q: the queue
 * @config: what it is made from; copied
 *
 * Clears the ready words, sets the MSI word, reads CMDQ_CONS once, writes no register.
 *
 * Return: 0; -EINVAL (a size out of bounds, a ring that is not aligned, an unknown erratum, a hook
 * or an MSI field missing, @first_position differs from CMDQ_CONS). Context: one thread.
 */
int smmu_cmdq_init(struct smmu_cmdq *q, const struct smmu_cmdq_config *config);

/**
 * smmu_cmdq_batch_max() - how many commands one submit takes
 * @q: the queue
 *
 * Return: SMMU_CMDQ_BATCH_MAX, or less for a ring that would not hold them with a CMD_SYNC.
 */
unsigned int smmu_cmdq_batch_max(const struct smmu_cmdq *q);

/**
 * smmu_cmdq_submit() - put commands into the queue
 * @q: the queue
 * @cmd: the commands
 * @n: how many, 1 to smmu_cmdq_batch_max(); 0 too with SMMU_CMDQ_SYNC
 * @flags: SMMU_CMDQ_SYNC, SMMU_CMDQ_NOWAIT
 * @ticket: out, may be NULL: where they went
 *
 * The commands lie one behind the other and reach the SMMU together; between them lies nothing but
 * what errata demand. With SMMU_CMDQ_TLBI_TWICE a batch becomes several: the ticket spans them all,
 * other producers' commands may lie between, and after an error some may have been submitted.
 * Does not wait for completion. When a publisher is at work on another CPU it rings the doorbell
 * for this batch too, shortly after this call.
 *
 * Return: 0; -EINVAL (@n); -EAGAIN (full, SMMU_CMDQ_NOWAIT); -ETIMEDOUT (full for max_polls looks
 * or until the wait hook gave up); -EIO (the queue was given up). After an error nothing was
 * submitted. Context: any number of threads; lock-free. IHI0070 3.5.1, 4.1.2. In one case the
 * doorbell for a batch is left to whoever asks for it (smmu_cmdq_done(), smmu_cmdq_wait(), any
 * submit): if 1024 looks were not enough for a lone producer's store to arrive, and it went on
 * without seeing us.
 */
int smmu_cmdq_submit(struct smmu_cmdq *q, const struct smmu_cmd *cmd, unsigned int n,
		     unsigned int flags, struct smmu_cmdq_ticket *ticket);

/**
 * smmu_cmdq_done() - has the SMMU consumed everything below a position?
 * @q: the queue
 * @position: the end of a ticket
 *
 * For a ticket that ends with a CMD_SYNC: everything before that is complete (4.6.3), whoever
 * submitted it. Looks at what is known, then at the MSI word if there is one, then at CMDQ_CONS.
 *
 * Return: true if so. Context: any number of threads.
 */
bool smmu_cmdq_done(struct smmu_cmdq *q, uint64_t position);

/**
 * smmu_cmdq_wait() - wait until smmu_cmdq_done()
 * @q: the queue
 * @position: the end of a ticket
 *
 * Return: 0; -EINVAL (no such position was handed out yet); -ETIMEDOUT; -EIO (the queue was given
 * up). 0 does not say that every command was good: smmu_cmdq_failed() does. Context: any number of
 * threads, for the same or other positions.
 */
int smmu_cmdq_wait(struct smmu_cmdq *q, uint64_t position);

/**
 * smmu_cmdq_failed() - did the SMMU stop at one of these commands?
 * @q: the queue
 * @first: position of the first
 * @end: position behind the last, not above what smmu_cmdq_done() was true for
 *
 * The last SMMU_CMDQ_ERRORS_MAX errors are remembered; for positions that are older than those the
 * answer is true: it errs on the safe side. A CMD_SYNC that stopped for an earlier ATC_INV counts
 * where the CMD_SYNC is.
 *
 * Return: true if one of them was not executed, or did not complete. Context: any thread.
 */
bool smmu_cmdq_failed(struct smmu_cmdq *q, uint64_t first, uint64_t end);

/**
 * smmu_cmdq_run() - submit with a CMD_SYNC, wait, and look for errors
 * @q: the queue
 * @cmd: the commands
 * @n: how many, 0 to smmu_cmdq_batch_max()
 *
 * Return: 0: all of them were executed and are complete; what smmu_cmdq_submit() and
 * smmu_cmdq_wait() return; -EIO also if the SMMU stopped at one of them. Context: any thread.
 */
int smmu_cmdq_run(struct smmu_cmdq *q, const struct smmu_cmd *cmd, unsigned int n);

/**
 * smmu_cmdq_handle_error() - look for an error and recover from it
 * @q: the queue
 *
 * For the GERROR interrupt; waiters do it by themselves. An illegal command is replaced by a
 * CMD_SYNC, then the SMMU goes on (7.1); after an abort or an ATC timeout it tries the same command
 * again; if it stops at one command max_retries times the queue is given up.
 *
 * Return: true if there was one. Context: any thread.
 */
bool smmu_cmdq_handle_error(struct smmu_cmdq *q);

/**
 * smmu_cmdq_validate() - check every invariant
 * @q: the queue
 *
 * Return: 0, or -EUCLEAN. Context: no other thread is in a call on the queue; the SMMU may be
 * consuming.
 */
int smmu_cmdq_validate(struct smmu_cmdq *q);

/**
 * enum smmu_stage - what a domain translates
 * @SMMU_STAGE_1: VA by ASID: TLBI_NH_VA and NH_ASID
 * @SMMU_STAGE_2: IPA by VMID: TLBI_S2_IPA and S12_VMALL
 */
enum smmu_stage {
	SMMU_STAGE_1,
	SMMU_STAGE_2,
};

/**
 * struct smmu_cmdq_domain - the cookie of a table that is invalidated through a queue
 * @q: the queue
 * @stage: what the table is
 * @asid: of a stage-1 table
 * @vmid: of a stage-2 table; of a stage-1 table below a stage 2, otherwise 0
 * @granule_lg2: 12, 14 or 16
 * @ril: the SMMU has range invalidation (IDR3.RIL)
 * @nested: stage 2 with stage-1 tables above it: a sync also removes their combined entries, by
 *	CMD_TLBI_NH_ALL of the VMID behind the CMD_TLBI_S2_IPAs and a CMD_SYNC (4.4.3)
 * @flush_above: a run of more commands than this becomes one that removes everything; 0: never.
 *	Useful without @ril: Linux has 512 for 4K, 2048 for 16K, 8192 for 64K.
 * @failed: optional: invalidation could not be completed (-ETIMEDOUT, -EIO): memory that was
 *	unmapped may still be reached by the device. Called before tlb_sync or tlb_flush_all
 *	returns, on its thread.
 * @failed_ctx: passed to it
 * @lost: private, invalidations that were not submitted or not executed
 * @made_up: private, as many of them are covered by a flush that has completed
 * @checked: private, errors below this position are in @lost
 *
 * Initialised by the driver, private fields 0; then shared by all threads that use the table: the
 * private ones are counters that only grow, by fetch-and-add or compare-and-swap with release, and
 * are read with acquire. @lost grows before @checked passes the position of what was lost.
 */
struct smmu_cmdq_domain {
	struct smmu_cmdq *q;
	enum smmu_stage stage;
	uint16_t asid;
	uint16_t vmid;
	uint8_t granule_lg2;
	bool ril;
	bool nested;
	unsigned int flush_above;
	void (*failed)(void *failed_ctx, int error);
	void *failed_ctx;
	uint64_t lost;
	uint64_t made_up;
	uint64_t checked;
};

/**
 * smmu_cmdq_gather_ops - struct iommu_gather_ops on a command queue
 *
 * For io_pgtable_cfg.tlb, with a struct smmu_cmdq_domain as the cookie. tlb_add_range and
 * tlb_add_flush submit TLBIs, tlb_sync a CMD_SYNC, and waits for it; tlb_flush_all both, for the
 * whole context. An invalidation that could not be submitted, or that the SMMU refused, is made up
 * for by a flush of the context in the next sync; if that fails too, @failed is told.
 * flush_pgtable is absent: the library cleans its cache lines itself.
 */
extern const struct iommu_gather_ops smmu_cmdq_gather_ops;

/**
 * smmu_cmdq_async_ops - struct iommu_async_ops on a command queue (iommu-strategy.h)
 *
 * With the same cookie. The ranges and the CMD_SYNC behind them go to the queue in batches; a token
 * is the position behind the CMD_SYNC. What was refused or could not be submitted is made up for,
 * as above, before a token counts as complete.
 */
extern const struct iommu_async_ops smmu_cmdq_async_ops;

#ifdef __cplusplus
}
#endif

#endif /* SMMU_CMDQ_H */
