/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The library under the names and with the conventions of Linux 6.12's <linux/io-pgtable.h>, for
 * driver code that was written for that.
 *
 * Self-contained, and instead of io-pgtable.h: the two use the same names for different things, so
 * a file includes one of them. A program may use both, in different files. What differs in meaning
 * is listed at alloc_io_pgtable_ops(). Names, order and layout follow the kernel's header; what the
 * kernel declares elsewhere (gfp_t, gathers, a domain with iotlb_sync) is here as far as code
 * around page tables uses it.
 */
#ifndef IO_PGTABLE_LINUX_H
#define IO_PGTABLE_LINUX_H

#ifdef IO_PGTABLE_H
#error "io-pgtable-linux.h and io-pgtable.h in one file: include only the one whose names you use"
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t phys_addr_t;
typedef unsigned int gfp_t;

/* The library never sleeps for memory; both mean the same here. */
#ifndef GFP_KERNEL
#define GFP_KERNEL ((gfp_t)0)
#define GFP_ATOMIC ((gfp_t)1)
#endif

#define IOMMU_READ   (1 << 0)
#define IOMMU_WRITE  (1 << 1)
#define IOMMU_CACHE  (1 << 2) /* DMA is cache coherent */
#define IOMMU_NOEXEC (1 << 3)
#define IOMMU_MMIO   (1 << 4) /* device memory, e.g. an MSI doorbell */
#define IOMMU_PRIV   (1 << 5) /* privileged accesses only (stage 1) */

#define IOMMU_DIRTY_NO_CLEAR (1 << 0) /* read_and_clear_dirty: only read */

struct device;
struct iommu_domain;
struct iommu_dirty_bitmap;

/**
 * enum io_pgtable_fmt - formats, in the kernel's order
 * @ARM_32_LPAE_S1: as in io-pgtable.h, and so are the next four
 * @ARM_32_LPAE_S2: see there
 * @ARM_64_LPAE_S1: see there
 * @ARM_64_LPAE_S2: see there
 * @ARM_V7S: see there; memory that the driver's @alloc gives has to lie below 4 GiB
 * @ARM_MALI_LPAE: see there
 * @AMD_IOMMU_V1: see there; always with IO_PGTABLE_QUIRK_DIRTY, as in the kernel
 * @AMD_IOMMU_V2: see there
 * @APPLE_DART: as in io-pgtable.h
 * @APPLE_DART2: see there
 * @IO_PGTABLE_NUM_FMTS: how many there are
 */
enum io_pgtable_fmt {
	ARM_32_LPAE_S1,
	ARM_32_LPAE_S2,
	ARM_64_LPAE_S1,
	ARM_64_LPAE_S2,
	ARM_V7S,
	ARM_MALI_LPAE,
	AMD_IOMMU_V1,
	AMD_IOMMU_V2,
	APPLE_DART,
	APPLE_DART2,
	IO_PGTABLE_NUM_FMTS,
};

/**
 * struct iommu_iotlb_gather - what one or more unmaps removed, until iommu_iotlb_sync()
 * @start: first byte; above @end if nothing is gathered
 * @end: last byte
 * @pgsize: of the leaves, one size for all of it; 0 if nothing is gathered
 * @queued: the invalidation is left to a flush queue: pages are not added
 *
 * The kernel's freelist is not here: no format of the library uses it.
 */
struct iommu_iotlb_gather {
	unsigned long start;
	unsigned long end;
	size_t pgsize;
	bool queued;
};

/**
 * struct iommu_domain_ops - what a driver does for a gather
 * @flush_iotlb_all: invalidate everything of the domain, and wait
 * @iotlb_sync: invalidate what the gather has, and wait
 */
struct iommu_domain_ops {
	void (*flush_iotlb_all)(struct iommu_domain *domain);
	void (*iotlb_sync)(struct iommu_domain *domain, struct iommu_iotlb_gather *gather);
};

/**
 * struct iommu_domain - what a driver embeds
 * @ops: the driver's
 * @pgsize_bitmap: as in the table's cfg
 */
struct iommu_domain {
	const struct iommu_domain_ops *ops;
	unsigned long pgsize_bitmap;
};

/**
 * struct iommu_flush_ops - how the driver invalidates
 * @tlb_flush_all: everything of the context, and wait
 * @tlb_flush_walk: a range with all levels above it, and wait; a table, or leaves that have to go
 *	at once
 * @tlb_add_page: a leaf was cleared; add it to the gather (which is what the caller gave to
 *	unmap_pages, or NULL). Not called if the gather is queued
 *
 * Context: the thread that maps, unmaps or frees; no lock of the library is held.
 */
