// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory runs out at every allocation of a set of operations, once and for good, in every variant,
 * with walkers that snoop and do not and with reclaim: the operation fails cleanly, what it says it
 * did is done and everything else is as before, nothing leaks, and the rest of it succeeds when
 * memory is back.
 *
 * What is mapped is compared as a list of runs, over all input addresses: a picture. Places are in
 * units of what a page, a table of pages and the tables above cover, so that they are the same for
 * every granule.
 */
#include "io-pgtable-update.h"
#include "io-pgtable-walk.h"
#include "support.h"

#define MOST_RUNS 16

struct run {
	uint64_t iova, size, pa;
	int prot;
};

/* In ascending order; runs that continue each other are one. */
struct picture {
	struct run run[MOST_RUNS];
	size_t n;
};

static void add_run(struct picture *p, uint64_t iova, uint64_t size, uint64_t pa, int prot)
{
	struct run *last = p->n ? &p->run[p->n - 1] : NULL;

	if (last && last->iova + last->size == iova && last->pa + last->size == pa &&
	    last->prot == prot) {
		last->size += size;
		return;
	}
	assert_true(p->n < MOST_RUNS);
	p->run[p->n++] = (struct run){ iova, size, pa, prot };
}

/* What of the old picture lies in first to end - 1. */
static void add_part(struct picture *p, const struct picture *old, uint64_t first, uint64_t end)
{
	for (size_t i = 0; i < old->n; i++) {
		const struct run *r = &old->run[i];
		uint64_t from = r->iova > first ? r->iova : first;
		uint64_t to = r->iova + r->size < end ? r->iova + r->size : end;

		if (from < to)
			add_run(p, from, to - from, r->pa + (from - r->iova), r->prot);
	}
}

/* A run over what is there; prot 0: nothing is there any more. */
static void paint(struct picture *p, struct run r)
{
	const struct picture old = *p;

	if (!r.size)
		return;
	p->n = 0;
	add_part(p, &old, 0, r.iova);
	if (r.prot)
		add_run(p, r.iova, r.size, r.pa, r.prot);
	add_part(p, &old, r.iova + r.size, UINT64_MAX);
}

static int see_entry(const struct io_pgtable_walk_entry *e, void *ctx)
{
	if (e->kind == IO_PGTABLE_WALK_LEAF)
		add_run(ctx, e->iova, e->size, e->paddr, e->prot & RW);
	return 0;
}

static uint64_t input_bytes(const struct variant *v)
{
	return 1ull << (v->traits & SIGNS ? v->ias - 1 : v->ias);
}

/* A walk finds this and nothing else, and so do translations at the ends of each run. */
static void check_picture(struct io_pgtable *iop, const struct variant *v, const struct picture *p)
{
	struct picture seen = { .n = 0 };

	assert_int_equal(io_pgtable_validate(iop), 0);
	assert_int_equal(recorder.unsynced, 0);
	assert_int_equal(io_pgtable_walk(iop, 0, input_bytes(v), see_entry, &seen), 0);
	assert_int_equal(seen.n, p->n);
	for (size_t i = 0; i < p->n; i++) {
		const struct run *r = &p->run[i], *s = &seen.run[i];
		uint64_t end = r->iova + r->size;

		assert_int_equal(s->iova, r->iova);
		assert_int_equal(s->size, r->size);
		assert_int_equal(s->pa, r->pa);
		assert_int_equal(s->prot, r->prot);
		assert_int_equal(io_pgtable_iova_to_phys(iop, r->iova), r->pa);
		assert_int_equal(io_pgtable_iova_to_phys(iop, end - 1), r->pa + r->size - 1);
		if (end < input_bytes(v) && (i + 1 == p->n || p->run[i + 1].iova != end))
			assert_int_equal(io_pgtable_iova_to_phys(iop, end), 0);
	}
}

/* So many pages, tables of pages, tables of those, and of those. */
struct place {
	int pages, tables, uppers, thirds;
};

