/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flush-effect: when invalidations took effect, on the real clock: the exposure of each place of a
 * window, and which translations were thrown out that were still mapped.
 *
 * The software SMMU says what it invalidates, and when a CMD_SYNC is complete. A place that
 * commands have named in full is clean from the next SYNC of that queue on; an invalidation of
 * everything cleans a place if it began after the unmap had returned (when exactly the descriptor
 * was cleared is not known). At the latest a place is clean when it is released. So what is said is
 * never too short, and too long only for a place that another thread's invalidation of everything
 * cleaned while its unmap was under way.
 *
 * Who writes what: left and clean_ns, the place's thread before the unmap, then the consumers,
 * under the SMMU's lock; mapped, its thread; a queue's named list and ring, its consumer; ring
 * entries with release of head.
 */
#ifndef BENCH_FLUSH_EFFECT_H
#define BENCH_FLUSH_EFFECT_H

#include <stdbool.h>
#include <stdint.h>

#include "model/smmu.h"

enum { FLUSH_WHOLES = 4096 };

struct flush_place {
	uint64_t clean_ns; /* 0: not yet */
	uint32_t left;	   /* granules that no command has named; 0: nothing is stale */
	uint32_t mapped;
};

/* An invalidation of everything: began, complete. */
struct flush_whole {
	uint64_t began_ns, done_ns;
};

struct flush_effect_queue {
	uint32_t *named;
	uint32_t nr_named;
	uint64_t whole_ns; /* the newest that no SYNC has followed; 0: none */
	uint64_t head;
	struct flush_whole ring[FLUSH_WHOLES];
};

struct flush_effect {
	uint64_t base, step, size;
	unsigned int granule_lg2, leaf_lg2;
	uint32_t nr;
	struct flush_place *place;
	struct flush_effect_queue queue[MODEL_QUEUES];
	uint64_t collateral; /* by consumers, under the SMMU's lock */
};

/*
 * For places at base, each step from the next, size long. 0 or -ENOMEM; flush_effect_fini() in any
 * case.
 */
int flush_effect_init(struct flush_effect *e, uint32_t nr, unsigned int queues);
void flush_effect_fini(struct flush_effect *e);

/* Sets the hooks of the SMMU that is about to be made. */
void flush_effect_hooks(struct flush_effect *e, struct model_opts *opts);

/* By the place's thread: it is mapped; it is about to be unmapped. */
void flush_effect_mapped(struct flush_effect *e, uint32_t place);
void flush_effect_unmaps(struct flush_effect *e, uint32_t place);

/* At its release: how long after reusable_ns something stale was there at most, by now. */
uint64_t flush_effect_exposure(const struct flush_effect *e, uint32_t place, uint64_t reusable_ns,
			       uint64_t now_ns);

uint64_t flush_effect_collateral(const struct flush_effect *e);

#endif /* BENCH_FLUSH_EFFECT_H */
