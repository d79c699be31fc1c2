// SPDX-License-Identifier: GPL-2.0-only
/*
 * impl-core: this project's library under the harness, as a driver would use it: through iop->ops,
 * with the default memory.
 *
 * Invariant: between harness and library there is the one indirect call through iop->ops.
 */
#include "impl-loops.h"

#include "table-pool.h"

#ifdef IO_PGTABLE_PEERS
#include "impl-linux.h"
#endif

static void *core_alloc(const struct bench_domain *domain)
{
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap = domain->pgsize_bitmap,
		.ias = domain->ias,
		.oas = domain->oas,
		.coherent_walk = domain->coherent,
		.tlb = driver_ops(domain->flush),
	};

	return alloc_io_pgtable(domain->fmt, &cfg, NULL);
}

static void core_free(void *table)
{
	free_io_pgtable(table);
}

IMPL_INLINE size_t map_one(void *table, uint64_t iova, phys_addr_t pa, size_t pgsize,
			   size_t pgcount, int prot)
{
	struct io_pgtable *iop = table;
	size_t mapped = 0;

	iop->ops->map_pages(iop, iova, pa, pgsize, pgcount, prot, &mapped);
	return mapped;
}

IMPL_INLINE size_t unmap_one(void *table, uint64_t iova, size_t pgsize, size_t pgcount,
			     void *gather)
{
	struct io_pgtable *iop = table;

	return iop->ops->unmap_pages(iop, iova, pgsize, pgcount, gather);
}

IMPL_INLINE phys_addr_t translate_one(void *table, uint64_t iova)
{
	struct io_pgtable *iop = table;

	return iop->ops->iova_to_phys(iop, iova);
}

static const struct impl_calls core_calls = { map_one, unmap_one, translate_one };

static size_t core_map(void *table, const struct bench_calls *calls)
{
	return impl_loop(&core_calls, IMPL_MAP, table, calls, NULL);
}

static size_t core_unmap(void *table, const struct bench_calls *calls)
{
	return impl_loop(&core_calls, IMPL_UNMAP, table, calls, NULL);
}

static size_t core_unmap_queued(void *table, const struct bench_calls *calls, void *gather)
{
	return impl_loop(&core_calls, IMPL_UNMAP, table, calls, gather);
}

static size_t core_pair(void *table, const struct bench_calls *calls)
{
	return impl_loop(&core_calls, IMPL_MAP | IMPL_UNMAP, table, calls, NULL);
}

static size_t core_pair_queued(void *table, const struct bench_calls *calls, void *gather)
{
	return impl_loop(&core_calls, IMPL_MAP | IMPL_UNMAP, table, calls, gather);
}

static void core_gather_init(void *gather)
{
	iommu_iotlb_gather_init(gather);
}

static void core_sync(void *table, void *gather)
{
	io_pgtable_sync(table, gather);
}

static uint64_t core_translate(void *table, const struct bench_calls *calls)
{
	return impl_loop(&core_calls, IMPL_TRANSLATE, table, calls, NULL);
}

static size_t core_map_sg(void *table, const struct bench_calls *calls,
			  const struct io_pgtable_sg *sg)
{
	const struct bench_calls c = *calls;
	size_t bytes = 0;

	for (size_t i = 0; i < c.nr; i++)
		if (!io_pgtable_map_sg(table, c.base + i * c.stride, sg, c.pgcount, c.prot))
			bytes += c.pgcount * c.pgsize;
	return bytes;
}

static size_t core_cursor_pair(void *table, const struct bench_calls *calls)
{
	const struct bench_calls c = *calls;
	struct io_pgtable_cursor cursor;
	size_t bytes = 0;

	io_pgtable_cursor_init(&cursor, table);
	for (size_t i = 0; i < c.nr; i++) {
		uint64_t iova = c.base + i * c.stride;

		io_pgtable_cursor_map(&cursor, iova, iova ^ c.pa_xor, c.prot);
		bytes += io_pgtable_cursor_unmap(&cursor, iova, NULL);
	}
	return bytes;
}

static void core_translate_batch(void *table, const uint64_t *iova, phys_addr_t *out, size_t n,
				 size_t batch)
{
	for (size_t i = 0; i < n; i += batch)
		io_pgtable_iova_to_phys_batch(table, iova + i, out + i,
					      n - i < batch ? n - i : batch);
}

static phys_addr_t core_lookup(void *table, uint64_t iova)
{
	return io_pgtable_iova_to_phys(table, iova);
}

static size_t core_reusable_bytes(void)
{
	struct table_pool_stats stats;
	struct table_pool *pool = table_pool_default();

	if (!pool)
		return 0;
	table_pool_get_stats(pool, &stats);
	return stats.cached_zero_bytes + stats.cached_dirty_bytes;
}

const struct bench_impl bench_impl_core = {
	.name = "core",
	.fmts = (1u << IO_PGTABLE_NUM_FMTS) - 1,
	.gather_bytes = sizeof(struct iommu_iotlb_gather),
	.gather_init = core_gather_init,
	.alloc = core_alloc,
	.free = core_free,
	.map = core_map,
	.unmap = core_unmap,
	.unmap_queued = core_unmap_queued,
	.pair = core_pair,
	.pair_queued = core_pair_queued,
	.sync = core_sync,
	.translate = core_translate,
	.map_sg = core_map_sg,
	.cursor_pair = core_cursor_pair,
	.translate_batch = core_translate_batch,
	.lookup = core_lookup,
	.reusable_bytes = core_reusable_bytes,
};

/* The cases of one kind run in this order, one implementation after the other. */
const struct bench_impl *const bench_impls[] = {
	&bench_impl_core,
	&bench_impl_bare,
#ifdef IO_PGTABLE_PEERS
	&bench_impl_linux,
	&bench_impl_linux_kernel_flags,
	&bench_impl_linux_locked_wmb,
	&bench_impl_linux_mali,
	&bench_impl_linux_v7s,
	&bench_impl_linux_dart,
	&bench_impl_linux_amdv1,
	&bench_impl_linux_amdv2,
#endif
	NULL,
};
