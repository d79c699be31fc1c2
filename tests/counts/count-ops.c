// SPDX-License-Identifier: GPL-2.0-only
/*
 * count-ops: executes operations of the library so that somebody else can count the instructions.
 *
 * Each case runs in a forked child, so that none depends on what another left in the pool. It runs
 * once to warm up, which makes every table and arena that it needs, and once more in
 * counted_region(): that function, and for arm64 the two marker instructions in it, are what
 * counts.py collects. Nothing in there calls malloc() or the operating system (a case that takes
 * an arena there fails), and the program is deterministic, so the counts are the same in every run.
 * After the counted part the table is checked against what the operation should have left behind.
 *
 * usage: count-ops --key | count-ops [TEXT]     (the cases whose names contain TEXT)
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/fill.h"
#include "core/port.h"
#include "io-pgtable.h"

#ifdef __has_attribute
#if __has_attribute(noipa)
#define OPAQUE __attribute__((noipa))
#endif
#endif
#ifndef OPAQUE
#define OPAQUE __attribute__((__noinline__))
#endif

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define RW     (IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)

enum {
	LIST = 64,	      /* addresses of a batch, pieces of a scatter list */
	CALLS_PER_SYNC = 16,  /* of queued unmaps */
	POPULATE_CALLS = 512, /* of whole leaf tables */
	TAIL = 1,	      /* pages behind the block of a mixed range */
};

/* One table and what the operations on it are called with: operation i works at base + i * stride.
 */
struct subject {
	struct io_pgtable *iop;
	enum io_pgtable_fmt fmt;
	struct io_pgtable_cfg cfg;
	uint64_t base;
	uint64_t stride;
	size_t pgsize;
	size_t pgcount;
	size_t range_bytes;
	uint64_t pa_flip;
	struct iommu_iotlb_gather gather;
	struct io_pgtable_cursor cursor;
	struct io_pgtable_sg sg[LIST];
	uint64_t iova[LIST];
	phys_addr_t pa[LIST];
};

/* Static and one: where a page of it is first touched is the same in every case. */
static struct subject the_subject;

typedef void (*op_fn)(struct subject *s, size_t i);

/* The cheapest driver: its callbacks are there and do nothing. Counted like the library. */
static OPAQUE void driver_flush_all(void *cookie)
{
}

static OPAQUE void driver_add_flush(uint64_t iova, size_t size, bool leaf, void *cookie)
{
}

static OPAQUE void driver_sync(void *cookie)
{
}

static OPAQUE void driver_add_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf,
				    void *cookie)
{
}

static const struct iommu_gather_ops driver = {
	.tlb_flush_all = driver_flush_all,
	.tlb_add_flush = driver_add_flush,
	.tlb_sync = driver_sync,
	.tlb_add_range = driver_add_range,
};

static always_inline void map_at(struct subject *s, uint64_t iova)
{
	size_t mapped = 0;

	s->iop->ops->map_pages(s->iop, iova, iova ^ s->pa_flip, s->pgsize, s->pgcount, RW, &mapped);
}

static always_inline void unmap_at(struct subject *s, uint64_t iova,
				   struct iommu_iotlb_gather *gather)
{
	s->iop->ops->unmap_pages(s->iop, iova, s->pgsize, s->pgcount, gather);
}

static always_inline uint64_t iova_of(const struct subject *s, size_t i)
{
	return s->base + i * s->stride;
}

static OPAQUE void op_nothing(struct subject *s, size_t i)
{
}

static OPAQUE void op_map(struct subject *s, size_t i)
{
	map_at(s, iova_of(s, i));
}

static OPAQUE void op_unmap(struct subject *s, size_t i)
{
	unmap_at(s, iova_of(s, i), NULL);
}

static OPAQUE void op_unmap_queued(struct subject *s, size_t i)
{
	unmap_at(s, iova_of(s, i), &s->gather);
	if (i % CALLS_PER_SYNC == CALLS_PER_SYNC - 1)
		io_pgtable_sync(s->iop, &s->gather);
}

