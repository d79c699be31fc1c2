// SPDX-License-Identifier: GPL-2.0-only
/*
 * flush-match: names against a filter. See flush-match.h.
 */
#include "flush-match.h"

#include <stdio.h>
#include <string.h>

int flush_match_init(struct flush_match *m, const struct flush_full *full)
{
	const char *filter = full->filter;
	char why[128];
	int error;

	*m = (struct flush_match){ .full = full };
	if (!filter || !*filter || !strcmp(filter, "all"))
		return 0;
	m->negative = *filter == '-';
	error = regcomp(&m->expression, filter + m->negative, REG_EXTENDED | REG_NOSUB);
	if (error) {
		regerror(error, &m->expression, why, sizeof(why));
		fprintf(stderr, "bench_flush: --benchmark_filter=%s: %s\n", filter, why);
		return 2;
	}
	m->has_filter = true;
	return 0;
}

void flush_match_fini(struct flush_match *m)
{
	if (m->has_filter)
		regfree(&m->expression);
}

bool flush_matches(struct flush_match *m, const struct flush_case *c)
{
	if (m->has_filter || !m->full->count)
		flush_case_name(c, m->name);
	if (m->has_filter && !regexec(&m->expression, m->name, 0, NULL, 0) == m->negative)
		return false;
	return m->seen++ % m->full->slices == m->full->slice;
}
