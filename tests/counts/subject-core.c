// SPDX-License-Identifier: GPL-2.0-only
/*
 * subject-core: the library's operations, for count-ops. See subject.h.
 *
 * Memory is the library's own pool. The driver is the cheapest there is: its callbacks do nothing,
 * and are counted.
 */
#include <stdio.h>

#include "core/fill.h"
#include "core/port.h"
#include "io-pgtable-update.h"
#include "subject.h"

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

_Static_assert(sizeof(struct iommu_iotlb_gather) <= GATHER_BYTES, "the gather needs more room");

COUNT_INLINE struct iommu_iotlb_gather *gather_of(struct subject *s)
{
	return (struct iommu_iotlb_gather *)(void *)s->gather;
}

/* What the table was allocated with, registers filled in: so is the next. */
static struct io_pgtable_cfg cfg;

COUNT_INLINE void map_at(struct subject *s, uint64_t iova)
{
	struct io_pgtable *iop = s->table;
	size_t mapped = 0;

	iop->ops->map_pages(iop, iova, iova ^ s->pa_flip, s->pgsize, s->pgcount, COUNT_PROT,
			    &mapped);
}

COUNT_INLINE void unmap_at(struct subject *s, uint64_t iova, struct iommu_iotlb_gather *gather)
{
	struct io_pgtable *iop = s->table;

	iop->ops->unmap_pages(iop, iova, s->pgsize, s->pgcount, gather);
}

#include "subject-ops.h"

static OPAQUE void op_unmap_queued(struct subject *s, size_t i)
{
	unmap_at(s, iova_of(s, i), gather_of(s));
	if (i % CALLS_PER_SYNC == CALLS_PER_SYNC - 1)
		io_pgtable_sync(s->table, gather_of(s));
}

static OPAQUE void op_cursor_pair(struct subject *s, size_t i)
{
	uint64_t iova = iova_of(s, i);

	io_pgtable_cursor_map(&s->cursor, iova, iova ^ s->pa_flip, COUNT_PROT);
	io_pgtable_cursor_unmap(&s->cursor, iova, NULL);
}

static OPAQUE void op_translate(struct subject *s, size_t i)
{
	struct io_pgtable *iop = s->table;

	iop->ops->iova_to_phys(iop, iova_of(s, i));
}

static OPAQUE void op_translate_batch(struct subject *s, size_t i)
{
	io_pgtable_iova_to_phys_batch(s->table, s->iova, s->pa, LIST);
}

static OPAQUE void op_map_sg(struct subject *s, size_t i)
{
	io_pgtable_map_sg(s->table, iova_of(s, i), s->sg, LIST, COUNT_PROT);
}

static OPAQUE void op_map_range(struct subject *s, size_t i)
{
	uint64_t iova = iova_of(s, i);

	io_pgtable_map(s->table, iova, iova ^ s->pa_flip, s->range_bytes, COUNT_PROT);
}

static OPAQUE void op_unmap_range(struct subject *s, size_t i)
{
	io_pgtable_unmap(s->table, iova_of(s, i), s->range_bytes, NULL);
}

static OPAQUE void op_alloc_free(struct subject *s, size_t i)
{
	free_io_pgtable(alloc_io_pgtable(s->fmt, &cfg, NULL));
}

COUNT_INLINE size_t op_bytes(const struct subject *s)
{
	return s->pgsize * s->pgcount;
}

/* What a mapping begins as depends on the format. */
static OPAQUE void op_map_clean(struct subject *s, size_t i)
{
	map_at(s, iova_of(s, i));
	io_pgtable_read_and_clear_dirty(s->table, iova_of(s, i), op_bytes(s), 0, s->dirty[i], NULL);
	for (size_t word = 0; word < DIRTY_PAGES / 64; word++)
		s->dirty[i][word] = 0;
}

static OPAQUE void op_map_written(struct subject *s, size_t i)
{
	op_map_clean(s, i);
	io_pgtable_set_dirty(s->table, iova_of(s, i), op_bytes(s));
}

static OPAQUE void op_dirty(struct subject *s, size_t i)
{
	io_pgtable_read_and_clear_dirty(s->table, iova_of(s, i), op_bytes(s), 0, s->dirty[i], NULL);
}

void *__real_io_pgtable_port_arena_map(size_t head_bytes, size_t arena_bytes, unsigned int node,
				       enum port_pages *pages);
void *__wrap_io_pgtable_port_arena_map(size_t head_bytes, size_t arena_bytes, unsigned int node,
				       enum port_pages *pages);

/* In the place of the port's function, by the linker's option --wrap. */
void *__wrap_io_pgtable_port_arena_map(size_t head_bytes, size_t arena_bytes, unsigned int node,
				       enum port_pages *pages)
{
	count_state.took_memory |= count_state.counting;
	return __real_io_pgtable_port_arena_map(head_bytes, arena_bytes, node, pages);
}

static bool core_open(struct subject *s)
{
	cfg = (struct io_pgtable_cfg){
		.quirks = s->quirks,
		.pgsize_bitmap = s->page | s->block,
		.ias = s->ias,
		.oas = s->oas,
		.coherent_walk = true,
		.tlb = &driver,
	};
	iommu_iotlb_gather_init(gather_of(s));
	s->table = alloc_io_pgtable(s->fmt, &cfg, NULL);
	if (s->table)
		io_pgtable_cursor_init(&s->cursor, s->table);
	return s->table;
}

static void core_close(struct subject *s)
{
	free_io_pgtable(s->table);
}

static phys_addr_t core_lookup(struct subject *s, uint64_t iova)
{
	return io_pgtable_iova_to_phys(s->table, iova);
}

static bool core_is_valid(struct subject *s)
{
	return !io_pgtable_validate(s->table);
}

/* Descriptors stored in pairs or one by one, and the number of the version of core/fill.c. */
static void core_print_variant(void)
{
	unsigned int fill = 0;

	while (&pt_vectors_versions[fill] != pt_vectors_choose())
		fill++;
	printf("assert%d-%s-fill%u", COUNTS_ASSERT, port_wide_stores() ? "wide" : "scalar", fill);
}

const struct count_impl count_impl = {
	.key = "",
	.fmts = (1u << IO_PGTABLE_NUM_FMTS) - 1,
	.run = {
		[OP_MAP] = op_map,
		[OP_UNMAP] = op_unmap,
		[OP_UNMAP_QUEUED] = op_unmap_queued,
		[OP_PAIR] = op_pair,
		[OP_CURSOR_PAIR] = op_cursor_pair,
		[OP_POPULATE] = op_populate,
		[OP_TRANSLATE] = op_translate,
		[OP_TRANSLATE_BATCH] = op_translate_batch,
		[OP_MAP_SG] = op_map_sg,
		[OP_MAP_RANGE] = op_map_range,
		[OP_UNMAP_RANGE] = op_unmap_range,
		[OP_ALLOC_FREE] = op_alloc_free,
		[OP_MAP_CLEAN] = op_map_clean,
		[OP_DIRTY_NONE] = op_dirty,
		[OP_MAP_WRITTEN] = op_map_written,
		[OP_DIRTY_ALL] = op_dirty,
	},
	.open = core_open,
	.close = core_close,
	.lookup = core_lookup,
	.is_valid = core_is_valid,
	.print_variant = core_print_variant,
};
