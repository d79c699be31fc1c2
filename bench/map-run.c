// SPDX-License-Identifier: GPL-2.0-only
/*
 * map-run: threads, samples and their summary. See map-run.h.
 *
 * Who synchronises with whom: everything in struct run is written by worker 0 (or before the
 * threads start) and read by the others after the next barrier; a worker's own struct is read by
 * worker 0 after the barrier that ends a sample. The barrier's phase is released by the last to
 * arrive and acquired by the rest.
 */
#include "map-run.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "host.h"
#include "map-ops.h"
#include "quiet.h"
#include "stats.h"
#include "topology.h"

enum {
	MIN_TICKS = 50,
	MIN_THREADED_NS = 20000,
	MIN_SAMPLES = 5,
	PLENTY_SAMPLES = 25,
	BUDGETS = 4,
	USUAL_SAMPLES = 1000,
	MAX_SAMPLES = 4000,
	MAX_SPANS = 1 << 20,
	SPINS_BEFORE_YIELD = 20000,
};

struct barrier {
	unsigned int threads;
	_Atomic unsigned int arrived;
	_Atomic unsigned int phase;
};

struct run;

struct member {
	_Alignas(128) struct worker w;
	struct run *run;
	unsigned int thread;
	unsigned int cpu;
	pthread_t id;
	double sample_ns;
	double sample_map_ns;
	double sample_pages;
	bool sample_quiet;
	uint64_t tables;
};

struct sample {
	double ns;
	double map_ns;
	double pages;
	bool quiet;
};

struct run {
	const struct map_case *c;
	struct barrier barrier;
	struct member *member;
	double budget_ns;
	size_t spans_per_sample;
	bool stop;
	size_t samples;
	size_t quiet_samples;
	struct sample *sample;
	double *series;
	double table_alloc_ns;
};

static void barrier_wait(struct barrier *b)
{
	unsigned int phase = atomic_load_explicit(&b->phase, memory_order_relaxed);

	if (atomic_fetch_add_explicit(&b->arrived, 1, memory_order_acq_rel) + 1 == b->threads) {
		atomic_store_explicit(&b->arrived, 0, memory_order_relaxed);
		atomic_store_explicit(&b->phase, phase + 1, memory_order_release);
		return;
	}
	for (unsigned int spins = 0; atomic_load_explicit(&b->phase, memory_order_acquire) == phase;
	     spins++)
		if (spins > SPINS_BEFORE_YIELD)
			sched_yield();
}

static bool anyone_failed(const struct run *run)
{
	for (unsigned int i = 0; i < run->c->threads; i++)
		if (run->member[i].w.error)
			return true;
	return false;
}

/* Also the warm-up: as many spans as make a sample long enough. */
static size_t calibrate(struct run *run, struct worker *w)
{
	double want = MIN_TICKS * bench_clock.tick_ns, sum = 0;
	size_t spans = 0;

	if (run->c->threads > 1 && want < MIN_THREADED_NS)
		want = MIN_THREADED_NS;
	/* Samples spread over the whole budget: a neighbour's burst must not be all that is seen.
	 */
	if (want < run->budget_ns / USUAL_SAMPLES)
		want = run->budget_ns / USUAL_SAMPLES;
	worker_span(w);
	while (sum < want && spans < MAX_SPANS && !w->error) {
		worker_span(w);
		sum += w->span_ns;
		spans++;
	}
	/* Room for spans that are faster than the ones just seen. */
	return spans == 1 ? 1 : spans + spans / 4;
}

static uint64_t tables_allocated(const struct member *m)
{
	const struct bench_impl *impl = m->run->c->impl;

	return impl->tables_allocated ? impl->tables_allocated() : 0;
}

static void take_sample(struct member *m)
{
	uint64_t tables = tables_allocated(m);
	struct quiet_mark mark = quiet_begin();

	m->sample_ns = m->sample_map_ns = m->sample_pages = 0;
	for (size_t i = 0; i < m->run->spans_per_sample && !m->w.error; i++) {
		worker_span(&m->w);
		m->sample_ns += m->w.span_ns;
		m->sample_map_ns += m->w.map_ns;
		m->sample_pages += m->w.span_pages;
	}
	m->sample_quiet = quiet_end(&mark);
	m->tables += tables_allocated(m) - tables;
}

/* Worker 0, between barriers: the slowest thread's time for its pages is the sample. */
static void record_sample(struct run *run)
{
	const struct member *slowest = &run->member[0];
	struct sample *s = &run->sample[run->samples++];

	*s = (struct sample){ .quiet = true };

	for (unsigned int i = 0; i < run->c->threads; i++) {
		const struct member *m = &run->member[i];

		s->pages += m->sample_pages;
		s->quiet &= m->sample_quiet;
		if (m->sample_ns / m->sample_pages > slowest->sample_ns / slowest->sample_pages)
			slowest = m;
	}
	s->ns = slowest->sample_ns / slowest->sample_pages;
	s->map_ns = slowest->sample_map_ns / slowest->sample_pages;
	run->quiet_samples += s->quiet;
}

static bool enough(const struct run *run, uint64_t start_ns)
{
	double spent_ns = (double)(bench_clock_ns() - start_ns);
	size_t quiet = run->quiet_samples;

	if (anyone_failed(run) || run->samples == MAX_SAMPLES)
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
		if (run->stop)
			return;
		take_sample(m);
		barrier_wait(&run->barrier);
		if (m->thread != 0)
			continue;
		if (!anyone_failed(run))
			record_sample(run);
		run->stop = enough(run, start_ns);
	}
}

