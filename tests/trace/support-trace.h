/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * support-trace: what the tests of the trace replay share.
 *
 * Files that a test writes live in a folder of its own, which support_teardown() removes with
 * everything in it.
 */
#ifndef SUPPORT_TRACE_H
#define SUPPORT_TRACE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h needs those before it. */
#include <cmocka.h>

#include "trace.h"

/* Makes the folder; for cmocka's setup. */
int support_setup(void **state);
/* Removes the folder; for cmocka's teardown. */
int support_teardown(void **state);

/* Writes a file into the test's folder and returns its path, valid until the next call. */
const char *support_write(const char *name, const void *data, size_t len);

/* Reads a whole file; the caller frees it. */
void *support_read(const char *path, size_t *len);

/* Loads text as a trace that must be good; the caller frees it. */
void support_load_text(const char *text, struct trace *trace);

#endif /* SUPPORT_TRACE_H */
