/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Models of how Linux invalidates: its SMMUv3 command queue, strict, and its flush queues, for
 * comparison under the virtual clock. Written from what is known of the algorithms, sharing nothing
 * with the library's queue but the simulated consumer.
 *
 * The queue: a producer reads prod and cons, which share a word, and moves prod by compare-and-swap
 * until it succeeds; who sets the owner's bit there publishes for those behind it, after the owner
 * before it has; a bitmap says which commands have been written; who has put a SYNC in holds a
 * count until it is complete, and the last one writes cons back into the word that all swap. A
 * flush queue: a ring with a lock, entries freed when a flush that began after they came has ended;
 * who finds the ring full flushes with the lock held; the first entry starts a timer, which flushes
 * and drains every CPU's ring. Errata: a SYNC after 63 commands; or each batch twice. What is left
 * out: preemption, DMA-API locks.
 */
#ifndef MODEL_VIRTUAL_KERNEL_H
#define MODEL_VIRTUAL_KERNEL_H

#include "model/virtual-machine.h"

struct vkernel;

/* Memory is virtual_alloc()'s. Depth: of a ring. */
struct vkernel *vkernel_make(struct machine *m, uint32_t depth);
/* Unmaps; releases through the machine, now or later. */
void vkernel_unmap(struct vkernel *k, uint64_t iova, uint64_t size);
/*
 * A CPU's timer interrupt: does what the flush queues' timer has to do, if it has run out and is
 * this CPU's.
 */
void vkernel_poll(struct vkernel *k);
/* Releases what waits, by the last CPU. */
void vkernel_end(struct vkernel *k);

#endif /* MODEL_VIRTUAL_KERNEL_H */
