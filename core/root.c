// SPDX-License-Identifier: GPL-2.0-only
/*
 * Growing and shrinking: see core/root.h.
 *
 * Invariants: whatever is mapped lies in what hardware's root reaches, from before the map's entry
 * is there until after it is gone; the chain's tables from hardware's root upwards are there as
 * long as the domain. The driver is called under lock, by one thread at a time, so that the roots
 * it is told come in order.
 */
#include "core/root.h"

#include "core/domain.h"
#include "core/reclaim.h"
#include "core/run.h"
#include "core/tree.h"

/* The last address that a root of level reaches. */
static uint64_t last_of(const struct pt_domain *d, unsigned int level)
{
	return level == d->top ? d->ia_last : pt_span(d->format, level + 1) - 1;
}

/* The lowest root that hardware is given. */
static unsigned int lowest(const struct pt_domain *d)
{
	return d->format->grow_from;
}

static unsigned int held_top(const struct pt_domain *d)
{
	return __atomic_load_n(&d->hw.held_top, __ATOMIC_ACQUIRE);
}

static void set_held(struct pt_domain *d, unsigned int level)
{
	__atomic_store_n(&d->hw.held_top, (uint8_t)level, __ATOMIC_RELEASE);
	__atomic_store_n(&d->hw.map_last, last_of(d, level), __ATOMIC_RELEASE);
}

int pt_root_create(struct pt_domain *d, pt_registers_fn *registers)
{
	const struct iommu_gather_ops *tlb = d->iop.cfg.tlb;
	uint64_t below = pt_span(d->format, lowest(d) + 1) - 1;
	pt_entry *slot;

	/* What may need another root asks for it on the way that it takes. */
	d->fast_sizes &= below;
	d->group_sizes &= below;
	d->clean_sizes &= below;
	d->hw.grows =
		d->format->grow_from && d->top > d->format->grow_from && tlb && tlb->root_changed;
	d->hw.registers = registers;
	d->hw.told_top = d->hw.grows ? (uint8_t)lowest(d) : d->top;
	set_held(d, d->hw.told_top);
	return d->hw.grows ? pt_tree_slot(d, 0, d->hw.told_top, &slot) : 0;
}

pt_entry *pt_root_table(const struct pt_domain *d, unsigned int level)
{
	pt_entry *table = d->root;

	for (unsigned int l = d->top; l > level; l--)
		table = pt_child(d->format, d, port_load(table));
	return table;
}

bool pt_root_holds(const struct pt_domain *d, const pt_entry *slot)
{
	const pt_entry *table = d->root;

	for (unsigned int l = d->top, held = held_top(d); l > held; l--) {
		uint64_t desc = port_load(table);

		if (slot == table)
			return true;
		/* While a shrink has not yet made the lower end of it. */
		if (!d->format->is_table(desc, l))
			return false;
		table = pt_child(d->format, d, desc);
	}
	return false;
}

/* The driver is told of another root; it has taken it when this returns. */
static void tell(struct pt_domain *d, unsigned int level)
{
	d->hw.told_top = (uint8_t)level;
	d->hw.registers(d, &d->iop.cfg);
	d->iop.cfg.tlb->root_changed(&d->iop.cfg, d->iop.cookie);
}

void noinline pt_root_grow(struct pt_domain *d, uint64_t last, uint64_t pgsize)
{
	unsigned int level;

	port_lock(&d->hw.lock);
	for (level = held_top(d); last_of(d, level) < (last > pgsize ? last : pgsize); level++)
		;
	/* A shrink that is not complete has told nobody yet. */
	if (level > d->hw.told_top)
		tell(d, level);
	else if (level > held_top(d))
		level = d->hw.told_top;
	/* Until here hardware may have started from the lower one. */
	set_held(d, level);
	port_unlock(&d->hw.lock);
}

/* The entries of a table of the chain, of level. */
static size_t entries_of(const struct pt_domain *d, unsigned int level)
{
	return level == d->top ? (size_t)(d->ia_last >> d->root_shift) + 1 : pt_entries(d->format);
}

/* The lowest root, from level on, above which nothing but entry 0 is used. */
static unsigned int needed(const struct pt_domain *d, unsigned int level)
{
	const struct pt_format *f = d->format;
	const pt_entry *table = pt_root_table(d, level);

	while (level > lowest(d) && run_is_empty(table + 1, entries_of(d, level) - 1)) {
		uint64_t desc = port_load(table);

		if (!desc)
			return lowest(d);
		if (!f->is_table(desc, level))
			break;
		table = pt_child(f, d, desc);
		level--;
	}
	return level;
}

/*
 * First step: whoever maps beyond it from now on asks for a larger root. False: there is no smaller
 * one.
 */
static bool lower(struct pt_domain *d, unsigned int *level)
{
	bool found;

	port_lock(&d->hw.lock);
	*level = needed(d, d->hw.told_top);
	found = *level < d->hw.told_top;
	if (found)
		set_held(d, *level);
	port_unlock(&d->hw.lock);
	return found;
}

/*
 * All sections that may not have seen the first step have ended, and the lower end of the chain is
 * there again. Not if an invalidation is under way: to make a table where one was taken out would
 * have to wait for it.
 */
static bool settled(struct pt_domain *d, unsigned int level)
{
	pt_entry *slot;

	return pt_reclaim_quiesce(d) && !pt_reclaim_is_pending(d) &&
	       !pt_tree_slot(d, 0, level, &slot);
}

void pt_root_shrink(struct pt_domain *d)
{
	unsigned int level;
	bool enough;

	if (!d->hw.grows)
		return;
	pt_reclaim_hold(d);
	if (!lower(d, &level)) {
		pt_reclaim_release(d);
		return;
	}
	enough = settled(d, level);
	port_lock(&d->hw.lock);
	/* If another level is held, somebody has asked for a larger root meanwhile. */
	enough = enough && held_top(d) == level && needed(d, d->hw.told_top) <= level;
	pt_reclaim_release(d);
	if (enough)
		tell(d, level);
	else if (held_top(d) == level)
		set_held(d, d->hw.told_top);
	port_unlock(&d->hw.lock);
}

bool pt_root_validate(const struct pt_domain *d)
{
	unsigned int held = held_top(d);

	if (!d->hw.grows)
		return true;
	if (held != d->hw.told_top || held > d->top || d->hw.map_last != last_of(d, held))
		return false;
	for (unsigned int l = d->top; l > held; l--) {
		const pt_entry *table = pt_root_table(d, l);

		if (!d->format->is_table(port_load(table), l) ||
		    !run_is_empty(table + 1, entries_of(d, l) - 1))
			return false;
	}
	return true;
}
