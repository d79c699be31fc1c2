// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations of a fuzzer's choice on a table of any format, against an array: maps of ranges, lists
 * and pages, unmaps, permissions, replacing, dirty state, coalescing, translation, trim, with any
 * sizes, alignments and permissions, right and wrong. What a call refuses changes nothing, and only
 * that is refused which has to be; what it says it did is what a translation and a walk find; the
 * table stays valid.
 *
 * The window is three tables of smallest pages at the end of the input addresses; offsets go a
 * little beyond both its ends, where nothing is ever mapped.
 */
#include "input.h"
#include "io-pgtable-update.h"
#include "io-pgtable-walk.h"
#include "support.h"

#define MOST_OPERATIONS 64
#define MOST_PAGES	24576 /* three tables of 64K */
#define MOST_PIECES	4
#define BATCH		8
#define DIRTY_QUIRKS	(IO_PGTABLE_QUIRK_ARM_HD | IO_PGTABLE_QUIRK_DIRTY)

struct world {
	const struct variant *v;
	struct io_pgtable *iop;
	uint64_t base;
	size_t pages;
	uint64_t pa[MOST_PAGES]; /* plus 1; 0: not mapped */
	uint8_t prot[MOST_PAGES];
	uint64_t bitmap[MOST_PAGES / 64 + 2];
};

/* Which tables there were, for the replay of a corpus to say that nothing is missing. */
static unsigned long opened[NR_VARIANTS], tracked[2];

static unsigned long dirty_quirk(enum io_pgtable_fmt fmt)
{
	if (fmt == ARM_64_LPAE_S1 || fmt == ARM_64_LPAE_S2)
		return IO_PGTABLE_QUIRK_ARM_HD;
	return fmt == AMD_IOMMU_V1 || (fmt >= AMD_IOMMU_V2 && fmt <= RISCV_SV57X4)
		       ? IO_PGTABLE_QUIRK_DIRTY
		       : 0;
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
	if ((options & 16) && cfg.coherent_walk)
		cfg.quirks |= dirty_quirk(v->fmt);
	memset(w, 0, sizeof(*w));
	w->v = v;
	w->pages = 3 * table_entries(v);
	w->base = canonical(v, (1ull << v->ias) - w->pages * v->granule);
	w->iop = alloc_io_pgtable(v->fmt, &cfg, NULL);
	opened[v - variants] += !!w->iop;
	return w->iop;
}

/* A page of the window or just beside it. */
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

static uint64_t take_pa(struct world *w, struct input *in, int64_t page)
{
	return (take(in, 1) % 8 * 512 + (uint64_t)(page < 0 ? 0 : page)) * w->v->granule;
}

static int take_prot(struct input *in)
{
	return (int)take(in, 1) % 80;
}

static uint64_t address(const struct world *w, int64_t page)
{
	return w->base + (uint64_t)page * w->v->granule;
}

static bool is_inside(const struct world *w, int64_t page, uint64_t size)
{
	return page >= 0 && !(size % w->v->granule) && size &&
	       (uint64_t)page + size / w->v->granule <= w->pages;
}

/*
 * Before the window, and behind the last negative address, there are other good ones: not to be
 * mapped.
 */
static bool is_beside(const struct world *w, int64_t page)
{
	return page < 0 || (page >= (int64_t)w->pages && (w->v->traits & SIGNS));
}

/* Pages from this one on that are mapped, at most n. */
static size_t mapped_from(const struct world *w, size_t page, size_t n)
{
	size_t some = 0;

	while (some < n && w->pa[page + some])
		some++;
	return some;
}

static bool is_free(const struct world *w, int64_t page, uint64_t size)
{
	if (!is_inside(w, page, size))
		return false;
	for (size_t i = 0; i < size / w->v->granule; i++)
		if (w->pa[(size_t)page + i])
			return false;
	return true;
}

static bool is_good_prot(const struct world *w, int prot)
{
	return prot < 64 && (prot & RW) &&
	       !((w->v->traits & NO_WRITE_ONLY) && (prot & RW) == IOMMU_WRITE);
}

