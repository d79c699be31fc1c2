// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints a line for each format, smallest page and quirk, found out by asking: which sizes, input
 * and output bits io_pgtable_check_cfg() takes, what a table of them looks like, and what its
 * operations do. docs/formats.md is made of it (checks/formats.py).
 *
 * What holds: no quirk is named here. Every bit is tried by itself and, where it is refused,
 * together with what was taken before it (one quirk may need another); a new one appears by itself.
 */
#include <stdio.h>

#include "io-pgtable-update.h"
#include "io-pgtable-walk.h"
#include "support.h"

#define QUIRK_BITS (sizeof(unsigned long) * 8)
/* The first input and output bits tried, and those that are not. */
enum { BITS_MIN = 12, BITS_END = 64 };

/**
 * struct probed - a format with a smallest page and quirks
 * @fmt: the format
 * @page: the smallest page, in bytes
 * @quirks: what is set
 * @oas: by input bits, any output bits that they are taken with; 0: none
 * @sizes: bit for each size that is taken beside @page
 * @ias: the most input bits
 */
struct probed {
	enum io_pgtable_fmt fmt;
	uint64_t page;
	unsigned long quirks;
	unsigned int oas[BITS_END];
	uint64_t sizes;
	unsigned int ias;
};

static struct io_pgtable_cfg cfg_of(const struct probed *p, uint64_t sizes, unsigned int ias,
				    unsigned int oas)
{
	return (struct io_pgtable_cfg){ .quirks = p->quirks,
					.pgsize_bitmap = sizes,
					.ias = ias,
					.oas = oas,
					.coherent_walk = true };
}

static bool takes(const struct probed *p, uint64_t sizes, unsigned int ias, unsigned int oas)
{
	struct io_pgtable_cfg cfg = cfg_of(p, sizes, ias, oas);

	if (!io_pgtable_check_cfg(p->fmt, &cfg))
		return true;
	/* A quirk may be about walkers that do not snoop. */
	cfg.coherent_walk = false;
	return !io_pgtable_check_cfg(p->fmt, &cfg);
}

/* Finds the input bits that are taken; false if there are none. */
static bool probe_bits(struct probed *p)
{
	p->ias = 0;
	for (unsigned int ias = BITS_MIN; ias < BITS_END; ias++) {
		p->oas[ias] = BITS_END - 1;
		while (p->oas[ias] >= BITS_MIN && !takes(p, p->page, ias, p->oas[ias]))
			p->oas[ias]--;
		if (p->oas[ias] < BITS_MIN)
			p->oas[ias] = 0;
		else
			p->ias = ias;
	}
	return p->ias;
}

/* Every size that is taken together with the smallest page, at some input size. */
static void probe_sizes(struct probed *p)
{
	p->sizes = 0;
	for (unsigned int lg2 = BITS_MIN; lg2 < BITS_END; lg2++)
		for (unsigned int ias = p->ias; ias >= BITS_MIN && p->page <= 1ull << lg2; ias--)
			if (p->oas[ias] && takes(p, p->page | 1ull << lg2, ias, p->oas[ias])) {
				p->sizes |= 1ull << lg2;
				break;
			}
}

/* An empty table with these sizes, and as many input bits as there can be. */
static struct io_pgtable *table_of(const struct probed *p, uint64_t sizes)
{
	struct io_pgtable *iop = NULL;

	for (unsigned int ias = p->ias; ias >= BITS_MIN && !iop; ias--) {
		struct io_pgtable_cfg cfg = cfg_of(p, sizes, ias, p->oas[ias]);

		if (!p->oas[ias] || !takes(p, sizes, ias, p->oas[ias]))
			continue;
		cfg.coherent_walk = !io_pgtable_check_cfg(p->fmt, &cfg);
		iop = alloc_io_pgtable(p->fmt, &cfg, NULL);
	}
	assert_non_null(iop);
	return iop;
}

static struct io_pgtable_stats stats_of(struct io_pgtable *iop)
{
	struct io_pgtable_stats stats;

	assert_int_equal(io_pgtable_read_stats(iop, &stats), 0);
	return stats;
}

static unsigned int levels_of(struct io_pgtable *iop)
{
	struct io_pgtable_stats stats = stats_of(iop);
	unsigned int levels = IO_PGTABLE_WALK_LEVELS;

	while (levels && !stats.tables[levels - 1])
		levels--;
	return levels;
}

