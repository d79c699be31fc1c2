// SPDX-License-Identifier: GPL-2.0-only
/*
 * map-cases: the axes as tables, the combinations that make sense, and the default set as a union
 * of stars around the base case.
 *
 * Invariant: all loops run over the whole matrix in one order and ask predicates, so no case can
 * come twice.
 */
#include "map-cases.h"

#include <stdio.h>
#include <stdlib.h>

#include "topology.h"
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const char *const op_names[MAP_OP_NR] = {
	[MAP_OP_MAP] = "map",
	[MAP_OP_UNMAP] = "unmap",
	[MAP_OP_PAIR] = "pair",
	[MAP_OP_POPULATE] = "populate",
	[MAP_OP_IOVA_TO_PHYS] = "iova_to_phys",
	[MAP_OP_ALLOC_FREE] = "alloc_free",
	[MAP_OP_CURSOR_PAIR] = "cursor_pair",
	[MAP_OP_MAP_SG] = "map_sg",
	[MAP_OP_IOVA_TO_PHYS_BATCH] = "iova_to_phys_batch",
};
static const char *const fmt_names[IO_PGTABLE_NUM_FMTS] = {
	[ARM_32_LPAE_S1] = "arm_32_lpae_s1",
	[ARM_32_LPAE_S2] = "arm_32_lpae_s2",
	[ARM_64_LPAE_S1] = "arm_64_lpae_s1",
	[ARM_64_LPAE_S2] = "arm_64_lpae_s2",
	[ARM_V7S] = "arm_v7s",
	[APPLE_DART] = "apple_dart",
	[APPLE_DART2] = "apple_dart2",
	[ARM_MALI_LPAE] = "arm_mali_lpae",
	[AMD_IOMMU_V1] = "amd_iommu_v1",
	[AMD_IOMMU_V2] = "amd_iommu_v2",
	[INTEL_VTD_SS] = "intel_vtd_ss",
	[INTEL_VTD_FS] = "intel_vtd_fs",
	[RISCV_SV39] = "riscv_sv39",
	[RISCV_SV48] = "riscv_sv48",
	[RISCV_SV57] = "riscv_sv57",
	[RISCV_SV39X4] = "riscv_sv39x4",
	[RISCV_SV48X4] = "riscv_sv48x4",
	[RISCV_SV57X4] = "riscv_sv57x4",
};
static const char *const pattern_names[MAP_PATTERN_NR] = { "warm", "sequential", "random_1G",
							   "random_256G" };
static const char *const flush_names[BENCH_FLUSH_NR] = { "strict", "strict-per-leaf", "queued" };
static const char *const domain_names[MAP_DOMAIN_NR] = { "private", "shared", "neighbour" };

