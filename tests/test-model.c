// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random operations against a reference: a plain array from page to translation, and beside it what
 * a TLB could still hold (stale.h).
 *
 *	test-model VARIANT [plain|hooks|clean|reclaim|reclaim-clean [OPERATIONS [SEED]]]
 *
 * plain: the walker snoops and physical addresses are virtual ones, as in the code's fast tiers;
 * hooks: they are translated; clean: the walker does not snoop; reclaim: as plain or clean, with
 * emptied tables reclaimed by syncs. The input space is a few windows, at the bottom, across
 * boundaries of every level and at the top. After every operation some addresses are looked up;
 * each successful lookup also fills the modelled TLB, which only the driver's callbacks for leaves
 * empty, so that an invalidation that is missing, too small or too late is found at the next sync.
 * (Those for tables are test-gather's, but for tables that become blocks.) Freed tables are
 * poisoned, and must not be freed while an invalidation is outstanding (support.h).
 *
 * Leaves that are joined (io_pgtable_coalesce()) change no translation. They are judged by their
 * sizes: none could be larger, none is larger than the range but those that were before; a smaller
 * one is in no TLB any more, nor the table in a walk cache; and at each sync a walker finds
 * neither. How often tables became blocks and leaves groups is counted: a variant that can must
 * have done both.
 */
#include "io-pgtable-update.h"
#include "stale.h"

#include <stdio.h>

#define STALE_LIMIT 4096
#define QUEUE_LIMIT 64

static uint64_t granule, seed, operation, operations = 1000000;
static const struct variant *variant;
static const char *mode = "plain";
static struct io_pgtable *iop;
static struct iommu_iotlb_gather gather;

/*
 * Pages that were unmapped, or have other permissions, through the gather and may be stale until
 * the sync.
 */
static struct {
	struct window *w;
	size_t first, n;
} pending[STALE_LIMIT];
static size_t nr_pending;

/* While leaves are joined: what was invalidated and is not synced yet. */
static bool joining;
static struct {
	uint64_t iova, size;
} queue[QUEUE_LIMIT];
static size_t nr_queued;

static struct {
	uint64_t maps, conflicts, unmaps, pages, protects, coalesces, blocks, groups;
} tally;

static uint64_t random_below(uint64_t n)
{
	return n ? next_random(&seed) % n : 0;
}

static void model_add_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf,
			    void *cookie)
{
	assert_int_equal(size & ((1ull << stride_lg2) - 1), 0);
	assert_int_equal(iova & ((1ull << stride_lg2) - 1), 0);
	assert_true(iova <= iova + (size - 1));
	assert_true(!leaf || variant->sizes & 1ull << stride_lg2);
	stale_drop(iova, size, leaf);
	recorder.unsynced++;
	if (joining) {
		assert_true(nr_queued < QUEUE_LIMIT);
		queue[nr_queued].iova = iova;
		queue[nr_queued++].size = size;
	}
}

static void model_add_flush(uint64_t iova, size_t size, bool leaf, void *cookie)
{
	model_add_range(iova, size, (unsigned int)__builtin_ctzll(size), leaf, cookie);
}

/* Does a page of size take several entries? Then they lie between two levels. */
static bool is_group(uint64_t size)
{
	unsigned int entries_lg2 = (unsigned int)__builtin_ctzll(table_entries(variant));

	return (unsigned int)__builtin_ctzll(size / granule) % entries_lg2;
}

/*
 * Break before make: what is being joined is neither what it was nor what it will be. Or else it is
 * never away.
 */
static void model_sync(void *cookie)
{
	recorder.unsynced = 0;
	for (; nr_queued; nr_queued--) {
		uint64_t iova = queue[nr_queued - 1].iova, size = queue[nr_queued - 1].size;
		bool there = changes_in_place(variant->fmt) && !is_group(size);

		assert_int_equal(io_pgtable_iova_to_phys(iop, iova) != 0, there);
		assert_int_equal(io_pgtable_iova_to_phys(iop, iova + (size - 1)) != 0, there);
	}
}

static void model_clean(void *ptr, size_t size, void *cookie)
{
}

static struct iommu_gather_ops driver = {
	.flush_pgtable = model_clean,
	.tlb_flush_all = model_sync,
	.tlb_add_flush = model_add_flush,
	.tlb_sync = model_sync,
	.tlb_add_range = model_add_range,
};

