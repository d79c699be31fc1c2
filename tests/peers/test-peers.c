// SPDX-License-Identifier: GPL-2.0-only
/*
 * The same random operations on a table of the kernel's and one of the library's: return values,
 * translations and descriptors must be the same.
 *
 *	test-peers VARIANT [OPERATIONS [SEED]]
 *
 * Only operations that both define alike are drawn; docs/peers.md lists where they differ by
 *design. A model of which leaf covers which page decides what is alike: it is not a third oracle,
 *what it believes is checked against neither. Invariant: after every operation both tables hold the
 *same translations in all windows.
 */
#include "support.h"

#include <stdio.h>

#include "linux-peer.h"
#include "peer-runtime.h"
#include "peer-walk.h"

enum { NR_WINDOWS = 3, MAX_SIZES = 3, LIFETIME = 20000, PROBES = 6, SWEEP_EVERY = 500 };

/* leaf[page]: log2 of the size of the leaf that maps it, 0 if nothing does. */
struct window {
	uint64_t iova;
	size_t pages;
	uint8_t *leaf;
};

static const struct variant *variant;
static struct window window[NR_WINDOWS];
static unsigned int size_lg2[MAX_SIZES], nr_sizes, granule_lg2;
static uint64_t seed = 1;
static struct io_pgtable *core;
static struct linux_table *kernel;
static struct peer_walk core_walk, kernel_walk;
static struct {
	uint64_t maps, conflicts, unmaps, holes, splits, refused, leaves;
} tally;

static uint64_t random_below(uint64_t n)
{
	return next_random(&seed) % n;
}

static bool stage_1(void)
{
	return variant->fmt == ARM_32_LPAE_S1 || variant->fmt == ARM_64_LPAE_S1;
}

#define CHECK(condition, ...)                                                           \
	do {                                                                            \
		if (!(condition)) {                                                     \
			fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition); \
			fprintf(stderr, __VA_ARGS__);                                   \
			fputc('\n', stderr);                                            \
			exit(1);                                                        \
		}                                                                       \
	} while (0)

/* ---- tables ---- */

static void open_core(unsigned long quirks)
{
	struct io_pgtable_cfg cfg = config(variant);
	uint64_t vtcr;

	cfg.quirks |= quirks;
	core = alloc_io_pgtable(variant->fmt, &cfg, NULL);
	CHECK(core, "no table of the library's");
	core_walk.granule_lg2 = granule_lg2;
	if (stage_1()) {
		core_walk.root = cfg.arm_lpae_s1_cfg.ttbr[0];
		/* Stage 1 leaves no choice: as many levels as the input size needs. */
		core_walk.start_level = kernel_walk.start_level;
		return;
	}
	vtcr = cfg.arm_lpae_s2_cfg.vtcr;
	core_walk.root = cfg.arm_lpae_s2_cfg.vttbr;
	/* SL0 of the 32-bit format is VTCR.SL0 too: 0 is level 2, 1 is level 1. */
	core_walk.start_level = (granule_lg2 == 12 ? 2 : 3) - (vtcr >> 6 & 3);
}

static void open_kernel(unsigned long quirks)
{
	const struct linux_config c = { (enum linux_fmt)variant->fmt,
					variant->sizes,
					variant->ias,
					variant->oas,
					quirks,
					true };

	kernel = linux_peer.alloc(&c);
	CHECK(kernel, "no table of the kernel's");
	kernel_walk = (struct peer_walk){ kernel->root, kernel->start_level, granule_lg2 };
}

static void open_tables(void)
{
	/* The quirks that change descriptors and both have. */
	unsigned long quirks = stage_1() && random_below(2) ? IO_PGTABLE_QUIRK_ARM_NS : 0;

	if (variant->fmt == ARM_64_LPAE_S1 && random_below(2))
		quirks |= IO_PGTABLE_QUIRK_ARM_HD;

	open_kernel(quirks);
	open_core(quirks);
	for (int i = 0; i < NR_WINDOWS; i++)
		memset(window[i].leaf, 0, window[i].pages);
}

static void close_tables(void)
{
	CHECK(io_pgtable_validate(core) == 0, "the library's table is broken");
	free_io_pgtable(core);
	linux_peer.free(kernel);
}

