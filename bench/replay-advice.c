// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay-advice: which strategy, and why. See replay-advice.h.
 */
#include "replay-advice.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Costs that differ by less are taken for the same. */
static const double SAME = 1.02;

void advice_name(const struct advice_row *row, char *name)
{
	const char *strategy = iommu_strategy_describe(row->run.kind)->name;

	if (row->run.kind == IOMMU_STRATEGY_ADAPTIVE)
		snprintf(name, ADVICE_LINE_BYTES, "%s at a budget of %g us", strategy,
			 (double)row->run.budget_ns / 1000);
	else if (row->depth)
		snprintf(name, ADVICE_LINE_BYTES, "%s depth %" PRIu32, strategy, row->depth);
	else
		snprintf(name, ADVICE_LINE_BYTES, "%s", strategy);
}

static enum replay_clock clock_of(const struct options *opts)
{
	return opts->strategy.clocks & 1u << REPLAY_VIRTUAL ? REPLAY_VIRTUAL : REPLAY_REAL;
}

static bool counts(const struct options *opts, const struct advice_row *row)
{
	return row->run.clock == clock_of(opts) && !row->figures.error &&
	       row->figures.exposure_us >= 0;
}

static bool is_better(const struct advice_row *a, const struct advice_row *b)
{
	double cost = a->figures.ns_per_page / b->figures.ns_per_page;

	if (cost > SAME || cost < 1 / SAME)
		return cost < 1;
	if (a->figures.exposure_us < b->figures.exposure_us ||
	    a->figures.exposure_us > b->figures.exposure_us)
		return a->figures.exposure_us < b->figures.exposure_us;
	return cost < 1;
}

/* May this be advised to somebody who wants so little exposure, and may not have range commands? */
static bool fits(const struct options *opts, const struct advice_row *row, double most_us, bool ril)
{
	return counts(opts, row) && row->figures.exposure_us <= most_us &&
	       (ril || row->run.kind != IOMMU_STRATEGY_GATHER_RIL);
}

static const struct advice_row *best(const struct options *opts, const struct advice *a,
				     double most_us, bool ril)
{
	const struct advice_row *found = NULL;
	double least_ns = 0;

	for (unsigned int i = 0; i < a->nr_rows; i++) {
		const struct advice_row *row = &a->row[i];

		if (fits(opts, row, most_us, ril) &&
		    (least_ns <= 0 || row->figures.ns_per_page < least_ns))
			least_ns = row->figures.ns_per_page;
	}
	/* Nearness is measured from the cheapest: it does not add up from row to row. */
	for (unsigned int i = 0; i < a->nr_rows; i++) {
		const struct advice_row *row = &a->row[i];

		if (fits(opts, row, most_us, ril) && row->figures.ns_per_page <= SAME * least_ns &&
		    (!found || is_better(row, found)))
			found = row;
	}
	return found;
}

static const struct advice_row *find(const struct options *opts, const struct advice *a,
				     enum iommu_strategy_kind kind, uint32_t depth)
{
	for (unsigned int i = 0; i < a->nr_rows; i++)
		if (a->row[i].run.clock == clock_of(opts) && a->row[i].run.kind == kind &&
		    (!depth || a->row[i].depth == depth) && !a->row[i].figures.error &&
		    (kind == IOMMU_STRATEGY_NONE || a->row[i].figures.exposure_us >= 0))
			return &a->row[i];
	return NULL;
}

/* Never more than there is room for: each kind of line comes once. */
static char *next_line(struct advice *a)
{
	if (a->nr_lines < ADVICE_LINES)
		a->nr_lines++;
	return a->line[a->nr_lines - 1];
}

static void say_row(struct advice *a, const struct advice_row *row, double budget_us,
		    const char *what)
{
	char name[ADVICE_LINE_BYTES];
	const char *over = row->figures.exposure_us > budget_us ? ": over the budget" : "";

	advice_name(row, name);
	if (row->figures.exposure_us > 0)
		snprintf(next_line(a), ADVICE_LINE_BYTES,
			 "%.80s%s costs %.0f ns a page and exposes it for %.3g us%s", name, what,
			 row->figures.ns_per_page, row->figures.exposure_us, over);
	else
		snprintf(next_line(a), ADVICE_LINE_BYTES,
			 "%.80s%s costs %.0f ns a page and never exposes it", name, what,
			 row->figures.ns_per_page);
}

static void say_pick(struct advice *a, const struct advice_row *safest, double bound_ns)
{
	const struct strategy_figures *f = &a->pick->figures;
	char name[ADVICE_LINE_BYTES], bound[80] = "", safe[80] = "";

	advice_name(a->pick, name);
	if (bound_ns > 0)
		snprintf(bound, sizeof(bound), ", %.0f%% more than with no invalidation at all",
			 100 * (f->ns_per_page / bound_ns - 1));
	if (safest && safest != a->pick)
		snprintf(safe, sizeof(safe), ", %.0f%% less than the cheapest without exposure",
			 100 * (1 - f->ns_per_page / safest->figures.ns_per_page));
	snprintf(next_line(a), ADVICE_LINE_BYTES, "use %.80s: the cheapest within the budget%s%s",
		 name, bound, safe);
}

static void say_without_ril(struct advice *a, const struct advice_row *row)
{
	char name[ADVICE_LINE_BYTES];

	if (!row)
		return;
	advice_name(row, name);
	snprintf(
		next_line(a), ADVICE_LINE_BYTES,
		"gather-ril needs range invalidation (IDR3.RIL); without it: %.80s, %.0f ns a page",
		name, row->figures.ns_per_page);
}

void advice_decide(const struct options *opts, struct advice *a)
{
	double budget_us = (double)opts->strategy.budget_us;
	const struct advice_row *usual = find(opts, a, IOMMU_STRATEGY_FQ_PERCPU,
					      opts->strategy.depth ? opts->strategy.depth : 256);
	const struct advice_row *adaptive = find(opts, a, IOMMU_STRATEGY_ADAPTIVE, 0);
	const struct advice_row *none = find(opts, a, IOMMU_STRATEGY_NONE, 0);
	const struct advice_row *safest = best(opts, a, 0, true);

	a->nr_lines = 0;
	a->pick = best(opts, a, budget_us, true);
	if (usual)
		say_row(a, usual, budget_us, "");
	if (adaptive)
		say_row(a, adaptive, budget_us, "");
	if (safest)
		say_row(a, safest, budget_us, ", the cheapest without exposure,");
	if (a->pick && a->pick != usual && a->pick != adaptive && a->pick != safest)
		say_row(a, a->pick, budget_us, "");
	if (a->pick && a->pick->run.kind == IOMMU_STRATEGY_GATHER_RIL)
		say_without_ril(a, best(opts, a, budget_us, false));
	if (a->pick)
		say_pick(a, safest, none ? none->figures.ns_per_page : 0);
	else
		snprintf(next_line(a), ADVICE_LINE_BYTES,
			 "none of these keeps within the budget of %.0f us", budget_us);
}
