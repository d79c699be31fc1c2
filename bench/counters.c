// SPDX-License-Identifier: GPL-2.0-only
/*
 * counters: rounds, and what stands in for the kernel's software events. See counters.h.
 */
#define _GNU_SOURCE
#include "counters.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { HARDWARE, SOFTWARE, EMPTY_REGIONS = 64 };

_Thread_local const struct region_hook *region_hook;

static const char *const mode_names[] = {
	[COUNTERS_NONE] = "none",
	[COUNTERS_SOFTWARE] = "software",
	[COUNTERS_ALL] = "all",
};

static enum counters_mode wanted;
static const struct perf_calls *kernel;
static int hardware_error;
static int software_error;

bool counters_mode_find(const char *name, enum counters_mode *mode)
{
	for (size_t i = 0; i < sizeof(mode_names) / sizeof(mode_names[0]); i++)
		if (strcmp(name, mode_names[i]) == 0) {
			*mode = (enum counters_mode)i;
			return true;
		}
	return false;
}

/*
 * getrusage() in the order of the software events. Threads are pinned: a migration is what is seen
 * of it.
 */
static void read_usage(double *value)
{
	struct rusage usage = { 0 };
	struct timespec cpu = { 0 };

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu);
	getrusage(RUSAGE_THREAD, &usage);
	value[0] = (double)(usage.ru_minflt + usage.ru_majflt);
	value[1] = (double)(usage.ru_nvcsw + usage.ru_nivcsw);
	value[2] = sched_getcpu();
	value[3] = (double)cpu.tv_sec * 1e9 + (double)cpu.tv_nsec;
}

static void usage_begin(void *arg)
{
	struct counters *c = arg;

	read_usage(c->at);
}

static void usage_end(void *arg)
{
	struct counters *c = arg;
	double now[PERF_EVENT_NR_SOFTWARE];

	read_usage(now);
	now[2] = c->at[2] + (now[2] != c->at[2]);
	for (int i = 0; i < PERF_EVENT_NR_SOFTWARE; i++)
		c->counted[i] += now[i] - c->at[i];
	c->regions++;
}

static unsigned int hardware_rounds(const struct counters *c)
{
	return c->set[HARDWARE].nr_groups;
}

static unsigned int rounds_of(const struct counters *c)
{
	return hardware_rounds(c) + (c->getrusage ? 1 : c->set[SOFTWARE].nr_groups);
}

/* The set of the round that is running, and the group in it. */
static const struct perf_set *set_of(const struct counters *c, unsigned int *group)
{
	unsigned int hardware = hardware_rounds(c);

	*group = c->round < hardware ? c->round : c->round - hardware;
	return &c->set[c->round < hardware ? HARDWARE : SOFTWARE];
}

static bool is_usage_round(const struct counters *c)
{
	return c->getrusage && c->round == hardware_rounds(c);
}

static void group_begin(void *arg)
{
	struct counters *c = arg;
	unsigned int group;
	const struct perf_set *set = set_of(c, &group);

	c->regions++;
	perf_group_enable(set, group);
}

static void group_end(void *arg)
{
	unsigned int group;
	const struct perf_set *set = set_of(arg, &group);

	perf_group_disable(set, group);
}

static unsigned int open_set(struct perf_set *set, unsigned int first, unsigned int nr)
{
	struct perf_event_attr attr[PERF_SET_EVENTS];

	for (unsigned int i = 0; i < nr; i++)
		attr[i] = perf_event_attr_of((enum perf_event_id)(first + i));
	return perf_set_open(set, kernel, attr, nr);
}

unsigned int counters_open(struct counters *c)
{
	memset(c, 0, sizeof(*c));
	c->sum.running_share = 1;
	if (wanted == COUNTERS_ALL)
		open_set(&c->set[HARDWARE], 0, PERF_EVENT_NR_HARDWARE);
	/* All of the kernel's or none: else a figure would not say where it is from. */
	if (wanted != COUNTERS_NONE && open_set(&c->set[SOFTWARE], PERF_EVENT_NR_HARDWARE,
						PERF_EVENT_NR_SOFTWARE) < PERF_EVENT_NR_SOFTWARE) {
		perf_set_close(&c->set[SOFTWARE]);
		c->getrusage = true;
	}
	return rounds_of(c);
}

void counters_close(struct counters *c)
{
	perf_set_close(&c->set[HARDWARE]);
	perf_set_close(&c->set[SOFTWARE]);
}

