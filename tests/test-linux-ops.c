// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel's spelling (io-pgtable-linux.h), used as a driver uses it: what reaches the gather and
 * what is invalidated at once, the registers in their fields, what is refused, where memory comes
 * from, and what was written to. This file includes none of the library's other headers; the
 * kernel's own self-test runs against the header too (tests/peers).
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "io-pgtable-linux.h"

#define SZ_4K 0x1000ul
#define SZ_2M 0x200000ul
#define SZ_1G 0x40000000ul
#define RW    (IOMMU_READ | IOMMU_WRITE)

/* A driver's domain, as SMMU drivers have it: the cookie is the domain. */
struct driver {
	struct iommu_domain domain;
	struct io_pgtable_ops *ops;
	unsigned int pages, walks, alls, syncs;
	unsigned long walk_iova, sync_start, sync_end;
	size_t walk_size, walk_granule, sync_pgsize;
	size_t allocated;
	unsigned int atomic, refuse;
};

static struct driver *of_domain(struct iommu_domain *domain)
{
	return (struct driver *)domain;
}

static void iotlb_sync(struct iommu_domain *domain, struct iommu_iotlb_gather *gather)
{
	struct driver *d = of_domain(domain);

	d->syncs++;
	d->sync_start = gather->start;
	d->sync_end = gather->end;
	d->sync_pgsize = gather->pgsize;
}

static const struct iommu_domain_ops domain_ops = { .iotlb_sync = iotlb_sync };

static void flush_all(void *cookie)
{
	((struct driver *)cookie)->alls++;
}

static void flush_walk(unsigned long iova, size_t size, size_t granule, void *cookie)
{
	struct driver *d = cookie;

	d->walks++;
	d->walk_iova = iova;
	d->walk_size = size;
	d->walk_granule = granule;
}

static void add_page(struct iommu_iotlb_gather *gather, unsigned long iova, size_t granule,
		     void *cookie)
{
	struct driver *d = cookie;

	d->pages++;
	iommu_iotlb_gather_add_page(&d->domain, gather, iova, granule);
}

static const struct iommu_flush_ops tlb_ops = {
	.tlb_flush_all = flush_all,
	.tlb_flush_walk = flush_walk,
	.tlb_add_page = add_page,
};

static struct io_pgtable_cfg config(void)
{
	return (struct io_pgtable_cfg){
		.pgsize_bitmap = SZ_4K | SZ_2M | SZ_1G,
		.ias = 48,
		.oas = 48,
		.coherent_walk = true,
		.tlb = &tlb_ops,
	};
}

static void start(struct driver *d)
{
	struct io_pgtable_cfg cfg = config();

	*d = (struct driver){ .domain.ops = &domain_ops };
	d->ops = alloc_io_pgtable_ops(ARM_64_LPAE_S1, &cfg, d);
	assert_non_null(d->ops);
}

static size_t map(struct driver *d, unsigned long iova, phys_addr_t pa, size_t pgsize, size_t n)
{
	size_t mapped = 0;

	assert_int_equal(d->ops->map_pages(d->ops, iova, pa, pgsize, n, RW, GFP_ATOMIC, &mapped),
			 0);
	return mapped;
}

