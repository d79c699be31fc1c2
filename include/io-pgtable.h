/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * io-pgtable: page tables for IOMMUs, as proposed for Linux in 2014 and grown since.
 *
 * The one header a driver needs. A driver fills a struct io_pgtable_cfg, gets a table with
 * alloc_io_pgtable(), programs the registers that come back in the configuration's union, and then
 * maps, unmaps and translates through iop->ops or the range calls below. The table tells the driver
 * what to invalidate through struct iommu_gather_ops.
 *
 * What holds everywhere: failures are negative errno values; an unmap is first made visible to the
 * walker, then invalidated, then synced, and only then is the memory of a removed table reused.
 */
#ifndef IO_PGTABLE_H
#define IO_PGTABLE_H

#ifdef IO_PGTABLE_LINUX_H
#error "io-pgtable.h and io-pgtable-linux.h in one file: include only the one whose names you use"
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint64_t phys_addr_t;

struct io_pgtable;
struct io_pgtable_cfg;
struct iommu_iotlb_gather;
struct io_pgtable_cursor;
struct io_pgtable_sg;

/* Permissions and attributes of a mapping (the prot argument), the bits that Linux uses. */
#define IOMMU_READ   (1 << 0)
#define IOMMU_WRITE  (1 << 1)
#define IOMMU_CACHE  (1 << 2) /* DMA is cache coherent */
#define IOMMU_NOEXEC (1 << 3)
#define IOMMU_MMIO   (1 << 4) /* device memory, e.g. an MSI doorbell */
#define IOMMU_PRIV   (1 << 5) /* privileged accesses only (stage 1) */

/**
 * enum io_pgtable_fmt - the table formats
 * @ARM_32_LPAE_S1: AArch32 long descriptors, stage 1 (ias 25..32, oas 32..40, 4K granule)
 * @ARM_32_LPAE_S2: AArch32 long descriptors, stage 2 (ias 25..40, oas 32..40, 4K granule)
 * @ARM_64_LPAE_S1: VMSAv8-64 stage 1 (ias and oas 32..52; beyond 48 with 4K and 16K it is
 *	LPA2: DS is set)
 * @ARM_64_LPAE_S2: VMSAv8-64 stage 2 (the same sizes; concatenated roots)
 * @AMD_IOMMU_V2: AMD's v2 tables, those of x86-64 (ias 48 or 57, sign-extended; oas 32..52)
 * @INTEL_VTD_SS: Intel VT-d second stage (ias 30..57: 3, 4 or 5 levels; oas 32..52)
 * @INTEL_VTD_FS: Intel VT-d first stage, the tables of x86-64 (as AMD_IOMMU_V2)
 * @RISCV_SV39: RISC-V Sv39 (ias 39, sign-extended; oas 32..56)
 * @RISCV_SV48: RISC-V Sv48 (ias 48, sign-extended; oas 32..56)
 * @RISCV_SV57: RISC-V Sv57 (ias 57, sign-extended; oas 32..56)
 * @RISCV_SV39X4: RISC-V second stage Sv39x4 (ias 32..41; oas 32..56)
 * @RISCV_SV48X4: RISC-V second stage Sv48x4 (ias 32..50; oas 32..56)
 * @RISCV_SV57X4: RISC-V second stage Sv57x4 (ias 32..59; oas 32..56)
 * @ARM_MALI_LPAE: Arm Mali GPUs (ias 32..48, oas 32..40, four levels)
 * @APPLE_DART: Apple DART, first generation (oas 36; 4K: ias 13..32, 16K: 15..36; coherent, no
 *	reclaim)
 * @APPLE_DART2: Apple DART, second generation (oas 42: 16K, ias 15..38; oas 36: ias 15..36;
 *	coherent, no reclaim)
 * @AMD_IOMMU_V1: AMD's own tables (ias 21..63: two to six levels; oas 32..52; pages of every
 *	power of two from 4K on but 512G, those above it only with IO_PGTABLE_QUIRK_NO_SPLIT)
 * @ARM_V7S: ARMv7 short descriptors (ias 21..32, oas 32; 4K 64K 1M 16M; no reclaim; tables lie
 *	below 4 GiB; with IO_PGTABLE_QUIRK_ARM_MTK_EXT ias up to 34 and oas up to 35)
 * @IO_PGTABLE_NUM_FMTS: the number of formats, not a format
 *
 * Sign-extended: an iova is 64 bits of which the highest are all copies of bit ias - 1; any other
 * is -ERANGE, and so is a range from the highest positive iova on into what is no iova, or from the
 * highest negative one through 0. docs/formats.md has a table of all formats.
 */