static uint64_t bytes_of(const struct variant *v, struct place p)
{
	int64_t table = (int64_t)table_span(v), entries = (int64_t)table_entries(v);
	int64_t n = p.pages * (int64_t)v->granule + p.tables * table + p.uppers * entries * table;

	return (uint64_t)(n + (p.thirds ? p.thirds * entries * entries * table : 0));
}

enum kind { MAP, MAP_PAGES, MAP_SG, MAP_CURSOR, UNMAP, PROTECT, REPLACE, COALESCE };

/*
 * Which sizes a variant has to have, beside the smallest: that of a full table, or of one of those.
 */
enum block { NO_BLOCK, TABLE_BLOCK, UPPER_BLOCK };

struct operation {
	const char *name;
	enum kind kind;
	enum block block;
	struct place at, pa, size;
	/* What is mapped before: iova = pa. */
	struct {
		struct place at, size;
	} before[2];
	bool smallest;	  /* no other size is allowed */
	const char *only; /* variant: it takes long */
};

#define PAGES(n)             \
	{                    \
		.pages = (n) \
	}
#define TABLES(n)             \
	{                     \
		.tables = (n) \
	}
#define UPPERS(n)             \
	{                     \
		.uppers = (n) \
	}

/* Two pages, and the block behind them: the first page of it, or with them, is asked for. */
#define PAGES_AND_BLOCK                                                                           \
	.at = { .tables = 1, .pages = -2 }, .pa = { .tables = 5, .pages = -2 }, .size = PAGES(3), \
	.before = { { { .tables = 1, .pages = -2 }, PAGES(2) }, { TABLES(1), TABLES(1) } }
#define PART_OF(where, unit)                                                              \
	.at = { where, .pages = 1 }, .pa = { .tables = 8, .pages = 3 }, .size = PAGES(2), \
	.before = { { { where }, unit } }
#define BOTH_ENDS_OF(unit)                                             \
	.at = { unit 1, .pages = 1 }, .size = { unit 2, .pages = -2 }, \
	.before = { { { unit 1 }, { unit 2 } } }