static void test_gather(void **state)
{
	struct iommu_iotlb_gather gather;
	struct driver d;

	start(&d);
	assert_int_equal(map(&d, SZ_1G, SZ_2M, SZ_4K, 40), 40 * SZ_4K);
	assert_int_equal(d.ops->iova_to_phys(d.ops, SZ_1G + 5 * SZ_4K + 7), SZ_2M + 5 * SZ_4K + 7);
	iommu_iotlb_gather_init(&gather);
	assert_int_equal(d.ops->unmap_pages(d.ops, SZ_1G, SZ_4K, 8, &gather), 8 * SZ_4K);
	assert_int_equal(d.ops->unmap_pages(d.ops, SZ_1G + 8 * SZ_4K, SZ_4K, 8, &gather),
			 8 * SZ_4K);
	assert_int_equal(d.pages, 16);
	assert_int_equal(d.walks, 0);
	assert_int_equal(d.syncs, 0);
	/* Not behind the last one: the gather is synced first. */
	assert_int_equal(d.ops->unmap_pages(d.ops, SZ_1G + 20 * SZ_4K, SZ_4K, 4, &gather),
			 4 * SZ_4K);
	assert_int_equal(d.syncs, 1);
	assert_int_equal(d.sync_start, SZ_1G);
	assert_int_equal(d.sync_end, SZ_1G + 16 * SZ_4K - 1);
	assert_int_equal(d.sync_pgsize, SZ_4K);
	iommu_iotlb_sync(&d.domain, &gather);
	assert_int_equal(d.sync_start, SZ_1G + 20 * SZ_4K);
	/* Left to a flush queue. */
	iommu_iotlb_gather_init(&gather);
	gather.queued = true;
	assert_int_equal(d.ops->unmap_pages(d.ops, SZ_1G + 16 * SZ_4K, SZ_4K, 4, &gather),
			 4 * SZ_4K);
	assert_int_equal(d.pages, 20);
	assert_int_equal(d.ops->iova_to_phys(d.ops, SZ_1G + 16 * SZ_4K), 0);
	/* Stops at the hole. */
	assert_int_equal(d.ops->unmap_pages(d.ops, SZ_1G + 36 * SZ_4K, SZ_4K, 8, &gather),
			 4 * SZ_4K);
	free_io_pgtable_ops(d.ops);
	assert_int_equal(d.alls, 1);
}

/* The first page there is, and one behind it. */
static void test_gather_from_zero(void **state)
{
	struct iommu_iotlb_gather gather;
	struct driver d;

	start(&d);
	map(&d, 0, SZ_2M, SZ_4K, 2);
	iommu_iotlb_gather_init(&gather);
	assert_int_equal(d.ops->unmap_pages(d.ops, 0, SZ_4K, 1, &gather), SZ_4K);
	assert_int_equal(d.ops->unmap_pages(d.ops, SZ_4K, SZ_4K, 1, &gather), SZ_4K);
	assert_int_equal(d.syncs, 0);
	assert_int_equal(gather.start, 0);
	assert_int_equal(gather.end, 2 * SZ_4K - 1);
	free_io_pgtable_ops(d.ops);
}

/* A removed table, queued or not, is invalidated before the call returns. */
static void test_walk(void **state)
{
	struct iommu_iotlb_gather gather;
	struct driver d;

	start(&d);
	map(&d, SZ_1G, SZ_2M, SZ_4K, 512);
	iommu_iotlb_gather_init(&gather);
	gather.queued = true;
	assert_int_equal(d.ops->unmap_pages(d.ops, SZ_1G, SZ_4K, 512, &gather), SZ_2M);
	assert_int_equal(d.walks, 1);
	assert_int_equal(d.walk_iova, SZ_1G);
	assert_int_equal(d.walk_size, SZ_2M);
	assert_int_equal(d.walk_granule, SZ_4K);
	assert_int_equal(d.pages, 0);
	/* Part of a block: the block goes first, then the page. */
	map(&d, SZ_1G, SZ_1G, SZ_2M, 1);
	gather.queued = false;
	assert_int_equal(d.ops->unmap_pages(d.ops, SZ_1G + SZ_4K, SZ_4K, 1, &gather), SZ_4K);
	assert_int_equal(d.walks, 2);
	assert_int_equal(d.walk_iova, SZ_1G);
	assert_int_equal(d.walk_size, SZ_2M);
	assert_int_equal(d.pages, 1);
	assert_int_equal(d.ops->iova_to_phys(d.ops, SZ_1G + SZ_4K), 0);
	assert_int_equal(d.ops->iova_to_phys(d.ops, SZ_1G + 2 * SZ_4K), SZ_1G + 2 * SZ_4K);
	free_io_pgtable_ops(d.ops);
}

