/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Empty tables that a round takes out (IO_PGTABLE_RECLAIM_ON_SYNC): they wait for the round with
 * the addresses and the tables that unmaps have handed over, in one quarantine.
 *
 * Who begins a round unlinks up to IOMMU_GATHER_TABLES tables that were noted before, and hands
 * their ranges over with it; so a round that begins after the unlink is what they wait for. Until
 * it is complete, who maps at such an address invalidates by itself (core/reclaim.h: pending). Who
 * writes what: tables, who has busy (rounds.c); waiting, who has busy, when the round is issued,
 * release; whoever finds that round complete, by compare-and-swap to 0, and only one of them says
 * so to core/reclaim.c.
 */
#ifndef CORE_ROUNDS_TABLES_H
#define CORE_ROUNDS_TABLES_H

#include "core/domain.h"

/* Of one round under way. */
struct pt_round_tables {
	uint64_t waiting; /* the round, and how many; 0: none, or it is complete */
	uint64_t round;
	struct iommu_iotlb_gather tables;
};

/*
 * With busy, before the round has its number: the ranges in the gather are to be handed over with
 * it.
 */
void pt_round_tables_take(struct pt_domain *d, struct pt_round_tables *t);

/* With busy: the round that they wait for, before it is issued. */
void pt_round_tables_wait_for(struct pt_round_tables *t, uint64_t round);

/* By anyone: this round is complete. What is there may be a later one's, which is left alone. */
void pt_round_tables_complete(struct pt_domain *d, struct pt_round_tables *t, uint64_t round);

/* With busy: gives them back if their round is complete. How many. */
unsigned int pt_round_tables_free(struct pt_domain *d, struct pt_round_tables *t,
				  uint64_t completed);

#endif /* CORE_ROUNDS_TABLES_H */
