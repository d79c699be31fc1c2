// SPDX-License-Identifier: GPL-2.0-only
/*
 * raw-samples: the file. See raw-samples.h. Only the main thread is here.
 */
#include "raw-samples.h"

#include <errno.h>
#include <stdio.h>

static FILE *file;
static const char *name;
static bool full;
static bool first;

int raw_samples_open(const char *path)
{
	file = fopen(path, "we");
	return file ? 0 : -errno;
}

void raw_samples_case(const char *of)
{
	name = of;
}

bool raw_samples_begin(void)
{
	if (!file || full || !name)
		return false;
	if (ftell(file) > RAW_SAMPLES_BYTES) {
		full = true;
		fprintf(file, "{\"left_out\": \"what follows: the file has %ld bytes\"}\n",
			ftell(file));
		return false;
	}
	fprintf(file, "{\"name\": \"%s\", \"ns_pages_quiet\": [", name);
	first = true;
	return true;
}

void raw_samples_add(double ns, double pages, bool quiet)
{
	fprintf(file, "%s[%.6g,%.0f,%d]", first ? "" : ",", ns, pages, quiet);
	first = false;
}

void raw_samples_end(void)
{
	fputs("]}\n", file);
}

int raw_samples_close(void)
{
	int failed = 0;

	if (!file)
		return 0;
	if (ferror(file))
		failed = -EIO;
	if (fclose(file))
		failed = -errno;
	file = NULL;
	return failed;
}