static OPAQUE void op_pair(struct subject *s, size_t i)
{
	map_at(s, iova_of(s, i));
	unmap_at(s, iova_of(s, i), NULL);
}

static OPAQUE void op_cursor_pair(struct subject *s, size_t i)
{
	uint64_t iova = iova_of(s, i);

	io_pgtable_cursor_map(&s->cursor, iova, iova ^ s->pa_flip, RW);
	io_pgtable_cursor_unmap(&s->cursor, iova, NULL);
}

static OPAQUE void op_populate(struct subject *s, size_t i)
{
	for (size_t n = 0; n < POPULATE_CALLS; n++)
		map_at(s, iova_of(s, n));
	for (size_t n = 0; n < POPULATE_CALLS; n++)
		unmap_at(s, iova_of(s, n), NULL);
}

static OPAQUE void op_translate(struct subject *s, size_t i)
{
	s->iop->ops->iova_to_phys(s->iop, iova_of(s, i));
}

static OPAQUE void op_translate_batch(struct subject *s, size_t i)
{
	io_pgtable_iova_to_phys_batch(s->iop, s->iova, s->pa, LIST);
}

static OPAQUE void op_map_sg(struct subject *s, size_t i)
{
	io_pgtable_map_sg(s->iop, iova_of(s, i), s->sg, LIST, RW);
}

static OPAQUE void op_map_range(struct subject *s, size_t i)
{
	uint64_t iova = iova_of(s, i);

	io_pgtable_map(s->iop, iova, iova ^ s->pa_flip, s->range_bytes, RW);
}

static OPAQUE void op_unmap_range(struct subject *s, size_t i)
{
	io_pgtable_unmap(s->iop, iova_of(s, i), s->range_bytes, NULL);
}

static OPAQUE void op_alloc_free(struct subject *s, size_t i)
{
	free_io_pgtable(alloc_io_pgtable(s->fmt, &s->cfg, NULL));
}

/* What is to be there before an operation, and what takes away what it leaves; neither counts. */
struct operation {
	const char *name;
	const char *flush;
	op_fn run;
	op_fn before;
	op_fn after;
};

static const struct operation nothing = { "nothing", NULL, op_nothing, NULL, NULL };
static const struct operation map = { "map", NULL, op_map, NULL, op_unmap };
static const struct operation unmap = { "unmap", "strict", op_unmap, op_map, NULL };
static const struct operation unmap_queued = { "unmap", "queued", op_unmap_queued, op_map, NULL };
static const struct operation pair = { "pair", "strict", op_pair, NULL, NULL };
static const struct operation cursor_pair = { "cursor_pair", "strict", op_cursor_pair, NULL, NULL };
static const struct operation populate = { "populate", "strict", op_populate, NULL, NULL };
static const struct operation translate = { "iova_to_phys", NULL, op_translate, op_map, op_unmap };
static const struct operation translate_batch = { "iova_to_phys_batch", NULL, op_translate_batch,
						  op_map, op_unmap };
static const struct operation map_sg = { "map_sg", NULL, op_map_sg, NULL, op_unmap };
static const struct operation map_range = { "map_range", NULL, op_map_range, NULL, op_unmap_range };
static const struct operation unmap_range = { "unmap_range", "strict", op_unmap_range, op_map_range,
					      NULL };
static const struct operation alloc_free = { "alloc_free", NULL, op_alloc_free, NULL, NULL };

enum where {
	EVERYWHERE, /* with every table below */
	FIRST,	    /* with the first of them */
	ONCE,	    /* with none: its name has no table */
};

/*
 * One case for each table. Pages are what counts are divided by: one for what has none. Operations
 * of single pages cover two leaf tables of a 4K granule, of runs eight; never fewer than 16.
 */
struct shape {
	const struct operation *op;
	size_t pgcount;
	bool block;
	enum where where;
	size_t operations;
	size_t pages;
};

