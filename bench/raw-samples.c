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
static bool any;

int raw_samples_open(const char *path)
{
	file = fopen(path, "we");
	return file ? 0 : -errno;
}

void raw_samples_case(const char *of)
{
	name = of;
}

/* Is there room for another line? */
static bool has_room(void)
{
	if (!file || full || !name)
		return false;
	if (ftell(file) > RAW_SAMPLES_BYTES) {
		full = true;
		fprintf(file, "{\"left_out\": \"what follows: the file has %ld bytes\"}\n",
			ftell(file));
		return false;
	}
	return true;
}

bool raw_samples_begin(const char *columns)
{
	if (!has_room())
		return false;
	fprintf(file, "{\"name\": \"%s\", \"%s\": [", name, columns);
	first = any = true;
	return true;
}

void raw_samples_none(const char *why)
{
	if (has_room())
		fprintf(file, "{\"name\": \"%s\", \"no_samples\": \"%s\"}\n", name, why);
}

void raw_samples_add(double ns, double pages, unsigned int third)
{
	fprintf(file, "%s[%.6g,%.0f,%u]", first ? "" : ",", ns, pages, third);
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
	return failed ? failed : any ? 0 : -ENODATA;
}
