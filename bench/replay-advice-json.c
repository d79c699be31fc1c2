// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay-advice-json: the strategies' figures as JSON. See replay-advice.h.
 *
 * Keys end in their unit; what is not known is null, an exposure without a bound too. Nothing about
 * the host is written; no paths, only the traces' names.
 */
#include <stdio.h>

#include "json.h"
#include "replay-advice.h"
#include "replay-report.h"

static void put(struct json *j, const char *key, double value)
{
	if (value < 0)
		json_string(j, key, NULL);
	else
		json_number(j, key, value);
}

static void put_row_name(struct json *j, const struct options *opts, const struct advice *a,
			 const struct advice_row *row)
{
	bool is_virtual = row->run.clock == REPLAY_VIRTUAL;
	char name[256];

	snprintf(name, sizeof(name),
		 "replay/trace:%s/strategy:%s/clock:%s/depth:%u/budget_us:%g/cpus:%u/model:%s",
		 a->trace.name, iommu_strategy_describe(row->run.kind)->name,
		 is_virtual ? "virtual" : "real", row->depth, (double)row->run.budget_ns / 1000,
		 is_virtual ? a->cpus : a->threads, opts->strategy.profile->name);
	json_string(j, "name", name);
}

static void put_row(struct json *j, const struct options *opts, const struct advice *a,
		    const struct advice_row *row)
{
	const struct strategy_figures *f = &row->figures;
	char strategy[ADVICE_LINE_BYTES];

	advice_name(row, strategy);
	json_open(j, NULL, '{');
	put_row_name(j, opts, a, row);
	json_string(j, "strategy", strategy);
	json_string(j, "clock", row->run.clock == REPLAY_VIRTUAL ? "virtual" : "real");
	json_bool(j, "modelled", row->run.clock == REPLAY_VIRTUAL);
	json_bool(j, "advised", row == a->pick);
	if (f->error) {
		json_string(j, "error", f->error);
	} else {
		put(j, "ns_per_page", f->ns_per_page);
		put(j, "pages_per_s", f->pages_per_s);
		put(j, "p50_ns", f->unmap_ns[0]);
		put(j, "p99_ns", f->unmap_ns[1]);
		put(j, "batch", f->batch);
		put(j, "release_p50_ns", f->release_ns[0]);
		put(j, "release_p99_ns", f->release_ns[1]);
		put(j, "exposure_page_us", f->exposure_us);
		put(j, "invalidations_per_page", f->invalidations_per_page);
		put(j, "syncs_per_page", f->syncs_per_page);
		put(j, "collateral_per_page", f->collateral_per_page);
		put(j, "quarantine_bytes", f->quarantine_bytes);
		put(j, "rounds", f->rounds);
		json_bool(j, "steady", f->steady);
	}
	json_close(j, '}');
}

static void put_trace(struct json *j, const struct options *opts, const struct advice *a)
{
	char pick[ADVICE_LINE_BYTES], line[24];

	json_open(j, NULL, '{');
	json_string(j, "trace", a->trace.name);
	json_bool(j, "truncated", a->trace.truncated);
	put(j, "unmaps", (double)a->unmaps);
	put(j, "pages", (double)a->pages);
	put(j, "cpus", a->cpus);
	put(j, "threads", a->threads);
	json_bool(j, "oversubscribed", a->oversubscribed);
	put(j, "budget_us", (double)opts->strategy.budget_us);
	json_string(j, "pace", opts->strategy.at_pace ? "trace" : "none");
	json_string(j, "model", opts->strategy.profile->name);
	if (a->pick)
		advice_name(a->pick, pick);
	json_string(j, "advice", a->pick ? pick : NULL);
	for (unsigned int i = 0; i < a->nr_lines; i++) {
		snprintf(line, sizeof(line), "reason_%u", i + 1);
		json_string(j, line, a->line[i]);
	}
	json_open(j, "strategies", '[');
	for (unsigned int i = 0; i < a->nr_rows; i++)
		put_row(j, opts, a, &a->row[i]);
	json_close(j, ']');
	json_close(j, '}');
}

/* What is written. */
struct all {
	const struct options *opts;
	const struct advice *advice;
	unsigned int nr;
};

static void put_all(struct json *j, const void *what)
{
	const struct all *all = what;

	json_open(j, NULL, '{');
	json_string(j, "program", "bench_replay");
	json_open(j, "advice", '[');
	for (unsigned int i = 0; i < all->nr; i++)
		put_trace(j, all->opts, &all->advice[i]);
	json_close(j, ']');
	if (all->nr < all->opts->nr_paths)
		replay_put_partial(j, all->opts, all->nr);
	json_close(j, '}');
}

int advice_json(const struct options *opts, const struct advice *a, unsigned int nr)
{
	const struct all all = { opts, a, nr };

	return json_write(opts->json_path, put_all, &all);
}
