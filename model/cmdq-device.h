/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An SMMU as far as its command queue goes: registers, a consumer that stops at errors as IHI0070
 * 7.1 says, MSIs, and a log of what was executed.
 *
 * It consumes when device_run() is called: by a test, by the queue's wait hook (per_wait commands
 * each time), at every doorbell (eager), or by a thread (model/smmu.c). Its registers are atomics;
 * everything else belongs to the one thread that consumes.
 */
#ifndef MODEL_CMDQ_DEVICE_H
#define MODEL_CMDQ_DEVICE_H

#include "smmu-cmdq.h"

#define DEVICE_LOG    8192
#define DEVICE_FAULTS 4

struct device {
	struct smmu_cmdq_config config; /* ready for smmu_cmdq_init() */
	uint32_t prod, cons;		/* registers */
	uint32_t gerror, gerrorn;
	uint32_t msi_word;

	bool eager;
	unsigned int per_wait;
	uint64_t give_up_at; /* the wait hook says no at this poll; 0: never */

	uint64_t executed; /* commands, and the log of them */
	struct smmu_cmd log[DEVICE_LOG];
	uint64_t doorbells;
	uint64_t waits;

	/* The nr-th command (from 0) is not executed, times times. */
	struct {
		uint64_t nr;
		unsigned int code;
		unsigned int times;
	} fault[DEVICE_FAULTS];

	/* Optional: returns a code to refuse the command; called instead of the log, if there. */
	unsigned int (*judge)(struct device *dev, const struct smmu_cmd *cmd);
	void *user;

	unsigned int reports;
	struct smmu_cmdq_error reported; /* the last one */
	uint64_t cleaned;		 /* slots that ring_written was told of */
};

struct device *device_make(unsigned int size_lg2);
void device_free(struct device *dev);
void device_enable_msi(struct device *dev);

/* Executes up to max commands; how many it did. */
unsigned int device_run(struct device *dev, unsigned int max);

/* The opcodes of the log, as text: "12 46"; for comparing. */
const char *device_log(const struct device *dev);
void device_forget(struct device *dev);

extern const struct smmu_cmdq_ops device_ops;	      /* everything */
extern const struct smmu_cmdq_ops device_ops_minimal; /* the two registers */

#endif /* MODEL_CMDQ_DEVICE_H */
