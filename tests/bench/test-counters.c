// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counting (bench/counters.h, perf-group.h, perf-events.h) against a kernel made up here, because
 * hardly any machine that tests run on has counters: scaling, groups that do not fit, and each way
 * in which the kernel says no.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/perf_event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "counters.h"
#include "perf-record.h"

enum { FDS = 64, SWITCH_COST = 7 };

/*
 * The made-up kernel. Event number i counts i + 1 for each tick() of a thread that it is enabled
 * in.
 */
static struct fake {
	int hardware_error; /* of every processor event */
	int software_error;
	uint64_t missing_config; /* this processor event is not there */
	unsigned int counters;	 /* a group of more does not fit */
	uint64_t running_percent;
	unsigned int open;
	unsigned int max_open;
	unsigned int most_enabled;
	bool short_read;
	struct {
		bool used, enabled, kernel_too;
		int leader;
		uint64_t weight, value;
	} fd[FDS];
} fake;

static unsigned int group_size(int leader)
{
	unsigned int nr = 0;

	for (int i = 0; i < FDS; i++)
		nr += fake.fd[i].used && fake.fd[i].leader == leader;
	return nr;
}

static int fake_open(struct perf_event_attr *attr, int group_fd)
{
	bool software = attr->type == PERF_TYPE_SOFTWARE;
	int error = software ? fake.software_error : fake.hardware_error, fd = 0;

	assert_int_equal(attr->size, sizeof(*attr));
	assert_int_equal(attr->exclude_kernel, !software || attr->freq);
	assert_int_equal(attr->disabled, group_fd < 0);
	if (error)
		return error;
	if (!software && attr->type == PERF_TYPE_HARDWARE && attr->config == fake.missing_config)
		return -ENOENT;
	if (!software && group_fd >= 0 && group_size(group_fd) >= fake.counters)
		return -EINVAL;
	while (fake.fd[fd].used)
		fd++;
	memset(&fake.fd[fd], 0, sizeof(fake.fd[fd]));
	fake.fd[fd].used = true;
	fake.fd[fd].leader = group_fd < 0 ? fd : group_fd;
	fake.fd[fd].weight = attr->config + 1;
	fake.open++;
	if (fake.open > fake.max_open)
		fake.max_open = fake.open;
	return fd;
}

static void count(uint64_t ticks)
{
	for (int i = 0; i < FDS; i++)
		if (fake.fd[i].used && fake.fd[fake.fd[i].leader].enabled)
			fake.fd[i].value += ticks * fake.fd[i].weight;
}

static int fake_control(int fd, unsigned long request)
{
	unsigned int enabled = 0;

	assert_true(fake.fd[fd].used && fake.fd[fd].leader == fd);
	fake.fd[fd].enabled = request == PERF_EVENT_IOC_ENABLE;
	if (fake.fd[fd].enabled)
		count(SWITCH_COST);
	for (int i = 0; i < FDS; i++)
		enabled += fake.fd[i].used && fake.fd[i].enabled;
	if (enabled > fake.most_enabled)
		fake.most_enabled = enabled;
	return 0;
}

static ssize_t fake_read(int fd, void *buffer, size_t bytes)
{
	uint64_t *out = buffer, nr = 0;

	for (int i = 0; i < FDS; i++)
		if (fake.fd[i].used && fake.fd[i].leader == fd)
			out[3 + nr++] = fake.fd[i].value * fake.running_percent / 100;
	out[0] = nr;
	out[1] = 1000;
	out[2] = 10 * fake.running_percent;
	assert_true(bytes >= (3 + nr) * sizeof(*out));
	return fake.short_read ? 8 : (ssize_t)((3 + nr) * sizeof(*out));
}

static int fake_close(int fd)
{
	assert_true(fake.fd[fd].used);
	fake.fd[fd].used = false;
	fake.open--;
	return 0;
}

static const struct perf_calls fake_kernel = { fake_open, fake_control, fake_read, fake_close };

static int setup(void **state)
{
	(void)state;
	fake = (struct fake){ .counters = 100, .running_percent = 100, .missing_config = 1000 };
	return 0;
}

/* Three regions of 10000 ticks, and two pages, in every round. */
static void run(enum counters_mode mode, struct counters *c)
{
	unsigned int rounds;

	counters_init(mode, &fake_kernel);
	rounds = counters_open(c);
	for (unsigned int round = 0; round < rounds; round++) {
		counters_start(c, round);
		for (int i = 0; i < 3; i++) {
			uint64_t start = region_begin();

			count(10000);
			region_end(start);
			count(100000); /* between regions nothing counts */
		}
		counters_stop(c, 2);
		assert_null(region_hook);
	}
	counters_close(c);
	assert_int_equal(fake.open, 0);
}