/* The base case comes first. */
static const struct map_geometry geometries[] = {
	{ ARM_64_LPAE_S1, 12, 12, 48, 48 }, { ARM_64_LPAE_S1, 12, 21, 48, 48 },
	{ ARM_64_LPAE_S1, 12, 30, 48, 48 }, { ARM_64_LPAE_S1, 14, 14, 48, 48 },
	{ ARM_64_LPAE_S1, 14, 25, 48, 48 }, { ARM_64_LPAE_S1, 16, 16, 48, 48 },
	{ ARM_64_LPAE_S1, 16, 29, 48, 48 }, { ARM_64_LPAE_S2, 12, 12, 48, 48 },
	{ ARM_64_LPAE_S2, 12, 21, 48, 48 }, { ARM_64_LPAE_S2, 12, 30, 48, 48 },
	{ ARM_64_LPAE_S2, 14, 14, 48, 48 }, { ARM_64_LPAE_S2, 14, 25, 48, 48 },
	{ ARM_64_LPAE_S2, 16, 16, 48, 48 }, { ARM_64_LPAE_S2, 16, 29, 48, 48 },
	{ ARM_32_LPAE_S1, 12, 12, 32, 40 }, { ARM_32_LPAE_S1, 12, 21, 32, 40 },
	{ ARM_32_LPAE_S1, 12, 30, 32, 40 }, { ARM_32_LPAE_S2, 12, 12, 40, 40 },
	{ ARM_32_LPAE_S2, 12, 21, 40, 40 }, { ARM_32_LPAE_S2, 12, 30, 40, 40 },
	{ ARM_V7S, 12, 12, 32, 32 },	    { APPLE_DART, 14, 14, 36, 36 },
	{ AMD_IOMMU_V1, 12, 12, 48, 48 },   { AMD_IOMMU_V1, 12, 21, 48, 48 },
	{ AMD_IOMMU_V1, 12, 16, 48, 48 },   { RISCV_SV48, 12, 16, 48, 48 },
	{ AMD_IOMMU_V2, 12, 12, 48, 48 },   { AMD_IOMMU_V2, 12, 21, 48, 48 },
	{ INTEL_VTD_SS, 12, 12, 48, 48 },   { INTEL_VTD_SS, 12, 21, 48, 48 },
	{ INTEL_VTD_FS, 12, 12, 48, 48 },   { INTEL_VTD_FS, 12, 21, 48, 48 },
	{ RISCV_SV39, 12, 12, 39, 48 },	    { RISCV_SV39, 12, 21, 39, 48 },
	{ RISCV_SV48, 12, 12, 48, 48 },	    { RISCV_SV48, 12, 21, 48, 48 },
	{ RISCV_SV57, 12, 12, 57, 48 },	    { RISCV_SV57, 12, 21, 57, 48 },
	{ RISCV_SV39X4, 12, 12, 41, 48 },   { RISCV_SV48X4, 12, 12, 50, 48 },
	{ ARM_V7S, 12, 16, 32, 32 },	    { RISCV_SV57X4, 12, 12, 59, 48 },
	{ ARM_MALI_LPAE, 12, 12, 48, 40 },  { APPLE_DART2, 14, 14, 36, 42 },
	{ ARM_V7S, 12, 20, 32, 32 },
};

static const unsigned int batches[] = { 1, 16, 256, 511, 512, 513, 64 };

enum {
	WARM_DESCRIPTORS =
		4096, /* 32 KiB: first-level data cache, or nearly so where that is 32 KiB */
	BLOCK_REGION = 32768,	/* blocks in a region: 64 GiB of 2M */
	RANDOM_CALLS = 2 << 20, /* a page each: 128 MiB of cache lines, beyond most caches */
	RANDOM_MIN_SLOTS = 256, /* fewer places are not random */
};

static const uint64_t GIB = 1ull << 30;

static void size_name(unsigned int lg2, char name[8])
{
	static const char unit[] = " KMGT";

	snprintf(name, 8, "%u%c", 1u << lg2 % 10, unit[lg2 / 10]);
}

void map_case_name(const struct map_case *c, char *name)
{
	char granule[8], size[8];

	size_name(c->geo->granule, granule);
	size_name(c->geo->size, size);
	snprintf(name, MAP_NAME_BYTES,
		 "%s/impl:%s/fmt:%s/granule:%s/size:%s/batch:%u/pattern:%s/coherent:%d/flush:%s/"
		 "domain:%s/threads:%u",
		 op_names[c->op], c->impl->name, fmt_names[c->geo->fmt], granule, size, c->batch,
		 pattern_names[c->pattern], c->coherent, flush_names[c->flush],
		 domain_names[c->domain], c->threads);
}

static uint64_t min_u64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t round_down(uint64_t value, uint64_t unit)
{
	return value / unit * unit;
}

static bool is_random(const struct map_case *c)
{
	return c->pattern == MAP_RANDOM_1G || c->pattern == MAP_RANDOM_256G;
}

static uint64_t region_bytes(const struct map_case *c)
{
	switch (c->pattern) {
	case MAP_WARM:
		return (uint64_t)WARM_DESCRIPTORS << c->geo->size;
	case MAP_SEQUENTIAL:
		return c->geo->size == c->geo->granule ? GIB
						       : (uint64_t)BLOCK_REGION << c->geo->size;
	case MAP_RANDOM_1G:
		return GIB;
	default:
		return 256 * GIB;
	}
}

