/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The root that hardware starts from, where that is not the root of the tree: it grows before
 * something is mapped beyond it, and shrinks with a trim (io-pgtable.h, root_changed;
 * docs/adr/0010-root-by-chain.md).
 *
 * The tree always has the height that ias needs, and its first tables, from the root down, are
 * always there: the chain. Hardware starts from one of them, for which nothing above it is used but
 * entry 0. So growing takes no memory and cannot fail, and what an operation walks through does not
 * change under it.
 *
 * Who writes what: all fields, the owner of lock. told_top is what the driver was told last, and
 * read under lock. held_top is read by anyone, with acquire: from here up to the root nobody takes
 * the chain's tables out; it is never above told_top. It is raised, with release, after the driver
 * has returned, and after a shrink that has looked at these tables: who finds it raised may free
 * them. map_last is read by anyone, with acquire: a map that ends at most there needs no other
 * root; it is raised, with release, after the driver has returned. Both are lowered before a shrink
 * waits for all sections to end (core/section.h): who maps later sees them, and what was mapped
 * before is seen by the shrink.
 *
 * Compiled once, for descriptors of 64 bits: where they have 32 (core/entry.h) grows is never set.
 */
#ifndef CORE_ROOT_H
#define CORE_ROOT_H

#include "core/format.h"
#include "core/port.h"
#include "io-pgtable.h"

struct pt_domain;

/* Fills in a driver's registers, the root's among them. */
typedef void pt_registers_fn(const struct pt_domain *d, struct io_pgtable_cfg *cfg);

struct pt_root {
	struct port_lock lock;
	uint8_t told_top; /* level of the root that hardware has */
	uint8_t held_top;
	bool grows;
	uint64_t map_last;
	pt_registers_fn *registers;
};

/* Only of a format that has grow_from: makes the chain, if this root is to grow; -ENOMEM. */
int pt_root_create(struct pt_domain *d, pt_registers_fn *registers);

/* The table of level that hardware can start from. */
pt_entry *pt_root_table(const struct pt_domain *d, unsigned int level);

/*
 * When it returns hardware's root reaches to last, in the input range, and has entries for such
 * pages.
 */
void pt_root_grow(struct pt_domain *d, uint64_t last, uint64_t pgsize);

/* Where grows is set: is *slot an entry of the chain, one that stays what it is? */
bool pt_root_holds(const struct pt_domain *d, const pt_entry *slot);

/* Hardware's root becomes the lowest that reaches everything; not in a section. */
void pt_root_shrink(struct pt_domain *d);

bool pt_root_validate(const struct pt_domain *d);

#endif /* CORE_ROOT_H */
