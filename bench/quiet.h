/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * quiet: was the core ours while a sample was taken?
 *
 * A neighbour on the other half of a core slows code down by up to a factor of two without leaving
 * a trace in any counter that a virtual machine has. The rule: a fixed burst of arithmetic that
 * keeps all execution units busy must run at full speed (within QUIET_TOLERANCE of the fastest that
 * this process has seen) directly before and directly after the sample, and the thread must not
 * have been preempted in between. Invariants: the rule looks at nothing that depends on what is
 * measured; the fastest burst only ever gets faster.
 */
#ifndef BENCH_QUIET_H
#define BENCH_QUIET_H

#include <stdbool.h>

/* The burst's own noise on a core without neighbours is below 2%. */
#define QUIET_TOLERANCE 0.08

/**
 * struct quiet_mark - the state before a sample
 * @full_speed: the burst before it was
 * @preempted: how often this thread had been preempted
 */
struct quiet_mark {
	bool full_speed;
	long preempted;
};

/**
 * quiet_calibrate() - find out what full speed is; call once, after bench_clock_calibrate()
 */
void quiet_calibrate(void);

/**
 * quiet_begin() - directly before a sample
 *
 * Return: the mark for quiet_end() of the same thread.
 */
struct quiet_mark quiet_begin(void);

/**
 * quiet_end() - directly after it
 * @mark: what quiet_begin() returned
 *
 * Return: whether the sample counts.
 */
bool quiet_end(const struct quiet_mark *mark);

#endif /* BENCH_QUIET_H */
