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

/*
 * A topology that is not this machine's (HWLOC_SYNTHETIC) has CPUs that this process cannot have.
 */
static bool may_use(hwloc_topology_t topology, unsigned int cpu)
{
	cpu_set_t set;

	return !hwloc_topology_is_thissystem(topology) ||
	       sched_getaffinity(0, sizeof(set), &set) != 0 || CPU_ISSET(cpu, &set);
}

static unsigned int usable(hwloc_topology_t topology, hwloc_const_cpuset_t set)
{
	unsigned int nr = 0;
	int cpu = -1;

	while ((cpu = hwloc_bitmap_next(set, cpu)) >= 0)
		nr += may_use(topology, (unsigned int)cpu);
	return nr;
}

/* The CPUs of the first node that has the most usable ones; NULL if there is no node. */
static hwloc_const_cpuset_t one_node(hwloc_topology_t topology)
{
	hwloc_obj_t node = NULL, best = NULL;

	while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)))
		if (!best || usable(topology, node->cpuset) > usable(topology, best->cpuset))
			best = node;
	return best ? best->cpuset : NULL;
}

/* The @sibling-th hardware thread of each core that has one, of those in @set if that is given. */
static unsigned int add_siblings(hwloc_topology_t topology, hwloc_const_cpuset_t set,
				 unsigned int sibling, unsigned int *cpus, unsigned int nr)
{
	hwloc_obj_t core = NULL;

	while ((core = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_CORE, core))) {
		int cpu = -1;

		for (unsigned int i = 0; i <= sibling; i++) {
			cpu = hwloc_bitmap_next(core->cpuset, cpu);
			if (cpu < 0)
				break;
		}
		if (cpu >= 0 && may_use(topology, (unsigned int)cpu) &&
		    (!set || hwloc_bitmap_isset(set, (unsigned int)cpu)))
			cpus[nr++] = (unsigned int)cpu;
	}
	return nr;
}

/* No core has more hardware threads than this. */
enum { MAX_SIBLINGS = 8 };

static void list_cpus(hwloc_topology_t topology, struct topology *t, bool all_nodes)
{
	hwloc_const_cpuset_t set = all_nodes ? NULL : one_node(topology);

	for (unsigned int sibling = 0; sibling < MAX_SIBLINGS; sibling++) {
		t->nr_cpus = add_siblings(topology, set, sibling, t->cpus, t->nr_cpus);
		if (sibling == 0)
			t->nr_cores = t->nr_cpus;
	}
	/* A topology without cores: run on the first CPU, or wherever pinning fails to put it. */
	if (t->nr_cpus == 0)
		t->nr_cpus = 1;
	if (t->nr_cores == 0)
		t->nr_cores = 1;
}

int topology_init(struct topology *t, unsigned int threads, bool all_nodes)
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
			list_cpus(topology, t, all_nodes);
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
