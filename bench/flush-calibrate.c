// SPDX-License-Identifier: GPL-2.0-only
/*
 * flush-calibrate: what the virtual clock predicts, beside what was published (docs/flush.md).
 *
 * A profile has two published rows in it: 4K and 1M with one thread. Everything else here is a
 * prediction: many threads, and how Linux's command queue falls with CPUs, for which the cost of a
 * line is the one figure that was fitted. With --sensitivity each setting is halved and doubled.
 * All figures are modelled.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flush-machine.h"

/*
 * Microseconds map and unmap, by dma_map_benchmark: a call and its neighbour, nothing kept mapped.
 */
static const struct {
	const char *model, *row;
	unsigned int pages, threads;
	double map_us, unmap_us;
	bool used; /* to calibrate with */
} latencies[] = {
	{ "hi1620", "4K x1", 1, 1, 0.1, 0.8, true },
	{ "hi1620", "1M x1", 256, 1, 0.8, 19.3, true },
	{ "hi1620", "4K x10", 1, 10, 0.1, 5.8, false },
	{ "hi1620", "1M x10", 256, 10, 1.8, 191.5, false },
	{ "hi1620-before", "4K x1", 1, 1, 0.1, 1.3, true },
	{ "hi1620-before", "1M x1", 256, 1, 14.0, 53.9, true },
	{ "hi1620-before", "4K x10", 1, 10, 0.3, 7.0, false },
	{ "hi1620-before", "1M x10", 256, 10, 14.7, 280.8, false },
	{ "morello", "4K x1", 1, 1, 0.1, 0.6, true },
	{ "morello", "1M x1", 256, 1, 0.8, 21.2, true },
	{ "morello", "4K x4", 1, 4, 0.1, 1.1, false },
	{ "morello", "1M x4", 256, 4, 1.1, 45.9, false },
	{ "morello-parallel", "4K x1", 1, 1, 0.1, 0.6, true },
	{ "morello-parallel", "1M x1", 256, 1, 0.8, 21.2, true },
	{ "morello-parallel", "4K x4", 1, 4, 0.1, 1.1, false },
	{ "morello-parallel", "1M x4", 256, 4, 1.1, 45.9, false },
	{ "snapdragon", "4K x1", 1, 1, 0.0, 1.8, true },
	{ "snapdragon", "1M x1", 256, 1, 0.5, 54.3, true },
	{ "snapdragon", "4K x8", 1, 8, 0.2, 6.2, false },
	{ "snapdragon", "1M x8", 256, 8, 1.2, 339.7, false },
};

/* Maps and unmaps of each CPU in a second, thousands. */
static const struct {
	unsigned int cpus;
	double thousands;
} scaling[] = { { 8, 282 }, { 16, 115 }, { 32, 36 }, { 64, 11 } };

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static struct flush_result run_strategy(const char *strategy, const char *model, unsigned int pages,
					unsigned int threads)
{
	const struct flush_case c = {
		.strategy = strategy,
		.depth = strcmp(strategy, "ticket") ? 0 : 64,
		.leaf_lg2 = 12,
		.pages = pages,
		.threads = threads,
		.model = model,
	};
	struct flush_result r;

	flush_run_virtual(&c, pages > 1 ? 60 : 400, 1, &r);
	if (r.error) {
		fprintf(stderr, "%s: %s\n", model, r.error);
		exit(1);
	}
	return r;
}

static struct flush_result run(const char *model, unsigned int pages, unsigned int threads)
{
	return run_strategy("kernel-strict", model, pages, threads);
}

static double off(double predicted, double published)
{
	return 100 * (predicted / published - 1);
}

/* Of a time that was published as 0.0 there is no error to give. */
static void print_pair(double predicted, double published)
{
	printf(" %10.2f %10.2f", predicted, published);
	if (published > 0)
		printf(" %+7.1f%%", off(predicted, published));
	else
		printf(" %8s", "-");
}

static void print_latencies(void)
{
	printf("%-17s %-7s %10s %10s %8s %10s %10s %8s\n", "host", "row", "map us", "published",
	       "error", "unmap us", "published", "error");
	for (size_t i = 0; i < ARRAY_SIZE(latencies); i++) {
		struct flush_result r =
			run(latencies[i].model, latencies[i].pages, latencies[i].threads);

		printf("%-17s %-7s", latencies[i].model, latencies[i].row);
		print_pair(r.map_ns / 1000, latencies[i].map_us);
		print_pair(r.mean_ns / 1000, latencies[i].unmap_us);
		puts(latencies[i].used ? "  (calibrated on)" : "");
	}
}

