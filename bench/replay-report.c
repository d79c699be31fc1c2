// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay-report: the table of bench_replay for people, see replay-report.h.
 *
 * A figure that could not be measured is a dash, never a 0; what makes the figures less than they
 * seem (a truncated file, lost events) stands before them.
 */
#include "replay-report.h"

#include <inttypes.h>
#include <string.h>

#include "clock.h"
#include "interrupt.h"

static const char *const series_title[] = {
	[REPLAY_MAPS] = "map",
	[REPLAY_UNMAPS] = "unmap",
	[REPLAY_EVENTS] = "event",
};

double report_calls_per_page(const struct report *report)
{
	uint64_t calls = report->calls.leaf + report->calls.table + report->calls.sync +
			 report->calls.flush_all;

	if (!report->pages[TRACE_UNMAP])
		return 0;
	return (double)calls / (double)report->pages[TRACE_UNMAP];
}

void report_warnings(FILE *out, const struct trace *trace)
{
	if (trace->truncated)
		fprintf(out, "  TRUNCATED: this is not the whole trace. %s\n",
			trace->truncated_why);
	if (trace->nr_lost_markers)
		fprintf(out,
			"  LOST EVENTS: the recorder lost events at %" PRIu64 " places, %" PRIu64
			" or more in all\n",
			trace->nr_lost_markers, trace->nr_lost_events);
	if (trace->nr_overwritten)
		fprintf(out, "  LOST EVENTS: the recorder overwrote %" PRIu64 " events\n",
			trace->nr_overwritten);
}

static void print_trace(FILE *out, const struct report *report)
{
	const struct trace *trace = &report->trace;
	const struct replay_plan *plan = &report->plan;

	fprintf(out, "  trace     %zu events: %" PRIu64 " maps, %" PRIu64 " unmaps; %s, %s\n",
		trace->nr_events, trace->nr_kind[TRACE_MAP], trace->nr_kind[TRACE_UNMAP],
		trace_format_name(trace->format), trace_packing_name(trace->packing));
	fprintf(out,
		"            %" PRIu64 " lost, %" PRIu64 " out of order, %" PRIu64
		" short unmaps, %" PRIu64 " other events, %" PRIu64 " other lines\n",
		trace->nr_lost_events, trace->nr_out_of_order, trace->nr_short_unmaps,
		trace->nr_other_events, trace->nr_unknown_lines);
	fprintf(out,
		"  replayed  %" PRIu64 " maps of %" PRIu64 " pages, %" PRIu64 " unmaps of %" PRIu64
		" pages; %zu mappings remain\n",
		plan->nr_ops[TRACE_MAP], report->pages[TRACE_MAP], plan->nr_ops[TRACE_UNMAP],
		report->pages[TRACE_UNMAP], plan->nr_live);
	fprintf(out,
		"  domains   %u; %" PRIu64 " conflicts, %" PRIu64 " maps skipped, %" PRIu64
		" orphans, %" PRIu64 " partial unmaps\n",
		plan->nr_domains, plan->nr_conflicts, plan->nr_skipped, plan->nr_orphans,
		plan->nr_partial);
	fprintf(out, "            %" PRIu64 " unmaps of several maps, %" PRIu64 " on another CPU\n",
		plan->nr_multi, plan->nr_cross_cpu);
}

static void print_series(FILE *out, const struct options *opts, const struct report *report,
			 unsigned int i)
{
	const struct stats_series *series = &report->series[i];
	unsigned int p;

	fprintf(out, "  %-9s", series_title[i]);
	for (p = 0; p < opts->list.nr; p++) {
		if (series->batch_ops)
			fprintf(out, " %8.1f", series->op_ns[p].median);
		else
			fprintf(out, " %8s", "-");
	}
	fputs("  ", out);
	for (p = 0; p < opts->list.nr; p++) {
		if (series->batch_ops)
			fprintf(out, " %8.1f", series->page_ns[p].median);
		else
			fprintf(out, " %8s", "-");
	}
	if (series->batch_ops)
		fprintf(out, "   %6u %8u  %.1f..%.1f\n", series->batch_ops, series->nr_batches,
			series->op_ns[0].min, series->op_ns[0].max);
	else
		fputs("   too few for a batch\n", out);
}

static void print_head(FILE *out, const struct options *opts)
{
	unsigned int half, p;
	int pad = 9 * (int)opts->list.nr;

	fprintf(out, "  %-9s%*s  %*s\n", "", pad, "ns per call", pad, "ns per page");
	fprintf(out, "  %-9s", "");
	for (half = 0; half < 2; half++) {
		for (p = 0; p < opts->list.nr; p++)
			fprintf(out, " %*sp%s", 7 - (int)strlen(opts->list.name[p]), "",
				opts->list.name[p]);
		fputs(half ? "" : "  ", out);
	}
	fprintf(out, "   %6s %8s  p%s of the repeats\n", "batch", "batches", opts->list.name[0]);
}

static void print_costs(FILE *out, const struct report *report)
{
	const struct replay_plan *plan = &report->plan;
	double nr_ops = (double)(plan->nr_ops[TRACE_MAP] + plan->nr_ops[TRACE_UNMAP]);

	fprintf(out,
		"  callbacks %.3f per page unmapped: %" PRIu64 " leaf, %" PRIu64 " table, %" PRIu64
		" syncs, %" PRIu64 " flush-alls\n",
		report_calls_per_page(report), report->calls.leaf, report->calls.table,
		report->calls.sync, report->calls.flush_all);
	fprintf(out, "  tables    %" PRIu64 " bytes at the peak, %" PRIu64 " at the end\n",
		report->check.table_peak_bytes, report->check.table_end_bytes);
	fprintf(out, "  whole     %.3f ms, %.0f calls/s", report->wall_ns.median / 1e6,
		nr_ops * 1e9 / report->wall_ns.median);
	if (report->plan.nr_threads > 1)
		fprintf(out, "; %.0f waits, %.3f ms in them", report->nr_waits.median,
			report->wait_ns.median / 1e6);
	fprintf(out,
		"\n  clock     tick %.0f ns; %.1f ns for reading it were taken off each run of "
		"maps or "
		"unmaps;\n            their sum is then %+.1f%% off the events timed together\n",
		bench_clock.tick_ns, report->clock.overhead_ns, report->clock.residual_percent);
}

void report_print(FILE *out, const struct options *opts, const struct report *report)
{
	const struct replay_cfg *cfg = &opts->cfg;
	unsigned int i;

	fprintf(out,
		"%s: %s, granule %s, ias %u, oas %u, flush %s, coherent %d, %u thread%s, "
		"%u repeat%s\n",
		report->trace.name, options_fmt_name(cfg->fmt),
		options_granule_name(cfg->granule_bytes), cfg->ias, cfg->oas,
		options_flush_name(cfg->flush), cfg->coherent, opts->plan.nr_threads,
		opts->plan.nr_threads == 1 ? "" : "s", opts->nr_repeats,
		opts->nr_repeats == 1 ? "" : "s");
	report_warnings(out, &report->trace);
	print_trace(out, report);
	print_head(out, opts);
	for (i = 0; i < REPLAY_NR_SERIES; i++)
		print_series(out, opts, report, i);
	print_costs(out, report);
}

int replay_say_partial(const struct options *opts, unsigned int nr)
{
	fprintf(stderr, "bench_replay: interrupted: %u of %u traces are in the report%s\n", nr,
		opts->nr_paths, opts->json_path ? ", which says so" : "");
	return INTERRUPT_STATUS;
}