static void check_not_stale(struct window *w, size_t first, size_t n)
{
	size_t page = stale_page(w, first, n);

	if (page < first + n)
		fail_msg("operation %llu: page %#zx of window %#llx may be translated as it was",
			 (unsigned long long)operation, page, (unsigned long long)w->iova);
}

static void sync_all(void)
{
	io_pgtable_sync(iop, &gather);
	assert_int_equal(recorder.unsynced, 0);
	for (size_t i = 0; i < nr_pending; i++)
		check_not_stale(pending[i].w, pending[i].first, pending[i].n);
	nr_pending = 0;
}

static uint64_t pa_of(uint64_t page)
{
	return page & ~(granule - 1);
}

static void look_up(struct window *w, size_t page)
{
	uint64_t offset = random_below(granule);
	phys_addr_t pa = io_pgtable_iova_to_phys(iop, w->iova + page * granule + offset);

	assert_int_equal(pa, w->page[page] ? pa_of(w->page[page]) + offset : 0);
	if (w->page[page])
		stale_use(w, page);
}

static void look_around(struct window *w, size_t first, size_t n)
{
	look_up(w, first);
	look_up(w, first + n - 1);
	look_up(w, first + random_below(n));
	if (first)
		look_up(w, first - 1);
	if (first + n < w->pages)
		look_up(w, first + n);
	look_up(w, random_below(w->pages));
}

/* Mostly what can be written to, too; the same all the time where leaves say nothing of it. */
static int random_prot(void)
{
	return variant->traits & MTK || random_below(8) ? RW : IOMMU_READ;
}

static void fill_model(struct window *w, size_t first, size_t n, uint64_t pa, int prot)
{
	uint64_t extra = 1 + (prot == RW ? 0 : PAGE_READ_ONLY);

	for (size_t i = 0; i < n; i++, pa += granule)
		w->page[first + i] = pa + extra;
}

/* A start and length: mostly small, sometimes whole blocks or everything. */
static void pick(const struct window *w, size_t *first, size_t *n)
{
	uint64_t block = granule / 8, kind = random_below(256);

	*first = random_below(w->pages);
	*n = 1 + random_below(kind < 160 ? 4 : kind < 240 ? 40 : block * 2);
	if (kind >= 252) {
		*first &= ~(block - 1);
		*n = block * (1 + random_below(3));
	}
	if (kind == 255 && random_below(16) == 0) {
		*first = 0;
		*n = w->pages;
	}
	if (*n > w->pages - *first)
		*n = w->pages - *first;
}

static uint64_t pick_pa(const struct window *w, size_t first)
{
	uint64_t pa = random_below(1ull << (variant->oas - 8)) & ~(granule - 1);

	/* Half of the time alike modulo a large block, so that blocks can be used. */
	if (random_below(2)) {
		uint64_t size = largest_size(variant->sizes & ~SZ_4T);

		pa = (pa & ~(size - 1)) + ((w->iova + first * granule) & (size - 1));
	}
	return pa;
}

static size_t first_mapped(const struct window *w, size_t first, size_t n)
{
	size_t i = 0;

	while (i < n && !w->page[first + i])
		i++;
	return i;
}

static void do_map(struct window *w)
{
	size_t first, n, free_pages;
	int err, prot = random_prot();
	uint64_t pa;

	pick(w, &first, &n);
	pa = pick_pa(w, first);
	free_pages = first_mapped(w, first, n);
	/* Mostly into what is free, or there would soon be nothing but conflicts. */
	if (free_pages && random_below(8))
		n = free_pages;
	err = io_pgtable_map(iop, w->iova + first * granule, pa, n * granule, prot);
	assert_int_equal(err, free_pages == n ? 0 : -EEXIST);
	tally.maps += !err;
	tally.conflicts += err != 0;
	tally.pages += err ? 0 : n;
	if (!err)
		fill_model(w, first, n, pa, prot);
	look_around(w, first, n);
}