static bool is_signed(const struct map_geometry *g)
{
	return g->fmt == AMD_IOMMU_V2 || g->fmt == INTEL_VTD_FS ||
	       (g->fmt >= RISCV_SV39 && g->fmt <= RISCV_SV57);
}

/*
 * What is warm or in order shrinks to a small address space; a region that is named after its size
 * does not. Threads that share a domain get whole tables each; they divide a named region.
 */
static uint64_t region_per_thread(const struct map_case *c, uint64_t table_span)
{
	/* Of a sign-extended range the positive half, as a driver does that has no use for both. */
	unsigned int ias = c->geo->ias - is_signed(c->geo), oas = c->geo->oas;
	/* The highest output bit is what tells a physical address from its iova. */
	uint64_t want = region_bytes(c), have = 1ull << (ias < oas ? ias : oas - 1);

	if (is_random(c)) {
		if (want > have)
			return 0;
		return c->domain == MAP_SHARED ? round_down(want / c->threads, table_span) : want;
	}
	if (c->domain == MAP_SHARED)
		have = round_down(have / c->threads, table_span);
	return min_u64(want, have);
}

/* Log2 of the leaves in a table: 8 bytes each in a granule, short descriptors 4 bytes in 1 KiB. */
static unsigned int leaves_lg2(const struct map_geometry *g)
{
	return g->fmt == ARM_V7S ? 8 : g->granule - 3;
}

bool map_case_extent(const struct map_case *c, struct map_extent *e)
{
	const struct map_geometry *g = c->geo;
	/* Addresses of a batch have nothing to do with each other. */
	uint64_t run = c->op == MAP_OP_IOVA_TO_PHYS_BATCH ? 1 : c->batch;
	uint64_t unit = run << g->size, region;

	*e = (struct map_extent){ .table_span = 1ull << (g->size + leaves_lg2(g)) };
	region = region_per_thread(c, e->table_span);
	e->stride = unit;
	e->slots = region / unit;
	if (c->domain == MAP_SHARED)
		e->thread_step = round_down(region + e->table_span - 1, e->table_span);
	if (c->domain == MAP_NEIGHBOUR) {
		e->slots /= c->threads;
		e->thread_step = unit;
		e->stride = unit * c->threads;
	}
	e->calls = is_random(c) ? min_u64(e->slots, RANDOM_CALLS) : e->slots;
	return e->slots >= (is_random(c) ? RANDOM_MIN_SLOTS : 1);
}

uint64_t map_case_pgsizes(const struct map_case *c)
{
	uint64_t sizes = 0;

	for (size_t i = 0; i < ARRAY_SIZE(geometries); i++)
		if (geometries[i].fmt == c->geo->fmt && geometries[i].granule == c->geo->granule)
			sizes |= 1ull << geometries[i].size;
	return sizes;
}

uint64_t map_case_table_bytes(const struct map_case *c)
{
	struct map_extent e;
	uint64_t leaves, index = 0;

	map_case_extent(c, &e);
	leaves = e.slots * (e.stride >> c->geo->size) * 8 * c->threads;
	if (is_random(c))
		index = e.calls * sizeof(uint32_t) * c->threads;
	return leaves + leaves / 64 + index + (64ull << 20);
}

/* What an operation can differ in; the rest of an axis would only repeat the same measurement. */
struct op_traits {
	unsigned int batches;
	bool flushes;
	bool cleans;
	bool shares;
	unsigned int patterns;
};

#define BIT(n) (1u << (n))
#define ALL_PATTERNS \
	(BIT(MAP_WARM) | BIT(MAP_SEQUENTIAL) | BIT(MAP_RANDOM_1G) | BIT(MAP_RANDOM_256G))