enum io_pgtable_fmt {
	ARM_32_LPAE_S1,
	ARM_32_LPAE_S2,
	ARM_64_LPAE_S1,
	ARM_64_LPAE_S2,
	AMD_IOMMU_V2,
	INTEL_VTD_SS,
	INTEL_VTD_FS,
	RISCV_SV39,
	RISCV_SV48,
	RISCV_SV57,
	RISCV_SV39X4,
	RISCV_SV48X4,
	RISCV_SV57X4,
	ARM_MALI_LPAE,
	APPLE_DART,
	APPLE_DART2,
	AMD_IOMMU_V1,
	ARM_V7S,
	IO_PGTABLE_NUM_FMTS,
};

/*
 * Quirks, numbered as in Linux as far as Linux has them. A quirk that is unknown, or that the
 * format does not have, makes alloc_io_pgtable() fail: it is never ignored.
 */
#define IO_PGTABLE_QUIRK_ARM_NS		  (1ul << 0) /* stage 1, short descriptors: NS, NSTable set */
#define IO_PGTABLE_QUIRK_NO_PERMS	  (1ul << 1) /* short descriptors: leaves have no permissions */
/*
 * Short descriptors: output addresses above 4 GiB as MediaTek has them, needs NO_PERMS; and
 * addresses of tables too, which needs the first. (No other address of a table has more than 32
 * bits.)
 */
#define IO_PGTABLE_QUIRK_ARM_MTK_EXT	  (1ul << 3)
#define IO_PGTABLE_QUIRK_ARM_MTK_TTBR_EXT (1ul << 4)
/*
 * Stage 1: the upper half, through TTBR1. Of 32 bits (ias 25..31) an iova is the address,
 * sign-extended to 64.
 */
#define IO_PGTABLE_QUIRK_ARM_TTBR1	  (1ul << 5)
/*
 * Stage 1, a walker that does not snoop: its reads may allocate in an outer cache (ORGN:
 * write-back).
 */
#define IO_PGTABLE_QUIRK_ARM_OUTER_WBWA	  (1ul << 6)
#define IO_PGTABLE_QUIRK_ARM_HD		  (1ul << 7) /* 64-bit, coherent_walk: hardware keeps dirty state */
#define IO_PGTABLE_QUIRK_ARM_S2FWB	  (1ul << 8)  /* 64-bit stage 2: FEAT_S2FWB is in use */
#define IO_PGTABLE_QUIRK_NO_WARN	  (1ul << 9)  /* -EEXIST is expected, do not report it */
#define IO_PGTABLE_QUIRK_NO_SPLIT	  (1ul << 16) /* unmap never splits a block */
#define IO_PGTABLE_QUIRK_VTD_SNOOP	  (1ul << 17) /* VT-d second stage: SNP set (needs ECAP.SC) */
#define IO_PGTABLE_QUIRK_DIRTY \
	(1ul << 18) /* AMD, x86-64, VT-d, RISC-V, coherent_walk: hardware sets D */
#define IO_PGTABLE_QUIRK_RISCV_PBMT (1ul << 19) /* RISC-V: memory types in leaves (Svpbmt) */

