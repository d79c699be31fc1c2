/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The inside of a strategy: what core/strategy.c hands over to core/rounds.c and core/adaptive.c.
 *
 * Invariants: unmap is set once, at creation; of fq and rounds at most one is there.
 */
#ifndef CORE_STRATEGY_H
#define CORE_STRATEGY_H

#include "core/domain.h"
#include "core/port.h"
#include "iommu-flushq.h"
#include "iommu-strategy.h"

struct pt_rounds;

struct iommu_strategy {
	size_t (*unmap)(struct iommu_strategy *s, uint64_t iova, uint64_t size, uint64_t *ticket);
	struct io_pgtable *iop;
	struct iommu_strategy_opts opts; /* with nothing left 0 */
	struct iommu_flushq *fq;
	struct pt_rounds *rounds;
};

/*
 * What adaptive has learnt and decides by. Written by whoever has busy (rounds.c); the atomics are
 * read by every unmap. A leaf is what one invalidation without ranges names.
 */
struct pt_adaptive {
	uint64_t last_begun_ns; /* atomic */
	uint64_t age_ns;	/* atomic: how old the oldest post may get before a round begins */
	uint64_t sync_ns;	/* a round of nothing: moving averages, in 1/16 ns */
	uint64_t leaf_ns;	/* and a leaf more */
	uint64_t rounds;
	uint64_t counted_ns,
		counted;	  /* when leaves were counted last, and how many there had been */
	uint64_t rate;		  /* leaves in 2^20 ns */
	uint64_t age_of_round_ns; /* how old its oldest post may be */
};

/* core/adaptive.c */
void pt_adaptive_init(struct pt_adaptive *a, const struct iommu_strategy_opts *opts);
bool pt_adaptive_is_due(const struct pt_adaptive *a, uint64_t now_ns);
/* So many leaves have been unmapped so far: asked for every so many rounds. */
bool pt_adaptive_counts(const struct pt_adaptive *a);
void pt_adaptive_count(struct pt_adaptive *a, uint64_t leaves, uint64_t now_ns);
/* A round begins. Returns whether a flush of everything is the cheaper one. */
bool pt_adaptive_begin(struct pt_adaptive *a, const struct iommu_strategy_opts *opts,
		       uint64_t now_ns);
/* From how many leaves on it is. And how many there were, after all. */
uint64_t pt_adaptive_limit(const struct pt_adaptive *a, const struct iommu_strategy_opts *opts);
void pt_adaptive_saw(struct pt_adaptive *a, uint64_t leaves);
/* Is this round to be waited for, to learn from? And what was learnt. */
bool pt_adaptive_measures(const struct pt_adaptive *a);
void pt_adaptive_learn(struct pt_adaptive *a, uint64_t leaves, uint64_t took_ns);

/* core/rounds.c */
size_t pt_rounds_bytes(const struct iommu_strategy_opts *opts);
struct pt_rounds *pt_rounds_create(struct io_pgtable *iop, const struct iommu_strategy_opts *opts,
				   void *memory);
void pt_rounds_destroy(struct pt_rounds *r);
size_t pt_rounds_unmap(struct iommu_strategy *s, uint64_t iova, uint64_t size, uint64_t *ticket);
bool pt_rounds_done(struct pt_rounds *r, uint64_t ticket);
void pt_rounds_wait(struct pt_rounds *r, uint64_t ticket);
bool pt_rounds_poll(struct pt_rounds *r, uint32_t lane, uint64_t now_ns);
void pt_rounds_get_stats(struct pt_rounds *r, struct iommu_strategy_stats *stats);
bool pt_rounds_are_good(struct pt_rounds *r);

#endif /* CORE_STRATEGY_H */
