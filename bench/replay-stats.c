// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay-stats: from the durations of chunks to percentiles over batches, see replay-stats.h.
 *
 * Durations are kept with the cost of reading the clock in them, and lose it here.
 */
#include "replay-stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "stats.h"

/* What a reading between other work may cost, compared with readings back to back. */
#define OVERHEAD_LEAST 0.0
#define OVERHEAD_MOST  1.25

struct maker {
	const struct replay_plan *plan;
	const struct replay_pass *passes;
	unsigned int nr_passes;
	enum replay_series series;
	uint32_t chunk_ops;
	unsigned int granule_lg2;
	double overhead_ns;
	uint32_t **chunk_pages;		 /* per thread and chunk */
	double *op_ns, *page_ns;	 /* the batches of one repeat */
	double *repeat_op, *repeat_page; /* [percentile * nr_passes + repeat] */
};

struct stats_value stats_over(double *values, unsigned int nr)
{
	stats_sort(values, nr);
	return (struct stats_value){
		.median = stats_quantile(values, nr, 0.5),
		.min = values[0],
		.max = values[nr - 1],
	};
}

static const struct replay_chunks *chunks_of(const struct maker *mk, unsigned int repeat,
					     unsigned int thread)
{
	return &mk->passes[repeat].chunks[thread * REPLAY_NR_SERIES + mk->series];
}

/* How many pages each chunk of a thread has; the same in every repeat. */
static uint32_t *count_pages(const struct maker *mk, const struct replay_thread *thread)
{
	uint32_t *pages = calloc(thread->nr_ops / mk->chunk_ops + 1, sizeof(*pages));
	uint32_t nr = 0, i;

	for (i = 0; pages && i < thread->nr_ops; i++) {
		if (mk->series != REPLAY_EVENTS && thread->ops[i].kind != mk->series)
			continue;
		pages[nr / mk->chunk_ops] +=
			(uint32_t)(thread->ops[i].size_bytes >> mk->granule_lg2);
		nr++;
	}
	return pages;
}

double stats_chunks_ns(const struct replay_chunks *chunks, uint32_t first, uint32_t nr,
		       double overhead_ns)
{
	double ns = 0;

	for (; nr--; first++)
		ns += (double)chunks->ns[first] - overhead_ns * chunks->nr_segments[first];
	return ns;
}

/* The shortest batch of @per_batch chunks in any repeat; negative if there is none. */
static double shortest_ns(const struct maker *mk, uint32_t per_batch)
{
	const struct replay_chunks *chunks;
	unsigned int repeat, thread;
	double least_ns = -1, ns;
	uint32_t i;

	for (repeat = 0; repeat < mk->nr_passes; repeat++) {
		for (thread = 0; thread < mk->plan->nr_threads; thread++) {
			chunks = chunks_of(mk, repeat, thread);
			for (i = 0; chunks->nr - i >= per_batch; i += per_batch) {
				ns = stats_chunks_ns(chunks, i, per_batch, mk->overhead_ns);
				ns = ns > 0 ? ns : 0;
				least_ns = least_ns < 0 || ns < least_ns ? ns : least_ns;
			}
		}
	}
	return least_ns;
}

/* Chunks per batch, 0 if even the longest batches are too short. */
static uint32_t choose_batch(const struct maker *mk)
{
	uint32_t per_batch;
	double least_ns;

	for (per_batch = 1; per_batch; per_batch *= 2) {
		least_ns = shortest_ns(mk, per_batch);
		if (least_ns < 0)
			return 0;
		if (least_ns >= STATS_BATCH_TICKS * bench_clock.tick_ns)
			return per_batch;
	}
	return 0;
}

