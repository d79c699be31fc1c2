/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What core/ and fmt/ need of the machine and of the environment, and nothing else does it for
 * them.
 *
 * The first half is the processor: descriptor accesses, barriers, a spinlock, hints. The second
 * half is what the environment supplies: core/port-host.c does for a hosted program,
 * an embedder on bare metal writes its own and leaves that file out.
 *
 * Ordering, in one place: a table is filled with plain stores and published by a compare-and-swap
 * with release semantics; whoever follows a table descriptor depends on its value for the address,
 * which orders the loads on every processor supported. The compiler is told so by an acquire load
 * where that costs nothing (x86-64) or where a tool has to see it (TSan).
 */
#ifndef CORE_PORT_H
#define CORE_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/entry.h"

#define likely(x)     __builtin_expect(!!(x), 1)
#define unlikely(x)   __builtin_expect(!!(x), 0)
#define always_inline inline __attribute__((always_inline))
#define noinline      __attribute__((noinline))

/*
 * For functions that a fast one ends in. Where registers are few, what is kept for them alone means
 * that one more has to be saved: they get their arguments where the caller has them (no clones with
 * other arguments), and port_stays_in_memory() is for an argument that came on the stack: it is not
 * loaded before it is needed.
 */
#if defined(__x86_64__) && !defined(__clang__)
#define tail_called __attribute__((__noinline__, __noclone__))
#else
#define tail_called noinline
#endif
#if defined(__x86_64__)
#define port_stays_in_memory(x) __asm__("" : "+m"(x))
#else
#define port_stays_in_memory(x) ((void)(x))
#endif

#if defined(__SANITIZE_THREAD__)
#define PORT_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define PORT_TSAN 1
#endif
#endif
#ifndef PORT_TSAN
#define PORT_TSAN 0
#endif

#if defined(__aarch64__) && !PORT_TSAN
#define PORT_LOAD_ORDER __ATOMIC_RELAXED
#else
#define PORT_LOAD_ORDER __ATOMIC_ACQUIRE
#endif

#if defined(__aarch64__) && !PORT_TSAN
#define PORT_VOLATILE 1
#else
#define PORT_VOLATILE 0
#endif

/* A descriptor that another thread or a walker may be writing; what it points to may be followed.
 */
static always_inline uint64_t port_load(const pt_entry *p)
{
	/*
	 * Either is one single-copy atomic load. On arm64 gcc lets only the first add up its
	 * address.
	 */
	return PORT_VOLATILE ? *(const volatile pt_entry *)p : __atomic_load_n(p, PORT_LOAD_ORDER);
}

