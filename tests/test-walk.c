// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the walk, the dump and the statistics say, against what was mapped: every variant, in a
 * window of three tables of smallest pages, at the low end, at the high end, and (signed addresses)
 * on both sides of
 * 0. With --json the dumps of all of them are written to stdout instead, for checks/dump-json.py.
 */
#include "io-pgtable-walk.h"
#include "support.h"

#include <stdio.h>

#define MAX_PAGES 24576 /* three tables of 64K */

struct page {
	bool mapped;
	int prot;
	uint64_t pa;
};

static struct page model[MAX_PAGES];

struct seen {
	const struct variant *v;
	uint64_t base, next, end; /* the window; what is expected next */
	size_t leaves[IO_PGTABLE_WALK_LEVELS];
	size_t tables, calls, stop_at;
};

static size_t window_pages(const struct variant *v)
{
	return 3 * table_entries(v);
}

static void check_leaf(const struct seen *s, const struct io_pgtable_walk_entry *e)
{
	size_t first = (e->iova - s->base) / s->v->granule;

	for (size_t i = 0; i < e->size / s->v->granule; i++) {
		const struct page *p = &model[first + i];

		assert_true(p->mapped);
		assert_int_equal(p->pa, e->paddr + i * s->v->granule);
		assert_int_equal(e->prot & RW, shown_prot(s->v, p->prot) & RW);
		/* Nothing that was not asked for; what the format ignores may be missing. */
		assert_int_equal(e->prot & ~shown_prot(s->v, p->prot), 0);
	}
}

static int on_entry(const struct io_pgtable_walk_entry *e, void *ctx)
{
	struct seen *s = ctx;

	s->calls++;
	if (s->calls == s->stop_at)
		return 77;
	if (e->kind == IO_PGTABLE_WALK_TABLE) {
		assert_true(e->level > 0 && e->desc && e->paddr);
		assert_true(e->iova <= s->next && s->next - e->iova < e->size);
		s->tables++;
		return 0;
	}
	assert_int_equal(e->iova, s->next);
	s->next = e->iova + e->size;
	if (e->kind == IO_PGTABLE_WALK_LEAF) {
		s->leaves[e->level]++;
		check_leaf(s, e);
		return 0;
	}
	assert_int_equal(e->desc, 0);
	for (uint64_t at = e->iova; at != s->next; at += s->v->granule)
		assert_false(model[(at - s->base) / s->v->granule].mapped);
	return 0;
}

static bool is_free(size_t first, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (model[first + i].mapped)
			return false;
	return true;
}

static void map_some(struct io_pgtable *iop, const struct variant *v, uint64_t base, uint64_t *seed)
{
	static const int extra[] = { 0, IOMMU_NOEXEC, IOMMU_CACHE, IOMMU_PRIV, IOMMU_MMIO };
	size_t table = table_entries(v), pages = window_pages(v), n = 1 + next_random(seed) % 40;
	size_t first = next_random(seed) % pages;
	int prot = (next_random(seed) & 1 ? RW : IOMMU_READ) | extra[next_random(seed) % 5];
	uint64_t pa = (1 + next_random(seed) % 16) * 3 * table_span(v);

	if (!(next_random(seed) % 8)) {
		first = first / table * table;
		n = table;
	}
	n = n < pages - first ? n : pages - first;
	if (!is_free(first, n))
		return;
	pa += first * v->granule;
	assert_int_equal(io_pgtable_map(iop, base + first * v->granule, pa, n * v->granule, prot),
			 0);
	for (size_t i = 0; i < n; i++)
		model[first + i] = (struct page){ true, prot, pa + i * v->granule };
}

static void unmap_some(struct io_pgtable *iop, const struct variant *v, uint64_t base,
		       uint64_t *seed)
{
	size_t pages = window_pages(v), first = next_random(seed) % pages, n = 0;

	while (first + n < pages && n < 30 && model[first + n].mapped)
		model[first + n++].mapped = false;
	if (n)
		assert_int_equal(
			io_pgtable_unmap(iop, base + first * v->granule, n * v->granule, NULL),
			n * v->granule);
}

