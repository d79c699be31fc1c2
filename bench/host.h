/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * host: questions about this host whose answer decides whether a case can run.
 */
#ifndef BENCH_HOST_H
#define BENCH_HOST_H

#include <stdbool.h>
#include <stdint.h>

/**
 * host_available_bytes() - memory that can be used without swapping
 *
 * Return: the kernel's estimate; UINT64_MAX if it gives none.
 */
uint64_t host_available_bytes(void);

/**
 * host_can_clean_lines() - may a program clean cache lines to the point of coherency?
 *
 * arm64 kernels can trap the instruction. Tried once, by executing it. Context: one thread.
 */
bool host_can_clean_lines(void);

#endif /* BENCH_HOST_H */
