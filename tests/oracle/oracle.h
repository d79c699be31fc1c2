/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An oracle: an IOMMU that nobody here wrote, programmed with what the library put into cfg, told
 * what the library's callbacks say, and asked by DMA what it makes of the library's tables.
 */
#ifndef TESTS_ORACLE_ORACLE_H
#define TESTS_ORACLE_ORACLE_H

#include "qemu.h"
#include "support.h"

#define ORACLE_DEVFN 0x20u /* the device: slot 4, function 0 */
#define ORACLE_TAG   0x17u /* ASID, VMID, domain */

/* One table: a variant of tests/support.h, with the address sizes that the model has. */
struct oracle_case {
	const char *variant;
	unsigned int ias, oas;
	unsigned long quirks;
};

#define FAULT_MIXED 0xffffu

/* Another fault beside those seen so far, for fault(). */
static inline unsigned int also_fault(unsigned int seen, unsigned int code)
{
	return !seen || seen == code ? code : FAULT_MIXED;
}

struct oracle {
	const char *name;
	const char *emulator; /* of qemu-system-... */
	unsigned int min_version;
	struct qemu_machine machine;
	const struct oracle_case *cases;
	size_t nr_cases;
	uint64_t hole_first, hole_last; /* iovas that the model does not translate; 0: none */

	/* Once for the machine: the IOMMU is on, the device's registers are at the return value. */
	uint64_t (*start)(void);
	/* The context translates through this table; nothing of an earlier one is cached. */
	void (*attach)(const struct variant *v, const struct io_pgtable_cfg *cfg);
	/* How much of the machine is the same whatever is attached: callbacks, and their cookie. */
	const struct iommu_gather_ops *tlb;
	void *cookie;
	/*
	 * The model's code of the faults that were logged for this page since the last call, 0 if
	 * there are none, FAULT_MIXED if they are not all the same. All that was logged is taken.
	 */
	unsigned int (*fault)(uint64_t iova);
	/* Its codes for a write to what is not mapped, and to what may not be written to. */
	unsigned int unmapped_code, refused_code;
	/* Tables that record writes (dirty.c): with a quirk, and what the model does about it. */
	const struct oracle_case *dirty_cases;
	size_t nr_dirty_cases;
	bool records_writes; /* in the leaf; else it refuses what is not recorded as written */
	/* What the model needs of the leaf for this page before it records, NULL: nothing. */
	void (*make_recordable)(uint64_t iova);
	bool faults_are_silent; /* it logs nothing: only that nothing lands shows a fault */
};

/*
 * dirty.c: read-dirty state of a table with such a quirk, attached, at iova, mapped to memory at
 * pa. Returns how many checks failed.
 */
unsigned int dirty_check(const struct oracle *oracle, const struct oracle_case *c,
			 struct io_pgtable *iop, uint64_t iova, uint64_t pa, uint64_t *seed);

extern const struct oracle oracle_smmuv3_s1;
extern const struct oracle oracle_smmuv3_s2;
extern const struct oracle oracle_vtd_ss;
extern const struct oracle oracle_vtd_fs;
extern const struct oracle oracle_riscv;
extern const struct oracle oracle_amd;

#endif /* TESTS_ORACLE_ORACLE_H */
