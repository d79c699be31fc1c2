/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whole tables and what hangs below them: the cold half of the walker, compiled once for all
 * formats (core/tree.c). "level" is the level of the entries in the table that is named.
 */
#ifndef CORE_TREE_H
#define CORE_TREE_H

#include "core/domain.h"

/* Makes the tables down to level that ia needs; *slot is its entry there. 0, -ENOMEM or -EEXIST. */
int pt_tree_slot(struct pt_domain *d, uint64_t ia, unsigned int level, pt_entry **slot);

/*
 * n leaves from entry index on of a table that nobody else has yet, and whose other entries are 0,
 * for a walker that does not snoop: all of the table can be seen by it afterwards.
 */
void pt_tree_fill(struct pt_domain *d, pt_entry *table, size_t index, size_t n, uint64_t desc,
		  uint64_t step);

/*
 * Installs table in *slot, of level, if that is empty; if not, the table is freed and false
 * returned.
 */
bool pt_tree_install(struct pt_domain *d, pt_entry *slot, pt_entry *table, unsigned int level);

/*
 * A table is found on the way: takes a reclaimer's mark off, and makes the descriptor visible if
 * who installed it has not done so yet. False: it changed, look again.
 */
bool pt_tree_see(struct pt_domain *d, pt_entry *slot, uint64_t desc);

/*
 * Puts something, or nothing, in the place of the table that desc points to; false if somebody else
 * did.
 */
bool pt_tree_replace(struct pt_domain *d, pt_entry *slot, uint64_t desc, uint64_t with);
bool pt_tree_detach(struct pt_domain *d, pt_entry *slot, uint64_t desc);

/* No leaf below, or: no hole. */
bool pt_tree_is_empty(struct pt_domain *d, pt_entry *table, unsigned int level);
bool pt_tree_is_full(const struct pt_domain *d, const pt_entry *table, unsigned int level);

/* Adds the leaves of a detached tree without holes that starts at ia to a gather, as not leaf. */
void pt_tree_gather(struct pt_domain *d, const pt_entry *table, unsigned int level, uint64_t ia,
		    struct iommu_iotlb_gather *g);

/*
 * Notes in the statistics of whoever supplies the memory that a detached tree waits for an
 * invalidation, or no longer does.
 */
void pt_tree_quarantine(struct pt_domain *d, const pt_entry *table, unsigned int level, bool held);

/* Frees a table and all below it; IO_PGTABLE_MEM_ZERO: there is no leaf in it. */
void pt_tree_free(struct pt_domain *d, pt_entry *table, unsigned int level, unsigned int flags);
void pt_tree_free_root(struct pt_domain *d);

/*
 * Replaces the block in *slot by a table with the same translations: 0, also if somebody else
 * changed it first (look again), or -ENOMEM.
 */
int pt_tree_split(struct pt_domain *d, pt_entry *slot, uint64_t desc, unsigned int level,
		  uint64_t ia);

/* Takes the table in *slot away if nothing is mapped by it. 0 or -EEXIST. */
int pt_tree_drop_empty(struct pt_domain *d, pt_entry *slot, uint64_t desc, unsigned int level,
		       uint64_t ia);

#endif /* CORE_TREE_H */
