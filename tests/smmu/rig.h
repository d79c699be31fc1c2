/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Load on the software SMMU: threads that map and unmap one table under a flush strategy, devices
 * that use what is mapped, and a driver into which bugs can be planted.
 *
 * Each mapper owns places in the window, a place holds at most one mapping. Small places of
 * different mappers lie next to each other in one table, large ones hold whole tables and blocks;
 * half of what could be a block is mapped as pages and joined. Strategies that hold addresses back
 * take them from the library's allocator, at each mapping anew, and give them back at the release.
 * Everything here is for one run: rig_make, rig_run, rig_free.
 */
#ifndef TESTS_SMMU_RIG_H
#define TESTS_SMMU_RIG_H

#include <pthread.h>

#include "model/dma.h"
#include "support.h"

#define RIG_MAPPERS	2
#define RIG_DEVICES	2
#define RIG_SMALL	4 /* places of 16 pages, for each mapper */
#define RIG_LARGE	3 /* places of two tables */
#define RIG_PLACES	(RIG_SMALL + RIG_LARGE)
#define RIG_SMALL_PAGES 16u
#define RIG_HOT		16
#define RIG_TABLES	(3 + 2 * RIG_LARGE * RIG_MAPPERS) /* that the window covers */

enum plant {
	PLANT_NONE,
	PLANT_DROP,	   /* one invalidation in some is not sent */
	PLANT_REORDER,	   /* invalidated and synced first, cleared after that */
	PLANT_NO_WAIT,	   /* released before the sync has completed */
	PLANT_SKIP_CLEAN,  /* one cache cleaning in some is left out */
	PLANT_SKIP_TABLES, /* invalidations that are not leaf-only are not sent */
	PLANT_STRIDE,	   /* the stride of a run is one level too large */
	PLANT_SCALE,	   /* ranges are half as long */
	PLANT_ASID,	   /* of another context */
	PLANT_NEVER,	   /* nothing is ever flushed */
	PLANTS,
	PLANT_GROUP = PLANTS, /* of a leaf of several entries only the first is invalidated */
};

struct rig;
struct mapper;
struct iommu_async_ops;
struct iommu_flushq;
struct iommu_strategy;
struct iommu_iova;

/* A mapping that exists, or that waits for its release. */
struct mapping {
	uint64_t iova, size;
	bool blocks; /* perhaps */
};

struct strategy {
	const char *name;
	unsigned int
		layer; /* a kind of the library's strategies (iommu-strategy.h); 0: none of them */
	bool ril;
	bool blocks; /* maps blocks too: not where a part of one may be unmapped */
	/* Unmaps n mappings, and releases them, now or later. */
	void (*unmap)(struct mapper *t, const struct mapping *m, unsigned int n);
	void (*begin)(struct rig *rig);
	void (*end)(struct rig *rig); /* releases what still waits; may be called again */
	/* Why a bug cannot be planted, or NULL. */
	const char *(*not_applicable)(enum plant plant);
};

extern const struct strategy strategies[];
extern const unsigned int nr_strategies;

struct place {
	uint64_t iova;
	uint64_t pages;
	uint64_t taken; /* bytes at iova that are the allocator's; it is read by whoever releases */
	struct mapping mapping; /* the last one; size 0: there was none yet */
	bool mapped;
	uint64_t released; /* bytes of it; atomic: whoever releases adds */
};

struct mapper {
	struct rig *rig;
	unsigned int id;
	uint64_t random, generation;
	struct place place[RIG_PLACES];
	uint64_t unmaps, pages;
	uint64_t errors; /* of the library's */
	pthread_t thread;
};

struct rig_device {
	struct rig *rig;
	struct dma_device dma;
	uint64_t random;
	pthread_t thread;
};

struct rig {
	const struct strategy *strategy;
	enum plant plant;
	struct smmu_model *model;
	struct io_pgtable *iop;
	struct model_context *context;
	struct smmu_cmdq_domain domain[RIG_MAPPERS + 1]; /* by thread; the last for the rest */
	uint64_t granule, table, base;
	uint64_t pa_first, generations; /* frames, and how many times a window of them fits */
	uint64_t hot[RIG_HOT];		/* page << 16 | pages */
	uint64_t accesses;
	uint64_t stop, done;
	uint64_t joined;	     /* leaves that became larger ones */
	uint64_t calls[3];	     /* of the driver, for planting in one of some */
	struct iommu_flushq *flushq; /* of the strategies that have one */
	void *flushq_memory;
	struct iommu_strategy *layer;
	uint64_t layer_reclaimed; /* by its rounds or flushes, when a run has ended */
	uint32_t flushq_rings;
	struct iommu_iova *space; /* and of these the addresses; NULL: places stay where they are */
	void *space_memory;
	struct place **owner; /* with space: by the first page of a mapping */
	struct mapper mapper[RIG_MAPPERS];
	struct rig_device device[RIG_DEVICES];
};

struct rig_opts {
	const char *variant;
	const struct strategy *strategy;
	enum plant plant;
	enum io_pgtable_reclaim reclaim;
	struct model_opts model;
};

/*
 * Where the model's table memory is, if not as wanted: a pointer needs more bits than some formats
 * have.
 */
static inline uint64_t model_pa_base(const struct variant *v, uint64_t wanted)
{
	if (v->traits & NARROW)
		return 1ull << 31;
	return v->oas < 48 ? 1ull << 32 : wanted;
}

struct rig *rig_make(const struct rig_opts *opts);

/* Runs until each mapper has done so many rounds, or the checker found something, or timeout. */
void rig_run(struct rig *rig, unsigned int rounds, unsigned int timeout_ms);

/* Unmaps and releases everything, frees the table; before it the counters may be read. */
void rig_settle(struct rig *rig);
void rig_free(struct rig *rig);

/* The driver, for a strategy that does not wait: planted bugs included. */
extern const struct iommu_async_ops rig_async_ops;

/* For strategies. */
void rig_unmap_begin(struct rig *rig, const struct mapping *m);
void rig_unmap(struct rig *rig, const struct mapping *m, struct iommu_iotlb_gather *gather);
void rig_release(struct rig *rig, uint64_t iova, uint64_t size);

/* The violations that were found. */
uint64_t rig_violations(const struct rig *rig);

#endif /* TESTS_SMMU_RIG_H */
