// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay-options: the command line of bench_replay, see replay-options.h.
 *
 * Every value is checked here, so that the rest of the program can rely on the bounds that the
 * structures document. A mistake is exit status 2, as distinct from a replay that failed, 1.
 */
#include "replay-options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXIT_USAGE 2

static const char *const fmt_name[] = {
	[ARM_32_LPAE_S1] = "arm_32_lpae_s1",
	[ARM_32_LPAE_S2] = "arm_32_lpae_s2",
	[ARM_64_LPAE_S1] = "arm_64_lpae_s1",
	[ARM_64_LPAE_S2] = "arm_64_lpae_s2",
};

static const char *const granule_name[] = { "4K", "16K", "64K" };
static const uint64_t granule_bytes_of[] = { 4 << 10, 16 << 10, 64 << 10 };

static const char *const flush_name[] = {
	[REPLAY_STRICT] = "strict",
	[REPLAY_STRICT_PER_LEAF] = "strict-per-leaf",
	[REPLAY_QUEUED] = "queued",
};

static const char *const conflict_name[] = {
	[PLAN_CONFLICT_SPLIT] = "split",
	[PLAN_CONFLICT_SKIP] = "skip",
	[PLAN_CONFLICT_FAIL] = "fail",
};

#define NR(array) (sizeof(array) / sizeof((array)[0]))

static const char help_text[] =
	"usage: bench_replay [options] TRACE...\n"
	"\n"
	"Replays the iommu:map and iommu:unmap events of a recorded trace on the library's page\n"
	"tables and prints what they cost. TRACE is ftrace text, the output of `perf script` or "
	"of\n"
	"`trace-cmd report`, plain or compressed with xz or gzip; - is the standard input.\n"
	"\n"
	"  --fmt FMT             arm_64_lpae_s1 (default), arm_64_lpae_s2, arm_32_lpae_s1,\n"
	"                        arm_32_lpae_s2\n"
	"  --granule 4K|16K|64K  smallest page (4K); events must be multiples of it\n"
	"  --ias BITS            input address size (48; 32-bit formats: 32, stage 2: 40)\n"
	"  --oas BITS            output address size (48; 32-bit formats: 40)\n"
	"  --flush MODE          strict (default): each unmap invalidates and syncs, by ranges\n"
	"                        strict-per-leaf: the same, one invalidation for each leaf\n"
	"                        queued: unmaps gather; synced untimed after every 64\n"
	"  --coherent 0|1        0: the walker does not snoop, the library cleans cache lines (1)\n"
	"  --threads N           events go to thread (CPU modulo N), and wait for their\n"
	"                        predecessors on the same pages (1)\n"
	"  --repeat N            replay N times, on fresh tables; medians are printed (5)\n"
	"  --on-conflict HOW     a map over a live mapping: split (default) puts it into another\n"
	"                        domain, skip leaves it out, fail gives up\n"
	"  --max-domains N       give up beyond that many domains (64)\n"
	"  --max-events N        give up beyond that many events (16777216)\n"
	"  --allow-truncated     replay what there is of a file that ends too early\n"
	"  --percentiles LIST    percentiles over batches (50,90,99)\n"
	"\n"
	"  --strategy NAME|all   instead: what a flush strategy costs and exposes on this trace, "
	"and\n"
	"                        which one to use; addresses are given out anew. none, "
	"strict-page,\n"
	"                        gather, gather-ril, fq-percpu, fq-single, ticket, epoch, "
	"adaptive\n"
	"  --budget US           how long a page may be exposed in the mean (20)\n"
	"  --clock CLOCK         virtual: a simulated host and SMMU; real: this host, in front of "
	"a\n"
	"                        software SMMU; both (default)\n"
	"  --cpus N              events go to CPU (the trace's modulo N), to 128 (the trace's)\n"
	"  --host-profile NAME   the host that is modelled (hi1620)\n"
	"  --depth N             of the queues (the strategy's own; all: several)\n"
	"  --pace none|trace     trace: the virtual clock keeps to the trace's time stamps, which "
	"must\n"
	"                        then be those of real hardware (none: as fast as it goes)\n"
	"\n"
	"  --samples FILE        the time of every 64 operations of every repeat, a line of JSON "
	"for\n"
	"                        each repeat (64 MiB at most); not with --strategy\n"
	"  --counters all|software|none  events of the timed segments, counted in passes of their\n"
	"                        own (all); not with --strategy\n"
	"  --perf-record FILE    a profile of the timed segments for perf report, from as many "
	"passes\n"
	"                        as repeats; not with --strategy\n"
	"  --json FILE           write the figures as JSON; - is the standard output\n"
	"  --quiet               no table, no progress\n"
	"  --help                this text\n"
	"\n"
	"Exit status: 0 done, 1 a trace that cannot be replayed or a wrong result, 2 bad usage.\n";

