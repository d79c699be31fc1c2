// SPDX-License-Identifier: GPL-2.0-only
/*
 * QEMU's RISC-V IOMMU (RISC-V IOMMU Architecture Specification, version 1.0): a one-level device
 * directory (2.1), the command queue (3.1), the fault queue (3.2).
 *
 * The model by address invalidates single pages only (add_range()). It takes the PPN of a non-leaf
 * entry unmasked and ignores its reserved bits: what is wrong there this oracle does not see.
 */
#include "oracle.h"

#define IOMMU	       0x3010000ull
#define DDTP	       0x10
#define CQB	       0x18
#define CQH	       0x20
#define CQT	       0x24
#define FQB	       0x28
#define FQH	       0x30
#define FQT	       0x34
#define CQCSR	       0x48
#define FQCSR	       0x4c
#define QUEUE_ON       1u
#define DDTP_1LEVEL    2ull
#define CQ_LG2	       8
#define FQ_LG2	       10
#define FAULT_DWORDS   4
#define CONTEXT_DWORDS 8
#define EDU_BAR	       0x40000000ull
#define EDU_CONFIG     (0x30000000ull + (ORACLE_DEVFN << 12))
#define MAX_POLLS      100000

#define CMD_VMA	    (1ull | 0ull << 7)
#define CMD_GVMA    (1ull | 1ull << 7)
#define CMD_IOFENCE 2ull
#define CMD_DDT	    (3ull | 1ull << 33)
#define CMD_AV	    (1ull << 10)
#define CMD_PSCV    (1ull << 32)
#define CMD_GV	    (1ull << 33)

#define STORE_PAGE_FAULT 15 /* whatever the reason */
#define GUEST		 8  /* added to it for a second stage */

static uint64_t *directory, *commands, *faults;
static unsigned int tail;
static uint32_t fault_head;
static bool second_stage;

/* PPN in bits 53:10, and the queue's size. */
static uint64_t queue_base(const void *queue, unsigned int size_lg2)
{
	return qemu_pa(queue) >> 12 << 10 | (size_lg2 - 1);
}

static void send(uint64_t low, uint64_t high)
{
	commands[(size_t)tail * 2] = low;
	commands[(size_t)tail * 2 + 1] = high;
	tail = (tail + 1) & ((1u << CQ_LG2) - 1);
	qemu_write32(IOMMU + CQT, tail);
	for (unsigned int polls = 0; qemu_read32(IOMMU + CQH) != tail; polls++)
		assert_true(polls < MAX_POLLS);
}

static uint64_t start(void)
{
	qemu_write32(EDU_CONFIG + 0x10, EDU_BAR);
	qemu_write32(EDU_CONFIG + 4, 6); /* memory, bus master */
	directory = qemu_alloc(4096);
	commands = qemu_alloc(16 << CQ_LG2);
	faults = qemu_alloc((FAULT_DWORDS * 8) << FQ_LG2);
	assert_true(directory && commands && faults);
	tail = fault_head = 0;
	qemu_write64(IOMMU + CQB, queue_base(commands, CQ_LG2));
	qemu_write32(IOMMU + CQCSR, QUEUE_ON);
	qemu_write64(IOMMU + FQB, queue_base(faults, FQ_LG2));
	qemu_write32(IOMMU + FQCSR, QUEUE_ON);
	qemu_write64(IOMMU + DDTP, qemu_pa(directory) >> 12 << 10 | DDTP_1LEVEL);
	return EDU_BAR;
}

/* Device context (2.1.1): tc, iohgatp, ta, fsc. */
static void attach(const struct variant *v, const struct io_pgtable_cfg *cfg)
{
	uint64_t *context = directory + (size_t)ORACLE_DEVFN * CONTEXT_DWORDS;

	second_stage = v->fmt >= RISCV_SV39X4 && v->fmt <= RISCV_SV57X4;
	memset(context, 0, CONTEXT_DWORDS * 8);
	if (second_stage) {
		context[1] = cfg->riscv_ss_cfg.iohgatp | (uint64_t)ORACLE_TAG << 44;
	} else {
		context[2] = (uint64_t)ORACLE_TAG << 12;
		context[3] = cfg->riscv_fs_cfg.fsc;
	}
	context[0] = 1;
	send(CMD_DDT | (uint64_t)ORACLE_DEVFN << 40, 0);
	send(CMD_VMA, 0);
	send(CMD_GVMA, 0);
}

