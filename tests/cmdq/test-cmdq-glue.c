// SPDX-License-Identifier: GPL-2.0-only
/*
 * Real page tables on a real command queue: which commands the SMMU gets for what is unmapped, in
 * which order, and that an invalidation that fails is made up for.
 */
#include "model/cmdq-device.h"
#include "support.h"

#define BASE (8 * SZ_1G)

struct rig {
	struct device *dev;
	struct smmu_cmdq *q;
	struct smmu_cmdq_domain domain;
	struct io_pgtable *iop;
	unsigned int failures;
	int failure;
};

static void on_failed(void *ctx, int error)
{
	struct rig *rig = ctx;

	rig->failures++;
	rig->failure = error;
}

static void rig_make(struct rig *rig, const char *variant, unsigned int ring_lg2, bool ril)
{
	const struct variant *v = find_variant(variant);
	struct io_pgtable_cfg cfg = config(v);

	memset(rig, 0, sizeof(*rig));
	rig->dev = device_make(ring_lg2);
	rig->dev->per_wait = 3;
	rig->q = aligned_alloc(128, sizeof(*rig->q));
	assert_non_null(rig->q);
	assert_int_equal(smmu_cmdq_init(rig->q, &rig->dev->config), 0);
	rig->domain = (struct smmu_cmdq_domain){
		.q = rig->q,
		.stage = strstr(variant, "s2") ? SMMU_STAGE_2 : SMMU_STAGE_1,
		.asid = 0x11,
		.vmid = 0x22,
		.granule_lg2 = (uint8_t)__builtin_ctzll(v->granule),
		.ril = ril,
		.failed = on_failed,
		.failed_ctx = rig,
	};
	cfg.tlb = &smmu_cmdq_gather_ops;
	rig->iop = alloc_io_pgtable(v->fmt, &cfg, &rig->domain);
	assert_non_null(rig->iop);
}

static void rig_free(struct rig *rig)
{
	rig->dev->per_wait = 3;
	free_io_pgtable(rig->iop);
	assert_int_equal(smmu_cmdq_validate(rig->q), 0);
	free(rig->q);
	device_free(rig->dev);
}

static void map(struct rig *rig, uint64_t iova, uint64_t size)
{
	assert_int_equal(io_pgtable_map(rig->iop, iova, iova, size, RW), 0);
}

/* The same in smallest pages: the physical address has no larger alignment. */
static void map_pages(struct rig *rig, uint64_t iova, uint64_t size)
{
	assert_int_equal(io_pgtable_map(rig->iop, iova, SZ_4K, size, RW), 0);
}

static void unmap(struct rig *rig, uint64_t iova, uint64_t size)
{
	device_forget(rig->dev);
	assert_int_equal(io_pgtable_unmap(rig->iop, iova, size, NULL), size);
}

static uint64_t executed(const struct rig *rig, unsigned int i, unsigned int dword)
{
	assert_true(i < rig->dev->executed);
	return rig->dev->log[i].dword[dword];
}

/* The bar: 256 pages are 1 TLBI and 1 SYNC, 511 at most 2 and 1. */
static void test_pages(void **state)
{
	struct rig rig;

	rig_make(&rig, "arm_64_lpae_s1/4K", 6, true);
	map_pages(&rig, BASE, 1023 * SZ_4K);
	unmap(&rig, BASE, 256 * SZ_4K);
	assert_string_equal(device_log(rig.dev), "12 46");
	/* ASID, VMID, SCALE 8, NUM 0 | address, TG 1, TTL 3, leaf */
	assert_int_equal(executed(&rig, 0, 0), 0x0011002200800012);
	assert_int_equal(executed(&rig, 0, 1), BASE | 0x701);
	unmap(&rig, BASE + 256 * SZ_4K, 511 * SZ_4K);
	assert_string_equal(device_log(rig.dev), "12 12 46");
	unmap(&rig, BASE + 1000 * SZ_4K, SZ_4K);
	assert_string_equal(device_log(rig.dev), "12 46");
	assert_int_equal(executed(&rig, 0, 0), 0x0011002200000012);
	assert_int_equal(executed(&rig, 0, 1), (BASE + 1000 * SZ_4K) | 0x701);
	rig_free(&rig);
}

