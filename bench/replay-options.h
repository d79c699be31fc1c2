/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * replay-options: the command line of bench_replay.
 */
#ifndef BENCH_REPLAY_OPTIONS_H
#define BENCH_REPLAY_OPTIONS_H

#include "replay-plan.h"
#include "replay-run.h"
#include "replay-stats.h"
#include "replay-strategy.h"

#define OPTIONS_MAX_REPEAT    10000
#define OPTIONS_MAX_BUDGET_US 1000000

/**
 * struct strategy_opts - the strategies to compare
 * @kinds: bit per enum iommu_strategy_kind; 0: an ordinary replay
 * @clocks: bit per enum replay_clock
 * @depth: of every queue; 0: their own, and a sweep for all strategies
 * @budget_us: how long a page may be exposed in the mean
 * @cpus: that the events are dealt out to; 0: as many as the trace has
 * @profile: the host that is modelled
 * @at_pace: keep to the trace's time stamps
 * @need_mode: an option was given that only strategies have
 * @never_mode: one that they do not have
 */
struct strategy_opts {
	unsigned int kinds;
	unsigned int clocks;
	uint32_t depth;
	uint64_t budget_us;
	unsigned int cpus;
	const struct machine_profile *profile;
	bool at_pace;
	const char *need_mode;
	const char *never_mode;
};

/**
 * struct options - what was asked for
 * @trace: how to read the traces
 * @plan: how to plan
 * @cfg: the tables
 * @list: the percentiles
 * @nr_repeats: how often to replay
 * @json_path: where to write the figures as JSON, "-" for the standard output; NULL: nowhere
 * @quiet: no table, no progress
 * @samples: where every chunk's time goes; NULL: nowhere
 * @perf_record: where a profile goes, likewise
 * @counters: what to count
 * @strategy: the strategies to compare instead
 * @paths: the traces
 * @nr_paths: how many, at least one
 */
struct options {
	struct trace_opts trace;
	struct plan_opts plan;
	struct replay_cfg cfg;
	struct stats_list list;
	unsigned int nr_repeats;
	const char *json_path;
	bool quiet;
	const char *samples;
	const char *perf_record;
	enum counters_mode counters;
	struct strategy_opts strategy;
	char **paths;
	unsigned int nr_paths;
};

/**
 * options_parse() - read the command line
 * @argc: of main
 * @argv: of main
 * @opts: out
 *
 * Prints the help, or what is wrong, itself. Return: -1 to go on, or the exit status.
 */
int options_parse(int argc, char **argv, struct options *opts);

/**
 * options_fmt_name() - the name of a table format, as --fmt takes it
 * @fmt: the format
 */
const char *options_fmt_name(enum io_pgtable_fmt fmt);

/**
 * options_granule_name() - the name of a granule, as --granule takes it
 * @granule_bytes: the granule
 */
const char *options_granule_name(uint64_t granule_bytes);

/**
 * options_flush_name() - the name of a flush mode, as --flush takes it
 * @flush: the mode
 */
const char *options_flush_name(enum replay_flush flush);

/**
 * options_conflict_name() - the name of a conflict policy, as --on-conflict takes it
 * @conflict: the policy
 */
const char *options_conflict_name(enum plan_conflict conflict);

#endif /* BENCH_REPLAY_OPTIONS_H */
