// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hosts for the virtual clock.
 *
 * From what was published for each, and of that from two rows only: 4K and 1M, one thread (docs/flush.md
 * has the table). tlbi_ns is the difference of the two by 255, less what the CPU takes for a page;
 * unmap_ns is what is left of the 4K row. A CMD_SYNC has been published for hi1620 only and is taken for
 * the others too. Lines are assumed, the same for all; bench_flush --calibrate shows what half and twice
 * of each setting would do.
 */
#include <string.h>

#include "model/virtual-machine.h"

#define LINES                                                                           \
	{                                                                               \
		.near_ns = 30, .die_ns = 60, .far_ns = 120, .read_ns = 10, .rmw_ns = 5, \
		.fence_ns = 5, .cluster = 4, .die = 32                                  \
	}

const struct machine_profile machine_profiles[] = {
	{ .name = "hi1620",
	  .map_ns = 100,
	  .map_page_ns = 2.75,
	  .unmap_ns = 300,
	  .unmap_page_ns = 1,
	  .tlbi_ns = 71.5,
	  .all_ns = 71.5,
	  .sync_ns = 190,
	  .sync_msi_ns = 280,
	  .mmio_ns = 100,
	  .write_ns = 1,
	  .engines = 1,
	  .costs = LINES },
};

const unsigned int nr_machine_profiles = sizeof(machine_profiles) / sizeof(machine_profiles[0]);

const struct machine_profile *machine_profile_find(const char *name)
{
	for (unsigned int i = 0; i < nr_machine_profiles; i++)
		if (!strcmp(machine_profiles[i].name, name))
			return &machine_profiles[i];
	return NULL;
}