static void test_errors(void **state)
{
	struct io_pgtable_cfg cfg = config();
	size_t mapped = 0;
	struct driver d;

	start(&d);
	map(&d, SZ_1G, SZ_2M, SZ_4K, 1);
	assert_int_equal(
		d.ops->map_pages(d.ops, SZ_1G - SZ_4K, 0, SZ_4K, 3, RW, GFP_KERNEL, &mapped),
		-EEXIST);
	assert_int_equal(d.ops->map_pages(d.ops, 1ul << 48, 0, SZ_4K, 1, RW, GFP_KERNEL, &mapped),
			 -ERANGE);
	assert_int_equal(d.ops->map_pages(d.ops, 0, 0, SZ_4K, 1, 0, GFP_KERNEL, &mapped), -EINVAL);
	free_io_pgtable_ops(d.ops);
	free_io_pgtable_ops(NULL);

	assert_null(alloc_io_pgtable_ops(ARM_V7S, &cfg, NULL));
	assert_null(alloc_io_pgtable_ops(IO_PGTABLE_NUM_FMTS, &cfg, NULL));
	cfg.quirks = IO_PGTABLE_QUIRK_NO_PERMS;
	assert_null(alloc_io_pgtable_ops(ARM_64_LPAE_S1, &cfg, NULL));
	cfg = config();
	cfg.free = (void (*)(void *, void *, size_t))(uintptr_t)1;
	assert_null(alloc_io_pgtable_ops(ARM_64_LPAE_S1, &cfg, NULL));
}

/* TCR_EL1, VTCR_EL2: the fields as the architecture numbers them. */
static void test_registers(void **state)
{
	struct driver d = { .domain.ops = &domain_ops };
	struct io_pgtable_cfg cfg = config();
	struct io_pgtable_ops *ops = alloc_io_pgtable_ops(ARM_64_LPAE_S1, &cfg, &d);

	assert_non_null(ops);
	assert_int_equal(cfg.arm_lpae_s1_cfg.tcr.tsz, 16);
	assert_int_equal(cfg.arm_lpae_s1_cfg.tcr.ips, 5);  /* 48 bits */
	assert_int_equal(cfg.arm_lpae_s1_cfg.tcr.tg, 0);   /* TG0: 4K */
	assert_int_equal(cfg.arm_lpae_s1_cfg.tcr.sh, 3);   /* inner shareable */
	assert_int_equal(cfg.arm_lpae_s1_cfg.tcr.irgn, 1); /* write-back, write-allocate */
	assert_int_equal(cfg.arm_lpae_s1_cfg.tcr.orgn, 1);
	assert_int_not_equal(cfg.arm_lpae_s1_cfg.ttbr, 0);
	assert_ptr_equal(&io_pgtable_ops_to_pgtable(ops)->ops, ops);
	assert_memory_equal(&io_pgtable_ops_to_pgtable(ops)->cfg, &cfg, sizeof(cfg));
	free_io_pgtable_ops(ops);

	cfg = config();
	cfg.quirks = IO_PGTABLE_QUIRK_ARM_TTBR1;
	ops = alloc_io_pgtable_ops(ARM_64_LPAE_S1, &cfg, &d);
	assert_int_equal(cfg.arm_lpae_s1_cfg.tcr.tsz, 16);
	assert_int_equal(cfg.arm_lpae_s1_cfg.tcr.tg, 2); /* TG1: 4K */
	assert_int_not_equal(cfg.arm_lpae_s1_cfg.ttbr, 0);
	free_io_pgtable_ops(ops);

	cfg = config();
	cfg.quirks = IO_PGTABLE_QUIRK_ARM_OUTER_WBWA;
	cfg.coherent_walk = false;
	ops = alloc_io_pgtable_ops(ARM_64_LPAE_S1, &cfg, &d);
	assert_int_equal(cfg.arm_lpae_s1_cfg.tcr.sh, 2); /* outer shareable */
	assert_int_equal(cfg.arm_lpae_s1_cfg.tcr.irgn, 0);
	assert_int_equal(cfg.arm_lpae_s1_cfg.tcr.orgn, 1);
	free_io_pgtable_ops(ops);

	cfg = config();
	cfg.pgsize_bitmap = 0x10000 | 0x20000000;
	cfg.ias = 42;
	ops = alloc_io_pgtable_ops(ARM_64_LPAE_S2, &cfg, &d);
	assert_int_equal(cfg.arm_lpae_s2_cfg.vtcr.tsz, 22);
	assert_int_equal(cfg.arm_lpae_s2_cfg.vtcr.tg, 1); /* TG0: 64K */
	assert_int_equal(cfg.arm_lpae_s2_cfg.vtcr.sl, 1); /* from level 2 */
	assert_int_equal(cfg.arm_lpae_s2_cfg.vtcr.ps, 5);
	free_io_pgtable_ops(ops);

	/* AArch32's own registers have no such field; SMMUv2's CBn_TCR2 and VTCR do. */
	cfg = config();
	cfg.ias = 32;
	cfg.oas = 40;
	ops = alloc_io_pgtable_ops(ARM_32_LPAE_S1, &cfg, &d);
	assert_int_equal(cfg.arm_lpae_s1_cfg.tcr.ips, 2); /* 40 bits */
	assert_int_equal(cfg.arm_lpae_s1_cfg.tcr.tsz, 32);
	free_io_pgtable_ops(ops);
	cfg.oas = 36;
	ops = alloc_io_pgtable_ops(ARM_32_LPAE_S2, &cfg, &d);
	assert_int_equal(cfg.arm_lpae_s2_cfg.vtcr.ps, 1);
	free_io_pgtable_ops(ops);

	cfg = config();
	cfg.pgsize_bitmap = 0x4000;
	cfg.ias = 36;
	cfg.oas = 36;
	ops = alloc_io_pgtable_ops(APPLE_DART, &cfg, &d);
	assert_non_null(ops);
	assert_int_equal(cfg.apple_dart_cfg.n_ttbrs, 1);
	free_io_pgtable_ops(ops);
}

