// SPDX-License-Identifier: GPL-2.0-only
/*
 * A device behind the SMMUv3: tables and invalidations are the library's, the command queue with
 * it; what is here programs the SMMU (IHI0070) and the device, as a driver does.
 */
#include "image.h"
#include "smmu-cmdq.h"

#define CR0	    0x20
#define STRTAB_BASE 0x80
#define STRTAB_CFG  0x88
#define CMDQ_BASE   0x90
#define CMDQ_PROD   0x98
#define CMDQ_CONS   0x9c
#define EVENTQ_BASE 0xa0
#define EVENTQ_PROD 0x100a8
#define EVENTQ_CONS 0x100ac
#define QUEUE_LG2   8
#define ASID	    0x1234
#define PAGE	    4096ull
#define IOVA	    0x7f1234560000ull
#define BLOCK	    0x10000000000ull
#define BLOCK_BYTES (2ull << 20)
#define RW	    (IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE)
#define TOKEN	    0x0123456789abcdefull
#define COHERENT    (1ull << 62) /* read-allocate hint in the bases */

static uint64_t streams[256][8] __attribute__((aligned(16384)));
static uint64_t context[8] __attribute__((aligned(64)));
static struct smmu_cmd commands[1 << QUEUE_LG2] __attribute__((aligned(4096)));
static uint64_t ready[1 << QUEUE_LG2];
static uint64_t events[1 << QUEUE_LG2][4] __attribute__((aligned(8192)));
static volatile uint64_t page[2][PAGE / 8] __attribute__((aligned(4096)));
static struct smmu_cmdq queue;
static struct smmu_cmdq_domain domain;
static uint32_t event_cons;

static uint32_t read_cons(void *ctx)
{
	return read32(SMMU_BASE + CMDQ_CONS);
}

static void write_prod(void *ctx, uint32_t value)
{
	full_barrier();
	write32(SMMU_BASE + CMDQ_PROD, value);
}

static const struct smmu_cmdq_ops queue_ops = { .read_cons = read_cons, .write_prod = write_prod };

static bool send(struct smmu_cmd cmd)
{
	return !smmu_cmdq_run(&queue, &cmd, 1);
}

/* CD and STE (5.2, 5.4) from what the table says is to be programmed. */
static void describe(const struct io_pgtable_cfg *cfg)
{
	uint64_t tcr = cfg->arm_lpae_s1_cfg.tcr;

	context[0] = (tcr & 0x3f) | (tcr >> 14 & 3) << 6 | (tcr >> 8 & 3) << 8 |
		     (tcr >> 10 & 3) << 10 | (tcr >> 12 & 3) << 12 | 1ull << 30 | 1ull << 31 |
		     (tcr >> 32 & 7) << 32 | 1ull << 41 | 7ull << 45 | (uint64_t)ASID << 48;
	context[1] = cfg->arm_lpae_s1_cfg.ttbr[0];
	context[3] = cfg->arm_lpae_s1_cfg.mair[0];
	streams[EDU_STREAM][0] = 1 | 5ull << 1 | (uint64_t)context;
	full_barrier();
}

static bool start_smmu(const struct io_pgtable_cfg *cfg)
{
	const struct smmu_cmdq_config config = {
		.ops = &queue_ops, .ring = commands, .ready = ready, .size_lg2 = QUEUE_LG2
	};

	describe(cfg);
	write64(SMMU_BASE + STRTAB_BASE, (uint64_t)streams | COHERENT);
	write32(SMMU_BASE + STRTAB_CFG, 8);
	write64(SMMU_BASE + CMDQ_BASE, (uint64_t)commands | COHERENT | QUEUE_LG2);
	write64(SMMU_BASE + EVENTQ_BASE, (uint64_t)events | COHERENT | QUEUE_LG2);
	write32(SMMU_BASE + CR0, 0xc);
	if (smmu_cmdq_init(&queue, &config) || !send(smmu_cmd_cfgi_all()) ||
	    !send(smmu_cmd_tlbi_all(SMMU_CMD_TLBI_NSNH_ALL, 0, 0)))
		return false;
	write32(SMMU_BASE + CR0, 0xd);
	return true;
}

static bool start_device(void)
{
	uint64_t config = PCI_CONFIG + (EDU_STREAM << 12);

	write32(config + 0x10, (uint32_t)EDU_BAR);
	write32(config + 4, 6);
	return read32(EDU_BAR) == 0x010000ed;
}

