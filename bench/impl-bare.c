// SPDX-License-Identifier: GPL-2.0-only
/*
 * impl-bare: the least that a map, an unmap and a translation take on this machine, to show how
 * near the library comes to it. Not page tables that anybody should use.
 *
 * Behind the same indirect call as the library's: the loads of a walk of four levels, a look at the
 * entries, their stores two at a time, the barrier or the driver's callbacks. Nothing is checked of
 * addresses, sizes, permissions, levels or races. Only for the base geometry (ARM 64-bit stage 1,
 * 4K granule, 48 bits), tables whose physical addresses are virtual ones, and runs that start at an
 * even entry and stay within one table. Tables that are missing are made by the library, while a
 * case is prepared.
 */
#include <string.h>

#include "cpu-model.h"
#include "driver.h"
#include "impl-loops.h"

#define BARE_CALL static __attribute__((noinline))

static const uint64_t ADDRESS = 0xfffffffff000, LEAF = 0x723, TABLE = 2;

typedef uint64_t pair __attribute__((vector_size(16)));

static bool locked_barrier; /* by every alloc, always the same */

/* As the library does (core/port.h). */
static inline void barrier(void)
{
#if defined(__x86_64__)
	if (__atomic_load_n(&locked_barrier, __ATOMIC_RELAXED))
		__asm__ volatile("lock orl $0, -64(%%rsp)" ::: "memory", "cc");
	else
		__asm__ volatile("sfence" ::: "memory");
#elif defined(__aarch64__)
	__asm__ volatile("dsb st" ::: "memory");
#endif
}

static inline uint64_t *root_of(const struct io_pgtable *iop)
{
	return (uint64_t *)(uintptr_t)iop->cfg.arm_lpae_s1_cfg.ttbr[0];
}

static inline uint64_t *below(uint64_t desc, uint64_t index)
{
	return (uint64_t *)(uintptr_t)(desc & ADDRESS) + (index & 511);
}

/* NULL where a table is missing. */
static inline uint64_t *walk(const struct io_pgtable *iop, uint64_t iova)
{
	uint64_t desc = root_of(iop)[iova >> 39];

	if (__builtin_expect(!(desc & TABLE), 0))
		return NULL;
	desc = *below(desc, iova >> 30);
	if (__builtin_expect(!(desc & TABLE), 0))
		return NULL;
	desc = *below(desc, iova >> 21);
	if (__builtin_expect(!(desc & TABLE), 0))
		return NULL;
	return below(desc, iova >> 12);
}

BARE_CALL size_t make_tables(struct io_pgtable *iop, uint64_t iova, phys_addr_t pa, size_t n)
{
	size_t mapped = 0;

	iop->ops->map_pages(iop, iova, pa, 4096, n, IOMMU_READ, &mapped);
	return mapped;
}

BARE_CALL size_t bare_map_one(struct io_pgtable *iop, uint64_t iova, phys_addr_t pa, size_t n)
{
	uint64_t *slot = walk(iop, iova), desc = pa | LEAF;
	pair any = { 0, 0 }, leaf = { desc, desc + 4096 }, two = { 8192, 8192 };

	if (__builtin_expect(!slot, 0))
		return make_tables(iop, iova, pa, n);
	if (n == 1) {
		if (*slot)
			return 0;
		*(volatile uint64_t *)slot = desc;
	} else {
		for (size_t i = 0; i < n; i += 2)
			any |= *(const pair *)(slot + i);
		if (any[0] | any[1])
			return 0;
		for (size_t i = 0; i < n; i += 2, leaf += two)
			*(volatile pair *)(slot + i) = leaf;
	}
	barrier();
	return n * 4096;
}