/*
 * Physical is virtual here: the entry of a level for iova, from a root of level top; nine bits
 * each.
 */
static uint64_t *entry(uint64_t root, unsigned int top, unsigned int level, unsigned long iova)
{
	for (unsigned int l = top;; l--) {
		uint64_t *slot = (uint64_t *)(uintptr_t)root + (iova >> (12 + 9 * l) & 511);

		if (l == level)
			return slot;
		root = *slot & 0x0000fffffffff000ull;
	}
}

enum {
	AP2 = 1 << 7,	/* Arm DDI0487 D8.4: with DBM, clear: written to */
	AMD_D = 1 << 6, /* 48882, "Host dirty support" */
};

/* The bits of [at, at + pages * SZ_4K), as a call returned it. */
static uint64_t dirty_of(struct driver *d, unsigned long at, size_t pages, unsigned long flags,
			 struct iommu_iotlb_gather *gather)
{
	uint64_t bits = 0;
	struct iova_bitmap bitmap = { .iova = at, .nr = pages, .pgshift = 12, .bits = &bits };
	struct iommu_dirty_bitmap dirty;

	assert_true(pages <= 64);
	iommu_dirty_bitmap_init(&dirty, &bitmap, gather);
	assert_int_equal(d->ops->read_and_clear_dirty(d->ops, at, pages * SZ_4K, flags, &dirty), 0);
	return bits;
}