static const struct shape shapes[] = {
	{ &nothing, 1, false, ONCE, 1024, 1 },
	{ &nothing, 2, false, ONCE, 2048, 1 },
	{ &map, 1, false, EVERYWHERE, 1024, 1 },
	{ &map, 16, false, EVERYWHERE, 256, 16 },
	{ &map, 256, false, EVERYWHERE, 16, 256 },
	{ &map, 512, true, FIRST, 16, 512 },
	{ &unmap, 1, false, EVERYWHERE, 1024, 1 },
	{ &unmap, 16, false, EVERYWHERE, 256, 16 },
	{ &unmap, 256, false, EVERYWHERE, 16, 256 },
	{ &unmap, 512, true, FIRST, 16, 512 },
	{ &unmap_queued, 1, false, EVERYWHERE, 1024, 1 },
	{ &unmap_queued, 512, false, FIRST, 64, 512 },
	{ &pair, 1, false, EVERYWHERE, 1024, 1 },
	{ &cursor_pair, 1, false, EVERYWHERE, 1024, 1 },
	{ &populate, 512, false, FIRST, 1, (size_t)512 * POPULATE_CALLS },
	{ &translate, 1, false, EVERYWHERE, 1024, 1 },
	{ &translate_batch, LIST, false, FIRST, LIST, LIST },
	{ &map_sg, LIST, false, FIRST, LIST, LIST },
	{ &map_range, 1, false, FIRST, 64, 1 },
	{ &unmap_range, 1, false, FIRST, 64, 1 },
	{ &alloc_free, 1, false, EVERYWHERE, 64, 1 },
};

struct table {
	const char *fmt_name;
	enum io_pgtable_fmt fmt;
	const char *page_name;
	const char *block_name;
	uint64_t page;
	uint64_t block;
};

static const struct table tables[] = {
	{ "arm_64_lpae_s1", ARM_64_LPAE_S1, "4K", "2M", KIB(4), MIB(2) },
	{ "arm_64_lpae_s2", ARM_64_LPAE_S2, "4K", "2M", KIB(4), MIB(2) },
	{ "arm_64_lpae_s1", ARM_64_LPAE_S1, "16K", "32M", KIB(16), MIB(32) },
	{ "arm_64_lpae_s1", ARM_64_LPAE_S1, "64K", "512M", KIB(64), MIB(512) },
};

static always_inline void region_begin(void)
{
#ifdef __aarch64__
	__asm__ volatile("hint #0x70" ::: "memory");
#endif
}

static always_inline void region_end(void)
{
#ifdef __aarch64__
	__asm__ volatile("hint #0x71" ::: "memory");
#endif
}

#ifdef COUNTS_PLANT
/*
 * count-ops-planted only: what a change that costs COUNTS_PLANT hundredths of an instruction per
 * operation would execute, for the tests of tools/gate.
 */
static size_t planted_rounds;

static void set_plant(size_t operations)
{
	const char *text = getenv("COUNTS_PLANT");

	planted_rounds = (operations * strtoul(text ? text : "0", NULL, 10) / 100 + 1) / 2;
}

static always_inline void execute_plant(op_fn run)
{
	size_t rounds = planted_rounds;

	if (!rounds || run == op_nothing)
		return;
#ifdef __aarch64__
	__asm__ volatile("1: subs %0, %0, #1\n\tb.ne 1b" : "+r"(rounds) : : "cc");
#else
	__asm__ volatile("1: sub $1, %0\n\tjnz 1b" : "+r"(rounds) : : "cc");
#endif
}
#else
static void set_plant(size_t operations)
{
}

static always_inline void execute_plant(op_fn run)
{
}
#endif

void counted_region(op_fn run, struct subject *s, size_t operations);

/* The name is what callgrind is told to collect. */
OPAQUE void counted_region(op_fn run, struct subject *s, size_t operations)
{
	region_begin();
	for (size_t i = 0; i < operations; i++)
		run(s, i);
	execute_plant(run);
	region_end();
}

static bool counting, mapped_while_counting;

void *__real_io_pgtable_port_arena_map(size_t head_bytes, size_t arena_bytes, unsigned int node,
				       enum port_pages *pages);
