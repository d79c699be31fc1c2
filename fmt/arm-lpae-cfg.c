// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a configuration to an LPAE table: granule, start level, concatenated roots, registers.
 *
 * Source: Arm ARM DDI0487, D8.2 (start levels, concatenation) and D24.2 (TCR_EL1, TTBR0_EL1,
 * MAIR_EL1, VTCR_EL2, VTTBR_EL2), G8.2 (TTBCR, VTCR of AArch32). A configuration that the
 * architecture does not allow is refused, never rounded; one exception is harmless: an oas between
 * two encodings programs the next larger physical size, and map still refuses beyond oas.
 */
#include "fmt/arm-lpae-cfg.h"

#include <errno.h>

#include "core/domain.h"
#include "core/framework.h"
#include "fmt/arm-lpae.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* At most this many tables of the start level may be concatenated at stage 2. */
#define MAX_CONCAT_LG2 4

/*
 * What depends on the granule. tg0 and tg1 are TCR's codes. s2_top is the highest level that a
 * stage-2 root can be at, s2_oas_min the output size below which even that level is not there; with
 * more than 48 bits of output it is s2_top_52.
 */
struct granule {
	unsigned int lg2;
	uint64_t sizes;	   /* pages and blocks of any oas */
	uint64_t sizes_52; /* and those that need 52-bit addresses */
	uint64_t groups;   /* pages and blocks with the contiguous hint */
	unsigned int tg0, tg1;
	unsigned int s2_top, s2_oas_min, s2_top_52;
};

static const struct granule granules[] = {
	{ 12, 1ull << 12 | 1ull << 21 | 1ull << 30, 1ull << 39, LPAE_CONT_SIZES_12, 0, 2, 3, 44,
	  3 },
	{ 14, 1ull << 14 | 1ull << 25, 1ull << 36, LPAE_CONT_SIZES_14, 2, 1, 2, 42, 3 },
	{ 16, 1ull << 16 | 1ull << 29, 1ull << 42, LPAE_CONT_SIZES_16, 1, 3, 2, 44, 2 },
};

/* Physical sizes, in the order of their (I)PS codes. */
static const uint8_t physical_bits[] = { 32, 36, 40, 42, 44, 48, 52 };

/* MAIR, by attribute index: non-cacheable, write-back, device, inner NC outer write-back. */
#define MAIR (0x44ull | 0xffull << 8 | 0x04ull << 16 | 0xf4ull << 24)

/* Shareability and cacheability of the walks themselves, as TCR's SH0, ORGN0 and IRGN0. */
#define WALK_COHERENT	  (3ull << 12 | 1ull << 10 | 1ull << 8)
#define WALK_NON_COHERENT (2ull << 12)
#define WALK_OUTER_WBWA	  (1ull << 10) /* ... of which the outer caches may hold what they read */

#define TCR_EPD0    (1ull << 7)
#define TCR_EPD1    (1ull << 23)
#define TTBCR_EAE   (1ull << 31)
#define TCR_DS	    (1ull << 59)
#define VTCR_DS	    (1ull << 32)
#define TCR_HA_HD   (1ull << 39 | 1ull << 40)
#define VTCR_HA_HD  (1ull << 21 | 1ull << 22)
#define VTCR_RES1   (1ull << 31)
#define TTBR1_SHIFT 16 /* from a field of TTBR0's half of TCR to TTBR1's */

/* Descriptors of LPA2: addresses of more than 48 bits with a small granule. */
static bool is_lpa2(const struct granule *g, const struct io_pgtable_cfg *cfg)
{
	return g->lg2 < 16 && (cfg->ias > 48 || cfg->oas > 48);
}

/*
 * The sizes that a bitmap may have. A group is one only beside its granule's page: 64K alone are
 * pages.
 */
static uint64_t granule_sizes(const struct granule *g, const struct io_pgtable_cfg *cfg)
{
	return g->sizes | (cfg->oas > 48 || is_lpa2(g, cfg) ? g->sizes_52 : 0) |
	       (cfg->pgsize_bitmap & 1ull << g->lg2 ? g->groups : 0);
}

/* The one granule all of whose sizes the bitmap is made of. */
static const struct granule *find_granule(const struct io_pgtable_cfg *cfg)
{
	for (size_t i = 0; i < ARRAY_SIZE(granules); i++) {
		const struct granule *g = &granules[i];
		uint64_t sizes = granule_sizes(g, cfg);

		if (cfg->pgsize_bitmap && !(cfg->pgsize_bitmap & ~sizes))
			return g;
	}
	return NULL;
}

/* Where the walk starts, and how large the root is. */
struct start {
	unsigned int top;
	unsigned int root_bits;
};

static struct start natural_start(const struct granule *g, unsigned int ias)
{
	unsigned int bits = g->lg2 - 3;
	unsigned int top = (ias - g->lg2 - 1) / bits;