static void near(double value, double expected)
{
	assert_true(value > expected * 0.999 && value < expected * 1.001);
}

static void region_only(void **state)
{
	struct counters c;

	(void)state;
	run(COUNTERS_ALL, &c);
	assert_string_equal(counters_hardware(), "present");
	assert_string_equal(counters_software(), "perf");
	near(c.sum.value[PERF_EVENT_CYCLES], 30000); /* what switching costs is taken off */
	near(c.sum.pages[PERF_EVENT_CYCLES], 2);
	near(c.sum.value[PERF_EVENT_INSTRUCTIONS], 30000 * (PERF_COUNT_HW_INSTRUCTIONS + 1));
	near(c.sum.value[PERF_EVENT_PAGE_FAULTS], 30000 * (PERF_COUNT_SW_PAGE_FAULTS + 1));
	near(c.sum.running_share, 1);
	assert_int_equal(fake.most_enabled, 1); /* one group at a time */
}

static void multiplexed(void **state)
{
	struct counters c;

	(void)state;
	fake.running_percent = 25;
	run(COUNTERS_ALL, &c);
	near(c.sum.value[PERF_EVENT_CYCLES], 30000);
	near(c.sum.running_share, 0.25);
}

static void never_ran(void **state)
{
	struct counters c;

	(void)state;
	fake.running_percent = 0;
	run(COUNTERS_ALL, &c);
	assert_true(c.sum.pages[PERF_EVENT_CYCLES] == 0); /* no figure, not 0 */
}

static void split(void **state)
{
	struct perf_set set;
	struct perf_event_attr attr[PERF_EVENT_NR_HARDWARE];
	unsigned int found = 0, seen = 0;
	struct counters c;

	(void)state;
	fake.counters = 2;
	for (int i = 0; i < PERF_EVENT_NR_HARDWARE; i++)
		attr[i] = perf_event_attr_of((enum perf_event_id)i);
	found = perf_set_open(&set, &fake_kernel, attr, PERF_EVENT_NR_HARDWARE);
	assert_true(found >= 5);
	assert_int_equal(set.nr_groups, (found + 1) / 2);
	for (unsigned int g = 0; g < set.nr_groups; g++)
		for (unsigned int i = 0; i < set.group[g].nr; i++)
			seen |= 1U << set.group[g].event[i];
	assert_int_equal(__builtin_popcount(seen), found);
	perf_set_close(&set);
	run(COUNTERS_ALL, &c);
	near(c.sum.value[PERF_EVENT_STALLED_BACKEND],
	     30000 * (double)(perf_event_attr_of(PERF_EVENT_STALLED_BACKEND).config + 1));
}

static void one_missing(void **state)
{
	struct counters c;

	(void)state;
	fake.missing_config = PERF_COUNT_HW_INSTRUCTIONS;
	run(COUNTERS_ALL, &c);
	assert_string_equal(counters_hardware(), "present");
	assert_true(c.sum.pages[PERF_EVENT_INSTRUCTIONS] == 0);
	near(c.sum.value[PERF_EVENT_CYCLES], 30000);
}

static void refused(void **state)
{
	static const struct {
		int error;
		const char *says;
	} ways[] = {
		{ -EACCES, "perf_event_paranoid=1" },
		{ -EPERM, "not permitted" },
		{ -ENOENT, "absent" },
		{ -ENODEV, "absent" },
		{ -ENOSYS, "absent" },
		{ -EMFILE, "ulimit -n" },
		{ -EXDEV, "absent" },
	};
	struct counters c;

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		fake.hardware_error = ways[i].error;
		run(COUNTERS_ALL, &c);
		assert_non_null(strstr(counters_hardware(), ways[i].says));
		assert_true(c.sum.pages[PERF_EVENT_CYCLES] == 0);
		assert_true(c.sum.pages[PERF_EVENT_PAGE_FAULTS] > 0);
	}
}

