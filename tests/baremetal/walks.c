// SPDX-License-Identifier: GPL-2.0-only
/*
 * The AArch64 MMU as an oracle for tables that no device of the machine walks: at EL2 AT
 * instructions are asked what the EL1&0 regime makes of them, so nothing has to run through them
 * and physical addresses need no memory. Concatenated roots, small and 52-bit input, the upper
 * half, every granule, every size, permissions of stage 1 (ARM DDI0487, AT S1E1R, AT S12E1R,
 * PAR_EL1).
 */
#include "image.h"
#include "io-pgtable.h"

#define MAPS	    64
#define PAGE	    4096ull
#define SCTLR_RES1  0x30d00800ull
#define HCR_RW	    (1ull << 31)
#define HCR_VM	    1ull
#define TRANSLATION 1u /* fault status without the level, bits 5:2 */
#define PERMISSION  3u

#define SIZES_4K  (1ull << 12 | 1ull << 21 | 1ull << 30)
#define SIZES_16K (1ull << 14 | 1ull << 25)
#define SIZES_64K (1ull << 16 | 1ull << 29)

struct walk_case {
	const char *name;
	enum io_pgtable_fmt fmt;
	uint64_t sizes;
	unsigned int ias, oas;
	unsigned long quirks;
};

#define UPPER IO_PGTABLE_QUIRK_ARM_TTBR1

static const struct walk_case cases[] = {
	{ "stage 1, 4K, 48 bits", ARM_64_LPAE_S1, SIZES_4K, 48, 48, 0 },
	{ "stage 1, 4K, 39 bits", ARM_64_LPAE_S1, SIZES_4K, 39, 40, 0 },
	{ "stage 1, 4K, 32 bits", ARM_64_LPAE_S1, SIZES_4K, 32, 32, 0 },
	{ "stage 1, 4K, 48 bits, upper half", ARM_64_LPAE_S1, SIZES_4K, 48, 48, UPPER },
	{ "stage 1, 4K, 36 bits, upper half", ARM_64_LPAE_S1, SIZES_4K, 36, 48, UPPER },
	{ "stage 1, 16K, 48 bits", ARM_64_LPAE_S1, SIZES_16K, 48, 48, 0 },
	{ "stage 1, 16K, 36 bits", ARM_64_LPAE_S1, SIZES_16K, 36, 48, 0 },
	{ "stage 1, 16K, 32 bits, upper half", ARM_64_LPAE_S1, SIZES_16K, 32, 48, UPPER },
	{ "stage 1, 64K, 48 bits", ARM_64_LPAE_S1, SIZES_64K, 48, 48, 0 },
	{ "stage 1, 64K, 42 bits", ARM_64_LPAE_S1, SIZES_64K, 42, 44, 0 },
	{ "stage 1, 64K, 52 bits", ARM_64_LPAE_S1, SIZES_64K | 1ull << 42, 52, 52, 0 },
	{ "stage 1, 64K, 52 bits, upper half", ARM_64_LPAE_S1, SIZES_64K, 52, 52, UPPER },
	{ "stage 1, 4K, 52 bits", ARM_64_LPAE_S1, SIZES_4K | 1ull << 39, 52, 52, 0 },
	{ "stage 1, 4K, 52 bits, upper half", ARM_64_LPAE_S1, SIZES_4K, 52, 52, UPPER },
	{ "stage 1, 4K, 48 to 52 bits", ARM_64_LPAE_S1, SIZES_4K | 1ull << 39, 48, 52, 0 },
	{ "stage 1, 16K, 52 bits", ARM_64_LPAE_S1, SIZES_16K | 1ull << 36, 52, 52, 0 },
	{ "stage 1, 4K, 48 bits, contiguous", ARM_64_LPAE_S1,
	  SIZES_4K | 1ull << 16 | 1ull << 25 | 1ull << 34, 48, 48, 0 },
	{ "stage 1, 16K, 48 bits, contiguous", ARM_64_LPAE_S1, SIZES_16K | 1ull << 21 | 1ull << 30,
	  48, 48, 0 },
	{ "stage 1, 64K, 48 bits, contiguous", ARM_64_LPAE_S1, SIZES_64K | 1ull << 21 | 1ull << 34,
	  48, 48, 0 },
	{ "stage 2, 16K, 48 bits, contiguous", ARM_64_LPAE_S2, SIZES_16K | 1ull << 21 | 1ull << 30,
	  48, 48, 0 },
	{ "stage 2, 64K, 48 bits, contiguous", ARM_64_LPAE_S2, SIZES_64K | 1ull << 21 | 1ull << 34,
	  48, 48, 0 },
	{ "stage 2, 4K, 52 bits, 16 roots", ARM_64_LPAE_S2, SIZES_4K | 1ull << 39, 52, 52, 0 },
	{ "stage 2, 4K, 50 to 52 bits, 4 roots", ARM_64_LPAE_S2, SIZES_4K, 50, 52, 0 },
	{ "stage 2, 16K, 51 bits, 16 roots", ARM_64_LPAE_S2, SIZES_16K, 51, 52, 0 },
	{ "stage 2, 16K, 52 bits", ARM_64_LPAE_S2, SIZES_16K | 1ull << 36, 52, 52, 0 },
	{ "stage 2, 4K, 48 bits", ARM_64_LPAE_S2, SIZES_4K, 48, 48, 0 },
	{ "stage 2, 4K, 43 bits, 16 roots", ARM_64_LPAE_S2, SIZES_4K, 43, 48, 0 },
	{ "stage 2, 4K, 42 bits, 8 roots", ARM_64_LPAE_S2, SIZES_4K, 42, 42, 0 },
	{ "stage 2, 4K, 40 bits, 2 roots", ARM_64_LPAE_S2, SIZES_4K, 40, 40, 0 },
	{ "stage 2, 4K, 39 bits", ARM_64_LPAE_S2, SIZES_4K, 39, 48, 0 },
	{ "stage 2, 4K, 32 bits", ARM_64_LPAE_S2, SIZES_4K, 32, 36, 0 },
	{ "stage 2, 16K, 48 bits", ARM_64_LPAE_S2, SIZES_16K, 48, 48, 0 },
	{ "stage 2, 16K, 40 bits", ARM_64_LPAE_S2, SIZES_16K, 40, 40, 0 },
	{ "stage 2, 64K, 48 bits", ARM_64_LPAE_S2, SIZES_64K, 48, 48, 0 },
	{ "stage 2, 64K, 44 bits", ARM_64_LPAE_S2, SIZES_64K, 44, 44, 0 },
	{ "stage 2, 64K, 42 bits", ARM_64_LPAE_S2, SIZES_64K, 42, 42, 0 },
};

