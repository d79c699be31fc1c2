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

unsigned int *topology_cpus(unsigned int *nr)
{
	hwloc_topology_t topology;
	unsigned int *cpus = NULL;
	int pus = 0;

	*nr = 0;
	if (hwloc_topology_init(&topology))
		return NULL;
	if (hwloc_topology_load(topology) == 0)
		pus = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU);
	if (pus > 0)
		cpus = calloc((size_t)pus, sizeof(*cpus));
	for (unsigned int sibling = 0; cpus && sibling < MAX_SIBLINGS; sibling++)
		*nr = add_siblings(topology, sibling, cpus, *nr);
	hwloc_topology_destroy(topology);
	/* A topology without cores: run on the first CPU, or wherever pinning fails to put it. */
	if (cpus && *nr == 0)
		*nr = 1;
	return cpus;
}

int topology_pin(unsigned int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
}
