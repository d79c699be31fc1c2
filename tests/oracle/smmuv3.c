// SPDX-License-Identifier: GPL-2.0-only
/*
 * QEMU's SMMUv3 behind the library's command queue: every invalidation is what smmu_cmdq_gather_ops
 * makes of a gather, in the ring that the model reads, through the registers it has. Stream table,
 * context descriptor and STE as in IHI0070 5.2 and 5.4, their fields out of the registers in cfg.
 *
 * QEMU 10 resolves only the first of concatenated stage-2 tables: the cases have none.
 */
#include "oracle.h"

#include "smmu-cmdq.h"

#define SMMU	     0x09050000ull
#define IDR0	     0x00
#define IDR0_HTTU    (3u << 6)
#define CR0	     0x20
#define STRTAB_BASE  0x80
#define STRTAB_CFG   0x88
#define CMDQ_BASE    0x90
#define CMDQ_PROD    0x98
#define CMDQ_CONS    0x9c
#define EVENTQ_BASE  0xa0
#define EVENTQ_PROD  0x100a8
#define EVENTQ_CONS  0x100ac
#define CR0_SMMUEN   1u
#define CR0_QUEUES   0xcu
#define CMDQ_LG2     8
#define EVENTQ_LG2   10
#define EVENT_DWORDS 4
#define STE_DWORDS   8
#define STREAMS_LG2  8
#define EDU_BAR	     0x10000000ull
#define EDU_CONFIG   (0x3f000000ull + (ORACLE_DEVFN << 12))

#define STE_VALID    1ull
#define STE_S1	     (5ull << 1)
#define STE_S2	     (6ull << 1)
#define STE_SHCFG_IN (1ull << 44)
#define STE_S2AA64   (1ull << 51)
#define STE_S2PTW    (1ull << 54)
#define STE_S2R	     (1ull << 58)
#define CD_EPD0	     (1ull << 14)
#define CD_EPD1	     (1ull << 30)
#define CD_VALID     (1ull << 31)
#define CD_AA64	     (1ull << 41)
#define CD_R_A_ASET  (7ull << 45)
#define CD_ASID	     48

#define F_TRANSLATION 0x10
#define F_PERMISSION  0x13

static uint64_t *stream_table, *context, *events;
static uint32_t event_cons;
static struct smmu_cmdq queue;
static uint64_t ready[1 << CMDQ_LG2];
static struct smmu_cmdq_domain domain;

static uint32_t read_cons(void *ctx)
{
	return qemu_read32(SMMU + CMDQ_CONS);
}

static void write_prod(void *ctx, uint32_t value)
{
	qemu_write32(SMMU + CMDQ_PROD, value);
}

static const struct smmu_cmdq_ops queue_ops = { .read_cons = read_cons, .write_prod = write_prod };

static void send(struct smmu_cmd cmd)
{
	assert_int_equal(smmu_cmdq_run(&queue, &cmd, 1), 0);
}

static uint64_t start(void)
{
	struct smmu_cmdq_config config = { .ops = &queue_ops,
					   .ready = ready,
					   .size_lg2 = CMDQ_LG2 };

	/* A model that had it would have to be told to leave clean leaves alone (dirty_s1). */
	assert_int_equal(qemu_read32(SMMU + IDR0) & IDR0_HTTU, 0);
	qemu_write32(EDU_CONFIG + 0x10, EDU_BAR);
	qemu_write32(EDU_CONFIG + 4, 6); /* memory, bus master */
	stream_table = qemu_alloc((STE_DWORDS * 8) << STREAMS_LG2);
	context = qemu_alloc(64);
	events = qemu_alloc((EVENT_DWORDS * 8) << EVENTQ_LG2);
	config.ring = qemu_alloc(sizeof(struct smmu_cmd) << CMDQ_LG2);
	assert_true(stream_table && context && events && config.ring);
	qemu_write64(SMMU + STRTAB_BASE, qemu_pa(stream_table));
	qemu_write32(SMMU + STRTAB_CFG, STREAMS_LG2);
	qemu_write64(SMMU + CMDQ_BASE, qemu_pa(config.ring) | CMDQ_LG2);
	qemu_write64(SMMU + EVENTQ_BASE, qemu_pa(events) | EVENTQ_LG2);
	qemu_write32(SMMU + CR0, CR0_QUEUES);
	assert_int_equal(smmu_cmdq_init(&queue, &config), 0);
	event_cons = 0;
	return EDU_BAR;
}

