// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace-parse: what one line of a trace says, see trace-parse.h.
 *
 * A cursor runs over the line; every helper either moves it over what it recognised and returns
 * true, or leaves it alone. Numbers that do not fit 64 bits are not numbers.
 */
#include "trace-parse.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* Between the CPU and the time: nothing, the latency flags, and what options may add to them. */
#define MAX_FLAG_WORDS 3
/* A line with a CPU and not more than flags and half a time behind it was cut. */
#define MAX_WORDS_CUT  2
#define NS_PER_S       1000000000ull

static void skip_spaces(const char **at)
{
	while (**at == ' ' || **at == '\t')
		(*at)++;
}

static void skip_word(const char **at)
{
	while (**at && **at != ' ' && **at != '\t')
		(*at)++;
}

static bool skip_text(const char **at, const char *text)
{
	size_t len = strlen(text);

	if (strncmp(*at, text, len) != 0)
		return false;
	*at += len;
	return true;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 16;
}

static bool number(const char **at, unsigned int base, uint64_t *value)
{
	const char *p = *at;
	uint64_t v = 0;

	for (; digit_value(*p) < (int)base; p++)
		if (__builtin_mul_overflow(v, base, &v) ||
		    __builtin_add_overflow(v, (uint64_t)digit_value(*p), &v))
			return false;
	if (p == *at)
		return false;
	*at = p;
	*value = v;
	return true;
}

static bool hex_field(const char **at, const char *name, uint64_t *value)
{
	const char *p = *at;

	if (!skip_text(&p, name) || !skip_text(&p, "0x") || !number(&p, 16, value))
		return false;
	*at = p;
	return true;
}

static bool dec_field(const char **at, const char *name, uint64_t *value)
{
	const char *p = *at;

	if (!skip_text(&p, name) || !number(&p, 10, value))
		return false;
	*at = p;
	return true;
}

/* "10.665283:" in seconds, or a clock that counts something else, "123456:". */
static bool time_stamp(const char **at, uint64_t *time_ns)
{
	const char *p = *at;
	uint64_t fraction, unit_ns = NS_PER_S;
	const char *point;

	if (!number(&p, 10, time_ns))
		return false;
	if (*p == '.') {
		point = ++p;
		if (!number(&p, 10, &fraction) || p - point > 9 ||
		    *time_ns > UINT64_MAX / NS_PER_S - 1)
			return false;
		for (; point < p; point++)
			unit_ns /= 10;
		*time_ns = *time_ns * NS_PER_S + fraction * unit_ns;
	}
	if (*p != ':' || (p[1] && p[1] != ' ' && p[1] != '\t'))
		return false;
	*at = p + 1;
	return true;
}

/* After "[cpu]": the flags, if any, and the time. Counts the words that come before the time. */
static bool flags_and_time(const char **at, uint64_t *time_ns, unsigned int *nr_flag_words)
{
	const char *p = *at;

	for (*nr_flag_words = 0; *nr_flag_words <= MAX_FLAG_WORDS; (*nr_flag_words)++) {
		skip_spaces(&p);
		if (time_stamp(&p, time_ns)) {
			*at = p;
			return true;
		}
		skip_word(&p);
	}
	return false;
}

struct prefix {
	bool has_cpu;
	unsigned int nr_words_left; /* behind the CPU, if there is no time */
	uint64_t cpu;
	uint64_t time_ns;
	unsigned int nr_flag_words;
};

static unsigned int count_words(const char *p)
{
	unsigned int nr = 0;

	for (skip_spaces(&p); *p; skip_spaces(&p)) {
		skip_word(&p);
		nr++;
	}
	return nr;
}

/* Moves to behind the time. A task's name may contain anything, so every "[" is tried. */
static bool find_prefix(const char **at, struct prefix *prefix)
{
	const char *p;

	for (p = strchr(*at, '['); p; p = strchr(p, '[')) {
		p++;
		if (!number(&p, 10, &prefix->cpu) || *p != ']')
			continue;
		p++;
		prefix->has_cpu = true;
		prefix->nr_words_left = count_words(p);
		if (flags_and_time(&p, &prefix->time_ns, &prefix->nr_flag_words)) {
			*at = p;
			return true;
		}
	}
	return false;
}

/* The event's name, with or without its system; perf may print a period before it. */
static bool event_name(const char **at, const char **name, size_t *len)
{
	const char *p = *at;
	uint64_t period;

	skip_spaces(&p);
	if (number(&p, 10, &period))
		skip_spaces(&p);
	*name = p;
	skip_word(&p);
	if (p == *name || p[-1] != ':')
		return false;
	*len = (size_t)(p - *name) - 1;
	*at = p;
	return true;
}

static bool is_name(const char *name, size_t len, const char *want)
{
	return len == strlen(want) && !memcmp(name, want, len);
}

static const char *parse_range(const char **at, struct trace_event *event, bool *has_end,
			       uint64_t *end)
{
	if (!hex_field(at, "iova=", &event->iova))
		return "no iova=0x... in it";
	*has_end = hex_field(at, " - ", end);
	if (event->kind == TRACE_MAP && !hex_field(at, " paddr=", &event->paddr))
		return "no paddr=0x... in it";
	if (!dec_field(at, " size=", &event->size_bytes))
		return "no size=... in it";
	event->done_bytes = event->size_bytes;
	if (event->kind == TRACE_UNMAP && !dec_field(at, " unmapped_size=", &event->done_bytes))
		return "no unmapped_size=... in it";
	skip_spaces(at);
	return **at ? "something follows the last field" : NULL;
}