struct iommu_flush_ops {
	void (*tlb_flush_all)(void *cookie);
	void (*tlb_flush_walk)(unsigned long iova, size_t size, size_t granule, void *cookie);
	void (*tlb_add_page)(struct iommu_iotlb_gather *gather, unsigned long iova, size_t granule,
			     void *cookie);
};

#define IO_PGTABLE_QUIRK_ARM_NS		  (1ul << 0)
#define IO_PGTABLE_QUIRK_NO_PERMS	  (1ul << 1)
#define IO_PGTABLE_QUIRK_ARM_MTK_EXT	  (1ul << 3)
#define IO_PGTABLE_QUIRK_ARM_MTK_TTBR_EXT (1ul << 4)
#define IO_PGTABLE_QUIRK_ARM_TTBR1	  (1ul << 5)
#define IO_PGTABLE_QUIRK_ARM_OUTER_WBWA	  (1ul << 6)
#define IO_PGTABLE_QUIRK_ARM_HD		  (1ul << 7)
#define IO_PGTABLE_QUIRK_ARM_S2FWB	  (1ul << 8) /* of Linux 6.13 */

/**
 * struct io_pgtable_cfg - what is asked for, and what a driver programs
 * @quirks: IO_PGTABLE_QUIRK_*
 * @pgsize_bitmap: sizes in bytes that are wanted; on return those that can be had. LPAE: those
 *	of one granule, by the host's page, or the largest smaller one, or the smallest larger one
 *	that is asked for. AMD: not read, all
 * @ias: bits of an input address. LPAE: on return at most 48, with 64K at most 52. AMD: not
 *	read but for 57 of AMD_IOMMU_V2 (five levels); on return 57 or 52
 * @oas: bits of an output address. LPAE: as @ias; one that the registers have no code for is
 *	refused. AMD: not read, on return 52
 * @coherent_walk: the walker snoops; otherwise the library cleans the cache lines that it
 *	writes. AMD: not read, it always does
 * @tlb: invalidation; NULL: nothing caches
 * @iommu_dev: not used
 * @alloc: optional, with @free: returns zeroed memory at natural alignment, or NULL
 * @free: takes it back
 * @arm_lpae_s1_cfg: out: TTBR, MAIR, and of TCR what @tcr has
 * @tcr: fields of TCR_EL1, of the half that the table is for (ARM DDI0487L.a, D24.2)
 * @arm_lpae_s2_cfg: out: VTTBR, and of VTCR what @vtcr has
 * @vtcr: fields of VTCR_EL2 (ARM DDI0487L.a, D24.2)
 * @arm_v7s_cfg: out: as in io-pgtable.h
 * @arm_mali_lpae_cfg: out: as in io-pgtable.h
 * @apple_dart_cfg: out: as in io-pgtable.h
 * @amd: @nid is not used. Out, and not in the kernel's, whose driver keeps them in a structure
 *	of its own around this one: @root and @mode, which are io-pgtable.h's host_pt_root and mode
 *	for AMD_IOMMU_V1, gcr3 and guest_paging_mode for AMD_IOMMU_V2
 */
struct io_pgtable_cfg {
	unsigned long quirks;
	unsigned long pgsize_bitmap;
	unsigned int ias;
	unsigned int oas;
	bool coherent_walk;
	const struct iommu_flush_ops *tlb;
	struct device *iommu_dev;
	void *(*alloc)(void *cookie, size_t size, gfp_t gfp);
	void (*free)(void *cookie, void *pages, size_t size);
	union {
		struct {
			uint64_t ttbr;
			struct {
				uint32_t ips : 3;
				uint32_t tg : 2;
				uint32_t sh : 2;
				uint32_t orgn : 2;
				uint32_t irgn : 2;
				uint32_t tsz : 6;
			} tcr;
			uint64_t mair;
		} arm_lpae_s1_cfg;
		struct {
			uint64_t vttbr;
			struct {
				uint32_t ps : 3;
				uint32_t tg : 2;
				uint32_t sh : 2;
				uint32_t orgn : 2;
				uint32_t irgn : 2;
				uint32_t sl : 2;
				uint32_t tsz : 6;
			} vtcr;
		} arm_lpae_s2_cfg;
		struct {
			uint32_t ttbr;
			uint32_t tcr;
			uint32_t nmrr;
			uint32_t prrr;
		} arm_v7s_cfg;
		struct {
			uint64_t transtab;
			uint64_t memattr;
		} arm_mali_lpae_cfg;
		struct {
			uint64_t ttbr[4];
			uint32_t n_ttbrs;
		} apple_dart_cfg;
		struct {
			int nid;
			unsigned int mode;
			uint64_t root;
		} amd;
	};
};

