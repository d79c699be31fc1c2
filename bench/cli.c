// SPDX-License-Identifier: GPL-2.0-only
/*
 * cli: parsing and progress. See cli.h.
 */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "gbench.h"

enum { MAX_THREADS = 1024 };

static const char *value_of(const char *arg, const char *option)
{
	size_t len = strlen(option);

	return strncmp(arg, option, len) == 0 && arg[len] == '=' ? arg + len + 1 : NULL;
}

static int parse_budget(struct cli *cli, const char *text)
{
	char *end;

	cli->budget_s = strtod(text, &end);
	if (*end == 's')
		end++;
	return end == text || *end || !(cli->budget_s >= 0) || cli->budget_s > 3600 ? -EINVAL : 0;
}

static int parse_either(const char *text, const char *no, const char *yes, bool *value)
{
	*value = strcmp(text, yes) == 0;
	return *value || strcmp(text, no) == 0 ? 0 : -EINVAL;
}

static int parse_matrix(struct cli *cli, const char *text)
{
	return parse_either(text, "default", "full", &cli->full);
}

static int parse_threads(struct cli *cli, const char *text)
{
	char *end;
	unsigned long threads = strtoul(text, &end, 10);

	cli->max_threads = (unsigned int)threads;
	return end == text || *end || !threads || threads > MAX_THREADS ? -EINVAL : 0;
}

static int parse_progress(struct cli *cli, const char *text)
{
	char *end;

	cli->progress_total = strtoul(text, &end, 10);
	return end == text || *end ? -EINVAL : 0;
}

static int parse_noisy(struct cli *cli, const char *text)
{
	return parse_either(text, "keep", "fail", &cli->noisy_fails);
}

static int parse_nodes(struct cli *cli, const char *text)
{
	return parse_either(text, "one", "all", &cli->all_nodes);
}

static int parse_samples(struct cli *cli, const char *text)
{
	cli->samples = text;
	return *text ? 0 : -EINVAL;
}

static int parse_perf_record(struct cli *cli, const char *text)
{
	cli->perf_record = text;
	return *text ? 0 : -EINVAL;
}

static int parse_counters(struct cli *cli, const char *text)
{
	return counters_mode_find(text, &cli->counters) ? 0 : -EINVAL;
}

static const struct {
	const char *name;
	int (*parse)(struct cli *cli, const char *value);
	bool dropping; /* only of programs that drop samples */
} our_options[] = {
	{ "--matrix", parse_matrix, false },
	{ "--benchmark_min_time", parse_budget, false },
	{ "--max-threads", parse_threads, false },
	{ "--progress", parse_progress, false },
	{ "--counters", parse_counters, false },
	{ "--noisy", parse_noisy, true },
	{ "--samples", parse_samples, false },
	{ "--nodes", parse_nodes, false },
	{ "--perf-record", parse_perf_record, false },
};

/* 1 if it was ours, 0 if it is the library's, or -EINVAL. */
static int parse_one(struct cli *cli, const char *arg)
{
	if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
		cli->help = true;
		return 1;
	}
	for (size_t i = 0; i < sizeof(our_options) / sizeof(our_options[0]); i++) {
		const char *value = value_of(arg, our_options[i].name);

		if (value && (cli->drops || !our_options[i].dropping))
			return our_options[i].parse(cli, value) ? -EINVAL : 1;
	}
	return 0;
}

static int parse(struct cli *cli, int *argc, char **argv)
{
	int kept = 1;

	for (int i = 1; i < *argc; i++) {
		int ours = parse_one(cli, argv[i]);

		if (ours < 0) {
			fprintf(stderr, "%s: %s: not understood (see --help)\n", cli->program,
				argv[i]);
			return -EINVAL;
		}
		if (!ours)
			argv[kept++] = argv[i];
	}
	*argc = kept;
	argv[kept] = NULL;
	return 0;
}

int cli_init(struct cli *cli, int *argc, char **argv)
{
	if (parse(cli, argc, argv))
		return 2;
	if (cli->help) {
		fputs(cli->usage, stdout);
		fflush(stdout);
		gbench_usage();
	}
	return gbench_init(cli->program, argc, argv);
}

/* From the cases so far; they take about as long as one another. */
static void time_left(const struct cli *cli, char *text, size_t bytes)
{
	double spent_s = (double)(bench_clock_ns() - cli->progress_start_ns) / 1e9;
	unsigned long done = cli->progress_done - 1;
	double left_s;

	text[0] = '\0';
	if (!done || done >= cli->progress_total)
		return;
	left_s = spent_s / (double)done * (double)(cli->progress_total - done);
	if (left_s < 100)
		snprintf(text, bytes, ", %.0f s left", left_s);
	else
		snprintf(text, bytes, ", %.0f min left", left_s / 60);
}

void cli_begin(struct cli *cli, const char *name)
{
	unsigned long tenth = (cli->progress_total + 9) / 10;
	char left[32];

	if (!cli->progress_total)
		return;
	if (!cli->progress_done++)
		cli->progress_start_ns = bench_clock_ns();
	time_left(cli, left, sizeof(left));
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K[%lu/%lu%s] %.60s", cli->progress_done,
			cli->progress_total, left, name);
	else if ((cli->progress_done - 1) % tenth == 0)
		fprintf(stderr, "%s: case %lu of %lu%s\n", cli->program, cli->progress_done,
			cli->progress_total, left);
}

int cli_run(const struct cli *cli)
{
	int status = gbench_run(!cli->progress_total);

	if (cli->progress_total && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	return status;
}
