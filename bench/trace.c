// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace: reading a whole trace, see trace.h.
 *
 * The order of time is the order of the file for everything the kernel's own tools print, as they
 * merge the CPUs' buffers by time; files glued together from several buffers are sorted here, and
 * how many events had to move is counted. The sort is stable, so what one CPU did stays in order
 * even where its clock did not tick. CPUs whose clocks disagree by microseconds may still show an
 * unmap and the map that reuses its addresses the wrong way round; nothing in the events tells that
 * from a second domain, and the planner copes by treating it as one (replay-plan.h).
 */
#include "trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace-parse.h"
#include "trace-source.h"

#define FIRST_EVENTS 4096u

struct reader {
	const char *file;
	size_t max_events;
	size_t room;
	char *msg;
	struct trace *trace;
	enum trace_format
		header_format; /* what a header says, stronger than what the lines look like */
	enum trace_format event_format;
};

static int fail_at_line(struct reader *reader, int err, const char *what)
{
	snprintf(reader->msg, TRACE_MSG_BYTES, "%s: line %llu: %s", reader->file,
		 (unsigned long long)reader->trace->nr_lines, what);
	return err;
}

static int too_many_events(struct reader *reader)
{
	char what[96];

	snprintf(what, sizeof(what), "more than %zu events (--max-events)", reader->max_events);
	return fail_at_line(reader, -E2BIG, what);
}

static int make_room(struct reader *reader)
{
	struct trace *trace = reader->trace;
	size_t room = reader->room ? 2 * reader->room : FIRST_EVENTS;
	struct trace_event *events;

	if (trace->nr_events == reader->max_events)
		return too_many_events(reader);
	if (trace->nr_events < reader->room)
		return 0;
	if (room > reader->max_events)
		room = reader->max_events;
	events = realloc(trace->events, room * sizeof(*events));
	if (!events)
		return fail_at_line(reader, -ENOMEM, "no memory for the events");
	trace->events = events;
	reader->room = room;
	return 0;
}

static int add_event(struct reader *reader, const struct trace_line *line)
{
	struct trace *trace = reader->trace;
	int ret = make_room(reader);

	if (ret)
		return ret;
	trace->events[trace->nr_events] = line->event;
	trace->events[trace->nr_events].line = trace->nr_lines;
	trace->nr_events++;
	trace->nr_kind[line->event.kind]++;
	trace->nr_short_unmaps += line->event.done_bytes < line->event.size_bytes;
	if (!reader->event_format)
		reader->event_format = line->format;
	return 0;
}

static int take_line(struct reader *reader, const char *text)
{
	struct trace *trace = reader->trace;
	struct trace_line line;
	char what[TRACE_MSG_BYTES / 2];
	int ret;

	ret = trace_parse_line(text, &line);
	if (ret) {
		snprintf(what, sizeof(what), "malformed iommu event: %s", line.why);
		return fail_at_line(reader, ret, what);
	}
	switch (line.kind) {
	case TRACE_LINE_NOTHING:
		if (line.format)
			reader->header_format = line.format;
		trace->nr_overwritten += line.nr_overwritten;
		return 0;
	case TRACE_LINE_EVENT:
		return add_event(reader, &line);
	case TRACE_LINE_OTHER:
		trace->nr_other_events++;
		return 0;
	case TRACE_LINE_LOST:
		trace->nr_lost_markers++;
		trace->nr_lost_events += line.nr_lost;
		return 0;
	case TRACE_LINE_UNKNOWN:
		trace->nr_unknown_lines++;
		return 0;
	}
	return 0;
}

/* The file ends too early, at the line after the last whole one. */
static int truncated_here(struct reader *reader, const char *why, bool allow)
{
	struct trace *trace = reader->trace;

	trace->nr_lines++;
	fail_at_line(reader, -ENODATA, why);
	if (!allow) {
		strncat(reader->msg, " (truncated; --allow-truncated replays what is there)",
			TRACE_MSG_BYTES - strlen(reader->msg) - 1);
		return -ENODATA;
	}
	trace->truncated = true;
	snprintf(trace->truncated_why, sizeof(trace->truncated_why), "%s", reader->msg);
	return 0;
}

