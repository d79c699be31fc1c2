// SPDX-License-Identifier: GPL-2.0-only
/*
 * ARMv7 short descriptors: the walker stamped with arm-v7s.h's, for descriptors of 32 bits
 * (core/entry.h).
 *
 * Registers: DDI 0406C, B4.1, PRRR, NMRR, TTBCR, TTBR0. PRRR and NMRR are for indices that mean the
 * same without TEX remap, as in Linux. A root always has all 4096 entries (MediaTek with more than
 * 32 input bits: 16384), since a walker does not know of a smaller ias.
 */
#define PT_ENTRY_BITS 32
#include "core/entry.h"

#include "fmt/arm-v7s.h"

#include "core/framework.h"
#include "core/stamp.h"
#include "fmt/plain-cfg.h"

/* By index, TEX[0] C B: 1 is MMIO, 4 neither, 7 CACHE. */
#define DEVICE	       1u
#define NON_CACHEABLE  4u
#define CACHEABLE      7u
#define PRRR_DEVICE(n) (1u << 2 * (n))
#define PRRR_NORMAL(n) (2u << 2 * (n))
#define PRRR_DS0       (1u << 16) /* device memory is shareable as S says ... */
#define PRRR_DS1       (1u << 17)
#define PRRR_NS1       (1u << 19)	  /* ... and so is normal memory with S set, */
#define PRRR_NOS(n)    (1u << (24 + (n))) /* inside only */
#define NMRR_INNER(n)  (1u << 2 * (n))	  /* write-back, write-allocate */
#define NMRR_OUTER(n)  (1u << (16 + 2 * (n)))

/* Walks: shareable; cacheable inside and out, and within the inner domain, if they snoop. */
#define TTBR_S		(1u << 1)
#define TTBR_OUTER_WBWA (1u << 3)
#define TTBR_NOS	(1u << 5)
#define TTBR_INNER_WBWA (1u << 6)

static const uint64_t attrs[PT_PROT_COUNT] = PT_BY_PROT(V7S_ATTR);
static const uint64_t attrs_no_perms[PT_PROT_COUNT] = PT_BY_PROT(V7S_ATTR_NO_PERMS);

static const struct pt_attr_set sets[] = {
	{ 0, attrs },
	{ IO_PGTABLE_QUIRK_NO_PERMS, attrs_no_perms },
};

#define PERMS (V7S_UNPRIV | V7S_RDONLY | V7S_XN)

static const struct pt_format format = V7S_FORMAT(v7s, 0, 0, PERMS);
static const struct pt_format format_ns = V7S_FORMAT(v7s_ns, 0, V7S_TABLE_NS, PERMS);
static const struct pt_format format_mtk = V7S_FORMAT(v7s_mtk, 32, 0, 0);
static const struct pt_format format_mtk_ns = V7S_FORMAT(v7s_mtk_ns, 32, V7S_TABLE_NS, 0);

PT_STAMP(v7s, format);
PT_STAMP(v7s_ns, format_ns);
PT_STAMP(v7s_mtk, format_mtk);
PT_STAMP(v7s_mtk_ns, format_mtk_ns);

static void fill_memory_types(struct io_pgtable_cfg *cfg)
{
	cfg->arm_v7s_cfg.tcr = 0;
	cfg->arm_v7s_cfg.prrr = PRRR_DEVICE(DEVICE) | PRRR_NORMAL(NON_CACHEABLE) |
				PRRR_NORMAL(CACHEABLE) | PRRR_DS0 | PRRR_DS1 | PRRR_NS1 |
				PRRR_NOS(CACHEABLE);
	cfg->arm_v7s_cfg.nmrr = NMRR_INNER(CACHEABLE) | NMRR_OUTER(CACHEABLE);
}

static void fill(const struct pt_domain *d, struct io_pgtable_cfg *cfg)
{
	fill_memory_types(cfg);
	cfg->arm_v7s_cfg.ttbr =
		(uint32_t)pt_to_phys(d, d->root) | TTBR_S |
		(cfg->coherent_walk ? TTBR_NOS | TTBR_INNER_WBWA | TTBR_OUTER_WBWA : 0);
}

