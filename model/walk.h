/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A hardware walker: reads tables of any format that can be described by numbers.
 *
 * It shares nothing with the library's walker: a format is a table of masks per level, written from
 * the architecture's text. Levels count upwards from the leaf, as in the library. Adding a format
 * is filling in a struct walk_regime (model/walk-lpae.c does for the Arm long descriptors).
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
	uint8_t shift; /* log2 of what an entry covers */
	uint8_t bits;  /* log2 of the entries of a table */
	struct walk_kind table, leaf;
};

struct walk_regime {
	uint64_t root_pa;
	uint64_t ia_base, ia_last; /* input addresses, less the base, are 0 to ia_last */
	uint64_t pa_last;
	uint64_t present; /* a descriptor with one of these bits is not empty */
	uint8_t entry_bytes;
	uint8_t top; /* level of the root's entries */
	struct walk_level level[WALK_LEVELS];
	struct walk_field field[2];
	struct walk_kind read, write; /* a leaf that permits it */
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
	unsigned int level; /* out: of the leaf, or where the walk ended */
	uint64_t desc, pa;  /* out: the leaf's; pa is that of the block's first byte */
	bool read, write;
};

/* ia less ia_base. w->from and w->table[w->from] are set: the root, or from a walk cache. */
enum walk_status walk_run(const struct walk_regime *r, struct model_memory *m, uint64_t ia,
			  struct walk *w);

/*
 * The regimes of the library's configurations, read from the registers it filled in; false if the
 * model has no description of the format.
 */
bool walk_regime_of(enum io_pgtable_fmt fmt, const struct io_pgtable_cfg *cfg,
		    struct walk_regime *r);

#endif /* MODEL_WALK_H */