/**
 * struct io_pgtable_ops - what can be done with a table
 * @map_pages: maps @pgcount pages of @pgsize; *@mapped grows by the bytes that are mapped, also
 *	on an error. 0, -EINVAL, -ERANGE, -EEXIST, -ENOMEM
 * @unmap_pages: returns the bytes unmapped, up to the first hole
 * @iova_to_phys: the physical address, or 0
 * @read_and_clear_dirty: records in @dirty what was written to since it was cleared, and
 *	clears it but for IOMMU_DIRTY_NO_CLEAR in @flags. Of a block that was written to all that is
 *	in the range is recorded; it is cleared only if all of it is in the range. 0; -EOPNOTSUPP
 *	(LPAE without IO_PGTABLE_QUIRK_ARM_HD), -EINVAL (misaligned, no length, an unknown flag),
 *	-ERANGE. NULL for formats that have none: ARM_32_LPAE_S1, ARM_32_LPAE_S2, ARM_V7S,
 *	ARM_MALI_LPAE, APPLE_DART, APPLE_DART2, and AMD_IOMMU_V2, as in the kernel
 *
 * Context: any number of threads on disjoint ranges, as in the kernel.
 */
struct io_pgtable_ops {
	int (*map_pages)(struct io_pgtable_ops *ops, unsigned long iova, phys_addr_t paddr,
			 size_t pgsize, size_t pgcount, int prot, gfp_t gfp, size_t *mapped);
	size_t (*unmap_pages)(struct io_pgtable_ops *ops, unsigned long iova, size_t pgsize,
			      size_t pgcount, struct iommu_iotlb_gather *gather);
	phys_addr_t (*iova_to_phys)(struct io_pgtable_ops *ops, unsigned long iova);
	int (*read_and_clear_dirty)(struct io_pgtable_ops *ops, unsigned long iova, size_t size,
				    unsigned long flags, struct iommu_dirty_bitmap *dirty);
};

/**
 * struct io_pgtable - a table, as io_pgtable_ops_to_pgtable() finds it
 * @fmt: its format
 * @cookie: for the callbacks
 * @cfg: what it was made with, the registers among it
 * @ops: what alloc_io_pgtable_ops() returned points here
 */
struct io_pgtable {
	enum io_pgtable_fmt fmt;
	void *cookie;
	struct io_pgtable_cfg cfg;
	struct io_pgtable_ops ops;
};

#define io_pgtable_ops_to_pgtable(x) \
	((struct io_pgtable *)((char *)(x)-offsetof(struct io_pgtable, ops)))

/**
 * alloc_io_pgtable_ops() - make a table
 * @fmt: its format
 * @cfg: in and out; what @tlb points to has to live as long as the table
 * @cookie: passed to every callback
 *
 * What differs from the kernel: pages are added to a gather after all of a call is cleared, not
 * one by one, and the pages of a run in ascending order; a table that is removed, and what an unmap
 * cannot keep (more than IOMMU_GATHER_RANGES runs in one call), is invalidated by tlb_flush_walk
 * before the call returns; a block is split by break-before-make with a tlb_flush_walk of the
 * block; mapping over something gives -EEXIST without a warning; memory comes from
 * table_pool_default(), or from
 * @cfg->alloc, called with GFP_ATOMIC except here, of every format.
 *
 * @cfg comes back as Linux 6.12 leaves it, but that sizes which @ias has no level for are
 *	taken out, and that stage 2
 * starts a level lower where the architecture does not have the one that Linux starts at. Taken by
 * Linux and refused here: an ias or oas below what io-pgtable.h has for the format; stage 2 with an
 * input size that has no start level at this output size; IO_PGTABLE_QUIRK_ARM_HD with a walker
 * that does not snoop, or in a 32-bit format, whose architecture has no dirty state;
 * IO_PGTABLE_QUIRK_ARM_TTBR1 with all 32 bits; sizes of which none is left; quirks of DART and AMD;
 * what descriptors have no room for (APPLE_DART with oas 42, APPLE_DART2 with 4K). Refused by Linux
 * 6.12 and taken here: IO_PGTABLE_QUIRK_ARM_HD and IO_PGTABLE_QUIRK_ARM_S2FWB at stage 2 (64-bit).
 *
 * AMD_IOMMU_V1 has all five levels at once (Linux begins with three), and sizes above 512G are
 * mapped as pages of 256G. AMD_IOMMU_V2 has 48 (57) bits of input, sign-extended: an iova of the
 * upper half is 64 bits wide.
 *
 * Return: the operations, or NULL: an unknown or unsupported format, quirk, size or range; no
 * memory. Context: as malloc().
 */
struct io_pgtable_ops *alloc_io_pgtable_ops(enum io_pgtable_fmt fmt, struct io_pgtable_cfg *cfg,
					    void *cookie);