/* CD fields for a half lie as in TCR, in another order. */
static uint64_t context_half(uint64_t tcr, unsigned int tg)
{
	return (tcr & 0x3f) | (uint64_t)tg << 6 | (tcr >> 8 & 3) << 8 | (tcr >> 10 & 3) << 10 |
	       (tcr >> 12 & 3) << 12;
}

static void attach_s1(const struct io_pgtable_cfg *cfg, uint64_t *ste)
{
	uint64_t tcr = cfg->arm_lpae_s1_cfg.tcr;
	bool upper = cfg->quirks & IO_PGTABLE_QUIRK_ARM_TTBR1;

	context[0] = CD_VALID | CD_AA64 | CD_R_A_ASET | (uint64_t)ORACLE_TAG << CD_ASID |
		     (tcr >> 32 & 7) << 32;
	if (upper)
		context[0] |= context_half(tcr >> 16, tcr >> 30 & 3) << 16 | CD_EPD0;
	else
		context[0] |= context_half(tcr, tcr >> 14 & 3) | CD_EPD1;
	context[1] = cfg->arm_lpae_s1_cfg.ttbr[0];
	context[2] = cfg->arm_lpae_s1_cfg.ttbr[1];
	context[3] = cfg->arm_lpae_s1_cfg.mair[0];
	ste[0] = STE_VALID | STE_S1 | qemu_pa(context);
}

/* The STE has VTCR's fields as they are. */
static void attach_s2(const struct io_pgtable_cfg *cfg, uint64_t *ste)
{
	ste[1] = STE_SHCFG_IN;
	ste[2] = ORACLE_TAG | (cfg->arm_lpae_s2_cfg.vtcr & 0x7ffff) << 32 | STE_S2AA64 | STE_S2PTW |
		 STE_S2R;
	ste[3] = cfg->arm_lpae_s2_cfg.vttbr;
	ste[0] = STE_VALID | STE_S2;
}

static void attach(const struct variant *v, const struct io_pgtable_cfg *cfg)
{
	uint64_t *ste = stream_table + ORACLE_DEVFN * STE_DWORDS;
	bool s2 = v->fmt == ARM_64_LPAE_S2;

	memset(ste, 0, STE_DWORDS * 8);
	(s2 ? attach_s2 : attach_s1)(cfg, ste);
	domain = (struct smmu_cmdq_domain){
		.q = &queue,
		.stage = s2 ? SMMU_STAGE_2 : SMMU_STAGE_1,
		.asid = ORACLE_TAG,
		.vmid = s2 ? ORACLE_TAG : 0,
		.granule_lg2 = (uint8_t)__builtin_ctzll(v->granule),
		.ril = true, /* IDR3.RIL */
	};
	send(smmu_cmd_cfgi_all());
	send(smmu_cmd_tlbi_all(SMMU_CMD_TLBI_NSNH_ALL, 0, 0));
	qemu_write32(SMMU + CR0, CR0_QUEUES | CR0_SMMUEN);
}

/*
 * The event's number. F_TRANSLATION and F_PERMISSION have the input address in their third dword
 * (IHI0070 7.3).
 */
static unsigned int fault(uint64_t iova)
{
	uint32_t mask = (2u << EVENTQ_LG2) - 1, prod = qemu_read32(SMMU + EVENTQ_PROD) & mask;
	unsigned int seen = 0;

	while (event_cons != prod) {
		const uint64_t *e = events + (event_cons & ((1u << EVENTQ_LG2) - 1)) * EVENT_DWORDS;

		if (e[2] >> 12 == iova >> 12)
			seen = also_fault(seen, (uint8_t)e[0]);
		event_cons = (event_cons + 1) & mask;
	}
	qemu_write32(SMMU + EVENTQ_CONS, event_cons);
	return seen;
}

