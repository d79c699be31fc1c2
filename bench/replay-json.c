// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay-json: the figures of bench_replay as JSON, see replay-report.h.
 *
 * Keys end in their unit. What could not be measured is null. Nothing about the host is written
 * except its architecture and what the clock does; no paths, only the traces' names.
 */
#include <string.h>

#include "clock.h"
#include "json.h"
#include "replay-report.h"

#if defined(__aarch64__)
#define ARCH_NAME "aarch64"
#elif defined(__x86_64__)
#define ARCH_NAME "x86_64"
#else
#define ARCH_NAME "other"
#endif

static void put_count(struct json *j, const char *key, uint64_t count)
{
	json_number(j, key, (double)count);
}

/* "map_ns_p99_9": a key has no point in it. */
static void put_percentile(struct json *j, const char *prefix, const char *name, const char *suffix,
			   const double *value)
{
	char key[64];
	char *point;

	snprintf(key, sizeof(key), "%s_p%s%s", prefix, name, suffix);
	while ((point = strchr(key, '.')))
		*point = '_';
	if (value)
		json_number(j, key, *value);
	else
		json_string(j, key, NULL);
}

static void put_series(struct json *j, const struct options *opts,
		       const struct stats_series *series, const char *name)
{
	char op[32], page[32], key[64];
	const struct stats_value *op_ns, *page_ns;
	unsigned int p;

	snprintf(op, sizeof(op), "%s_ns", name);
	snprintf(page, sizeof(page), "%s_ns_per_page", name);
	for (p = 0; p < opts->list.nr; p++) {
		op_ns = series->batch_ops ? &series->op_ns[p] : NULL;
		page_ns = series->batch_ops ? &series->page_ns[p] : NULL;
		put_percentile(j, op, opts->list.name[p], "", op_ns ? &op_ns->median : NULL);
		put_percentile(j, op, opts->list.name[p], "_min", op_ns ? &op_ns->min : NULL);
		put_percentile(j, op, opts->list.name[p], "_max", op_ns ? &op_ns->max : NULL);
		put_percentile(j, page, opts->list.name[p], "", page_ns ? &page_ns->median : NULL);
	}
	snprintf(key, sizeof(key), "%s_batch_events", name);
	put_count(j, key, series->batch_ops);
	snprintf(key, sizeof(key), "%s_batches", name);
	put_count(j, key, series->nr_batches);
	snprintf(key, sizeof(key), "%s_ns_mean", name);
	if (series->batch_ops)
		json_number(j, key, series->mean_op_ns.median);
	else
		json_string(j, key, NULL);
}

static void put_name(struct json *j, const struct options *opts, const struct report *report)
{
	char name[256];

	snprintf(name, sizeof(name),
		 "replay/trace:%s/impl:core/fmt:%s/granule:%s/coherent:%d/flush:%s/threads:%u",
		 report->trace.name, options_fmt_name(opts->cfg.fmt),
		 options_granule_name(opts->cfg.granule_bytes), opts->cfg.coherent,
		 options_flush_name(opts->cfg.flush), opts->plan.nr_threads);
	json_string(j, "name", name);
}

static void put_trace(struct json *j, const struct trace *trace)
{
	json_string(j, "trace", trace->name);
	json_string(j, "trace_format", trace_format_name(trace->format));
	json_string(j, "compression", trace_packing_name(trace->packing));
	json_bool(j, "truncated", trace->truncated);
	if (trace->truncated)
		json_string(j, "truncated_why", trace->truncated_why);
	put_count(j, "events", trace->nr_events);
	put_count(j, "maps", trace->nr_kind[TRACE_MAP]);
	put_count(j, "unmaps", trace->nr_kind[TRACE_UNMAP]);
	put_count(j, "lost_events", trace->nr_lost_events);
	put_count(j, "lost_markers", trace->nr_lost_markers);
	put_count(j, "overwritten_events", trace->nr_overwritten);
	put_count(j, "out_of_order_events", trace->nr_out_of_order);
	put_count(j, "short_unmaps", trace->nr_short_unmaps);
	put_count(j, "other_events", trace->nr_other_events);
	put_count(j, "other_lines", trace->nr_unknown_lines);
}

static void put_plan(struct json *j, const struct options *opts, const struct report *report)
{
	const struct replay_plan *plan = &report->plan;

	json_string(j, "fmt", options_fmt_name(opts->cfg.fmt));
	json_string(j, "granule", options_granule_name(opts->cfg.granule_bytes));
	put_count(j, "ias_bits", opts->cfg.ias);
	put_count(j, "oas_bits", opts->cfg.oas);
	json_string(j, "flush", options_flush_name(opts->cfg.flush));
	json_bool(j, "coherent", opts->cfg.coherent);
	json_string(j, "on_conflict", options_conflict_name(opts->plan.on_conflict));
	put_count(j, "threads", plan->nr_threads);
	put_count(j, "repeats", opts->nr_repeats);
	put_count(j, "domains", plan->nr_domains);
	put_count(j, "conflicts", plan->nr_conflicts);
	put_count(j, "skipped_maps", plan->nr_skipped);
	put_count(j, "orphans", plan->nr_orphans);
	put_count(j, "partial_unmaps", plan->nr_partial);
	put_count(j, "multi_map_unmaps", plan->nr_multi);
	put_count(j, "cross_cpu_unmaps", plan->nr_cross_cpu);
	put_count(j, "replayed_maps", plan->nr_ops[TRACE_MAP]);
	put_count(j, "replayed_unmaps", plan->nr_ops[TRACE_UNMAP]);
	put_count(j, "mapped_pages", report->pages[TRACE_MAP]);
	put_count(j, "unmapped_pages", report->pages[TRACE_UNMAP]);
	put_count(j, "live_mappings_at_end", plan->nr_live);
}

