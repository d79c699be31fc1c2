/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shim types: the kernel's basic types and the words it has for the compiler.
 *
 * Invariant of the whole shim: what Linux does inline on its fast path is inline here and costs no
 * more; no header of the C library is included, because a build with the kernel's own flags has no
 * floating-point registers that the library's inline functions could return a value in.
 */
#ifndef SHIM_LINUX_TYPES_H
#define SHIM_LINUX_TYPES_H

#include <stdbool.h>
#include <stddef.h>

typedef signed char s8;
typedef short s16;
typedef int s32;
typedef long long s64;
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef unsigned __int128 u128;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef long ssize_t;
typedef u64 phys_addr_t;
typedef u64 dma_addr_t;
typedef unsigned int gfp_t;
typedef unsigned int slab_flags_t;

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define __always_inline inline __attribute__((always_inline))
#define noinline	__attribute__((noinline))
#define __noipa		__attribute__((noipa))
#define __init
#define __initdata
#define __initconst
#define __iomem
#define barrier() __asm__ volatile("" ::: "memory")

#define READ_ONCE(x)	 (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile typeof(x) *)&(x) = (v))

#define ULONG_MAX (~0ul)

enum {
	ENOMEM = 12,
	EFAULT = 14,
	EEXIST = 17,
	ENODEV = 19,
	EINVAL = 22,
	ERANGE = 34,
};

#endif /* SHIM_LINUX_TYPES_H */
