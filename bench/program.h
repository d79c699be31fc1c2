/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * program: what the main functions of the benchmark programs share: from the command line over the
 * registered cases to an exit status.
 *
 * Invariants: a row has its counters or an error; a row that failed (not: was skipped) makes the
 * exit status 1, an argument that is not understood makes it 2; a row whose threads do not have a
 * core each says so in its label.
 */
#ifndef BENCH_PROGRAM_H
#define BENCH_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>

struct cli;
struct counters_sum;
struct gbench_state;
struct sampler_result;
struct topology;

enum { PROGRAM_NAME_BYTES = 256 };

/**
 * struct program - one of them
 * @name: of the program, for messages
 * @usage: what --help prints before the library's options
 * @case_bytes: size of a case
 * @cases: the cases, in an array for free(); NULL if there is no memory
 * @case_name: a case's name, into PROGRAM_NAME_BYTES
 * @case_threads: how many threads it has
 * @run: run a case on @cpus and report it
 * @drops: samples that were disturbed do not count
 * @take_over: optional, before cases are asked for: does everything and returns an exit status, or
 *	returns -1
 */
struct program {
	const char *name;
	const char *usage;
	size_t case_bytes;
	void *(*cases)(bool full, unsigned int max_threads, size_t *nr);
	void (*case_name)(const void *c, char *name);
	unsigned int (*case_threads)(const void *c);
	void (*run)(struct gbench_state *state, const void *c, const unsigned int *cpus,
		    double budget_s);
	bool drops;
	int (*take_over)(const struct cli *cli, const struct topology *topology);
};

/* The program of WHAT_cases(), WHAT_case_name() and struct WHAT_case, which has threads. */
#define PROGRAM_OF(what, how_to_use, how_to_run)                                    \
	static void *program_cases(bool full, unsigned int max_threads, size_t *nr) \
	{                                                                           \
		return what##_cases(full, max_threads, nr);                         \
	}                                                                           \
	static void program_case_name(const void *c, char *name)                    \
	{                                                                           \
		what##_case_name(c, name);                                          \
	}                                                                           \
	static unsigned int program_case_threads(const void *c)                     \
	{                                                                           \
		return ((const struct what##_case *)c)->threads;                    \
	}                                                                           \
	static const struct program program = {                                     \
		.name = "bench_" #what,                                             \
		.usage = (how_to_use),                                              \
		.case_bytes = sizeof(struct what##_case),                           \
		.cases = program_cases,                                             \
		.case_name = program_case_name,                                     \
		.case_threads = program_case_threads,                               \
		.run = (how_to_run),                                                \
		.drops = true,                                                      \
	}

/**
 * program_main() - be that program
 * @program: which
 * @argc: from main()
 * @argv: from main()
 *
 * Return: an exit status.
 */
int program_main(const struct program *program, int argc, char **argv);

/**
 * program_good() - is there something to report? If not, reports that
 * @state: the row
 * @skipped: why the host could not do it, or NULL
 * @result: what the sampler found
 */
bool program_good(struct gbench_state *state, const char *skipped,
		  const struct sampler_result *result);

/**
 * program_report() - the counters of a row that counts pages
 * @state: the row
 * @result: without an error
 */
void program_report(struct gbench_state *state, const struct sampler_result *result);

/**
 * program_report_counts() - events, for each page or whatever it counts; part of program_report()
 * @state: the row
 * @counts: the events
 * @recorded_regions: into a profile
 * @unit: what it counts
 */
void program_report_counts(struct gbench_state *state, const struct counters_sum *counts,
			   unsigned long recorded_regions, const char *unit);

#endif /* BENCH_PROGRAM_H */
