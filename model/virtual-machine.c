// SPDX-License-Identifier: GPL-2.0-only
/*
 * A page table, a strategy and an SMMU under the virtual clock (virtual-machine.h).
 *
 * Invariant: one machine at a time, as there is one virtual clock.
 */
#include "model/virtual-names.h"

#include "model/virtual-kernel.h"
#include "model/virtual-machine.h"

#include <stdlib.h>
#include <string.h>

#define ASID 7

static struct machine *the;

static uint64_t ps(double ns)
{
	return (uint64_t)(ns * (double)VIRTUAL_PS + 0.5);
}

/*
 * The driver: a CPU's queue; what was handed to another one is not its sync's, but it is synced
 * too.
 */

static struct smmu_cmdq_domain *domain_of(struct machine *m)
{
	return &m->domain[virtual_cpu() % m->opts.queues];
}

static void on_flush_all(void *cookie)
{
	if (!((struct machine *)cookie)->kernel)
		smmu_cmdq_gather_ops.tlb_flush_all(domain_of(cookie));
}

static void on_sync(void *cookie)
{
	if (!((struct machine *)cookie)->kernel)
		smmu_cmdq_gather_ops.tlb_sync(domain_of(cookie));
}

static void on_add_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf,
			 void *cookie)
{
	if (!((struct machine *)cookie)->kernel)
		smmu_cmdq_gather_ops.tlb_add_range(iova, size, stride_lg2, leaf, domain_of(cookie));
}

static const struct iommu_gather_ops driver = {
	.tlb_flush_all = on_flush_all,
	.tlb_sync = on_sync,
	.tlb_add_range = on_add_range,
};

/* Rounds go to the first queue: their tokens are in one order. */

static uint64_t on_begin(const struct iommu_gather_range *range, unsigned int n, void *cookie)
{
	return smmu_cmdq_async_ops.begin(range, n, ((struct machine *)cookie)->domain);
}

static uint64_t on_begin_all(void *cookie)
{
	return smmu_cmdq_async_ops.begin_all(((struct machine *)cookie)->domain);
}

static bool on_done(uint64_t token, void *cookie)
{
	return smmu_cmdq_async_ops.done(token, ((struct machine *)cookie)->domain);
}

static void on_wait(uint64_t token, void *cookie)
{
	smmu_cmdq_async_ops.wait(token, ((struct machine *)cookie)->domain);
}

static const struct iommu_async_ops async = { on_begin, on_begin_all, on_done, on_wait };

uint64_t machine_now_ns(void *unused)
{
	return virtual_now_ps() / VIRTUAL_PS;
}

void machine_release(struct machine *m, uint64_t iova, uint64_t size)
{
	struct vmap *map = vsmmu_find(m->smmu, iova);
	unsigned int owner;
	uint64_t waited;

	if (!map) {
		m->errors++;
		return;
	}
	if (!map->reusable)
		vsmmu_reusable(m->smmu, map);
	owner = map->owner;
	waited = vsmmu_released(m->smmu, map, m->kernel || m->opts.kind != IOMMU_STRATEGY_NONE);
	m->opts.released(m->opts.ctx, iova, size, owner, waited);
}

static void on_release(void *ctx, uint64_t iova, uint64_t size)
{
	machine_release(ctx, iova, size);
}

/* What an unmap costs the CPU, then the real one; the mapping is stale from here on. */
size_t virtual_io_pgtable_unmap(struct io_pgtable *iop, uint64_t iova, uint64_t size,
				struct iommu_iotlb_gather *gather)
{
	const struct machine_profile *p = the->opts.profile;
	struct vmap *map = vsmmu_find(the->smmu, iova);

	uint64_t leaves = map ? map->leaves : 1;

	virtual_spend_ps(ps(p->unmap_ns + p->unmap_page_ns * (double)(leaves - 1)));
	if (map && map->state == VMAP_MAPPED)
		vsmmu_cleared(the->smmu, map);
	return io_pgtable_unmap(iop, iova, size, gather);
}

static unsigned int granule_lg2(const struct machine_opts *o)
{
	return o->leaf_lg2 == 14 || o->leaf_lg2 == 16 ? o->leaf_lg2 : 12;
}

/* A leaf table's worth. */
static unsigned int block_lg2(const struct machine_opts *o)
{
	return o->leaf_lg2 == 21 ? 21 : 2 * granule_lg2(o) - 3;
}

/* How many leaves a mapping has, and how many of them are blocks, which come first. */
static uint64_t leaves_of(const struct machine_opts *o, uint64_t iova, uint64_t size,
			  bool in_blocks, uint64_t *blocks)
{
	unsigned int lg2 = block_lg2(o);

	*blocks = in_blocks && !(iova & ((1ull << lg2) - 1)) ? size >> lg2 : 0;
	return *blocks + ((size - (*blocks << lg2)) >> granule_lg2(o));
}

int machine_map_as(struct machine *m, uint64_t iova, uint64_t size, bool in_blocks)
{
	const struct machine_profile *p = m->opts.profile;
	uint64_t blocks, leaves = leaves_of(&m->opts, iova, size, in_blocks, &blocks);
	uint64_t pa = iova & ~(1ull << 47);

	/* The library takes blocks wherever it may: what has none goes beside one. */
	if (!in_blocks && m->opts.blocks)
		pa += 1ull << granule_lg2(&m->opts);
	virtual_spend_ps(ps(p->map_ns + p->map_page_ns * (double)(leaves - 1)));
	vsmmu_mapped(m->smmu, iova, (uint32_t)(size >> m->smmu->opts.granule_lg2), (uint32_t)leaves,
		     (uint32_t)blocks);
	return io_pgtable_map(m->iop, iova, pa, size, IOMMU_READ | IOMMU_WRITE);
}

