/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs: consecutive descriptors of one table, checked and written together.
 *
 * "live" functions write where a walker may be reading, so every descriptor must change with one
 * single-copy atomic store. Two at a time are written with 16-byte stores where the architecture
 * makes both halves atomic (wide is true), which is:
 *   arm64: always. A 128-bit SIMD&FP store that is aligned to 8 bytes is a pair of single-copy
 *     atomic 64-bit stores (Arm ARM DDI0487, B2.2.1 "Requirements for single-copy atomicity").
 *   x86-64: processors with AVX, 16-byte aligned MOVDQA/MOVAPS (Intel SDM vol. 3A, 9.1.1
 *     "Guaranteed Atomic Operations"; AMD APM vol. 2, 7.3.2 "Access Atomicity").
 * Elsewhere, and under TSan, they are stored one by one. (A table that nobody else can reach yet is
 * filled by core/fill.c, with any store.) Reading needs no such care: a run belongs to the calling
 * thread by contract, and what a walker does to it is nothing.
 */
#ifndef CORE_RUN_H
#define CORE_RUN_H

#include "core/port.h"

typedef uint64_t run_pair __attribute__((vector_size(16)));
typedef uint64_t run_pair_unaligned __attribute__((vector_size(16), aligned(8)));

/* The bits that all, and that any, of a run's descriptors have. */
struct run_bits {
	uint64_t all;
	uint64_t any;
};

/* The compiler may neither split nor widen a volatile access of this type. */
static always_inline void run_store_pair(uint64_t *p, run_pair v)
{
	*(volatile run_pair *)p = v;
}

static always_inline run_pair run_load_pair(const uint64_t *p)
{
	return *(const run_pair_unaligned *)p;
}

static always_inline struct run_bits run_bits_scalar(const uint64_t *p, size_t n)
{
	struct run_bits bits = { ~0ull, 0 };

	for (size_t i = 0; i < n; i++) {
		uint64_t desc = __atomic_load_n(p + i, __ATOMIC_RELAXED);

		bits.all &= desc;
		bits.any |= desc;
	}
	return bits;
}

static always_inline struct run_bits run_bits(const uint64_t *p, size_t n)
{
	run_pair all[2] = { { ~0ull, ~0ull }, { ~0ull, ~0ull } }, any[2] = { { 0 }, { 0 } };
	const uint64_t *wide_end = p + (n & ~(size_t)7);
	struct run_bits bits;

	/* Under TSan every access is a relaxed atomic: neighbouring runs share cache lines. */
	if (PORT_TSAN)
		return run_bits_scalar(p, n);
	for (; p != wide_end; p += 8) {
		run_pair a = run_load_pair(p), b = run_load_pair(p + 2);
		run_pair c = run_load_pair(p + 4), d = run_load_pair(p + 6);

		all[0] &= a & b;
		all[1] &= c & d;
		any[0] |= a | b;
		any[1] |= c | d;
	}
	bits = run_bits_scalar(p, n & 7);
	all[0] &= all[1];
	any[0] |= any[1];
	bits.all &= all[0][0] & all[0][1];
	bits.any |= any[0][0] | any[0][1];
	return bits;
}

/* The last few join the vector, so that a short run needs no registers that must be saved. */
static always_inline bool run_is_empty(const uint64_t *p, size_t n)
{
	const uint64_t *end = p + n, *wide_end = p + (n & ~(size_t)7);
	run_pair any[2] = { { 0 }, { 0 } };

	if (PORT_TSAN)
		return !run_bits_scalar(p, n).any;
	for (; p != wide_end; p += 8) {
		any[0] |= run_load_pair(p) | run_load_pair(p + 2);
		any[1] |= run_load_pair(p + 4) | run_load_pair(p + 6);
	}
	for (; p != end; p++)
		any[0] |= (run_pair){ __atomic_load_n(p, __ATOMIC_RELAXED), 0 };
	any[0] |= any[1];
	return !(any[0][0] | any[0][1]);
}

/* How many descriptors from the start have this bit? For when not all have. */
static always_inline size_t run_count(const uint64_t *p, size_t n, uint64_t bit)
{
	size_t i = 0;

	while (i < n && (__atomic_load_n(p + i, __ATOMIC_RELAXED) & bit))
		i++;
	return i;
}

static always_inline void run_fill_live(bool wide, uint64_t *p, size_t n, uint64_t desc,
					uint64_t step)
{
	uint64_t *end = p + n;

	if (likely(wide) && likely(n)) {
		run_pair v[4], two = { 2 * step, 2 * step }, eight = { 8 * step, 8 * step };

		if (unlikely((uintptr_t)p & 8)) {
			port_store(p++, desc);
			desc += step;
		}
		v[0] = (run_pair){ desc, desc + step };
		v[1] = v[0] + two;
		v[2] = v[1] + two;
		v[3] = v[2] + two;
		for (uint64_t *wide_end = p + ((end - p) & ~7l); p != wide_end; p += 8) {
			run_store_pair(p, v[0]);
			run_store_pair(p + 2, v[1]);
			run_store_pair(p + 4, v[2]);
			run_store_pair(p + 6, v[3]);
			v[0] += eight;
			v[1] += eight;
			v[2] += eight;
			v[3] += eight;
		}
		desc = v[0][0];
	}
	for (; p != end; p++, desc += step)
		port_store(p, desc);
}

static always_inline void run_clear_live(bool wide, uint64_t *p, size_t n)
{
	uint64_t *end = p + n;

	if (likely(wide) && likely(n)) {
		if (unlikely((uintptr_t)p & 8))
			port_store(p++, 0);
		for (uint64_t *wide_end = p + ((end - p) & ~7l); p != wide_end; p += 8) {
			run_store_pair(p, (run_pair){ 0, 0 });
			run_store_pair(p + 2, (run_pair){ 0, 0 });
			run_store_pair(p + 4, (run_pair){ 0, 0 });
			run_store_pair(p + 6, (run_pair){ 0, 0 });
		}
	}
	for (; p != end; p++)
		port_store(p, 0);
}

#endif /* CORE_RUN_H */
