// SPDX-License-Identifier: GPL-2.0-only
/*
 * dirty-ops: the operations of bench_dirty. See dirty-ops.h.
 *
 * Before each span, untimed, the same pages are marked as hardware would. Both sides go over the
 * same descriptors, where the table has them. What was read is counted: a wrong count is an error.
 */
#include "dirty-ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io-pgtable-update.h"
#include "io-pgtable-walk.h"
#include "region.h"

enum {
	PAGE = 4096,
	GROUP = 65536,
	PAGES = 1 << 18,
	ENTRIES = PAGE / 8,
	TABLES = PAGES / ENTRIES,
};

static const struct {
	const char *name;
	enum io_pgtable_fmt fmt;
	unsigned long quirk;
	/* The domain has 64K too, of several entries; what is mapped are single pages. */
	bool groups;
	bool quick;
} formats[] = {
	{ "arm_64_lpae_s1", ARM_64_LPAE_S1, IO_PGTABLE_QUIRK_ARM_HD, false, true },
	{ "arm_64_lpae_s1", ARM_64_LPAE_S1, IO_PGTABLE_QUIRK_ARM_HD, true, true },
	{ "arm_64_lpae_s2", ARM_64_LPAE_S2, IO_PGTABLE_QUIRK_ARM_HD, false, false },
	{ "amd_iommu_v1", AMD_IOMMU_V1, IO_PGTABLE_QUIRK_DIRTY, false, true },
	{ "amd_iommu_v1", AMD_IOMMU_V1, IO_PGTABLE_QUIRK_DIRTY, true, true },
	{ "amd_iommu_v2", AMD_IOMMU_V2, IO_PGTABLE_QUIRK_DIRTY, false, false },
	{ "intel_vtd_ss", INTEL_VTD_SS, IO_PGTABLE_QUIRK_DIRTY, false, true },
	{ "intel_vtd_fs", INTEL_VTD_FS, IO_PGTABLE_QUIRK_DIRTY, false, false },
	{ "riscv_sv48", RISCV_SV48, IO_PGTABLE_QUIRK_DIRTY, false, true },
	{ "riscv_sv48", RISCV_SV48, IO_PGTABLE_QUIRK_DIRTY, true, true },
};

#define NR_FORMATS (sizeof(formats) / sizeof(formats[0]))

struct worker {
	const struct dirty_case *c;
	struct io_pgtable *iop;
	const char *error;
	uint64_t *table[TABLES]; /* of leaves */
	size_t nr_tables;
	uint64_t bitmap[PAGES / 64];
};

static int keep_table(const struct io_pgtable_walk_entry *e, void *ctx)
{
	struct worker *w = ctx;

	if (e->kind == IO_PGTABLE_WALK_TABLE && e->level == 1 && w->nr_tables < TABLES)
		w->table[w->nr_tables++] = (uint64_t *)(uintptr_t)e->paddr;
	return 0;
}

static void mark(struct worker *w)
{
	memset(w->bitmap, 0, sizeof(w->bitmap));
	io_pgtable_read_and_clear_dirty(w->iop, 0, (size_t)PAGES * PAGE, 0, w->bitmap, NULL);
	if (w->c->every == 1)
		io_pgtable_set_dirty(w->iop, 0, (size_t)PAGES * PAGE);
	for (size_t i = 0; w->c->every > 1 && i < PAGES; i += w->c->every)
		io_pgtable_set_dirty(w->iop, i * PAGE, PAGE);
	memset(w->bitmap, 0, sizeof(w->bitmap));
}

/* Volatile: each is loaded and stored, 8 bytes at a time. */
static void load_and_store(struct worker *w)
{
	for (size_t t = 0; t < TABLES; t++) {
		volatile uint64_t *table = w->table[t];

		for (size_t i = 0; i < ENTRIES; i++)
			table[i] = table[i];
	}
}

