// SPDX-License-Identifier: GPL-2.0-only
/*
 * flush-case: names, the quick set, and how long a case is run for. See flush-case.h.
 */
#include "flush-case.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flush-machine.h"
#include "grow.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum {
	UNITS_MOST = 1 << 22,  /* places, and what lies between them: a word each */
	TABLES_MOST = 1 << 17, /* of 4K, that may be left behind */
	THREADS_MOST = 128,
};

#define QUEUE  (FLUSH_DEPTH | FLUSH_TIMEOUT | FLUSH_SMMU | FLUSH_QUEUES)
#define ROUNDS (FLUSH_DEPTH | FLUSH_SMMU | FLUSH_RIL)

const struct flush_strategy flush_strategies[] = {
	{ "none", 0, 0, 0, false },
	{ "strict-page", 0, 0, FLUSH_SMMU | FLUSH_QUEUES, false },
	{ "gather", 0, 0, FLUSH_SMMU | FLUSH_QUEUES, false },
	{ "gather-ril", 0, 0, FLUSH_SMMU | FLUSH_QUEUES | FLUSH_ONLY_RIL, false },
	{ "fq-percpu", 256, 10000, QUEUE, false },
	{ "fq-single", 32768, 1000000, QUEUE, false },
	{ "ticket", 64, 0, ROUNDS, false },
	{ "epoch", 64, 0, ROUNDS, false },
	{ "adaptive", 256, 0, ROUNDS | FLUSH_BUDGET, false },
	{ "kernel-strict", 0, 0, FLUSH_SMMU | FLUSH_QUEUES | FLUSH_RIL, true },
	{ "kernel-fq-percpu", 256, 10000, QUEUE, true },
	{ "kernel-fq-single", 32768, 1000000, QUEUE, true },
};

const unsigned int nr_flush_strategies = ARRAY_SIZE(flush_strategies);

#define COUNTER(name, field)                               \
	{                                                  \
		name, offsetof(struct flush_result, field) \
	}

const struct flush_counter flush_counters[] = {
	COUNTER("ns_per_page", ns_per_page),
	COUNTER("p50_ns", op_ns[0]),
	COUNTER("p99_ns", op_ns[1]),
	COUNTER("p999_ns", op_ns[2]),
	COUNTER("max_ns", op_ns[3]),
	COUNTER("invalidations_per_page", invalidations_per_page),
	COUNTER("syncs_per_page", syncs_per_page),
	COUNTER("exposure_page_us", exposure_page_us),
	COUNTER("max_exposure_us", max_exposure_us),
	COUNTER("collateral_per_page", collateral_per_page),
	COUNTER("release_p10_ns", release_ns[2]),
	COUNTER("release_p25_ns", release_ns[3]),
	COUNTER("release_p50_ns", release_ns[0]),
	COUNTER("release_p75_ns", release_ns[4]),
	COUNTER("release_p90_ns", release_ns[5]),
	COUNTER("release_p99_ns", release_ns[1]),
	COUNTER("release_p999_ns", release_ns[6]),
	COUNTER("release_max_ns", release_ns[7]),
	COUNTER("quarantine_bytes", quarantine_bytes),
	COUNTER("max_drained", max_drained),
	COUNTER("batch", batch),
};

const unsigned int nr_flush_counters = ARRAY_SIZE(flush_counters);

double flush_counter_of(const struct flush_result *r, unsigned int counter)
{
	return *(const double *)(const void *)((const char *)r + flush_counters[counter].at);
}

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

static void loop_name(const struct flush_case *c, char *value)
{
	if (c->load)
		snprintf(value, FLUSH_VALUE_BYTES, "open%u", c->load);
	else
		snprintf(value, FLUSH_VALUE_BYTES, "closed");
}

static void number_name(uint32_t number, char *value)
{
	snprintf(value, FLUSH_VALUE_BYTES, "%u", number);
}

int flush_case_value(const struct flush_case *c, const char *key, char *value)
{
	value[0] = 0;
	if (!strcmp(key, "clock"))
		snprintf(value, FLUSH_VALUE_BYTES, "%s",
			 c->clock == FLUSH_VIRTUAL ? "virtual" : "real");
	else if (!strcmp(key, "size"))
		size_name(1ull << c->leaf_lg2, value);
	else if (!strcmp(key, "unmap"))
		unmap_name(c, value);
	else if (!strcmp(key, "layout"))
		snprintf(value, FLUSH_VALUE_BYTES, "%s", layouts[c->layout]);
	else if (!strcmp(key, "threads"))
		number_name(c->threads, value);
	else if (!strcmp(key, "depth"))
		number_name(c->depth, value);
	else if (!strcmp(key, "timeout_us"))
		number_name(c->timeout_us, value);
	else if (!strcmp(key, "loop"))
		loop_name(c, value);
	else if (strcmp(key, "budget_ns") != 0)
		return -ENOENT;
	else if (c->budget_ns)
		number_name(c->budget_ns, value);
	return 0;
}

