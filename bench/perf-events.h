/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * perf-events: what is worth counting, and what this processor calls it.
 *
 * A row of the table has a name of ours, the names that Arm's and x86's processors have for it, for
 * libpfm4, the best first, and what the kernel has for it on any processor. Invariant: an event
 * that nothing has a name for is absent, and never stands for another one. Without libpfm4 the
 * kernel's are all there are, and the state says so.
 */
#ifndef BENCH_PERF_EVENTS_H
#define BENCH_PERF_EVENTS_H

#include <linux/perf_event.h>

/**
 * enum perf_event_id - the events; software ones are the last
 */
enum perf_event_id {
	PERF_EVENT_CYCLES,
	PERF_EVENT_INSTRUCTIONS,
	PERF_EVENT_L1D_MISSES,
	PERF_EVENT_L2_MISSES,
	PERF_EVENT_LLC_MISSES,
	PERF_EVENT_DTLB_MISSES,
	PERF_EVENT_STALLED_SLOTS,
	PERF_EVENT_STALLED_FRONTEND,
	PERF_EVENT_STALLED_BACKEND,
	PERF_EVENT_PAGE_FAULTS,
	PERF_EVENT_CONTEXT_SWITCHES,
	PERF_EVENT_CPU_MIGRATIONS,
	PERF_EVENT_TASK_CLOCK,
	PERF_EVENT_NR,
	PERF_EVENT_NR_HARDWARE = PERF_EVENT_PAGE_FAULTS,
	PERF_EVENT_NR_SOFTWARE = PERF_EVENT_NR - PERF_EVENT_NR_HARDWARE,
};

/**
 * perf_events_init() - find the names that libpfm4 has for this processor; call once
 */
void perf_events_init(void);

/**
 * perf_event_name() - ours
 * @id: which
 */
const char *perf_event_name(enum perf_event_id id);

/**
 * perf_event_attr_of() - how to open it
 * @id: which
 *
 * Return: what perf_event_open() needs; of size 0 if it has no name on this processor.
 */
struct perf_event_attr perf_event_attr_of(enum perf_event_id id);

/**
 * perf_event_called() - what it is called here
 * @id: which
 *
 * Return: the processor's name, the kernel's ("kernel:..."), or NULL.
 */
const char *perf_event_called(enum perf_event_id id);

/**
 * perf_events_library() - libpfm4's version of its interface, or why there is none
 */
const char *perf_events_library(void);

#endif /* BENCH_PERF_EVENTS_H */
