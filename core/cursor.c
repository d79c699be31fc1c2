// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cold half of cursors (core/cursor.h): the ordinary operation, and then remembering its table.
 */
#include "core/cursor.h"

/* A count that is never reached: nothing is remembered. */
#define NOTHING UINT64_MAX

static uint64_t smallest_page(const struct pt_domain *d)
{
	return d->iop.cfg.pgsize_bitmap & -d->iop.cfg.pgsize_bitmap;
}

#if PT_ENTRY_BITS == 64
void io_pgtable_cursor_init(struct io_pgtable_cursor *cursor, struct io_pgtable *iop)
{
	*cursor = (struct io_pgtable_cursor){ .iop = iop, .removals = NOTHING };
}
#endif

/*
 * Remembers the table of level 0 that holds iova, if there is one and it can be written to without
 * more ado. The count is read first: a table that is removed afterwards makes it stale.
 */
static void remember(struct io_pgtable_cursor *c, uint64_t iova)
{
	struct pt_domain *d = pt_domain(c->iop);
	const struct pt_format *f = d->format;
	uint64_t removals = __atomic_load_n(&d->removals, __ATOMIC_ACQUIRE);
	pt_entry *slot;
	bool found;

	c->removals = NOTHING;
	if (!d->page_fast || iova - d->iova_base > d->ia_last)
		return;
	if (d->reclaim)
		pt_section_enter();
	found = pt_find(f, d, iova & ~(pt_span(f, 1) - 1), 0, PT_WALK_GUARDED, &slot);
	if (d->reclaim)
		pt_section_exit();
	if (!found)
		return;
	c->slots = (void *)slot;
	c->first = iova & ~(pt_span(f, 1) - 1);
	c->removals = removals;
}

int noinline pt_cursor_map_slow(struct io_pgtable_cursor *c, uint64_t iova, phys_addr_t pa,
				int prot)
{
	struct pt_domain *d = pt_domain(c->iop);
	int err = io_pgtable_map(c->iop, iova, pa, smallest_page(d), prot);

	remember(c, iova);
	return err;
}

size_t noinline pt_cursor_unmap_slow(struct io_pgtable_cursor *c, uint64_t iova,
				     struct iommu_iotlb_gather *gather)
{
	struct pt_domain *d = pt_domain(c->iop);
	size_t done = io_pgtable_unmap(c->iop, iova, smallest_page(d), gather);

	remember(c, iova);
	return done;
}
