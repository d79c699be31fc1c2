// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay-advice-print: the strategies' figures and the advice, for people. See replay-advice.h.
 *
 * What was simulated says so; what is not known is a dash, never a 0.
 */
#include <inttypes.h>
#include <stdio.h>

#include "replay-advice.h"
#include "replay-report.h"

/* A figure that is negative is not known. */
static void print_cell(FILE *out, int width, double value)
{
	char text[32];

	if (value < 0)
		snprintf(text, sizeof(text), "-");
	else if (value >= 1000)
		snprintf(text, sizeof(text), "%.0f", value);
	else
		snprintf(text, sizeof(text), "%.3g", value);
	fprintf(out, " %*s", width, text);
}

static void print_row(FILE *out, const struct advice *a, const struct advice_row *row)
{
	const struct strategy_figures *f = &row->figures;
	char name[ADVICE_LINE_BYTES];

	advice_name(row, name);
	fprintf(out, "  %c %-8s%-29.29s", row == a->pick ? '*' : ' ',
		row->run.clock == REPLAY_VIRTUAL ? "virtual" : "real", name);
	if (f->error) {
		fprintf(out, " ERROR: %s\n", f->error);
		return;
	}
	print_cell(out, 8, f->ns_per_page);
	print_cell(out, 7, f->unmap_ns[0]);
	print_cell(out, 7, f->unmap_ns[1]);
	if (row->run.kind == IOMMU_STRATEGY_NONE)
		fprintf(out, " %9s", "unbounded");
	else
		print_cell(out, 9, f->exposure_us);
	print_cell(out, 8, f->release_ns[1] / 1000);
	print_cell(out, 7, f->invalidations_per_page);
	print_cell(out, 7, f->syncs_per_page);
	print_cell(out, 7, f->collateral_per_page);
	print_cell(out, 8, f->quarantine_bytes < 0 ? -1 : f->quarantine_bytes / 1024);
	fputs(f->steady ? "\n" : "  queues not full\n", out);
}

static void print_head(FILE *out, const struct options *opts, const struct advice *a)
{
	fprintf(out,
		"%s: %" PRIu64 " unmaps of %" PRIu64 " pages; budget %" PRIu64 " us a page%s\n",
		a->trace.name, a->unmaps, a->pages, opts->strategy.budget_us,
		opts->strategy.at_pace ? "; at the trace's pace" : "");
	report_warnings(out, &a->trace);
	if (opts->strategy.clocks & 1u << REPLAY_VIRTUAL)
		fprintf(out, "  virtual: MODELLED, %u CPUs of %s and its SMMU\n", a->cpus,
			opts->strategy.profile->name);
	if (opts->strategy.clocks & 1u << REPLAY_REAL)
		fprintf(out,
			"  real: %u thread%s of this host and one that is the SMMU, with %s's "
			"service "
			"times%s\n",
			a->threads, a->threads == 1 ? "" : "s", opts->strategy.profile->name,
			a->oversubscribed ? "; OVERSUBSCRIBED" : "");
	fprintf(out, "    %-37s %8s %7s %7s %9s %8s %7s %7s %7s %8s\n", "", "ns/page", "p50 ns",
		"p99 ns", "exposed", "release", "inval.", "syncs", "collat.", "held");
	fprintf(out, "    %-37s %8s %15s %9s %8s %7s %7s %7s %8s\n", "clock, strategy", "CPU",
		"of an unmap", "us mean", "us p99", "/page", "/page", "/page", "KiB");
}

void advice_print(FILE *out, const struct options *opts, const struct advice *a)
{
	print_head(out, opts, a);
	for (unsigned int i = 0; i < a->nr_rows; i++)
		print_row(out, a, &a->row[i]);
	for (unsigned int i = 0; i < a->nr_lines; i++)
		fprintf(out, "  %s\n", a->line[i]);
}
