// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench_replay: what a recorded DMA workload costs with this library's page tables.
 *
 * For each trace: read it, plan it, do it once with every result checked (replay-check.c), once to
 * warm up, and then per repeat twice: cut by events, for the cost of the workload as it is, and cut
 * by kind, for maps and unmaps apart (replay-run.h says why, and what that costs in accuracy). The
 * figures of a repeat are percentiles over batches of at least 50 clock ticks (replay-stats.h);
 * what is printed is their median over the repeats. Nothing is printed for a trace that was not
 * replayed as planned to its end.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "interrupt.h"
#include "replay-advice.h"
#include "replay-behind.h"
#include "replay-options.h"
#include "replay-report.h"

/* The passes of all repeats of one trace. */
struct passes {
	struct replay_pass *by_kind;
	struct replay_pass *by_event;
	unsigned int nr;
};

static void progress(const struct options *opts, const char *name, const char *what,
		     unsigned int done)
{
	if (opts->quiet || !isatty(STDERR_FILENO))
		return;
	fprintf(stderr, "\r\033[K%s%s%s", name, *what ? ": " : "", what);
	if (done)
		fprintf(stderr, " %u of %u", done, opts->nr_repeats);
	fflush(stderr);
}

/* Repeats take as long as one another. */
static void progress_repeat(const struct options *opts, const char *name, unsigned int repeat,
			    uint64_t start_ns)
{
	double each_s = (double)(bench_clock_ns() - start_ns) / 1e9 / (repeat > 1 ? repeat - 1 : 1);

	progress(opts, name, "repeat", repeat);
	if (repeat > 1 && !opts->quiet && isatty(STDERR_FILENO))
		fprintf(stderr, ", %.0f s left", each_s * (opts->nr_repeats - repeat + 1));
}

static void free_passes(struct passes *passes)
{
	unsigned int i;

	for (i = 0; i < passes->nr; i++) {
		replay_pass_free(&passes->by_kind[i]);
		replay_pass_free(&passes->by_event[i]);
	}
	free(passes->by_kind);
	free(passes->by_event);
}

static int warm_up(const struct options *opts, const struct trace *trace,
		   const struct replay_plan *plan, char *msg)
{
	struct replay_pass pass;
	int ret = replay_run_pass(trace, plan, &opts->cfg, REPLAY_BY_EVENT, &pass, msg);

	if (!ret)
		replay_pass_free(&pass);
	return ret;
}

static int run_passes(const struct options *opts, const struct trace *trace,
		      const struct replay_plan *plan, struct passes *passes, char *msg)
{
	uint64_t start_ns;
	unsigned int i;
	int ret;

	passes->by_kind = calloc(opts->nr_repeats, sizeof(*passes->by_kind));
	passes->by_event = calloc(opts->nr_repeats, sizeof(*passes->by_event));
	if (!passes->by_kind || !passes->by_event) {
		snprintf(msg, TRACE_MSG_BYTES, "no memory for the figures");
		return -ENOMEM;
	}
	progress(opts, trace->name, "warming up", 0);
	ret = warm_up(opts, trace, plan, msg);
	start_ns = bench_clock_ns();
	for (i = 0; !ret && i < opts->nr_repeats; i++) {
		if (interrupt_came())
			return -EINTR;
		progress_repeat(opts, trace->name, i + 1, start_ns);
		passes->nr = i + 1;
		ret = replay_run_pass(trace, plan, &opts->cfg, REPLAY_BY_EVENT,
				      &passes->by_event[i], msg);
		if (!ret)
			behind_samples(opts, trace, i + 1, &passes->by_event[i]);
		if (!ret)
			ret = replay_run_pass(trace, plan, &opts->cfg, REPLAY_BY_KIND,
					      &passes->by_kind[i], msg);
	}
	return ret;
}

static int summarise_passes(const struct options *opts, const struct passes *passes,
			    struct report *report)
{
	double *values = calloc(opts->nr_repeats, sizeof(*values));
	unsigned int i;

	if (!values)
		return -ENOMEM;
	for (i = 0; i < opts->nr_repeats; i++)
		values[i] = (double)passes->by_event[i].wall_ns;
	report->wall_ns = stats_over(values, opts->nr_repeats);
	for (i = 0; i < opts->nr_repeats; i++)
		values[i] = (double)passes->by_event[i].nr_waits;
	report->nr_waits = stats_over(values, opts->nr_repeats);
	for (i = 0; i < opts->nr_repeats; i++)
		values[i] = (double)passes->by_event[i].wait_ns;
	report->wait_ns = stats_over(values, opts->nr_repeats);
	free(values);
	return 0;
}

static int make_report(const struct options *opts, const struct trace *trace,
		       const struct replay_plan *plan, const struct passes *passes,
		       struct report *report, char *msg)
{
	unsigned int series, kind;
	int ret = 0;

