/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * perf-group: counts events of the calling thread with perf_event_open(2), in groups.
 *
 * A group is on the processor's counters as a whole or not at all, so its values are of the same
 * time. Events that do not fit one group go to the next, and who counts takes one group at a time.
 * Invariants: an event is in one group or has a state that says why not; a value is of the whole
 * time that its group was enabled: if the kernel took the group off its counters for a while, it is
 * scaled by enabled by running time, and if it never ran there is no value, never a 0.
 */
#ifndef BENCH_PERF_GROUP_H
#define BENCH_PERF_GROUP_H

#include <linux/perf_event.h>
#include <stddef.h>
#include <sys/types.h>

enum {
	PERF_GROUP_EVENTS = 8, /* at most in a group */
	PERF_SET_EVENTS = 16,  /* at most in a set */
};

/**
 * struct perf_calls - the kernel, or what a test puts in its place; all return negative errnos
 * @open: perf_event_open() for the calling thread on any CPU
 * @control: ioctl() of the leader alone: the others are on while it is. (With PERF_IOC_FLAG_GROUP
 *	Linux 6.18 counts the clocks of a group only the first time that it is switched on.)
 * @read: read()
 * @close: close()
 */
struct perf_calls {
	int (*open)(struct perf_event_attr *attr, int group_fd);
	int (*control)(int fd, unsigned long request);
	ssize_t (*read)(int fd, void *buffer, size_t bytes);
	int (*close)(int fd);
};

extern const struct perf_calls perf_kernel;

/**
 * enum perf_state - what became of an event
 * @PERF_PRESENT: it is in a group
 * @PERF_ABSENT: this kernel, or this processor, does not have it
 * @PERF_NOT_PERMITTED: it may have, but not for us
 * @PERF_NO_ROOM: no file descriptor or no memory for it
 */
enum perf_state { PERF_PRESENT, PERF_ABSENT, PERF_NOT_PERMITTED, PERF_NO_ROOM };

/**
 * struct perf_group - events that are counted together
 * @nr: how many
 * @fd: of each; the first leads
 * @event: the place of each in the set
 */
struct perf_group {
	unsigned int nr;
	int fd[PERF_GROUP_EVENTS];
	unsigned int event[PERF_GROUP_EVENTS];
};

/**
 * struct perf_set - events, in groups
 * @calls: whom to ask
 * @nr_groups: how many groups it took; 0 if no event is there
 * @group: these
 * @state: of each event
 * @error: the first error, a negative errno; 0 if all are there
 */
struct perf_set {
	const struct perf_calls *calls;
	unsigned int nr_groups;
	struct perf_group group[PERF_SET_EVENTS];
	enum perf_state state[PERF_SET_EVENTS];
	int error;
};

/**
 * struct perf_reading - what a group has counted since it was opened
 * @running_share: how much of the enabled time it was on the counters; 0: never, and no value
 *	is any
 * @value: of each event of the group, scaled to the enabled time
 */
struct perf_reading {
	double running_share;
	double value[PERF_GROUP_EVENTS];
};

/**
 * perf_set_open() - open events for the calling thread, switched off
 * @set: out
 * @calls: whom to ask
 * @attr: the events; one of size 0 is absent
 * @nr: how many, at most PERF_SET_EVENTS
 *
 * Return: how many are there.
 */
unsigned int perf_set_open(struct perf_set *set, const struct perf_calls *calls,
			   const struct perf_event_attr *attr, unsigned int nr);

/**
 * perf_set_close() - close them
 * @set: opened
 */
void perf_set_close(struct perf_set *set);

/**
 * perf_group_enable() - count from here
 * @set: of the group
 * @group: which
 */
void perf_group_enable(const struct perf_set *set, unsigned int group);

/**
 * perf_group_disable() - to here
 * @set: of the group
 * @group: which
 */
void perf_group_disable(const struct perf_set *set, unsigned int group);

/**
 * perf_group_read() - what it has counted
 * @set: of the group
 * @group: which
 * @reading: out
 *
 * Return: 0, or a negative errno; -EIO if the kernel gave less than a group's values.
 */
int perf_group_read(const struct perf_set *set, unsigned int group, struct perf_reading *reading);

/**
 * perf_why() - what an error of perf_event_open() means, and what to do about it
 * @error: a negative errno; 0: "present"
 *
 * Return: "present", or a sentence that begins with "absent", "not permitted" or "no room".
 */
const char *perf_why(int error);

#endif /* BENCH_PERF_GROUP_H */