enum option_id {
	OPT_FMT = 256,
	OPT_GRANULE,
	OPT_IAS,
	OPT_OAS,
	OPT_FLUSH,
	OPT_COHERENT,
	OPT_THREADS,
	OPT_REPEAT,
	OPT_ON_CONFLICT,
	OPT_MAX_DOMAINS,
	OPT_MAX_EVENTS,
	OPT_ALLOW_TRUNCATED,
	OPT_PERCENTILES,
	OPT_STRATEGY,
	OPT_BUDGET,
	OPT_CLOCK,
	OPT_CPUS,
	OPT_HOST_PROFILE,
	OPT_DEPTH,
	OPT_PACE,
	OPT_SAMPLES,
	OPT_COUNTERS,
	OPT_PERF_RECORD,
	OPT_JSON,
	OPT_QUIET,
	OPT_HELP,
};

static const struct option long_options[] = {
	{ "fmt", required_argument, NULL, OPT_FMT },
	{ "granule", required_argument, NULL, OPT_GRANULE },
	{ "ias", required_argument, NULL, OPT_IAS },
	{ "oas", required_argument, NULL, OPT_OAS },
	{ "flush", required_argument, NULL, OPT_FLUSH },
	{ "coherent", required_argument, NULL, OPT_COHERENT },
	{ "threads", required_argument, NULL, OPT_THREADS },
	{ "repeat", required_argument, NULL, OPT_REPEAT },
	{ "on-conflict", required_argument, NULL, OPT_ON_CONFLICT },
	{ "max-domains", required_argument, NULL, OPT_MAX_DOMAINS },
	{ "max-events", required_argument, NULL, OPT_MAX_EVENTS },
	{ "allow-truncated", no_argument, NULL, OPT_ALLOW_TRUNCATED },
	{ "percentiles", required_argument, NULL, OPT_PERCENTILES },
	{ "strategy", required_argument, NULL, OPT_STRATEGY },
	{ "budget", required_argument, NULL, OPT_BUDGET },
	{ "clock", required_argument, NULL, OPT_CLOCK },
	{ "cpus", required_argument, NULL, OPT_CPUS },
	{ "host-profile", required_argument, NULL, OPT_HOST_PROFILE },
	{ "depth", required_argument, NULL, OPT_DEPTH },
	{ "pace", required_argument, NULL, OPT_PACE },
	{ "samples", required_argument, NULL, OPT_SAMPLES },
	{ "counters", required_argument, NULL, OPT_COUNTERS },
	{ "perf-record", required_argument, NULL, OPT_PERF_RECORD },
	{ "json", required_argument, NULL, OPT_JSON },
	{ "quiet", no_argument, NULL, OPT_QUIET },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

/* Says what is wrong with an option's value; always false. */
static bool bad(const char *option, const char *value, const char *expected)
{
	fprintf(stderr, "bench_replay: --%s %s: expected %s\n", option, value, expected);
	return false;
}

static bool one_of(const char *option, const char *value, const char *const *names, size_t nr,
		   unsigned int *index)
{
	char expected[128] = "";
	size_t i, len = 0;

	for (i = 0; i < nr; i++) {
		if (!strcmp(value, names[i])) {
			*index = (unsigned int)i;
			return true;
		}
		len += (size_t)snprintf(expected + len, sizeof(expected) - len, "%s%s",
					i ? ", " : "", names[i]);
	}
	return bad(option, value, expected);
}

static bool in_range(const char *option, const char *value, unsigned long min, unsigned long max,
		     unsigned long *number)
{
	char expected[64];
	char *end;

	errno = 0;
	*number = strtoul(value, &end, 10);
	if (value[0] >= '0' && value[0] <= '9' && !*end && !errno && *number >= min &&
	    *number <= max)
		return true;
	snprintf(expected, sizeof(expected), "a number from %lu to %lu", min, max);
	return bad(option, value, expected);
}

static bool is_listed(const struct stats_list *list, const char *name)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++)
		if (!strcmp(list->name[i], name))
			return true;
	return false;
}

