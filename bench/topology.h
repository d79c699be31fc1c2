/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * topology: which CPUs to run threads on, from hwloc.
 *
 * Invariants: only CPUs that this process may use are listed; one hardware thread of every core
 * comes before the second of any, and cores of one NUMA node stay together.
 */
#ifndef BENCH_TOPOLOGY_H
#define BENCH_TOPOLOGY_H

/**
 * topology_cpus() - the CPUs in the order in which threads should take them
 * @nr: out, how many
 *
 * Return: an array for the caller to free, NULL if hwloc fails or there is no memory.
 */
unsigned int *topology_cpus(unsigned int *nr);

/**
 * topology_pin() - keep the calling thread on one CPU
 * @cpu: the CPU's number in the operating system
 *
 * Return: 0 or a negative errno; a thread that cannot be pinned still measures.
 */
int topology_pin(unsigned int cpu);

#endif /* BENCH_TOPOLOGY_H */