int machine_map(struct machine *m, uint64_t iova, uint64_t size)
{
	return machine_map_as(m, iova, size, m->opts.leaf_lg2 == 21);
}

void machine_unmap(struct machine *m, uint64_t iova, uint64_t size, uint64_t *ticket)
{
	struct vmap *map = vsmmu_find(m->smmu, iova);
	uint32_t self = (uint32_t)(map - m->smmu->map);

	map->unmap_ps = virtual_now_ps();
	if (m->kernel)
		vkernel_unmap(m->kernel, iova, size);
	else if (iommu_strategy_unmap(m->strategy, iova, size, ticket) != size)
		m->errors++;
	/*
	 * Released already, perhaps by another CPU, perhaps mapped again: then it was reusable
	 * then.
	 */
	map = &m->smmu->map[self];
	if (!m->info->page_at_release && map->iova == iova && !map->reusable &&
	    (map->state == VMAP_STALE || map->state == VMAP_NAMED || map->state == VMAP_CLEAN))
		vsmmu_reusable(m->smmu, map);
}

void machine_wait(struct machine *m, uint64_t ticket)
{
	if (!m->kernel)
		iommu_strategy_wait(m->strategy, ticket);
}

bool machine_poll(struct machine *m, unsigned int lane)
{
	if (!m->kernel)
		return iommu_strategy_poll(m->strategy, lane, machine_now_ns(NULL));
	vkernel_poll(m->kernel);
	return false;
}

void machine_stats(const struct machine *m, struct iommu_strategy_stats *stats)
{
	*stats = m->stats;
}

enum machine_kernel machine_kernel_find(const char *name)
{
	static const char *const names[] = { "", "kernel-strict", "kernel-fq-percpu",
					     "kernel-fq-single" };

	for (unsigned int i = 1; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i], name))
			return (enum machine_kernel)i;
	return MACHINE_KERNEL_NONE;
}

/* Making. */

static void make_table(struct machine *m)
{
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap = 1ull << granule_lg2(&m->opts) | 1ull << m->opts.leaf_lg2 |
				 (m->opts.blocks ? 1ull << block_lg2(&m->opts) : 0),
		.reclaim = m->opts.reclaim && !m->opts.kernel ? IO_PGTABLE_RECLAIM_ON_SYNC
							      : IO_PGTABLE_RECLAIM_NEVER,
		.ias = 48,
		.oas = 48,
		.coherent_walk = true,
		.tlb = &driver,
	};

	m->iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, m);
	if (!m->iop)
		abort();
}

static void make_smmu(struct machine *m)
{
	const struct machine_profile *p = m->opts.profile;
	const struct vsmmu_opts opts = {
		.queues = m->opts.queues,
		.queue_lg2 = 12,
		.engines = p->engines,
		.tlbi_ps = ps(p->tlbi_ns),
		.all_ps = ps(p->all_ns),
		.sync_ps = ps(m->opts.event ? p->sync_ns : p->sync_msi_ns),
		.mmio_ps = ps(p->mmio_ns),
		.write_ps = ps(p->write_ns),
		.msi = !m->opts.event,
		.errata = m->opts.errata,
		.granule_lg2 = granule_lg2(&m->opts),
		.iova = m->opts.iova,
		.granules = m->opts.granules,
		.unit_lg2 = m->opts.unit_lg2 ? m->opts.unit_lg2 : granule_lg2(&m->opts),
		.block_granules = 1u << (block_lg2(&m->opts) - granule_lg2(&m->opts)),
		.maps = m->opts.maps,
		.iotlb_pages = 1024,
	};

	m->smmu = vsmmu_make(&opts);
	for (unsigned int i = 0; i < opts.queues; i++)
		m->domain[i] = (struct smmu_cmdq_domain){
			.q = m->smmu->queue[i].q,
			.stage = SMMU_STAGE_1,
			.asid = ASID,
			.granule_lg2 = (uint8_t)opts.granule_lg2,
			.ril = (m->opts.ril && !m->info->no_range_commands) ||
			       m->info->range_commands,
			.flush_above = 512u << (2 * (opts.granule_lg2 - 12) / 2),
		};
}

static void make_strategy(struct machine *m)
{
	const struct iommu_strategy_opts opts = {
		.kind = m->opts.kind,
		.depth = m->opts.depth,
		.lanes = m->opts.cpus,
		.timeout_ns = m->opts.timeout_ns,
		.budget_page_ns = m->opts.budget_page_ns,
		.async = &async,
		.release = on_release,
		.now_ns = machine_now_ns,
		.ctx = m,
	};
	size_t bytes = iommu_strategy_bytes(&opts);

	if (!bytes)
		abort();
	m->strategy = iommu_strategy_create(m->iop, &opts, virtual_alloc(bytes));
	if (!m->strategy)
		abort();
}

struct machine *machine_make(const struct machine_opts *opts)
{
	struct machine *m = virtual_alloc(sizeof(*m));

	the = m;
	m->opts = *opts;
	m->info = iommu_strategy_describe(opts->kind);
	make_smmu(m);
	make_table(m);
	if (opts->kernel)
		m->kernel = vkernel_make(m, opts->depth);
	else
		make_strategy(m);
	return m;
}

void machine_end(struct machine *m)
{
	if (m->kernel) {
		vkernel_end(m->kernel);
		free_io_pgtable(m->iop);
		return;
	}
	iommu_strategy_get_stats(m->strategy, &m->stats);
	if (iommu_strategy_validate(m->strategy))
		m->errors++;
	iommu_strategy_destroy(m->strategy);
	free_io_pgtable(m->iop);
}