/* As many at once as the operation takes at once, in the thread that took them. */
static void measure_table_alloc(struct member *m)
{
	struct run *run = m->run;
	size_t spans = run->samples * run->spans_per_sample;

	if (run->c->impl->table_alloc_ns && m->tables && spans)
		run->table_alloc_ns = run->c->impl->table_alloc_ns(
			(size_t)(m->tables + spans - 1) / spans, run->c->geo->granule);
}

static void *member_main(void *arg)
{
	struct member *m = arg;
	struct run *run = m->run;
	struct worker *w = &m->w;
	bool makes_table = run->c->domain == MAP_PRIVATE || m->thread == 0;

	topology_pin(m->cpu);
	if (makes_table && run->c->op != MAP_OP_POPULATE && run->c->op != MAP_OP_ALLOC_FREE)
		worker_alloc(w);
	barrier_wait(&run->barrier);
	if (!makes_table)
		w->table = run->member[0].w.table;
	if (w->table || makes_table) {
		if (!w->error)
			worker_prepare(w);
		if (!w->error) {
			size_t spans = calibrate(run, w);

			if (m->thread == 0)
				run->spans_per_sample = spans;
		}
	}
	barrier_wait(&run->barrier);
	sample_loop(m);
	if (w->table && !w->error)
		worker_finish(w);
	if (m->thread == 0 && !w->error)
		measure_table_alloc(m);
	barrier_wait(&run->barrier);
	if (makes_table)
		run->c->impl->free(w->table);
	return NULL;
}

enum part { PART_ALL, PART_MAP, PART_UNMAP };

/* Of the samples that count: of those that were quiet, or of all. */
static struct map_summary summarise(struct run *run, enum part part, bool noisy)
{
	double *value = run->series;
	size_t nr = 0;

	for (size_t i = 0; i < run->samples; i++) {
		const struct sample *s = &run->sample[i];

		if (noisy || s->quiet)
			value[nr++] = part == PART_ALL	 ? s->ns
				      : part == PART_MAP ? s->map_ns
							 : s->ns - s->map_ns;
	}
	stats_sort(value, nr);
	return (struct map_summary){
		.p10 = stats_quantile(value, nr, 0.1),
		.median = stats_quantile(value, nr, 0.5),
		.p90 = stats_quantile(value, nr, 0.9),
	};
}

static void report(struct run *run, struct map_result *result)
{
	for (unsigned int i = 0; i < run->c->threads; i++)
		if (run->member[i].w.error)
			result->error = run->member[i].w.error;
	if (result->error)
		return;
	result->noisy = run->quiet_samples < MIN_SAMPLES;
	result->samples = result->noisy ? run->samples : run->quiet_samples;
	result->dropped_share = 1 - (double)run->quiet_samples / (double)run->samples;
	result->ns_per_page = summarise(run, PART_ALL, result->noisy);
	result->map_ns_per_page = summarise(run, PART_MAP, result->noisy);
	result->unmap_ns_per_page = summarise(run, PART_UNMAP, result->noisy);
	for (size_t i = 0; i < run->samples; i++)
		result->pages += run->sample[i].pages;
	for (unsigned int i = 0; i < run->c->threads; i++)
		result->tables_per_page += (double)run->member[i].tables / result->pages;
	result->table_alloc_ns = run->table_alloc_ns;
}

/* The last members to have started must not wait for ones that never will: all or nobody. */
static const char *run_threads(struct run *run, const unsigned int *cpus)
{
	unsigned int threads = run->c->threads;

	for (unsigned int i = 0; i < threads; i++) {
		struct member *m = &run->member[i];

		m->run = run;
		m->thread = i;
		m->cpu = cpus[i];
		if (worker_init(&m->w, run->c, i))
			return "not enough memory";
	}
	for (unsigned int i = 0; i < threads; i++)
		if (pthread_create(&run->member[i].id, NULL, member_main, &run->member[i])) {
			fprintf(stderr, "bench_map: cannot start a thread\n");
			exit(1);
		}
	for (unsigned int i = 0; i < threads; i++)
		pthread_join(run->member[i].id, NULL);
	return NULL;
}

static const char *why_skip(const struct map_case *c)
{
	static _Thread_local char why[160];
	uint64_t need = map_case_table_bytes(c), have = host_available_bytes();

	have += c->impl->reusable_bytes();
	if (!c->coherent && !host_can_clean_lines())
		return "the CPU or the kernel does not let a program clean cache lines";
	if (need <= have)
		return NULL;
	snprintf(why, sizeof(why), "needs %llu MiB of memory, %llu are available",
		 (unsigned long long)(need >> 20), (unsigned long long)(have >> 20));
	return why;
}

void map_run(const struct map_case *c, const unsigned int *cpus, double budget_s,
	     struct map_result *result)
{
	struct run run = { .c = c, .budget_ns = budget_s * 1e9 };
	size_t member_bytes = c->threads * sizeof(*run.member);

	memset(result, 0, sizeof(*result));
	result->skipped = why_skip(c);
	if (result->skipped)
		return;
	run.barrier.threads = c->threads;
	run.member = aligned_alloc(_Alignof(struct member), member_bytes);
	run.sample = calloc(MAX_SAMPLES, sizeof(*run.sample));
	run.series = calloc(MAX_SAMPLES, sizeof(*run.series));
	if (run.member && run.sample && run.series) {
		memset(run.member, 0, member_bytes);
		result->error = run_threads(&run, cpus);
		if (!result->error)
			report(&run, result);
		for (unsigned int i = 0; i < c->threads; i++)
			worker_destroy(&run.member[i].w);
	} else {
		result->error = "not enough memory";
	}
	free(run.member);
	free(run.sample);
	free(run.series);
}