/**
 * struct iommu_gather_ops - what the driver does when translations go away
 * @tlb_flush_all: invalidate every entry of this table's context, and wait until that is done.
 * @tlb_add_flush: queue the invalidation of what @size bytes at @iova are translated by: the leaf;
 *	with @leaf false also every table on the way to it that a walk cache may hold (a leaf whose
 *	table was removed with it, or an empty table of that size).
 * @tlb_sync: wait until everything that was queued has taken effect.
 * @flush_pgtable: make @size bytes of descriptors at @ptr visible to a walker that does not snoop
 *	the CPU's caches, and wait until they are: no barrier follows. Called only when
 *	io_pgtable_cfg.coherent_walk is false; when it is absent then, the library cleans the cache
 *	lines itself.
 * @tlb_add_range: optional, better form of @tlb_add_flush: a run of @size >> @stride_lg2 leaves
 *	(or empty tables) that are all of 1 << @stride_lg2 bytes. No call mixes sizes.
 * @root_changed: optional, for AMD_IOMMU_V1. With it hardware's root has three levels at
 *	first, where @ias asks for more, and this is called when it is to be another: by a map
 *	before anything is mapped beyond, and by io_pgtable_trim() when fewer levels reach all that
 *	is mapped. @cfg has the registers anew; when this returns hardware must have taken them (the
 *	device table entry is written and invalidated, and that is complete). The old root stays
 *	readable, and what it reaches stays mapped. One call at a time, the next map beyond the root
 *	waits for it: it must not call into the same table, nor take a lock that is held around a
 *	map, an unmap, a sync or a trim of it.
 *
 * Any of them, or the structure itself, may be absent: then nothing is called in its place, except
 * that a driver without @tlb_add_range gets one @tlb_add_flush per leaf.
 *
 * Context of all of them: called by the thread that maps, unmaps, syncs or frees; concurrently when
 * the driver does those concurrently; but for @root_changed with no lock of the library held, so
 * they may take the driver's own and may sleep if the caller of the operation may. They must not
 * allocate from the table's memory hooks and must not map or unmap in the same table. Before the
 * first of them runs the cleared descriptors are ordered before any later store of this thread,
 * such as the one that rings a command queue's doorbell (a store barrier, dma_wmb()).
 *
 * Order: tlb_add_flush or tlb_add_range any number of times, then one tlb_sync; a table's memory is
 * reused only after that tlb_sync returned. How many entries can be queued: the library buffers at
 * most IOMMU_GATHER_RANGES runs; the driver never has to allocate.
 *
 * Source: the 2014 series "Generic IOMMU page table framework" and its review (docs/review.md).
 */
struct iommu_gather_ops {
	void (*tlb_flush_all)(void *cookie);
	void (*tlb_add_flush)(uint64_t iova, size_t size, bool leaf, void *cookie);
	void (*tlb_sync)(void *cookie);
	void (*flush_pgtable)(void *ptr, size_t size, void *cookie);
	void (*tlb_add_range)(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf,
			      void *cookie);
	void (*root_changed)(const struct io_pgtable_cfg *cfg, void *cookie);
};

/* alloc: the memory must read as zero. free: the memory does read as zero. */
#define IO_PGTABLE_MEM_ZERO (1u << 0)

/**
 * struct io_pgtable_mem - where a table's memory comes from
 * @alloc: returns @size_bytes (a power of two, 64 bytes to 1 MiB) at natural alignment, or NULL.
 *	Zeroed if @flags has IO_PGTABLE_MEM_ZERO; otherwise its content may be anything.
 * @free: takes back what @alloc returned, with the same size. @flags has IO_PGTABLE_MEM_ZERO if
 *	the content is known to be zero.
 * @virt_to_phys: the address that goes into a table descriptor or a root register for @ptr, which
 *	lies in memory that @alloc returned. Absent: identity.
 * @phys_to_virt: the inverse. Absent: identity. Give both or neither. It may return NULL for
 *	an address that it did not give away: then a translation finds nothing there, a walk, a dump
 *	and a validation say -EUCLEAN, and none of them reads other memory, whatever is in the
 *	tables.
 * @quarantine: optional, for statistics: @size_bytes of tables that were removed wait for an
 *	invalidation from now on (@held), or no longer do.
 * @ctx: passed to all of them.
 *
 * Context: the thread that maps, unmaps or syncs; concurrently if the driver maps concurrently. An
 * address beyond the physical size that is programmed (oas, 40 bits for the 32-bit formats, 32 bits
 * for short descriptors; with identity: beyond what a table descriptor can hold) makes the
 * allocation fail (-ENOMEM).
 */
struct io_pgtable_mem {
	void *(*alloc)(void *ctx, size_t size_bytes, unsigned int flags);
	void (*free)(void *ctx, void *ptr, size_t size_bytes, unsigned int flags);
	phys_addr_t (*virt_to_phys)(void *ctx, const void *ptr);
	void *(*phys_to_virt)(void *ctx, phys_addr_t pa);
	void (*quarantine)(void *ctx, size_t size_bytes, bool held);
	void *ctx;
};