BARE_CALL size_t bare_unmap_one(struct io_pgtable *iop, uint64_t iova, size_t n)
{
	uint64_t *slot = walk(iop, iova);
	pair all = { ~0ull, ~0ull };

	if (__builtin_expect(!slot, 0))
		return 0;
	if (n == 1) {
		if (!*slot)
			return 0;
		*(volatile uint64_t *)slot = 0;
	} else {
		for (size_t i = 0; i < n; i += 2)
			all &= *(const pair *)(slot + i);
		if (!(all[0] & all[1] & 1))
			return 0;
		for (size_t i = 0; i < n; i += 2)
			*(volatile pair *)(slot + i) = (pair){ 0, 0 };
	}
	iop->cfg.tlb->tlb_add_range(iova, n * 4096, 12, true, iop->cookie);
	iop->cfg.tlb->tlb_sync(iop->cookie);
	return n * 4096;
}

BARE_CALL phys_addr_t bare_translate_one(struct io_pgtable *iop, uint64_t iova)
{
	const uint64_t *slot = walk(iop, iova);

	return slot ? (*slot & ADDRESS) | (iova & 4095) : 0;
}

/* Called through pointers that no compiler can see through, like a table's operations. */
struct bare_ops {
	size_t (*map)(struct io_pgtable *iop, uint64_t iova, phys_addr_t pa, size_t n);
	size_t (*unmap)(struct io_pgtable *iop, uint64_t iova, size_t n);
	phys_addr_t (*translate)(struct io_pgtable *iop, uint64_t iova);
};

static const struct bare_ops functions = { bare_map_one, bare_unmap_one, bare_translate_one };
static const struct bare_ops *volatile const ops = &functions;

IMPL_INLINE size_t map_one(void *table, uint64_t iova, phys_addr_t pa, size_t pgsize,
			   size_t pgcount, int prot)
{
	return ops->map(table, iova, pa, pgcount);
}

IMPL_INLINE size_t unmap_one(void *table, uint64_t iova, size_t pgsize, size_t pgcount,
			     void *gather)
{
	return ops->unmap(table, iova, pgcount);
}

IMPL_INLINE phys_addr_t translate_one(void *table, uint64_t iova)
{
	return ops->translate(table, iova);
}

static const struct impl_calls bare_calls = { map_one, unmap_one, translate_one };

static void *bare_alloc(const struct bench_domain *domain)
{
	struct cpu_model cpu;

	cpu_model_get(&cpu);
	__atomic_store_n(&locked_barrier, strstr(cpu.id, "AuthenticAMD family 25 ") != NULL,
			 __ATOMIC_RELAXED);
	return bench_impl_core.alloc(domain);
}

static void bare_free(void *table)
{
	bench_impl_core.free(table);
}

static size_t bare_map(void *table, const struct bench_calls *calls)
{
	return impl_loop(&bare_calls, IMPL_MAP, table, calls, NULL);
}

static size_t bare_unmap(void *table, const struct bench_calls *calls)
{
	return impl_loop(&bare_calls, IMPL_UNMAP, table, calls, NULL);
}

static size_t bare_pair(void *table, const struct bench_calls *calls)
{
	return impl_loop(&bare_calls, IMPL_MAP | IMPL_UNMAP, table, calls, NULL);
}

static uint64_t bare_translate(void *table, const struct bench_calls *calls)
{
	return impl_loop(&bare_calls, IMPL_TRANSLATE, table, calls, NULL);
}

static phys_addr_t bare_lookup(void *table, uint64_t iova)
{
	return bench_impl_core.lookup(table, iova);
}

static void bare_gather_init(void *gather)
{
}

static size_t bare_reusable_bytes(void)
{
	return bench_impl_core.reusable_bytes();
}

const struct bench_impl bench_impl_bare = {
	.name = "bare",
	.fmts = 1u << ARM_64_LPAE_S1,
	.brief = true,
	.bare = true,
	.gather_bytes = 64,
	.gather_init = bare_gather_init,
	.alloc = bare_alloc,
	.free = bare_free,
	.map = bare_map,
	.unmap = bare_unmap,
	.pair = bare_pair,
	.translate = bare_translate,
	.lookup = bare_lookup,
	.reusable_bytes = bare_reusable_bytes,
};