static void check_stats(struct io_pgtable *iop, const struct seen *s)
{
	struct io_pgtable_stats stats;
	uint64_t mapped = 0;

	assert_int_equal(io_pgtable_read_stats(iop, &stats), 0);
	assert_int_equal(stats.table_bytes, io_pgtable_table_bytes(iop));
	for (size_t i = 0; i < IO_PGTABLE_WALK_LEVELS; i++)
		assert_int_equal(stats.leaves[i], s->leaves[i]);
	for (size_t i = 0; i < 64; i++)
		mapped += stats.leaves_by_lg2[i] << i;
	assert_int_equal(stats.mapped_bytes, mapped);
	for (size_t i = 0; i < window_pages(s->v); i++)
		mapped -= model[i].mapped ? s->v->granule : 0;
	assert_int_equal(mapped, 0);
}

static void fill(struct io_pgtable *iop, const struct variant *v, uint64_t base, uint64_t seed)
{
	memset(model, 0, sizeof(model));
	for (int i = 0; i < 120; i++) {
		map_some(iop, v, base, &seed);
		if (i % 4 == 3)
			unmap_some(iop, v, base, &seed);
	}
}

static void check_window(struct io_pgtable *iop, const struct variant *v, uint64_t base)
{
	uint64_t bytes = window_pages(v) * v->granule;
	struct seen s = { .v = v, .base = base, .next = base, .end = base + bytes };
	size_t calls;

	fill(iop, v, base, base ^ 0x123456789);
	assert_int_equal(io_pgtable_walk(iop, base, bytes, on_entry, &s), 0);
	assert_int_equal(s.next, s.end);
	assert_true(s.leaves[0] > 10 && s.tables > 0);
	check_stats(iop, &s);
	calls = s.calls;
	s = (struct seen){ .v = v, .base = base, .next = base, .stop_at = calls / 2 };
	assert_int_equal(io_pgtable_walk(iop, base, bytes, on_entry, &s), 77);
	assert_int_equal(s.calls, calls / 2);
	/* A range that begins inside a table and has only a few pages. */
	s = (struct seen){ .v = v, .base = base, .next = base };
	assert_int_equal(io_pgtable_walk(iop, base, v->granule, on_entry, &s), 0);
}

/* Where windows are: the ends of the input addresses, and those of the negative ones. */
static size_t bases(const struct variant *v, uint64_t base[4])
{
	uint64_t bytes = window_pages(v) * v->granule, signs = v->traits & SIGNS ? 1 : 0;
	uint64_t half = 1ull << (v->ias - signs);

	base[0] = 0;
	base[1] = half - bytes;
	base[2] = -half;
	base[3] = -bytes;
	return signs ? 4 : 2;
}

static void test_every_variant(void **state)
{
	uint64_t base[4];

	for (size_t i = 0; i < NR_VARIANTS; i++)
		for (size_t k = 0; k < bases(&variants[i], base); k++) {
			struct io_pgtable *iop = make_table(&variants[i]);

			check_window(iop, &variants[i], base[k]);
			free_io_pgtable(iop);
		}
}

static void test_upper_half(void **state)
{
	const struct variant *v = find_variant("arm_64_lpae_s1/4K");
	struct io_pgtable_cfg cfg = config(v);
	const uint64_t base[] = { -(1ull << 48), -(3 * SZ_2M) };

	cfg.quirks |= IO_PGTABLE_QUIRK_ARM_TTBR1;
	for (size_t i = 0; i < ARRAY_SIZE(base); i++) {
		struct io_pgtable *iop = alloc_io_pgtable(v->fmt, &cfg, NULL);

		assert_non_null(iop);
		check_window(iop, v, base[i]);
		free_io_pgtable(iop);
	}
}

static int on_nothing(const struct io_pgtable_walk_entry *e, void *ctx)
{
	return 0;
}

static void test_ranges(void **state)
{
	struct io_pgtable *iop = make_table(find_variant("riscv_sv39"));

	assert_int_equal(io_pgtable_walk(iop, 0, 0, on_nothing, NULL), -EINVAL);
	assert_int_equal(io_pgtable_walk(iop, 0, 1ull << 38, on_nothing, NULL), 0);
	assert_int_equal(io_pgtable_walk(iop, 0, (1ull << 38) + 1, on_nothing, NULL), -ERANGE);
	assert_int_equal(io_pgtable_walk(iop, -SZ_4K, 2 * SZ_4K, on_nothing, NULL), -ERANGE);
	assert_int_equal(io_pgtable_walk(iop, -(1ull << 38), 1ull << 38, on_nothing, NULL), 0);
	assert_int_equal(io_pgtable_walk(iop, 1ull << 38, 1, on_nothing, NULL), -ERANGE);
	free_io_pgtable(iop);
}

