// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apple's DART, both generations: two levels in apple-dart.h's descriptors. Up to four roots lie
 * side by side, each with a TTBR of its own, for one or two input bits more than two levels have.
 */
#include "fmt/apple-dart.h"

#include "core/framework.h"
#include "core/stamp.h"
#include "fmt/plain-cfg.h"

static const uint64_t attrs_1[PT_PROT_COUNT] = PT_BY_PROT(DART1_ATTR);
static const uint64_t attrs_2[PT_PROT_COUNT] = PT_BY_PROT(DART2_ATTR);

static const struct pt_attr_set sets_1[] = { { 0, attrs_1 } };
static const struct pt_attr_set sets_2[] = { { 0, attrs_2 } };

static const struct pt_format format_1_4k =
	DART_FORMAT(dart1, 12, 0, DART1_NO_READ | DART1_NO_WRITE);
static const struct pt_format format_1_16k =
	DART_FORMAT(dart1, 14, 0, DART1_NO_READ | DART1_NO_WRITE);
static const struct pt_format format_2 =
	DART_FORMAT(dart2, 14, DART2_PA_SHIFT, DART2_NO_READ | DART2_NO_WRITE);

PT_STAMP(dart1_4k, format_1_4k);
PT_STAMP(dart1_16k, format_1_16k);
PT_STAMP(dart2, format_2);

static void fill(const struct pt_domain *d, struct io_pgtable_cfg *cfg)
{
	const struct pt_format *f = d->format;
	unsigned int roots = (unsigned int)(d->root_bytes / pt_table_bytes(f));

	cfg->apple_dart_cfg.n_ttbrs = roots;
	for (unsigned int i = 0; i < 4; i++)
		cfg->apple_dart_cfg.ttbr[i] =
			i < roots ? pt_to_phys(d, d->root + i * pt_entries(f)) : 0;
}

#define KIND(name, pt, table_ops, attr_sets, granule_lg2, ias_most, bits)                        \
	{                                                                                        \
		.fmt = (name), .format = &(pt), .ops = (table_ops),                              \
		.sizes = 1ull << (granule_lg2), .ias_min = (granule_lg2) + 1,                    \
		.ias_max = (ias_most), .oas_min = (bits), .oas_max = (bits), .pa_bits = 52,      \
		.root_extra = 2, .root_grows = true, .coherent_only = true, .sets = (attr_sets), \
		.nr_sets = 1, .fill = fill,                                                      \
	}

static const struct plain_kind kind_1_4k =
	KIND(APPLE_DART, format_1_4k, dart1_4k_ops, sets_1, 12, 32, 36);
static const struct plain_kind kind_1_16k =
	KIND(APPLE_DART, format_1_16k, dart1_16k_ops, sets_1, 14, 36, 36);
static const struct plain_kind kind_2 = KIND(APPLE_DART2, format_2, dart2_ops, sets_2, 14, 38, 42);
static const struct plain_kind kind_2_36 =
	KIND(APPLE_DART2, format_2, dart2_ops, sets_2, 14, 36, 36);

static const struct plain_kind *kind_1(const struct io_pgtable_cfg *cfg)
{
	return cfg->pgsize_bitmap == 1ull << 12 ? &kind_1_4k : &kind_1_16k;
}

/* What a DART of this generation says of itself is one of two (Linux's apple-dart.c, of t8110). */
static const struct plain_kind *kind_of_2(const struct io_pgtable_cfg *cfg)
{
	return cfg->oas == 36 ? &kind_2_36 : &kind_2;
}

PLAIN_INIT_FNS(apple_dart, *kind_1(cfg));
PLAIN_INIT_FNS(apple_dart2, *kind_of_2(cfg));
