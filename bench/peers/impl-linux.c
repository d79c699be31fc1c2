// SPDX-License-Identifier: GPL-2.0-only
/*
 * impl-linux: the kernel's page tables under the harness, as a driver would use them: through the
 * table's operations, with the loops of the IOMMU core around those that stop at the end of a
 * table.
 *
 * A strict unmap is that of the kernel's iommu_unmap(): an empty gather on the stack, the pages,
 * one iotlb_sync. A queued one is that of its DMA layer with a flush queue: a gather that says so,
 * which collects nothing, and one invalidation of everything when the queue is drained. What the
 * layers above the driver cost beside that is left out, in the kernel's favour. Invariant: between
 * harness and page-table code there is one indirect call.
 */
#include "impl-linux.h"

#include "clock.h"
#include "impl-loops.h"
#include "linux-calls.h"
#include "peer-runtime.h"

_Static_assert((int)LINUX_ARM_32_LPAE_S1 == ARM_32_LPAE_S1, "format");
_Static_assert((int)LINUX_ARM_32_LPAE_S2 == ARM_32_LPAE_S2, "format");
_Static_assert((int)LINUX_ARM_64_LPAE_S1 == ARM_64_LPAE_S1, "format");
_Static_assert((int)LINUX_ARM_64_LPAE_S2 == ARM_64_LPAE_S2, "format");

static enum linux_fmt linux_fmt(unsigned int fmt)
{
	/* Only what an implementation here says it has is asked for. */
	static const enum linux_fmt fmts[IO_PGTABLE_NUM_FMTS] = {
		[ARM_32_LPAE_S1] = LINUX_ARM_32_LPAE_S1, [ARM_32_LPAE_S2] = LINUX_ARM_32_LPAE_S2,
		[ARM_64_LPAE_S1] = LINUX_ARM_64_LPAE_S1, [ARM_64_LPAE_S2] = LINUX_ARM_64_LPAE_S2,
		[AMD_IOMMU_V2] = LINUX_AMD_IOMMU_V2,	 [ARM_V7S] = LINUX_ARM_V7S,
		[APPLE_DART] = LINUX_APPLE_DART,	 [AMD_IOMMU_V1] = LINUX_AMD_IOMMU_V1,
		[ARM_MALI_LPAE] = LINUX_ARM_MALI_LPAE,	 [APPLE_DART2] = LINUX_APPLE_DART2,
	};

	return fmts[fmt];
}

static void *alloc_from(const struct linux_peer *peer, const struct bench_domain *domain)
{
	const struct linux_config config = {
		.fmt = linux_fmt(domain->fmt),
		.pgsize_bitmap = domain->pgsize_bitmap,
		.ias = domain->ias,
		.oas = domain->oas,
		.coherent = domain->coherent,
	};

	return peer->alloc(&config);
}

static void *user_alloc(const struct bench_domain *domain)
{
	return alloc_from(&linux_peer, domain);
}

static void user_free(void *table)
{
	linux_peer.free(table);
}

static void *kernel_flags_alloc(const struct bench_domain *domain)
{
	return alloc_from(&linux_peer_kernel_flags, domain);
}

static void kernel_flags_free(void *table)
{
	linux_peer_kernel_flags.free(table);
}

static void *locked_wmb_alloc(const struct bench_domain *domain)
{
	return alloc_from(&linux_peer_locked_wmb, domain);
}

static void locked_wmb_free(void *table)
{
	linux_peer_locked_wmb.free(table);
}

IMPL_INLINE size_t map_one(void *table, uint64_t iova, phys_addr_t pa, size_t pgsize,
			   size_t pgcount, int prot)
{
	return linux_map(table, iova, pa, pgsize, pgcount, prot);
}

IMPL_INLINE size_t unmap_one(void *table, uint64_t iova, size_t pgsize, size_t pgcount,
			     void *gather)
{
	return linux_unmap(table, iova, pgsize, pgcount, gather, false);
}

IMPL_INLINE size_t unmap_one_amd(void *table, uint64_t iova, size_t pgsize, size_t pgcount,
				 void *gather)
{
	return linux_unmap(table, iova, pgsize, pgcount, gather, true);
}

IMPL_INLINE phys_addr_t translate_one(void *table, uint64_t iova)
{
	return linux_translate(table, iova);
}

static const struct impl_calls arm_calls = { map_one, unmap_one, translate_one };
static const struct impl_calls amd_calls = { map_one, unmap_one_amd, translate_one };

static size_t arm_map(void *table, const struct bench_calls *calls)
{
	return impl_loop(&arm_calls, IMPL_MAP, table, calls, NULL);
}

static size_t arm_unmap(void *table, const struct bench_calls *calls)
{
	return impl_loop(&arm_calls, IMPL_UNMAP, table, calls, NULL);
}

static size_t arm_unmap_queued(void *table, const struct bench_calls *calls, void *gather)
{
	return impl_loop(&arm_calls, IMPL_UNMAP, table, calls, gather);
}

static size_t arm_pair(void *table, const struct bench_calls *calls)
{
	return impl_loop(&arm_calls, IMPL_MAP | IMPL_UNMAP, table, calls, NULL);
}

static size_t arm_pair_queued(void *table, const struct bench_calls *calls, void *gather)
{
	return impl_loop(&arm_calls, IMPL_MAP | IMPL_UNMAP, table, calls, gather);
}

