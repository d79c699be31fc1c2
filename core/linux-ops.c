// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables under the kernel's names (io-pgtable-linux.h): each call is one of the library's own, and
 * what differs is only how invalidations are told.
 *
 * The library gathers on the stack of an unmap. What went as leaves is added to the kernel's gather
 * page by page; everything else, removed tables above all, is invalidated at once by
 * tlb_flush_walk, which waits. What is made of the driver's configuration first is in linux-cfg.c.
 * Invariant: a table is freed after tlb_flush_walk returned for it. An object is not written after
 * it was made.
 */
#include <errno.h>
#include <stddef.h>

/* Both headers use these names; the library's own get others here, and no symbol among them. */
#define io_pgtable		native_table
#define io_pgtable_cfg		native_cfg
#define io_pgtable_ops		native_ops
#define io_pgtable_fmt		native_fmt
#define iommu_iotlb_gather	native_gather
#define iommu_iotlb_gather_init native_gather_init
#define ARM_32_LPAE_S1		NATIVE_ARM_32_LPAE_S1
#define ARM_32_LPAE_S2		NATIVE_ARM_32_LPAE_S2
#define ARM_64_LPAE_S1		NATIVE_ARM_64_LPAE_S1
#define ARM_64_LPAE_S2		NATIVE_ARM_64_LPAE_S2
#define ARM_V7S			NATIVE_ARM_V7S
#define AMD_IOMMU_V1		NATIVE_AMD_IOMMU_V1
#define AMD_IOMMU_V2		NATIVE_AMD_IOMMU_V2
#define ARM_MALI_LPAE		NATIVE_ARM_MALI_LPAE
#define APPLE_DART		NATIVE_APPLE_DART
#define APPLE_DART2		NATIVE_APPLE_DART2
#define IO_PGTABLE_NUM_FMTS	NATIVE_NUM_FMTS
#include "core/update.h"
#include "table-pool.h" /* and io-pgtable.h */
#undef io_pgtable
#undef io_pgtable_cfg
#undef io_pgtable_ops
#undef io_pgtable_fmt
#undef iommu_iotlb_gather
#undef iommu_iotlb_gather_init
#undef ARM_32_LPAE_S1
#undef ARM_32_LPAE_S2
#undef ARM_64_LPAE_S1
#undef ARM_64_LPAE_S2
#undef ARM_V7S
#undef AMD_IOMMU_V1
#undef AMD_IOMMU_V2
#undef ARM_MALI_LPAE
#undef APPLE_DART
#undef APPLE_DART2
#undef IO_PGTABLE_NUM_FMTS
#undef IO_PGTABLE_QUIRK_ARM_NS
#undef IO_PGTABLE_QUIRK_NO_PERMS
#undef IO_PGTABLE_QUIRK_ARM_MTK_EXT
#undef IO_PGTABLE_QUIRK_ARM_MTK_TTBR_EXT
#undef IO_PGTABLE_QUIRK_ARM_TTBR1
#undef IO_PGTABLE_QUIRK_ARM_OUTER_WBWA
#undef IO_PGTABLE_QUIRK_ARM_HD
#undef IO_PGTABLE_QUIRK_ARM_S2FWB
#undef IO_PGTABLE_H
#include "io-pgtable-linux.h"

#include "core/linux-cfg.h"
#include "core/port.h"

#define QUIRKS                                                                                \
	(IO_PGTABLE_QUIRK_ARM_NS | IO_PGTABLE_QUIRK_NO_PERMS | IO_PGTABLE_QUIRK_ARM_MTK_EXT | \
	 IO_PGTABLE_QUIRK_ARM_MTK_TTBR_EXT | IO_PGTABLE_QUIRK_ARM_TTBR1 |                     \
	 IO_PGTABLE_QUIRK_ARM_OUTER_WBWA | IO_PGTABLE_QUIRK_ARM_HD | IO_PGTABLE_QUIRK_ARM_S2FWB)

/*
 * largest: the library's largest page. The caller may have been promised larger ones, which are
 * several of it.
 */
struct linux_table {
	struct io_pgtable iop;
	struct native_table *native;
	size_t largest;
};

#define TABLE_BYTES 512 /* of the pool's sizes */

_Static_assert(sizeof(struct linux_table) <= TABLE_BYTES, "one block");

static struct linux_table *of_ops(struct io_pgtable_ops *ops)
{
	return (struct linux_table *)io_pgtable_ops_to_pgtable(ops);
}

/* What the library calls. */

static void flush_all(void *cookie)
{
	const struct io_pgtable *iop = cookie;

	if (iop->cfg.tlb->tlb_flush_all)
		iop->cfg.tlb->tlb_flush_all(iop->cookie);
}