static int read_lines(struct reader *reader, struct trace_source *src, bool allow_truncated)
{
	char *text;
	int ret;

	while ((ret = trace_source_line(src, &text)) == 1) {
		reader->trace->nr_lines++;
		ret = take_line(reader, text);
		if (ret)
			return ret;
	}
	if (ret == -ENODATA)
		return truncated_here(reader, trace_source_why(src), allow_truncated);
	if (ret) {
		reader->trace->nr_lines++;
		return fail_at_line(reader, ret, trace_source_why(src));
	}
	return 0;
}

static int by_time_then_line(const void *left, const void *right)
{
	const struct trace_event *a = left, *b = right;

	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	return a->line < b->line ? -1 : a->line > b->line;
}

static void sort_events(struct trace *trace)
{
	uint64_t latest_ns = 0;
	size_t i;

	for (i = 0; i < trace->nr_events; i++) {
		if (trace->events[i].time_ns < latest_ns)
			trace->nr_out_of_order++;
		else
			latest_ns = trace->events[i].time_ns;
	}
	if (trace->nr_out_of_order)
		qsort(trace->events, trace->nr_events, sizeof(*trace->events), by_time_then_line);
}

static void cut_suffix(char *name, const char *suffix)
{
	size_t len = strlen(name), n = strlen(suffix);

	if (len > n && !strcmp(name + len - n, suffix))
		name[len - n] = '\0';
}

static void set_name(struct trace *trace, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!strcmp(path, "-"))
		path = "stdin";
	snprintf(trace->name, sizeof(trace->name), "%s", slash ? slash + 1 : path);
	cut_suffix(trace->name, ".xz");
	cut_suffix(trace->name, ".gz");
	cut_suffix(trace->name, ".txt");
	cut_suffix(trace->name, ".trace");
}

static int finish(struct reader *reader)
{
	struct trace *trace = reader->trace;

	if (!trace->nr_events) {
		snprintf(reader->msg, TRACE_MSG_BYTES,
			 "%s: no iommu:map or iommu:unmap event in %llu lines: not a trace of an "
			 "IOMMU",
			 reader->file, (unsigned long long)trace->nr_lines);
		return -ENOMSG;
	}
	trace->format = reader->event_format;
	if (reader->header_format && trace->format != TRACE_FORMAT_PERF)
		trace->format = reader->header_format;
	sort_events(trace);
	return 0;
}

int trace_load(const struct trace_opts *opts, const char *path, struct trace *trace, char *msg)
{
	struct reader reader = {
		.file = strcmp(path, "-") ? path : "standard input",
		.max_events = opts->max_events ? opts->max_events : TRACE_MAX_EVENTS_DEFAULT,
		.msg = msg,
		.trace = trace,
	};
	struct trace_source *src;
	int ret;

	memset(trace, 0, sizeof(*trace));
	set_name(trace, path);
	ret = trace_source_open(path, &src);
	if (ret) {
		snprintf(msg, TRACE_MSG_BYTES, "%s: cannot be opened: %s", reader.file,
			 strerror(-ret));
		return ret;
	}
	trace->packing = trace_source_packing(src);
	ret = read_lines(&reader, src, opts->allow_truncated);
	trace_source_close(src);
	if (!ret)
		ret = finish(&reader);
	if (ret)
		trace_free(trace);
	return ret;
}

void trace_free(struct trace *trace)
{
	free(trace->events);
	memset(trace, 0, sizeof(*trace));
}

const char *trace_format_name(enum trace_format format)
{
	static const char *const name[] = {
		[TRACE_FORMAT_UNKNOWN] = "unknown",
		[TRACE_FORMAT_FTRACE] = "ftrace",
		[TRACE_FORMAT_PERF] = "perf-script",
		[TRACE_FORMAT_TRACE_CMD] = "trace-cmd",
	};

	return name[format];
}

const char *trace_packing_name(enum trace_packing packing)
{
	static const char *const name[] = {
		[TRACE_PLAIN] = "plain",
		[TRACE_XZ] = "xz",
		[TRACE_GZ] = "gzip",
	};

	return name[packing];
}
