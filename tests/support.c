// SPDX-License-Identifier: GPL-2.0-only
/*
 * See support.h. The memory hooks use the C library's allocator, so that AddressSanitizer sees a
 * table that is used after it was freed; without it, a freed table is poisoned with descriptors
 * that translate to an address no test maps.
 */
#include "support.h"

#include <stdio.h>

#define POISON 0xdead0000dead0fffull

/* Every power of two from 4K to 256G. */
#define AMD_V1_SIZES (SZ_512G - SZ_4K)

const struct variant variants[NR_VARIANTS] = {
	{ "arm_64_lpae_s1/4K", ARM_64_LPAE_S1, SZ_4K, SZ_4K | SZ_2M | SZ_1G, 48, 48, 0 },
	{ "arm_64_lpae_s1/16K", ARM_64_LPAE_S1, SZ_16K, SZ_16K | SZ_32M, 48, 48, 0 },
	{ "arm_64_lpae_s1/64K", ARM_64_LPAE_S1, SZ_64K, SZ_64K | SZ_512M | SZ_4T, 52, 52, 0 },
	{ "arm_64_lpae_s2/4K", ARM_64_LPAE_S2, SZ_4K, SZ_4K | SZ_2M | SZ_1G, 40, 48, 0 },
	{ "arm_64_lpae_s2/16K", ARM_64_LPAE_S2, SZ_16K, SZ_16K | SZ_32M, 48, 48, 0 },
	{ "arm_64_lpae_s2/64K", ARM_64_LPAE_S2, SZ_64K, SZ_64K | SZ_512M, 44, 44, 0 },
	{ "arm_32_lpae_s1/4K", ARM_32_LPAE_S1, SZ_4K, SZ_4K | SZ_2M | SZ_1G, 32, 40, 0 },
	{ "arm_32_lpae_s2/4K", ARM_32_LPAE_S2, SZ_4K, SZ_4K | SZ_2M | SZ_1G, 40, 40, 0 },
	{ "arm_mali_lpae", ARM_MALI_LPAE, SZ_4K, SZ_4K | SZ_2M | SZ_1G, 48, 40, 0 },
	{ "apple_dart/4K", APPLE_DART, SZ_4K, SZ_4K, 32, 36, BARE },
	{ "apple_dart/16K", APPLE_DART, SZ_16K, SZ_16K, 36, 36, BARE },
	{ "apple_dart2", APPLE_DART2, SZ_16K, SZ_16K, 38, 42, BARE },
	{ "amd_iommu_v2/4", AMD_IOMMU_V2, SZ_4K, SZ_4K | SZ_2M | SZ_1G, 48, 52,
	  SIGNS | NO_WRITE_ONLY },
	{ "amd_iommu_v2/5", AMD_IOMMU_V2, SZ_4K, SZ_4K | SZ_2M | SZ_1G, 57, 48,
	  SIGNS | NO_WRITE_ONLY },
	{ "intel_vtd_ss/3", INTEL_VTD_SS, SZ_4K, SZ_4K | SZ_2M | SZ_1G, 39, 48, 0 },
	{ "intel_vtd_ss/4", INTEL_VTD_SS, SZ_4K, SZ_4K | SZ_2M | SZ_1G, 47, 52, 0 },
	{ "intel_vtd_ss/5", INTEL_VTD_SS, SZ_4K, SZ_4K | SZ_2M | SZ_1G, 57, 48, 0 },
	{ "intel_vtd_fs/4", INTEL_VTD_FS, SZ_4K, SZ_4K | SZ_2M | SZ_1G, 48, 48,
	  SIGNS | NO_WRITE_ONLY },
	{ "riscv_sv39", RISCV_SV39, SZ_4K, SZ_4K | SZ_2M | SZ_1G, 39, 50, SIGNS | NO_WRITE_ONLY },
	{ "riscv_sv48", RISCV_SV48, SZ_4K, SZ_4K | SZ_2M | SZ_1G | SZ_512G, 48, 56,
	  SIGNS | NO_WRITE_ONLY },
	{ "riscv_sv57", RISCV_SV57, SZ_4K, SZ_4K | SZ_2M | SZ_1G | SZ_512G | SZ_256T, 57, 56,
	  SIGNS | NO_WRITE_ONLY },
	{ "riscv_sv39x4", RISCV_SV39X4, SZ_4K, SZ_4K | SZ_2M | SZ_1G, 41, 50, NO_WRITE_ONLY },
	{ "riscv_sv48x4", RISCV_SV48X4, SZ_4K, SZ_4K | SZ_2M | SZ_1G | SZ_512G, 50, 56,
	  NO_WRITE_ONLY },
	{ "riscv_sv57x4", RISCV_SV57X4, SZ_4K, SZ_4K | SZ_2M | SZ_1G | SZ_512G | SZ_256T, 59, 56,
	  NO_WRITE_ONLY },
	{ "arm_64_lpae_s1/4K+cont", ARM_64_LPAE_S1, SZ_4K,
	  SZ_4K | SZ_64K | SZ_2M | SZ_32M | SZ_1G | SZ_16G, 48, 48, 0 },
	{ "arm_64_lpae_s1/16K+cont", ARM_64_LPAE_S1, SZ_16K, SZ_16K | SZ_2M | SZ_32M | SZ_1G, 48,
	  48, 0 },
	{ "arm_64_lpae_s2/4K+cont", ARM_64_LPAE_S2, SZ_4K,
	  SZ_4K | SZ_64K | SZ_2M | SZ_32M | SZ_1G | SZ_16G, 40, 48, 0 },
	{ "arm_64_lpae_s2/64K+cont", ARM_64_LPAE_S2, SZ_64K, SZ_64K | SZ_2M | SZ_512M | SZ_16G, 44,
	  44, 0 },
	{ "arm_64_lpae_s1/4K+52", ARM_64_LPAE_S1, SZ_4K, SZ_4K | SZ_2M | SZ_1G | SZ_512G, 52, 52,
	  0 },
	{ "arm_64_lpae_s1/16K+52", ARM_64_LPAE_S1, SZ_16K, SZ_16K | SZ_32M | SZ_64G, 52, 52, 0 },
	{ "arm_64_lpae_s2/4K+52", ARM_64_LPAE_S2, SZ_4K, SZ_4K | SZ_64K | SZ_2M | SZ_1G | SZ_512G,
	  50, 52, 0 },
	{ "arm_64_lpae_s2/16K+52", ARM_64_LPAE_S2, SZ_16K, SZ_16K | SZ_32M | SZ_64G, 52, 52, 0 },
	{ "amd_iommu_v1/4", AMD_IOMMU_V1, SZ_4K, AMD_V1_SIZES, 48, 48, 0 },
	{ "amd_iommu_v1/3", AMD_IOMMU_V1, SZ_4K, SZ_4K | SZ_2M | SZ_1G, 39, 52, 0 },
	{ "amd_iommu_v1/6", AMD_IOMMU_V1, SZ_4K, AMD_V1_SIZES, 63, 52, 0 },
	{ "riscv_sv39+napot", RISCV_SV39, SZ_4K, SZ_4K | SZ_64K | SZ_2M | SZ_1G, 39, 50,
	  SIGNS | NO_WRITE_ONLY },
	{ "riscv_sv48x4+napot", RISCV_SV48X4, SZ_4K, SZ_4K | SZ_64K | SZ_2M | SZ_1G | SZ_512G, 50,
	  56, NO_WRITE_ONLY },
	{ "arm_v7s", ARM_V7S, SZ_4K, SZ_4K | SZ_64K | SZ_1M | SZ_16M, 32, 32, NO_RECLAIM | NARROW },
	{ "arm_v7s/single", ARM_V7S, SZ_4K, SZ_4K | SZ_1M, 32, 32, NO_RECLAIM | NARROW },
	{ "arm_v7s/mtk", ARM_V7S, SZ_4K, SZ_4K | SZ_64K | SZ_1M | SZ_16M, 34, 35,
	  NO_RECLAIM | NARROW | MTK },
};