/**
 * enum io_pgtable_reclaim - when the memory of tables that small unmaps have emptied comes back
 * @IO_PGTABLE_RECLAIM_NEVER: when all of what a table covers is unmapped in one call, when a block
 *	is mapped over it, and with io_pgtable_trim() while nothing else uses the table. Costs
 *	nothing.
 * @IO_PGTABLE_RECLAIM_ON_SYNC: also by itself: an unmap notes tables that it has emptied, and a
 *	later sync, or flush of a flush queue, takes out up to IOMMU_GATHER_TABLES of those that are
 *	empty still. A table that is emptied and used again in turn stays.
 * @IO_PGTABLE_RECLAIM_ON_TRIM: also with io_pgtable_trim() while others use the table.
 *
 * The last two need an operating system with a fence for all threads (Linux: membarrier); without
 * it io_pgtable_check_cfg() returns -ENOSYS. With them each operation is a few instructions longer
 * (docs/adr/0005-reclaim-by-sections.md has the price), and flush_pgtable may be called with a lock
 * of the library held: it must not sleep, and must take no lock that the driver holds around calls
 * into the library.
 */
enum io_pgtable_reclaim {
	IO_PGTABLE_RECLAIM_NEVER,
	IO_PGTABLE_RECLAIM_ON_SYNC,
	IO_PGTABLE_RECLAIM_ON_TRIM,
};

/**
 * struct io_pgtable_cfg - what the driver wants, and what it gets to program
 * @quirks: IO_PGTABLE_QUIRK_*
 * @pgsize_bitmap: in, out. The page and block sizes that may be asked for, all of one granule (4K
 *	2M 1G, or 16K 32M, or 64K 512M, with 52-bit addresses also 512G, 64G or 4T; RISC-V also 512G
 *	with four levels and 256T with five). Beside the granule's page also sizes that take several
 *	entries, if the walker may be given them: with Arm's contiguous hint 64K 32M 16G, or 2M 1G,
 *	or 2M 16G; on RISC-V 64K (Svnapot), in AMD's v1 tables any power of two, in short
 *	descriptors (4K 1M) 64K and 16M. Arm's make unmap and single-page operations slower
 *	(docs/formats.md). A mixture is refused; a size that this @ias has no level for (a block of
 *	all of it) is taken out. It bounds what map is asked for: splitting a block may still leave
 *	blocks of the granule's next smaller size.
 * @ias: input (IOVA) address size in bits
 * @oas: output (physical) address size in bits
 * @coherent_walk: the walker snoops the CPU's caches
 * @reclaim: when emptied tables come back, IO_PGTABLE_RECLAIM_NEVER if not set
 * @tlb: invalidation callbacks, may be NULL; must outlive the table
 * @mem: memory hooks, NULL for the library's pool and identity; copied
 * @arm_lpae_s1_cfg: out. @ttbr and @tcr in the layout of TTBRn_EL1 and TCR_EL1 (32-bit format:
 *	TTBCR with EAE), @mair as MAIR_EL1 (mair[1] is 0). Arm ARM DDI0487L.a, D24.2.
 * @arm_lpae_s2_cfg: out. VTTBR_EL2 without the VMID, VTCR_EL2 (32-bit format: VTCR).
 * @arm_mali_lpae_cfg: out. AS_TRANSTAB and AS_MEMATTR.
 * @arm_v7s_cfg: out. @ttbr for TTBR0 (with IO_PGTABLE_QUIRK_ARM_MTK_EXT: the address, bits
 *	34:32 of it in 2:0), @tcr for TTBCR, @nmrr and @prrr for NMRR and PRRR; SCTLR.TRE and AFE
 *	set, domain 0 a client. ARM DDI 0406C, B4.1.
 * @apple_dart_cfg: out. The addresses of @n_ttbrs roots, 1 to 4, each for an equal part of the
 *	input range.
 * @amd_iommu_v1_cfg: out. The fields of the device table entry: @host_pt_root is the address
 *	for Host Page Table Root Pointer, @mode the field Mode (the number of levels), both of now
 *	(see @root_changed of struct iommu_gather_ops); HAD as the driver likes, 0 without
 *	IO_PGTABLE_QUIRK_DIRTY. AMD I/O Virtualization Technology Specification (48882).
 * @amd_iommu_v2_cfg: out. @gcr3 is the address for GCR3 (or for an entry of a GCR3 table),
 *	@guest_paging_mode the field GuestPagingMode of the device table entry: 0 four levels, 1
 *	five. AMD I/O Virtualization Technology Specification (48882), device table entry.
 * @intel_vtd_ss_cfg: out. @ssptptr is the address for SSPTPTR, @aw the field AW of the context or
 *	PASID-table entry: 1, 2, 3 for 3, 4, 5 levels. SSADE must be clear; set with
 *	IO_PGTABLE_QUIRK_DIRTY. Intel VT-d specification.
 * @intel_vtd_fs_cfg: out. @fsptptr is the address for FSPTPTR, @fspm the field FSPM of the
 *	PASID-table entry: 0 four levels, 1 five. EAFE must be clear, and NXE set where IOMMU_NOEXEC
 *	is used.
 * @riscv_fs_cfg: out. @fsc in the layout of iosatp, as in a process context: MODE and PPN.
 *	RISC-V IOMMU specification.
 * @riscv_ss_cfg: out. @iohgatp as in a device context, without the GSCID.
 */
