// SPDX-License-Identifier: GPL-2.0-only
/*
 * launch: one launch of the paired timing: two drivers (driver.h) in one process, in turn.
 *
 * gate-launch BASE.so HEAD.so AGAIN.so, where AGAIN is a copy of BASE: what BASE and AGAIN differ
 * by is what this launch's layout and this host do to equal code. For each case groups of four
 * samples are taken, ABBA or BAAB, of HEAD against BASE and of AGAIN against BASE in turn; a
 * group's ratio has lost what drifted linearly while it was taken. Two more samples before it are
 * thrown away. Invariants: a sample is one run() of the same number of operations in all three; a
 * group counts only if the core was ours (bench/quiet.h); if fewer than MIN_GROUPS of a case
 * counted, all do, and the case is marked noisy; the results of the runs are compared, so that
 * nobody is fast by not working. Bounded: MAX_GROUPS, and EXTRA times the time asked for. The order
 * of loading, the heap and the stack differ by the seed, besides what the operating system
 * randomises.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <inttypes.h>
#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/clock.h"
#include "bench/json.h"
#include "bench/quiet.h"
#include "bench/stats.h"
#include "driver.h"

enum which { BASE, HEAD, AGAIN, NR_DRIVERS };

enum {
	MIN_GROUPS = 15,
	MAX_GROUPS = 4000,
	EXTRA = 3,
	SAMPLE_NS = 20000,
	DELAY_ROUNDS = 200000,
	DELAY_SAMPLES = 41,
	DELAY_TRIES = 2000,
	WARM_RUNS = 8,
	EXIT_ABI = 4,
};

struct options {
	const char *path[NR_DRIVERS];
	const char *only;
	double budget_ns; /* of a case */
	double plant_percent;
	const char *plant_only; /* NULL: in every case */
	uint64_t seed;
};

struct series {
	double log_ratio[MAX_GROUPS];
	double quiet[MAX_GROUPS];
	size_t groups;
	size_t nr_quiet;
};

struct subject {
	void *state[NR_DRIVERS];
	uint64_t operations;
	uint64_t expected;
	double base_ns[MAX_GROUPS];
	size_t bases;
	struct series head, again;
};

static const struct gate_driver *drivers[NR_DRIVERS];
static struct subject subject;
static struct options options = { .budget_ns = 25e6 };
static uint64_t random_state;

/* Splitmix64: seeds that follow one another give unrelated numbers. */
static uint64_t random_next(void)
{
	uint64_t x = random_state += 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

/* No driver is always the first to get its memory. */
static void shuffle(enum which *order)
{
	for (unsigned int i = 0; i < NR_DRIVERS; i++)
		order[i] = (enum which)i;
	for (unsigned int i = NR_DRIVERS - 1; i > 0; i--) {
		unsigned int j = (unsigned int)(random_next() % (i + 1));
		enum which other = order[i];

		order[i] = order[j];
		order[j] = other;
	}
}

static _Noreturn void die(int status, const char *what, const char *why)
{
	fprintf(stderr, "gate-launch: %s: %s\n", what, why);
	exit(status);
}

/* Its own symbols first, whatever the process has under the same names. */
static const struct gate_driver *load(const char *path)
{
	void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND);
	const struct gate_driver *(*get)(void);
	const struct gate_driver *driver;
	char text[120];

	if (!object)
		die(1, path, dlerror());
	*(void **)&get = dlsym(object, "gate_driver");
	if (!get)
		die(1, path, "not a driver of the gate: it has no gate_driver()");
	driver = get();
	if (driver->abi != GATE_DRIVER_ABI) {
		snprintf(text, sizeof(text), "its interface has version %u, this gate speaks %u",
			 (unsigned int)driver->abi, (unsigned int)GATE_DRIVER_ABI);
		die(EXIT_ABI, path, text);
	}
	return driver;
}

/* Kept until the end: what comes next lies somewhere else. */
static void spread_heap(void)
{
	if (!malloc(random_next() % 4096 * 16 + 16))
		die(1, "malloc", "not enough memory");
}

static void load_all(void)
{
	enum which order[NR_DRIVERS];

	shuffle(order);
	for (unsigned int i = 0; i < NR_DRIVERS; i++) {
		drivers[order[i]] = load(options.path[order[i]]);
		spread_heap();
	}
	if (drivers[HEAD]->cases != drivers[BASE]->cases)
		die(EXIT_ABI, options.path[HEAD], "it has other cases than the base");
	for (uint32_t i = 0; i < drivers[BASE]->cases; i++)
		if (strcmp(drivers[BASE]->name(i), drivers[HEAD]->name(i)) != 0)
			die(EXIT_ABI, options.path[HEAD], "it has other cases than the base");
}

