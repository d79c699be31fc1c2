// SPDX-License-Identifier: GPL-2.0-only
/*
 * pool-backend: the library's pool, glibc's and jemalloc's aligned_alloc(), and plain mmap(). See
 * pool-backend.h.
 *
 * jemalloc has names of its own here (je_*, bench/CMakeLists.txt): the process's malloc stays what
 * it is.
 */
#define _GNU_SOURCE
#include "pool-backend.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "table-pool.h"

static int pool_open(struct io_pgtable_mem *mem)
{
	struct table_pool *pool = table_pool_create(NULL);

	if (!pool)
		return -ENOMEM;
	table_pool_mem(pool, mem);
	return 0;
}

static void pool_close(struct io_pgtable_mem *mem)
{
	table_pool_destroy(mem->ctx);
}

static void pool_trim(struct io_pgtable_mem *mem)
{
	table_pool_trim(mem->ctx, 0);
}

static const struct pool_backend pool = { "pool", pool_open, pool_close, pool_trim };

static void nothing(struct io_pgtable_mem *mem)
{
}

static void *zeroed(void *ptr, size_t bytes, unsigned int flags)
{
	if (ptr && (flags & IO_PGTABLE_MEM_ZERO))
		memset(ptr, 0, bytes);
	return ptr;
}

static void *malloc_alloc(void *ctx, size_t bytes, unsigned int flags)
{
	return zeroed(aligned_alloc(bytes, bytes), bytes, flags);
}

static void malloc_free(void *ctx, void *ptr, size_t bytes, unsigned int flags)
{
	free(ptr);
}

static int malloc_open(struct io_pgtable_mem *mem)
{
	*mem = (struct io_pgtable_mem){ .alloc = malloc_alloc, .free = malloc_free };
	return 0;
}

static void malloc_trim_all(struct io_pgtable_mem *mem)
{
	malloc_trim(0);
}

static const struct pool_backend glibc = { "malloc", malloc_open, nothing, malloc_trim_all };

#ifdef HAVE_JEMALLOC
void *je_aligned_alloc(size_t alignment, size_t bytes);
void je_sdallocx(void *ptr, size_t bytes, int flags);
int je_mallctl(const char *name, void *old, size_t *old_bytes, void *new, size_t new_bytes);

static void *jemalloc_alloc(void *ctx, size_t bytes, unsigned int flags)
{
	return zeroed(je_aligned_alloc(bytes, bytes), bytes, flags);
}

/* The cheaper way for a caller who knows the size; blocks are never larger than their alignment. */
static void jemalloc_free(void *ctx, void *ptr, size_t bytes, unsigned int flags)
{
	je_sdallocx(ptr, bytes, __builtin_ctzll(bytes)); /* MALLOCX_LG_ALIGN */
}

static int jemalloc_open(struct io_pgtable_mem *mem)
{
	*mem = (struct io_pgtable_mem){ .alloc = jemalloc_alloc, .free = jemalloc_free };
	return 0;
}

/* 4096 stands for all arenas (MALLCTL_ARENAS_ALL). */
static void jemalloc_trim(struct io_pgtable_mem *mem)
{
	je_mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
	je_mallctl("arena.4096.purge", NULL, NULL, NULL, 0);
}

static const struct pool_backend jemalloc = { "jemalloc", jemalloc_open, nothing, jemalloc_trim };
#endif

/* A mapping for each block; what lies around an aligned one is given back at once. */
static void *mmap_alloc(void *ctx, size_t bytes, unsigned int flags)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = bytes < page ? page : bytes;
	size_t spare = size > page ? size : 0;
	char *map = mmap(NULL, size + spare, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	char *ptr;

	if (map == MAP_FAILED)
		return NULL;
	ptr = (char *)(((uintptr_t)map + spare) & ~(uintptr_t)(size - 1));
	if (ptr > map)
		munmap(map, (size_t)(ptr - map));
	if (ptr + size < map + size + spare)
		munmap(ptr + size, (size_t)(map + spare - ptr));
	return ptr;
}

static void mmap_free(void *ctx, void *ptr, size_t bytes, unsigned int flags)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	munmap(ptr, bytes < page ? page : bytes);
}

static int mmap_open(struct io_pgtable_mem *mem)
{
	*mem = (struct io_pgtable_mem){ .alloc = mmap_alloc, .free = mmap_free };
	return 0;
}

static const struct pool_backend plain_mmap = { "mmap", mmap_open, nothing, NULL };

const struct pool_backend *const pool_backends[] = {
	&pool,
#ifdef HAVE_JEMALLOC
	&jemalloc,
#endif
	&glibc,	   &plain_mmap, NULL,
};