/* ---- the kernel's operations, in the loops that its IOMMU core has around them ---- */

static int kernel_map(uint64_t iova, uint64_t pa, size_t size, size_t count, int prot,
		      size_t *total)
{
	int ret = 0;

	for (*total = 0; !ret && *total < size * count;) {
		size_t mapped = 0;

		ret = kernel->ops->map_pages(kernel->ops, iova + *total, pa + *total, size,
					     count - *total / size, prot, LINUX_GFP_ATOMIC,
					     &mapped);
		*total += mapped;
	}
	return ret;
}

static size_t kernel_unmap(uint64_t iova, size_t size, size_t count, bool queued)
{
	struct linux_gather g;
	size_t total = 0, gone;

	linux_gather_init(&g);
	g.queued = queued;
	do {
		gone = kernel->ops->unmap_pages(kernel->ops, iova + total, size,
						count - total / size, &g);
		total += gone;
	} while (gone && total < size * count);
	linux_sync(kernel, &g);
	return total;
}

static size_t core_unmap(uint64_t iova, size_t size, size_t count, bool queued)
{
	struct iommu_iotlb_gather g;
	size_t gone;

	if (!queued)
		return core->ops->unmap_pages(core, iova, size, count, NULL);
	iommu_iotlb_gather_init(&g);
	gone = core->ops->unmap_pages(core, iova, size, count, &g);
	io_pgtable_sync(core, &g);
	return gone;
}

/* ---- comparing ---- */

/* The kernel sets both execute-never bits at stage 2, where the architecture has bit 53 mean
 * something else than the library is asked for.
 */
static uint64_t comparable(uint64_t descriptor)
{
	return stage_1() ? descriptor : descriptor & ~(1ull << 53);
}

static void compare_at(uint64_t iova)
{
	uint64_t a = kernel->ops->iova_to_phys(kernel->ops, iova);
	uint64_t b = core->ops->iova_to_phys(core, iova);
	unsigned int kernel_level, core_level;

	CHECK(a == b, "%#llx: kernel %#llx, library %#llx", (unsigned long long)iova,
	      (unsigned long long)a, (unsigned long long)b);
	a = comparable(peer_walk_leaf(&kernel_walk, iova, &kernel_level));
	b = comparable(peer_walk_leaf(&core_walk, iova, &core_level));
	CHECK(a == b, "%#llx: descriptors: kernel %#llx, library %#llx", (unsigned long long)iova,
	      (unsigned long long)a, (unsigned long long)b);
	CHECK(!a || kernel_level == core_level, "%#llx: levels %u and %u", (unsigned long long)iova,
	      kernel_level, core_level);
	tally.leaves += a != 0;
}

static void compare_some(const struct window *w, size_t from, size_t pages)
{
	for (int i = 0; i < PROBES; i++) {
		compare_at(w->iova + ((from + random_below(pages)) << granule_lg2) +
			   random_below(1ull << granule_lg2));
		compare_at(w->iova + (random_below(w->pages) << granule_lg2));
	}
	compare_at(w->iova + (from << granule_lg2));
	compare_at(w->iova + ((from + pages) << granule_lg2) - 1);
}

/* Every page of the small windows; a large one in steps that change. */
static void compare_all(void)
{
	for (int i = 0; i < NR_WINDOWS; i++) {
		size_t step = window[i].pages / 4096 + 1;

		for (size_t p = random_below(step); p < window[i].pages; p += step)
			compare_at(window[i].iova + (p << granule_lg2));
	}
}

/* ---- the model ---- */

static bool all_empty(const struct window *w, size_t from, size_t pages)
{
	for (size_t p = from; p < from + pages; p++)
		if (w->leaf[p])
			return false;
	return true;
}

static bool all_mapped(const struct window *w, size_t from, size_t pages)
{
	for (size_t p = from; p < from + pages; p++)
		if (!w->leaf[p])
			return false;
	return true;
}

static unsigned int next_smaller(unsigned int lg2)
{
	unsigned int best = granule_lg2;

	for (unsigned int i = 0; i < nr_sizes; i++)
		if (size_lg2[i] < lg2 && size_lg2[i] > best)
			best = size_lg2[i];
	return best;
}