/* What one entry of the level above pages maps, if that is a size, or 0. */
static uint64_t block_of(const struct probed *p)
{
	struct io_pgtable *iop = table_of(p, p->page);
	uint64_t block = stats_of(iop).leaf_bytes[1];

	free_io_pgtable(iop);
	return p->sizes & block;
}

/* ---- features: each is asked of a table of its own ---- */

static bool maps(struct io_pgtable *iop, uint64_t iova, phys_addr_t paddr, uint64_t size)
{
	return !io_pgtable_map(iop, iova, paddr, size, RW);
}

static bool does_not_snoop(const struct probed *p)
{
	struct io_pgtable_cfg cfg = cfg_of(p, p->page, p->ias, p->oas[p->ias]);

	cfg.coherent_walk = false;
	return !io_pgtable_check_cfg(p->fmt, &cfg);
}

static bool reclaims(const struct probed *p)
{
	struct io_pgtable_cfg cfg = cfg_of(p, p->page, p->ias, p->oas[p->ias]);

	cfg.reclaim = IO_PGTABLE_RECLAIM_ON_TRIM;
	return !io_pgtable_check_cfg(p->fmt, &cfg);
}

/* Does a leaf of this size take several entries? */
static bool is_group(const struct probed *p, unsigned int lg2)
{
	struct io_pgtable *iop = table_of(p, p->page | 1ull << lg2);
	struct io_pgtable_stats stats = stats_of(iop);
	bool single = false;

	for (unsigned int level = 0; level < IO_PGTABLE_WALK_LEVELS; level++)
		single |= stats.leaf_bytes[level] == 1ull << lg2;
	free_io_pgtable(iop);
	return !single;
}

static bool has_groups(const struct probed *p)
{
	for (unsigned int lg2 = BITS_MIN; lg2 < BITS_END; lg2++)
		if (p->sizes & 1ull << lg2 && is_group(p, lg2))
			return true;
	return false;
}

static bool splits(const struct probed *p)
{
	uint64_t block = block_of(p);
	struct io_pgtable *iop;
	bool split;

	if (!block)
		return false;
	iop = table_of(p, p->page | block);
	split = maps(iop, block, block, block) &&
		io_pgtable_unmap(iop, block, p->page, NULL) == p->page;
	free_io_pgtable(iop);
	return split;
}

static bool coalesces(const struct probed *p)
{
	uint64_t block = block_of(p);
	struct io_pgtable *iop;
	size_t joined = 0;

	if (!block)
		return false;
	iop = table_of(p, p->page | block);
	for (uint64_t at = block; at < 2 * block; at += p->page)
		maps(iop, at, at, p->page);
	io_pgtable_coalesce(iop, block, block, &joined);
	free_io_pgtable(iop);
	return joined;
}

static int keep_prot(const struct io_pgtable_walk_entry *entry, void *prot)
{
	*(int *)prot = entry->kind == IO_PGTABLE_WALK_LEAF ? entry->prot : *(int *)prot;
	return 0;
}

static bool protects(const struct probed *p)
{
	struct io_pgtable *iop = table_of(p, p->page);
	size_t changed = 0;
	int prot = 0;

	if (maps(iop, p->page, p->page, p->page)) {
		io_pgtable_protect(iop, p->page, p->page, IOMMU_READ, NULL, &changed);
		assert_int_equal(io_pgtable_walk(iop, p->page, p->page, keep_prot, &prot), 0);
	}
	free_io_pgtable(iop);
	return changed == p->page && !(prot & IOMMU_WRITE);
}

static bool replaces(const struct probed *p)
{
	struct io_pgtable *iop = table_of(p, p->page);
	size_t replaced = 0;

	if (maps(iop, p->page, p->page, p->page))
		io_pgtable_replace(iop, p->page, 2 * p->page, p->page, RW, NULL, &replaced);
	if (replaced)
		assert_int_equal(io_pgtable_iova_to_phys(iop, p->page), 2 * p->page);
	free_io_pgtable(iop);
	return replaced;
}

static bool tells_dirty(const struct probed *p)
{
	struct io_pgtable *iop = table_of(p, p->page);
	uint64_t bitmap = 0;
	bool tells;

	tells = !io_pgtable_read_and_clear_dirty(iop, p->page, p->page, 0, &bitmap, NULL) &&
		maps(iop, p->page, p->page, p->page) &&
		!io_pgtable_set_dirty(iop, p->page, p->page) &&
		!io_pgtable_read_and_clear_dirty(iop, p->page, p->page, 0, &bitmap, NULL) && bitmap;
	free_io_pgtable(iop);
	return tells;
}

static bool root_grew;

static void note_growth(const struct io_pgtable_cfg *cfg, void *cookie)
{
	root_grew = true;
}

