// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making and ending a domain, and the memory of its tables.
 *
 * Every table of a domain comes from pt_table_alloc() and goes through pt_table_free(), so that
 * table_bytes is what the domain holds, wherever the memory comes from. The domain structure itself
 * is never in the caller's memory: that may be shared with a device.
 */
#include "core/domain.h"

#include "core/reclaim.h"
#include "core/tree.h"

#if PT_ENTRY_BITS == 64 /* what has nothing to do with descriptors */

static void *mem_alloc(struct pt_domain *d, size_t bytes, unsigned int flags)
{
	if (d->pool)
		return table_pool_alloc(d->pool, bytes, flags);
	return d->mem.alloc(d->mem.ctx, bytes, flags);
}

static void mem_free(struct pt_domain *d, void *table, size_t bytes, unsigned int flags)
{
	if (d->pool)
		table_pool_free(d->pool, table, bytes, flags);
	else
		d->mem.free(d->mem.ctx, table, bytes, flags);
}

void *pt_table_alloc(struct pt_domain *d, size_t bytes, unsigned int flags)
{
	void *table = mem_alloc(d, bytes, flags);

	if (unlikely(!table))
		return NULL;
	if (misuse((uintptr_t)table & (bytes - 1), "table memory is not naturally aligned") ||
	    misuse(pt_to_phys(d, table) > d->table_pa_last - (bytes - 1),
		   "table memory lies beyond what a table descriptor can hold")) {
		mem_free(d, table, bytes, 0);
		return NULL;
	}
	__atomic_fetch_add(&d->table_bytes, bytes, __ATOMIC_RELAXED);
	return table;
}

void pt_table_free(struct pt_domain *d, void *table, size_t bytes, unsigned int flags)
{
	__atomic_fetch_sub(&d->table_bytes, bytes, __ATOMIC_RELAXED);
	mem_free(d, table, bytes, flags);
}

void noinline pt_clean_slow(struct pt_domain *d, void *ptr, size_t bytes)
{
	const struct iommu_gather_ops *tlb = d->iop.cfg.tlb;

	if (tlb && tlb->flush_pgtable)
		tlb->flush_pgtable(ptr, bytes, d->iop.cookie);
	else
		io_pgtable_port_clean(ptr, bytes);
}

#endif

static void set_callbacks(struct pt_domain *d, const struct iommu_gather_ops *tlb)
{
	if (!tlb)
		return;
	d->tlb_add_range = tlb->tlb_add_range;
	d->tlb_add_run = tlb->tlb_add_range;
	d->tlb_add_flush = tlb->tlb_add_flush;
	d->tlb_sync = tlb->tlb_sync;
}

static void set_memory(struct pt_domain *d, const struct io_pgtable_mem *mem)
{
	if (!mem) {
		d->pool = PT_ENTRY_BITS == 64 ? table_pool_default() : table_pool_low();
		return;
	}
	d->mem = *mem;
	d->translated = mem->virt_to_phys != NULL;
}

enum processor { ASKED = 1, WIDE_STORES = 2, LOCKED_WMB = 4 };

/* Every thread that comes early finds the same answer. */
static unsigned int processor(void)
{
	static unsigned int known;
	unsigned int answer = __atomic_load_n(&known, __ATOMIC_RELAXED);

	if (unlikely(!answer)) {
		answer = ASKED | (port_wide_stores() ? WIDE_STORES : 0) |
			 (port_prefers_locked_wmb() ? LOCKED_WMB : 0);
		__atomic_store_n(&known, answer, __ATOMIC_RELAXED);
	}
	return answer;
}

static unsigned int ops_index(const struct pt_domain *d, const struct pt_layout *layout)
{
	switch (d->iop.cfg.reclaim) {
	case IO_PGTABLE_RECLAIM_ON_SYNC:
		return PT_OPS_SYNC;
	case IO_PGTABLE_RECLAIM_ON_TRIM:
		return PT_OPS_TRIM;
	default:
		return d->translated ? PT_OPS_HOOKS : layout->top;
	}
}

/* Which sizes the fast tiers may be asked for. */
static void set_fast_sizes(struct pt_domain *d)
{
	const struct pt_format *f = d->format;
	uint64_t sizes = d->iop.cfg.pgsize_bitmap & ~f->group_sizes;

	d->groups = d->iop.cfg.pgsize_bitmap & f->group_sizes;
	if (d->translated || (d->groups && !f->is_group))
		return;
	d->fast_sizes = pt_coherent(d) ? sizes : 0;
	d->group_sizes =
		pt_coherent(d) && !d->table_extra ? d->iop.cfg.pgsize_bitmap & f->group_sizes : 0;
	d->clean_sizes = pt_coherent(d) ? 0 : sizes;
	d->page_fast = (d->fast_sizes & pt_span(f, 0)) && !d->table_extra;
}

