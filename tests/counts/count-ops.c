// SPDX-License-Identifier: GPL-2.0-only
/*
 * count-ops: executes operations of the library, or of Linux's code (count-linux), so that somebody
 * else can count the instructions.
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

#include "subject.h"

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)

/* Static and one: where a page of it is first touched is the same in every case. */
static struct subject the_subject;

static OPAQUE void op_nothing(struct subject *s, size_t i)
{
}

/*
 * What is to be there before an operation, and what takes away what it leaves; neither counts.
 * OP_NOTHING is none.
 */
struct operation {
	const char *name;
	const char *flush;
	enum count_op before;
	enum count_op after;
	const char *written; /* which pages were, of dirty state that is read */
};

static const struct operation op_table[NR_COUNT_OPS] = {
	[OP_NOTHING] = { "nothing", NULL, OP_NOTHING, OP_NOTHING, NULL },
	[OP_MAP] = { "map", NULL, OP_NOTHING, OP_UNMAP, NULL },
	[OP_UNMAP] = { "unmap", "strict", OP_MAP, OP_NOTHING, NULL },
	[OP_UNMAP_QUEUED] = { "unmap", "queued", OP_MAP, OP_NOTHING, NULL },
	[OP_PAIR] = { "pair", "strict", OP_NOTHING, OP_NOTHING, NULL },
	[OP_CURSOR_PAIR] = { "cursor_pair", "strict", OP_NOTHING, OP_NOTHING, NULL },
	[OP_POPULATE] = { "populate", "strict", OP_NOTHING, OP_NOTHING, NULL },
	[OP_TRANSLATE] = { "iova_to_phys", NULL, OP_MAP, OP_UNMAP, NULL },
	[OP_TRANSLATE_BATCH] = { "iova_to_phys_batch", NULL, OP_MAP, OP_UNMAP, NULL },
	[OP_MAP_SG] = { "map_sg", NULL, OP_NOTHING, OP_UNMAP, NULL },
	[OP_MAP_RANGE] = { "map_range", NULL, OP_NOTHING, OP_UNMAP_RANGE, NULL },
	[OP_UNMAP_RANGE] = { "unmap_range", "strict", OP_MAP_RANGE, OP_NOTHING, NULL },
	[OP_ALLOC_FREE] = { "alloc_free", NULL, OP_NOTHING, OP_NOTHING, NULL },
	[OP_DIRTY_NONE] = { "read_and_clear_dirty", NULL, OP_MAP_CLEAN, OP_UNMAP, "none" },
	[OP_DIRTY_ALL] = { "read_and_clear_dirty", NULL, OP_MAP_WRITTEN, OP_UNMAP, "all" },
};

static op_fn run_of(enum count_op op)
{
	return op == OP_NOTHING ? op_nothing : count_impl.run[op];
}

enum where {
	EVERYWHERE, /* with every table below */
	THOROUGH,   /* with those that are counted in everything */
	GROUPED,    /* with those whose block is a group of entries of one table */
	FIRST,	    /* with the first of them */
	RECORDING,  /* with those of domains that record writes, and nothing else with these */
	ONCE,	    /* with none: its name has no table */
};

/*
 * One case for each table. Pages are what counts are divided by: one for what has none, and the
 * entries of groups. Operations of single pages cover two leaf tables of a 4K granule, of runs
 * eight; never fewer than 16.
 */
struct shape {
	enum count_op op;
	size_t pgcount;
	bool block;
	enum where where;
	size_t operations;
	size_t pages;
};

