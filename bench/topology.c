// SPDX-License-Identifier: GPL-2.0-only
/*
 * topology: the order of CPUs. See topology.h.
 */
#define _GNU_SOURCE
#include "topology.h"

#include <errno.h>
#include <hwloc.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>

static bool may_use(unsigned int cpu)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) != 0 || CPU_ISSET(cpu, &set);
}

/* The @sibling-th hardware thread of each core that has one. */
static unsigned int add_siblings(hwloc_topology_t topology, unsigned int sibling,
				 unsigned int *cpus, unsigned int nr)
{
	hwloc_obj_t core = NULL;

	while ((core = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_CORE, core))) {
		int cpu = -1;

		for (unsigned int i = 0; i <= sibling; i++) {
			cpu = hwloc_bitmap_next(core->cpuset, cpu);
			if (cpu < 0)
				break;
		}
		if (cpu >= 0 && may_use((unsigned int)cpu))
			cpus[nr++] = (unsigned int)cpu;
	}
	return nr;
}

/* No core has more hardware threads than this. */
enum { MAX_SIBLINGS = 8 };

static void list_cpus(hwloc_topology_t topology, struct topology *t)
{
	for (unsigned int sibling = 0; sibling < MAX_SIBLINGS; sibling++) {
		t->nr_cpus = add_siblings(topology, sibling, t->cpus, t->nr_cpus);
		if (sibling == 0)
			t->nr_cores = t->nr_cpus;
	}
	/* A topology without cores: run on the first CPU, or wherever pinning fails to put it. */
	if (t->nr_cpus == 0)
		t->nr_cpus = 1;
	if (t->nr_cores == 0)
		t->nr_cores = 1;
}

int topology_init(struct topology *t, unsigned int threads)
{
	hwloc_topology_t topology;
	int pus = 0, wanted = (int)threads;

	*t = (struct topology){ 0 };
	if (hwloc_topology_init(&topology))
		return -ENODEV;
	if (hwloc_topology_load(topology) == 0)
		pus = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU);
	if (pus > 0) {
		t->cpus = calloc((size_t)(pus > wanted ? pus : wanted), sizeof(*t->cpus));
		if (t->cpus)
			list_cpus(topology, t);
	}
	hwloc_topology_destroy(topology);
	if (!t->cpus)
		return pus > 0 ? -ENOMEM : -ENODEV;
	for (unsigned int i = t->nr_cpus; i < threads; i++)
		t->cpus[i] = t->cpus[i % t->nr_cpus];
	return 0;
}

int topology_pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}