static void flush_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf,
			void *cookie)
{
	const struct io_pgtable *iop = cookie;

	if (iop->cfg.tlb->tlb_flush_walk)
		iop->cfg.tlb->tlb_flush_walk(iova, size, (size_t)1 << stride_lg2, iop->cookie);
}

/* tlb_flush_walk has waited. */
static void sync_nothing(void *cookie)
{
}

static const struct iommu_gather_ops callbacks = {
	.tlb_flush_all = flush_all,
	.tlb_add_range = flush_range,
	.tlb_sync = sync_nothing,
};

static void *hook_alloc(void *ctx, size_t size_bytes, unsigned int flags)
{
	const struct io_pgtable *iop = ctx;

	/* Before the first table there is, nothing is mapped, and nobody is in a hurry. */
	return iop->cfg.alloc(iop->cookie, size_bytes,
			      iop->ops.map_pages ? GFP_ATOMIC : GFP_KERNEL);
}

static void hook_free(void *ctx, void *ptr, size_t size_bytes, unsigned int flags)
{
	const struct io_pgtable *iop = ctx;

	iop->cfg.free(iop->cookie, ptr, size_bytes);
}

/* What the kernel's code calls. */

/*
 * Pages that the library has no leaf for, said in its largest; what does not fit 64 bits it refuses
 * as it is.
 */
static void split_pages(const struct linux_table *t, uint64_t at, size_t *pgsize, size_t *pgcount)
{
	size_t parts = *pgsize / t->largest;

	if ((*pgsize & (*pgsize - 1)) || !(*pgsize & t->iop.cfg.pgsize_bitmap) ||
	    (at & (*pgsize - 1)) || *pgcount > SIZE_MAX / *pgsize)
		return;
	*pgsize = t->largest;
	*pgcount *= parts;
}

static int map_pages(struct io_pgtable_ops *ops, unsigned long iova, phys_addr_t paddr,
		     size_t pgsize, size_t pgcount, int prot, gfp_t gfp, size_t *mapped)
{
	struct linux_table *t = of_ops(ops);

	if (unlikely(pgsize > t->largest))
		split_pages(t, iova | paddr, &pgsize, &pgcount);
	return t->native->ops->map_pages(t->native, iova, paddr, pgsize, pgcount, prot, mapped);
}

static void add_pages(const struct io_pgtable *iop, const struct iommu_gather_range *r,
		      struct iommu_iotlb_gather *gather)
{
	size_t granule = (size_t)1 << r->stride_lg2;

	if (iommu_iotlb_gather_queued(gather) || !iop->cfg.tlb->tlb_add_page)
		return;
	for (uint64_t offset = 0; offset < r->size; offset += granule)
		iop->cfg.tlb->tlb_add_page(gather, r->iova + offset, granule, iop->cookie);
}

/* Leaves go to the kernel's gather; tables with their ranges stay in own. */
static void hand_over(const struct io_pgtable *iop, struct native_gather *own,
		      struct iommu_iotlb_gather *gather)
{
	unsigned int kept = 0;

	port_dma_wmb(); /* the driver may send commands for them from now on */
	for (unsigned int i = 0; i < own->nr_ranges; i++) {
		if (own->range[i].leaf)
			add_pages(iop, &own->range[i], gather);
		else
			own->range[kept++] = own->range[i];
	}
	own->nr_ranges = kept;
}

static size_t unmap_pages(struct io_pgtable_ops *ops, unsigned long iova, size_t pgsize,
			  size_t pgcount, struct iommu_iotlb_gather *gather)
{
	struct linux_table *t = of_ops(ops);
	struct native_gather own;
	size_t done;

	if (unlikely(pgsize > t->largest))
		split_pages(t, iova, &pgsize, &pgcount);
	own.nr_ranges = own.nr_tables = 0;
	own.queued = own.internal = false;
	done = t->native->ops->unmap_pages(t->native, iova, pgsize, pgcount, &own);
	if (t->iop.cfg.tlb)
		hand_over(&t->iop, &own, gather);
	if (own.nr_ranges || own.nr_tables)
		io_pgtable_sync(t->native, &own);
	return done;
}

static phys_addr_t iova_to_phys(struct io_pgtable_ops *ops, unsigned long iova)
{
	return io_pgtable_iova_to_phys(of_ops(ops)->native, iova);
}

static void record(void *ctx, uint64_t iova, uint64_t bytes)
{
	iommu_dirty_bitmap_record(ctx, iova, bytes);
}

static int read_and_clear_dirty(struct io_pgtable_ops *ops, unsigned long iova, size_t size,
				unsigned long flags, struct iommu_dirty_bitmap *dirty)
{
	if (flags & ~(unsigned long)IOMMU_DIRTY_NO_CLEAR)
		return -EINVAL;
	return pt_dirty_each(of_ops(ops)->native, iova, size, (unsigned int)flags, record, dirty);
}

