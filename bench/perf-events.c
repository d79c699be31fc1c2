// SPDX-License-Identifier: GPL-2.0-only
/*
 * perf-events: the table, and libpfm4. See perf-events.h.
 */
#include "perf-events.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifdef HAVE_LIBPFM
#include <perfmon/pfmlib_perf_event.h>
#endif

enum { MAX_NAMES = 4 };

#define NO_TYPE UINT32_MAX
#define CACHE_MISS(cache)                                                 \
	(PERF_COUNT_HW_CACHE_##cache | PERF_COUNT_HW_CACHE_OP_READ << 8 | \
	 PERF_COUNT_HW_CACHE_RESULT_MISS << 16)

/*
 * Names are tried from left to right. A name of Arm's is none of x86's, so the two stand in one
 * list. The last level: Arm's LL_CACHE_MISS_RD, which not every core has. Slots: an issue slot that
 * stayed empty; cycles in which nothing was issued are a different thing and have rows of their
 * own.
 */
static const struct event {
	const char *name;
	const char *pfm[MAX_NAMES];
	uint32_t type;
	uint64_t config;
	const char *kernel;
} events[PERF_EVENT_NR] = {
	[PERF_EVENT_CYCLES] = { "cycles",
				{ NULL },
				PERF_TYPE_HARDWARE,
				PERF_COUNT_HW_CPU_CYCLES,
				"kernel:cycles" },
	[PERF_EVENT_INSTRUCTIONS] = { "instructions",
				      { NULL },
				      PERF_TYPE_HARDWARE,
				      PERF_COUNT_HW_INSTRUCTIONS,
				      "kernel:instructions" },
	[PERF_EVENT_L1D_MISSES] = { "l1d_misses",
				    { "L1D_CACHE_REFILL", "L1D:REPLACEMENT" },
				    PERF_TYPE_HW_CACHE,
				    CACHE_MISS(L1D),
				    "kernel:L1-dcache-load-misses" },
	[PERF_EVENT_L2_MISSES] = { "l2_misses",
				   { "L2D_CACHE_REFILL", "L2_RQSTS:MISS",
				     "CORE_TO_L2_CACHEABLE_REQUEST_ACCESS_STATUS:LS_RD_BLK_C" },
				   NO_TYPE,
				   0,
				   NULL },
	[PERF_EVENT_LLC_MISSES] = { "llc_misses",
				    { "LL_CACHE_MISS_RD", "LONGEST_LAT_CACHE:MISS" },
				    PERF_TYPE_HW_CACHE,
				    CACHE_MISS(LL),
				    "kernel:LLC-load-misses" },
	[PERF_EVENT_DTLB_MISSES] = { "dtlb_misses",
				     { "L1D_TLB_REFILL" },
				     PERF_TYPE_HW_CACHE,
				     CACHE_MISS(DTLB),
				     "kernel:dTLB-load-misses" },
	[PERF_EVENT_STALLED_SLOTS] = { "stalled_slots",
				       { "STALL_SLOT", "TOPDOWN:BACKEND_BOUND_SLOTS" },
				       NO_TYPE,
				       0,
				       NULL },
	[PERF_EVENT_STALLED_FRONTEND] = { "stalled_frontend_cycles",
					  { "STALL_FRONTEND" },
					  PERF_TYPE_HARDWARE,
					  PERF_COUNT_HW_STALLED_CYCLES_FRONTEND,
					  "kernel:stalled-cycles-frontend" },
	[PERF_EVENT_STALLED_BACKEND] = { "stalled_backend_cycles",
					 { "STALL_BACKEND" },
					 PERF_TYPE_HARDWARE,
					 PERF_COUNT_HW_STALLED_CYCLES_BACKEND,
					 "kernel:stalled-cycles-backend" },
	[PERF_EVENT_PAGE_FAULTS] = { "page_faults",
				     { NULL },
				     PERF_TYPE_SOFTWARE,
				     PERF_COUNT_SW_PAGE_FAULTS,
				     "kernel:page-faults" },
	[PERF_EVENT_CONTEXT_SWITCHES] = { "context_switches",
					  { NULL },
					  PERF_TYPE_SOFTWARE,
					  PERF_COUNT_SW_CONTEXT_SWITCHES,
					  "kernel:context-switches" },
	[PERF_EVENT_CPU_MIGRATIONS] = { "cpu_migrations",
					{ NULL },
					PERF_TYPE_SOFTWARE,
					PERF_COUNT_SW_CPU_MIGRATIONS,
					"kernel:cpu-migrations" },
	[PERF_EVENT_TASK_CLOCK] = { "task_clock_ns",
				    { NULL },
				    PERF_TYPE_SOFTWARE,
				    PERF_COUNT_SW_TASK_CLOCK,
				    "kernel:task-clock" },
};

/* What libpfm4 found; of size 0 if nothing. Written once, before there are threads. */
static struct perf_event_attr found[PERF_EVENT_NR];
static const char *called[PERF_EVENT_NR];
static char library[96] = "absent: built without libpfm4 (libpfm4-dev), so the kernel's names only";

#ifdef HAVE_LIBPFM
static bool encode(enum perf_event_id id, const char *name)
{
	struct perf_event_attr attr = { .size = sizeof(attr) };
	pfm_perf_encode_arg_t arg = { .attr = &attr, .size = sizeof(arg) };

	if (pfm_get_os_event_encoding(name, PFM_PLM3, PFM_OS_PERF_EVENT, &arg) != PFM_SUCCESS)
		return false;
	found[id] = attr;
	called[id] = name;
	return true;
}

void perf_events_init(void)
{
	int version = pfm_get_version();

	if (pfm_initialize() != PFM_SUCCESS) {
		snprintf(library, sizeof(library), "absent: libpfm4 does not know this processor");
		return;
	}
	snprintf(library, sizeof(library), "%d.%d", PFM_MAJ_VERSION(version),
		 PFM_MIN_VERSION(version));
	for (int id = 0; id < PERF_EVENT_NR; id++)
		for (int i = 0; i < MAX_NAMES && events[id].pfm[i] && !called[id]; i++)
			encode((enum perf_event_id)id, events[id].pfm[i]);
}
#else
void perf_events_init(void)
{
}
#endif

const char *perf_event_name(enum perf_event_id id)
{
	return events[id].name;
}

struct perf_event_attr perf_event_attr_of(enum perf_event_id id)
{
	struct perf_event_attr attr = found[id];

	if (!called[id] && events[id].type != NO_TYPE) {
		attr.type = events[id].type;
		attr.config = events[id].config;
		attr.size = sizeof(attr);
	}
	/* Of software events some happen in the kernel only; of the others its part is not ours. */
	attr.exclude_kernel = id < PERF_EVENT_NR_HARDWARE;
	attr.exclude_hv = attr.exclude_kernel;
	return attr;
}

const char *perf_event_called(enum perf_event_id id)
{
	return called[id] ? called[id] : events[id].kernel;
}

const char *perf_events_library(void)
{
	return library;
}
