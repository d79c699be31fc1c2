/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shim spinlock: locks and sequence counters. There are no interrupts to disable.
 */
#ifndef SHIM_LINUX_SPINLOCK_H
#define SHIM_LINUX_SPINLOCK_H

#include <asm/barrier.h>
#include <linux/types.h>

typedef struct {
	unsigned int held;
} spinlock_t;

typedef spinlock_t raw_spinlock_t;

struct mutex {
	spinlock_t lock;
};

static inline void spin_lock_init(spinlock_t *lock)
{
	lock->held = 0;
}

static inline void spin_lock(spinlock_t *lock)
{
	while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE))
		;
}

static inline void spin_unlock(spinlock_t *lock)
{
	__atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

#define spin_lock_irqsave(lock, flags)	    ((flags) = 0, spin_lock(lock))
#define spin_unlock_irqrestore(lock, flags) ((void)(flags), spin_unlock(lock))

/* Odd while it is written. */
typedef struct {
	unsigned int sequence;
} seqcount_t;

#define seqcount_init(s) ((void)((s)->sequence = 0))

static inline unsigned int read_seqcount_begin(const seqcount_t *s)
{
	unsigned int sequence;

	while ((sequence = READ_ONCE(s->sequence)) & 1)
		;
	smp_rmb();
	return sequence;
}

static inline bool read_seqcount_retry(const seqcount_t *s, unsigned int begun)
{
	smp_rmb();
	return READ_ONCE(s->sequence) != begun;
}

static inline void write_seqcount_begin(seqcount_t *s)
{
	WRITE_ONCE(s->sequence, s->sequence + 1);
	smp_wmb();
}

static inline void write_seqcount_end(seqcount_t *s)
{
	smp_wmb();
	WRITE_ONCE(s->sequence, s->sequence + 1);
}

#endif /* SHIM_LINUX_SPINLOCK_H */