struct io_pgtable_cfg {
	unsigned long quirks;
	uint64_t pgsize_bitmap;
	unsigned int ias;
	unsigned int oas;
	bool coherent_walk;
	enum io_pgtable_reclaim reclaim;
	const struct iommu_gather_ops *tlb;
	const struct io_pgtable_mem *mem;
	union {
		struct {
			uint64_t ttbr[2];
			uint64_t tcr;
			uint64_t mair[2];
		} arm_lpae_s1_cfg;
		struct {
			uint64_t vttbr;
			uint64_t vtcr;
		} arm_lpae_s2_cfg;
		struct {
			uint32_t ttbr;
			uint32_t tcr;
			uint32_t nmrr;
			uint32_t prrr;
		} arm_v7s_cfg;
		struct {
			uint64_t host_pt_root;
			unsigned int mode;
		} amd_iommu_v1_cfg;
		struct {
			uint64_t gcr3;
			unsigned int guest_paging_mode;
		} amd_iommu_v2_cfg;
		struct {
			uint64_t transtab;
			uint64_t memattr;
		} arm_mali_lpae_cfg;
		struct {
			uint64_t ttbr[4];
			unsigned int n_ttbrs;
		} apple_dart_cfg;
		struct {
			uint64_t ssptptr;
			unsigned int aw;
		} intel_vtd_ss_cfg;
		struct {
			uint64_t fsptptr;
			unsigned int fspm;
		} intel_vtd_fs_cfg;
		struct {
			uint64_t fsc;
		} riscv_fs_cfg;
		struct {
			uint64_t iohgatp;
		} riscv_ss_cfg;
	};
};

/**
 * struct io_pgtable_ops - the operations of one table
 * @map_pages: map @pgcount pages of @pgsize bytes at @iova to @paddr. @mapped is increased (never
 *	reset) by the bytes that were mapped; they stay mapped when an error is returned. Returns 0,
 *	or -EINVAL (size not in pgsize_bitmap, misaligned, zero length, unknown bits or neither
 *	IOMMU_READ nor IOMMU_WRITE in @prot, or IOMMU_WRITE alone where the format has no
 *	write-only: x86-64, RISC-V), -ERANGE (beyond ias or oas, or wrapping around),
 *	-EEXIST (something is mapped there), -ENOMEM. A block over a table without any mapping
 *	replaces the table: clear, invalidate (not leaf), sync, install.
 * @unmap_pages: remove what is mapped in the @pgcount * @pgsize bytes at @iova, whatever the sizes
 *	it was mapped with, up to the first hole. Returns the bytes removed: 0 also for arguments
 *	that map_pages would refuse. Part of a block is split off (the rest is unmapped for the time
 *	that break-before-make takes); with IO_PGTABLE_QUIRK_NO_SPLIT, or when no memory can be had
 *	for the split, the block is left alone and counts as a hole. With @gather NULL everything is
 *	invalidated and synced before the call returns; otherwise io_pgtable_sync() does that.
 * @iova_to_phys: the physical address @iova translates to, 0 if it is not mapped.
 * @iova_to_phys_batch: see io_pgtable_iova_to_phys_batch().
 * @map_scattered: private, the fast half of io_pgtable_map_sg(): how many entries it mapped.
 * @cursor_map: see io_pgtable_cursor_map().
 * @cursor_unmap: see io_pgtable_cursor_unmap().
 *
 * Context: any number of threads, without a lock, as long as their ranges are disjoint. Overlapping
 * calls are a bug of the caller. None of them sleeps on its own account.
 */
