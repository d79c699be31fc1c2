// SPDX-License-Identifier: GPL-2.0-only
/*
 * flush-machine: names of models and of strategies. See flush-machine.h.
 */
#include "flush-machine.h"

#include <errno.h>
#include <math.h>
#include <string.h>

const struct machine_profile *flush_profile;

const double flush_release_quantiles[FLUSH_RELEASES] = {
	0.5, 0.99, 0.1, 0.25, 0.75, 0.9, 0.999, 1
};

static void set_ril(struct machine_opts *o)
{
	o->ril = true;
}

static void set_event(struct machine_opts *o)
{
	o->event = true;
}

static void set_2q(struct machine_opts *o)
{
	o->queues = 2;
}

static void set_4q(struct machine_opts *o)
{
	o->queues = 4;
}

static void set_sync63(struct machine_opts *o)
{
	o->errata = SMMU_CMDQ_SYNC_63;
}

static void set_twice(struct machine_opts *o)
{
	o->errata = SMMU_CMDQ_TLBI_TWICE;
}

static void set_parallel(struct machine_opts *o)
{
	o->parallel = true;
}

static const struct {
	const char *name;
	void (*apply)(struct machine_opts *o);
} variants[] = {
	{ "-ril", set_ril },
	{ "-event", set_event },
	{ "-2q", set_2q },
	{ "-4q", set_4q },
	{ "-sync63", set_sync63 },
	{ "-twice", set_twice },
	{ "-parallel", set_parallel },
};

/* What differs from the profile, each named once. */
static int apply_variants(const char *text, struct machine_opts *o)
{
	unsigned int seen = 0;

	while (*text) {
		size_t i = 0, len = 0;

		for (; i < sizeof(variants) / sizeof(variants[0]); i++) {
			len = strlen(variants[i].name);
			if (!strncmp(text, variants[i].name, len) &&
			    (text[len] == '-' || !text[len]) && !(seen >> i & 1))
				break;
		}
		if (i == sizeof(variants) / sizeof(variants[0]))
			return -ENOENT;
		seen |= 1u << i;
		variants[i].apply(o);
		text += len;
	}
	return 0;
}

static int find_model(const char *name, struct machine_opts *o)
{
	for (unsigned int i = 0; i < nr_machine_profiles; i++) {
		size_t len = strlen(machine_profiles[i].name);
		struct machine_opts with = *o;

		if (strncmp(name, machine_profiles[i].name, len) != 0 ||
		    apply_variants(name + len, &with))
			continue;
		*o = with;
		o->profile = flush_profile ? flush_profile : &machine_profiles[i];
		return 0;
	}
	return -ENOENT;
}

int flush_machine_opts(const struct flush_case *c, struct machine_profile *profile,
		       struct machine_opts *opts)
{
	memset(opts, 0, sizeof(*opts));
	opts->queues = 1;
	opts->cpus = c->threads;
	opts->depth = c->depth;
	opts->timeout_ns = c->timeout_us * 1000ull;
	opts->budget_page_ns = c->budget_ns;
	opts->leaf_lg2 = c->leaf_lg2;
	if (find_model(c->model, opts))
		return -ENOENT;
	*profile = *opts->profile;
	if (opts->parallel)
		profile->engines = 2;
	opts->profile = profile;
	opts->unit_lg2 = flush_unit_lg2(c);
	opts->reclaim = c->layout == FLUSH_EMPTYING;
	opts->kernel = machine_kernel_find(c->strategy);
	if (opts->kernel)
		return 0;
	if (iommu_strategy_find(c->strategy, &opts->kind))
		return -ENOENT;
	/* One CPU at a time hands a round over: to one queue, whatever there are. */
	if (opts->kind >= IOMMU_STRATEGY_TICKET)
		opts->queues = 1;
	return 0;
}

unsigned int flush_queues(const struct flush_case *c)
{
	struct machine_opts o = { .queues = 1 };

	return find_model(c->model, &o) ? 1 : o.queues;
}

unsigned int flush_granule_lg2(const struct flush_case *c)
{
	return c->leaf_lg2 == 21 ? 12 : c->leaf_lg2;
}

/* What a table of such leaves maps. */
unsigned int flush_table_lg2(const struct flush_case *c)
{
	return c->leaf_lg2 + flush_granule_lg2(c) - 3;
}

uint64_t flush_step(const struct flush_case *c)
{
	uint64_t size = (uint64_t)c->pages << c->leaf_lg2, table = 1ull << flush_table_lg2(c);

	if (c->layout == FLUSH_EMPTYING)
		return (size + table - 1) & ~(table - 1);
	/* Blocks and tables at their natural places. */
	if (c->layout == FLUSH_STRIDED)
		return 2 * size;
	return size;
}

unsigned int flush_unit_lg2(const struct flush_case *c)
{
	return (unsigned int)__builtin_ctzll(flush_step(c));
}

bool flush_is_shared(const struct flush_case *c)
{
	return strstr(c->strategy, "single") != NULL;
}

uint64_t flush_gap_ps(uint64_t *random, double mean_ps)
{
	double u;

	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	u = ((double)(*random >> 11) + 0.5) / 9007199254740992.0;
	return (uint64_t)(-log(u) * mean_ps);
}