/* The same, of which nothing is followed: what is loaded afterwards is at least as new. */
static always_inline uint64_t port_load_acquire(const pt_entry *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

/* A descriptor that a walker may be reading: one single-copy atomic store. */
static always_inline void port_store(pt_entry *p, uint64_t v)
{
	if (PORT_VOLATILE)
		*(volatile pt_entry *)p = (pt_entry)v;
	else
		__atomic_store_n(p, (pt_entry)v, __ATOMIC_RELAXED);
}

/* Publishes what was stored before; a loser may follow the winner's value in *old. */
static always_inline bool port_cas(pt_entry *p, uint64_t *old, uint64_t v)
{
#if PT_ENTRY_BITS == 64
	return __atomic_compare_exchange_n(p, old, v, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
#else
	pt_entry seen = (pt_entry)*old;
	bool done = __atomic_compare_exchange_n(p, &seen, (pt_entry)v, false, __ATOMIC_ACQ_REL,
						__ATOMIC_ACQUIRE);

	*old = seen;
	return done;
#endif
}

/* The kernel's wmb(): earlier stores are visible to a device before anything later happens. */
static always_inline void port_wmb(void)
{
#if defined(__aarch64__)
	__asm__ volatile("dsb st" ::: "memory");
#elif defined(__x86_64__)
	__asm__ volatile("sfence" ::: "memory");
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/*
 * The same by a locked instruction, which waits for earlier stores (AMD APM vol. 2, 7.4.1 and 7.5;
 * Intel SDM vol. 3A, 9.1.2.2) and, unlike sfence on some processors, lets later loads start.
 */
static always_inline void port_wmb_locked(void)
{
#if defined(__x86_64__)
	__asm__ volatile("lock orl $0, -64(%%rsp)" ::: "memory", "cc");
#else
	port_wmb();
#endif
}

/* The kernel's dma_wmb(): earlier stores are visible to a device before later stores are. */
static always_inline void port_dma_wmb(void)
{
#if defined(__aarch64__)
	__asm__ volatile("dmb oshst" ::: "memory");
#elif defined(__x86_64__)
	__asm__ volatile("" ::: "memory");
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

/* The kernel's smp_mb(): earlier stores are visible to everybody before later loads happen. */
static always_inline void port_mb(void)
{
#if defined(PORT_VIRTUAL) /* model/virtual.h: the clock is simulated, and so are other CPUs */
	virtual_fence();
#elif defined(__aarch64__)
	__asm__ volatile("dmb osh" ::: "memory");
#elif defined(__x86_64__)
	__asm__ volatile("lock; addl $0, -4(%%rsp)" ::: "memory", "cc");
#else
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif
}

static always_inline void port_cpu_relax(void)
{
#if defined(PORT_VIRTUAL)
	virtual_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield" ::: "memory");
#elif defined(__x86_64__)
	__builtin_ia32_pause();
#endif
}

static always_inline void port_prefetch(const void *p)
{
	__builtin_prefetch(p);
}

static always_inline unsigned int port_lg2(uint64_t v)
{
	return 63 - (unsigned int)__builtin_clzll(v);
}

#if defined(__x86_64__)
static inline void port_cpuid(uint32_t leaf, uint32_t reg[4])
{
	__asm__("cpuid"
		: "=a"(reg[0]), "=b"(reg[1]), "=c"(reg[2]), "=d"(reg[3])
		: "a"(leaf), "c"(0));
}
#endif

/*
 * May descriptors be stored two at a time (core/run.h has the vendors' texts)? CPUID is slow where
 * it traps to a hypervisor: ask once.
 */
static inline bool port_wide_stores(void)
{
#if PORT_TSAN
	return false;
#elif defined(__aarch64__)
	return true;
#elif defined(__x86_64__)
	uint32_t reg[4];

	port_cpuid(1, reg);
	return reg[2] & (1u << 28);
#else
	return false;
#endif
}

/*
 * Is port_wmb_locked() the cheaper barrier? On AMD family 19h a single map behind a walk of cached
 * tables takes 9.3 ns with sfence and 2.7 with the locked instruction (measured on model 11h; on
 * family 1ah sfence costs nothing to speak of). Asked once, too.
 */
static inline bool port_prefers_locked_wmb(void)
{
#if defined(__x86_64__)
	uint32_t vendor[4], id[4], family;

	port_cpuid(0, vendor);
	port_cpuid(1, id);
	family = (id[0] >> 8 & 0xf) + (id[0] >> 20 & 0xff);
	return vendor[1] == 0x68747541 && family == 0x19; /* "Auth"enticAMD */
#else
	return false;
#endif
}

/*
 * A test-and-set spinlock for sections of a few dozen instructions. Written by whoever takes it;
 * acquire on the way in, release on the way out, so that a section sees its predecessors' stores.
 */
struct port_lock {
	uint32_t held;
};

/*
 * Between two looks at something that another thread is about to change. That thread may have been
 * preempted: after a while the host's scheduler is asked to run it.
 */
#define PORT_POLLS_BEFORE_YIELD 256
#if defined(PORT_VIRTUAL)
#define port_yield() virtual_pause()
#elif __STDC_HOSTED__
void io_pgtable_port_yield(void);
#define port_yield() io_pgtable_port_yield()
#else
#define port_yield() port_cpu_relax()
#endif

static inline void port_lock_wait(unsigned int polls)
{
	if (polls < PORT_POLLS_BEFORE_YIELD)
		port_cpu_relax();
	else
		port_yield();
}

static noinline __attribute__((unused)) void port_lock_slow(struct port_lock *lock)
{
	for (unsigned int polls = 0; __atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE);)
		while (__atomic_load_n(&lock->held, __ATOMIC_RELAXED))
			port_lock_wait(polls++);
}

static always_inline void port_lock(struct port_lock *lock)
{
	if (unlikely(__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE)))
		port_lock_slow(lock);
}

static always_inline bool port_trylock(struct port_lock *lock)
{
	return !__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE);
}

static always_inline void port_unlock(struct port_lock *lock)
{
	__atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
}

/*
 * Supplied by the environment. Context: any thread; none of them may call back into the library.
 */

/* How memory is backed. */
enum port_pages { PORT_PAGES_ORDINARY, PORT_PAGES_TRANSPARENT, PORT_PAGES_EXPLICIT, PORT_PAGES_NR };

/* At least this is what a page of the host has. */
#define PORT_MIN_PAGE_BYTES 4096

/* More threads at a time than slots share one; nodes beyond these are not told apart. */
#define PORT_SLOTS 128
#define PORT_NODES 16

/*
 * Zeroed memory: arena_bytes (a power of two) aligned to its size, with head_bytes (a multiple of
 * 4096) directly below it, on a node if that can be had. NULL if there is none. *pages is what is
 * wanted and, on return, what it became.
 */
void *io_pgtable_port_arena_map(size_t head_bytes, size_t arena_bytes, unsigned int node,
				enum port_pages *pages);

/* Gives back what io_pgtable_port_arena_map() returned as arena. */
void io_pgtable_port_arena_unmap(void *arena, size_t head_bytes, size_t arena_bytes);

/* The host's page: a power of two, at least PORT_MIN_PAGE_BYTES. */
size_t io_pgtable_port_page_bytes(void);

/* The length of a cache line, a power of two from 64 on. */
size_t io_pgtable_port_line_bytes(void);

/*
 * Lets go of what backs a part of an arena that is a whole number of its pages, if that can be:
 * then it reads as zero, takes no memory until it is written to, and true is returned.
 */
bool io_pgtable_port_purge(void *ptr, size_t bytes);

/*
 * A number from 0 to PORT_SLOTS - 1 that belongs to the caller: on a host to its thread, for as
 * long as it lives; on bare metal the CPU's. Negative if there is none left.
 */
int io_pgtable_port_slot(void);

/* NUMA nodes: how many, at least 1; which one the caller runs on; which one the system calls so,
 * negative if none. */
unsigned int io_pgtable_port_nodes(void);
unsigned int io_pgtable_port_node(void);
int io_pgtable_port_node_of(unsigned int system_number);

/* Writes the cache lines of a range back to where a walker that does not snoop reads them. */
void io_pgtable_port_clean(const void *ptr, size_t bytes);

/* Reports misuse of the API or a broken invariant; must not return if fatal is set. */
void io_pgtable_port_report(bool fatal, const char *what, const char *file, int line);

/*
 * A host has three more. A barrier in every running thread of the process, false if there is no
 * such thing; where it is a constant false, locks that rely on it are spinlocks
 * (core/biased-lock.h). Arenas below 4 GiB, otherwise as io_pgtable_port_arena_map(), which also
 * takes them back. And the caller's slot where it has one already: negative, ask.
 */
#if __STDC_HOSTED__
bool io_pgtable_port_fence_all(void);
void *io_pgtable_port_arena_map_low(size_t head_bytes, size_t arena_bytes, unsigned int node,
				    enum port_pages *pages);
extern __thread int pt_port_slot __attribute__((tls_model("initial-exec")));
#define PORT_ASYMMETRIC (!PORT_TSAN)

static always_inline int port_slot(void)
{
	return pt_port_slot;
}
#else
#define io_pgtable_port_fence_all() false
#define PORT_ASYMMETRIC		    0

static always_inline int port_slot(void)
{
	return io_pgtable_port_slot();
}
#endif

/* What a host calls around a fork, the second in the parent (core/pool-list.c). */
void pt_port_before_fork(void);
void pt_port_after_fork(void);
void pt_port_after_fork_in_child(void);

#endif /* CORE_PORT_H */
