// SPDX-License-Identifier: GPL-2.0-only
/*
 * linux-amd: what AMD's page-table code needs of AMD's driver: a domain around the table, and
 * functions to invalidate.
 *
 * Invariant: the struct linux_table is the first member of what contains the kernel's domain, and
 * the domain's lock is taken around an invalidation, as in the driver.
 */
#include "linux-driver.h"

#include <linux/msi.h>
#include <linux/slab.h>

#include "amd_iommu.h"
#include "amd_iommu_types.h"

unsigned long amd_iommu_pgsize_bitmap = AMD_IOMMU_PGSIZES;
int amd_iommu_gpt_level = PAGE_MODE_4_LEVEL;

struct amd_table {
	struct linux_table table;
	struct protection_domain domain;
};

static _Thread_local u64 flushed_bytes;

void amd_iommu_domain_flush_pages(struct protection_domain *domain, u64 address, size_t size)
{
	flushed_bytes += size;
}

void amd_iommu_update_and_flush_device_table(struct protection_domain *domain)
{
	flushed_bytes++;
}

static void iotlb_sync(struct linux_table *table, struct linux_gather *gather)
{
	struct amd_table *t = container_of(table, struct amd_table, table);
	unsigned long flags;

	spin_lock_irqsave(&t->domain.lock, flags);
	amd_iommu_domain_flush_pages(&t->domain, gather->start, gather->end - gather->start + 1);
	spin_unlock_irqrestore(&t->domain.lock, flags);
}

static const struct linux_domain_ops amd_domain_ops = { iotlb_sync };

struct linux_table *linux_amd_alloc(enum linux_fmt fmt)
{
	struct amd_table *t = kzalloc(sizeof(*t), GFP_KERNEL);

	if (!t)
		return NULL;
	spin_lock_init(&t->domain.lock);
	t->domain.iop.pgtbl.cfg.amd.nid = NUMA_NO_NODE;
	t->table.domain_ops = &amd_domain_ops;
	t->table.ops = (struct linux_ops *)alloc_io_pgtable_ops(
		(enum io_pgtable_fmt)fmt, &t->domain.iop.pgtbl.cfg, &t->domain);
	if (!t->table.ops) {
		kfree(t);
		return NULL;
	}
	return &t->table;
}

void linux_amd_free(struct linux_table *table)
{
	free_io_pgtable_ops((struct io_pgtable_ops *)table->ops);
	kfree(container_of(table, struct amd_table, table));
}

bool linux_is_amd(const struct linux_table *table)
{
	return table->domain_ops == &amd_domain_ops;
}
