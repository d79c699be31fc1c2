// SPDX-License-Identifier: GPL-2.0-only
/*
 * steadiness: the table of what is looked at. See steadiness.h.
 */
#include "steadiness.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpu-model.h"

static bool read_under(const char *root, const char *path, char *line, size_t bytes)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "%s%s", root, path);
	return read_line(whole, line, bytes);
}

#define CPU0 "/sys/devices/system/cpu/cpu0/cpufreq/"

/* Each writes how it is and returns whether that is worth a warning. */

static bool governor(const char *root, char *state, size_t bytes)
{
	return read_under(root, CPU0 "scaling_governor", state, bytes) &&
	       strcmp(state, "performance") != 0;
}

static bool turbo(const char *root, char *state, size_t bytes)
{
	char line[16];
	bool on = (read_under(root, "/sys/devices/system/cpu/intel_pstate/no_turbo", line,
			      sizeof(line)) &&
		   line[0] == '0') ||
		  (read_under(root, "/sys/devices/system/cpu/cpufreq/boost", line, sizeof(line)) &&
		   line[0] == '1');

	snprintf(state, bytes, "on: the clock rate depends on heat and on the other cores");
	return on;
}

static bool smt(const char *root, char *state, size_t bytes)
{
	char line[16];

	snprintf(state, bytes, "on: whoever runs on the other half of a core slows it down");
	return read_under(root, "/sys/devices/system/cpu/smt/active", line, sizeof(line)) &&
	       line[0] == '1';
}

static bool huge_pages(const char *root, char *state, size_t bytes)
{
	char line[64];

	snprintf(state, bytes, "never: page tables are in small pages, and miss the TLB more");
	return read_under(root, "/sys/kernel/mm/transparent_hugepage/enabled", line,
			  sizeof(line)) &&
	       strstr(line, "[never]");
}

static bool aslr(const char *root, char *state, size_t bytes)
{
	char line[16];

	snprintf(state, bytes, "on: the layout of memory differs from one launch to the next");
	return read_under(root, "/proc/sys/kernel/randomize_va_space", line, sizeof(line)) &&
	       line[0] != '0';
}

/* As much as half a CPU is busy with something else. */
static bool load(const char *root, char *state, size_t bytes)
{
	char line[128];
	double average;

	if (!read_under(root, "/proc/loadavg", line, sizeof(line)))
		return false;
	average = strtod(line, NULL);
	snprintf(state, bytes, "%.1f on %ld CPUs over the last minute", average,
		 sysconf(_SC_NPROCESSORS_ONLN));
	return average >= 0.5;
}

static bool virtual_machine(const char *root, char *state, size_t bytes)
{
	struct cpu_model cpu;

	(void)root;
	cpu_model_get(&cpu);
	if (cpu.emulated) {
		snprintf(state, bytes, "emulated: times mean nothing");
		return true;
	}
	snprintf(state, bytes, "%.40s: neighbours cannot be seen, only felt", cpu.hypervisor);
	return strcmp(cpu.hypervisor, "none") != 0 && strcmp(cpu.hypervisor, "unknown") != 0;
}

static const struct {
	const char *what;
	bool (*is_bad)(const char *root, char *state, size_t bytes);
	const char *mend;
} checks[] = {
	{ "governor", governor, "as root: cpupower frequency-set -g performance" },
	{ "turbo", turbo,
	  "as root: echo 1 >/sys/devices/system/cpu/intel_pstate/no_turbo, or echo 0 "
	  ">/sys/devices/system/cpu/cpufreq/boost" },
	{ "SMT", smt, "as root: echo off >/sys/devices/system/cpu/smt/control" },
	{ "huge pages", huge_pages,
	  "as root: echo madvise >/sys/kernel/mm/transparent_hugepage/enabled" },
	{ "ASLR", aslr, "compare several launches, or run under setarch -R" },
	{ "load", load, "end what else is running, or wait a minute" },
	{ "virtual machine", virtual_machine,
	  "look at dropped_share and the self-check; measure on bare metal what is to be "
	  "published" },
};

_Static_assert(sizeof(checks) / sizeof(checks[0]) <= STEADINESS_MAX, "there is room for all");

unsigned int steadiness_check(const char *root, struct unsteady *found)
{
	unsigned int nr = 0;

	/*
	 * A slot is written before it is known whether it is kept: never more than there are
	 * checks.
	 */
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		found[nr].what = checks[i].what;
		found[nr].mend = checks[i].mend;
		nr += checks[i].is_bad(root, found[nr].state, sizeof(found[nr].state));
	}
	return nr;
}

void steadiness_warn(const char *root, const char *program)
{
	struct unsteady found[STEADINESS_MAX];
	unsigned int nr = steadiness_check(root, found);

	for (unsigned int i = 0; i < nr; i++)
		fprintf(stderr, "%s: warning: %s %s (%s)\n", program, found[i].what, found[i].state,
			found[i].mend);
}
