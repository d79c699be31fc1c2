/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * environment: what a figure depends on and a reader of it wants to know.
 *
 * Invariants: nothing that names the host, a user or a path on it; what cannot be found out is
 * null or "absent", never 0.
 */
#ifndef BENCH_ENVIRONMENT_H
#define BENCH_ENVIRONMENT_H

#include <stddef.h>
#include <stdio.h>

/**
 * environment_print() - print it all as a JSON object
 * @out: where to
 *
 * Context: bench_clock_calibrate() has run. Return: 0 or -EIO.
 */
int environment_print(FILE *out);

/**
 * environment_label() - a short name for this kind of host, such as amd-epyc-f25m17-2c
 * @label: out: lower-case letters, digits and dashes
 * @bytes: room for it
 */
void environment_label(char *label, size_t bytes);

#endif /* BENCH_ENVIRONMENT_H */
