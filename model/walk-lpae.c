// SPDX-License-Identifier: GPL-2.0-only
/*
 * The Arm long descriptors for the model's walker, from the register values that a driver would
 * program (Arm ARM DDI0487, D8.2 and D8.3; TCR_EL1, VTCR_EL2 in D24.2; for the 32-bit formats G8.2
 * TTBCR and VTCR).
 *
 * Read from the text of the architecture, not from the library's encoder: what the two disagree
 * about shows as faults.
 */
#include "model/walk.h"

/* TG0 of TCR and VTCR; TG1 has codes of its own. */
static unsigned int granule_tg0(unsigned int tg)
{
	static const uint8_t granule[] = { 12, 16, 14, 0 };

	return granule[tg & 3];
}

static unsigned int granule_tg1(unsigned int tg)
{
	static const uint8_t granule[] = { 0, 14, 12, 16 };

	return granule[tg & 3];
}

/* IPS and PS: the output size. */
static unsigned int output_bits(unsigned int ps)
{
	static const uint8_t bits[] = { 32, 36, 40, 42, 44, 48, 52, 48 };

	return bits[ps & 7];
}

/*
 * TCR.DS: address bits 49:48 follow the others, 51:50 are where the shareability was, 9:8 (D8.3.1).
 */
static void set_ds(struct walk_regime *r, unsigned int granule_lg2)
{
	r->field[0].bits = (uint8_t)(50 - granule_lg2);
	r->field[1] = (struct walk_field){ 8, 50, 2 };
}

/*
 * The contiguous bit (52): so many entries, by level from the leaf; elsewhere it is reserved
 * (D8.7.1).
 */
static unsigned int contiguous_lg2(const struct walk_regime *r, uint64_t desc, unsigned int level)
{
	static const uint8_t entries_lg2[17][3] = {
		[12] = { 4, 4, 4 },
		[14] = { 7, 5 },
		[16] = { 5, 5 },
	};
	unsigned int lg2 = level < 3 ? entries_lg2[r->level[0].shift][level] : 0;

	if (!(desc >> 52 & 1))
		return 0;
	return lg2 ? lg2 : WALK_BAD_GROUP;
}

/* Descriptor types: bits 1:0 are 3 for tables and pages, 1 for blocks. Blocks: 4K to 1G, 16K to
 * 32M, 64K to 512M, and with 52-bit addresses 512G, 64G, 4T. AF (bit 10) is set, or the access faults. */
static void set_levels(struct walk_regime *r, unsigned int granule_lg2)
{
	const struct walk_kind page = { 0x403, 0x403 }, block = { 0x403, 0x401 }, table = { 3, 3 };
	const struct walk_kind never = WALK_NEVER;
	unsigned int blocks = (granule_lg2 == 12 ? 2 : 1) + (r->pa_last >> 48 ? 1 : 0);

	for (unsigned int l = 0; l < WALK_LEVELS; l++) {
		r->level[l] = (struct walk_level){
			.shift = (uint8_t)(granule_lg2 + l * (granule_lg2 - 3)),
			.bits = (uint8_t)(granule_lg2 - 3),
			.table = l ? table : never,
			.leaf = l > blocks ? never : block,
			.other = never,
		};
	}
	r->level[0].leaf = page;
	r->roots = 1;
	r->present = 1;
	r->entry_bytes = 8;
	r->group_lg2 = contiguous_lg2;
	r->field[0] = (struct walk_field){ (uint8_t)granule_lg2, (uint8_t)granule_lg2,
					   (uint8_t)(48 - granule_lg2) };
	if (granule_lg2 == 16)
		r->field[1] = (struct walk_field){ 12, 48, 4 };
	else if (r->pa_last >> 48)
		set_ds(r, granule_lg2);
}

/* Levels as the input size needs them: the root has at most one table's entries. */
static void set_stage_1_top(struct walk_regime *r, unsigned int ias, unsigned int granule_lg2)
{
	unsigned int bits = granule_lg2 - 3, levels = (ias - granule_lg2 + bits - 1) / bits;

	r->top = (uint8_t)(levels - 1);
	r->ia_last = (1ull << ias) - 1;
}

/* BADDR, with bits 51:48 in 5:2 where addresses have 52 bits; bit 0 is CnP. */
static uint64_t table_bits(const struct walk_regime *r, uint64_t ttbr)
{
	if (r->pa_last >> 48)
		return (ttbr & 0x0000ffffffffffc0ull) | (ttbr >> 2 & 15) << 48;
	return ttbr & 0x0000fffffffffffeull;
}