static void do_map_pages(struct window *w)
{
	uint64_t sizes = variant->sizes & ~SZ_4T, size = granule;
	size_t first, n, count, mapped = 7, free_pages;
	int err, prot = random_prot();
	uint64_t pa;

	if (sizes != granule && random_below(16) == 0)
		size = (sizes & ~granule) & -(sizes & ~granule);
	pick(w, &first, &n);
	first = (first * granule & ~(size - 1)) / granule;
	count = 1 + n * granule / size;
	n = count * size / granule;
	if (first + n > w->pages)
		return;
	pa = pick_pa(w, first) & ~(size - 1);
	free_pages = first_mapped(w, first, n);
	err = iop->ops->map_pages(iop, w->iova + first * granule, pa, size, count, prot, &mapped);
	mapped -= 7;
	assert_int_equal(err, free_pages == n ? 0 : -EEXIST);
	assert_true(mapped <= free_pages * granule && mapped % size == 0);
	if (!err)
		assert_int_equal(mapped, count * size);
	fill_model(w, first, mapped / granule, pa, prot);
	look_around(w, first, n);
}

/* By the largest size that fits, if that is a block: what is there need not be of that size. */
static size_t unmap_any_size(uint64_t iova, uint64_t size, struct iommu_iotlb_gather *g)
{
	for (uint64_t left = variant->sizes & ~SZ_4T & ~granule; left; left &= left - 1) {
		uint64_t block = left & -left;

		if (!((iova | size) & (block - 1)) && (iop->cfg.pgsize_bitmap & block))
			return iop->ops->unmap_pages(iop, iova, block, size / block, g);
	}
	return io_pgtable_unmap(iop, iova, size, g);
}

/* Pages from first on that are mapped, at most n. */
static size_t mapped_from(const struct window *w, size_t first, size_t n)
{
	size_t some = 0;

	while (some < n && w->page[first + some])
		some++;
	return some;
}

/* These have changed: the TLB knows it now, or after the next sync. */
static void changed(struct window *w, size_t first, size_t n, bool strict)
{
	if (strict) {
		assert_true(!n || !recorder.unsynced);
		check_not_stale(w, first, n);
	} else if (n) {
		pending[nr_pending].w = w;
		pending[nr_pending].first = first;
		pending[nr_pending++].n = n;
		if (nr_pending == STALE_LIMIT)
			sync_all();
	}
}

/* Unmaps up to the first hole; returns the pages that went. */
static size_t unmap_at(struct window *w, size_t first, size_t n, bool strict)
{
	size_t expected = mapped_from(w, first, n);

	assert_int_equal(
		unmap_any_size(w->iova + first * granule, n * granule, strict ? NULL : &gather),
		expected * granule);
	memset(w->page + first, 0, expected * sizeof(*w->page));
	changed(w, first, expected, strict);
	tally.unmaps += expected != 0;
	return expected;
}

static void unmap_all(struct window *w, size_t first, size_t n, bool strict)
{
	for (size_t i = first; i < first + n; i++)
		i += unmap_at(w, i, first + n - i, strict);
}

static void do_unmap(struct window *w, bool across_holes)
{
	bool strict = random_below(2);
	size_t first, n;

	pick(w, &first, &n);
	if (!across_holes)
		unmap_at(w, first, n, strict);
	else
		unmap_all(w, first, n, strict);
	if (random_below(8) == 0)
		sync_all();
	look_around(w, first, n);
}

/* Up to the first hole, too. */
static void do_protect(struct window *w)
{
	bool strict = random_below(2);
	size_t first, n, expected, bytes = 0;
	int prot = random_prot();

	pick(w, &first, &n);
	expected = mapped_from(w, first, n);
	assert_int_equal(io_pgtable_protect(iop, w->iova + first * granule, n * granule, prot,
					    strict ? NULL : &gather, &bytes),
			 expected == n ? 0 : -ENOENT);
	assert_int_equal(bytes, expected * granule);
	for (size_t i = first; i < first + expected; i++)
		fill_model(w, i, 1, pa_of(w->page[i]), prot);
	changed(w, first, expected, strict);
	tally.protects += expected != 0;
	look_around(w, first, n);
}

/* Leaves that are joined. */

/* Of the sizes that there can be here, the first one that is joined of smaller ones, or 0. */
static uint64_t first_size(bool group)
{
	for (uint64_t left = iop->cfg.pgsize_bitmap & ~granule; left; left &= left - 1)
		if (is_group(left & -left) == group && (left & -left) <= table_span(variant))
			return left & -left;
	return 0;
}

