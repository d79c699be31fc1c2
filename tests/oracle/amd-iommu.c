// SPDX-License-Identifier: GPL-2.0-only
/*
 * QEMU's AMD IOMMU (AMD I/O Virtualization Technology Specification, document 48882): a device
 * table entry (2.2.2.1), the command buffer (2.4). It knows the v1 tables only.
 *
 * An invalidation of pages removes everything of the domain from the model's IOTLB, whatever
 * address and size it has (amdvi_inval_pages() in QEMU's hw/i386/amd_iommu.c): a wrong address or
 * size is not seen here, only an invalidation that is missing. The model logs nothing for what an
 * IOMMU would report here: neither for an entry that is empty nor for a write that a leaf refuses
 * (amdvi_page_walk() there).
 */
#include "oracle.h"

#define IOMMU		 0xfed80000ull
#define DEVICE_TABLE	 0x00
#define COMMANDS	 0x08
#define EVENTS		 0x10
#define CONTROL		 0x18
#define COMMAND_HEAD	 0x2000
#define COMMAND_TAIL	 0x2008
#define CONTROL_ON	 (1u << 0 | 1u << 2 | 1u << 12) /* translation, event log, commands */
#define COMMANDS_LG2	 8
#define EVENTS_LG2	 12
#define DTE_DWORDS	 4
#define DTE_VALID	 3ull /* V, TV */
#define DTE_READWRITE	 (3ull << 61)
#define TABLE_BYTES	 (2u << 20) /* every device */
#define TABLE_PAGES	 (TABLE_BYTES / 4096 - 1)
#define INVALIDATE_DTE	 (2ull << 60)
#define INVALIDATE_PAGES (3ull << 60 | (uint64_t)ORACLE_TAG << 32)
#define ALL_PAGES	 0x7ffffffffffff003ull /* S, PDE, and every bit of the address */
#define EDU_BAR		 0xe0000000ull
#define INTERRUPTS	 0xfee00000ull
#define MAX_POLLS	 100000

static uint64_t *device_table, *commands;
static unsigned int tail;

static void config_write(unsigned int reg, uint32_t value)
{
	qemu_out32(0xcf8, 0x80000000u | ORACLE_DEVFN << 8 | reg);
	qemu_out32(0xcfc, value);
}

/* Where the head wraps the model shows the buffer's length in the place of 0. */
static unsigned int head(void)
{
	return (unsigned int)(qemu_read64(IOMMU + COMMAND_HEAD) >> 4) & ((1u << COMMANDS_LG2) - 1);
}

static void send(uint64_t low, uint64_t high)
{
	commands[(size_t)tail * 2] = low;
	commands[(size_t)tail * 2 + 1] = high;
	tail = (tail + 1) & ((1u << COMMANDS_LG2) - 1);
	qemu_write64(IOMMU + COMMAND_TAIL, (uint64_t)tail << 4);
	for (unsigned int polls = 0; head() != tail; polls++)
		assert_true(polls < MAX_POLLS);
}

static uint64_t start(void)
{
	void *events = qemu_alloc(16u << EVENTS_LG2);

	config_write(0x10, (uint32_t)EDU_BAR);
	config_write(4, 6); /* memory, bus master */
	device_table = qemu_alloc(TABLE_BYTES);
	commands = qemu_alloc(16u << COMMANDS_LG2);
	assert_true(device_table && commands && events);
	tail = 0;
	qemu_write64(IOMMU + DEVICE_TABLE, qemu_pa(device_table) | TABLE_PAGES);
	qemu_write64(IOMMU + COMMANDS, qemu_pa(commands) | (uint64_t)COMMANDS_LG2 << 56);
	qemu_write64(IOMMU + EVENTS, qemu_pa(events) | (uint64_t)EVENTS_LG2 << 56);
	qemu_write64(IOMMU + CONTROL, CONTROL_ON);
	return EDU_BAR;
}

static void flush_all(void *cookie)
{
	send(INVALIDATE_PAGES, ALL_PAGES);
}

static void attach(const struct variant *v, const struct io_pgtable_cfg *cfg)
{
	uint64_t *entry = device_table + (size_t)ORACLE_DEVFN * DTE_DWORDS;

	entry[1] = ORACLE_TAG;
	entry[0] = DTE_VALID | (uint64_t)cfg->amd_iommu_v1_cfg.mode << 9 |
		   cfg->amd_iommu_v1_cfg.host_pt_root | DTE_READWRITE;
	send(INVALIDATE_DTE | ORACLE_DEVFN, 0);
	flush_all(NULL);
}

/* The model does not look at the address: one command of everything is what each would be. */
static void add_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf, void *cookie)
{
	flush_all(cookie);
}

/* Every invalidation has been waited for. */
static void sync_nothing(void *cookie)
{
}

/*
 * The device table entry starts with three levels, and is written anew when something is mapped
 * beyond.
 */
static void root_changed(const struct io_pgtable_cfg *cfg, void *cookie)
{
	attach(NULL, cfg);
}

static const struct iommu_gather_ops ops = { .tlb_flush_all = flush_all,
					     .tlb_add_range = add_range,
					     .tlb_sync = sync_nothing,
					     .root_changed = root_changed };

static unsigned int fault(uint64_t iova)
{
	return 0;
}

/* At the reset vector: cli; hlt; jmp back to the hlt. */
static const uint32_t halt[] = { 0xfdebf4fa };

static const struct oracle_case cases[] = {
	{ "amd_iommu_v1/4", 48, 48, 0 },
	{ "amd_iommu_v1/3", 39, 48, 0 },
};

const struct oracle oracle_amd = {
	.name = "amd",
	.emulator = "x86_64",
	.min_version = 10,
	.machine = {
		.args = (const char *const[]){ "-machine",
					       "q35,memory-backend=ram,kernel-irqchip=off", "-cpu",
					       "max", "-device", "amd-iommu,pt=off", NULL },
		.ram_base = 0,
		.code = halt,
		.code_words = ARRAY_SIZE(halt),
		.bios_bytes = 65536,
	},
	.cases = cases,
	.nr_cases = ARRAY_SIZE(cases),
	.hole_first = INTERRUPTS,
	.hole_last = INTERRUPTS + 0xfffff,
	.start = start,
	.attach = attach,
	.tlb = &ops,
	.fault = fault,
	.faults_are_silent = true,
};
