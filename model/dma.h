/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A device behind the SMMU: translates an address and touches what is there.
 *
 * An access is busy from before its lookup until after its touch; a CMD_SYNC waits for the accesses
 * that were busy when it came. The walk happens without the SMMU's lock, so invalidations run into
 * it: those that do are remembered, and what the walk found is cached only if none of them would
 * have removed it.
 */
#ifndef MODEL_DMA_H
#define MODEL_DMA_H

#include "model/smmu.h"

#define DMA_MISSED 8 /* invalidations remembered during a walk; more: nothing is cached */

enum dma_result { DMA_OK, DMA_FAULT, DMA_DENIED, DMA_BAD };

struct dma_device {
	struct smmu_model *smmu;
	uint64_t busy; /* odd during an access */
	uint64_t random;

	/* Under the SMMU's lock. */
	bool walking;
	unsigned int missed;
	struct model_inval inval[DMA_MISSED];

	/* The device's own. */
	uint64_t accesses, hits, walks, shortened, faults, dropped;
	uint64_t pa; /* of the last good access */
};

void dma_device_init(struct dma_device *d, struct smmu_model *m, uint64_t seed);

enum dma_result dma_access(struct dma_device *d, const struct model_context *c, uint64_t iova,
			   bool write);

/* For smmu.c, under its lock: an invalidation was executed. */
void dma_invalidated(struct dma_device *d, const struct model_inval *inval);

/* For smmu.c: waits until the access that is going on, if any, has ended. */
void dma_drain(struct dma_device *d);

#endif /* MODEL_DMA_H */