void flush_case_name(const struct flush_case *c, char *name)
{
	char size[FLUSH_VALUE_BYTES], unmap[FLUSH_VALUE_BYTES], loop[FLUSH_VALUE_BYTES];
	char budget[24] = "";

	size_name(1ull << c->leaf_lg2, size);
	unmap_name(c, unmap);
	loop_name(c, loop);
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
	uint64_t size = (uint64_t)c->pages << c->leaf_lg2, step = flush_step(c);
	uint64_t places = 128 + 2ull * c->depth, units, tables;

	if (c->clock == FLUSH_REAL && strstr(c->model, "-parallel"))
		return "the software SMMU executes one command of a queue at a time";
	if (c->threads > THREADS_MOST)
		return "more CPUs than the virtual clock has";
	if (!strcmp(c->strategy, "gather-ril") && !strstr(c->model, "-ril"))
		return "the model has no range invalidation";
	if (!flush_is_shared(c))
		places *= c->threads;
	units = places * (step >> flush_unit_lg2(c));
	tables = places * step >> flush_table_lg2(c) << (flush_granule_lg2(c) - 12);
	/* What covers whole tables takes them along. Reclaim of the others may come late. */
	if (size % (1ull << flush_table_lg2(c)) == 0)
		tables = 0;
	if (units > UNITS_MOST || tables > TABLES_MOST || places * step >> 46)
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

struct flush_case flush_case_base(unsigned int strategy)
{
	const struct flush_strategy *s = &flush_strategies[strategy];

	return (struct flush_case){
		.strategy = s->name,
		.leaf_lg2 = 12,
		.pages = 1,
		.threads = 1,
		.depth = s->depth,
		.timeout_us = s->timeout_us,
		.budget_ns = s->uses & FLUSH_BUDGET ? 5000 : 0,
		.model = s->uses & FLUSH_ONLY_RIL ? "hi1620-ril" : "hi1620",
	};
}

static const unsigned int quick_threads[] = { 1, 2, 4, 8, 16, 32, 64 };
static const uint32_t depths[] = { 1, 64, 256, 1024, 4096, 32768 };

static void add_threads(struct list *list, unsigned int strategy)
{
	for (size_t i = 0; i < ARRAY_SIZE(quick_threads); i++) {
		struct flush_case c = flush_case_base(strategy);

		c.threads = quick_threads[i];
		add(list, c);
	}
}

static void add_depths(struct list *list, unsigned int strategy)
{
	for (size_t i = 0; i < ARRAY_SIZE(depths); i++) {
		struct flush_case c = flush_case_base(strategy);

		c.threads = 8;
		c.depth = depths[i];
		if (depths[i] != flush_strategies[strategy].depth)
			add(list, c);
	}
}

static void add_budgets(struct list *list)
{
	static const uint32_t budgets[] = { 500, 1000, 2000, 4000, 12000, 25000, 50000 };

	for (size_t i = 0; i < ARRAY_SIZE(budgets); i++) {
		struct flush_case c = flush_case_base(8);

		c.budget_ns = budgets[i];
		add(list, c);
		c.threads = 8;
		add(list, c);
	}
}

static void add_quick(struct list *list, unsigned int max_threads)
{
	for (unsigned int s = 0; s < nr_flush_strategies; s++) {
		struct flush_case c = flush_case_base(s);

		add_threads(list, s);
		if (flush_strategies[s].depth)
			add_depths(list, s);
		c.pages = 256;
		add(list, c);
		c.threads = 10;
		add(list, c);
		c = flush_case_base(s);
		c.threads = 8;
		for (c.load = 50; c.load; c.load = c.load == 50 ? 80 : c.load == 80 ? 95 : 0)
			add(list, c);
		if (flush_strategies[s].virtual_only)
			continue;
		c = flush_case_base(s);
		c.clock = FLUSH_REAL;
		add(list, c);
		c.threads = max_threads;
		if (max_threads > 1)
			add(list, c);
	}
	add_budgets(list);
}

struct flush_case *flush_cases(unsigned int max_threads, size_t *nr)
{
	struct list list = { 0 };

	add_quick(&list, max_threads);
	if (list.failed) {
		free(list.c);
		return NULL;
	}
	*nr = list.nr;
	return list.c;
}

/* Running. */

enum { OPS = 1500, OPS_LEAST = 60, PAGES_MOST = 40000, SEED = 1 };

unsigned int flush_ops_for(const struct flush_case *c)
{
	unsigned int ops = OPS * 8 / (c->threads < 8 ? 8 : c->threads);
	unsigned int depth = c->depth / (flush_is_shared(c) ? c->threads : 1);

	if (ops > PAGES_MOST / c->pages)
		ops = PAGES_MOST / c->pages;
	if (ops < OPS_LEAST)
		ops = OPS_LEAST;
	if (ops < 6 * depth)
		ops = 6 * depth;
	return ops;
}

void flush_run(const struct flush_case *c, const unsigned int *cpus, double budget_s,
	       struct flush_result *result)
{
	if (c->clock == FLUSH_VIRTUAL)
		flush_run_virtual(c, flush_ops_for(c), SEED, result);
	else
		flush_run_real(c, cpus, budget_s, result);
}
