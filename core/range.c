// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ranges of any length on top of the formats' operations: which block sizes to use, and undoing a
 * map that failed half way.
 */
#include <errno.h>

#include "core/domain.h"

static uint64_t smallest_page(const struct io_pgtable_cfg *cfg)
{
	return cfg->pgsize_bitmap & -cfg->pgsize_bitmap;
}

/*
 * The largest page that fits at both addresses and in what is left, and how many of them until a
 * larger one fits: that happens only if the addresses are alike modulo that larger size.
 */
static size_t pick_pages(uint64_t sizes, uint64_t ia, phys_addr_t pa, size_t left, size_t *pgcount)
{
	uint64_t aligned = (ia | pa) ? (ia | pa) & -(ia | pa) : 1ull << 63;
	uint64_t limit = aligned < left ? aligned : left;
	uint64_t pgsize = 1ull << port_lg2(sizes & ((2ull << port_lg2(limit)) - 1));
	uint64_t larger = sizes & ~(pgsize | (pgsize - 1)), next = larger & -larger;

	if (next && !((ia ^ pa) & (next - 1))) {
		uint64_t until = next - (ia & (next - 1));

		if (until < left && left - until >= next)
			left = until;
	}
	*pgcount = left / pgsize;
	return pgsize;
}

/* Refuses here what must not be found out when half of the range is mapped. */
static int check_output(const struct pt_domain *d, phys_addr_t paddr, size_t size)
{
	if (paddr & (smallest_page(&d->iop.cfg) - 1))
		return -EINVAL;
	return paddr > d->pa_last || size - 1 > d->pa_last - paddr ? -ERANGE : 0;
}

int io_pgtable_map(struct io_pgtable *iop, uint64_t iova, phys_addr_t paddr, size_t size, int prot)
{
	const struct pt_domain *d = pt_domain(iop);
	uint64_t sizes = iop->cfg.pgsize_bitmap;
	size_t done = 0;
	int err = pt_check_input(d, iova - d->iova_base, size, smallest_page(&iop->cfg));

	if (!err)
		err = check_output(d, paddr, size);
	if (misuse(err, "map of a range that cannot be mapped"))
		return err;
	while (!err && done < size) {
		uint64_t at = iova + done;
		phys_addr_t pa = paddr + done;
		size_t pgcount, pgsize;

		pgsize = pick_pages(sizes, at - d->iova_base, pa, size - done, &pgcount);
		err = iop->ops->map_pages(iop, at, pa, pgsize, pgcount, prot, &done);
	}
	if (err && done) {
		uint64_t page = smallest_page(&iop->cfg);

		iop->ops->unmap_pages(iop, iova, page, done / page, NULL);
	}
	return err;
}

/* The total, or 0 if a piece is empty or not made of whole pages, or they add up to too much. */
static size_t sg_bytes(const struct io_pgtable_sg *sg, size_t n, uint64_t page)
{
	uint64_t bits = 0, bytes = 0;

	for (size_t i = 0; i < n; i++) {
		if (!sg[i].length || __builtin_add_overflow(bytes, sg[i].length, &bytes))
			return 0;
		bits |= sg[i].paddr | sg[i].length;
	}
	return bits & (page - 1) ? 0 : bytes;
}

/* How many pieces from the start are physically adjacent, and how long they are together. */
static size_t sg_adjacent(const struct io_pgtable_sg *sg, size_t n, size_t *bytes)
{
	size_t i = 1;

	*bytes = sg[0].length;
	while (i < n && sg[i].paddr == sg[0].paddr + *bytes)
		*bytes += sg[i++].length;
	return i;
}

int io_pgtable_map_sg(struct io_pgtable *iop, uint64_t iova, const struct io_pgtable_sg *sg,
		      size_t n, int prot)
{
	const struct pt_domain *d = pt_domain(iop);
	uint64_t page = smallest_page(&iop->cfg);
	size_t bytes = sg_bytes(sg, n, page), done = 0, i = 0;
	int err = pt_check_input(d, iova - d->iova_base, bytes, page);

	if (misuse(err, "map of a scatter list that cannot be mapped"))
		return err;
	while (i < n) {
		size_t mapped = iop->ops->map_scattered(iop, iova + done, sg + i, n - i, prot);
		size_t size, pieces;

		i += mapped;
		done += mapped * page;
		if (i == n)
			break;
		pieces = sg_adjacent(sg + i, n - i, &size);
		err = io_pgtable_map(iop, iova + done, sg[i].paddr, size, prot);
		if (err)
			break;
		i += pieces;
		done += size;
	}
	if (err && done)
		iop->ops->unmap_pages(iop, iova, page, done / page, NULL);
	return err;
}

void io_pgtable_iova_to_phys_batch(struct io_pgtable *iop, const uint64_t *iova, phys_addr_t *out,
				   size_t n)
{
	iop->ops->iova_to_phys_batch(iop, iova, out, n);
}

size_t io_pgtable_unmap(struct io_pgtable *iop, uint64_t iova, size_t size,
			struct iommu_iotlb_gather *gather)
{
	uint64_t page = smallest_page(&iop->cfg);

	if (misuse(size & (page - 1), "unmap of a length that is no multiple of the page"))
		return 0;
	return iop->ops->unmap_pages(iop, iova, page, size / page, gather);
}

phys_addr_t io_pgtable_iova_to_phys(struct io_pgtable *iop, uint64_t iova)
{
	return iop->ops->iova_to_phys(iop, iova);
}

size_t io_pgtable_table_bytes(const struct io_pgtable *iop)
{
	const struct pt_domain *d = (const struct pt_domain *)iop;

	return __atomic_load_n(&d->table_bytes, __ATOMIC_RELAXED);
}
