/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hardware walker: reads tables of any format that can be described by numbers.
 *
 * It shares nothing with the library's walker: a format is a table of masks per level, written from
 * the architecture's text (walk-lpae.c, walk-v7s.c, walk-x86.c, walk-riscv.c, walk-dart.c). Levels
 * count upwards from the leaf, as in the library. Adding a format is filling in a struct
 * walk_regime, and a line in walk-regime.c.
 */
#ifndef MODEL_WALK_H
#define MODEL_WALK_H

#include "model/memory.h"

#define WALK_LEVELS 6

/* A descriptor is of a kind if the bits of mask have this value; mask 0, value 1: none is. */
struct walk_kind {
	uint64_t mask, value;
};
#define WALK_NEVER   \
	{            \
		0, 1 \
	}

/* Bits desc_lsb.. of a descriptor are bits addr_lsb.. of an address. */
struct walk_field {
	uint8_t desc_lsb, addr_lsb, bits;
};

struct walk_level {
	uint8_t shift;			     /* log2 of what an entry covers */
	uint8_t bits;			     /* log2 of the entries of a table */
	struct walk_kind table, leaf, other; /* other: another kind of leaf */
	uint8_t permissions_shift;	     /* of a leaf, before read and write are looked at */
};

#define WALK_ROOTS     4
#define WALK_BAD_GROUP UINT32_MAX

struct walk_regime {
	uint64_t root_pa[WALK_ROOTS]; /* each for an equal part of the input range */
	uint64_t ia_base, ia_last;    /* input addresses, less the base, are 0 to ia_last */
	uint8_t sign_lg2; /* of so many bits, and the highest is copied upwards; 0: it is not */
	uint64_t pa_last;
	uint64_t present;		/* a descriptor with none of these bits is empty */
	uint64_t table_zero, leaf_zero; /* reserved: one that is set is an error */
	uint8_t entry_bytes;
	uint8_t roots;
	uint8_t top; /* level of the root's entries */
	struct walk_level level[WALK_LEVELS];
	struct walk_field field[2];
	/* Optional, in the place of field: the address in a descriptor. */
	uint64_t (*address)(uint64_t desc, unsigned int level, bool leaf);
	struct walk_kind read, write; /* a leaf that permits it */
	bool all_permit;	      /* the tables on the way have to, too */

	/*
	 * Optional: log2 of the entries that a leaf takes; WALK_BAD_GROUP: the format has no such
	 * leaf.
	 */
	unsigned int (*group_lg2)(const struct walk_regime *r, uint64_t desc, unsigned int level);
	/* A table, and the leaf that maps the same, may both be found: no break before make for that. */
	bool may_meet;
	bool replicated; /* its entries are the same; otherwise each is for its own part */
};

enum walk_status {
	WALK_OK,
	WALK_FAULT,   /* nothing is mapped */
	WALK_INVALID, /* a descriptor that the format does not have, or beyond the address sizes */
	WALK_OUTSIDE, /* a table that is not in table memory */
	WALK_FREED,   /* a table that was freed */
	WALK_UNCLEAN, /* a table that was never cleaned */
};

/* Where it starts and what it finds. table[l]: the table whose entries are of level l, or 0. */
struct walk {
	unsigned int from; /* in: the level of table[from] */
	uint64_t table[WALK_LEVELS];
	unsigned int level;    /* out: of the leaf, or where the walk ended */
	uint64_t desc, pa;     /* out: the leaf's; pa is that of the block's first byte */
	unsigned int size_lg2; /* out: of what the leaf maps, with all of its entries */
	bool read, write;
};

/* What tables are indexed by; beyond ia_last if iova is no input address. */
static inline uint64_t walk_ia(const struct walk_regime *r, uint64_t iova)
{
	uint64_t ia = iova - r->ia_base;

	if (!r->sign_lg2)
		return ia;
	if ((uint64_t)((int64_t)(ia << (64 - r->sign_lg2)) >> (64 - r->sign_lg2)) != ia)
		return UINT64_MAX;
	return ia & ((1ull << r->sign_lg2) - 1);
}

/* Back: of one that is an input address. */
static inline uint64_t walk_iova(const struct walk_regime *r, uint64_t ia)
{
	if (r->sign_lg2 && ia >> (r->sign_lg2 - 1))
		ia |= ~0ull << r->sign_lg2;
	return ia + r->ia_base;
}

/* The root for ia. */
static inline uint64_t walk_root(const struct walk_regime *r, uint64_t ia)
{
	uint64_t root;

	/* One root may cover more than 64 bits count. */
	if (r->roots <= 1)
		return r->root_pa[0];
	root = ia >> (r->level[r->top].shift + r->level[r->top].bits);
	return r->root_pa[root < r->roots ? root : 0];
}

/* ia: of walk_ia(). w->from and w->table[w->from] are set: the root, or from a walk cache. */
enum walk_status walk_run(const struct walk_regime *r, struct model_memory *m, uint64_t ia,
			  struct walk *w);

/*
 * The regimes of the library's configurations, read from the registers it filled in; false if the
 * model has no description of the format.
 */
bool walk_regime_of(enum io_pgtable_fmt fmt, const struct io_pgtable_cfg *cfg,
		    struct walk_regime *r);

/* The same of each format, into a regime that is all 0. */
void walk_arm_64_s1(const struct io_pgtable_cfg *cfg, struct walk_regime *r);
void walk_arm_64_s2(const struct io_pgtable_cfg *cfg, struct walk_regime *r);
void walk_arm_32_s1(const struct io_pgtable_cfg *cfg, struct walk_regime *r);
void walk_arm_32_s2(const struct io_pgtable_cfg *cfg, struct walk_regime *r);
void walk_arm_v7s(const struct io_pgtable_cfg *cfg, struct walk_regime *r);
void walk_arm_mali(const struct io_pgtable_cfg *cfg, struct walk_regime *r);
void walk_amd_v1(const struct io_pgtable_cfg *cfg, struct walk_regime *r);
void walk_amd_v2(const struct io_pgtable_cfg *cfg, struct walk_regime *r);
void walk_vtd_ss(const struct io_pgtable_cfg *cfg, struct walk_regime *r);
void walk_vtd_fs(const struct io_pgtable_cfg *cfg, struct walk_regime *r);
void walk_riscv_fs(const struct io_pgtable_cfg *cfg, struct walk_regime *r);
void walk_riscv_ss(const struct io_pgtable_cfg *cfg, struct walk_regime *r);
void walk_dart_1(const struct io_pgtable_cfg *cfg, struct walk_regime *r);
void walk_dart_2(const struct io_pgtable_cfg *cfg, struct walk_regime *r);

#endif /* MODEL_WALK_H */
