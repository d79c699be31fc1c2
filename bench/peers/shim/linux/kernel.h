/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shim kernel: arithmetic helpers, messages, warnings and initcalls.
 *
 * Invariant: a warning costs the warned-about path one predicted branch, as in the kernel, and is
 * counted by the runtime, so that a test can ask whether there was any.
 */
#ifndef SHIM_LINUX_KERNEL_H
#define SHIM_LINUX_KERNEL_H

#include "peer-runtime.h"

#include <linux/types.h>

#define container_of(ptr, type, member) \
	((type *)((char *)(1 ? (ptr) : &((type *)0)->member) - offsetof(type, member)))

#define ARRAY_SIZE(a)	   (sizeof(a) / sizeof((a)[0]))
#define DIV_ROUND_UP(n, d) (((n) + (d)-1) / (d))
#define IS_ALIGNED(x, a)   (((x) & ((typeof(x))(a)-1)) == 0)
#define upper_32_bits(n)   ((u32)((n) >> 16 >> 16))

#define min_t(type, a, b)                      \
	({                                     \
		type min_a = (a), min_b = (b); \
		min_a < min_b ? min_a : min_b; \
	})
#define max_t(type, a, b)                      \
	({                                     \
		type max_a = (a), max_b = (b); \
		max_a > max_b ? max_a : max_b; \
	})
#define min(a, b) min_t(typeof(a), a, b)

static inline bool is_power_of_2(unsigned long n)
{
	return n && !(n & (n - 1));
}

/* 1 if the option is defined as 1: its name then expands to a first argument and a comma. */
#define SHIM_SET_1		     0,
#define SHIM_SECOND(a, b, ...)	     b
#define SHIM_IS_SET(first_and_comma) SHIM_SECOND(first_and_comma 1, 0, 0)
#define SHIM_EXPAND(value)	     SHIM_IS_SET(SHIM_SET_##value)
#define IS_ENABLED(option)	     SHIM_EXPAND(option)

#ifndef pr_fmt
#define pr_fmt(fmt) fmt
#endif
#define pr_err(fmt, ...)  peer_printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_warn(fmt, ...) peer_printk(pr_fmt(fmt), ##__VA_ARGS__)
#define pr_info(fmt, ...) peer_printk(pr_fmt(fmt), ##__VA_ARGS__)

#define WARN_ON(condition)                             \
	({                                             \
		bool warn_on = !!(condition);          \
		if (unlikely(warn_on))                 \
			peer_warn(__FILE__, __LINE__); \
		unlikely(warn_on);                     \
	})
#define WARN_ON_ONCE(condition) WARN_ON(condition)
#define WARN(condition, fmt, ...)                                \
	({                                                       \
		bool warn = !!(condition);                       \
		if (unlikely(warn)) {                            \
			peer_printk(pr_fmt(fmt), ##__VA_ARGS__); \
			peer_warn(__FILE__, __LINE__);           \
		}                                                \
		unlikely(warn);                                  \
	})
#define BUG() __builtin_trap()
#define BUG_ON(condition)                \
	do {                             \
		if (unlikely(condition)) \
			BUG();           \
	} while (0)
/* Debian's kernel has no CONFIG_DEBUG_VM: the condition is only compiled. */
#define VM_BUG_ON(condition) ((void)sizeof((long)(condition)))

#define EXPORT_SYMBOL_GPL(symbol)
/* Every file that is compiled with its self-test on gets a name of its own for it. */
#define subsys_initcall(fn)      \
	int peer_initcall(void); \
	int peer_initcall(void)  \
	{                        \
		return fn();     \
	}

#endif /* SHIM_LINUX_KERNEL_H */