/* What should have happened, and has not yet: it is made sure of. */
static uint64_t missing(void)
{
	if (!tally.blocks && first_size(false))
		return first_size(false);
	return tally.groups ? 0 : first_size(true);
}

/* One of several sizes; a table's at most, but now and then. 0: there is none. */
static uint64_t pick_size(uint64_t sizes)
{
	uint64_t some = sizes & (2 * table_span(variant) - 1);

	if (random_below(32) && some)
		sizes = some;
	for (uint64_t skip = random_below((uint64_t)__builtin_popcountll(sizes)); skip; skip--)
		sizes &= sizes - 1;
	return sizes & -sizes;
}

static void map_smaller(struct window *w, size_t first, size_t n, uint64_t pa, uint64_t size,
			int prot)
{
	size_t mapped = 0;

	if (!n)
		return;
	assert_int_equal(iop->ops->map_pages(iop, w->iova + first * granule, pa, size,
					     n * granule / size, prot, &mapped),
			 0);
	assert_int_equal(mapped, n * granule);
	fill_model(w, first, n, pa, prot);
}

/*
 * What one leaf of size would map, out of smaller ones of a size each. Flawed: but for one of them,
 * which is not there, elsewhere or read-only, or but for the alignment of their addresses.
 */
static void map_what_joins(struct window *w, size_t first, uint64_t size, bool flawed)
{
	enum { GONE, ELSEWHERE, MISALIGNED, PROTECTED };
	uint64_t pa = random_below(1ull << (variant->oas - 8)) & ~(size - 1);
	uint64_t smaller = pick_size(iop->cfg.pgsize_bitmap & (size - 1));
	uint64_t flaw = random_below(variant->traits & MTK ? PROTECTED : PROTECTED + 1);
	size_t one = smaller / granule, n = size / granule, at = random_below(n / one) * one;

	unmap_all(w, first, n, true);
	if (!flawed || flaw == MISALIGNED) {
		map_smaller(w, first, n, flawed ? pa + smaller : pa, smaller, RW);
		return;
	}
	map_smaller(w, first, at, pa, smaller, RW);
	if (flaw != GONE)
		map_smaller(w, first + at, one, pa + at * granule + (flaw == ELSEWHERE ? size : 0),
			    smaller, flaw == PROTECTED ? IOMMU_READ : RW);
	at += one;
	map_smaller(w, first + at, n - at, pa + at * granule, smaller, RW);
}

/* Either end of what is asked for lies elsewhere by a part of n pages, or where it is. */
static size_t shift_end(size_t end, size_t n, size_t pages)
{
	size_t by = 1 + random_below(n / 2);

	switch (random_below(4)) {
	case 0:
		return end > by ? end - by : 0;
	case 1:
		return end + by < pages ? end + by : pages;
	default:
		return end;
	}
}

/*
 * Something that joins, in this window, and a range that has all of it or not. False: there is no
 * place.
 */
static bool prepare(struct window *w, size_t *first, size_t *n)
{
	uint64_t sure = missing(), sizes = iop->cfg.pgsize_bitmap & ~granule;
	uint64_t size = sure ? sure : sizes ? pick_size(sizes) : 0, skip, places;
	size_t from, to;

	skip = -w->iova & (size - 1);
	if (!size || skip >= w->pages * granule || w->pages * granule - skip < size)
		return false;
	places = (w->pages * granule - skip) / size;
	from = (skip + random_below(places) * size) / granule;
	to = from + size / granule;
	*first = from;
	*n = to - from;
	/* Where a table has very many pages it is made more rarely. */
	if (!sure && random_below(*n) > 1024)
		return false;
	map_what_joins(w, from, size, !sure && random_below(4) == 0);
	if (sure || random_below(2))
		return true;
	from = shift_end(from, *n, w->pages);
	to = shift_end(to, *n, w->pages);
	if (from < to) {
		*first = from;
		*n = to - from;
	}
	return true;
}

/* A range of a window that is coalesced. */
struct joined {
	struct window *w;
	uint64_t iova, last;
};

static bool lies_within(const struct joined *j, uint64_t iova, uint64_t size)
{
	return iova >= j->iova && iova <= j->last && j->last - iova >= size - 1;
}

