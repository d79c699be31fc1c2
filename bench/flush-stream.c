// SPDX-License-Identifier: GPL-2.0-only
/*
 * flush-stream: bench_flush --stream: a row for each case, in a file, as it ends. See flush-full.h.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "flush-match.h"

enum { ROW_BYTES = 4096, SAY_EVERY_S = 60 };

struct stream {
	struct flush_match match;
	const struct flush_full *full;
	FILE *file;
	const unsigned int *cpus;
	double budget_s;
	uint64_t all, done, before;  /* before: rows that were there */
	char last[FLUSH_NAME_BYTES]; /* of those */
	uint64_t skipped, failed;
	time_t began, said;
	const char *error;
};

/* A row of what a case came to; strings are ours, without anything to escape. */
static void write_row(FILE *to, const struct flush_case *c, const char *name,
		      const struct flush_result *r, const char *error)
{
	fprintf(to, "{\"name\": \"%s\"", name);
	if (error) {
		fprintf(to, ", \"error_occurred\": true, \"error_message\": \"%s\"}\n", error);
		return;
	}
	for (unsigned int i = 0; i < nr_flush_counters; i++) {
		double value = flush_counter_of(r, i);

		fprintf(to, ", \"%s\": %.10g", flush_counters[i].name,
			isfinite(value) ? value : -1);
	}
	fprintf(to, "}\n");
}

/* The child: one case, its row into the pipe. */
static void __attribute__((noreturn))
run_child(struct stream *s, const struct flush_case *c, int to)
{
	FILE *out = fdopen(to, "w");
	struct flush_result r;

	alarm(FLUSH_CASE_S);
	flush_run(c, s->cpus, s->budget_s, &r);
	if (out)
		write_row(out, c, s->match.name, &r, r.error);
	_exit(!out || fflush(out) ? 1 : r.error ? 3 : 0);
}

static size_t read_all(int from, char *text, size_t room)
{
	size_t n = 0;
	ssize_t got;

	while (n < room &&
	       ((got = read(from, text + n, room - n)) > 0 || (got < 0 && errno == EINTR)))
		n += got > 0 ? (size_t)got : 0;
	return n;
}

/* Runs a case in a process of its own: what it returns, and its row. */
static int run_apart(struct stream *s, const struct flush_case *c, char *row, size_t *bytes)
{
	int ends[2], status = -1;
	pid_t child;

	*bytes = 0;
	fflush(NULL);
	if (pipe(ends))
		return -1;
	child = fork();
	if (!child) {
		close(ends[0]);
		run_child(s, c, ends[1]);
	}
	close(ends[1]);
	if (child > 0) {
		*bytes = read_all(ends[0], row, ROW_BYTES);
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
	}
	close(ends[0]);
	return status;
}

static void run_case(struct stream *s, const struct flush_case *c)
{
	const char *refused = flush_case_refused(c);
	char row[ROW_BYTES], why[96];
	size_t bytes;
	int status;

	if (refused) {
		s->skipped++;
		snprintf(why, sizeof(why), "skipped: %s", refused);
		write_row(s->file, c, s->match.name, NULL, why);
		return;
	}
	status = run_apart(s, c, row, &bytes);
	s->failed += status != 0;
	if (WIFEXITED(status) && bytes && row[bytes - 1] == '\n') {
		fwrite(row, 1, bytes, s->file);
		return;
	}
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		snprintf(why, sizeof(why), "took more than %u s", FLUSH_CASE_S);
	else
		snprintf(why, sizeof(why), "died (wait status %#x)", (unsigned int)status);
	write_row(s->file, c, s->match.name, NULL, why);
}

/* On a terminal always, elsewhere now and then. */
static void say(struct stream *s, bool end)
{
	bool tty = isatty(STDERR_FILENO);
	time_t now = time(NULL);
	double each, left_h;

	if (!tty && !end && now - s->said < SAY_EVERY_S)
		return;
	s->said = now;
	each = difftime(now, s->began) / (double)(s->done - s->before + (s->done == s->before));
	left_h = each * (double)(s->all - s->done) / 3600;
	fprintf(stderr, "%s[%llu/%llu] %.1f h left, %llu failed, %llu skipped; %.150s%s",
		tty ? "\r\033[K" : "", (unsigned long long)s->done, (unsigned long long)s->all,
		left_h, (unsigned long long)s->failed, (unsigned long long)s->skipped,
		s->match.name, tty && !end ? "" : "\n");
}

static bool visit(void *ctx, const struct flush_case *c)
{
	struct stream *s = ctx;

	if (!flush_matches(&s->match, c))
		return true;
	if (s->done < s->before) {
		s->done++;
		if (s->done == s->before && strcmp(s->last, s->match.name) != 0)
			s->error = "its last row is not where this selection has it: another file, "
				   "or the same options as before";
		return !s->error;
	}
	say(s, false);
	run_case(s, c);
	s->done++;
	if (fflush(s->file))
		s->error = strerror(errno);
	return !s->error;
}

static bool count(void *ctx, const struct flush_case *c)
{
	struct stream *s = ctx;

	s->all += flush_matches(&s->match, c);
	return true;
}

/* Whole rows, and the name in the last one; what is behind that is cut off. */
static int read_before(struct stream *s, const char *path)
{
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	off_t end = 0;

	s->file = fopen(path, "a+");
	if (!s->file)
		return -errno;
	rewind(s->file);
	while ((n = getline(&line, &room, s->file)) > 0 && line[n - 1] == '\n') {
		if (sscanf(line, "{\"name\": \"%255[^\"]\"", s->last) != 1) {
			free(line);
			return -EBADMSG;
		}
		s->before++;
		end += n;
	}
	free(line);
	return ftruncate(fileno(s->file), end) ? -errno : fseek(s->file, 0, SEEK_END);
}

static int complain(const char *path, const char *what)
{
	fprintf(stderr, "bench_flush: %s: %s\n", path, what);
	return 1;
}

static int run_all(struct flush_full *f, struct stream *s)
{
	const char *unknown;

	flush_cross(&f->selection, count, s);
	unknown = flush_unknown(&f->selection);
	if (unknown)
		return complain(unknown, "no combination has this");
	if (s->before > s->all)
		return complain(f->stream, "has more rows than this selection");
	if (s->before)
		fprintf(stderr, "bench_flush: going on behind row %llu of %s\n",
			(unsigned long long)s->before, f->stream);
	s->match.seen = 0;
	s->began = s->said = time(NULL);
	flush_cross(&f->selection, visit, s);
	if (!s->error)
		say(s, true);
	return s->error ? complain(f->stream, s->error) : s->failed != 0;
}

int flush_full_stream(struct flush_full *f, const unsigned int *cpus, double budget_s)
{
	struct stream s = { .full = f, .cpus = cpus, .budget_s = budget_s };
	int status = flush_match_init(&s.match, f), err;

	if (status)
		return status;
	err = read_before(&s, f->stream);
	if (err)
		status = complain(f->stream,
				  err == -EBADMSG ? "is no file of --stream" : strerror(-err));
	else
		status = run_all(f, &s);
	flush_match_fini(&s.match);
	if (s.file && fclose(s.file) && !status)
		status = complain(f->stream, strerror(errno));
	return status;
}