static const struct operation operations[] = {
	{ "page", MAP, .at = { .tables = 5, .pages = 3 }, .pa = PAGES(7), .size = PAGES(1) },
	{ "two tables", MAP, .at = { .tables = 1, .pages = -1 }, .pa = PAGES(1),
	  .size = TABLES(1) },
	{ "tables of pages", MAP, .at = { .tables = 3, .pages = -1 }, .pa = PAGES(1),
	  .size = TABLES(8), .smallest = true },
	{ "many tables of pages", MAP, .at = { .uppers = 1, .tables = -1 }, .pa = PAGES(1),
	  .size = TABLES(64), .smallest = true, .only = "arm_64_lpae_s1/4K" },
	{ "mixed blocks", MAP, TABLE_BLOCK, .at = { .uppers = 1, .pages = -1 },
	  .pa = { .uppers = 1, .pages = -1 }, .size = UPPERS(2) },
	{ "beside others", MAP, .at = { .tables = 1, .pages = 2 }, .pa = PAGES(1),
	  .size = TABLES(4),
	  .before = { { { .tables = 1, .pages = 1 }, PAGES(1) }, { TABLES(16), TABLES(1) } } },
	{ "across a third level", MAP, .at = { .thirds = 1, .pages = -1 }, .pa = PAGES(1),
	  .size = PAGES(2) },
	{ "pages of two tables", MAP_PAGES, .at = { .tables = 1, .pages = -2 }, .pa = PAGES(1),
	  .size = PAGES(4) },
	{ "list", MAP_SG, .at = { .tables = 1, .pages = -1 }, .pa = TABLES(2),
	  .size = { .tables = 1, .pages = 3 } },
	{ "cursor", MAP_CURSOR, .at = { .tables = 5, .pages = 3 }, .pa = PAGES(7),
	  .size = PAGES(1) },
	{ "unmap part of a block", UNMAP, TABLE_BLOCK, PART_OF(.tables = 1, TABLES(1)) },
	{ "unmap part of one of many", UNMAP, TABLE_BLOCK, PART_OF(.tables = 16, TABLES(16)) },
	{ "unmap part of a large block", UNMAP, UPPER_BLOCK, PART_OF(.uppers = 1, UPPERS(1)) },
	{ "unmap parts of blocks", UNMAP, TABLE_BLOCK, BOTH_ENDS_OF(.tables =) },
	{ "unmap parts of large blocks", UNMAP, UPPER_BLOCK, BOTH_ENDS_OF(.uppers =) },
	{ "unmap pages and part of a block", UNMAP, TABLE_BLOCK, PAGES_AND_BLOCK },
	{ "protect part of a block", PROTECT, TABLE_BLOCK, PART_OF(.tables = 1, TABLES(1)) },
	{ "protect part of a large block", PROTECT, UPPER_BLOCK, PART_OF(.uppers = 1, UPPERS(1)) },
	{ "protect pages and part of a block", PROTECT, TABLE_BLOCK, PAGES_AND_BLOCK },
	{ "replace part of a block", REPLACE, TABLE_BLOCK, PART_OF(.tables = 1, TABLES(1)) },
	{ "replace part of a large block", REPLACE, UPPER_BLOCK, PART_OF(.uppers = 1, UPPERS(1)) },
	{ "replace pages and part of a block", REPLACE, TABLE_BLOCK, PAGES_AND_BLOCK },
	{ "replace a block that gets misaligned", REPLACE, TABLE_BLOCK, .at = TABLES(1),
	  .pa = { .tables = 8, .pages = 1 }, .size = TABLES(1),
	  .before = { { TABLES(1), TABLES(1) } } },
	/* It needs no memory, so none that fails can keep it from what it does. */
	{ "coalesce", COALESCE, TABLE_BLOCK, .at = TABLES(1), .size = TABLES(1),
	  .before = { { TABLES(1), TABLES(1) } } },
};

/* An operation in a variant, or what is left of it. */
struct request {
	const struct variant *v;
	struct io_pgtable *iop;
	uint64_t at, pa, size;
};

#define PIECES 3

/* The second piece is what is left of @size; none continues another. */
static void make_list(const struct request *r, struct io_pgtable_sg sg[PIECES])
{
	const size_t length[PIECES] = { r->v->granule, r->size - 3 * r->v->granule,
					2 * r->v->granule };

	for (size_t i = 0; i < PIECES; i++)
		sg[i] = (struct io_pgtable_sg){ r->pa + 2 * i * r->size, length[i] };
}

/* Each: 0, or the error; in both cases @done has the bytes for which it was done. */
static int all_or_nothing(int err, const struct request *r, size_t *done)
{
	*done = err ? 0 : r->size;
	return err;
}

static int do_map(const struct request *r, size_t *done)
{
	return all_or_nothing(io_pgtable_map(r->iop, r->at, r->pa, r->size, RW), r, done);
}

static int do_map_pages(const struct request *r, size_t *done)
{
	return r->iop->ops->map_pages(r->iop, r->at, r->pa, r->v->granule, r->size / r->v->granule,
				      RW, done);
}

static int do_map_sg(const struct request *r, size_t *done)
{
	struct io_pgtable_sg sg[PIECES];

	make_list(r, sg);
	return all_or_nothing(io_pgtable_map_sg(r->iop, r->at, sg, PIECES, RW), r, done);
}

static int do_map_cursor(const struct request *r, size_t *done)
{
	struct io_pgtable_cursor cursor;

	io_pgtable_cursor_init(&cursor, r->iop);
	return all_or_nothing(io_pgtable_cursor_map(&cursor, r->at, r->pa, RW), r, done);
}

static int do_unmap(const struct request *r, size_t *done)
{
	*done = io_pgtable_unmap(r->iop, r->at, r->size, NULL);
	return *done == r->size ? 0 : -ENOMEM;
}