static void test_dirty(void **state)
{
	struct iommu_iotlb_gather gather;
	struct io_pgtable_cfg cfg = config();
	struct driver d = { .domain.ops = &domain_ops };
	uint64_t root, every_second = 0x5555555555ull;

	cfg.quirks = IO_PGTABLE_QUIRK_ARM_HD;
	d.ops = alloc_io_pgtable_ops(ARM_64_LPAE_S1, &cfg, &d);
	assert_non_null(d.ops);
	root = cfg.arm_lpae_s1_cfg.ttbr;
	map(&d, SZ_1G, SZ_2M, SZ_4K, 40);
	/* It begins as written to. A hole is no such page. */
	assert_int_equal(dirty_of(&d, SZ_1G, 48, 0, &gather), (1ull << 40) - 1);
	assert_int_equal(gather.start, SZ_1G);
	assert_int_equal(gather.end, SZ_1G + 40 * SZ_4K - 1);
	assert_int_equal(dirty_of(&d, SZ_1G, 48, 0, &gather), 0);
	assert_int_equal(gather.end, 0);
	/* More runs than the library gathers: still the driver's to sync. */
	for (unsigned int i = 0; i < 40; i += 2)
		*entry(root, 3, 0, SZ_1G + i * SZ_4K) &= ~(uint64_t)AP2;
	assert_int_equal(dirty_of(&d, SZ_1G, 40, IOMMU_DIRTY_NO_CLEAR, NULL), every_second);
	assert_int_equal(dirty_of(&d, SZ_1G, 40, IOMMU_DIRTY_NO_CLEAR, &gather), every_second);
	assert_int_equal(dirty_of(&d, SZ_1G + SZ_4K, 39, 0, &gather), every_second >> 1);
	assert_int_equal(gather.start, SZ_1G + 2 * SZ_4K);
	assert_int_equal(gather.end, SZ_1G + 39 * SZ_4K - 1);
	assert_true(*entry(root, 3, 0, SZ_1G + 2 * SZ_4K) & AP2);
	assert_int_equal(dirty_of(&d, SZ_1G, 40, 0, &gather), 1);
	assert_int_equal(d.walks + d.syncs + d.pages, 0);
	iommu_iotlb_sync(&d.domain, &gather);
	assert_int_equal(d.sync_end, SZ_1G + SZ_4K - 1);
	/* A block stays as it is for who has a part of it. */
	map(&d, 2 * SZ_1G, SZ_1G, SZ_2M, 1);
	assert_int_equal(dirty_of(&d, 2 * SZ_1G + SZ_4K, 9, 0, &gather), 0x1ff);
	assert_int_equal(gather.start, 2 * SZ_1G + SZ_4K);
	assert_int_equal(gather.end, 2 * SZ_1G + 10 * SZ_4K - 1);
	assert_false(*entry(root, 3, 1, 2 * SZ_1G) & AP2);
	free_io_pgtable_ops(d.ops);
}

/* All of a block, in a bitmap of larger pages, and what lies outside of one. */
static void test_dirty_bitmap(void **state)
{
	struct io_pgtable_cfg cfg = config();
	struct driver d = { .domain.ops = &domain_ops };
	uint64_t bits[2] = { 0 };
	struct iova_bitmap bitmap = { .iova = SZ_1G, .nr = 65, .pgshift = 21, .bits = bits };
	struct iommu_dirty_bitmap dirty = { .bitmap = &bitmap };

	cfg.quirks = IO_PGTABLE_QUIRK_ARM_HD;
	d.ops = alloc_io_pgtable_ops(ARM_64_LPAE_S1, &cfg, &d);
	map(&d, SZ_1G - SZ_2M, SZ_1G, SZ_2M, 3);
	map(&d, SZ_1G + 64 * SZ_2M + 5 * SZ_4K, SZ_1G, SZ_4K, 1);
	map(&d, SZ_1G + 65 * SZ_2M, SZ_1G, SZ_4K, 1);
	assert_int_equal(d.ops->read_and_clear_dirty(d.ops, SZ_1G - SZ_2M, 67 * SZ_2M, 0, &dirty),
			 0);
	assert_int_equal(bits[0], 3);
	assert_int_equal(bits[1], 1);
	assert_true(*entry(cfg.arm_lpae_s1_cfg.ttbr, 3, 1, SZ_1G) & AP2);
	assert_true(*entry(cfg.arm_lpae_s1_cfg.ttbr, 3, 1, SZ_1G - SZ_2M) & AP2);
	free_io_pgtable_ops(d.ops);
}

