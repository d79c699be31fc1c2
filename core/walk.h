/* SPDX-License-Identifier: GPL-2.0-only */
/* The walk of everything in a table, for what is made of it in core/. */
#ifndef CORE_WALK_H
#define CORE_WALK_H

#include "core/domain.h"
#include "io-pgtable-walk.h"

/* io_pgtable_walk() of all input addresses, the half with the negative ones first. */
int pt_walk_all(const struct pt_domain *d, io_pgtable_walk_fn *callback, void *ctx);

#endif /* CORE_WALK_H */
