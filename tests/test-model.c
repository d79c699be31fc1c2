// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random operations against a reference: a plain array from page to translation, and beside it what
 * a TLB could still hold.
 *
 *	test-model VARIANT [plain|hooks|clean|reclaim|reclaim-clean [OPERATIONS [SEED]]]
 *
 * plain: the walker snoops and physical addresses are virtual ones, as in the code's fast tiers; hooks:
 * they are translated; clean: the walker does not snoop; reclaim: as plain or clean, with emptied
 * tables reclaimed by syncs. The input space is a few windows, at the
 * bottom, across boundaries of every level and at the top. After every operation some addresses are
 * looked up; each successful lookup also fills the modelled TLB, which only the driver's callbacks
 * for leaves empty, so that an invalidation that is missing, too small or too late is found at the
 * next sync. (Those for tables are test-gather's.) Freed tables are poisoned, and must not be freed
 * while an invalidation is outstanding (support.h).
 */
#include "support.h"

#include <stdio.h>

#define MAX_WINDOWS 4
#define STALE_LIMIT 4096

struct window {
	uint64_t iova;
	size_t pages;
	uint64_t *pa;  /* translation of each page plus one, 0: none */
	uint64_t *tlb; /* what the TLB may hold, likewise */
};

static struct window window[MAX_WINDOWS];
static size_t nr_windows;
static uint64_t granule, seed, operation, operations = 1000000;
static const struct variant *variant;
static const char *mode = "plain";
static struct io_pgtable *iop;
static struct iommu_iotlb_gather gather;

/* Pages that were unmapped through the gather and may be stale until the sync. */
static struct {
	struct window *w;
	size_t first, n;
} pending[STALE_LIMIT];
static size_t nr_pending;

static struct {
	uint64_t maps, conflicts, unmaps, pages;
} tally;

static uint64_t random_below(uint64_t n)
{
	return n ? next_random(&seed) % n : 0;
}

static void drop(uint64_t iova, uint64_t size)
{
	for (size_t i = 0; i < nr_windows; i++) {
		struct window *w = &window[i];
		uint64_t w_last = w->iova + (w->pages * granule - 1), last = iova + (size - 1);
		uint64_t from = iova > w->iova ? iova : w->iova;
		uint64_t to = last < w_last ? last : w_last;

		if (from < to)
			memset(w->tlb + (from - w->iova) / granule, 0,
			       ((to - from) / granule + 1) * sizeof(*w->tlb));
	}
}

static void model_add_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf,
			    void *cookie)
{
	assert_int_equal(size & ((1ull << stride_lg2) - 1), 0);
	assert_int_equal(iova & ((1ull << stride_lg2) - 1), 0);
	assert_true(iova <= iova + (size - 1));
	assert_true(!leaf || variant->sizes & 1ull << stride_lg2);
	drop(iova, size);
	recorder.unsynced++;
}

static void model_add_flush(uint64_t iova, size_t size, bool leaf, void *cookie)
{
	model_add_range(iova, size, (unsigned int)__builtin_ctzll(size), leaf, cookie);
}

static void model_sync(void *cookie)
{
	recorder.unsynced = 0;
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
	for (size_t i = first; i < first + n; i++)
		if (!w->pa[i] && w->tlb[i])
			fail_msg(
				"operation %llu: page %#zx of window %#llx may still be translated",
				(unsigned long long)operation, i, (unsigned long long)w->iova);
}

static void sync_all(void)
{
	io_pgtable_sync(iop, &gather);
	assert_int_equal(recorder.unsynced, 0);
	for (size_t i = 0; i < nr_pending; i++)
		check_not_stale(pending[i].w, pending[i].first, pending[i].n);
	nr_pending = 0;
}