/* Where perf is forbidden, the software events are from getrusage(). */
static void fallback(void **state)
{
	struct counters c;

	(void)state;
	fake.hardware_error = fake.software_error = -EACCES;
	counters_init(COUNTERS_SOFTWARE, &fake_kernel);
	assert_null(counters_hardware());
	assert_ptr_equal(strstr(counters_software(), "getrusage: perf is not permitted"),
			 counters_software());
	assert_int_equal(counters_open(&c), 1);
	counters_start(&c, 0);
	for (int i = 0; i < 8; i++) {
		uint64_t start = region_begin();
		size_t bytes = 1 << 20;
		volatile char *fresh = aligned_alloc(1 << 20, bytes);

		assert_non_null(fresh);
		for (size_t at = 0; at < bytes; at += 64)
			fresh[at] = 1;
		region_end(start);
		free((void *)fresh);
	}
	counters_stop(&c, 8);
	counters_close(&c);
	near(c.sum.pages[PERF_EVENT_PAGE_FAULTS], 8);
	assert_true(c.sum.value[PERF_EVENT_PAGE_FAULTS] >= 1);
	assert_true(c.sum.value[PERF_EVENT_TASK_CLOCK] > 0);
	assert_true(c.sum.value[PERF_EVENT_CPU_MIGRATIONS] <= 8);
}

static void short_read(void **state)
{
	struct counters c;

	(void)state;
	fake.short_read = true;
	run(COUNTERS_ALL, &c);
	assert_true(c.sum.pages[PERF_EVENT_CYCLES] == 0);
}

static void nothing(void **state)
{
	struct counters c;

	(void)state;
	run(COUNTERS_NONE, &c);
	assert_null(counters_hardware());
	assert_null(counters_software());
	assert_int_equal(fake.max_open, 0);
}

/* Neither cycles nor the CPU's clock: no file is made. With the clock alone there is one. */
static void recording(void **state)
{
	static const char *const file = "test-counters.perf.data";

	(void)state;
	unlink(file);
	fake.hardware_error = -ENOENT;
	fake.software_error = -EACCES;
	assert_int_equal(perf_record_open("test", file, &fake_kernel), -EACCES);
	assert_false(perf_record_wanted());
	assert_int_equal(access(file, F_OK), -1);
	assert_int_equal(perf_record_close(), 0);
	fake.software_error = 0;
	assert_int_equal(perf_record_open("test", file, &fake_kernel), 0);
	assert_true(perf_record_wanted());
	assert_int_equal(perf_record_close(), -ENODATA); /* no region, no sample */
	assert_false(perf_record_wanted());
	assert_int_equal(fake.open, 0);
	unlink(file);
}

/*
 * A kernel whose ring has something in it from the beginning: samples, and word that so many had no
 * room.
 */
static struct {
	uint64_t samples, lost;
} ring;

static int ring_open(struct perf_event_attr *attr, int group_fd)
{
	struct {
		struct perf_event_header header;
		uint64_t ip;
	} sample = { { PERF_RECORD_SAMPLE, PERF_RECORD_MISC_USER, sizeof(sample) }, 0 };
	struct {
		struct perf_event_header header;
		uint64_t id, lost;
	} lost = { { PERF_RECORD_LOST, 0, sizeof(lost) }, 1, ring.lost };
	long page = sysconf(_SC_PAGESIZE);
	uint64_t head = 0;
	int fd = memfd_create("ring", MFD_CLOEXEC);

	(void)attr;
	(void)group_fd;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, page + (256 << 10)), 0);
	for (uint64_t i = 0; i < ring.samples; i++, head += sizeof(sample))
		assert_int_equal(pwrite(fd, &sample, sizeof(sample), page + (long)head),
				 sizeof(sample));
	if (ring.lost) {
		assert_int_equal(pwrite(fd, &lost, sizeof(lost), page + (long)head), sizeof(lost));
		head += sizeof(lost);
	}
	assert_int_equal(
		pwrite(fd, &head, sizeof(head), offsetof(struct perf_event_mmap_page, data_head)),
		sizeof(head));
	return fd;
}

static int ring_control(int fd, unsigned long request)
{
	(void)fd;
	(void)request;
	return 0;
}

static int record_region(uint64_t samples, uint64_t lost)
{
	static const struct perf_calls kernel = { ring_open, ring_control, NULL, close };
	static const char *const file = "test-counters.perf.data";

	ring.samples = samples;
	ring.lost = lost;
	assert_int_equal(perf_record_open("test", file, &kernel), 0);
	perf_record_start();
	region_end(region_begin());
	assert_int_equal(perf_record_stop(), 1);
	unlink(file);
	return perf_record_close();
}

/* A profile that something is missing from is an error, however much is in it. */
static void lost_samples(void **state)
{
	(void)state;
	assert_int_equal(record_region(5, 0), 0);
	assert_int_equal(record_region(5, 3), -EOVERFLOW);
	assert_int_equal(record_region(0, 3), -EOVERFLOW);
	assert_int_equal(record_region(0, 0), -ENODATA);
	assert_int_equal(record_region(1, 0), 0);
}

