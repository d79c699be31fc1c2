/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * peer-runtime: what the shim needs of the environment, in plain C types, so that both the kernel's
 * side and ours can include it.
 *
 * Memory comes from a stack per thread and size, so that what was freed last, and is warm, is
 * handed out first; the memory below is large pages, touched before any of it is handed out.
 * Invariants: what peer_alloc() returns is aligned to its size and reads as zero, as the kernel's
 * tables must; its address is below 64 GiB (what the smallest descriptor format can hold), with
 * @low below 4 GiB.
 */
#ifndef BENCH_PEER_RUNTIME_H
#define BENCH_PEER_RUNTIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * peer_alloc() - zeroed memory
 * @size_lg2: log2 of its size, 6 to 21
 * @low: below 4 GiB
 *
 * Return: the memory, or NULL. Context: any thread.
 */
void *peer_alloc(unsigned int size_lg2, bool low);

/**
 * peer_free() - give memory back, to the calling thread's stack
 * @ptr: what peer_alloc() returned
 * @size_lg2: its size
 */
void peer_free(void *ptr, unsigned int size_lg2);

/**
 * peer_allocated() - how often this thread has called peer_alloc()
 */
uint64_t peer_allocated(void);

/**
 * peer_reusable_bytes() - memory that no thread holds any more
 */
size_t peer_reusable_bytes(void);

/**
 * peer_malloc() - memory for bookkeeping
 * @size: bytes
 * @zero: zeroed
 */
void *peer_malloc(size_t size, bool zero);

/**
 * peer_mfree() - the inverse of peer_malloc()
 * @ptr: the memory or NULL
 */
void peer_mfree(void *ptr);

/**
 * peer_clean() - write the cache lines of a range back to memory
 * @ptr: start
 * @bytes: length
 */
void peer_clean(const void *ptr, size_t bytes);

/**
 * peer_printk() - a message of the kernel's code, to stderr
 * @fmt: as printf
 */
void peer_printk(const char *fmt, ...) __attribute__((__format__(__printf__, 1, 2)));

/**
 * peer_warn() - count a warning, and show where unless they are expected
 * @file: the place
 * @line: the place
 */
void peer_warn(const char *file, int line) __attribute__((__cold__, __noinline__));

/**
 * peer_warnings() - how many there were
 */
uint64_t peer_warnings(void);

/**
 * peer_expect_warnings() - whether peer_warn() is silent
 * @expected: it is
 */
void peer_expect_warnings(bool expected);

#endif /* BENCH_PEER_RUNTIME_H */
