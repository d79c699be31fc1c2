// SPDX-License-Identifier: GPL-2.0-only
/*
 * ARMv7 short descriptors for the model's walker, from TTBR0.
 *
 * Arm ARM DDI 0406C, B3.5.1 "Short-descriptor translation table format descriptors", B3.5.3
 * "Selecting between TTBR0 and TTBR1" (N is 0), B3.7 "Memory access control" with SCTLR.AFE set. A
 * first level of 4096 entries of 1 MiB (of more, for input addresses of more than 32 bits:
 * MediaTek's), a second of 256 entries of 4 KiB. Supersections and large pages take 16 equal
 * entries. What MediaTek adds is in no document: what Linux's driver is known to do. Read from the
 * text, not from the library's encoder.
 */
#include "model/walk.h"

#define BIT(n) (1ull << (n))

/* MediaTek: address bits 32, 33, 34 in 9, 4, 5 of a leaf. */
static uint64_t extended(uint64_t desc)
{
	return (desc >> 9 & 1) << 32 | (desc >> 4 & 3) << 33;
}

static uint64_t address(uint64_t desc, unsigned int level, bool leaf)
{
	if (!leaf)
		return desc & 0xfffffc00;
	if (level)
		return desc & (desc & BIT(18) ? 0xff000000 : 0xfff00000);
	return desc & ((desc & 3) == 1 ? 0xffff0000 : 0xfffff000);
}

static uint64_t address_mtk(uint64_t desc, unsigned int level, bool leaf)
{
	return address(desc, level, leaf) | (leaf ? extended(desc) : 0);
}

static unsigned int sixteen_lg2(const struct walk_regime *r, uint64_t desc, unsigned int level)
{
	return (level ? desc & BIT(18) : (desc & 3) == 1) ? 4 : 0;
}

/*
 * Bit 0 of a section or a small page is PXN or XN. AP[0], the access flag, AP[1], unprivileged,
 * AP[2], read-only.
 */
void walk_arm_v7s(const struct io_pgtable_cfg *cfg, struct walk_regime *r)
{
	bool mtk = cfg->quirks & IO_PGTABLE_QUIRK_ARM_MTK_EXT;
	bool no_permissions = cfg->quirks & IO_PGTABLE_QUIRK_NO_PERMS;

	r->level[0] = (struct walk_level){
		.shift = 12,
		.bits = 8,
		.table = WALK_NEVER,
		.leaf = { 2, 2 },
		.other = { 3, 1 },
	};
	r->level[1] = (struct walk_level){
		.shift = 20,
		.bits = 12,
		.table = { 3, 1 },
		.leaf = { 2, 2 },
		.other = WALK_NEVER,
		.permissions_shift = 6,
	};
	r->top = 1;
	r->roots = 1;
	r->root_pa[0] = cfg->arm_v7s_cfg.ttbr & 0xffffff80;
	if (mtk)
		r->root_pa[0] |= (cfg->arm_v7s_cfg.ttbr & 7ull) << 32;
	r->ia_last = BIT(mtk && cfg->ias > 32 ? cfg->ias : 32) - 1;
	r->pa_last = BIT(mtk ? 35 : 32) - 1;
	r->present = 3;
	r->entry_bytes = 4;
	r->address = mtk ? address_mtk : address;
	r->group_lg2 = sixteen_lg2;
	r->replicated = true;
	if (no_permissions)
		return;
	r->read = (struct walk_kind){ BIT(4) | BIT(5), BIT(4) | BIT(5) };
	r->write = (struct walk_kind){ BIT(4) | BIT(5) | BIT(9), BIT(4) | BIT(5) };
}