static void note(struct world *w, size_t page, uint64_t bytes, uint64_t pa, int prot)
{
	for (size_t i = 0; i < bytes / w->v->granule; i++) {
		w->pa[page + i] = pa + i * w->v->granule + 1;
		w->prot[page + i] = (uint8_t)prot;
	}
}

/* Each: did it have an effect? */
static bool do_map(struct world *w, struct input *in)
{
	int64_t page = take_page(w, in);
	uint64_t size = take_size(w, in), pa = take_pa(w, in, page);
	int prot = take_prot(in);
	bool good = is_free(w, page, size) && is_good_prot(w, prot);

	if (is_beside(w, page))
		return false;
	MUST(!io_pgtable_map(w->iop, address(w, page), pa, size, prot) == good);
	if (good)
		note(w, (size_t)page, size, pa, prot);
	return good;
}

static bool do_map_sg(struct world *w, struct input *in)
{
	struct io_pgtable_sg sg[MOST_PIECES];
	int64_t page = take_page(w, in), at = page;
	int prot = take_prot(in);
	size_t n = take(in, 1) % (MOST_PIECES + 1);
	uint64_t size = 0;
	bool good;

	for (size_t i = 0; i < n; i++) {
		sg[i].length = take_size(w, in);
		sg[i].paddr = take_pa(w, in, at);
		at += (int64_t)(sg[i].length / w->v->granule);
		size += sg[i].length;
	}
	if (is_beside(w, page))
		return false;
	good = is_free(w, page, size) && is_good_prot(w, prot);
	for (size_t i = 0; i < n; i++)
		good = good && is_inside(w, 0, sg[i].length);
	MUST(!io_pgtable_map_sg(w->iop, address(w, page), sg, n, prot) == good);
	for (size_t i = 0; good && i < n; page += (int64_t)(sg[i++].length / w->v->granule))
		note(w, (size_t)page, sg[i].length, sg[i].paddr, prot);
	return good;
}

/* One of the sizes of the table; what is mapped before an error stays. */
static bool do_map_pages(struct world *w, struct input *in)
{
	uint64_t sizes = w->iop->cfg.pgsize_bitmap;
	int64_t page = take_page(w, in);
	size_t which = take(in, 1) % (size_t)__builtin_popcountll(sizes), count = take(in, 1) % 8;
	size_t mapped = 0, pages;
	uint64_t pa = take(in, 1) % 8;
	int prot = take_prot(in), err;

	while (which--)
		sizes &= sizes - 1;
	sizes &= -sizes;
	pages = sizes / w->v->granule;
	if (is_beside(w, page))
		return false;
	page -= page % (int64_t)pages;
	pa *= sizes;
	err = w->iop->ops->map_pages(w->iop, address(w, page), pa, sizes, count, prot, &mapped);
	MUST(err || (count && mapped == sizes * count));
	MUST(!mapped || (is_free(w, page, mapped) && is_good_prot(w, prot)));
	note(w, (size_t)page, mapped, pa, prot);
	return mapped;
}

static bool do_unmap(struct world *w, struct input *in)
{
	int64_t page = take_page(w, in);
	uint64_t size = take_size(w, in);
	size_t done = io_pgtable_unmap(w->iop, address(w, page), size, NULL);

	MUST(!(done % w->v->granule) && (!done || is_inside(w, page, size)));
	if (!is_inside(w, page, size))
		return false;
	/* Without splitting it ends at a block that is not all asked for. */
	MUST(done == mapped_from(w, (size_t)page, size / w->v->granule) * w->v->granule ||
	     (w->iop->cfg.quirks & IO_PGTABLE_QUIRK_NO_SPLIT));
	for (size_t i = 0; i < done / w->v->granule; i++) {
		MUST(w->pa[(size_t)page + i]);
		w->pa[(size_t)page + i] = 0;
	}
	return done;
}

/* What was changed of a range before it ended, at a hole (-ENOENT) or elsewhere. */
static void check_changed(struct world *w, int64_t page, uint64_t size, int err, size_t changed)
{
	size_t most =
		is_inside(w, page, size) ? mapped_from(w, (size_t)page, size / w->v->granule) : 0;

	MUST(err || changed == size);
	MUST(changed <= most * w->v->granule);
	MUST(err != -ENOENT || !is_inside(w, page, size) || changed == most * w->v->granule);
}

