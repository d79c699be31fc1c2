/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The state of rounds, for core/rounds.c, which runs them, and core/rounds-state.c, which makes,
 * counts and checks it. Who writes what: iommu-strategy.h.
 */
#ifndef CORE_ROUNDS_H
#define CORE_ROUNDS_H

#include "core/rounds-tables.h"
#include "core/strategy.h"

#define FLIGHTS	 IOMMU_STRATEGY_FLIGHTS
#define CALL_MAX (IOMMU_GATHER_TABLES + IOMMU_GATHER_RANGES + 1) /* posts of one call */
#define CHUNK	 IOMMU_STRATEGY_DRAIN_MAX /* ranges in one call of the driver */

/* A range; or a table, with its level as iova and the flags to free it with as size. */
struct post {
	uint64_t stamp; /* begun, when its descriptors had been cleared */
	uint64_t round; /* that took it; 0: none has */
	uint64_t iova, size;
	void *table;
	uint8_t what, stride_lg2;
};

struct lane {
	struct port_lock lock __attribute__((aligned(128)));
	uint32_t first, used, pending;
	uint64_t queued, released; /* posts so far: names of the next, and of the oldest one here */
	uint64_t leaves;	   /* atomic: unmapped so far */
	uint64_t full;
	uint32_t max_used, max_drained;
	struct post *post;
};

/* A round under way. Its slot is written again only when it is complete. */
struct flight {
	uint64_t token;
	uint64_t whole; /* of the whole context */
};

struct pt_rounds {
	struct pt_domain *d;
	struct iommu_strategy_opts opts;
	uint32_t capacity;
	bool adaptive;
	struct lane *lane;

	uint64_t begun __attribute__((aligned(128)));

	uint64_t completed __attribute__((aligned(128)));
	uint64_t whole; /* the newest complete round of the whole context */

	uint64_t issued __attribute__((aligned(128)));
	struct flight flight[FLIGHTS];

	uint32_t busy __attribute__((aligned(128)));
	uint64_t wholes; /* begun; under busy */
	uint64_t reclaimed;
	struct pt_adaptive policy;
	struct iommu_gather_range chunk[CHUNK]; /* under busy */

	/* Empty ones that each round under way took out, if the domain reclaims. */
	struct pt_round_tables tables[FLIGHTS] __attribute__((aligned(128)));
};

static inline uint64_t load(const uint64_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

static inline void pause(const struct pt_rounds *r)
{
	if (r->opts.wait)
		r->opts.wait(r->opts.ctx);
	else
		port_cpu_relax();
}

static inline uint32_t slot(const struct pt_rounds *r, uint32_t at)
{
	return at < r->capacity ? at : at - r->capacity;
}

#endif /* CORE_ROUNDS_H */
