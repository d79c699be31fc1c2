/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sampler: takes samples of work that one or more threads do, and sums them up.
 *
 * A sample is the same number of spans in every thread, from one barrier to the next; or, for work
 * that is about how threads share something (together), it ends for all as soon as the first has
 * done that number, so that nobody goes on alone. Invariants: all threads are between the same two
 * barriers at any time; a sample is at least 50 clock ticks of timed work per thread, with several
 * threads at least 20 us, so that the barrier's skew does not matter; the slowest thread of a
 * sample counts, as the one that the others would wait for; a sample counts only if every thread
 * had its core to itself (quiet.h). Sampling goes on for up to four times the budget until enough
 * samples count; if not even five do, all are used and the result says so. Then, if anything is to
 * be counted (counters.h), the spans of a few samples run again in each round, for a tenth of the
 * budget or one sample; and once more, for as long as the budget, if they are to be recorded
 * (perf-record.h). Those times are not used.
 */
#ifndef BENCH_SAMPLER_H
#define BENCH_SAMPLER_H

#include <stdbool.h>
#include <stddef.h>

#include "counters.h"

enum { SAMPLER_MIN_TICKS = 50 }; /* that an averaged time lasts at least */

/**
 * struct sampler_span - a piece of work that was timed
 * @ns: how long it took
 * @part_ns: how much of that its first part took, for work that has two
 * @pages: how much was done
 */
struct sampler_span {
	double ns;
	double part_ns;
	double pages;
};

/**
 * struct sampler_work - what the threads do; worker is what the caller has for each of them
 * @begin: in two steps, with a barrier between them and behind: step 0, step 1
 * @span: one span
 * @end: likewise in two steps; not called if there is an error, but for step 1
 * @error: what went wrong, NULL if nothing did
 * @keep: optional: the sample that has just ended counts, or does not; before the next one begins
 * @together: a sample ends for all threads with the first
 */
struct sampler_work {
	void (*begin)(void *worker, int step);
	void (*span)(void *worker, struct sampler_span *span);
	void (*end)(void *worker, int step);
	const char *(*error)(const void *worker);
	void (*keep)(void *worker, bool counts);
	bool together;
};

/**
 * struct sampler_summary - quantiles of a series of samples
 */
struct sampler_summary {
	double p10;
	double median;
	double p90;
};

/**
 * struct sampler_result - what came of it, per page
 * @ns: time
 * @part_ns: of the first part of a span
 * @rest_ns: of the rest
 * @per_s: pages a second, of all threads together
 * @fairness: the slowest thread's pages per second, of the fastest's: 1 is fair
 * @pages: in all samples, all threads
 * @samples: how many counted
 * @spans: how many each thread did in all samples
 * @dropped_share: how many samples did not count, as a share
 * @counts: events of the timed regions
 * @recorded_regions: into a profile, of all threads
 * @noisy: too few would have counted, so all did
 * @error: it went wrong; NULL if it did not
 */
struct sampler_result {
	struct sampler_summary ns;
	struct sampler_summary part_ns;
	struct sampler_summary rest_ns;
	struct sampler_summary per_s;
	struct sampler_summary fairness;
	double pages;
	size_t samples;
	size_t spans;
	double dropped_share;
	struct counters_sum counts;
	unsigned long recorded_regions;
	bool noisy;
	const char *error;
};

/**
 * sampler_run() - run a case
 * @work: what it does
 * @worker: one for each thread
 * @cpus: the CPU of each
 * @threads: how many
 * @budget_s: how long to take samples for
 * @result: out
 */
void sampler_run(const struct sampler_work *work, void *const *worker, const unsigned int *cpus,
		 unsigned int threads, double budget_s, struct sampler_result *result);

#endif /* BENCH_SAMPLER_H */
