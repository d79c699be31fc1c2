// SPDX-License-Identifier: GPL-2.0-only
/*
 * The versions of core/fill.h. Measured on a processor with 512-bit vectors: 16 bytes at a time
 * 0.107 ns per entry, 32 bytes 0.047, 64 bytes 0.039 (0.071 for both where the tables come from
 * L2): 64 bytes are not worth a version.
 */
#include "core/fill.h"

#include "core/run.h"

static struct run_bits bits_baseline(const pt_entry *p, size_t n)
{
	return run_bits(p, n);
}

static void fill_baseline(pt_entry *p, size_t n, uint64_t desc, uint64_t step)
{
	run_fill_live(!PORT_TSAN, p, n, desc, step);
}

/*
 * Non-temporal stores to write-back memory: what caches have of it is evicted, and the data goes to
 * memory (Intel SDM vol. 1, 10.4.6.2 "Caching of Temporal vs. Non-Temporal Data"; AMD APM vol. 4,
 * MOVNTDQ), so that no line is left to be cleaned for a walker that does not snoop. No other
 * architecture here promises that.
 */
#if defined(__x86_64__) && !PORT_TSAN
static void fill_past(pt_entry *p, size_t n, uint64_t desc, uint64_t step)
{
	run_vec v = RUN_RAMP((pt_entry)desc, (pt_entry)step);
	run_vec next = RUN_SAME((pt_entry)(RUN_LANES * step));

	for (pt_entry *end = p + n; p != end; p += RUN_LANES, v += next)
		__asm__ volatile("movntdq %1, %0" : "=m"(*(run_vec *)p) : "x"(v));
	port_wmb();
}
#else
#define fill_past NULL
#endif

static always_inline uint64_t match_scalar(const pt_entry *p, unsigned int from, unsigned int n,
					   uint64_t mask, uint64_t value)
{
	uint64_t bits = 0;

	for (unsigned int i = from; i < n; i++)
		bits |= (uint64_t)((__atomic_load_n(p + i, __ATOMIC_RELAXED) & mask) == value) << i;
	return bits;
}

#if PT_ENTRY_BITS == 64
/*
 * Lanes that match keep their bit; the bits move up with the descriptors. (Whoever changes a
 * descriptor meanwhile, a walker that is, changes it before or after we look: lanes need be whole,
 * not together.)
 */
static uint64_t match_baseline(const pt_entry *p, unsigned int n, uint64_t mask, uint64_t value)
{
	run_vec m = { mask, mask }, v = { value, value }, bit = { 1, 2 }, found = { 0, 0 };
	unsigned int i = 0;

	if (PORT_TSAN)
		return match_scalar(p, 0, n, mask, value);
	for (; i + 2 <= n; i += 2, bit <<= 2)
		found |= (run_vec)((run_load_vec(p + i) & m) == v) & bit;
	return found[0] | found[1] | match_scalar(p, i, n, mask, value);
}
#else
/* For dirty state, which no narrow format has. */
static uint64_t match_baseline(const pt_entry *p, unsigned int n, uint64_t mask, uint64_t value)
{
	return match_scalar(p, 0, n, mask, value);
}
#endif

/* A kernel or monitor does not let its code use the larger registers without more ado. */
#if defined(__x86_64__) && __STDC_HOSTED__ && !PORT_TSAN

typedef pt_entry run_quad __attribute__((vector_size(32), aligned(sizeof(pt_entry))));

#define QUAD_LANES (32 / sizeof(pt_entry))
#define QUAD_TURN  (2 * QUAD_LANES)

#if PT_ENTRY_BITS == 64
#define QUAD_SAME(x)	   ((run_quad){ (x), (x), (x), (x) })
#define QUAD_RAMP(x, step) ((run_quad){ (x), (x) + (step), (x) + 2 * (step), (x) + 3 * (step) })
#define QUAD_FOLD(v, op)   ((v)[0] op(v)[1] op(v)[2] op(v)[3])
#else
#define QUAD_SAME(x) ((run_quad){ (x), (x), (x), (x), (x), (x), (x), (x) })
#define QUAD_RAMP(x, step)                                                                    \
	((run_quad){ (x), (x) + (step), (x) + 2 * (step), (x) + 3 * (step), (x) + 4 * (step), \
		     (x) + 5 * (step), (x) + 6 * (step), (x) + 7 * (step) })