static const struct shape shapes[] = {
	{ OP_NOTHING, 1, false, ONCE, 1024, 1 },
	{ OP_NOTHING, 2, false, ONCE, 2048, 1 },
	{ OP_MAP, 1, false, EVERYWHERE, 1024, 1 },
	{ OP_MAP, 16, false, THOROUGH, 256, 16 },
	{ OP_MAP, 256, false, EVERYWHERE, 16, 256 },
	{ OP_MAP, 512, true, FIRST, 16, 512 },
	{ OP_MAP, 1, true, GROUPED, 64, 16 },
	{ OP_MAP, 16, true, GROUPED, 16, 256 },
	{ OP_UNMAP, 1, false, EVERYWHERE, 1024, 1 },
	{ OP_UNMAP, 16, false, THOROUGH, 256, 16 },
	{ OP_UNMAP, 256, false, EVERYWHERE, 16, 256 },
	{ OP_UNMAP, 512, true, FIRST, 16, 512 },
	{ OP_UNMAP, 1, true, GROUPED, 64, 16 },
	{ OP_UNMAP, 16, true, GROUPED, 16, 256 },
	{ OP_UNMAP_QUEUED, 1, false, THOROUGH, 1024, 1 },
	{ OP_UNMAP_QUEUED, 512, false, FIRST, 64, 512 },
	{ OP_PAIR, 1, false, THOROUGH, 1024, 1 },
	{ OP_CURSOR_PAIR, 1, false, THOROUGH, 1024, 1 },
	{ OP_POPULATE, 512, false, FIRST, 1, (size_t)512 * POPULATE_CALLS },
	{ OP_TRANSLATE, 1, false, EVERYWHERE, 1024, 1 },
	{ OP_TRANSLATE_BATCH, LIST, false, FIRST, LIST, LIST },
	{ OP_MAP_SG, LIST, false, FIRST, LIST, LIST },
	{ OP_MAP_RANGE, 1, false, FIRST, 64, 1 },
	{ OP_UNMAP_RANGE, 1, false, FIRST, 64, 1 },
	{ OP_ALLOC_FREE, 1, false, THOROUGH, 64, 1 },
	{ OP_DIRTY_NONE, DIRTY_PAGES, false, RECORDING, DIRTY_CALLS, DIRTY_PAGES },
	{ OP_DIRTY_ALL, DIRTY_PAGES, false, RECORDING, DIRTY_CALLS, DIRTY_PAGES },
};

struct table {
	const char *fmt_name;
	enum io_pgtable_fmt fmt;
	const char *page_name;
	const char *block_name;
	uint64_t page;
	uint64_t block; /* 0: there is none */
	unsigned char ias, oas;
	bool thorough; /* counted in everything; the others in what differs by format */
	bool grouped;
	unsigned long records; /* the quirk that makes hardware record writes */
};

#define ARM_HD IO_PGTABLE_QUIRK_ARM_HD
#define DIRTY  IO_PGTABLE_QUIRK_DIRTY

static const struct table tables[] = {
	{ "arm_64_lpae_s1", ARM_64_LPAE_S1, "4K", "2M", KIB(4), MIB(2), 48, 48, true, false, 0 },
	{ "arm_64_lpae_s2", ARM_64_LPAE_S2, "4K", "2M", KIB(4), MIB(2), 48, 48, true, false, 0 },
	{ "arm_64_lpae_s1", ARM_64_LPAE_S1, "16K", "32M", KIB(16), MIB(32), 48, 48, true, false,
	  0 },
	{ "arm_64_lpae_s1", ARM_64_LPAE_S1, "64K", "512M", KIB(64), MIB(512), 48, 48, true, false,
	  0 },
	{ "arm_32_lpae_s1", ARM_32_LPAE_S1, "4K", "2M", KIB(4), MIB(2), 32, 40, false, false, 0 },
	{ "arm_32_lpae_s2", ARM_32_LPAE_S2, "4K", "2M", KIB(4), MIB(2), 40, 40, false, false, 0 },
	{ "arm_v7s", ARM_V7S, "4K", "64K", KIB(4), KIB(64), 32, 32, false, true, 0 },
	{ "arm_mali_lpae", ARM_MALI_LPAE, "4K", "2M", KIB(4), MIB(2), 48, 40, false, false, 0 },
	{ "apple_dart", APPLE_DART, "16K", NULL, KIB(16), 0, 36, 36, false, false, 0 },
	{ "apple_dart2", APPLE_DART2, "16K", NULL, KIB(16), 0, 36, 42, false, false, 0 },
	{ "amd_iommu_v1", AMD_IOMMU_V1, "4K", "64K", KIB(4), KIB(64), 48, 48, false, true, 0 },
	{ "amd_iommu_v2", AMD_IOMMU_V2, "4K", "2M", KIB(4), MIB(2), 48, 48, false, false, 0 },
	{ "intel_vtd_ss", INTEL_VTD_SS, "4K", "2M", KIB(4), MIB(2), 48, 48, false, false, 0 },
	{ "intel_vtd_fs", INTEL_VTD_FS, "4K", "2M", KIB(4), MIB(2), 48, 48, false, false, 0 },
	{ "riscv_sv39", RISCV_SV39, "4K", "2M", KIB(4), MIB(2), 39, 48, false, false, 0 },
	{ "riscv_sv48", RISCV_SV48, "4K", "64K", KIB(4), KIB(64), 48, 48, false, true, 0 },
	{ "riscv_sv57", RISCV_SV57, "4K", "2M", KIB(4), MIB(2), 57, 48, false, false, 0 },
	{ "riscv_sv39x4", RISCV_SV39X4, "4K", "2M", KIB(4), MIB(2), 41, 48, false, false, 0 },
	{ "riscv_sv48x4", RISCV_SV48X4, "4K", "2M", KIB(4), MIB(2), 50, 48, false, false, 0 },
	{ "riscv_sv57x4", RISCV_SV57X4, "4K", "2M", KIB(4), MIB(2), 59, 48, false, false, 0 },
	{ "arm_64_lpae_s1", ARM_64_LPAE_S1, "4K", "2M", KIB(4), MIB(2), 48, 48, false, false,
	  ARM_HD },
	{ "arm_64_lpae_s1", ARM_64_LPAE_S1, "4K", "64K", KIB(4), KIB(64), 48, 48, false, true,
	  ARM_HD },
	{ "amd_iommu_v1", AMD_IOMMU_V1, "4K", "2M", KIB(4), MIB(2), 48, 48, false, false, DIRTY },
	{ "amd_iommu_v1", AMD_IOMMU_V1, "4K", "64K", KIB(4), KIB(64), 48, 48, false, true, DIRTY },
	{ "intel_vtd_ss", INTEL_VTD_SS, "4K", "2M", KIB(4), MIB(2), 48, 48, false, false, DIRTY },
	{ "riscv_sv48", RISCV_SV48, "4K", "2M", KIB(4), MIB(2), 48, 48, false, false, DIRTY },
	{ "riscv_sv48", RISCV_SV48, "4K", "64K", KIB(4), KIB(64), 48, 48, false, true, DIRTY },
};

