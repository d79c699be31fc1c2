/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cli: the command line that the benchmark programs share, in front of the benchmark library's own.
 *
 * Invariant: an argument that neither understands ends the program with 2 and is named.
 */
#ifndef BENCH_CLI_H
#define BENCH_CLI_H

#include <stdbool.h>
#include <stdint.h>

#include "counters.h"

/* What all of them say of what is behind a figure. */
#define CLI_BEHIND_USAGE                                                                          \
	"  --samples=FILE              every sample of every case, a line of JSON each (64 MiB "  \
	"at most)\n"                                                                              \
	"  --counters=all|software|none  events of the timed regions, counted when all samples "  \
	"of a\n"                                                                                  \
	"                              case have been taken (all)\n"                              \
	"  --perf-record=FILE          a profile of the timed regions, and of nothing else, for " \
	"perf report:\n"                                                                          \
	"                              they run again, as long as the samples took\n"

/* And those that drop samples. */
#define CLI_DROPPING_USAGE                                                                      \
	"  --noisy=keep|fail           a case that a neighbour disturbed all the time: marked " \
	"noisy,\n"                                                                              \
	"                              or an error that says how to get a figure (keep)\n"      \
	"  --nodes=one|all             run threads on the CPUs of one NUMA node, or of all "    \
	"(one)\n" CLI_BEHIND_USAGE

/**
 * struct cli - what was asked for
 * @program: its name, for messages
 * @usage: what --help prints before the library's options
 * @full: --matrix=full
 * @max_threads: --max-threads, 0: as many as there are CPUs
 * @budget_s: --benchmark_min_time, how long to take samples of each case
 * @noisy_fails: --noisy=fail
 * @all_nodes: --nodes=all
 * @samples: --samples, NULL: not asked for
 * @drops: the program drops disturbed samples
 * @counters: --counters
 * @perf_record: --perf-record, NULL: not asked for
 * @progress_total: --progress, how many cases there will be; 0: show nothing
 * @progress_done: how many began
 * @progress_start_ns: when the first one did
 * @help: --help
 */
struct cli {
	const char *program;
	const char *usage;
	bool full;
	unsigned int max_threads;
	double budget_s;
	bool noisy_fails;
	bool all_nodes;
	const char *samples;
	bool drops;
	enum counters_mode counters;
	const char *perf_record;
	unsigned long progress_total;
	unsigned long progress_done;
	uint64_t progress_start_ns;
	bool help;
};

/**
 * cli_init() - take our options out of the command line, then the library's
 * @cli: in: @program, @usage and the defaults
 * @argc: in and out
 * @argv: in and out
 *
 * Prints the usage and does not return after --help. Return: 0, or an exit status.
 */
int cli_init(struct cli *cli, int *argc, char **argv);

/**
 * cli_begin() - a case begins: on a terminal says so, and how much time is left; elsewhere a line for each
 * tenth of the cases
 * @cli: the command line
 * @name: the case
 */
void cli_begin(struct cli *cli, const char *name);

/**
 * cli_run() - run what the filter matches
 * @cli: the command line
 *
 * Return: an exit status.
 */
int cli_run(const struct cli *cli);

#endif /* BENCH_CLI_H */
