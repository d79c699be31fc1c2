// SPDX-License-Identifier: GPL-2.0-only
/*
 * measure-zero: where zeroing a table is cheapest, counted together with what follows: a map writes
 * 16 entries of the new table, and a translation reads one.
 *
 * Prints a table; docs/pool.md has what it said and what was decided. Invariants: every way ends
 * with the same table, which is checked; the ways take turns within each round, and medians are of
 * rounds; between making "cold" pages and using them 96 MiB of others are read.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "stats.h"

enum { PAGE = 4096, WARM = 64, COLD = 65536, BATCH = 64, ROUNDS = 61, USED = 16 };

/* More than a last-level cache holds. */
enum { EVICT_PAGES = 24576, LINE = 64 };

static void by_memset(uint64_t *p)
{
	memset(p, 0, PAGE);
}

/* Past the caches, as a thread that zeroes for others would. */
static void by_stream(uint64_t *p)
{
#if defined(__x86_64__)
	for (size_t i = 0; i < PAGE / 8; i++)
		__asm__ volatile("movnti %1, %0" : "=m"(p[i]) : "r"(0ull));
	__asm__ volatile("sfence" ::: "memory");
#elif defined(__aarch64__)
	for (size_t i = 0; i < PAGE / 8; i += 2)
		__asm__ volatile("stnp xzr, xzr, [%0]" ::"r"(p + i) : "memory");
#else
	memset(p, 0, PAGE);
#endif
}

/*
 * arm64: whole lines without reading them; DCZID_EL0 says how long they are, or that it may not be.
 */
static void by_line(uint64_t *p)
{
#if defined(__aarch64__)
	uint64_t dczid, line;

	__asm__("mrs %0, dczid_el0" : "=r"(dczid));
	line = 4ull << (dczid & 15);
	if (dczid & 16)
		memset(p, 0, PAGE);
	else
		for (uint64_t at = 0; at < PAGE; at += line)
			__asm__ volatile("dc zva, %0" ::"r"((char *)p + at) : "memory");
#elif defined(__x86_64__)
	uint64_t n = PAGE;

	__asm__ volatile("rep stosb" : "+D"(p), "+c"(n) : "a"(0) : "memory");
#endif
}

/* It was done before: a page that is known to be zero. */
static void by_nobody(uint64_t *p)
{
}

static const struct way {
	const char *name;
	void (*zero)(uint64_t *p);
} ways[] = {
	{ "nothing: it is known to be zero", by_nobody },
	{ "memset", by_memset },
#if defined(__aarch64__)
	{ "dc zva", by_line },
#else
	{ "rep stosb", by_line },
#endif
	{ "non-temporal stores", by_stream },
};

enum { NR_WAYS = sizeof(ways) / sizeof(ways[0]) };

static void use(uint64_t *p, uint64_t seed)
{
	for (size_t i = 0; i < USED; i++)
		__atomic_store_n(p + (seed + i) % (PAGE / 8), seed | 1, __ATOMIC_RELAXED);
}

static bool is_right(const uint64_t *p, uint64_t seed)
{
	size_t used = 0;

	for (size_t i = 0; i < PAGE / 8; i++)
		used += p[i] == (seed | 1);
	for (size_t i = 0; i < PAGE / 8; i++)
		if (p[i] && p[i] != (seed | 1))
			return false;
	return used == USED;
}

/* One round of one way over a batch of pages from pool[first] on; ns a page, negative if wrong. */
static double round_of(const struct way *way, uint64_t **pool, size_t first, size_t pages)
{
	uint64_t sum = 0, start;
	bool right = true;
	double ns;

	/* What is known to be zero was made so long before, like a page that was freed as zero. */
	for (size_t i = 0; i < BATCH; i++)
		memset(pool[(first + i) % pages], way->zero == by_nobody ? 0 : 0x55, PAGE);
	for (size_t i = 0; pages == COLD && i < EVICT_PAGES; i++)
		for (size_t at = 0; at < PAGE; at += LINE)
			*((volatile char *)pool[(first + COLD / 4 + i) % pages] + at);
	start = bench_clock_ns();
	for (size_t i = 0; i < BATCH; i++) {
		uint64_t *p = pool[(first + i) % pages];

		way->zero(p);
		use(p, first + i);
		sum += p[(first + i) % (PAGE / 8)];
	}
	ns = bench_clock_span(start, bench_clock_ns()) / BATCH;
	for (size_t i = 0; i < BATCH; i++)
		right = right && is_right(pool[(first + i) % pages], first + i);
	return right && sum ? ns : -1;
}

static int measure(const char *title, uint64_t **pool, size_t pages)
{
	static double ns[NR_WAYS][ROUNDS];
	size_t first = 0;

	for (int round = 0; round < ROUNDS; round++)
		for (int w = 0; w < NR_WAYS; w++) {
			ns[w][round] = round_of(&ways[w], pool, first, pages);
			if (ns[w][round] < 0) {
				fprintf(stderr, "measure-zero: %s left a wrong table\n",
					ways[w].name);
				return 1;
			}
			first = (first + BATCH) % pages;
		}
	for (int w = 0; w < NR_WAYS; w++) {
		stats_sort(ns[w], ROUNDS);
		printf("%-6s %-34s %8.1f ns a table\n", title, ways[w].name,
		       stats_quantile(ns[w], ROUNDS, 0.5));
	}
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t **pool;
	char *memory;
	int status = 1;

	if (argc > 1) {
		fprintf(stderr, "measure-zero: takes no arguments; see docs/pool.md\n");
		return 2;
	}
	pool = calloc(COLD, sizeof(*pool));
	memory = aligned_alloc(2 << 20, (size_t)COLD * PAGE);
	if (pool && memory) {
		memset(memory, 1, (size_t)COLD * PAGE);
		for (size_t i = 0; i < COLD; i++)
			pool[i] = (uint64_t *)(memory + i * PAGE);
		bench_clock_calibrate();
		status = measure("warm", pool, WARM) || measure("cold", pool, COLD);
	} else {
		fprintf(stderr, "measure-zero: needs 256 MiB of memory\n");
	}
	free(memory);
	free(pool);
	return status;
}
