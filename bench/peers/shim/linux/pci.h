/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shim pci: the types that AMD's headers name beside the page tables: devices, interrupts, bounce
 * notifiers. Nothing looks into them; they have a size because structures contain them.
 */
#ifndef SHIM_LINUX_PCI_H
#define SHIM_LINUX_PCI_H

#include <linux/iommu.h>
#include <linux/spinlock.h>

typedef int irqreturn_t;

enum { PCI_VENDOR_ID_ATI = 0x1002, PCI_DEVICE_ID_RD890_IOMMU = 0x5a23 };

struct pci_dev {
	unsigned short vendor;
	unsigned short device;
	void *bus;
	struct device dev;
};

struct mmu_notifier {
	void *ops;
};

struct xarray {
	void *head;
};

struct msi_msg {
	u32 address_lo, address_hi, data;
};

struct ratelimit_state {
	int interval;
};

struct iopf_fault;
struct iommu_page_response;
struct mm_struct;
struct irq_remap_table;

#define pci_domain_nr(bus) ((void)(bus), 0)
#define pci_dev_id(pdev)   ((void)(pdev), 0)

/* Never called: no device is attached to anything. */
static inline struct iommu_device *dev_to_iommu_device(struct device *dev)
{
	(void)dev;
	return NULL;
}

#define iommu_get_iommu_dev(dev, type, member) container_of(dev_to_iommu_device(dev), type, member)

#endif /* SHIM_LINUX_PCI_H */