/* What a driver programs: fields out of the registers (ARM DDI0487, TCR_EL1, VTCR_EL2; TTBCR). */

static uint32_t field(uint64_t reg, unsigned int lsb, unsigned int bits)
{
	return (uint32_t)(reg >> lsb) & ((1u << bits) - 1);
}

/* AArch32's registers do not have it, what the kernel returns does: 32, 36 and 40 bits there. */
static uint32_t physical_size_32(const struct io_pgtable_cfg *cfg)
{
	return (cfg->oas - 32) / 4;
}

static void fill_s1(struct io_pgtable_cfg *cfg, const struct native_cfg *native, bool is_32)
{
	bool upper = cfg->quirks & IO_PGTABLE_QUIRK_ARM_TTBR1;
	uint64_t tcr = native->arm_lpae_s1_cfg.tcr;
	unsigned int half = upper ? 16 : 0;

	cfg->arm_lpae_s1_cfg.ttbr = native->arm_lpae_s1_cfg.ttbr[upper];
	cfg->arm_lpae_s1_cfg.tcr.ips = is_32 ? physical_size_32(cfg) : field(tcr, 32, 3);
	/* 4K, in TG0's and TG1's numbers. */
	cfg->arm_lpae_s1_cfg.tcr.tg = is_32 ? (upper ? 2 : 0) : field(tcr, 14 + half, 2);
	cfg->arm_lpae_s1_cfg.tcr.sh = field(tcr, 12 + half, 2);
	cfg->arm_lpae_s1_cfg.tcr.orgn = field(tcr, 10 + half, 2);
	cfg->arm_lpae_s1_cfg.tcr.irgn = field(tcr, 8 + half, 2);
	cfg->arm_lpae_s1_cfg.tcr.tsz = is_32 ? 64 - cfg->ias : field(tcr, half, 6);
	cfg->arm_lpae_s1_cfg.mair = native->arm_lpae_s1_cfg.mair[0] |
				    (is_32 ? native->arm_lpae_s1_cfg.mair[1] << 32 : 0);
}

static void fill_s2(struct io_pgtable_cfg *cfg, const struct native_cfg *native, bool is_32)
{
	uint64_t vtcr = native->arm_lpae_s2_cfg.vtcr;

	cfg->arm_lpae_s2_cfg.vttbr = native->arm_lpae_s2_cfg.vttbr;
	cfg->arm_lpae_s2_cfg.vtcr.ps = is_32 ? physical_size_32(cfg) : field(vtcr, 16, 3);
	cfg->arm_lpae_s2_cfg.vtcr.tg = is_32 ? 0 : field(vtcr, 14, 2);
	cfg->arm_lpae_s2_cfg.vtcr.sh = field(vtcr, 12, 2);
	cfg->arm_lpae_s2_cfg.vtcr.orgn = field(vtcr, 10, 2);
	cfg->arm_lpae_s2_cfg.vtcr.irgn = field(vtcr, 8, 2);
	cfg->arm_lpae_s2_cfg.vtcr.sl = field(vtcr, 6, 2);
	cfg->arm_lpae_s2_cfg.vtcr.tsz = is_32 ? 64 - cfg->ias : field(vtcr, 0, 6);
}

static void fill_v7s(struct io_pgtable_cfg *cfg, const struct native_cfg *native, bool is_32)
{
	cfg->arm_v7s_cfg.ttbr = native->arm_v7s_cfg.ttbr;
	cfg->arm_v7s_cfg.tcr = native->arm_v7s_cfg.tcr;
	cfg->arm_v7s_cfg.nmrr = native->arm_v7s_cfg.nmrr;
	cfg->arm_v7s_cfg.prrr = native->arm_v7s_cfg.prrr;
}

static void fill_mali(struct io_pgtable_cfg *cfg, const struct native_cfg *native, bool is_32)
{
	cfg->arm_mali_lpae_cfg.transtab = native->arm_mali_lpae_cfg.transtab;
	cfg->arm_mali_lpae_cfg.memattr = native->arm_mali_lpae_cfg.memattr;
}

static void fill_dart(struct io_pgtable_cfg *cfg, const struct native_cfg *native, bool is_32)
{
	for (unsigned int i = 0; i < 4; i++)
		cfg->apple_dart_cfg.ttbr[i] = native->apple_dart_cfg.ttbr[i];
	cfg->apple_dart_cfg.n_ttbrs = native->apple_dart_cfg.n_ttbrs;
}

static void fill_amd_v1(struct io_pgtable_cfg *cfg, const struct native_cfg *native, bool is_32)
{
	cfg->amd.root = native->amd_iommu_v1_cfg.host_pt_root;
	cfg->amd.mode = native->amd_iommu_v1_cfg.mode;
}

