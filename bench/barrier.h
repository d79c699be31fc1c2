/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * barrier: where the threads of a sample wait for one another, spinning.
 *
 * Who synchronises with whom: the phase is released by the last to arrive and acquired by the rest,
 * so that what any of them wrote before it, all of them see behind it.
 */
#ifndef BENCH_BARRIER_H
#define BENCH_BARRIER_H

#include <sched.h>
#include <stdatomic.h>

enum { BARRIER_SPINS_BEFORE_YIELD = 20000 };

struct barrier {
	unsigned int threads;
	_Atomic unsigned int arrived;
	_Atomic unsigned int phase;
};

/**
 * barrier_wait() - until all threads are here
 * @b: the barrier, zero but for the number of threads
 */
static inline void barrier_wait(struct barrier *b)
{
	unsigned int phase = atomic_load_explicit(&b->phase, memory_order_relaxed);

	if (atomic_fetch_add_explicit(&b->arrived, 1, memory_order_acq_rel) + 1 == b->threads) {
		atomic_store_explicit(&b->arrived, 0, memory_order_relaxed);
		atomic_store_explicit(&b->phase, phase + 1, memory_order_release);
		return;
	}
	for (unsigned int spins = 0; atomic_load_explicit(&b->phase, memory_order_acquire) == phase;
	     spins++)
		if (spins > BARRIER_SPINS_BEFORE_YIELD)
			sched_yield();
}

#endif /* BENCH_BARRIER_H */