	report->trace = *trace;
	report->plan = *plan;
	report->calls = passes->by_event[0].calls;
	for (kind = 0; kind < TRACE_NR_KINDS; kind++)
		report->pages[kind] = plan->bytes[kind] / opts->cfg.granule_bytes;
	report->clock = stats_compare(plan, passes->by_kind, passes->by_event, passes->nr);
	for (series = 0; !ret && series < REPLAY_NR_SERIES; series++)
		ret = stats_make(plan, &opts->cfg, (enum replay_series)series,
				 series == REPLAY_EVENTS ? passes->by_event : passes->by_kind,
				 passes->nr,
				 series == REPLAY_EVENTS ? bench_clock.overhead_ns
							 : report->clock.overhead_ns,
				 &opts->list, &report->series[series]);
	if (!ret)
		ret = timeline_make(plan, passes->by_event, passes->nr,
				    report->series[REPLAY_EVENTS].batch_ops,
				    bench_clock.overhead_ns, &report->check, &report->timeline);
	if (!ret)
		ret = summarise_passes(opts, passes, report);
	if (ret)
		snprintf(msg, TRACE_MSG_BYTES, "no memory for the figures");
	return ret;
}

/* The checking pass needs a plan for one thread. */
static int check(const struct options *opts, const struct trace *trace, struct replay_check *result,
		 char *msg)
{
	struct plan_opts plan_opts = opts->plan;
	struct replay_plan plan;
	int ret;

	progress(opts, trace->name, "checking", 0);
	plan_opts.nr_threads = 1;
	ret = replay_plan_make(trace, &plan_opts, &plan, msg);
	if (ret)
		return ret;
	ret = plan.nr_ops[TRACE_MAP] ? replay_run_check(trace, &plan, &opts->cfg, result, msg) : 0;
	replay_plan_free(&plan);
	return ret;
}

static int replay_planned(const struct options *opts, const struct trace *trace,
			  const struct replay_plan *plan, struct report *report, char *msg)
{
	struct passes passes = { 0 };
	int ret;

	if (!plan->nr_ops[TRACE_MAP]) {
		snprintf(msg, TRACE_MSG_BYTES, "%s: no map to replay", trace->name);
		return -ENOMSG;
	}
	ret = check(opts, trace, &report->check, msg);
	if (!ret)
		ret = run_passes(opts, trace, plan, &passes, msg);
	if (!ret)
		ret = make_report(opts, trace, plan, &passes, report, msg);
	if (!ret)
		ret = behind_passes(opts, trace, plan, &report->counts, msg);
	free_passes(&passes);
	free(report->check.chunk_table_bytes);
	report->check.chunk_table_bytes = NULL;
	return ret;
}

static int replay_trace(const struct options *opts, const char *path, struct report *report,
			char *msg)
{
	struct replay_plan plan;
	struct trace trace;
	int ret;

	progress(opts, path, "reading", 0);
	ret = trace_load(&opts->trace, path, &trace, msg);
	if (ret)
		return ret;
	progress(opts, trace.name, "planning", 0);
	ret = replay_plan_make(&trace, &opts->plan, &plan, msg);
	if (!ret) {
		ret = replay_planned(opts, &trace, &plan, report, msg);
		replay_plan_free(&plan);
	}
	trace_free(&trace);
	return ret;
}

/* With the JSON on the standard output the table for people goes to the standard error. */
static int replay_all(const struct options *opts, struct report *reports)
{
	bool json_on_stdout = opts->json_path && !strcmp(opts->json_path, "-");
	FILE *table = json_on_stdout ? stderr : stdout;
	char msg[TRACE_MSG_BYTES] = "";
	unsigned int i;
	int err;

	for (i = 0; i < opts->nr_paths && !interrupt_came(); i++) {
		err = replay_trace(opts, opts->paths[i], &reports[i], msg);
		progress(opts, "", "", 0);
		if (err == -EINTR)
			break;
		if (err) {
			fprintf(stderr, "bench_replay: %s\n", msg);
			return 1;
		}
		if (!opts->quiet)
			report_print(table, opts, &reports[i]);
	}
	if (opts->json_path) {
		err = report_json(opts, reports, i);
		if (err) {
			fprintf(stderr, "bench_replay: %s: cannot be written: %s\n",
				opts->json_path, strerror(err));
			return 1;
		}
	}
	if (fflush(table) || ferror(table)) {
		fprintf(stderr, "bench_replay: the table cannot be written: %s\n", strerror(errno));
		return 1;
	}
	return i == opts->nr_paths ? 0 : replay_say_partial(opts, i);
}

int main(int argc, char **argv)
{
	struct options opts;
	struct report *reports;
	int status = options_parse(argc, argv, &opts);

	if (status >= 0)
		return status;
	interrupt_catch("bench_replay");
	bench_clock_calibrate();
	if (opts.strategy.kinds)
		return advice_all(&opts);
	reports = calloc(opts.nr_paths, sizeof(*reports));
	if (!reports) {
		fputs("bench_replay: no memory\n", stderr);
		return 1;
	}
	status = behind_open(&opts) ? 1 : replay_all(&opts, reports);
	if (behind_close(&opts) && !status)
		status = 1;
	free(reports);
	return status;
}