struct io_pgtable_ops {
	int (*map_pages)(struct io_pgtable *iop, uint64_t iova, phys_addr_t paddr, size_t pgsize,
			 size_t pgcount, int prot, size_t *mapped);
	size_t (*unmap_pages)(struct io_pgtable *iop, uint64_t iova, size_t pgsize, size_t pgcount,
			      struct iommu_iotlb_gather *gather);
	phys_addr_t (*iova_to_phys)(struct io_pgtable *iop, uint64_t iova);
	void (*iova_to_phys_batch)(struct io_pgtable *iop, const uint64_t *iova, phys_addr_t *out,
				   size_t n);
	size_t (*map_scattered)(struct io_pgtable *iop, uint64_t iova,
				const struct io_pgtable_sg *sg, size_t n, int prot);
	int (*cursor_map)(struct io_pgtable_cursor *cursor, uint64_t iova, phys_addr_t paddr,
			  int prot);
	size_t (*cursor_unmap)(struct io_pgtable_cursor *cursor, uint64_t iova,
			       struct iommu_iotlb_gather *gather);
};

/**
 * struct io_pgtable - one page table
 * @ops: its operations
 * @fmt: private, its format
 * @cookie: private, passed to the callbacks
 * @cfg: private, a copy of the configuration with the registers filled in
 */
struct io_pgtable {
	const struct io_pgtable_ops *ops;
	enum io_pgtable_fmt fmt;
	void *cookie;
	struct io_pgtable_cfg cfg;
};

/**
 * alloc_io_pgtable() - make an empty table
 * @fmt: its format
 * @cfg: what is wanted; the union at its end is filled in
 * @cookie: passed to the callbacks of @cfg->tlb
 *
 * Return: the table, or NULL: io_pgtable_check_cfg() tells why, and if it finds nothing wrong,
 * there was no memory. Context: any.
 */
struct io_pgtable *alloc_io_pgtable(enum io_pgtable_fmt fmt, struct io_pgtable_cfg *cfg,
				    void *cookie);

/**
 * io_pgtable_check_cfg() - would alloc_io_pgtable() take this configuration?
 * @fmt: the format
 * @cfg: the configuration
 *
 * Return: 0; -EINVAL (no such format, no configuration, an empty or mixed pgsize_bitmap, half a set
 * of memory hooks); -EOPNOTSUPP (a quirk, or a kind of walker or of reclaim, that is unknown or
 * that this format does not have); -ERANGE (ias or oas outside what the format and granule can do,
 * a stage-2 input size for which there is no start level at this output size, or no page size that
 * is below the input size: DDI0487, D8.2); -ENOSYS (a reclaim mode that this environment has no
 * fence for). Context: any, no side effect.
 */
int io_pgtable_check_cfg(enum io_pgtable_fmt fmt, const struct io_pgtable_cfg *cfg);

/**
 * free_io_pgtable() - give a table and everything in it back
 * @iop: the table, or NULL
 *
 * Calls tlb_flush_all first. The caller guarantees that the walker no longer uses the table (the
 * TLB may still be dirty), that no other thread does, and that no gather holds tables of it.
 */
void free_io_pgtable(struct io_pgtable *iop);

/**
 * io_pgtable_map() - map a range, with the largest blocks that fit
 * @iop: the table
 * @iova: first input address, a multiple of the smallest page
 * @paddr: first output address, likewise
 * @size: length in bytes, likewise
 * @prot: IOMMU_*
 *
 * Return: 0, or the errors of map_pages. If it fails every translation is as it was before: what
 * had been mapped is unmapped, invalidated and synced; tables made on the way may remain, are
 * accounted in io_pgtable_table_bytes(), and go with the table.
 */
int io_pgtable_map(struct io_pgtable *iop, uint64_t iova, phys_addr_t paddr, size_t size, int prot);

/**
 * io_pgtable_unmap() - unmap a range
 * @iop: the table
 * @iova: first input address, a multiple of the smallest page
 * @size: length in bytes, likewise
 * @gather: collects what to invalidate, or NULL to have it invalidated and synced now
 *
 * Return: the bytes unmapped, see unmap_pages.
 */
size_t io_pgtable_unmap(struct io_pgtable *iop, uint64_t iova, size_t size,
			struct iommu_iotlb_gather *gather);

/**
 * io_pgtable_iova_to_phys() - translate
 * @iop: the table
 * @iova: any input address
 *
 * Return: the physical address, 0 if @iova is not mapped.
 */