static bool do_protect(struct world *w, struct input *in)
{
	int64_t page = take_page(w, in);
	uint64_t size = take_size(w, in);
	int prot = take_prot(in);
	size_t changed = 0;
	int err = io_pgtable_protect(w->iop, address(w, page), size, prot, NULL, &changed);

	check_changed(w, page, size, err, changed);
	for (size_t i = 0; i < changed / w->v->granule; i++)
		w->prot[(size_t)page + i] = (uint8_t)prot;
	return changed;
}

static bool do_replace(struct world *w, struct input *in)
{
	int64_t page = take_page(w, in);
	uint64_t size = take_size(w, in), pa = take_pa(w, in, page);
	int prot = take_prot(in);
	size_t replaced = 0;
	int err = io_pgtable_replace(w->iop, address(w, page), pa, size, prot, NULL, &replaced);

	check_changed(w, page, size, err, replaced);
	note(w, (size_t)page, replaced, pa, prot);
	return replaced;
}

static bool do_coalesce(struct world *w, struct input *in)
{
	int64_t page = take_page(w, in);
	uint64_t size = take_size(w, in);
	size_t joined = 0;
	int err = io_pgtable_coalesce(w->iop, address(w, page), size, &joined);

	MUST(!err || !joined);
	MUST(!err || !is_inside(w, page, size));
	return joined;
}

struct range {
	struct world *w;
	uint64_t first, last;
};

static bool is_noted(const struct world *w, uint64_t i)
{
	return w->bitmap[i / 64] >> i % 64 & 1;
}

/* A leaf that is not all in the range keeps what was recorded. */
static int check_forgotten(const struct io_pgtable_walk_entry *e, void *ctx)
{
	const struct range *r = ctx;
	uint64_t granule = r->w->v->granule, last = e->iova + (e->size - 1);

	if (e->kind != IO_PGTABLE_WALK_LEAF || e->iova < r->first || last > r->last)
		return 0;
	for (uint64_t i = 0; i < e->size / granule; i++)
		MUST(!is_noted(r->w, (e->iova - r->first) / granule + i));
	return 0;
}

static void read_again(struct world *w, uint64_t at, uint64_t size)
{
	struct range r = { w, at, at + (size - 1) };

	memset(w->bitmap, 0, sizeof(w->bitmap));
	MUST(!io_pgtable_read_and_clear_dirty(w->iop, at, size, IO_PGTABLE_DIRTY_NO_CLEAR,
					      w->bitmap, NULL));
	MUST(!io_pgtable_walk(w->iop, at, size, check_forgotten, &r));
}

/*
 * All that can be written to was written to, so that is what is found, and after that it is
 * forgotten.
 */
static bool do_dirty(struct world *w, struct input *in)
{
	int64_t page = take_page(w, in);
	uint64_t size = take_size(w, in);
	unsigned int flags = (unsigned int)take(in, 1) % 3;
	bool tracks = w->iop->cfg.quirks & DIRTY_QUIRKS, any = false;
	int err;

	/* A bitmap for what lies in the window; elsewhere the call is refused. */
	if (page + (int64_t)(size / w->v->granule) > (int64_t)w->pages && size != -w->v->granule)
		return false;
	io_pgtable_set_dirty(w->iop, address(w, page), size);
	memset(w->bitmap, 0, sizeof(w->bitmap));
	err = io_pgtable_read_and_clear_dirty(w->iop, address(w, page), size, flags, w->bitmap,
					      NULL);
	MUST(tracks || err == -EOPNOTSUPP);
	MUST(!err == (tracks && flags < 2) || !is_inside(w, page, size));
	for (size_t i = 0; !err && i < size / w->v->granule; i++) {
		int64_t at = page + (int64_t)i;
		bool written = at >= 0 && w->pa[at] && (w->prot[at] & IOMMU_WRITE);

		MUST(is_noted(w, i) == written);
		any |= written;
	}
	if (!err && !flags)
		read_again(w, address(w, page), size);
	tracked[!(w->iop->cfg.quirks & IO_PGTABLE_QUIRK_ARM_HD)] += any;
	return any;
}