#define RANDOM	  (BIT(MAP_RANDOM_1G) | BIT(MAP_RANDOM_256G))
/* By place in the table of batches. */
#define BATCH_1	  BIT(0)
#define BATCH_16  BIT(1)
#define BATCH_256 BIT(2)
#define BATCH_512 BIT(4)
#define BATCH_64  BIT(6)
#define RUNS	  (BIT(0) | BIT(1) | BIT(2) | BIT(3) | BIT(4) | BIT(5))

static const struct op_traits traits[MAP_OP_NR] = {
	[MAP_OP_MAP] = { RUNS, false, true, true, ALL_PATTERNS },
	[MAP_OP_UNMAP] = { RUNS, true, true, true, ALL_PATTERNS },
	[MAP_OP_PAIR] = { RUNS, true, true, true, ALL_PATTERNS },
	[MAP_OP_POPULATE] = { RUNS, true, true, false, BIT(MAP_SEQUENTIAL) },
	[MAP_OP_IOVA_TO_PHYS] = { BATCH_1, false, false, true, ALL_PATTERNS },
	[MAP_OP_ALLOC_FREE] = { BATCH_1, false, false, false, BIT(MAP_WARM) },
	[MAP_OP_CURSOR_PAIR] = { BATCH_1, true, true, false, BIT(MAP_WARM) | BIT(MAP_SEQUENTIAL) },
	[MAP_OP_MAP_SG] = { BATCH_64, false, true, false, BIT(MAP_WARM) | BIT(MAP_SEQUENTIAL) },
	[MAP_OP_IOVA_TO_PHYS_BATCH] = { BATCH_64, false, false, false, RANDOM },
};

static bool takes_batch(const struct op_traits *t, unsigned int batch)
{
	for (size_t i = 0; i < ARRAY_SIZE(batches); i++)
		if ((t->batches & BIT(i)) && batches[i] == batch)
			return true;
	return false;
}

/* Operations that know the smallest page only. */
#define PAGE_OPS                                                                 \
	(BIT(MAP_OP_ALLOC_FREE) | BIT(MAP_OP_CURSOR_PAIR) | BIT(MAP_OP_MAP_SG) | \
	 BIT(MAP_OP_IOVA_TO_PHYS_BATCH))

static bool op_makes_sense(const struct map_case *c)
{
	const struct op_traits *t = &traits[c->op];

	if ((PAGE_OPS & BIT(c->op)) && c->geo->size != c->geo->granule)
		return false;
	if (c->op == MAP_OP_CURSOR_PAIR && c->flush == BENCH_FLUSH_QUEUED)
		return false;
	return takes_batch(t, c->batch) && (t->flushes || c->flush == BENCH_FLUSH_STRICT) &&
	       (t->cleans || c->coherent) && (t->shares || c->domain == MAP_PRIVATE) &&
	       (t->patterns & BIT(c->pattern));
}

/* Neighbours: every thread has entries in every table, so a batch must leave room for the others.
 */
static bool threads_make_sense(const struct map_case *c)
{
	if (c->domain != MAP_NEIGHBOUR)
		return c->threads > 1 || c->domain == MAP_PRIVATE;
	return c->threads > 1 && c->pattern == MAP_WARM && c->op != MAP_OP_IOVA_TO_PHYS &&
	       c->batch * c->threads <= 1u << leaves_lg2(c->geo) &&
	       (c->batch & (c->batch - 1)) == 0;
}

/* What an implementation has that neither makes a table nor takes one away. */
static bool bare_has(const struct map_case *c)
{
	const unsigned int ops =
		BIT(MAP_OP_MAP) | BIT(MAP_OP_UNMAP) | BIT(MAP_OP_PAIR) | BIT(MAP_OP_IOVA_TO_PHYS);

	return (ops & BIT(c->op)) && c->coherent && c->flush == BENCH_FLUSH_STRICT &&
	       (c->batch == 1 || c->batch == 16 || c->batch == 256) &&
	       (c->pattern == MAP_WARM || c->op == MAP_OP_IOVA_TO_PHYS || c->batch == 1);
}