/**
 * free_io_pgtable_ops() - invalidate everything and free a table
 * @ops: from alloc_io_pgtable_ops(), or NULL
 *
 * The walker no longer uses the table. Context: nobody else uses it, or will.
 */
void free_io_pgtable_ops(struct io_pgtable_ops *ops);

/* Gathers, as in the kernel: one range of one page size. */

static inline void iommu_iotlb_gather_init(struct iommu_iotlb_gather *gather)
{
	*gather = (struct iommu_iotlb_gather){ .start = ~0ul, .end = 0 };
}

static inline bool iommu_iotlb_gather_queued(struct iommu_iotlb_gather *gather)
{
	return gather && gather->queued;
}

static inline void iommu_iotlb_sync(struct iommu_domain *domain, struct iommu_iotlb_gather *gather)
{
	if (domain->ops->iotlb_sync)
		domain->ops->iotlb_sync(domain, gather);
	iommu_iotlb_gather_init(gather);
}

/* Is there something between the range and what is gathered? */
static inline bool iommu_iotlb_gather_is_disjoint(struct iommu_iotlb_gather *gather,
						  unsigned long iova, size_t size)
{
	unsigned long last = iova + (size - 1);

	return gather->end && (iova > gather->end + 1 || last + 1 < gather->start);
}

static inline void iommu_iotlb_gather_add_range(struct iommu_iotlb_gather *gather,
						unsigned long iova, size_t size)
{
	unsigned long last = iova + (size - 1);

	gather->start = iova < gather->start ? iova : gather->start;
	gather->end = last > gather->end ? last : gather->end;
}

/* Syncs first if the page is of another size, or has a gap between it and what is gathered. */
static inline void iommu_iotlb_gather_add_page(struct iommu_domain *domain,
					       struct iommu_iotlb_gather *gather,
					       unsigned long iova, size_t size)
{
	if ((gather->pgsize && gather->pgsize != size) ||
	    iommu_iotlb_gather_is_disjoint(gather, iova, size))
		iommu_iotlb_sync(domain, gather);
	gather->pgsize = size;
	iommu_iotlb_gather_add_range(gather, iova, size);
}

/* Dirty state. */

/**
 * struct iova_bitmap - a bit for each page of a range
 * @iova: where the range begins, a multiple of the page
 * @nr: pages in it
 * @pgshift: log2 of the page, which may be larger or smaller than the table's
 * @bits: the bits, from bit 0 of the first word on
 *
 * The kernel's is opaque and writes to user memory; who reads dirty state here fills one in.
 */
struct iova_bitmap {
	unsigned long iova;
	size_t nr;
	unsigned int pgshift;
	uint64_t *bits;
};

/**
 * struct iommu_dirty_bitmap - where dirty state goes
 * @bitmap: gets a bit for each page that was written to; NULL: nobody wants to know
 * @gather: gets the range of what was written to, as iommu_iotlb_gather_add_range() adds it;
 *	the caller syncs it, and until then the device may write without leaving a trace. NULL: the
 *	caller invalidates otherwise
 */
struct iommu_dirty_bitmap {
	struct iova_bitmap *bitmap;
	struct iommu_iotlb_gather *gather;
};

/*
 * Sets the bits of every page that the range touches; what lies outside of the bitmap is left out.
 */
static inline void iova_bitmap_set(struct iova_bitmap *bitmap, unsigned long iova, size_t length)
{
	unsigned long last = iova + (length - 1), first = iova < bitmap->iova ? bitmap->iova : iova;

	if (!length || last < bitmap->iova)
		return;
	first = (first - bitmap->iova) >> bitmap->pgshift;
	last = (last - bitmap->iova) >> bitmap->pgshift;
	for (; first <= last && first < bitmap->nr; first++)
		bitmap->bits[first / 64] |= 1ull << (first % 64);
}

static inline void iommu_dirty_bitmap_init(struct iommu_dirty_bitmap *dirty,
					   struct iova_bitmap *bitmap,
					   struct iommu_iotlb_gather *gather)
{
	if (gather)
		iommu_iotlb_gather_init(gather);
	dirty->bitmap = bitmap;
	dirty->gather = gather;
}

static inline void iommu_dirty_bitmap_record(struct iommu_dirty_bitmap *dirty, unsigned long iova,
					     unsigned long length)
{
	if (dirty->bitmap)
		iova_bitmap_set(dirty->bitmap, iova, length);
	if (dirty->gather)
		iommu_iotlb_gather_add_range(dirty->gather, iova, length);
}

#ifdef __cplusplus
}
#endif

#endif /* IO_PGTABLE_LINUX_H */
