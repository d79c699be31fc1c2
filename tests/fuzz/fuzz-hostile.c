// SPDX-License-Identifier: GPL-2.0-only
/*
 * Descriptors of a fuzzer's choice in a table of any format: walk, dump, statistics, validation and
 * translation end, read nothing but the tables' memory, and report no more than there can be.
 *
 * The memory hooks know which addresses are tables: phys_to_virt() says NULL to all others, and
 * what lies around the memory is poisoned where the address sanitizer is there. Before the table is
 * freed its memory is put back to what it was.
 */
#include "input.h"
#include "io-pgtable-walk.h"
#include "support.h"

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#define POISON(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define EXPOSE(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define POISON(p, n) ((void)(p))
#define EXPOSE(p, n) ((void)(p))
#endif

#define ARENA_BYTES (4 * SZ_2M)
#define ARENA_PA    SZ_1G
#define MOST_POKES  16

static unsigned long opened[NR_VARIANTS];

static struct {
	uint8_t *at;
	size_t used;
	uint8_t *copy;
} arena;

static void *arena_alloc(void *ctx, size_t bytes, unsigned int flags)
{
	size_t at = (arena.used + bytes - 1) & ~(bytes - 1);

	if (at + bytes > ARENA_BYTES)
		return NULL;
	EXPOSE(arena.at + arena.used, at + bytes - arena.used);
	arena.used = at + bytes;
	return memset(arena.at + at, 0, bytes);
}

static void arena_free(void *ctx, void *ptr, size_t bytes, unsigned int flags)
{
}

static phys_addr_t to_phys(void *ctx, const void *ptr)
{
	return (phys_addr_t)((const uint8_t *)ptr - arena.at) + ARENA_PA;
}

static void *to_virt(void *ctx, phys_addr_t pa)
{
	return pa >= ARENA_PA && pa - ARENA_PA < arena.used ? arena.at + (pa - ARENA_PA) : NULL;
}

static const struct io_pgtable_mem hooks = {
	.alloc = arena_alloc, .free = arena_free, .virt_to_phys = to_phys, .phys_to_virt = to_virt
};

static void arena_reset(void)
{
	if (!arena.at) {
		arena.at = aligned_alloc(SZ_2M, ARENA_BYTES);
		arena.copy = malloc(ARENA_BYTES);
		MUST(arena.at && arena.copy);
	}
	arena.used = 0;
	POISON(arena.at, ARENA_BYTES);
}

static struct io_pgtable *make(const struct variant *v, uint64_t base)
{
	struct io_pgtable_cfg cfg = config(v);
	struct io_pgtable *iop;
	uint64_t table = table_span(v);

	cfg.tlb = NULL;
	cfg.mem = &hooks;
	iop = alloc_io_pgtable(v->fmt, &cfg, NULL);
	MUST(iop);
	/* Some pages, a whole table of them, and a block where there are blocks. */
	MUST(!io_pgtable_map(iop, base, v->granule * 7, v->granule * 5, IOMMU_READ));
	MUST(!io_pgtable_map(iop, base + table, v->granule, table, RW));
	MUST(!io_pgtable_map(iop, base + 2 * table, 0, table, RW | IOMMU_CACHE));
	return iop;
}

/* A word of the tables becomes something else: anything, a bit more or less, or what another is. */
static void poke(struct input *in)
{
	uint64_t *word = (uint64_t *)arena.at + take(in, 3) % (arena.used / 8), old = *word;
	uint64_t *other = (uint64_t *)arena.at + take(in, 3) % (arena.used / 8);

	switch (take(in, 1) % 4) {
	case 0:
		*word = take(in, 8);
		break;
	case 1:
		*word = old ^ 1ull << take(in, 1) % 64;
		break;
	case 2:
		*word = *other;
		break;
	default: /* the address of some table, with bits that a descriptor may have */
		*word = (old & 0xfff) | (ARENA_PA + take(in, 3) % arena.used);
	}
}

struct seen {
	uint64_t entries;
	size_t characters;
};

static int on_entry(const struct io_pgtable_walk_entry *e, void *ctx)
{
	struct seen *s = ctx;

	s->entries++;
	MUST(e->level < IO_PGTABLE_WALK_LEVELS && e->size);
	return 0;
}

static void on_text(const char *text, void *ctx)
{
	((struct seen *)ctx)->characters += strlen(text);
}

static void look(struct io_pgtable *iop, const struct variant *v, uint64_t base, struct input *in)
{
	/*
	 * Each word of a table is an entry or part of a hole, and each hole lies between two
	 * entries.
	 */
	uint64_t most = 3 * (arena.used / (v->traits & NARROW ? 4 : 8)) + 16;
	struct io_pgtable_stats stats;
	struct seen seen = { 0 };
	uint64_t at[8];
	phys_addr_t pa[8];
	int err;

	err = io_pgtable_walk(iop, base, 3 * table_span(v), on_entry, &seen);
	MUST((!err || err == -EUCLEAN) && seen.entries <= most);
	err = io_pgtable_read_stats(iop, &stats);
	MUST(!err || err == -EUCLEAN);
	io_pgtable_dump(iop, on_text, &seen, IO_PGTABLE_DUMP_TEXT);
	io_pgtable_dump(iop, on_text, &seen, IO_PGTABLE_DUMP_JSON);
	MUST(seen.characters);
	err = io_pgtable_validate(iop);
	MUST(!err || err == -EUCLEAN);
	for (int i = 0; i < 8; i++) {
		at[i] = base + take(in, 3) * v->granule / 16;
		pa[i] = io_pgtable_iova_to_phys(iop, at[i]);
	}
	io_pgtable_iova_to_phys_batch(iop, at, pa, 8);
	for (int i = 0; i < 8; i++)
		MUST(pa[i] == io_pgtable_iova_to_phys(iop, at[i]));
}

/* Any word is as good as another, but not any format. */
bool fuzz_is_complete(void)
{
	bool complete = true;

	for (size_t i = 0; i < NR_VARIANTS; i++)
		complete &= was_reached(variants[i].name, opened[i]);
	return complete;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	const struct variant *v = &variants[take(&in, 1) % NR_VARIANTS];
	uint64_t window = 3 * table_span(v);
	/* At one end of the input addresses. */
	uint64_t base = take(&in, 1) & 1 ? canonical(v, (1ull << v->ias) - window) : 0;
	struct io_pgtable *iop;

	arena_reset();
	iop = make(v, base);
	opened[v - variants]++;
	memcpy(arena.copy, arena.at, arena.used);
	for (unsigned int i = 0; i < MOST_POKES && in.left; i++)
		poke(&in);
	look(iop, v, base, &in);
	memcpy(arena.at, arena.copy, arena.used);
	free_io_pgtable(iop);
	return 0;
}