/* AP[2] (bit 7): read-only. */
static void stage_1_permissions(struct walk_regime *r)
{
	r->read = (struct walk_kind){ 0, 0 };
	r->write = (struct walk_kind){ 1ull << 7, 0 };
}

/* S2AP: bit 6 read, bit 7 write. */
static void stage_2_permissions(struct walk_regime *r)
{
	r->read = (struct walk_kind){ 1ull << 6, 1ull << 6 };
	r->write = (struct walk_kind){ 1ull << 7, 1ull << 7 };
}

void walk_arm_64_s1(const struct io_pgtable_cfg *cfg, struct walk_regime *r)
{
	uint64_t tcr = cfg->arm_lpae_s1_cfg.tcr;
	bool upper = cfg->quirks & IO_PGTABLE_QUIRK_ARM_TTBR1;
	unsigned int granule = upper ? granule_tg1(tcr >> 30) : granule_tg0(tcr >> 14);
	unsigned int ias = 64 - (tcr >> (upper ? 16 : 0) & 63);

	r->pa_last = (1ull << output_bits(tcr >> 32)) - 1;
	r->root_pa[0] = table_bits(r, cfg->arm_lpae_s1_cfg.ttbr[upper]);
	set_levels(r, granule);
	set_stage_1_top(r, ias, granule);
	r->ia_base = upper ? 0 - (1ull << ias) : 0;
	stage_1_permissions(r);
}

void walk_arm_64_s2(const struct io_pgtable_cfg *cfg, struct walk_regime *r)
{
	/* SL0 by granule: the start level, counted upwards from the leaf. */
	static const uint8_t top_4k[] = { 1, 2, 3, 0 }, top_other[] = { 0, 1, 2, 3 };
	uint64_t vtcr = cfg->arm_lpae_s2_cfg.vtcr;
	unsigned int granule = granule_tg0(vtcr >> 14), sl0 = vtcr >> 6 & 3;
	bool sl2 = vtcr >> 33 & 1;

	r->pa_last = (1ull << output_bits(vtcr >> 16)) - 1;
	r->root_pa[0] = table_bits(r, cfg->arm_lpae_s2_cfg.vttbr);
	set_levels(r, granule);
	r->top = granule == 12 ? top_4k[sl0] : top_other[sl0];
	if (sl2 && granule == 12 && !sl0) /* level -1 */
		r->top = 4;
	r->ia_last = (1ull << (64 - (vtcr & 63))) - 1;
	stage_2_permissions(r);
}

/* T0SZ has 3 bits; the output is 40 bits. */
void walk_arm_32_s1(const struct io_pgtable_cfg *cfg, struct walk_regime *r)
{
	r->pa_last = (1ull << 40) - 1;
	r->root_pa[0] = table_bits(r, cfg->arm_lpae_s1_cfg.ttbr[0]);
	set_levels(r, 12);
	set_stage_1_top(r, 32 - (cfg->arm_lpae_s1_cfg.tcr & 7), 12);
	stage_1_permissions(r);
}

/* T0SZ is 4 bits, signed; SL0 0: level 2, 1: level 1. */
void walk_arm_32_s2(const struct io_pgtable_cfg *cfg, struct walk_regime *r)
{
	uint64_t vtcr = cfg->arm_lpae_s2_cfg.vtcr;
	int t0sz = (int)(vtcr & 15);

	if (t0sz > 7)
		t0sz -= 16;
	r->pa_last = (1ull << 40) - 1;
	r->root_pa[0] = table_bits(r, cfg->arm_lpae_s2_cfg.vttbr);
	set_levels(r, 12);
	r->top = (uint8_t)(1 + (vtcr >> 6 & 3));
	r->ia_last = (1ull << (32 - t0sz)) - 1;
	stage_2_permissions(r);
}

/*
 * AS_TRANSTAB of Mali's MMU, as Linux's panfrost programs it; Arm publishes no document. Four
 * levels of 4K tables; pages are of the type that blocks have, there is no access flag, permissions
 * are where stage 2 has them.
 */
void walk_arm_mali(const struct io_pgtable_cfg *cfg, struct walk_regime *r)
{
	r->pa_last = (1ull << 40) - 1;
	r->root_pa[0] = cfg->arm_mali_lpae_cfg.transtab & 0x0000fffffffff000ull;
	set_levels(r, 12);
	for (unsigned int l = 0; l < 3; l++)
		r->level[l].leaf = (struct walk_kind){ 3, 1 };
	r->top = 3;
	r->ia_last = (1ull << 48) - 1;
	r->group_lg2 = NULL;
	stage_2_permissions(r);
}