/* The kernel has no quirk for it: always, and a mapping begins as not written to. */
static void test_dirty_amd(void **state)
{
	struct iommu_iotlb_gather gather;
	struct io_pgtable_cfg cfg = config();
	struct driver d = { .domain.ops = &domain_ops };

	cfg.coherent_walk = false; /* AMD's driver says nothing of it, and its hardware snoops */
	d.ops = alloc_io_pgtable_ops(AMD_IOMMU_V1, &cfg, &d);
	assert_non_null(d.ops);
	assert_int_equal(cfg.amd.mode, 5);
	map(&d, SZ_1G, SZ_2M, SZ_4K, 16);
	map(&d, SZ_1G + 0x10000, SZ_2M, 0x10000, 1);
	assert_int_equal(dirty_of(&d, SZ_1G, 32, 0, &gather), 0);
	*entry(cfg.amd.root, 4, 0, SZ_1G + 3 * SZ_4K) |= AMD_D;
	/* One of sixteen stands for all of them: 48882, "Host dirty support". */
	*entry(cfg.amd.root, 4, 0, SZ_1G + 21 * SZ_4K) |= AMD_D;
	assert_int_equal(dirty_of(&d, SZ_1G, 24, 0, &gather), 0x00ff0008);
	assert_int_equal(dirty_of(&d, SZ_1G, 32, 0, &gather), 0xffff0000);
	assert_int_equal(gather.start, SZ_1G + 0x10000);
	assert_int_equal(gather.end, SZ_1G + 0x20000 - 1);
	assert_int_equal(dirty_of(&d, SZ_1G, 32, 0, &gather), 0);
	assert_int_equal(d.walks + d.syncs + d.pages, 0);
	free_io_pgtable_ops(d.ops);
}

static void test_dirty_refused(void **state)
{
	static const struct {
		enum io_pgtable_fmt fmt;
		unsigned long page;
		unsigned int ias, oas;
	} without[] = {
		{ ARM_32_LPAE_S1, SZ_4K, 32, 40 }, { ARM_32_LPAE_S2, SZ_4K, 40, 40 },
		{ ARM_MALI_LPAE, SZ_4K, 48, 40 },  { APPLE_DART, 0x4000, 36, 36 },
		{ APPLE_DART2, 0x4000, 36, 42 },   { AMD_IOMMU_V2, SZ_4K, 48, 48 },
	};
	struct iommu_dirty_bitmap dirty = { 0 };
	struct io_pgtable_cfg cfg;
	struct io_pgtable_ops *ops;
	struct driver d;

	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++) {
		cfg = config();
		cfg.pgsize_bitmap = without[i].page;
		cfg.ias = without[i].ias;
		cfg.oas = without[i].oas;
		ops = alloc_io_pgtable_ops(without[i].fmt, &cfg, &d);
		assert_non_null(ops);
		assert_null(ops->read_and_clear_dirty);
		free_io_pgtable_ops(ops);
	}
	start(&d);
	assert_int_equal(d.ops->read_and_clear_dirty(d.ops, 0, SZ_4K, 0, &dirty), -EOPNOTSUPP);
	free_io_pgtable_ops(d.ops);
	cfg = config();
	cfg.quirks = IO_PGTABLE_QUIRK_ARM_HD;
	ops = alloc_io_pgtable_ops(ARM_64_LPAE_S2, &cfg, &d);
	assert_int_equal(ops->read_and_clear_dirty(ops, 0, SZ_4K, 2, &dirty), -EINVAL);
	assert_int_equal(ops->read_and_clear_dirty(ops, 0, SZ_4K, 1ul << 32, &dirty), -EINVAL);
	assert_int_equal(ops->read_and_clear_dirty(ops, 7, SZ_4K, 0, &dirty), -EINVAL);
	assert_int_equal(ops->read_and_clear_dirty(ops, 0, 0, 0, &dirty), -EINVAL);
	assert_int_equal(ops->read_and_clear_dirty(ops, 1ul << 48, SZ_4K, 0, &dirty), -ERANGE);
	assert_int_equal(ops->read_and_clear_dirty(ops, 0, SZ_1G, 0, &dirty), 0);
	free_io_pgtable_ops(ops);
}

