// SPDX-License-Identifier: GPL-2.0-only
/*
 * Apple's DART for the model's walker. Apple publishes no document: this is what the driver and the
 * table code of Linux (apple-dart.c, io-pgtable-dart.c) are known to give to hardware, read once
 * more, and not the library's encoder.
 *
 * Two levels; up to four roots, each with a TTBR of its own. A leaf may be for a part of its page,
 * which the model does not do: one that is not for all of it is an error.
 */
#include "model/walk.h"

#define BIT(n) (1ull << (n))

#define VALID	 BIT(0)
#define SUBPAGES (0xffffffull << 40) /* start and end, of 4096ths of the page */
#define ALL	 (0xfffull << 40)    /* from the first to the last */

static void two_levels(const struct io_pgtable_cfg *cfg, struct walk_regime *r,
		       unsigned int page_lg2)
{
	unsigned int bits = page_lg2 - 3;

	r->level[0] = (struct walk_level){
		.shift = (uint8_t)page_lg2,
		.bits = (uint8_t)bits,
		.table = WALK_NEVER,
		.leaf = { VALID | SUBPAGES, VALID | ALL },
		.other = WALK_NEVER,
	};
	r->level[1] = (struct walk_level){
		.shift = (uint8_t)(page_lg2 + bits),
		.bits = (uint8_t)bits,
		.table = { VALID, VALID },
		.leaf = WALK_NEVER,
		.other = WALK_NEVER,
	};
	r->top = 1;
	r->roots = (uint8_t)cfg->apple_dart_cfg.n_ttbrs;
	for (unsigned int i = 0; i < r->roots; i++)
		r->root_pa[i] = cfg->apple_dart_cfg.ttbr[i];
	r->ia_last = ((uint64_t)r->roots << (page_lg2 + 2 * bits)) - 1;
	r->present = VALID;
	r->entry_bytes = 8;
}

/* Address bits 35:12 where they are; no write, no read: 7, 8. */
void walk_dart_1(const struct io_pgtable_cfg *cfg, struct walk_regime *r)
{
	two_levels(cfg, r, cfg->pgsize_bitmap & BIT(12) ? 12 : 14);
	r->pa_last = BIT(36) - 1;
	r->field[0] = (struct walk_field){ 12, 12, 24 };
	r->read = (struct walk_kind){ BIT(8), 0 };
	r->write = (struct walk_kind){ BIT(7), 0 };
}

/* Address bits 41:14 in 37:10; no write, no read: 2, 3. */
void walk_dart_2(const struct io_pgtable_cfg *cfg, struct walk_regime *r)
{
	two_levels(cfg, r, 14);
	r->pa_last = BIT(42) - 1;
	r->field[0] = (struct walk_field){ 10, 14, 28 };
	r->read = (struct walk_kind){ BIT(3), 0 };
	r->write = (struct walk_kind){ BIT(2), 0 };
}