/* One sample. Wrong results end the launch: a time of them would mean nothing. */
static double sample_ns(enum which which)
{
	uint64_t start_ns = bench_clock_ns();
	uint64_t sum = drivers[which]->run(subject.state[which], subject.operations);
	double ns = bench_clock_span(start_ns, bench_clock_ns());

	if (sum != subject.expected)
		die(1, options.path[which], "its results are not those of the base");
	return ns;
}

static double one_group(enum which which)
{
	bool swapped = random_next() & 1;
	enum which a = swapped ? which : BASE, b = swapped ? BASE : which;
	double a_ns, b_ns;

	/* Not timed: after a system call the processor has forgotten how the branches go. */
	sample_ns(a);
	sample_ns(b);
	a_ns = sample_ns(a);
	b_ns = sample_ns(b);
	b_ns += sample_ns(b);
	a_ns += sample_ns(a);
	subject.base_ns[subject.bases] = (swapped ? b_ns : a_ns) / 2;
	return log(swapped ? a_ns / b_ns : b_ns / a_ns);
}

static void take_group(struct series *s, enum which which)
{
	struct quiet_mark mark = quiet_begin();
	double log_ratio = one_group(which);

	s->log_ratio[s->groups++] = log_ratio;
	if (!quiet_end(&mark))
		return;
	s->quiet[s->nr_quiet++] = log_ratio;
	if (subject.bases < MAX_GROUPS - 1)
		subject.bases++;
}

static double median(double *value, size_t nr)
{
	stats_sort(value, nr);
	return stats_quantile(value, nr, 0.5);
}

/* What a round of the delay takes: of so many that what is around them does not matter. */
static double round_ns(void)
{
	uint64_t start_ns;
	double ns;

	drivers[HEAD]->delay(DELAY_ROUNDS);
	start_ns = bench_clock_ns();
	drivers[HEAD]->run(subject.state[HEAD], 1);
	ns = bench_clock_span(start_ns, bench_clock_ns());
	drivers[HEAD]->delay(0);
	return ns / DELAY_ROUNDS;
}

static bool is_planted(const char *name)
{
	return options.plant_percent != 0 &&
	       (!options.plant_only || strcmp(options.plant_only, name) == 0);
}

/* A slowdown of so many percent of what a sample takes, in time that this process measures. */
static void plant(void)
{
	double plain[DELAY_SAMPLES], round[DELAY_SAMPLES], delay_ns;
	size_t nr = 0;

	for (size_t i = 0; i < DELAY_TRIES && nr < DELAY_SAMPLES; i++) {
		struct quiet_mark mark = quiet_begin();

		sample_ns(HEAD);
		plain[nr] = sample_ns(HEAD);
		round[nr] = round_ns();
		nr += quiet_end(&mark);
	}
	if (nr < DELAY_SAMPLES)
		die(1, "--plant", "the delay could not be calibrated on a host this noisy");
	delay_ns = median(plain, nr) * options.plant_percent / 100;
	drivers[HEAD]->delay((uint64_t)(delay_ns / median(round, nr)));
}

/* Also the warm-up: operations until a sample is long against the clock. */
static void calibrate(void)
{
	for (uint64_t operations = 16;; operations *= 2) {
		uint64_t start_ns = bench_clock_ns();
		double ns;

		drivers[BASE]->run(subject.state[BASE], operations);
		ns = bench_clock_span(start_ns, bench_clock_ns());
		if (ns < SAMPLE_NS && operations < 1u << 20)
			continue;
		subject.operations = operations;
		break;
	}
	subject.expected = drivers[BASE]->run(subject.state[BASE], subject.operations);
	for (unsigned int i = 0; i < WARM_RUNS; i++)
		for (unsigned int which = 0; which < NR_DRIVERS; which++)
			sample_ns(which);
}

static bool enough(uint64_t start_ns)
{
	double spent_ns = (double)(bench_clock_ns() - start_ns);
	const struct series *head = &subject.head, *again = &subject.again;

	if (head->groups == MAX_GROUPS || spent_ns > EXTRA * options.budget_ns)
		return head->groups > 0;
	return spent_ns > options.budget_ns && head->nr_quiet >= MIN_GROUPS &&
	       again->nr_quiet >= MIN_GROUPS;
}

static void put_series(struct json *j, const char *name, struct series *s)
{
	bool noisy = s->nr_quiet < MIN_GROUPS;
	double *value = noisy ? s->log_ratio : s->quiet;
	size_t nr = noisy ? s->groups : s->nr_quiet;

	json_open(j, name, '{');
	json_number(j, "log_ratio", median(value, nr));
	json_number(j, "groups", (double)s->groups);
	json_number(j, "dropped_share", 1 - (double)s->nr_quiet / (double)s->groups);
	json_bool(j, "noisy", noisy);
	json_close(j, '}');
}