static bool makes_sense(const struct map_case *c)
{
	struct map_extent extent;

	if (!(c->impl->fmts & BIT(c->geo->fmt)) || !op_makes_sense(c) || !threads_make_sense(c))
		return false;
	if (c->impl->bare && !bare_has(c))
		return false;
	if (c->impl->brief && (c->geo != &geometries[0] || c->threads > 1))
		return false;
	/* Scattered whole tables are a case of their own that nobody asked for. */
	if (is_random(c) && c->batch > 256)
		return false;
	return map_case_extent(c, &extent);
}

#define EDIT_OPS     (BIT(MAP_OP_MAP) | BIT(MAP_OP_UNMAP) | BIT(MAP_OP_PAIR))
#define MAIN_BATCHES (BATCH_1 | BATCH_16 | BATCH_256 | BATCH_512)
#define STRICT	     BIT(BENCH_FLUSH_STRICT)
#define LATER	     (BIT(BENCH_FLUSH_STRICT_PER_LEAF) | BIT(BENCH_FLUSH_QUEUED))
#define ALL_DOMAINS  (BIT(MAP_PRIVATE) | BIT(MAP_SHARED) | BIT(MAP_NEIGHBOUR))

/* WITH_BARS: what the bars against Linux's code hold for (tools/ratios.py). */
enum where { BASE_ONLY, BOTH_STAGES_4K, WITH_BARS, AMD_4K, EVERY_GRANULE, EVERY_SIZE };

/**
 * struct star - a part of the matrix that is run by default
 * @ops: bit per enum map_op, and so on
 * @coherent: bit 1 for coherent, bit 0 for not
 * @where: which geometries
 * @many: any number of threads, not just one
 */
struct star {
	unsigned int ops;
	unsigned int batches;
	unsigned int patterns;
	unsigned int coherent;
	unsigned int flushes;
	unsigned int domains;
	enum where where;
	bool many;
};

#define ONE_DOMAIN   BIT(MAP_PRIVATE)
#define WARM	     BIT(MAP_WARM)
#define TRANSLATE    BIT(MAP_OP_IOVA_TO_PHYS)
#define POPULATE     BIT(MAP_OP_POPULATE)
#define ALLOC_FREE   BIT(MAP_OP_ALLOC_FREE)
#define FLUSHING_OPS (BIT(MAP_OP_UNMAP) | BIT(MAP_OP_PAIR))
#define COHERENT     BIT(1)
#define NON_COHERENT BIT(0)