static int do_protect(const struct request *r, size_t *done)
{
	return io_pgtable_protect(r->iop, r->at, r->size, IOMMU_READ, NULL, done);
}

static int do_replace(const struct request *r, size_t *done)
{
	return io_pgtable_replace(r->iop, r->at, r->pa, r->size, RW, NULL, done);
}

static int do_coalesce(const struct request *r, size_t *done)
{
	size_t joined = 0;
	int err = io_pgtable_coalesce(r->iop, r->at, r->size, &joined);

	assert_int_equal(joined, 1);
	return all_or_nothing(err, r, done);
}

static int (*const perform[])(const struct request *r, size_t *done) = {
	[MAP] = do_map,		[MAP_PAGES] = do_map_pages,   [MAP_SG] = do_map_sg,
	[UNMAP] = do_unmap,	[MAP_CURSOR] = do_map_cursor, [PROTECT] = do_protect,
	[REPLACE] = do_replace, [COALESCE] = do_coalesce,
};

/* What the first @done bytes of it make of a picture. */
static void paint_done(struct picture *p, enum kind kind, const struct request *r, size_t done)
{
	struct io_pgtable_sg sg[PIECES];
	uint64_t at = r->at;

	if (kind == UNMAP)
		paint(p, (struct run){ r->at, done, 0, 0 });
	else if (kind == PROTECT) /* of what was mapped before */
		paint(p, (struct run){ r->at, done, r->at, shown_prot(r->v, IOMMU_READ) });
	else if (kind != MAP_SG && kind != COALESCE)
		paint(p, (struct run){ r->at, done, r->pa, RW });
	if (kind != MAP_SG || !done)
		return;
	make_list(r, sg);
	for (size_t i = 0; i < PIECES; at += sg[i++].length)
		paint(p, (struct run){ at, sg[i].length, sg[i].paddr, RW });
}

/* The largest sizes, but where they are what is to be made. */
static void prepare(const struct request *r, const struct operation *op, struct picture *p)
{
	const struct variant *v = r->v;

	for (size_t i = 0; i < ARRAY_SIZE(op->before); i++) {
		uint64_t at = bytes_of(v, op->before[i].at), size = bytes_of(v, op->before[i].size);
		size_t mapped = 0;

		while (op->kind == COALESCE && mapped < size)
			assert_int_equal(
				r->iop->ops->map_pages(r->iop, at + mapped, at + mapped, v->granule,
						       (size - mapped) / v->granule, RW, &mapped),
				0);
		if (size && !mapped)
			assert_int_equal(io_pgtable_map(r->iop, at, at, size, RW), 0);
		paint(p, (struct run){ at, size, at, RW });
	}
}

enum mode { SNOOPING, CLEANING, RECLAIMING, NR_MODES };

static struct io_pgtable *make(const struct variant *v, const struct operation *op, enum mode mode)
{
	struct io_pgtable_cfg cfg = config(v);

	if (op->smallest)
		cfg.pgsize_bitmap = v->granule;
	cfg.coherent_walk = mode != CLEANING;
	cfg.reclaim = mode == RECLAIMING ? IO_PGTABLE_RECLAIM_ON_SYNC : IO_PGTABLE_RECLAIM_NEVER;
	cfg.mem = &identity_mem;
	test_memory_reset();
	test_memory.check_sync = true;
	return alloc_io_pgtable(v->fmt, &cfg, NULL);
}