static double scaled(unsigned int cpus)
{
	return 1e6 / run("hi1620", 1, cpus).ns_per_page / cpus; /* thousands a second and CPU */
}

static void print_scaling(void)
{
	printf("\nLinux's command queue, hi1620, thousands of maps and unmaps a second and CPU\n");
	printf("%-17s %-7s %23s %23s\n", "", "CPUs", "modelled", "published");
	for (size_t i = 0; i < ARRAY_SIZE(scaling); i++) {
		double k = scaled(scaling[i].cpus);

		printf("%-17s %-7u %23.1f %23.1f  %+6.1f%%\n", "", scaling[i].cpus, k,
		       scaling[i].thousands, off(k, scaling[i].thousands));
	}
}

/* The bar that is nearest. With what bench_flush keeps mapped. */
static double ticket_of_gather(void)
{
	double ratio;

	flush_live = 16;
	ratio = run_strategy("gather", "hi1620", 1, 4).ns_per_page /
		run_strategy("ticket", "hi1620", 1, 4).ns_per_page;
	flush_live = 0;
	return ratio;
}

/* Each setting at half and twice its value. */

static const struct {
	const char *name;
	size_t at[3];
} settings[] = {
	{ "unmap_ns", { offsetof(struct machine_profile, unmap_ns) } },
	{ "tlbi_ns", { offsetof(struct machine_profile, tlbi_ns) } },
	{ "sync_msi_ns", { offsetof(struct machine_profile, sync_msi_ns) } },
	{ "write_ns", { offsetof(struct machine_profile, write_ns) } },
	{ "lines",
	  { offsetof(struct machine_profile, costs.near_ns),
	    offsetof(struct machine_profile, costs.die_ns),
	    offsetof(struct machine_profile, costs.far_ns) } },
	{ "read_ns", { offsetof(struct machine_profile, costs.read_ns) } },
};

static struct machine_profile changed;

static void change(size_t setting, double factor)
{
	changed = *machine_profile_find("hi1620");
	for (size_t i = 0; i < 3; i++)
		if (!i || settings[setting].at[i])
			*(double *)(void *)((char *)&changed + settings[setting].at[i]) *= factor;
	flush_profile = &changed;
}

static void print_sensitivity(void)
{
	printf("\nSensitivity, hi1620: unmap us of 4K x1, 1M x10; thousands a second and CPU at 8 "
	       "and "
	       "64; ticket, of gather, 4 CPUs\n");
	printf("%-17s %-7s %11s %11s %11s %11s %11s\n", "setting", "times", "4K x1", "1M x10", "8",
	       "64", "ticket");
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		for (int k = 0; k < 2; k++) {
			double factor = k ? 2 : 0.5;

			change(i, factor);
			printf("%-17s %-7.1f %11.2f %11.1f %11.1f %11.1f %11.2f\n",
			       settings[i].name, factor, run("hi1620", 1, 1).mean_ns / 1000,
			       run("hi1620", 256, 10).mean_ns / 1000, scaled(8), scaled(64),
			       ticket_of_gather());
		}
	flush_profile = NULL;
}

static const char usage[] =
	"flush_calibrate - what the virtual clock predicts beside what was published\n"
	"\n"
	"All of it is simulated time: there are no samples to keep, and no events to count.\n"
	"\n"
	"  --sensitivity    and how much that depends on each of the model's costs\n"
	"  --help           this\n";

int main(int argc, char **argv)
{
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		fputs(usage, stdout);
		return 0;
	}
	if (argc > 2 || (argc == 2 && strcmp(argv[1], "--sensitivity") != 0)) {
		fprintf(stderr, "flush_calibrate: %s: not understood (see --help)\n",
			argv[argc - 1]);
		return 2;
	}
	flush_live = 0;
	printf("All of this is MODELLED, under the virtual clock.\n\n");
	print_latencies();
	print_scaling();
	if (argc == 2)
		print_sensitivity();
	if (fflush(stdout) || ferror(stdout)) {
		fputs("flush_calibrate: the table could not be written (is the disk full?)\n",
		      stderr);
		return 1;
	}
	return 0;
}
