/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flush-match: which combinations of the cross --benchmark_filter and --slice leave.
 *
 * Invariant: the filter means what it means to the benchmark library: a POSIX extended expression
 * that is found anywhere in the name, or, behind a minus, is not.
 */
#ifndef BENCH_FLUSH_MATCH_H
#define BENCH_FLUSH_MATCH_H

#include <regex.h>

#include "flush-full.h"

/**
 * struct flush_match - for one walk over the cross
 * @full: what was asked for
 * @expression: of the filter
 * @has_filter: is there one
 * @negative: it began with a minus
 * @seen: combinations that the filter let through
 * @name: of the last one that was looked at
 */
struct flush_match {
	const struct flush_full *full;
	regex_t expression;
	bool has_filter, negative;
	uint64_t seen;
	char name[FLUSH_NAME_BYTES];
};

/**
 * flush_match_init() - from what was asked for
 * @m: out
 * @full: lives as long
 *
 * Return: 0, or an exit status, after a message.
 */
int flush_match_init(struct flush_match *m, const struct flush_full *full);

/**
 * flush_match_fini() - the opposite
 * @m: the match
 */
void flush_match_fini(struct flush_match *m);

/**
 * flush_matches() - is this one wanted?
 * @m: the match; @name is filled in
 * @c: the next case of the walk
 */
bool flush_matches(struct flush_match *m, const struct flush_case *c);

#endif /* BENCH_FLUSH_MATCH_H */