	return (struct start){ .top = top, .root_bits = ias - g->lg2 - top * bits };
}

/*
 * Stage 2 may start one level lower with up to 16 tables side by side. That is done at Arm's level
 * 0, where it saves the walker a level, and where the natural level is not there for this output
 * size; elsewhere a large root would cost more memory than it is worth (docs/adr/0003).
 */
static int stage2_start(const struct granule *g, unsigned int oas, struct start *s)
{
	unsigned int most = oas > 48 ? g->s2_top_52 : g->s2_top;
	bool refused = s->top > most || (s->top == most && oas < g->s2_oas_min);

	if (s->top != 3 && !refused)
		return 0;
	if (s->root_bits <= MAX_CONCAT_LG2) {
		s->root_bits += g->lg2 - 3;
		s->top--;
		return 0;
	}
	return refused ? -ERANGE : 0;
}

static int find_start(const struct lpae_kind *kind, const struct granule *g,
		      const struct io_pgtable_cfg *cfg, struct start *s)
{
	*s = natural_start(g, cfg->ias);
	return kind->stage == 2 ? stage2_start(g, cfg->oas, s) : 0;
}

/* The sizes that a table with this root has: a page as large as all of its input range is none. */
static uint64_t possible_sizes(const struct granule *g, const struct io_pgtable_cfg *cfg,
			       const struct start *s)
{
	unsigned int bits = g->lg2 - 3, above = g->lg2 + (s->top + 1) * bits;

	/* Neither is above 58 in a configuration that was accepted. */
	above = above < cfg->ias ? above : cfg->ias;
	return above < 64 ? cfg->pgsize_bitmap & ((1ull << above) - 1) : 0;
}

/* What hardware writes has to be seen, and a walk that snoops has no use for other caches. */
static bool has_quirks(const struct lpae_kind *kind, const struct io_pgtable_cfg *cfg)
{
	unsigned long wrong =
		cfg->coherent_walk ? IO_PGTABLE_QUIRK_ARM_OUTER_WBWA : IO_PGTABLE_QUIRK_ARM_HD;

	return !(cfg->quirks & ~kind->quirks) && !(cfg->quirks & wrong);
}

/* AArch32's upper half is what TTBR0 leaves, which is nothing if T1SZ is 0 (G8.2, TTBCR). */
static unsigned int ias_most(const struct lpae_kind *kind, const struct io_pgtable_cfg *cfg)
{
	return kind->ias_max - (kind->is_32 && (cfg->quirks & IO_PGTABLE_QUIRK_ARM_TTBR1));
}

int lpae_check(const struct lpae_kind *kind, const struct io_pgtable_cfg *cfg)
{
	const struct granule *g;
	struct start start;
	int err;

	if (!has_quirks(kind, cfg))
		return -EOPNOTSUPP;
	g = find_granule(cfg);
	if (!g || !(kind->granules & (1ull << g->lg2)))
		return -EINVAL;
	if (cfg->ias < kind->ias_min || cfg->ias > ias_most(kind, cfg) ||
	    cfg->oas < kind->oas_min || cfg->oas > kind->oas_max)
		return -ERANGE;
	err = find_start(kind, g, cfg, &start);
	return err ? err : possible_sizes(g, cfg, &start) ? 0 : -ERANGE;
}

static uint64_t physical_size(unsigned int oas)
{
	uint64_t code = 0;

	while (physical_bits[code] < oas)
		code++;
	return code;
}

/* TTBR holds address bits 51:48 in 5:2 where 52-bit addresses are in use. */
static uint64_t root_register(const struct pt_domain *d)
{
	uint64_t pa = pt_to_phys(d, d->root);

	return (pa & ((1ull << 48) - 1)) | (pa >> 48) << 2;
}

static uint64_t walk_attributes(const struct io_pgtable_cfg *cfg)
{
	if (cfg->coherent_walk)
		return WALK_COHERENT;
	return WALK_NON_COHERENT |
	       (cfg->quirks & IO_PGTABLE_QUIRK_ARM_OUTER_WBWA ? WALK_OUTER_WBWA : 0);
}

