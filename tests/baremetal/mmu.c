// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CPU's MMU with a table of the library: the image goes on through it, and AT instructions are
 * asked what the MMU makes of pages, blocks, permissions and holes (ARM DDI0487, PAR_EL1).
 */
#include "image.h"
#include "io-pgtable.h"

#define WINDOW 0x512340000ull /* somewhere without memory of its own */
#define BLOCK  0x540000000ull
#define PAGE   4096ull
#define SIZE   (2ull << 20)
#define DATA   (IOMMU_READ | IOMMU_WRITE | IOMMU_CACHE | IOMMU_PRIV | IOMMU_NOEXEC)
#define CODE   (IOMMU_READ | IOMMU_CACHE | IOMMU_PRIV)
#define DEVICE (IOMMU_READ | IOMMU_WRITE | IOMMU_MMIO | IOMMU_PRIV | IOMMU_NOEXEC)

extern char image_text_start[], image_data_start[];

static volatile uint64_t page[2][PAGE / 8] __attribute__((aligned(4096)));

/* The MMU is the table's only walker. */
static void flush_all(void *cookie)
{
	__asm__ volatile("dsb ishst; tlbi vmalle1; dsb ish; isb" ::: "memory");
}

static void add_range(uint64_t iova, size_t size, unsigned int stride_lg2, bool leaf, void *cookie)
{
	for (size_t offset = 0; offset < size; offset += (size_t)1 << stride_lg2)
		__asm__ volatile("dsb ishst; tlbi vaae1, %0"
				 :
				 : "r"((iova + offset) >> 12)
				 : "memory");
}

static void sync(void *cookie)
{
	__asm__ volatile("dsb ish; isb" ::: "memory");
}

static const struct iommu_gather_ops tlb = { .tlb_flush_all = flush_all,
					     .tlb_add_range = add_range,
					     .tlb_sync = sync };

static uint64_t translate(uint64_t va, bool write)
{
	uint64_t par;

	if (write)
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

static bool goes_to(uint64_t va, uint64_t pa)
{
	uint64_t par = translate(va, false);

	return !(par & 1) && (par & 0xfffffffff000ull) == (pa & ~(PAGE - 1));
}

/* The fault status: 4 to 7 translation, 12 to 15 permission, by level. */
static bool faults(uint64_t va, bool write, unsigned int status)
{
	uint64_t par = translate(va, write);

	return (par & 1) && (par >> 1 & 0x3f) == status;
}

static void switch_on(const struct io_pgtable_cfg *cfg)
{
	uint64_t sctlr;

	__asm__ volatile("msr mair_el1, %0; msr tcr_el1, %1; msr ttbr0_el1, %2; isb"
			 :
			 : "r"(cfg->arm_lpae_s1_cfg.mair[0]), "r"(cfg->arm_lpae_s1_cfg.tcr),
			   "r"(cfg->arm_lpae_s1_cfg.ttbr[0])
			 : "memory");
	flush_all(NULL);
	__asm__ volatile("mrs %0, sctlr_el1" : "=r"(sctlr));
	sctlr |= 1u | 1u << 2 | 1u << 12; /* M, C, I */
	__asm__ volatile("msr sctlr_el1, %0; isb" : : "r"(sctlr) : "memory");
}

static bool map_image(struct io_pgtable *iop)
{
	uint64_t text = (uint64_t)image_text_start, data = (uint64_t)image_data_start;

	return !io_pgtable_map(iop, 0, 0, DEVICES_BYTES, DEVICE) &&
	       !io_pgtable_map(iop, RAM_BASE, RAM_BASE, text - RAM_BASE, DATA) &&
	       !io_pgtable_map(iop, text, text, data - text, CODE) &&
	       !io_pgtable_map(iop, data, data, RAM_BASE + RAM_BYTES - data, DATA);
}

static void check_pages(struct io_pgtable *iop)
{
	uint64_t pa = (uint64_t)page[0], other = (uint64_t)page[1];
	volatile uint64_t *window = (volatile uint64_t *)WINDOW;

	image_check(!io_pgtable_map(iop, WINDOW, pa, PAGE, DATA), "a page is mapped");
	page[0][5] = 0x1234;
	image_check(window[5] == 0x1234, "what is loaded through it is what was stored");
	image_check(goes_to(WINDOW + 0x678, pa), "AT S1E1R finds it");
	image_check(faults(WINDOW + PAGE, false, 7),
		    "its neighbour is a translation fault of level 3");
	image_check(io_pgtable_unmap(iop, WINDOW, PAGE, NULL) == PAGE, "it is unmapped");
	image_check(faults(WINDOW, false, 7), "and gone, as the TLB was told");
	image_check(!io_pgtable_map(iop, WINDOW, other, PAGE, DATA),
		    "another page takes its place");
	window[5] = 0x5678;
	image_check(page[1][5] == 0x5678, "what is stored through it arrives");
	image_check(!io_pgtable_map(iop, WINDOW + PAGE, pa, PAGE, CODE),
		    "a read-only page is mapped");
	image_check(faults(WINDOW + PAGE, true, 15), "AT S1E1W: a permission fault of level 3");
	image_check(goes_to(WINDOW + PAGE, pa), "AT S1E1R: it can be read");
}

static void check_blocks(struct io_pgtable *iop)
{
	image_check(!io_pgtable_map(iop, BLOCK, RAM_BASE, SIZE, DATA),
		    "a block of 2 MiB is mapped");
	image_check(goes_to(BLOCK + 0x123456, RAM_BASE + 0x123000), "AT finds a page in it");
	image_check(io_pgtable_unmap(iop, BLOCK + PAGE, PAGE, NULL) == PAGE, "it is split");
	image_check(faults(BLOCK + PAGE, false, 7), "AT: the page is gone");
	image_check(goes_to(BLOCK + 2 * PAGE, RAM_BASE + 2 * PAGE), "AT: its neighbour is not");
	image_check(faults(1ull << 39, false, 4), "AT: nothing at all is a fault of level 0");
}

void image_check_mmu(void)
{
	struct io_pgtable_cfg cfg = {
		.pgsize_bitmap = PAGE | SIZE | 1ull << 30,
		.ias = 48,
		.oas = 44,
		.coherent_walk = true,
		.tlb = &tlb,
	};
	struct io_pgtable *iop = alloc_io_pgtable(ARM_64_LPAE_S1, &cfg, NULL);

	image_check(iop != NULL, "a table for the MMU");
	if (!iop || !map_image(iop))
		image_exit(4);
	switch_on(&cfg);
	image_check(true, "the MMU is on, with it");
	check_pages(iop);
	check_blocks(iop);
	image_check(!io_pgtable_validate(iop), "the table is valid");
}