static void fill_amd_v2(struct io_pgtable_cfg *cfg, const struct native_cfg *native, bool is_32)
{
	cfg->amd.root = native->amd_iommu_v2_cfg.gcr3;
	cfg->amd.mode = native->amd_iommu_v2_cfg.guest_paging_mode;
}

/*
 * dirty: there is an operation for it; dirty_quirk: and no quirk of the kernel's that asks for it.
 */
static const struct linux_format {
	void (*fill)(struct io_pgtable_cfg *cfg, const struct native_cfg *native, bool is_32);
	enum native_fmt native;
	bool is_32;
	bool dirty;
	unsigned long dirty_quirk;
} formats[IO_PGTABLE_NUM_FMTS] = {
	[ARM_32_LPAE_S1] = { fill_s1, NATIVE_ARM_32_LPAE_S1, .is_32 = true },
	[ARM_32_LPAE_S2] = { fill_s2, NATIVE_ARM_32_LPAE_S2, .is_32 = true },
	[ARM_64_LPAE_S1] = { fill_s1, NATIVE_ARM_64_LPAE_S1, .dirty = true },
	[ARM_64_LPAE_S2] = { fill_s2, NATIVE_ARM_64_LPAE_S2, .dirty = true },
	[ARM_V7S] = { fill_v7s, NATIVE_ARM_V7S, .is_32 = false },
	[ARM_MALI_LPAE] = { fill_mali, NATIVE_ARM_MALI_LPAE, .is_32 = false },
	[AMD_IOMMU_V1] = { fill_amd_v1, NATIVE_AMD_IOMMU_V1, .dirty = true,
			   .dirty_quirk = IO_PGTABLE_QUIRK_DIRTY },
	[AMD_IOMMU_V2] = { fill_amd_v2, NATIVE_AMD_IOMMU_V2, .is_32 = false },
	[APPLE_DART] = { fill_dart, NATIVE_APPLE_DART, .is_32 = false },
	[APPLE_DART2] = { fill_dart, NATIVE_APPLE_DART2, .is_32 = false },
};

/* Makes the table behind t; false: it cannot be had. */
static bool make_native(struct linux_table *t, const struct linux_format *f)
{
	struct io_pgtable_cfg *cfg = &t->iop.cfg;
	const struct io_pgtable_mem mem = { .alloc = hook_alloc,
					    .free = hook_free,
					    .ctx = &t->iop };
	struct native_cfg native = {
		.quirks = cfg->quirks | IO_PGTABLE_QUIRK_NO_WARN | f->dirty_quirk,
		.tlb = cfg->tlb ? &callbacks : NULL,
		.mem = cfg->alloc ? &mem : NULL,
	};
	struct linux_plan plan;

	if (!pt_linux_settle(t->iop.fmt, cfg, io_pgtable_port_page_bytes(), &plan))
		return false;
	native.pgsize_bitmap = plan.sizes;
	native.ias = plan.ias;
	native.oas = cfg->oas;
	native.coherent_walk = plan.snoops;
	t->native = alloc_io_pgtable(f->native, &native, &t->iop);
	if (!t->native)
		return false;
	/* Less what ias has no level for. */
	cfg->pgsize_bitmap &= native.pgsize_bitmap | ~plan.sizes;
	t->largest = (size_t)1 << (63 - __builtin_clzll(native.pgsize_bitmap));
	f->fill(cfg, &native, f->is_32);
	return true;
}

struct io_pgtable_ops *alloc_io_pgtable_ops(enum io_pgtable_fmt fmt, struct io_pgtable_cfg *cfg,
					    void *cookie)
{
	struct linux_table *t;

	if ((unsigned int)fmt >= IO_PGTABLE_NUM_FMTS || !formats[fmt].fill || !cfg)
		return NULL;
	if ((cfg->quirks & ~QUIRKS) || !cfg->alloc != !cfg->free)
		return NULL;
	t = table_pool_alloc(table_pool_default(), TABLE_BYTES, IO_PGTABLE_MEM_ZERO);
	if (!t)
		return NULL;
	t->iop.fmt = fmt;
	t->iop.cookie = cookie;
	t->iop.cfg = *cfg;
	if (!make_native(t, &formats[fmt])) {
		table_pool_free(table_pool_default(), t, TABLE_BYTES, 0);
		return NULL;
	}
	t->iop.ops = (struct io_pgtable_ops){
		.map_pages = map_pages,
		.unmap_pages = unmap_pages,
		.iova_to_phys = iova_to_phys,
		.read_and_clear_dirty = formats[fmt].dirty ? read_and_clear_dirty : NULL,
	};
	*cfg = t->iop.cfg;
	return &t->iop.ops;
}

void free_io_pgtable_ops(struct io_pgtable_ops *ops)
{
	struct linux_table *t;

	if (!ops)
		return;
	t = of_ops(ops);
	free_io_pgtable(t->native);
	table_pool_free(table_pool_default(), t, TABLE_BYTES, 0);
}