#define QUAD_FOLD(v, op) ((v)[0] op(v)[1] op(v)[2] op(v)[3] op(v)[4] op(v)[5] op(v)[6] op(v)[7])
#endif

static __attribute__((target("avx2"))) void fill_avx2(pt_entry *p, size_t n, uint64_t desc,
						      uint64_t step)
{
	run_quad v = QUAD_RAMP((pt_entry)desc, (pt_entry)step);
	run_quad inc = QUAD_SAME((pt_entry)(QUAD_LANES * step));
	size_t i = 0;

	for (; i + QUAD_TURN <= n; i += QUAD_TURN) {
		*(run_quad *)(p + i) = v;
		*(run_quad *)(p + i + QUAD_LANES) = v + inc;
		v += inc + inc;
	}
	for (desc += i * step; i < n; i++, desc += step)
		p[i] = (pt_entry)desc;
}

static __attribute__((target("avx2"))) struct run_bits bits_avx2(const pt_entry *p, size_t n)
{
	run_quad all = QUAD_SAME(~(pt_entry)0), any = { 0 };
	struct run_bits bits = run_bits_scalar(p + (n & ~(QUAD_TURN - 1)), n & (QUAD_TURN - 1));

	for (const pt_entry *end = p + (n & ~(QUAD_TURN - 1)); p != end; p += QUAD_TURN) {
		run_quad a = *(const run_quad *)p, b = *(const run_quad *)(p + QUAD_LANES);

		all &= a & b;
		any |= a | b;
	}
	bits.all &= QUAD_FOLD(all, &);
	bits.any |= QUAD_FOLD(any, |);
	return bits;
}

#if PT_ENTRY_BITS == 64
static __attribute__((target("avx2"))) uint64_t match_avx2(const pt_entry *p, unsigned int n,
							   uint64_t mask, uint64_t value)
{
	run_quad m = { mask, mask, mask, mask }, v = { value, value, value, value };
	run_quad bit = { 1, 2, 4, 8 }, found = { 0 };
	unsigned int i = 0;

	for (; i + 4 <= n; i += 4, bit <<= 4)
		found |= (run_quad)((*(const run_quad *)(p + i) & m) == v) & bit;
	return found[0] | found[1] | found[2] | found[3] | match_scalar(p, i, n, mask, value);
}
#else
#define match_avx2 match_baseline
#endif

/* AVX2 is there and the operating system saves its registers: Intel SDM vol. 1, 14.7.1. */
static bool has_avx2(void)
{
	uint32_t reg[4], low, high;

	port_cpuid(0, reg);
	if (reg[0] < 7)
		return false;
	port_cpuid(1, reg);
	if (!(reg[2] & (1u << 27)) || !(reg[2] & (1u << 28)))
		return false;
	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	port_cpuid(7, reg);
	return (low & 6) == 6 && (reg[1] & (1u << 5));
}

const struct pt_vectors pt_vectors_versions[] = {
	{ fill_baseline, fill_past, bits_baseline, match_baseline },
	{ fill_avx2, fill_past, bits_avx2, match_avx2 },
};

#else

static bool has_avx2(void)
{
	return false;
}

const struct pt_vectors pt_vectors_versions[] = { { fill_baseline, fill_past, bits_baseline,
						    match_baseline } };

#endif

const unsigned int pt_vectors_nr = sizeof(pt_vectors_versions) / sizeof(pt_vectors_versions[0]);

const struct pt_vectors *pt_vectors_choose(void)
{
	static const struct pt_vectors *chosen;
	const struct pt_vectors *known = __atomic_load_n(&chosen, __ATOMIC_RELAXED);

	/* Every thread that comes early makes the same choice. */
	if (unlikely(!known)) {
		known = &pt_vectors_versions[has_avx2()];
		__atomic_store_n(&chosen, known, __ATOMIC_RELAXED);
	}
	return known;
}
