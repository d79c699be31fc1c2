/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * replay-stats: from the durations of chunks to percentiles over batches.
 *
 * A batch is a number of consecutive chunks of one series and one thread; the number is the
 * smallest power of two with which every batch of every repeat lasts at least STATS_BATCH_TICKS
 * clock ticks. All batches of a series thus have the same, reported, number of operations. What is
 * left over at the end of a thread is not counted. A series that has no such batch has no
 * percentiles, rather than bad ones.
 */
#ifndef BENCH_REPLAY_STATS_H
#define BENCH_REPLAY_STATS_H

#include "replay-run.h"

#define STATS_BATCH_TICKS     50
#define STATS_MAX_PERCENTILES 16

/**
 * struct stats_list - the percentiles that are asked for
 * @p: each above 0 and at most 100, as numbers
 * @name: as they were written, "99.9"
 * @nr: how many
 */
struct stats_list {
	double p[STATS_MAX_PERCENTILES];
	char name[STATS_MAX_PERCENTILES][8];
	unsigned int nr;
};

/**
 * struct stats_value - a percentile in several repeats
 * @median: the median over the repeats
 * @min: the lowest
 * @max: the highest
 */
struct stats_value {
	double median;
	double min;
	double max;
};

/**
 * struct stats_series - the figures of one series
 * @batch_ops: operations in a batch, 0 if there are no batches
 * @nr_batches: batches per repeat
 * @op_ns: per percentile, nanoseconds per operation
 * @page_ns: per percentile, nanoseconds per page of the granule
 * @mean_op_ns: nanoseconds per operation over all whole chunks of a repeat
 */
struct stats_series {
	uint32_t batch_ops;
	uint32_t nr_batches;
	struct stats_value op_ns[STATS_MAX_PERCENTILES];
	struct stats_value page_ns[STATS_MAX_PERCENTILES];
	struct stats_value mean_op_ns;
};

/**
 * stats_make() - the figures of one series
 * @plan: what was done
 * @cfg: with what; the granule
 * @series: which series
 * @passes: the passes that have it, one per repeat
 * @nr_passes: how many
 * @overhead_ns: what reading the clock adds to a segment
 * @list: the percentiles
 * @stats: out
 *
 * Return: 0 or -ENOMEM.
 */
int stats_make(const struct replay_plan *plan, const struct replay_cfg *cfg,
	       enum replay_series series, const struct replay_pass *passes, unsigned int nr_passes,
	       double overhead_ns, const struct stats_list *list, struct stats_series *stats);

/**
 * struct stats_clock - what reading the clock did to the passes by kind
 * @overhead_ns: what it added to a segment
 * @residual_percent: by how much maps and unmaps, with that taken off, still add up to more than
 *the passes by event took. Well above 0 where the processor overlaps the cache misses of one call
 *	with the next one, which reading the clock between them prevents: the figures by kind are
 *	then those of calls by themselves.
 */
struct stats_clock {
	double overhead_ns;
	double residual_percent;
};

/**
 * stats_compare() - compare passes by kind and by event
 * @plan: what was done
 * @by_kind: passes by kind
 * @by_event: passes by event, as many
 * @nr_passes: how many
 *
 * Both kinds of pass do the same work; the one reads the clock far more often. The extra time per
 * reading is the overhead, from the least disturbed pass of each kind, and no more than five
 * quarters of what readings back to back take. Where there are too few segments to tell, it is
 * what readings back to back take.
 */
struct stats_clock stats_compare(const struct replay_plan *plan, const struct replay_pass *by_kind,
				 const struct replay_pass *by_event, unsigned int nr_passes);

/**
 * stats_chunks_ns() - the time of consecutive chunks
 * @chunks: of a series
 * @first: the first of them
 * @nr: how many
 * @overhead_ns: what reading the clock adds to a segment
 */
double stats_chunks_ns(const struct replay_chunks *chunks, uint32_t first, uint32_t nr,
		       double overhead_ns);

/**
 * stats_over() - median, least and greatest of some numbers
 * @values: the numbers; sorted afterwards
 * @nr: how many, at least one
 */
struct stats_value stats_over(double *values, unsigned int nr);

#endif /* BENCH_REPLAY_STATS_H */
