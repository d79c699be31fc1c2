// SPDX-License-Identifier: GPL-2.0-only
/*
 * peer-runtime: memory, messages and cache cleaning for the kernel's code. See peer-runtime.h.
 *
 * A size class is a stack of pointers per thread. Empty stacks are refilled from the depot, where
 * threads leave their stacks when they end, and that from fresh memory, 2 MiB at a time. Who
 * synchronises with whom: a stack belongs to one thread; the depot and the zones are under one
 * lock, which is taken once per refill.
 */
#define _GNU_SOURCE
#include "peer-runtime.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

enum {
	MIN_LG2 = 6,
	MAX_LG2 = 21,
	CHUNK_LG2 = 21,
	NR_CLASSES = MAX_LG2 + 1,
	REFILL = 256, /* pointers that are taken from the depot at once */
	MAX_WARNINGS_SHOWN = 8,
};

static const size_t CHUNK_BYTES = (size_t)1 << CHUNK_LG2;

struct stack {
	void **slot;
	size_t nr;
	size_t room;
};

/* A part of the address space, from which chunks are taken in order. */
struct zone {
	uintptr_t next;
	uintptr_t end;
};

static struct {
	pthread_mutex_t lock;
	struct stack stack[2][NR_CLASSES];
	struct zone zone[2];
	pthread_key_t at_exit;
	bool ready;
} depot = {
	.lock = PTHREAD_MUTEX_INITIALIZER,
	/* Places that neither a program, its libraries nor its heap are put at. */
	.zone = { { (uintptr_t)4 << 30, (uintptr_t)60 << 30 },
		  { (uintptr_t)1 << 28, (uintptr_t)3 << 30 } },
};

static _Thread_local struct {
	struct stack stack[2][NR_CLASSES];
	uint64_t allocated;
	bool registered;
} mine;

static _Atomic uint64_t warnings;
static _Atomic bool warnings_expected;

static void fail(const char *what)
{
	fprintf(stderr, "peers: %s\n", what);
	abort();
}

static void push(struct stack *s, void *ptr)
{
	if (__builtin_expect(s->nr == s->room, 0)) {
		s->room = s->room ? s->room * 2 : 1024;
		s->slot = realloc(s->slot, s->room * sizeof(*s->slot));
		if (!s->slot)
			fail("not enough memory");
	}
	s->slot[s->nr++] = ptr;
}

static void move(struct stack *to, struct stack *from, size_t nr)
{
	while (nr-- && from->nr)
		push(to, from->slot[--from->nr]);
}

