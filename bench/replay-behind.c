// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay-behind: further passes, and lines of samples. See replay-behind.h.
 */
#include "replay-behind.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "clock.h"
#include "interrupt.h"
#include "perf-record.h"
#include "raw-samples.h"

static int say_no_samples(const struct options *opts, int error)
{
	fprintf(stderr, "bench_replay: --samples %s: cannot be written: %s\n", opts->samples,
		strerror(-error));
	return error;
}

int behind_open(const struct options *opts)
{
	int error = 0;

	counters_init(opts->counters, &perf_kernel);
	if (opts->samples)
		error = raw_samples_open(opts->samples);
	if (error)
		return say_no_samples(opts, error);
	if (opts->perf_record)
		error = perf_record_open("bench_replay", opts->perf_record, &perf_kernel);
	return error;
}

int behind_close(const struct options *opts)
{
	int error = raw_samples_close(), not_recorded = perf_record_close();

	/* Interrupted in the first repeat. */
	if (error == -ENODATA)
		error = 0;
	if (error)
		say_no_samples(opts, error);
	return error ? error : not_recorded;
}

void behind_samples(const struct options *opts, const struct trace *trace, unsigned int repeat,
		    const struct replay_pass *pass)
{
	char name[TRACE_MSG_BYTES];

	snprintf(name, sizeof(name), "replay/trace:%s/flush:%s/repeat:%u", trace->name,
		 options_flush_name(opts->cfg.flush), repeat);
	/* A file's name may have what JSON would have to escape. */
	for (char *c = name; *c; c++)
		if (*c == '"' || *c == '\\' || (unsigned char)*c < ' ')
			*c = '_';
	raw_samples_case(name);
	if (raw_samples_begin("ns_events_thread")) {
		for (unsigned int i = 0; i < pass->nr_threads; i++) {
			const struct replay_chunks *chunks =
				&pass->chunks[i * REPLAY_NR_SERIES + REPLAY_EVENTS];

			for (uint32_t k = 0; k < chunks->nr; k++)
				raw_samples_add((double)chunks->ns[k] / REPLAY_EVENT_CHUNK,
						REPLAY_EVENT_CHUNK, i);
		}
		raw_samples_end();
	}
	raw_samples_case(NULL);
}

static int run_pass(const struct options *opts, const struct trace *trace,
		    const struct replay_plan *plan, struct replay_watch watch,
		    struct replay_pass *pass, char *msg)
{
	struct replay_cfg cfg = opts->cfg;
	int ret;

	cfg.watch = watch;
	ret = replay_run_pass(trace, plan, &cfg, REPLAY_BY_EVENT, pass, msg);
	if (!ret)
		replay_pass_free(pass); /* the counts stay */
	return ret;
}

/* Rounds have different events. */
static void add_round(struct counters_sum *sum, const struct counters_sum *round)
{
	if (round->running_share < sum->running_share)
		sum->running_share = round->running_share;
	for (int i = 0; i < PERF_EVENT_NR; i++) {
		sum->value[i] += round->value[i];
		sum->pages[i] += round->pages[i];
	}
}

static unsigned int rounds_of_this_thread(void)
{
	struct counters counters;
	unsigned int rounds = counters_open(&counters);

	counters_close(&counters);
	return rounds;
}

int behind_passes(const struct options *opts, const struct trace *trace,
		  const struct replay_plan *plan, struct counters_sum *counts, char *msg)
{
	unsigned int rounds = rounds_of_this_thread();
	int ret = 0;

	*counts = (struct counters_sum){ .running_share = 1 };
	for (unsigned int round = 0; !ret && round < rounds && !interrupt_came(); round++) {
		struct counters_sum sum = { 0 };
		struct replay_pass pass;

		ret = run_pass(opts, trace, plan,
			       (struct replay_watch){ REPLAY_COUNTED, round, &sum }, &pass, msg);
		add_round(counts, &sum);
	}
	for (unsigned int i = 0; !ret && perf_record_wanted() && i < opts->nr_repeats; i++) {
		struct replay_pass pass;

		if (interrupt_came())
			break;
		ret = run_pass(opts, trace, plan, (struct replay_watch){ REPLAY_RECORDED, 0, NULL },
			       &pass, msg);
	}
	return ret;
}
