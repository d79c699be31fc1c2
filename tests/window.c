// SPDX-License-Identifier: GPL-2.0-only
/* See window.h. For one thread and one table at a time. */
#include "window.h"

static char *window;
static size_t window_used;

static void *window_alloc(void *ctx, size_t size_bytes, unsigned int flags)
{
	char *p;

	window_used = (window_used + size_bytes - 1) & ~(size_bytes - 1);
	p = window + window_used;
	window_used += size_bytes;
	memset(p, 0, size_bytes);
	return p;
}

static void window_free(void *ctx, void *ptr, size_t size_bytes, unsigned int flags)
{
}

static phys_addr_t window_pa(void *ctx, const void *ptr)
{
	return PA_BASE + (phys_addr_t)((const char *)ptr - window);
}

static void *window_va(void *ctx, phys_addr_t pa)
{
	return window + (pa - PA_BASE);
}

static const struct io_pgtable_mem window_mem = {
	.alloc = window_alloc,
	.free = window_free,
	.virt_to_phys = window_pa,
	.phys_to_virt = window_va,
};

struct io_pgtable *window_make(enum io_pgtable_fmt fmt, struct io_pgtable_cfg *cfg)
{
	struct io_pgtable *iop;

	window_used = 0;
	cfg->mem = &window_mem;
	cfg->tlb = NULL;
	iop = alloc_io_pgtable(fmt, cfg, NULL);
	assert_non_null(iop);
	return iop;
}

uint64_t desc_at(uint64_t table_pa, size_t index)
{
	return ((uint64_t *)window_va(NULL, table_pa))[index];
}

void expect_desc(uint64_t table_pa, size_t index, uint64_t desc, const char *source)
{
	uint64_t seen = desc_at(table_pa, index);

	if (seen != desc)
		fail_msg("table %#llx, entry %zu: %#llx, by hand %#llx (%s)",
			 (unsigned long long)table_pa, index, (unsigned long long)seen,
			 (unsigned long long)desc, source);
}

int window_setup(void **state)
{
	window = aligned_alloc(4 << 20, 4 << 20);
	return window ? 0 : -1;
}

int window_teardown(void **state)
{
	free(window);
	return 0;
}
