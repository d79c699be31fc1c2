// SPDX-License-Identifier: GPL-2.0-only
/*
 * environment: collects and prints. See environment.h.
 *
 * What the build knows (compiler, flags, library versions) comes from CMake as definitions.
 */
#define _GNU_SOURCE
#include "environment.h"

#include <ctype.h>
#include <errno.h>
#include <hwloc.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "clock.h"
#include "cpu-model.h"
#include "json.h"
#include "steadiness.h"

/* The word in brackets of a line such as "always [madvise] never". */
static const char *chosen(char *line)
{
	char *open = strchr(line, '['), *close = open ? strchr(open, ']') : NULL;

	if (!close)
		return line[0] ? line : NULL;
	*close = '\0';
	return open + 1;
}

static void setting(struct json *j, const char *name, const char *path)
{
	char line[256];

	json_string(j, name, read_line(path, line, sizeof(line)) ? chosen(line) : NULL);
}

static void print_caches(struct json *j, hwloc_topology_t topology)
{
	static const char *const kinds[] = { "unified", "data", "instruction" };

	json_open(j, "caches", '[');
	for (int type = HWLOC_OBJ_L1CACHE; type <= HWLOC_OBJ_L3ICACHE; type++) {
		int nr = hwloc_get_nbobjs_by_type(topology, type);
		hwloc_obj_t obj = hwloc_get_obj_by_type(topology, type, 0);

		if (nr <= 0 || !obj)
			continue;
		json_open(j, NULL, '{');
		json_number(j, "level", obj->attr->cache.depth);
		json_string(j, "type", kinds[obj->attr->cache.type]);
		json_number(j, "bytes", (double)obj->attr->cache.size);
		json_number(j, "line_bytes", obj->attr->cache.linesize);
		json_number(j, "count", nr);
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void print_nodes(struct json *j, hwloc_topology_t topology)
{
	hwloc_obj_t node = NULL;

	json_open(j, "numa_nodes", '[');
	while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node))) {
		json_open(j, NULL, '{');
		json_number(j, "cpus", hwloc_bitmap_weight(node->cpuset));
		json_number(j, "memory_mib", (double)(node->attr->numanode.local_memory >> 20));
		json_close(j, '}');
	}
	json_close(j, ']');
}

static void print_topology(struct json *j, hwloc_topology_t topology)
{
	json_number(j, "packages", hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PACKAGE));
	json_number(j, "cores", hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_CORE));
	json_number(j, "cpus", hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU));
	print_nodes(j, topology);
	print_caches(j, topology);
}

/* How it is only: what to do about it names paths. */
static void print_unsteady(struct json *j)
{
	struct unsteady found[STEADINESS_MAX];
	unsigned int nr = steadiness_check("", found);

	json_open(j, "unsteady", '{');
	for (unsigned int i = 0; i < nr; i++)
		json_string(j, found[i].what, found[i].state);
	json_close(j, '}');
}

static void print_cpu(struct json *j)
{
	struct cpu_model cpu;
	struct utsname un;

	cpu_model_get(&cpu);
	uname(&un);
	json_string(j, "architecture", un.machine);
	json_string(j, "cpu", cpu.name);
	json_string(j, "cpu_id", cpu.id);
	json_string(j, "hypervisor", cpu.hypervisor);
	json_bool(j, "emulated", cpu.emulated);
	json_string(j, "kernel", un.release);
}

static void print_memory(struct json *j)
{
	static const char thp[] = "/sys/kernel/mm/transparent_hugepage/";
	static const char pool[] = "/sys/kernel/mm/hugepages/";
	char path[128];

	json_number(j, "page_bytes", (double)sysconf(_SC_PAGESIZE));
	json_open(j, "transparent_huge_pages", '{');
	snprintf(path, sizeof(path), "%senabled", thp);
	setting(j, "enabled", path);
	snprintf(path, sizeof(path), "%sdefrag", thp);
	setting(j, "defrag", path);
	json_close(j, '}');
	json_open(j, "huge_page_pool_2048k", '{');
	snprintf(path, sizeof(path), "%shugepages-2048kB/nr_hugepages", pool);
	setting(j, "total", path);
	snprintf(path, sizeof(path), "%shugepages-2048kB/free_hugepages", pool);
	setting(j, "free", path);
	json_close(j, '}');
}