phys_addr_t io_pgtable_iova_to_phys(struct io_pgtable *iop, uint64_t iova);

/**
 * io_pgtable_iova_to_phys_batch() - translate many addresses, anywhere
 * @iop: the table
 * @iova: @n input addresses
 * @out: their @n physical addresses, 0 where nothing is mapped
 * @n: how many
 *
 * The same results as @n single translations. The walks overlap, so that for addresses that are far
 * apart most of the time spent waiting for memory is shared.
 */
void io_pgtable_iova_to_phys_batch(struct io_pgtable *iop, const uint64_t *iova, phys_addr_t *out,
				   size_t n);

/**
 * struct io_pgtable_sg - one piece of a scatter list
 * @paddr: where it is, a multiple of the smallest page
 * @length: bytes, likewise, not 0
 */
struct io_pgtable_sg {
	phys_addr_t paddr;
	size_t length;
};

/**
 * io_pgtable_map_sg() - map a scatter list to consecutive input addresses
 * @iop: the table
 * @iova: first input address, a multiple of the smallest page
 * @sg: the pieces, in order
 * @n: how many
 * @prot: IOMMU_*
 *
 * All or nothing: pieces that are adjacent are mapped as one, with the largest blocks that fit.
 *
 * Return: 0, or the errors of map_pages (-EINVAL also for an empty list); then everything is as
 * after a failed io_pgtable_map().
 */
int io_pgtable_map_sg(struct io_pgtable *iop, uint64_t iova, const struct io_pgtable_sg *sg,
		      size_t n, int prot);

/**
 * struct io_pgtable_cursor - remembers where the last page was mapped
 * @iop: private, the table
 * @slots: private, the entries of one table of smallest pages
 * @first: private, the input address, less the table's base, of the first of them
 * @removals: private, how many tables had been removed from @iop when @slots was looked up
 *
 * For single pages in one neighbourhood: map and unmap through it skip the walk while they stay in
 * the same table (2 MiB of a 4K granule). Belongs to one thread. It may be kept across any other
 * operation: it notices when tables were removed and looks again.
 */
struct io_pgtable_cursor {
	struct io_pgtable *iop;
	uint64_t *slots;
	uint64_t first;
	uint64_t removals;
};

/**
 * io_pgtable_cursor_init() - make a cursor that remembers nothing
 * @cursor: the cursor
 * @iop: its table
 */
void io_pgtable_cursor_init(struct io_pgtable_cursor *cursor, struct io_pgtable *iop);

/**
 * io_pgtable_cursor_map() - map one smallest page
 * @cursor: the cursor
 * @iova: its input address
 * @paddr: its output address
 * @prot: IOMMU_*
 *
 * Return: as io_pgtable_map() of one page.
 */
static inline int io_pgtable_cursor_map(struct io_pgtable_cursor *cursor, uint64_t iova,
					phys_addr_t paddr, int prot)
{
	return cursor->iop->ops->cursor_map(cursor, iova, paddr, prot);
}

/**
 * io_pgtable_cursor_unmap() - unmap one smallest page
 * @cursor: the cursor
 * @iova: its input address
 * @gather: as for io_pgtable_unmap()
 *
 * Return: as io_pgtable_unmap() of one page.
 */
static inline size_t io_pgtable_cursor_unmap(struct io_pgtable_cursor *cursor, uint64_t iova,
					     struct iommu_iotlb_gather *gather)
{
	return cursor->iop->ops->cursor_unmap(cursor, iova, gather);
}

/**
 * io_pgtable_table_bytes() - the memory that the table's descriptors take now
 * @iop: the table
 *
 * Return: bytes in the root and in every table below it, and in tables that a gather still holds.
 * Exact when no other thread is in an operation on @iop.
 */
size_t io_pgtable_table_bytes(const struct io_pgtable *iop);

/**
 * io_pgtable_trim() - give back every table that nothing is mapped by
 * @iop: the table
 *
 * Takes empty tables out, invalidates (not leaf), syncs, and frees them; at most
 * IOMMU_GATHER_TABLES in one sync. With IO_PGTABLE_RECLAIM_NEVER the caller guarantees that nothing
 * else operates on @iop meanwhile (the walker may); otherwise other threads may go on, and a table
 * that they keep using stays. After that a root that has grown shrinks to what is needed
 * (root_changed of struct iommu_gather_ops).
 *
 * Return: bytes given back. Context: as an unmap; not from a callback or a memory hook.
 */
