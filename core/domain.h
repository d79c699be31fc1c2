/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A domain: one page table with what its operations need at hand, behind struct io_pgtable.
 *
 * Input addresses inside core/ are "ia": the iova less iova_base, so that the upper half of an
 * address space (TTBR1) is walked like any other and 0 <= ia <= ia_last always. Where iovas are
 * sign-extended, iova_base is the lowest negative one: the comparison with ia_last refuses what is
 * not canonical, and core/format.h's root_flip says where the root has them.
 *
 * Who writes what: everything is written once, by the allocating thread before the domain is handed
 * out, except the descriptors (core/port.h says how), table_bytes, which any thread adds to with
 * relaxed atomics (it is a statistic, nothing is ordered by it), and removals, which whoever
 * detaches a table increments with release semantics before the table's memory can be given back,
 * and a cursor loads with acquire before it uses a table that it remembers. What reclaim points to
 * has its own table in core/reclaim.h.
 */
#ifndef CORE_DOMAIN_H
#define CORE_DOMAIN_H

#include <errno.h>

#include "core/assert.h"
#include "core/fill.h"
#include "core/format.h"
#include "core/port.h"
#include "core/root.h"
#include "io-pgtable.h"
#include "table-pool.h"

struct pt_domain {
	struct io_pgtable iop; /* first: the two convert into each other */

	/* What a single map, unmap or translation reads. */
	pt_entry *root __attribute__((aligned(64)));
	uintptr_t root_of_iova; /* where the entry of iova 0 would be: pt_root_of_iova() */
	uint64_t iova_base;
	uint64_t ia_last;
	uint64_t pa_last;
	uint64_t
		pa_run_last; /* smallest pages from here on, a table full of them, end by pa_last */
	const uint64_t *attr; /* [PT_PROT_COUNT]: a leaf's attributes by prot, 0: refused */
	uint64_t table_extra; /* set in every table descriptor */
	uint64_t fast_sizes;  /* pgsize_bitmap if the walker snoops and physical is virtual, or 0 */
	uint64_t clean_sizes; /* the same for a walker that does not snoop */
	uint64_t group_sizes; /* as page_fast, of those that take several entries */
	uint8_t root_shift;
	uint8_t top;	  /* level of the root */
	bool page_fast;	  /* the smallest page is one of fast_sizes, and table_extra is 0 */
	bool wide_stores; /* core/run.h */
	bool locked_wmb;  /* core/port.h */
	bool see_tables;  /* a table that is found may need pt_tree_see() */
	bool translated;  /* physical addresses of tables are not their virtual ones */
	bool groups;	  /* pgsize_bitmap has sizes that take several entries: core/group.h */
	void (*tlb_add_range)(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf,
			      void *cookie);
	void (*tlb_sync)(void *cookie);

	/* The rest. */
	const struct pt_format *format;
	pt_fill_fn *fill;
	pt_fill_fn *fill_past; /* NULL also where the driver cleans */
	pt_bits_fn *bits;
	pt_match_fn *match;
	void (*tlb_add_flush)(uint64_t iova, size_t size, bool leaf, void *cookie);
	/* tlb_add_range where a gather's run is one for the driver too, or NULL */
	void (*tlb_add_run)(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf,
			    void *cookie);
	size_t root_bytes;
	size_t table_bytes;
	uint64_t removals;	    /* tables taken out of the tree so far */
	struct pt_reclaim *reclaim; /* NULL: never */
	uint64_t table_pa_last;
	uint64_t half_last; /* ia & this is counted from where its half begins; ia_last: one half */
	struct pt_root hw;
	struct table_pool *pool; /* NULL: mem has hooks */
	struct io_pgtable_mem mem;
};

/*
 * A format has its operations once for each level that a root can be at, for hooks, and for
 * reclaim.
 */
#define PT_MAX_TOP   5
#define PT_OPS_HOOKS (PT_MAX_TOP + 1)
#define PT_OPS_SYNC  (PT_MAX_TOP + 2) /* reclaim on sync */
#define PT_OPS_TRIM  (PT_MAX_TOP + 3) /* reclaim on trim */
#define PT_NR_OPS    (PT_OPS_TRIM + 1)

/* What a format's allocation decides, for pt_domain_create(). */
struct pt_layout {
	const struct pt_format *format;
	const struct io_pgtable_ops *ops; /* [PT_NR_OPS] */
	unsigned int top;
	unsigned int root_bits; /* log2 of the root's entries */
	uint64_t iova_base;
	const uint64_t *attr; /* [PT_PROT_COUNT] */
	uint64_t table_extra;
	uint64_t table_pa_last; /* the last address that a table descriptor can hold */
	/* Of a format that has grow_from: struct pt_root. */
	pt_registers_fn *registers;
};