static void one_repeat(struct maker *mk, unsigned int repeat, uint32_t per_batch,
		       const struct stats_list *list, struct stats_series *stats)
{
	const struct replay_chunks *chunks;
	unsigned int thread, i;
	uint32_t nr = 0, first, j;
	uint64_t pages;
	double ns;

	for (thread = 0; thread < mk->plan->nr_threads; thread++) {
		chunks = chunks_of(mk, repeat, thread);
		for (first = 0; chunks->nr - first >= per_batch; first += per_batch) {
			ns = stats_chunks_ns(chunks, first, per_batch, mk->overhead_ns);
			for (pages = 0, j = 0; j < per_batch; j++)
				pages += mk->chunk_pages[thread][first + j];
			mk->op_ns[nr] = ns / (per_batch * mk->chunk_ops);
			mk->page_ns[nr++] = ns / (double)pages;
		}
	}
	stats_sort(mk->op_ns, nr);
	stats_sort(mk->page_ns, nr);
	for (i = 0; i < list->nr; i++) {
		mk->repeat_op[i * mk->nr_passes + repeat] =
			stats_quantile(mk->op_ns, nr, list->p[i] / 100);
		mk->repeat_page[i * mk->nr_passes + repeat] =
			stats_quantile(mk->page_ns, nr, list->p[i] / 100);
	}
	stats->nr_batches = nr;
}

static void make_percentiles(struct maker *mk, uint32_t per_batch, const struct stats_list *list,
			     struct stats_series *stats)
{
	unsigned int repeat, i;

	for (repeat = 0; repeat < mk->nr_passes; repeat++)
		one_repeat(mk, repeat, per_batch, list, stats);
	for (i = 0; i < list->nr; i++) {
		stats->op_ns[i] =
			stats_over(&mk->repeat_op[(size_t)i * mk->nr_passes], mk->nr_passes);
		stats->page_ns[i] =
			stats_over(&mk->repeat_page[(size_t)i * mk->nr_passes], mk->nr_passes);
	}
	stats->batch_ops = per_batch * mk->chunk_ops;
}

static void make_means(struct maker *mk, struct stats_series *stats)
{
	const struct replay_chunks *chunks;
	unsigned int repeat, thread;
	uint64_t nr;
	double ns;

	for (repeat = 0; repeat < mk->nr_passes; repeat++) {
		for (ns = 0, nr = 0, thread = 0; thread < mk->plan->nr_threads; thread++) {
			chunks = chunks_of(mk, repeat, thread);
			ns += stats_chunks_ns(chunks, 0, chunks->nr, mk->overhead_ns);
			nr += (uint64_t)chunks->nr * mk->chunk_ops;
		}
		mk->repeat_op[repeat] = nr ? ns / (double)nr : 0;
	}
	stats->mean_op_ns = stats_over(mk->repeat_op, mk->nr_passes);
}

static int start(struct maker *mk, const struct stats_list *list)
{
	size_t nr_values = ((size_t)list->nr + 1) * mk->nr_passes;
	size_t nr_chunks = 1;
	unsigned int i;

	mk->chunk_pages = calloc(mk->plan->nr_threads, sizeof(*mk->chunk_pages));
	for (i = 0; mk->chunk_pages && i < mk->plan->nr_threads; i++) {
		nr_chunks += chunks_of(mk, 0, i)->nr;
		mk->chunk_pages[i] = count_pages(mk, &mk->plan->threads[i]);
		if (!mk->chunk_pages[i])
			return -ENOMEM;
	}
	mk->op_ns = calloc(nr_chunks, sizeof(*mk->op_ns));
	mk->page_ns = calloc(nr_chunks, sizeof(*mk->page_ns));
	mk->repeat_op = calloc(nr_values, sizeof(*mk->repeat_op));
	mk->repeat_page = calloc(nr_values, sizeof(*mk->repeat_page));
	if (!mk->chunk_pages || !mk->op_ns || !mk->page_ns || !mk->repeat_op || !mk->repeat_page)
		return -ENOMEM;
	return 0;
}

static void finish(struct maker *mk)
{
	unsigned int i;

	for (i = 0; mk->chunk_pages && i < mk->plan->nr_threads; i++)
		free(mk->chunk_pages[i]);
	free(mk->chunk_pages);
	free(mk->op_ns);
	free(mk->page_ns);
	free(mk->repeat_op);
	free(mk->repeat_page);
}

