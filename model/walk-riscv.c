// SPDX-License-Identifier: GPL-2.0-only
/*
 * RISC-V's tables for the model's walker, from iosatp's and iohgatp's fields.
 *
 * The RISC-V Instruction Set Manual, Volume II: "Sv39: Page-Based 39-bit Virtual-Memory System" and
 * the two after it (the algorithm is "Virtual Address Translation Process"); "Two-Stage Address
 * Translation" of the hypervisor extension; Svnapot; Svpbmt. RISC-V IOMMU Architecture
 * Specification: the fields of fsc and iohgatp in the device and process contexts. Hardware that
 * sets A and D by itself is not assumed. Read from the text, not from the library's encoder.
 */
#include "model/walk.h"

#define BIT(n) (1ull << (n))

#define PTE_V BIT(0)
#define PTE_R BIT(1)
#define PTE_W BIT(2)
#define PTE_X BIT(3)
#define PTE_U BIT(4)
#define PTE_A BIT(6)
#define PTE_D BIT(7)
#define PTE_N BIT(63)

#define PTE_RESERVED (0x7full << 54)
#define PTE_TYPE     (3ull << 61) /* PBMT */

/* N is for the lowest level, with the four lowest bits of the page number 1000: 64K. */
static unsigned int napot_lg2(const struct walk_regime *r, uint64_t desc, unsigned int level)
{
	if (!(desc & PTE_N))
		return 0;
	return !level && (desc >> 10 & 15) == 8 ? 4 : WALK_BAD_GROUP;
}

/* MODE 8, 9, 10: three, four, five levels, of either stage. A leaf can be at each of them. */
static void set_levels(const struct io_pgtable_cfg *cfg, struct walk_regime *r, uint64_t atp,
		       unsigned int more_bits)
{
	unsigned int mode = (unsigned int)(atp >> 60), levels = mode == 8 ? 3 : mode == 9 ? 4 : 5;

	for (unsigned int l = 0; l < levels; l++)
		r->level[l] = (struct walk_level){
			.shift = (uint8_t)(12 + 9 * l),
			.bits = 9,
			.table = { PTE_V | PTE_R | PTE_W | PTE_X, PTE_V },
			.leaf = { PTE_V | PTE_R | PTE_A, PTE_V | PTE_R | PTE_A },
			.other = WALK_NEVER,
		};
	r->level[0].table = (struct walk_kind)WALK_NEVER;
	r->root_pa[0] = (atp & (BIT(44) - 1)) << 12;
	r->roots = 1;
	r->top = (uint8_t)(levels - 1);
	r->ia_last = BIT(12 + 9 * levels + more_bits) - 1;
	r->pa_last = BIT(cfg->oas) - 1;
	r->present = PTE_V;
	r->entry_bytes = 8;
	r->field[0] = (struct walk_field){ 10, 12, 44 };
	r->read = (struct walk_kind){ PTE_R | PTE_U, PTE_R | PTE_U };
	r->write =
		(struct walk_kind){ PTE_R | PTE_W | PTE_U | PTE_D, PTE_R | PTE_W | PTE_U | PTE_D };
	r->table_zero = PTE_U | PTE_A | PTE_D | PTE_RESERVED | PTE_TYPE | PTE_N;
	r->leaf_zero = PTE_RESERVED;
	r->group_lg2 = napot_lg2;
	r->replicated = true;
	r->may_meet = true;
}

void walk_riscv_fs(const struct io_pgtable_cfg *cfg, struct walk_regime *r)
{
	set_levels(cfg, r, cfg->riscv_fs_cfg.fsc, 0);
	r->sign_lg2 = (uint8_t)(12 + 9 * (r->top + 1));
}

/* Two bits more than the levels have: the root has four times as many entries. */
void walk_riscv_ss(const struct io_pgtable_cfg *cfg, struct walk_regime *r)
{
	set_levels(cfg, r, cfg->riscv_ss_cfg.iohgatp, 2);
}
