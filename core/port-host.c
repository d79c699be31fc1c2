// SPDX-License-Identifier: GPL-2.0-only
/*
 * The environment of a hosted program (Linux): memory by mmap, reports to stderr, cache cleaning
 * with what the processor has. The files core/port-host*.c are the only ones of core/ that need an
 * operating system; an embedder without one supplies what core/port.h asks for and leaves them out.
 */
#define _GNU_SOURCE
#include "core/port-host.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

size_t io_pgtable_port_page_bytes(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

/*
 * Explicit huge pages in place of ordinary ones. Mapped elsewhere and moved: a MAP_FIXED that fails
 * may have unmapped what was there.
 */
static bool map_explicit(char *arena, size_t bytes)
{
	const int huge_2m = 21 << MAP_HUGE_SHIFT;
	void *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | huge_2m, -1, 0);

	if (map == MAP_FAILED)
		return false;
	if (mremap(map, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, arena) == arena)
		return true;
	munmap(map, bytes);
	return false;
}

/* The system may have none, or not enough left: then the next best. */
static enum port_pages back(char *arena, size_t bytes, enum port_pages wanted)
{
	if (wanted == PORT_PAGES_EXPLICIT && map_explicit(arena, bytes))
		return PORT_PAGES_EXPLICIT;
	if (wanted == PORT_PAGES_ORDINARY) {
		madvise(arena, bytes, MADV_NOHUGEPAGE);
		return PORT_PAGES_ORDINARY;
	}
	return madvise(arena, bytes, MADV_HUGEPAGE) == 0 ? PORT_PAGES_TRANSPARENT
							 : PORT_PAGES_ORDINARY;
}

/*
 * Maps more than needed and gives the edges back, so that the arena is aligned whatever mmap()
 * returns. The head is a multiple of 4096; what lies below it up to the host's page is wasted.
 */
void *io_pgtable_port_arena_map(size_t head_bytes, size_t arena_bytes, unsigned int node,
				enum port_pages *pages)
{
	size_t page = io_pgtable_port_page_bytes(), head = (head_bytes + page - 1) & ~(page - 1);
	size_t total = head + 2 * arena_bytes;
	char *map = mmap(NULL, total, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	char *arena;

	if (map == MAP_FAILED)
		return NULL;
	arena = (char *)(((uintptr_t)map + head + arena_bytes - 1) & ~(uintptr_t)(arena_bytes - 1));
	if (arena - head > map)
		munmap(map, (size_t)(arena - head - map));
	if (arena + arena_bytes < map + total)
		munmap(arena + arena_bytes, (size_t)(map + total - arena - arena_bytes));
	*pages = back(arena, arena_bytes, *pages);
	pt_numa_bind(arena - head, head + arena_bytes, node);
	return arena;
}

#define LOW_FIRST (1ull << 28) /* above a program at a fixed address and its heap */
#define LOW_END	  (1ull << 32)

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

/* An arena at this place, or NULL: something is there. (Kernels before 4.17 take it for a hint.) */
static char *map_at(uintptr_t place, size_t head, size_t bytes)
{
	char *want = (char *)place - head;
	char *map = mmap(want, head + bytes, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);

	if (map == MAP_FAILED)
		return NULL;
	if (map == want)
		return map + head;
	munmap(map, head + bytes);
	return NULL;
}

/*
 * Every other place is tried, so that each arena has room for its head; from where the last was
 * found on, once around.
 */
void *io_pgtable_port_arena_map_low(size_t head_bytes, size_t arena_bytes, unsigned int node,
				    enum port_pages *pages)
{
	static uintptr_t next = LOW_FIRST;
	size_t page = io_pgtable_port_page_bytes(), head = (head_bytes + page - 1) & ~(page - 1);
	uintptr_t place = __atomic_load_n(&next, __ATOMIC_RELAXED), from = place;

