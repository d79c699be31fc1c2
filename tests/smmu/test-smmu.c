// SPDX-License-Identifier: GPL-2.0-only
/*
 * The software SMMU itself, in one thread: its walker agrees with the library's for every format,
 * its caches go stale and are invalidated as commands say, its counters are exact, and each check
 * of the checker can fail.
 */
#include "rig.h"

#define BASE (8 * SZ_1G)

struct bench {
	struct smmu_model *model;
	struct smmu_cmdq_domain domain;
	struct io_pgtable *iop;
	struct model_context *c;
	struct dma_device dma;
	uint64_t granule, base;
	bool muted;
	uint64_t touch; /* accessed after every invalidation, if not 0 */
};

static void on_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf, void *cookie)
{
	struct bench *b = cookie;

	if (!b->muted)
		smmu_cmdq_gather_ops.tlb_add_range(iova, size, stride_lg2, leaf, &b->domain);
	if (b->touch)
		dma_access(&b->dma, b->c, b->touch, false);
}

static void on_sync(void *cookie)
{
	smmu_cmdq_gather_ops.tlb_sync(&((struct bench *)cookie)->domain);
}

static void on_all(void *cookie)
{
	smmu_cmdq_gather_ops.tlb_flush_all(&((struct bench *)cookie)->domain);
}

static void on_clean(void *ptr, size_t size, void *cookie)
{
	struct bench *b = cookie;

	if (!b->muted)
		model_memory_clean(&b->model->memory, ptr, size);
}

static const struct iommu_gather_ops driver = {
	.tlb_flush_all = on_all,
	.tlb_sync = on_sync,
	.flush_pgtable = on_clean,
	.tlb_add_range = on_range,
};

static void bench_make(struct bench *b, const char *variant, const struct model_opts *opts)
{
	const struct variant *v = find_variant(variant);
	struct io_pgtable_cfg cfg = config(v);
	struct model_tag tag = { .stage = strstr(variant, "s2") ? 2 : 1, .asid = 1, .vmid = 2 };
	struct io_pgtable_mem mem;

	memset(b, 0, sizeof(*b));
	b->model = smmu_model_make(opts);
	model_memory_hooks(&b->model->memory, &mem);
	cfg.mem = &mem;
	cfg.tlb = &driver;
	cfg.coherent_walk = opts->coherent;
	b->granule = v->granule;
	b->base = v->ias > 36 ? BASE : 0;
	/* In the half of the addresses whose highest bits are ones. */
	if ((v->traits & SIGNS) && !opts->coherent)
		b->base = canonical(v, b->base | 1ull << (v->ias - 1));
	b->domain = (struct smmu_cmdq_domain){
		.q = b->model->queue[0].q,
		.stage = tag.stage == 2 ? SMMU_STAGE_2 : SMMU_STAGE_1,
		.asid = 1,
		.vmid = 2,
		.granule_lg2 = (uint8_t)__builtin_ctzll(v->granule),
		.ril = !(v->traits &
			 NARROW), /* with hints of levels that short descriptors have not */
	};
	b->iop = alloc_io_pgtable(v->fmt, &cfg, b);
	assert_non_null(b->iop);
	b->c = smmu_model_attach(b->model, v->fmt, &cfg, tag, b->base, 3 * (v->granule / 8),
				 (unsigned int)__builtin_ctzll(v->granule));
	dma_device_init(&b->dma, b->model, 1);
}

static void bench_free(struct bench *b)
{
	b->muted = false;
	free_io_pgtable(b->iop);
	assert_int_equal(smmu_model_validate(b->model), 0);
	smmu_model_free(b->model);
}

static void map(struct bench *b, uint64_t iova, uint64_t size, uint64_t pa)
{
	smmu_model_map_begin(b->model, b->c, iova, size, pa);
	assert_int_equal(io_pgtable_map(b->iop, iova, pa, size, RW), 0);
	smmu_model_map_end(b->c, iova, size);
}

static void unmap(struct bench *b, uint64_t iova, uint64_t size)
{
	smmu_model_unmap_begin(b->model, b->c, iova, size);
	assert_int_equal(io_pgtable_unmap(b->iop, iova, size, NULL), size);
}

static void release(struct bench *b, uint64_t iova, uint64_t size)
{
	smmu_model_release(b->model, b->c, iova, size);
}