static void look_up(struct window *w, size_t page)
{
	uint64_t offset = random_below(granule);
	phys_addr_t pa = io_pgtable_iova_to_phys(iop, w->iova + page * granule + offset);

	assert_int_equal(pa, w->pa[page] ? w->pa[page] - 1 + offset : 0);
	if (w->pa[page])
		w->tlb[page] = w->pa[page];
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

static void fill_model(struct window *w, size_t first, size_t n, uint64_t pa)
{
	for (size_t i = 0; i < n; i++, pa += granule)
		w->pa[first + i] = pa + 1;
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

	while (i < n && !w->pa[first + i])
		i++;
	return i;
}

static void do_map(struct window *w)
{
	size_t first, n, free_pages;
	uint64_t pa;
	int err;

	pick(w, &first, &n);
	pa = pick_pa(w, first);
	free_pages = first_mapped(w, first, n);
	/* Mostly into what is free, or there would soon be nothing but conflicts. */
	if (free_pages && random_below(8))
		n = free_pages;
	err = io_pgtable_map(iop, w->iova + first * granule, pa, n * granule, RW);
	assert_int_equal(err, free_pages == n ? 0 : -EEXIST);
	tally.maps += !err;
	tally.conflicts += err != 0;
	tally.pages += err ? 0 : n;
	if (!err)
		fill_model(w, first, n, pa);
	look_around(w, first, n);
}

static void do_map_pages(struct window *w)
{
	uint64_t sizes = variant->sizes & ~SZ_4T, size = granule;
	size_t first, n, count, mapped = 7, free_pages;
	uint64_t pa;
	int err;

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
	err = iop->ops->map_pages(iop, w->iova + first * granule, pa, size, count, RW, &mapped);
	mapped -= 7;
	assert_int_equal(err, free_pages == n ? 0 : -EEXIST);
	assert_true(mapped <= free_pages * granule && mapped % size == 0);
	if (!err)
		assert_int_equal(mapped, count * size);
	fill_model(w, first, mapped / granule, pa);
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

/* Unmaps up to the first hole; returns the pages that went. */
static size_t unmap_at(struct window *w, size_t first, size_t n, bool strict)
{
	size_t expected = 0;

	while (expected < n && w->pa[first + expected])
		expected++;
	assert_int_equal(
		unmap_any_size(w->iova + first * granule, n * granule, strict ? NULL : &gather),
		expected * granule);
	memset(w->pa + first, 0, expected * sizeof(*w->pa));
	if (strict) {
		assert_true(!expected || !recorder.unsynced);
		check_not_stale(w, first, expected);
	} else if (expected) {
		pending[nr_pending].w = w;
		pending[nr_pending].first = first;
		pending[nr_pending++].n = expected;
		if (nr_pending == STALE_LIMIT)
			sync_all();
	}
	tally.unmaps += expected != 0;
	return expected;
}

static void do_unmap(struct window *w, bool across_holes)
{
	bool strict = random_below(2);
	size_t first, n;

	pick(w, &first, &n);
	if (!across_holes) {
		unmap_at(w, first, n, strict);
	} else {
		for (size_t i = first; i < first + n; i++)
			i += unmap_at(w, i, first + n - i, strict);
	}
	if (random_below(8) == 0)
		sync_all();
	look_around(w, first, n);
}

static void check_everything(void)
{
	sync_all();
	assert_int_equal(io_pgtable_validate(iop), 0);
	for (size_t i = 0; i < nr_windows; i++)
		for (size_t p = 0; p < window[i].pages; p++)
			assert_int_equal(io_pgtable_iova_to_phys(iop, window[i].iova + p * granule),
					 window[i].pa[p] ? window[i].pa[p] - 1 : 0);
}

static void add_window(uint64_t iova, uint64_t bytes)
{
	struct window *w = &window[nr_windows++];

	w->iova = canonical(variant, iova);
	w->pages = bytes / granule;
	w->pa = calloc(w->pages, sizeof(*w->pa));
	w->tlb = calloc(w->pages, sizeof(*w->tlb));
	assert_true(w->pa && w->tlb);
}

static void make_windows(void)
{
	uint64_t block = granule * granule / 8, top = 1ull << variant->ias;

	add_window(0, 2 * block);
	add_window(top / 4 * 3 - 2 * block, 4 * block);
	add_window(top - 3 * block, 3 * block);
	/* With room for the largest block where that is affordable. */
	add_window(top / 4, granule == SZ_4K ? SZ_1G : 4 * block);
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
	make_windows();
	for (operation = 0; operation < operations; operation++) {
		struct window *w = &window[random_below(nr_windows)];
		uint64_t what = random_below(8);

		if (what < 3)
			do_map(w);
		else if (what < 4)
			do_map_pages(w);
		else
			do_unmap(w, what == 4);
		if (operation % 100000 == 0)
			check_everything();
	}
	check_everything();
	print_message("%llu maps of %llu pages, %llu conflicts, %llu unmaps\n",
		      (unsigned long long)tally.maps, (unsigned long long)tally.pages,
		      (unsigned long long)tally.conflicts, (unsigned long long)tally.unmaps);
	free_io_pgtable(iop);
	assert_int_equal(test_memory.live, 0);
	for (size_t i = 0; i < nr_windows; i++) {
		free(window[i].pa);
		free(window[i].tlb);
	}
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
