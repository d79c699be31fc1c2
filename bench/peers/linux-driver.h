/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * linux-driver: the drivers that the kernel's tables are given, for files that are compiled with
 * the shim.
 *
 * LPAE, v7s and DART tables get one that gathers as the SMMUv3 driver does: a callback per page
 * adds to the gather, one callback at the end invalidates. AMD's tables call nobody; their driver
 * adds each call's range itself. Invariant: the callbacks are in a file of their own, so that no
 * compiler can look into them from the page-table code, as for the library (bench/driver.h).
 */
#ifndef BENCH_LINUX_DRIVER_H
#define BENCH_LINUX_DRIVER_H

#include <linux/io-pgtable.h>

#include "linux-peer.h"

extern const struct iommu_domain_ops linux_driver_domain_ops;

/**
 * linux_driver_ops() - the callbacks for a format
 * @fmt: the format
 */
const struct iommu_flush_ops *linux_driver_ops(enum linux_fmt fmt);

/**
 * linux_driver_flush_all() - invalidate everything
 * @table: the table
 */
void linux_driver_flush_all(struct linux_table *table);

#ifdef CONFIG_AMD_IOMMU
/**
 * linux_amd_alloc() - an AMD table with the domain that it must be part of
 * @fmt: LINUX_AMD_IOMMU_V1 or _V2
 */
struct linux_table *linux_amd_alloc(enum linux_fmt fmt);

/**
 * linux_amd_free() - free it
 * @table: what linux_amd_alloc() returned
 */
void linux_amd_free(struct linux_table *table);

/**
 * linux_is_amd() - is it one of these?
 * @table: any table
 */
bool linux_is_amd(const struct linux_table *table);
#else
static inline struct linux_table *linux_amd_alloc(enum linux_fmt fmt)
{
	(void)fmt;
	return NULL;
}

static inline void linux_amd_free(struct linux_table *table)
{
	(void)table;
}

static inline bool linux_is_amd(const struct linux_table *table)
{
	(void)table;
	return false;
}
#endif

#endif /* BENCH_LINUX_DRIVER_H */
