/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs: consecutive descriptors of one table, checked and written together.
 *
 * "live" functions write where a walker may be reading, so every descriptor must change with one
 * single-copy atomic store. Two at a time, four narrow ones, are written with 16-byte stores where
 * the architecture makes both halves atomic (wide is true), and so each aligned part of a half,
 * which is:
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

typedef pt_entry run_vec __attribute__((vector_size(16)));
typedef pt_entry run_vec_unaligned __attribute__((vector_size(16), aligned(sizeof(pt_entry))));

/* Descriptors of a vector, and of what loops look at in one turn. */
#define RUN_LANES (16 / sizeof(pt_entry))
#define RUN_TURN  (4 * RUN_LANES)

#if PT_ENTRY_BITS == 64
#define RUN_SAME(x)	  ((run_vec){ (x), (x) })
#define RUN_RAMP(x, step) ((run_vec){ (x), (x) + (step) })
#define RUN_FOLD(v, op)	  ((v)[0] op(v)[1])
#else
#define RUN_SAME(x)	  ((run_vec){ (x), (x), (x), (x) })
#define RUN_RAMP(x, step) ((run_vec){ (x), (x) + (step), (x) + 2 * (step), (x) + 3 * (step) })
#define RUN_FOLD(v, op)	  ((v)[0] op(v)[1] op(v)[2] op(v)[3])
#endif

/* The bits that all, and that any, of a run's descriptors have. */
struct run_bits {
	uint64_t all;
	uint64_t any;
};

/* The compiler may neither split nor widen a volatile access of this type. */
static always_inline void run_store_vec(pt_entry *p, run_vec v)
{
	*(volatile run_vec *)p = v;
}

static always_inline run_vec run_load_vec(const pt_entry *p)
{
	return *(const run_vec_unaligned *)p;
}

static always_inline struct run_bits run_bits_scalar(const pt_entry *p, size_t n)
{
	struct run_bits bits = { ~0ull, 0 };

	for (size_t i = 0; i < n; i++) {
		uint64_t desc = __atomic_load_n(p + i, __ATOMIC_RELAXED);

		bits.all &= desc;
		bits.any |= desc;
	}
	return bits;
}

static always_inline struct run_bits run_bits(const pt_entry *p, size_t n)
{
	run_vec all[2] = { RUN_SAME(~(pt_entry)0), RUN_SAME(~(pt_entry)0) };
	run_vec any[2] = { { 0 }, { 0 } };
	const pt_entry *wide_end = p + (n & ~(RUN_TURN - 1));
	struct run_bits bits;

	/* Under TSan every access is a relaxed atomic: neighbouring runs share cache lines. */
	if (PORT_TSAN)
		return run_bits_scalar(p, n);
	for (; p != wide_end; p += RUN_TURN) {
		run_vec a = run_load_vec(p), b = run_load_vec(p + RUN_LANES);
		run_vec c = run_load_vec(p + 2 * RUN_LANES), d = run_load_vec(p + 3 * RUN_LANES);

		all[0] &= a & b;
		all[1] &= c & d;
		any[0] |= a | b;
		any[1] |= c | d;
	}
	bits = run_bits_scalar(p, n & (RUN_TURN - 1));
	all[0] &= all[1];
	any[0] |= any[1];
	bits.all &= RUN_FOLD(all[0], &);
	bits.any |= RUN_FOLD(any[0], |);
	return bits;
}

/* The last few join the vector, so that a short run needs no registers that must be saved. */
static always_inline bool run_is_empty(const pt_entry *p, size_t n)
{
	const pt_entry *end = p + n, *wide_end = p + (n & ~(RUN_TURN - 1));
	run_vec any[2] = { { 0 }, { 0 } };

	if (PORT_TSAN)
		return !run_bits_scalar(p, n).any;
	for (; p != wide_end; p += RUN_TURN) {
		any[0] |= run_load_vec(p) | run_load_vec(p + RUN_LANES);
		any[1] |= run_load_vec(p + 2 * RUN_LANES) | run_load_vec(p + 3 * RUN_LANES);
	}
	for (; p != end; p++)
		any[0] |= (run_vec){ __atomic_load_n(p, __ATOMIC_RELAXED), 0 };
	any[0] |= any[1];
	return !RUN_FOLD(any[0], |);
}