/* The fields of an event and whether they agree; NULL or what is wrong. */
static const char *parse_fields(const char *at, struct trace_event *event)
{
	const char *why;
	bool has_end;
	uint64_t end, sum;

	skip_spaces(&at);
	skip_text(&at, "IOMMU:");
	skip_spaces(&at);
	why = parse_range(&at, event, &has_end, &end);
	if (why)
		return why;
	if (!event->size_bytes)
		return "its size is 0";
	/* A range may end at the very top, where the end wraps to 0. */
	if (event->iova + event->size_bytes - 1 < event->iova)
		return "its range wraps around";
	if (has_end && end != event->iova + event->size_bytes)
		return "its size is not the length of its range";
	if (event->kind == TRACE_MAP &&
	    __builtin_add_overflow(event->paddr, event->size_bytes, &sum))
		return "its physical range wraps around";
	if (event->done_bytes > event->size_bytes)
		return "more was unmapped than was asked for";
	return NULL;
}

/* Another subsystem may have an event of the same short name: ours say IOMMU: or have an iova. */
static bool is_someone_elses(const char *fields)
{
	skip_spaces(&fields);
	return *fields && !strstr(fields, "IOMMU:") && !strstr(fields, "iova=");
}

static int parse_event(const char *at, const struct prefix *prefix, struct trace_line *line)
{
	bool short_name, long_name, is_unmap;
	const char *name;
	size_t len;

	line->kind = TRACE_LINE_OTHER;
	if (!event_name(&at, &name, &len))
		return 0;
	if (memchr(name, ':', len))
		line->format = TRACE_FORMAT_PERF;
	else if (prefix->nr_flag_words)
		line->format = TRACE_FORMAT_FTRACE;
	else
		line->format = TRACE_FORMAT_TRACE_CMD;
	short_name = is_name(name, len, "map") || is_name(name, len, "unmap");
	long_name = is_name(name, len, "iommu:map") || is_name(name, len, "iommu:unmap");
	if (!long_name && (!short_name || is_someone_elses(at)))
		return 0;

	line->kind = TRACE_LINE_EVENT;
	is_unmap = is_name(name, len, "unmap") || is_name(name, len, "iommu:unmap");
	line->event.kind = is_unmap ? TRACE_UNMAP : TRACE_MAP;
	line->event.cpu = (uint16_t)prefix->cpu;
	line->event.time_ns = prefix->time_ns;
	line->why = prefix->cpu < TRACE_MAX_CPUS ? parse_fields(at, &line->event)
						 : "its CPU number is out of bounds";
	return line->why ? -EINVAL : 0;
}

/*
 * "CPU:3 [LOST 12 EVENTS]" (ftrace), "CPU:3 [12 EVENTS DROPPED]" (trace-cmd), both also without a
 * number, and "PERF_RECORD_LOST lost 12" or "PERF_RECORD_LOST_SAMPLES lost 12" (perf).
 */
static bool parse_lost(const char *text, struct trace_line *line)
{
	const char *at = text;

	if (!strncmp(text, "CPU:", 4) && (strstr(text, "LOST") || strstr(text, "DROPPED"))) {
		at = strchr(text, '[');
	} else {
		at = strstr(text, "PERF_RECORD_LOST");
		line->format = TRACE_FORMAT_PERF;
	}
	if (!at)
		return false;
	line->kind = TRACE_LINE_LOST;
	while (*at && !isdigit((unsigned char)*at))
		at++;
	if (!number(&at, 10, &line->nr_lost))
		line->nr_lost = 0;
	return true;
}

/* "# entries-in-buffer/entries-written: 64000/80000   #P:4": the rest was overwritten. */
static void parse_comment(const char *text, struct trace_line *line)
{
	const char *at = text + 1;
	uint64_t kept, written;

	skip_spaces(&at);
	if (!strncmp(at, "tracer:", 7))
		line->format = TRACE_FORMAT_FTRACE;
	if (!skip_text(&at, "entries-in-buffer/entries-written:"))
		return;
	skip_spaces(&at);
	if (number(&at, 10, &kept) && skip_text(&at, "/") && number(&at, 10, &written) &&
	    written > kept)
		line->nr_overwritten = written - kept;
}

/* trace-cmd: "version = 7", "cpus=4", "CPU 3 is empty", and what ftrace prints for a new buffer. */
static bool parse_header(const char *text, struct trace_line *line)
{
	if (!strncmp(text, "cpus=", 5) || !strncmp(text, "version = ", 10) ||
	    (!strncmp(text, "CPU ", 4) && strstr(text, " is empty"))) {
		line->format = TRACE_FORMAT_TRACE_CMD;
		return true;
	}
	return false;
}

int trace_parse_line(const char *text, struct trace_line *line)
{
	struct prefix prefix = { 0 };
	const char *at = text;

	memset(line, 0, sizeof(*line));
	skip_spaces(&at);
	if (*at == '#')
		parse_comment(at, line);
	if (!*at || *at == '#' || parse_header(at, line))
		return 0;
	if (parse_lost(at, line))
		return 0;
	line->format = TRACE_FORMAT_UNKNOWN;
	line->kind = TRACE_LINE_UNKNOWN;
	if (find_prefix(&at, &prefix))
		return parse_event(at, &prefix, line);
	if (strstr(text, "map: IOMMU:"))
		line->why = prefix.has_cpu ? "no time stamp before it" : "no [cpu] before it";
	else if (prefix.has_cpu && prefix.nr_words_left <= MAX_WORDS_CUT)
		line->why = "it is cut off before the event's name";
	return line->why ? -EINVAL : 0;
}
