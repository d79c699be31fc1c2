/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * replay-report: the figures of bench_replay, for people and as JSON.
 */
#ifndef BENCH_REPLAY_REPORT_H
#define BENCH_REPLAY_REPORT_H

#include <stdio.h>

#include "json.h"
#include "replay-options.h"
#include "replay-timeline.h"

/**
 * struct report - everything about one trace
 * @trace: what was read; its events may be gone
 * @nr_domains: tables that the plan needed
 * @nr_ops: operations
 * @pages: pages mapped and unmapped
 * @nr_live: mappings that remain
 * @plan: counts only; its arrays may be gone
 * @check: of the checking pass
 * @calls: the driver's calls in one pass (the first one by events)
 * @series: the figures
 * @wall_ns: of a pass by events
 * @nr_waits: in a pass by events
 * @wait_ns: in a pass by events, all threads together
 * @clock: what reading the clock did to the figures of maps and unmaps
 * @timeline: how it went along the trace
 * @counts: events, per operation
 */
struct report {
	struct trace trace;
	struct replay_plan plan;
	uint64_t pages[TRACE_NR_KINDS];
	struct replay_check check;
	struct replay_calls calls;
	struct stats_series series[REPLAY_NR_SERIES];
	struct stats_value wall_ns;
	struct stats_value nr_waits;
	struct stats_value wait_ns;
	struct stats_clock clock;
	struct timeline timeline;
	struct counters_sum counts;
};

/**
 * report_calls_per_page() - callbacks (invalidations and syncs) for each page unmapped
 * @report: the figures
 */
double report_calls_per_page(const struct report *report);

/**
 * report_print() - write the table for people
 * @out: where to
 * @opts: the options
 * @report: the figures
 */
void report_print(FILE *out, const struct options *opts, const struct report *report);

/**
 * report_warnings() - write what makes the figures of a trace less than they seem
 * @out: where to
 * @trace: the trace
 */
void report_warnings(FILE *out, const struct trace *trace);

/**
 * report_json() - write all figures as one JSON object
 * @opts: the options; json_path says where to
 * @reports: the figures, one for each trace
 * @nr_reports: how many; if fewer than traces were given, the object says that it is partial
 *
 * Return: 0, or the errno of what could not be written; the file is then not to be used.
 */
int report_json(const struct options *opts, const struct report *reports, unsigned int nr_reports);

/**
 * replay_put_partial() - not all traces are in this object
 * @j: inside of it
 * @opts: the options
 * @nr: how many are
 */
void replay_put_partial(struct json *j, const struct options *opts, unsigned int nr);

/**
 * replay_say_partial() - that a run was interrupted, on stderr
 * @opts: the options
 * @nr: traces that are in the report
 *
 * Return: the exit status.
 */
int replay_say_partial(const struct options *opts, unsigned int nr);

#endif /* BENCH_REPLAY_REPORT_H */