void counters_init(enum counters_mode mode, const struct perf_calls *calls)
{
	struct counters c;

	wanted = mode;
	kernel = calls;
	if (mode == COUNTERS_NONE)
		return;
	perf_events_init();
	counters_open(&c);
	hardware_error = hardware_rounds(&c) ? 0 : c.set[HARDWARE].error;
	software_error = c.getrusage ? c.set[SOFTWARE].error : 0;
	counters_close(&c);
}

const char *counters_hardware(void)
{
	return wanted == COUNTERS_ALL ? perf_why(hardware_error) : NULL;
}

const char *counters_software(void)
{
	static char text[256];

	if (wanted == COUNTERS_NONE)
		return NULL;
	if (!software_error)
		return "perf";
	snprintf(text, sizeof(text), "getrusage: perf is %s", perf_why(software_error));
	return text;
}

/* What the group has counted so far; false if there is no telling. */
static bool read_round(const struct counters *c, double *value, double *running_share)
{
	struct perf_reading reading;
	unsigned int group;
	const struct perf_set *set = set_of(c, &group);

	*running_share = 1;
	if (is_usage_round(c)) {
		memcpy(value, c->counted, sizeof(c->counted));
		return true;
	}
	if (perf_group_read(set, group, &reading))
		return false;
	*running_share = reading.running_share;
	memcpy(value, reading.value, sizeof(reading.value));
	return reading.running_share > 0;
}

static unsigned int events_of(const struct counters *c)
{
	unsigned int group;
	const struct perf_set *set = set_of(c, &group);

	return is_usage_round(c) ? PERF_EVENT_NR_SOFTWARE : set->group[group].nr;
}

static unsigned int event_of(const struct counters *c, unsigned int i)
{
	unsigned int group;
	const struct perf_set *set = set_of(c, &group);
	unsigned int first = c->round < hardware_rounds(c) ? 0 : PERF_EVENT_NR_HARDWARE;

	return first + (is_usage_round(c) ? i : set->group[group].event[i]);
}

void counters_start(struct counters *c, unsigned int round)
{
	double share;

	c->round = round;
	if (round >= rounds_of(c))
		return;
	c->hook = is_usage_round(c) ? (struct region_hook){ usage_begin, usage_end, c }
				    : (struct region_hook){ group_begin, group_end, c };
	memset(c->counted, 0, sizeof(c->counted));
	memset(c->empty, 0, sizeof(c->empty));
	c->regions = 0;
	region_hook = &c->hook;
	for (int i = 0; i < EMPTY_REGIONS; i++)
		region_end(region_begin());
	/* Values go on from here: what the empty regions counted comes off as a part of all. */
	if (!read_round(c, c->empty, &share))
		memset(c->empty, 0, sizeof(c->empty));
}

void counters_stop(struct counters *c, double pages)
{
	double value[PERF_SET_EVENTS], share;

	region_hook = NULL;
	if (c->round >= rounds_of(c) || !read_round(c, value, &share))
		return;
	if (share < c->sum.running_share)
		c->sum.running_share = share;
	for (unsigned int i = 0; i < events_of(c); i++) {
		double net = value[i] - c->empty[i] / EMPTY_REGIONS * c->regions;
		unsigned int event = event_of(c, i);

		c->sum.value[event] += net > 0 ? net : 0;
		c->sum.pages[event] += pages;
	}
}

void counters_add(struct counters_sum *sum, const struct counters *c, bool first)
{
	if (first) {
		*sum = c->sum;
		return;
	}
	if (c->sum.running_share < sum->running_share)
		sum->running_share = c->sum.running_share;
	for (int i = 0; i < PERF_EVENT_NR; i++) {
		bool both = sum->pages[i] > 0 && c->sum.pages[i] > 0;

		sum->value[i] = both ? sum->value[i] + c->sum.value[i] : 0;
		sum->pages[i] = both ? sum->pages[i] + c->sum.pages[i] : 0;
	}
}

void counters_figures(const struct counters_sum *sum, const char *unit,
		      void (*figure)(void *to, const char *name, double value), void *to)
{
	char name[64];

	for (int i = 0; i < PERF_EVENT_NR; i++) {
		if (!(sum->pages[i] > 0))
			continue;
		snprintf(name, sizeof(name), "%s_per_%s", perf_event_name((enum perf_event_id)i),
			 unit);
		figure(to, name, sum->value[i] / sum->pages[i]);
	}
	if (sum->pages[PERF_EVENT_CYCLES] > 0 || sum->pages[PERF_EVENT_INSTRUCTIONS] > 0)
		figure(to, "counters_running_share", sum->running_share);
}
