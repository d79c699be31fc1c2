// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay-tables: the page tables of a replay, see replay-tables.h.
 *
 * Invariant: a counter is only ever touched by its own thread, so that counting needs no atomics
 * and shares no cache line.
 */
#include "replay-tables.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local struct replay_calls calls_here;

static void count_flush_all(void *cookie)
{
	calls_here.flush_all++;
}

static void count_add_flush(uint64_t iova, size_t size, bool leaf, void *cookie)
{
	if (leaf)
		calls_here.leaf++;
	else
		calls_here.table++;
}

static void count_add_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf,
			    void *cookie)
{
	if (leaf)
		calls_here.leaf++;
	else
		calls_here.table++;
}

static void count_sync(void *cookie)
{
	calls_here.sync++;
}

/* No flush_pgtable: a walker that does not snoop has its lines cleaned by the library. */
static const struct iommu_gather_ops range_driver = {
	.tlb_flush_all = count_flush_all,
	.tlb_add_flush = count_add_flush,
	.tlb_add_range = count_add_range,
	.tlb_sync = count_sync,
};

static const struct iommu_gather_ops leaf_driver = {
	.tlb_flush_all = count_flush_all,
	.tlb_add_flush = count_add_flush,
	.tlb_sync = count_sync,
};

void replay_calls_take(struct replay_calls *calls)
{
	calls->leaf += calls_here.leaf;
	calls->table += calls_here.table;
	calls->sync += calls_here.sync;
	calls->flush_all += calls_here.flush_all;
	calls_here = (struct replay_calls){ 0 };
}

/* The granule and the blocks it has: a table of 8-byte descriptors maps granule^2 / 8. */
static uint64_t page_sizes(uint64_t granule_bytes)
{
	uint64_t block_bytes = granule_bytes * (granule_bytes / 8);

	return granule_bytes | block_bytes | (granule_bytes == 4096 ? 1ull << 30 : 0);
}

static struct io_pgtable_cfg table_cfg(const struct replay_cfg *cfg,
				       const struct io_pgtable_mem *mem)
{
	return (struct io_pgtable_cfg){
		.pgsize_bitmap = page_sizes(cfg->granule_bytes),
		.ias = cfg->ias,
		.oas = cfg->oas,
		.coherent_walk = cfg->coherent,
		.tlb = cfg->flush == REPLAY_STRICT_PER_LEAF ? &leaf_driver : &range_driver,
		.mem = mem,
	};
}

int replay_cfg_check(const struct replay_cfg *cfg)
{
	struct io_pgtable_cfg table = table_cfg(cfg, NULL);

	return io_pgtable_check_cfg(cfg->fmt, &table);
}

int replay_tables_open(struct replay_tables *tables, const struct replay_cfg *cfg, unsigned int nr,
		       const struct io_pgtable_mem *mem)
{
	struct io_pgtable_cfg table;

	tables->nr = 0;
	/* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers is meant */
	tables->iop = calloc(nr, sizeof(*tables->iop));
	if (!tables->iop)
		return -ENOMEM;
	for (; tables->nr < nr; tables->nr++) {
		table = table_cfg(cfg, mem);
		tables->iop[tables->nr] = alloc_io_pgtable(cfg->fmt, &table, NULL);
		if (!tables->iop[tables->nr]) {
			replay_tables_close(tables);
			return -ENOMEM;
		}
	}
	return 0;
}

void replay_tables_close(struct replay_tables *tables)
{
	unsigned int i;

	for (i = 0; i < tables->nr; i++)
		free_io_pgtable(tables->iop[i]);
	free(tables->iop);
	*tables = (struct replay_tables){ 0 };
}

int replay_tables_check(const struct replay_tables *tables, const struct trace *trace,
			const struct replay_plan *plan, char *msg)
{
	const struct replay_live *live;
	uint64_t last;
	size_t i;

	for (i = 0; i < plan->nr_live; i++) {
		live = &plan->live[i];
		last = live->size_bytes - 1;
		if (io_pgtable_iova_to_phys(tables->iop[live->domain], live->iova) == live->paddr &&
		    io_pgtable_iova_to_phys(tables->iop[live->domain], live->iova + last) ==
			    live->paddr + last)
			continue;
		snprintf(msg, TRACE_MSG_BYTES,
			 "%s: 0x%llx does not translate to 0x%llx at the end of the replay",
			 trace->name, (unsigned long long)live->iova,
			 (unsigned long long)live->paddr);
		return -EUCLEAN;
	}
	return 0;
}