/* A mode is found by its whole name. */
static void modes(void **state)
{
	enum counters_mode mode = COUNTERS_SOFTWARE;

	(void)state;
	assert_false(counters_mode_find("al", &mode) || counters_mode_find("", &mode));
	assert_int_equal(mode, COUNTERS_SOFTWARE);
	assert_true(counters_mode_find("none", &mode) && mode == COUNTERS_NONE);
	assert_true(counters_mode_find("all", &mode) && mode == COUNTERS_ALL);
}

/* What a report is told: by name. */
static void add_figure(void *to, const char *name, double value)
{
	double *sum = to;

	if (strcmp(name, "cycles_per_page") == 0)
		sum[0] += value;
	else if (strcmp(name, "counters_running_share") == 0)
		sum[1] += value;
	else if (strcmp(name, "page_faults_per_page") == 0)
		sum[2] += value;
	else
		fail_msg("%s was not counted", name);
}

/* Events that were counted have a figure; a share is one of processor events only. */
static void figures(void **state)
{
	struct counters_sum sum = { .running_share = .5 };
	double told[3] = { 0, 0, 0 };

	(void)state;
	sum.value[PERF_EVENT_PAGE_FAULTS] = 6;
	sum.pages[PERF_EVENT_PAGE_FAULTS] = 2;
	counters_figures(&sum, "page", add_figure, told);
	assert_true(told[0] == 0 && told[1] == 0 && told[2] == 3);
	sum.value[PERF_EVENT_CYCLES] = 8;
	sum.pages[PERF_EVENT_CYCLES] = 2;
	counters_figures(&sum, "page", add_figure, told);
	assert_true(told[0] == 4 && told[1] == .5 && told[2] == 6);
}

/* One thread that could not count an event takes the figure of all. */
static void threads(void **state)
{
	struct counters_sum sum = { .running_share = 1 };
	struct counters a, b;

	(void)state;
	run(COUNTERS_ALL, &a);
	fake.missing_config = PERF_COUNT_HW_INSTRUCTIONS;
	run(COUNTERS_ALL, &b);
	counters_add(&sum, &a, true);
	counters_add(&sum, &b, false);
	near(sum.value[PERF_EVENT_CYCLES], 60000);
	near(sum.pages[PERF_EVENT_CYCLES], 4);
	assert_true(sum.pages[PERF_EVENT_INSTRUCTIONS] == 0);
}

/* libpfm4 is told which processor this is (LIBPFM_FORCE_PMU in main), if it was built in. */
static void names(void **state)
{
	(void)state;
	perf_events_init();
#ifdef HAVE_LIBPFM
#ifdef __x86_64__
	assert_string_equal(perf_event_called(PERF_EVENT_L2_MISSES), "L2_RQSTS:MISS");
	assert_int_equal(perf_event_attr_of(PERF_EVENT_L2_MISSES).config & 0xffff, 0x3f24);
#elif defined(__aarch64__)
	assert_string_equal(perf_event_called(PERF_EVENT_L1D_MISSES), "L1D_CACHE_REFILL");
	assert_int_equal(perf_event_attr_of(PERF_EVENT_L1D_MISSES).config & 0xffff, 0x03);
#endif
	assert_null(strstr(perf_events_library(), "absent"));
#else
	assert_non_null(strstr(perf_events_library(), "absent"));
	assert_null(perf_event_called(PERF_EVENT_L2_MISSES));
	assert_int_equal(perf_event_attr_of(PERF_EVENT_L2_MISSES).size, 0);
#endif
	assert_string_equal(perf_event_called(PERF_EVENT_CYCLES), "kernel:cycles");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(names, setup),
		cmocka_unit_test_setup(region_only, setup),
		cmocka_unit_test_setup(multiplexed, setup),
		cmocka_unit_test_setup(never_ran, setup),
		cmocka_unit_test_setup(split, setup),
		cmocka_unit_test_setup(one_missing, setup),
		cmocka_unit_test_setup(refused, setup),
		cmocka_unit_test_setup(fallback, setup),
		cmocka_unit_test_setup(short_read, setup),
		cmocka_unit_test_setup(nothing, setup),
		cmocka_unit_test_setup(recording, setup),
		cmocka_unit_test(lost_samples),
		cmocka_unit_test(modes),
		cmocka_unit_test(figures),
		cmocka_unit_test_setup(threads, setup),
	};

#ifdef __x86_64__
	setenv("LIBPFM_FORCE_PMU", "skl", 1);
#else
	setenv("LIBPFM_FORCE_PMU", "arm_n1", 1);
#endif
	return cmocka_run_group_tests(tests, NULL, NULL);
}
