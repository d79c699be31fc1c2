// SPDX-License-Identifier: GPL-2.0-only
/*
 * flush-case: the quick set, and a cross of what a user may ask for. See flush-case.h.
 */
#include "flush-case.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "grow.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum { GRANULES_MOST = 1 << 22, THREADS_MOST = 128 };

static const struct {
	const char *name;
	uint32_t depth, timeout_us;
	bool virtual_only;
} strategies[] = {
	{ "none", 0, 0, false },
	{ "strict-page", 0, 0, false },
	{ "gather", 0, 0, false },
	{ "gather-ril", 0, 0, false },
	{ "fq-percpu", 256, 10000, false },
	{ "fq-single", 32768, 1000000, false },
	{ "ticket", 64, 0, false },
	{ "epoch", 64, 0, false },
	{ "adaptive", 256, 0, false },
	{ "kernel-strict", 0, 0, true },
	{ "kernel-fq-percpu", 256, 10000, true },
	{ "kernel-fq-single", 32768, 1000000, true },
};

static const char *const layouts[] = { "contiguous", "strided", "random", "emptying" };

static void size_name(uint64_t bytes, char name[16])
{
	static const char unit[] = " KMG";
	unsigned int i = 0;

	while (bytes >= 1024 && bytes % 1024 == 0 && i < 3) {
		bytes /= 1024;
		i++;
	}
	snprintf(name, 16, i ? "%llu%c" : "%llu", (unsigned long long)bytes, unit[i]);
}

/* A size as it is said, or a number of pages next to one. */
static void unmap_name(const struct flush_case *c, char name[16])
{
	if (c->pages == 511 || c->pages == 513)
		snprintf(name, 16, "%up", c->pages);
	else
		size_name((uint64_t)c->pages << c->leaf_lg2, name);
}

void flush_case_name(const struct flush_case *c, char *name)
{
	char size[16], unmap[16], loop[16] = "closed", budget[24] = "";

	size_name(1ull << c->leaf_lg2, size);
	unmap_name(c, unmap);
	if (c->load)
		snprintf(loop, sizeof(loop), "open%u", c->load);
	if (c->budget_ns)
		snprintf(budget, sizeof(budget), "/budget_ns:%u", c->budget_ns);
	snprintf(name, FLUSH_NAME_BYTES,
		 "flush/strategy:%s/clock:%s/size:%s/unmap:%s/layout:%s/threads:%u/depth:%u/"
		 "timeout_us:%u/model:%s/loop:%s%s",
		 c->strategy, c->clock == FLUSH_VIRTUAL ? "virtual" : "real", size, unmap,
		 layouts[c->layout], c->threads, c->depth, c->timeout_us, c->model, loop, budget);
}

const char *flush_case_refused(const struct flush_case *c)
{
	uint64_t size = (uint64_t)c->pages << c->leaf_lg2, table = 1ull << (2 * c->leaf_lg2 - 3);
	uint64_t places = 128 + 2ull * c->depth;
	unsigned int granule = c->leaf_lg2 == 21 ? 12 : c->leaf_lg2;

	if (c->layout == FLUSH_EMPTYING && size % table)
		return "removes no table";
	if (c->threads > THREADS_MOST)
		return "more CPUs than the virtual clock has";
	if (!strcmp(c->strategy, "gather-ril") && !strstr(c->model, "-ril"))
		return "the model has no range invalidation";
	if (!strstr(c->strategy, "single"))
		places *= c->threads;
	if (places * (c->layout == FLUSH_STRIDED ? 2 : 1) * size >> granule > GRANULES_MOST)
		return "the window would be too large: fewer pages, threads or less depth";
	return NULL;
}

struct list {
	struct flush_case *c;
	uint32_t nr, room;
	bool failed;
};

static void add(struct list *list, struct flush_case c)
{
	if (grow((void **)&list->c, list->nr, &list->room, sizeof(*list->c)))
		list->failed = true;
	else
		list->c[list->nr++] = c;
}

/* The base: 4K, one page an unmap, hi1620, closed; each strategy with what it has by itself. */
static struct flush_case base(unsigned int strategy)
{
	return (struct flush_case){
		.strategy = strategies[strategy].name,
		.leaf_lg2 = 12,
		.pages = 1,
		.threads = 1,
		.depth = strategies[strategy].depth,
		.timeout_us = strategies[strategy].timeout_us,
		.budget_ns = strcmp(strategies[strategy].name, "adaptive") ? 0 : 5000,
		.model = strcmp(strategies[strategy].name, "gather-ril") ? "hi1620" : "hi1620-ril",
	};
}

static const unsigned int quick_threads[] = { 1, 2, 4, 8, 16, 32, 64 };
static const uint32_t depths[] = { 1, 64, 256, 1024, 4096, 32768 };

static bool has_depth(unsigned int strategy)
{
	return strategies[strategy].depth != 0;
}

