// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay-advice-run: runs the strategies that were asked for on each trace. See replay-advice.h.
 *
 * A strategy that went wrong (a release before its invalidation, a space that is full) is a row
 * with an error, and exit status 1; nothing is advised from it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "interrupt.h"
#include "replay-advice.h"
#include "replay-report.h"

/* When all strategies are compared: depths of the flush queue for each CPU, and shares of the budget
 * that adaptive is told, which keeps to it in the mean of all rounds, not of all pages. */
static const uint32_t depth_sweep[] = { 64, 256, 1024, 4096 };
static const unsigned int budget_percent[] = { 100, 75 };

static unsigned int host_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		return 1;
	return (unsigned int)CPU_COUNT(&set);
}

static unsigned int trace_cpus(const struct trace *trace)
{
	unsigned int most = 0;

	for (size_t i = 0; i < trace->nr_events; i++)
		most = trace->events[i].cpu > most ? trace->events[i].cpu : most;
	return most + 1 < VIRTUAL_CPUS ? most + 1 : VIRTUAL_CPUS;
}

static unsigned int granule_lg2(const struct options *opts)
{
	return (unsigned int)__builtin_ctzll(opts->cfg.granule_bytes);
}

static void progress(const struct options *opts, const struct advice *a, const char *what)
{
	if (!opts->quiet && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%s: %s", a->trace.name, what);
}

static void add_row(const struct options *opts, struct advice *a, enum iommu_strategy_kind kind,
		    enum replay_clock clock, uint32_t depth, unsigned int percent)
{
	const struct iommu_strategy_info *info = iommu_strategy_describe(kind);
	const struct strategy_opts *s = &opts->strategy;
	struct advice_row *row = &a->row[a->nr_rows++];

	row->run = (struct strategy_run){
		.kind = kind,
		.depth = info->depth ? depth : 0,
		.budget_ns = info->needs_clock ? s->budget_us * 10 * percent : 0,
		.clock = clock,
		.profile = s->profile,
		.granule_lg2 = granule_lg2(opts),
		.at_pace = s->at_pace && clock == REPLAY_VIRTUAL,
	};
	row->depth = row->run.depth ? row->run.depth : info->depth;
}

/* The strategies of one clock. */
static void add_rows(const struct options *opts, struct advice *a, enum replay_clock clock)
{
	const struct strategy_opts *s = &opts->strategy;
	bool sweep = s->kinds == (1u << IOMMU_STRATEGIES) - 1 && clock == REPLAY_VIRTUAL;

	for (enum iommu_strategy_kind kind = 0; kind < IOMMU_STRATEGIES; kind++) {
		bool adaptive = iommu_strategy_describe(kind)->needs_clock;

		if (!(s->kinds & 1u << kind) || (adaptive && !s->budget_us))
			continue;
		if (sweep && kind == IOMMU_STRATEGY_FQ_PERCPU && !s->depth)
			for (size_t i = 0; i < sizeof(depth_sweep) / sizeof(depth_sweep[0]); i++)
				add_row(opts, a, kind, clock, depth_sweep[i], 100);
		else if (sweep && adaptive)
			for (size_t i = 0; i < sizeof(budget_percent) / sizeof(budget_percent[0]);
			     i++)
				add_row(opts, a, kind, clock, s->depth, budget_percent[i]);
		else
			add_row(opts, a, kind, clock, s->depth, 100);
	}
}

static int run_clock(const struct options *opts, const struct trace *trace,
		     const struct replay_plan *plan, struct advice *a, enum replay_clock clock)
{
	struct plan_opts plan_opts = opts->plan;
	struct replay_mappings m;
	unsigned int from = a->nr_rows;
	int ret;

	plan_opts.nr_threads = clock == REPLAY_VIRTUAL ? a->cpus : a->threads;
	ret = replay_mappings_make(trace, plan, &plan_opts, &m);
	if (ret)
		return ret;
	a->unmaps = m.nr_unmaps;
	a->pages = m.unmapped_bytes >> granule_lg2(opts);
	add_rows(opts, a, clock);
	for (unsigned int i = from; i < a->nr_rows; i++) {
		struct advice_row *row = &a->row[i];

		if (interrupt_came()) {
			ret = -EINTR;
			break;
		}
		progress(opts, a, iommu_strategy_describe(row->run.kind)->name);
		(clock == REPLAY_VIRTUAL ? strategy_run_virtual : strategy_run_real)(&row->run, &m,
										     &row->figures);
	}
	replay_mappings_free(&m);
	return ret;
}

static int run_clocks(const struct options *opts, const struct trace *trace,
		      const struct replay_plan *plan, struct advice *a, char *msg)
{
	unsigned int cpus = host_cpus();
	int ret = 0;

	a->cpus = opts->strategy.cpus ? opts->strategy.cpus : trace_cpus(trace);
	a->threads = cpus > 1 ? cpus - 1 : 1;
	a->threads = a->cpus < a->threads ? a->cpus : a->threads;
	a->oversubscribed = a->threads + 1 > cpus;
	for (unsigned int clock = 0; !ret && clock < REPLAY_CLOCKS; clock++)
		if (opts->strategy.clocks & 1u << clock)
			ret = run_clock(opts, trace, plan, a, (enum replay_clock)clock);
	progress(opts, a, "");
	if (ret == -ENODATA)
		snprintf(msg, TRACE_MSG_BYTES, "%s: nothing is unmapped in it", trace->name);
	else if (ret)
		snprintf(msg, TRACE_MSG_BYTES, "%s: no memory", trace->name);
	return ret;
}

static int advise(const struct options *opts, const char *path, struct advice *a, char *msg)
{
	struct plan_opts plan_opts = opts->plan;
	struct replay_plan plan;
	struct trace trace;
	int ret = trace_load(&opts->trace, path, &trace, msg);

	if (ret)
		return ret;
	a->trace = trace;
	a->trace.events = NULL;
	plan_opts.nr_threads = 1;
	ret = replay_plan_make(&trace, &plan_opts, &plan, msg);
	if (!ret) {
		ret = run_clocks(opts, &trace, &plan, a, msg);
		replay_plan_free(&plan);
	}
	trace_free(&trace);
	if (!ret)
		advice_decide(opts, a);
	return ret;
}

static bool has_errors(const struct advice *a)
{
	for (unsigned int i = 0; i < a->nr_rows; i++)
		if (a->row[i].figures.error)
			return true;
	return false;
}

/* What is written, and how it ends; nr: of the traces, those that are whole. */
static int finish(const struct options *opts, const struct advice *all, unsigned int nr,
		  FILE *table, int status)
{
	int err = opts->json_path ? advice_json(opts, all, nr) : 0;

	if (err) {
		fprintf(stderr, "bench_replay: %s: cannot be written: %s\n", opts->json_path,
			strerror(err));
		status = 1;
	}
	if (fflush(table) || ferror(table)) {
		fprintf(stderr, "bench_replay: the table cannot be written: %s\n", strerror(errno));
		return 1;
	}
	return nr == opts->nr_paths || err ? status : replay_say_partial(opts, nr);
}

static int advise_all(const struct options *opts, struct advice *all)
{
	bool json_on_stdout = opts->json_path && !strcmp(opts->json_path, "-");
	FILE *table = json_on_stdout ? stderr : stdout;
	char msg[TRACE_MSG_BYTES] = "";
	int ret = 0, status = 0;
	unsigned int i;

	for (i = 0; i < opts->nr_paths; i++) {
		ret = advise(opts, opts->paths[i], &all[i], msg);
		if (ret == -EINTR)
			break;
		if (ret) {
			fprintf(stderr, "bench_replay: %s\n", msg);
			return 1;
		}
		if (!opts->quiet)
			advice_print(table, opts, &all[i]);
		fflush(table); /* the next one takes seconds; finish() sees an error */
		status |= has_errors(&all[i]);
	}
	return finish(opts, all, i, table, status);
}

int advice_all(const struct options *opts)
{
	struct advice *all = calloc(opts->nr_paths, sizeof(*all));
	int status;

	if (!all) {
		fputs("bench_replay: no memory\n", stderr);
		return 1;
	}
	status = advise_all(opts, all);
	free(all);
	return status;
}
