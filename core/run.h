/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs: consecutive descriptors of one table, checked and written together.
 *
 * "live" functions write where a walker may be reading: every descriptor is one single-copy atomic
 * 64-bit store. "private" ones fill a table that nobody else can reach yet. Reading needs no such
 * care: a run belongs to the calling thread by contract, and what a walker does to it is nothing.
 * Under TSan every access is a relaxed atomic, since neighbouring runs share cache lines.
 */
#ifndef CORE_RUN_H
#define CORE_RUN_H

#include "core/port.h"

static always_inline uint64_t run_peek(const uint64_t *p)
{
	return PORT_TSAN ? __atomic_load_n(p, __ATOMIC_RELAXED) : *p;
}

/* Is every descriptor empty? */
static always_inline bool run_is_empty(const uint64_t *p, size_t n)
{
	uint64_t any[4] = { 0, 0, 0, 0 };
	size_t i = 0;

	for (; i + 4 <= n; i += 4) {
		any[0] |= run_peek(p + i);
		any[1] |= run_peek(p + i + 1);
		any[2] |= run_peek(p + i + 2);
		any[3] |= run_peek(p + i + 3);
	}
	for (; i < n; i++)
		any[0] |= run_peek(p + i);
	return !(any[0] | any[1] | any[2] | any[3]);
}

/* How many descriptors from the start are not empty? */
static always_inline size_t run_count(const uint64_t *p, size_t n)
{
	size_t i = 0;

	for (; i + 4 <= n; i += 4)
		if (!run_peek(p + i) | !run_peek(p + i + 1) | !run_peek(p + i + 2) |
		    !run_peek(p + i + 3))
			break;
	while (i < n && run_peek(p + i))
		i++;
	return i;
}

static always_inline void run_fill_live(uint64_t *p, size_t n, uint64_t desc, uint64_t step)
{
	for (size_t i = 0; i < n; i++, desc += step)
		port_store(p + i, desc);
}

static always_inline void run_clear_live(uint64_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		port_store(p + i, 0);
}

static always_inline void run_fill_private(uint64_t *p, size_t n, uint64_t desc, uint64_t step)
{
	for (size_t i = 0; i < n; i++, desc += step)
		p[i] = desc;
}

#endif /* CORE_RUN_H */
