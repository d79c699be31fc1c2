/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * impl-linux: the implementations that the kernel's code adds to the harness.
 */
#ifndef BENCH_IMPL_LINUX_H
#define BENCH_IMPL_LINUX_H

#include "impl.h"

extern const struct bench_impl bench_impl_linux;
extern const struct bench_impl bench_impl_linux_kernel_flags;
extern const struct bench_impl bench_impl_linux_locked_wmb;
extern const struct bench_impl bench_impl_linux_mali;
extern const struct bench_impl bench_impl_linux_v7s;
extern const struct bench_impl bench_impl_linux_dart;
extern const struct bench_impl bench_impl_linux_amdv1;
extern const struct bench_impl bench_impl_linux_amdv2;

#endif /* BENCH_IMPL_LINUX_H */
