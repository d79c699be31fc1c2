// SPDX-License-Identifier: GPL-2.0-only
/*
 * linux-glue: makes tables with the kernel's code. Compiled with the shim, once per build of the
 * kernel's code (PEER_NAME), with that build's flags.
 *
 * Invariant: a struct linux_table is where the driver of the kernel would have its struct
 * iommu_domain, so that the callbacks get from one to the other without a lookup.
 */
#include <linux/io-pgtable.h>
#include <linux/sizes.h>
#include <linux/slab.h>

#include "linux-driver.h"
#include "linux-peer.h"

#define SAME_PLACE(ours, our_field, theirs, their_field)                                         \
	_Static_assert(offsetof(struct ours, our_field) == offsetof(struct theirs, their_field), \
		       #their_field)

_Static_assert(sizeof(struct linux_gather) == sizeof(struct iommu_iotlb_gather), "gather");
SAME_PLACE(linux_gather, start, iommu_iotlb_gather, start);
SAME_PLACE(linux_gather, end, iommu_iotlb_gather, end);
SAME_PLACE(linux_gather, pgsize, iommu_iotlb_gather, pgsize);
SAME_PLACE(linux_gather, freelist, iommu_iotlb_gather, freelist);
SAME_PLACE(linux_gather, queued, iommu_iotlb_gather, queued);
SAME_PLACE(linux_ops, map_pages, io_pgtable_ops, map_pages);
SAME_PLACE(linux_ops, unmap_pages, io_pgtable_ops, unmap_pages);
SAME_PLACE(linux_ops, iova_to_phys, io_pgtable_ops, iova_to_phys);
SAME_PLACE(linux_domain_ops, iotlb_sync, iommu_domain_ops, iotlb_sync);
SAME_PLACE(linux_table, domain_ops, iommu_domain, ops);
_Static_assert((int)LINUX_ARM_32_LPAE_S1 == ARM_32_LPAE_S1, "format");
_Static_assert((int)LINUX_ARM_64_LPAE_S2 == ARM_64_LPAE_S2, "format");
_Static_assert((int)LINUX_ARM_V7S == ARM_V7S, "format");
_Static_assert((int)LINUX_AMD_IOMMU_V1 == AMD_IOMMU_V1, "format");
_Static_assert((int)LINUX_AMD_IOMMU_V2 == AMD_IOMMU_V2, "format");
_Static_assert((int)LINUX_APPLE_DART == APPLE_DART, "format");
_Static_assert((int)LINUX_APPLE_DART2 == APPLE_DART2, "format");
_Static_assert((int)LINUX_ARM_MALI_LPAE == ARM_MALI_LPAE, "format");
_Static_assert(LINUX_GFP_ATOMIC == GFP_ATOMIC, "flags");

struct glue_table {
	struct linux_table table;
	struct device dev;
};

/* The level a walk starts at is not told for stage 1: as many levels as the input size needs. */
static unsigned int stage_1_start(const struct io_pgtable_cfg *cfg)
{
	unsigned int page = __ffs(cfg->pgsize_bitmap);

	return 4 - DIV_ROUND_UP(cfg->ias - page, page - 3);
}

/* VTCR.SL0 counts levels downwards, from 2 with 4K pages and from 3 with larger ones. */
static unsigned int stage_2_start(const struct io_pgtable_cfg *cfg)
{
	return (cfg->pgsize_bitmap & SZ_4K ? 2 : 3) - cfg->arm_lpae_s2_cfg.vtcr.sl;
}

static void note_root(struct linux_table *t, enum linux_fmt fmt, const struct io_pgtable_cfg *cfg)
{
	if (fmt == LINUX_ARM_32_LPAE_S1 || fmt == LINUX_ARM_64_LPAE_S1) {
		t->root = cfg->arm_lpae_s1_cfg.ttbr;
		t->start_level = stage_1_start(cfg);
	} else if (fmt == LINUX_ARM_32_LPAE_S2 || fmt == LINUX_ARM_64_LPAE_S2) {
		t->root = cfg->arm_lpae_s2_cfg.vttbr;
		t->start_level = stage_2_start(cfg);
	} else if (fmt == LINUX_ARM_V7S) {
		t->root = cfg->arm_v7s_cfg.ttbr;
	}
}

static struct linux_table *glue_alloc(const struct linux_config *config)
{
	struct io_pgtable_cfg cfg = {
		.quirks = config->quirks,
		.pgsize_bitmap = config->pgsize_bitmap,
		.ias = config->ias,
		.oas = config->oas,
		.coherent_walk = config->coherent,
	};
	struct glue_table *g;

	if (config->fmt == LINUX_AMD_IOMMU_V1 || config->fmt == LINUX_AMD_IOMMU_V2)
		return linux_amd_alloc(config->fmt);
	g = kzalloc(sizeof(*g), GFP_KERNEL);
	if (!g)
		return NULL;
	cfg.iommu_dev = &g->dev;
	cfg.tlb = linux_driver_ops(config->fmt);
	g->table.domain_ops = (const struct linux_domain_ops *)&linux_driver_domain_ops;
	g->table.ops = (struct linux_ops *)alloc_io_pgtable_ops((enum io_pgtable_fmt)config->fmt,
								&cfg, &g->table);
	if (!g->table.ops) {
		kfree(g);
		return NULL;
	}
	note_root(&g->table, config->fmt, &cfg);
	return &g->table;
}

static void glue_free(struct linux_table *table)
{
	if (!table)
		return;
	if (linux_is_amd(table)) {
		linux_amd_free(table);
		return;
	}
	free_io_pgtable_ops((struct io_pgtable_ops *)table->ops);
	kfree(container_of(table, struct glue_table, table));
}

static void glue_flush_all(struct linux_table *table)
{
	linux_driver_flush_all(table);
}

const struct linux_peer PEER_NAME = { glue_alloc, glue_free, glue_flush_all };