static void add_threads(struct list *list, unsigned int strategy)
{
	for (size_t i = 0; i < ARRAY_SIZE(quick_threads); i++) {
		struct flush_case c = base(strategy);

		c.threads = quick_threads[i];
		add(list, c);
	}
}

static void add_depths(struct list *list, unsigned int strategy)
{
	for (size_t i = 0; i < ARRAY_SIZE(depths); i++) {
		struct flush_case c = base(strategy);

		c.threads = 8;
		c.depth = depths[i];
		if (depths[i] != strategies[strategy].depth)
			add(list, c);
	}
}

static void add_budgets(struct list *list)
{
	static const uint32_t budgets[] = { 500, 1000, 2000, 4000, 12000, 25000, 50000 };

	for (size_t i = 0; i < ARRAY_SIZE(budgets); i++) {
		struct flush_case c = base(8);

		c.budget_ns = budgets[i];
		add(list, c);
		c.threads = 8;
		add(list, c);
	}
}

static void add_quick(struct list *list, unsigned int max_threads)
{
	for (unsigned int s = 0; s < ARRAY_SIZE(strategies); s++) {
		struct flush_case c = base(s);

		add_threads(list, s);
		if (has_depth(s))
			add_depths(list, s);
		c.pages = 256;
		add(list, c);
		c.threads = 10;
		add(list, c);
		c = base(s);
		c.threads = 8;
		for (c.load = 50; c.load; c.load = c.load == 50 ? 80 : c.load == 80 ? 95 : 0)
			add(list, c);
		if (strategies[s].virtual_only)
			continue;
		c = base(s);
		c.clock = FLUSH_REAL;
		add(list, c);
		c.threads = max_threads;
		if (max_threads > 1)
			add(list, c);
	}
	add_budgets(list);
}

static const struct {
	unsigned int leaf_lg2;
	unsigned int pages[12];
} sizes[] = {
	{ 12, { 1, 16, 256, 511, 512, 513, 1024 } },
	{ 14, { 1, 64 } },
	{ 16, { 1, 16 } },
	{ 21, { 1 } },
};

static const char *const models[] = { "hi1620",	   "hi1620-ril",    "hi1620-event", "hi1620-2q",
				      "hi1620-4q", "hi1620-sync63", "hi1620-twice" };

/* Depths under every model; how requests come and timeouts under the first one. */
static void add_waiting(struct list *list, unsigned int strategy, struct flush_case c, bool first)
{
	struct flush_case own = c;

	for (size_t d = 0; d < ARRAY_SIZE(depths) && has_depth(strategy); d++) {
		c.depth = depths[d];
		add(list, c);
	}
	if (!has_depth(strategy))
		add(list, c);
	if (!first)
		return;
	c = own;
	for (c.load = 50; c.load; c.load = c.load == 50 ? 80 : c.load == 80 ? 95 : 0)
		add(list, c);
	c.timeout_us = 100;
	if (own.timeout_us)
		add(list, c);
}

/* On this host: what threads it has, pages of 4K, a closed loop. */
static void add_real(struct list *list, unsigned int strategy, struct flush_case c,
		     unsigned int max_threads)
{
	static const char *const real_models[] = { "hi1620", "hi1620-ril" };

	c.clock = FLUSH_REAL;
	if (c.leaf_lg2 != 12 || strategies[strategy].virtual_only)
		return;
	for (size_t m = 0; m < ARRAY_SIZE(real_models); m++)
		for (c.threads = 1; c.threads <= max_threads; c.threads *= 2) {
			c.model = real_models[m];
			if (!flush_case_refused(&c))
				add_waiting(list, strategy, c, false);
		}
}

static void add_cross(struct list *list, unsigned int strategy, struct flush_case c)
{
	for (size_t m = 0; m < ARRAY_SIZE(models); m++) {
		c.model = models[m];
		for (c.layout = FLUSH_CONTIGUOUS; c.layout <= FLUSH_EMPTYING; c.layout++)
			for (c.threads = 1; c.threads <= THREADS_MOST; c.threads *= 4)
				if (!flush_case_refused(&c) && (!m || !c.layout))
					add_waiting(list, strategy, c, !m);
	}
}

static void add_full(struct list *list, unsigned int max_threads)
{
	for (unsigned int s = 0; s < ARRAY_SIZE(strategies); s++) {
		struct flush_case c = base(s);

		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			c.leaf_lg2 = sizes[i].leaf_lg2;
			for (size_t k = 0; k < ARRAY_SIZE(sizes[i].pages) && sizes[i].pages[k];
			     k++) {
				c.pages = sizes[i].pages[k];
				add_cross(list, s, c);
				add_real(list, s, c, max_threads);
			}
		}
	}
}

struct flush_case *flush_cases(bool full, unsigned int max_threads, size_t *nr)
{
	struct list list = { 0 };

	if (full)
		add_full(&list, max_threads);
	else
		add_quick(&list, max_threads);
	if (list.failed) {
		free(list.c);
		return NULL;
	}
	*nr = list.nr;
	return list.c;
}