static void put_figures(struct json *j, const struct options *opts, const struct report *report)
{
	put_series(j, opts, &report->series[REPLAY_MAPS], "map");
	put_series(j, opts, &report->series[REPLAY_UNMAPS], "unmap");
	put_series(j, opts, &report->series[REPLAY_EVENTS], "event");
	put_count(j, "batch_events", report->series[REPLAY_EVENTS].batch_ops);
	json_number(j, "clock_overhead_in_place_ns", report->clock.overhead_ns);
	json_number(j, "clock_residual_percent", report->clock.residual_percent);
	put_count(j, "leaf_callbacks", report->calls.leaf);
	put_count(j, "table_callbacks", report->calls.table);
	put_count(j, "syncs", report->calls.sync);
	put_count(j, "flush_alls", report->calls.flush_all);
	json_number(j, "callbacks_per_page", report_calls_per_page(report));
	put_count(j, "table_peak_bytes", report->check.table_peak_bytes);
	put_count(j, "table_end_bytes", report->check.table_end_bytes);
	json_number(j, "waits", report->nr_waits.median);
	json_number(j, "wait_ns", report->wait_ns.median);
	json_number(j, "wall_ns_min", report->wall_ns.min);
	json_number(j, "wall_ns_max", report->wall_ns.max);
	json_number(j, "wall_ns", report->wall_ns.median);
}

static void put_event(void *to, const char *name, double value)
{
	json_number(to, name, value);
}

static void put_counts(struct json *j, const char *key, const uint64_t *counts, uint32_t nr)
{
	json_open(j, key, '[');
	for (uint32_t i = 0; i < nr; i++)
		put_count(j, NULL, counts[i]);
	json_close(j, ']');
}

/* Absent where there is none, like a figure that was not measured. */
static void put_timeline(struct json *j, const struct timeline *timeline)
{
	uint32_t i;

	if (!timeline->nr)
		return;
	json_open(j, "timeline", '{');
	json_open(j, "events", '[');
	for (i = 0; i < timeline->nr; i++)
		put_count(j, NULL, (uint64_t)(i + 1) * timeline->window_events);
	json_close(j, ']');
	json_open(j, "ns_per_event", '[');
	for (i = 0; i < timeline->nr; i++)
		json_number(j, NULL, timeline->ns_per_event[i]);
	json_close(j, ']');
	put_counts(j, "mapped_bytes", timeline->mapped_bytes, timeline->nr);
	put_counts(j, "table_bytes", timeline->table_bytes, timeline->nr);
	json_close(j, '}');
}

static void put_context(struct json *j)
{
	json_open(j, "context", '{');
	json_string(j, "program", "bench_replay");
	json_string(j, "arch", ARCH_NAME);
	json_string(j, "compiler", __VERSION__);
	json_string(j, "clock", "CLOCK_MONOTONIC");
	json_number(j, "clock_tick_ns", bench_clock.tick_ns);
	json_number(j, "clock_overhead_ns", bench_clock.overhead_ns);
	put_count(j, "batch_min_ticks", STATS_BATCH_TICKS);
	if (counters_software())
		json_string(j, "counters_software", counters_software());
	if (counters_hardware())
		json_string(j, "counters_hardware", counters_hardware());
	json_close(j, '}');
}

void replay_put_partial(struct json *j, const struct options *opts, unsigned int nr)
{
	json_bool(j, "partial", true);
	put_count(j, "cases_done", nr);
	put_count(j, "cases_total", opts->nr_paths);
}

/* What is written. */
struct all {
	const struct options *opts;
	const struct report *reports;
	unsigned int nr;
};

static void put_all(struct json *j, const void *what)
{
	const struct all *all = what;

	json_open(j, NULL, '{');
	put_context(j);
	json_open(j, "replay", '[');
	for (unsigned int i = 0; i < all->nr; i++) {
		json_open(j, NULL, '{');
		put_name(j, all->opts, &all->reports[i]);
		put_trace(j, &all->reports[i].trace);
		put_plan(j, all->opts, &all->reports[i]);
		put_figures(j, all->opts, &all->reports[i]);
		put_timeline(j, &all->reports[i].timeline);
		counters_figures(&all->reports[i].counts, "event", put_event, j);
		json_close(j, '}');
	}
	json_close(j, ']');
	if (all->nr < all->opts->nr_paths)
		replay_put_partial(j, all->opts, all->nr);
	json_close(j, '}');
}

int report_json(const struct options *opts, const struct report *reports, unsigned int nr_reports)
{
	const struct all all = { opts, reports, nr_reports };

	return json_write(opts->json_path, put_all, &all);
}
