/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reclaim: tables that small unmaps have emptied come back while other threads map beside them.
 *
 * Why it is safe is argued in docs/adr/0005-reclaim-by-sections.md. In short: who may hold the
 * address of a table is in a section (core/section.h). A reclaimer marks the descriptor of a table
 * that looks empty, waits until every section that may have begun before the mark has ended, and
 * takes the table out only if it is still empty and the mark still there. Who finds a mark on its
 * way takes it off, and so keeps the table; nobody waits for a reclaimer.
 *
 * Who writes what: a mark is set by the owner of lock only, and taken off by anyone, by
 * compare-and-swap. candidate, nr and epoch: the owner of ring_lock; nr and epoch are read without
 * it, relaxed, as hints. rounds: the owner of lock; read by whoever frees a table that
 * it has detached, which waits while it is odd: a reclaimer that found the table before is done
 * with it then. The counters are relaxed statistics. pending: the reclaimer increases it before it
 * clears an entry, and decreases it with release after the sync; who finds an entry empty reads it
 * after that, with acquire.
 */
#ifndef CORE_RECLAIM_H
#define CORE_RECLAIM_H

#include "core/domain.h"
#include "core/section.h"

/* Candidates that wait; from half of that on, unmaps do not leave the sync to their caller. */
#define PT_RECLAIM_CANDIDATES 128
#define PT_RECLAIM_MANY	      (PT_RECLAIM_CANDIDATES / 2)

struct pt_candidate {
	uint64_t ia;	/* where the table begins */
	uint32_t level; /* of its entries */
	uint32_t epoch; /* the sync before which it was noted last */
};

struct pt_reclaim {
	struct port_lock lock;
	uint32_t rounds; /* begun and ended: odd while a reclaimer looks at tables */
	bool notes;	 /* IO_PGTABLE_RECLAIM_ON_SYNC */
	struct port_lock ring_lock __attribute__((aligned(128)));
	uint32_t nr;
	uint32_t pending; /* tables taken out whose invalidation is not complete */
	uint32_t epoch;
	struct io_pgtable_reclaim_stats stats;
	struct pt_candidate candidate[PT_RECLAIM_CANDIDATES];
};

/* core/reclaim.c */
int pt_reclaim_create(struct pt_domain *d);
void pt_reclaim_destroy(struct pt_domain *d);

/* For io_pgtable_validate(): the candidates, and that no round and no sync is under way. */
bool pt_reclaim_validate(const struct pt_domain *d);

/* A table that was detached is about to be freed: no reclaimer looks at it any more. */
void pt_reclaim_settle(struct pt_domain *d);

/* Between the two no reclaimer looks at tables, nor takes one out. */
void pt_reclaim_hold(struct pt_domain *d);
void pt_reclaim_release(struct pt_domain *d);

/* Is there a table that was taken out and whose invalidation is not complete? */
bool pt_reclaim_is_pending(const struct pt_domain *d);

/* Every section that began before has ended; false: another thread stayed in an operation. */
bool pt_reclaim_quiesce(struct pt_domain *d);

/* The entry that a table of level has in *slot was cleared: if it was the last, notes the table. */
void pt_reclaim_cleared(struct pt_domain *d, const pt_entry *slot, unsigned int level, uint64_t ia);

/* Takes out noted tables, as many as g has room for, and adds them to it: how many. */
unsigned int pt_reclaim_unlink(struct pt_domain *d, struct iommu_iotlb_gather *g);

/* So many tables that were taken out are invalidated, and that is complete. */
void pt_reclaim_synced(struct pt_domain *d, unsigned int nr);

/*
 * n entries of level from the one for ia on are empty, and are about to be used. If a table was
 * taken out of one of them a moment ago, a walk cache may still know it, and devices would fault at
 * what is mapped now: invalidates and syncs first.
 */
void pt_reclaim_vacant(struct pt_domain *d, uint64_t ia, unsigned int level, size_t n);

/* Leaves of one size were cleared and there are candidates: to g, or synced now if that is NULL. */
void pt_reclaim_flush(struct pt_domain *d, uint64_t ia, uint64_t bytes, unsigned int stride_lg2,
		      struct iommu_iotlb_gather *g);

/* The rest of a single page's unmap after *slot was cleared: notes the table, ends the section. */
void pt_reclaim_last(struct pt_domain *d, const pt_entry *slot, uint64_t ia,
		     struct iommu_iotlb_gather *g);

/* The end of an unmap, outside of its section: with own, g is synced. */
void pt_reclaim_end(struct pt_domain *d, struct iommu_iotlb_gather *g, bool own);

#if PT_RECLAIM

/* Is a neighbour of the smallest page in *slot known to be there? One that was mostly still is. */
static always_inline bool pt_reclaim_is_live(const struct pt_format *f, const pt_entry *slot)
{
	const pt_entry *live = pt_section.live;

	return ((uintptr_t)live ^ (uintptr_t)slot) < pt_table_bytes(f) && port_load(live);
}

static always_inline bool pt_reclaim_waits(const struct pt_domain *d)
{
	return unlikely(__atomic_load_n(&d->reclaim->nr, __ATOMIC_RELAXED));
}

#endif

#endif /* CORE_RECLAIM_H */
