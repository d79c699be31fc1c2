/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shim bitops: masks, searches and bit fields; all of them single instructions or constants.
 */
#ifndef SHIM_LINUX_BITOPS_H
#define SHIM_LINUX_BITOPS_H

#include <linux/kernel.h>

#define BITS_PER_LONG 64
#define BIT(n)	      (1ul << (n))
#define BIT_ULL(n)    (1ull << (n))

#define GENMASK_ULL(high, low) ((~0ull << (low)) & (~0ull >> (63 - (high))))
#define GENMASK(high, low)     ((unsigned long)GENMASK_ULL(high, low))

static inline unsigned long __ffs(unsigned long word)
{
	return (unsigned long)__builtin_ctzl(word);
}

static inline unsigned long __fls(unsigned long word)
{
	return (unsigned long)(63 - __builtin_clzl(word));
}

#define ffz(word) __ffs(~(word))
#define ilog2(n)  (63 - __builtin_clzll((unsigned long long)(n)))

#define for_each_set_bit(bit, word, size)        \
	for ((bit) = 0; (bit) < (size); (bit)++) \
		if (*(word) >> (bit)&1)

static inline void set_bit(long nr, volatile unsigned long *word)
{
	__atomic_fetch_or(word, BIT(nr), __ATOMIC_RELAXED);
}

static inline bool test_bit(long nr, const volatile unsigned long *word)
{
	return *word >> nr & 1;
}

static inline bool test_and_clear_bit(long nr, volatile unsigned long *word)
{
	return __atomic_fetch_and(word, ~BIT(nr), __ATOMIC_SEQ_CST) >> nr & 1;
}

#define FIELD_PREP(mask, value) (((typeof(mask))(value) << __builtin_ctzll(mask)) & (mask))

#endif /* SHIM_LINUX_BITOPS_H */