/* The leaf at a page loses part of itself: its rest becomes leaves of the next smaller size. */
static void split_leaf(struct window *w, size_t page)
{
	unsigned int lg2 = w->leaf[page];
	size_t pages = (size_t)1 << (lg2 - granule_lg2);

	memset(w->leaf + page / pages * pages, (int)next_smaller(lg2), pages);
	tally.splits++;
}

/* An end of a range that is unmapped: no leaf may reach across it. */
static void cut(struct window *w, size_t at)
{
	while (at < w->pages && w->leaf[at] &&
	       at & (((size_t)1 << (w->leaf[at] - granule_lg2)) - 1))
		split_leaf(w, at);
}

/* ---- operations ---- */

struct range {
	struct window *w;
	size_t first; /* page of the window */
	size_t pages;
	uint64_t iova;
	size_t size;
	unsigned int lg2;
	size_t count;
};

static struct range random_range(void)
{
	struct range r = { .w = &window[random_below(NR_WINDOWS)] };
	size_t unit, most;

	do {
		r.lg2 = size_lg2[random_below(4) ? random_below(nr_sizes) : 0];
		unit = (size_t)1 << (r.lg2 - granule_lg2);
	} while (unit > r.w->pages);
	most = r.w->pages / unit;
	r.first = random_below(most) * unit;
	r.count = random_below(3) ? 1 + random_below(16) : 1 + random_below(700);
	if (r.count > (r.w->pages - r.first) / unit)
		r.count = (r.w->pages - r.first) / unit;
	r.pages = r.count * unit;
	r.size = (size_t)1 << r.lg2;
	r.iova = r.w->iova + (r.first << granule_lg2);
	return r;
}

/* Whether the operation was one that both define alike, and was done. */
static bool do_map(struct range *r)
{
	int prot = (int)(1 + random_below(3)) | (int)(random_below(16) << 2);
	uint64_t pa = random_below(1ull << (variant->oas - 1)) & ~(r->size - 1);
	size_t kernel_bytes, core_bytes = 0;
	int kernel_ret, core_ret;

	if (!all_empty(r->w, r->first, r->pages)) {
		/* A leaf of at least this size is in the way of exactly one. */
		if (r->w->leaf[r->first] < r->lg2)
			return false;
		r->count = 1;
		tally.conflicts++;
	} else {
		memset(r->w->leaf + r->first, (int)r->lg2, r->pages);
		tally.maps++;
	}
	kernel_ret = kernel_map(r->iova, pa, r->size, r->count, prot, &kernel_bytes);
	core_ret = core->ops->map_pages(core, r->iova, pa, r->size, r->count, prot, &core_bytes);
	CHECK(kernel_ret == core_ret, "map: kernel %d, library %d", kernel_ret, core_ret);
	CHECK(kernel_bytes == core_bytes, "map: kernel %#zx, library %#zx bytes", kernel_bytes,
	      core_bytes);
	compare_some(r->w, r->first, r->pages);
	return true;
}

static bool do_unmap(struct range *r)
{
	bool queued = random_below(2);
	size_t kernel_bytes, core_bytes;

	if (!all_mapped(r->w, r->first, r->pages)) {
		/* With the smallest size both stop at a hole. */
		if (r->lg2 != granule_lg2)
			return false;
		tally.holes++;
	}
	kernel_bytes = kernel_unmap(r->iova, r->size, r->count, queued);
	core_bytes = core_unmap(r->iova, r->size, r->count, queued);
	CHECK(kernel_bytes == core_bytes, "unmap: kernel %#zx, library %#zx bytes", kernel_bytes,
	      core_bytes);
	if (core_bytes) {
		cut(r->w, r->first);
		cut(r->w, r->first + (core_bytes >> granule_lg2));
		memset(r->w->leaf + r->first, 0, core_bytes >> granule_lg2);
	}
	tally.unmaps++;
	compare_some(r->w, r->first, r->pages);
	return true;
}