static int find_table(const struct io_pgtable_walk_entry *e, void *ctx)
{
	*(struct io_pgtable_walk_entry *)ctx = *e;
	return e->kind == IO_PGTABLE_WALK_TABLE ? 1 : 0;
}

static int count_calls(const struct io_pgtable_walk_entry *e, void *ctx)
{
	++*(size_t *)ctx;
	return 0;
}

/* The topmost table points to itself from everywhere; then bits that make no sense. */
static void test_hostile(void **state)
{
	uint64_t seed = 99;

	for (size_t i = 0; i < NR_VARIANTS; i++) {
		const struct variant *v = &variants[i];
		struct io_pgtable *iop = make_table(v);
		struct io_pgtable_walk_entry top;
		size_t n = table_entries(v), calls = 0;
		uint64_t *table, *saved = malloc(v->granule), flags = 0xff800000000003ff;

		if (strstr(v->name, "+52")) /* 9:8 are address */
			flags &= ~0x300ull;
		assert_int_equal(io_pgtable_map(iop, 0, v->granule, v->granule, RW), 0);
		assert_int_equal(io_pgtable_walk(iop, 0, v->granule, find_table, &top), 1);
		table = (uint64_t *)(uintptr_t)top.paddr;
		memcpy(saved, table, v->granule);
		for (size_t k = 0; k < n; k++)
			table[k] = top.desc;
		(void)io_pgtable_walk(iop, 0, table_span(v), count_calls, &calls);
		assert_true(calls <= n + IO_PGTABLE_WALK_LEVELS);
		for (int round = 0; round < 50; round++) {
			struct io_pgtable_stats stats;

			/* Flags at random; addresses stay those of the table. */
			for (size_t k = 0; k < n; k++)
				table[k] = top.desc ^ (next_random(&seed) & flags);
			(void)io_pgtable_walk(iop, 0, table_span(v), count_calls, &calls);
			(void)io_pgtable_read_stats(iop, &stats);
		}
		memset(table, 0xff, v->granule);
		if (top.level > 1)
			table[0] = top.desc;
		(void)io_pgtable_walk(iop, 0, table_span(v), count_calls, &calls);
		memcpy(table, saved, v->granule);
		assert_int_equal(io_pgtable_validate(iop), 0);
		free(saved);
		free_io_pgtable(iop);
	}
}

struct text {
	size_t length;
	char text[4096];
};

static void append(const char *text, void *ctx)
{
	struct text *t = ctx;
	size_t n = strlen(text);

	assert_true(t->length + n < sizeof(t->text));
	memcpy(t->text + t->length, text, n + 1);
	t->length += n;
}

/* What a loop must come to, where there is one: three levels of tables below the root. */
static void test_loop(void **state)
{
	struct io_pgtable *iop = make_table(find_variant("arm_64_lpae_s1/4K"));
	struct io_pgtable_walk_entry top;
	size_t calls = 0;
	struct text t = { 0 };
	uint64_t *table, saved;

	assert_int_equal(io_pgtable_map(iop, 0, SZ_4K, SZ_4K, RW), 0);
	assert_int_equal(io_pgtable_walk(iop, 0, SZ_4K, find_table, &top), 1);
	table = (uint64_t *)(uintptr_t)top.paddr;
	saved = table[1];
	table[1] = top.desc;
	assert_int_equal(io_pgtable_walk(iop, 0, 2 * SZ_1G, count_calls, &calls), -EUCLEAN);
	/* No loop, and each descriptor is good, but a table is reached twice. */
	table[1] = table[0];
	assert_int_equal(io_pgtable_walk(iop, 0, 2 * SZ_1G, count_calls, &calls), -EUCLEAN);
	assert_int_equal(io_pgtable_dump(iop, append, &t, IO_PGTABLE_DUMP_TEXT), -EUCLEAN);
	assert_non_null(strstr(t.text, "\nnot complete"));
	table[1] = saved;
	assert_int_equal(io_pgtable_walk(iop, 0, 2 * SZ_1G, count_calls, &calls), 0);
	free_io_pgtable(iop);
}

