/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The software SMMU: command queues with a consumer each, an IOTLB and a walk cache that serve
 * stale entries until they are invalidated, a walker of its own, and a checker.
 *
 * It is for finding missed, late and wrong invalidations, not for saying how fast hardware is: the
 * service times are settings. What it promises is what the architecture does: a CMD_SYNC completes
 * when the invalidations before it in its queue are done and every access that may have used what
 * they removed has ended (IHI0070 4.6.3, 3.21). What it cannot show is in docs/flush.md.
 *
 * Who writes what: both caches, seq, and where each device is in its walk, under lock; a device's
 * busy count, the device, and a SYNC waits until it has changed; counters of commands, their
 * queue's consumer, relaxed: exact when it has stopped. Contexts are added before devices and
 * consumers use them.
 */
#ifndef MODEL_SMMU_H
#define MODEL_SMMU_H

#include <pthread.h>

#include "model/checker.h"
#include "model/cmdq-device.h"
#include "model/memory.h"
#include "model/walk-cache.h"

enum model_kind {
	MODEL_TLBI_VA,	/* by address or range */
	MODEL_TLBI_ALL, /* by ASID, VMID, or everything */
	MODEL_SYNC,
	MODEL_OTHER,
	MODEL_KINDS,
};

#define MODEL_DEVICES 8

/* What is left 0 gets the value in brackets. */
struct model_opts {
	unsigned int queues;	/* [1] */
	unsigned int queue_lg2; /* commands of each [8] */
	bool threads;		/* consumers of their own; otherwise a waiter consumes */
	bool serial;		/* one queue is serviced at a time */
	bool msi;		/* a CMD_SYNC writes an MSI */
	uint64_t service_ns[MODEL_KINDS];
	unsigned int iotlb_sets_lg2, iotlb_ways; /* [6], [4] */
	unsigned int walk_cache_lg2;		 /* entries of each level [6] */
	unsigned int speculate; /* one hit in so many walks all the same; 0: none */
	bool coherent;
	bool reuse_early;    /* freed tables are given out again at once */
	uint64_t pa_base;    /* of table memory; 0: physical is virtual */
	size_t memory_bytes; /* [64 MiB] */

	/* Optional: what was really put into the queue, instead of *cmd; false: nothing. */
	bool (*mutate)(void *ctx, struct smmu_cmd *cmd);
	void *mutate_ctx;

	unsigned int errata; /* of the library's queues: SMMU_CMDQ_SYNC_63 ... */

	/*
	 * Optional, by a queue's consumer: before an invalidation takes effect; a translation that
	 * it threw out; and when a CMD_SYNC behind it is complete, before who waits can know. Under
	 * lock, but for the last.
	 */
	void (*invalidates)(void *ctx, unsigned int queue, const struct model_inval *inval);
	void (*went)(void *ctx, const struct iotlb_entry *entry);
	void (*synced)(void *ctx, unsigned int queue);
	void *effect_ctx;
};

struct model_context {
	struct model_tag tag;
	struct walk_regime regime;
	struct checker_window *window;
};

struct model_queue {
	struct smmu_model *smmu;
	unsigned int id;
	struct device *dev;
	struct smmu_cmdq_ops ops;
	struct smmu_cmdq *q;
	pthread_t thread;
	uint64_t stop;
	uint64_t count[MODEL_KINDS];
	uint64_t granules; /* that commands by address covered */
	uint64_t errors;
};

struct smmu_model {
	struct model_opts opts;
	struct model_memory memory;
	struct checker checker;
	struct model_queue queue[MODEL_QUEUES];
	struct model_context context[MODEL_CONTEXTS];
	unsigned int contexts;
	pthread_mutex_t engine; /* serial */

	pthread_mutex_t lock;
	struct iotlb iotlb;
	struct walk_cache walk_cache;
	uint64_t seq; /* invalidations executed */
	struct dma_device *device[MODEL_DEVICES];
	unsigned int devices;
};

struct smmu_model *smmu_model_make(const struct model_opts *opts);
void smmu_model_free(struct smmu_model *m); /* ends the consumers too */

/* Starts and ends the consumers' threads; between them counters may be read. */
void smmu_model_start(struct smmu_model *m);
void smmu_model_stop(struct smmu_model *m);

/*
 * A table that the SMMU walks; the registers are in cfg. The window is what is checked: devices
 * must not go outside it.
 */
struct model_context *smmu_model_attach(struct smmu_model *m, enum io_pgtable_fmt fmt,
					const struct io_pgtable_cfg *cfg, struct model_tag tag,
					uint64_t iova, size_t pages, unsigned int granule_lg2);

/* What the program under test tells: pages belong to the thread that calls. */
void smmu_model_map_begin(struct smmu_model *m, struct model_context *c, uint64_t iova,
			  uint64_t size, uint64_t pa);
void smmu_model_map_end(struct model_context *c, uint64_t iova, uint64_t size);
void smmu_model_unmap_begin(struct smmu_model *m, struct model_context *c, uint64_t iova,
			    uint64_t size);
void smmu_model_release(struct smmu_model *m, struct model_context *c, uint64_t iova,
			uint64_t size);

/* As if a device had just used this leaf of the table behind a tag: the IOTLB has it. */
void smmu_model_fill(struct smmu_model *m, struct model_tag tag, uint64_t iova,
		     unsigned int size_lg2, unsigned int level);

/* Checks both caches: 0 or -EUCLEAN. */
int smmu_model_validate(struct smmu_model *m);

uint64_t smmu_model_count(const struct smmu_model *m, enum model_kind kind);
uint64_t smmu_model_granules(const struct smmu_model *m);

#endif /* MODEL_SMMU_H */
