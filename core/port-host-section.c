// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sections on a hosted system: the registry of threads, and the wait for those that are inside. The
 * fence that one thread executes for all is core/port-host-thread.c's.
 *
 * Invariant: every thread that is in a section is in the list, from before its first load of a
 * descriptor until it ends. The list's lock is held while it is read, for at most
 * PT_SECTION_POLLS looks at each thread that is inside.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>

#include "core/section.h"

/* Sections last for nanoseconds, unless their thread was preempted: then yielding helps. */
#define POLLS	    256
#define YIELD_EVERY 32

__thread struct pt_section pt_section = { .depth = PT_SECTION_UNKNOWN };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct pt_section *first; /* under lock */
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t at_exit;
static bool available;

/* A thread that ends. If its later destructors use the library it is registered again. */
static void unregister(void *section)
{
	struct pt_section *s = section;

	pthread_mutex_lock(&lock);
	if (s->prev)
		s->prev->next = s->next;
	else
		first = s->next;
	if (s->next)
		s->next->prev = s->prev;
	pthread_mutex_unlock(&lock);
	__atomic_store_n(&s->depth, PT_SECTION_UNKNOWN, __ATOMIC_RELAXED);
}

static void before_fork(void)
{
	pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
	pthread_mutex_unlock(&lock);
}

/* Of the threads only the one that forked is there. */
static void in_child(void)
{
	struct pt_section *self = &pt_section;

	first = self->depth >= 0 ? self : NULL;
	self->next = self->prev = NULL;
	pthread_mutex_unlock(&lock);
}

static void init(void)
{
	available = io_pgtable_port_fence_all() && !pthread_key_create(&at_exit, unregister) &&
		    !pthread_atfork(before_fork, after_fork, in_child);
}

int pt_section_init(void)
{
	pthread_once(&once, init);
	return available ? 0 : -ENOSYS;
}

void noinline pt_section_register(void)
{
	struct pt_section *self = &pt_section;

	pthread_mutex_lock(&lock);
	self->prev = NULL;
	self->next = first;
	if (first)
		first->prev = self;
	first = self;
	__atomic_store_n(&self->depth, 1, __ATOMIC_SEQ_CST);
	pthread_mutex_unlock(&lock);
	pthread_setspecific(at_exit, self);
}

void pt_section_yield(void)
{
	sched_yield();
}

/* Was the thread seen outside of a section? */
static bool saw_outside(const struct pt_section *s)
{
	for (unsigned int polls = 0; polls < POLLS; polls++) {
		if (__atomic_load_n(&s->depth, __ATOMIC_ACQUIRE) <= 0)
			return true;
		if (polls % YIELD_EVERY == YIELD_EVERY - 1)
			sched_yield();
		else
			port_cpu_relax();
	}
	return false;
}

bool pt_section_quiesce(void)
{
	bool outside = !pt_section_inside();

	if (!outside || !io_pgtable_port_fence_all())
		return false;
	pthread_mutex_lock(&lock);
	for (const struct pt_section *s = first; s && outside; s = s->next)
		outside = saw_outside(s);
	pthread_mutex_unlock(&lock);
	return outside;
}
