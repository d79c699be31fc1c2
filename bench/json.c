// SPDX-License-Identifier: GPL-2.0-only
/*
 * json: printing. See json.h.
 */
#include "json.h"

#include <errno.h>
#include <string.h>

static void quoted(FILE *out, const char *text)
{
	fputc('"', out);
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c == '"' || *c == '\\')
			fprintf(out, "\\%c", *c);
		else if (*c < 0x20)
			fprintf(out, "\\u%04x", *c);
		else
			fputc(*c, out);
	}
	fputc('"', out);
}

static void begin(struct json *j, const char *name)
{
	if (j->depth)
		fprintf(j->out, "%s\n%*s", j->first ? "" : ",", (int)j->depth * 2, "");
	j->first = false;
	if (name) {
		quoted(j->out, name);
		fputs(": ", j->out);
	}
}

void json_open(struct json *j, const char *name, char bracket)
{
	begin(j, name);
	fputc(bracket, j->out);
	j->depth++;
	j->first = true;
}

void json_close(struct json *j, char bracket)
{
	j->depth--;
	if (!j->first)
		fprintf(j->out, "\n%*s", (int)j->depth * 2, "");
	fputc(bracket, j->out);
	j->first = false;
	if (!j->depth)
		fputc('\n', j->out);
}

void json_string(struct json *j, const char *name, const char *value)
{
	begin(j, name);
	if (value)
		quoted(j->out, value);
	else
		fputs("null", j->out);
}

void json_number(struct json *j, const char *name, double value)
{
	begin(j, name);
	fprintf(j->out, "%.15g", value);
}

void json_bool(struct json *j, const char *name, bool value)
{
	begin(j, name);
	fputs(value ? "true" : "false", j->out);
}

int json_write(const char *path, void (*put)(struct json *j, const void *what), const void *what)
{
	bool is_stdout = !strcmp(path, "-");
	FILE *out = is_stdout ? stdout : fopen(path, "w");
	struct json json = { .out = out };
	int err = 0;

	if (!out)
		return errno;
	errno = 0;
	put(&json, what);
	if (fflush(out) || ferror(out))
		err = errno ? errno : EIO;
	if (!is_stdout && fclose(out) && !err)
		err = errno;
	return err;
}
