/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flush-machine: from a case to a machine under the virtual clock.
 */
#ifndef BENCH_FLUSH_MACHINE_H
#define BENCH_FLUSH_MACHINE_H

#include "flush-case.h"
#include "model/virtual-machine.h"

/*
 * Places that each CPU keeps mapped. dma_map_benchmark keeps none: bench_flush --calibrate sets it.
 */
extern unsigned int flush_live;

/* Instead of hi1620, if not NULL: for finding out what a setting does. */
extern const struct machine_profile *flush_profile;

/**
 * flush_machine_opts() - what a case is run on
 * @c: the case
 * @profile: out, the profile with what the model's name changes
 * @opts: out; @profile is its; the window and the release are the caller's to fill in
 *
 * Return: 0, or -ENOENT: no such model, or no such strategy.
 */
int flush_machine_opts(const struct flush_case *c, struct machine_profile *profile,
		       struct machine_opts *opts);

/*
 * The distance of two places, log2 of what divides it, of the smallest page, and of what a leaf
 * table maps.
 */
uint64_t flush_step(const struct flush_case *c);
unsigned int flush_unit_lg2(const struct flush_case *c);
unsigned int flush_granule_lg2(const struct flush_case *c);
unsigned int flush_table_lg2(const struct flush_case *c);

/* Command queues of the model. */
unsigned int flush_queues(const struct flush_case *c);

/* Does one queue serve all CPUs? */
bool flush_is_shared(const struct flush_case *c);

/* The next gap of a Poisson process with this mean. */
uint64_t flush_gap_ps(uint64_t *random, double mean_ps);

#endif /* BENCH_FLUSH_MACHINE_H */
