// SPDX-License-Identifier: GPL-2.0-only
/*
 * program: the common part of the programs. See program.h.
 */
#include "program.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "clock.h"
#include "gbench.h"
#include "interrupt.h"
#include "perf-record.h"
#include "quiet.h"
#include "raw-samples.h"
#include "sampler.h"
#include "steadiness.h"
#include "topology.h"

static const struct program *program;
static struct cli cli;
static struct topology topology;

/* Of all cases so far. */
static struct {
	double kept;
	double dropped;
	unsigned int cases;
	unsigned int noisy;
} samples;

static void add_samples(const struct sampler_result *r)
{
	/* Of a noisy case all were used, but the share says how many were disturbed. */
	double all = r->noisy ? (double)r->samples : (double)r->samples / (1 - r->dropped_share);

	samples.kept += all * (1 - r->dropped_share);
	samples.dropped += all * r->dropped_share;
	samples.cases++;
	samples.noisy += r->noisy;
}

/* How disturbed the run was. */
static void say_dropped(void)
{
	double all = samples.kept + samples.dropped;

	if (!(all > 0))
		return;
	fprintf(stderr, "%s: %.1f%% of the samples were disturbed by neighbours, and dropped\n",
		program->name, 100 * samples.dropped / all);
	if (samples.noisy)
		fprintf(stderr,
			"%s: %u of %u cases had fewer than five others in four times "
			"--benchmark_min_time: theirs were kept (noisy)\n",
			program->name, samples.noisy, samples.cases);
}

static bool too_noisy(struct gbench_state *state, const struct sampler_result *r)
{
	char text[160];

	if (!r->noisy || !cli.noisy_fails)
		return false;
	snprintf(text, sizeof(text),
		 "no figure: of %zu samples in %.2g s fewer than five were undisturbed; give more "
		 "--benchmark_min_time, or a quieter host",
		 r->samples, 4 * cli.budget_s);
	gbench_fail(state, text);
	return true;
}

bool program_good(struct gbench_state *state, const char *skipped,
		  const struct sampler_result *result)
{
	if (skipped)
		gbench_skip(state, skipped);
	else if (result->error)
		gbench_fail(state, result->error);
	if (skipped || result->error)
		return false;
	add_samples(result);
	return !too_noisy(state, result);
}

void program_report(struct gbench_state *state, const struct sampler_result *result)
{
	gbench_counter(state, "ns_per_page", result->ns.median);
	gbench_counter(state, "ns_per_page_p10", result->ns.p10);
	gbench_counter(state, "ns_per_page_p90", result->ns.p90);
	gbench_counter(state, "pages", result->pages);
	gbench_counter(state, "samples", (double)result->samples);
	gbench_counter(state, "dropped_share", result->dropped_share);
	gbench_counter(state, "noisy", result->noisy);
	program_report_counts(state, &result->counts, result->recorded_regions, "page");
}

static void report_figure(void *state, const char *name, double value)
{
	gbench_counter(state, name, value);
}

void program_report_counts(struct gbench_state *state, const struct counters_sum *counts,
			   unsigned long recorded_regions, const char *unit)
{
	counters_figures(counts, unit, report_figure, state);
	if (cli.perf_record)
		gbench_counter(state, "perf_regions", (double)recorded_regions);
}

/* What was counted, and if not, why; what this processor calls it. */
static void init_counters(void)
{
	char events[512] = "";
	size_t len = 0;

	counters_init(cli.counters, &perf_kernel);
	if (cli.counters == COUNTERS_NONE)
		return;
	gbench_context("counters_software", counters_software());
	if (cli.counters != COUNTERS_ALL)
		return;
	gbench_context("counters_hardware", counters_hardware());
	gbench_context("counters_libpfm4", perf_events_library());
	for (int i = 0; i < PERF_EVENT_NR_HARDWARE && len < sizeof(events); i++)
		len += (size_t)snprintf(events + len, sizeof(events) - len, "%s%s=%s",
					len ? " " : "", perf_event_name((enum perf_event_id)i),
					perf_event_called((enum perf_event_id)i) ?: "absent");
	gbench_context("counters_events", events);
}