static int take_leaf(const struct io_pgtable_walk_entry *e, void *ctx)
{
	if (e->kind == IO_PGTABLE_WALK_TABLE)
		return 0;
	*(struct io_pgtable_walk_entry *)ctx = *e;
	return 1;
}

static struct io_pgtable_walk_entry leaf_at(const struct window *w, size_t page)
{
	struct io_pgtable_walk_entry e = { 0 };

	assert_int_equal(io_pgtable_walk(iop, w->iova + page * granule, 1, take_leaf, &e), 1);
	return e;
}

/*
 * Half of the leaves were used before: a TLB has a page of each, and walk caches the tables on the
 * way.
 */
static int use_leaf(const struct io_pgtable_walk_entry *e, void *ctx)
{
	const struct joined *j = ctx;

	if (e->kind == IO_PGTABLE_WALK_LEAF && random_below(2)) {
		uint64_t from = e->iova > j->iova ? e->iova : j->iova;

		stale_walk(j->w, (from - j->w->iova) / granule, e);
	}
	return 0;
}

/* Are these pages what one leaf would map? */
static bool is_one(const struct window *w, size_t first, size_t n)
{
	if (pa_of(w->page[first]) & (n * granule - 1))
		return false;
	for (size_t i = 1; i < n; i++)
		if (w->page[first + i] != w->page[first] + i * granule)
			return false;
	return true;
}

static int judge_leaf(const struct io_pgtable_walk_entry *e, void *ctx)
{
	const struct joined *j = ctx;
	struct window *w = j->w;
	size_t first = (e->iova - w->iova) / granule, n = e->size / granule;

	if (e->kind != IO_PGTABLE_WALK_LEAF)
		return 0;
	assert_true(e->iova >= w->iova && first + n <= w->pages);
	assert_true(is_one(w, first, n));
	assert_int_equal(pa_of(w->page[first]), e->paddr);
	assert_int_equal(e->prot & RW,
			 shown_prot(variant, w->page[first] & PAGE_READ_ONLY ? IOMMU_READ : RW));
	check_not_stale(w, first, n);
	if (stale_behind_leaf(w, e))
		fail_msg("operation %llu: leaf of %#llx at %#llx: a smaller one, or its table, may "
			 "still be used",
			 (unsigned long long)operation, (unsigned long long)e->size,
			 (unsigned long long)e->iova);
	for (uint64_t left = iop->cfg.pgsize_bitmap & ~(2 * e->size - 1); left; left &= left - 1) {
		uint64_t size = left & -left;

		if (!(e->iova & (size - 1)) && lies_within(j, e->iova, size) &&
		    is_one(w, first, size / granule))
			fail_msg("operation %llu: leaf of %#llx at %#llx could have %#llx",
				 (unsigned long long)operation, (unsigned long long)e->size,
				 (unsigned long long)e->iova, (unsigned long long)size);
	}
	return 0;
}

/* A leaf is now part of the range, or what it was. */
static void judge_edge(const struct joined *j, size_t page,
		       const struct io_pgtable_walk_entry *before)
{
	struct io_pgtable_walk_entry now = leaf_at(j->w, page);

	if (before->kind != IO_PGTABLE_WALK_LEAF || lies_within(j, now.iova, now.size))
		return;
	assert_int_equal(now.iova, before->iova);
	assert_int_equal(now.size, before->size);
}

static void coalesce(const struct joined *j)
{
	size_t nr = 0, before = io_pgtable_table_bytes(iop), blocks;

	joining = true;
	assert_int_equal(io_pgtable_coalesce(iop, j->iova, j->last - j->iova + 1, &nr), 0);
	joining = false;
	assert_int_equal(recorder.unsynced, 0);
	blocks = (before - io_pgtable_table_bytes(iop)) / table_size(variant);
	assert_true(nr >= blocks);
	tally.coalesces++;
	tally.blocks += blocks;
	tally.groups += nr - blocks;
}

