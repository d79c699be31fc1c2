/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * cmdq-ops: what bench_cmdq measures, and its names: submitting to the SMMUv3 command queue without
 * waiting for the SMMU, and the least that each part of a submit can be.
 *
 * Invariants: a name has every key, always in the same order, and identifies one case; all cases
 * write to a ring of the same size, from its beginning to its end and again.
 */
#ifndef BENCH_CMDQ_OPS_H
#define BENCH_CMDQ_OPS_H

#include <stdbool.h>

#include "sampler.h"

/**
 * enum cmdq_op - what is done with a batch of commands
 * @CMDQ_OP_CAS: an uncontended compare-and-swap instead
 * @CMDQ_OP_STORES: they are stored to the ring, 16 bytes each
 * @CMDQ_OP_ONE_ATOMIC: a compare-and-swap, the stores, the doorbell: the least for a queue
 *	whose producers wait for each other
 * @CMDQ_OP_TWO_ATOMICS: and one more behind the doorbell: the least if nobody ever waits
 * @CMDQ_OP_SUBMIT: smmu_cmdq_submit()
 */
enum cmdq_op {
	CMDQ_OP_CAS,
	CMDQ_OP_STORES,
	CMDQ_OP_ONE_ATOMIC,
	CMDQ_OP_TWO_ATOMICS,
	CMDQ_OP_SUBMIT,
	CMDQ_OP_NR,
};

/**
 * struct cmdq_case - one benchmark
 * @op: what is done
 * @batch: commands at a time
 * @polling: a thread that stands for the SMMU looks at PROD without a pause and moves CONS
 *	after it; otherwise nobody looks
 * @producers: threads that submit
 * @threads: and the one that stands for the SMMU
 */
struct cmdq_case {
	enum cmdq_op op;
	unsigned int batch;
	bool polling;
	unsigned int producers;
	unsigned int threads;
};

enum { CMDQ_NAME_BYTES = 96 };

/**
 * cmdq_case_name() - the name
 * @c: the case
 * @name: out, CMDQ_NAME_BYTES
 */
void cmdq_case_name(const struct cmdq_case *c, char *name);

/**
 * cmdq_cases() - the cases
 * @full: more sizes of batches
 * @max_threads: CPUs
 * @nr: out, how many
 *
 * Return: an array for the caller to free, NULL if there is no memory.
 */
struct cmdq_case *cmdq_cases(bool full, unsigned int max_threads, size_t *nr);

/**
 * cmdq_run() - run a case
 * @c: the case
 * @cpus: c->threads CPUs to run on, the last one for the thread that stands for the SMMU
 * @budget_s: how long to take samples for
 * @result: out, times per command
 */
void cmdq_run(const struct cmdq_case *c, const unsigned int *cpus, double budget_s,
	      struct sampler_result *result);

#endif /* BENCH_CMDQ_OPS_H */