static void set_layout(struct pt_domain *d, const struct pt_layout *layout)
{
	const struct pt_format *f = layout->format;
	const struct io_pgtable_cfg *cfg = &d->iop.cfg;
	size_t bytes = sizeof(pt_entry) << layout->root_bits;

	pt_assert(layout->top >= f->min_top && layout->top <= f->max_top &&
		  f->max_top <= PT_MAX_TOP);
	pt_assert(!f->root_flip || f->root_flip == 1u << (layout->root_bits - 1));
	pt_assert(!cfg->reclaim || f->reclaiming);
	pt_assert(f->narrow == (PT_ENTRY_BITS == 32) && (!f->narrow || f->max_top == 1));
	pt_assert(!(layout->iova_base & (pt_span(f, layout->top) - 1)));
	d->iop.ops = &layout->ops[ops_index(d, layout)];
	d->fill = pt_vectors_choose()->fill;
	d->fill_past = cfg->tlb && cfg->tlb->flush_pgtable ? NULL : pt_vectors_choose()->fill_past;
	d->bits = pt_vectors_choose()->bits;
	d->match = pt_vectors_choose()->match;
	d->format = f;
	d->top = (uint8_t)layout->top;
	d->root_shift = (uint8_t)pt_shift(f, layout->top);
	d->root_bytes = bytes < TABLE_POOL_MIN_BYTES ? TABLE_POOL_MIN_BYTES : bytes;
	d->iova_base = layout->iova_base;
	d->ia_last = (1ull << cfg->ias) - 1;
	d->half_last = d->ia_last;
	d->pa_last = (1ull << cfg->oas) - 1;
	d->pa_run_last = d->pa_last - (pt_span(f, 1) - pt_span(f, 0));
	d->attr = layout->attr;
	d->table_extra = layout->table_extra;
	d->table_pa_last = layout->table_pa_last;
	d->wide_stores = processor() & WIDE_STORES;
	d->locked_wmb = processor() & LOCKED_WMB;
	d->see_tables = !cfg->coherent_walk || cfg->reclaim;
	if (unlikely(f->root_flip)) {
		d->half_last >>= 1;
		d->tlb_add_run = NULL;
	}
	set_fast_sizes(d);
}

struct io_pgtable *pt_domain_create(enum io_pgtable_fmt fmt, struct io_pgtable_cfg *cfg,
				    void *cookie, const struct pt_layout *layout)
{
	struct pt_domain *d;

	_Static_assert(sizeof(*d) <= 512, "a domain takes one 512-byte block");
	d = table_pool_alloc(table_pool_default(), 512, IO_PGTABLE_MEM_ZERO);
	if (!d)
		return NULL;
	d->iop.fmt = fmt;
	d->iop.cookie = cookie;
	d->iop.cfg = *cfg;
	set_callbacks(d, cfg->tlb);
	set_memory(d, cfg->mem);
	set_layout(d, layout);
	/* There may be no memory for the low pool itself. */
	if (PT_ENTRY_BITS == 64 || d->pool || d->mem.alloc)
		d->root = pt_table_alloc(d, d->root_bytes, IO_PGTABLE_MEM_ZERO);
	d->root_of_iova =
		(uintptr_t)d->root - (uintptr_t)(d->iova_base >> d->root_shift) * sizeof(*d->root);
	if (!d->root || pt_reclaim_create(d) ||
	    (layout->format->grow_from && pt_root_create(d, layout->registers))) {
		if (d->root)
			pt_tree_free_root(d);
		pt_reclaim_destroy(d);
		table_pool_free(table_pool_default(), d, 512, 0);
		return NULL;
	}
	pt_clean(d, d->root, d->root_bytes);
	port_wmb();
	return &d->iop;
}

void pt_domain_destroy(struct io_pgtable *iop)
{
	struct pt_domain *d = pt_domain(iop);

	pt_tree_free_root(d);
	pt_reclaim_destroy(d);
	misuse(d->table_bytes != 0, "a table was freed while a gather held tables of it");
	table_pool_free(table_pool_default(), d, 512, 0);
}