static void map_golden(struct io_pgtable *iop)
{
	assert_int_equal(io_pgtable_map(iop, 0x1000, 0x80001000, 0x3000, RW | IOMMU_CACHE), 0);
	assert_int_equal(io_pgtable_map(iop, 0x4000, 0x80004000, 0x1000, IOMMU_READ), 0);
	assert_int_equal(io_pgtable_map(iop, SZ_2M, SZ_1G, SZ_2M, RW | IOMMU_NOEXEC), 0);
	assert_int_equal(io_pgtable_map(iop, -SZ_4K, 0x5000, SZ_4K, RW), 0);
}

static void test_golden(void **state)
{
	static const char expected[] =
		"table format riscv_sv39 granule 4096 levels 3\n"
		"hole 0xffffffc000000000 to 0xffffffffffffefff level 2\n"
		"leaf 0xfffffffffffff000 to 0xffffffffffffffff level 0 at 0x0000000000005000"
		" in pages of 0x0000000000001000 rw---- first 0x00000000000014df\n"
		"hole 0x0000000000000000 to 0x0000000000000fff level 0\n"
		"leaf 0x0000000000001000 to 0x0000000000003fff level 0 at 0x0000000080001000"
		" in pages of 0x0000000000001000 rw---- first 0x00000000200004df\n"
		"leaf 0x0000000000004000 to 0x0000000000004fff level 0 at 0x0000000080004000"
		" in pages of 0x0000000000001000 r----- first 0x000000002000105b\n"
		"hole 0x0000000000005000 to 0x00000000001fffff level 0\n"
		"leaf 0x0000000000200000 to 0x00000000003fffff level 1 at 0x0000000040000000"
		" in pages of 0x0000000000200000 rw-n-- first 0x00000000100000d7\n"
		"hole 0x0000000000400000 to 0x0000003fffffffff level 2\n"
		"level 0 tables 2 leaves 5 of 4096\n"
		"level 1 tables 2 leaves 1 of 2097152\n"
		"level 2 tables 1 leaves 0 of 1073741824\n"
		"complete\n";
	struct io_pgtable *iop = make_table(find_variant("riscv_sv39"));
	struct text t = { 0 };

	map_golden(iop);
	assert_int_equal(io_pgtable_dump(iop, append, &t, IO_PGTABLE_DUMP_TEXT), 0);
	assert_string_equal(t.text, expected);
	assert_int_equal(io_pgtable_dump(iop, append, &t, 7), -EINVAL);
	free_io_pgtable(iop);
}

/* A variant is called as its format, and what it is beside that. */
static void test_names(void **state)
{
	for (size_t i = 0; i < NR_VARIANTS; i++) {
		const char *name = io_pgtable_fmt_name(variants[i].fmt);

		assert_non_null(name);
		assert_int_equal(strncmp(variants[i].name, name, strlen(name)), 0);
		assert_non_null(strchr("/+", variants[i].name[strlen(name)]));
	}
	assert_null(io_pgtable_fmt_name(IO_PGTABLE_NUM_FMTS));
	assert_null(io_pgtable_fmt_name((enum io_pgtable_fmt) - 1));
}

static void print(const char *text, void *ctx)
{
	fputs(text, stdout);
}

static int write_json(void)
{
	uint64_t base[4];

	for (size_t i = 0; i < NR_VARIANTS; i++)
		for (size_t k = 0; k < bases(&variants[i], base); k++) {
			struct io_pgtable *iop = make_table(&variants[i]);

			fill(iop, &variants[i], base[k], base[k] + 5);
			if (io_pgtable_dump(iop, print, NULL, IO_PGTABLE_DUMP_JSON))
				return 1;
			free_io_pgtable(iop);
		}
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_variant), cmocka_unit_test(test_upper_half),
		cmocka_unit_test(test_ranges),	      cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_loop),	      cmocka_unit_test(test_golden),
		cmocka_unit_test(test_names),
	};

	if (argc > 1 && !strcmp(argv[1], "--json"))
		return write_json();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