/* wfi; b . - 4. Not at the start of memory: a device tree is put there. */
static const uint32_t idle[] = { 0xd503207f, 0x17ffffff };

#define MACHINE(stage)                                                                             \
	.machine = {                                                                               \
		.args = (const char *const[]){ "-machine",                                         \
					       "virt,iommu=smmuv3,highmem=off,memory-backend=ram", \
					       "-global", "arm-smmuv3.stage=" stage, "-cpu",       \
					       "cortex-a57", NULL },                               \
		.ram_base = 0x40000000,                                                            \
		.code = idle,                                                                      \
		.code_offset = 32 << 20,                                                           \
		.code_words = ARRAY_SIZE(idle),                                                    \
		.cpu_start = "loader,addr=0x42000000,cpu-num=0",                                   \
	}

static const struct oracle_case cases_s1[] = {
	{ "arm_64_lpae_s1/4K", 48, 44, 0 },
	{ "arm_64_lpae_s1/16K", 48, 44, 0 },
	{ "arm_64_lpae_s1/64K", 48, 44, 0 },
	{ "arm_64_lpae_s1/4K", 36, 40, 0 },
	{ "arm_64_lpae_s1/4K", 48, 44, IO_PGTABLE_QUIRK_ARM_TTBR1 },
	{ "arm_64_lpae_s1/4K+cont", 48, 44, 0 },
	{ "arm_64_lpae_s1/16K+cont", 48, 44, 0 },
};

static const struct oracle_case cases_s2[] = {
	{ "arm_64_lpae_s2/4K", 44, 44, 0 },	 { "arm_64_lpae_s2/4K", 39, 44, 0 },
	{ "arm_64_lpae_s2/16K", 44, 44, 0 },	 { "arm_64_lpae_s2/64K", 42, 44, 0 },
	{ "arm_64_lpae_s2/4K+cont", 44, 44, 0 }, { "arm_64_lpae_s2/64K+cont", 42, 44, 0 },
};

/* The model has no hardware update of dirty state (HTTU): a clean leaf is read-only to it. */
static const struct oracle_case dirty_s1[] = {
	{ "arm_64_lpae_s1/4K", 48, 44, IO_PGTABLE_QUIRK_ARM_HD },
	{ "arm_64_lpae_s1/64K", 48, 44, IO_PGTABLE_QUIRK_ARM_HD },
};
static const struct oracle_case dirty_s2[] = {
	{ "arm_64_lpae_s2/4K", 44, 44, IO_PGTABLE_QUIRK_ARM_HD },
};

const struct oracle oracle_smmuv3_s1 = {
	.name = "smmuv3-s1",
	.emulator = "aarch64",
	.min_version = 10, /* version 7 has another device property for the stage */
	MACHINE("1"),
	.cases = cases_s1,
	.nr_cases = ARRAY_SIZE(cases_s1),
	.dirty_cases = dirty_s1,
	.nr_dirty_cases = ARRAY_SIZE(dirty_s1),
	.start = start,
	.attach = attach,
	.tlb = &smmu_cmdq_gather_ops,
	.cookie = &domain,
	.fault = fault,
	.unmapped_code = F_TRANSLATION,
	.refused_code = F_PERMISSION,
};

const struct oracle oracle_smmuv3_s2 = {
	.name = "smmuv3-s2",
	.emulator = "aarch64",
	.min_version = 10,
	MACHINE("2"),
	.cases = cases_s2,
	.nr_cases = ARRAY_SIZE(cases_s2),
	.dirty_cases = dirty_s2,
	.nr_dirty_cases = ARRAY_SIZE(dirty_s2),
	.start = start,
	.attach = attach,
	.tlb = &smmu_cmdq_gather_ops,
	.cookie = &domain,
	.fault = fault,
	.unmapped_code = F_TRANSLATION,
	.refused_code = F_PERMISSION,
};