static void transfer(uint64_t source, uint64_t target, unsigned int to_memory)
{
	full_barrier();
	write64(EDU_BAR + 0x80, source);
	write64(EDU_BAR + 0x88, target);
	write64(EDU_BAR + 0x90, 8);
	write64(EDU_BAR + 0x98, 1 | to_memory << 1);
	while (read64(EDU_BAR + 0x98) & 1)
		;
	full_barrier();
}

/* Does a write of the device through iova land at ptr? */
static bool lands(uint64_t iova, volatile uint64_t *ptr)
{
	bool landed;

	*ptr = 0;
	transfer(0x40000, iova, 1);
	landed = *ptr == TOKEN;
	*ptr = 0;
	return landed;
}

/* The first event that is there, or 0; all are taken. */
static unsigned int event(uint64_t *iova)
{
	uint32_t mask = (2u << QUEUE_LG2) - 1, prod = read32(SMMU_BASE + EVENTQ_PROD) & mask;
	unsigned int type = 0;

	while (event_cons != prod) {
		const uint64_t *e = events[event_cons & ((1u << QUEUE_LG2) - 1)];

		if (!type) {
			type = (uint8_t)e[0];
			*iova = e[2];
		}
		event_cons = (event_cons + 1) & mask;
	}
	write32(SMMU_BASE + EVENTQ_CONS, event_cons);
	return type;
}

static void check_unmap(struct io_pgtable *iop)
{
	struct iommu_iotlb_gather gather;
	uint64_t at = 0;

	iommu_iotlb_gather_init(&gather);
	image_check(io_pgtable_unmap(iop, IOVA + PAGE, PAGE, &gather) == PAGE,
		    "a page is unmapped");
	image_check(lands(IOVA + PAGE + 64, &page[1][8]),
		    "before the sync the device still gets at it: the IOTLB is real");
	io_pgtable_sync(iop, &gather);
	image_check(!lands(IOVA + PAGE + 64, &page[1][8]), "after the sync it does not");
	image_check(event(&at) == 0x10 && at == IOVA + PAGE + 64, "F_TRANSLATION with its address");
}

static void check_permission(struct io_pgtable *iop)
{
	uint64_t at = 0;

	image_check(!io_pgtable_map(iop, IOVA + PAGE, (uint64_t)page[1], PAGE, IOMMU_READ),
		    "it is mapped again, read-only");
	image_check(!lands(IOVA + PAGE, page[1]), "a write does not land");
	image_check(event(&at) == 0x13 && at == IOVA + PAGE, "F_PERMISSION with its address");
}

static void check_block(struct io_pgtable *iop)
{
	uint64_t pa = (uint64_t)page[0] & ~(BLOCK_BYTES - 1), offset = (uint64_t)page[0] - pa;
	uint64_t at = 0;

	image_check(!io_pgtable_map(iop, BLOCK, pa, BLOCK_BYTES, RW), "a block of 2 MiB is mapped");
	image_check(lands(BLOCK + offset + 128, &page[0][16]), "a write lands in it");
	image_check(io_pgtable_unmap(iop, BLOCK, BLOCK_BYTES, NULL) == BLOCK_BYTES,
		    "it is unmapped");
	image_check(!lands(BLOCK + offset + 128, &page[0][16]), "and gone");
	image_check(event(&at) == 0x10, "F_TRANSLATION");
}

void image_check_dma(void)
{
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap = PAGE | BLOCK_BYTES | 1ull << 30,
		.ias = 48,
		.oas = 44,
		.coherent_walk = true,
		.tlb = &smmu_cmdq_gather_ops,
	};
	struct io_pgtable *iop;
	uint64_t at;

	domain = (struct smmu_cmdq_domain){
		.q = &queue, .stage = SMMU_STAGE_1, .asid = ASID, .granule_lg2 = 12, .ril = true
	};
	iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, &domain);
	image_check(iop && start_smmu(&cfg), "the SMMU is on, commands are executed");
	image_check(start_device(), "the device is there");
	image_check(!io_pgtable_map(iop, IOVA, (uint64_t)page, sizeof(page), RW),
		    "two pages are mapped");
	page[0][0] = TOKEN;
	transfer(IOVA, 0x40000, 0);
	image_check(lands(IOVA + PAGE + 64, &page[1][8]), "DMA reads one and writes the other");
	image_check(!event(&at), "no event");
	check_unmap(iop);
	check_permission(iop);
	check_block(iop);
	image_check(!smmu_cmdq_validate(&queue), "the command queue is valid");
	image_check(!io_pgtable_validate(iop), "the table is valid");
	free_io_pgtable(iop);
}