/* Fails the nth allocation from here on. True if the operation got through without it. */
static bool fail_nth(const struct variant *v, const struct operation *op, enum mode mode,
		     size_t nth, bool forever)
{
	struct request r = { v, make(v, op, mode), bytes_of(v, op->at), bytes_of(v, op->pa),
			     bytes_of(v, op->size) };
	struct picture expected = { .n = 0 };
	size_t done = 0, rest = 0;
	int err;

	assert_non_null(r.iop);
	prepare(&r, op, &expected);
	recorder_reset();
	test_memory.fail_at = nth;
	test_memory.fail_forever = forever;
	err = perform[op->kind](&r, &done);
	test_memory.fail_at = 0;
	assert_true(!err || err == -ENOMEM);
	assert_true(!err == (done == r.size));
	paint_done(&expected, op->kind, &r, done);
	check_picture(r.iop, v, &expected);
	if (err) {
		r.at += done;
		r.pa += done;
		r.size -= done;
		assert_int_equal(perform[op->kind](&r, &rest), 0);
		assert_int_equal(rest, r.size);
		paint_done(&expected, op->kind, &r, rest);
		check_picture(r.iop, v, &expected);
	}
	free_io_pgtable(r.iop);
	assert_int_equal(test_memory.live, 0);
	return !err;
}

static void fail_each(const struct variant *v, const struct operation *op, enum mode mode)
{
	for (int forever = 0; forever < 2; forever++) {
		size_t nth = 1;

		while (!fail_nth(v, op, mode, nth, forever))
			nth++;
		/* Each of them needs memory at least once, but for one. */
		assert_true((nth > 1) == (op->kind != COALESCE));
	}
}

/* Every input address of it is there. */
static bool has_room(const struct variant *v, const struct operation *op)
{
	return bytes_of(v, op->at) + bytes_of(v, op->size) <= input_bytes(v);
}

static bool has_block(const struct variant *v, enum block block)
{
	return block == NO_BLOCK ||
	       (v->sizes & (block == TABLE_BLOCK ? 1 : table_entries(v)) * table_span(v));
}

/* Can its mappings be replaced? An empty table says so. */
static bool can_replace(const struct variant *v)
{
	struct io_pgtable *iop = make_table(v);
	size_t n = 0;
	int err = io_pgtable_replace(iop, 0, 0, v->granule, RW, NULL, &n);

	free_io_pgtable(iop);
	return err != -EOPNOTSUPP;
}

static bool can_perform(const struct variant *v, const struct operation *op)
{
	return (!op->only || !strcmp(op->only, v->name)) && has_block(v, op->block) &&
	       has_room(v, op) && (op->kind != REPLACE || can_replace(v));
}

static bool has_mode(const struct variant *v, enum mode mode)
{
	return !(v->traits & (mode == CLEANING ? SNOOPS : mode == RECLAIMING ? NO_RECLAIM : 0));
}

static void test_operations(void **state)
{
	for (size_t i = 0; i < NR_VARIANTS; i++) {
		const struct variant *v = &variants[i];
		unsigned int performed[COALESCE + 1] = { 0 }, splits;

		for (size_t o = 0; o < ARRAY_SIZE(operations); o++) {
			const struct operation *op = &operations[o];

			if (!can_perform(v, op))
				continue;
			performed[op->kind]++;
			for (enum mode mode = 0; mode < NR_MODES; mode++)
				if (has_mode(v, mode))
					fail_each(v, op, mode);
		}
		splits = performed[UNMAP] + performed[PROTECT] + performed[REPLACE];
		print_message("%s: %u maps, %u splits\n", v->name,
			      performed[MAP] + performed[MAP_PAGES] + performed[MAP_SG] +
				      performed[MAP_CURSOR],
			      splits);
		assert_true(performed[MAP] >= 4 && performed[MAP_PAGES] && performed[MAP_SG] &&
			    performed[MAP_CURSOR]);
		if (!has_block(v, TABLE_BLOCK))
			continue;
		assert_true(performed[UNMAP] >= 4 && performed[PROTECT] >= 2 &&
			    performed[COALESCE]);
		assert_true(!can_replace(v) || performed[REPLACE] >= 3);
	}
}