/* Arguments that both refuse in the same way. */
static bool do_refused(struct range *r)
{
	uint64_t iova = r->iova, pa = 0;
	size_t size = r->size, kernel_bytes, core_bytes = 0;
	int prot = IOMMU_READ, kernel_ret, core_ret;

	switch (random_below(4)) {
	case 0:
		size *= 2;
		iova &= ~(uint64_t)(size - 1);
		break;
	case 1:
		prot = IOMMU_CACHE;
		break;
	case 2:
		pa = 1ull << variant->oas;
		break;
	default:
		iova = 1ull << variant->ias;
	}
	kernel_ret = kernel_map(iova, pa, size, 1, prot, &kernel_bytes);
	core_ret = core->ops->map_pages(core, iova, pa, size, 1, prot, &core_bytes);
	CHECK(kernel_ret == core_ret && kernel_ret < 0, "refused: kernel %d, library %d",
	      kernel_ret, core_ret);
	CHECK(!kernel_bytes && !core_bytes, "refused, and yet something was mapped");
	tally.refused++;
	return true;
}

/* Mostly where there is something to do, and half of the time without a hole. */
static bool do_operation(void)
{
	bool wants_mapped = random_below(8) < 4 || random_below(8) == 0;
	bool maps = !wants_mapped || random_below(8) == 0;
	struct range r = random_range();

	for (int tries = 0; tries < 8 && !r.w->leaf[r.first] == wants_mapped; tries++)
		r = random_range();
	if (random_below(32) == 0)
		return do_refused(&r);
	if (maps)
		return do_map(&r);
	while (random_below(16) && r.count > 1 && !all_mapped(r.w, r.first, r.pages)) {
		r.count /= 2;
		r.pages = r.count << (r.lg2 - granule_lg2);
	}
	return do_unmap(&r);
}

static void make_windows(void)
{
	/* Small blocks at the bottom; at the top; and, if there is one, around the largest block.
	 */
	unsigned int middle = nr_sizes > 1 ? size_lg2[1] : granule_lg2 + 4;
	size_t small = (size_t)8 << (middle - granule_lg2);
	uint64_t top = 1ull << variant->ias;
	unsigned int largest = nr_sizes > 2 && size_lg2[2] <= 30 ? size_lg2[2] : middle;
	size_t large = (size_t)2 << (largest - granule_lg2);

	window[0] = (struct window){ 0, small, NULL };
	window[1] = (struct window){ top - (small << granule_lg2), small, NULL };
	window[2] = (struct window){ 1ull << (variant->ias - 2), large, NULL };
	for (int i = 0; i < NR_WINDOWS; i++) {
		window[i].leaf = calloc(1, window[i].pages);
		CHECK(window[i].leaf, "not enough memory");
	}
}

int main(int argc, char **argv)
{
	uint64_t operations = argc > 2 ? strtoull(argv[2], NULL, 0) : 200000, next_tables = 0;

	variant = argc > 1 ? find_variant(argv[1]) : NULL;
	CHECK(variant, "usage: test-peers VARIANT [OPERATIONS [SEED]]");
	if (argc > 3)
		seed = strtoull(argv[3], NULL, 0);
	for (unsigned int lg2 = 0; lg2 < 64; lg2++)
		if (variant->sizes >> lg2 & 1)
			size_lg2[nr_sizes++] = lg2;
	granule_lg2 = size_lg2[0];
	/* The kernel warns about what it refuses, and about holes. */
	peer_expect_warnings(true);
	make_windows();
	for (uint64_t i = 0; i < operations;) {
		if (i == next_tables) {
			if (i)
				close_tables();
			open_tables();
			next_tables += LIFETIME;
		}
		if (do_operation() && ++i % SWEEP_EVERY == 0)
			compare_all();
	}
	compare_all();
	close_tables();
	printf("%llu maps, %llu conflicts, %llu unmaps (%llu with holes, %llu splits), "
	       "%llu refused, %llu descriptors\n",
	       (unsigned long long)tally.maps, (unsigned long long)tally.conflicts,
	       (unsigned long long)tally.unmaps, (unsigned long long)tally.holes,
	       (unsigned long long)tally.splits, (unsigned long long)tally.refused,
	       (unsigned long long)tally.leaves);
	CHECK(tally.maps && tally.conflicts && tally.holes && tally.splits && tally.refused &&
		      tally.leaves,
	      "something was never tried");
	return 0;
}