static void remove_all(struct bench *b, uint64_t iova, uint64_t size)
{
	unmap(b, iova, size);
	release(b, iova, size);
}

static uint64_t violations(const struct bench *b, enum model_violation v)
{
	return b->model->checker.count[v];
}

static void assert_clean(const struct bench *b)
{
	if (checker_total(&b->model->checker))
		fail_msg("%s", b->model->checker.first);
}

/* Entries of the IOTLB that are larger than the entry of a table they come from. */
static unsigned int grouped(const struct bench *b)
{
	const struct iotlb *tlb = &b->model->iotlb;
	unsigned int n = 0;

	for (size_t i = 0; i < (size_t)tlb->ways << tlb->sets_lg2; i++)
		n += tlb->entry[i].valid &&
		     tlb->entry[i].size_lg2 > b->c->regime.level[tlb->entry[i].level].shift;
	return n;
}

/* The model's walker, which knows registers and the architecture's text, and the library's. */
static void test_walker(void **state)
{
	for (unsigned int i = 0; i < 2 * NR_VARIANTS; i++) {
		struct model_opts opts = { .coherent = i & 1, .pa_base = i & 2 ? 0 : 1ull << 32 };
		const struct variant *v = &variants[i / 2];
		uint64_t random = 5, page = v->granule, table = page * (page / 8);
		uint64_t pa_at = 1ull << (v->oas > 33 ? 33 : 30);
		struct bench b;

		if ((v->traits & SNOOPS) && !opts.coherent)
			continue;
		opts.pa_base = model_pa_base(v, opts.pa_base);
		bench_make(&b, v->name, &opts);
		map(&b, b.base + page, 5 * page, pa_at);
		map(&b, b.base + 256 * page, 128 * page, pa_at); /* groups, if there are */
		map(&b, b.base + table, 2 * table, table * 4);	 /* blocks, if there are */
		for (unsigned int k = 0; k < 3000; k++) {
			uint64_t iova = b.base + next_random(&random) % (3 * table);
			uint64_t pa = io_pgtable_iova_to_phys(b.iop, iova);
			enum dma_result r = dma_access(&b.dma, b.c, iova, k & 1);

			assert_int_equal(r, pa ? DMA_OK : DMA_FAULT);
			if (pa)
				assert_int_equal(b.dma.pa, pa);
		}
		/* The sizes below 256 pages are those that take several entries. */
		if (!(v->sizes & (256 * page - 1) & ~page) != !grouped(&b))
			fail_msg("%s: %u entries for groups", v->name, grouped(&b));
		assert_int_equal(dma_access(&b.dma, b.c, b.base + 256 * page, true), DMA_OK);
		remove_all(&b, b.base + 256 * page, 128 * page);
		assert_int_equal(dma_access(&b.dma, b.c, b.base + 300 * page, true), DMA_FAULT);
		remove_all(&b, b.base + table, 2 * table);
		assert_int_equal(dma_access(&b.dma, b.c, b.base + table, false), DMA_FAULT);
		remove_all(&b, b.base + page, 5 * page);
		assert_clean(&b);
		bench_free(&b);
	}
}

/* The bar: what the consumer really executes. */
static void test_counts(void **state)
{
	struct model_opts opts = { .coherent = true };
	struct bench b;

	bench_make(&b, "arm_64_lpae_s1/4K", &opts);
	map(&b, BASE, 256 * SZ_4K, SZ_1G + SZ_4K);
	map(&b, BASE + SZ_2M, 511 * SZ_4K, SZ_1G + SZ_4K);
	remove_all(&b, BASE, 256 * SZ_4K);
	assert_int_equal(smmu_model_count(b.model, MODEL_TLBI_VA), 1);
	assert_int_equal(smmu_model_count(b.model, MODEL_SYNC), 1);
	assert_int_equal(smmu_model_granules(b.model), 256);
	remove_all(&b, BASE + SZ_2M, 511 * SZ_4K);
	assert_in_range(smmu_model_count(b.model, MODEL_TLBI_VA), 2, 3);
	assert_int_equal(smmu_model_count(b.model, MODEL_SYNC), 2);
	assert_int_equal(smmu_model_granules(b.model), 256 + 511);
	assert_int_equal(smmu_model_count(b.model, MODEL_TLBI_ALL), 0);
	assert_clean(&b);
	bench_free(&b);
}

