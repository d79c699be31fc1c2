// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a configuration to a table, for the formats outside the LPAE family: the level of the root,
 * the sizes that there are, the registers. A configuration that the architecture does not have is
 * refused, never rounded.
 */
#include "fmt/plain-cfg.h"

#include <errno.h>

#include "core/domain.h"
#include "core/format.h"
#include "core/framework.h"

/* What the walker brings along for every format. */
#define QUIRKS (IO_PGTABLE_QUIRK_NO_WARN | IO_PGTABLE_QUIRK_NO_SPLIT)

/* The lowest level that covers ias; roots of several tables only at the highest. */
static unsigned int find_top(const struct plain_kind *kind, unsigned int ias)
{
	const struct pt_format *f = kind->format;
	unsigned int top = f->min_top;

	while (top < f->max_top && pt_shift(f, top + 1) < ias)
		top++;
	return top;
}

/* A page as large as all of the input range, or larger, has no entry. */
static uint64_t possible_sizes(const struct plain_kind *kind, const struct io_pgtable_cfg *cfg)
{
	const struct pt_format *f = kind->format;
	uint64_t above = pt_shift(f, find_top(kind, cfg->ias) + 1);

	/*
	 * Where roots are several tables one entry of the level above is not larger than the range.
	 */
	return cfg->pgsize_bitmap & ((1ull << (cfg->ias < above ? cfg->ias : above)) - 1);
}

static bool has_ias(const struct plain_kind *kind, unsigned int ias)
{
	if (ias < kind->ias_min || ias > kind->ias_max)
		return false;
	return !kind->ias_only || (kind->ias_only & 1ull << ias);
}

int pt_plain_check(const struct plain_kind *kind, const struct io_pgtable_cfg *cfg)
{
	bool whole = cfg->quirks & IO_PGTABLE_QUIRK_NO_SPLIT;
	uint64_t sizes = kind->sizes | (whole ? kind->whole_sizes : 0);

	if (cfg->quirks & ~(kind->quirks | QUIRKS))
		return -EOPNOTSUPP;
	if (((kind->coherent_only || (cfg->quirks & IO_PGTABLE_QUIRK_DIRTY)) &&
	     !cfg->coherent_walk) ||
	    (cfg->reclaim && !kind->format->reclaiming))
		return -EOPNOTSUPP;
	if (!cfg->pgsize_bitmap || (cfg->pgsize_bitmap & ~sizes))
		return -EINVAL;
	if (!has_ias(kind, cfg->ias) || cfg->oas < kind->oas_min || cfg->oas > kind->oas_max)
		return -ERANGE;
	return possible_sizes(kind, cfg) ? 0 : -ERANGE;
}

static unsigned int root_bits(const struct plain_kind *kind, unsigned int ias)
{
	const struct pt_format *f = kind->format;
	unsigned int one = pt_shift(f, find_top(kind, ias) + 1);

	if (!kind->root_grows)
		return pt_index_bits(f) + kind->root_extra;
	return pt_index_bits(f) + (ias > one ? ias - one : 0);
}

/*
 * Hardware walks tables below oas; without hooks there is none, and only a descriptor's bits count.
 */
static uint64_t table_pa_last(const struct plain_kind *kind, const struct io_pgtable_cfg *cfg)
{
	bool translated = cfg->mem && cfg->mem->virt_to_phys;
	unsigned int bits = kind->hook_bits ? kind->hook_bits : cfg->oas;

	return (1ull << (translated ? bits : kind->pa_bits)) - 1;
}

struct io_pgtable *pt_plain_alloc(const struct plain_kind *kind, struct io_pgtable_cfg *cfg,
				  void *cookie)
{
	const struct pt_format *f = kind->format;
	struct pt_layout layout = {
		.format = f,
		.ops = kind->ops,
		.top = find_top(kind, cfg->ias),
		.root_bits = root_bits(kind, cfg->ias),
		.iova_base = f->root_flip ? ~0ull << (cfg->ias - 1) : 0,
		.attr = pt_attr_choose(kind->sets, kind->nr_sets, cfg->quirks),
		.table_pa_last = table_pa_last(kind, cfg),
		.registers = kind->fill,
	};
	struct io_pgtable *iop;

	cfg->pgsize_bitmap = possible_sizes(kind, cfg);
	iop = pt_domain_create(kind->fmt, cfg, cookie, &layout);
	if (!iop)
		return NULL;
	kind->fill(pt_domain(iop), cfg);
	iop->cfg = *cfg;
	return iop;
}
