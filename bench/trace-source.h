/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace-source: the lines of a text file that may be compressed.
 *
 * Plain, xz and gzip are told apart by their first bytes, so that a pipe works as well as a file.
 * A source ends well only if the compressed stream is complete and the last line has its newline.
 */
#ifndef BENCH_TRACE_SOURCE_H
#define BENCH_TRACE_SOURCE_H

#include <stddef.h>

#include "trace.h"

#define TRACE_LINE_MAX_BYTES (32u << 10)

struct trace_source;

/**
 * trace_source_open() - open a file
 * @path: the file, "-" for the standard input
 * @out: the source
 *
 * Return: 0, -ENOMEM or what open(2) and read(2) return.
 */
int trace_source_open(const char *path, struct trace_source **out);

/**
 * trace_source_line() - the next line
 * @src: the source
 * @line: out, the line without its newline; valid, and may be written to, until the next call
 *
 * Return: 1; 0 at a proper end; -ENODATA if the file ends too early, -EBADMSG if the compressed
 * data are damaged, -EILSEQ if the line is not text, -E2BIG if it is longer than
 * TRACE_LINE_MAX_BYTES, -ENOMEM, or what read(2) returns.
 */
int trace_source_line(struct trace_source *src, char **line);

/**
 * trace_source_why() - what the last error of trace_source_line() was about
 * @src: the source
 *
 * Return: half a sentence, a constant.
 */
const char *trace_source_why(const struct trace_source *src);

/**
 * trace_source_packing() - how the file is compressed
 * @src: the source
 */
enum trace_packing trace_source_packing(const struct trace_source *src);

/**
 * trace_source_close() - close and free
 * @src: the source, or NULL
 */
void trace_source_close(struct trace_source *src);

#endif /* BENCH_TRACE_SOURCE_H */