static void *hook_alloc(void *cookie, size_t size, gfp_t gfp)
{
	struct driver *d = cookie;
	void *ptr;

	if (d->refuse && !--d->refuse)
		return NULL;
	ptr = aligned_alloc(size, size);
	assert_non_null(ptr);
	memset(ptr, 0, size);
	d->allocated += size;
	d->atomic += gfp == GFP_ATOMIC;
	return ptr;
}

static void hook_free(void *cookie, void *pages, size_t size)
{
	((struct driver *)cookie)->allocated -= size;
	free(pages);
}

/* Short descriptors, with the sizes and the quirk of the kernel's self-test. */
static void test_v7s(void **state)
{
	const unsigned long sz_1m = 1ul << 20, sz_16m = 1ul << 24;
	struct driver d = { .domain.ops = &domain_ops };
	struct iommu_iotlb_gather gather;
	struct io_pgtable_cfg cfg = config();

	cfg.quirks = IO_PGTABLE_QUIRK_ARM_NS;
	cfg.pgsize_bitmap = SZ_4K | 1ul << 16 | sz_1m | sz_16m;
	cfg.ias = cfg.oas = 32;
	d.ops = alloc_io_pgtable_ops(ARM_V7S, &cfg, &d);
	assert_non_null(d.ops);
	assert_int_equal(cfg.arm_v7s_cfg.ttbr & 0x3fff, 0x6a);
	assert_int_equal(cfg.arm_v7s_cfg.tcr, 0);
	assert_int_equal(cfg.arm_v7s_cfg.prrr, 0x800b8204);
	assert_int_equal(cfg.arm_v7s_cfg.nmrr, 0x40004000);
	assert_int_equal(map(&d, sz_16m, SZ_1G, sz_1m, 2), 2 * sz_1m);
	assert_int_equal(d.ops->iova_to_phys(d.ops, sz_16m + sz_1m + 7), SZ_1G + sz_1m + 7);
	iommu_iotlb_gather_init(&gather);
	assert_int_equal(d.ops->unmap_pages(d.ops, sz_16m, sz_1m, 2, &gather), 2 * sz_1m);
	assert_int_equal(d.pages, 2);
	assert_int_equal(gather.pgsize, sz_1m);
	assert_null(d.ops->read_and_clear_dirty);
	free_io_pgtable_ops(d.ops);
	cfg.quirks = IO_PGTABLE_QUIRK_ARM_MTK_EXT;
	assert_null(alloc_io_pgtable_ops(ARM_V7S, &cfg, &d));
	cfg.quirks |= IO_PGTABLE_QUIRK_NO_PERMS;
	free_io_pgtable_ops(alloc_io_pgtable_ops(ARM_V7S, &cfg, &d));
	assert_int_equal(d.alls, 2);
}

static void test_memory(void **state)
{
	struct io_pgtable_cfg cfg = config();
	struct driver d = { .domain.ops = &domain_ops };
	size_t mapped = 0;

	cfg.alloc = hook_alloc;
	cfg.free = hook_free;
	d.refuse = 1;
	assert_null(alloc_io_pgtable_ops(ARM_64_LPAE_S1, &cfg, &d));
	d.ops = alloc_io_pgtable_ops(ARM_64_LPAE_S1, &cfg, &d);
	assert_non_null(d.ops);
	assert_int_equal(d.atomic, 0);
	map(&d, SZ_1G, 0, SZ_4K, 1);
	assert_int_equal(d.allocated, 4 * SZ_4K);
	assert_int_equal(d.atomic, 3);
	d.refuse = 1;
	assert_int_equal(d.ops->map_pages(d.ops, 2 * SZ_1G, 0, SZ_4K, 1, RW, GFP_KERNEL, &mapped),
			 -ENOMEM);
	free_io_pgtable_ops(d.ops);
	assert_int_equal(d.allocated, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_v7s),
		cmocka_unit_test(test_gather),
		cmocka_unit_test(test_gather_from_zero),
		cmocka_unit_test(test_walk),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_registers),
		cmocka_unit_test(test_memory),
		cmocka_unit_test(test_dirty),
		cmocka_unit_test(test_dirty_bitmap),
		cmocka_unit_test(test_dirty_amd),
		cmocka_unit_test(test_dirty_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