static const struct star stars[] = {
	/* every size of every format */
	{ EDIT_OPS, MAIN_BATCHES, WARM, COHERENT, STRICT, ONE_DOMAIN, EVERY_SIZE, false },
	{ POPULATE, BATCH_512, ALL_PATTERNS, COHERENT, STRICT, ONE_DOMAIN, EVERY_SIZE, false },
	{ TRANSLATE, BATCH_1, WARM, COHERENT, STRICT, ONE_DOMAIN, EVERY_SIZE, false },
	{ ALLOC_FREE, BATCH_1, WARM, COHERENT, STRICT, ONE_DOMAIN, EVERY_GRANULE, false },
	/* patterns */
	{ EDIT_OPS, MAIN_BATCHES, BIT(MAP_SEQUENTIAL), COHERENT, STRICT, ONE_DOMAIN, BASE_ONLY,
	  false },
	{ EDIT_OPS, BATCH_1, BIT(MAP_RANDOM_1G), COHERENT, STRICT, ONE_DOMAIN, EVERY_GRANULE,
	  false },
	{ EDIT_OPS, BATCH_1 | BATCH_16, RANDOM, COHERENT, STRICT, ONE_DOMAIN, BASE_ONLY, false },
	{ TRANSLATE, BATCH_1, ALL_PATTERNS, COHERENT, STRICT, ONE_DOMAIN, BASE_ONLY, false },
	{ POPULATE, MAIN_BATCHES, ALL_PATTERNS, COHERENT, STRICT, ONE_DOMAIN, BASE_ONLY, false },
	/* batches and cursors */
	{ BIT(MAP_OP_CURSOR_PAIR), BATCH_1, WARM, COHERENT, STRICT, ONE_DOMAIN, EVERY_GRANULE,
	  false },
	{ BIT(MAP_OP_MAP_SG), BATCH_64, WARM, COHERENT, STRICT, ONE_DOMAIN, EVERY_GRANULE, false },
	{ BIT(MAP_OP_IOVA_TO_PHYS_BATCH), BATCH_64, RANDOM, COHERENT, STRICT, ONE_DOMAIN, BASE_ONLY,
	  false },
	/* flushing and cleaning */
	{ FLUSHING_OPS, MAIN_BATCHES, WARM, COHERENT, LATER, ONE_DOMAIN, BOTH_STAGES_4K, false },
	{ POPULATE, BATCH_512, ALL_PATTERNS, COHERENT, LATER, ONE_DOMAIN, BASE_ONLY, false },
	/* what the bars of other granules and of stage 2 are about, and is not above */
	{ BIT(MAP_OP_MAP) | BIT(MAP_OP_UNMAP), BATCH_1, BIT(MAP_RANDOM_256G), COHERENT, STRICT,
	  ONE_DOMAIN, WITH_BARS, false },
	{ TRANSLATE, BATCH_1, BIT(MAP_SEQUENTIAL) | BIT(MAP_RANDOM_1G), COHERENT, STRICT,
	  ONE_DOMAIN, WITH_BARS, false },
	{ BIT(MAP_OP_IOVA_TO_PHYS_BATCH), BATCH_64, BIT(MAP_RANDOM_256G), COHERENT, STRICT,
	  ONE_DOMAIN, WITH_BARS, false },
	{ BIT(MAP_OP_UNMAP), BATCH_512, WARM, COHERENT, BIT(BENCH_FLUSH_QUEUED), ONE_DOMAIN,
	  WITH_BARS, false },
	/* Linux's AMD tables make no callbacks, and neither does the library here. */
	{ BIT(MAP_OP_UNMAP), BATCH_1, WARM, COHERENT, BIT(BENCH_FLUSH_QUEUED), ONE_DOMAIN, AMD_4K,
	  false },
	{ EDIT_OPS, MAIN_BATCHES, WARM, NON_COHERENT, STRICT, ONE_DOMAIN, BOTH_STAGES_4K, false },
	{ POPULATE, BATCH_512, ALL_PATTERNS, NON_COHERENT, STRICT, ONE_DOMAIN, BASE_ONLY, false },
	/* threads */
	{ EDIT_OPS, BATCH_1 | BATCH_16 | BATCH_256, WARM, COHERENT, STRICT, ALL_DOMAINS, BASE_ONLY,
	  true },
	{ POPULATE | ALLOC_FREE, BATCH_1 | BATCH_512, ALL_PATTERNS, COHERENT, STRICT, ONE_DOMAIN,
	  BASE_ONLY, true },
	{ TRANSLATE, BATCH_1, WARM | BIT(MAP_RANDOM_1G), COHERENT, STRICT, ALL_DOMAINS, BASE_ONLY,
	  true },
};

static bool is_where(const struct map_geometry *g, enum where where)
{
	bool pages = g->size == g->granule;

	switch (where) {
	case BASE_ONLY:
		return g == &geometries[0];
	case BOTH_STAGES_4K:
		return pages && g->granule == 12 &&
		       (g->fmt == ARM_64_LPAE_S1 || g->fmt == ARM_64_LPAE_S2);
	case WITH_BARS:
		return pages &&
		       (g->fmt == ARM_64_LPAE_S1 || (g->fmt == ARM_64_LPAE_S2 && g->granule == 12));
	case AMD_4K:
		return pages && (g->fmt == AMD_IOMMU_V1 || g->fmt == AMD_IOMMU_V2);
	case EVERY_GRANULE:
		return pages;
	default:
		return true;
	}
}

