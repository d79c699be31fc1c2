/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * counters: events of the timed regions of a case, per page.
 *
 * Counting is no part of timing: when all samples of a case have been taken, the same spans run
 * again, in one round for each group of events, with counting switched on around every region
 * (region.h). What switching itself counts is measured with empty regions at the beginning of a
 * round, and taken off. Invariants: nothing is open while samples are taken; an event that could
 * not be counted in every thread has no figure.
 */
#ifndef BENCH_COUNTERS_H
#define BENCH_COUNTERS_H

#include <stdbool.h>

#include "perf-events.h"
#include "perf-group.h"
#include "region.h"

/**
 * enum counters_mode - what to count
 * @COUNTERS_NONE: nothing
 * @COUNTERS_SOFTWARE: page faults, context switches, migrations, time on a CPU
 * @COUNTERS_ALL: and what the processor counts
 */
enum counters_mode { COUNTERS_NONE, COUNTERS_SOFTWARE, COUNTERS_ALL };

/**
 * counters_mode_find() - by its name
 * @name: "none", "software" or "all"
 * @mode: out, if there is one of that name
 */
bool counters_mode_find(const char *name, enum counters_mode *mode);

/**
 * struct counters_sum - what was counted
 * @value: of each event
 * @pages: that it was counted for; 0 if it was not
 * @running_share: the smallest share of the time that a group was on the counters
 */
struct counters_sum {
	double value[PERF_EVENT_NR];
	double pages[PERF_EVENT_NR];
	double running_share;
};

/**
 * struct counters - those of a thread, in which everything but counters_init() is called
 * @set: processor events, software events
 * @getrusage: the kernel's software events cannot be had, getrusage() stands in for them
 * @round: the one that is running
 * @regions: how many were counted in it
 * @at: values when the region began, or the round
 * @counted: in the regions of this round, without perf
 * @empty: what an empty region counts
 * @sum: of all rounds
 * @hook: what is around a region
 */
struct counters {
	struct perf_set set[2];
	bool getrusage;
	unsigned int round;
	double regions;
	double at[PERF_SET_EVENTS];
	double counted[PERF_SET_EVENTS];
	double empty[PERF_SET_EVENTS];
	struct counters_sum sum;
	struct region_hook hook;
};

/**
 * counters_init() - decide what to count, and find out what is there; once, before other threads
 * @mode: what to count
 * @calls: whom to ask
 */
void counters_init(enum counters_mode mode, const struct perf_calls *calls);

/**
 * counters_hardware() - "present", or a sentence that says why not; NULL if it was not asked for
 */
const char *counters_hardware(void);

/**
 * counters_software() - "perf", or "getrusage: " and why; NULL if it was not asked for
 */
const char *counters_software(void);

/**
 * counters_open() - for the calling thread
 * @c: out
 *
 * Return: how many rounds there are.
 */
unsigned int counters_open(struct counters *c);

/**
 * counters_start() - count regions from now on
 * @c: opened
 * @round: which; one that it does not have counts nothing
 */
void counters_start(struct counters *c, unsigned int round);

/**
 * counters_stop() - to here
 * @c: started
 * @pages: what was done in them
 */
void counters_stop(struct counters *c, double pages);

/**
 * counters_close() - the end
 * @c: opened
 */
void counters_close(struct counters *c);

/**
 * counters_add() - sum up threads
 * @sum: in and out; of zeros for the first
 * @c: a thread's
 * @first: this is the first
 */
void counters_add(struct counters_sum *sum, const struct counters *c, bool first);

/**
 * counters_figures() - what a report says of a sum: a figure for each event that was counted, and for how
 * much of the time processor events were
 * @sum: of all threads
 * @unit: of what the figures are: the end of their names
 * @figure: is told each
 * @to: whatever @figure writes to
 */
void counters_figures(const struct counters_sum *sum, const char *unit,
		      void (*figure)(void *to, const char *name, double value), void *to);

#endif /* BENCH_COUNTERS_H */
