// SPDX-License-Identifier: GPL-2.0-only
/*
 * test-trace: reading plain traces: the three formats, what is not an event, what is malformed.
 */
#include "support-trace.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SAMPLE_EVENTS 300

#define MAP_AT(time, cpu, iova, end, size)                                \
	"dd-1 [" cpu "] ..... " time ": map: IOMMU: iova=" iova " - " end \
	" paddr=0x80000000 size=" size "\n"

static void load(const char *path, struct trace *trace)
{
	const struct trace_opts opts = { 0 };
	char msg[TRACE_MSG_BYTES] = "";

	if (trace_load(&opts, path, trace, msg))
		fail_msg("%s", msg);
}

/* Loading must fail with @err, with nothing handed out and with @text in the message. */
static void refuse(const char *path, int err, const char *text)
{
	const struct trace_opts opts = { 0 };
	char msg[TRACE_MSG_BYTES] = "";
	struct trace trace;

	assert_int_equal(trace_load(&opts, path, &trace, msg), err);
	assert_null(trace.events);
	assert_int_equal(trace.nr_events, 0);
	if (!strstr(msg, text))
		fail_msg("\"%s\" does not say \"%s\"", msg, text);
}

static void test_shipped_counts(void **state)
{
	static const struct {
		const char *path;
		const char *name;
		size_t events;
		uint64_t maps, unmaps;
	} shipped[] = {
		{ TRACES_DIR "/nvme-4k-strict.trace.xz", "nvme-4k-strict", 64000, 32000, 32000 },
		{ TRACES_DIR "/nvme-buffered-strict.trace.xz", "nvme-buffered-strict", 2549, 1537,
		  1012 },
		{ TRACES_DIR "/net-rx-lazy.trace.xz", "net-rx-lazy", 28508, 14254, 14254 },
		{ TRACES_DIR "/mixed-strict.trace.xz", "mixed-strict", 43943, 23322, 20621 },
	};
	struct trace trace;
	size_t i;

	for (i = 0; i < sizeof(shipped) / sizeof(shipped[0]); i++) {
		load(shipped[i].path, &trace);
		assert_string_equal(trace.name, shipped[i].name);
		assert_int_equal(trace.nr_events, shipped[i].events);
		assert_int_equal(trace.nr_kind[TRACE_MAP], shipped[i].maps);
		assert_int_equal(trace.nr_kind[TRACE_UNMAP], shipped[i].unmaps);
		assert_int_equal(trace.format, TRACE_FORMAT_FTRACE);
		assert_int_equal(trace.packing, TRACE_XZ);
		assert_int_equal(trace.nr_other_events + trace.nr_unknown_lines, 0);
		assert_int_equal(trace.nr_lines, shipped[i].events);
		trace_free(&trace);
	}
}

static void test_first_event(void **state)
{
	struct trace trace;

	load(TRACES_DIR "/mixed-strict.trace.xz", &trace);
	assert_int_equal(trace.events[0].kind, TRACE_MAP);
	assert_int_equal(trace.events[0].iova, 0xfff7f000);
	assert_int_equal(trace.events[0].paddr, 0x419df000);
	assert_int_equal(trace.events[0].size_bytes, 4096);
	assert_int_equal(trace.events[0].done_bytes, 4096);
	assert_int_equal(trace.events[0].cpu, 3);
	assert_int_equal(trace.events[0].time_ns, 10665283000);
	assert_int_equal(trace.events[0].line, 1);
	assert_int_equal(trace.events[14].kind, TRACE_UNMAP);
	assert_int_equal(trace.events[14].size_bytes, 262144);
	trace_free(&trace);
}

static void same_events(const struct trace *sample, const struct trace *whole, uint64_t headers)
{
	size_t i;

	assert_int_equal(sample->nr_events, SAMPLE_EVENTS);
	for (i = 0; i < SAMPLE_EVENTS; i++) {
		const struct trace_event *a = &sample->events[i], *b = &whole->events[i];

		assert_int_equal(a->iova, b->iova);
		assert_int_equal(a->paddr, b->paddr);
		assert_int_equal(a->size_bytes, b->size_bytes);
		assert_int_equal(a->done_bytes, b->done_bytes);
		assert_int_equal(a->time_ns, b->time_ns);
		assert_int_equal(a->cpu, b->cpu);
		assert_int_equal(a->kind, b->kind);
		assert_int_equal(a->line, b->line + headers);
	}
}

static void test_three_formats(void **state)
{
	struct trace ftrace, perf, trace_cmd;

	load(TRACES_DIR "/mixed-strict.trace.xz", &ftrace);
	load(TRACES_DIR "/mixed-strict-sample.perf.txt", &perf);
	load(TRACES_DIR "/mixed-strict-sample.trace-cmd.txt", &trace_cmd);
	assert_int_equal(perf.format, TRACE_FORMAT_PERF);
	assert_int_equal(trace_cmd.format, TRACE_FORMAT_TRACE_CMD);
	same_events(&perf, &ftrace, 0);
	same_events(&trace_cmd, &ftrace, 1);
	trace_free(&ftrace);
	trace_free(&perf);
	trace_free(&trace_cmd);
}

