/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * json: just enough to print a JSON object.
 *
 * Invariants: what is printed is valid whatever the strings hold; commas are the writer's business,
 * nesting is the caller's (every json_open() has its json_close()).
 */
#ifndef BENCH_JSON_H
#define BENCH_JSON_H

#include <stdbool.h>
#include <stdio.h>

/**
 * struct json - where it goes
 * @out: the stream
 * @depth: open brackets
 * @first: nothing was printed yet behind the last opened bracket
 */
struct json {
	FILE *out;
	unsigned int depth;
	bool first;
};

/**
 * json_open() - begin an object or an array
 * @j: the writer
 * @name: its key, NULL for the outermost or inside an array
 * @bracket: '{' or '['
 */
void json_open(struct json *j, const char *name, char bracket);

/**
 * json_close() - end it
 * @j: the writer
 * @bracket: '}' or ']'
 */
void json_close(struct json *j, char bracket);

/**
 * json_string() - a string
 * @j: the writer
 * @name: its key
 * @value: the string, NULL for null
 */
void json_string(struct json *j, const char *name, const char *value);

/**
 * json_number() - a number
 * @j: the writer
 * @name: its key
 * @value: the number, at most 15 digits are kept
 */
void json_number(struct json *j, const char *name, double value);

/**
 * json_bool() - true or false
 * @j: the writer
 * @name: its key
 * @value: which
 */
void json_bool(struct json *j, const char *name, bool value);

/**
 * json_write() - a file with one value in it
 * @path: the file; "-" is the standard output
 * @put: prints the value
 * @what: for @put
 *
 * Return: 0, or the errno of what could not be written; the file is then not to be used.
 */
int json_write(const char *path, void (*put)(struct json *j, const void *what), const void *what);

#endif /* BENCH_JSON_H */
