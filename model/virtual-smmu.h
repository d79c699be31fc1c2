/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An SMMU under the virtual clock: a command queue's consumer with service times, and for every
 * mapping when the last stale translation of it went.
 *
 * It is modelled: service times are settings (virtual-profile.h says where from). Commands are
 * fetched in order; a CMD_SYNC completes when everything before it has. With one engine they are
 * also executed one behind the other; with more, batches of different CPUs are executed side by
 * side, each CPU's in order, and what follows a CMD_SYNC does not wait for it ("parallel
 * consumer"). A mapping is clean when every granule of it was named by a command, or the whole
 * context was, after its descriptors were cleared, and a CMD_SYNC behind that is complete. So this
 * also checks: a release before that is counted as a violation.
 *
 * Several queues: each has a consumer of its own, and engines of its own.
 */
#ifndef MODEL_VIRTUAL_SMMU_H
#define MODEL_VIRTUAL_SMMU_H

#include "model/virtual.h"
#include "smmu-cmdq.h"

#define VSMMU_QUEUES  VIRTUAL_DEVICES
#define VSMMU_ENGINES 16
#define VSMMU_SYNCS   32

struct vsmmu_opts {
	unsigned int queues, queue_lg2, engines;
	uint64_t tlbi_ps, all_ps, sync_ps; /* service */
	uint64_t mmio_ps;		   /* a CPU reads a register */
	uint64_t write_ps;		   /* a CPU writes a command */
	bool msi;
	unsigned int errata;
	unsigned int granule_lg2;
	uint64_t iova; /* the window */
	uint64_t granules;
	unsigned int unit_lg2;	 /* no two mappings share such a piece of it */
	uint32_t maps;		 /* mappings that exist or wait at a time */
	uint32_t block_granules; /* in a block */
	uint32_t iotlb_pages;	 /* what an IOTLB holds at most, in mapped leaves */
};

enum vmap_state { VMAP_FREE, VMAP_MAPPED, VMAP_STALE, VMAP_NAMED, VMAP_CLEAN };

/* A mapping. prev and next: of the stale, or of the named ones. */
struct vmap {
	uint64_t iova;
	uint64_t unmap_ps, reuse_ps, clean_ps;
	uint32_t granules, leaves, left;
	uint32_t blocks; /* of the leaves: how many are blocks; they come first */
	uint32_t prev, next;
	enum vmap_state state;
	bool reusable;
	uint16_t owner; /* CPU */
};

/* A CMD_SYNC that was fetched and is not complete; with what was named before it. */
struct vsmmu_sync {
	struct smmu_cmd cmd;
	uint64_t end_ps, cons;
	uint32_t named;
};

struct vsmmu_queue {
	struct vsmmu *smmu;
	struct smmu_cmdq_ops ops;
	struct smmu_cmdq *q;
	struct smmu_cmd *ring;
	uint64_t *ready;
	uint16_t *producer;
	uint32_t *registers; /* prod; a line further cons; and the MSI's word */
	uint64_t fetched, cons, syncs, commands, whole;
	struct vsmmu_sync sync[VSMMU_SYNCS]; /* a ring, oldest first */
	unsigned int first_sync, nr_syncs;
	uint64_t engine_ps[VSMMU_ENGINES];
	uint16_t engine_of[VSMMU_ENGINES]; /* the CPU whose batch it had last */
};

struct vsmmu {
	struct vsmmu_opts opts;
	struct vsmmu_queue queue[VSMMU_QUEUES];
	struct vmap *map;
	uint32_t *at; /* by unit: which mapping, plus one */
	uint32_t free, stale, named;
	uint64_t mapped_leaves, waiting_bytes, max_waiting_bytes;
	uint64_t cleaned_granules, violations, collateral;
	bool frozen;
	double exposure_page_ps, max_exposure_ps;
};

/* Between virtual_begin() and virtual_run(); memory is virtual_alloc()'s. */
struct vsmmu *vsmmu_make(const struct vsmmu_opts *opts);
uint32_t *vsmmu_prod(struct vsmmu_queue *q);
uint32_t *vsmmu_cons(struct vsmmu_queue *q);

/* By CPUs, in this order for each mapping. */
struct vmap *vsmmu_mapped(struct vsmmu *s, uint64_t iova, uint32_t granules, uint32_t leaves,
			  uint32_t blocks);
struct vmap *vsmmu_find(struct vsmmu *s, uint64_t iova);
void vsmmu_cleared(struct vsmmu *s, struct vmap *m);
void vsmmu_reusable(struct vsmmu *s, struct vmap *m);
/* The address may be used again; returns how long after its unmap began. */
uint64_t vsmmu_released(struct vsmmu *s, struct vmap *m, bool check);
/* Exposure, collateral and bytes are counted from here on, to there. */
void vsmmu_reset_counters(struct vsmmu *s);
void vsmmu_freeze_counters(struct vsmmu *s);
uint64_t vsmmu_count_commands(const struct vsmmu *s);
uint64_t vsmmu_count_syncs(const struct vsmmu *s);

#endif /* MODEL_VIRTUAL_SMMU_H */
