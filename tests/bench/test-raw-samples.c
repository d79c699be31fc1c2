// SPDX-License-Identifier: GPL-2.0-only
/*
 * test-raw-samples: at the bound the file of samples ends with a line that says so, and has whole
 * lines only; what could not be written, and a file without a sample, are errors.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "raw-samples.h"

enum { PER_CASE = 4000 };

static const char *const path = "test-raw-samples.jsonl";

/* Whether it was taken. */
static bool write_case(void)
{
	raw_samples_case("a/case");
	if (!raw_samples_begin("ns_pages_quiet"))
		return false;
	for (int i = 0; i < PER_CASE; i++)
		raw_samples_add(123.456, 4096, 1);
	raw_samples_end();
	return true;
}

static void bound(void **state)
{
	char line[256] = "", last[256] = "";
	unsigned int cases = 0, lines = 0;
	long bytes;
	FILE *file;

	(void)state;
	assert_int_equal(raw_samples_open(path), 0);
	while (write_case())
		cases++;
	assert_false(write_case());
	raw_samples_none("nothing"); /* has no room either */
	assert_int_equal(raw_samples_close(), 0);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (line[0] == '{') {
			memcpy(last, line, sizeof(last));
			lines++;
		}
	bytes = ftell(file);
	fclose(file);
	unlink(path);
	assert_int_equal(lines, cases + 1);
	assert_non_null(strstr(last, "{\"left_out\": \"what follows: the file has "));
	assert_true(bytes > RAW_SAMPLES_BYTES);
	assert_true(bytes < RAW_SAMPLES_BYTES + PER_CASE * 32);
}

static void nothing(void **state)
{
	(void)state;
	assert_int_equal(raw_samples_close(), 0); /* none was asked for */
	assert_int_equal(raw_samples_open(path), 0);
	raw_samples_case("a/case");
	raw_samples_none("modelled");
	assert_int_equal(raw_samples_close(), -ENODATA);
	unlink(path);
}

static void failures(void **state)
{
	(void)state;
	assert_int_equal(raw_samples_open("/nowhere/at/all"), -ENOENT);
	if (access("/dev/full", W_OK))
		skip();
	assert_int_equal(raw_samples_open("/dev/full"), 0);
	write_case();
	assert_true(raw_samples_close() < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing),
		cmocka_unit_test(failures),
		cmocka_unit_test(bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
