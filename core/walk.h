/* SPDX-License-Identifier: GPL-2.0-only */
/* The walk of everything in a table, for what is made of it in core/. */
#ifndef CORE_WALK_H
#define CORE_WALK_H

#include "core/domain.h"
#include "io-pgtable-walk.h"

/* io_pgtable_walk() of all input addresses, the half with the negative ones first. */
int pt_walk_all(const struct pt_domain *d, io_pgtable_walk_fn *callback, void *ctx);

/*
 * The prot that a map would have been given for a leaf with these attributes, written to or not;
 * -1: none. Where several give them, the permissions are all that are granted (a format without
 * write-only grants reading), and the rest is what they agree on (a bit that a format ignores says
 * nothing).
 */
int pt_prot_of_attr(const struct pt_domain *d, uint64_t attr);

#endif /* CORE_WALK_H */