/* How many descriptors from the start have this bit? For when not all have. */
static always_inline size_t run_count(const pt_entry *p, size_t n, uint64_t bit)
{
	size_t i = 0;

	while (i < n && (__atomic_load_n(p + i, __ATOMIC_RELAXED) & bit))
		i++;
	return i;
}

/* Is it not yet where a vector may begin? */
static always_inline bool run_is_ahead(const pt_entry *p)
{
	return unlikely((uintptr_t)p & (16 - sizeof(*p)));
}

static always_inline pt_entry *run_wide_end(pt_entry *p, const pt_entry *end)
{
	return p + ((end - p) & ~((long)RUN_TURN - 1));
}

static always_inline void run_fill_live(bool wide, pt_entry *p, size_t n, uint64_t desc,
					uint64_t step)
{
	pt_entry *end = p + n;

	if (likely(wide) && likely(n)) {
		run_vec v[4], next = RUN_SAME((pt_entry)(RUN_LANES * step));
		run_vec turn = RUN_SAME((pt_entry)(RUN_TURN * step));

		if (run_is_ahead(p)) {
			do {
				port_store(p++, desc);
				desc += step;
			} while (RUN_LANES > 2 && run_is_ahead(p) && p != end);
		}
		v[0] = RUN_RAMP((pt_entry)desc, (pt_entry)step);
		v[1] = v[0] + next;
		v[2] = v[1] + next;
		v[3] = v[2] + next;
		for (pt_entry *wide_end = run_wide_end(p, end); p != wide_end; p += RUN_TURN) {
			run_store_vec(p, v[0]);
			run_store_vec(p + RUN_LANES, v[1]);
			run_store_vec(p + 2 * RUN_LANES, v[2]);
			run_store_vec(p + 3 * RUN_LANES, v[3]);
			v[0] += turn;
			v[1] += turn;
			v[2] += turn;
			v[3] += turn;
		}
		desc = v[0][0];
	}
	for (; p != end; p++, desc += step)
		port_store(p, desc);
}

/*
 * n entries in groups of one > 1 same ones, each aligned to its size; step from a group to the
 * next.
 */
static always_inline void run_fill_groups(bool wide, pt_entry *p, size_t n, size_t one,
					  uint64_t desc, uint64_t step)
{
	for (pt_entry *end = p + n, *next; p != end; desc += step) {
		run_vec v = RUN_SAME((pt_entry)desc);

		next = p + one;
		if (likely(wide) && likely(one >= RUN_TURN)) {
			for (; p != next; p += RUN_TURN) {
				run_store_vec(p, v);
				run_store_vec(p + RUN_LANES, v);
				run_store_vec(p + 2 * RUN_LANES, v);
				run_store_vec(p + 3 * RUN_LANES, v);
			}
		} else if (wide && one >= RUN_LANES) {
			for (; p != next; p += RUN_LANES)
				run_store_vec(p, v);
		} else {
			for (; p != next; p++)
				port_store(p, desc);
		}
	}
}

/*
 * Changes the same bits of n descriptors. Where a walker changes bits too it must be known that it
 * does not change these descriptors now.
 */
static always_inline void run_flip_live(bool wide, pt_entry *p, size_t n, uint64_t flip)
{
	pt_entry *end = p + n;

	if (likely(wide) && n >= RUN_LANES) {
		for (; run_is_ahead(p); p++)
			port_store(p, port_load(p) ^ flip);
		for (; (size_t)(end - p) >= RUN_LANES; p += RUN_LANES)
			run_store_vec(p, run_load_vec(p) ^ RUN_SAME((pt_entry)flip));
	}
	for (; p != end; p++)
		port_store(p, port_load(p) ^ flip);
}

static always_inline void run_clear_live(bool wide, pt_entry *p, size_t n)
{
	pt_entry *end = p + n;

	if (likely(wide) && likely(n)) {
		if (run_is_ahead(p)) {
			do
				port_store(p++, 0);
			while (RUN_LANES > 2 && run_is_ahead(p) && p != end);
		}
		for (pt_entry *wide_end = run_wide_end(p, end); p != wide_end; p += RUN_TURN) {
			run_store_vec(p, RUN_SAME(0));
			run_store_vec(p + RUN_LANES, RUN_SAME(0));
			run_store_vec(p + 2 * RUN_LANES, RUN_SAME(0));
			run_store_vec(p + 3 * RUN_LANES, RUN_SAME(0));
		}
	}
	for (; p != end; p++)
		port_store(p, 0);
}

#endif /* CORE_RUN_H */
