/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * interrupt: Ctrl-C, or SIGTERM, ends a run in order: what was measured is kept, marked as partial.
 *
 * Invariants: the first signal only sets a flag, which is looked at between samples and between
 * cases; a second one, half a second later or more, ends the program at once (a terminal and the
 * script that started the program may both pass on the same one).
 */
#ifndef BENCH_INTERRUPT_H
#define BENCH_INTERRUPT_H

#include <stdbool.h>

enum { INTERRUPT_STATUS = 130 }; /* exit status of a run that was ended this way */

/**
 * interrupt_catch() - from now on
 * @program: whose name to say
 */
void interrupt_catch(const char *program);

/**
 * interrupt_came() - has there been one?
 */
bool interrupt_came(void);

#endif /* BENCH_INTERRUPT_H */
