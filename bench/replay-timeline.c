// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay-timeline: how a replay went along its trace, see replay-timeline.h.
 *
 * What is mapped follows from the plan alone; the checking pass has the memory of the tables after
 * every chunk, in the same order, because both are of one thread.
 */
#include "replay-timeline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "replay-stats.h"

/* What is mapped after each window. */
static void add_mapped(const struct replay_thread *thread, struct timeline *timeline)
{
	uint64_t mapped_bytes = 0;
	uint32_t i, ops = timeline->nr * timeline->window_events;

	for (i = 0; i < ops; i++) {
		const struct replay_op *op = &thread->ops[i];

		mapped_bytes += op->kind == TRACE_MAP ? op->size_bytes : -op->size_bytes;
		timeline->mapped_bytes[i / timeline->window_events] = mapped_bytes;
	}
}

int timeline_make(const struct replay_plan *plan, const struct replay_pass *by_event,
		  unsigned int nr_passes, uint32_t batch_events, double overhead_ns,
		  const struct replay_check *check, struct timeline *timeline)
{
	const struct replay_chunks *chunks = &by_event->chunks[REPLAY_EVENTS];
	uint32_t per_window = batch_events / REPLAY_EVENT_CHUNK, i;
	double *ns;

	memset(timeline, 0, sizeof(*timeline));
	if (plan->nr_threads != 1 || !batch_events)
		return 0;
	if (per_window * TIMELINE_POINTS < chunks->nr)
		per_window = (chunks->nr + TIMELINE_POINTS - 1) / TIMELINE_POINTS;
	ns = calloc(nr_passes, sizeof(*ns));
	if (!ns)
		return -ENOMEM;
	timeline->nr = chunks->nr / per_window;
	timeline->window_events = per_window * REPLAY_EVENT_CHUNK;
	for (i = 0; i < timeline->nr; i++) {
		for (unsigned int pass = 0; pass < nr_passes; pass++)
			ns[pass] = stats_chunks_ns(&by_event[pass].chunks[REPLAY_EVENTS],
						   i * per_window, per_window, overhead_ns) /
				   timeline->window_events;
		timeline->ns_per_event[i] = stats_over(ns, nr_passes).median;
		timeline->table_bytes[i] = check->chunk_table_bytes[(i + 1) * per_window - 1];
	}
	add_mapped(&plan->threads[0], timeline);
	free(ns);
	return 0;
}