static bool parse_percentiles(const char *value, struct stats_list *list)
{
	static const char expected[] =
		"up to 16 different numbers above 0, up to 100, as 50,90,99.9";
	const char *at = value;
	size_t len;
	char *end;

	for (list->nr = 0; list->nr < STATS_MAX_PERCENTILES; at = end + 1) {
		len = strcspn(at, ",");
		if (!len || len >= sizeof(list->name[0]) || strspn(at, "0123456789.") != len)
			break;
		list->p[list->nr] = strtod(at, &end);
		if (end != at + len || !(list->p[list->nr] > 0 && list->p[list->nr] <= 100))
			break;
		memcpy(list->name[list->nr], at, len);
		list->name[list->nr][len] = '\0';
		if (is_listed(list, list->name[list->nr]))
			break;
		list->nr++;
		if (!*end)
			return true;
	}
	return bad("percentiles", value, expected);
}

static bool take_strategy(struct strategy_opts *s, const char *value)
{
	const char *names[IOMMU_STRATEGIES + 1];
	unsigned int index = 0;

	for (unsigned int i = 0; i < IOMMU_STRATEGIES; i++)
		names[i] = iommu_strategy_describe((enum iommu_strategy_kind)i)->name;
	names[IOMMU_STRATEGIES] = "all";
	if (!one_of("strategy", value, names, NR(names), &index))
		return false;
	s->kinds = index == IOMMU_STRATEGIES ? (1u << IOMMU_STRATEGIES) - 1 : 1u << index;
	return true;
}

static bool take_profile(struct strategy_opts *s, const char *value)
{
	const char *names[16];
	unsigned int i;

	s->profile = machine_profile_find(value);
	for (i = 0; i < nr_machine_profiles && i < NR(names); i++)
		names[i] = machine_profiles[i].name;
	return s->profile || one_of("host-profile", value, names, i, &i);
}

/* The options that go with --strategy; false if the value is not a good one. */
static bool take_strategy_value(struct strategy_opts *s, int id, const char *name,
				const char *value)
{
	static const char *const clocks[] = { "virtual", "real", "both" };
	static const char *const paces[] = { "none", "trace" };
	unsigned int index = 0;
	unsigned long n = 0;
	bool ok;

	if (id == OPT_STRATEGY)
		return take_strategy(s, value);
	s->need_mode = name;
	switch (id) {
	case OPT_BUDGET:
		ok = in_range(name, value, 0, OPTIONS_MAX_BUDGET_US, &n);
		s->budget_us = n;
		return ok;
	case OPT_CLOCK:
		ok = one_of(name, value, clocks, NR(clocks), &index);
		s->clocks = index + 1;
		return ok;
	case OPT_CPUS:
		ok = in_range(name, value, 1, VIRTUAL_CPUS, &n);
		s->cpus = (unsigned int)n;
		return ok;
	case OPT_HOST_PROFILE:
		return take_profile(s, value);
	case OPT_DEPTH:
		ok = in_range(name, value, 1, IOMMU_STRATEGY_DEPTH_MAX, &n);
		s->depth = (uint32_t)n;
		return ok;
	case OPT_PACE:
		ok = one_of(name, value, paces, NR(paces), &index);
		s->at_pace = index;
		return ok;
	default:
		return false;
	}
}

