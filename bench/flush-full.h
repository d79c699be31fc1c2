/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * flush-full: what bench_flush does with --matrix=full: counts, lists, hands a small part to the
 * benchmark library, or runs any part by itself.
 *
 * The library keeps every registered case in memory and writes its report at the end: not for
 * millions. So --stream runs one case after the other, each in a process of its own, and appends a
 * row to a file as each ends: one JSON object a line, with the library's keys. Called again it goes
 * on behind the last whole row.
 *
 * Invariants: memory does not grow with the number of cases; a case that dies, or takes longer than
 * FLUSH_CASE_S, is a row that says so; a file of another selection is not touched.
 */
#ifndef BENCH_FLUSH_FULL_H
#define BENCH_FLUSH_FULL_H

#include "flush-cross.h"

enum {
	FLUSH_LIBRARY_MOST = 20000, /* cases that are handed to the benchmark library */
	FLUSH_CASE_S = 600,
};

/**
 * struct flush_full - what was asked for
 * @wanted: --matrix=full
 * @selection: --only, --host-profile
 * @stream: --stream's file, or NULL
 * @slice: --slice=K/N: K - 1
 * @slices: N
 * @count: --count
 * @list: --benchmark_list_tests
 * @filter: --benchmark_filter's, or NULL
 */
struct flush_full {
	bool wanted;
	struct flush_selection selection;
	const char *stream;
	unsigned int slice, slices;
	bool count, list;
	const char *filter;
};

/**
 * flush_full_parse() - take our options out of the command line
 * @f: out
 * @argc: in and out
 * @argv: in and out
 *
 * Return: 0, or an exit status, after a message.
 */
int flush_full_parse(struct flush_full *f, int *argc, char **argv);

/**
 * flush_full_cases() - the cases for the benchmark library
 * @f: what was asked for; the CPUs of this host are in @selection
 * @nr: out, how many
 * @cases: out, for the caller to free
 *
 * Return: 0, or an exit status, after a message.
 */
int flush_full_cases(struct flush_full *f, size_t *nr, struct flush_case **cases);

/**
 * flush_full_print() - --count and --benchmark_list_tests
 * @f: what was asked for
 *
 * Return: an exit status.
 */
int flush_full_print(struct flush_full *f);

/**
 * flush_full_stream() - --stream
 * @f: what was asked for
 * @cpus: of this host, at least one more than threads
 * @budget_s: how long to take samples of a case of the real clock
 *
 * Return: an exit status: 1 if a case failed, or the file could not be written.
 */
int flush_full_stream(struct flush_full *f, const unsigned int *cpus, double budget_s);

#endif /* BENCH_FLUSH_FULL_H */