COUNT_INLINE void region_begin(void)
{
#ifdef __aarch64__
	__asm__ volatile("hint #0x70" ::: "memory");
#endif
}

COUNT_INLINE void region_end(void)
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

COUNT_INLINE void execute_plant(op_fn run)
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

COUNT_INLINE void execute_plant(op_fn run)
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

struct count_state count_state;

static OPAQUE void uncounted(enum count_op op, struct subject *s, size_t operations)
{
	op_fn run = run_of(op);

	for (size_t i = 0; op != OP_NOTHING && i < operations; i++)
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

static bool is_range(const struct shape *shape)
{
	return shape->op == OP_MAP_RANGE || shape->op == OP_UNMAP_RANGE;
}

static bool set_subject(struct subject *s, const struct table *t, const struct shape *shape)
{
	unsigned int bits = t->ias < t->oas ? t->ias : t->oas;

	s->fmt = t->fmt;
	s->page = t->page;
	s->block = t->block;
	s->quirks = t->records;
	s->pgsize = shape->block ? t->block : t->page;
	s->pgcount = shape->pgcount;
	s->range_bytes = t->block + TAIL * t->page;
	s->stride = is_range(shape) ? 2 * t->block : s->pgsize * s->pgcount;
	s->ias = t->ias;
	s->oas = t->oas;
	/* Away from the start, within the lower half of the input, and of the output. */
	s->base = 1ull << (bits > 41 ? 40 : bits - 2);
	s->pa_flip = 1ull << (t->oas - 1);
	set_lists(s);
	return count_impl.open(s);
}

static bool read_is_as_expected(const struct subject *s, bool all)
{
	for (size_t i = 0; i < DIRTY_CALLS; i++)
		for (size_t word = 0; word < DIRTY_PAGES / 64; word++)
			if (s->dirty[i][word] != (all ? UINT64_MAX : 0))
				return false;
	return true;
}

/* Each operation's first and last page translate if something is left to take away. */
static bool is_as_expected(struct subject *s, const struct shape *shape)
{
	size_t bytes = is_range(shape) ? s->range_bytes : s->pgsize * s->pgcount;
	bool mapped = op_table[shape->op].after != OP_NOTHING;

	for (size_t i = 0; i < shape->operations; i++) {
		uint64_t first = iova_of(s, i), last = first + bytes - 1;

		if (!count_impl.lookup(s, first) == mapped || !count_impl.lookup(s, last) == mapped)
			return false;
	}
	if (shape->where == RECORDING && !read_is_as_expected(s, shape->op == OP_DIRTY_ALL))
		return false;
	for (size_t i = 0; shape->op == OP_TRANSLATE_BATCH && i < LIST; i++)
		if (s->pa[i] != (s->iova[i] ^ s->pa_flip))
			return false;
	return count_impl.is_valid(s);
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
	const struct operation *op = &op_table[shape->op];
	struct subject *s = &the_subject;
	bool good;

	if (!set_subject(s, t, shape))
		return NO_TABLE;
	set_plant(shape->operations);
	uncounted(op->before, s, shape->operations);
	uncounted(shape->op, s, shape->operations);
	uncounted(op->after, s, shape->operations);

	if (shape->op == OP_POPULATE && count_impl.renew_populate) {
		count_impl.close(s);
		if (!count_impl.open(s))
			return NO_TABLE;
	}
	uncounted(op->before, s, shape->operations);
	count_state.counting = true;
	counted_region(run_of(shape->op), s, shape->operations);
	count_state.counting = false;
	good = is_as_expected(s, shape);
	uncounted(op->after, s, shape->operations);
	count_impl.close(s);
	if (count_state.took_memory)
		return NOT_WARM;
	return good ? GOOD : NOT_AS_EXPECTED;
}

/*
 * With the stack at the same place in a cache, however long environment and arguments are: what
 * else is there is at the same addresses in every run.
 */
static OPAQUE enum outcome run_case_in_place(const struct table *t, const struct shape *shape)
{
	enum { CACHE_WAY_BYTES = 16384 };
	volatile char *pad =
		__builtin_alloca((uintptr_t)__builtin_frame_address(0) % CACHE_WAY_BYTES + 1);

	pad[0] = 0;
	return run_case(t, shape);
}

/* As in bench_map, less the keys that are the same in all cases. */
static void name_case(char *name, size_t bytes, const struct table *t, const struct shape *shape)
{
	const char *size = shape->block ? t->block_name : t->page_name;
	const struct operation *op = &op_table[shape->op];
	int used;

	if (shape->where == ONCE) {
		snprintf(name, bytes, "%s/operations:%zu", op->name, shape->operations);
		return;
	}
	used = snprintf(name, bytes, "%s/fmt:%s/granule:%s", op->name, t->fmt_name, t->page_name);
	if (is_range(shape))
		used += snprintf(name + used, bytes - (size_t)used, "/size:%s+%s", t->block_name,
				 t->page_name);
	else if (shape->op != OP_ALLOC_FREE)
		used += snprintf(name + used, bytes - (size_t)used, "/size:%s/batch:%zu", size,
				 shape->pgcount);
	if (op->flush)
		snprintf(name + used, bytes - (size_t)used, "/flush:%s", op->flush);
	if (op->written)
		snprintf(name + used, bytes - (size_t)used, "/groups:%d/written:%s", t->grouped,
			 op->written);
}

static bool fork_case(const char *name, const struct table *t, const struct shape *shape)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(run_case_in_place(t, shape));
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

static bool goes_with(const struct shape *shape, const struct table *t)
{
	if (!(count_impl.fmts & 1u << t->fmt) || !run_of(shape->op))
		return false;
	if (t->records || shape->where == RECORDING)
		return t->records && shape->where == RECORDING;
	switch (shape->where) {
	case EVERYWHERE:
		return true;
	case THOROUGH:
		return t->thorough;
	case GROUPED:
		return t->grouped;
	default:
		return t == &tables[0];
	}
}

static bool run_cases(const char *text)
{
	bool good = true;

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		for (size_t j = 0; j < sizeof(tables) / sizeof(tables[0]); j++) {
			char name[128];

			if (!goes_with(&shapes[i], &tables[j]))
				continue;
			name_case(name, sizeof(name), &tables[j], &shapes[i]);
			if (strstr(name, text) || shapes[i].where == ONCE)
				good &= fork_case(name, &tables[j], &shapes[i]);
		}
	return good;
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

	printf("key %s-%s%.*s-", arch, count_impl.key, length, compiler);
	count_impl.print_variant();
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
