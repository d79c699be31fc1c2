/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * replay-timeline: how a replay went along its trace: what an operation cost, what was mapped and
 * what the tables took.
 *
 * A point is a window of consecutive operations: as many as make at most TIMELINE_POINTS windows,
 * and never fewer than a batch (replay-stats.h), so that each lasts long enough for the clock. What
 * is left over at the end is not a point. Only a replay by one thread has a timeline.
 */
#ifndef BENCH_REPLAY_TIMELINE_H
#define BENCH_REPLAY_TIMELINE_H

#include "replay-run.h"

enum { TIMELINE_POINTS = 200 };

/**
 * struct timeline - the points
 * @nr: how many; 0 if there is no timeline
 * @window_events: operations in each
 * @ns_per_event: time of an operation, median over the repeats
 * @mapped_bytes: mapped when the window had ended
 * @table_bytes: memory of all tables then
 */
struct timeline {
	uint32_t nr;
	uint32_t window_events;
	double ns_per_event[TIMELINE_POINTS];
	uint64_t mapped_bytes[TIMELINE_POINTS];
	uint64_t table_bytes[TIMELINE_POINTS];
};

/**
 * timeline_make() - put the points together
 * @plan: what was done
 * @by_event: the passes by event
 * @nr_passes: how many
 * @batch_events: operations in a batch of the events' series, 0 if there are no batches
 * @overhead_ns: what reading the clock adds to a segment
 * @check: the checking pass, with the memory after each chunk
 * @timeline: out
 *
 * Return: 0 or -ENOMEM.
 */
int timeline_make(const struct replay_plan *plan, const struct replay_pass *by_event,
		  unsigned int nr_passes, uint32_t batch_events, double overhead_ns,
		  const struct replay_check *check, struct timeline *timeline);

#endif /* BENCH_REPLAY_TIMELINE_H */