static uint64_t seed = 1;
static bool stage_2;

static uint64_t next_random(void)
{
	seed ^= seed >> 12;
	seed ^= seed << 25;
	seed ^= seed >> 27;
	return seed * 0x2545f4914f6cdd1dull;
}

/*
 * Everything of the regime, whatever is asked for: which commands are needed is for others to test.
 */
static void flush_all(void *cookie)
{
	__asm__ volatile("dsb ishst; tlbi alle1; dsb ish; isb" ::: "memory");
}

static void add_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf, void *cookie)
{
	flush_all(cookie);
}

static void sync(void *cookie)
{
}

static const struct iommu_gather_ops tlb = { .tlb_flush_all = flush_all,
					     .tlb_add_range = add_range,
					     .tlb_sync = sync };

static uint64_t translate(uint64_t va, bool write)
{
	uint64_t par;

	if (stage_2 && write)
		__asm__ volatile("at s12e1w, %1; isb; mrs %0, par_el1"
				 : "=r"(par)
				 : "r"(va)
				 : "memory");
	else if (stage_2)
		__asm__ volatile("at s12e1r, %1; isb; mrs %0, par_el1"
				 : "=r"(par)
				 : "r"(va)
				 : "memory");
	else if (write)
		__asm__ volatile("at s1e1w, %1; isb; mrs %0, par_el1"
				 : "=r"(par)
				 : "r"(va)
				 : "memory");
	else
		__asm__ volatile("at s1e1r, %1; isb; mrs %0, par_el1"
				 : "=r"(par)
				 : "r"(va)
				 : "memory");
	return par;
}

static bool goes_to(uint64_t va, bool write, uint64_t pa)
{
	uint64_t par = translate(va, write);

	return !(par & 1) && (par & 0xffffffffff000ull) == (pa & ~(PAGE - 1));
}

static bool faults(uint64_t va, bool write, unsigned int kind)
{
	uint64_t par = translate(va, write), status = par >> 1 & 63;

	/* At level -1 the status is no level beside a kind (DDI0487, PAR_EL1.FST). */
	return (par & 1) && (status >> 2 == kind || (kind == TRANSLATION && status == 0x2b));
}