int stats_make(const struct replay_plan *plan, const struct replay_cfg *cfg,
	       enum replay_series series, const struct replay_pass *passes, unsigned int nr_passes,
	       double overhead_ns, const struct stats_list *list, struct stats_series *stats)
{
	struct maker mk = {
		.plan = plan,
		.passes = passes,
		.nr_passes = nr_passes,
		.series = series,
		.overhead_ns = overhead_ns,
		.chunk_ops = series == REPLAY_EVENTS ? REPLAY_EVENT_CHUNK : REPLAY_KIND_CHUNK,
		.granule_lg2 = (unsigned int)__builtin_ctzll(cfg->granule_bytes),
	};
	uint32_t per_batch;
	int ret;

	memset(stats, 0, sizeof(*stats));
	ret = start(&mk, list);
	if (!ret) {
		make_means(&mk, stats);
		per_batch = choose_batch(&mk);
		if (per_batch)
			make_percentiles(&mk, per_batch, list, stats);
	}
	finish(&mk);
	return ret;
}

/* Sums over the whole chunks of a series in one pass. */
struct sums {
	double ns;
	double nr_ops;
	double nr_segments;
};

static struct sums sum_up(const struct replay_pass *pass, unsigned int series, uint32_t ops)
{
	const struct replay_chunks *chunks;
	struct sums sums = { 0 };
	unsigned int thread;
	uint32_t i;

	for (thread = 0; thread < pass->nr_threads; thread++) {
		chunks = &pass->chunks[thread * REPLAY_NR_SERIES + series];
		for (i = 0; i < chunks->nr; i++) {
			sums.ns += (double)chunks->ns[i];
			sums.nr_segments += chunks->nr_segments[i];
		}
		sums.nr_ops += (double)chunks->nr * ops;
	}
	return sums;
}

/* The time of all maps and unmaps of a pass by kind, and how many segments they were cut into. */
static struct sums sum_apart(const struct replay_plan *plan, const struct replay_pass *by_kind)
{
	struct sums apart = { 0 }, kind;
	unsigned int i;

	for (i = 0; i < TRACE_NR_KINDS; i++) {
		kind = sum_up(by_kind, i, REPLAY_KIND_CHUNK);
		if (!kind.nr_ops)
			return (struct sums){ 0 };
		apart.ns += kind.ns / kind.nr_ops * (double)plan->nr_ops[i];
		apart.nr_segments += kind.nr_segments / kind.nr_ops * (double)plan->nr_ops[i];
		apart.nr_ops += (double)plan->nr_ops[i];
	}
	return apart;
}

/* Within its bounds; the usual one if there are few readings per operation, which is but noise. */
static double overhead_of(double extra_ns, const struct sums *apart)
{
	double usual_ns = bench_clock.overhead_ns, ns;

	if (apart->nr_segments <= apart->nr_ops / 4)
		return usual_ns;
	ns = extra_ns / apart->nr_segments;
	if (ns < OVERHEAD_LEAST * usual_ns)
		return OVERHEAD_LEAST * usual_ns;
	return ns > OVERHEAD_MOST * usual_ns ? OVERHEAD_MOST * usual_ns : ns;
}

struct stats_clock stats_compare(const struct replay_plan *plan, const struct replay_pass *by_kind,
				 const struct replay_pass *by_event, unsigned int nr_passes)
{
	struct stats_clock clock = { .overhead_ns = bench_clock.overhead_ns };
	double apart_ns = 0, together_ns = 0, ns;
	struct sums apart = { 0 }, events;
	unsigned int i;

	for (i = 0; i < nr_passes; i++) {
		apart = sum_apart(plan, &by_kind[i]);
		events = sum_up(&by_event[i], REPLAY_EVENTS, REPLAY_EVENT_CHUNK);
		if (!events.nr_ops || !apart.nr_ops)
			return clock;
		ns = (events.ns - events.nr_segments * clock.overhead_ns) / events.nr_ops *
		     apart.nr_ops;
		together_ns = !i || ns < together_ns ? ns : together_ns;
		apart_ns = !i || apart.ns < apart_ns ? apart.ns : apart_ns;
	}
	clock.overhead_ns = overhead_of(apart_ns - together_ns, &apart);
	apart_ns -= clock.overhead_ns * apart.nr_segments;
	if (together_ns > 0)
		clock.residual_percent = 100 * (apart_ns / together_ns - 1);
	return clock;
}
