// SPDX-License-Identifier: GPL-2.0-only
/*
 * perf-group: opening, switching, reading. See perf-group.h.
 */
#define _GNU_SOURCE
#include "perf-group.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int kernel_open(struct perf_event_attr *attr, int group_fd)
{
	long fd = syscall(SYS_perf_event_open, attr, 0, -1, group_fd, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static int kernel_control(int fd, unsigned long request)
{
	return ioctl(fd, request, 0) < 0 ? -errno : 0;
}

static ssize_t kernel_read(int fd, void *buffer, size_t bytes)
{
	ssize_t got = read(fd, buffer, bytes);

	return got < 0 ? -errno : got;
}

static int kernel_close(int fd)
{
	return close(fd) ? -errno : 0;
}

const struct perf_calls perf_kernel = {
	.open = kernel_open,
	.control = kernel_control,
	.read = kernel_read,
	.close = kernel_close,
};

static const struct {
	int error;
	enum perf_state state;
	const char *why;
} errors[] = {
	{ 0, PERF_PRESENT, "present" },
	{ -EACCES, PERF_NOT_PERMITTED,
	  "not permitted: as root, sysctl kernel.perf_event_paranoid=1, or give this program "
	  "CAP_PERFMON" },
	{ -EPERM, PERF_NOT_PERMITTED,
	  "not permitted: a container's or sandbox's filter forbids perf_event_open; allow that "
	  "call, or give CAP_PERFMON" },
	{ -ENOENT, PERF_ABSENT,
	  "absent: the system shows no performance counters of this processor; of a virtual "
	  "machine, "
	  "ask for a virtual PMU" },
	{ -EOPNOTSUPP, PERF_ABSENT, "absent: the processor cannot count this" },
	{ -EINVAL, PERF_ABSENT, "absent: the kernel does not know the event" },
	{ -ENODEV, PERF_ABSENT, "absent: the kernel has no driver for this processor's counters" },
	{ -ENOSYS, PERF_ABSENT, "absent: the kernel, or the emulator, has no perf_event_open" },
	{ -EBUSY, PERF_NO_ROOM, "no room: someone else has the counters; end that first" },
	{ -EMFILE, PERF_NO_ROOM, "no room: too few file descriptors; raise ulimit -n" },
	{ -ENFILE, PERF_NO_ROOM, "no room: the system has no file descriptor left" },
	{ -ENOMEM, PERF_NO_ROOM, "no room: not enough memory" },
	/* Any other: stays the last one. */
	{ 1, PERF_ABSENT, "absent: the kernel refuses to count" },
};

static size_t error_index(int error)
{
	size_t i = 0, last = sizeof(errors) / sizeof(errors[0]) - 1;

	while (i < last && errors[i].error != error)
		i++;
	return i;
}

const char *perf_why(int error)
{
	return errors[error_index(error)].why;
}

static int open_in(struct perf_set *set, struct perf_group *g, struct perf_event_attr attr,
		   unsigned int event)
{
	int fd;

	attr.read_format =
		PERF_FORMAT_GROUP | PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
	attr.disabled = g->nr == 0; /* the others follow their leader */
	fd = set->calls->open(&attr, g->nr ? g->fd[0] : -1);
	if (fd < 0)
		return fd;
	g->fd[g->nr] = fd;
	g->event[g->nr++] = event;
	return 0;
}

/* The kernel's words for: no counter is left for this group. */
static bool group_is_full(int error)
{
	return error == -EINVAL || error == -ENOSPC;
}

static int open_event(struct perf_set *set, const struct perf_event_attr *attr, unsigned int event)
{
	struct perf_group *g = set->nr_groups ? &set->group[set->nr_groups - 1] : NULL;
	int ret = -EINVAL;

	if (!attr->size)
		return -EOPNOTSUPP;
	if (g && g->nr < PERF_GROUP_EVENTS)
		ret = open_in(set, g, *attr, event);
	if (!group_is_full(ret))
		return ret;
	g = &set->group[set->nr_groups];
	ret = open_in(set, g, *attr, event);
	set->nr_groups += ret == 0;
	return ret;
}

unsigned int perf_set_open(struct perf_set *set, const struct perf_calls *calls,
			   const struct perf_event_attr *attr, unsigned int nr)
{
	unsigned int found = 0;

	*set = (struct perf_set){ .calls = calls };
	for (unsigned int i = 0; i < nr; i++) {
		int ret = open_event(set, &attr[i], i);

		set->state[i] = errors[error_index(ret)].state;
		/* An event that nobody has a name for says nothing about the others. */
		if (ret && attr[i].size && !set->error)
			set->error = ret;
		found += ret == 0;
	}
	return found;
}

void perf_set_close(struct perf_set *set)
{
	/* The leader last: without it the others would become leaders themselves. */
	for (unsigned int g = 0; g < set->nr_groups; g++)
		for (unsigned int i = set->group[g].nr; i-- > 0;)
			set->calls->close(set->group[g].fd[i]);
	set->nr_groups = 0;
}

void perf_group_enable(const struct perf_set *set, unsigned int group)
{
	set->calls->control(set->group[group].fd[0], PERF_EVENT_IOC_ENABLE);
}

void perf_group_disable(const struct perf_set *set, unsigned int group)
{
	set->calls->control(set->group[group].fd[0], PERF_EVENT_IOC_DISABLE);
}

int perf_group_read(const struct perf_set *set, unsigned int group, struct perf_reading *reading)
{
	const struct perf_group *g = &set->group[group];
	struct {
		uint64_t nr, enabled_ns, running_ns, value[PERF_GROUP_EVENTS];
	} got = { 0 };
	ssize_t want = (ssize_t)((3 + g->nr) * sizeof(uint64_t));
	ssize_t bytes = set->calls->read(g->fd[0], &got, sizeof(got));

	memset(reading, 0, sizeof(*reading));
	if (bytes < 0)
		return (int)bytes;
	if (bytes < want || got.nr != g->nr)
		return -EIO;
	if (!got.running_ns)
		return 0;
	reading->running_share = (double)got.running_ns / (double)got.enabled_ns;
	for (unsigned int i = 0; i < g->nr; i++)
		reading->value[i] = (double)got.value[i] / reading->running_share;
	return 0;
}
