// SPDX-License-Identifier: GPL-2.0-only
/*
 * The framework: alloc and free by format, and the checks that hold for every format.
 */
#include "core/framework.h"

#include <errno.h>

#include "core/assert.h"
#include "core/section.h"

static const struct io_pgtable_init_fns *find(enum io_pgtable_fmt fmt)
{
	return (unsigned int)fmt < IO_PGTABLE_NUM_FMTS ? io_pgtable_init_table[fmt] : NULL;
}

static bool mem_is_whole(const struct io_pgtable_mem *mem)
{
	return mem->alloc && mem->free && !mem->virt_to_phys == !mem->phys_to_virt;
}

int io_pgtable_check_cfg(enum io_pgtable_fmt fmt, const struct io_pgtable_cfg *cfg)
{
	const struct io_pgtable_init_fns *fns = find(fmt);

	if (!fns || !cfg || (cfg->mem && !mem_is_whole(cfg->mem)))
		return -EINVAL;
	if ((unsigned int)cfg->reclaim > IO_PGTABLE_RECLAIM_ON_TRIM)
		return -EINVAL;
	if (cfg->reclaim && pt_section_init())
		return -ENOSYS;
	return fns->check(cfg);
}

struct io_pgtable *alloc_io_pgtable(enum io_pgtable_fmt fmt, struct io_pgtable_cfg *cfg,
				    void *cookie)
{
	if (io_pgtable_check_cfg(fmt, cfg))
		return NULL;
	return find(fmt)->alloc(cfg, cookie);
}

void free_io_pgtable(struct io_pgtable *iop)
{
	if (!iop)
		return;
	pt_assert(find(iop->fmt));
	if (iop->cfg.tlb && iop->cfg.tlb->tlb_flush_all)
		iop->cfg.tlb->tlb_flush_all(iop->cookie);
	find(iop->fmt)->free(iop);
}
