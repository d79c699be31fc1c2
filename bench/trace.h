/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * trace: the iommu:map and iommu:unmap events of a recorded trace, in memory.
 *
 * One call reads a whole trace, in any of the three text forms that Linux's tools print, and either
 * returns all of it or says what is wrong and in which line. What was read before an error is never
 * handed out, unless the caller asked for truncated traces; then trace.truncated says so. The
 * events are in the order of their time stamps, those with equal stamps in the order of the file.
 */
#ifndef BENCH_TRACE_H
#define BENCH_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRACE_NAME_BYTES	 64
#define TRACE_MSG_BYTES		 512
#define TRACE_MAX_EVENTS_DEFAULT (16u << 20)
#define TRACE_MAX_CPUS		 8192

enum trace_kind {
	TRACE_MAP,
	TRACE_UNMAP,
	TRACE_NR_KINDS,
};

enum trace_format {
	TRACE_FORMAT_UNKNOWN,
	TRACE_FORMAT_FTRACE,
	TRACE_FORMAT_PERF,
	TRACE_FORMAT_TRACE_CMD,
};

enum trace_packing {
	TRACE_PLAIN,
	TRACE_XZ,
	TRACE_GZ,
};

/**
 * struct trace_event - one call of the kernel's IOMMU core
 * @iova: first address of the range
 * @paddr: where it was mapped to; 0 for an unmap
 * @size_bytes: length that was asked for
 * @done_bytes: length that was mapped or unmapped; an unmap may have done less than was asked for
 * @time_ns: the time stamp, or whatever the trace clock counts
 * @line: where in the file, from 1
 * @cpu: where it was called
 * @kind: map or unmap
 */
struct trace_event {
	uint64_t iova;
	uint64_t paddr;
	uint64_t size_bytes;
	uint64_t done_bytes;
	uint64_t time_ns;
	uint64_t line;
	uint16_t cpu;
	uint8_t kind;
};

/**
 * struct trace - a trace that was read
 * @name: the file's name without folders and without .trace, .txt, .xz, .gz
 * @format: which tool printed it
 * @packing: how it was compressed
 * @events: the events, by time
 * @nr_events: how many
 * @nr_kind: how many maps and how many unmaps
 * @nr_lines: lines in the file
 * @nr_other_events: events that are not iommu:map or iommu:unmap
 * @nr_unknown_lines: lines that are not events at all, such as stack traces
 * @nr_out_of_order: events that had to move to come into the order of time
 * @nr_short_unmaps: unmaps that removed less than they were asked for
 * @nr_lost_markers: places where the recorder says that it lost events
 * @nr_lost_events: how many those lost, as far as they say
 * @nr_overwritten: events that the ring buffer overwrote, by its header
 * @truncated: the file ends too early; only with trace_opts.allow_truncated
 * @truncated_why: what is missing, with the line
 */
struct trace {
	char name[TRACE_NAME_BYTES];
	enum trace_format format;
	enum trace_packing packing;
	struct trace_event *events;
	size_t nr_events;
	uint64_t nr_kind[TRACE_NR_KINDS];
	uint64_t nr_lines;
	uint64_t nr_other_events;
	uint64_t nr_unknown_lines;
	uint64_t nr_out_of_order;
	uint64_t nr_short_unmaps;
	uint64_t nr_lost_markers;
	uint64_t nr_lost_events;
	uint64_t nr_overwritten;
	bool truncated;
	char truncated_why[TRACE_MSG_BYTES];
};

/**
 * struct trace_opts - how to read
 * @max_events: more than these are an error; 0 for TRACE_MAX_EVENTS_DEFAULT
 * @allow_truncated: take what there is of a file that ends too early
 */
struct trace_opts {
	size_t max_events;
	bool allow_truncated;
};

/**
 * trace_load() - read a trace
 * @opts: how
 * @path: the file; "-" is the standard input
 * @trace: out; needs trace_free() when 0 is returned
 * @msg: out, what is wrong, TRACE_MSG_BYTES long, with file and line
 *
 * Return: 0; -ENODATA (ends too early), -EBADMSG (the compressed data are damaged), -EINVAL (a
 * malformed event), -ENOMSG (no iommu event in it: not such a trace), -EILSEQ (not text), -E2BIG
 * (a bound: events, or the length of a line), -ENOMEM, or what open and read return.
 */
int trace_load(const struct trace_opts *opts, const char *path, struct trace *trace, char *msg);

/**
 * trace_free() - give the memory of a trace back
 * @trace: a trace that trace_load() filled in, or one that is all zero
 */
void trace_free(struct trace *trace);

/**
 * trace_format_name() - the name of a format, for people and for JSON
 * @format: the format
 */
const char *trace_format_name(enum trace_format format);

/**
 * trace_packing_name() - the name of a compression, for people and for JSON
 * @packing: the compression
 */
const char *trace_packing_name(enum trace_packing packing);

#endif /* BENCH_TRACE_H */
