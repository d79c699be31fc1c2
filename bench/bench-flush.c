// SPDX-License-Identifier: GPL-2.0-only
/*
 * bench-flush: the program that compares flush strategies, under a simulated clock and on this
 * host. What every such program does is in program.c.
 */
#include <stdio.h>

#include "cli.h"
#include "flush-full.h"
#include "flush-machine.h"
#include "gbench.h"
#include "program.h"
#include "raw-samples.h"
#include "topology.h"

_Static_assert((int)FLUSH_NAME_BYTES <= (int)PROGRAM_NAME_BYTES, "a name fits");

static const char usage[] =
	"bench_flush - what invalidation strategies cost, and expose\n"
	"\n"
	"  --matrix=default|full       full: every combination, millions: see below\n"
	"  --benchmark_min_time=SEC    how long to take samples of each case of the real clock "
	"(0.1)\n"
	"  --max-threads=N             up to N threads on the real clock, instead of one for each "
	"CPU\n"
	"  --progress=TOTAL            say which of TOTAL cases is running, and the time left\n"
	"  --nodes=one|all             run threads on the CPUs of one NUMA node, or of all "
	"(one)\n" CLI_BEHIND_USAGE "  --help                      this\n"
	"\n"
	"Rows with clock:virtual are modelled: a simulated host and SMMU (docs/flush.md). Rows "
	"with\n"
	"clock:real are threads of this host in front of the software SMMU. exposure_page_us -1 "
	"is\n"
	"unbounded. Simulated time has no samples, no events and no profile: of such a row "
	"--samples has a\n"
	"line that says so, and it is an error if no row has any. --samples and --perf-record do "
	"not go\n"
	"with --stream, and nothing is counted there.\n"
	"\n"
	"With --matrix=full, any of:\n"
	"  --count                     how many combinations that would be; runs nothing\n"
	"  --only=KEY:VALUE[,VALUE..]  only those (--only=strategy:ticket,gather --only=size:4K)\n"
	"  --benchmark_filter=REGEX    only those whose name matches; slower than --only\n"
	"  --slice=K/N                 every N-th, from the K-th on: one of N hosts' part\n"
	"  --host-profile=NAME         the virtual clock's host (hi1620)\n"
	"  --stream=FILE               run them one after the other, show progress, and append to "
	"FILE "
	"a line of\n"
	"                              JSON for each; the same command goes on where it was "
	"stopped. Without it\n"
	"                              up to 20000 are taken, and reported at the end\n"
	"\n"
	"The library's own options:\n"
	"\n";

static struct flush_full full;
static struct flush_case *full_cases;
static size_t nr_full_cases;

static void run(struct gbench_state *state, const void *arg, const unsigned int *cpus,
		double budget_s)
{
	const struct flush_case *c = arg;
	const char *refused = flush_case_refused(c);
	struct flush_result r;

	if (refused) {
		gbench_skip(state, refused);
		return;
	}
	if (c->clock == FLUSH_VIRTUAL)
		raw_samples_none("modelled: simulated time, the same in every run");
	flush_run(c, cpus, budget_s, &r);
	if (r.error) {
		gbench_fail(state, r.error);
		return;
	}
	if (c->clock == FLUSH_REAL)
		program_report_counts(state, &r.counts, r.recorded_regions, "page");
	for (unsigned int i = 0; i < nr_flush_counters; i++)
		gbench_counter(state, flush_counters[i].name, flush_counter_of(&r, i));
}

static int take_over(const struct cli *cli, const struct topology *topology)
{
	int status;

	full.selection.max_threads = cli->max_threads ? cli->max_threads : topology->nr_cpus;
	if (!full.wanted)
		return -1;
	if (full.count || full.list)
		return flush_full_print(&full);
	if (full.stream && (cli->samples || cli->perf_record)) {
		fputs("bench_flush: --samples and --perf-record do not go with --stream, whose "
		      "cases "
		      "run in processes of their own: leave out --stream\n",
		      stderr);
		return 2;
	}
	if (full.stream)
		return flush_full_stream(&full, topology->cpus, cli->budget_s);
	status = flush_full_cases(&full, &nr_full_cases, &full_cases);
	return status ? status : -1;
}

static void *cases(bool whole, unsigned int max_threads, size_t *nr)
{
	if (!whole)
		return flush_cases(max_threads, nr);
	*nr = nr_full_cases;
	return full_cases;
}

static void case_name(const void *c, char *name)
{
	flush_case_name(c, name);
}

/* The software SMMU's consumers are more. Simulated CPUs need none. */
static unsigned int case_threads(const void *arg)
{
	const struct flush_case *c = arg;

	return c->clock == FLUSH_VIRTUAL ? 1 : c->threads + flush_queues(c);
}

int main(int argc, char **argv)
{
	static const struct program program = {
		.name = "bench_flush",
		.usage = usage,
		.case_bytes = sizeof(struct flush_case),
		.cases = cases,
		.case_name = case_name,
		.case_threads = case_threads,
		.run = run,
		.take_over = take_over,
	};
	int status = flush_full_parse(&full, &argc, argv);

	return status ? status : program_main(&program, argc, argv);
}
