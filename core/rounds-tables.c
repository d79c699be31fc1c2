// SPDX-License-Identifier: GPL-2.0-only
/*
 * Empty tables in the quarantine of a round (core/rounds-tables.h).
 */
#include "core/rounds-tables.h"

#include "core/gather.h"
#include "core/reclaim.h"

#define COUNT_BITS 8

/* For the test that plants a bug: tables go before their round is complete. */
#ifndef ROUNDS_TABLES_EARLY
#define ROUNDS_TABLES_EARLY 0
#endif

_Static_assert(IOMMU_GATHER_TABLES < 1 << COUNT_BITS, "a count fits");

void pt_round_tables_take(struct pt_domain *d, struct pt_round_tables *t)
{
	pt_assert(!t->tables.nr_tables);
	pt_gather_init(&t->tables);
	pt_reclaim_unlink(d, &t->tables);
}

void pt_round_tables_wait_for(struct pt_round_tables *t, uint64_t round)
{
	t->round = round;
	if (t->tables.nr_tables)
		__atomic_store_n(&t->waiting, round << COUNT_BITS | t->tables.nr_tables,
				 __ATOMIC_RELEASE);
}

void pt_round_tables_complete(struct pt_domain *d, struct pt_round_tables *t, uint64_t round)
{
	uint64_t waiting = __atomic_load_n(&t->waiting, __ATOMIC_ACQUIRE);

	if (waiting && waiting >> COUNT_BITS == round &&
	    __atomic_compare_exchange_n(&t->waiting, &waiting, 0, false, __ATOMIC_ACQ_REL,
					__ATOMIC_ACQUIRE))
		pt_reclaim_synced(d, (unsigned int)waiting & ((1u << COUNT_BITS) - 1));
}

unsigned int pt_round_tables_free(struct pt_domain *d, struct pt_round_tables *t,
				  uint64_t completed)
{
	unsigned int nr = t->tables.nr_tables;

	if (!nr || completed + ROUNDS_TABLES_EARLY < t->round)
		return 0;
	/* Who found it complete may not have come to it yet, and would find a later round here. */
	pt_round_tables_complete(d, t, t->round);
	pt_gather_end(d, &t->tables);
	return nr;
}