static uint64_t expected_at(const struct world *w, int64_t page, uint64_t offset)
{
	if (page < 0 || (size_t)page >= w->pages || !w->pa[page])
		return 0;
	return w->pa[page] - 1 + offset;
}

static bool do_look(struct world *w, struct input *in)
{
	int64_t page = take_page(w, in);
	uint64_t offset = take(in, 2) % w->v->granule;
	uint64_t pa = io_pgtable_iova_to_phys(w->iop, address(w, page) + offset);

	MUST(pa == expected_at(w, page, offset));
	return pa;
}

static bool do_batch(struct world *w, struct input *in)
{
	uint64_t at[BATCH] = { 0 }, expected[BATCH];
	phys_addr_t pa[BATCH];
	size_t n = take(in, 1) % (BATCH + 1);
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		int64_t page = take_page(w, in);

		at[i] = address(w, page) + i;
		expected[i] = expected_at(w, page, i);
	}
	io_pgtable_iova_to_phys_batch(w->iop, at, pa, n);
	for (size_t i = 0; i < n; i++) {
		MUST(pa[i] == expected[i]);
		any |= pa[i];
	}
	return any;
}

static bool do_trim(struct world *w, struct input *in)
{
	return io_pgtable_trim(w->iop);
}

/* What the device may do is what it was asked for; some formats cannot refuse a read. */
static int check_leaf(const struct io_pgtable_walk_entry *e, void *ctx)
{
	struct world *w = ctx;
	size_t page = (e->iova - w->base) / w->v->granule;

	if (e->kind != IO_PGTABLE_WALK_LEAF)
		return 0;
	for (size_t i = 0; i < e->size / w->v->granule; i++) {
		int prot = shown_prot(w->v, w->prot[page + i] & RW);

		MUST(page + i < w->pages && w->pa[page + i] == e->paddr + i * w->v->granule + 1);
		MUST((e->prot & RW) == prot || (e->prot & RW) == (prot | IOMMU_READ));
	}
	return 0;
}

static void check(struct world *w)
{
	MUST(!io_pgtable_validate(w->iop));
	for (size_t i = 0; i < w->pages; i++)
		MUST(io_pgtable_iova_to_phys(w->iop, w->base + i * w->v->granule) ==
		     expected_at(w, (int64_t)i, 0));
	MUST(!io_pgtable_walk(w->iop, w->base, w->pages * w->v->granule, check_leaf, w));
}

static struct {
	const char *name;
	bool (*run)(struct world *w, struct input *in);
	unsigned long reached;
} operations[] = {
	{ "map", do_map, 0 },
	{ "map_sg", do_map_sg, 0 },
	{ "map_pages", do_map_pages, 0 },
	{ "unmap", do_unmap, 0 },
	{ "protect", do_protect, 0 },
	{ "replace", do_replace, 0 },
	{ "coalesce", do_coalesce, 0 },
	{ "dirty", do_dirty, 0 },
	{ "look", do_look, 0 },
	{ "batch", do_batch, 0 },
	{ "trim", do_trim, 0 },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world w;
	struct input in = { data, size };

	if (!open_world(&w, &in))
		return 0;
	for (unsigned int i = 0; i < MOST_OPERATIONS && in.left; i++) {
		size_t which = take(&in, 1) % ARRAY_SIZE(operations);

		operations[which].reached += operations[which].run(&w, &in);
	}
	check(&w);
	free_io_pgtable(w.iop);
	return 0;
}

bool fuzz_is_complete(void)
{
	bool complete = was_reached("dirty with ARM_HD", tracked[0]);

	complete &= was_reached("dirty with DIRTY", tracked[1]);
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
		printf("%s %lu\n", operations[i].name, operations[i].reached);
		complete &= was_reached(operations[i].name, operations[i].reached);
	}
	for (size_t i = 0; i < NR_VARIANTS; i++)
		complete &= was_reached(variants[i].name, opened[i]);
	return complete;
}
