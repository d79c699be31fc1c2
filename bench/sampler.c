// SPDX-License-Identifier: GPL-2.0-only
/*
 * sampler: threads, samples and their summary. See sampler.h.
 *
 * Who synchronises with whom: everything in struct run is written by thread 0 (or before the
 * threads start) and read by the others after the next barrier; a member is read by thread 0 after
 * the barrier that ends a sample (barrier.h). What else a thread writes while others read it: over,
 * relaxed, as nothing depends on when they see it.
 */
#include "sampler.h"

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "barrier.h"
#include "clock.h"
#include "interrupt.h"
#include "perf-record.h"
#include "quiet.h"
#include "raw-samples.h"
#include "stats.h"
#include "topology.h"

enum {
	MIN_THREADED_NS = 20000,
	MIN_SAMPLES = 5,
	PLENTY_SAMPLES = 25,
	BUDGETS = 4,
	USUAL_SAMPLES = 1000,
	MAX_SAMPLES = 4000,
	MAX_SPANS = 1 << 20,
	COUNTED_SAMPLES = 20,
	COUNTED_PART = 10, /* of the budget */
};

struct run;

struct member {
	_Alignas(128) struct run *run;
	void *worker;
	unsigned int thread;
	unsigned int cpu;
	pthread_t id;
	struct sampler_span sum;
	bool quiet;
	struct counters counters;
	unsigned long recorded_regions;
};

struct sample {
	double ns;
	double part_ns;
	double pages;
	double per_s;
	double fairness;
	bool quiet;
};

struct run {
	const struct sampler_work *work;
	struct barrier barrier;
	struct member *member;
	unsigned int threads;
	double budget_ns;
	size_t spans_per_sample;
	bool stop;
	unsigned int rounds; /* of counting */
	_Atomic bool over;   /* the first thread is through with this sample */
	size_t samples;
	size_t quiet_samples;
	struct sample *sample;
	double *series;
};

static const char *error_of(const struct member *m)
{
	return m->run->work->error(m->worker);
}

static bool anyone_failed(const struct run *run)
{
	for (unsigned int i = 0; i < run->threads; i++)
		if (error_of(&run->member[i]))
			return true;
	return false;
}

/* Also the warm-up: as many spans as make a sample long enough. */
static size_t calibrate(struct member *m)
{
	const struct run *run = m->run;
	double want = SAMPLER_MIN_TICKS * bench_clock.tick_ns, sum = 0;
	struct sampler_span span = { 0 };
	size_t spans = 0;

	if (run->threads > 1 && want < MIN_THREADED_NS)
		want = MIN_THREADED_NS;
	/* Samples spread over the whole budget: a neighbour's burst must not be all that is seen.
	 */
	if (want < run->budget_ns / USUAL_SAMPLES)
		want = run->budget_ns / USUAL_SAMPLES;
	run->work->span(m->worker, &span);
	while (sum < want && spans < MAX_SPANS && !error_of(m)) {
		run->work->span(m->worker, &span);
		sum += span.ns;
		spans++;
	}
	/* Room for spans that are faster than the ones just seen. */
	return spans == 1 ? 1 : spans + spans / 4;
}

static bool is_over(const struct run *run)
{
	return run->work->together && atomic_load_explicit(&run->over, memory_order_relaxed);
}

static void take_sample(struct member *m)
{
	struct quiet_mark mark = quiet_begin();
	struct run *run = m->run;
	size_t i;

	m->sum = (struct sampler_span){ 0 };
	for (i = 0; i < run->spans_per_sample && !error_of(m) && !(i && is_over(run)); i++) {
		struct sampler_span span = { 0 };

		run->work->span(m->worker, &span);
		m->sum.ns += span.ns;
		m->sum.part_ns += span.part_ns;
		m->sum.pages += span.pages;
	}
	if (i == run->spans_per_sample)
		atomic_store_explicit(&run->over, true, memory_order_relaxed);
	m->quiet = quiet_end(&mark);
}

static double page_ns(const struct member *m)
{
	return m->sum.ns / m->sum.pages;
}