static void test_lost(void **state)
{
	static const struct {
		const char *path;
		enum trace_format format;
		uint64_t markers, events, overwritten;
	} files[] = {
		{ DATA_DIR "/lost.trace", TRACE_FORMAT_FTRACE, 2, 12, 100 },
		{ DATA_DIR "/lost.trace-cmd.txt", TRACE_FORMAT_TRACE_CMD, 2, 19, 0 },
		{ DATA_DIR "/lost.perf.txt", TRACE_FORMAT_PERF, 1, 9, 0 },
	};
	struct trace trace;
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		load(files[i].path, &trace);
		assert_int_equal(trace.format, files[i].format);
		assert_int_equal(trace.nr_events, 2);
		assert_int_equal(trace.nr_lost_markers, files[i].markers);
		assert_int_equal(trace.nr_lost_events, files[i].events);
		assert_int_equal(trace.nr_overwritten, files[i].overwritten);
		trace_free(&trace);
	}
}

static void test_other_events_are_counted(void **state)
{
	struct trace trace;

	load(DATA_DIR "/lost.trace", &trace);
	assert_int_equal(trace.nr_other_events, 3);
	assert_int_equal(trace.nr_unknown_lines, 2);
	trace_free(&trace);
}

static void test_malformed(void **state)
{
	refuse(DATA_DIR "/malformed-iova.trace", -EINVAL, "line 3: malformed iommu event: no iova");
	refuse(DATA_DIR "/size-disagrees.trace", -EINVAL, "line 5: ");
	refuse(DATA_DIR "/no-unmapped-size.trace", -EINVAL, "line 3: ");
	refuse(DATA_DIR "/cut-line.trace", -EINVAL, "line 2: ");
}

static void test_malformed_fields(void **state)
{
	static const char *const texts[] = {
		"a-1 [0] . 1.0: map: \n",
		"a-1 [0] . 1.0: map: IOMMU:\n",
		"a-1 [0] . 1.0: map: IOMMU: iova=0x1000 - 0x2000 size=4096\n",
		"a-1 [0] . 1.0: map: IOMMU: iova=0x1000 - 0x2000 paddr=0x0 size=4096 more\n",
		"a-1 [0] . 1.0: map: IOMMU: iova=0x1000 - 0x2000 paddr=0x0 size=4k\n",
		"a-1 [0] . 1.0: map: IOMMU: iova=0x1000 - 0x1000 paddr=0x0 size=0\n",
		"a-1 [0] . 1.0: map: IOMMU: iova=0x11111111111111111 paddr=0x0 size=4096\n",
		"a-1 [0] . 1.0: map: IOMMU: iova=0xfffffffffffff000 paddr=0x0 size=8192\n",
		"a-1 [0] . 1.0: map: IOMMU: iova=0x0 paddr=0xfffffffffffff000 size=8192\n",
		"a-1 [0] . 1.0: unmap: IOMMU: iova=0x1000 - 0x2000 size=4096 unmapped_size=8192\n",
		"a-1 [9999] . 1.0: map: IOMMU: iova=0x1000 - 0x2000 paddr=0x0 size=4096\n",
		"a-1 1.0: map: IOMMU: iova=0x1000 - 0x2000 paddr=0x0 size=4096\n",
		"a-1 [0] map: IOMMU: iova=0x1000 - 0x2000 paddr=0x0 size=4096\n",
	};
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		refuse(support_write("bad.trace", texts[i], strlen(texts[i])), -EINVAL, "line 1: ");
}

static void test_accepted_variants(void **state)
{
	static const char text[] =
		/* before 5.15 no end of the range; a task name with spaces and brackets */
		"odd [7] name-12 (   12) [001] d..1. 5.000001: map: IOMMU: iova=0x1000 "
		"paddr=0x8000 size=4096\r\n"
		"a-1 [001] 5.000002003: map: IOMMU: iova=0xFFFF000 - 0x10000000 paddr=0x9000 "
		"size=4096\n"
		"a-1 [001] 5.000003: 1 iommu:unmap: IOMMU: iova=0x1000 - 0x3000 size=8192 "
		"unmapped_size=4096\n"
		"a-1 [001] 6: map: IOMMU: iova=0xfffffffffffff000 - 0x0 paddr=0x9000 size=4096\n";
	struct trace trace;

	support_load_text(text, &trace);
	assert_int_equal(trace.nr_events, 4);
	/* The last line's clock counts units, not seconds: it sorts before the others. */
	assert_int_equal(trace.events[0].time_ns, 6);
	assert_int_equal(trace.nr_out_of_order, 1);
	assert_int_equal(trace.events[1].cpu, 1);
	assert_int_equal(trace.events[1].time_ns, 5000001000);
	assert_int_equal(trace.events[2].time_ns, 5000002003);
	assert_int_equal(trace.events[2].iova, 0xffff000);
	assert_int_equal(trace.events[3].done_bytes, 4096);
	assert_int_equal(trace.nr_short_unmaps, 1);
	trace_free(&trace);
}

