// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations of a fuzzer's choice on a table of any format, against an array: maps, unmaps, permissions,
 * dirty state, translation, trim, with any sizes, alignments and permissions, right and wrong. What a call
 * refuses changes nothing; what it says it did is what a translation finds; the table stays valid.
 *
 * The window is three tables of smallest pages at the end of the input addresses; offsets go a little
 * beyond both its ends.
 */
#include "input.h"
#include "io-pgtable-update.h"
#include "support.h"

#define MOST_OPERATIONS 64
#define MOST_PAGES	24576 /* three tables of 64K */

struct world {
	const struct variant *v;
	struct io_pgtable *iop;
	uint64_t base;
	size_t pages;
	uint64_t pa[MOST_PAGES]; /* plus 1; 0: not mapped */
	uint64_t bitmap[MOST_PAGES / 64 + 2];
};

static bool has_dirty_state(enum io_pgtable_fmt fmt)
{
	return fmt == AMD_IOMMU_V1 || (fmt >= AMD_IOMMU_V2 && fmt <= RISCV_SV57X4);
}

static bool open_world(struct world *w, struct input *in)
{
	const struct variant *v = &variants[take(in, 1) % NR_VARIANTS];
	struct io_pgtable_cfg cfg = config(v);
	unsigned int options = (unsigned int)take(in, 1);

	cfg.tlb = NULL;
	cfg.coherent_walk = (v->traits & SNOOPS) || !(options & 1);
	cfg.reclaim = v->traits & NO_RECLAIM ? IO_PGTABLE_RECLAIM_NEVER : (options >> 1) % 3;
	cfg.quirks |= options & 8 ? IO_PGTABLE_QUIRK_NO_SPLIT : 0;
	if ((options & 16) && cfg.coherent_walk && has_dirty_state(v->fmt))
		cfg.quirks |= IO_PGTABLE_QUIRK_DIRTY;
	cfg.quirks |= IO_PGTABLE_QUIRK_NO_WARN;
	memset(w, 0, sizeof(*w));
	w->v = v;
	w->pages = 3 * table_entries(v);
	w->base = canonical(v, (1ull << v->ias) - w->pages * v->granule);
	w->iop = alloc_io_pgtable(v->fmt, &cfg, NULL);
	return w->iop;
}

/* A page of the window or just beside it; whole pages, or bytes. */
static int64_t take_page(struct world *w, struct input *in)
{
	return (int64_t)(take(in, 2) % (w->pages + 16)) - 8;
}

static uint64_t take_size(struct world *w, struct input *in)
{
	uint64_t n = take(in, 1);

	if (n >= 250) /* a table, two of them, something that is no page, nothing, everything */
		return (const uint64_t[]){ table_span(w->v),  2 * table_span(w->v),
					   w->v->granule + 1, 0,
					   -w->v->granule,    w->v->granule / 2 }[n - 250];
	return (n + 1) * w->v->granule;
}

static bool is_inside(const struct world *w, int64_t page, uint64_t size)
{
	return page >= 0 && !(size % w->v->granule) && size &&
	       (uint64_t)page + size / w->v->granule <= w->pages;
}

/* Pages from this one on that are mapped, at most n. */
static size_t mapped_from(const struct world *w, size_t page, size_t n)
{
	size_t some = 0;

	while (some < n && w->pa[page + some])
		some++;
	return some;
}

static void do_map(struct world *w, struct input *in)
{
	int64_t page = take_page(w, in);
	uint64_t size = take_size(w, in), at = w->base + (uint64_t)page * w->v->granule;
	uint64_t pa = (take(in, 1) % 8 * 512 + (uint64_t)(page < 0 ? 0 : page)) * w->v->granule;
	int prot = (int)take(in, 1) % 80, err;
	bool free = is_inside(w, page, size);

	/* Before the window, and behind the last negative address, there are other good ones. */
	if (page < 0 || (page >= (int64_t)w->pages && (w->v->traits & SIGNS)))
		return;
	for (size_t i = 0; free && i < size / w->v->granule; i++)
		free = !w->pa[page + i];
	err = io_pgtable_map(w->iop, at, pa, size, prot);
	MUST(err || (is_inside(w, page, size) && free));
	for (size_t i = 0; !err && i < size / w->v->granule; i++)
		w->pa[page + i] = pa + i * w->v->granule + 1;
}