static void test_alloc_io_pgtable(void **state)
{
	struct table_pool *pool = table_pool_default();
	struct table_pool_stats stats;

	for (size_t i = 0; i < NR_VARIANTS; i++) {
		struct io_pgtable_cfg cfg = config(&variants[i]);

		test_memory_reset();
		cfg.mem = &identity_mem;
		test_memory.fail_at = 1;
		assert_null(alloc_io_pgtable(variants[i].fmt, &cfg, NULL));
		assert_int_equal(test_memory.live, 0);
	}
	/* The domain itself comes from the pool and is given back when the root cannot be had. */
	table_pool_get_stats(pool, &stats);
	assert_int_equal(stats.live_bytes, 0);
	assert_int_equal(table_pool_validate(pool), 0);
}

static struct io_pgtable *raced;

/* What another thread does between our allocation and our compare-and-swap. */
static void map_neighbour(void)
{
	assert_int_equal(io_pgtable_map(raced, SZ_2M + 8 * SZ_4K, SZ_1G, SZ_4K, RW), 0);
}

/* A race to install a table is lost at each level: the loser's page goes back, both maps hold. */
static void test_lost_race(void **state)
{
	for (int level = 0; level < 3; level++) {
		struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));
		size_t live;

		test_memory_reset();
		cfg.mem = &identity_mem;
		raced = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
		/* Tables above the level that is raced for are there already. */
		if (level < 2)
			assert_int_equal(io_pgtable_map(raced, level ? SZ_1G : 0, 0, SZ_4K, RW), 0);
		live = test_memory.live;
		test_memory.on_alloc = map_neighbour;
		assert_int_equal(io_pgtable_map(raced, SZ_2M, 0, 2 * SZ_4K, RW), 0);
		assert_null(test_memory.on_alloc);
		assert_int_equal(test_memory.live, live + 1 + (size_t)level);
		assert_int_equal(io_pgtable_iova_to_phys(raced, SZ_2M + SZ_4K + 1), SZ_4K + 1);
		assert_int_equal(io_pgtable_iova_to_phys(raced, SZ_2M + 8 * SZ_4K + 1), SZ_1G + 1);
		assert_int_equal(io_pgtable_validate(raced), 0);
		free_io_pgtable(raced);
		assert_int_equal(test_memory.live, 0);
	}
}

/* The library's own pool at its limit in the middle of a map. */
static void test_pool_limit(void **state)
{
	struct table_pool_opts opts = { .limit_bytes = 3 * TABLE_POOL_ARENA_BYTES };
	struct table_pool *pool = table_pool_create(&opts);
	struct io_pgtable_cfg cfg = config(find_variant("arm_64_lpae_s1/4K"));
	struct table_pool_stats stats;
	struct io_pgtable_mem mem;
	struct io_pgtable *iop;

	table_pool_mem(pool, &mem);
	cfg.mem = &mem;
	cfg.pgsize_bitmap = SZ_4K;
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);
	assert_non_null(iop);
	assert_int_equal(io_pgtable_map(iop, 0, 0, SZ_4K, RW), 0);
	/* Three arenas hold 1536 tables of 4K: 3 GiB of pages do not fit. */
	assert_int_equal(io_pgtable_map(iop, SZ_1G, 0, 4 * SZ_1G, RW), -ENOMEM);
	assert_int_equal(io_pgtable_iova_to_phys(iop, SZ_1G), 0);
	assert_int_equal(io_pgtable_iova_to_phys(iop, 5), 5);
	table_pool_get_stats(pool, &stats);
	assert_int_equal(stats.arena_bytes, 3 * TABLE_POOL_ARENA_BYTES);
	assert_true(stats.failures > 0);
	assert_int_equal(io_pgtable_map(iop, SZ_1G, 0, SZ_1G, RW), 0);
	assert_int_equal(io_pgtable_validate(iop), 0);
	free_io_pgtable(iop);
	assert_int_equal(table_pool_validate(pool), 0);
	table_pool_destroy(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alloc_io_pgtable),
		cmocka_unit_test(test_operations),
		cmocka_unit_test(test_lost_race),
		cmocka_unit_test(test_pool_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