static size_t amd_unmap(void *table, const struct bench_calls *calls)
{
	return impl_loop(&amd_calls, IMPL_UNMAP, table, calls, NULL);
}

static size_t amd_unmap_queued(void *table, const struct bench_calls *calls, void *gather)
{
	return impl_loop(&amd_calls, IMPL_UNMAP, table, calls, gather);
}

static size_t amd_pair(void *table, const struct bench_calls *calls)
{
	return impl_loop(&amd_calls, IMPL_MAP | IMPL_UNMAP, table, calls, NULL);
}

static size_t amd_pair_queued(void *table, const struct bench_calls *calls, void *gather)
{
	return impl_loop(&amd_calls, IMPL_MAP | IMPL_UNMAP, table, calls, gather);
}

static uint64_t arm_translate(void *table, const struct bench_calls *calls)
{
	return impl_loop(&arm_calls, IMPL_TRANSLATE, table, calls, NULL);
}

/* There are no such calls: what a caller does instead. */
static size_t linux_map_sg(void *table, const struct bench_calls *calls,
			   const struct io_pgtable_sg *sg)
{
	const struct bench_calls c = *calls;
	size_t bytes = 0;

	for (size_t i = 0; i < c.nr; i++)
		for (size_t j = 0; j < c.pgcount; j++)
			bytes += map_one(table, c.base + i * c.stride + j * c.pgsize, sg[j].paddr,
					 c.pgsize, 1, c.prot);
	return bytes;
}

static void linux_translate_batch(void *table, const uint64_t *iova, phys_addr_t *out, size_t n,
				  size_t batch)
{
	for (size_t i = 0; i < n; i++)
		out[i] = translate_one(table, iova[i]);
}

static phys_addr_t arm_lookup(void *table, uint64_t iova)
{
	return translate_one(table, iova);
}

static void queued_gather_init(void *gather)
{
	linux_gather_queue(gather);
}

static void queue_drain(void *table, void *gather)
{
	linux_peer.flush_all(table);
	queued_gather_init(gather);
}

/* The best of a few goes; the same pages in the same order as when tables are made and freed. */
static double page_alloc_ns(size_t pages, unsigned int size_lg2)
{
	enum { MOST = 1024, GOES = 16 };
	static _Thread_local void *page[MOST];
	double best = 0;

	if (pages > MOST)
		pages = MOST;
	for (int go = 0; go < GOES && pages; go++) {
		uint64_t start = bench_clock_ns();
		size_t got;
		double ns;

		for (got = 0; got < pages && (page[got] = peer_alloc(size_lg2, false)); got++)
			;
		for (size_t i = 0; i < got; i++)
			peer_free(page[i], size_lg2);
		if (got < pages)
			return 0;
		ns = bench_clock_span(start, bench_clock_ns()) / (double)pages;
		if (go == 0 || ns < best)
			best = ns;
	}
	return best;
}

#define LINUX_IMPL(impl_name, which_fmts, is_brief, build, driver)                                \
	{                                                                                         \
		.name = (impl_name), .fmts = (which_fmts), .brief = (is_brief),                   \
		.gather_bytes = sizeof(struct linux_gather), .gather_init = queued_gather_init,   \
		.alloc = build##_alloc, .free = build##_free, .map = arm_map,                     \
		.unmap = driver##_unmap, .unmap_queued = driver##_unmap_queued,                   \
		.pair = driver##_pair, .pair_queued = driver##_pair_queued, .sync = queue_drain,  \
		.translate = arm_translate, .map_sg = linux_map_sg, .cursor_pair = driver##_pair, \
		.translate_batch = linux_translate_batch, .lookup = arm_lookup,                   \
		.reusable_bytes = peer_reusable_bytes, .tables_allocated = peer_allocated,        \
		.table_alloc_ns = page_alloc_ns,                                                  \
	}

#define LPAE \
	(1u << ARM_32_LPAE_S1 | 1u << ARM_32_LPAE_S2 | 1u << ARM_64_LPAE_S1 | 1u << ARM_64_LPAE_S2)

const struct bench_impl bench_impl_linux = LINUX_IMPL("linux-6.12", LPAE, false, user, arm);
const struct bench_impl bench_impl_linux_kernel_flags =
	LINUX_IMPL("linux-6.12-kernel-flags", LPAE, true, kernel_flags, arm);
const struct bench_impl bench_impl_linux_locked_wmb =
	LINUX_IMPL("linux-6.12-locked-wmb", LPAE, true, locked_wmb, arm);
const struct bench_impl bench_impl_linux_mali =
	LINUX_IMPL("linux-6.12-mali", 1u << ARM_MALI_LPAE, false, user, arm);
const struct bench_impl bench_impl_linux_v7s =
	LINUX_IMPL("linux-6.12-v7s", 1u << ARM_V7S, false, user, arm);
const struct bench_impl bench_impl_linux_dart =
	LINUX_IMPL("linux-6.12-dart", 1u << APPLE_DART | 1u << APPLE_DART2, false, user, arm);
const struct bench_impl bench_impl_linux_amdv1 =
	LINUX_IMPL("linux-6.12-amdv1", 1u << AMD_IOMMU_V1, false, user, amd);
const struct bench_impl bench_impl_linux_amdv2 =
	LINUX_IMPL("linux-6.12-amdv2", 1u << AMD_IOMMU_V2, false, user, amd);
