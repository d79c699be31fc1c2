/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A lock that costs its owner a store and a load, and everybody else a system call.
 *
 * One thread owns it and enters all the time; others come rarely. The owner says that it is busy
 * and then looks whether the bias was revoked; another revokes the bias, makes every thread of the
 * process execute a barrier, and then looks whether the owner is busy. Each of the two sees the
 * other, as with a full barrier on both sides (Dekker), but the owner has none: the fence of the
 * one who comes rarely counts for it (membarrier, in io_pgtable_port_fence_all()). While the bias
 * is revoked everybody, the owner included, takes the spinlock inside.
 *
 * Who writes what: busy, the owner, relaxed on the way in (the fence orders it) and release on the
 * way out; revoked, one at a time (the pool's drain lock), release, so that an owner that reads 0
 * with acquire sees what was done while it was 1. Where there is no such fence (bare metal, a
 * kernel without membarrier, TSan) the lock stays revoked for ever, which makes it a spinlock.
 */
#ifndef CORE_BIASED_LOCK_H
#define CORE_BIASED_LOCK_H

#include "core/port.h"

struct biased_lock {
	uint32_t busy;
	uint32_t revoked;
	struct port_lock lock;
};

/* The owner enters if that takes no spinlock; biased_exit(l, false) then. */
static always_inline bool biased_try_enter(struct biased_lock *l)
{
	__atomic_store_n(&l->busy, 1, __ATOMIC_RELAXED);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (likely(!__atomic_load_n(&l->revoked, __ATOMIC_ACQUIRE)))
		return true;
	__atomic_store_n(&l->busy, 0, __ATOMIC_RELEASE);
	return false;
}

/* The owner enters; whether by way of the spinlock is to be passed to biased_exit(). */
static always_inline bool biased_enter(struct biased_lock *l)
{
	if (likely(biased_try_enter(l)))
		return false;
	port_lock(&l->lock);
	return true;
}

static always_inline void biased_exit(struct biased_lock *l, bool locked)
{
	if (unlikely(locked))
		port_unlock(&l->lock);
	else
		__atomic_store_n(&l->busy, 0, __ATOMIC_RELEASE);
}

/* First half of taking it from the owner; between the halves comes one fence for any number. */
static inline void biased_revoke(struct biased_lock *l)
{
	__atomic_store_n(&l->revoked, 1, __ATOMIC_SEQ_CST);
}

static inline void biased_take(struct biased_lock *l)
{
	for (unsigned int polls = 0; __atomic_load_n(&l->busy, __ATOMIC_ACQUIRE); polls++)
		port_lock_wait(polls);
	port_lock(&l->lock);
}

/*
 * In the child of a fork that took it before: an owner in the parent may have been on its way out
 * again, busy for a moment with the bias revoked, and is not here to take that back.
 */
static inline void biased_abandon(struct biased_lock *l)
{
	__atomic_store_n(&l->busy, 0, __ATOMIC_RELAXED);
}

static inline void biased_give(struct biased_lock *l, bool restore)
{
	if (restore)
		__atomic_store_n(&l->revoked, 0, __ATOMIC_RELEASE);
	port_unlock(&l->lock);
}

#endif /* CORE_BIASED_LOCK_H */
