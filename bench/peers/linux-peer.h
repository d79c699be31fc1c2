/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * linux-peer: Linux's page tables, seen from a file that does not include the kernel's headers.
 *
 * The kernel's names are also ours (both descend from the same 2014 series), so no file can include
 * both. Here are structures of the same layout under names of their own, which linux-glue.c checks
 * against the kernel's at compile time; a caller makes the same indirect call through the same
 * table of operations that a driver in the kernel makes. Invariant: the inline functions here do
 * what those of the shim's linux/iommu.h do.
 */
#ifndef BENCH_LINUX_PEER_H
#define BENCH_LINUX_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In the kernel's order: the first four are the library's too. */
enum linux_fmt {
	LINUX_ARM_32_LPAE_S1,
	LINUX_ARM_32_LPAE_S2,
	LINUX_ARM_64_LPAE_S1,
	LINUX_ARM_64_LPAE_S2,
	LINUX_ARM_V7S,
	LINUX_ARM_MALI_LPAE,
	LINUX_AMD_IOMMU_V1,
	LINUX_AMD_IOMMU_V2,
	LINUX_APPLE_DART,
	LINUX_APPLE_DART2,
};

enum { LINUX_GFP_ATOMIC = 2 };

struct linux_gather {
	unsigned long start;
	unsigned long end;
	size_t pgsize;
	void *freelist[2];
	bool queued;
};

struct linux_ops {
	int (*map_pages)(struct linux_ops *ops, unsigned long iova, unsigned long long paddr,
			 size_t pgsize, size_t pgcount, int prot, unsigned int gfp, size_t *mapped);
	size_t (*unmap_pages)(struct linux_ops *ops, unsigned long iova, size_t pgsize,
			      size_t pgcount, struct linux_gather *gather);
	unsigned long long (*iova_to_phys)(struct linux_ops *ops, unsigned long iova);
};

struct linux_table;

struct linux_domain_ops {
	void (*iotlb_sync)(struct linux_table *table, struct linux_gather *gather);
};

/**
 * struct linux_table - a table with the driver that it belongs to
 * @domain_ops: the driver's, as the kernel finds them in its struct iommu_domain
 * @ops: the table's operations
 * @root: physical address of the root table (LPAE formats); v7s: TTBR0
 * @start_level: the level of the root table (LPAE formats)
 */
struct linux_table {
	const struct linux_domain_ops *domain_ops;
	struct linux_ops *ops;
	uint64_t root;
	unsigned int start_level;
};

/**
 * struct linux_config - the table that is wanted
 * @fmt: format
 * @pgsize_bitmap: sizes
 * @ias: input address bits
 * @oas: output address bits
 * @quirks: in the kernel's numbers
 * @coherent: the walker snoops
 */
struct linux_config {
	enum linux_fmt fmt;
	unsigned long pgsize_bitmap;
	unsigned int ias;
	unsigned int oas;
	unsigned long quirks;
	bool coherent;
};

/**
 * struct linux_peer - one build of the kernel's code
 * @alloc: a new table, NULL if the kernel refuses
 * @free: the table and everything in it
 * @flush_all: what a flush queue does when it is drained: the driver invalidates the whole domain
 */
struct linux_peer {
	struct linux_table *(*alloc)(const struct linux_config *config);
	void (*free)(struct linux_table *table);
	void (*flush_all)(struct linux_table *table);
};

extern const struct linux_peer linux_peer;		/* with the library's compiler flags */
extern const struct linux_peer linux_peer_locked_wmb;	/* with core's barrier; LPAE formats only */
extern const struct linux_peer linux_peer_kernel_flags; /* with the kernel's; LPAE formats only */

static inline void linux_gather_init(struct linux_gather *gather)
{
	gather->start = ~0ul;
	gather->end = 0;
	gather->pgsize = 0;
	gather->freelist[0] = gather->freelist[1] = gather->freelist;
	gather->queued = false;
}

static inline void linux_gather_add_range(struct linux_gather *gather, unsigned long iova,
					  size_t size)
{
	unsigned long last = iova + size - 1;

	if (iova < gather->start)
		gather->start = iova;
	if (last > gather->end)
		gather->end = last;
}

static inline void linux_sync(struct linux_table *table, struct linux_gather *gather)
{
	if (table->domain_ops->iotlb_sync)
		table->domain_ops->iotlb_sync(table, gather);
	linux_gather_init(gather);
}

#endif /* BENCH_LINUX_PEER_H */