/* Stale until invalidated: translations, and the tables on the way to them. */
static void test_stale(void **state)
{
	struct model_opts opts = { .coherent = true };
	struct bench b;

	bench_make(&b, "arm_64_lpae_s1/4K", &opts);
	map(&b, BASE, SZ_2M, SZ_1G + SZ_4K);
	assert_int_equal(dma_access(&b.dma, b.c, BASE, false), DMA_OK);
	b.muted = true;
	unmap(&b, BASE, SZ_2M);
	/* From the IOTLB; and through a table that was freed with the unmap. */
	assert_int_equal(dma_access(&b.dma, b.c, BASE, false), DMA_OK);
	assert_int_equal(b.dma.hits, 1);
	assert_int_equal(violations(&b, MODEL_TABLE_REUSE), 1);
	assert_int_equal(dma_access(&b.dma, b.c, BASE + SZ_4K, false), DMA_BAD);
	assert_int_equal(violations(&b, MODEL_FREED_TABLE), 1);
	release(&b, BASE, SZ_2M);
	assert_int_equal(violations(&b, MODEL_STALE_AT_RELEASE), 1);
	assert_int_equal(violations(&b, MODEL_NOT_INVALIDATED), 512);
	assert_int_equal(dma_access(&b.dma, b.c, BASE, false), DMA_OK);
	assert_int_equal(violations(&b, MODEL_USE_AFTER_RELEASE), 1);
	b.muted = false;
	map(&b, BASE, SZ_4K, SZ_2M);
	assert_int_equal(violations(&b, MODEL_IOVA_REUSE), 1);
	assert_int_equal(dma_access(&b.dma, b.c, BASE, false), DMA_OK);
	assert_int_equal(violations(&b, MODEL_WRONG_FRAME), 1);
	/* A leaf-only invalidation leaves the walk cache; one by ASID does not. */
	on_range(BASE, SZ_4K, 12, true, &b);
	on_sync(&b);
	assert_null(iotlb_find(&b.model->iotlb, b.c->tag, BASE, BASE));
	assert_int_equal(dma_access(&b.dma, b.c, BASE, false), DMA_BAD);
	assert_int_equal(violations(&b, MODEL_FREED_TABLE), 2);
	on_all(&b);
	assert_int_equal(dma_access(&b.dma, b.c, BASE, false), DMA_OK);
	assert_int_equal(b.dma.pa, SZ_2M);
	bench_free(&b);
}

/* Entries that no lookup would find, or that cover less than they say. */
static void test_validate(void **state)
{
	struct model_opts opts = { .coherent = true };
	struct walk_cache_entry *w;
	struct iotlb_entry *e;
	struct bench b;

	bench_make(&b, "arm_64_lpae_s1/4K", &opts);
	map(&b, BASE, SZ_4K, SZ_2M);
	assert_int_equal(dma_access(&b.dma, b.c, BASE, false), DMA_OK);
	e = iotlb_find(&b.model->iotlb, b.c->tag, BASE, BASE);
	assert_non_null(e);
	e->iova += SZ_4K;
	assert_int_equal(smmu_model_validate(b.model), -EUCLEAN);
	e->iova -= SZ_4K;
	for (w = b.model->walk_cache.entry; !w->valid; w++)
		;
	w->last--;
	assert_int_equal(smmu_model_validate(b.model), -EUCLEAN);
	w->last++;
	unmap(&b, BASE, SZ_4K);
	release(&b, BASE, SZ_4K);
	bench_free(&b);
}

static void send(struct bench *b, struct smmu_cmd cmd)
{
	assert_int_equal(smmu_cmdq_run(b->domain.q, &cmd, 1), 0);
}

static bool cached(struct bench *b, uint64_t iova)
{
	return iotlb_find(&b->model->iotlb, b->c->tag, iova, iova) != NULL;
}

static void fill(struct bench *b)
{
	dma_access(&b->dma, b->c, BASE, false);
	dma_access(&b->dma, b->c, BASE + 3 * SZ_4K, false);
	dma_access(&b->dma, b->c, BASE + SZ_2M + 5 * SZ_4K, false);
	assert_true(cached(b, BASE) && cached(b, BASE + SZ_2M) && cached(b, BASE + 3 * SZ_4K));
}