size_t io_pgtable_trim(struct io_pgtable *iop);

/**
 * struct io_pgtable_reclaim_stats - what reclaim has done so far
 * @noted: times that an unmap found that it had emptied a table
 * @dropped: of these, times that there was no room to note it: io_pgtable_trim() finds the table
 * @unlinked: tables taken out
 * @kept: times that an operation needed a table that was about to go, and kept it
 * @busy: times that a reclaimer gave up because another thread stayed in an operation
 * @fences: fences executed for all threads
 */
struct io_pgtable_reclaim_stats {
	uint64_t noted;
	uint64_t dropped;
	uint64_t unlinked;
	uint64_t kept;
	uint64_t busy;
	uint64_t fences;
};

/**
 * io_pgtable_read_reclaim_stats() - read the counters of reclaim
 * @iop: the table
 * @stats: out; all 0 with IO_PGTABLE_RECLAIM_NEVER
 *
 * Context: any; exact when no other thread is in an operation on @iop.
 */
void io_pgtable_read_reclaim_stats(const struct io_pgtable *iop,
				   struct io_pgtable_reclaim_stats *stats);

/**
 * io_pgtable_validate() - check every descriptor of a table
 * @iop: the table; nothing else may use it meanwhile
 *
 * Every descriptor is empty, a leaf at a level that may have one with an output address below oas,
 * or points to a table that is aligned and not reached twice from its parent's neighbours; and the
 * tables found add up to what was allocated. With reclaim: no table is marked, none waits for a
 * sync, and what is noted are places of tables. Slow: for tests, fuzzers and debugging.
 *
 * Return: 0, or -EUCLEAN.
 */
int io_pgtable_validate(struct io_pgtable *iop);

/* Bounds of a gather: distinct runs, and removed tables that wait for the sync. */
#define IOMMU_GATHER_RANGES 8
#define IOMMU_GATHER_TABLES 16

/**
 * struct iommu_gather_range - a run of leaves, or of empty tables, of one size
 * @iova: where it starts
 * @size: its length in bytes, a multiple of 1 << @stride_lg2
 * @stride_lg2: log2 of what one leaf (or table) covers
 * @leaf: only leaves were removed; otherwise tables too, and walk caches must forget them
 */
struct iommu_gather_range {
	uint64_t iova;
	uint64_t size;
	uint8_t stride_lg2;
	bool leaf;
};

/**
 * struct iommu_iotlb_gather - what unmaps have removed and the TLB may still hold
 * @nr_ranges: private, runs in @range
 * @nr_tables: private, tables in @table
 * @internal: private, of a strict unmap: nobody sees what it holds
 * @queued: private, something was handed to the driver already and awaits the sync
 * @range: private, the runs; adjacent ones of one kind are merged
 * @table: private, removed tables, with everything below them
 *
 * Lives on the caller's stack, never allocates, belongs to one thread and one table at a time.
 *
 * Bound: when a run cannot be merged and IOMMU_GATHER_RANGES are there, those are handed to the
 * driver at once (tlb_add_range or tlb_add_flush: queued, not synced) and gathering goes on. When
 * IOMMU_GATHER_TABLES tables wait, one sync is done early and they are released. Nothing is ever
 * dropped and nothing more than what was unmapped is invalidated.
 */
struct iommu_iotlb_gather {
	unsigned int nr_ranges;
	unsigned int nr_tables;
	bool queued;
	bool internal;
	struct iommu_gather_range range[IOMMU_GATHER_RANGES];
	struct {
		void *ptr;
		unsigned int level;
		unsigned int flags;
	} table[IOMMU_GATHER_TABLES];
};

/**
 * iommu_iotlb_gather_init() - make a gather empty
 * @gather: the gather
 */
void iommu_iotlb_gather_init(struct iommu_iotlb_gather *gather);

/**
 * io_pgtable_sync() - invalidate what a gather holds, wait for it, release the tables
 * @iop: the table that the gather was used with
 * @gather: the gather; empty and usable again afterwards
 *
 * Calls tlb_add_range (or tlb_add_flush) for each run and tlb_sync once; nothing if the gather is
 * empty.
 */
void io_pgtable_sync(struct io_pgtable *iop, struct iommu_iotlb_gather *gather);

#ifdef __cplusplus
}
#endif

#endif /* IO_PGTABLE_H */