	do {
		char *arena = map_at(place, head, arena_bytes);

		place += 2 * arena_bytes;
		if (place > LOW_END - arena_bytes)
			place = LOW_FIRST;
		if (!arena)
			continue;
		__atomic_store_n(&next, place, __ATOMIC_RELAXED);
		*pages = back(arena, arena_bytes, *pages);
		pt_numa_bind(arena - head, head + arena_bytes, node);
		return arena;
	} while (place != from);
	return NULL;
}

void io_pgtable_port_arena_unmap(void *arena, size_t head_bytes, size_t arena_bytes)
{
	size_t page = io_pgtable_port_page_bytes(), head = (head_bytes + page - 1) & ~(page - 1);

	/* Two calls: an explicit huge page is not unmapped together with ordinary ones. */
	munmap(arena, arena_bytes);
	if (head)
		munmap((char *)arena - head, head);
}

/* Not every C library knows; then what nearly every processor has. */
size_t io_pgtable_port_line_bytes(void)
{
	long line = sysconf(_SC_LEVEL1_DCACHE_LINESIZE);

	return line < 64 || (line & (line - 1)) ? 64 : (size_t)line;
}

bool io_pgtable_port_purge(void *ptr, size_t bytes)
{
	return !(bytes & (io_pgtable_port_page_bytes() - 1)) && !madvise(ptr, bytes, MADV_DONTNEED);
}

void io_pgtable_port_yield(void)
{
	sched_yield();
}

void io_pgtable_port_report(bool fatal, const char *what, const char *file, int line)
{
	fprintf(stderr, "io-pgtable: %s: %s (%s:%d)\n", fatal ? "broken invariant" : "misuse", what,
		file, line);
	if (fatal)
		abort();
}

#if defined(__x86_64__)

enum clean_insn { CLEAN_UNKNOWN, CLEAN_CLFLUSH, CLEAN_CLFLUSHOPT, CLEAN_CLWB };

/* CPUID leaf 7: CLFLUSHOPT is EBX bit 23, CLWB bit 24 (Intel SDM vol. 2, CPUID). */
static enum clean_insn detect_clean(void)
{
	unsigned int a, b, c, d;

	if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
		return CLEAN_CLFLUSH;
	return b & (1u << 24) ? CLEAN_CLWB : b & (1u << 23) ? CLEAN_CLFLUSHOPT : CLEAN_CLFLUSH;
}

/* Every thread that comes early finds and writes the same value. */
static enum clean_insn clean_insn(void)
{
	static enum clean_insn insn;
	enum clean_insn known = __atomic_load_n(&insn, __ATOMIC_RELAXED);

	if (unlikely(known == CLEAN_UNKNOWN)) {
		known = detect_clean();
		__atomic_store_n(&insn, known, __ATOMIC_RELAXED);
	}
	return known;
}

void io_pgtable_port_clean(const void *ptr, size_t bytes)
{
	const char *p = (const char *)((uintptr_t)ptr & ~(uintptr_t)63),
		   *end = (const char *)ptr + bytes;
	enum clean_insn insn = clean_insn();

	for (; p < end; p += 64) {
		if (likely(insn == CLEAN_CLWB))
			__asm__ volatile("clwb %0" ::"m"(*p) : "memory");
		else if (insn == CLEAN_CLFLUSHOPT)
			__asm__ volatile("clflushopt %0" ::"m"(*p) : "memory");
		else
			__asm__ volatile("clflush %0" ::"m"(*p) : "memory");
	}
	port_wmb();
}

#elif defined(__aarch64__)

/* CTR_EL0.DminLine, bits 19:16: log2 of the words in the smallest data cache line (DDI0487, D19).
 */
void io_pgtable_port_clean(const void *ptr, size_t bytes)
{
	uint64_t ctr, line;
	uintptr_t p, end = (uintptr_t)ptr + bytes;

	__asm__("mrs %0, ctr_el0" : "=r"(ctr));
	line = 4ull << ((ctr >> 16) & 0xf);
	for (p = (uintptr_t)ptr & ~(line - 1); p < end; p += line)
		__asm__ volatile("dc cvac, %0" ::"r"(p) : "memory");
	port_wmb();
}

#else
#error "io-pgtable: no cache cleaning for this processor"
#endif