static void flush_all(void *cookie)
{
	if (second_stage)
		send(CMD_GVMA | CMD_GV | (uint64_t)ORACLE_TAG << 44, 0);
	else
		send(CMD_VMA | CMD_PSCV | (uint64_t)ORACLE_TAG << 12, 0);
}

/*
 * One command for each page, by its address. The model caches a block as the pages of it that were
 * used, and an address removes one of those only: for blocks everything of the tag goes.
 */
static void add_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf, void *cookie)
{
	if (stride_lg2 > 12) {
		flush_all(cookie);
		return;
	}
	for (size_t offset = 0; offset < size; offset += 4096) {
		uint64_t page = (iova + offset) >> 12 << 10;

		if (second_stage)
			send(CMD_GVMA | CMD_AV | CMD_GV | (uint64_t)ORACLE_TAG << 44, page);
		else
			send(CMD_VMA | CMD_AV | CMD_PSCV | (uint64_t)ORACLE_TAG << 12, page);
	}
}

static void fence(void *cookie)
{
	send(CMD_IOFENCE, 0);
}

static const struct iommu_gather_ops ops = { .tlb_flush_all = flush_all,
					     .tlb_add_range = add_range,
					     .tlb_sync = fence };

/*
 * The cause (3.2), of a guest page fault that of the page fault that it corresponds to; iotval is
 * the iova.
 */
static unsigned int fault(uint64_t iova)
{
	uint32_t mask = (1u << FQ_LG2) - 1, end = qemu_read32(IOMMU + FQT) & mask;
	unsigned int seen = 0;

	while (fault_head != end) {
		const uint64_t *f = faults + (size_t)fault_head * FAULT_DWORDS;

		if (f[2] >> 12 == iova >> 12)
			seen = also_fault(seen, (f[0] & 0xfff) - (second_stage ? GUEST : 0));
		fault_head = (fault_head + 1) & mask;
	}
	qemu_write32(IOMMU + FQH, fault_head);
	return seen;
}

/* wfi; j . - 4 */
static const uint32_t idle[] = { 0x10500073, 0xffdff06f };

static const struct oracle_case cases[] = {
	{ "riscv_sv39", 39, 56, 0 },   { "riscv_sv48", 48, 56, 0 },   { "riscv_sv57", 57, 56, 0 },
	{ "riscv_sv39x4", 41, 56, 0 }, { "riscv_sv48x4", 50, 56, 0 }, { "riscv_sv57x4", 59, 56, 0 },
};

/* The context has SADE and GADE clear: a leaf with D clear refuses writes (2.1.3.1). */
static const struct oracle_case dirty_cases[] = {
	{ "riscv_sv39", 39, 56, IO_PGTABLE_QUIRK_DIRTY },
	{ "riscv_sv48", 48, 56, IO_PGTABLE_QUIRK_DIRTY },
	{ "riscv_sv57", 57, 56, IO_PGTABLE_QUIRK_DIRTY },
	{ "riscv_sv39x4", 41, 56, IO_PGTABLE_QUIRK_DIRTY },
	{ "riscv_sv48x4", 50, 56, IO_PGTABLE_QUIRK_DIRTY },
	{ "riscv_sv57x4", 59, 56, IO_PGTABLE_QUIRK_DIRTY },
};

const struct oracle oracle_riscv = {
	.name = "riscv",
	.emulator = "riscv64",
	.min_version = 10,
	.machine = {
		.args = (const char *const[]){ "-machine",
					       "virt,iommu-sys=on,memory-backend=ram,"
					       "aia=aplic-imsic",
					       "-bios", "none", NULL },
		.ram_base = 0x80000000,
		.code = idle,
		.code_words = ARRAY_SIZE(idle),
	},
	.cases = cases,
	.nr_cases = ARRAY_SIZE(cases),
	.dirty_cases = dirty_cases,
	.nr_dirty_cases = ARRAY_SIZE(dirty_cases),
	.start = start,
	.attach = attach,
	.tlb = &ops,
	.fault = fault,
	.unmapped_code = STORE_PAGE_FAULT,
	.refused_code = STORE_PAGE_FAULT,
};