/* Address bits 34:32 in 2:0. */
static void fill_mtk(const struct pt_domain *d, struct io_pgtable_cfg *cfg)
{
	uint64_t root = pt_to_phys(d, d->root);

	fill_memory_types(cfg);
	cfg->arm_v7s_cfg.ttbr = (uint32_t)(root | root >> 32);
}

#define KIND(pt, table_ops, regs, own_quirks, ias_least, ias_most, oas_most, extra, hooks)         \
	{                                                                                          \
		.fmt = ARM_V7S, .format = &(pt), .ops = (table_ops), .sizes = V7S_SIZES,           \
		.ias_min = (ias_least), .ias_max = (ias_most), .oas_min = 32,                      \
		.oas_max = (oas_most), .pa_bits = 32, .hook_bits = (hooks), .root_extra = (extra), \
		.sets = sets, .nr_sets = sizeof(sets) / sizeof(*sets),                             \
		.quirks = IO_PGTABLE_QUIRK_NO_PERMS | (own_quirks), .fill = (regs)                 \
	}
#define KIND_32(pt, table_ops, own_quirks) KIND(pt, table_ops, fill, own_quirks, 21, 32, 32, 4, 0)

static const struct plain_kind kind = KIND_32(format, v7s_ops, 0);
static const struct plain_kind kind_ns = KIND_32(format_ns, v7s_ns_ops, IO_PGTABLE_QUIRK_ARM_NS);

/*
 * [ARM_NS][more than 32 input bits][TTBR_EXT], which is for addresses from hooks: without them all
 * are below 4 GiB.
 */
#define NS	IO_PGTABLE_QUIRK_ARM_NS
#define MTK	IO_PGTABLE_QUIRK_ARM_MTK_EXT
#define MTK_EXT (MTK | IO_PGTABLE_QUIRK_ARM_MTK_TTBR_EXT)
#define KIND_MTK(pt, table_ops, own_quirks, ias_least, ias_most, extra, hooks) \
	KIND(pt, table_ops, fill_mtk, own_quirks, ias_least, ias_most, 35, extra, hooks)
#define KINDS_MTK(pt, table_ops, ns)                                               \
	{                                                                          \
		{ KIND_MTK(pt, table_ops, MTK | (ns), 21, 32, 4, 32),              \
		  KIND_MTK(pt, table_ops, MTK_EXT | (ns), 21, 32, 4, 0) },         \
			{ KIND_MTK(pt, table_ops, MTK | (ns), 33, 34, 6, 32),      \
			  KIND_MTK(pt, table_ops, MTK_EXT | (ns), 33, 34, 6, 0) }, \
	}

static const struct plain_kind kinds_mtk[2][2][2] = {
	KINDS_MTK(format_mtk, v7s_mtk_ops, 0),
	KINDS_MTK(format_mtk_ns, v7s_mtk_ns_ops, NS),
};

static const struct plain_kind *kind_of(const struct io_pgtable_cfg *cfg)
{
	bool ns = cfg->quirks & IO_PGTABLE_QUIRK_ARM_NS;
	bool ext = cfg->quirks & IO_PGTABLE_QUIRK_ARM_MTK_TTBR_EXT;

	if (cfg->quirks & IO_PGTABLE_QUIRK_ARM_MTK_EXT)
		return &kinds_mtk[ns][cfg->ias > 32][ext];
	return ns ? &kind_ns : &kind;
}

/* Permissions lie where the extension has addresses. */
static int arm_v7s_check(const struct io_pgtable_cfg *cfg)
{
	if ((cfg->quirks & IO_PGTABLE_QUIRK_ARM_MTK_EXT) &&
	    !(cfg->quirks & IO_PGTABLE_QUIRK_NO_PERMS))
		return -EOPNOTSUPP;
	return pt_plain_check(kind_of(cfg), cfg);
}

static struct io_pgtable *arm_v7s_alloc(struct io_pgtable_cfg *cfg, void *cookie)
{
	return pt_plain_alloc(kind_of(cfg), cfg, cookie);
}

const struct io_pgtable_init_fns io_pgtable_arm_v7s_init_fns = {
	.check = arm_v7s_check,
	.alloc = arm_v7s_alloc,
	.free = pt_domain_destroy,
};
