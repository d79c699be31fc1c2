// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads on a hosted system: a slot for each, the barrier that one executes for all, and forks.
 *
 * Invariants: no two living threads have the same slot; a thread gives its slot back when it ends,
 * and gets another if one of its later destructors still needs one; in the child of a fork only the
 * slot of the thread that forked is taken.
 */
#define _GNU_SOURCE
#include <linux/membarrier.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/port-host.h"

enum { SLOT_UNKNOWN = -1, SLOT_NONE = -2, WORD_BITS = 64 };

__thread int pt_port_slot = SLOT_UNKNOWN;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_exit;
static bool can_give_back, can_fence;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t taken[PORT_SLOTS / WORD_BITS]; /* under lock */

static bool membarrier(int command)
{
	return !syscall(__NR_membarrier, command, 0, 0);
}

static void give_back(void *slot_plus_one)
{
	unsigned int slot = (unsigned int)(uintptr_t)slot_plus_one - 1;

	pthread_mutex_lock(&lock);
	taken[slot / WORD_BITS] &= ~(1ull << slot % WORD_BITS);
	pthread_mutex_unlock(&lock);
	pt_port_slot = SLOT_UNKNOWN;
}

static void before_fork(void)
{
	pthread_mutex_lock(&lock);
	pt_port_before_fork();
}

static void in_parent(void)
{
	pt_port_after_fork();
	pthread_mutex_unlock(&lock);
}

static void in_child(void)
{
	for (unsigned int word = 0; word < PORT_SLOTS / WORD_BITS; word++)
		taken[word] = 0;
	if (pt_port_slot >= 0)
		taken[pt_port_slot / WORD_BITS] = 1ull << pt_port_slot % WORD_BITS;
	membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
	pt_port_after_fork_in_child();
	pthread_mutex_unlock(&lock);
}

static void start(void)
{
	can_give_back = !pthread_key_create(&at_exit, give_back);
	can_fence = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
	pthread_atfork(before_fork, in_parent, in_child);
}

static int take_slot(void)
{
	int slot = SLOT_NONE;

	pthread_mutex_lock(&lock);
	for (unsigned int word = 0; slot < 0 && word < PORT_SLOTS / WORD_BITS; word++) {
		if (!~taken[word])
			continue;
		slot = (int)(word * WORD_BITS) + __builtin_ctzll(~taken[word]);
		taken[word] |= 1ull << slot % WORD_BITS;
	}
	pthread_mutex_unlock(&lock);
	return slot;
}

int io_pgtable_port_slot(void)
{
	if (pt_port_slot != SLOT_UNKNOWN)
		return pt_port_slot;
	pthread_once(&once, start);
	pt_port_slot = can_give_back ? take_slot() : SLOT_NONE;
	if (pt_port_slot >= 0)
		pthread_setspecific(at_exit, (void *)(uintptr_t)(pt_port_slot + 1));
	return pt_port_slot;
}

bool io_pgtable_port_fence_all(void)
{
	pthread_once(&once, start);
	return can_fence && membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}
