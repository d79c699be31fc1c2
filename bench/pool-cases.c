// SPDX-License-Identifier: GPL-2.0-only
/*
 * pool-cases: each operation with the axes that make sense for it. See pool-cases.h.
 */
#include "pool-cases.h"

#include <stdio.h>
#include <stdlib.h>

#include "grow.h"
#include "topology.h"
#define BIT(n) (1u << (n))

/* Sizes as bits of their log2. */
#define MAIN_SIZES (BIT(6) | BIT(10) | BIT(12) | BIT(14) | BIT(16) | BIT(20))
#define ALL_SIZES  (MAIN_SIZES | BIT(7) | BIT(8) | BIT(9) | BIT(11) | BIT(13) | BIT(15) | BIT(17))

enum threads { ONE, TWO, ANY };

static const struct {
	const char *name;
	unsigned int quick_sizes;
	unsigned int full_sizes;
	bool zeroed; /* both, or unzeroed only */
	enum threads threads;
	bool domains;
} ops[POOL_OP_NR] = {
	[POOL_OP_PAIR] = { "pair", MAIN_SIZES, ALL_SIZES, true, ANY, false },
	[POOL_OP_BURST] = { "burst", BIT(12) | BIT(16), ALL_SIZES, true, ANY, false },
	[POOL_OP_COLD] = { "cold", BIT(12), MAIN_SIZES, true, ONE, false },
	[POOL_OP_REMOTE] = { "remote", BIT(12), MAIN_SIZES, true, TWO, false },
	[POOL_OP_POPULATE] = { "populate", BIT(12), BIT(12), false, ONE, false },
	[POOL_OP_DOMAINS] = { "domains", BIT(6) | BIT(12), BIT(6) | BIT(12), false, ONE, true },
	[POOL_OP_FRAGMENT] = { "fragment", BIT(12), BIT(12), false, ONE, false },
};

static void size_name(unsigned int lg2, char name[8])
{
	static const char unit[] = " KM";

	snprintf(name, 8, lg2 < 10 ? "%u" : "%u%c", 1u << lg2 % 10, unit[lg2 / 10]);
}

void pool_case_name(const struct pool_case *c, char *name)
{
	char size[8];
	int len;

	size_name(c->size_lg2, size);
	len = snprintf(name, POOL_NAME_BYTES, "pool/backend:%s/op:%s/size:%s/zeroed:%d/threads:%u",
		       c->backend->name, ops[c->op].name, size, c->zeroed, c->threads);
	if (c->domains)
		snprintf(name + len, POOL_NAME_BYTES - (size_t)len, "/domains:%u", c->domains);
}

struct list {
	struct pool_case *c;
	uint32_t nr, room;
	bool failed;
};

static void add(struct list *list, struct pool_case c)
{
	if (grow((void **)&list->c, list->nr, &list->room, sizeof(*list->c)))
		list->failed = true;
	else
		list->c[list->nr++] = c;
}

static void add_threads(struct list *list, struct pool_case c, unsigned int max)
{
	switch (ops[c.op].threads) {
	case ONE:
		c.threads = 1;
		add(list, c);
		break;
	case TWO:
		c.threads = 2;
		if (max >= 2)
			add(list, c);
		break;
	case ANY:
		for (c.threads = 1; c.threads; c.threads = topology_next_threads(c.threads, max))
			add(list, c);
	}
}

static void add_domains(struct list *list, struct pool_case c, bool full)
{
	c.threads = 1;
	for (c.domains = 1; c.domains <= 4096; c.domains *= full ? 2 : 8)
		add(list, c);
}

/* Backends next to one another: a ratio is made of two figures taken within a second. */
struct pool_case *pool_cases(bool full, unsigned int max_threads, size_t *nr)
{
	struct list list = { 0 };

	for (enum pool_op op = 0; op < POOL_OP_NR; op++) {
		unsigned int sizes = full ? ops[op].full_sizes : ops[op].quick_sizes;

		for (unsigned int lg2 = 6; lg2 <= 20; lg2++)
			for (int zeroed = 0; zeroed <= ops[op].zeroed; zeroed++)
				for (size_t b = 0; (sizes & BIT(lg2)) && pool_backends[b]; b++) {
					struct pool_case c = { pool_backends[b], op, lg2,
							       zeroed,		 1,  0 };

					if (ops[op].domains)
						add_domains(&list, c, full);
					else
						add_threads(&list, c, max_threads);
				}
	}
	if (list.failed) {
		free(list.c);
		return NULL;
	}
	*nr = list.nr;
	return list.c;
}