void *__wrap_io_pgtable_port_arena_map(size_t head_bytes, size_t arena_bytes, unsigned int node,
				       enum port_pages *pages);

/* In the place of the port's function, by the linker's option --wrap. */
void *__wrap_io_pgtable_port_arena_map(size_t head_bytes, size_t arena_bytes, unsigned int node,
				       enum port_pages *pages)
{
	mapped_while_counting |= counting;
	return __real_io_pgtable_port_arena_map(head_bytes, arena_bytes, node, pages);
}

static OPAQUE void uncounted(op_fn run, struct subject *s, size_t operations)
{
	for (size_t i = 0; run && i < operations; i++)
		run(s, i);
}

/* Scattered: no two neighbours of the lists are adjacent, and neither is in order. */
static void set_lists(struct subject *s)
{
	for (size_t i = 0; i < LIST; i++) {
		size_t at = i * 37 % LIST;

		s->sg[i].paddr = s->pa_flip + (2 * at + 1) * s->pgsize;
		s->sg[i].length = s->pgsize;
		s->iova[i] = iova_of(s, at) + i * s->pgsize;
	}
}

static bool set_subject(struct subject *s, const struct table *t, const struct shape *shape)
{
	s->fmt = t->fmt;
	s->cfg = (struct io_pgtable_cfg){
		.pgsize_bitmap = t->page | t->block,
		.ias = 48,
		.oas = 48,
		.coherent_walk = true,
		.tlb = &driver,
	};
	s->pgsize = shape->block ? t->block : t->page;
	s->pgcount = shape->pgcount;
	s->range_bytes = t->block + TAIL * t->page;
	s->stride = s->pgsize * s->pgcount;
	if (shape->op->run == op_map_range || shape->op->run == op_unmap_range)
		s->stride = 2 * t->block;
	s->base = 1ull << 40;
	s->pa_flip = 1ull << 47;
	iommu_iotlb_gather_init(&s->gather);
	set_lists(s);
	s->iop = alloc_io_pgtable(s->fmt, &s->cfg, NULL);
	if (s->iop)
		io_pgtable_cursor_init(&s->cursor, s->iop);
	return s->iop;
}

/* Each operation's first and last page translate if something is left to take away. */
static bool is_as_expected(struct subject *s, const struct shape *shape)
{
	bool range = shape->op->run == op_map_range || shape->op->run == op_unmap_range;
	size_t bytes = range ? s->range_bytes : s->pgsize * s->pgcount;
	bool mapped = shape->op->after;

	for (size_t i = 0; i < shape->operations; i++) {
		uint64_t first = iova_of(s, i), last = first + bytes - 1;

		if (!io_pgtable_iova_to_phys(s->iop, first) == mapped ||
		    !io_pgtable_iova_to_phys(s->iop, last) == mapped)
			return false;
	}
	for (size_t i = 0; shape->op->run == op_translate_batch && i < LIST; i++)
		if (s->pa[i] != (s->iova[i] ^ s->pa_flip))
			return false;
	return !io_pgtable_validate(s->iop);
}

/* The exit status of a child. */
enum outcome { GOOD, NO_TABLE, NOT_WARM, NOT_AS_EXPECTED, NR_OUTCOMES };

static const char *const outcomes[NR_OUTCOMES] = {
	[NO_TABLE] = "the table could not be allocated",
	[NOT_WARM] = "memory was taken from the operating system in the counted part",
	[NOT_AS_EXPECTED] = "the table is not as it should be afterwards",
};

static enum outcome run_case(const struct table *t, const struct shape *shape)
{
	const struct operation *op = shape->op;
	struct subject *s = &the_subject;
	bool good;

	if (!set_subject(s, t, shape))
		return NO_TABLE;
	set_plant(shape->operations);
	uncounted(op->before, s, shape->operations);
	uncounted(op->run, s, shape->operations);
	uncounted(op->after, s, shape->operations);