struct recorder recorder;
struct test_memory test_memory;
static bool low_memory; /* of the variant that was configured last */

const struct variant *find_variant(const char *name)
{
	for (size_t i = 0; i < NR_VARIANTS; i++)
		if (!strcmp(variants[i].name, name))
			return &variants[i];
	return NULL;
}

uint64_t largest_size(uint64_t sizes)
{
	return 1ull << (63 - __builtin_clzll(sizes));
}

uint64_t canonical(const struct variant *v, uint64_t address)
{
	unsigned int unused = 64 - v->ias;

	return v->traits & SIGNS ? (uint64_t)((int64_t)(address << unused) >> unused) : address;
}

static void record(struct event e)
{
	recorder.count[e.kind]++;
	if (recorder.nr_events < MAX_EVENTS)
		recorder.event[recorder.nr_events++] = e;
	if (e.kind == EVENT_RANGE || e.kind == EVENT_FLUSH)
		recorder.unsynced++;
	else if (e.kind == EVENT_SYNC || e.kind == EVENT_ALL)
		recorder.unsynced = 0;
}

static void on_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf, void *cookie)
{
	record((struct event){ EVENT_RANGE, iova, size, stride_lg2, leaf, cookie });
}

static void on_flush(uint64_t iova, size_t size, bool leaf, void *cookie)
{
	record((struct event){ EVENT_FLUSH, iova, size, 0, leaf, cookie });
}

static void on_sync(void *cookie)
{
	record((struct event){ EVENT_SYNC, 0, 0, 0, false, cookie });
}

static void on_flush_all(void *cookie)
{
	record((struct event){ EVENT_ALL, 0, 0, 0, false, cookie });
}

static void on_clean(void *ptr, size_t size, void *cookie)
{
	record((struct event){ EVENT_CLEAN, 0, size, 0, false, ptr });
}

const struct iommu_gather_ops range_driver = {
	.tlb_flush_all = on_flush_all,
	.tlb_add_flush = on_flush,
	.tlb_sync = on_sync,
	.flush_pgtable = on_clean,
	.tlb_add_range = on_range,
};

