/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * replay-advice: every strategy on a trace, and which one to use.
 *
 * The rule: of those that keep the mean exposure of a page within the budget, the one that costs
 * the CPUs least; of those within 2% of it, the one that exposes least. "none" is never advised;
 * what needs range invalidation is, with the best that does not beside it. Invariant: what is
 * advised depends on the figures of one clock only, the virtual one if it was asked for.
 */
#ifndef BENCH_REPLAY_ADVICE_H
#define BENCH_REPLAY_ADVICE_H

#include <stdio.h>

#include "replay-options.h"
#include "replay-strategy.h"

enum { ADVICE_MAX_ROWS = 64, ADVICE_LINES = 6, ADVICE_LINE_BYTES = 320 };

/**
 * struct advice_row - a strategy that was run
 * @run: what
 * @figures: what came of it
 * @depth: of its queue, its own if none was asked for; 0: it has none
 */
struct advice_row {
	struct strategy_run run;
	struct strategy_figures figures;
	uint32_t depth;
};

/**
 * struct advice - all about one trace
 * @trace: what was read; its events are gone
 * @unmaps: of mappings that were unmapped
 * @pages: that were unmapped, in a round
 * @cpus: of the virtual clock
 * @threads: of the real one
 * @oversubscribed: with the SMMU's, these are more than this host's CPUs
 * @row: the strategies
 * @nr_rows: how many
 * @pick: which to use; NULL: none keeps within the budget
 * @line: why
 * @nr_lines: how many
 */
struct advice {
	struct trace trace;
	uint64_t unmaps;
	uint64_t pages;
	unsigned int cpus;
	unsigned int threads;
	bool oversubscribed;
	struct advice_row row[ADVICE_MAX_ROWS];
	unsigned int nr_rows;
	const struct advice_row *pick;
	char line[ADVICE_LINES][ADVICE_LINE_BYTES];
	unsigned int nr_lines;
};

/**
 * advice_all() - advise on all traces
 * @opts: the options
 *
 * Return: the exit status.
 */
int advice_all(const struct options *opts);

/**
 * advice_decide() - which strategy, and why
 * @opts: the options
 * @a: in: the rows; out: pick and lines
 */
void advice_decide(const struct options *opts, struct advice *a);

/**
 * advice_name() - a row's strategy, for people: "fq-percpu depth 256"
 * @row: the row
 * @name: out, ADVICE_LINE_BYTES
 */
void advice_name(const struct advice_row *row, char *name);

/**
 * advice_print() - the table for people
 * @out: where to
 * @opts: the options
 * @a: the advice
 */
void advice_print(FILE *out, const struct options *opts, const struct advice *a);

/**
 * advice_json() - all of it as one JSON object
 * @opts: the options; json_path says where to
 * @a: one for each trace
 * @nr: how many
 *
 * Return: 0, or the errno of what could not be written.
 */
int advice_json(const struct options *opts, const struct advice *a, unsigned int nr);

#endif /* BENCH_REPLAY_ADVICE_H */