static void print_clock(struct json *j)
{
	json_open(j, "clock", '{');
	json_string(j, "name", "CLOCK_MONOTONIC");
	setting(j, "source", "/sys/devices/system/clocksource/clocksource0/current_clocksource");
	json_number(j, "tick_ns", bench_clock.tick_ns);
	json_number(j, "overhead_ns", bench_clock.overhead_ns);
	json_close(j, '}');
	setting(j, "governor", "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
}

/* "present", "absent", or present but not for us. */
static const char *pmu_state(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_HW_CPU_CYCLES,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};
	long fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);

	if (fd >= 0) {
		close((int)fd);
		return "present";
	}
	return errno == EACCES || errno == EPERM ? "not permitted" : "absent";
}

static void print_build(struct json *j)
{
	unsigned int api = hwloc_get_api_version();
	char hwloc_version[32];

	snprintf(hwloc_version, sizeof(hwloc_version), "API %u.%u.%u", api >> 16, api >> 8 & 255,
		 api & 255);
	json_string(j, "compiler", ENV_COMPILER);
	json_string(j, "flags", ENV_FLAGS);
	json_string(j, "build_type", ENV_BUILD_TYPE);
	json_number(j, "assertions", ENV_ASSERT);
	json_open(j, "libraries", '{');
	json_string(j, "benchmark", ENV_BENCHMARK_VERSION);
	json_string(j, "hwloc", ENV_HWLOC_VERSION[0] ? ENV_HWLOC_VERSION : hwloc_version);
	json_close(j, '}');
}

int environment_print(FILE *out)
{
	struct json j = { .out = out };
	hwloc_topology_t topology;

	json_open(&j, NULL, '{');
	print_cpu(&j);
	if (hwloc_topology_init(&topology) == 0) {
		if (hwloc_topology_load(topology) == 0)
			print_topology(&j, topology);
		hwloc_topology_destroy(topology);
	}
	print_memory(&j);
	print_clock(&j);
	json_string(&j, "pmu", pmu_state());
	print_unsteady(&j);
	print_build(&j);
	json_close(&j, '}');
	return fflush(out) || ferror(out) ? -EIO : 0;
}

/* Words of a CPU's name that do not tell it from others. */
static bool is_noise(const char *word)
{
	static const char *const noise[] = { "r", "tm", "cpu", "processor", "core", "with", NULL };

	for (size_t i = 0; noise[i]; i++)
		if (strcmp(word, noise[i]) == 0)
			return true;
	return false;
}

static void add_word(char *label, size_t bytes, const char *word)
{
	size_t len = strlen(label);

	if (word[0] && !is_noise(word))
		snprintf(label + len, bytes - len, "%s%s", len ? "-" : "", word);
}

/* A virtual machine's name of its CPU may tell one generation as little from the next as "EPYC". */
static void add_family(char *label, size_t bytes, const struct cpu_model *cpu)
{
	unsigned int family, model;
	char word[32];

	if (strpbrk(cpu->name, "0123456789") ||
	    sscanf(cpu->id, "%*s family %u model %u", &family, &model) != 2)
		return;
	snprintf(word, sizeof(word), "f%um%u", family, model);
	add_word(label, bytes, word);
}

void environment_label(char *label, size_t bytes)
{
	char word[CPU_TEXT_BYTES], cores[16];
	struct cpu_model cpu;
	size_t len = 0;

	cpu_model_get(&cpu);
	label[0] = '\0';
	/* What follows an @ is a clock rate. */
	for (const char *c = cpu.name;; c++) {
		if (isalnum((unsigned char)*c)) {
			word[len++] = (char)tolower((unsigned char)*c);
			continue;
		}
		word[len] = '\0';
		add_word(label, bytes, word);
		len = 0;
		if (!*c || *c == '@')
			break;
	}
	add_family(label, bytes, &cpu);
	snprintf(cores, sizeof(cores), "%ldc", sysconf(_SC_NPROCESSORS_ONLN));
	add_word(label, bytes, cores);
}
