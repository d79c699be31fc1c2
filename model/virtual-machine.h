/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A page table, a strategy and an SMMU under the virtual clock: what benchmarks map and unmap on.
 *
 *	virtual_begin(&profile->costs);
 *	m = machine_make(&opts);
 *	virtual_spawn(0 .. cpus - 1, body, ...);        bodies call machine_map() and
 *	machine_unmap()
 *							and the last one machine_end()
 *	virtual_run();					then m->smmu can be read
 *	virtual_end();
 *
 * The table and the strategy are the library's; what the CPU takes for a map or an unmap is a
 * setting. Every figure that comes from here is modelled.
 */
#ifndef MODEL_VIRTUAL_MACHINE_H
#define MODEL_VIRTUAL_MACHINE_H

#include "iommu-strategy.h"
#include "model/virtual-smmu.h"

#define MACHINE_PAGES_MAX (1u << 22) /* granules in a window */

/**
 * struct machine_profile - a host, in ns; what is measured and what is assumed: virtual-profile.c
 * @name: of the host
 * @map_ns: to map, and
 * @map_page_ns: for each page more
 * @unmap_ns: to unmap, without the invalidation, and
 * @unmap_page_ns: for each page more
 * @tlbi_ns: the SMMU, for a TLBI by address or range
 * @all_ns: for one of a whole context
 * @sync_ns: for a CMD_SYNC that signals an event
 * @sync_msi_ns: or by an MSI
 * @mmio_ns: a CPU reads a register
 * @write_ns: and writes a command
 * @engines: batches of different CPUs that the SMMU executes side by side
 * @costs: lines
 */
struct machine_profile {
	const char *name;
	double map_ns, map_page_ns;
	double unmap_ns, unmap_page_ns;
	double tlbi_ns, all_ns, sync_ns, sync_msi_ns;
	double mmio_ns, write_ns;
	unsigned int engines;
	struct virtual_costs costs;
};

extern const struct machine_profile machine_profiles[];
extern const unsigned int nr_machine_profiles;
const struct machine_profile *machine_profile_find(const char *name);

/**
 * enum machine_kernel - models of Linux's strategies
 * @MACHINE_KERNEL_NONE: the library's
 * @MACHINE_KERNEL_STRICT: kernel-strict
 * @MACHINE_KERNEL_FQ_PERCPU: kernel-fq-percpu
 * @MACHINE_KERNEL_FQ_SINGLE: kernel-fq-single
 */
enum machine_kernel {
	MACHINE_KERNEL_NONE,
	MACHINE_KERNEL_STRICT,
	MACHINE_KERNEL_FQ_PERCPU,
	MACHINE_KERNEL_FQ_SINGLE,
};

/* By name; MACHINE_KERNEL_NONE if it is not one of them. */
enum machine_kernel machine_kernel_find(const char *name);

/**
 * struct machine_opts - what a machine is made from
 * @profile: the host
 * @kernel: instead of @kind: the model of Linux's way (virtual-kernel.h)
 * @kind: the strategy
 * @cpus: how many use it
 * @depth: of the strategy; 0: its own
 * @timeout_ns: likewise
 * @budget_page_ns: of adaptive
 * @ril: the SMMU has range invalidation
 * @event: a CMD_SYNC signals an event, not by MSI
 * @queues: command queues, 1 to VSMMU_QUEUES; a CPU uses one, rounds use the first
 * @errata: of the queue
 * @parallel: for who makes the profile: more engines
 * @reclaim: tables that were emptied are reclaimed with the next sync
 * @leaf_lg2: what is mapped: 12, 14, 16 (granules), 21 (blocks of 4K's)
 * @blocks: 4K's blocks too, where a mapping covers them
 * @iova: the window; its first address
 * @granules: its size
 * @unit_lg2: no two mappings share such a piece of it; 0: a granule
 * @maps: mappings at a time, waiting ones included
 * @released: the mapping is not there any more, its page and its address may be used
 * @ctx: passed to it
 */
struct machine_opts {
	const struct machine_profile *profile;
	enum machine_kernel kernel;
	enum iommu_strategy_kind kind;
	unsigned int cpus;
	uint32_t depth;
	uint64_t timeout_ns, budget_page_ns;
	bool ril, event, parallel, reclaim, blocks;
	unsigned int queues, errata;
	unsigned int leaf_lg2, unit_lg2;
	uint64_t iova, granules;
	uint32_t maps;
	void (*released)(void *ctx, uint64_t iova, uint64_t size, unsigned int owner,
			 uint64_t waited_ps);
	void *ctx;
};

struct machine {
	struct machine_opts opts;
	const struct iommu_strategy_info *info;
	struct vsmmu *smmu;
	struct io_pgtable *iop;
	struct iommu_strategy *strategy; /* or */
	struct vkernel *kernel;
	struct smmu_cmdq_domain domain[VSMMU_QUEUES];
	struct iommu_strategy_stats stats; /* when it ended */
	uint64_t errors;		   /* of the library's, or short unmaps */
};

struct machine *machine_make(const struct machine_opts *opts);

/* By a CPU; with opts.blocks: in blocks or not. 0, or a negative errno. */
int machine_map_as(struct machine *m, uint64_t iova, uint64_t size, bool blocks);
int machine_map(struct machine *m, uint64_t iova, uint64_t size);
/* What was unmapped there may be used again. */
void machine_release(struct machine *m, uint64_t iova, uint64_t size);
/* One machine_map()'s range. The ticket may be NULL. */
void machine_unmap(struct machine *m, uint64_t iova, uint64_t size, uint64_t *ticket);
void machine_wait(struct machine *m, uint64_t ticket);
void machine_stats(const struct machine *m, struct iommu_strategy_stats *stats);
bool machine_poll(struct machine *m, unsigned int lane);
uint64_t machine_now_ns(void *unused);

/*
 * Releases what waits; by one CPU, when no other uses it. The SMMU's counters stay until
 * virtual_end().
 */
void machine_end(struct machine *m);

/*
 * The library's unmap, for code that is compiled for the virtual clock: takes what the CPU takes.
 */
size_t virtual_io_pgtable_unmap(struct io_pgtable *iop, uint64_t iova, uint64_t size,
				struct iommu_iotlb_gather *gather);

#endif /* MODEL_VIRTUAL_MACHINE_H */