static void program(const struct io_pgtable_cfg *cfg)
{
	if (stage_2)
		__asm__ volatile(
			"msr sctlr_el1, %0; msr vtcr_el2, %1; msr vttbr_el2, %2; msr hcr_el2, %3"
			:
			: "r"(SCTLR_RES1), "r"(cfg->arm_lpae_s2_cfg.vtcr),
			  "r"(cfg->arm_lpae_s2_cfg.vttbr), "r"(HCR_RW | HCR_VM)
			: "memory");
	else
		__asm__ volatile(
			"msr hcr_el2, %0; msr tcr_el1, %1; msr ttbr0_el1, %2; msr ttbr1_el1, %3;"
			"msr mair_el1, %4; msr sctlr_el1, %5"
			:
			: "r"(HCR_RW), "r"(cfg->arm_lpae_s1_cfg.tcr),
			  "r"(cfg->arm_lpae_s1_cfg.ttbr[0]), "r"(cfg->arm_lpae_s1_cfg.ttbr[1]),
			  "r"(cfg->arm_lpae_s1_cfg.mair[0]), "r"(SCTLR_RES1 | 1)
			: "memory");
	__asm__ volatile("isb" ::: "memory");
	flush_all(NULL);
}

static uint64_t random_size(uint64_t sizes)
{
	for (unsigned int skip = (unsigned int)(next_random() % 3); skip && (sizes & (sizes - 1));
	     skip--)
		sizes &= sizes - 1;
	return sizes & -sizes;
}

/* Maps at random, asks at the first, the last and a middle page, unmaps, asks again. */
static bool one(struct io_pgtable *iop, uint64_t base)
{
	const struct io_pgtable_cfg *cfg = &iop->cfg;
	uint64_t size = random_size(cfg->pgsize_bitmap), pa, at[3];
	uint64_t iova = base + (next_random() & ((1ull << cfg->ias) - 1) & ~(size - 1));
	bool read_only = next_random() % 4 == 0, good;

	pa = next_random() & ((1ull << cfg->oas) - 1) & ~(size - 1);
	at[0] = 0;
	at[1] = (next_random() & (size - 1)) & ~(PAGE - 1);
	at[2] = size - PAGE;
	good = faults(iova + at[1], false, TRANSLATION);
	if (io_pgtable_map(iop, iova, pa, size,
			   (read_only ? IOMMU_READ : IOMMU_READ | IOMMU_WRITE) | IOMMU_CACHE))
		return false;
	for (unsigned int i = 0; i < 3; i++) {
		good &= goes_to(iova + at[i], false, pa + at[i]);
		/* QEMU 10 ends with an assertion at a permission fault of stage 2. */
		if (!read_only)
			good &= goes_to(iova + at[i], true, pa + at[i]);
		else if (!stage_2)
			good &= faults(iova + at[i], true, PERMISSION);
		good &= io_pgtable_iova_to_phys(iop, iova + at[i]) == pa + at[i];
	}
	good &= io_pgtable_unmap(iop, iova, size, NULL) == size;
	for (unsigned int i = 0; i < 3; i++)
		good &= faults(iova + at[i], false, TRANSLATION);
	return good;
}

static void run_case(const struct walk_case *c)
{
	struct io_pgtable_cfg cfg = {
		.quirks = c->quirks,
		.pgsize_bitmap = c->sizes,
		.ias = c->ias,
		.oas = c->oas,
		.coherent_walk = true,
		.tlb = &tlb,
	};
	struct io_pgtable *iop = alloc_io_pgtable(c->fmt, &cfg, NULL);
	bool good = iop != NULL;

	stage_2 = c->fmt == ARM_64_LPAE_S2;
	if (good)
		program(&cfg);
	for (unsigned int i = 0; good && i < MAPS; i++)
		good = one(iop, c->quirks & UPPER ? ~0ull << c->ias : 0);
	image_check(good, c->name);
	free_io_pgtable(iop);
}

/* AT walks anew each time, so nothing stale can be seen here (the SMMUs' oracle does). */
static void check_that_it_can_fail(void)
{
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap = SIZES_4K, .ias = 48, .oas = 48, .coherent_walk = true, .tlb = &tlb
	};
	struct io_pgtable *iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);

	stage_2 = false;
	program(&cfg);
	io_pgtable_map(iop, 1ull << 30, 1ull << 40, PAGE, IOMMU_READ);
	image_check(!goes_to(1ull << 30, false, (1ull << 40) + PAGE),
		    "another address is told apart");
	image_check(!goes_to(1ull << 30, true, 1ull << 40), "and so is read-only");
	free_io_pgtable(iop);
}

void image_run(void)
{
	for (unsigned int i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		run_case(&cases[i]);
	check_that_it_can_fail();
}