static void do_coalesce(struct window *w)
{
	struct io_pgtable_walk_entry before[4];
	struct joined j = { .w = w };
	size_t first, n, edge[4];

	if (!(random_below(2) || missing()) || !prepare(w, &first, &n))
		pick(w, &first, &n);
	j.iova = w->iova + first * granule;
	j.last = j.iova + (n * granule - 1);
	edge[0] = first ? first - 1 : 0;
	edge[1] = first;
	edge[2] = first + n - 1;
	edge[3] = first + n < w->pages ? first + n : edge[2];
	/* Else smaller leaves may be in a TLB, until then, because they were there before these. */
	sync_all();
	for (size_t i = 0; i < ARRAY_SIZE(edge); i++)
		before[i] = leaf_at(w, edge[i]);
	assert_int_equal(io_pgtable_walk(iop, j.iova, n * granule, use_leaf, &j), 0);
	coalesce(&j);
	assert_int_equal(io_pgtable_walk(iop, j.iova, n * granule, judge_leaf, &j), 0);
	for (size_t i = 0; i < ARRAY_SIZE(edge); i++)
		judge_edge(&j, edge[i], &before[i]);
	look_around(w, first, n);
}

/* What a variant can do it must have done. */
static void check_joins(void)
{
	assert_int_equal(tally.blocks != 0, first_size(false) != 0);
	assert_int_equal(tally.groups != 0, first_size(true) != 0);
}

static void check_everything(void)
{
	sync_all();
	assert_int_equal(io_pgtable_validate(iop), 0);
	for (size_t i = 0; i < nr_windows; i++)
		for (size_t p = 0; p < window[i].pages; p++)
			assert_int_equal(io_pgtable_iova_to_phys(iop, window[i].iova + p * granule),
					 pa_of(window[i].page[p]));
}

static void test_random(void **state)
{
	struct io_pgtable_cfg cfg = config(variant);

	test_memory_reset();
	test_memory.check_sync = true;
	test_memory.pa_offset = variant->traits & NARROW ? -(1ull << 27) : 1ull << 38;
	cfg.mem = strcmp(mode, "hooks") ? &identity_mem : &offset_mem;
	cfg.coherent_walk = !strstr(mode, "clean");
	if (!strncmp(mode, "reclaim", 7))
		cfg.reclaim = IO_PGTABLE_RECLAIM_ON_SYNC;
	cfg.pgsize_bitmap &= ~SZ_4T;
	cfg.tlb = &driver;
	iop = alloc_io_pgtable(variant->fmt, &cfg, NULL);
	assert_non_null(iop);
	iommu_iotlb_gather_init(&gather);
	windows_make(variant);
	for (operation = 0; operation < operations; operation++) {
		struct window *w = &window[random_below(nr_windows)];
		uint64_t what = random_below(8), rare = random_below(64);

		if (rare == 0)
			do_coalesce(w);
		else if (rare < 4)
			do_protect(w);
		else if (what < 3)
			do_map(w);
		else if (what < 4)
			do_map_pages(w);
		else
			do_unmap(w, what == 4);
		if (operation % 100000 == 0)
			check_everything();
	}
	check_everything();
	check_joins();
	print_message("%llu maps of %llu pages, %llu conflicts, %llu unmaps, %llu protects\n",
		      (unsigned long long)tally.maps, (unsigned long long)tally.pages,
		      (unsigned long long)tally.conflicts, (unsigned long long)tally.unmaps,
		      (unsigned long long)tally.protects);
	print_message("%llu coalesces, of which came %llu blocks and %llu groups\n",
		      (unsigned long long)tally.coalesces, (unsigned long long)tally.blocks,
		      (unsigned long long)tally.groups);
	free_io_pgtable(iop);
	assert_int_equal(test_memory.live, 0);
	windows_free();
}

static bool is_mode(const char *name)
{
	static const char *const modes[] = { "plain", "hooks", "clean", "reclaim",
					     "reclaim-clean" };
	bool found = false;

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		found |= !strcmp(name, modes[i]);
	return found;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_random) };

	variant = argc > 1 ? find_variant(argv[1]) : NULL;
	if (argc > 2)
		mode = argv[2];
	if (!variant || !is_mode(mode)) {
		fprintf(stderr,
			"usage: test-model VARIANT [plain|hooks|clean|reclaim|reclaim-clean "
			"[OPERATIONS [SEED]]]\n");
		return 2;
	}
	granule = variant->granule;
	seed = 0x9e3779b97f4a7c15ull;
	if (argc > 3)
		operations = test_fewer(strtoull(argv[3], NULL, 0));
	if (argc > 4)
		seed += strtoull(argv[4], NULL, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
