/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * raw-samples: every sample of every case, as lines of JSON, for whoever wants to look behind a
 * median.
 *
 * Invariants: a line is a whole case (or a part of one that says which); at most RAW_SAMPLES_BYTES
 * are written, then one line says that the rest was left out, and how many bytes there are; a write
 * that fails is told at the end, not lost.
 */
#ifndef BENCH_RAW_SAMPLES_H
#define BENCH_RAW_SAMPLES_H

#include <stdbool.h>
#include <stddef.h>

enum { RAW_SAMPLES_BYTES = 64 << 20 };

/**
 * raw_samples_open() - keep samples from now on
 * @path: of the file, which is made anew
 *
 * Return: 0 or a negative errno.
 */
int raw_samples_open(const char *path);

/**
 * raw_samples_case() - a case begins
 * @name: its name; must live until its samples were written
 */
void raw_samples_case(const char *name);

/**
 * raw_samples_begin() - its line begins; nothing happens if no file is open
 * @columns: what raw_samples_add() is given: the key
 *
 * Return: whether samples are wanted: then raw_samples_add() for each, and raw_samples_end().
 */
bool raw_samples_begin(const char *columns);

/**
 * raw_samples_add() - a sample
 * @ns: time per page, or whatever the columns say
 * @pages: how many, of all threads
 * @third: it counts (quiet), or which thread took it
 */
void raw_samples_add(double ns, double pages, unsigned int third);

/**
 * raw_samples_none() - a line for a case that has none
 * @why: what stands for them
 */
void raw_samples_none(const char *why);

/**
 * raw_samples_end() - the line ends
 */
void raw_samples_end(void);

/**
 * raw_samples_close() - the last case is through
 *
 * Return: 0, a negative errno of a write, or -ENODATA if no case had samples.
 */
int raw_samples_close(void);

#endif /* BENCH_RAW_SAMPLES_H */