	uncounted(op->before, s, shape->operations);
	counting = true;
	counted_region(op->run, s, shape->operations);
	counting = false;
	good = is_as_expected(s, shape);
	uncounted(op->after, s, shape->operations);
	free_io_pgtable(s->iop);
	if (mapped_while_counting)
		return NOT_WARM;
	return good ? GOOD : NOT_AS_EXPECTED;
}

/* As in bench_map, less the keys that are the same in all cases. */
static void name_case(char *name, size_t bytes, const struct table *t, const struct shape *shape)
{
	const char *size = shape->block ? t->block_name : t->page_name;
	const struct operation *op = shape->op;
	int used;

	if (shape->where == ONCE) {
		snprintf(name, bytes, "%s/operations:%zu", op->name, shape->operations);
		return;
	}
	used = snprintf(name, bytes, "%s/fmt:%s/granule:%s", op->name, t->fmt_name, t->page_name);
	if (op == &map_range || op == &unmap_range)
		used += snprintf(name + used, bytes - (size_t)used, "/size:%s+%s", t->block_name,
				 t->page_name);
	else if (op != &alloc_free)
		used += snprintf(name + used, bytes - (size_t)used, "/size:%s/batch:%zu", size,
				 shape->pgcount);
	if (op->flush)
		snprintf(name + used, bytes - (size_t)used, "/flush:%s", op->flush);
}

static bool fork_case(const char *name, const struct table *t, const struct shape *shape)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(run_case(t, shape));
	if (pid < 0 || waitpid(pid, &status, 0) != pid) {
		perror("count-ops");
		return false;
	}
	if (status) {
		bool known = WIFEXITED(status) && WEXITSTATUS(status) < NR_OUTCOMES;

		fprintf(stderr, "count-ops: %s: %s (status %#x)\n", name,
			known ? outcomes[WEXITSTATUS(status)] : "it did not end",
			(unsigned int)status);
		return false;
	}
	printf("case %s %ld %zu %zu\n", name, (long)pid, shape->operations, shape->pages);
	return true;
}

static bool run_cases(const char *text)
{
	bool good = true;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		for (size_t j = 0; j < sizeof(tables) / sizeof(tables[0]); j++) {
			char name[128];

			if (shapes[i].where != EVERYWHERE && j)
				break;
			name_case(name, sizeof(name), &tables[j], &shapes[i]);
			if (strstr(name, text) || shapes[i].where == ONCE)
				good &= fork_case(name, &tables[j], &shapes[i]);
		}
	return good;
}

/*
 * Which of the versions of the code this processor gets: descriptors stored in pairs or one by one,
 * and the number of the version of core/fill.c.
 */
static void print_variant(void)
{
	unsigned int fill = 0;

	while (&pt_vectors_versions[fill] != pt_vectors_choose())
		fill++;
	printf("%s-fill%u", port_wide_stores() ? "wide" : "scalar", fill);
}

/* What the numbers depend on besides the source. */
static void print_key(void)
{
#if defined(__clang__)
	const char *compiler = "clang-" __clang_version__;
	int length = (int)strcspn(compiler, " ");
#else
	char compiler[64];
	int length = snprintf(compiler, sizeof(compiler), "gcc-%d.%d.%d", __GNUC__, __GNUC_MINOR__,
			      __GNUC_PATCHLEVEL__);
#endif
#if defined(__aarch64__) && defined(__ARM_FEATURE_ATOMICS)
	const char *arch = "aarch64-lse";
#elif defined(__aarch64__)
	const char *arch = "aarch64";
#else
	const char *arch = "x86_64";
#endif

	printf("key %s-%.*s-assert%d-", arch, length, compiler, COUNTS_ASSERT);
	print_variant();
	printf("\nflags %s\n", COUNTS_FLAGS);
}

int main(int argc, char **argv)
{
	if (argc > 2 || (argc == 2 && argv[1][0] == '-' && strcmp(argv[1], "--key") != 0)) {
		fprintf(stderr, "usage: count-ops --key | count-ops [TEXT]\n");
		return 2;
	}
	print_key();
	if (argc == 2 && argv[1][0] == '-')
		return 0;
	return run_cases(argc == 2 ? argv[1] : "") ? 0 : 1;
}