/* The options for what is behind the figures; none of them goes with --strategy. */
static bool take_behind_value(struct options *opts, int id, const char *name, const char *value)
{
	opts->strategy.never_mode = name;
	if (id == OPT_SAMPLES)
		opts->samples = value;
	else if (id == OPT_PERF_RECORD)
		opts->perf_record = value;
	else
		return counters_mode_find(value, &opts->counters) ||
		       bad(name, value, "none, software, all");
	return true;
}

/* The options whose value is a number or a name; false if it is not a good one. */
static bool take_value(struct options *opts, int id, const char *name, const char *value)
{
	unsigned long n = 0;
	unsigned int index = 0;
	bool ok = true;

	switch (id) {
	case OPT_FMT:
		ok = one_of(name, value, fmt_name, NR(fmt_name), &index);
		opts->cfg.fmt = (enum io_pgtable_fmt)index;
		return ok;
	case OPT_GRANULE:
		ok = one_of(name, value, granule_name, NR(granule_name), &index);
		opts->cfg.granule_bytes = granule_bytes_of[index];
		return ok;
	case OPT_FLUSH:
		ok = one_of(name, value, flush_name, NR(flush_name), &index);
		opts->cfg.flush = (enum replay_flush)index;
		return ok;
	case OPT_ON_CONFLICT:
		ok = one_of(name, value, conflict_name, NR(conflict_name), &index);
		opts->plan.on_conflict = (enum plan_conflict)index;
		return ok;
	case OPT_IAS:
		ok = in_range(name, value, 1, 64, &n);
		opts->cfg.ias = (unsigned int)n;
		return ok;
	case OPT_OAS:
		ok = in_range(name, value, 1, 63, &n);
		opts->cfg.oas = (unsigned int)n;
		return ok;
	case OPT_COHERENT:
		ok = in_range(name, value, 0, 1, &n);
		opts->cfg.coherent = n;
		return ok;
	case OPT_THREADS:
		ok = in_range(name, value, 1, PLAN_MAX_THREADS, &n);
		opts->plan.nr_threads = (unsigned int)n;
		return ok;
	case OPT_REPEAT:
		ok = in_range(name, value, 1, OPTIONS_MAX_REPEAT, &n);
		opts->nr_repeats = (unsigned int)n;
		return ok;
	case OPT_MAX_DOMAINS:
		ok = in_range(name, value, 1, PLAN_MAX_DOMAINS, &n);
		opts->plan.max_domains = (unsigned int)n;
		return ok;
	case OPT_MAX_EVENTS:
		ok = in_range(name, value, 1, INT_MAX, &n);
		opts->trace.max_events = n;
		return ok;
	case OPT_PERCENTILES:
		return parse_percentiles(value, &opts->list);
	case OPT_SAMPLES:
	case OPT_COUNTERS:
	case OPT_PERF_RECORD:
		return take_behind_value(opts, id, name, value);
	default:
		return take_strategy_value(&opts->strategy, id, name, value);
	}
}