/* Which command removes what, and no more. */
static void test_commands(void **state)
{
	struct model_opts opts = { .coherent = true };
	struct smmu_cmd va = smmu_cmd_tlbi_va(SMMU_CMD_TLBI_NH_VA, 1, 2, BASE, true);
	struct smmu_cmd other = smmu_cmd_tlbi_va(SMMU_CMD_TLBI_NH_VA, 9, 2, BASE, true);
	struct bench b;

	bench_make(&b, "arm_64_lpae_s1/4K", &opts);
	map(&b, BASE, 4 * SZ_4K, SZ_1G + SZ_4K);
	map(&b, BASE + SZ_2M, SZ_2M, SZ_1G); /* a block */
	fill(&b);
	send(&b, other);
	assert_true(cached(&b, BASE));
	send(&b, smmu_cmd_tlbi_all(SMMU_CMD_TLBI_NH_ASID, 9, 2));
	assert_true(cached(&b, BASE));
	send(&b, va);
	assert_false(cached(&b, BASE));
	assert_true(cached(&b, BASE + 3 * SZ_4K));
	fill(&b);
	/* 4 granules, then all of level 2 only: the block goes, pages stay. */
	send(&b, smmu_cmd_tlbi_range(va, 12, 4, 0, 3));
	assert_false(cached(&b, BASE) || cached(&b, BASE + 3 * SZ_4K));
	assert_true(cached(&b, BASE + SZ_2M));
	fill(&b);
	send(&b, smmu_cmd_tlbi_range(va, 12, 2, 9, 2));
	assert_true(cached(&b, BASE) && !cached(&b, BASE + SZ_2M));
	fill(&b);
	send(&b, smmu_cmd_tlbi_range(va, 12, 2, 9, 0));
	assert_false(cached(&b, BASE) || cached(&b, BASE + SZ_2M));
	/* One address in a block is all of it. */
	fill(&b);
	send(&b, smmu_cmd_tlbi_va(SMMU_CMD_TLBI_NH_VAA, 0, 2, BASE + SZ_2M + 7 * SZ_4K, true));
	assert_true(cached(&b, BASE) && !cached(&b, BASE + SZ_2M));
	send(&b, smmu_cmd_tlbi_all(SMMU_CMD_TLBI_NH_ALL, 0, 3));
	assert_true(cached(&b, BASE));
	send(&b, smmu_cmd_tlbi_all(SMMU_CMD_TLBI_NH_ALL, 0, 2));
	assert_false(cached(&b, BASE));
	assert_clean(&b);
	/* Not aligned to the level that it names; and one that is illegal. */
	va = smmu_cmd_tlbi_va(SMMU_CMD_TLBI_NH_VA, 1, 2, BASE + SZ_4K, true);
	send(&b, smmu_cmd_tlbi_range(va, 12, 1, 9, 2));
	assert_int_equal(violations(&b, MODEL_BAD_COMMAND), 1);
	va = smmu_cmd_tlbi_range(va, 12, 1, 0, 0);
	assert_int_equal(smmu_cmdq_run(b.domain.q, &va, 1), -EIO);
	bench_free(&b);
}

/*
 * A table goes with its leaves, and the device asks again between any two invalidations: what it
 * finds through the removed table must not outlast the sync. Without range commands, too.
 */
static void test_removed_table(void **state)
{
	struct model_opts opts = { .coherent = true };

	for (unsigned int ril = 0; ril < 2; ril++) {
		struct bench b;

		bench_make(&b, "arm_64_lpae_s1/4K", &opts);
		b.domain.ril = ril;
		b.model->queue[0].dev->eager = true;
		map(&b, BASE + SZ_2M, SZ_4K, SZ_1G); /* the level above stays */
		map(&b, BASE, SZ_2M, SZ_1G + SZ_4K);
		b.touch = BASE + 5 * SZ_4K;
		assert_int_equal(dma_access(&b.dma, b.c, b.touch, false), DMA_OK);
		remove_all(&b, BASE, SZ_2M);
		assert_int_equal(dma_access(&b.dma, b.c, b.touch, false), DMA_FAULT);
		assert_true(b.dma.shortened > 0);
		assert_clean(&b);
		b.touch = 0;
		bench_free(&b);
	}
}

/*
 * A block becomes a table, by hand and without a break; and with a break that is not invalidated.
 */