/* Thread 0, between barriers: the slowest thread's time for its pages is the sample. */
static void record_sample(struct run *run)
{
	const struct member *slowest = &run->member[0], *fastest = slowest;
	struct sample *s = &run->sample[run->samples++];

	*s = (struct sample){ .quiet = true };

	for (unsigned int i = 0; i < run->threads; i++) {
		const struct member *m = &run->member[i];

		s->pages += m->sum.pages;
		s->per_s += m->sum.pages / m->sum.ns * 1e9;
		s->quiet &= m->quiet;
		if (page_ns(m) > page_ns(slowest))
			slowest = m;
		if (page_ns(m) < page_ns(fastest))
			fastest = m;
	}
	s->fairness = page_ns(fastest) / page_ns(slowest);
	s->ns = page_ns(slowest);
	s->part_ns = slowest->sum.part_ns / slowest->sum.pages;
	run->quiet_samples += s->quiet;
}

static bool enough(const struct run *run, uint64_t start_ns)
{
	double spent_ns = (double)(bench_clock_ns() - start_ns);
	size_t quiet = run->quiet_samples;

	if (anyone_failed(run) || run->samples == MAX_SAMPLES || interrupt_came())
		return true;
	if (run->samples < MIN_SAMPLES || spent_ns < run->budget_ns)
		return false;
	/* Bounded: on a host that is never quiet this ends all the same. */
	if (spent_ns >= BUDGETS * run->budget_ns)
		return true;
	return quiet >= PLENTY_SAMPLES || (quiet >= MIN_SAMPLES && quiet * 2 >= run->samples);
}

static void sample_loop(struct member *m)
{
	struct run *run = m->run;
	uint64_t start_ns = bench_clock_ns();

	if (m->thread == 0)
		run->stop = anyone_failed(run);
	for (;;) {
		barrier_wait(&run->barrier);
		if (run->samples && run->work->keep)
			run->work->keep(m->worker, run->sample[run->samples - 1].quiet);
		if (run->stop)
			return;
		take_sample(m);
		barrier_wait(&run->barrier);
		if (m->thread != 0)
			continue;
		if (!anyone_failed(run))
			record_sample(run);
		atomic_store_explicit(&run->over, false, memory_order_relaxed);
		run->stop = enough(run, start_ns);
	}
}

/* How long the spans run again, for something else than their times. */
struct again {
	unsigned int samples; /* at most */
	double ns;	      /* and no new one after that */
};

static void end_sample_again(struct run *run, const struct again *again, unsigned int done,
			     uint64_t start_ns)
{
	atomic_store_explicit(&run->over, false, memory_order_relaxed);
	run->stop = anyone_failed(run) || interrupt_came() || done == again->samples ||
		    (double)(bench_clock_ns() - start_ns) > again->ns;
}

/* Return: how many pages. */
static double run_again(struct member *m, const struct again *again)
{
	uint64_t start_ns = bench_clock_ns();
	struct run *run = m->run;
	double pages = 0;

	for (unsigned int done = 1;; done++) {
		barrier_wait(&run->barrier);
		take_sample(m);
		pages += m->sum.pages;
		if (run->work->keep)
			run->work->keep(m->worker, false);
		barrier_wait(&run->barrier);
		if (m->thread == 0)
			end_sample_again(run, again, done, start_ns);
		barrier_wait(&run->barrier);
		if (run->stop)
			return pages;
	}
}

/* A thread may have fewer rounds than thread 0, whose number counts: it works along uncounted. */
static void count(struct member *m)
{
	const struct again counted = { COUNTED_SAMPLES, m->run->budget_ns / COUNTED_PART };
	unsigned int rounds = counters_open(&m->counters);
	struct run *run = m->run;

	if (m->thread == 0)
		run->rounds = anyone_failed(run) ? 0 : rounds;
	barrier_wait(&run->barrier);
	for (unsigned int round = 0; round < run->rounds; round++) {
		counters_start(&m->counters, round);
		counters_stop(&m->counters, run_again(m, &counted));
	}
	counters_close(&m->counters);
}

/* As long as the samples took. All threads or none: they meet at barriers. */
static void record(struct member *m)
{
	const struct again recorded = { UINT_MAX, m->run->budget_ns };

	if (!perf_record_wanted() || anyone_failed(m->run))
		return;
	perf_record_start();
	run_again(m, &recorded);
	m->recorded_regions = perf_record_stop();
}