static void test_no_ril(void **state)
{
	struct rig rig;

	rig_make(&rig, "arm_64_lpae_s1/4K", 4, false);
	map(&rig, BASE, 511 * SZ_4K);
	unmap(&rig, BASE, 3 * SZ_4K);
	assert_string_equal(device_log(rig.dev), "12 12 12 46");
	assert_int_equal(executed(&rig, 2, 1), (BASE + 2 * SZ_4K) | 1);
	unmap(&rig, BASE + 3 * SZ_4K, 500 * SZ_4K); /* many times the ring */
	assert_int_equal(rig.dev->executed, 501);
	rig.domain.flush_above = 7;
	unmap(&rig, BASE + 503 * SZ_4K, 8 * SZ_4K);
	assert_string_equal(device_log(rig.dev), "11 46");
	assert_int_equal(executed(&rig, 0, 0), 0x0011002200000011);
	rig_free(&rig);
}

/* A table that goes: its leaves and what leads to them, not leaf, without a level. */
static void test_table(void **state)
{
	struct rig rig;

	rig_make(&rig, "arm_64_lpae_s1/4K", 6, true);
	map(&rig, BASE + SZ_1G - SZ_4K, SZ_4K + SZ_4K); /* neighbours, so that parents stay */
	map_pages(&rig, BASE, SZ_2M);
	unmap(&rig, BASE, SZ_2M);
	assert_string_equal(device_log(rig.dev), "12 46");
	assert_int_equal(executed(&rig, 0, 0), 0x0011002200900012); /* 1 << 9 granules */
	assert_int_equal(executed(&rig, 0, 1), BASE | 0x400);

	/* Blocks: level 2. */
	map(&rig, BASE, 3 * SZ_2M);
	unmap(&rig, BASE, 2 * SZ_2M);
	assert_string_equal(device_log(rig.dev), "12 46");
	assert_int_equal(executed(&rig, 0, 0), 0x0011002200a00012);
	assert_int_equal(executed(&rig, 0, 1), BASE | 0x601);
	rig_free(&rig);
}

static void test_stage_2(void **state)
{
	struct rig rig;

	rig_make(&rig, "arm_64_lpae_s2/16K", 6, true);
	map(&rig, BASE, 8 * SZ_16K);
	unmap(&rig, BASE, 4 * SZ_16K);
	assert_string_equal(device_log(rig.dev), "2a 46");
	/* No ASID; TG 2. */
	assert_int_equal(executed(&rig, 0, 0) & 0xffff0000ffffffff, 0x20002a | (0x11ull << 48));
	assert_int_equal(executed(&rig, 0, 1), BASE | 0xb01);
	rig.domain.nested = true;
	unmap(&rig, BASE + 4 * SZ_16K, SZ_16K);
	assert_string_equal(device_log(rig.dev), "2a 46 10 46");
	assert_int_equal(executed(&rig, 2, 0), 0x0000002200000010);
	device_forget(rig.dev);
	smmu_cmdq_gather_ops.tlb_flush_all(&rig.domain);
	assert_string_equal(device_log(rig.dev), "28 46");
	rig_free(&rig);
}