static bool is_default(const struct map_case *c, size_t batch)
{
	for (size_t i = 0; i < ARRAY_SIZE(stars); i++) {
		const struct star *s = &stars[i];

		if ((s->ops & BIT(c->op)) && (s->batches & BIT(batch)) &&
		    (s->patterns & BIT(c->pattern)) && (s->coherent & BIT(c->coherent)) &&
		    (s->flushes & BIT(c->flush)) && (s->domains & BIT(c->domain)) &&
		    is_where(c->geo, s->where) && (s->many || c->threads == 1))
			return true;
	}
	return false;
}

/*
 * Whether a geometry is in the full matrix with all that the default leaves out. Formats that
 * differ in nothing but their constants are not: registering takes the square of the number of
 * names.
 */
static bool is_crossed(const struct map_geometry *g)
{
	return g->fmt < INTEL_VTD_SS || g->fmt == AMD_IOMMU_V1 || g->fmt == ARM_V7S;
}

/* The digits of the number that counts through the matrix, lowest first. */
enum axis {
	AX_THREADS,
	AX_DOMAIN,
	AX_FLUSH,
	AX_COHERENT,
	AX_PATTERN,
	AX_BATCH,
	AX_GEO,
	AX_OP,
	AX_NR
};

struct matrix {
	bool full;
	unsigned int threads[32];
	size_t size[AX_NR];
	size_t total;
};

static void matrix_init(struct matrix *m, bool full, unsigned int max_threads)
{
	size_t nr_threads = 0;

	for (unsigned int t = 1; t; t = topology_next_threads(t, max_threads))
		m->threads[nr_threads++] = t;
	m->full = full;
	m->size[AX_THREADS] = nr_threads;
	m->size[AX_DOMAIN] = MAP_DOMAIN_NR;
	m->size[AX_FLUSH] = BENCH_FLUSH_NR;
	m->size[AX_COHERENT] = 2;
	m->size[AX_PATTERN] = MAP_PATTERN_NR;
	m->size[AX_BATCH] = ARRAY_SIZE(batches);
	m->size[AX_GEO] = ARRAY_SIZE(geometries);
	m->size[AX_OP] = MAP_OP_NR;
	m->total = 1;
	for (size_t i = 0; i < AX_NR; i++)
		m->total *= m->size[i];
}

/* The case with a number, if it makes sense and is wanted. */
static bool matrix_at(const struct matrix *m, const struct bench_impl *impl, size_t number,
		      struct map_case *c)
{
	size_t at[AX_NR];

	for (size_t i = 0; i < AX_NR; i++) {
		at[i] = number % m->size[i];
		number /= m->size[i];
	}
	*c = (struct map_case){
		.impl = impl,
		.geo = &geometries[at[AX_GEO]],
		.op = at[AX_OP],
		.batch = batches[at[AX_BATCH]],
		.pattern = at[AX_PATTERN],
		.coherent = at[AX_COHERENT] == 0,
		.flush = at[AX_FLUSH],
		.domain = at[AX_DOMAIN],
		.threads = m->threads[at[AX_THREADS]],
	};
	return makes_sense(c) && ((m->full && is_crossed(c->geo)) || is_default(c, at[AX_BATCH]));
}

struct map_case *map_cases(bool full, unsigned int max_threads, size_t *nr)
{
	struct map_case *list = NULL, c;
	struct matrix m;

	matrix_init(&m, full, max_threads);
	/* Count first, then fill. */
	for (int fill = 0; fill < 2; fill++) {
		*nr = 0;
		for (size_t number = 0; number < m.total; number++)
			for (size_t i = 0; bench_impls[i]; i++)
				if (matrix_at(&m, bench_impls[i], number, &c) && ++*nr && fill)
					list[*nr - 1] = c;
		if (!fill && !(list = calloc(*nr + 1, sizeof(*list))))
			return NULL;
	}
	return list;
}
