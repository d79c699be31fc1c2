// SPDX-License-Identifier: GPL-2.0-only
/*
 * flush-machine: names of models and of strategies. See flush-machine.h.
 */
#include "flush-machine.h"

#include <errno.h>
#include <math.h>
#include <string.h>

const struct machine_profile *flush_profile;

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

static const struct {
	const char *name;
	void (*apply)(struct machine_opts *o);
} variants[] = {
	{ "", NULL },
	{ "-ril", set_ril },
	{ "-event", set_event },
	{ "-2q", set_2q },
	{ "-4q", set_4q },
	{ "-sync63", set_sync63 },
	{ "-twice", set_twice },
	{ "-parallel", NULL },
};

static int find_model(const char *name, struct machine_opts *o)
{
	for (unsigned int i = 0; i < nr_machine_profiles; i++) {
		size_t len = strlen(machine_profiles[i].name);

		if (strncmp(name, machine_profiles[i].name, len) != 0)
			continue;
		for (size_t k = 0; k < sizeof(variants) / sizeof(variants[0]); k++) {
			if (strcmp(name + len, variants[k].name) != 0)
				continue;
			o->profile = flush_profile ? flush_profile : &machine_profiles[i];
			if (variants[k].apply)
				variants[k].apply(o);
			return 0;
		}
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
	if (strstr(c->model, "-parallel"))
		profile->engines = 2;
	opts->profile = profile;
	opts->kernel = machine_kernel_find(c->strategy);
	return opts->kernel ? 0 : iommu_strategy_find(c->strategy, &opts->kind);
}

uint64_t flush_step(const struct flush_case *c)
{
	uint64_t size = (uint64_t)c->pages << c->leaf_lg2, table = 1ull << (2 * c->leaf_lg2 - 3);

	if (c->layout == FLUSH_EMPTYING && size < table)
		return table;
	/* Blocks and tables at their natural places. */
	if (c->layout == FLUSH_STRIDED)
		return 2 * size;
	return size;
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
