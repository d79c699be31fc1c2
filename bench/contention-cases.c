// SPDX-License-Identifier: GPL-2.0-only
/*
 * contention-cases: each point with the implementations that it says something about. See
 * contention-cases.h.
 *
 * The peers are measured where page tables alone are shared: they bring no pool, flush queue or
 * command queue.
 */
#include "contention-cases.h"

#include <stdio.h>
#include <stdlib.h>

#include "topology.h"

enum whose { ANY_TABLES, OURS, THE_HOSTS };

static const struct {
	const char *name;
	enum whose whose;
} points[CONTENTION_NR] = {
	[CONTENTION_PRIVATE] = { "private", ANY_TABLES },
	[CONTENTION_DOMAIN] = { "domain", ANY_TABLES },
	[CONTENTION_TABLE] = { "table", ANY_TABLES },
	[CONTENTION_LINE] = { "line", ANY_TABLES },
	[CONTENTION_POOL] = { "pool", OURS },
	[CONTENTION_FLUSHQ] = { "flushq", OURS },
	[CONTENTION_FLUSHQ_SINGLE] = { "flushq-single", OURS },
	[CONTENTION_CMDQ] = { "cmdq", OURS },
	[CONTENTION_MPROTECT] = { "mprotect", THE_HOSTS },
};

void contention_case_name(const struct contention_case *c, char *name)
{
	const char *impl = c->impl ? c->impl->name : c->untouched ? "host-untouched" : "host";

	snprintf(name, CONTENTION_NAME_BYTES, "contention/point:%s/impl:%s/threads:%u",
		 points[c->point].name, impl, c->threads);
}

struct list {
	struct contention_case *c; /* NULL: count only */
	size_t nr;
	bool full;
	unsigned int max_threads;
};

static void add(struct list *list, struct contention_case c)
{
	unsigned int max = list->max_threads;

	for (c.threads = 1; c.threads && c.threads <= max;
	     c.threads = list->full ? c.threads + 1 : topology_next_threads(c.threads, max)) {
		if (list->c)
			list->c[list->nr] = c;
		list->nr++;
	}
}

static bool has_tables(const struct bench_impl *impl)
{
	return (!impl->brief || impl->bare) && impl->fmts & 1u << ARM_64_LPAE_S1;
}

static void add_all(struct list *list)
{
	list->nr = 0;
	for (enum contention_point point = 0; point < CONTENTION_NR; point++) {
		struct contention_case c = { .point = point };

		for (size_t i = 0; points[point].whose != THE_HOSTS && bench_impls[i]; i++) {
			c.impl = bench_impls[i];
			if (points[point].whose == OURS ? c.impl == &bench_impl_core
							: has_tables(c.impl))
				add(list, c);
		}
		for (int i = 0; points[point].whose == THE_HOSTS && i < 2; i++) {
			c.untouched = i;
			add(list, c);
		}
	}
}

struct contention_case *contention_cases(bool full, unsigned int max_threads, size_t *nr)
{
	struct list list = { .full = full, .max_threads = max_threads };

	/* Count first, then fill. */
	add_all(&list);
	list.c = calloc(list.nr, sizeof(*list.c));
	if (!list.c)
		return NULL;
	add_all(&list);
	*nr = list.nr;
	return list.c;
}
