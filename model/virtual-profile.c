// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hosts for the virtual clock.
 *
 * From what was published for each, and of that from two rows only: 4K and 1M, one thread
 * (docs/flush.md has the table). tlbi_ns is the difference of the two by 255, less what the CPU
 * takes for a page; unmap_ns is what is left of the 4K row. A CMD_SYNC has been published for
 * hi1620 only and is taken for the others too. Lines were chosen so that the model of Linux's queue
 * falls as published from 8 to 64 CPUs (at 64 about 1 compare-and-swap in 12 succeeds: keep), and
 * are the same for all. flush_calibrate prints prediction and publication, and what half and twice
 * of each setting would do.
 */
#include <string.h>

#include "model/virtual-machine.h"

#define LINES                                                                           \
	{                                                                               \
		.near_ns = 30, .die_ns = 75, .far_ns = 110, .read_ns = 10, .rmw_ns = 5, \
		.fence_ns = 5, .keep = 7, .cluster = 4, .die = 32                       \
	}

const struct machine_profile machine_profiles[] = {
	{ .name = "hi1620",
	  .map_ns = 100,
	  .map_page_ns = 2.75,
	  .unmap_ns = 355,
	  .unmap_page_ns = 1,
	  .tlbi_ns = 71.5,
	  .all_ns = 71.5,
	  .sync_ns = 190,
	  .sync_msi_ns = 280,
	  .mmio_ns = 100,
	  .write_ns = 1,
	  .engines = 1,
	  .costs = LINES },
	/* The same, with a Linux that unmapped and mapped page by page. */
	{ .name = "hi1620-before",
	  .map_ns = 100,
	  .map_page_ns = 54.5,
	  .unmap_ns = 855,
	  .unmap_page_ns = 134.8,
	  .tlbi_ns = 71.5,
	  .all_ns = 71.5,
	  .sync_ns = 190,
	  .sync_msi_ns = 280,
	  .mmio_ns = 100,
	  .write_ns = 1,
	  .engines = 1,
	  .costs = LINES },
	{ .name = "morello",
	  .map_ns = 100,
	  .map_page_ns = 2.75,
	  .unmap_ns = 150,
	  .unmap_page_ns = 1,
	  .tlbi_ns = 80,
	  .all_ns = 80,
	  .sync_ns = 190,
	  .sync_msi_ns = 280,
	  .mmio_ns = 100,
	  .write_ns = 1,
	  .engines = 1,
	  .costs = LINES },
	{ .name = "snapdragon",
	  .map_ns = 50,
	  .map_page_ns = 1.8,
	  .unmap_ns = 1225,
	  .unmap_page_ns = 1,
	  .tlbi_ns = 205,
	  .all_ns = 205,
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
