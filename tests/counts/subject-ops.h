/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * subject-ops: the operations that are the same calls in the same order whoever is called, to be
 * included behind an implementation's own map_at() and unmap_at(), which are inlined into them.
 */
#ifndef TESTS_COUNTS_SUBJECT_OPS_H
#define TESTS_COUNTS_SUBJECT_OPS_H

#include "subject.h"

static OPAQUE void op_map(struct subject *s, size_t i)
{
	map_at(s, iova_of(s, i));
}

static OPAQUE void op_unmap(struct subject *s, size_t i)
{
	unmap_at(s, iova_of(s, i), NULL);
}

static OPAQUE void op_pair(struct subject *s, size_t i)
{
	map_at(s, iova_of(s, i));
	unmap_at(s, iova_of(s, i), NULL);
}

static OPAQUE void op_populate(struct subject *s, size_t i)
{
	for (size_t n = 0; n < POPULATE_CALLS; n++)
		map_at(s, iova_of(s, n));
	for (size_t n = 0; n < POPULATE_CALLS; n++)
		unmap_at(s, iova_of(s, n), NULL);
}

#endif /* TESTS_COUNTS_SUBJECT_OPS_H */