/* What somebody else has mapped there is stepped over. NULL if there is no memory. */
static char *zone_take(struct zone *z)
{
	for (; z->next < z->end; z->next += CHUNK_BYTES) {
		char *chunk = mmap((void *)z->next, CHUNK_BYTES, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

		if (chunk == MAP_FAILED && errno == EEXIST)
			continue;
		if (chunk == MAP_FAILED)
			return NULL;
		/* Kernels before 4.17 take the address for a hint. */
		if (chunk != (char *)z->next) {
			munmap(chunk, CHUNK_BYTES);
			continue;
		}
		z->next += CHUNK_BYTES;
		madvise(chunk, CHUNK_BYTES, MADV_HUGEPAGE);
		/* Faults belong here, not where a page is used. */
		for (size_t i = 0; i < CHUNK_BYTES; i += 4096)
			((volatile char *)chunk)[i] = 0;
		return chunk;
	}
	return NULL;
}

static void leave(void *unused)
{
	pthread_mutex_lock(&depot.lock);
	for (int low = 0; low < 2; low++)
		for (int i = 0; i < NR_CLASSES; i++) {
			struct stack *s = &mine.stack[low][i];

			move(&depot.stack[low][i], s, s->nr);
			free(s->slot);
			*s = (struct stack){ 0 };
		}
	pthread_mutex_unlock(&depot.lock);
}

static __attribute__((noinline)) void refill(struct stack *s, unsigned int size_lg2, bool low)
{
	if (size_lg2 < MIN_LG2 || size_lg2 > MAX_LG2)
		fail("no such size");
	pthread_mutex_lock(&depot.lock);
	if (!depot.ready) {
		pthread_key_create(&depot.at_exit, leave);
		depot.ready = true;
	}
	move(s, &depot.stack[low][size_lg2], REFILL);
	if (!s->nr) {
		char *chunk = zone_take(&depot.zone[low]);

		/* The last one pushed is handed out first: upwards. */
		for (size_t i = chunk ? CHUNK_BYTES >> size_lg2 : 0; i-- > 0;)
			push(s, chunk + (i << size_lg2));
	}
	pthread_mutex_unlock(&depot.lock);
	if (!mine.registered) {
		pthread_setspecific(depot.at_exit, &mine);
		mine.registered = true;
	}
}

void *peer_alloc(unsigned int size_lg2, bool low)
{
	struct stack *s = &mine.stack[low][size_lg2];

	if (__builtin_expect(!s->nr, 0)) {
		refill(s, size_lg2, low);
		if (!s->nr)
			return NULL;
	}
	mine.allocated++;
	return memset(s->slot[--s->nr], 0, (size_t)1 << size_lg2);
}

void peer_free(void *ptr, unsigned int size_lg2)
{
	push(&mine.stack[(uintptr_t)ptr >> 32 == 0][size_lg2], ptr);
}

uint64_t peer_allocated(void)
{
	return mine.allocated;
}

size_t peer_reusable_bytes(void)
{
	size_t bytes = 0;

	pthread_mutex_lock(&depot.lock);
	for (int low = 0; low < 2; low++)
		for (int i = 0; i < NR_CLASSES; i++)
			bytes += (depot.stack[low][i].nr + mine.stack[low][i].nr) << i;
	pthread_mutex_unlock(&depot.lock);
	return bytes;
}

void *peer_malloc(size_t size, bool zero)
{
	return zero ? calloc(1, size) : malloc(size);
}

void peer_mfree(void *ptr)
{
	free(ptr);
}

#if defined(__x86_64__)
/* The best there is: clwb, else clflushopt, else clflush (CPUID leaf 7, EBX bits 24 and 23). */
static unsigned int clean_insn(void)
{
	static _Atomic unsigned int known;
	unsigned int a, b, c, d, insn = atomic_load_explicit(&known, memory_order_relaxed);

	if (insn)
		return insn;
	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
		b = 0;
	insn = b & (1u << 24) ? 3 : b & (1u << 23) ? 2 : 1;
	atomic_store_explicit(&known, insn, memory_order_relaxed);
	return insn;
}

void peer_clean(const void *ptr, size_t bytes)
{
	const char *p = (const char *)((uintptr_t)ptr & ~(uintptr_t)63);
	const char *end = (const char *)ptr + bytes;
	unsigned int insn = clean_insn();

	for (; p < end; p += 64) {
		if (__builtin_expect(insn == 3, 1))
			__asm__ volatile("clwb %0" ::"m"(*p) : "memory");
		else if (insn == 2)
			__asm__ volatile("clflushopt %0" ::"m"(*p) : "memory");
		else
			__asm__ volatile("clflush %0" ::"m"(*p) : "memory");
	}
	__asm__ volatile("sfence" ::: "memory");
}
#else
/* CTR_EL0.DminLine, bits 19:16: log2 of the words in the smallest data cache line. */
void peer_clean(const void *ptr, size_t bytes)
{
	uint64_t ctr;
	uintptr_t line, p, end = (uintptr_t)ptr + bytes;

	__asm__("mrs %0, ctr_el0" : "=r"(ctr));
	line = (uintptr_t)4 << (ctr >> 16 & 0xf);
	for (p = (uintptr_t)ptr & ~(line - 1); p < end; p += line)
		__asm__ volatile("dc cvac, %0" ::"r"(p) : "memory");
	__asm__ volatile("dsb sy" ::: "memory");
}
#endif

void peer_printk(const char *fmt, ...)
{
	va_list args;

	if (atomic_load_explicit(&warnings_expected, memory_order_relaxed))
		return;
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
}

void peer_warn(const char *file, int line)
{
	const char *name = strrchr(file, '/');

	if (atomic_fetch_add(&warnings, 1) < MAX_WARNINGS_SHOWN && !warnings_expected)
		fprintf(stderr, "peers: warning at %s:%d\n", name ? name + 1 : file, line);
}

uint64_t peer_warnings(void)
{
	return warnings;
}

void peer_expect_warnings(bool expected)
{
	warnings_expected = expected;
}