static void test_order_of_time(void **state)
{
	static const char text[] = MAP_AT("2.000000", "0", "0x1000", "0x2000", "4096")
		MAP_AT("1.000000", "1", "0x2000", "0x3000", "4096")
			MAP_AT("2.000000", "1", "0x3000", "0x4000", "4096")
				MAP_AT("1.000000", "0", "0x4000", "0x5000", "4096");
	struct trace trace;

	support_load_text(text, &trace);
	assert_int_equal(trace.nr_out_of_order, 2);
	assert_int_equal(trace.events[0].line, 2);
	assert_int_equal(trace.events[1].line, 4);
	assert_int_equal(trace.events[2].line, 1);
	assert_int_equal(trace.events[3].line, 3);
	trace_free(&trace);
}

static void test_foreign(void **state)
{
	char long_line[100000];

	memset(long_line, 'x', sizeof(long_line));
	refuse(DATA_DIR "/foreign.txt", -ENOMSG, "no iommu:map or iommu:unmap event in 3 lines");
	refuse(DATA_DIR "/other-events-only.trace", -ENOMSG, "not a trace of an IOMMU");
	refuse(support_write("empty", "", 0), -ENOMSG, "in 0 lines");
	refuse(support_write("long", long_line, sizeof(long_line)), -E2BIG, "line 1: ");
	refuse(support_write("binary", "ab\0cd\n", 6), -EILSEQ, "line 1: is not text");
	refuse(support_write("perf.data", "PERFILE2\0\0\n", 11), -EILSEQ, "perf script");
	refuse(support_write("trace.dat", "\x17\x08\x44tracing6\0\n", 13), -EILSEQ,
	       "trace-cmd report");
	refuse(TRACES_DIR "/no-such-file", -ENOENT, "no-such-file: cannot be opened");
}

static void test_cut_text(void **state)
{
	struct trace_opts opts = { .allow_truncated = true };
	char msg[TRACE_MSG_BYTES] = "";
	struct trace trace;

	refuse(DATA_DIR "/cut-end.trace", -ENODATA, "cut-end.trace: line 2: ");
	assert_int_equal(trace_load(&opts, DATA_DIR "/cut-end.trace", &trace, msg), 0);
	assert_true(trace.truncated);
	assert_non_null(strstr(trace.truncated_why, "line 2: "));
	assert_int_equal(trace.nr_events, 1);
	trace_free(&trace);
}

/* Wherever a text is cut, except behind a newline, that is noticed. */
static void test_cut_anywhere(void **state)
{
	static const char text[] = MAP_AT("1.000000", "0", "0x1000", "0x2000", "4096")
		MAP_AT("2.000000", "1", "0x2000", "0x3000", "4096");
	const struct trace_opts opts = { 0 };
	char msg[TRACE_MSG_BYTES];
	struct trace trace;
	size_t len;

	for (len = 1; len < sizeof(text) - 1; len++) {
		if (text[len - 1] == '\n')
			continue;
		assert_int_equal(trace_load(&opts, support_write("cut", text, len), &trace, msg),
				 -ENODATA);
		support_teardown(state);
		support_setup(state);
	}
}

static void test_max_events(void **state)
{
	static const char text[] = MAP_AT("1.000000", "0", "0x1000", "0x2000", "4096")
		MAP_AT("2.000000", "0", "0x2000", "0x3000", "4096")
			MAP_AT("3.000000", "0", "0x3000", "0x4000", "4096");
	const char *path = support_write("three", text, strlen(text));
	struct trace_opts opts = { .max_events = 2 };
	char msg[TRACE_MSG_BYTES] = "";
	struct trace trace;

	assert_int_equal(trace_load(&opts, path, &trace, msg), -E2BIG);
	assert_non_null(strstr(msg, "line 3: more than 2 events"));
	opts.max_events = 3;
	assert_int_equal(trace_load(&opts, path, &trace, msg), 0);
	assert_int_equal(trace.nr_events, 3);
	trace_free(&trace);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, support_setup, support_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_shipped_counts),
		TEST(test_first_event),
		TEST(test_three_formats),
		TEST(test_lost),
		TEST(test_other_events_are_counted),
		TEST(test_malformed),
		TEST(test_malformed_fields),
		TEST(test_accepted_variants),
		TEST(test_order_of_time),
		TEST(test_foreign),
		TEST(test_cut_text),
		TEST(test_cut_anywhere),
		TEST(test_max_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