static bool grows(const struct probed *p)
{
	const struct iommu_gather_ops tlb = { .root_changed = note_growth };
	struct io_pgtable_cfg cfg = cfg_of(p, p->page, p->ias, p->oas[p->ias]);
	struct io_pgtable *iop;

	root_grew = false;
	cfg.tlb = &tlb;
	iop = alloc_io_pgtable(p->fmt, &cfg, NULL);
	assert_non_null(iop);
	/* The highest address of the lower half is one in every format. */
	assert_true(maps(iop, (1ull << (p->ias - 1)) - p->page, p->page, p->page));
	free_io_pgtable(iop);
	return root_grew;
}

/* Asked without quirks, and those that need one with each. */
static const struct {
	const char *name;
	bool (*has)(const struct probed *p);
	bool by_quirk;
} features[] = {
	{ .name = "non-coherent", .has = does_not_snoop },
	{ .name = "reclaim", .has = reclaims },
	{ .name = "groups", .has = has_groups },
	{ .name = "split", .has = splits },
	{ .name = "coalesce", .has = coalesces },
	{ .name = "protect", .has = protects },
	{ .name = "replace", .has = replaces },
	{ .name = "dirty", .has = tells_dirty, .by_quirk = true },
	{ .name = "root-grows", .has = grows },
};

/* ---- what is printed ---- */

/* Input bits : levels : bytes of the root, for all input bits; and all output bits. */
static void print_bits(const struct probed *p)
{
	uint64_t output = 0;

	printf(" tables");
	for (unsigned int ias = BITS_MIN; ias < BITS_END; ias++) {
		struct probed one = *p;
		struct io_pgtable *iop;

		if (!p->oas[ias])
			continue;
		one.ias = ias;
		iop = table_of(&one, p->page);
		printf(" %u:%u:%zu", ias, levels_of(iop), io_pgtable_table_bytes(iop));
		free_io_pgtable(iop);
		for (unsigned int oas = BITS_MIN; oas < BITS_END; oas++)
			if (takes(p, p->page, ias, oas))
				output |= 1ull << oas;
	}
	printf(" output");
	for (unsigned int oas = BITS_MIN; oas < BITS_END; oas++)
		if (output & 1ull << oas)
			printf(" %u", oas);
}

static void print_probed(struct probed *p)
{
	probe_sizes(p);
	printf("%d page %llu quirks %#lx sizes", p->fmt, (unsigned long long)p->page, p->quirks);
	for (unsigned int lg2 = 0; lg2 < BITS_END; lg2++)
		if (p->sizes & 1ull << lg2)
			printf(" %u", lg2);
	print_bits(p);
	printf(" features");
	for (size_t i = 0; i < ARRAY_SIZE(features); i++)
		if ((!p->quirks || features[i].by_quirk) && features[i].has(p))
			printf(" %s", features[i].name);
	printf("\n");
}

/* Without a quirk, then with each that is taken, together with as few others as it needs. */
static void print_format(enum io_pgtable_fmt fmt, uint64_t page)
{
	unsigned long taken[QUIRK_BITS + 1] = { 0 }, all = 0;
	size_t nr = 1;

	for (size_t i = 0; i < nr; i++) {
		struct probed p = { .fmt = fmt, .page = page, .quirks = taken[i] };

		if (!probe_bits(&p))
			continue;
		print_probed(&p);
		for (unsigned int bit = 0; bit < QUIRK_BITS; bit++) {
			p.quirks = taken[i] | 1ul << bit;
			if (!(all & 1ul << bit) && probe_bits(&p)) {
				all |= 1ul << bit;
				taken[nr++] = p.quirks;
			}
		}
	}
}

/* Is this what an entry of the lowest level maps? */
static bool is_page(enum io_pgtable_fmt fmt, uint64_t page)
{
	struct probed p = { .fmt = fmt, .page = page };
	struct io_pgtable *iop;
	bool is;

	if (!probe_bits(&p))
		return false;
	iop = table_of(&p, page);
	is = stats_of(iop).leaf_bytes[0] == page;
	free_io_pgtable(iop);
	return is;
}

int main(void)
{
	for (int fmt = 0; fmt < IO_PGTABLE_NUM_FMTS; fmt++)
		for (unsigned int lg2 = BITS_MIN; lg2 < 20; lg2++)
			if (is_page((enum io_pgtable_fmt)fmt, 1ull << lg2))
				print_format((enum io_pgtable_fmt)fmt, 1ull << lg2);
	return 0;
}
