// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench-map: the program. Registers the cases, runs what the filter matches, reports.
 *
 * Invariants: a row has ns_per_page or an error; a row that failed (not: was skipped) makes the
 * exit status 1; an argument that is not understood makes it 2.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "gbench.h"
#include "map-run.h"
#include "quiet.h"
#include "topology.h"

static struct {
	bool full;
	bool help;
	double budget_s;
	unsigned long progress_total;
	unsigned long progress_done;
	unsigned int *cpus;
} options = { .budget_s = 0.1 };

static const char usage[] =
	"bench_map - what mapping, unmapping and translating cost\n"
	"\n"
	"  --matrix=default|full       which cases to register; full is the whole cross product\n"
	"  --benchmark_min_time=SEC    how long to take samples of each case (0.1)\n"
	"  --progress=TOTAL            show on a terminal which of TOTAL cases is running\n"
	"  --help                      this\n"
	"\n"
	"The result of a case is its counter ns_per_page (docs/benchmarking.md); the times that "
	"the\n"
	"library prints are those of the whole case, set-up and samples together. The library's "
	"own\n"
	"options:\n"
	"\n";

static void show_progress(const char *name)
{
	if (options.progress_total && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K[%lu/%lu] %.60s", ++options.progress_done,
			options.progress_total, name);
}

static void report_populate(struct gbench_state *state, const struct map_result *r)
{
	gbench_counter(state, "map_ns_per_page", r->map_ns_per_page.median);
	gbench_counter(state, "unmap_ns_per_page", r->unmap_ns_per_page.median);
}

static void report_tables(struct gbench_state *state, const struct map_result *r)
{
	gbench_counter(state, "tables_per_page", r->tables_per_page);
	gbench_counter(state, "table_alloc_ns", r->table_alloc_ns);
	gbench_counter(state, "table_alloc_ns_per_page", r->tables_per_page * r->table_alloc_ns);
}

static void run_case(struct gbench_state *state, const void *arg)
{
	const struct map_case *c = arg;
	struct map_result r;
	char name[MAP_NAME_BYTES];

	map_case_name(c, name);
	show_progress(name);
	map_run(c, options.cpus, options.budget_s, &r);
	if (r.skipped) {
		gbench_skip(state, r.skipped);
		return;
	}
	if (r.error) {
		gbench_fail(state, r.error);
		return;
	}
	gbench_counter(state, "ns_per_page", r.ns_per_page.median);
	gbench_counter(state, "ns_per_page_p10", r.ns_per_page.p10);
	gbench_counter(state, "ns_per_page_p90", r.ns_per_page.p90);
	gbench_counter(state, "pages", r.pages);
	gbench_counter(state, "samples", (double)r.samples);
	gbench_counter(state, "dropped_share", r.dropped_share);
	gbench_counter(state, "noisy", r.noisy);
	if (r.tables_per_page > 0)
		report_tables(state, &r);
	if (c->op == MAP_OP_POPULATE)
		report_populate(state, &r);
}

static const char *value_of(const char *arg, const char *option)
{
	size_t len = strlen(option);

	return strncmp(arg, option, len) == 0 && arg[len] == '=' ? arg + len + 1 : NULL;
}

static int parse_budget(const char *text)
{
	char *end;

	options.budget_s = strtod(text, &end);
	if (*end == 's')
		end++;
	return end == text || *end || !(options.budget_s >= 0) || options.budget_s > 3600 ? -EINVAL
											  : 0;
}

static int parse_matrix(const char *text)
{
	options.full = strcmp(text, "full") == 0;
	return options.full || strcmp(text, "default") == 0 ? 0 : -EINVAL;
}

static int parse_progress(const char *text)
{
	char *end;

	options.progress_total = strtoul(text, &end, 10);
	return end == text || *end ? -EINVAL : 0;
}

static const struct {
	const char *name;
	int (*parse)(const char *value);
} our_options[] = {
	{ "--matrix", parse_matrix },
	{ "--benchmark_min_time", parse_budget },
	{ "--progress", parse_progress },
};

/* 1 if it was ours, 0 if it is the library's, or -EINVAL. */
static int parse_one(const char *arg)
{
	if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
		options.help = true;
		return 1;
	}
	for (size_t i = 0; i < sizeof(our_options) / sizeof(our_options[0]); i++) {
		const char *value = value_of(arg, our_options[i].name);

		if (value)
			return our_options[i].parse(value) ? -EINVAL : 1;
	}
	return 0;
}

/* Takes our options out of the command line. */
static int parse(int *argc, char **argv)
{
	int kept = 1;

	for (int i = 1; i < *argc; i++) {
		int ours = parse_one(argv[i]);

		if (ours < 0) {
			fprintf(stderr, "bench_map: %s: not understood (see --help)\n", argv[i]);
			return -EINVAL;
		}
		if (!ours)
			argv[kept++] = argv[i];
	}
	*argc = kept;
	argv[kept] = NULL;
	return 0;
}

static struct map_case *register_cases(unsigned int nr_cpus)
{
	char name[MAP_NAME_BYTES];
	size_t nr;
	struct map_case *cases = map_cases(options.full, nr_cpus, &nr);

	for (size_t i = 0; cases && i < nr; i++) {
		map_case_name(&cases[i], name);
		gbench_register(name, run_case, &cases[i]);
	}
	return cases;
}

int main(int argc, char **argv)
{
	struct map_case *cases;
	unsigned int nr_cpus;
	int status;

	if (parse(&argc, argv))
		return 2;
	if (options.help) {
		fputs(usage, stdout);
		fflush(stdout);
		gbench_usage();
	}
	status = gbench_init(&argc, argv);
	if (status)
		return status;
	options.cpus = topology_cpus(&nr_cpus);
	cases = options.cpus ? register_cases(nr_cpus) : NULL;
	if (!cases) {
		fprintf(stderr, "bench_map: not enough memory, or hwloc finds no CPU\n");
		return 1;
	}
	bench_clock_calibrate();
	quiet_calibrate();
	status = gbench_run(!options.progress_total);
	if (options.progress_total && isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	free(cases);
	free(options.cpus);
	return status;
}
