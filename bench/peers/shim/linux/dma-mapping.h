/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shim dma-mapping: what makes a table visible to a walker that does not snoop.
 *
 * Giving memory to a device writes its cache lines back, as the kernel does on arm64 for a device
 * that is not coherent; taking back what was only written does nothing. A bus address is the
 * physical one.
 */
#ifndef SHIM_LINUX_DMA_MAPPING_H
#define SHIM_LINUX_DMA_MAPPING_H

#include <linux/mm.h>

struct device {
	int node;
};

enum dma_data_direction { DMA_TO_DEVICE = 1 };

#define dev_to_node(dev)       ((dev)->node)
#define set_dev_node(dev, nid) ((dev)->node = (nid))
#define dev_err(dev, fmt, ...) peer_printk(fmt, ##__VA_ARGS__)

static inline void dma_sync_single_for_device(struct device *dev, dma_addr_t addr, size_t size,
					      enum dma_data_direction dir)
{
	(void)dev;
	(void)dir;
	peer_clean(phys_to_virt(addr), size);
}

static inline dma_addr_t dma_map_single(struct device *dev, void *ptr, size_t size,
					enum dma_data_direction dir)
{
	dma_sync_single_for_device(dev, virt_to_phys(ptr), size, dir);
	return virt_to_phys(ptr);
}

#define dma_mapping_error(dev, addr)	       (0)
#define dma_unmap_single(dev, addr, size, dir) ((void)(dev), (void)(addr), (void)(size))

#endif /* SHIM_LINUX_DMA_MAPPING_H */
