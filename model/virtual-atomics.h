/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Put in front of a source file by the compiler's -include: its atomics are simulated (virtual.h),
 * and what it defines has other names, so that it can be linked beside the library's own.
 */
#ifndef MODEL_VIRTUAL_ATOMICS_H
#define MODEL_VIRTUAL_ATOMICS_H

#include "model/virtual-names.h"
#include "model/virtual.h"

#define PORT_VIRTUAL 1

#define __atomic_load_n(p, ...)	    (virtual_load(p), __atomic_load_n(p, __VA_ARGS__))
#define __atomic_store_n(p, ...)    (virtual_store(p), __atomic_store_n(p, __VA_ARGS__))
#define __atomic_exchange_n(p, ...) (virtual_rmw(p), __atomic_exchange_n(p, __VA_ARGS__))
#define __atomic_fetch_add(p, ...)  (virtual_rmw(p), __atomic_fetch_add(p, __VA_ARGS__))
#define __atomic_add_fetch(p, ...)  (virtual_rmw(p), __atomic_add_fetch(p, __VA_ARGS__))
#define __atomic_fetch_or(p, ...)   (virtual_rmw(p), __atomic_fetch_or(p, __VA_ARGS__))
#define __atomic_fetch_and(p, ...)  (virtual_rmw(p), __atomic_fetch_and(p, __VA_ARGS__))
#define __atomic_fetch_xor(p, ...)  (virtual_rmw(p), __atomic_fetch_xor(p, __VA_ARGS__))
#define __atomic_compare_exchange_n(p, ...) \
	(virtual_rmw(p), __atomic_compare_exchange_n(p, __VA_ARGS__))

/* The page table itself is not simulated: what an unmap takes is a setting (virtual-smmu.h). */
#define io_pgtable_unmap virtual_io_pgtable_unmap

#endif /* MODEL_VIRTUAL_ATOMICS_H */
