// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints a line for each format and smallest page, found out by asking: which sizes, input and output bits
 * and quirks io_pgtable_check_cfg() takes, and what a table of them looks like. docs/formats.md is made of
 * it (checks/formats.py).
 */
#include <stdio.h>

#include "io-pgtable-walk.h"
#include "support.h"

/* Some are taken with others only. */
static const struct {
	const char *name;
	unsigned long bits;
} quirks[] = {
	{ "ARM_NS", IO_PGTABLE_QUIRK_ARM_NS },
	{ "NO_PERMS", IO_PGTABLE_QUIRK_NO_PERMS },
	{ "ARM_MTK_EXT", IO_PGTABLE_QUIRK_ARM_MTK_EXT | IO_PGTABLE_QUIRK_NO_PERMS },
	{ "ARM_MTK_TTBR_EXT", IO_PGTABLE_QUIRK_ARM_MTK_TTBR_EXT | IO_PGTABLE_QUIRK_ARM_MTK_EXT |
				      IO_PGTABLE_QUIRK_NO_PERMS },
	{ "ARM_TTBR1", IO_PGTABLE_QUIRK_ARM_TTBR1 },
	{ "ARM_HD", IO_PGTABLE_QUIRK_ARM_HD },
	{ "NO_WARN", IO_PGTABLE_QUIRK_NO_WARN },
	{ "NO_SPLIT", IO_PGTABLE_QUIRK_NO_SPLIT },
	{ "VTD_SNOOP", IO_PGTABLE_QUIRK_VTD_SNOOP },
	{ "DIRTY", IO_PGTABLE_QUIRK_DIRTY },
	{ "RISCV_PBMT", IO_PGTABLE_QUIRK_RISCV_PBMT },
};

static bool takes(enum io_pgtable_fmt fmt, uint64_t sizes, unsigned int ias, unsigned int oas,
		  unsigned long quirk)
{
	const struct io_pgtable_cfg cfg = { .quirks = quirk,
					    .pgsize_bitmap = sizes,
					    .ias = ias,
					    .oas = oas,
					    .coherent_walk = true };

	return !io_pgtable_check_cfg(fmt, &cfg);
}

/* Any output size at which these input bits are taken, or 0. */
static unsigned int oas_for(enum io_pgtable_fmt fmt, uint64_t sizes, unsigned int ias)
{
	for (unsigned int oas = 64; oas; oas--)
		if (takes(fmt, sizes, ias, oas, 0))
			return oas;
	return 0;
}

/* Every size that is taken together with the smallest page, at some input size. */
static uint64_t sizes_of(enum io_pgtable_fmt fmt, uint64_t page)
{
	uint64_t sizes = 0;

	for (unsigned int lg2 = 12; lg2 < 60; lg2++)
		for (unsigned int ias = 64; ias && page <= 1ull << lg2 && !(sizes & 1ull << lg2);
		     ias--)
			if (oas_for(fmt, page | 1ull << lg2, ias))
				sizes |= 1ull << lg2;
	return sizes;
}

static void print_table(enum io_pgtable_fmt fmt, uint64_t page, unsigned int ias)
{
	struct io_pgtable_cfg cfg = { .pgsize_bitmap = page,
				      .ias = ias,
				      .oas = oas_for(fmt, page, ias),
				      .coherent_walk = true };
	struct io_pgtable *iop = alloc_io_pgtable(fmt, &cfg, NULL);
	struct io_pgtable_stats stats;
	unsigned int levels = 0;

	assert_non_null(iop);
	assert_int_equal(io_pgtable_read_stats(iop, &stats), 0);
	for (unsigned int level = 0; level < IO_PGTABLE_WALK_LEVELS; level++)
		levels = stats.tables[level] ? level + 1 : levels;
	printf(" %u:%u:%zu", ias, levels, io_pgtable_table_bytes(iop));
	free_io_pgtable(iop);
}

static void print_format(enum io_pgtable_fmt fmt, uint64_t page)
{
	uint64_t sizes = sizes_of(fmt, page);
	unsigned int oas_min = 64, oas_max = 0;

	printf("%d page %llu sizes", fmt, (unsigned long long)page);
	for (unsigned int lg2 = 0; lg2 < 64; lg2++)
		if (sizes & 1ull << lg2)
			printf(" %u", lg2);
	printf(" tables"); /* input bits : levels : bytes of the root */
	for (unsigned int ias = 1; ias < 64; ias++) {
		if (!oas_for(fmt, page, ias))
			continue;
		print_table(fmt, page, ias);
		for (unsigned int oas = 1; oas < 64; oas++) {
			if (!takes(fmt, page, ias, oas, 0))
				continue;
			oas_min = oas < oas_min ? oas : oas_min;
			oas_max = oas > oas_max ? oas : oas_max;
		}
	}
	printf(" output %u %u quirks", oas_min, oas_max);
	for (size_t i = 0; i < ARRAY_SIZE(quirks); i++)
		for (unsigned int ias = 63; ias; ias--)
			if (oas_for(fmt, page, ias) &&
			    takes(fmt, page, ias, oas_for(fmt, page, ias), quirks[i].bits)) {
				printf(" %s", quirks[i].name);
				break;
			}
	printf("\n");
}

/* Is this what an entry of the lowest level maps? */
static bool is_page(enum io_pgtable_fmt fmt, uint64_t page)
{
	for (unsigned int ias = 1; ias < 64; ias++) {
		struct io_pgtable_cfg cfg = { .pgsize_bitmap = page,
					      .ias = ias,
					      .oas = oas_for(fmt, page, ias),
					      .coherent_walk = true };
		struct io_pgtable_stats stats;
		struct io_pgtable *iop;

		if (!cfg.oas)
			continue;
		iop = alloc_io_pgtable(fmt, &cfg, NULL);
		assert_non_null(iop);
		assert_int_equal(io_pgtable_read_stats(iop, &stats), 0);
		free_io_pgtable(iop);
		return stats.leaf_bytes[0] == page;
	}
	return false;
}

int main(void)
{
	for (int fmt = 0; fmt < IO_PGTABLE_NUM_FMTS; fmt++)
		for (unsigned int lg2 = 10; lg2 < 20; lg2++)
			if (is_page((enum io_pgtable_fmt)fmt, 1ull << lg2))
				print_format((enum io_pgtable_fmt)fmt, 1ull << lg2);
	return 0;
}
