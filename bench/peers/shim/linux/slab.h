/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * shim slab: small objects. A cache of objects is the runtime's stack for objects of that size, so
 * making and destroying one costs next to nothing, where the kernel's takes locks.
 */
#ifndef SHIM_LINUX_SLAB_H
#define SHIM_LINUX_SLAB_H

#include <linux/mm.h>

#define SLAB_CACHE_DMA	 GFP_DMA
#define SLAB_CACHE_DMA32 GFP_DMA32

#define kmemleak_ignore(ptr) ((void)(ptr))

struct kmem_cache {
	unsigned int size_lg2;
	bool low;
};

static inline void *kmalloc(size_t size, gfp_t gfp)
{
	(void)gfp;
	return peer_malloc(size, false);
}

static inline void *kzalloc(size_t size, gfp_t gfp)
{
	(void)gfp;
	return peer_malloc(size, true);
}

static inline void kfree(const void *ptr)
{
	peer_mfree((void *)ptr);
}

static inline struct kmem_cache *kmem_cache_create(const char *name, unsigned int size,
						   unsigned int align, slab_flags_t flags,
						   void (*ctor)(void *))
{
	struct kmem_cache *cache = kmalloc(sizeof(*cache), GFP_KERNEL);

	(void)name;
	(void)align;
	(void)ctor;
	if (cache) {
		cache->size_lg2 = ilog2(size);
		cache->low = flags & SLAB_CACHE_DMA32;
	}
	return cache;
}

static inline void kmem_cache_destroy(struct kmem_cache *cache)
{
	kfree(cache);
}

static inline void *kmem_cache_zalloc(struct kmem_cache *cache, gfp_t gfp)
{
	(void)gfp;
	return peer_alloc(cache->size_lg2, cache->low);
}

static inline void kmem_cache_free(struct kmem_cache *cache, void *object)
{
	peer_free(object, cache->size_lg2);
}

#endif /* SHIM_LINUX_SLAB_H */
