// SPDX-License-Identifier: GPL-2.0-only
/*
 * support-trace: what the tests of the trace replay share, see support-trace.h.
 *
 * Invariant: the folder holds only files that support_write() made, so that removing these and then
 * the folder leaves nothing behind and takes nothing else away.
 */
#include "support-trace.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_FILES 32

static char folder[256];
static char files[MAX_FILES][320];
static unsigned int nr_files;

int support_setup(void **state)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(folder, sizeof(folder), "%s/test-trace-XXXXXX", tmp ? tmp : P_tmpdir);
	nr_files = 0;
	return mkdtemp(folder) ? 0 : -1;
}

int support_teardown(void **state)
{
	while (nr_files)
		unlink(files[--nr_files]);
	return rmdir(folder);
}

const char *support_write(const char *name, const void *data, size_t len)
{
	char *path = files[nr_files];
	FILE *file;
	int known = snprintf(path, sizeof(files[0]), "%s/%s", folder, name);

	assert_true(known > 0 && (size_t)known < sizeof(files[0]) && nr_files < MAX_FILES - 1);
	file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(data, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	nr_files++;
	return path;
}

void *support_read(const char *path, size_t *len)
{
	FILE *file = fopen(path, "rb");
	char *data;

	assert_non_null(file);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	*len = (size_t)ftell(file);
	rewind(file);
	data = malloc(*len + 1);
	assert_non_null(data);
	assert_int_equal(fread(data, 1, *len, file), *len);
	data[*len] = '\0';
	fclose(file);
	return data;
}

void support_load_text(const char *text, struct trace *trace)
{
	const struct trace_opts opts = { 0 };
	char msg[TRACE_MSG_BYTES] = "";
	int ret = trace_load(&opts, support_write("text.trace", text, strlen(text)), trace, msg);

	if (ret)
		fail_msg("%s", msg);
}
