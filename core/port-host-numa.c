// SPDX-License-Identifier: GPL-2.0-only
/*
 * NUMA nodes on a hosted system, as hwloc sees them: the only file that knows hwloc.
 *
 * Nodes are numbered from 0 in hwloc's order; the system's numbers (numa_node in sysfs) are
 * translated. Binding is a wish: memory of another node is better than none. Built without
 * IO_PGTABLE_HWLOC, or where hwloc finds nothing, there is one node and nothing is bound.
 * Invariant: the topology is loaded once, before the first answer, and never changed.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>

#include "core/port-host.h"

#ifdef IO_PGTABLE_HWLOC
#include <hwloc.h>

#define CPUS 4096

static pthread_once_t once = PTHREAD_ONCE_INIT;
static hwloc_topology_t topology; /* NULL: there is none */
static unsigned int nodes = 1;
static uint8_t node_of_cpu[CPUS];

static hwloc_obj_t node_object(unsigned int node)
{
	return hwloc_get_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node);
}

static void note_cpus(unsigned int node)
{
	hwloc_obj_t object = node_object(node);
	unsigned int cpu;

	hwloc_bitmap_foreach_begin(cpu, object->cpuset) if (cpu < CPUS) node_of_cpu[cpu] =
		(uint8_t)node;
	hwloc_bitmap_foreach_end();
}

static void load(void)
{
	hwloc_topology_t t;
	int found;

	if (hwloc_topology_init(&t))
		return;
	/* What has a CPU count but no memory, or the other way round, is not looked at. */
	if (hwloc_topology_load(t) ||
	    (found = hwloc_get_nbobjs_by_type(t, HWLOC_OBJ_NUMANODE)) < 1) {
		hwloc_topology_destroy(t);
		return;
	}
	topology = t;
	nodes = found < PORT_NODES ? (unsigned int)found : PORT_NODES;
	for (unsigned int node = 0; node < nodes; node++)
		note_cpus(node);
}

unsigned int io_pgtable_port_nodes(void)
{
	pthread_once(&once, load);
	return nodes;
}

unsigned int io_pgtable_port_node(void)
{
	int cpu = sched_getcpu();

	pthread_once(&once, load);
	return cpu >= 0 && cpu < CPUS ? node_of_cpu[cpu] : 0;
}

int io_pgtable_port_node_of(unsigned int system_number)
{
	pthread_once(&once, load);
	for (unsigned int node = 0; topology && node < nodes; node++)
		if (node_object(node)->os_index == system_number)
			return (int)node;
	return !topology && !system_number ? 0 : -1;
}

void pt_numa_bind(void *ptr, size_t bytes, unsigned int node)
{
	pthread_once(&once, load);
	if (nodes > 1)
		hwloc_set_area_membind(topology, ptr, bytes, node_object(node)->nodeset,
				       HWLOC_MEMBIND_BIND,
				       HWLOC_MEMBIND_BYNODESET | HWLOC_MEMBIND_NOCPUBIND);
}

#else

unsigned int io_pgtable_port_nodes(void)
{
	return 1;
}

unsigned int io_pgtable_port_node(void)
{
	return 0;
}

int io_pgtable_port_node_of(unsigned int system_number)
{
	return system_number ? -1 : 0;
}

void pt_numa_bind(void *ptr, size_t bytes, unsigned int node)
{
}

#endif
