/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * gbench: a C face for Google Benchmark, which is used as registry, filter and reporter.
 *
 * A benchmark registered here runs its body exactly once per repetition and measures itself with
 * bench/clock.h: the library's own times are those of the whole case (set-up included), are wrong
 * for several threads before 1.9, and choosing them would append to the names. Invariants: a name
 * is reported exactly as it was registered; an error inside a benchmark is remembered, because the
 * library's own main would exit with 0.
 */
#ifndef BENCH_GBENCH_H
#define BENCH_GBENCH_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct gbench_state;

typedef void gbench_body(struct gbench_state *state, const void *arg);

/**
 * gbench_register() - add a benchmark
 * @name: its whole name, copied
 * @body: what it does; reports through gbench_counter() and gbench_fail()
 * @arg: passed to @body; must live until gbench_run() returns
 */
void gbench_register(const char *name, gbench_body *body, const void *arg);

/**
 * gbench_counter() - report a number
 * @state: the argument of the body
 * @name: what it is, with its unit
 * @value: the number
 */
void gbench_counter(struct gbench_state *state, const char *name, double value);

/**
 * gbench_label() - a remark on this row
 * @state: the argument of the body
 * @text: the remark
 */
void gbench_label(struct gbench_state *state, const char *text);

/**
 * gbench_context() - something about the whole run, into the context of the report
 * @key: what
 * @value: a text
 */
void gbench_context(const char *key, const char *value);

/**
 * gbench_fail() - this row is an error, and so is the run
 * @state: the argument of the body
 * @message: why
 */
void gbench_fail(struct gbench_state *state, const char *message);

/**
 * gbench_skip() - this row could not be measured on this host; the run goes on being good
 * @state: the argument of the body
 * @message: why; reported behind "skipped: "
 */
void gbench_skip(struct gbench_state *state, const char *message);

/**
 * gbench_drop() - this row was not measured, as the run is being stopped: the report is partial
 * @state: the argument of the body
 *
 * The row is in no report; those in JSON get "partial": true, "cases_done" and "cases_total".
 */
void gbench_drop(struct gbench_state *state);

/**
 * gbench_init() - take the library's options out of the command line
 * @name: what the program is called, without a path
 * @argc: in and out
 * @argv: in and out
 *
 * Return: 0, 1 when the report could not be written, or 2 when an argument is left that the library
 * does not know; stderr has which.
 */
int gbench_init(const char *name, int *argc, char **argv);

/**
 * gbench_lists() - the benchmarks are only listed
 */
bool gbench_lists(void);

/**
 * gbench_run() - run, or list, what the filter matches
 * @header: print what the library has to say about this host on stderr first
 *
 * The JSON reports have no host name and no path in their context.
 *
 * Return: an exit code: 0, or 1 when a benchmark failed or none matched.
 */
int gbench_run(bool header);

/**
 * gbench_done() - how many rows there are
 * @total: out: how many there would be if none had been dropped
 */
unsigned long gbench_done(unsigned long *total);

/**
 * gbench_usage() - print the library's options on stdout; does not return
 */
void gbench_usage(void);

#ifdef __cplusplus
}
#endif

#endif /* BENCH_GBENCH_H */
