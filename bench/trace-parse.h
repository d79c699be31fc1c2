/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace-parse: what one line of a trace says.
 *
 * ftrace's `trace` file, `perf script` and `trace-cmd report` print the same event in the same
 *words after different prefixes; all have the CPU in brackets, then the time, then the event's
 *name:
 *
 *	dd-132     [003] .....    10.665283: map: IOMMU: iova=0x1000 - 0x2000 paddr=0x8000 size=4096
 *	dd   132 [003]    10.665283:   iommu:map: IOMMU: iova=0x1000 - 0x2000 paddr=0x8000 size=4096
 *	dd-132   [003]    10.665283: map:         IOMMU: iova=0x1000 - 0x2000 paddr=0x8000 size=4096
 *
 * Kernels before 5.15 do not print the end of the range. A line that claims to be one of our two
 * events and is not exactly of this form is malformed, never skipped.
 */
#ifndef BENCH_TRACE_PARSE_H
#define BENCH_TRACE_PARSE_H

#include "trace.h"

enum trace_line_kind {
	TRACE_LINE_NOTHING, /* blank, a comment or a header */
	TRACE_LINE_EVENT,   /* iommu:map or iommu:unmap */
	TRACE_LINE_OTHER,   /* another event */
	TRACE_LINE_LOST,    /* the recorder lost events here */
	TRACE_LINE_UNKNOWN, /* not an event: part of a stack trace, of a function graph ... */
};

/**
 * struct trace_line - what a line says
 * @kind: what it is
 * @format: which tool prints such lines, TRACE_FORMAT_UNKNOWN if it does not show
 * @event: the event, without its line number
 * @nr_lost: how many events were lost, 0 if the marker does not say
 * @nr_overwritten: from ftrace's header
 * @why: what is wrong when trace_parse_line() fails, a constant
 */
struct trace_line {
	enum trace_line_kind kind;
	enum trace_format format;
	struct trace_event event;
	uint64_t nr_lost;
	uint64_t nr_overwritten;
	const char *why;
};

/**
 * trace_parse_line() - understand a line
 * @text: the line, without its newline
 * @line: out
 *
 * Return: 0, or -EINVAL if it is a malformed iommu event; then @line->why tells.
 */
int trace_parse_line(const char *text, struct trace_line *line);

#endif /* BENCH_TRACE_PARSE_H */