static void fill_s1(const struct lpae_kind *kind, const struct granule *g,
		    const struct pt_domain *d, struct io_pgtable_cfg *cfg)
{
	uint64_t walk = walk_attributes(cfg);
	bool upper = cfg->quirks & IO_PGTABLE_QUIRK_ARM_TTBR1;
	uint64_t tcr;

	if (kind->is_32) {
		uint64_t half = walk | (32 - cfg->ias); /* AArch32 counts TxSZ down from 32 */

		tcr = TTBCR_EAE | (upper ? half << TTBR1_SHIFT | TCR_EPD0 : half | TCR_EPD1);
	} else {
		uint64_t size = 64 - cfg->ias;

		tcr = upper ? (walk | size) << TTBR1_SHIFT | (uint64_t)g->tg1 << 30 | TCR_EPD0
			    : walk | size | (uint64_t)g->tg0 << 14 | TCR_EPD1;
		tcr |= physical_size(cfg->oas) << 32;
		tcr |= cfg->quirks & IO_PGTABLE_QUIRK_ARM_HD ? TCR_HA_HD : 0;
		tcr |= is_lpa2(g, cfg) ? TCR_DS : 0;
	}
	cfg->arm_lpae_s1_cfg.tcr = tcr;
	cfg->arm_lpae_s1_cfg.ttbr[upper] = root_register(d);
	cfg->arm_lpae_s1_cfg.ttbr[!upper] = 0;
	cfg->arm_lpae_s1_cfg.mair[0] = MAIR;
	cfg->arm_lpae_s1_cfg.mair[1] = 0;
}

static void fill_s2(const struct lpae_kind *kind, const struct granule *g,
		    const struct pt_domain *d, struct io_pgtable_cfg *cfg)
{
	uint64_t walk = walk_attributes(cfg);
	/* 4K: levels 2, 1, 0 are 0, 1, 2; 16K and 64K count from level 3. D24.2 VTCR_EL2.SL0 */
	uint64_t sl0 = g->lg2 == 12 ? d->top - 1 : d->top;
	uint64_t vtcr = walk | sl0 << 6 | VTCR_RES1;

	if (kind->is_32)
		vtcr |= (32 - cfg->ias) & 0x1f; /* T0SZ is signed, S repeats its sign */
	else
		vtcr |= (64 - cfg->ias) | (uint64_t)g->tg0 << 14 | physical_size(cfg->oas) << 16;
	vtcr |= cfg->quirks & IO_PGTABLE_QUIRK_ARM_HD ? VTCR_HA_HD : 0;
	vtcr |= is_lpa2(g, cfg) ? VTCR_DS : 0;
	cfg->arm_lpae_s2_cfg.vtcr = vtcr;
	cfg->arm_lpae_s2_cfg.vttbr = root_register(d);
}

static void fill_registers(const struct lpae_kind *kind, const struct granule *g,
			   struct pt_domain *d, struct io_pgtable_cfg *cfg)
{
	if (kind->stage == 1)
		fill_s1(kind, g, d, cfg);
	else
		fill_s2(kind, g, d, cfg);
	d->iop.cfg = *cfg;
}

static const struct lpae_variant *find_variant(const struct lpae_variant *variants,
					       const struct granule *g, bool lpa2)
{
	while (variants->format->granule_lg2 != g->lg2 ||
	       (variants->format->linear_pa_lg2 == LPAE_LPA2_LINEAR_LG2) != lpa2)
		variants++;
	return variants;
}

/*
 * Hardware walks tables within the physical size that is programmed. Without hooks there is none
 * behind the table, and addresses are the process's own: then only a descriptor's bits count.
 */
static uint64_t table_pa_last(const struct lpae_kind *kind, const struct granule *g,
			      const struct io_pgtable_cfg *cfg)
{
	unsigned int bits = g->lg2 == 16 || is_lpa2(g, cfg) ? 52 : 48;

	if (cfg->mem && cfg->mem->virt_to_phys)
		bits = kind->is_32 ? 40 : physical_bits[physical_size(cfg->oas)];
	return (1ull << bits) - 1;
}

struct io_pgtable *lpae_alloc(const struct lpae_kind *kind, const struct lpae_variant *variants,
			      struct io_pgtable_cfg *cfg, void *cookie)
{
	const struct granule *g = find_granule(cfg);
	bool lpa2 = is_lpa2(g, cfg);
	const struct lpae_variant *v = find_variant(variants, g, lpa2);
	bool secure_quirk = cfg->quirks & IO_PGTABLE_QUIRK_ARM_NS;
	bool upper = cfg->quirks & IO_PGTABLE_QUIRK_ARM_TTBR1;
	struct pt_layout layout = {
		.format = v->format,
		.ops = v->ops,
		.iova_base = upper ? ~0ull << cfg->ias : 0,
		.attr = pt_attr_choose(lpa2 ? kind->lpa2_sets : kind->sets, kind->nr_sets,
				       cfg->quirks),
		.table_extra = secure_quirk ? LPAE_S1_NSTABLE : 0,
		.table_pa_last = table_pa_last(kind, g, cfg),
	};
	struct start start;
	struct io_pgtable *iop;

	find_start(kind, g, cfg, &start);
	layout.top = start.top;
	layout.root_bits = start.root_bits;
	cfg->pgsize_bitmap = possible_sizes(g, cfg, &start);
	iop = pt_domain_create(kind->fmt, cfg, cookie, &layout);
	if (iop)
		fill_registers(kind, g, pt_domain(iop), cfg);
	return iop;
}
