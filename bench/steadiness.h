/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * steadiness: settings and neighbours of a host that make times differ from run to run, and what to
 * do about each.
 *
 * Invariants: nothing is changed; what cannot be found out is not warned about; a state names no
 * path and no host, as it goes into the results.
 */
#ifndef BENCH_STEADINESS_H
#define BENCH_STEADINESS_H

enum { STEADINESS_MAX = 7, STEADINESS_STATE_BYTES = 96 };

/**
 * struct unsteady - something that is not as it should be
 * @what: a word
 * @state: how it is
 * @mend: what to do
 */
struct unsteady {
	const char *what;
	char state[STEADINESS_STATE_BYTES];
	const char *mend;
};

/**
 * steadiness_check() - look
 * @root: "" or, for tests, a folder with a proc and a sys
 * @found: out: room for STEADINESS_MAX
 *
 * Return: how many.
 */
unsigned int steadiness_check(const char *root, struct unsteady *found);

/**
 * steadiness_warn() - look, and print a line for each on stderr
 * @root: see steadiness_check()
 * @program: whose name to say
 */
void steadiness_warn(const char *root, const char *program);

#endif /* BENCH_STEADINESS_H */
