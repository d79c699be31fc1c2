/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The walk cache of the modelled SMMU: table descriptors of every level, direct-mapped, served
 * until an invalidation that is not leaf-only matches them.
 *
 * An entry says: the table whose entries are of this level, for this part of the input space, is
 * at pa. A walk begins at the lowest one there is, so a removed table goes on being used as on
 * hardware. Not synchronised: the owner's lock is around every call.
 */
#ifndef MODEL_WALK_CACHE_H
#define MODEL_WALK_CACHE_H

#include "model/iotlb.h"
#include "model/walk.h"

struct walk_cache_entry {
	bool valid;
	struct model_tag tag;
	uint64_t first, last; /* the iovas that the table translates */
	uint64_t pa;
};

struct walk_cache {
	struct walk_cache_entry *entry; /* [level][index] */
	unsigned int size_lg2;		/* of each level */
	uint64_t invalidated;
};

void walk_cache_init(struct walk_cache *wc, unsigned int size_lg2);
void walk_cache_fini(struct walk_cache *wc);

/* Sets where a walk for ia begins: w->from and w->table. True if not at the root. */
bool walk_cache_start(struct walk_cache *wc, struct model_tag tag, const struct walk_regime *r,
		      uint64_t ia, struct walk *w);

/* Remembers the tables that a walk came through, below the level it began at. */
void walk_cache_fill(struct walk_cache *wc, struct model_tag tag, const struct walk_regime *r,
		     uint64_t ia, const struct walk *w);

unsigned int walk_cache_invalidate(struct walk_cache *wc, const struct model_inval *inval);

/* Does an entry point into this memory? */
bool walk_cache_holds(const struct walk_cache *wc, uint64_t pa, size_t bytes);

/* 0, or -EUCLEAN if an entry is not of a table, or not of a part that a table can translate. */
int walk_cache_validate(const struct walk_cache *wc);

#endif /* MODEL_WALK_CACHE_H */
