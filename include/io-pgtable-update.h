/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changing what is mapped: permissions, what hardware recorded of writes, where it goes, the sizes
 * of leaves.
 *
 * What holds: an address stays mapped, at every moment, except that what a leaf maps is away for
 * the time that break-before-make takes where the leaf is split because only part of it is to
 * change (io_pgtable_ops, unmap_pages), where it takes several entries, and, in the formats that
 * cannot replace (io_pgtable_replace()), where smaller ones become it. Nothing here allocates but
 * for a split. As for maps and unmaps: any number of threads, without a lock, on disjoint ranges;
 * the hardware may be writing its bits at the same time.
 */
#ifndef IO_PGTABLE_UPDATE_H
#define IO_PGTABLE_UPDATE_H

#include "io-pgtable.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * io_pgtable_protect() - change permissions
 * @iop: the table
 * @iova: first input address, a multiple of the smallest page
 * @size: length in bytes, likewise
 * @prot: IOMMU_*, as for a map; IOMMU_CACHE and IOMMU_MMIO must be what they were
 * @gather: collects what to invalidate, or NULL to have it invalidated and synced now
 * @changed: increased (never reset) by the bytes that have the new permissions
 *
 * Goes up to the first hole. Until the invalidation is complete the device may still use the old
 * permissions. Where writes are recorded, a page that stays writable keeps what was recorded; of
 * one that does not it is lost: read it first.
 *
 * Return: 0; -ENOENT (a hole; what lies before it is changed); -EINVAL (misaligned, no length, a
 * @prot that a map would refuse, or memory attributes that differ from the mapping's: those need an
 * unmap); -ERANGE; -ENOMEM, or -EBUSY with IO_PGTABLE_QUIRK_NO_SPLIT (only part of a block is in
 * the range). Context: any number of threads on disjoint ranges. Arm DDI0487 D8.16: permissions of
 * a valid descriptor may be changed without break-before-make.
 */
int io_pgtable_protect(struct io_pgtable *iop, uint64_t iova, size_t size, int prot,
		       struct iommu_iotlb_gather *gather, size_t *changed);

/**
 * io_pgtable_replace() - map what is mapped to another place, without a moment in between
 * @iop: a table of AMD, x86-64, VT-d or RISC-V
 * @iova: first input address, a multiple of the smallest page
 * @paddr: where it is to go, likewise
 * @size: length in bytes, likewise
 * @prot: IOMMU_*, as for a map
 * @gather: collects what to invalidate, or NULL to have it invalidated and synced now
 * @replaced: increased (never reset) by the bytes that are replaced
 *
 * Goes up to the first hole. Each leaf changes with one store: until the invalidation is complete
 * the device finds the old page or the new one, afterwards only the new one. Leaves keep their
 * sizes; one of which only a part is in the range, that would be misaligned, or that takes several
 * entries is taken apart first, and away for that time. A page of several entries comes back as
 * single ones. What was recorded of writes is lost: read it first, and once more after the
 * invalidation.
 *
 * Return: 0; -ENOENT (a hole; what lies before it is replaced); -EOPNOTSUPP (Arm and Apple: walkers
 * need break before make, so unmap and map; Arm DDI0487 D8.16.1); -EINVAL (misaligned, no length, a
 * @prot that a map would refuse); -ERANGE; -ENOMEM, or -EBUSY with IO_PGTABLE_QUIRK_NO_SPLIT
 * (something had to be taken apart). Context: any number of threads on disjoint ranges.
 */
int io_pgtable_replace(struct io_pgtable *iop, uint64_t iova, phys_addr_t paddr, size_t size,
		       int prot, struct iommu_iotlb_gather *gather, size_t *replaced);

/* For io_pgtable_read_and_clear_dirty(). */
#define IO_PGTABLE_DIRTY_NO_CLEAR (1u << 0) /* only read */

/**
 * io_pgtable_read_and_clear_dirty() - which pages have been written to?
 * @iop: a table with IO_PGTABLE_QUIRK_ARM_HD or IO_PGTABLE_QUIRK_DIRTY
 * @iova: first input address, a multiple of the granule
 * @size: length in bytes, likewise
 * @flags: IO_PGTABLE_DIRTY_NO_CLEAR
 * @bitmap: in, out: a bit for each granule of the range, from bit 0 of the first word on, set
 *	(never cleared) if it was written to since this was cleared last. Of a block that was
 *	written to, all are set, and it is cleared only if all of it is in the range
 * @gather: collects what to invalidate, or NULL to have it invalidated and synced now. Until
 *	that is complete the device may write without leaving a trace: read the pages after it
 *
 * A mapping with IO_PGTABLE_QUIRK_DIRTY begins as not written to, one with IO_PGTABLE_QUIRK_ARM_HD
 * as written to (as in Linux). Holes are no pages that were written to. A split copies what was
 * recorded.
 *
 * Return: 0; -EOPNOTSUPP (no such quirk); -EINVAL (misaligned, no length, an unknown flag);
 * -ERANGE. Context: any number of threads on disjoint ranges.
 */
int io_pgtable_read_and_clear_dirty(struct io_pgtable *iop, uint64_t iova, size_t size,
				    unsigned int flags, uint64_t *bitmap,
				    struct iommu_iotlb_gather *gather);

/**
 * io_pgtable_set_dirty() - record writes, as hardware would
 * @iop: a table as above
 * @iova: first input address, a multiple of the granule
 * @size: length in bytes, likewise
 *
 * For tests, and for who emulates a device. Leaves that cannot be written to are left alone.
 *
 * Return: as io_pgtable_read_and_clear_dirty(). Context: likewise.
 */
int io_pgtable_set_dirty(struct io_pgtable *iop, uint64_t iova, size_t size);

/**
 * io_pgtable_coalesce() - make larger leaves of smaller ones where these are what a larger one would map
 * @iop: the table
 * @iova: first input address, a multiple of the granule
 * @size: length in bytes, likewise
 * @joined: increased (never reset) by the tables that became blocks, and the leaves of several
 *	entries
 *
 * A table becomes a block if all of what it covers is in the range and mapped, at the right
 * addresses and alike, and pgsize_bitmap has the size. From the smallest on: pages become 2M, these
 * 1G. Its memory comes back. A block was written to if one of its pages was. Invalidated and synced
 * for each (in formats that cannot replace, and for leaves of several entries, break before make:
 * device accesses to it meanwhile find nothing). What is left in a table becomes leaves of several
 * entries, if pgsize_bitmap has such sizes, the largest ones first. So does the table that hardware
 * starts from (root_changed of struct iommu_gather_ops), which becomes no block.
 *
 * What lies outside of the range stays where it is at every moment, in the same tables or not. In
 * the range nobody else may even translate: tables are freed. A block or group of which other
 * threads use parts is joined by one of them, while the others are kept away; that done, each may
 * take its part out again, beside the others.
 *
 * Return: 0; -EINVAL (misaligned, no length); -ERANGE. Context: as an unmap: any number of threads
 * on disjoint ranges, and no lock of the library is held when the driver is called. With reclaim,
 * tables of @iop that are to be reclaimed wait until it returns. Does not allocate. Arm DDI0487
 * D8.16.1 "Using break-before-make when updating translation table entries".
 */
int io_pgtable_coalesce(struct io_pgtable *iop, uint64_t iova, uint64_t size, size_t *joined);

#ifdef __cplusplus
}
#endif

#endif /* IO_PGTABLE_UPDATE_H */
