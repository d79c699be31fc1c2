// SPDX-License-Identifier: GPL-2.0-only
/*
 * test-trace-packed: reading compressed traces and pipes, and what happens when they are cut or
 * damaged. The broken files are made here, from a trace that ships with the project.
 */
#include "support-trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <lzma.h>
#include <zlib.h>

#define SAMPLE	       TRACES_DIR "/mixed-strict-sample.perf.txt"
#define SHIPPED	       TRACES_DIR "/nvme-buffered-strict.trace.xz"
#define SHIPPED_EVENTS 2549
#define SAMPLE_EVENTS  300

static int load(const char *path, struct trace *trace, char *msg)
{
	const struct trace_opts opts = { 0 };

	return trace_load(&opts, path, trace, msg);
}

/* The sample @nr times, each a gzip member of its own. */
static const char *write_gz(unsigned int nr)
{
	size_t len, room, packed_len = 0;
	char *text = support_read(SAMPLE, &len);
	unsigned char *packed;
	const char *path;
	z_stream gz;

	room = nr * (len + 1000);
	packed = malloc(room);
	assert_non_null(packed);
	while (nr--) {
		memset(&gz, 0, sizeof(gz));
		assert_int_equal(deflateInit2(&gz, 6, Z_DEFLATED, 15 + 16, 8, 0), Z_OK);
		gz.next_in = (unsigned char *)text;
		gz.avail_in = (uInt)len;
		gz.next_out = packed + packed_len;
		gz.avail_out = (uInt)(room - packed_len);
		assert_int_equal(deflate(&gz, Z_FINISH), Z_STREAM_END);
		packed_len = room - gz.avail_out;
		deflateEnd(&gz);
	}
	path = support_write("sample.trace.gz", packed, packed_len);
	free(packed);
	free(text);
	return path;
}

static void test_gz(void **state)
{
	char msg[TRACE_MSG_BYTES] = "";
	struct trace trace;

	assert_int_equal(load(write_gz(1), &trace, msg), 0);
	assert_int_equal(trace.packing, TRACE_GZ);
	assert_int_equal(trace.nr_events, SAMPLE_EVENTS);
	assert_string_equal(trace.name, "sample");
	trace_free(&trace);
	assert_int_equal(load(write_gz(3), &trace, msg), 0);
	assert_int_equal(trace.nr_events, 3 * SAMPLE_EVENTS);
	trace_free(&trace);
}

/* Loads @path through the standard input. */
static int load_stdin(const char *path, struct trace *trace, char *msg)
{
	int saved = dup(STDIN_FILENO), fd = open(path, O_RDONLY), ret;

	assert_true(saved >= 0 && fd >= 0);
	dup2(fd, STDIN_FILENO);
	ret = load("-", trace, msg);
	dup2(saved, STDIN_FILENO);
	close(saved);
	close(fd);
	return ret;
}

static void test_stdin(void **state)
{
	const char *const paths[] = { SHIPPED, write_gz(1), SAMPLE };
	const enum trace_packing packing[] = { TRACE_XZ, TRACE_GZ, TRACE_PLAIN };
	const size_t nr_events[] = { SHIPPED_EVENTS, SAMPLE_EVENTS, SAMPLE_EVENTS };
	char msg[TRACE_MSG_BYTES] = "";
	struct trace trace;
	size_t i;

	for (i = 0; i < 3; i++) {
		assert_int_equal(load_stdin(paths[i], &trace, msg), 0);
		assert_string_equal(trace.name, "stdin");
		assert_int_equal(trace.packing, packing[i]);
		assert_int_equal(trace.nr_events, nr_events[i]);
		trace_free(&trace);
	}
}

/* A pipe that delivers one byte at a time must not matter, not even for the magic. */
static void test_slow_pipe(void **state)
{
	size_t len, i;
	char *data = support_read(SHIPPED, &len);
	int saved = dup(STDIN_FILENO), fds[2];
	char msg[TRACE_MSG_BYTES] = "";
	struct trace trace;

	assert_int_equal(pipe(fds), 0);
	if (fork() == 0) {
		close(fds[0]);
		for (i = 0; i < len; i++)
			if (write(fds[1], data + i, 1) != 1)
				_exit(1);
		_exit(0);
	}
	close(fds[1]);
	dup2(fds[0], STDIN_FILENO);
	close(fds[0]);
	assert_int_equal(load("-", &trace, msg), 0);
	dup2(saved, STDIN_FILENO);
	close(saved);
	assert_int_equal(trace.nr_events, SHIPPED_EVENTS);
	trace_free(&trace);
	free(data);
}

/* A compressed file that is cut anywhere is refused, with file and line, and hands out nothing. */
static void check_cut(const char *path, const char *name, size_t step)
{
	const struct trace_opts allow = { .allow_truncated = true };
	char msg[TRACE_MSG_BYTES];
	size_t len, cut, nr_events = 0;
	char *data = support_read(path, &len);
	struct trace trace;
	const char *file;

	for (cut = len - 1; cut > 1000; cut = cut > step ? cut - step : 0) {
		file = support_write(name, data, cut);
		assert_int_equal(load(file, &trace, msg), -ENODATA);
		assert_null(trace.events);
		assert_non_null(strstr(msg, name));
		assert_non_null(strstr(msg, ": line "));
		assert_non_null(strstr(msg, "end too early"));
		if (trace_load(&allow, file, &trace, msg) == 0) {
			assert_true(trace.truncated);
			assert_true(!nr_events || trace.nr_events <= nr_events);
			nr_events = trace.nr_events;
			trace_free(&trace);
		}
	}
	assert_true(nr_events > 0);
	free(data);
}

static void test_cut_xz(void **state)
{
	check_cut(SHIPPED, "cut.trace.xz", 1999);
}

static void test_cut_gz(void **state)
{
	check_cut(write_gz(1), "cut.trace.gz", 599);
}

static void test_damaged(void **state)
{
	const struct trace_opts allow = { .allow_truncated = true };
	char msg[TRACE_MSG_BYTES];
	struct trace trace;
	const char *path;
	size_t len;
	char *data;

	data = support_read(SHIPPED, &len);
	data[len / 2] ^= 0x55;
	path = support_write("damaged.xz", data, len);
	free(data);
	/* Damage is not a truncation: it is refused whatever was allowed. */
	assert_int_equal(trace_load(&allow, path, &trace, msg), -EBADMSG);
	assert_non_null(strstr(msg, "damaged.xz: line "));

	data = support_read(write_gz(1), &len);
	data[len / 2] ^= 0x55;
	path = support_write("damaged.gz", data, len);
	free(data);
	assert_int_equal(trace_load(&allow, path, &trace, msg), -EBADMSG);
	assert_non_null(strstr(msg, "damaged.gz: line "));
}

static void test_garbage_behind_gz(void **state)
{
	char msg[TRACE_MSG_BYTES];
	struct trace trace;
	const char *path;
	size_t len;
	char *data;

	data = support_read(write_gz(1), &len);
	data = realloc(data, len + 7);
	assert_non_null(data);
	memset(data + len, 'x', 7);
	path = support_write("garbage.gz", data, len + 7);
	free(data);
	assert_int_equal(load(path, &trace, msg), -EBADMSG);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, support_setup, support_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_gz),
		TEST(test_stdin),
		TEST(test_slow_pipe),
		TEST(test_cut_xz),
		TEST(test_cut_gz),
		TEST(test_damaged),
		TEST(test_garbage_behind_gz),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
