/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * replay-run: do the operations of a plan on fresh tables, and time them.
 *
 * How the time is taken. A pass does all operations of the plan, every thread its own, in order.
 * The operations are cut into segments beforehand, and the clock is read around each segment only:
 *
 * - a pass of REPLAY_BY_EVENT cuts every REPLAY_EVENT_CHUNK operations, whatever they are. This is
 *   the least disturbed figure: the real order, and hardly any clock reading;
 * - a pass of REPLAY_BY_KIND cuts wherever maps and unmaps alternate, so that their costs can be
 * told apart without changing their order. In many traces they alternate at almost every event: a
 *   segment is then shorter than a tick, but what the readings miss at one segment they catch at
 *   another, and batches of 50 ticks and more average over many. What a reading costs there, where
 *   the processor overlaps it with the work around it, is taken from the comparison of the two
 * kinds of pass (stats_compare()), subtracted from each segment, and reported.
 *
 * Reordering (all maps of a window, then its unmaps) would avoid the readings, but the windows that
 * may legally be reordered are only a few events long; replaying into many tables in lockstep would
 * multiply the caches' load. Both would measure something that the trace does not contain.
 *
 * Not timed: waiting for another thread, the sync of queued unmaps, making and freeing the tables.
 */
#ifndef BENCH_REPLAY_RUN_H
#define BENCH_REPLAY_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "counters.h"
#include "io-pgtable.h"
#include "replay-plan.h"

/* Operations of one kind, or of any, that make a chunk: the unit that batches are put together of.
 */
#define REPLAY_KIND_CHUNK   16u
#define REPLAY_EVENT_CHUNK  64u
/* In queued mode a thread syncs its gathers after so many unmaps. */
#define REPLAY_QUEUE_UNMAPS 64u

enum replay_flush {
	REPLAY_STRICT,		/* no gather; the driver takes ranges */
	REPLAY_STRICT_PER_LEAF, /* no gather; the driver takes one leaf at a time */
	REPLAY_QUEUED,		/* a gather per thread and table, synced outside of the timing */
};

enum replay_cut {
	REPLAY_BY_KIND,
	REPLAY_BY_EVENT,
};

enum replay_series {
	REPLAY_MAPS = TRACE_MAP,
	REPLAY_UNMAPS = TRACE_UNMAP,
	REPLAY_EVENTS,
	REPLAY_NR_SERIES,
};

/**
 * struct replay_watch - what is done around the timed segments of a pass, whose times are then not used
 * @how: nothing, count events, or add to the profile (perf-record.h)
 * @round: of counting
 * @sum: out, when counting: of all threads, per operation
 */
struct replay_watch {
	enum { REPLAY_UNWATCHED, REPLAY_COUNTED, REPLAY_RECORDED } how;
	unsigned int round;
	struct counters_sum *sum;
};

/**
 * struct replay_cfg - the tables, and how to invalidate
 * @fmt: format
 * @granule_bytes: smallest page
 * @ias: input address bits
 * @oas: output address bits
 * @coherent: the walker snoops; if not, the library cleans cache lines
 * @flush: when and how to invalidate
 * @watch: nothing, unless this is a pass to look at
 */
struct replay_cfg {
	enum io_pgtable_fmt fmt;
	uint64_t granule_bytes;
	unsigned int ias;
	unsigned int oas;
	bool coherent;
	enum replay_flush flush;
	struct replay_watch watch;
};

/**
 * struct replay_calls - how often the library called the driver, until the tables were freed
 * @leaf: tlb_add_range and tlb_add_flush for leaves
 * @table: the same for tables
 * @sync: tlb_sync
 * @flush_all: tlb_flush_all
 */
struct replay_calls {
	uint64_t leaf;
	uint64_t table;
	uint64_t sync;
	uint64_t flush_all;
};

/**
 * struct replay_chunks - the durations of the chunks of one series in one thread
 * @ns: nanoseconds of each whole chunk, with the cost of reading the clock
 * @nr_segments: how often the clock was read around a part of it
 * @nr: how many
 */
struct replay_chunks {
	float *ns;
	uint8_t *nr_segments;
	uint32_t nr;
};

/**
 * struct replay_pass - what a pass measured
 * @chunks: [thread * REPLAY_NR_SERIES + series]
 * @nr_threads: how many threads there are
 * @calls: of all threads
 * @wall_ns: from the common start to the last thread's end, waits and syncs included
 * @nr_waits: how often a thread had to wait for another
 * @wait_ns: how long, all threads together
 */
struct replay_pass {
	struct replay_chunks *chunks;
	unsigned int nr_threads;
	struct replay_calls calls;
	uint64_t wall_ns;
	uint64_t nr_waits;
	uint64_t wait_ns;
};

/**
 * struct replay_check - what the checking pass found out
 * @table_peak_bytes: most table memory at any time, all domains together
 * @table_end_bytes: table memory when all operations were done
 * @chunk_table_bytes: table memory after each whole chunk of REPLAY_EVENT_CHUNK operations;
 *	free() it
 */
struct replay_check {
	uint64_t table_peak_bytes;
	uint64_t table_end_bytes;
	uint64_t *chunk_table_bytes;
};

/**
 * replay_cfg_check() - can there be such tables?
 * @cfg: the configuration
 *
 * Return: what io_pgtable_check_cfg() says.
 */
int replay_cfg_check(const struct replay_cfg *cfg);

/**
 * replay_run_pass() - one timed pass on fresh tables
 * @trace: for line numbers in messages
 * @plan: what to do
 * @cfg: with what
 * @cut: how to cut it
 * @pass: out; needs replay_pass_free() when 0 is returned
 * @msg: out, what is wrong, TRACE_MSG_BYTES long
 *
 * Every return value of the library is compared with the plan, and the mappings that remain are
 * translated afterwards, outside of the timing.
 *
 * Return: 0, -EUCLEAN (the library did something else than the plan expects), -ENOMEM, or the errno
 * of a map that failed.
 */
int replay_run_pass(const struct trace *trace, const struct replay_plan *plan,
		    const struct replay_cfg *cfg, enum replay_cut cut, struct replay_pass *pass,
		    char *msg);

/**
 * replay_pass_free() - give the memory of a pass back
 * @pass: a pass that replay_run_pass() filled in, or one that is all zero
 */
void replay_pass_free(struct replay_pass *pass);

/**
 * replay_run_check() - an untimed pass in which everything is checked
 * @trace: for line numbers in messages
 * @plan: what to do; must be for one thread
 * @cfg: with what
 * @check: out
 * @msg: out, what is wrong, TRACE_MSG_BYTES long
 *
 * Translates both ends of a range after every operation, validates every table at the end, and
 * uses a pool of its own, whose peak is the table memory that this trace takes.
 *
 * Return: as replay_run_pass().
 */
int replay_run_check(const struct trace *trace, const struct replay_plan *plan,
		     const struct replay_cfg *cfg, struct replay_check *check, char *msg);

#endif /* BENCH_REPLAY_RUN_H */