static void set_defaults(struct options *opts)
{
	memset(opts, 0, sizeof(*opts));
	opts->trace.max_events = TRACE_MAX_EVENTS_DEFAULT;
	opts->plan.nr_threads = 1;
	opts->plan.max_domains = PLAN_MAX_DOMAINS_DEFAULT;
	opts->cfg.fmt = ARM_64_LPAE_S1;
	opts->cfg.granule_bytes = 4 << 10;
	opts->cfg.coherent = true;
	opts->nr_repeats = 5;
	opts->counters = COUNTERS_ALL;
	opts->strategy.clocks = (1u << REPLAY_CLOCKS) - 1;
	opts->strategy.budget_us = 20;
	opts->strategy.profile = machine_profile_find("hi1620");
	parse_percentiles("50,90,99", &opts->list);
}

/* What depends on several options; false if the library has no such table. */
static bool settle(struct options *opts)
{
	struct replay_cfg *cfg = &opts->cfg;
	bool narrow = cfg->fmt == ARM_32_LPAE_S1 || cfg->fmt == ARM_32_LPAE_S2;
	int err;

	if (!cfg->ias)
		cfg->ias = !narrow ? 48 : cfg->fmt == ARM_32_LPAE_S1 ? 32 : 40;
	if (!cfg->oas)
		cfg->oas = narrow ? 40 : 48;
	opts->plan.granule_bytes = cfg->granule_bytes;
	opts->plan.ias = cfg->ias;
	opts->plan.oas = cfg->oas;
	err = replay_cfg_check(cfg);
	if (err)
		fprintf(stderr,
			"bench_replay: there is no %s table with a %s granule, --ias %u and --oas "
			"%u: "
			"%s\n",
			options_fmt_name(cfg->fmt), options_granule_name(cfg->granule_bytes),
			cfg->ias, cfg->oas, strerror(-err));
	return !err;
}

/* What may not be asked for together. */
static bool fits_together(const struct strategy_opts *s)
{
	if (s->need_mode && !s->kinds) {
		fprintf(stderr, "bench_replay: --%s goes with --strategy\n", s->need_mode);
		return false;
	}
	if (s->never_mode && s->kinds) {
		fprintf(stderr,
			"bench_replay: --%s does not go with --strategy: its unmaps are modelled, "
			"or "
			"too short to be sampled one by one and kept as a histogram\n",
			s->never_mode);
		return false;
	}
	if (s->kinds == 1u << IOMMU_STRATEGY_ADAPTIVE && !s->budget_us) {
		fputs("bench_replay: adaptive needs a --budget above 0\n", stderr);
		return false;
	}
	return true;
}

static int usage(void)
{
	fputs("bench_replay: --help tells what the options are\n", stderr);
	return EXIT_USAGE;
}

int options_parse(int argc, char **argv, struct options *opts)
{
	int id, index = 0;

	set_defaults(opts);
	while ((id = getopt_long(argc, argv, "", long_options, &index)) != -1) {
		if (id == OPT_HELP) {
			fputs(help_text, stdout);
			return fflush(stdout) ? 1 : 0;
		}
		if (id == OPT_ALLOW_TRUNCATED)
			opts->trace.allow_truncated = true;
		else if (id == OPT_QUIET)
			opts->quiet = true;
		else if (id == OPT_JSON)
			opts->json_path = optarg;
		else if (id == '?' || !take_value(opts, id, long_options[index].name, optarg))
			return usage();
	}
	opts->paths = argv + optind;
	opts->nr_paths = (unsigned int)(argc - optind);
	if (!opts->nr_paths) {
		fputs("bench_replay: which trace?\n", stderr);
		return usage();
	}
	return settle(opts) && fits_together(&opts->strategy) ? -1 : usage();
}

const char *options_fmt_name(enum io_pgtable_fmt fmt)
{
	return fmt_name[fmt];
}

const char *options_granule_name(uint64_t granule_bytes)
{
	return granule_name[granule_bytes == granule_bytes_of[1]   ? 1
			    : granule_bytes == granule_bytes_of[2] ? 2
								   : 0];
}

const char *options_flush_name(enum replay_flush flush)
{
	return flush_name[flush];
}

const char *options_conflict_name(enum plan_conflict conflict)
{
	return conflict_name[conflict];
}