static always_inline struct pt_domain *pt_domain(struct io_pgtable *iop)
{
	return (struct pt_domain *)iop;
}

/* The root's entry for ia. */
static always_inline pt_entry *pt_root_slot(const struct pt_format *f, const struct pt_domain *d,
					    uint64_t ia)
{
	return d->root + ((ia >> d->root_shift) ^ f->root_flip);
}

/*
 * The same for an iova of the input range, top being the root's level. Nothing is subtracted on the
 * way to it: iova_base has only bits of the root's index and above, so that those are in
 * root_of_iova or, where the halves are flipped, masked off, and the indices below are iova's own.
 */
static always_inline pt_entry *pt_root_of_iova(const struct pt_format *f, const struct pt_domain *d,
					       uint64_t iova, unsigned int top)
{
	uint64_t index = iova >> pt_shift(f, top);

	if (f->root_flip)
		return d->root + (index & (2 * f->root_flip - 1));
	return (pt_entry *)(d->root_of_iova + index * sizeof(*d->root));
}

static always_inline bool pt_quirk(const struct pt_domain *d, unsigned long quirk)
{
	return d->iop.cfg.quirks & quirk;
}

static always_inline void *pt_to_virt(const struct pt_domain *d, uint64_t pa)
{
	if (unlikely(d->translated))
		return d->mem.phys_to_virt(d->mem.ctx, pa);
	return (void *)(uintptr_t)pa;
}

static always_inline uint64_t pt_to_phys(const struct pt_domain *d, const void *ptr)
{
	if (unlikely(d->translated))
		return d->mem.virt_to_phys(d->mem.ctx, ptr);
	return (uintptr_t)ptr;
}

/* The table that a table descriptor points to. */
static always_inline pt_entry *pt_child(const struct pt_format *f, const struct pt_domain *d,
					uint64_t desc)
{
	return pt_to_virt(d, f->table_pa(desc));
}

static always_inline bool pt_coherent(const struct pt_domain *d)
{
	return d->iop.cfg.coherent_walk;
}

/* What ends a map: the new descriptors are visible before anything later happens. */
static always_inline void pt_wmb(const struct pt_domain *d)
{
	if (d->locked_wmb)
		port_wmb_locked();
	else
		port_wmb();
}

/* The set for these quirks. */
static inline const uint64_t *pt_attr_choose(const struct pt_attr_set *sets, unsigned int nr,
					     unsigned long quirks)
{
	unsigned long matter = sets[nr - 1].quirks;
	unsigned int i;

	for (i = 0; i < nr && sets[i].quirks != (quirks & matter); i++)
		;
	pt_assert(i < nr);
	return sets[i].attr;
}

/* Does hardware record writes in this table's leaves? */
static always_inline bool pt_tracks_dirty(const struct pt_domain *d)
{
	return pt_quirk(d, IO_PGTABLE_QUIRK_ARM_HD | IO_PGTABLE_QUIRK_DIRTY);
}

/*
 * -EINVAL: nothing, or not of whole units; -ERANGE: not all in the input range, or across its
 * halves.
 */
static inline int pt_check_input(const struct pt_domain *d, uint64_t ia, uint64_t size,
				 uint64_t unit)
{
	if (!size || ((ia | size) & (unit - 1)))
		return -EINVAL;
	return ia > d->ia_last || size - 1 > d->half_last - (ia & d->half_last) ? -ERANGE : 0;
}

/* Are the bytes from ia on all from first to last? */
static inline bool pt_lies_within(uint64_t first, uint64_t last, uint64_t ia, uint64_t bytes)
{
	return ia >= first && ia <= last && last - ia >= bytes - 1;
}

/* core/domain.c */
struct io_pgtable *pt_domain_create(enum io_pgtable_fmt fmt, struct io_pgtable_cfg *cfg,
				    void *cookie, const struct pt_layout *layout);
void pt_domain_destroy(struct io_pgtable *iop);
void *pt_table_alloc(struct pt_domain *d, size_t bytes, unsigned int flags);
void pt_table_free(struct pt_domain *d, void *table, size_t bytes, unsigned int flags);
void pt_clean_slow(struct pt_domain *d, void *ptr, size_t bytes);

/* Makes descriptors visible to a walker that does not snoop; nothing for one that does. */
static always_inline void pt_clean(struct pt_domain *d, void *ptr, size_t bytes)
{
	if (unlikely(!pt_coherent(d)))
		pt_clean_slow(d, ptr, bytes);
}

#endif /* CORE_DOMAIN_H */
