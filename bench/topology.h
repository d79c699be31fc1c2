/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * topology: which CPUs to run threads on, from hwloc.
 *
 * Invariants: only CPUs that this process may use are listed; one hardware thread of every core
 * comes before the second of any. Unless all nodes were asked for, they are those of one NUMA node,
 * the first of those that have the most of them: a thread's memory is never another node's.
 */
#ifndef BENCH_TOPOLOGY_H
#define BENCH_TOPOLOGY_H

#include <stdbool.h>

/**
 * struct topology - the CPUs in the order in which threads should take them
 * @cpus: for free(); as many as there are, or as many as were wanted: from the first on again then
 * @nr_cpus: how many there are
 * @nr_cores: how many of them are the first of their core
 */
struct topology {
	unsigned int *cpus;
	unsigned int nr_cpus;
	unsigned int nr_cores;
};

/**
 * topology_init() - find out
 * @t: out
 * @threads: how many entries @cpus needs at least
 * @all_nodes: not only of one NUMA node; cores of a node stay together
 *
 * Return: 0, -ENOMEM, or -ENODEV if hwloc fails.
 */
int topology_init(struct topology *t, unsigned int threads, bool all_nodes);

/**
 * topology_pin() - keep the calling thread on one CPU
 * @cpu: the CPU's number in the operating system
 *
 * Return: 0 or a negative errno; a thread that cannot be pinned still measures.
 */
int topology_pin(unsigned int cpu);

/**
 * topology_next_threads() - numbers of threads to measure with: 1, 2, 4 ... and all
 * @threads: one of them
 * @max: all
 *
 * Return: the next one, 0 behind the last.
 */
static inline unsigned int topology_next_threads(unsigned int threads, unsigned int max)
{
	if (threads >= max)
		return 0;
	return threads * 2 < max ? threads * 2 : max;
}

#endif /* BENCH_TOPOLOGY_H */