const struct iommu_gather_ops per_leaf_driver = {
	.tlb_flush_all = on_flush_all,
	.tlb_add_flush = on_flush,
	.tlb_sync = on_sync,
	.flush_pgtable = on_clean,
};

void recorder_reset(void)
{
	recorder.nr_events = 0;
	recorder.unsynced = 0;
	memset(recorder.count, 0, sizeof(recorder.count));
}

const struct event *recorded(size_t index, enum event_kind kind)
{
	assert_true(index < recorder.nr_events);
	assert_int_equal(recorder.event[index].kind, kind);
	return &recorder.event[index];
}

static bool fails_now(void)
{
	test_memory.allocs++;
	if (!test_memory.fail_at)
		return false;
	if (test_memory.fail_at > 1) {
		test_memory.fail_at--;
		return false;
	}
	test_memory.fail_at = test_memory.fail_forever;
	return true;
}

static void *hook_alloc(void *ctx, size_t size_bytes, unsigned int flags)
{
	uint64_t *p;

	void (*on_alloc)(void) = test_memory.on_alloc;

	if (fails_now())
		return NULL;
	test_memory.on_alloc = NULL;
	if (on_alloc)
		on_alloc();
	p = low_memory ? table_pool_alloc(table_pool_low(), size_bytes, 0)
		       : aligned_alloc(size_bytes, size_bytes);
	if (!p)
		return NULL;
	for (size_t i = 0; i < size_bytes / sizeof(*p); i++)
		p[i] = flags & IO_PGTABLE_MEM_ZERO ? 0 : POISON;
	test_memory.live++;
	return p;
}

static void hook_free(void *ctx, void *ptr, size_t size_bytes, unsigned int flags)
{
	uint64_t *p = ptr;

	assert_true(test_memory.live > 0);
	assert_false((uintptr_t)ptr & (size_bytes - 1));
	test_memory.live--;
	if (test_memory.check_sync)
		assert_int_equal(recorder.unsynced, 0);
	for (size_t i = 0; i < size_bytes / sizeof(*p); i++) {
		if (flags & IO_PGTABLE_MEM_ZERO)
			assert_int_equal(p[i], 0);
		p[i] = POISON;
	}
	recorder.count[EVENT_FREE]++;
	if ((uintptr_t)ptr < SZ_4G)
		table_pool_free(table_pool_low(), ptr, size_bytes, 0);
	else
		free(ptr);
}

static phys_addr_t hook_virt_to_phys(void *ctx, const void *ptr)
{
	return (uintptr_t)ptr + test_memory.pa_offset;
}

static void *hook_phys_to_virt(void *ctx, phys_addr_t pa)
{
	return (void *)(uintptr_t)(pa - test_memory.pa_offset);
}

const struct io_pgtable_mem identity_mem = { .alloc = hook_alloc, .free = hook_free };

const struct io_pgtable_mem offset_mem = {
	.alloc = hook_alloc,
	.free = hook_free,
	.virt_to_phys = hook_virt_to_phys,
	.phys_to_virt = hook_phys_to_virt,
};

void test_memory_reset(void)
{
	assert_int_equal(test_memory.live, 0);
	memset(&test_memory, 0, sizeof(test_memory));
}

bool changes_in_place(enum io_pgtable_fmt fmt)
{
	switch (fmt) {
	case AMD_IOMMU_V1:
	case AMD_IOMMU_V2:
	case INTEL_VTD_SS:
	case INTEL_VTD_FS:
		return true;
	default:
		return fmt >= RISCV_SV39 && fmt <= RISCV_SV57X4;
	}
}

struct io_pgtable_cfg config(const struct variant *v)
{
	const unsigned long mtk = IO_PGTABLE_QUIRK_NO_PERMS | IO_PGTABLE_QUIRK_ARM_MTK_EXT;

	low_memory = v->traits & NARROW;
	return (struct io_pgtable_cfg){
		.quirks = IO_PGTABLE_QUIRK_NO_WARN | (v->traits & MTK ? mtk : 0),
		.pgsize_bitmap = v->sizes,
		.ias = v->ias,
		.oas = v->oas,
		.coherent_walk = true,
		.tlb = &range_driver,
	};
}

struct io_pgtable *make_table(const struct variant *v)
{
	struct io_pgtable_cfg cfg = config(v);
	struct io_pgtable *iop;

	assert_int_equal(io_pgtable_check_cfg(v->fmt, &cfg), 0);
	iop = alloc_io_pgtable(v->fmt, &cfg, NULL);
	assert_non_null(iop);
	recorder_reset();
	return iop;
}

uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

uint64_t test_fewer(uint64_t wanted)
{
	const uint64_t least = 250;
	const char *text = getenv("TEST_DIVISOR");
	uint64_t divisor = text ? strtoull(text, NULL, 10) : 1;

	if (divisor <= 1 || wanted <= least)
		return wanted;
	return wanted / divisor > least ? wanted / divisor : least;
}
