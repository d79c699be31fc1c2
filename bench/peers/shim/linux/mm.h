/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shim mm: pages, addresses and what counts them.
 *
 * Physical addresses are virtual ones, so a translation costs nothing (the kernel adds an offset
 * that it loads from memory). A struct page is the page itself, seen as the list entry that it
 * becomes once it is free: finding one from the other costs nothing either, and a page that is put
 * on a list dirties a cache line that its next user has to zero anyway. The statistics that the
 * kernel keeps of such pages are not kept. Invariant: nothing looks at struct page while the page
 * holds a table.
 */
#ifndef SHIM_LINUX_MM_H
#define SHIM_LINUX_MM_H

#include "peer-runtime.h"

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/list.h>

#define PAGE_SHIFT 12
#define PAGE_SIZE  (1ul << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

/* Only the zones mean something here: all memory is zeroed, nothing sleeps. */
#define GFP_KERNEL    0x1u
#define GFP_ATOMIC    0x2u
#define GFP_DMA	      0x4u
#define GFP_DMA32     0x4u
#define __GFP_ZERO    0x8u
#define __GFP_HIGHMEM 0x10u

#define NUMA_NO_NODE (-1)

struct page {
	struct list_head lru;
};

enum { NR_IOMMU_PAGES, NR_SECONDARY_PAGETABLE };

#define page_pgdat(page)			 ((void)(page), NULL)
#define mod_node_page_state(node, item, delta)	 ((void)(node), (void)(delta))
#define mod_lruvec_page_state(page, item, delta) ((void)(page), (void)(delta))

static inline phys_addr_t virt_to_phys(const volatile void *virt)
{
	return (phys_addr_t)virt;
}

static inline void *phys_to_virt(phys_addr_t phys)
{
	return (void *)phys;
}

#define __pa(virt)   ((phys_addr_t)(virt))
#define __va(phys)   ((void *)(phys))
#define __sme_set(x) (x)
#define __sme_clr(x) (x)

static inline struct page *virt_to_page(const void *virt)
{
	return (struct page *)virt;
}

static inline void *page_address(const struct page *page)
{
	return (void *)page;
}

static inline int get_order(unsigned long size)
{
	return size <= PAGE_SIZE ? 0 : (int)__fls(size - 1) + 1 - PAGE_SHIFT;
}

static inline struct page *alloc_pages(gfp_t gfp, unsigned int order)
{
	return peer_alloc(PAGE_SHIFT + order, gfp & GFP_DMA32);
}

static inline struct page *alloc_pages_node(int node, gfp_t gfp, unsigned int order)
{
	(void)node;
	return alloc_pages(gfp, order);
}

static inline void __free_pages(struct page *page, unsigned int order)
{
	peer_free(page, PAGE_SHIFT + order);
}

static inline void put_page(struct page *page)
{
	peer_free(page, PAGE_SHIFT);
}

static inline unsigned long __get_free_pages(gfp_t gfp, unsigned int order)
{
	return (unsigned long)alloc_pages(gfp, order);
}

static inline void free_pages(unsigned long virt, unsigned int order)
{
	if (virt)
		peer_free((void *)virt, PAGE_SHIFT + order);
}

#endif /* SHIM_LINUX_MM_H */
