/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shim barriers: the instructions that Linux 6.12 uses for each on these two architectures
 * (tabulated in docs/peers.md, with what the library uses in the same places).
 */
#ifndef SHIM_ASM_BARRIER_H
#define SHIM_ASM_BARRIER_H

#include <linux/types.h>

#if defined(__x86_64__) && defined(PEER_LOCKED_WMB)
#define wmb() __asm__ volatile("lock orl $0, -64(%%rsp)" ::: "memory", "cc")
#elif defined(__x86_64__)
#define wmb() __asm__ volatile("sfence" ::: "memory")
#elif defined(__aarch64__)
#define wmb()	  __asm__ volatile("dsb st" ::: "memory")
#define dma_wmb() __asm__ volatile("dmb oshst" ::: "memory")
#define smp_rmb() __asm__ volatile("dmb ishld" ::: "memory")
#define smp_wmb() __asm__ volatile("dmb ishst" ::: "memory")
#else
#error "the peers are for x86-64 and arm64"
#endif

#if defined(__x86_64__)
#define dma_wmb() barrier()
#define smp_rmb() barrier()
#define smp_wmb() barrier()
#endif

#endif /* SHIM_ASM_BARRIER_H */
