// SPDX-License-Identifier: GPL-2.0-only
/*
 * replay-check: the untimed pass of a replay in which everything is checked, see replay-run.h.
 *
 * One thread does the whole plan in the order of the trace on tables that have a pool to
 * themselves: the pool's peak is then the table memory of this trace and nothing else, the same in
 * every run, and what is left in it after the tables are freed is a leak.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay-tables.h"
#include "table-pool.h"

#define REPLAY_PROT (IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)

static int wrong(const struct trace *trace, const struct replay_op *op, const char *what, char *msg)
{
	snprintf(msg, TRACE_MSG_BYTES, "%s: line %llu: 0x%llx, 0x%llx bytes: %s", trace->name,
		 (unsigned long long)trace->events[op->event].line, (unsigned long long)op->iova,
		 (unsigned long long)op->size_bytes, what);
	return -EUCLEAN;
}

static int check_op(const struct trace *trace, const struct replay_op *op, struct io_pgtable *iop,
		    struct iommu_iotlb_gather *gather, char *msg)
{
	uint64_t last = op->size_bytes - 1;
	phys_addr_t first_pa, last_pa;
	int err;

	if (op->kind == TRACE_MAP) {
		err = io_pgtable_map(iop, op->iova, op->paddr, op->size_bytes, REPLAY_PROT);
		if (err) {
			wrong(trace, op, strerror(-err), msg);
			return err;
		}
	} else if (io_pgtable_unmap(iop, op->iova, op->size_bytes, gather) != op->size_bytes) {
		return wrong(trace, op, "the unmap did not return its length", msg);
	}
	first_pa = io_pgtable_iova_to_phys(iop, op->iova);
	last_pa = io_pgtable_iova_to_phys(iop, op->iova + last);
	if (op->kind == TRACE_MAP && (first_pa != op->paddr || last_pa != op->paddr + last))
		return wrong(trace, op, "does not translate to what was mapped", msg);
	if (op->kind == TRACE_UNMAP && (first_pa || last_pa))
		return wrong(trace, op, "still translates after its unmap", msg);
	return 0;
}

static uint64_t table_bytes(const struct replay_tables *tables)
{
	uint64_t bytes = 0;
	unsigned int i;

	for (i = 0; i < tables->nr; i++)
		bytes += io_pgtable_table_bytes(tables->iop[i]);
	return bytes;
}

static int check_ops(const struct trace *trace, const struct replay_plan *plan,
		     const struct replay_tables *tables, struct iommu_iotlb_gather *gathers,
		     struct replay_check *check, char *msg)
{
	const struct replay_thread *thread = &plan->threads[0];
	const struct replay_op *op;
	unsigned int nr_unmaps = 0, i;
	uint32_t n;
	int ret = 0;

	for (n = 0; !ret && n < thread->nr_ops; n++) {
		op = &thread->ops[n];
		ret = check_op(trace, op, tables->iop[op->domain],
			       gathers ? &gathers[op->domain] : NULL, msg);
		nr_unmaps += op->kind == TRACE_UNMAP;
		for (i = 0; gathers && nr_unmaps == REPLAY_QUEUE_UNMAPS && i < tables->nr; i++)
			io_pgtable_sync(tables->iop[i], &gathers[i]);
		nr_unmaps %= REPLAY_QUEUE_UNMAPS;
		if (n % REPLAY_EVENT_CHUNK == REPLAY_EVENT_CHUNK - 1)
			check->chunk_table_bytes[n / REPLAY_EVENT_CHUNK] = table_bytes(tables);
	}
	for (i = 0; gathers && i < tables->nr; i++)
		io_pgtable_sync(tables->iop[i], &gathers[i]);
	return ret;
}

static int check_end(const struct trace *trace, const struct replay_plan *plan,
		     const struct replay_tables *tables, struct replay_check *check, char *msg)
{
	unsigned int i;

	check->table_end_bytes = table_bytes(tables);
	for (i = 0; i < tables->nr; i++) {
		if (io_pgtable_validate(tables->iop[i])) {
			snprintf(msg, TRACE_MSG_BYTES, "%s: the table of domain %u is not valid",
				 trace->name, i);
			return -EUCLEAN;
		}
	}
	return replay_tables_check(tables, trace, plan, msg);
}

static int check_pool(const struct trace *trace, struct table_pool *pool,
		      struct replay_check *check, char *msg)
{
	struct table_pool_stats stats;

	table_pool_get_stats(pool, &stats);
	check->table_peak_bytes = stats.live_peak_bytes;
	if (!stats.live_bytes)
		return 0;
	snprintf(msg, TRACE_MSG_BYTES, "%s: %zu bytes of tables have leaked", trace->name,
		 stats.live_bytes);
	return -EUCLEAN;
}

static int check_with_pool(const struct trace *trace, const struct replay_plan *plan,
			   const struct replay_cfg *cfg, struct table_pool *pool,
			   struct replay_check *check, char *msg)
{
	struct iommu_iotlb_gather *gathers = NULL;
	struct replay_tables tables;
	struct io_pgtable_mem mem;
	unsigned int i;
	int ret;

	if (cfg->flush == REPLAY_QUEUED) {
		gathers = calloc(plan->nr_domains, sizeof(*gathers));
		if (!gathers)
			return -ENOMEM;
		for (i = 0; i < plan->nr_domains; i++)
			iommu_iotlb_gather_init(&gathers[i]);
	}
	table_pool_mem(pool, &mem);
	ret = replay_tables_open(&tables, cfg, plan->nr_domains, &mem);
	if (!ret) {
		ret = check_ops(trace, plan, &tables, gathers, check, msg);
		if (!ret)
			ret = check_end(trace, plan, &tables, check, msg);
		replay_tables_close(&tables);
		if (!ret)
			ret = check_pool(trace, pool, check, msg);
	}
	free(gathers);
	return ret;
}

int replay_run_check(const struct trace *trace, const struct replay_plan *plan,
		     const struct replay_cfg *cfg, struct replay_check *check, char *msg)
{
	const struct table_pool_opts exact = { .plain = true };
	struct table_pool *pool = table_pool_create(&exact);
	int ret = -ENOMEM;

	*check = (struct replay_check){
		.chunk_table_bytes = calloc(plan->threads[0].nr_ops / REPLAY_EVENT_CHUNK + 1,
					    sizeof(*check->chunk_table_bytes)),
	};
	snprintf(msg, TRACE_MSG_BYTES, "%s: no memory for the tables", trace->name);
	if (pool && check->chunk_table_bytes)
		ret = check_with_pool(trace, plan, cfg, pool, check, msg);
	table_pool_destroy(pool);
	return ret;
}
