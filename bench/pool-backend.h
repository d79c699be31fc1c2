/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool-backend: allocators of table memory behind one interface, struct io_pgtable_mem, so that
 * each can be measured by itself and under a page table.
 *
 * Invariants: every backend gives naturally aligned blocks of 64 bytes to 1 MiB, zeroed where that
 * is asked for; only the project's own makes use of being told that a block reads as zero.
 */
#ifndef BENCH_POOL_BACKEND_H
#define BENCH_POOL_BACKEND_H

#include "io-pgtable.h"

/**
 * struct pool_backend - an allocator
 * @name: its value of the key "backend"
 * @open: fills @mem; 0 or a negative errno
 * @close: the end of it, everything was freed
 * @trim: as much as possible back to the operating system, NULL if it has no such call
 */
struct pool_backend {
	const char *name;
	int (*open)(struct io_pgtable_mem *mem);
	void (*close)(struct io_pgtable_mem *mem);
	void (*trim)(struct io_pgtable_mem *mem);
};

/* All of them, ended by NULL; jemalloc only where it was there when this was built. */
extern const struct pool_backend *const pool_backends[];

#endif /* BENCH_POOL_BACKEND_H */
