// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hardware walker (walk.h): one loop over levels, all of a format in its numbers.
 */
#include "model/walk.h"

static bool is_kind(struct walk_kind kind, uint64_t desc)
{
	return (desc & kind.mask) == kind.value;
}

static uint64_t address_of(const struct walk_regime *r, uint64_t desc, unsigned int level,
			   bool leaf)
{
	uint64_t pa = 0;

	if (r->address)
		return r->address(desc, level, leaf);
	for (unsigned int i = 0; i < 2; i++) {
		const struct walk_field *f = &r->field[i];

		pa |= (desc >> f->desc_lsb & ((1ull << f->bits) - 1)) << f->addr_lsb;
	}
	return pa;
}

static enum walk_status read_status(enum model_read read)
{
	static const enum walk_status status[] = {
		[MODEL_READ_OK] = WALK_OK,
		[MODEL_READ_OUTSIDE] = WALK_OUTSIDE,
		[MODEL_READ_FREED] = WALK_FREED,
		[MODEL_READ_UNCLEAN] = WALK_UNCLEAN,
	};

	return status[read];
}

/* The only root may have more entries than a table below it (concatenated), so it has no mask. */
static uint64_t entry_pa(const struct walk_regime *r, uint64_t table, unsigned int level,
			 uint64_t ia)
{
	uint64_t index = ia >> r->level[level].shift;

	if (level != r->top || r->roots > 1)
		index &= (1ull << r->level[level].bits) - 1;
	return table + index * r->entry_bytes;
}

static void permit(const struct walk_regime *r, struct walk *w)
{
	uint64_t desc = w->desc >> r->level[w->level].permissions_shift;

	w->read &= is_kind(r->read, desc);
	w->write &= is_kind(r->write, desc);
}

/* Of a group that is not replicated each entry has the address of its own part. */
static enum walk_status found_leaf(const struct walk_regime *r, struct walk *w, uint64_t ia)
{
	unsigned int group = r->group_lg2 ? r->group_lg2(r, w->desc, w->level) : 0;
	uint64_t span = 1ull << r->level[w->level].shift, all;

	if (group == WALK_BAD_GROUP || (w->desc & r->leaf_zero))
		return WALK_INVALID;
	w->size_lg2 = r->level[w->level].shift + group;
	all = 1ull << w->size_lg2;
	w->pa = address_of(r, w->desc, w->level, true);
	if (group && r->replicated)
		w->pa &= ~(all - 1);
	else if (w->pa & (span - 1) || (group && (w->pa ^ ia) & (all - span)))
		return WALK_INVALID;
	w->pa &= ~(all - 1);
	if (w->pa + (all - 1) > r->pa_last)
		return WALK_INVALID;
	permit(r, w);
	return WALK_OK;
}

enum walk_status walk_run(const struct walk_regime *r, struct model_memory *m, uint64_t ia,
			  struct walk *w)
{
	w->level = w->from;
	if (ia > r->ia_last)
		return WALK_FAULT;
	w->read = w->write = true;
	for (unsigned int l = w->from;; l--) {
		const struct walk_level *level = &r->level[l];
		enum walk_status status;

		w->level = l;
		status = read_status(model_memory_read(m, entry_pa(r, w->table[l], l, ia),
						       r->entry_bytes, &w->desc));
		if (status != WALK_OK)
			return status;
		if (!(w->desc & r->present))
			return WALK_FAULT;
		if (is_kind(level->leaf, w->desc) || is_kind(level->other, w->desc))
			return found_leaf(r, w, ia);
		if (!is_kind(level->table, w->desc) || (w->desc & r->table_zero))
			return WALK_INVALID;
		if (r->all_permit)
			permit(r, w);
		w->table[l - 1] = address_of(r, w->desc, l, false);
	}
}