static void check(struct worker *w)
{
	size_t found = 0, expected = w->c->every ? (PAGES + w->c->every - 1) / w->c->every : 0;

	for (size_t i = 0; i < PAGES / 64; i++)
		found += (size_t)__builtin_popcountll(w->bitmap[i]);
	if (w->c->impl == DIRTY_CORE && found != expected)
		w->error = "not the pages that were written to";
}

static void span(void *worker, struct sampler_span *span)
{
	struct worker *w = worker;
	uint64_t start;

	mark(w);
	start = region_begin();
	if (w->c->impl == DIRTY_LOOP)
		load_and_store(w);
	else if (io_pgtable_read_and_clear_dirty(w->iop, 0, (size_t)PAGES * PAGE, 0, w->bitmap,
						 NULL))
		w->error = "it could not be read";
	span->ns = region_end(start);
	span->pages = PAGES;
	check(w);
}

static void nothing(void *worker, int step)
{
	(void)worker;
	(void)step;
}

static const char *error(const void *worker)
{
	return ((const struct worker *)worker)->error;
}

static const struct sampler_work work = {
	.begin = nothing,
	.span = span,
	.end = nothing,
	.error = error,
};

/* Page by page: a range would become groups where the domain has them. */
static bool map_pages(struct io_pgtable *iop)
{
	size_t mapped = 0;

	return !iop->ops->map_pages(iop, 0, 1ull << 32, PAGE, PAGES, IOMMU_READ | IOMMU_WRITE,
				    &mapped) &&
	       mapped == (size_t)PAGES * PAGE;
}

static bool prepare(struct worker *w, const struct dirty_case *c)
{
	struct io_pgtable_cfg cfg = {
		.quirks = formats[c->format].quirk,
		.pgsize_bitmap = PAGE | (formats[c->format].groups ? GROUP : 0),
		.ias = 48,
		.oas = 48,
		.coherent_walk = true,
	};

	w->c = c;
	w->iop = alloc_io_pgtable(formats[c->format].fmt, &cfg, NULL);
	return w->iop && map_pages(w->iop) &&
	       !io_pgtable_walk(w->iop, 0, (size_t)PAGES * PAGE, keep_table, w) &&
	       w->nr_tables == TABLES;
}

void dirty_run(const struct dirty_case *c, const unsigned int *cpus, double budget_s,
	       struct sampler_result *result)
{
	struct worker *w = calloc(1, sizeof(*w));
	void *worker[] = { w };

	*result = (struct sampler_result){ .error = "the table could not be made" };
	if (w && prepare(w, c))
		sampler_run(&work, worker, cpus, 1, budget_s, result);
	if (w)
		free_io_pgtable(w->iop);
	free(w);
}

void dirty_case_name(const struct dirty_case *c, char *name)
{
	static const char *const impls[] = { "loop", "core" };
	char every[16] = "none";

	if (c->every)
		snprintf(every, sizeof(every), "%uth", c->every);
	snprintf(name, DIRTY_NAME_BYTES, "dirty/impl:%s/fmt:%s/groups:%d/written:%s/threads:1",
		 impls[c->impl], formats[c->format].name, formats[c->format].groups,
		 c->every == 1 ? "all" : every);
}

/* The two that a ratio is made of next to one another. */
struct dirty_case *dirty_cases(bool full, unsigned int max_threads, size_t *nr)
{
	static const unsigned int every[] = { 0, 1, 64 };
	struct dirty_case *cases = calloc(NR_FORMATS * 3 * DIRTY_IMPL_NR, sizeof(*cases));
	size_t n = 0;

	(void)max_threads;
	for (unsigned int f = 0; cases && f < NR_FORMATS; f++)
		for (unsigned int e = 0; (full || formats[f].quick) && e < 3; e++)
			for (enum dirty_impl i = 0; i < DIRTY_IMPL_NR; i++)
				cases[n++] = (struct dirty_case){ i, f, every[e], 1 };
	*nr = n;
	return cases;
}
