/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * perf-record: a profile of the timed regions only, in a file as perf record writes it: what perf
 * report and perf annotate read.
 *
 * perf record itself can be switched on and off from outside (its --control), but that takes longer
 * than many regions last. So the program samples itself, each thread with an event of its own,
 * which it switches on and off around each region by a system call, as the counters do
 * (counters.h); and as with these, no times are taken meanwhile.
 *
 * Invariants: of a thread only what is between its region_begin() and region_end() is sampled,
 * outside of the kernel; where a ring buffer could become full it is emptied, after a region; a
 * write that fails, a thread that cannot be sampled, or samples that the kernel says had no room,
 * are an error at the end, never a profile of less.
 */
#ifndef BENCH_PERF_RECORD_H
#define BENCH_PERF_RECORD_H

#include <stdbool.h>

struct perf_calls;

/**
 * perf_record_open() - from now on there is a file, and regions are wanted
 * @program: whose name to say
 * @file: its path; made anew
 * @calls: the kernel
 *
 * Says on stderr what is wrong, and what mends it. Return: 0 or a negative errno.
 */
int perf_record_open(const char *program, const char *file, const struct perf_calls *calls);

/**
 * perf_record_wanted() - it was opened
 */
bool perf_record_wanted(void);

/**
 * perf_record_start() - sample the regions of the calling thread from now on
 */
void perf_record_start(void);

/**
 * perf_record_stop() - to here
 *
 * Return: how many regions there were.
 */
unsigned long perf_record_stop(void);

/**
 * perf_record_close() - the file is whole
 *
 * Says on stderr how many samples of how many regions there are, or what is wrong.
 *
 * Return: 0 or a negative errno; -ENODATA if there is no sample, -EOVERFLOW if some are not in the
 * file.
 */
int perf_record_close(void);

#endif /* BENCH_PERF_RECORD_H */