static void open_all(uint32_t i)
{
	enum which order[NR_DRIVERS];

	shuffle(order);
	for (unsigned int k = 0; k < NR_DRIVERS; k++) {
		enum which which = order[k];

		if (drivers[which]->delay)
			drivers[which]->delay(0);
		spread_heap();
		subject.state[which] = drivers[which]->open(i);
		if (!subject.state[which])
			die(1, options.path[which], "no table could be had");
	}
}

static void run_case(struct json *j, uint32_t i)
{
	bool planted = is_planted(drivers[BASE]->name(i));
	uint64_t start_ns;

	memset(&subject, 0, sizeof(subject));
	open_all(i);
	calibrate();
	if (planted)
		plant();
	start_ns = bench_clock_ns();
	do {
		take_group(&subject.head, HEAD);
		take_group(&subject.again, AGAIN);
	} while (!enough(start_ns));
	json_open(j, NULL, '{');
	json_string(j, "name", drivers[BASE]->name(i));
	json_bool(j, "planted", planted);
	json_number(j, "base_ns_per_operation",
		    median(subject.base_ns, subject.bases ? subject.bases : 1) /
			    (double)subject.operations);
	put_series(j, "head", &subject.head);
	put_series(j, "again", &subject.again);
	json_close(j, '}');
	for (unsigned int which = 0; which < NR_DRIVERS; which++)
		drivers[which]->close(subject.state[which]);
}

static void put_launch(struct json *j, const void *what)
{
	json_open(j, NULL, '{');
	json_number(j, "abi", GATE_DRIVER_ABI);
	json_open(j, "cases", '[');
	for (uint32_t i = 0; i < drivers[BASE]->cases; i++)
		if (!options.only || strstr(drivers[BASE]->name(i), options.only))
			run_case(j, i);
	json_close(j, ']');
	json_close(j, '}');
}

static void stay_on_this_cpu(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET((size_t)sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
}

static const char usage[] =
	"gate-launch - one launch of tools/gate's paired timing, as JSON\n"
	"\n"
	"  gate-launch BASE.so HEAD.so AGAIN.so [OPTION VALUE]...\n"
	"\n"
	"  --only TEXT       cases whose names contain it\n"
	"  --budget-ms N     of a case (25); up to three times that on a host that is not quiet\n"
	"  --seed N          order of loading, heap and groups\n"
	"  --plant PERCENT   slow HEAD down by this much; it was built with GATE_PLANT\n"
	"  --plant-only NAME and only in the case of that name\n";

static bool set_option(const char *name, const char *value)
{
	char *end = NULL;
	double number = strtod(value, &end);
	bool is_number = *value && !*end && number >= 0;

	if (strcmp(name, "--only") == 0) {
		options.only = value;
		return true;
	}
	if (strcmp(name, "--plant-only") == 0) {
		options.plant_only = value;
		return true;
	}
	if (strcmp(name, "--budget-ms") == 0)
		options.budget_ns = number * 1e6;
	else if (strcmp(name, "--seed") == 0)
		options.seed = (uint64_t)number;
	else if (strcmp(name, "--plant") == 0)
		options.plant_percent = number;
	else
		return false;
	return is_number;
}

static void parse(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--help") == 0) {
		fputs(usage, stdout);
		exit(0);
	}
	if (argc < 1 + NR_DRIVERS || (argc - 1 - NR_DRIVERS) % 2)
		die(2, "usage", "three drivers, and options with their values (see --help)");
	for (int i = 0; i < NR_DRIVERS; i++)
		options.path[i] = argv[1 + i];
	for (int i = 1 + NR_DRIVERS; i < argc; i += 2)
		if (!set_option(argv[i], argv[i + 1]))
			die(2, argv[i], "not understood (see --help)");
}

int main(int argc, char **argv)
{
	int error;

	parse(argc, argv);
	random_state = options.seed;
	/* Somewhere else on the stack, by cache lines. */
	memset(__builtin_alloca(64 * (1 + random_next() % 256)), 0, 64);
	stay_on_this_cpu();
	load_all();
	if (options.plant_percent != 0 && !drivers[HEAD]->delay)
		die(1, options.path[HEAD], "--plant needs a driver that was built with GATE_PLANT");
	bench_clock_calibrate();
	quiet_calibrate();
	error = json_write("-", put_launch, NULL);
	if (error)
		die(1, "standard output", strerror(error));
	return 0;
}
