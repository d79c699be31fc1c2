/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * replay-tables: the page tables of a replay, one per domain, and the driver behind them.
 *
 * The driver's callbacks count and do nothing else: an increment of a counter of the calling
 * thread. The replay so shows what the library itself costs; what the invalidations would cost on
 * hardware follows from their number.
 */
#ifndef BENCH_REPLAY_TABLES_H
#define BENCH_REPLAY_TABLES_H

#include "replay-run.h"

/**
 * struct replay_tables - the tables of one pass
 * @iop: by domain
 * @nr: how many
 */
struct replay_tables {
	struct io_pgtable **iop;
	unsigned int nr;
};

/**
 * replay_tables_open() - make empty tables
 * @tables: out; needs replay_tables_close() when 0 is returned
 * @cfg: how they are
 * @nr: how many
 * @mem: where their memory comes from, NULL for the library's pool
 *
 * Return: 0 or -ENOMEM.
 */
int replay_tables_open(struct replay_tables *tables, const struct replay_cfg *cfg, unsigned int nr,
		       const struct io_pgtable_mem *mem);

/**
 * replay_tables_close() - free the tables
 * @tables: the tables
 */
void replay_tables_close(struct replay_tables *tables);

/**
 * replay_tables_check() - are exactly these mappings there?
 * @tables: the tables
 * @trace: for messages
 * @plan: its live mappings
 * @msg: out, what is wrong, TRACE_MSG_BYTES long
 *
 * Translates the first and the last byte of each.
 *
 * Return: 0 or -EUCLEAN.
 */
int replay_tables_check(const struct replay_tables *tables, const struct trace *trace,
			const struct replay_plan *plan, char *msg);

/**
 * replay_calls_take() - the calls that this thread's driver has counted since the last time
 * @calls: the counts are added to it
 */
void replay_calls_take(struct replay_calls *calls);

#endif /* BENCH_REPLAY_TABLES_H */