static void label(struct gbench_state *state, unsigned int threads)
{
	char text[80];

	if (threads > topology.nr_cpus)
		snprintf(text, sizeof(text), "oversubscribed: %u threads on %u CPUs", threads,
			 topology.nr_cpus);
	else if (threads > topology.nr_cores)
		snprintf(text, sizeof(text), "cores shared: %u threads on %u cores", threads,
			 topology.nr_cores);
	else
		return;
	gbench_label(state, text);
}

static void run_case(struct gbench_state *state, const void *c)
{
	char name[PROGRAM_NAME_BYTES];

	if (!interrupt_came()) {
		program->case_name(c, name);
		cli_begin(&cli, name);
		label(state, program->case_threads(c));
		raw_samples_case(name);
		program->run(state, c, topology.cpus, cli.budget_s);
	}
	/* What was going on when it came is not whole. */
	if (interrupt_came())
		gbench_drop(state);
}

static int say_no_samples(int error)
{
	if (error == -ENODATA)
		fprintf(stderr,
			"%s: --samples=%s: none of these cases has samples (what is modelled has "
			"none: it is the same every time)\n",
			program->name, cli.samples);
	else
		fprintf(stderr, "%s: --samples=%s: cannot be written: %s\n", program->name,
			cli.samples, strerror(-error));
	return 1;
}

static int say_partial(void)
{
	unsigned long total, done = gbench_done(&total);

	fprintf(stderr, "%s: interrupted: %lu of %lu cases are in the report, which says so\n",
		program->name, done, total);
	return INTERRUPT_STATUS;
}

static void *register_cases(void)
{
	unsigned int max_threads = cli.max_threads ? cli.max_threads : topology.nr_cpus;
	size_t nr = 0;
	char *cases = program->cases(cli.full, max_threads, &nr);

	for (size_t i = 0; cases && i < nr; i++) {
		const void *c = cases + i * program->case_bytes;
		char name[PROGRAM_NAME_BYTES];

		program->case_name(c, name);
		gbench_register(name, run_case, c);
	}
	return cases;
}

/* What is written beside the report. */
static int open_outputs(void)
{
	int error = 0;

	if (gbench_lists())
		return 0;
	if (cli.samples)
		error = raw_samples_open(cli.samples);
	if (error)
		return say_no_samples(error);
	return cli.perf_record ? perf_record_open(cli.program, cli.perf_record, &perf_kernel) : 0;
}

static int run_all(void)
{
	int status, error;

	interrupt_catch(program->name);
	status = cli_run(&cli);
	say_dropped();
	error = raw_samples_close();
	if (error)
		status = say_no_samples(error);
	if (perf_record_close())
		status = 1;
	return interrupt_came() ? say_partial() : status;
}

int program_main(const struct program *p, int argc, char **argv)
{
	void *cases = NULL;
	int status;

	program = p;
	cli = (struct cli){ .program = p->name,
			    .usage = p->usage,
			    .budget_s = 0.1,
			    .drops = p->drops,
			    .counters = COUNTERS_ALL };
	status = cli_init(&cli, &argc, argv);
	if (status)
		return status;
	if (!topology_init(&topology, cli.max_threads, cli.all_nodes)) {
		bench_clock_calibrate();
		status = p->take_over ? p->take_over(&cli, &topology) : -1;
		if (status >= 0)
			return status;
		cases = register_cases();
	}
	if (!cases) {
		fprintf(stderr, "%s: not enough memory, or hwloc finds no CPU\n", p->name);
		return 1;
	}
	init_counters();
	quiet_calibrate();
	if (!cli.progress_total && !gbench_lists())
		steadiness_warn("", p->name);
	status = open_outputs() ? 1 : run_all();
	free(cases);
	free(topology.cpus);
	return status;
}
