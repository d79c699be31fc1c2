/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shim atomic: compare-and-exchange, with the ordering that each name has in the kernel. On x86-64
 * every one of them is the same locked instruction, there as here.
 */
#ifndef SHIM_LINUX_ATOMIC_H
#define SHIM_LINUX_ATOMIC_H

#include <linux/types.h>

#define SHIM_CMPXCHG(ptr, old, new, order)                                        \
	({                                                                        \
		typeof(*(ptr)) cmpxchg_old = (old);                               \
		__atomic_compare_exchange_n(ptr, &cmpxchg_old, new, false, order, \
					    __ATOMIC_RELAXED);                    \
		cmpxchg_old;                                                      \
	})

#ifdef PEER_MUTANT
/* A build that the self-tests must fail in: what should be exchanged stays as it is. */
#define cmpxchg64_relaxed(ptr, old, new) ((void)(ptr), (void)(new), (old))
#define cmpxchg_relaxed(ptr, old, new)	 ((void)(ptr), (void)(new), (old))
#else
#define cmpxchg64_relaxed(ptr, old, new) SHIM_CMPXCHG(ptr, old, new, __ATOMIC_RELAXED)
#define cmpxchg_relaxed(ptr, old, new)	 SHIM_CMPXCHG(ptr, old, new, __ATOMIC_RELAXED)
#endif
#define cmpxchg64(ptr, old, new) SHIM_CMPXCHG(ptr, old, new, __ATOMIC_SEQ_CST)

#define try_cmpxchg64(ptr, old, new) \
	__atomic_compare_exchange_n(ptr, old, new, false, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)

#endif /* SHIM_LINUX_ATOMIC_H */