/* A gather of the caller's: TLBIs at its sync, one SYNC for all. */
static void test_gather(void **state)
{
	struct iommu_iotlb_gather gather;
	struct rig rig;

	rig_make(&rig, "arm_64_lpae_s1/64K", 1, true); /* the smallest ring */
	map(&rig, BASE, 64 * SZ_64K);
	iommu_iotlb_gather_init(&gather);
	device_forget(rig.dev);
	for (unsigned int i = 0; i < 16; i += 2)
		assert_int_equal(io_pgtable_unmap(rig.iop, BASE + i * SZ_64K, SZ_64K, &gather),
				 SZ_64K);
	assert_int_equal(rig.dev->executed, 0);
	io_pgtable_sync(rig.iop, &gather);
	assert_string_equal(device_log(rig.dev), "12 12 12 12 12 12 12 12 46");
	io_pgtable_sync(rig.iop, &gather);
	assert_int_equal(rig.dev->executed, 9);
	smmu_cmdq_gather_ops.tlb_add_flush(BASE, SZ_64K, true, &rig.domain);
	smmu_cmdq_gather_ops.tlb_sync(&rig.domain);
	assert_int_equal(rig.dev->executed, 11);
	rig_free(&rig);
}

/* An SMMU that refuses a TLBI gets a flush of the context before the unmap returns. */
static void test_refused(void **state)
{
	struct rig rig;

	rig_make(&rig, "arm_64_lpae_s1/4K", 6, true);
	map(&rig, BASE, 16 * SZ_4K);
	rig.dev->fault[0].nr = 0;
	rig.dev->fault[0].code = SMMU_CERROR_ILL;
	rig.dev->fault[0].times = 1;
	unmap(&rig, BASE, 2 * SZ_4K);
	assert_string_equal(device_log(rig.dev), "46 46 11 46");
	assert_int_equal(rig.failures, 0);
	unmap(&rig, BASE + 2 * SZ_4K, 2 * SZ_4K);
	assert_string_equal(device_log(rig.dev), "12 46");
	/* The flush is refused too: the driver is told, and the next sync tries again. */
	rig.dev->fault[0].nr = 0;
	rig.dev->fault[0].times = 1;
	rig.dev->fault[1].nr = 2;
	rig.dev->fault[1].code = SMMU_CERROR_ILL;
	rig.dev->fault[1].times = 1;
	unmap(&rig, BASE + 4 * SZ_4K, 2 * SZ_4K);
	assert_string_equal(device_log(rig.dev), "46 46 46 46");
	assert_int_equal(rig.failures, 1);
	assert_int_equal(rig.failure, -EIO);
	unmap(&rig, BASE + 6 * SZ_4K, 2 * SZ_4K);
	assert_string_equal(device_log(rig.dev), "12 46 11 46");
	assert_int_equal(rig.failures, 1);
	rig_free(&rig);
}

/* An SMMU that stands still: the unmap returns, the driver knows, nothing is forgotten. */
static void test_stopped(void **state)
{
	struct rig rig;

	rig_make(&rig, "arm_64_lpae_s1/4K", 1, true);
	map(&rig, BASE, 16 * SZ_4K);
	rig.dev->per_wait = 0;
	unmap(&rig, BASE, SZ_4K);
	assert_int_equal(rig.failures, 1);
	assert_int_equal(rig.failure, -ETIMEDOUT);
	assert_int_equal(io_pgtable_unmap(rig.iop, BASE + SZ_4K, SZ_4K, NULL), SZ_4K);
	assert_int_equal(rig.failures, 2);
	assert_int_equal(rig.dev->executed, 0);
	rig.dev->per_wait = 1;
	unmap(&rig, BASE + 2 * SZ_4K, SZ_4K);
	assert_string_equal(device_log(rig.dev), "12 46 12 46 11 46");
	assert_int_equal(rig.failures, 2);
	unmap(&rig, BASE + 3 * SZ_4K, SZ_4K);
	assert_string_equal(device_log(rig.dev), "12 46");
	rig_free(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),	cmocka_unit_test(test_no_ril),
		cmocka_unit_test(test_table),	cmocka_unit_test(test_stage_2),
		cmocka_unit_test(test_gather),	cmocka_unit_test(test_refused),
		cmocka_unit_test(test_stopped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
