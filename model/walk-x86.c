// SPDX-License-Identifier: GPL-2.0-only
/*
 * The formats of IOMMUs of x86 for the model's walker, from the fields that a driver would program.
 *
 * AMD I/O Virtualization Technology Specification (48882): 2.2.2.1 device table entry; 2.2.3 "I/O
 * Page Tables for Host Translations" (v1); 2.2.6 "Guest and nested address translation" (v2, in the
 * entries of AMD64 APM vol. 2, 24593, 5.3 "Long-mode page translation"). Intel VT-d (D51397), 9.8
 * "Second-stage paging entries", 9.7 first-stage ones, and 9.6 the PASID-table entry. Read from
 * their text, not from the library's encoder.
 */
#include "model/walk.h"

#define BIT(n) (1ull << (n))

/* 512 entries of eight bytes in each table, and the address in bits 51:12 of all of them. */
static void set_tables(const struct io_pgtable_cfg *cfg, struct walk_regime *r, uint64_t root,
		       unsigned int levels)
{
	for (unsigned int l = 0; l < levels; l++)
		r->level[l] = (struct walk_level){
			.shift = (uint8_t)(12 + 9 * l),
			.bits = 9,
			.table = WALK_NEVER,
			.leaf = WALK_NEVER,
			.other = WALK_NEVER,
		};
	r->root_pa[0] = root;
	r->roots = 1;
	r->top = (uint8_t)(levels - 1);
	r->ia_last = levels < 6 ? BIT(12 + 9 * levels) - 1 : UINT64_MAX;
	r->pa_last = BIT(cfg->oas) - 1;
	r->entry_bytes = 8;
	r->field[0] = (struct walk_field){ 12, 12, 40 };
	r->all_permit = true;
	r->may_meet = true;
}

#define V1_PR	   BIT(0)
#define V1_NEXT(n) ((uint64_t)(n) << 9) /* NextLevel, counted from 1 */
#define V1_SIZED   7u			/* a page whose size is in the address */

/*
 * Of 2^(13 + n) bytes the address bits from 12 on are n ones and a zero: whole tables are never one
 * page.
 */
static unsigned int v1_group_lg2(const struct walk_regime *r, uint64_t desc, unsigned int level)
{
	unsigned int lg2 = 13, shift = r->level[level].shift;

	if ((desc & V1_NEXT(7)) != V1_NEXT(V1_SIZED))
		return 0;
	while (lg2 < 52 && desc & BIT(lg2 - 1))
		lg2++;
	return lg2 > shift && lg2 < shift + 9 ? lg2 - shift : WALK_BAD_GROUP;
}

/* NextLevel says which level a table is of; none is skipped. The highest level has no pages. */
void walk_amd_v1(const struct io_pgtable_cfg *cfg, struct walk_regime *r)
{
	const uint64_t kind = V1_PR | V1_NEXT(7);

	set_tables(cfg, r, cfg->amd_iommu_v1_cfg.host_pt_root, cfg->amd_iommu_v1_cfg.mode);
	for (unsigned int l = 0; l <= r->top; l++) {
		if (l)
			r->level[l].table = (struct walk_kind){ kind, V1_PR | V1_NEXT(l) };
		if (l == 5)
			continue;
		r->level[l].leaf = (struct walk_kind){ kind, V1_PR };
		r->level[l].other = (struct walk_kind){ kind, V1_PR | V1_NEXT(V1_SIZED) };
	}
	r->present = V1_PR;
	r->read = (struct walk_kind){ BIT(61), BIT(61) };
	r->write = (struct walk_kind){ BIT(62), BIT(62) };
	r->table_zero = r->leaf_zero = 0x7full << 52; /* 59 U and 60 FC are of leaves */
	r->group_lg2 = v1_group_lg2;
	r->replicated = true;
}

#define X86_P  BIT(0)
#define X86_RW BIT(1)
#define X86_US BIT(2)
#define X86_PS BIT(7)

/* Four or five levels with pages of 4K, 2M, 1G; a device's accesses are a user's. Sign-extended. */
static void x86_64(const struct io_pgtable_cfg *cfg, struct walk_regime *r, uint64_t root,
		   unsigned int levels)
{
	set_tables(cfg, r, root, levels);
	for (unsigned int l = 0; l <= r->top; l++) {
		if (l)
			r->level[l].table = (struct walk_kind){ X86_P | X86_PS, X86_P };
		if (l <= 2)
			r->level[l].leaf = l ? (struct walk_kind){ X86_P | X86_PS, X86_P | X86_PS }
					     : (struct walk_kind){ X86_P, X86_P };
	}
	r->sign_lg2 = (uint8_t)(12 + 9 * levels);
	r->present = X86_P;
	r->read = (struct walk_kind){ X86_US, X86_US };
	r->write = (struct walk_kind){ X86_US | X86_RW, X86_US | X86_RW };
}

void walk_amd_v2(const struct io_pgtable_cfg *cfg, struct walk_regime *r)
{
	x86_64(cfg, r, cfg->amd_iommu_v2_cfg.gcr3, 4 + cfg->amd_iommu_v2_cfg.guest_paging_mode);
}

void walk_vtd_fs(const struct io_pgtable_cfg *cfg, struct walk_regime *r)
{
	x86_64(cfg, r, cfg->intel_vtd_fs_cfg.fsptptr, 4 + cfg->intel_vtd_fs_cfg.fspm);
}

/* AW 1, 2, 3: three, four, five levels. What permits neither reading nor writing is not there. */
void walk_vtd_ss(const struct io_pgtable_cfg *cfg, struct walk_regime *r)
{
	const uint64_t page_size = BIT(7), snoop = BIT(11);

	set_tables(cfg, r, cfg->intel_vtd_ss_cfg.ssptptr, 2 + cfg->intel_vtd_ss_cfg.aw);
	for (unsigned int l = 0; l <= r->top; l++) {
		if (l)
			r->level[l].table = (struct walk_kind){ page_size, 0 };
		if (l <= 2)
			r->level[l].leaf = l ? (struct walk_kind){ page_size, page_size }
					     : (struct walk_kind){ 0, 0 };
	}
	r->present = BIT(0) | BIT(1);
	r->read = (struct walk_kind){ BIT(0), BIT(0) };
	r->write = (struct walk_kind){ BIT(1), BIT(1) };
	r->table_zero = snoop;
}