static void do_unmap(struct world *w, struct input *in)
{
	int64_t page = take_page(w, in);
	uint64_t size = take_size(w, in), at = w->base + (uint64_t)page * w->v->granule;
	size_t done = io_pgtable_unmap(w->iop, at, size, NULL);

	MUST(!(done % w->v->granule) && (!done || is_inside(w, page, size)));
	if (!is_inside(w, page, size))
		return;
	/* Without splitting it ends at a block that is not all asked for. */
	MUST(done == mapped_from(w, (size_t)page, size / w->v->granule) * w->v->granule ||
	     (w->iop->cfg.quirks & IO_PGTABLE_QUIRK_NO_SPLIT));
	for (size_t i = 0; i < done / w->v->granule; i++) {
		MUST(w->pa[page + i]);
		w->pa[page + i] = 0;
	}
}

static void do_protect(struct world *w, struct input *in)
{
	int64_t page = take_page(w, in);
	uint64_t size = take_size(w, in), at = w->base + (uint64_t)page * w->v->granule;
	size_t changed = 0;
	int err = io_pgtable_protect(w->iop, at, size, (int)take(in, 1) % 80, NULL, &changed);

	MUST(err || changed == size);
	MUST(!changed ||
	     (is_inside(w, page, size) &&
	      changed <= mapped_from(w, (size_t)page, size / w->v->granule) * w->v->granule));
}

static void do_dirty(struct world *w, struct input *in)
{
	int64_t page = take_page(w, in);
	uint64_t size = take_size(w, in), at = w->base + (uint64_t)page * w->v->granule;
	unsigned int flags = (unsigned int)take(in, 1) % 3;
	size_t n = size / w->v->granule;

	/* A bitmap for what lies in the window; elsewhere the call is refused. */
	if (page + (int64_t)n > (int64_t)w->pages && size != -w->v->granule)
		return;
	io_pgtable_set_dirty(w->iop, at, size);
	memset(w->bitmap, 0, sizeof(w->bitmap));
	if (io_pgtable_read_and_clear_dirty(w->iop, at, size, flags, w->bitmap, NULL))
		return;
	for (size_t i = 0; i < n; i++)
		MUST(!(w->bitmap[i / 64] >> i % 64 & 1) || page + (int64_t)i < 0 ||
		     w->pa[page + (int64_t)i]);
}

static void do_look(struct world *w, struct input *in)
{
	int64_t page = take_page(w, in);
	uint64_t offset = take(in, 2) % w->v->granule;
	uint64_t at = w->base + (uint64_t)page * w->v->granule + offset;
	uint64_t pa = io_pgtable_iova_to_phys(w->iop, at);

	if (page >= 0 && (size_t)page < w->pages)
		MUST(pa == (w->pa[page] ? w->pa[page] - 1 + offset : 0) || !w->pa[page]);
	else
		MUST(!pa);
}

static void do_trim(struct world *w, struct input *in)
{
	io_pgtable_trim(w->iop);
}

static void check(struct world *w)
{
	MUST(!io_pgtable_validate(w->iop));
	for (size_t i = 0; i < w->pages; i++)
		MUST(io_pgtable_iova_to_phys(w->iop, w->base + i * w->v->granule) ==
		     (w->pa[i] ? w->pa[i] - 1 : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const operations[])(struct world * w, struct input * in) = {
		do_map, do_map, do_unmap, do_protect, do_dirty, do_look, do_trim
	};
	static struct world w;
	struct input in = { data, size };

	if (!open_world(&w, &in))
		return 0;
	for (unsigned int i = 0; i < MOST_OPERATIONS && in.left; i++)
		operations[take(&in, 1) % ARRAY_SIZE(operations)](&w, &in);
	check(&w);
	free_io_pgtable(w.iop);
	return 0;
}