static void test_break_before_make(void **state)
{
	struct model_opts opts = { .coherent = true, .speculate = 1 };
	uint64_t *l2, *root, desc;
	struct bench b;

	bench_make(&b, "arm_64_lpae_s1/4K", &opts);
	map(&b, BASE, SZ_4K, SZ_1G + SZ_4K); /* so that there are tables */
	map(&b, BASE + SZ_2M, SZ_2M, SZ_1G);
	root = (uint64_t *)(uintptr_t)b.c->regime.root_pa[0];
	l2 = (uint64_t *)(uintptr_t)(root[0] & 0xfffffffff000);
	l2 = (uint64_t *)(uintptr_t)(l2[8] & 0xfffffffff000);
	desc = l2[1];
	dma_access(&b.dma, b.c, BASE + SZ_2M, false);
	dma_access(&b.dma, b.c, BASE + SZ_2M, false);
	assert_clean(&b);
	l2[1] = 0; /* broken: the stale block is served, which is no fault of anybody */
	assert_int_equal(dma_access(&b.dma, b.c, BASE + SZ_2M, false), DMA_OK);
	assert_clean(&b);
	l2[1] = l2[0]; /* made: a table with other pages */
	dma_access(&b.dma, b.c, BASE + SZ_2M, false);
	assert_int_equal(violations(&b, MODEL_BREAK_BEFORE_MAKE), 1);
	l2[1] = desc;
	bench_free(&b);
}

/* What is not cleaned is not seen: a new table, a cleared descriptor. */
static void test_view(void **state)
{
	struct model_opts opts = { .coherent = false };
	struct bench b;

	bench_make(&b, "arm_64_lpae_s1/4K", &opts);
	map(&b, BASE, 2 * SZ_4K, SZ_1G + SZ_4K);
	assert_int_equal(dma_access(&b.dma, b.c, BASE + SZ_4K, false), DMA_OK);
	b.muted = true;
	unmap(&b, BASE, SZ_4K);
	assert_int_equal(dma_access(&b.dma, b.c, BASE, false), DMA_OK); /* walked */
	assert_int_equal(b.dma.hits, 0);
	map(&b, BASE + SZ_2M, SZ_4K, SZ_1G);
	assert_int_equal(dma_access(&b.dma, b.c, BASE + SZ_2M, false), DMA_FAULT);
	assert_int_equal(violations(&b, MODEL_LOST_MAPPING), 1);
	/* The descriptor of the new table gets out with its line, what it points to does not. */
	b.muted = false;
	map(&b, BASE + 2 * SZ_2M, SZ_4K, SZ_1G);
	assert_int_equal(dma_access(&b.dma, b.c, BASE + SZ_2M, false), DMA_BAD);
	assert_int_equal(violations(&b, MODEL_UNCLEAN_TABLE), 1);
	bench_free(&b);
}

static void test_table_memory(void **state)
{
	struct model_memory m;
	struct io_pgtable_mem mem;
	uint64_t value;
	uint8_t *p, *q;

	model_memory_init(&m, 16 * MODEL_UNIT, 1ull << 32, true);
	model_memory_hooks(&m, &mem);
	p = mem.alloc(mem.ctx, 64, IO_PGTABLE_MEM_ZERO);
	q = mem.alloc(mem.ctx, 2 * MODEL_UNIT, 0);
	assert_int_equal((uintptr_t)q & (2 * MODEL_UNIT - 1), 0);
	assert_ptr_equal(mem.phys_to_virt(mem.ctx, mem.virt_to_phys(mem.ctx, q)), q);
	assert_int_equal(model_memory_read(&m, mem.virt_to_phys(mem.ctx, p), 8, &value),
			 MODEL_READ_OK);
	mem.free(mem.ctx, p, 64, 0);
	assert_int_equal(model_memory_read(&m, mem.virt_to_phys(mem.ctx, p), 8, &value),
			 MODEL_READ_FREED);
	assert_int_equal(model_memory_read(&m, 4096, 8, &value), MODEL_READ_OUTSIDE);
	mem.free(mem.ctx, q, 2 * MODEL_UNIT, 0);
	while (mem.alloc(mem.ctx, MODEL_UNIT, 0))
		;
	assert_true(m.reused >= 1);
	model_memory_fini(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_walker),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_stale),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_validate),
		cmocka_unit_test(test_removed_table),
		cmocka_unit_test(test_break_before_make),
		cmocka_unit_test(test_view),
		cmocka_unit_test(test_table_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