static void *member_main(void *arg)
{
	struct member *m = arg;
	struct run *run = m->run;

	topology_pin(m->cpu);
	run->work->begin(m->worker, 0);
	barrier_wait(&run->barrier);
	if (!error_of(m))
		run->work->begin(m->worker, 1);
	if (!error_of(m)) {
		size_t spans = calibrate(m);

		if (m->thread == 0)
			run->spans_per_sample = spans;
	}
	barrier_wait(&run->barrier);
	sample_loop(m);
	count(m);
	record(m);
	if (!error_of(m))
		run->work->end(m->worker, 0);
	barrier_wait(&run->barrier);
	run->work->end(m->worker, 1);
	return NULL;
}

enum part { PART_ALL, PART_FIRST, PART_REST, PART_PER_S, PART_FAIRNESS };

static double part_of(const struct sample *s, enum part part)
{
	switch (part) {
	case PART_ALL:
		return s->ns;
	case PART_FIRST:
		return s->part_ns;
	case PART_REST:
		return s->ns - s->part_ns;
	case PART_PER_S:
		return s->per_s;
	default:
		return s->fairness;
	}
}

/* Of the samples that count: of those that were quiet, or of all. */
static struct sampler_summary summarise(struct run *run, enum part part, bool noisy)
{
	double *value = run->series;
	size_t nr = 0;

	for (size_t i = 0; i < run->samples; i++) {
		const struct sample *s = &run->sample[i];

		if (noisy || s->quiet)
			value[nr++] = part_of(s, part);
	}
	stats_sort(value, nr);
	return (struct sampler_summary){
		.p10 = stats_quantile(value, nr, 0.1),
		.median = stats_quantile(value, nr, 0.5),
		.p90 = stats_quantile(value, nr, 0.9),
	};
}

static void write_samples(const struct run *run)
{
	if (interrupt_came() || !raw_samples_begin("ns_pages_quiet"))
		return;
	for (size_t i = 0; i < run->samples; i++)
		raw_samples_add(run->sample[i].ns, run->sample[i].pages, run->sample[i].quiet);
	raw_samples_end();
}

static void report(struct run *run, struct sampler_result *result)
{
	for (unsigned int i = 0; i < run->threads; i++)
		if (error_of(&run->member[i]))
			result->error = error_of(&run->member[i]);
	if (result->error)
		return;
	write_samples(run);
	result->noisy = run->quiet_samples < MIN_SAMPLES;
	result->samples = result->noisy ? run->samples : run->quiet_samples;
	result->spans = run->samples * run->spans_per_sample;
	result->dropped_share = 1 - (double)run->quiet_samples / (double)run->samples;
	result->ns = summarise(run, PART_ALL, result->noisy);
	result->part_ns = summarise(run, PART_FIRST, result->noisy);
	result->rest_ns = summarise(run, PART_REST, result->noisy);
	result->per_s = summarise(run, PART_PER_S, result->noisy);
	result->fairness = summarise(run, PART_FAIRNESS, result->noisy);
	for (unsigned int i = 0; i < run->threads; i++) {
		counters_add(&result->counts, &run->member[i].counters, i == 0);
		result->recorded_regions += run->member[i].recorded_regions;
	}
	for (size_t i = 0; i < run->samples; i++)
		result->pages += run->sample[i].pages;
}

/* The last members to have started must not wait for ones that never will: all or nobody. */
static void run_threads(struct run *run)
{
	for (unsigned int i = 0; i < run->threads; i++)
		if (pthread_create(&run->member[i].id, NULL, member_main, &run->member[i])) {
			fprintf(stderr, "cannot start a thread\n");
			exit(1);
		}
	for (unsigned int i = 0; i < run->threads; i++)
		pthread_join(run->member[i].id, NULL);
}

void sampler_run(const struct sampler_work *work, void *const *worker, const unsigned int *cpus,
		 unsigned int threads, double budget_s, struct sampler_result *result)
{
	struct run run = { .work = work, .threads = threads, .budget_ns = budget_s * 1e9 };

	memset(result, 0, sizeof(*result));
	run.barrier.threads = threads;
	run.member = aligned_alloc(_Alignof(struct member), threads * sizeof(*run.member));
	run.sample = calloc(MAX_SAMPLES, sizeof(*run.sample));
	run.series = calloc(MAX_SAMPLES, sizeof(*run.series));
	if (run.member && run.sample && run.series) {
		for (unsigned int i = 0; i < threads; i++)
			run.member[i] = (struct member){
				.run = &run, .worker = worker[i], .thread = i, .cpu = cpus[i]
			};
		run_threads(&run);
		report(&run, result);
	} else {
		result->error = "not enough memory";
	}
	free(run.member);
	free(run.sample);
	free(run.series);
}
