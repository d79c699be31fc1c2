/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * handover: pointers from one thread to another, in batches, bounded.
 *
 * One sends, one receives. Who writes what: sent, the sender, release, behind the batch; done, the
 * receiver, release, when it no longer reads the batch; each is acquired by the other. A full ring
 * makes the sender wait, an empty one the receiver. Zero is an empty ring.
 */
#ifndef BENCH_HANDOVER_H
#define BENCH_HANDOVER_H

#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>

enum { HANDOVER_BATCH = 64, HANDOVER_BATCHES = 16, HANDOVER_SPINS = 20000 };

struct handover {
	_Alignas(128) _Atomic uint64_t sent;
	_Alignas(128) _Atomic uint64_t done;
	_Alignas(128) void *batch[HANDOVER_BATCHES][HANDOVER_BATCH];
};

/* Until *counter is at least least. */
static inline void handover_wait(_Atomic uint64_t *counter, uint64_t least)
{
	for (unsigned int spins = 0; atomic_load_explicit(counter, memory_order_acquire) < least;
	     spins++)
		if (spins > HANDOVER_SPINS)
			sched_yield();
}

/**
 * handover_next() - the batch to fill next
 * @h: the ring
 */
static inline void **handover_next(struct handover *h)
{
	uint64_t sent = atomic_load_explicit(&h->sent, memory_order_relaxed);

	if (sent >= HANDOVER_BATCHES)
		handover_wait(&h->done, sent - HANDOVER_BATCHES + 1);
	return h->batch[sent % HANDOVER_BATCHES];
}

/**
 * handover_send() - it is full
 * @h: the ring
 */
static inline void handover_send(struct handover *h)
{
	atomic_fetch_add_explicit(&h->sent, 1, memory_order_release);
}

/**
 * handover_receive() - the next batch, when it is there
 * @h: the ring
 */
static inline void **handover_receive(struct handover *h)
{
	uint64_t done = atomic_load_explicit(&h->done, memory_order_relaxed);

	handover_wait(&h->sent, done + 1);
	return h->batch[done % HANDOVER_BATCHES];
}

/**
 * handover_done() - it was read
 * @h: the ring
 */
static inline void handover_done(struct handover *h)
{
	atomic_fetch_add_explicit(&h->done, 1, memory_order_release);
}

#endif /* BENCH_HANDOVER_H */
