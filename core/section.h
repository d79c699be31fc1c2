/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sections: how long a thread may hold the address of a table, where tables can be reclaimed under
 * it (core/reclaim.h). What rcu_read_lock() is in a kernel.
 *
 * A section costs its thread two plain stores to memory of its own, and no barrier: the fence that
 * Dekker's pattern needs between "I am in a section" and "is this table marked?" is executed for
 * all threads by the one that reclaims (io_pgtable_port_fence_all()). A build without an
 * operating system has neither threads' own memory nor that, so it has no sections and refuses the
 * modes that need them.
 *
 * Who writes what: depth and live belong to their thread. depth is read by whoever reclaims:
 * acquire, pairs with the store-release on the way out, so that a thread seen outside has its
 * stores to tables seen too; the store on the way in is ordered by the fence only. next and prev
 * are under the registry's lock.
 */
#ifndef CORE_SECTION_H
#define CORE_SECTION_H

#include "core/port.h"

#ifndef PT_RECLAIM
#define PT_RECLAIM __STDC_HOSTED__
#endif

#if PT_RECLAIM

#include <limits.h>

/* A depth that no enter makes positive: the thread is not in the registry yet. */
#define PT_SECTION_UNKNOWN LONG_MIN

struct pt_section {
	long depth;	      /* sections that the thread is in, one within the other */
	const pt_entry *live; /* an entry that was not empty when an unmap looked */
	struct pt_section *next, *prev;
} __attribute__((aligned(64)));

extern __thread struct pt_section pt_section __attribute__((tls_model("initial-exec")));

/* core/port-host-section.c: puts the calling thread into the registry, within its first section. */
void pt_section_register(void);

/* Can this process have sections? 0, or -ENOSYS. Any number of calls. */
int pt_section_init(void);

/* Lets another thread run, which may be what this one waits for. */
void pt_section_yield(void);

/*
 * What the caller stored before is seen by every section that begins from now on, and every section
 * that began before has ended. False: some section did not end within a bounded time, or the
 * caller is in one itself; nothing is known then.
 */
bool pt_section_quiesce(void);

/* TSan does not know the fence that others execute for this thread. */
static always_inline void pt_section_store(long depth)
{
	if (PORT_TSAN)
		__atomic_exchange_n(&pt_section.depth, depth, __ATOMIC_SEQ_CST);
	else
		__atomic_store_n(&pt_section.depth, depth, __ATOMIC_RELAXED);
}

/*
 * For the shortest operations: a section that is not within another one. False, and no section:
 * take the longer way. Constants are stored, so that one operation does not wait for the one before
 * it.
 */
static always_inline bool pt_section_begin(void)
{
	if (unlikely(__atomic_load_n(&pt_section.depth, __ATOMIC_RELAXED)))
		return false;
	pt_section_store(1);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return true;
}

static always_inline void pt_section_end(void)
{
	__atomic_store_n(&pt_section.depth, 0, __ATOMIC_RELEASE);
}

static always_inline void pt_section_enter(void)
{
	long depth = __atomic_load_n(&pt_section.depth, __ATOMIC_RELAXED) + 1;

	pt_section_store(depth);
	if (unlikely(depth < 0))
		pt_section_register();
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static always_inline void pt_section_exit(void)
{
	long depth = __atomic_load_n(&pt_section.depth, __ATOMIC_RELAXED) - 1;

	__atomic_store_n(&pt_section.depth, depth, __ATOMIC_RELEASE);
}

static always_inline bool pt_section_inside(void)
{
	return __atomic_load_n(&pt_section.depth, __ATOMIC_RELAXED) > 0;
}

#else

static always_inline int pt_section_init(void)
{
	return -1;
}

static always_inline void pt_section_yield(void)
{
}

static always_inline void pt_section_enter(void)
{
}

static always_inline void pt_section_exit(void)
{
}

#endif

#endif /* CORE_SECTION_H */
